"""How promises were kept: each process's clocks, counted by their cycles from the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import CaseView, Engine

Tally = Counter[str]
"""How many cycles of a clock ended in each way, or stand so now: `met`, `breached`, `running`, …"""

_STILL = frozenset({"running", "paused"})
_ENDS = frozenset({"met", "cancelled", "not_needed"})


def tallies(engine: Engine, cases: Iterable[CaseView]) -> Mapping[tuple[str, str], Tally]:
    """Count every cycle of every clock, by process and clock, in the order in which they first ran."""
    found: dict[tuple[str, str], Tally] = {}
    for case in cases:
        for record in engine.history(case.id):
            for name, what, *detail in record.get("clocks", ()):
                if what in _ENDS or (what == "breached" and len(detail) < 2):  # with two it is the end of a missed one
                    found.setdefault((case.process, name), Tally())[what] += 1
        for name, clock in case.clocks.items():
            if clock.status in _STILL:
                found.setdefault((case.process, name), Tally())[clock.status] += 1
    return found


def write_attainment(
    streams: Streams, engine: Engine, reader: Reader, counted: Mapping[tuple[str, str], Tally]
) -> None:
    """Write a table of promises: how often kept and missed, which share was kept, how many still run."""
    columns = [
        Column(head=_("promise"), is_wide=True),
        *(Column(head=head, is_number=True) for head in (_("kept"), _("missed"), _("share kept"), _("still open"))),
    ]
    rows = []
    before = ""
    for (process, name), tally in sorted(counted.items(), key=lambda item: item[0][0]):
        ended, still = tally["met"] + tally["breached"], sum(tally[status] for status in _STILL)
        if not ended and not still:
            continue
        definition = engine.definition(process)
        if process != before:
            rows.append(Row(cells=[reader.said(definition.label, process), "", "", "", ""], colour="bold"))
        before = process
        label = reader.said(definition.clocks[name].label if name in definition.clocks else {}, name)
        share = f"{tally['met'] / ended:.0%}" if ended else "–"
        cells = [f"  {label}", str(tally["met"]), str(tally["breached"]), share, str(still)]
        rows.append(Row(cells=cells, colour="red" if tally["breached"] else ""))
    write_table(streams, columns, rows)
