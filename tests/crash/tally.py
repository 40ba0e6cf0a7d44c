"""What was tried, counted where it is done: each test says its part, and a run ends with one table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

DATABASES = ("SQLite", "PostgreSQL")
KILL = "kill -9 of "

_TRIED: Counter[tuple[str, str]] = Counter()


def database_of(place: str | Path) -> str:
    """The kind of database that is there."""
    return DATABASES[str(place).startswith("postgresql")]


def tried(place: str | Path, what: str, count: int = 1) -> None:
    """Something was done to a database, or to who works on it."""
    _TRIED[what, database_of(place)] += count


def take() -> list[tuple[str, str, int]]:
    """All that was tried since it was taken last: what, on which database, how often."""
    taken = [(*which, count) for which, count in sorted((+_TRIED).items())]
    _TRIED.clear()
    return taken


def sentences(taken: list[tuple[str, str, int]]) -> Iterator[str]:
    """What one test tried, for whoever reads along."""
    for what, database, count in taken:
        yield f"tried on {database}: {count} x {what}"


def table(taken: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """What a whole run tried, a row for each kind; all kills first, in one sum."""
    kills = [(what, count) for what, count in _rows(taken) if what.startswith(KILL)]
    others = [(what, count) for what, count in _rows(taken) if not what.startswith(KILL)]
    summed = tuple(sum(count[column] for _, count in kills) for column in range(len(DATABASES)))
    yield _line("tried", DATABASES)
    in_all = [("kill -9 in all", summed)] if kills else []
    for what, count in (*in_all, *((f"  {what}", count) for what, count in kills), *others):
        yield _line(what, tuple(f"{one:,}" if one else "" for one in count))


def _rows(taken: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for what in sorted({what for what, _ in taken}):
        yield what, tuple(taken.get((what, database), 0) for database in DATABASES)


def _line(what: str, columns: tuple[str, ...]) -> str:
    return f"{what:62}" + "".join(f"{one:>12}" for one in columns)
