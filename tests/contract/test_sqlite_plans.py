"""What SQLite walks along: nothing that is asked often reads all cases, and lists come sorted from an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from engine.ports import Query
from engine.store.address import read_address
from engine.store.heads import hashes_text
from engine.store.imprints import CASES, TABLES, listed_text
from engine.store.sqlite.opening import open_sqlite
from engine.store.statements import texts_of
from tests.contract.plans import Plans

STATEMENTS = texts_of("sqlite")
# Which are few, and asked for whole.
WHOLE = ("PEOPLE", "FAULTS", "DEFINITIONS", "OPEN_AGAIN", "ADJUSTMENTS", "ADJUSTED_CASES", "COUNT_KEYS",
         "COUNT_CASES_UNDER")  # fmt: skip


class SqlitePlans(Plans):
    def plan(self, text: str, values: Sequence[Any] = ()) -> str:
        rows = self.run("EXPLAIN QUERY PLAN " + text, [None] * text.count("?")).fetchall()
        return " | ".join(row[3] for row in rows)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    path = tmp_path_factory.mktemp("plans") / "desk.db"
    with closing(open_sqlite(read_address(str(path)), create=True)) as store, store.write() as work:
        yield SqlitePlans(work)


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in (*WHOLE, "TIME")])
def test_no_statement_reads_a_whole_table(plans: Plans, name: str) -> None:
    plan = plans.plan(STATEMENTS[name].text)
    if name in ("FORGET", "NO_DIGESTS"):  # once a day or by an administrator, along the requests, which are few
        plan = plan.replace("SCAN requests", "")
    assert "SCAN" not in plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("FAMILY", "ix_cases_root_birth (root=?)"),
        ("LIKE", "ix_cases_process_opened_ms (process=? AND opened_ms>? AND opened_ms<?)"),
        ("OPEN_WITH_KEY", "ix_cases_business_key (business_key=? AND process=?)"),
        ("DUE", "COVERING INDEX ix_cases_family_due_ms_id (family_due_ms<?)"),
        ("NEXT_DUE", "COVERING INDEX ix_cases_family_due_ms_id"),
        ("CLAIMABLE_MAIL", "ix_outbox_waiting (next_ms<?)"),
        ("DUE_TIMETABLES", "INDEX ix_timetables_due (due_ms>? AND due_ms<?)"),
        ("NEXT_OPENING", "INDEX ix_timetables_due (due_ms>?)"),
        ("NEXT_MAIL", "ix_outbox_waiting"),
    ],
)
def test_what_is_asked_most_walks_its_own_index(plans: Plans, name: str, index: str) -> None:
    plan = plans.plan(STATEMENTS[name].text)
    assert index in plan
    assert "ORDER BY" not in plan


@pytest.mark.parametrize(
    "text",
    [hashes_text(3), listed_text(3), *(text for table in (CASES, *TABLES) for text in (table.walk, table.of_one))],
)
def test_what_is_held_against_a_checkpoint_is_walked_along_by_its_key(plans: Plans, text: str) -> None:
    plan = plans.plan(text).replace("SCAN wanted", "").replace("SCAN 3 CONSTANT ROWS", "")
    assert "SEARCH" in plan
    assert "SCAN" not in plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query(), "ix_cases_worklist"),
        (Query(after=(1, 2, "R-1")), "ix_cases_worklist ((sort_key,opened_ms,id)>(?,?,?))"),
        (Query(process="repair", state="on_site"), "ix_cases_worklist"),
        (Query(is_open=False), "ix_cases_closed"),
    ],
)
def test_lists_come_sorted(plans: Plans, query: Query, index: str) -> None:
    plan = plans.of(query)
    assert index in plan
    assert "ORDER BY" not in plan


def test_a_worklist_walks_along_each_queue_and_stops_at_a_page(plans: Plans) -> None:
    plan = plans.of(Query(waiting=("role:agent", "person:lin"), after=(1, 2, "R-1")))
    walk = "SEARCH waiting USING PRIMARY KEY (receiver=? AND (sort_key,opened_ms,case_id)>(?,?,?))"
    assert plan.count(walk) == 2
    assert "SCAN cases" not in plan
    assert "SCAN waiting" not in plan


def test_ones_own_cases_are_found_by_their_holder(plans: Plans) -> None:
    assert "ix_cases_assignee (assignee=?)" in plans.of(Query(assignee="lin"))


def test_events_with_private_values_are_found_without_reading_the_others(plans: Plans) -> None:
    plans.seen.clear()
    assert plans.work.private_events() == []
    assert "USING INDEX ix_heard_private" in plans.seen[0]


@pytest.mark.parametrize("with_private", [False, True])
def test_closed_families_of_a_process_are_walked_by_id_without_reading_the_others(
    plans: Plans, with_private: bool
) -> None:
    plans.seen.clear()
    assert list(plans.work.closed_families("repair", 5, with_private=with_private)) == []
    (plan,) = plans.seen
    assert "SEARCH cases USING INDEX ix_cases_closed_roots (process=? AND id>?)" in plan
    assert "SCAN" not in plan
    assert "ORDER BY" not in plan
