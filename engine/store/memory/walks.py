"""Walking along what reports count, in memory."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.cases import Case, Cycle
from engine.frozen import changed
from engine.ports import Aside, Ended, Wanted
from engine.store.memory.cases import MemoryWork
from engine.store.memory.lists import place_of


class MemoryWalks(MemoryWork):
    """What is read once, from one end to the other; in memory nothing can be read wrongly."""

    def ended_cycles(self, wanted: Wanted, aside: Aside | None = None) -> Iterator[Ended]:
        """The cycles that have ended, by case, clock and number; none that a reopening withdrew."""
        for (name, clock, _), cycle in sorted(self._tables.rows("cycles"), key=lambda row: row[0]):
            kept = self._tables.get("cases", name)
            if _is_wanted(kept.case, clock, wanted) and cycle.ended_at is not None and _is_within(cycle, wanted):
                yield Ended(cycle, kept.case.process, kept.case.version)

    def open_cases(self, process: str | None = None, aside: Aside | None = None) -> Iterator[Case]:
        """The open cases, without personal values and secrets."""
        for _, kept in sorted(self._tables.rows("cases"), key=lambda row: place_of(row[1])):
            case = kept.case
            if case.closed_at is None and case.importing is None and process in (None, case.process):
                yield changed(case, private={}, secret="")

    def cases_of(
        self, process: str, since: int | None = None, until: int | None = None, aside: Aside | None = None
    ) -> Iterator[Case]:
        """The cases of this process opened in [since, until), by opening, without personal values and secrets."""
        cases = (kept.case for _, kept in self._tables.rows("cases") if kept.case.process == process)
        for case in sorted(cases, key=lambda case: (case.opened_at, case.id)):
            is_within = (since is None or since <= case.opened_at) and (until is None or case.opened_at < until)
            if case.importing is None and is_within:
                yield changed(case, private={}, secret="")

    def processes(self) -> list[str]:
        """The processes of which there are cases."""
        cases = (kept.case for _, kept in self._tables.rows("cases"))
        return sorted({case.process for case in cases if case.importing is None})


def _is_wanted(case: Case, clock: str, wanted: Wanted) -> bool:
    return case.importing is None and wanted.process in (None, case.process) and wanted.clock in (None, clock)


def _is_within(cycle: Cycle, wanted: Wanted) -> bool:
    at = cycle.breached_at if cycle.breached_at is not None else cycle.ended_at or 0
    return (wanted.since is None or wanted.since <= at) and (wanted.until is None or at < wanted.until)
