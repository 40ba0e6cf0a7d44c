"""Families that are set aside, and imports."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, literal_column, select, update

from engine.ports import Fault
from engine.store.rows import plain
from engine.store.sql import Hot, Work, replace, value
from engine.store.tables import cases, faults

_member = cases.alias("member")
_family_due = (
    select(func.min(_member.c.next_due_ms)).where(_member.c.root == cases.c.id).correlate(cases).scalar_subquery()
)
_ROOT = select(faults.c.root).where(faults.c.id == value("was")).scalar_subquery()
_NOTHING: ColumnElement[None] = literal_column("NULL")

_FAULT = replace(faults)
_FAULTS = Hot(select(faults).order_by(faults.c.at_ms, faults.c.id))
_NO_FAULT = Hot(delete(faults).where(faults.c.id == value("fault")), "fault")
_SET_ASIDE = Hot(
    update(cases).where(cases.c.id == value("of")).values(fault=value("fault"), family_due_ms=_NOTHING), "fault", "of"
)
_DUE_AGAIN = Hot(
    update(cases)
    .where(cases.c.id == _ROOT, cases.c.fault == value("was"), cases.c.importing.is_(None))
    .values(family_due_ms=_family_due),
    "was",
)
_UNMARKED = Hot(update(cases).where(cases.c.id == _ROOT, cases.c.fault == value("was")).values(fault=_NOTHING), "was")
_IMPORTED = Hot(
    update(cases)
    .where(cases.c.importing == value("was"), cases.c.parent.is_(None), cases.c.fault.is_(None))
    .values(family_due_ms=_family_due),
    "was",
)
_ALL_THERE = Hot(update(cases).where(cases.c.importing == value("was")).values(importing=_NOTHING), "was")


class Nursing(Work):
    """What keeps families out of the due work, and brings them back."""

    def set_aside(self, fault: Fault) -> None:
        """Keep the fault and its family out of the due work."""
        message, traceback = (plain(text.replace("\x00", "�"), "a fault") for text in (fault.message, fault.traceback))
        self._run(_FAULT, fault.id, fault.root, fault.at, message, traceback)
        self._run(_SET_ASIDE, fault.id, fault.root)
        self._rows.clear()

    def faults(self) -> list[Fault]:
        """Faults not cleared yet, oldest first."""
        return [
            Fault(id=fault, root=root, at=at, message=message, traceback=traceback)
            for fault, root, at, message, traceback in self._run(_FAULTS).fetchall()
        ]

    def clear_fault(self, fault: str) -> None:
        """Forget the fault; its family falls due as before. Nothing happens if there is none."""
        self._run(_DUE_AGAIN, fault)
        self._run(_UNMARKED, fault)
        self._run(_NO_FAULT, fault)
        self._rows.clear()

    def finish_import(self, name: str) -> None:
        """Its families are no longer importing and fall due as others."""
        self._run(_IMPORTED, name)
        self._run(_ALL_THERE, name)
        self._rows.clear()
