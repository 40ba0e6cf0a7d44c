"""Mutants that no scenario notices: for each a scenario is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.core.plan import Library, Plan
from engine.lang.load import load_process
from engine.lang.source import read
from engine.model import ProcessDefinition
from engine.scenarios.mutants import SECOND, Mutant, mutants
from engine.scenarios.play import play
from engine.scenarios.script import Scenario, Script


class Court:
    """Plays scenarios until one fails; those that found something lately are heard first."""

    def __init__(self, scripts: Iterable[Script]) -> None:
        self.scenarios: list[tuple[Script, Scenario]] = [
            (script, scenario) for script in scripts for scenario in script.scenarios
        ]

    def notices(self, mutated: Library) -> bool:
        """Whether a scenario fails."""
        for number, (script, scenario) in enumerate(self.scenarios):
            if play(scenario, script, mutated).failure is not None:
                self.scenarios.insert(0, self.scenarios.pop(number))
                return True
        return False


def survivors_among(
    found: Iterable[Mutant], changed: Callable[[Mutant], Library | None], court: Court
) -> Iterator[Mutant]:
    """The mutants that no scenario notices; one that the checker refuses is none."""
    for mutant in found:
        mutated = changed(mutant)
        if mutated is not None and not court.notices(mutated):
            yield mutant


def mutants_of(definition: ProcessDefinition) -> list[Mutant]:
    """Every mutant of a process's own file."""
    document, _ = read(definition.sources[_own(definition)], _own(definition))
    assert document.root is not None
    return list(mutants(document.root.plain, (SECOND,)))


def survivors_of(
    definition: ProcessDefinition, scripts: Iterable[Script], library: Library, among: Iterable[Mutant]
) -> Iterator[Mutant]:
    """The mutants of a process that none of its scenarios notices, in whatever file they stand."""

    def changed(mutant: Mutant) -> Library | None:
        loaded = load_process({**definition.sources, _own(definition): mutant.text}, definition.process)
        if loaded.definition is None:
            return None
        plan = Plan(loaded.definition)
        key = (plan.definition.process, plan.definition.version)
        return Library({**library.plans, key: plan}, library.published)

    return survivors_among(among, changed, Court(scripts))


def _own(definition: ProcessDefinition) -> str:
    """The path of a process's own file."""
    name = f"{definition.process}.yaml"
    return next(path for path in definition.sources if path.rpartition("/")[2] == name)
