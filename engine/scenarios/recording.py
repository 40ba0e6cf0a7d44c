"""A case that was, as a scenario: what people did, and how the case stood after it, without a word about any person.

Its steps are those of the replay of its records. Playing the scenario gives the same states, promises and messages;
what a scenario has no words for – another version's time, a figure adjusted beside the case – is named instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.cases import BESIDE, EMPTY, ENGINE, Case, Step
from engine.core.plan import Library, Plan
from engine.fields import Field, is_sealed, plain
from engine.model import Action, Form, Opening
from engine.scenarios.childhood import Childhood, Links, Told, childhood
from engine.scenarios.expecting import expected
from engine.scenarios.placeholders import placeholder
from engine.scenarios.playing_back import Unsaid, failed_at, left_out
from engine.scenarios.registers import on_registers
from engine.scenarios.script import HOLDING
from engine.scenarios.writing import script_text
from engine.values import read_instant, rfc3339, show_instant

FOLLOWING = frozenset({"open", "tell", "judge", "open refused", "tell refused"})
"""What follows from the record before it, when the engine did it."""

BY_TIME = frozenset({"timer", "threshold", "breach"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """The scenario file, and what of the case it does not show."""

    text: str
    unsaid: tuple[Unsaid, ...] = ()


@dataclass(slots=True)
class _Group:
    """One command, what fell due before it and what followed from it."""

    steps: list[Step] = field(default_factory=list)
    command: Step | None = None


def recorded(told: Told, library: Library, name: str, others: Mapping[str, Step] = EMPTY) -> Recorded:
    """Write a family's replay as a scenario of its root's process, or of a child's.

    `others` are the openings of cases it was merged with, by their ids: the one it ends in is opened first, to be there
    to end in; one that it took in is opened when it is taken in.
    """
    part = childhood(told) if told.child in told.links else None
    steps, links = (told.steps, told.links) if part is None else (part.steps, part.links)
    recorder = _Recorder(steps, links, library, others)
    if part is not None:
        recorder.under(part)
    written = recorder.written(_groups(steps))
    unsaid = list(recorder.unsaid)
    while True:
        text = script_text(recorder.plan.definition.process, recorder.given, {name: written})
        failed = failed_at(text, library)
        taken_out = None if failed is None else left_out(written, failed)
        if failed is not None:
            unsaid.append(taken_out or Unsaid("step", failed.message))
        if taken_out is None:
            return Recorded(text, tuple(dict.fromkeys(unsaid)))


def _groups(steps: Iterable[Step]) -> Iterator[_Group]:
    """The steps by what people or the calendar did; the last group may be what time did after that."""
    group = _Group()
    for step in steps:
        record = step.record
        follows = record["actor"] == ENGINE.id and record["verb"] in FOLLOWING and "schedule" not in record
        follows = (follows and bool(group.steps)) or "heard_at" in record  # it was heard before, and waited for this
        if not follows and group.command is not None:
            yield group
            group = _Group()
        group.steps.append(step)
        if not follows and record["verb"] not in BY_TIME:
            group.command = step
    if group.steps:
        yield group


class _Recorder:
    """Puts groups into words, one after the other."""

    def __init__(self, steps: Sequence[Step], links: Links, library: Library, others: Mapping[str, Step]) -> None:
        first = steps[0]
        into = next((one.record["name"] for one in steps if _merges(one, "merge", first.case.root)), "")
        alike = {
            name: one for name, one in others.items() if one.case.process == first.case.process and _is_by_hand(one)
        }
        self.survivor = alike.get(into)
        self.taken = {name: one for name, one in alike.items() if name != into}
        self.links = links
        self.facts = _facts_brought(steps)
        self.library = library
        self.root, self.parent = first.case.id, first.case.parent or ""
        self.plan = library.plan(first.case.process, first.case.version)
        self.zone = self.plan.definition.desk.zone
        self.started = first.record["at"]
        register = on_registers([*others.values(), *steps], self.plan_of)
        self.given: dict[str, Any] = {"at": self._at(self.started)} | ({"register": register} if register else {})
        self.cases: dict[str, Case] = {}
        self.unsaid: list[Unsaid] = []
        self.called = ""  # under a parent
        self._places: dict[str, Any] = {}  # commitment → what stands in its place
        self._counts: dict[str, int] = {}
        parties = self.plan.definition.desk.parties.values()
        self._contacts = {name: kind for party in parties for kind, name in party.contact.items()}

    def under(self, part: Childhood) -> None:
        """Say which case opened this one, where it stood, and what it knew that is not private."""
        fields = self.plan_of(part.parent).definition.fields
        known = {name: value for name, value in part.parent.data.items() if not fields[name].personal}
        self.called = f"{self.plan_of(part.parent).definition.prefix}-1.1"
        leaves = sorted(part.parent.position.leaves)
        state = leaves if len(leaves) > 1 else leaves[0]
        said = {"process": part.parent.process, "as": part.link, "state": state}
        self.given["parent"] = {**said, "case": self._plain(known, fields)}

    def written(self, groups: Iterable[_Group]) -> list[dict[str, Any]]:
        """All steps in order; an event that waited for its case stands where it came."""
        told: list[tuple[int, dict[str, Any]]] = []
        if self.survivor is not None:
            told.append((self.started, self._opened(self.survivor)))
        waited: list[tuple[int, dict[str, Any]]] = []
        for group in groups:
            told += [((group.command or group.steps[-1]).record["at"], step) for step in self.step(group)]
            kept = (step for step in group.steps if "heard_at" in step.record)
            waited += [(step.record["heard_at"], self._heard(step, step.record["heard_at"])) for step in kept]
        for at, event in waited:
            place = next((place for place, (other, _) in enumerate(told) if other >= at), len(told))
            told.insert(place, (at, {**event, "expect": {"heard": "kept"}}))
            if place == 0:
                self.given["at"] = self._at(at)
                told[1] = (told[1][0], {"until": self._at(told[1][0]), **told[1][1]})
        return [step for _, step in told]

    def step(self, group: _Group) -> Iterator[dict[str, Any]]:
        """The step of a group; nothing for what a scenario cannot do."""
        is_named = group.command is None or self._is_named(group.command.record["case"])
        self.cases |= {step.case.id: step.case for step in group.steps}
        expect = expected(group.steps, self.cases, self.root, self._link)
        expect = {name: value for name, value in expect.items() if not name.startswith("parent.clocks.")}
        if group.command is None:
            yield {"until": self._at(group.steps[-1].record["at"] + 1000), "expect": expect}
            return
        record = group.command.record
        verb, at = record["verb"], record["at"]
        if not is_named:
            self.unsaid.append(Unsaid("older", f"{record['case']} {self._at(at)}"))
        elif record.get("schedule"):
            yield {"until": self._at(at + 1000), "schedule": record["schedule"], "expect": expect}
        elif record.get("heard"):
            yield {**self._heard(group.command, at), "expect": {"heard": "done", **expect}}
        elif verb == "open":
            yield {**self._opened(group.command), "expect": expect}
        elif verb == "do":
            yield {"until": self._at(at), **self._where(record), **self._done(group.command), "expect": expect}
        elif verb in HOLDING and self._has_other(record):
            yield from self._held(group.command, expect)
        elif verb in BESIDE:
            self.unsaid.append(Unsaid("beside", f"{verb} {record['case']} {self._at(at)}"))
        else:
            self.unsaid.append(Unsaid(verb, f"{record['case']} {self._at(at)}"))

    def _has_other(self, record: Mapping[str, Any]) -> bool:
        """Whether the case that it is merged with, if it is, is there when this is played."""
        if record["verb"] not in ("merge", "take_in"):
            return True
        known = self.survivor is not None if record["verb"] == "merge" else record["name"] in self.taken
        return known and record["case"] == self.root

    def _held(self, step: Step, expect: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Who held the case, what was attached, what it was merged with."""
        record, verb = step.record, step.record["verb"]
        at = {"until": self._at(record["at"])}
        if verb == "take_in":
            yield {**at, **self._opened(self.taken[record["name"]])}
        held = self._assigned(step) if verb in ("claim", "release", "assign") else {}
        said = {"assign": record["name"], "attach": record["name"] or "file"}.get(verb, True)
        by = {verb: said, "as": f"{self._role_holding(step)}:{record['actor']}", **_refusal(record)}
        yield {**at, **self._where(record), **by, "expect": {**expect, **held}}

    def _is_named(self, case: str) -> bool:
        """Whether links lead to a case: of several children by one link only to the youngest."""
        while case in self.links:
            alike = (other for other in self.cases.values() if self.links.get(other.id) == self.links[case])
            if any(other.ordinal > self.cases[case].ordinal for other in alike):
                return False
            case = self.links[case][0]
        return True

    def _where(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {} if record["case"] == self.root else {"case": self._link(record["case"])}

    def _opened(self, step: Step) -> dict[str, Any]:
        act = self._act(step)
        said: dict[str, Any] = {"open": self._form(step, act)}
        if step.record["actor"] != ENGINE.id:
            said["as"] = f"{self._role(step.record, act)}:{step.record['actor']}"
        return said | ({"facts": facts} if (facts := self._facts(step, act)) else {})

    def _done(self, step: Step) -> dict[str, Any]:
        act, record = self._act(step), step.record
        said: dict[str, Any] = {"do": record["name"], "as": f"{self._role(record, act)}:{record['actor']}"}
        if form := self._form(step, act):
            said["with"] = form
        if facts := self._facts(step, act):
            said["facts"] = facts
        return said | _refusal(record)

    def _heard(self, step: Step, at: int) -> dict[str, Any]:
        """An event of another system, with the fields by which it finds its case, and those it gives to its action."""
        plan, record = self.plan_of(step.case), step.record
        incoming, fields = plan.definition.incoming[record["heard"]], plan.definition.fields
        told = {incoming.values.get(name, name): value for name, value in self._form(step, None).items()}
        known = {name: step.case.data[name] for name in incoming.find if name in step.case.data}
        for name, value in {"id": self._id(step.case), **self._plain(known, fields)}.items():
            if name in incoming.find:
                told.setdefault(incoming.find[name], value)
        said = {"until": self._at(at), "hear": record["heard"]}
        roles = record.get("roles") or [incoming.sender]
        if incoming.sender not in roles:
            said["from"] = roles[0]
        return {**said, "with": told, **_refusal(record)}

    def _id(self, case: Case) -> str:
        """What the case is called when the scenario is played: the first of its kind, or the second."""
        number = 1 if self.survivor is None else 2
        root = f"{self.plan.definition.prefix}-{number}"
        return (self.called or root) + case.id.removeprefix(self.root)

    def _assigned(self, step: Step) -> dict[str, Any]:
        link = "" if step.case.id == self.root else f"{self._link(step.case.id)}."
        return {f"{link}assignee": step.case.assignee or "none"}

    def _role_holding(self, step: Step) -> str:
        """Of the roles somebody held, one that may do something here, or one that may assign."""
        plan, roles = self.plan_of(step.case), list[str](step.record.get("roles") or ["agent"])
        position = step.case.position
        acts = (act for event in plan.chart.possible(position) for act in plan.course(position, event).actions)
        asked = [who.name for act in acts for who in act.by if who.kind == "role"]
        asked = [*plan.definition.desk.assigners, *asked] if step.record["verb"] == "assign" else asked
        return next((role for role in roles if role in asked), roles[0])

    def plan_of(self, case: Case) -> Plan:
        """The version a case is on."""
        return self.library.plan(case.process, case.version)

    def _at(self, instant: int) -> str:
        text = show_instant(instant, self.zone)
        return text if read_instant(text, self.zone) == instant else rfc3339(instant)  # twice in an autumn night

    def _link(self, case: str) -> str:
        """The way of links from the root to a case."""
        names: list[str] = []
        if case == self.parent:
            return "parent"
        while case in self.links:
            case, link = self.links[case]
            names.insert(0, link)
        return ".".join(names)

    def _act(self, step: Step) -> Action | Opening | None:
        plan, record = self.plan_of(step.case), step.record
        if record["verb"] == "open":
            return plan.definition.opening
        acts = [action for action in plan.actions() if action.name == record["name"]]
        active = plan.place(step.case.position).active
        return next((act for act in acts if act.state in active or act.state == ""), acts[0] if acts else None)

    def _role(self, record: Mapping[str, Any], act: Action | Opening | None) -> str:
        """Of the roles somebody held, one that may do it."""
        roles: list[str] = record.get("roles") or ["agent"]
        asked = [who.name for who in act.by if who.kind == "role"] if act is not None else []
        return next((role for role in roles if role in asked), roles[0])

    # -- values ------------------------------------------------------------------------------------------------------

    def _form(self, step: Step, act: Action | Opening | None) -> dict[str, Any]:
        fields = self.plan_of(step.case).definition.fields
        form = self._plain(step.record.get("form", {}), fields)
        if "refused" in step.record and act is not None:
            wrong = {name for rule, *names in step.record["refused"] if rule == "form" for name in names}
            private = [name for name in _private(act.form, fields) if name not in form and name not in wrong]
            form |= {name: self._place(fields[name], name) for name in private}
        return form

    def _facts(self, step: Step, act: Action | Opening | None) -> dict[str, Any]:
        """What was brought; a refusal keeps only what its reasons read, so the rest is as at other steps."""
        plan, record = self.plan_of(step.case), step.record
        brought: dict[str, Any] = dict(record.get("facts", {}))
        if "refused" in record and act is not None:
            read = {name.removeprefix("facts."): value for name, value in record.get("read", {}).items()}
            known = {**self.facts, **{name: value for name, value in read.items() if name in plan.definition.facts}}
            brought = {name: known.get(name, ()) for name in plan.facts_of[act]}
        return self._plain(brought, plan.definition.facts)

    def _plain(self, values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        found = {}
        for name, value in values.items():
            known = fields.get(name)
            if known is None:
                found[name] = value
            elif is_sealed(value) or (known.personal and value is not None):
                found[name] = self._place(known, str(value))
            elif known.type == "instant" and isinstance(value, int):
                found[name] = self._at(value)
            else:
                found[name] = plain(known, value)
        return found

    def _place(self, known: Field, commitment: str) -> Any:
        """What stands in place of a private value, the same for the same one."""
        key = f"{known.name} {commitment}"
        if key not in self._places:
            self._counts[known.name] = number = self._counts.get(known.name, 0) + 1
            self._places[key] = placeholder(known, self.zone, number, self._contacts.get(known.name, ""))
            if self._places[key] is None:
                self.unsaid.append(Unsaid("field", known.name))
        return self._places[key]


def _is_by_hand(step: Step) -> bool:
    return step.record["verb"] == "open" and "schedule" not in step.record and step.case.parent is None


def _refusal(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"refused": [rule for rule, *_ in record["refused"]]} if "refused" in record else {}


def _facts_brought(steps: Iterable[Step]) -> dict[str, Any]:
    """Every fact that was brought at some step, as it was first."""
    found: dict[str, Any] = {}
    for step in steps:
        found = {**step.record.get("facts", {}), **found}
    return found


def _private(form: Form, fields: Mapping[str, Field]) -> list[str]:
    return [name for name in form.require if name in fields and fields[name].personal]


def _merges(step: Step, verb: str, case: str) -> bool:
    record = step.record
    return record["verb"] == verb and record["case"] == case and "refused" not in record
