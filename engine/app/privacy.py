"""Private values: erased by the destruction of their key, which is wrapped by the host's.

Who erases is an administrator who is asked to, or the engine itself when the time is over that a process says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from engine.app.archive.lapsing import is_private_over, private_of, span_of, with_private_over
from engine.app.given import Given
from engine.app.marks import SEARCH_KEY, compared
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.core.cases import ENGINE, Actor, Case, Command
from engine.errors import Conflict, KeyMissing, NotFound, SetAside, UsageError
from engine.ports import ErasedFiles, HeardEvent, Transaction
from engine.sealing import KEY, KEY_FILE
from engine.views import Refusal

BATCH = 500
"""How many keys one transaction wraps anew."""

FAMILIES = 100
"""Of how many families whose time is over private values are erased at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What erasing did to one case: the fields whose values are gone, how many files and values of events with them."""

    case: str
    fields: tuple[str, ...] = ()
    files: int = 0
    events: int = 0  # of other systems, that wait on without their private values
    in_archive: bool = False  # all files of it there
    is_new: bool = True  # False: there was nothing left to erase, and nothing was written


class Privacy:
    """The verbs on private values. Only administrators erase, and say why."""

    _recipe: RecipeOfTwo

    def erase(self, case: str, *, actor: Actor | str, reason: str, keeps_files: bool = False) -> list[Erased]:
        """Erase the private values of a case and of all that descends from it or from its root, for good.

        Each case keeps a record of it; its chain still verifies. Files go too unless they are kept: nobody can know
        what stands in them. In the archive only files are left to erase; they lie on there, and nobody can open them.
        `NotPermitted` for others than administrators, `UsageError` without a reason.
        """
        _check_reason(reason)

        def work(tx: Transaction) -> list[Erased]:
            who = admin_of(tx, actor, "erase private values")
            if (left := tx.tombstone(case)) is not None:
                at = self._recipe.life.read(tx)
                return [
                    _erased_in_archive(tx, ErasedFiles(case=one.case, at=at, by=who.id, reason=reason), keeps_files)
                    for one in tx.tombstones(left.root)
                ]
            family = self._recipe.family_of(tx, case, lock=True)
            return [_erased(self._recipe, tx, one, (who, reason, not keeps_files)) for one in family.cases.values()]

        done = self._recipe.whole(work)
        self._recipe.store.scrub()
        return done

    def erase_party(self, party: str, id: str, *, actor: Actor | str, reason: str) -> Erased:
        """Erase the private values of one of a register, of every change, and take this one off it.

        `NotFound` if there is no such one. Cases opened for them have keys of their own, and stay.
        """
        _check_reason(reason)
        with self._recipe.store.write() as tx:
            who = admin_of(tx, actor, "erase private values")
            found = tx.party(party, id)
            if not found:
                raise NotFound(f"there is no {party} `{id}`", help="`casewright party` shows them")
            if found[-1].erasure is not None:
                return Erased(case=id, is_new=False)
            names = tuple(dict.fromkeys(name for one in found for name in one.private))
            at = max(self._recipe.life.read(tx), tx.party_until(party))
            erased = replace(
                found[-1], number=len(found) + 1, at=at, by=who.id, private=dict.fromkeys(names), is_active=False,
                erasure=reason,
            )  # fmt: skip
            tx.save_party(erased)
            tx.erase_party(party, id)
        self._recipe.store.scrub()
        return Erased(case=id, fields=names, files=0)

    def wrap_keys(self, *, actor: Actor | str) -> int:
        """Wrap every key by the host's newest; how many were not. Broken off, the same call goes on."""
        store = self._recipe.store
        mark, wrapped, after = store.keys.mark, 0, ""
        with store.read() as tx:
            admin_of(tx, actor, "wrap keys")
        if not mark:
            raise UsageError(
                "the host gave no key to wrap by", help=f"name the file that holds it: {KEY_FILE}=PATH, or set {KEY}"
            )
        while True:
            with store.write() as tx:
                admin_of(tx, actor, "wrap keys")
                if not wrapped:
                    wrapped += self._wrap_search_key(tx, mark)
                some = tx.keys_beside(mark, after, BATCH)
                for owner, stored in some:
                    tx.replace_key(owner, store.keys.wrap(store.keys.open(stored, owner), owner))
            wrapped += len(some)
            if len(some) < BATCH:
                store.scrub()
                return wrapped
            after = some[-1][0]

    def _wrap_search_key(self, tx: Transaction, mark: str) -> int:
        keys, stored = self._recipe.store.keys, tx.setting(SEARCH_KEY) or ""
        if stored.startswith(mark):
            return 0
        tx.set_setting(SEARCH_KEY, keys.wrap(keys.open(stored, SEARCH_KEY), SEARCH_KEY))
        return 1


def erase_over(recipe: RecipeOfTwo) -> int:
    """Erase the private values and files of some closed families whose time is over; of how many cases.

    The engine is on record for it, with what the process says. Done twice, or by two at once, it is done once.
    """
    with recipe.store.read() as tx:
        roots = list(islice(with_private_over(tx, recipe.catalogue.library(tx), recipe.life.read(tx)), FAMILIES))
    erased = 0
    for root in roots:
        with suppress(SetAside, Conflict):  # it stays as it is, and the next round looks again
            erased += recipe.whole(partial(_erased_over, recipe, root=root))
    if erased:
        recipe.store.scrub()
    return erased


def _erased_over(recipe: RecipeOfTwo, tx: Transaction, root: str) -> int:
    library, now = recipe.catalogue.library(tx), recipe.life.read(tx)
    family = tx.family(root, lock=True)
    if family is None or not is_private_over(tx, library, family, now):
        return 0
    spans = {case.id: span_of(library, case.process, now, private_of) for case in family.cases.values()}
    done = [
        _erased(recipe, tx, case, (ENGINE, f"retention: private: {spans[case.id]}", True))
        for case in family.cases.values() if spans[case.id] is not None
    ]  # fmt: skip
    return sum(one.is_new for one in done)


def _erased(recipe: RecipeOfTwo, tx: Transaction, case: Case, why: tuple[Actor, str, bool]) -> Erased:
    who, reason, with_files = why
    events = _events_about(tx, case)
    if not (case.secret or case.private or events or (with_files and tx.holds_files(case.id))):
        return Erased(case=case.id, is_new=False)
    command = Command(verb="erase", case=case.id, actor=who, form={"reason": reason, "files": with_files})
    result = recipe.command_in(tx, command, Given())
    if isinstance(result, Refusal):
        raise Conflict(f"`{case.id}`: {result.reasons[0].words['en']}")
    files = tx.forget_files(case.id) if with_files else 0
    tx.forget_traces(case.id)
    for event in events:
        tx.erase_event(event)
    fields = tuple(result.record["erasure"]["fields"])
    return Erased(case=case.id, fields=fields, files=files, events=len(events))


def _erased_in_archive(tx: Transaction, erased: ErasedFiles, keeps_files: bool) -> Erased:
    """The chain of an archived case has ended: what is erased of it is on record beside what is left of it."""
    if keeps_files or not tx.key_of_files(erased.case):
        return Erased(case=erased.case, is_new=False)
    tx.forget_files(erased.case)
    tx.note_erased_files(erased)
    return Erased(case=erased.case, in_archive=True)


def _events_about(tx: Transaction, case: Case) -> list[HeardEvent]:
    """Events with personal values that wait for this case, were refused by it, or tell one of its own values."""
    if not (some := tx.private_events()):
        return []
    waiting = {one.number for event, mark in tx.listens(case.id) for one in tx.waiting_events(event, mark, 0)}
    own = _told_by(case.private)
    return [one for one in some if case.id in one.cases or one.number in waiting or own & _told_by(one.private)]


def _told_by(private: Mapping[str, Any]) -> set[str]:
    """Personal values as they are compared; none where the host's key is not here, for erasing works without it."""
    with suppress(KeyMissing):
        return {compared(value) for value in private.values() if value not in (None, "")}
    return set()


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("an erasure needs a reason", help="it stands on record, so leave out of it what is erased")
