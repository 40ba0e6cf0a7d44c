"""Walking along what reports count: a page at a time, so that a large table costs time and no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.core.cases import Case
from engine.errors import VerificationFailed
from engine.ports import Aside, Ended, Wanted
from engine.store.rows import GO_BACK, CaseRow, case_of, cycle_of
from engine.store.sql import Work

PAGE = 1_000
"""Rows fetched at a time."""

_CYCLE = (
    "case_id", "clock", "cycle", "started_ms", "ended_ms", "result", "goal_kind", "goal_ms", "used_ms", "breached_ms",
    "turns", "noticed_ms",
)  # fmt: skip
_CYCLES = (
    f"SELECT {', '.join(f'clock_cycles.{name}' for name in _CYCLE)}, cases.process, cases.version "
    "FROM clock_cycles JOIN cases ON cases.id = clock_cycles.case_id "
    "WHERE clock_cycles.ended_ms IS NOT NULL AND cases.importing IS NULL "
    "AND (clock_cycles.case_id, clock_cycles.clock, clock_cycles.cycle) > (?, ?, ?)"
)
_CASES = (
    f"SELECT {', '.join(CaseRow._fields)} FROM cases WHERE closed_ms IS NULL AND importing IS NULL "
    "AND (sort_key, opened_ms, id) > (?, ?, ?)"
)

# `process <> ''` as in the condition of the index, or that is not used
_OPENED = (
    f"SELECT {', '.join(CaseRow._fields)} FROM cases WHERE (opened_ms, id) > (?, ?) "
    "AND process = ? AND process <> '' AND importing IS NULL"
)
_NEXT_PROCESS = "SELECT min(process) FROM cases WHERE process > ? AND process <> '' AND importing IS NULL"


class Walks(Work):
    """What is read once, from one end to the other."""

    def ended_cycles(self, wanted: Wanted, aside: Aside | None = None) -> Iterator[Ended]:
        """The cycles that have ended, by case, clock and number; none that a reopening withdrew."""
        decided = "coalesce(clock_cycles.breached_ms, clock_cycles.ended_ms)"
        given = (
            ("cases.process = ?", wanted.process), ("clock_cycles.clock = ?", wanted.clock),
            (f"{decided} >= ?", wanted.since), (f"{decided} < ?", wanted.until),
        )  # fmt: skip
        asked = [(text, value) for text, value in given if value is not None]
        text = f"{_CYCLES}{''.join(f' AND {text}' for text, _ in asked)}"
        text += " ORDER BY clock_cycles.case_id, clock_cycles.clock, clock_cycles.cycle LIMIT ?"
        for row in self._pages(text, ("", "", 0), [value for _, value in asked], (0, 1, 2)):
            try:
                ended = Ended(cycle_of(row[:-2]), *row[-2:])
            except ValueError as error:
                if aside is None:
                    told = f"a promise of `{row[0]}` cannot be read as it is stored: {error}"
                    raise VerificationFailed(told, help=GO_BACK) from error
                aside(row[0])
            else:
                yield ended

    def open_cases(self, process: str | None = None, aside: Aside | None = None) -> Iterator[Case]:
        """The open cases, without personal values and secrets."""
        asked = [] if process is None else [process]
        text = f"{_CASES}{' AND process = ?' if asked else ''} ORDER BY sort_key, opened_ms, id LIMIT ?"
        places = tuple(CaseRow._fields.index(name) for name in ("sort_key", "opened_ms", "id"))
        least = (-(2**62), -(2**62), "")
        yield from _read(self._pages(text, least, asked, places), aside)

    def cases_of(
        self, process: str, since: int | None = None, until: int | None = None, aside: Aside | None = None
    ) -> Iterator[Case]:
        """The cases of this process opened in [since, until), by opening, without personal values and secrets."""
        asked = [("opened_ms >= ?", since), ("opened_ms < ?", until)]
        given = [(text, value) for text, value in asked if value is not None]
        text = f"{_OPENED}{''.join(f' AND {text}' for text, _ in given)} ORDER BY opened_ms, id LIMIT ?"
        places = tuple(CaseRow._fields.index(name) for name in ("opened_ms", "id"))
        yield from _read(self._pages(text, (-(2**62), ""), [process, *(value for _, value in given)], places), aside)

    def processes(self) -> list[str]:
        """The processes of which there are cases, whether a definition of them is there or not."""
        found: list[str] = []
        while (name := self._ask(_NEXT_PROCESS, (found[-1] if found else "",)).fetchone()[0]) is not None:
            found.append(name)
        return found

    def _pages(
        self, text: str, after: tuple[Any, ...], asked: Sequence[Any], places: tuple[int, ...]
    ) -> Iterator[Sequence[Any]]:
        """The rows in order, each page beginning behind the last row of the one before."""
        while True:
            page = self._ask(text, (*after, *asked, PAGE)).fetchall()
            yield from page
            if len(page) < PAGE:
                return
            after = tuple(page[-1][place] for place in places)


def _read(rows: Iterable[Sequence[Any]], aside: Aside | None) -> Iterator[Case]:
    for row in map(CaseRow._make, rows):
        try:
            case = case_of(row, {}, "")
        except VerificationFailed:
            if aside is None:
                raise
            aside(row.id)
        else:
            yield case
