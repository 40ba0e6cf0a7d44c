"""Families that are set aside, and imports."""

from __future__ import annotations

from engine.ports import Fault
from engine.store.rows import plain
from engine.store.sql import Work


class Nursing(Work):
    """What keeps families out of the due work, and brings them back."""

    def set_aside(self, fault: Fault) -> None:
        """Keep the fault and its family out of the due work."""
        message, traceback = (plain(text.replace("\x00", "�"), "a fault") for text in (fault.message, fault.traceback))
        self._run("FAULT", fault.id, fault.root, fault.at, message, traceback)
        self._run("SET_ASIDE", fault.id, fault.root)
        self._forget()

    def faults(self) -> list[Fault]:
        """Faults not cleared yet, oldest first."""
        return [
            Fault(id=fault, root=root, at=at, message=message, traceback=traceback)
            for fault, root, at, message, traceback in self._run("FAULTS").fetchall()
        ]

    def clear_fault(self, fault: str) -> None:
        """Forget the fault; its family falls due as before. Nothing happens if there is none."""
        self._run("DUE_AGAIN", fault)
        self._run("UNMARKED", fault)
        self._run("OPEN_AGAIN", fault)
        self._run("NO_FAULT", fault)
        self._forget()

    def finish_import(self, name: str) -> None:
        """Its families are no longer importing and fall due as others."""
        self._run("IMPORTED", name)
        self._run("ALL_THERE", name)
        self._run("HEARD_IMPORTED", name)
        self._forget()
