"""Cases on a virtual clock with a worker that is never late: what scenarios, laws and hosts' tests play in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, Literal, NamedTuple

from engine.core.audit import seal
from engine.core.cases import EMPTY, Actor, Applied, Case, Command, Family, Outgoing, Reason, Refused, Registered, Step
from engine.core.decide import StandIn, act, carry, instant, open_case, open_under, without
from engine.core.hearing import answers, is_offered, mark_of, marks_of, meant, none_found, not_told_by, several_found
from engine.core.merging import end_in, take_in
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import instant_of
from engine.core.schedules import Member, next_instant, open_scheduled, openings_at
from engine.core.sight import Context, Unknown
from engine.fields import Value
from engine.model import Desk, Incoming
from engine.nearness import nearest
from engine.scenarios.alike import Alike, holds_all
from engine.views import Seeing, offers

ENTROPY = "5c" * 32
"""Nothing here is secret, and the same scenario must give the same bytes."""


class Told(NamedTuple):
    """An event as another system tells it."""

    event: str
    fields: Mapping[str, Any]
    sender: Actor
    until: int = 0  # waits until then, once it is kept


class World:
    """Opens, acts, waits. Nothing is stored; `steps` are the records so far, in the order they were made."""

    def __init__(self, library: Library, now: int, scheduled: str = "", is_kept: bool = True) -> None:
        """`scheduled` is the process whose schedules are played; those of others stand still.

        Where nothing is kept, cases are decided as everywhere, but steps have no record, messages are not sent and
        personal values are not committed to: for who looks only at what the cases come to.
        """
        self.library = library
        self.families: dict[str, Family] = {}
        self.root_of: dict[str, str] = {}
        self.steps: list[Step] = []
        self.sent: list[Outgoing] = []
        self.opened_by: dict[str, str] = {}  # cases that the calendar opened, oldest first → the schedule's name
        self.refused: list[Reason] = []  # why the calendar could not open others
        self.members: dict[str, list[Member]] = {}  # party → whom its register holds, by id
        self.registered: list[Registered] = []  # whom steps have entered since
        self.kept: list[Told] = []  # events that wait for their case
        self._scheduled = scheduled
        self._numbers: dict[str, int] = {}
        self._alike = Alike()
        self._is_kept = is_kept
        self.begin_at(now)

    def twin(self) -> World:
        """A world that stands as this one does and goes its own way; what happened so far is not told again."""
        made = copy(self)
        made.families, made.root_of = dict(self.families), dict(self.root_of)
        made._alike = self._alike.twin()
        made.opened_by, made._numbers = dict(self.opened_by), dict(self._numbers)
        made.members, made.kept = {party: [*of] for party, of in self.members.items()}, [*self.kept]
        made.steps, made.sent, made.refused, made.registered = [], [], [], []
        return made

    def begin_at(self, now: int) -> None:
        """Set the clock without letting time pass; schedules come from here on."""
        self.now = self._opened_until = now
        versions = self.library.published.get(self._scheduled, ())
        self._timetable = replace(
            self.library, published={self._scheduled: tuple((now, version) for _, version in versions)}
        )

    def case(self, case: str) -> Case:
        """The case as it stands."""
        return self.families[self.root_of[case]].cases[case]

    def open(
        self,
        process: str,
        form: Mapping[str, Any],
        actor: Actor,
        facts: Mapping[str, Any] = EMPTY,
        parent: StandIn | None = None,
    ) -> str | tuple[Reason, ...]:
        """Open a case of the newest version, by hand or as the child of one that stands in: its id, or why not."""
        plan = self.library.newest(process, self.now)
        if plan is None:
            raise KeyError(process)
        root = self._number((plan if parent is None else parent.plan).definition.prefix)
        command = Command(
            verb="open", case=root if parent is None else f"{root}.1", name=process, actor=actor, form=form,
            facts=facts, version=plan.definition.version, is_stored=parent is not None,
        )  # fmt: skip
        over = None if parent is None else parent.but(case=root)
        outcome = self._decided(
            lambda context: open_case(command, context, self.now) if over is None
            else open_under(over, command, context, self.now)
        )  # fmt: skip
        if isinstance(outcome, Refused):
            return outcome.reasons
        self._keep(outcome)
        self._take_up()
        return command.case

    def act(
        self, case: str, action: str, form: Mapping[str, Any], actor: Actor, facts: Mapping[str, Any] = EMPTY
    ) -> tuple[Reason, ...]:
        """Do an action: no reasons if it was done."""
        return self.command(Command(verb="do", case=case, name=action, actor=actor, form=form, facts=facts))

    def command(self, command: Command) -> tuple[Reason, ...]:
        """Any command on a case there is: no reasons if it was done."""
        while survivor := self.case(command.case).merged_into:
            command = command.but(case=survivor, sent_to=command.sent_to or command.case)
        family = self.families[self.root_of[command.case]]
        at = instant(family, self.now)
        outcome = self._decided(lambda context: act(family, command, context, at))
        self._keep(outcome)
        if isinstance(outcome, Refused):
            return outcome.reasons
        if self.kept:
            self._take_up()
        return ()

    def hear(self, told: Told) -> tuple[Literal["done", "kept", "ignored"], tuple[Reason, ...]]:
        """An event of another system: what became of it, or why it is refused. `KeyError` where no process hears it."""
        plan = self._hearer(told.event)
        incoming = plan.definition.incoming[told.event]
        values, reasons = meant(plan, incoming, told.fields)
        if reasons := [*not_told_by(plan, incoming, told.sender), *reasons]:
            return "done", tuple(reasons)
        found = self._found(told)
        fitting = [case for case in found if is_offered(self._plan(case), case, incoming)]
        if len(fitting) == 1 or (len(found) == 1 and incoming.otherwise == "refuse"):
            return "done", self._give(told, (fitting or found)[0])
        if incoming.otherwise == "refuse":
            names = [case.id for case in fitting or found]
            return "done", (several_found(incoming, names) if names else none_found(plan, incoming, values),)
        if incoming.otherwise == "ignore":
            return "ignored", ()
        until = incoming.keep_for and instant_of(incoming.keep_for, self.now, None, plan.calendar(None))
        self.kept.append(told._replace(until=until or 0))
        return "kept", ()

    def _take_up(self) -> None:
        """Kept events act as soon as something that is done brings the one case that they are about."""
        for told in tuple(self.kept):
            found = self._found(told) if told in self.kept and told.until > self.now else []
            fitting = [case for case in found if is_offered(self._plan(case), case, self._incoming(case, told))]
            if len(fitting) == 1:
                self.kept.remove(told)
                self._give(told, fitting[0])

    def _give(self, told: Told, case: Case) -> tuple[Reason, ...]:
        plan, incoming = self._plan(case), self._incoming(case, told)
        form = answers(plan, incoming, told.fields, case)
        command = Command(
            verb="do", case=case.id, name=incoming.action, actor=told.sender, form=form, heard=told.event
        )  # fmt: skip
        return self.command(command)

    def _found(self, told: Told) -> list[Case]:
        """The cases that an event may be about, a merged one as the case that took it in."""
        plan, found = self._hearer(told.event), dict[str, Case]()
        incoming = plan.definition.incoming[told.event]
        mark = mark_of(plan, incoming, meant(plan, incoming, told.fields)[0])
        for case in (case for family in self.families.values() for case in family.cases.values()):
            if case.process == plan.definition.process and mark in marks_of(self._plan(case), case):
                while case.merged_into:
                    case = self.case(case.merged_into)
                if not case.outcome or is_offered(plan, case, incoming):
                    found[case.id] = case
        return list(found.values())

    def _hearer(self, event: str) -> Plan:
        for process in self.library.published:
            plan = self.library.newest(process, self.now)
            if plan is not None and event in plan.definition.incoming:
                return plan
        raise KeyError(event)

    def _plan(self, case: Case) -> Plan:
        return self.library.plan(case.process, case.version)

    def _incoming(self, case: Case, told: Told) -> Incoming:
        return self._plan(case).definition.incoming[told.event]

    def allowed(self, case: str, actor: Actor) -> list[str]:
        """The actions that somebody may do now."""
        family = self.families[self.root_of[case]]
        one = family.cases[case]
        plan = self.library.plan(one.process, one.version)
        seeing = Seeing(plan=plan, library=self.library, now=self.now, actor=actor, family=family)
        return [offer.action for offer in offers(one, actor, seeing) if offer.is_allowed]

    def merge(self, case: str, into: str, actor: Actor) -> tuple[Reason, ...]:
        """Merge a case into another: no reasons if it was done."""
        ended, survivor = self.families[self.root_of[case]], self.families[self.root_of[into]]
        at = max(instant(ended, self.now), instant(survivor, self.now))
        command = Command(verb="merge", case=case, name=into, actor=actor)
        outcome = self._decided(lambda context: end_in(ended, survivor.cases[into], command, context, at))
        taken = outcome
        if not isinstance(outcome, Refused):
            taken = self._decided(lambda context: take_in(survivor, command, context, at))
        for one in (taken,) if isinstance(taken, Refused) else (outcome, taken):
            self._keep(one)
        return taken.reasons if isinstance(taken, Refused) else ()

    def wait_until(self, instant: int) -> None:
        """Let time pass; everything due before that instant takes effect when it is due."""
        while True:
            dues = (
                (case.next_due, root)
                for root, family in self.families.items()
                for case in family.cases.values()
                if case.next_due is not None and case.next_due < instant
            )
            due, root = min(dues, default=(instant, ""))
            if self._open_scheduled(due + 1 if root else instant):
                continue  # what was opened may fall due before the others
            if not root:
                break
            self.carry(root, due + 1)
        self.now = max(self.now, instant)

    def carry(self, root: str, until: int) -> None:
        """Let everything due before that instant take effect in one family, whatever time it is for the others."""
        self._keep(carry(self.families[root], until, self._context(until)))

    def _register(self, party: str, at: int) -> Sequence[Member]:
        return self.members.get(party, ())

    def _open_scheduled(self, until: int) -> bool:
        """Open what the calendar opens next, if that is before this instant."""
        due = next_instant(self._timetable, self._scheduled, self._opened_until)
        if due is None or due >= until:
            return False
        for opening in openings_at(self._timetable, self._scheduled, due, self._register):
            case = self._number(opening.plan.definition.prefix)
            outcome = open_scheduled(opening, case, self._context(due + 1))
            if isinstance(outcome, Refused):
                self.refused += outcome.reasons
            else:
                self._keep(outcome)
                self.opened_by[case] = opening.schedule.name
        self._opened_until = due + 1
        return True

    def sleep_until(self, instant: int) -> None:
        """Let time pass without a worker; then one looks, and finds everything due before that instant late."""
        self.now = max(self.now, instant)
        for family in tuple(self.families.values()):
            carried = carry(family, instant, self._context(instant))
            while carried.is_more:
                self._keep(carried)
                carried = carry(carried.family, instant, self._context(instant))
            self._keep(carried)

    def _decided(self, decide: Callable[[Context], Applied | Refused]) -> Applied | Refused:
        """Decide, looking up what is asked for; what it opens elsewhere is opened, or known not to be."""
        found: dict[str, Any] = {}

        def answer(unknown: Unknown) -> Any:
            if unknown.text not in found:
                found[unknown.text] = self._answer(unknown)
            return found[unknown.text]

        context = self._context(self.now, found, answer)
        while True:
            outcome = decide(context)
            if isinstance(outcome, Refused) or not outcome.elsewhere:
                return outcome
            refused = self._open_elsewhere(outcome.elsewhere)
            if refused is None:
                return outcome
            context = without(context, *refused)

    def _open_elsewhere(self, commands: Iterable[Command]) -> tuple[Command, tuple[Reason, ...]] | None:
        """Open cases of their own: the first that is refused, and why, or all."""
        opened = []
        for command in commands:
            outcome = self._decided(partial(open_case, command, now=self.now))
            if isinstance(outcome, Refused):
                return command, outcome.reasons
            opened.append(outcome)
        for outcome in opened:
            self._keep(outcome)
        return None

    def _answer(self, unknown: Unknown) -> Any:
        values = unknown.values
        if unknown.question == "party_like":
            return nearest(str(values["id"]), [one.id for one in self.members.get(values["party"], ())])
        if unknown.question == "party":
            return self._kept(values["party"], values["id"])
        if unknown.question == "count":
            return self._alike.count(values["process"], values["values"], values["since"], values["until"])
        plan = self.library.newest(values["process"], self.now)
        if plan is None or plan.definition.key is None:
            raise KeyError(values["process"])
        like = self._holding(values["process"], {plan.definition.key: values["key"]})
        taken = next((case.id for case in like if not case.outcome and not case.parent), None)
        if unknown.question == "unique":
            return taken
        if taken is not None:
            return {"case": taken, "is_new": False}
        return {"case": self._number(plan.definition.prefix), "is_new": True}

    def _holding(self, process: str, values: Mapping[str, Value]) -> Iterator[Case]:
        return (case for case in map(self.case, self._alike.naming(process, values)) if holds_all(case, values))

    def _kept(self, party: str, id: str) -> Mapping[str, Value] | None:
        """What the register says openly of one."""
        found = next((one for one in self.members.get(party, ()) if one.id == id), None)
        return None if found is None else self._desk().parties[party].openly(found.values)

    def _enter(self, entry: Registered) -> None:
        here = {one.id: one.values for one in self.members.get(entry.party, ())}
        usual = self._desk().parties[entry.party].usual
        here[entry.id] = {**usual, **here.get(entry.id, {}), **entry.values, **entry.private}
        self.members[entry.party] = [Member(name, here[name]) for name in sorted(here)]
        self.registered.append(entry)

    def _desk(self) -> Desk:
        return next(iter(self.library.plans.values())).definition.desk

    def _number(self, prefix: str) -> str:
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}-{self._numbers[prefix]}"

    def _context(
        self, clock: int, found: Mapping[str, Any] = EMPTY, answer: Callable[[Unknown], Any] | None = None
    ) -> Context:
        entropy, sealing = (ENTROPY, seal) if self._is_kept else ("", _uncommitted)
        return Context(
            library=self.library, clock=clock, seal=sealing, entropy=entropy, found=found, answer=answer,
            is_kept=self._is_kept,
        )  # fmt: skip

    def _keep(self, outcome: Any) -> None:
        family: Family | None = outcome.family
        if family is None:
            return
        self.families[family.root] = family
        for case in family.cases:
            self.root_of[case] = family.root
        self.steps += outcome.steps
        for step in outcome.steps:
            self._alike.note(self.library.plans[step.case.process, step.case.version], step.case)
            for entry in step.registered:
                self._enter(entry)
            if step.outgoing:
                self.sent += [message for message in step.outgoing if message.status == "waiting"]


def _uncommitted(case: Case, sequence: int, field: str, value: Value) -> Value:
    return {"sealed": ""}
