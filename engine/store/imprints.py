"""One hash over every row that is verified of a case: who has it from before sees whether any of them was changed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from engine.core.outlook import Outlook
from engine.ports import Imprint
from engine.sealing import owner_of_files
from engine.store.rows import CaseRow, outlook_of, waiting_of
from engine.store.walks import Walks

Row = Sequence[Any]

PLACES = 200
"""Cases whose places on lists are asked for at a time."""


class _Table(NamedTuple):
    """What is read of a table, in the order of its key; the case comes first. What a worker writes is left out."""

    columns: str
    table: str  # and what is joined to it
    key: Mapping[str, str | int]  # columns, each with what lies before every value

    @property
    def name(self) -> str:
        """Of the table itself."""
        return self.table.partition(" ")[0]

    @property
    def walk(self) -> str:
        """All of it, a page at a time."""
        marks = ", ".join("?" * len(self.key))
        return f"{self._select} WHERE ({', '.join(self.key)}) > ({marks}) ORDER BY {', '.join(self.key)} LIMIT ?"

    @property
    def of_one(self) -> str:
        """What one case has."""
        return f"{self._select} WHERE {next(iter(self.key))} = ? ORDER BY {', '.join(self.key)}"

    @property
    def _select(self) -> str:
        columns = ", ".join([*self.key, *([self.columns] if self.columns else [])])
        return f"SELECT {columns} FROM {self.table}"


_LEAST = -(2**62)
CHAINS = _Table("text, hash", "records", {"case_id": "", "sequence": _LEAST})
CASES = _Table(", ".join(CaseRow._fields), "cases", {"id": ""})
TABLES = (
    _Table("family_order, text, hash", "records", {"case_id": "", "sequence": _LEAST}),
    _Table(
        "at_ms, kind, receiver, receiver_kind, name, body", "outbox",
        {"case_id": "", "sequence": _LEAST, "number": _LEAST},
    ),
    _Table(
        "started_ms, ended_ms, result, goal_kind, goal_ms, used_ms, breached_ms, turns, noticed_ms", "clock_cycles",
        {"case_id": "", "clock": "", "cycle": _LEAST},
    ),
    _Table(
        "is_reversed, adjustments.*", "affected LEFT JOIN adjustments ON adjustments.id = affected.adjustment",
        {"case_id": "", "adjustment": "", "clock": ""},
    ),
    _Table("", "listening", {"case_id": "", "event": "", "mark": ""}),
    _Table("value, search", "personal", {"case_id": "", "field": ""}),
    _Table("secret", "case_keys", {"case_id": ""}),
    _Table("name, media_type, at_ms", "attachments", {"case_id": "", "hash": "", "id": _LEAST}),
)  # fmt: skip
_CONTENT = "SELECT content FROM contents WHERE case_id = ? AND hash = ?"
IN_MONTHS = "family_order, text, hash, at_ms"
_PLACE = "(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT))"

# Joined from the left: asked for with `IN`, SQLite would read the whole table for every few cases.
_LISTED = (
    "WITH wanted(receiver, sort_key, opened_ms, case_id) AS (VALUES {places}) "
    "SELECT wanted.case_id, wanted.receiver FROM wanted LEFT JOIN waiting ON waiting.receiver = wanted.receiver AND "
    "waiting.sort_key = wanted.sort_key AND waiting.opened_ms = wanted.opened_ms AND waiting.case_id = wanted.case_id "
    "WHERE waiting.case_id IS NOT NULL ORDER BY wanted.case_id, wanted.receiver"
)


def listed_text(count: int) -> str:
    """What asks on which lists cases stand, in so many places."""
    return _LISTED.format(places=", ".join([_PLACE] * count))


class Imprints(Walks):
    """The imprints of cases."""

    def imprints(self) -> Iterator[Imprint]:
        """Of every case, by id; archived ones have none."""
        tables = [(table.name, _ByCase(self._walked(table))) for table in self._tables]
        cases = (CaseRow._make(row[1:]) for row in self._walked(CASES))
        while some := list(islice(cases, PLACES)):
            listed = self._listed(some)
            for row in some:
                rows = {name: found for name, each in tables if (found := each.of(row.id))}
                yield self._imprint(row, listed, rows)

    def imprint(self, case: str) -> Imprint | None:
        """Of this case; None where there is no such case."""
        found = self._ask(CASES.of_one, (case,)).fetchall()
        if not found:
            return None
        row = CaseRow._make(found[0][1:])
        asked = ((table.name, self._ask(table.of_one, (case,)).fetchall()) for table in self._tables)
        return self._imprint(row, self._listed([row]), {name: rows for name, rows in asked if rows})

    def chains(self) -> Iterator[tuple[str, int, str, str]]:
        """Every record that is not archived, by case and sequence: these, its text and its hash."""
        return map(tuple, self._walked(CHAINS))

    def listed(self, case: str) -> tuple[Outlook, tuple[str, ...]] | None:
        """A case's line in lists, and on which worklists it stands of those that the line names; None: no such case."""
        row = self._rows.get(case)
        if row is None:
            found = self._run("ROW", case).fetchone()
            if found is None:
                return None
            row = CaseRow._make(found)
        return outlook_of(row), tuple(self._listed([row]).get(case, ()))

    @property
    def _tables(self) -> Sequence[_Table]:
        """Where the audit stands in months, a record moved to another one would not be found with its case."""
        return (TABLES[0]._replace(columns=IN_MONTHS), *TABLES[1:]) if self._locks_rows else TABLES

    def _walked(self, table: _Table) -> Iterator[Row]:
        return self._pages(table.walk, tuple(table.key.values()), (), tuple(range(len(table.key))))

    def _imprint(self, row: CaseRow, listed: Mapping[str, list[str]], rows: dict[str, Sequence[Row]]) -> Imprint:
        files = rows.get("attachments", ())
        contents = [self._digest(row.id, attached[1]) for attached in files]
        if files:
            contents.append(self._key_of(owner_of_files(row.id)))
        records = _written(rows.pop("records", ()))
        beside = repr((tuple(row), listed.get(row.id, ()), {name: _plain(rows[name]) for name in rows}, contents))
        written = f"{beside}\n{records}".encode("utf-8", "surrogatepass")
        return Imprint(row.id, row.root, row.sequence, row.head, hashlib.sha256(written).hexdigest())

    def _digest(self, case: str, content: str) -> str | None:
        found = self._ask(_CONTENT, (case, content)).fetchone()
        return None if found is None else hashlib.sha256(found[0]).hexdigest()

    def _listed(self, cases: Sequence[CaseRow]) -> Mapping[str, list[str]]:
        """The lists on which these cases stand, of those on which they must be."""
        wanted = [place for row in cases for place in waiting_of(row)]
        found: dict[str, list[str]] = defaultdict(list)
        for first in range(0, len(wanted), PLACES):
            some = wanted[first : first + PLACES]
            asked = self._ask(listed_text(len(some)), [value for place in some for value in place])
            for case, receiver in asked.fetchall():
                found[case].append(receiver)
        return found


class _ByCase:
    """Rows in the order of their cases, given out case by case."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, case: str) -> Sequence[Row]:
        """Those of this case; cases are asked for in their order, and rows of none of them are passed over."""
        row = self._next
        if row is None or row[0] > case:
            return ()
        found: list[Row] = []
        while row is not None and row[0] <= case:
            if row[0] == case:
                found.append(row)
            row = next(self._rows, None)
        self._next = row
        return found


def _written(records: Sequence[Row]) -> str:
    """Records as one text, which no others have: their long texts behind the rest, which says how long each is."""
    try:
        places = [(*row[1:3], len(row[3]), *row[4:]) for row in records]
        return f"{places!r}\n{''.join([row[3] for row in records])}"
    except TypeError:  # somebody put something else there than a text
        return repr(_plain(records))


def _plain(rows: Sequence[Row]) -> list[Row]:
    return [*map(tuple, rows)]
