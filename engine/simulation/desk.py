"""Cases in memory, decided by the pure core: each family apart: time passes for one without asking the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.core.attainment import Counted
from engine.core.cases import Actor, Applied, Case, Command, Cycle, Family, Reason, Refused, Step
from engine.core.decide import act, carry, instant, open_case, without
from engine.core.plan import Library, Plan
from engine.core.promises import standing
from engine.core.sight import Context, Unknown

_ENTROPY = "5c" * 32  # nothing here is secret, and the same seed must give the same bytes


def _sealed(_case: Case, _sequence: int, _field: str, _value: Any) -> dict[str, str]:
    """No commitment to personal values is wanted of cases that never were."""
    return {"sealed": ""}


class Families:
    """All cases, by family."""

    def __init__(self, library: Library, process: str) -> None:
        self.library = library
        plan = library.newest(process, 0)
        if plan is None:
            raise KeyError(process)
        self.plan: Plan = plan
        self.families: dict[str, Family] = {}
        self.root_of: dict[str, str] = {}
        self.cycles: dict[tuple[str, str, int], Cycle] = {}
        self._numbers: Counter[str] = Counter()

    def case(self, case: str) -> Case:
        """The case as it stands."""
        return self.families[self.root_of[case]].cases[case]

    def open(
        self, form: Mapping[str, Any], actor: Actor, facts: Mapping[str, Any], now: int
    ) -> str | tuple[Reason, ...]:
        """A new case: its id, or why not."""
        definition = self.plan.definition
        command = Command(
            verb="open", case=self._number(definition.prefix), name=definition.process, actor=actor, form=form,
            facts=facts, version=definition.version,
        )  # fmt: skip
        outcome = self._decided(lambda context: open_case(command, context, now), now)
        return outcome.reasons if isinstance(outcome, Refused) else command.case

    def act(self, command: Command, now: int) -> tuple[Reason, ...]:
        """An action; why not, where it is refused."""
        family = self.families[self.root_of[command.case]]
        outcome = self._decided(lambda context: act(family, command, context, instant(family, now)), now)
        return outcome.reasons if isinstance(outcome, Refused) else ()

    def carry(self, root: str, until: int) -> None:
        """Let everything due before an instant take effect in one family."""
        carried = carry(self.families[root], until, self._context(until))
        self._keep(carried.family, carried.steps)

    def counted(self, now: int) -> list[Counted]:
        """Every cycle of every promise of the process: those ended, and those under way."""
        targets = {name: clock.target for name, clock in self.plan.definition.clocks.items()}
        process = self.plan.definition.process
        under_way = [
            cycle
            for family in self.families.values()
            for case in family.cases.values()
            if case.process == process and not case.outcome
            for cycle in standing(self.plan, case, now)
        ]
        ended = [cycle for cycle in self.cycles.values() if cycle.ended_at is not None]
        return [
            Counted(cycle=one, process=process, now=now, target=targets.get(one.clock)) for one in (*ended, *under_way)
        ]

    def _decided(self, decide: Callable[[Context], Applied | Refused], now: int) -> Applied | Refused:
        """Decide, looking up what is asked for; what it opens elsewhere is opened, or known not to be."""
        context = self._context(now)
        while True:
            try:
                outcome = decide(context)
            except Unknown as unknown:
                context = context._replace(found={**context.found, unknown.text: self._answer(unknown)})
                continue
            if isinstance(outcome, Refused):
                return outcome
            for command in outcome.elsewhere:
                opened = self._decided(partial(open_case, command, now=now), now)
                if isinstance(opened, Refused):
                    context = without(context, command, opened.reasons)
                    break
            else:
                self._keep(outcome.family, outcome.steps)
                return outcome

    def _context(self, clock: int) -> Context:
        return Context(library=self.library, clock=clock, entropy=_ENTROPY, seal=_sealed)

    def _keep(self, family: Family, steps: tuple[Step, ...]) -> None:
        self.families[family.root] = family
        if len(family.cases) > 1 or family.root not in self.root_of:
            self.root_of.update(dict.fromkeys(family.cases, family.root))
        own = self.plan.definition.process
        for step in steps:
            if step.case.process == own:
                for cycle in step.cycles:
                    self.cycles[cycle.case, cycle.clock, cycle.cycle] = cycle

    def _number(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return f"{prefix}-{self._numbers[prefix]}"

    def _answer(self, unknown: Unknown) -> Any:
        """What other families say: how many are alike, which holds a key."""
        values = unknown.values
        alike = [one for family in self.families.values() for one in family.cases.values()]
        alike = [one for one in alike if one.process == values["process"]]
        if unknown.question == "count":
            same = values["values"].items()
            return sum(
                values["since"] <= one.opened_at <= values["until"] and all(one.data.get(n) == v for n, v in same)
                for one in alike
            )
        plan = self.library.newest(values["process"], 0)
        if plan is None or plan.definition.key is None:
            raise KeyError(values["process"])
        key = plan.definition.key
        taken = next((o.id for o in alike if not o.outcome and not o.parent and o.data.get(key) == values["key"]), None)
        if unknown.question == "unique":
            return taken
        if taken is not None:
            return {"case": taken, "is_new": False}
        return {"case": self._number(plan.definition.prefix), "is_new": True}
