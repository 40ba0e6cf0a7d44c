"""From its second step on a transaction lets rows wait that are only written, and writes them kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from engine.core.cases import Family
from engine.errors import Conflict, Outrun, UsageError
from engine.ports import Save, Store
from engine.store.address import read_address
from engine.store.sqlite.opening import open_sqlite
from engine.store.sqlite.store import SqliteStore
from tests.contract.builders import a_case, a_child, a_message, a_step, get, moved, opening, outlook, put, step

NAMES = ("R-1", "R-2", "R-3")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SqliteStore]:
    made = open_sqlite(read_address(str(tmp_path / "desk.db")), create=True)
    for name in NAMES:
        put(made, opening(a_case(name)))
    yield made
    made.close()


def told(store: SqliteStore, work: Callable[[Any], object]) -> list[str]:
    """The first word of everything that the writer tells the database while this is done, the same ones once."""
    found: list[str] = []
    assert store._writer is not None
    store._writer.set_trace_callback(lambda text: found.append(text.split(" ")[0]))
    try:
        with store.write() as tx:
            work(tx)
    finally:
        store._writer.set_trace_callback(None)
    return [word for word, _ in groupby(word for word in found if word != "PRAGMA")]


def step_each(tx: Any, families: list[Family]) -> None:
    for family in families:
        tx.save(step(family))


def save_all(store: Store, saves: list[Save]) -> None:
    with store.write() as tx:
        for save in saves:
            tx.save(save)


def test_rows_of_all_steps_but_the_first_go_kind_by_kind_with_the_commit(desk: SqliteStore) -> None:
    families = [get(desk, name) for name in NAMES]
    written = told(desk, lambda tx: step_each(tx, families))
    assert [word for word in written if word != "SELECT"] == ["BEGIN", "UPDATE", "INSERT", "UPDATE", "INSERT", "COMMIT"]
    assert [get(desk, name).cases[name].revision for name in NAMES] == [2, 2, 2]


def test_a_step_alone_waits_for_nothing(desk: SqliteStore) -> None:
    family = get(desk, "R-1")
    assert told(desk, lambda tx: tx.save(step(family))) == ["BEGIN", "UPDATE", "INSERT", "COMMIT"]


def test_who_asks_sees_what_waits(store: Store) -> None:
    for name in NAMES:
        put(store, opening(a_case(name)))
    with store.write() as tx:
        step_each(tx, [get(store, name) for name in NAMES])
        assert [len(list(tx.records(name))) for name in NAMES] == [2, 2, 2]


def test_another_family_is_read_without_writing_what_waits(desk: SqliteStore) -> None:
    families = [get(desk, name) for name in NAMES]

    def work(tx: Any) -> None:
        step_each(tx, families[:2])
        tx._seen.clear()
        tx._known = None
        assert tx.family("R-3", lock=True) == families[2]

    written = told(desk, work)
    assert written[-4:] == ["SELECT", "UPDATE", "INSERT", "COMMIT"]


def test_a_family_that_moves_again_keeps_the_order_of_its_steps(store: Store) -> None:
    family = put(store, opening(a_case("R-1")))
    put(store, opening(a_case("R-2")))
    with store.write() as tx:
        tx.save(step(get(store, "R-2")))
        for place in range(3):
            save = step(family, outlooks={"R-1": outlook(family.cases["R-1"], waiting=(f"role:{place % 2}",))})
            tx.save(save)
            family = save.after
    assert get(store, "R-1") == family
    with store.read() as tx:
        assert [record.sequence for record in tx.records("R-1")] == [1, 2, 3, 4]


def test_messages_of_a_batch_keep_their_order(store: Store) -> None:
    for name in NAMES:
        put(store, opening(a_case(name)))
    with store.write() as tx:
        for name in NAMES:
            family = get(store, name)
            case = moved(family.cases[name])
            sent = tuple(a_message(case, number) for number in range(2))
            tx.save(step(family, steps=(a_step(case, outgoing=sent),)))
    with store.read() as tx:
        assert [(mail.message.case, mail.message.number) for mail in tx.outbox()] == [
            (name, number) for name in NAMES for number in range(2)
        ]


def test_a_part_taken_back_leaves_what_waited_before_it(store: Store) -> None:
    families = [put(store, opening(a_case(name))) for name in NAMES]
    with store.write() as tx:
        step_each(tx, families[:2])
        with suppress(LookupError), tx.part():
            tx.save(step(families[2]))
            raise LookupError
    assert [get(store, name).cases[name].revision for name in NAMES] == [2, 2, 1]


def outrun(store: SqliteStore, statement: str) -> None:
    """Steps of all three families, and a statement behind their back."""
    with store.write() as tx:
        step_each(tx, [get(store, name) for name in NAMES])
        tx._execute(statement, ())


def test_a_row_changed_behind_its_back_is_seen_before_the_commit_and_nothing_is_kept(desk: SqliteStore) -> None:
    with pytest.raises(Outrun):
        outrun(desk, "UPDATE cases SET revision = 9 WHERE id = 'R-3'")
    assert [get(desk, name).cases[name].revision for name in NAMES] == [1, 1, 1]


def test_a_record_that_is_there_already_outruns_the_batch(desk: SqliteStore) -> None:
    with pytest.raises(Outrun):
        outrun(desk, "INSERT INTO records VALUES ('R-3', 2, 2, '{}', 'h')")
    assert [get(desk, name).cases[name].revision for name in NAMES] == [1, 1, 1]


@pytest.mark.parametrize(
    ("changes", "what"), [({"outcome": "\ud800"}, "half a character"), ({"floor": 2**63}, "too large")]
)
def test_what_cannot_be_stored_spoils_the_batch_and_the_next_goes_on(
    desk: SqliteStore, changes: dict[str, Any], what: str
) -> None:
    families = [get(desk, name) for name in NAMES]
    saves = [*map(step, families[:2]), step(families[2], changes)]
    with pytest.raises(UsageError, match=what):
        save_all(desk, saves)
    assert put(desk, step(families[0])).cases["R-1"].revision == 2


def test_who_wants_the_same_key_as_another_of_the_batch_is_told(desk: SqliteStore) -> None:
    opened = [opening(a_case(name), keys={name: ("K", True)}) for name in ("R-8", "R-9")]
    with pytest.raises(Conflict):
        save_all(desk, [step(get(desk, "R-1")), *opened])
    with desk.read() as reading:
        assert reading.family("R-8", lock=False) is None


def test_no_more_rows_wait_than_may(desk: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    families = [put(desk, opening(a_case(f"W-{number}"))) for number in range(7)]
    monkeypatch.setattr("engine.store.sql.MOST_WAITING", 3)
    with desk.write() as tx:
        tx._flush_at = 3
        hand = tx.executemany
        assert hand is not None

        def counting(text: str, rows: Any) -> Any:
            sizes.append(len(rows))
            return hand(text, rows)

        tx.executemany = counting
        step_each(tx, families)
    assert max(sizes) == 3
    assert sum(sizes) == 2 * 6


def test_members_of_a_family_wait_with_it(desk: SqliteStore) -> None:
    root = a_case("R-7")
    family = put(desk, opening(root, children=(a_child(root),)))
    with desk.write() as tx:
        tx.save(step(get(desk, "R-1")))
        tx.save(step(family))
    assert get(desk, "R-7").cases["R-7"].revision == 2
