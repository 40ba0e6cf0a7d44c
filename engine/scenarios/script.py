"""Scenario files as values: what is done when by whom, and what must be so then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from engine.calendars import CalendarError, parse_duration
from engine.core.cases import EMPTY, Actor
from engine.lang.diagnostics import Diagnostic, Span, error
from engine.lang.shape import check_shape
from engine.lang.source import read
from engine.lang.tree import Document

SUBJECTS = ("state", "heard", "assignee", "case", "clocks", "sent", "emitted", "allowed", "recorded", "registered")
"""What can be expected; before each may stand links."""


Verb = Literal["claim", "release", "assign", "attach", "merge", "take_in"]


class Hold(NamedTuple):
    """What is done with a case beside its actions: who holds it, what is attached, in which other it ends."""

    verb: Verb
    name: str = ""  # the person to assign, or the file


class Parent(NamedTuple):
    """The case that opened the one of the scenario. It stands where it is said to, and what it is told it does."""

    process: str
    link: str = ""  # by which it opens such cases; unsaid, the first
    states: tuple[str, ...] = ()  # unsaid, its initial one; in regions several
    fields: Mapping[str, Any] = EMPTY


HOLDING: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One step of a scenario. `place` is where it stands in the file."""

    place: Span
    at: str | None = None  # when it is opened
    until: str | None = None
    wait: int | None = None  # ms
    case: str | None = None  # a link of the case, on which the step acts
    open: Mapping[str, Any] | None = None
    parent: Parent | None = None  # that opens it; unsaid, the one given for all
    is_by_hand: bool = False  # whatever parent is given for all
    schedule: str | None = None  # the case that this schedule opened last is meant from here on
    do: str | None = None
    hear: str | None = None  # an event of another system, which finds its case itself
    hold: Hold | None = None
    sender: str | None = None  # the role that tells it; unsaid, the one that the process names
    actor: Actor | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None
    refused: tuple[str, ...] = ()  # every one of these must be among the reasons
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """How every scenario begins unless it says otherwise."""

    at: str = "2026-03-02 09:00"
    open: Mapping[str, Any] = field(default_factory=dict)
    parent: Parent | None = None
    actor: Actor | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    register: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)  # party → id → what is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named sequence of steps."""

    name: str
    place: Span
    steps: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A scenario file."""

    process: str
    given: Given
    scenarios: tuple[Scenario, ...]
    document: Document


def read_script(text: bytes | str, file: str) -> tuple[Script | None, list[Diagnostic]]:
    """Read a scenario file; None where its findings leave nothing to run."""
    document, found = read(text, file)
    findings = list(found)
    if document.root is not None:
        findings += check_shape(document, "scenarios").findings
    if document.root is None or any(finding.severity == "error" for finding in findings):
        return None, findings
    plain: Any = document.root.plain
    scenarios = []
    for name, steps in plain["scenarios"].items():
        place = document.name_place(("scenarios", name))
        read_steps = [_step(document, step, ("scenarios", name, number), findings) for number, step in enumerate(steps)]
        scenarios.append(Scenario(name=name, place=place, steps=tuple(read_steps)))
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    return Script(
        process=plain["process"], given=_given(plain.get("given", {})), scenarios=tuple(scenarios), document=document
    ), findings


def actor_of(text: str) -> Actor:
    """`agent:lin` is lin, holding that role alone."""
    role, _, person = text.partition(":")
    return Actor(id=person, roles=(role,))


def _given(plain: Mapping[str, Any]) -> Given:
    return Given(
        at=str(plain.get("at", "2026-03-02 09:00")), open=plain.get("open", EMPTY),
        actor=actor_of(plain["as"]) if "as" in plain else None, facts=plain.get("facts", EMPTY),
        register=plain.get("register", EMPTY), parent=_parent(plain.get("parent")),
    )  # fmt: skip


def _parent(plain: Mapping[str, Any] | None) -> Parent | None:
    if plain is None:
        return None
    state = plain.get("state", ())
    states = (state,) if isinstance(state, str) else tuple(state)
    return Parent(plain["process"], plain.get("as", ""), states, plain.get("case", EMPTY))


def _hold(step: Mapping[str, Any]) -> Hold | None:
    verb = next((verb for verb in HOLDING if verb in step), None)
    if verb is None:
        return None
    return Hold(verb, step[verb] if isinstance(step[verb], str) else "")


def _ill_combined(document: Document, step: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    """Keys of a step that cannot stand beside each other, or need another beside them."""
    if "open" in step and "do" in step:
        message = "`do` cannot stand beside `open`: a step opens a case or does an action"
        yield error("wrong-value", document.name_place((*path, "do")), message, "make it two steps")
    verbs = [verb for verb in ("do", "hear") if verb in step]
    several = [key for key in ("open", *verbs, *HOLDING) if key in step]
    if len(several) > 1 and several != ["open", "do"]:
        message = f"`{several[-1]}` cannot stand beside `{several[0]}`: each is a step"
        yield error("wrong-value", document.name_place((*path, several[-1])), message, "make it two steps")
    if "parent" in step and "open" not in step:
        message = "`parent` needs `open` beside it"
        yield error("missing-key", document.name_place((*path, "parent")), message)
    if "with" in step and not verbs:
        message = "`with` needs `do` or `hear` beside it"
        yield error("missing-key", document.name_place((*path, "with")), message)


def _step(
    document: Document, step: Mapping[str, Any], path: tuple[str | int, ...], findings: list[Diagnostic]
) -> Action:
    wait = None
    if "wait" in step:
        try:
            wait = parse_duration(str(step["wait"]))
        except CalendarError as bad:
            findings.append(error("bad-time", document.place((*path, "wait")), str(bad)))
    findings += _ill_combined(document, step, path)
    refused = step.get("refused", ())
    return Action(
        place=document.place(path), at=str(step["at"]) if "at" in step else None,
        until=str(step["until"]) if "until" in step else None, wait=wait,
        case=step.get("case"), open=step.get("open"), parent=_parent(step.get("parent")),
        is_by_hand="parent" in step and step["parent"] is None, schedule=step.get("schedule"), do=step.get("do"),
        hear=step.get("hear"), hold=_hold(step), sender=step.get("from"),
        actor=actor_of(step["as"]) if "as" in step else None, form=step.get("with", EMPTY), facts=step.get("facts"),
        refused=(refused,) if isinstance(refused, str) else tuple(refused), expect=step.get("expect", EMPTY),
    )  # fmt: skip
