"""Folders of processes, read and checked: what `check`, `test`, `publish`, `doctor` and `demo` begin with."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.translate import _
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import Engine, Published
    from engine.core.cases import Actor
    from engine.lang.diagnostics import Diagnostic, Lines
    from engine.model import ProcessDefinition
    from engine.scenarios import Script

SCENARIOS = ".scenarios.yaml"
_BESIDE = ("calendars", "messages")


@dataclass(slots=True)
class Checked:
    """What was checked: the definitions without errors by name, their scenarios, and everything that was found."""

    processes: int = 0
    definitions: dict[str, ProcessDefinition] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)  # by path
    findings: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, Lines] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(1 for found in self.findings if found.severity == "error")


def checked_paths(paths: Iterable[Path]) -> Checked:
    """Read and check processes: all of a folder, or single ones with what lies beside them."""
    from engine.lang.diagnostics import in_order

    checked = Checked()
    for path in paths:
        if not path.exists():
            raise NotFound(
                _("there is no folder `{folder}`").format(folder=path),
                help=_("`casewright new NAME` writes a process, `casewright init --example` brings some"),
            )
        folder, process = _place(path)
        sources = sources_of(folder, checked)
        with nothing_collected():
            _load(checked, sources, folder, process)
            _read_scenarios(checked, sources, folder, process)
    checked.findings = list(in_order(checked.findings))
    return checked


def need_process(checked: Checked, paths: Sequence[Path]) -> None:
    """Refuse what holds no process: what looks at nothing passes for ever."""
    if not checked.processes and not any(Path(path).name == "desk.yaml" for path in checked.texts):
        raise NotFound(
            _("`{file}` holds no process").format(file=paths[0]),
            help=_("name the folder of processes, such as `processes`; `casewright new NAME` writes one"),
        )


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Look for no garbage while something is made that is kept: the looking would take a sixth of the time.

    Nor afterwards in what was made, until the next time: looking through it once takes as long as a tenth of it.
    """
    was_on = gc.isenabled()
    gc.disable()
    gc.unfreeze()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


def _place(path: Path) -> tuple[Path, str | None]:
    """Say which folder a path means, and which process of it; a file that several share means them all."""
    if path.is_dir():
        return path.parent if path.name in _BESIDE else path, None
    if path.suffix != ".yaml":
        raise UsageError(
            _("`{file}` is no process: its name does not end in `.yaml`").format(file=path),
            help=_("name a folder, or a file such as processes/repair.yaml"),
        )
    if path.parent.name in _BESIDE:
        return path.parent.parent, None
    is_scenarios = path.name.endswith(SCENARIOS)  # a process has several files of them: NAME.MORE.scenarios.yaml
    process = path.name.partition(".")[0] if is_scenarios else path.name.removesuffix(".yaml")
    return path.parent, None if process == "desk" else process


def sources_of(folder: Path, checked: Checked) -> dict[str, str]:
    """Read the files of a folder, by their paths as people see them."""
    from engine.lang.source import MAX_BYTES, legible, read
    from engine.resources import read_bounded

    sources = {}
    for file in _files(folder):
        content = read_bounded(file, MAX_BYTES)
        if file.name.endswith(SCENARIOS) and not content.strip():
            continue  # a shell has emptied it for what `casewright test --generate > FILE` will write
        path = file.as_posix()
        try:
            sources[path] = content.decode("utf-8") if len(content) <= MAX_BYTES else "\n" * len(content)
        except UnicodeDecodeError:
            document, findings = read(content, path)
            checked.findings += findings
            checked.texts[path] = document.lines
            sources[path] = legible(content)
    return sources


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.yaml"))
    for name in _BESIDE:
        yield from sorted((folder / name).glob("*.yaml"))


def _load(checked: Checked, sources: Mapping[str, str], folder: Path, process: str | None) -> None:
    from engine.lang.load import load_folder, load_process

    base = "" if folder == Path() else folder.as_posix()
    if process is None:
        loaded = load_folder(sources, base, today())
        checked.definitions.update(loaded.definitions)
        checked.findings += loaded.diagnostics
        checked.texts.update(loaded.texts)
        checked.processes += sum(1 for file in folder.glob("*.yaml") if _is_process(file))
        return
    one = load_process(sources, process, today=today())
    if one.definition is not None:
        checked.definitions[process] = one.definition
    checked.findings += one.diagnostics
    checked.texts.update(one.texts)
    checked.processes += 1


def today() -> date:
    """Return the date, by which is told what has run out."""
    from engine.time_source import SystemTime

    return datetime.fromtimestamp(SystemTime().now() / 1000, UTC).date()


def _is_process(file: Path) -> bool:
    return not file.name.endswith(SCENARIOS) and file.name != "desk.yaml"


def _read_scenarios(checked: Checked, sources: Mapping[str, str], folder: Path, process: str | None) -> None:
    for path, text in sources.items():
        if not path.endswith(SCENARIOS) or (process is not None and Path(path).name != process + SCENARIOS):
            continue
        from engine.scenarios import read_script, unknown_names

        script, findings = read_script(text, path)
        checked.findings += findings
        checked.texts[path] = text.split("\n")
        if script is not None:
            checked.scripts[path] = script
            checked.findings += [] if checked.errors else unknown_names(script, checked.definitions)


def publish_all(engine: Engine, definitions: Iterable[ProcessDefinition], actor: Actor | str) -> list[Published]:
    """Publish definitions, one after the other; their files are kept by the names they have in their folder."""
    return [engine.publish(_in_folder(one), one.process, actor=actor) for one in definitions]


def _in_folder(definition: ProcessDefinition) -> dict[str, str]:
    own = next(path for path in definition.sources if Path(path).name == f"{definition.process}.yaml")
    start = len(own) - len(f"{definition.process}.yaml")
    return {path[start:]: text for path, text in definition.sources.items()}
