"""`doctor`: looking whether everything needed is in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.folder import checked_paths
from engine.cli.exits import Exit
from engine.cli.forms import read_object
from engine.cli.sayings import said_again
from engine.cli.settings import Settings
from engine.cli.streams import Streams
from engine.cli.translate import LANGUAGES, _, known_language, labelled, later, listed, plural, with_aside
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.deliverers.routing import Route


def doctor_command() -> Command:
    """Build `doctor`."""
    return plain_command(
        "doctor",
        run_doctor,
        help=_("Look whether everything needed is in order: settings, processes, database, clock, time zones, worker."),
        examples=("casewright doctor", "casewright doctor --metrics"),
        params=[
            click.Option(["--metrics"], is_flag=True, help=_("Write figures in the text format of Prometheus instead."))
        ],
    )


_CHECKS = {
    "database": later("database"),
    "server": later("server"),
    "months": later("months of the audit"),
    "clock": later("clock"),
    "processes": later("published processes"),
    "people": later("people"),
    "faults": later("faults"),
    "due": later("what is due"),
    "keys": later("keys of private values"),
    "schedules": later("schedules"),
    "outbox": later("messages"),
}


class _Finding(NamedTuple):
    name: str
    is_ok: bool
    words: str


def run_doctor(streams: Streams, args: Args) -> int:
    """Look whether everything is in order."""
    settings = args.settings
    if args.metrics:
        return _metrics(streams, settings)
    findings = [
        _project(settings),
        *_facts(settings),
        *_deliverers(settings),
        _processes(settings),
        *_database(settings, streams),
    ]
    if streams.is_json:
        streams.give(
            {
                "is_ok": all(found.is_ok for found in findings),
                "checks": [{"name": found.name, "is_ok": found.is_ok, "message": found.words} for found in findings],
            }
        )
    else:
        for found in findings:
            sign = streams.paint("ok", "green") if found.is_ok else streams.paint("!!", "red")
            streams.say(f"{sign}  " + labelled(found.name, found.words))
    return Exit.DONE if all(found.is_ok for found in findings) else Exit.FAILED


def _metrics(streams: Streams, settings: Settings) -> int:
    """Write figures; in JSON under the same names."""
    from engine.app import Engine
    from engine.cli.metrics import prometheus

    with Engine.open(_impatient(settings.database)) as engine:
        lines = list(prometheus(engine.vitals()))
    if streams.is_json:
        pairs = (line.split(" ", 1) for line in lines if not line.startswith("#"))
        streams.give({name: float(value) if "." in value else int(value) for name, value in pairs})
    else:
        for line in lines:
            streams.say(line)
    return Exit.DONE


def _project(settings: Settings) -> _Finding:
    language = settings.project.values.get("language")
    if language is not None and known_language(language) is None:
        text = _("`{file}`: the language `{language}` is not known; there is {names}").format(
            file=settings.project.file, language=language, names=listed(f"`{name}`" for name in LANGUAGES)
        )
        return _Finding(_("settings"), False, text)
    if settings.project.file is None:
        text = _("no casewright.toml here or above; the database is {database}").format(
            database=settings.shown_database
        )
    else:
        text = _("{file}; the database is {database}").format(
            file=settings.project.file, database=settings.shown_database
        )
    return _Finding(_("settings"), True, text)


def _facts(settings: Settings) -> Iterator[_Finding]:
    """Look at the file of standing facts, where the project names one: every action reads it."""
    file = settings.project.path("facts")
    if file is None:
        return
    try:
        count = len(read_object(str(file)))
    except (EngineError, OSError) as error:
        yield _Finding(_("facts"), False, str(error))
    else:
        yield _Finding(_("facts"), True, plural("{count} fact", "{count} facts", count))


def _deliverers(settings: Settings) -> Iterator[_Finding]:
    """Look whether the deliverers that the project file names can be made, secrets included."""
    project = settings.project
    if not project.deliver or project.file is None:
        return
    from engine.deliverers import build

    try:
        routes = build(project.deliver, project.file.parent, os.environ, lambda _: None).routes
    except EngineError as error:
        yield _Finding(_("deliverers"), False, said_again(error.message))
    else:
        unknown = _unknown_names(settings, routes)
        told = plural("{count} deliverer", "{count} deliverers", len(routes))
        yield _Finding(_("deliverers"), not unknown, _("; ").join(unknown) or told)


def _unknown_names(settings: Settings, routes: Iterable[Route]) -> list[str]:
    """What deliverers are for and nothing published is called: a slip there, and nobody is ever told."""
    from engine.app import Engine
    from engine.cli.labels import names_of_messages

    said = {
        key: {name for route in routes for name in getattr(route, key)} - {"*"} for key in ("messages", "events", "to")
    }
    try:
        with Engine.open(_impatient(settings.database)) as engine:
            known = names_of_messages(engine) if any(said.values()) else {}
    except EngineError:  # told of the database
        return []
    return [
        _nothing_called(name, key, known[key])
        for key, names in said.items()
        for name in sorted(names - known.get(key, names))
    ]


def _nothing_called(name: str, key: str, known: Iterable[str]) -> str:
    from engine.nearness import either, nearest

    near = nearest(name, sorted(known))
    called = with_aside(f"`{name}`", f"{either(near, ', ')}?") if near else f"`{name}`"
    return _("nothing published is called {name}, named under `{key}`").format(name=called, key=key)


def _processes(settings: Settings) -> _Finding:
    name = _("processes")
    if not settings.folder.is_dir():
        return _Finding(name, False, _("there is no folder `{folder}`").format(folder=settings.folder))
    try:
        checked = checked_paths([settings.folder])
    except (EngineError, OSError) as error:
        return _Finding(name, False, str(error))
    if checked.errors:
        text = plural(
            "{count} error in them: `casewright check` shows it",
            "{count} errors in them: `casewright check` shows them",
            checked.errors,
        )
        return _Finding(name, False, text)
    return _Finding(
        name, True, plural("{count} process, no error", "{count} processes, no error", len(checked.definitions))
    )


def _impatient(database: str) -> str:
    """Wait for a locked database no longer than who asks what is wrong would."""
    from urllib.parse import quote

    is_url = "://" in database or database.startswith("memory:")
    url = database if is_url else "sqlite:///" + quote(database, errors="surrogateescape")
    if not url.startswith(("sqlite:///", "postgres")) or "busy=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}busy=3"


def _database(settings: Settings, streams: Streams) -> Iterator[_Finding]:
    from engine.app import Engine
    from engine.store.address import shown

    try:
        with Engine.open(_impatient(settings.database)) as engine:
            for check in engine.doctor():
                yield _Finding(
                    _(_CHECKS.get(check.name, check.name)),
                    check.ok,
                    check.words.get(streams.language) or check.words["en"],
                )
    except EngineError as error:
        told = said_again(error.message)
        told = with_aside(told, said_again(error.mend)) if error.mend else told
        told = told.replace(shown(_impatient(settings.database)), settings.shown_database)
        yield _Finding(_("database"), False, told)
