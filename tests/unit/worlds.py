"""Small worlds in YAML: cases on a virtual clock, proven from their records when the test is over.

A test writes only what it is about; `play` adds the header of the file and the labels that people would read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from engine.calendars import parse_duration
from engine.core.cases import Actor, Case, Command, Head, Outgoing, Reason, Step
from engine.core.outlook import Outlook, outlook, place_of
from engine.core.plan import Library, Plan
from engine.core.promises.adjusting import adjusted, courses_of, measure
from engine.core.promises.clocks import used_until
from engine.core.promises.ledger import ledger_of, stood_of
from engine.core.promises.step import dues
from engine.core.replay import replay
from engine.evidence.offline import broken
from engine.lang.load import load_process
from engine.lang.source import read
from engine.scenarios.world import World
from engine.values import read_instant

NINE = 1_772_413_200_000  # Monday 2026-03-02 09:00 in Shanghai
MINUTE = 60_000
HOUR = 60 * MINUTE
ZONE = "Asia/Shanghai"

DESK = """
desk: test
languages: [en]
zone: Asia/Shanghai
currency: CNY
assigners: [boss]
roles: {agent: {en: Agent}, boss: {en: Boss}, technician: {en: Technician}, manager: {en: Manager}}
parties: {customer: {label: {en: Customer}}}
fields:
  note: {type: text, label: {en: Note}}
  phone: {type: text, personal: true, label: {en: Phone}}
  visit_at: {type: instant, label: {en: Visit}}
  amount: {type: money, label: {en: Amount}}
  person: {type: person, label: {en: Person}}
  severe: {type: yes_no, label: {en: Severe}}
"""

MESSAGES = """
due: {text: {en: "{case.id} {clock.label} {clock.left}"}}
late: {text: {en: "{case.id} {clock.label}"}}
told: {text: {en: "{case.id} {case.note}"}}
"""

OFFICE = """
calendar: office
label: {en: Office hours}
weekly: {mon-fri: ["09:00-17:00"]}
"""

BESIDE_THE_CASE = ("private", "secret", "head", "importing", "fault", "floor", "order")
"""What a replay cannot know, or counts for the family as a whole."""


def sources(
    processes: Mapping[str, str], messages: str = "", calendars: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The files of a desk with these processes."""
    texts = {"processes/desk.yaml": DESK, "processes/messages/desk.yaml": MESSAGES + messages}
    for name, text in {"office": OFFICE, **(calendars or {})}.items():
        texts[f"processes/calendars/{name}.yaml"] = text
    for name, text in processes.items():
        texts[f"processes/{name}.yaml"] = _whole(name, text)
    return texts


def library(processes: Mapping[str, str], messages: str = "", calendars: Mapping[str, str] | None = None) -> Library:
    """The processes of these texts, ready."""
    texts = sources(processes, messages, calendars)
    plans = {}
    for name in processes:
        with pytest.MonkeyPatch.context() as patch:  # a small world leaves out much that a designer would be told of
            patch.setattr("engine.lang.rules.listing.findings_of", lambda *_, **__: [])
            loaded = load_process(texts, name)
        assert loaded.definition is not None, "\n".join(map(str, loaded.diagnostics))
        plans[name, 1] = Plan(loaded.definition)
    return Library(plans, dict.fromkeys(processes, ((0, 1),)))


def _whole(name: str, text: str) -> str:
    document, findings = read(text, f"{name}.yaml")
    assert not findings, findings
    assert document.root is not None
    written: Any = document.root.plain
    header = {"process": name, "version": 1, "prefix": name[0].upper(), "label": {"en": name}, "calendar": "always"}
    whole = {**header, "opening": {"by": ["agent"]}, **written}
    for kind in ("fields", "clocks", "actions", "states"):
        _label(whole.get(kind, {}), kind)
    for guard in whole["opening"].get("guards", {}).values():
        guard.setdefault("else", {"en": "no"})
    return json.dumps(whole, ensure_ascii=False)


def _label(parts: dict[str, Any], kind: str) -> None:
    for name, part in parts.items():
        if not isinstance(part, dict):
            continue
        part.setdefault("label", {"en": name})
        if kind == "clocks":
            part.setdefault("met_by", [])
        for guard in part.get("guards", {}).values():
            guard.setdefault("else", {"en": "no"})
        if kind == "fields":
            _label(part.get("columns", {}), kind)
        if kind == "states":
            _label(part.get("actions", {}), "actions")
            _label(part.get("states", {}), "states")


class Play:
    """One world, told in few words. `case` is the case last opened."""

    def __init__(self, library: Library, at: str = "2026-03-02 09:00") -> None:
        self.world = World(library, read_instant(at, ZONE))
        self.case = ""

    # -- doing -------------------------------------------------------------------------------------------------------

    def open(self, process: str = "thing", as_: str = "agent:lin", facts: Any = None, **form: Any) -> str:
        """Open a case, which must be accepted."""
        opened = self.world.open(process, form, actor(as_), facts or {})
        assert isinstance(opened, str), opened
        self.case = opened
        return opened

    def not_open(self, process: str = "thing", as_: str = "agent:lin", **form: Any) -> list[str]:
        """Open a case, which must be refused: the rules."""
        opened = self.world.open(process, form, actor(as_))
        assert not isinstance(opened, str), f"{opened} was opened"
        return rules(opened)

    def do(self, action: str, as_: str = "agent:lin", case: str = "", facts: Any = None, **form: Any) -> Step:
        """Do an action, which must be accepted: its record."""
        before = len(self.world.steps)
        reasons = self.world.act(case or self.case, action, form, actor(as_), facts or {})
        assert reasons == (), reasons
        return self.world.steps[before]

    def refused(self, action: str, as_: str = "agent:lin", case: str = "", facts: Any = None, **form: Any) -> list[str]:
        """Do an action, which must be refused: the rules, a field after a colon."""
        reasons = self.world.act(case or self.case, action, form, actor(as_), facts or {})
        assert reasons, f"`{action}` was done"
        return rules(reasons)

    def hold(self, verb: Any, as_: str = "agent:lin", person: str = "", case: str = "") -> list[str]:
        """Claim, release or assign: the rules of its refusal, none if it was accepted."""
        command = Command(verb=verb, case=case or self.case, name=person, actor=actor(as_))
        return rules(self.world.command(command))

    def wait(self, length: str) -> None:
        """Let time pass with a worker that is never late."""
        self.world.wait_until(self.world.now + parse_duration(length))

    def until(self, at: str) -> None:
        """Let time pass up to a local time, with a worker that is never late."""
        self.world.wait_until(read_instant(at, ZONE))

    def sleep(self, length: str) -> None:
        """Let time pass without any worker, and have one look then."""
        self.world.sleep_until(self.world.now + parse_duration(length))

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The virtual clock."""
        return self.world.now

    def one(self, case: str = "") -> Case:
        """The case as it stands."""
        return self.world.case(case or self.case)

    @property
    def state(self) -> str:
        """Where the case stands."""
        return " + ".join(self.one().position.leaves)

    def state_of(self, case: str) -> str:
        """Where another case stands."""
        return " + ".join(self.one(case).position.leaves)

    def value(self, name: str, case: str = "") -> Any:
        """What a field holds."""
        return self.one(case).data.get(name)

    def clock(self, name: str = "c", case: str = "") -> Head:
        """The head of a clock."""
        return self.one(case).clocks.get(name, Head())

    def status(self, name: str = "c", case: str = "") -> str:
        """How a promise stands."""
        return self.clock(name, case).status

    def used(self, name: str = "c", case: str = "") -> int:
        """The time a clock has used up to now."""
        one = self.one(case)
        plan = self.world.library.plan(one.process, one.version)
        return used_until(self.clock(name, case), self.now, plan.calendar(plan.definition.clocks[name].calendar))

    def records(self, case: str = "", verb: str = "") -> list[dict[str, Any]]:
        """The records of a case, oldest first."""
        steps = (step for step in self.world.steps if step.case.id == (case or self.case))
        return [dict(step.record) for step in steps if verb in ("", step.record["verb"])]

    def verbs(self) -> list[tuple[str, str, str]]:
        """Case, verb and name of every record, oldest first."""
        return [(step.case.id, step.record["verb"], step.record["name"]) for step in self.world.steps]

    def events(self, clock: str = "c", case: str = "") -> list[list[Any]]:
        """What happened to a clock, without its name."""
        found = (event for record in self.records(case) for event in record.get("clocks", ()))
        return [event[1:] for event in found if event[0] == clock]

    def fired(self, case: str = "") -> list[tuple[int, str, str]]:
        """What fell due: after how many ms since nine, verb and name or threshold."""
        found = []
        for record in self.records(case):
            if record["verb"] in ("timer", "threshold", "breach"):
                texts = [event[2] for event in record.get("clocks", ()) if event[1] == "threshold"]
                found.append((record["at"] - NINE, record["verb"], (texts or [record["name"]])[0]))
        return found

    def sent(self) -> list[tuple[str, str]]:
        """Message and receiver of what was sent since the last look."""
        return [(message.name, message.receiver) for message in self.messages()]

    def messages(self) -> list[Outgoing]:
        """What was sent since the last look."""
        found = list(self.world.sent)
        self.world.sent.clear()
        return found

    # -- proving -----------------------------------------------------------------------------------------------------

    def prove(self) -> None:
        """Every case of this world is what its records say, to the millisecond, and nothing private stands in them."""
        for root, family in self.world.families.items():
            steps = [step for step in self.world.steps if self.world.root_of[step.case.id] == root]
            self._prove_order(steps)
            self._prove_dues(steps)
            self._prove_steady(steps)
            found = replay([step.text for step in steps], self.world.library)
            assert found.flaw is None, found.flaw
            assert found.family is not None
            for name, case in family.cases.items():
                assert _known(found.family.cases[name]) == _known(case)
                self._prove_chain(case, steps)
                self._prove_ledger(case, steps)
            assert found.family.cases[root].order == family.cases[root].order == len(steps)
            _prove_private(steps)

    def _prove_order(self, steps: list[Step]) -> None:
        assert [step.record["order"] for step in steps] == list(range(1, len(steps) + 1))
        instants = [step.record["at"] for step in steps]
        assert instants == sorted(instants)

    def _prove_dues(self, steps: list[Step]) -> None:
        """A due that was kept is the one that would be worked out anew."""
        for case in (step.case for step in steps):
            alarms = [alarm.due for alarm in case.alarms.values() if alarm.due is not None]
            anew = [*alarms, *dues(self.world.library.plan(case.process, case.version), case)]
            assert case.next_due == min(anew, default=None), case.id

    def _prove_steady(self, steps: list[Step]) -> None:
        """After a steady step lists hold the case as they did, but for its place."""
        before: dict[str, Outlook] = {}
        for step in steps:
            plan, name = self.world.library.plan(step.case.process, step.case.version), step.case.id
            seen = outlook(plan, step.case)
            if step.is_steady:
                assert seen == before[name].at(place_of(plan, step.case)), step.record
            before[name] = seen

    def _prove_chain(self, case: Case, steps: list[Step]) -> None:
        rows = [(s.record["seq"], s.text, s.hash) for s in steps if s.case.id == case.id]
        assert broken(case.id, rows, case.head, case.sequence) is None

    def _prove_ledger(self, case: Case, steps: list[Step]) -> None:
        plan = self.world.library.plan(case.process, case.version)
        history = [stood_of(plan, step) for step in steps if step.case.id == case.id]
        for name, head in case.clocks.items():
            calendar = plan.calendar(plan.definition.clocks[name].calendar)
            intervals = ledger_of(plan, name, history, self.now)
            spent = sum(one.used for one in intervals if one.cycle == head.cycle)
            assert spent == used_until(head, self.now, calendar), (case.id, name, intervals, head)
            turns = sum(spent for who, spent in head.turns.items() if not who.startswith("owner:"))
            assert turns == head.used or len(case.position.leaves) > 1, (name, head)
            events = (event for step in steps for event in step.record.get("clocks", ()) if event[0] == name)
            ends = {value for event in events for value in event[2:] if isinstance(value, int)}
            assert head.active or not head.cycle or head.used in ends
            for course in courses_of(plan, name, history, self.now):
                if course.cycle == head.cycle:
                    told = adjusted(course, measure(calendar), self.now)
                    stood = (head.status, used_until(head, self.now, calendar), head.breached_at)
                    assert (told.status, told.used, told.breached_at) == stood, (case.id, name, course, head)
                    assert head.result in ("", "breached", course.ending) or head.active, (course, head)


def _known(case: Case) -> dict[str, Any]:
    known = case.parts()
    return {name: value for name, value in known.items() if name not in BESIDE_THE_CASE}


def _prove_private(steps: Iterable[Step]) -> None:
    secrets = {str(value) for step in steps for value in step.private.values() if value is not None}
    for step in steps:
        said = step.text + json.dumps([dict(message.values) for message in step.outgoing], ensure_ascii=False)
        assert not [secret for secret in secrets if len(secret) > 3 and secret in said]


def actor(text: str) -> Actor:
    """`agent:lin` is lin with that role; `agent+boss:lin` holds two."""
    roles, _, person = text.partition(":")
    return Actor(id=person, roles=tuple(roles.split("+")))


def rules(reasons: Iterable[Reason]) -> list[str]:
    """The rules of these reasons, each with its field."""
    return [f"{one.rule}:{one.field}" if one.field else one.rule for one in reasons]
