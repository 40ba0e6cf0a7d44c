"""The one recipe of every verb: lock, read the clock, carry forward, decide, write all of it in one transaction."""

from __future__ import annotations

import hmac
import json
import secrets
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.app.catalogue import Catalogue
from engine.app.time_source import SystemTime, Watch
from engine.core.audit import seal
from engine.core.cases import EMPTY, Actor, Applied, Case, Command, Family, Refused, Step
from engine.core.decide import Carried, act, carry, instant, is_due, open_case
from engine.core.outlook import outlook
from engine.core.plan import Plan
from engine.core.reasons import near
from engine.core.run import Poisoned
from engine.core.sight import Context, Unknown
from engine.errors import Conflict, EngineError, KeyReused, NotFound, NotPermitted, SetAside
from engine.ports import Fault, Request, Save, Store, TimeSource, Transaction
from engine.views import Accepted, CaseView, Refusal, Result, Seeing, case_view

SEEN_EVERY = 3_600_000
"""How often, in ms, a sign of life is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What comes with a command beside its name."""

    form: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    expect_revision: int | None = None
    occurred_at: int | None = None
    at: int | None = None  # an import's own instant
    importing: str | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a command met: the family and the case before it, and who looks at the answer."""

    family: Family | None
    case: Case | None
    context: Context
    now: int
    actor: Actor

    def view(self, family: Family, case: Case) -> CaseView:
        library = self.context.library
        plan = library.plan(case.process, case.version)
        return case_view(case, Seeing(plan=plan, library=library, now=self.now, actor=self.actor, family=family))


class More(Exception):
    """Carrying forward reached its limit: commit what there is and begin again."""


class Recipe:
    """What every verb needs: the store, the time, the catalogue, who is who."""

    def __init__(self, store: Store, time: TimeSource) -> None:
        self.store = store
        self.time = time
        self.catalogue = Catalogue()
        with store.read() as tx:
            seen = tx.setting("seen_at")
            key = tx.setting("search_key")
        self.search_key = bytes.fromhex(key or self._make_search_key())
        self._seen_at = int(seen) if seen else 0
        self.watch = Watch(time, int(seen) if seen else None) if isinstance(time, SystemTime) else None

    # -- surroundings --------------------------------------------------------------------------------------------

    def clock(self) -> int:
        """What the time source says; raises `ClockJumped` where it cannot be trusted."""
        return self.watch.read() if self.watch is not None else self.time.now()

    def live(self, tx: Transaction, now: int) -> None:
        """Leave a sign of life now and then, by which a clock far ahead is known."""
        if now - self._seen_at > SEEN_EVERY:
            tx.set_setting("seen_at", str(now))
            self._seen_at = now
            if self.watch is not None:
                self.watch.seen(now)

    def _make_search_key(self) -> str:
        """The desk's key for searching personal values."""
        with self.store.write() as tx:
            key = tx.setting("search_key") or secrets.token_hex(32)
            tx.set_setting("search_key", key)
            return key

    def actor(self, tx: Transaction, actor: Actor | str) -> Actor:
        """Who acts, with the roles held now; a host that brings an `Actor` vouches for it."""
        if isinstance(actor, Actor):
            return actor
        person = tx.person(actor)
        if person is None or not person.is_active:
            known = [one.id for one in tx.people() if one.is_active]
            raise NotPermitted(
                f"`{actor}` is not known at this desk{near(actor, known)}",
                help=f"an administrator names people: `casewright actor add {actor} --role agent`",
            )
        return Actor(id=person.id, roles=person.roles)

    def context(self, tx: Transaction, clock: int, found: Mapping[str, Any] = EMPTY) -> Context:
        """What surrounds a decision."""
        library = self.catalogue.library(tx)
        return Context(library=library, clock=clock, entropy=secrets.token_hex(32), seal=seal, found=found)

    # -- reading -------------------------------------------------------------------------------------------------

    def root(self, tx: Transaction, case: str) -> str:
        """The root of the case's family."""
        root = tx.root_of(case)
        if root is None:
            raise NotFound(f"there is no case `{case}`", help="`casewright list --find` finds one by phone or name")
        return root

    def family(self, tx: Transaction, root: str, *, lock: bool) -> Family:
        """The family as stored."""
        family = tx.family(root, lock=lock)
        if family is None:
            raise NotFound(f"there is no case `{root}`")
        return family

    def present(self, tx: Transaction, case: str) -> tuple[Family, Context, int]:
        """The family as it stands now: carried forward in memory, nothing written."""
        family = self.family(tx, self.root(tx, case), lock=False)
        clock = self.clock()
        context = self.context(tx, clock)
        now = instant(family, clock)
        if family.cases[family.root].fault is None and family.cases[family.root].importing is None:
            carried = Carried(family, ())
            while is_due(carried.family, now):
                carried = carry(carried.family, now, context)
            family = carried.family
        return family, context, now

    # -- the recipe ----------------------------------------------------------------------------------------------

    def command(self, command: Command, given: Given) -> Result:
        """One command on a case there is, whole."""
        return self.whole(lambda tx: self.command_in(tx, command, given), command.case)

    def whole(self, work: Callable[[Transaction], Result], case: str) -> Result:
        """Do this in one transaction; a family that fires without end is set aside, one with much behind goes on."""
        while True:
            try:
                with self.store.write() as tx:
                    return work(tx)
            except More:
                self._carry_some(case)
            except EngineError as error:
                if isinstance(error, Poisoned):
                    self._set_aside(case, error)
                    raise SetAside(f"`{case}` is set aside: {error.message}", help="`casewright fault list`") from error
                raise

    def command_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """One command inside a transaction."""
        digest = self._digest(command)
        if repeat := self._repeat(tx, command, digest):
            return repeat
        before = self.family(tx, self.root(tx, command.case), lock=True)
        self._check_usable(before, command.case, given)
        clock = self.clock()
        now = instant(before, clock if given.at is None else given.at)
        carried = self._carried(tx, before, now, clock)
        case = carried.family.cases.get(command.case)
        if case is None:
            raise NotFound(f"there is no case `{command.case}`")
        if given.expect_revision is not None and case.revision != given.expect_revision:
            raise Conflict(
                f"`{case.id}` was changed meanwhile: revision {case.revision}, you expected {given.expect_revision}",
                help=f"look at it again: `casewright show {case.id}`",
            )
        command = self._with_people(tx, command, case)
        outcome, context = self._decided(
            tx, clock, lambda context: act(carried.family, command, context, now), command.case
        )
        request = self._request(command, digest, outcome, now)
        self.save(tx, before, carried.steps, outcome, request)
        self._open_elsewhere(tx, outcome, clock, now)
        self.live(tx, clock)
        return self._result(outcome, _Turn(carried.family, case, context, now, command.actor))

    def opening_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """The opening of a case inside a transaction; `command.case` is not named yet."""
        digest = self._digest(command)
        if repeat := self._repeat(tx, command, digest):
            return repeat
        clock = self.clock()
        now = clock if given.at is None else given.at
        plan = self.catalogue.newest(tx, command.name, clock if given.at is not None else now)
        number = tx.next_number(plan.definition.prefix)
        command = replace(
            command, case=f"{plan.definition.prefix}-{number}", version=plan.definition.version,
            secret=secrets.token_hex(32), importing=given.importing,
        )  # fmt: skip
        command = self._with_people(tx, command, None)
        outcome, context = self._decided(tx, clock, lambda context: open_case(command, context, now), command.case)
        request = self._request(command, digest, outcome, now)
        if isinstance(outcome, Applied):
            self.save(tx, None, (), outcome, request)
            self._open_elsewhere(tx, outcome, clock, now)
        self.live(tx, clock)
        return self._result(outcome, _Turn(None, None, context, now, command.actor))

    def _decided(
        self, tx: Transaction, clock: int, decide: Callable[[Context], Applied | Refused], case: str
    ) -> tuple[Applied | Refused, Context]:
        """Decide, looking up in other families what the decision asks for."""
        context = self.context(tx, clock)
        while True:
            try:
                return decide(context), context
            except Unknown as unknown:
                found = {**context.found, unknown.text: self._answer(tx, unknown, case)}
                context = replace(context, found=found)

    def _answer(self, tx: Transaction, unknown: Unknown, case: str) -> Any:
        values = unknown.values
        if unknown.question == "count":
            return tx.count_like(values["process"], values["values"], values["since"], values["until"])
        taken = tx.open_with_key(values["process"], str(values["key"]))
        if unknown.question == "unique":
            return None if taken == case else taken
        if taken is not None:
            return {"case": taken, "is_new": False}
        prefix = self.catalogue.newest(tx, values["process"], self.time.now()).definition.prefix
        return {"case": f"{prefix}-{tx.next_number(prefix)}", "is_new": True}

    def _open_elsewhere(self, tx: Transaction, outcome: Applied | Refused, clock: int, now: int) -> None:
        """Cases of their own that a step opened by key, in the same transaction."""
        for command in outcome.elsewhere if isinstance(outcome, Applied) else ():
            command = replace(command, secret=secrets.token_hex(32))
            opened, _ = self._decided(tx, clock, partial(open_case, command, now=now), command.case)
            if isinstance(opened, Refused):
                raise Conflict(f"`{command.name}` could not be opened: {opened.reasons[0].words['en']}")
            self.save(tx, None, (), opened, None)

    def save(
        self, tx: Transaction, before: Family | None, carried: tuple[Step, ...], outcome: Applied | Refused | Carried,
        request: Request | None,
    ) -> None:  # fmt: skip
        """Write everything of a family that was decided."""
        steps = (*carried, *outcome.steps)
        if outcome.family is None or not steps:
            return
        library = self.catalogue.library(tx)
        cases = [outcome.family.cases[name] for name in dict.fromkeys(step.case.id for step in steps)]
        plans = {case.id: library.plan(case.process, case.version) for case in cases}
        tx.save(
            Save(
                before=before,
                after=outcome.family,
                steps=steps,
                outlooks={case.id: outlook(plans[case.id], case) for case in cases},
                keys={case.id: _business_key(plans[case.id], case) for case in cases},
                searches=self._searches(steps),
                request=request,
            )
        )

    def _searches(self, steps: tuple[Step, ...]) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for step in steps:
            for name, value in step.private.items():
                if value is not None:
                    found.setdefault(step.case.id, {})[name] = search_mark(self.search_key, value)
        return found

    def _carried(self, tx: Transaction, family: Family, now: int, clock: int) -> Carried:
        if not is_due(family, now):
            return Carried(family, ())
        carried = carry(family, now, self.context(tx, clock))
        if carried.is_more:
            raise More
        return carried

    def _carry_some(self, case: str) -> None:
        with self.store.write() as tx:
            before = self.family(tx, self.root(tx, case), lock=True)
            clock = self.clock()
            carried = carry(before, instant(before, clock), self.context(tx, clock))
            self.save(tx, before, (), carried, None)

    def _set_aside(self, case: str, error: Exception) -> None:
        with self.store.write() as tx:
            root = self.root(tx, case)
            tx.set_aside(fault_of(root, error, self.time.now()))

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

    # -- keys ----------------------------------------------------------------------------------------------------

    def _digest(self, command: Command) -> str:
        if command.key is None:
            return ""
        content = json.dumps(
            [command.verb, command.case, command.name, command.actor.id, command.form],
            sort_keys=True, default=str, ensure_ascii=False,
        )  # fmt: skip
        return hmac.new(self.search_key, content.encode("utf-8", "replace"), "sha256").hexdigest()

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
        view = _Turn(family, None, context, now, command.actor).view(family, family.cases[known.case])
        return Accepted(case=view, before=None, record=json.loads(record.text), is_repeat=True)

    def _request(self, command: Command, digest: str, outcome: Applied | Refused, now: int) -> Request | None:
        if command.key is None or isinstance(outcome, Refused):
            return None
        return Request(
            sender=command.actor.id, key=command.key, digest=digest, case=command.case,
            sequence=outcome.steps[0].record["seq"], at=now,
        )  # fmt: skip

    def _with_people(self, tx: Transaction, command: Command, case: Case | None) -> Command:
        """The roles of the persons a form names, where the desk keeps people at all."""
        if command.importing or (case is not None and case.importing):
            return command
        process, version = (case.process, case.version) if case else (command.name, command.version)
        fields = self.catalogue.library(tx).plan(process, version).definition.fields
        named = [command.form[name] for name in command.form if name in fields and fields[name].role]
        if not named or not tx.people():
            return command
        found = {name: tx.person(name) for name in named if isinstance(name, str)}
        roles = {name: person.roles if person else () for name, person in found.items()}
        return replace(command, people=roles)

    # -- answers -------------------------------------------------------------------------------------------------

    def _result(self, outcome: Applied | Refused, turn: _Turn) -> Result:
        if isinstance(outcome, Refused):
            view = None
            if outcome.case is not None and outcome.family is not None:
                view = turn.view(outcome.family, outcome.case)
            return Refusal(case=view, reasons=outcome.reasons)
        earlier = turn.view(turn.family, turn.case) if turn.case and turn.family else None
        after = turn.view(outcome.family, outcome.case)
        return Accepted(case=after, before=earlier, record=outcome.steps[0].record)


def _business_key(plan: Plan, case: Case) -> tuple[str | None, bool]:
    name = plan.definition.key
    value = case.data.get(name) if name else None
    return (None if value is None else str(value)), plan.definition.unique


def search_mark(key: bytes, value: Any) -> str:
    """By what a whole personal value is found: an HMAC of its text without spaces, case, and signs in numbers."""
    text = "".join(sign for sign in str(value).casefold() if not sign.isspace() and sign not in "-()+")
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def fault_of(root: str, error: Exception, now: int) -> Fault:
    """What is kept of the engine's own trouble with a family."""
    told = "".join(traceback.format_exception(error))
    return Fault(id=f"X-{secrets.token_hex(4)}", root=root, at=now, message=str(error), traceback=told)
