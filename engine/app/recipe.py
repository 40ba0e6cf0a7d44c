"""The one recipe of every verb: lock, read the clock, carry forward, decide, write all of it in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from copy import copy
from functools import partial
from threading import Event, get_ident
from typing import NoReturn, Self, TypeVar

from engine.app.catalogue import Catalogue
from engine.app.deciding import Decision
from engine.app.faults import fault_of
from engine.app.given import Given
from engine.app.incoming.taking_up import TakingUp
from engine.app.life import Life
from engine.app.marks import SEARCH_KEY, Marks, request_of
from engine.app.opening import Look, open_due
from engine.app.people import check_known, probably_meant, roles_of_named
from engine.core.cases import BESIDE, Actor, Applied, Case, Command, Family, Refused, Step
from engine.core.decide import Carried, act, carry, instant, is_due, open_case
from engine.core.plan import Library
from engine.core.run import Poisoned
from engine.core.sight import Context
from engine.errors import ClockJumped, Conflict, KeyReused, NotFound, Outrun, SetAside
from engine.frozen import Frozen
from engine.ports import Ahead, Store, TimeSource, Transaction
from engine.views import Accepted, CaseView, Refusal, Result, Seeing, case_view

T = TypeVar("T")

MOST_TRIES = 20
"""How often a command is decided anew because somebody else was faster."""

POLL = 1_000
"""How far, in ms, a worker looks ahead at least: it is woken by what falls due nearer."""


class Turn(Frozen, frozen=True, gc=False):
    """A case before a command and after it, as who acted sees it: kept with the answer until somebody looks."""

    library: Library
    now: int
    actor: Actor
    family: Family | None  # as it was; None for an opening
    case: Case | None
    family_after: Family | None = None  # None of a refused opening
    case_after: Case | None = None

    def before(self) -> CaseView | None:
        """The case as it was, if it was there."""
        return self.view(self.family, self.case) if self.family is not None and self.case is not None else None

    def after(self) -> CaseView:
        """The case as it is now; a refused opening leaves none."""
        assert self.family_after is not None
        assert self.case_after is not None
        return self.view(self.family_after, self.case_after)

    def view(self, family: Family, case: Case) -> CaseView:
        """A case of the family as who acts sees it."""
        plan = self.library.plan(case.process, case.version)
        return case_view(case, Seeing(plan=plan, library=self.library, now=self.now, actor=self.actor, family=family))


class More(Exception):
    """Carrying this case's family forward reached its limit: commit what there is and begin again."""

    def __init__(self, case: str) -> None:
        super().__init__(case)
        self.case = case


class _NotOpened(Exception):
    """An opening was refused: nothing of it stays."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


class Struck(Exception):
    """The engine failed on the family of this case while carrying it forward."""

    def __init__(self, case: str, error: Poisoned, family: Family) -> None:
        super().__init__(case)
        self.case = case
        self.error = error
        self.family = family


class Recipe(TakingUp):
    """What every verb needs: the store, the time, the catalogue, who is who."""

    def __init__(self, store: Store, time: TimeSource) -> None:
        self.store = store
        self.time = time
        self.catalogue = Catalogue()
        with store.read() as tx:
            self.life = Life(time, tx)
            key = tx.setting(SEARCH_KEY)
        self.marks = Marks(store.keys, key or self._make_search_key())
        self.woken = Event()
        self._near: set[int] = set()  # threads that have decided something a worker should look at before its next poll

    def on(self, store: Store) -> Self:
        """The same recipe, with all it knows, on another way into the database."""
        other = copy(self)
        other.store = store
        return other

    # -- surroundings --------------------------------------------------------------------------------------------

    def now(self) -> int:
        """About the instant now, without asking the database."""
        return self.life.now()

    def _make_search_key(self) -> str:
        """The desk's key for searching personal values."""
        with self.store.write() as tx:
            tx.alone()
            key = tx.setting(SEARCH_KEY)
            if key is None:
                key = self.store.keys.wrap(bytes.fromhex(secrets.token_hex(32)), SEARCH_KEY)
                tx.set_setting(SEARCH_KEY, key)
            return key

    # -- reading -------------------------------------------------------------------------------------------------

    def root(self, tx: Transaction, case: str) -> str:
        """The root of the case's family."""
        root = tx.root_of(case)
        if root is None:
            raise _no_case(tx, case)
        return root

    def family_of(self, tx: Transaction, case: str, *, lock: bool) -> Family:
        """The family of this case as stored; its cases are named after its root."""
        family = tx.family(case.partition(".")[0], lock=lock)
        if family is None or case not in family.cases:
            raise _no_case(tx, case)
        return family

    def present(self, tx: Transaction, case: str) -> tuple[Family, Context, int]:
        """The family as it stands now: carried forward in memory, nothing written.

        Where it cannot be carried forward – the clock jumped, the engine fails on it, it is set aside or being
        imported – it is shown as stored: who wants to look must be able to.
        """
        stored = self.family_of(tx, case, lock=False)
        root = stored.cases[stored.root]
        try:
            clock = self.life.read(tx)
        except ClockJumped:
            return stored, self.context(tx, root.floor), root.floor
        context, now = self.context(tx, clock), instant(stored, clock)
        if root.fault is not None or root.importing is not None:
            return stored, context, now
        try:
            carried = Carried(stored, ())
            while is_due(carried.family, now):
                carried = carry(carried.family, now, context)
        except Exception:  # the worker meets the same, sets the family aside and keeps why
            return stored, context, now
        return carried.family, context, now

    # -- the recipe ----------------------------------------------------------------------------------------------

    def whole(self, work: Callable[[Transaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in one transaction; a family that fires without end is set aside, one with much behind goes on."""
        behind = ""
        while True:
            try:
                if behind:
                    self.kept(partial(self._carry_some, case=behind))
                    behind = ""
                return self.kept(work, ahead)
            except More as more:
                behind = more.case
            except Struck as struck:
                self._set_aside(struck)

    def kept(self, work: Callable[[Transaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in one transaction; where somebody else was faster, it is decided again on what is there now."""
        for tries in range(MOST_TRIES):
            try:
                done = self.store.do(work, ahead)
                if self._near:
                    self._wake()
                return done
            except Outrun:
                if tries == MOST_TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _wake(self) -> None:
        """After the commit: let a worker of this process look at once, not a poll later.

        This thread may have decided for others as well, in the same commit.
        """
        if get_ident() in self._near:
            self._near.discard(get_ident())
            self.woken.set()

    def _carry_some(self, tx: Transaction, case: str) -> None:
        before = self.family(tx, self.root(tx, case), lock=True)
        clock = self.life.read(tx)
        carried = self._carry(tx, before, case, (instant(before, clock), clock))
        self.save(tx, before, (), carried, None)

    def _set_aside(self, struck: Struck) -> NoReturn:
        with self.store.write() as tx:
            fault = fault_of(self.root(tx, struck.case), struck.error, self.now(), struck.family)
            tx.set_aside(fault)
        raise SetAside(
            f"`{struck.case}` is set aside: {struck.error.message}", help=f"`casewright fault show {fault.id}`"
        ) from struck.error

    def command_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """One command inside a transaction."""
        digest = given.digest or (self.marks.digest(command) if command.key is not None else "")
        if digest and (repeat := self._repeat(tx, command, digest)):
            return repeat
        before = self.family_of(tx, command.case, lock=True)
        # What is declared of a merged case's own promises is put on its own record.
        while (asked := before.cases[command.case]).links and (survivor := asked.merged_into):
            if command.verb in BESIDE:
                break
            command = command.but(case=survivor, sent_to=command.sent_to or command.case)
            before = self.family_of(tx, survivor, lock=True)
        self._check_usable(before, command.case, given)
        clock = self.life.read(tx)
        now = instant(before, clock if given.at is None else given.at)
        family: Family = before
        carried: tuple[Step, ...] = ()
        if is_due(before, now):
            ahead = self._carry(tx, before, command.case, (now, clock))
            if ahead.is_more:
                raise More(command.case)
            family, carried = ahead.family, ahead.steps
        case = family.cases.get(command.case)
        if case is None:
            raise NotFound(f"there is no case `{command.case}`")
        self._check_revision(case, given)
        command = self._with_people(tx, command, case)
        outcome, context = self.settled(
            tx,
            Decision(
                command.case, now, clock,
                lambda context: act(family, command, context, now),
                lambda outcome: self.save(tx, before, carried, outcome, request_of(command, digest, outcome, now)),
                importing=given.importing,
            ),
        )  # fmt: skip
        self.life.show(tx, clock)
        outcome = self.taken_up(tx, before, outcome, given)
        self._call_workers(tx, outcome, clock)
        turn = Turn(context.library, now, command.actor, family, case, outcome.family, outcome.case)
        return result_of(outcome, turn)

    def opening_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """The opening of a case inside a transaction; `command.case` is not named yet."""
        digest = self.marks.digest(command)
        if repeat := self._repeat(tx, command, digest):
            return repeat
        clock = self.life.read(tx)
        now = clock if given.at is None else given.at
        definition = self.catalogue.newest(tx, command.name, clock).definition
        command = command.but(version=definition.version, importing=given.importing)
        command = self._with_people(tx, command, None)
        self.life.show(tx, clock)
        open_due(self, tx, command.name, Look(now, importing=given.importing))
        try:
            with tx.part():
                named = command.but(case=f"{definition.prefix}-{tx.next_number(definition.prefix)}")
                return self._opened(tx, named, digest, given, (now, clock))
        except _NotOpened as refused:  # its number is given again: a gap would look like a case that was removed
            return refused.refusal

    def _opened(self, tx: Transaction, command: Command, digest: str, given: Given, when: tuple[int, int]) -> Result:
        now, clock = when
        outcome, context = self.settled(
            tx,
            Decision(
                case=command.case, now=now, clock=clock,
                decide=partial(open_case, command, now=now),
                keep=lambda outcome: self.save(tx, None, (), outcome, request_of(command, digest, outcome, now)),
                importing=command.importing,
            ),
        )  # fmt: skip
        if isinstance(outcome, Refused):
            raise _NotOpened(Refusal(case=None, reasons=outcome.reasons))
        outcome = self.taken_up(tx, None, outcome, given)
        self._call_workers(tx, outcome, clock)
        turn = Turn(context.library, now, command.actor, None, None, outcome.family, outcome.case)
        return result_of(outcome, turn)

    def _carry(self, tx: Transaction, family: Family, case: str, when: tuple[int, int]) -> Carried:
        now, clock = when
        try:
            return carry(family, now, self.context(tx, clock))
        except Poisoned as error:
            raise Struck(case, error, family) from error

    def _check_usable(self, family: Family, case: str, given: Given) -> None:
        root = family.cases[family.root]
        if root.fault is not None:
            raise SetAside(
                f"`{case}` is set aside: the engine failed on it", help=f"`casewright fault show {root.fault}` says why"
            )
        if root.importing != given.importing:
            raise Conflict(
                f"`{case}` belongs to the unfinished import `{root.importing}`"
                if root.importing
                else f"`{case}` does not belong to this import",
                help="run the import again, it goes on where it stopped",
            )

    def _check_revision(self, case: Case, given: Given) -> None:
        if given.expect_revision is not None and case.revision != given.expect_revision:
            raise Conflict(
                f"`{case.id}` was changed meanwhile: revision {case.revision}, you expected {given.expect_revision}",
                help=f"look at it again: `casewright show {case.id}`",
            )

    # -- keys ----------------------------------------------------------------------------------------------------

    def _repeat(self, tx: Transaction, command: Command, digest: str) -> Accepted | None:
        if command.key is None:
            return None
        known = tx.request(command.actor.id, command.key)
        if known is None:
            return None
        if known.digest != digest:
            raise KeyReused(
                f"key `{command.key}` was used by `{command.actor.id}` for another command, on `{known.case}`",
                help="repeat a command with the same content, or give a new command a new key",
            )
        record = next(tx.records(known.case, after=known.sequence - 1))
        family, context, now = self.present(tx, known.case)
        turn = Turn(context.library, now, command.actor, None, None, family, family.cases[known.case])
        return Accepted(case=turn, before=None, record=record.text, is_repeat=True)

    def _with_people(self, tx: Transaction, command: Command, case: Case | None) -> Command:
        """The roles of the persons a form names; whom a case is given to must be known."""
        if command.importing or (case is not None and case.importing):
            return command
        if command.verb == "assign":
            check_known(tx, command.name)
            return command
        known = (case.process, case.version) if case is not None else (command.name, command.version)
        plan = self.catalogue.library(tx).plans[known]
        if not plan.asks_roles or plan.asks_roles.isdisjoint(command.form):
            return command
        people = roles_of_named(tx, plan.definition.fields, command.form)
        if people is None:
            return command
        if not all(people.values()):
            command = command.but(likely=probably_meant(tx, plan.definition.fields, command.form))
        return command.but(people=people)

    def _call_workers(self, tx: Transaction, outcome: Applied | Refused, clock: int) -> None:
        """Wake workers for what falls due before their next poll, those of other processes too; a message may wait."""
        if outcome.family is not None and is_due(outcome.family, clock + POLL):
            tx.wake()
            self._near.add(get_ident())
        else:
            for step in outcome.steps:
                if step.outgoing:
                    self._near.add(get_ident())


def result_of(outcome: Applied | Refused, turn: Turn) -> Result:
    """The answer to a command, its views made when somebody looks."""
    if isinstance(outcome, Applied):
        return Accepted(turn, turn, outcome.steps[0].text)
    return Refusal(case=None if outcome.case is None else turn.after(), reasons=outcome.reasons)


def _no_case(tx: Transaction, case: str) -> NotFound:
    if (left := tx.tombstone(case)) is not None:
        return NotFound(f"`{case}` was archived into `{left.file}`", help=f"`casewright archive show {case}` reads it")
    return NotFound(f"there is no case `{case}`", help="`casewright list --find` finds one by phone or name")
