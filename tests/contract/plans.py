"""What a database would do to answer a statement."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from engine.ports import Query
from engine.store.transaction import SqlTransaction


class Plans(ABC):
    """A transaction that explains its statements before it runs them."""

    def __init__(self, work: SqlTransaction) -> None:
        self.work = work
        self.run = work._execute
        self.seen: list[str] = []
        work._execute = self.explain

    def explain(self, text: str, values: Sequence[Any]) -> Any:
        self.seen.append(self.plan(text, values))
        return self.run(text, values)

    def of(self, query: Query) -> str:
        self.seen.clear()
        self.work.worklist(query)
        return self.seen[0]

    @abstractmethod
    def plan(self, text: str, values: Sequence[Any] = ()) -> str:
        """What the database says it would do."""
