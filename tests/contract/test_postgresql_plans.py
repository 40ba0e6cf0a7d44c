"""What PostgreSQL walks along once there are many cases: indexes, whatever it is asked often, and no sorting of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from engine.ports import Query
from engine.store import open_store
from engine.store.postgresql.store import PostgresStore
from engine.store.statements import texts_of
from tests import postgres
from tests.contract.builders import a_case, opening, put, step
from tests.contract.plans import Plans

STATEMENTS = texts_of("postgresql")
MANY = 5_000
QUEUES = ("role:agent", "role:boss", "role:carrier")

COPY = f"""
INSERT INTO cases SELECT (jsonb_populate_record(one, jsonb_build_object(
    'id', 'R-' || n, 'root', 'R-' || n, 'sort_key', n, 'opened_ms', n, 'family_due_ms', n, 'business_key', 'k' || n
))).* FROM cases AS one, generate_series(2, {MANY}) AS n
"""
QUEUE = f"""
INSERT INTO waiting SELECT ('{{{",".join(QUEUES)}}}'::text[])[1 + n % 3], n, n, 'R-' || n
FROM generate_series(2, {MANY}) AS n
"""


class PostgresPlans(Plans):
    def plan(self, text: str, values: Sequence[Any] = ()) -> str:
        return "\n".join(line for (line,) in self.run("EXPLAIN " + text, values).fetchall())


@pytest.fixture(scope="module")
def plans() -> Iterator[Plans]:
    with postgres.database() as url:
        store = open_store(url)
        assert isinstance(store, PostgresStore)
        put(store, opening(a_case("R-1")))
        with store.write() as work:
            for text in (COPY, QUEUE, "ANALYZE"):
                work._do(text)
        with store.write() as work:
            work._do("SET LOCAL enable_seqscan = off")  # of so few it would rather read all
            yield PostgresPlans(work)
        store.close()


@pytest.mark.parametrize(
    ("name", "values", "index"),
    [
        ("LOCK", ("R-7",), "pk_cases"),
        ("FAMILY", ("R-7",), "ix_cases_root_birth"),
        ("OPEN_WITH_KEY", ("k7", "repair"), "ix_cases_business_key"),
        ("DUE", (500, 100), "ix_cases_family_due_ms_id"),
        ("NEXT_DUE", (), "ix_cases_family_due_ms_id"),
    ],
)
def test_what_is_asked_most_walks_its_own_index(plans: Plans, name: str, values: tuple[Any, ...], index: str) -> None:
    text = STATEMENTS[name]
    plan = plans.plan(text.text, text.values(values))
    assert index in plan
    assert "Seq Scan on cases" not in plan


def test_what_is_due_is_not_sorted(plans: Plans) -> None:
    """A hundred of many that are due are the first hundred of the index."""
    text = STATEMENTS["DUE"]
    assert "Sort" not in plans.plan(text.text, text.values((MANY, 100)))


@pytest.mark.parametrize("after", [None, (MANY // 2, MANY // 2, "R-1"), (MANY * 3 // 4, MANY * 3 // 4, "R-1")])
def test_a_page_of_three_queues_reads_a_page_of_each_however_deep_it_is(
    plans: Plans, after: tuple[int, int, str] | None
) -> None:
    plan = plans.of(Query(waiting=QUEUES, limit=50, after=after))
    assert plan.count("using pk_waiting") == len(QUEUES)
    assert "Seq Scan" not in plan


def test_a_page_of_all_cases_walks_along_their_order(plans: Plans) -> None:
    plan = plans.of(Query(limit=50, after=(MANY // 2, MANY // 2, "R-1")))
    assert "ix_cases_worklist" in plan
    assert "Sort" not in plan


def test_a_batch_of_steps_touches_no_index_of_cases() -> None:
    """Its rows are changed side by side on their pages, where there is room for all of them."""
    with postgres.database() as url:
        store = open_store(url)
        families = [put(store, opening(a_case(f"R-{number}", data={"text": "x" * 500}))) for number in range(60)]
        with store.write() as work:
            for family in families:
                work.save(step(family, {"data": {"text": "y" * 500}}))
        with psycopg.connect(url) as server:
            server.execute("SELECT pg_stat_force_next_flush()")
        store.close()
        with psycopg.connect(url) as server:
            asked = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'cases'"
            changed, beside = server.execute(asked).fetchone() or (0, 0)
        assert changed == 60
        assert beside >= 30, "of a page filled whole it is one or two"
