"""CSV: a row for each event; a cell stays what it is and never becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from engine.exports.told import COLUMN, ToldCase, ToldEvent, ToldProcess, Traces, instant

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What makes a formula of a text in some program for spreadsheets; the wide forms do in Chinese and Japanese ones."""

HEAD = (
    "case", "process", "version", "number", "activity", "verb", "lifecycle", "at", "recorded_at", "actor", "roles",
    "for", "from", "to", "assignee",
)  # fmt: skip


def safe_cell(value: object) -> str:
    """Write a cell of a spreadsheet so that it stays what it is: a text never becomes a formula."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip(" ").startswith(_FORMULA) else text


def csv_line(cells: Iterable[object], end: str = "\r\n") -> str:
    """One line of a spreadsheet's file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerow([safe_cell(one) for one in cells])
    return text.getvalue()


def rows(processes: Sequence[ToldProcess], traces: Traces) -> Iterator[str]:
    """Tell events as rows of a table, with a column for each field an event may have set."""
    columns = list(dict.fromkeys(name for process in processes for name in process.fields))
    yield csv_line([*HEAD, *(COLUMN + name for name in columns)])
    for case, events in traces():
        for event in events:
            told = {name: one.cell for name, one in event.changed.items()}
            yield csv_line([*_fixed(case, event), *(told.get(column) for column in columns)])


def _fixed(case: ToldCase, event: ToldEvent) -> tuple[object, ...]:
    return (
        case.id, case.process, case.version, event.number, event.activity, event.verb, event.lifecycle,
        instant(event.at), instant(event.recorded_at), event.actor, ", ".join(event.roles), event.on_behalf_of,
        " + ".join(event.before), " + ".join(event.after), event.assignee,
    )  # fmt: skip
