"""A folder of processes, checked: what `check`, `test`, `publish`, `doctor` and `demo` begin with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.lang.diagnostics import Diagnostic, Lines
    from engine.model import ProcessDefinition


SCENARIOS = ".scenarios.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What was checked: the definitions without errors by name, and every finding."""

    definitions: Mapping[str, ProcessDefinition]
    findings: Sequence[Diagnostic]
    texts: Mapping[str, Lines]
    scenarios: Mapping[str, str]  # path → text

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(1 for found in self.findings if found.severity == "error")


def checked_paths(paths: Iterable[Path]) -> Folder:
    """Read and check processes: all of a folder, or single files with what lies beside them."""
    definitions: dict[str, ProcessDefinition] = {}
    findings: list[Diagnostic] = []
    texts: dict[str, Lines] = {}
    scenarios: dict[str, str] = {}
    for path in paths:
        if not path.exists():
            raise NotFound(
                _("there is no folder `{folder}`").format(folder=path),
                help=_("`casewright new NAME` writes a process, `casewright init --example` brings some"),
            )
    return Folder(definitions=definitions, findings=findings, texts=texts, scenarios=scenarios)


def publish_all(engine: Engine, definitions: Iterable[ProcessDefinition], actor: Actor | str) -> list[Published]:
    """Publish definitions, one after the other."""
    return [engine.publish(one.sources, one.process, actor=actor) for one in definitions]
