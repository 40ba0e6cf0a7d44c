"""Tables in memory, and the changes of one transaction laid over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.errors import StoreUnavailable

Tables = dict[str, dict[Any, Any]]
_GONE: Final = object()


class Overlay:
    """What one transaction sees: the tables as they were, with its own changes in front."""

    def __init__(self, tables: Tables, *, is_read_only: bool = False) -> None:
        self._tables = tables
        self._changed: Tables = {}
        self._is_read_only = is_read_only

    def get(self, table: str, key: Any) -> Any:
        """The row with this key, or None."""
        changed = self._changed.get(table)
        if changed is not None and key in changed:
            found = changed[key]
            return None if found is _GONE else found
        rows = self._tables.get(table)
        return rows.get(key) if rows is not None else None

    def put(self, table: str, key: Any, row: Any) -> None:
        """Add or replace a row."""
        if self._is_read_only:
            raise StoreUnavailable("nothing can be written here: this transaction only reads")
        self._changed.setdefault(table, {})[key] = row

    def drop(self, table: str, key: Any) -> None:
        """Remove a row, if it is there."""
        if self.get(table, key) is not None:
            self.put(table, key, _GONE)

    def rows(self, table: str) -> Iterator[tuple[Any, Any]]:
        """Every key with its row, those added here last."""
        old = self._tables.get(table, {})
        changed = self._changed.get(table, {})
        for key, row in old.items():
            now = changed.get(key, row)
            if now is not _GONE:
                yield key, now
        for key, row in changed.items():
            if key not in old and row is not _GONE:
                yield key, row

    def mark(self) -> Tables:
        """A point to which one can go back."""
        return {name: dict(changed) for name, changed in self._changed.items()}

    def go_back(self, mark: Tables) -> None:
        """Forget what was changed since."""
        self._changed = mark

    def changes(self) -> Tables:
        """What was changed, by table."""
        return self._changed

    @staticmethod
    def apply(table: dict[Any, Any], changed: dict[Any, Any]) -> None:
        """Bring changes into a table."""
        for key, row in changed.items():
            if row is _GONE:
                table.pop(key, None)
            else:
                table[key] = row
