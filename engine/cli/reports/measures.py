"""A process's measures as tables for people, as JSON, and as rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.cli.left_out import without
from engine.cli.reader import Reader, one_line, seconds
from engine.cli.reports.figures import percent, whole_percent
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, later, plural
from engine.fields import Field, plain

if TYPE_CHECKING:
    from engine.app import MeasureReport
    from engine.core.measuring import Figure
    from engine.fields import Value

BELOW, REACHED = "!!", "✓"
TIMES: Mapping[str, str] = {"day": later("date"), "week": later("week"), "month": later("month")}
_KINDS: Mapping[str, str] = {
    "share": later("share"),
    "sum": later("sum"),
    "average": later("average"),
    "count": later("cases"),
    "list": later("cases"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMeasure:
    """A measure, and who reads it."""

    report: MeasureReport
    reader: Reader

    @property
    def title(self) -> str:
        """What it measures."""
        measure = self.report.measured.measure
        return self.reader.said(measure.label, measure.name)

    def head(self, name: str) -> str:
        """What a group or a column is called."""
        if name in TIMES:
            return _(TIMES[name])
        if name in _OWN:
            return _(_OWN[name])
        return self.reader.said(self._field(name).label, name.removeprefix("case."))

    def cell(self, name: str, value: Value) -> str:
        """A value of a group or a column."""
        if value is None:
            return "–"
        if name == "state":
            states = self.report.definition.states
            labels = (self.reader.said(states[leaf].label if leaf in states else {}, leaf) for leaf in _leaves(value))
            return " + ".join(labels)
        if name == "opened_at" and isinstance(value, int):
            return self.reader.exact(value)[:16]
        if name in TIMES or name in _OWN:
            return str(value)
        return one_line(self.reader.value(self._field(name), value))

    def cells(self, names: Sequence[str], values: Sequence[Value]) -> list[str]:
        """Values of groups or columns."""
        return [self.cell(name, value) for name, value in zip(names, values, strict=True)]

    def machine(self, name: str, value: Value) -> Any:
        """The same for machines: names instead of labels."""
        if name == "opened_at" and isinstance(value, int):
            return self.reader.rfc3339(value)
        if value is None or name in TIMES or name in _OWN:
            return value
        return plain(self._field(name), value)

    def figure(self, one: Figure) -> str:
        """A figure for people."""
        measure = self.report.measured.measure
        value = one.value(measure.kind)
        if value is None:
            return "–"
        if measure.kind == "share":
            return percent(float(value))
        return self._amount(Decimal(value)) if measure.kind in ("sum", "average") else str(value)

    def _amount(self, value: Decimal) -> str:
        kind = self.report.measured.measure.value.type if self.report.measured.measure.value else "number"
        if kind == "money":
            return f"{value / 100:.2f}"
        if kind == "duration":
            return self.reader.span(int(value))
        return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"

    def machine_figure(self, one: Figure) -> Any:
        """A figure for machines: money as text, durations as seconds and text."""
        measure = self.report.measured.measure
        value = one.value(measure.kind)
        kind = measure.value.type if measure.value and measure.kind in ("sum", "average") else ""
        if value is None:
            return None
        if kind not in ("money", "duration"):
            return int(value) if isinstance(value, Decimal) and value % 1 == 0 else float(value)
        return f"{Decimal(value) / 100:.2f}" if kind == "money" else seconds(int(value))

    def _field(self, name: str) -> Field:
        known = self.report.definition.fields
        bare = name.removeprefix("case.")
        return known.get(bare) or Field(name=bare, type="text")


_OWN: Mapping[str, str] = {"state": later("state"), "assignee": later("held by"), "opened_at": later("opened")}


def _leaves(value: Value) -> list[str]:
    return str(value).split(" + ")


# -- for people --------------------------------------------------------------------------------------------------------


def write_measure(streams: Streams, shown: ShownMeasure) -> None:
    """Write a measure as a table."""
    found = shown.report.measured
    streams.say(shown.title)
    if found.measure.kind == "list":
        _write_register(streams, shown)
    elif found.figures:
        _write_figures(streams, shown)
    if not found.figures:
        streams.say("  " + _("nothing to count"))
    elif len(found.lines) < found.total.cases and found.measure.kind == "list":
        streams.say(
            _("showing {shown} of {total}; --limit shows more").format(shown=len(found.lines), total=found.total.cases)
        )
    for note in _notes(shown):
        streams.say(note)


def _write_figures(streams: Streams, shown: ShownMeasure) -> None:
    found = shown.report.measured
    measure, has_target = found.measure, found.measure.target is not None
    groups = [*found.figures, *([found.total] if len(found.figures) > 1 else [])]
    columns = [
        *([Column(head="")] if has_target else []),
        *(Column(head=shown.head(name), is_wide=True) for name in measure.per),
        Column(head=_(_KINDS[measure.kind]), is_number=True),
        *([Column(head=_("target"), is_number=True)] if has_target else []),
        *([Column(head=_("cases"), is_number=True)] if measure.kind != "count" else []),
    ]
    rows = []
    for one in groups:
        is_on_target = one.is_on_target(measure.target)
        sign = {None: "", True: REACHED, False: BELOW}[is_on_target]
        rows.append(
            Row(
                cells=[
                    *([sign] if has_target else []), *_group(shown, one), shown.figure(one),
                    *([whole_percent(measure.target)] if has_target else []),
                    *([str(one.cases)] if measure.kind != "count" else []),
                ],
                colour="red" if is_on_target is False else "",
            )
        )  # fmt: skip
    write_table(streams, columns, rows, is_whole=True)


def _group(shown: ShownMeasure, one: Figure) -> list[str]:
    per = shown.report.measured.measure.per
    if len(one.group) != len(per):  # all together
        return [_("together"), *[""] * (len(per) - 1)]
    return shown.cells(per, one.group)


def _write_register(streams: Streams, shown: ShownMeasure) -> None:
    found = shown.report.measured
    columns = [
        *(Column(head=shown.head(name)) for name in found.measure.per), Column(head=_("case")),
        *(Column(head=shown.head(name), is_wide=True) for name in found.measure.columns),
    ]  # fmt: skip
    rows = [
        Row(
            cells=[
                *shown.cells(found.measure.per, line.group), line.case,
                *shown.cells(found.measure.columns, line.values),
            ]
        )
        for line in found.lines
    ]  # fmt: skip
    if rows:
        write_table(streams, columns, rows)


def _notes(shown: ShownMeasure) -> Iterator[str]:
    report, found = shown.report, shown.report.measured
    if report.left_out:
        yield without(report.left_out)
    if any(one.is_on_target(found.measure.target) is False for one in (*found.figures, found.total)):
        yield _("{sign} below its target").format(sign=BELOW)
    if found.total.unset:
        yield plural(
            "{count} case without a value is not counted", "{count} cases without a value are not counted",
            found.total.unset,
        )  # fmt: skip
    if found.failed:
        yield plural(
            "{count} case cannot be judged: something that the measure reads is not set",
            "{count} cases cannot be judged: something that the measure reads is not set", found.failed,
        )  # fmt: skip
    if report.hidden:
        yield _("{count} more are not for you to read").format(count=report.hidden)


# -- for machines ------------------------------------------------------------------------------------------------------


def measure_document(shown: ShownMeasure) -> dict[str, Any]:
    """Describe a measure."""
    report, found = shown.report, shown.report.measured
    document: dict[str, Any] = {
        "name": found.measure.name,
        "label": shown.title,
        "kind": found.measure.kind,
        "per": list(found.measure.per),
        "target": found.measure.target,
        "groups": [_figure_document(shown, one) for one in found.figures],
        "total": _figure_document(shown, found.total),
        "failed": found.failed,
        "hidden": report.hidden,
        "left_out": list(report.left_out),
    }
    if found.measure.kind == "list":
        document["cases"] = [
            {
                "case": line.case,
                "at": shown.reader.rfc3339(line.at),
                **_machine(shown, found.measure.columns, line.values),
            }
            for line in found.lines
        ]
    return document


def _machine(shown: ShownMeasure, names: Sequence[str], values: Sequence[Value]) -> dict[str, Any]:
    return {name: shown.machine(name, value) for name, value in zip(names, values, strict=False)}


def _figure_document(shown: ShownMeasure, one: Figure) -> dict[str, Any]:
    measure = shown.report.measured.measure
    return {
        "group": _machine(shown, measure.per, one.group),
        "value": shown.machine_figure(one),
        "cases": one.cases,
        "unset": one.unset,
        "is_on_target": one.is_on_target(measure.target),
    }


def csv_of(shown: ShownMeasure) -> tuple[list[str], Iterator[list[object]]]:
    """The head of a spreadsheet, and its rows."""
    found = shown.report.measured
    measure = found.measure
    if measure.kind == "list":
        return [*measure.per, "case", *measure.columns], (
            [*_cells(shown, measure.per, line.group), line.case, *_cells(shown, measure.columns, line.values)]
            for line in found.lines
        )
    head = [*measure.per, measure.kind, "cases", "target", "is_on_target"]
    return head, ([*_cells(shown, measure.per, one.group), *_figure_cells(shown, one)] for one in found.figures)


def _figure_cells(shown: ShownMeasure, one: Figure) -> list[object]:
    target = shown.report.measured.measure.target
    verdict = {None: None, True: "yes", False: "no"}[one.is_on_target(target)]
    return [_plain_figure(shown, one), one.cases, target, verdict]


def _cells(shown: ShownMeasure, names: tuple[str, ...], values: tuple[Value, ...]) -> list[object]:
    pairs = zip(names, values, strict=True)
    return [value if isinstance(value, (int, float)) and not _is_shown(shown, name) else shown.cell(name, value)
            for name, value in pairs]  # fmt: skip


def _is_shown(shown: ShownMeasure, name: str) -> bool:
    field = shown.report.definition.fields.get(name.removeprefix("case."))
    return name == "opened_at" or field is None or field.type not in ("integer", "number")


def _plain_figure(shown: ShownMeasure, one: Figure) -> object:
    value = shown.machine_figure(one)
    if isinstance(value, dict):
        return value["seconds"]
    return float(value) if isinstance(value, str) else value
