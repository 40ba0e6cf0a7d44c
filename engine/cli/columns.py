"""The columns of a list: those of every case, and the fields of its process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.cli.pages import left_said, paused_by
from engine.cli.reader import Reader, one_line
from engine.cli.render import COLOURS, gone_from, mark, most_urgent, state_labels
from engine.cli.tables import Column, Row
from engine.cli.translate import _, asked_for, later, listed
from engine.errors import UsageError
from engine.nearness import nearest

if TYPE_CHECKING:
    from engine.model import ProcessDefinition
    from engine.views import CaseView

DEFAULT = ("case", "summary", "state", "holder", "promise", "left", "due")
Cell = Callable[[Reader, "ProcessDefinition", "CaseView"], str]


def _promise(reader: Reader, definition: ProcessDefinition, view: CaseView) -> str:
    urgent = most_urgent(view)
    return "" if urgent is None else reader.called(urgent[0], definition.clocks[urgent[0]].label)


def _left(reader: Reader, definition: ProcessDefinition, view: CaseView) -> str:
    urgent = most_urgent(view)
    return "" if urgent is None else left_said(reader, urgent[1])


def _due(reader: Reader, definition: ProcessDefinition, view: CaseView) -> str:
    urgent = most_urgent(view)
    if urgent is None:
        return ""
    clock = urgent[1]
    if clock.status == "paused":
        return paused_by(reader, definition, clock)
    due = clock.breached_at if clock.status == "breached" else clock.due_at
    return "" if due is None else reader.instant(due)


_CELLS: Mapping[str, tuple[str, Cell]] = {
    "case": (later("case"), lambda reader, definition, view: view.id),
    "summary": (later("summary"), lambda reader, definition, view: reader.said(view.summary)),
    "state": (later("state"), state_labels),
    "holder": (later("held by"), lambda reader, definition, view: view.assignee or view.queue or ""),
    "promise": (later("next promise"), _promise),
    "left": (later("left"), _left),
    "due": (later("due"), _due),
    "process": (later("process"), lambda reader, definition, view: reader.said(definition.label, view.process)),
    "opened": (later("opened"), lambda reader, definition, view: reader.instant(view.opened_at)),
    "revision": (later("revision"), lambda reader, definition, view: str(view.revision)),
}
_WIDE = frozenset({"summary", "state", "promise", "process"})
_NUMBERS = frozenset({"left", "revision"})


def are_columns(names: Iterable[str], definitions: Iterable[ProcessDefinition]) -> bool:
    """Whether each of them is a column of every case, or a field of these processes."""
    return {*names} <= _CELLS.keys() | {name for definition in definitions for name in definition.fields}


def chosen_columns(reader: Reader, names: Sequence[str], definitions: Sequence[ProcessDefinition]) -> list[Column]:
    """Make the columns of a list, the first the sign of urgency; `UsageError` for what is no field of these either."""
    fields = {name: field for definition in reversed(definitions) for name, field in definition.fields.items()}
    columns = [Column(head="")]
    for name in names:
        if name in _CELLS:
            columns.append(Column(head=_(_CELLS[name][0]), is_number=name in _NUMBERS, is_wide=name in _WIDE))
        elif name in fields:
            columns.append(Column(head=reader.said(fields[name].label, name), is_wide=True))
        else:
            raise _unknown(name, [*_CELLS, *fields])
    return columns


def _unknown(name: str, known: Sequence[str]) -> UsageError:
    near = nearest(name, known)
    mend = asked_for(near) if near else _("there is {names}")
    return UsageError(_("there is no column `{name}`").format(name=name), help=mend.format(names=listed(known)))


def row_of(reader: Reader, names: Sequence[str], definition: ProcessDefinition, view: CaseView) -> Row:
    """Make the row of a case."""
    urgent = most_urgent(view)
    sign = "" if urgent is None else mark(reader, urgent[1])
    cells = [one_line(_cell(reader, name, definition, view)) for name in names]
    return Row(cells=[sign, *cells], colour=COLOURS[sign])


def _cell(reader: Reader, name: str, definition: ProcessDefinition, view: CaseView) -> str:
    if name in _CELLS:
        return _CELLS[name][1](reader, definition, view)
    if name in (gone := gone_from(view)):
        return gone[name]
    value = view.data.get(name)
    return "" if value is None or name not in definition.fields else reader.value(definition.fields[name], value)
