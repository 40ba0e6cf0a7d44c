"""The process that is meant: by a file, by its name, or by `PROCESS@VERSION` as it was published."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.designing.findings import write_findings
from engine.cli.designing.folder import checked_paths, need_process
from engine.cli.settings import Settings
from engine.cli.streams import Streams
from engine.cli.translate import _, asked_for
from engine.errors import NotFound, StoreUnavailable, UsageError

if TYPE_CHECKING:
    from engine.model import ProcessDefinition

_PUBLISHED = re.compile(r"(?P<process>[a-z][a-z0-9_]*)@(?P<version>\d{1,9})")


def meant_definition(streams: Streams, settings: Settings, text: str) -> ProcessDefinition | None:
    """Return the process that is meant, a file before what is published; None where its file has errors, now shown."""
    published = _PUBLISHED.fullmatch(text)
    if published:
        return from_database(settings, published["process"], int(published["version"]))
    path = file_meant(settings, text)
    if path is None:
        try:
            return from_database(settings, text)
        except (NotFound, StoreUnavailable) as error:
            raise _unknown(settings, text) from error
    if path.is_dir():
        raise UsageError(
            _("`{file}` is a folder, and one process is wanted").format(file=path),
            help=_("name a file, such as {file}").format(file=f"{path / 'repair.yaml'}"),
        )
    checked = checked_paths([path])
    if path.stem in checked.definitions:  # errors may be those of its scenarios
        return checked.definitions[path.stem]
    if not checked.errors or not checked.processes:
        raise UsageError(_("`{file}` is no process").format(file=path), help=_("name the file of a process"))
    write_findings(streams, checked, "json" if streams.is_json else "text")
    return None


def checked_definition(streams: Streams, path: Path) -> ProcessDefinition | None:
    """Return the one process of a path; None where something there has errors, now shown."""
    chosen = checked_paths([path])
    if chosen.errors:
        write_findings(streams, chosen, "json" if streams.is_json else "text")
        return None
    need_process(chosen, [path])
    if len(chosen.definitions) != 1:
        raise UsageError(_("name one process: {path} holds several").format(path=path))
    (definition,) = chosen.definitions.values()
    return definition


def file_meant(settings: Settings, text: str) -> Path | None:
    """Return the file or folder that is meant: as typed, without its ending, or in the folder of processes."""
    meant = (Path(text), Path(f"{text}.yaml"), settings.folder / f"{text}.yaml")
    return next((path for path in meant if path.exists()), None)


def from_database(settings: Settings, process: str, version: int | None = None) -> ProcessDefinition:
    """Return a process as it was published, unsaid its newest version."""
    from engine.app import Engine

    with Engine.open(settings.database) as engine:
        return engine.definition(process, version)


def newest_published(settings: Settings, processes: Collection[str]) -> dict[str, ProcessDefinition]:
    """Return those of some processes that were published, each as its newest version says."""
    from engine.app import Engine

    with Engine.open(settings.database) as engine:
        names = {one.process for one in engine.published()} & set(processes)
        return {name: engine.definition(name) for name in sorted(names)}


def _unknown(settings: Settings, text: str) -> NotFound:
    from engine.nearness import nearest

    names = sorted({file.name.partition(".")[0] for file in settings.folder.glob("*.yaml")} - {"desk"})
    near = nearest(text, names)
    message = _("there is no process `{name}`: no file is called so, and none is published").format(name=text)
    mend = asked_for(near) if near else _("name its file, or publish it first")
    return NotFound(message, help=mend)
