"""Families as stored, what surrounds a decision on them, and writing what was decided."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from engine.app.catalogue import Catalogue
from engine.app.marks import Marks, business_key
from engine.app.registers import enter_all
from engine.core.audit import sealed_by
from engine.core.cases import EMPTY, Applied, Case, Family, Refused, Step
from engine.core.decide import Carried
from engine.core.outlook import outlook
from engine.core.sight import Context
from engine.errors import NotFound
from engine.fields import Value
from engine.ports import Request, Save, Store, TimeSource, Transaction


class Saving:
    """What reads families from a transaction and writes them back."""

    catalogue: Catalogue
    time: TimeSource
    store: Store
    marks: Marks

    def context(self, tx: Transaction, clock: int, found: Mapping[str, Any] = EMPTY) -> Context:
        """What surrounds a decision."""
        library = self.catalogue.library(tx)
        return Context(library, clock, self._seal, secrets.token_hex(32), found)

    def _seal(self, case: Case, sequence: int, field: str, value: Value) -> Value:
        return sealed_by(self.store.keys.open(case.secret, case.id), (sequence, field), value)

    def family(self, tx: Transaction, root: str, *, lock: bool) -> Family:
        """The family as stored."""
        family = tx.family(root, lock=lock)
        if family is None:
            raise NotFound(f"there is no case `{root}`")
        return family

    def save(
        self, tx: Transaction, before: Family | None, carried: tuple[Step, ...], outcome: Applied | Refused | Carried,
        request: Request | None,
    ) -> None:  # fmt: skip
        """Write everything of a family that was decided."""
        steps = (*carried, *outcome.steps) if carried else outcome.steps
        if outcome.family is None or not steps:
            return
        library = self.catalogue.library(tx)
        outlooks, keys = {}, {}
        for step in steps:
            name = step.case.id
            if name not in keys:
                case = outcome.family.cases[name]
                plan = library.plan(case.process, case.version)
                outlooks[name], keys[name] = outlook(plan, case), business_key(plan, case)
        tx.save(Save(before, outcome.family, steps, outlooks, keys, self.marks.of_steps(steps), request))
        enter_all(tx, library, steps)
