"""Reading a table of `state,event,target`: what stands on paper before anything else does."""

from __future__ import annotations

import csv
import io

from engine.conversion.drawn import Drawn, Misread, Node, Unsaid, Way

COLUMNS = ("state", "event", "target")

_HEADS = {COLUMNS, ("状态", "事件", "目标")}


def _rows(text: str) -> list[list[str]]:
    """The lines with their cells, divided as spreadsheets do: by commas, semicolons or tabs."""
    first = text.partition("\n")[0]
    divider = next((mark for mark in "\t;" if mark in first), ",")
    return list(csv.reader(io.StringIO(text), delimiter=divider))


def read_table(text: str) -> Drawn:
    """The chart of a table: the first state is where a case begins, one that nothing leaves is final."""
    rows = _rows(text.lstrip("\ufeff"))
    if not rows:
        raise Misread("the table has no line; its first one is `state,event,target`")
    if tuple(cell.strip().lower() for cell in rows[0]) not in _HEADS:
        raise Misread(f"the first line of a table is `state,event,target`, not `{','.join(rows[0])[:60]}`")
    root = Node("", "state", 1)
    states: dict[str, Node] = {}
    unsaid: list[Unsaid] = []
    for line, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS) or not all(cells):
            raise Misread(f"line {line}: a line has a state, an event and a target")
        state, event, target = cells
        for name in (state, target):
            states.setdefault(name, Node(name, "state", line, root))
        if any(way.event == event for way in states[state].ways):
            unsaid.append(Unsaid(line, f"a second target of `{event}` in `{state}`: say which counts when"))
            continue
        states[state].ways.append(Way(event, (target,), line))
    if not states:
        raise Misread("the table has no line but its first")
    for node in states.values():
        node.kind = "state" if node.ways else "final"
    root.children = list(states.values())
    return Drawn(root, unsaid)
