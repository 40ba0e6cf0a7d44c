"""What a writer need not read again, and what makes it read: any commit of anybody else, and what is taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.ports import Fault, Person, Store
from engine.store.address import read_address
from engine.store.sqlite.opening import open_sqlite
from engine.store.sqlite.store import SqliteStore
from engine.store.statements import texts_of
from tests.contract.builders import a_case, a_child, opening, put, step

KNOWN = ("actors", "settings", "cases", "case_keys", "personal")
"""The tables of which something is known without reading them."""

Change = Callable[[Any], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = open_sqlite(read_address(str(path)), create=True)
    with made.write() as work:
        work.save(opening(a_case(private={"phone": "1"}, secret="aa")))
        work.save_person(Person(id="lin", name="Lin", roles=("clerk",)))
        work.set_setting("catalogue", "1")
    look(made)
    yield made
    made.close()


def look(store: Store) -> tuple[str | None, Person | None, str | None]:
    """Who holds the case, a person, a setting, as a writer sees them."""
    with store.write() as work:
        family = work.family("R-1", lock=True)
        assert family is not None
        return family.cases["R-1"].assignee, work.person("lin"), work.setting("catalogue")


def asked(store: SqliteStore, work: Callable[[], object]) -> list[str]:
    """The first words of every statement the writer runs."""
    found: list[str] = []
    assert store._writer is not None
    store._writer.set_trace_callback(lambda text: found.append(text.split(" ")[0]))
    work()
    store._writer.set_trace_callback(None)
    return found


def test_what_nobody_else_has_changed_is_not_read_again(store: SqliteStore) -> None:
    assert asked(store, lambda: look(store)) == ["BEGIN", "PRAGMA", "COMMIT"]
    with store.write() as work:
        family = work.family("R-1", lock=True)
        assert family is not None
        work.save(step(family, {"assignee": "lin"}))
    seen: list[Any] = []
    assert asked(store, lambda: seen.append(look(store))) == ["BEGIN", "PRAGMA", "COMMIT"]
    assert seen[0][0] == "lin"


CHANGES: dict[str, Change] = {
    "case": lambda run: run("UPDATE cases SET assignee = 'wu', revision = revision + 1"),
    "person": lambda run: run("UPDATE actors SET roles = '[\"boss\"]'"),
    "setting": lambda run: run("UPDATE settings SET value = '2' WHERE name = 'catalogue'"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_another_program_changed_is_seen_by_the_next_transaction(
    store: SqliteStore, path: Path, what: str
) -> None:
    before = look(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        CHANGES[what](other.execute)
    place = list(CHANGES).index(what)
    after = look(store)
    assert [old != new for old, new in zip(before, after, strict=True)] == [place == number for number in range(3)]


def test_two_engines_on_one_file_see_each_other(store: SqliteStore, path: Path) -> None:
    with closing(open_sqlite(read_address(str(path)))) as other:
        for number, (one, two) in enumerate([(store, other), (other, store)] * 3):
            with one.write() as work:
                family = work.family("R-1", lock=True)
                assert family is not None
                work.save(step(family, {"assignee": f"p{number}"}))
                work.set_setting("catalogue", str(number))
                work.save_person(Person(id="lin", name=f"Lin {number}", roles=()))
            for each in (one, two):
                assignee, person, setting = look(each)
                assert (assignee, person and person.name, setting) == (f"p{number}", f"Lin {number}", str(number))


def change_all_and_fail(work: Any) -> None:
    work.save(step(work.family("R-1", lock=True), {"assignee": "lin"}))
    work.save_person(Person(id="lin", name="Another", roles=()))
    work.set_setting("catalogue", "9")
    raise ZeroDivisionError


def test_what_was_rolled_back_has_not_been(store: SqliteStore) -> None:
    before = look(store)
    with pytest.raises(ZeroDivisionError), store.write() as work:
        change_all_and_fail(work)
    assert look(store) == before


def test_what_a_part_took_back_has_not_been_either(store: SqliteStore) -> None:
    before = look(store)
    with store.write() as work:
        work.save(step(work.family("R-1", lock=True) or pytest.fail("no case"), {"assignee": "wu"}))
        with pytest.raises(ZeroDivisionError), work.part():
            change_all_and_fail(work)
        family = work.family("R-1", lock=True)
        assert family is not None
        assert (family.cases["R-1"].assignee, work.person("lin"), work.setting("catalogue")) == ("wu", *before[1:])
        work.save(step(family, {"queue": "boss"}))
    assert look(store) == ("wu", *before[1:])


def test_a_family_set_aside_is_seen_as_such_and_as_well_again_later(store: SqliteStore) -> None:
    fault = Fault(id="X-1", root="R-1", at=1, message="m", traceback="t")
    for change, expected in ((lambda w: w.set_aside(fault), "X-1"), (lambda w: w.clear_fault("X-1"), None)):
        with store.write() as work:
            work.family("R-1", lock=True)
            change(work)
            inside = work.family("R-1", lock=True)
        with store.write() as work:
            after = work.family("R-1", lock=True)
        assert inside is not None
        assert after is not None
        assert (inside.cases["R-1"].fault, after.cases["R-1"].fault) == (expected, expected)


def test_a_family_saved_without_having_been_read_is_read_whole(store: SqliteStore) -> None:
    root = a_case("S-1", children=1)
    family = put(store, opening(root, children=(a_child(root),)))
    with store.write() as work:
        work.save(step(family, {"assignee": "wu"}))
    with store.write() as work:
        found = work.family("S-1", lock=True)
    assert found is not None
    assert (found.cases["S-1"].assignee, list(found.cases)) == ("wu", ["S-1", "S-1.1"])


def test_a_huge_case_is_read_each_time(store: SqliteStore) -> None:
    put(store, opening(a_case("B-1", data={"text": "x" * 20_000})))
    for _ in range(2):
        with store.write() as work:
            work.family("B-1", lock=True)
    assert "B-1" not in store._standing.families
    assert "R-1" in store._standing.families


def test_a_person_nobody_knows_may_be_named_later(store: SqliteStore) -> None:
    with store.write() as work:
        assert work.person("wu") is None
    with store.write() as work:
        work.save_person(Person(id="wu", name="Wu", roles=()))
        assert work.person("wu") is not None
    with store.write() as work:
        assert work.person("wu") is not None


def test_every_statement_that_changes_what_is_known_belongs_to_a_verb_that_says_so() -> None:
    """Whoever adds one: its verb is `save`, which notes what it wrote, or ends with `_forget`."""
    writing = {
        name
        for name, text in texts_of("sqlite").items()
        for table in KNOWN
        if text.text.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ", f"DELETE FROM {table} "))
    }
    saving = {"NEW_CASE", "NEW_SECRET", "NO_SECRET", "PERSONAL_VALUE", "NO_PERSONAL_VALUE"}
    forgetting = {
        "PERSON",
        "SET",
        "UNSET",
        "SET_ASIDE",
        "DUE_AGAIN",
        "UNMARKED",
        "IMPORTED",
        "ALL_THERE",
        "REPLACE_KEY",
    }
    of_no_case = {"FORGET_KEYS"}  # those of events, which no family holds
    assert writing == saving | forgetting | of_no_case
