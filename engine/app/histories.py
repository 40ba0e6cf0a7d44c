"""How a case came to stand as it does: replayed from its records, carried forward to now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.app.recipe import Recipe
from engine.core.cases import Case, Family
from engine.core.plan import Library, Plan
from engine.core.promises.ledger import Stood, stood_of
from engine.core.replay import Replayed, replay
from engine.ports import Transaction


class Told(NamedTuple):
    """A case, and how it stood after each of its records, the last one being now."""

    plan: Plan
    case: Case
    history: Sequence[Stood]
    now: int
    family: Family
    library: Library
    plans: Sequence[Plan] = ()  # of the versions it was on, the oldest first

    def plan_for(self, clock: str) -> Plan:
        """The newest version it was on that has this promise."""
        return next((plan for plan in reversed(self.plans) if clock in plan.definition.clocks), self.plan)


class Histories:
    """The histories of one transaction; a family is replayed once, however many of its cases are asked for."""

    def __init__(self, recipe: Recipe, tx: Transaction) -> None:
        self._recipe = recipe
        self._tx = tx
        self._last: tuple[str, Replayed] | None = None

    def of(self, case: str) -> Told:
        """The history of one case; `NotFound` if there is none."""
        family, context, now = self._recipe.present(self._tx, case)
        one = family.cases[case]
        plan = context.library.plan(one.process, one.version)
        steps = [step for step in self._replayed(family.root, context.library).steps if step.case.id == case]
        plans = [context.library.plan(one.process, step.case.version) for step in steps]  # a case may have moved
        history = [*map(stood_of, plans, steps), Stood(now, one)]
        return Told(plan, one, history, now, family, context.library, [*plans, plan])

    def _replayed(self, root: str, library: Library) -> Replayed:
        if self._last is None or self._last[0] != root:
            records = [record.text for record in self._tx.family_records(root)]
            self._last = root, replay(records, library)
        return self._last[1]
