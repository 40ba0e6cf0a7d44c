"""Which cases a report or an export goes on without: those that nobody can read, named so that none is missed."""

from __future__ import annotations

from engine.core.plan import Library, Plan
from engine.errors import VerificationFailed


class LeftOut:
    """The cases left out, each once."""

    def __init__(self) -> None:
        self._cases: set[str] = set()

    @property
    def cases(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(sorted(self._cases))

    def add(self, case: str) -> None:
        """Leave this case out."""
        self._cases.add(case)

    def plan(self, library: Library, case: str, of: tuple[str, int]) -> Plan | None:
        """The definition a case is of; where that is gone the case is left out."""
        try:
            return library.plan(*of)
        except VerificationFailed:
            self.add(case)
            return None
