"""One case on a page: where it stands, its promises, its data, its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.exits import Exit
from engine.cli.files import attached_line
from engine.cli.reader import Reader, harmless, one_line, shortened
from engine.cli.records import told
from engine.cli.render import COLOURS, data_lines, gone_from, mark, state_labels
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, later, listed, with_aside

if TYPE_CHECKING:
    from engine.core.promises.ledger import Interval
    from engine.model import ProcessDefinition
    from engine.ports import Attached
    from engine.views import CaseView, ClockView

STATUSES: Mapping[str, str] = {
    "none": later("not started"),
    "running": later("running"),
    "paused": later("paused"),
    "met": later("met"),
    "breached": later("missed"),
    "cancelled": later("cancelled"),
    "not_needed": later("not needed"),
}
_LINKS: Mapping[str, str] = {"merged-into": later("merged-into"), "merged": later("merged")}
"""What the engine links by itself; the names of all others are the process's."""
_LONGEST = 2_000
_LONGEST_DETAIL = 300
OUTCOMES: Mapping[str, str] = {"done": later("done"), "failed": later("failed"), "cancelled": later("cancelled")}


def who(reader: Reader, definition: ProcessDefinition, name: str) -> str:
    """Name whom a case waits on: a person by name, a role or party by label."""
    kind, _colon, bare = name.partition(":")
    if kind == "role":
        return reader.said(definition.desk.roles.get(bare, {}), bare)
    if kind == "party" and bare in definition.desk.parties:
        return reader.said(definition.desk.parties[bare].label, bare)
    return bare or name


def write_case(streams: Streams, reader: Reader, definition: ProcessDefinition, view: CaseView) -> None:
    """Write the page of one case."""
    streams.say(f"{view.id} · {reader.said(definition.label, view.process)} · {state_labels(reader, definition, view)}")
    for line in _standing(reader, definition, view):
        streams.say(f"  {line}")
    if view.clocks:
        streams.say()
        streams.say(_("Promises"))
        write_clocks(streams, reader, definition, view.clocks)
    answered = list(data_lines(reader, definition, view.data, view.known, gone_from(view)))
    if answered:
        streams.say()
        streams.say(_("Data"))
    for label, text in answered:
        lines = shortened(text, _LONGEST).split("\n")  # what a line break leads to may not look like another answer
        streams.say("  " + labelled(label, "\n    ".join(lines)))


def say_unreadable(streams: Streams, reader: Reader, definition: ProcessDefinition, view: CaseView) -> int:
    """Say why private values of a case cannot be read and what to do about it; return the exit code."""
    if not view.unreadable.fields:
        return Exit.DONE
    fields = listed(reader.said(definition.fields[name].label, name) for name in view.unreadable.fields)
    tell_unreadable(streams, fields, view.unreadable.why, view.unreadable.mend)
    return Exit.FAILED


def tell_unreadable(streams: Streams, fields: str, why: str, mend: str | None) -> None:
    """Say why these cannot be read here, and what to do about it."""
    streams.tell(_("!! {fields}: cannot be read here: {why}").format(fields=fields, why=said_again(why)))
    if mend:
        streams.tell(_("help: {mend}").format(mend=said_again(mend)))


def write_attachments(streams: Streams, reader: Reader, attached: Iterable[Attached]) -> None:
    """Write what is attached to a case: which file, when, by whom."""
    lines = [
        _("{file} · {time} by {person}").format(
            file=attached_line(one), time=reader.instant(one.at), person=harmless(one.by) or "–"
        )
        for one in attached
    ]
    if lines:
        streams.say()
        streams.say(_("Attachments"))
    for line in lines:
        streams.say(f"  {line}")


def _standing(reader: Reader, definition: ProcessDefinition, view: CaseView) -> Iterator[str]:
    summary = one_line(reader.said(view.summary))
    if summary:
        yield summary
    if view.outcome:
        yield _("closed {time}: {outcome}").format(
            time=reader.instant(view.closed_at or reader.now), outcome=_(OUTCOMES[view.outcome])
        )
    elif view.waiting_on:
        names = listed(who(reader, definition, name) for name in view.waiting_on)
        yield _("waits on {names}").format(names=names)
    if view.assignee:
        yield _("held by {person}").format(person=view.assignee)
    elif view.queue:
        yield _("in the queue of {role}").format(role=who(reader, definition, f"role:{view.queue}"))
    for link, case in view.links.items():
        yield labelled(_(_LINKS[link]) if link in _LINKS else link, case)
    yield _("opened {time}, revision {revision}, process version {version}").format(
        time=reader.instant(view.opened_at), revision=view.revision, version=view.version
    )


def write_clocks(
    streams: Streams, reader: Reader, definition: ProcessDefinition, clocks: Mapping[str, ClockView]
) -> None:
    """Write promises as a table."""
    columns = [
        Column(head=""),
        Column(head=_("promise")),
        Column(head=_("meaning"), is_wide=True),
        Column(head=_("status")),
        Column(head=_("goal")),
        Column(head=_("used"), is_number=True),
        Column(head=_("left"), is_number=True),
        Column(head=_("when"), is_wide=True),
    ]
    rows = [_clock_row(reader, definition, name, clock) for name, clock in clocks.items()]
    write_table(streams, columns, rows)


def _clock_row(reader: Reader, definition: ProcessDefinition, name: str, clock: ClockView) -> Row:
    sign = mark(reader, clock) if clock.ended_at is None and clock.status != "none" else ""
    cells = [
        sign,
        name,
        reader.said(definition.clocks[name].label, name),
        _(STATUSES[clock.status]),
        goal_said(reader, definition, clock.goal or ""),
        "" if clock.started_at is None else reader.span(clock.used),
        left_said(reader, clock),
        clock_when(reader, definition, clock),
    ]
    return Row(cells=cells, colour=COLOURS[sign])


def left_said(reader: Reader, clock: ClockView) -> str:
    """Say how much time is left; of a promise that is missed, for how long it has been, by the wall clock."""
    if clock.status == "breached" and clock.breached_at is not None and clock.ended_at is None:
        return reader.span(clock.breached_at - reader.now)
    return "" if clock.remaining is None else reader.span(clock.remaining)


def goal_said(reader: Reader, definition: ProcessDefinition, goal: str) -> str:
    """Say a goal: in English as the process writes it, else in words where it is simple."""
    if reader.language == "en" or not goal:
        return harmless(goal)
    if goal == "end_of_day":
        return _("end of the day")
    name = goal.removeprefix("case.")
    if name != goal and name in definition.fields:
        return reader.said(definition.fields[name].label, name)
    from engine.calendars import CalendarError, parse_duration

    try:
        return reader.span(parse_duration(goal))
    except CalendarError:
        return harmless(goal)


def clock_when(reader: Reader, definition: ProcessDefinition, clock: ClockView) -> str:
    """Say the instant that matters of a clock: when it is due, was missed, or ended."""
    if clock.ended_at is not None:
        return _("ended {time}").format(time=reader.instant(clock.ended_at))
    if clock.status == "breached" and clock.breached_at is not None:
        return _("since {time}").format(time=reader.instant(clock.breached_at))
    if clock.status == "paused":
        return paused_by(reader, definition, clock)
    if clock.due_at is not None:
        return _("due {time}").format(time=reader.instant(clock.due_at))
    return ""


def paused_by(reader: Reader, definition: ProcessDefinition, clock: ClockView) -> str:
    """Say why a clock stands still."""
    why = listed(_state_called(reader, definition, reason) for reason in clock.paused)
    return _("paused: {why}").format(why=why)


def _state_called(reader: Reader, definition: ProcessDefinition, name: str) -> str:
    state = definition.states.get(name)
    return name if state is None else reader.called(name, state.label)


def write_history(
    streams: Streams, reader: Reader, definition: ProcessDefinition, records: Iterable[Mapping[str, Any]]
) -> None:
    """Write what happened to a case as a table, the oldest first."""
    columns = [
        Column(head="#", is_number=True),
        Column(head=_("when"), leads=True),
        Column(head=_("who"), leads=True),
        Column(head=_("what"), is_wide=True),
        Column(head=_("state"), is_wide=True),
        Column(head=_("details"), is_wide=True),
    ]
    rows = []
    records = list(records)
    has_ms = any(record["at"] % 1000 for record in records)
    for record in records:
        one = told(reader, definition, record)
        what = f"!! {one.what}" if one.is_bad else one.what
        cells = [
            str(record["seq"]),
            reader.exact(record["at"], has_ms=has_ms),
            one.who,
            what,
            one.movement,
            _("; ").join(shortened(text, _LONGEST_DETAIL) for text in one.details),
        ]
        rows.append(Row(cells=cells, colour="red" if one.is_bad else ""))
    write_table(streams, columns, rows)


_SPENT: Mapping[str, str] = {
    "running": later("running"),
    "paused": later("paused"),
    "closed": later("outside its hours"),
}


def write_ledger(
    streams: Streams, reader: Reader, definition: ProcessDefinition, ledger: tuple[str, Sequence[Interval]]
) -> None:
    """Write how the time of a promise was spent, adding up to the millisecond."""
    name, intervals = ledger
    streams.say()
    streams.say(labelled(name, reader.said(definition.clocks[name].label)))
    if not intervals:
        streams.say("  " + _("has not started"))
        return
    columns = [
        Column(head=_("cycle"), is_number=True),
        Column(head=_("from"), leads=True),
        Column(head=_("until"), leads=True),
        Column(head=_("status")),
        Column(head=_("whose turn"), is_wide=True),
        Column(head=_("counted"), is_number=True),
        Column(head=_("adding up to"), is_number=True),
    ]
    write_table(streams, columns, list(_ledger_rows(reader, definition, intervals)))


def _ledger_rows(reader: Reader, definition: ProcessDefinition, intervals: Sequence[Interval]) -> Iterator[Row]:
    cycle, total = 0, 0
    has_ms = any(one.start % 1000 or one.end % 1000 for one in intervals)
    for one in intervals:
        total = one.used if one.cycle != cycle else total + one.used
        cycle = one.cycle
        why = listed(_state_called(reader, definition, reason) for reason in one.why)
        status = with_aside(_(_SPENT[one.status]), why) if why else _(_SPENT[one.status])
        turn = listed(who(reader, definition, name) for name in one.turn)
        cells = [
            str(one.cycle),
            reader.exact(one.start, has_ms=has_ms),
            reader.exact(one.end, has_ms=has_ms),
            status,
            turn,
            to_the_millisecond(one.used, has_ms=has_ms),
            to_the_millisecond(total, has_ms=has_ms),
        ]
        yield Row(cells=cells, colour="" if one.status == "running" else "dim")


def to_the_millisecond(length: int, *, has_ms: bool) -> str:
    """Write a duration exactly: `1:05:00.250`; with milliseconds always, where others in its table have some."""
    whole, ms = divmod(length, 1000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" + (f".{ms:03}" if ms or has_ms else "")
