"""A whole process: its names gathered, its parts built, and of the desk only what it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.calendars import Calendar, always
from engine.expressions import Scope
from engine.fields import Field
from engine.lang.build.acts import build_action, build_opening
from engine.lang.build.clocks import build_clock, build_ladders
from engine.lang.build.cursor import Cursor, flag, listed, text_of
from engine.lang.build.declared import figures, words
from engine.lang.build.desk import DeskFile
from engine.lang.build.incoming import build_incoming
from engine.lang.build.keeping import build_retention
from engine.lang.build.known import Known, Neighbour
from engine.lang.build.measures import build_measure
from engine.lang.build.migrations import build_migrations
from engine.lang.build.notes import Notes, Places
from engine.lang.build.others import Others
from engine.lang.build.outline import Outline, outline_of
from engine.lang.build.people import read_whos
from engine.lang.build.presence import presence_of
from engine.lang.build.schedules import build_schedules
from engine.lang.build.states import build_states
from engine.lang.build.times import TimeFault, read_duration
from engine.lang.build.used import Pruned, pruned
from engine.model import Count, Message, Opening, ProcessDefinition
from engine.values import Expected, read_money


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside a process file."""

    desk: DeskFile
    calendars: Mapping[str, Calendar]
    calendar_places: Places  # of all there are
    messages: Mapping[str, Cursor]
    others: Others  # this one included
    unread: frozenset[str] = frozenset()  # files of messages that are no YAML; what is wrong is said there


def build_process(root: Cursor, beside: Beside, notes: Notes) -> tuple[Pruned, Known]:
    """Build a definition as far as it can be; what is wrong is noted, and then it must not be used."""
    known = gather(root, beside, notes)
    _check_names(known)
    definition = _definition(known)
    own = (*known.outline.places("fields"), *known.outline.places("figures"))
    return pruned(definition, own), known


def gather(root: Cursor, beside: Beside, notes: Notes) -> Known:
    """All names this process may use."""
    outline = outline_of(root)
    desk = beside.desk
    shared = desk.noting(notes)
    fields = {**desk.fields, **shared.fields(root.get("fields"))}
    facts = shared.fields(root.get("facts"))
    numbers = {**desk.figures, **figures(shared, root.get("figures"))}
    neighbours = {name: Neighbour(near, desk) for name, near in _near(outline, beside.others)}
    parents = tuple(name for name, near in neighbours.items() if _opens(near.outline, outline.process))
    scope = Scope(
        case=fields, facts=facts, figures=numbers, counts=frozenset(outline.places("counts")),
        did=frozenset(outline.actions), clocks=frozenset(outline.places("clocks")),
        linked={link: _states(processes, neighbours) for link, processes in outline.links.items()},
        states=frozenset(outline.states), regions=any(flag(cursor, "parallel") for cursor in outline.states.values()),
        roles=frozenset(desk.desk.roles), authority=frozenset(outline.places("authority")),
        calendars=beside.calendars, calendar=text_of(root.get("calendar")) or "always", zone=desk.desk.zone,
    )  # fmt: skip
    return Known(
        notes=notes, outline=outline, desk=desk, fields=fields, facts=facts, figures=numbers,
        calendars=beside.calendars, calendar_places=beside.calendar_places, messages=beside.messages,
        neighbours=neighbours, others=beside.others, unread=beside.unread, parents=parents, scope=scope,
        presence=presence_of(outline, fields),
    )  # fmt: skip


def _near(outline: Outline, others: Others) -> Iterator[tuple[str, Outline]]:
    """The processes this one opens, and those that open it."""
    opened = {process for processes in outline.links.values() for process in processes}
    for name in sorted(opened.union(others.opening(outline.process))):
        near = others.outline(name)
        if near is not None:
            yield name, near


def _opens(outline: Outline, process: str) -> bool:
    return any(process in processes for processes in outline.links.values())


def _states(processes: tuple[str, ...], neighbours: Mapping[str, Neighbour]) -> frozenset[str]:
    """The states of the processes a link may lead to; none if one of them is not known."""
    if not all(process in neighbours for process in processes):
        return frozenset()
    return frozenset(state for process in processes for state in neighbours[process].outline.states)


def _check_names(known: Known) -> None:
    outline = known.outline
    for name, cursor in outline.repeated:
        related = [(outline.states[name].name_span, "first declared here")]
        message = f"`{name}` is the name of another state"
        known.notes.error("name-taken", cursor.name_span, message, "give one of them another name", related)
    for name in outline.states.keys() & outline.actions.keys():
        related = [(outline.states[name].name_span, "the state is declared here")]
        message = f"`{name}` is a state and an action"
        span = outline.actions[name][0][1].name_span
        known.notes.error("name-taken", span, message, "give one of them another name", related)


def _definition(known: Known) -> ProcessDefinition:
    root, notes, outline = known.outline.root, known.notes, known.outline
    languages = known.desk.shared.languages
    ladders = build_ladders(known)
    opening, initial, version = root.get("opening"), root.get("initial"), root.get("version")
    key = root.get("key")
    return ProcessDefinition(
        process=outline.process, version=version.plain if version is not None else 0,
        prefix=text_of(root.get("prefix")), label=words(notes, root.get("label"), languages),
        description=text_of(root.get("description")), summary=text_of(root.get("summary")),
        calendar=known.calendar(root.get("calendar")) or "always",
        initial=(known.state(initial, "the process begins in") or "") if initial is not None else "",
        desk=known.desk.desk, facts=known.facts, fields=known.fields, figures=known.figures,
        opening=build_opening(known, opening) if opening is not None else Opening(by=()),
        actions={name: build_action(known, name, "", cursor) for name, cursor in _entries(root, "actions")},
        states=build_states(known),
        clocks={name: build_clock(known, name, cursor, ladders) for name, cursor in _entries(root, "clocks")},
        messages=_messages(known), calendars={**known.calendars, "always": always(known.desk.desk.zone)},
        never_by=read_whos(known, root.get("never_by"), "excluded"),
        seen_by=read_whos(known, root.get("seen_by"), "reads"), authority=_authority(known),
        key=field.name if key is not None and (field := known.field(key)) is not None else None,
        unique=flag(root, "unique"), counts=_counts(known), schedule=build_schedules(known),
        incoming=build_incoming(known),
        measures={name: build_measure(known, name, cursor) for name, cursor in _entries(root, "measures")},
        retention=build_retention(notes, root.get("retention")), migrate=build_migrations(known),
    )  # fmt: skip


def _entries(cursor: Cursor, key: str) -> list[tuple[str, Cursor]]:
    table = cursor.get(key)
    return list(table.entries()) if table is not None else []


def _messages(known: Known) -> dict[str, Message]:
    built = {}
    for name, cursor in known.messages.items():
        text = words(known.notes, cursor.get("text"), known.desk.shared.languages)
        built[name] = known.notes.mark(Message(name=name, text=text), cursor)
    return built


def _authority(known: Known) -> dict[str, dict[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for subject, limits in _entries(known.outline.root, "authority"):
        found[subject] = {}
        for role, cursor in limits.entries():
            if role not in known.desk.shared.roles:
                message = f"`{role}` is not a role of the desk"
                known.notes.unknown("role", cursor.name_span, message, role, known.desk.shared.roles)
            found[subject][role] = None if cursor.text == "unlimited" else _amount(known, cursor)
    return found


def _amount(known: Known, cursor: Cursor) -> int:
    try:
        return read_money(cursor.text)
    except Expected as fault:
        known.notes.error("wrong-value", cursor.span, f"this must be {fault}")
        return 0


def _counts(known: Known) -> dict[str, Count]:
    return {name: _count(known, name, cursor) for name, cursor in _entries(known.outline.root, "counts")}


def _count(known: Known, name: str, cursor: Cursor) -> Count:
    same = tuple(field.name for item in listed(cursor.get("same")) if (field := _counted(known, item)) is not None)
    within: Any = cursor.get("within")
    length = 0
    if within is not None:
        try:
            length = read_duration(within.text)
        except TimeFault as fault:
            known.notes.error(fault.rule, within.part(fault.offset, fault.length), fault.message, fault.mend)
    return known.notes.mark(Count(name=name, same=same, within=length), cursor)


def _counted(known: Known, cursor: Cursor) -> Field | None:
    field = known.field(cursor)
    if field is not None and field.personal:
        message = f"`{field.name}` is personal and cannot be compared with other cases"
        known.notes.error("personal-read", cursor.span, message, "count by fields that are not personal")
    return field
