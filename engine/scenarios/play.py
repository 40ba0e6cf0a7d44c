"""Plays scenarios and says where what happened is not what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.calendars import CalendarError, format_duration, parse_duration
from engine.core.cases import Actor, Case, Command, Head, Reason, Step
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import remaining
from engine.core.texts import field_named
from engine.errors import EngineError
from engine.fields import Invalid, plain, read
from engine.lang.diagnostics import Span, did_you_mean
from engine.scenarios.emitted import not_as_expected
from engine.scenarios.parents import open_under
from engine.scenarios.registers import members, not_as_registered, told
from engine.scenarios.script import SUBJECTS, Action, Hold, Scenario, Script
from engine.scenarios.sent import sent_beside, sent_names
from engine.scenarios.world import Told, World
from engine.values import read_instant


@dataclass(frozen=True, slots=True)
class Failure:
    """A step whose outcome is not what was expected."""

    place: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one scenario went: its failure, if it has one, and what it went through."""

    scenario: str
    failure: Failure | None
    steps: tuple[Step, ...]
    refusals: tuple[tuple[str, str, str], ...] = ()  # process, action, rule
    unheard: tuple[str, ...] = ()  # events to which no case fitted, or several did


class _Failed(Exception):
    """This step is not as expected; later ones are not played."""


def play_all(script: Script, library: Library) -> list[Outcome]:
    """Play every scenario of a file, each in a world of its own."""
    return [play(scenario, script, library) for scenario in script.scenarios]


def play(scenario: Scenario, script: Script, library: Library, language: str = "en") -> Outcome:
    """Play one scenario up to its first failure, which quotes the process's own reasons in this language."""
    try:
        player = _Player(script, library, language)
    except EngineError as wrong:
        return Outcome(scenario=scenario.name, failure=Failure(scenario.place, str(wrong)), steps=())
    failure = None
    for step in player.with_opening(scenario.steps):
        try:
            player.step(step)
        except (_Failed, EngineError) as failed:
            failure = Failure(step.place, str(failed))
            break
    return Outcome(
        scenario=scenario.name,
        failure=failure,
        steps=tuple(player.world.steps),
        refusals=tuple(player.refusals),
        unheard=tuple(player.unheard),
    )


class _Player:
    """Plays the steps of one scenario."""

    def __init__(self, script: Script, library: Library, language: str) -> None:
        self.script = script
        self.language = language
        plan = library.newest(script.process, 0)
        if plan is None:
            raise KeyError(script.process)
        self.plan: Plan = plan
        self.zone = plan.definition.desk.zone
        self.world = World(library, read_instant(script.given.at, self.zone), script.process)
        desk = plan.definition.desk
        self.world.members = {party: members(desk, party, kept) for party, kept in script.given.register.items()}
        self.main = ""
        self.before = ""  # the case that was opened before it
        self.facts = script.given.facts
        self.refusals: list[tuple[str, str, str]] = []
        self.unheard: list[str] = []
        self.heard = ""  # what became of the step's event

    def with_opening(self, steps: tuple[Action, ...]) -> Iterator[Action]:
        """The steps, after the given opening where neither the first one nor the calendar opens, nor an event comes."""
        if steps[0].open is None and steps[0].schedule is None and steps[0].hear is None:
            yield Action(place=steps[0].place, open={})
        yield from steps

    def step(self, step: Action) -> None:
        """One step: let time pass, do it, compare."""
        self.world.sent.clear()
        self.world.registered.clear()
        self.heard = ""
        self._pass_time(step)
        if step.schedule is not None:
            self.main = self._opened_by(step.schedule)
        case = self._case(step.case) if step.case else self.main
        if step.case and not case:
            raise _Failed(f"there is no case linked as `{step.case}`")
        reasons = self._do(step, case)
        if step.refused:
            self._expect_refusal(step, reasons)
        elif reasons:
            raise _Failed(f"`{_verb(step)}` was refused: {self._told(reasons)}")
        elif self.heard in ("kept", "ignored") and "heard" not in step.expect:
            raise _Failed(
                f"`{step.hear}` found no case, and was {self.heard}; `expect: {{heard: {self.heard}}}` says so"
            )
        try:
            for name, expected in step.expect.items():
                self._expect(name, expected, step.actor or self.script.given.actor)
        except _Failed as failed:
            dues = {case.next_due for family in self.world.families.values() for case in family.cases.values()}
            if self.world.now not in dues:
                raise
            why = "what falls due at this very instant has not happened yet: wait a second longer"
            raise _Failed(f"{failed}; {why}") from failed

    def _pass_time(self, step: Action) -> None:
        if step.at is not None:
            self.world.begin_at(self._instant("at", step.at))
        if step.until is not None:
            at = self._instant("until", step.until)
            if at < self.world.now:
                raise _Failed(f"`until: {step.until}` lies in the past of the scenario")
            self.world.wait_until(at)
        if step.wait is not None:
            self.world.wait_until(self.world.now + step.wait)

    def _opened_by(self, schedule: str) -> str:
        if schedule not in self.plan.definition.schedule:
            raise _Failed(f"`{schedule}` is not a schedule of `{self.script.process}`")
        found = [case for case, name in self.world.opened_by.items() if name == schedule]
        if not found:
            why = self._told(self.world.refused)
            raise _Failed(f"`{schedule}` has not opened a case" + (f": {why}" if why else " yet"))
        return found[-1]

    def _instant(self, key: str, text: str) -> int:
        try:
            return read_instant(text, self.zone)
        except ValueError as error:
            raise _Failed(f"`{key}: {text}` is not an instant: {error}") from error

    def _do(self, step: Action, case: str) -> tuple[Reason, ...]:
        if step.hear is not None:
            return self._hear(step.hear, step)
        if step.do is None and step.hold is None and step.open is None:
            return ()
        actor = self._who(step)
        facts = self.facts if step.facts is None else {**self.facts, **step.facts}
        if step.open is not None:
            return self._open(step, actor, facts)
        if not case:
            raise _Failed(f"`{_verb(step)}` has no case to act on: the opening was refused, and none was opened since")
        if step.hold is not None:
            return self._hold(step.hold, case, actor)
        assert step.do is not None
        reasons = self.world.act(case, step.do, step.form, actor, facts)
        process = self.world.case(case).process
        self.refusals += [(process, step.do, one.rule) for one in reasons]
        return reasons

    def _who(self, step: Action) -> Actor:
        """Who does it; nobody where a case is opened by what another one does."""
        given = self.script.given
        actor = step.actor or given.actor
        is_handed = step.open is not None and not step.is_by_hand and (step.parent or given.parent)
        if actor is None and not is_handed:
            raise _Failed("nobody acts: say `as: ROLE:PERSON` here or under `given`")
        return actor or Actor(id="")

    def _hold(self, hold: Hold, case: str, actor: Actor) -> tuple[Reason, ...]:
        """Claim, release, assign, attach, merge, take in."""
        if hold.verb in ("merge", "take_in"):
            if not self.before:
                raise _Failed(f"`{hold.verb}` has no case to end in: open one before this one")
            reasons = self.world.merge(case, self.before, actor)
            if hold.verb == "take_in" and not reasons:
                self.before, self.main = "", self.before
            return reasons
        form = {"name": hold.name} if hold.verb == "attach" else {}
        return self.world.command(Command(verb=hold.verb, case=case, name=hold.name, actor=actor, form=form))

    def _hear(self, event: str, step: Action) -> tuple[Reason, ...]:
        definition = self.plan.definition
        if event not in definition.incoming:
            raise _Failed(f"`{definition.process}` hears no event `{event}`")
        role = step.sender or definition.incoming[event].sender
        told = Told(event, step.form, Actor(id=role, roles=(role,)))
        self.heard, reasons = self.world.hear(told)
        if self.heard != "done" or any(one.rule == "find" for one in reasons):
            self.unheard.append(event)
        self.refusals += [(definition.process, definition.incoming[event].action, one.rule) for one in reasons]
        return reasons

    def _open(self, step: Action, actor: Actor, facts: Mapping[str, Any]) -> tuple[Reason, ...]:
        form = {**self.script.given.open, **(step.open or {})}
        form = {name: value for name, value in form.items() if value is not None}
        parent = step.parent or self.script.given.parent
        if parent is None or step.is_by_hand:
            opened = self.world.open(self.script.process, form, actor, facts)
        else:
            opened = open_under(self.world, self.plan, parent, form, facts)
        if isinstance(opened, str):
            self.before, self.main = self.main, opened
            return ()
        self.refusals += [(self.script.process, "opening", one.rule) for one in opened]
        return opened

    def _expect_refusal(self, step: Action, reasons: tuple[Reason, ...]) -> None:
        rules = [one.rule for one in reasons]
        wanted = ", ".join(f"`{rule}`" for rule in step.refused)
        if not rules:
            raise _Failed(f"`{_verb(step)}` was to be refused by {wanted}, but it was done")
        if not set(step.refused) <= set(rules):
            raise _Failed(f"it was to be refused by {wanted}, but it was by: {self._told(reasons)}")

    def _told(self, reasons: Iterable[Reason]) -> str:
        return "; ".join(f"{one.words.get(self.language) or one.words.get('en', '')} [{one.rule}]" for one in reasons)

    # -- comparing -----------------------------------------------------------------------------------------------

    def _case(self, link: str) -> str:
        case = self.main
        for name in link.split("."):
            here = self.world.case(case) if case else None
            case = "" if here is None else (here.parent or "") if name == "parent" else here.links.get(name, "")
        return case

    def _expect(self, name: str, expected: Any, actor: Actor | None) -> None:
        link, subject = self._split(name)
        case = self._case(link) if link else self.main
        if subject == "heard":
            if expected != self.heard:
                raise _Failed(f"`{name}` was to be {told(expected)}, but is {told(self.heard or 'none')}")
            return
        if subject == "sent":
            self._expect_sent(name, expected, case if link else "")
            return
        if subject == "allowed":
            self._expect_allowed(name, expected, case, actor)
            return
        if subject == "recorded":
            self._expect_recorded(name, expected, case)
            return
        if subject == "registered":
            self._expect_registered(expected)
            return
        if subject == "emitted":
            self._expect_emitted(expected, case if link else "")
            return
        found = self._found(case, subject, expected)
        wanted = self._wanted(case, subject, expected)
        if found != wanted:
            raise _Failed(f"`{name}` was to be {told(wanted)}, but is {told(found)}")

    def _split(self, name: str) -> tuple[str, str]:
        """The link in front of a subject, if there is one."""
        parts = name.split(".")
        place = next((number for number, part in enumerate(parts) if part in SUBJECTS), None)
        if place is None:
            raise _Failed(f"`{name}` cannot be expected{did_you_mean(parts[0], SUBJECTS) or ''}")
        return ".".join(parts[:place]), ".".join(parts[place:])

    def _found(self, case: str, subject: str, expected: Any) -> Any:
        if not case:
            return "none"
        one = self.world.case(case)
        if subject == "state":
            plan = self._plan_of(case)
            if isinstance(expected, list):
                return sorted(one.position.leaves)
            known = plan.place(one.position).active
            return expected if expected in known else " + ".join(one.position.leaves)
        if subject == "assignee":
            return one.assignee or one.queue or "none"
        group, _, rest = subject.partition(".")
        if group == "case":
            return self._value(one, rest)
        return self._clock(one, rest)

    def _value(self, case: Case, name: str) -> Any:
        plan = self.world.library.plan(case.process, case.version)
        field = field_named(f"case.{name}", plan.definition)
        if field is None:
            raise _Failed(f"`case.{name}` is not a field of `{case.process}`")
        value = case.opened_at if name == "opened_at" else case.private.get(name, case.data.get(name))
        return None if value is None else plain(field, value)

    def _plan_of(self, case: str) -> Plan:
        one = self.world.case(case)
        return self.world.library.plan(one.process, one.version)

    def _clock(self, case: Case, rest: str) -> Any:
        name, _, part = rest.partition(".")
        plan = self.world.library.plan(case.process, case.version)
        if name not in plan.definition.clocks:
            raise _Failed(f"`{name}` is not a clock of `{case.process}`")
        head = case.clocks.get(name, Head())
        if not part:
            return head.status
        left = remaining(head, self.world.now, plan.calendar(plan.definition.clocks[name].calendar))
        return "none" if left is None else format_duration(left)

    def _wanted(self, case: str, subject: str, expected: Any) -> Any:
        if subject == "state" and isinstance(expected, list):
            return sorted(expected)
        if subject.endswith(".left"):
            return _normal(str(expected))
        if subject == "assignee" and expected is None:
            return "none"
        if subject.startswith("case.") and case and expected is not None:
            field = field_named(subject, self._plan_of(case).definition)
            if field is not None:
                try:
                    return plain(field, read(field, expected, self.zone))
                except Invalid as invalid:
                    raise _Failed(str(invalid)) from invalid
        return expected

    def _expect_sent(self, name: str, expected: Mapping[str, Any], case: str) -> None:
        """Exactly the messages since the step before: of every case but others of the calendar's, or of one linked."""
        sent = sent_beside(self.world, self.main)
        found = sent_names(message for message in sent if case in ("", message.case))
        wanted = {message: sorted(receivers) for message, receivers in expected.items()}
        if found != wanted:
            raise _Failed(f"`{name}` was to be {told(wanted)}, but is {told(found)}")

    def _expect_allowed(self, name: str, expected: list[str], case: str, actor: Actor | None) -> None:
        """Exactly the actions that whoever acts in this step may do now; what a form and its guards say comes later."""
        if actor is None or not case:
            raise _Failed(f"`{name}`: there is no {'case' if actor else 'one to act'}")
        found = self.world.allowed(case, actor)
        if sorted(found) != sorted(expected):
            raise _Failed(f"`{name}` was to be {told(sorted(expected))}, but is {told(sorted(found))}")

    def _expect_recorded(self, name: str, expected: Mapping[str, Any], case: str) -> None:
        """What the newest record of a case says of the keys named; of a table in it the entries named."""
        record: Mapping[str, Any] = next(
            (step.record for step in reversed(self.world.steps) if step.case.id == case), {}
        )
        for key, wanted in expected.items():
            found = record.get(key)
            if isinstance(wanted, dict) and isinstance(found, dict):
                found = {inner: found.get(inner) for inner in wanted}
            if found != wanted:
                raise _Failed(f"`{name}.{key}` was to be {told(wanted)}, but is {told(found)}")

    def _expect_registered(self, expected: Mapping[str, Mapping[str, Any]]) -> None:
        """Exactly whom the step entered in registers, with the values named."""
        for difference in not_as_registered(expected, self.world.registered, self.plan.definition.desk):
            raise _Failed(difference)

    def _expect_emitted(self, expected: Mapping[str, Any], case: str) -> None:
        """Exactly the events since the step before, with the values named: of the family, or of one linked case."""
        sent = [message for message in self.world.sent if case in ("", message.case)]
        for difference in not_as_expected(expected, sent, self._plan_of, self.zone):
            raise _Failed(difference)


def _verb(step: Action) -> str:
    return step.do or step.hear or (step.hold.verb if step.hold else "open")


def _normal(text: str) -> str:
    """A time left as it is shown, however it is written; `none`: the promise is over."""
    if text in ("none", "0s"):
        return text if text == "none" else format_duration(0)
    try:
        length = parse_duration(text.removeprefix("-"))
    except CalendarError as error:
        raise _Failed(f"`{text}` is no time that can be left: {error}") from error
    return format_duration(-length if text.startswith("-") else length)
