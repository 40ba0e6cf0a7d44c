"""Where the database is, who acts, in which language: flags, then the environment, then the project file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.cli.file_trouble import text_of, told_trouble
from engine.cli.translate import _, asked_language, environment_language, known_language, listed
from engine.errors import UsageError

PROJECT_FILE = "casewright.toml"
_SQLITE = "sqlite:///"
_KEYS = ("database", "processes", "facts", "language", "actor", "archive", "checkpoints", "trust")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `casewright.toml` says; its paths count from the folder it lies in."""

    file: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    deliver: Mapping[str, Any] = field(default_factory=dict)  # the tables `[deliver.NAME]`

    def path(self, key: str) -> Path | None:
        """Return the path named under a key, as seen from here."""
        text = self.values.get(key)
        return None if text is None or self.file is None else self.file.parent / text


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a command works with."""

    database: str
    actor: str
    language: str
    project: Project
    said: Mapping[str, Any] = field(default_factory=dict)  # by flags

    @property
    def shown_database(self) -> str:
        """Return the database as it may stand on screens and in files: without a password."""
        from engine.store.address import shown

        return shown(self.database)

    @property
    def has_database(self) -> bool:
        """Whether the database is there, as far as can be told without opening it: a server may be."""
        from engine.store.address import read_address

        address = read_address(self.database)
        return address.kind == "postgresql" or Path(address.path).is_file()

    @property
    def folder(self) -> Path:
        """The folder of processes, as one would type it from here."""
        folder = self.project.path("processes") or Path("processes")
        here = Path.cwd()
        return folder.relative_to(here) if folder.is_relative_to(here) else folder


def find_project(start: Path) -> Project:
    """Read the nearest project file, from this folder upwards."""
    for folder in (start, *start.parents):
        file = folder / PROJECT_FILE
        if file.is_file():
            return read_project(file)
    return Project()


def read_project(file: Path) -> Project:
    """Read a project file; every trouble in it is one sentence."""
    import tomllib

    try:
        values: dict[str, Any] = tomllib.loads(text_of(file))
    except OSError as error:
        text, mend = told_trouble(error)
        raise UsageError(text, help=mend) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            _("`{file}` cannot be read: {error}").format(file=file, error=error),
            help=_('a line of it is like `database = "casewright.sqlite"`'),
        ) from error
    deliver = values.pop("deliver", {})
    if not isinstance(deliver, dict):
        raise UsageError(_("`{file}`: `deliver` is a table, `[deliver.NAME]`").format(file=file))
    for key, value in values.items():
        if key not in _KEYS:
            raise UsageError(
                _("`{file}`: unknown key `{key}`").format(file=file, key=key),
                help=_("it may hold {keys}").format(keys=listed(f"`{name}`" for name in (*_KEYS, "deliver"))),
            )
        if not isinstance(value, str):
            raise UsageError(_("`{file}`: `{key}` is text in quotes").format(file=file, key=key))
    return Project(file=file, values=values, deliver=deliver)


def start_language(args: list[str], environment: Mapping[str, str]) -> str:
    """Choose the language before anything else: `--lang`, `CASEWRIGHT_LANG`, the project file, the environment."""
    chosen = asked_language(args) or known_language(environment.get("CASEWRIGHT_LANG"))
    if chosen:
        return chosen
    try:
        project = find_project(Path.cwd())
    except (UsageError, OSError):  # said again, and better, by the command
        project = Project()
    return known_language(project.values.get("language")) or environment_language(environment)


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Put together what flags, environment and project file say, in this order."""
    project = find_project(Path.cwd())
    _refuse_secret(given.get("db") or "")
    return Settings(
        database=given.get("db")
        or environment.get("CASEWRIGHT_DB")
        or _project_database(project)
        or default_database(),
        actor=given.get("as_") or environment.get("CASEWRIGHT_ACTOR") or project.values.get("actor") or login_name(),
        language=environment.get("LANGUAGE", "en"),
        project=project,
        said=given,
    )


def _refuse_secret(url: str) -> None:
    """A flag stands in the list of processes, where everybody on the machine can read it."""
    if "://" not in url:
        return
    from engine.store.address import shown  # a command without a database needs nothing of it

    if shown(url) != url:
        raise UsageError(
            _("the password in `--db` can be read by everybody on this machine while the command runs"),
            help=_("keep it in PGPASSFILE or PGPASSWORD, or name the whole database in CASEWRIGHT_DB"),
        )


def _project_database(project: Project) -> str | None:
    text = project.values.get("database")
    if text is None or project.file is None:
        return None
    path = text.removeprefix(_SQLITE)
    if ":/" in path or path.startswith("memory:"):  # another kind of database
        return text
    return text[: len(text) - len(path)] + str(project.file.parent / path)


def default_database() -> str:
    """Name the database in the user's data folder, used where nothing else is named."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return str(base / "casewright" / "casewright.sqlite")


def login_name() -> str:
    """Return the name of who is logged in."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        raise UsageError(
            _("nobody is logged in by name, so it is unclear who acts"), help=_("say who acts by `--as NAME`")
        ) from None
