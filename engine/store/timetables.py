"""How far the schedules of processes have come."""

from __future__ import annotations

from engine.ports import Timetable
from engine.store.rows import decode, to_text
from engine.store.sql import Work


class Timetables(Work):
    """What the calendar opens."""

    def timetable(self, process: str, *, lock: bool) -> Timetable | None:
        """How far the schedules of this process have come; None if it never had any. Locked, others wait for it."""
        if lock:
            self._lock("LOCK_TIMETABLE", process)
        row = self._run("TIMETABLE", process).fetchone()
        if row is None:
            return None
        name, since, made, due, fault, problem = row
        told = None if problem is None else decode(problem)
        return Timetable(process=name, since=since, made=made, due=due, fault=fault, problem=told)

    def save_timetable(self, timetable: Timetable) -> None:
        """Keep how far they have come."""
        it = timetable
        problem = None if it.problem is None else to_text(dict(it.problem))
        self._run("KEEP_TIMETABLE", it.process, it.since, it.made, it.due, it.fault, problem)

    def due_timetables(self, before: int) -> list[str]:
        """Processes with something to open before that instant, in due order; those set aside do not count."""
        return [process for (process,) in self._run("DUE_TIMETABLES", before).fetchall()]

    def next_opening(self) -> int | None:
        """When the calendar opens something next."""
        found: int | None = self._run("NEXT_OPENING").fetchone()[0]
        return found
