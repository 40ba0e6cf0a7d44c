"""The cases of a simulated desk: a world in which time passes for one family without asking the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.cases import Actor, Case, Command, Cycle, Reason
from engine.core.plan import Library, Plan
from engine.core.promises.attainment import Counted, Sums
from engine.core.promises.step import standing
from engine.scenarios.world import World


class Families:
    """All cases, by family; of their records only the promises are kept."""

    def __init__(self, library: Library, process: str, since: int) -> None:
        plan = library.newest(process, since)
        if plan is None:
            raise KeyError(process)
        self.plan: Plan = plan
        self.world = World(library, since, is_kept=False)
        self.cycles: dict[tuple[str, str, int], Cycle] = {}
        self.case = self.world.case

    def next_due(self, case: Case) -> int | None:
        """When something falls due next, for the case or a relative of it."""
        cases = self.world.families[case.root].cases
        if len(cases) == 1:
            return case.next_due
        return min((one.next_due for one in cases.values() if one.next_due is not None), default=None)

    def everybody(self) -> Iterator[Case]:
        """Every case there is."""
        return (case for family in self.world.families.values() for case in family.cases.values())

    def open(
        self, form: Mapping[str, Any], actor: Actor, facts: Mapping[str, Any], now: int
    ) -> str | tuple[Reason, ...]:
        """A new case: its id, or why not."""
        self.world.now = now
        opened = self.world.open(self.plan.definition.process, form, actor, facts)
        self._count()
        return opened

    def act(self, command: Command, now: int) -> tuple[Reason, ...]:
        """An action; why not, where it is refused."""
        self.world.now = now
        reasons = self.world.command(command)
        self._count()
        return reasons

    def carry(self, root: str, until: int) -> None:
        """Let everything due before an instant take effect in one family."""
        self.world.carry(root, until)
        self._count()

    def promises(self, now: int) -> Sums:
        """Every cycle of every promise of the process, by clock: those ended, and those under way."""
        targets = {name: clock.target for name, clock in self.plan.definition.clocks.items()}
        process = self.plan.definition.process
        open_ones = (case for case in self.everybody() if case.process == process and not case.outcome)
        under_way = (cycle for case in open_ones for cycle in standing(self.plan, case, now))
        ended = (cycle for cycle in self.cycles.values() if cycle.ended_at is not None)
        sums = Sums()
        for one in (*ended, *under_way):
            sums.add((one.clock,), Counted(cycle=one, process=process, now=now, target=targets.get(one.clock)))
        return sums

    def _count(self) -> None:
        """Take the promises out of the records, which are many, and let those go."""
        world = self.world
        for step in world.steps:
            if step.cycles and step.case.process == self.plan.definition.process:
                for cycle in step.cycles:
                    self.cycles[cycle.case, cycle.clock, cycle.cycle] = cycle
        world.steps.clear()
        if world.registered:
            world.registered.clear()
