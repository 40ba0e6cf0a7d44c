"""Families as stored, what surrounds a decision on them, and writing what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from os import urandom
from typing import Any

from engine.app.catalogue import Catalogue
from engine.app.marks import Marks, business_key
from engine.app.registers import enter_all
from engine.core.audit import sealed_by
from engine.core.cases import EMPTY, Applied, Case, Family, Refused, Step
from engine.core.decide import Carried
from engine.core.hearing import marks_of
from engine.core.outlook import outlook, place_of
from engine.core.plan import Library
from engine.core.sight import Context
from engine.errors import NotFound
from engine.evidence.offline import FILE_NAME
from engine.fields import Value
from engine.ports import Listening, Request, Save, Store, TimeSource, Transaction
from engine.sealing import owner_of_files


class Saving:
    """What reads families from a transaction and writes them back."""

    catalogue: Catalogue
    time: TimeSource
    store: Store
    marks: Marks

    def context(self, tx: Transaction, clock: int, found: Mapping[str, Any] = EMPTY) -> Context:
        """What surrounds a decision."""
        library = self.catalogue.library(tx)
        return Context(library, clock, partial(self._seal, tx), urandom(32).hex(), found)

    def _seal(self, tx: Transaction, case: Case, sequence: int, field: str, value: Value) -> Value:
        if field == FILE_NAME:
            secret = self.store.keys.open(tx.key_for_files(case.id), owner_of_files(case.id))
        else:
            secret = self.store.keys.open(case.secret, case.id)
        return sealed_by(secret, (sequence, field), value)

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
        library, cases = self.catalogue.library(tx), outcome.family.cases
        is_steady, has_people, keys, listening = _are_steady(steps), False, EMPTY, EMPTY
        seen: dict[str, Any] = {}
        for step in steps:
            if step.private or step.registered:
                has_people = True
            name = step.case.id
            if name in seen:
                continue
            case = cases[name]
            plan = library.plans[case.process, case.version]
            seen[name] = place_of(plan, case) if is_steady else outlook(plan, case)
            was, key = before.cases.get(name) if before is not None else None, plan.definition.key
            if not is_steady or (key is not None and was is not None and was.data.get(key) != case.data.get(key)):
                keys = {**keys, name: business_key(plan, case)}
            changed = _listening(library, was, case) if plan.definition.incoming or not is_steady else None
            if changed is not None:
                listening = {**listening, name: changed}
        searches = self.marks.of_steps(steps) if has_people else EMPTY
        outlooks, places = (EMPTY, seen) if is_steady else (seen, EMPTY)
        tx.save(Save(before, outcome.family, steps, outlooks, places, keys, searches, request, listening))
        if has_people:
            enter_all(tx, library, steps)


def _are_steady(steps: Iterable[Step]) -> bool:
    """Whether lists hold the cases as before but for their places."""
    for step in steps:
        if not step.is_steady:
            return False
    return True


def _listening(library: Library, old: Case | None, case: Case) -> Listening | None:
    """What changed of the events that find a case; None where nothing did."""
    plan = library.plan(case.process, case.version)
    if not plan.definition.incoming and (old is None or old.version == case.version):
        return None
    was = marks_of(library.plan(old.process, old.version), old) if old is not None else frozenset()
    now = marks_of(plan, case)
    return Listening(was - now, now - was) if was != now else None
