"""Audit records as a reader's lines: who did what, what it changed, what became of the promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.cli.files import hash_start, size_text
from engine.cli.reader import Reader, harmless, one_line
from engine.cli.render import rule_about
from engine.cli.translate import _, labelled, later, listed, phrased, with_aside

if TYPE_CHECKING:
    from engine.model import ProcessDefinition

Record = Mapping[str, Any]

_VERBS: Mapping[str, str] = {
    "open": later("opened"),
    "claim": later("claimed"),
    "release": later("released"),
    "assign": later("assigned to {name}"),
    "attach": later("attached {name}"),
    "merge": later("merged into {name}"),
    "take_in": later("took in {name}"),
    "timer": later("timer {name}"),
    "breach": later("{name} missed"),
    "threshold": later("{name}: a threshold"),
    "migrate": later("moved to version {name}"),
    "adjust": later("interruption {name} declared"),
    "adjust correction": later("correction {name} declared"),
    "reverse": later("{name} reversed"),
    "erase": later("erased private values"),
    "judge": later("settled what others changed"),
    "tell refused": later("telling `{name}` was refused"),
    "open refused": later("opening `{name}` was refused"),
}

_TRIED: Mapping[str, str] = {
    "open": later("opening"),
    "claim": later("claiming"),
    "release": later("releasing"),
    "assign": later("assigning to {name}"),
    "attach": later("attaching {name}"),
    "merge": later("merging into {name}"),
    "migrate": later("moving to version {name}"),
}
"""The same verbs where nothing came of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One record, told."""

    who: str
    what: str
    movement: str
    details: tuple[str, ...]
    is_bad: bool  # refused, missed or failed


def told(reader: Reader, definition: ProcessDefinition, record: Record) -> Told:
    """Tell a record."""
    refused = record.get("refused")
    events = record.get("clocks", ())
    return Told(
        who=_who(reader, definition, record),
        what=_what(reader, definition, record),
        movement=_movement(reader, definition, record),
        details=tuple(_details(reader, definition, record)),
        is_bad=bool(refused) or "error" in record or any(event[1].startswith("breached") for event in events),
    )


def _who(reader: Reader, definition: ProcessDefinition, record: Record) -> str:
    if record["actor"] == "engine":
        return "–"
    roles = [role for role in record.get("roles", ()) if role != "admin"]
    if len(roles) != 1:
        return str(record["actor"])
    return with_aside(str(record["actor"]), reader.said(definition.desk.roles.get(roles[0], {}), roles[0]))


def _what(reader: Reader, definition: ProcessDefinition, record: Record) -> str:
    verb, name = record["verb"], record.get("name", "")
    if verb in ("do", "tell"):
        text = reader.called(name, action_label(definition, name))
    elif verb == "threshold" and record.get("clocks"):
        text = next(_event(reader, definition, record["clocks"][0]), name)
    else:
        clock = definition.clocks.get(name)
        bare = name.rpartition(".")[2] if verb == "timer" else name or _attached_name(reader, record)
        called = one_line(bare) if clock is None else reader.called(name, clock.label)
        kind = record.get("adjustment", {}).get("kind", "")
        done = _VERBS.get(f"{verb} {kind}", _VERBS.get(verb, verb))
        text = _(_TRIED.get(verb, done) if record.get("refused") else done).format(name=called)
    if "schedule" in record:
        text = _("opened by schedule {name}").format(name=record["schedule"])
        if "party" in record:
            text = _("{what} for {party}").format(what=text, party=record["party"])
    if "heard" in record:
        text = _("{what}, by event {event}").format(what=text, event=record["heard"])
    if "given" in record:
        text = _("{what}, given by {person}").format(what=text, person=record["given"]["by"])
    if record.get("refused"):
        rules = phrased(_refused_by(reader, definition, record, *rule) for rule in record["refused"])
        return _("{what} refused: {rules}").format(what=text, rules=rules)
    if "error" in record:
        return _("{what} failed: {error}").format(what=text, error=record["error"])
    return _("{what}: not applicable").format(what=text) if record.get("not_applicable") else text


def _attached_name(reader: Reader, record: Record) -> str:
    """What a file is called, where its key is here: a record holds a commitment to the name; of one refused nothing."""
    if record["verb"] == "attach" and "attached" not in record:
        return _("a file")
    digest = record.get("attached", {}).get("hash", "")
    return reader.files.get(digest, hash_start(digest))


def _refused_by(reader: Reader, definition: ProcessDefinition, record: Record, rule: str, *field: str) -> str:
    """Name what refused, in words; a guard by what it says when it refuses."""
    if not field and (text := _guard_said(reader, definition, record.get("name", ""), rule)):
        return text
    labels = [
        reader.called(name, definition.fields[name].label) if name in definition.fields else name for name in field
    ]
    return " ".join((rule_about(rule), *labels))


def _guard_said(reader: Reader, definition: ProcessDefinition, action: str, name: str) -> str | None:
    """What a guard of an action, or without one of the opening, says when it refuses."""
    from engine.words.placeholders import with_labels
    from engine.words.speech import Speech, every_action

    places = [one.guards for one in every_action(definition) if one.name == action] or [definition.opening.guards]
    words = next((guard.words for guards in places for guard in guards if guard.name == name), None)
    return None if words is None else harmless(with_labels(Speech(definition, reader.language), words, name))


def action_label(definition: ProcessDefinition, name: str) -> Mapping[str, str]:
    """Return the label of an action, wherever it is written."""
    if name in definition.actions:
        return definition.actions[name].label
    for state in definition.states.values():
        if name in state.actions:
            return state.actions[name].label
    return {}


def _movement(reader: Reader, definition: ProcessDefinition, record: Record) -> str:
    if "to" not in record:
        return ""
    before, after = (
        " + ".join(_state(reader, definition, name) for name in record.get(side) or ()) for side in ("from", "to")
    )
    return f"{before} → {after}" if before else f"→ {after}"


def _state(reader: Reader, definition: ProcessDefinition, name: str) -> str:
    """Call a state; one of an earlier version by its name."""
    state = definition.states.get(name)
    return harmless(name) if state is None else reader.called(name, state.label)


def _details(reader: Reader, definition: ProcessDefinition, record: Record) -> Iterator[str]:
    for name, value in {**record.get("changed", {}), **record.get("form", {})}.items():
        field = definition.fields.get(name)
        if field is not None:
            text = reader.value(field, value) if value is not None else "–"
            yield labelled(reader.called(name, field.label), text)
    for part in ("adjustment", "reversal"):
        if part in record:
            yield from _beside(reader, definition, record[part])
    if "given" in record:
        yield harmless(record["given"]["reason"])
    if "erasure" in record:
        yield harmless(record["erasure"]["reason"])
    if "migration" in record:
        yield harmless(record["migration"]["reason"])
    if "attached" in record:
        file = record["attached"]
        yield phrased((size_text(file["size"]), harmless(file["media_type"]), hash_start(file["hash"])))
    for entry in record.get("registered", ()):
        yield _entered(reader, definition, entry)
    if "assignee" in record and record["verb"] != "assign":
        yield _holder(*record["assignee"])
    told_already = 1 if record["verb"] in ("threshold", "breach") else 0
    for event in record.get("clocks", ())[told_already:]:
        yield from _event(reader, definition, event)


def _entered(reader: Reader, definition: ProcessDefinition, entry: Mapping[str, Any]) -> str:
    """Who was put on a register, with what; of personal values the record knows only that they were given."""
    party = definition.desk.parties[entry["party"]]
    values = {**entry["set"], **{name: {"sealed": ""} for name in entry.get("personal", ())}}
    what = [
        labelled(reader.called(name, party.register[name].label), reader.value(party.register[name], value))
        for name, value in values.items()
    ]
    text = _("on the register of {party} as {id}: {what}")
    return text.format(party=reader.called(party.name, party.label), id=harmless(entry["id"]), what=listed(what))


def _beside(reader: Reader, definition: ProcessDefinition, said: Mapping[str, Any]) -> Iterator[str]:
    """What was declared beside the ledger, or taken back."""
    if "from" in said:
        known = definition.clocks
        clocks = listed(reader.called(name, known[name].label) if name in known else name for name in said["clocks"])
        yield f"{reader.exact(said['from'])} – {reader.exact(said['until'])}"
        yield _("for {names}").format(names=clocks)
    yield from right_terms(said)
    yield harmless(said["reason"])
    yield _("approved by {person}").format(person=harmless(said["approver"]))


def right_terms(asked: Mapping[str, Any]) -> Iterator[str]:
    """Say what a correction puts right: calendar, goal; nothing of an interruption."""
    if "calendar" in asked:
        yield _("by calendar {name}").format(name=harmless(asked["calendar"]["calendar"]))
    if goal := asked.get("goal"):
        text = _("goal {goal} instead of {was}") if "was" in goal else _("goal {goal}")
        yield text.format(goal=harmless(goal["is"]), was=harmless(goal.get("was", "")))


def _holder(before: str | None, after: str | None) -> str:
    if after:
        return _("held by {person}").format(person=harmless(after))
    return _("no longer held by {person}").format(person=harmless(before or "–"))


def _event(reader: Reader, definition: ProcessDefinition, event: Sequence[Any]) -> Iterator[str]:
    name, what, *detail = event
    clock = definition.clocks.get(name)
    called = name if clock is None else reader.called(name, clock.label)
    if what in _EVENTS:
        yield labelled(called, event_text(reader, what, detail))


def event_text(reader: Reader, what: str, detail: Sequence[Any]) -> str:
    """Say what became of a promise, by a record's word for it."""
    return _EVENTS[what](reader, detail)


def _ended(text: str) -> Callable[[Reader, Sequence[Any]], str]:
    return lambda reader, detail: _(text).format(time=reader.span(detail[0])) if detail else _(text)


def point(reader: Reader, text: str) -> str:
    """Say a threshold's point as people do: `goal - 5m` is five minutes before the goal."""
    if text == "goal":
        return _("at the goal")
    found = re.fullmatch(r"goal ([+-]) (\S+)", text)
    if found is None:
        return _("{point} used").format(point=text)
    from engine.calendars import parse_duration

    distance = reader.span(parse_duration(found[2]))
    if found[1] == "-":
        return _("{time} before the goal").format(time=distance)
    return _("{time} after the goal").format(time=distance)


def _changed_goal(reader: Reader, detail: Sequence[Any]) -> str:
    kind, value = detail
    goal = reader.instant(value) if kind == "instant" else reader.span(value)
    return _("now due by {goal}").format(goal=goal) if kind == "instant" else _("goal now {goal}").format(goal=goal)


_EVENTS: Mapping[str, Callable[[Reader, Sequence[Any]], str]] = {
    "started": lambda reader, detail: _("started") if detail[0] == 1 else _("started again"),
    "met": _ended(later("met after {time}")),
    "breached": lambda reader, detail: (
        _("ended {time} after its start, missed").format(time=reader.span(detail[1]))
        if len(detail) == 2
        else _("missed")
    ),
    "breached_again": lambda reader, detail: _("missed again"),
    "cancelled": lambda reader, detail: _("cancelled"),
    "not_needed": lambda reader, detail: _("no longer needed"),
    "restarted": lambda reader, detail: _("begun anew"),
    "changed": _changed_goal,
    "paused": lambda reader, detail: _("paused"),
    "resumed": lambda reader, detail: _("goes on"),
    "withdrawn": lambda reader, detail: _("result withdrawn"),
    "threshold": lambda reader, detail: point(reader, detail[0]),
}
