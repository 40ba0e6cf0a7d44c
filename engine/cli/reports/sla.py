"""The report of promises as tables for people, as JSON, and as rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.cli.left_out import without_some_of
from engine.cli.reader import Reader, harmless, seconds
from engine.cli.reports.figures import Names, percent, whole_percent
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, later, plural
from engine.core.promises.attainment import NOBODY

if TYPE_CHECKING:
    from engine.app import SlaReport
    from engine.core.promises.attainment import Attainment, Spent, Spread

COUNTS: Mapping[str, str] = {
    "met": later("met"),
    "breached": later("missed"),
    "overdue": later("overdue"),
    "cancelled": later("cancelled"),
    "not_needed": later("not needed"),
    "running": later("running"),
    "paused": later("paused"),
}
HEADS: Mapping[str, str] = {
    "process": later("process"),
    "clock": later("promise"),
    "role": later("role"),
    "person": later("person"),
    "month": later("month"),
}
BELOW, REACHED = "!!", "✓"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A report, who reads it, and what things are called."""

    report: SlaReport
    reader: Reader
    names: Names
    since: int | None
    until: int | None
    process: str | None = None  # if only its promises are counted
    clock: str | None = None

    def dimensions(self) -> list[str]:
        """The parts of a group: a clock is one of a process."""
        return [part for name in self.report.by for part in (("process", "clock") if name == "clock" else (name,))]

    def words(self, group: Sequence[str]) -> list[str]:
        """Each part of a group in words."""
        return [self._word(name, group, number) for number, name in enumerate(self.dimensions())]

    def _word(self, name: str, group: Sequence[str], number: int) -> str:
        match name:
            case "process":
                return self.names.process(group[number])
            case "clock":
                return self.names.clock(group[number - 1], group[number])
            case "month":
                return group[number]
            case _:
                return self.names.who(group[number])

    def where(self, one: Attainment) -> list[str]:
        """A group's cells in the columns that tell; of all groups together, that they are."""
        telling = self.telling()
        if not one.group:
            return [_("together"), *[""] * (len(telling) - 1)]
        words = self.words(one.group)
        return [words[number] for number in telling]

    def spender(self, kind: str, who: str) -> str:
        """On whom time was spent."""
        return self.names.who(who if kind == "waited" or who == NOBODY else f"person:{who}")

    def telling(self) -> list[int]:
        """Which parts of the groups are worth a column."""
        names = self.dimensions()
        several = {number for number in range(len(names)) if len({one.group[number] for one in self.report.groups}) > 1}
        return [number for number, name in enumerate(names) if name != "process" or number in several or len(names) < 2]

    def length(self, length: int | None) -> str:
        """Write a duration; below a second in ms."""
        if length is None:
            return ""
        return self.reader.span(length) if length >= 1000 or length == 0 else _("{count}ms").format(count=length)

    def of(self) -> str:
        """Say of which process and promise; nothing where it is of all."""
        of = [self.names.process(self.process)] if self.process else []
        if self.clock:
            of.append(self.names.clock(self.process, self.clock) if self.process else harmless(self.clock))
        return " · ".join(of)

    def period(self) -> str:
        """Say which time is counted."""
        since, until = self.since, self.until
        if since is None and until is None:
            return _("everything up to {now}").format(now=self.reader.exact(self.report.now)[:16])
        begin = self.reader.exact(since)[:16] if since is not None else _("the beginning")
        end = self.reader.exact(until)[:16] if until is not None else self.reader.exact(self.report.now)[:16]
        return _("{begin} to {end}").format(begin=begin, end=end)


# -- for people --------------------------------------------------------------------------------------------------------


def write_sla(streams: Streams, shown: Shown) -> None:
    """Write three tables: how promises were kept, how long they took, and on whom the time was spent."""
    report = shown.report
    if shown.of():
        streams.say(shown.of())
    streams.say(_("Promises, {period}").format(period=shown.period()))
    if not report.groups:
        streams.tell(_("there is no promise in this time"))
        for note in notes(shown):
            streams.say(note)
        return
    groups = [*report.groups, *([report.total] if len(report.groups) > 1 else [])]
    _table(streams, shown, _KEPT, groups)
    if report.total.counted:
        streams.say()
        _table(streams, shown, _TOOK, [one for one in groups if one.counted])
        streams.say()
        _write_spent(streams, shown, report.total)
    if any(one.is_on_target is False for one in groups):
        streams.say(_("{sign} below its target").format(sign=BELOW))
    for note in notes(shown):
        streams.say(note)
    for line in adjusted_lines(shown):
        streams.say(line)


def adjusted_lines(shown: Shown) -> Iterator[str]:
    """Say what is attained with what was declared beside the record; nothing where nothing is decided yet."""
    decided = [pair for pair in adjusted_groups(shown) if any(one.attained is not None for one in pair)]
    if decided:
        yield _("With declared interruptions and corrections, beside what is recorded:")
    for before, after in decided:
        yield "  " + labelled(
            " · ".join(cell for cell in shown.where(after) if cell) or _("together"),
            _("{after} instead of {before}").format(
                after=percent(after.attained) or "–", before=percent(before.attained) or "–"
            ),
        )


def adjusted_groups(shown: Shown) -> Iterator[tuple[Attainment, Attainment]]:
    """Give the groups that something declared changes, as recorded and so; all together last, if there are more."""
    recorded = {one.group: one for one in (*shown.report.groups, shown.report.total)}
    for one in shown.report.adjusted if len(shown.report.groups) > 1 else shown.report.adjusted[:1]:
        yield recorded[one.group], one


Cell = Callable[[Shown, "Attainment"], str]


def _count(name: str) -> Cell:
    return lambda shown, one: str(one.counts[name] or "")


def _length(which: str, part: str) -> Cell:
    return lambda shown, one: shown.length(getattr(getattr(one, which), part))


_KEPT: Sequence[tuple[str, Cell]] = (
    (later("attained"), lambda shown, one: percent(one.attained)),
    (later("target"), lambda shown, one: whole_percent(one.target)),
    *((word, _count(name)) for name, word in COUNTS.items()),
)
_TOOK: Sequence[tuple[str, Cell]] = (
    (later("used p50"), _length("used", "p50")),
    (later("p90"), _length("used", "p90")),
    (later("p99"), _length("used", "p99")),
    (later("late p50"), _length("late", "p50")),
    (later("p90"), _length("late", "p90")),
    (later("latest"), _length("late", "most")),
)


def sign(one: Attainment) -> str:
    """Mark a group by its target, so that colour never says it alone."""
    return {None: "", True: REACHED, False: BELOW}[one.is_on_target]


def _table(
    streams: Streams, shown: Shown, cells: Sequence[tuple[str, Cell]], groups: Iterable[Attainment]
) -> None:  # fmt: skip
    telling, names = shown.telling(), shown.dimensions()
    has_signs = cells is _KEPT
    columns = [
        *([Column(head="")] if has_signs else []),
        *(Column(head=_(HEADS[names[number]]), is_wide=True) for number in telling),
        *(Column(head=_(word), is_number=True) for word, _cell in cells),
    ]
    rows = [
        Row(
            cells=[
                *([sign(one)] if has_signs else []),
                *shown.where(one),
                *(cell(shown, one) for _word, cell in cells),
            ],
            colour="red" if has_signs and one.is_on_target is False else "",
        )
        for one in groups
    ]
    write_table(streams, columns, rows, is_whole=True)


def spent_lines(spent: Spent, missed: Spent) -> Iterator[tuple[str, str, int, int]]:
    """Give on whom time was spent, the most first: waited on or holder, who, time, of it for promises missed."""
    for kind in ("waited", "owned"):
        times: Mapping[str, int] = getattr(spent, kind)
        of_missed: Mapping[str, int] = getattr(missed, kind)
        for who in sorted(times, key=lambda who: (-times[who], who)):
            if times[who] and (kind == "waited" or times.keys() != {NOBODY}):
                yield kind, who, times[who], of_missed.get(who, 0)


def spent_kind(kind: str) -> str:
    """Say how somebody had the time."""
    return _("waited on") if kind == "waited" else _("held by")


def _write_spent(streams: Streams, shown: Shown, total: Attainment) -> None:
    columns = [
        Column(head=_("who"), is_wide=True), Column(head=_("how")), Column(head=_("time"), is_number=True),
        Column(head=_("share"), is_number=True), Column(head=_("of it in missed ones"), is_number=True),
    ]  # fmt: skip
    rows = [
        Row(
            cells=(
                shown.spender(kind, who), spent_kind(kind), shown.length(time), percent(time / total.spent.used),
                shown.length(missed) if missed else "",
            )
        )
        for kind, who, time, missed in spent_lines(total.spent, total.spent_on_missed)
    ]  # fmt: skip
    write_table(streams, columns, rows, is_whole=True)


def notes(shown: Shown) -> Iterator[str]:
    """What a reader must know to read the figures right."""
    total = shown.report.total
    if shown.report.left_out:
        yield without_some_of(shown.report.left_out)
    if total.spent.is_shared:
        yield _("several were waited on at once: the time counts for each of them, and adds up to more than was used")
    if total.noticed_late.count:
        yield _("misses were recorded {half} after they could be, 99 of 100 within {most}").format(
            half=shown.length(total.noticed_late.p50), most=shown.length(total.noticed_late.p99)
        )
    if shown.report.behind:
        yield plural(
            "{count} case has something due that is not carried out yet: run `casewright tick`",
            "{count} cases have something due that is not carried out yet: run `casewright tick`",
            shown.report.behind,
        )


# -- for machines ------------------------------------------------------------------------------------------------------


def sla_document(shown: Shown) -> dict[str, Any]:
    """Describe the report."""
    report, reader = shown.report, shown.reader
    return {
        "by": list(report.by),
        "since": reader.rfc3339(shown.since),
        "until": reader.rfc3339(shown.until),
        "now": reader.rfc3339(report.now),
        "behind": report.behind,
        "left_out": list(report.left_out),
        "groups": [_group_document(shown, one) for one in report.groups],
        "total": _group_document(shown, report.total),
        "adjusted": [
            {
                name: value
                for name, value in _group_document(shown, one).items()
                if name in ("group", "attained", "counts")
            }
            for one in report.adjusted
        ],
    }


def _group_document(shown: Shown, one: Attainment) -> dict[str, Any]:
    parts = zip(shown.dimensions(), one.group, shown.words(one.group) if one.group else (), strict=False)
    return {
        "group": {name: {"name": key, "label": label} for name, key, label in parts},
        "attained": one.attained,
        "target": one.target,
        "is_on_target": one.is_on_target,
        "counts": dict(one.counts),
        **{name: spread_document(getattr(one, name)) for name in ("used", "late", "late_on_the_wall", "noticed_late")},
        "spent": _spent_document(one.spent),
        "spent_on_missed": _spent_document(one.spent_on_missed),
    }


def spread_document(spread: Spread) -> dict[str, Any]:
    """Describe how durations are spread."""
    return {"count": spread.count} | {name: seconds(getattr(spread, name)) for name in ("p50", "p90", "p99", "most")}


def _spent_document(spent: Spent) -> dict[str, Any]:
    return {
        "used": seconds(spent.used),
        "waiting_on": {who: seconds(time) for who, time in spent.waited.items()},
        "owner": {who: seconds(time) for who, time in spent.owned.items()},
        "is_shared": spent.is_shared,
    }


_SPREADS = tuple(
    (which, part)
    for which in ("used", "late", "late_on_the_wall", "noticed_late") for part in ("p50", "p90", "p99", "most")
)  # fmt: skip


ADJUSTED = ("adjusted_attained", "adjusted_met", "adjusted_breached", "adjusted_overdue")
"""Columns of what is attained with what was declared beside the record: empty where that changes nothing."""


def csv_head(shown: Shown) -> list[str]:
    """Name the columns of the spreadsheet; they are the same in every language."""
    groups = [column for name in shown.dimensions() for column in (name, f"{name}_label")]
    spreads = [f"{which}_{part}_seconds" for which, part in _SPREADS]
    return [*groups, "attained", "target", "is_on_target", *COUNTS, *spreads, *ADJUSTED]


def csv_rows(shown: Shown) -> Iterator[list[object]]:
    """Give one row for each group."""
    adjusted = {one.group: one for one in shown.report.adjusted}
    for one in shown.report.groups:
        group = [cell for pair in zip(one.group, shown.words(one.group), strict=True) for cell in pair]
        lengths = [getattr(getattr(one, which), part) for which, part in _SPREADS]
        on_target = {None: None, True: "yes", False: "no"}[one.is_on_target]
        shares = [one.attained, one.target, on_target, *one.counts.values()]
        seconds = [None if length is None else length / 1000 for length in lengths]
        yield [*group, *shares, *seconds, *_adjusted_cells(adjusted.get(one.group))]


def _adjusted_cells(after: Attainment | None) -> list[object]:
    if after is None:
        return [None] * len(ADJUSTED)
    return [after.attained, *(after.counts[name] for name in ("met", "breached", "overdue"))]
