"""Reading a table of `state,event,target`, and `who` does it: what stands on paper before anything else does."""

from __future__ import annotations

import csv
import io
import re

from engine.conversion.drawn import Drawn, Misread, Node, Unsaid, Way

COLUMNS = ("state", "event", "target")

_HEADS = (
    ("state", "from", "from state", "status", "状态", "当前状态"),
    ("event", "action", "step", "事件", "动作", "操作"),
    ("target", "to", "to state", "next state", "new state", "目标", "下一状态", "新状态"),
    ("who", "role", "by", "by whom", "谁", "角色", "由谁"),
)
"""What the columns may be called, the last of which may be left out."""

_OR = re.compile(r"[/+;、]| and | or ")
"""What stands between several roles of one line."""


def _rows(text: str) -> list[list[str]]:
    """The lines with their cells, divided as spreadsheets do: by commas, semicolons or tabs."""
    first = text.partition("\n")[0]
    divider = next((mark for mark in "\t;" if mark in first), ",")
    return list(csv.reader(io.StringIO(text), delimiter=divider))


def _width(first: list[str]) -> int:
    """How many cells a line may have, by the first line, which names them."""
    head = tuple(cell.strip().lower() for cell in first)
    known = all(cell in called for cell, called in zip(head, _HEADS, strict=False))
    if not known or not len(COLUMNS) <= len(head) <= len(_HEADS):
        told = ",".join(first)[:60]
        raise Misread(f"the first line of a table is `state,event,target` or `state,event,target,who`, not `{told}`")
    return len(head)


def read_table(text: str) -> Drawn:
    """The chart of a table: the first state is where a case begins, one that nothing leaves is final."""
    rows = _rows(text.lstrip("\ufeff"))
    if not rows:
        raise Misread("the table has no line; its first one is `state,event,target`")
    width = _width(rows[0])
    root = Node("", "state", 1)
    states: dict[str, Node] = {}
    unsaid: list[Unsaid] = []
    for line, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not len(COLUMNS) <= len(cells) <= width or not all(cells[: len(COLUMNS)]):
            raise Misread(f"line {line}: a line has a state, an event and a target")
        state, event, target, *who = cells
        for name in (state, target):
            states.setdefault(name, Node(name, "state", line, root))
        if any(way.event == event for way in states[state].ways):
            unsaid.append(Unsaid(line, f"a second target of `{event}` in `{state}`: say which counts when"))
            continue
        roles = tuple(role.strip() for role in _OR.split(" / ".join(who)) if role.strip())
        states[state].ways.append(Way(event, (target,), line, who=roles))
    if not states:
        raise Misread("the table has no line but its first")
    for node in states.values():
        node.kind = "state" if node.ways else "final"
    root.children = list(states.values())
    return Drawn(root, unsaid)
