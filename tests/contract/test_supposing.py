"""What a process takes for granted on a server: one message there and back, and nothing stands that was not so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from selectors import DefaultSelector
from typing import Any

import psycopg
import pytest

from engine import Accepted, Act, Engine, Refusal
from engine.errors import Conflict, NotPermitted, SetAside, StoreUnavailable
from engine.ports import Fault, Person
from engine.store.postgresql import supposing
from engine.store.postgresql.store import PostgresStore
from engine.store.postgresql.wire import Wire
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import LIN, NINE, open_errand, send, sources
from tests.contract.exchanges import counted

LIN_HERE = Person(id="lin", name="Lin", roles=("agent",))


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A desk on which one process has just worked on every case, so that it knows them."""
    with Engine.open(f"{url}&busy=2", time=ManualTime(NINE)) as made:
        made.publish(sources(), "errand", actor=ADMIN)
        made.save_person(LIN_HERE, actor=ADMIN)
        for case in [open_errand(made) for _ in range(12)]:
            remark(made, case)
        yield made


@pytest.fixture
def other(url: str, engine: Engine) -> Iterator[Engine]:
    """Another process on the same desk."""
    with Engine.open(url, time=ManualTime(NINE)) as made:
        yield made


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many statements each message there and back holds."""
    with monkeypatch.context() as patch:
        yield counted(patch)


def remark(engine: Engine, case: str, note: str = "x", **more: Any) -> Accepted | Refusal:
    return engine.act(case, "remark", {"note": note}, actor="lin", **more)


def knowledge(engine: Engine) -> supposing.Supposing:
    store = engine._store
    assert isinstance(store, PostgresStore)
    return store._supposing


def revision(engine: Engine, case: str) -> int:
    return engine.case(case, actor=ADMIN).revision


def open_some(engine: Engine) -> list[str]:
    return [open_errand(engine, actor="lin") for _ in range(10)]


def notes(engine: Engine, case: str) -> list[str]:
    return [
        record["form"]["note"] for record in engine.history(case, actor=ADMIN) if "note" in (record.get("form") or {})
    ]


# -- what is so --------------------------------------------------------------------------------------------------------


def test_an_action_on_a_case_that_is_known_is_one_message(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with counting(monkeypatch) as trips:
        assert isinstance(remark(engine, "E-1", key="k"), Accepted)
        assert isinstance(remark(engine, "E-1"), Accepted)
    assert len(trips) == 2
    assert revision(engine, "E-1") == 4


def test_so_is_a_batch_and_its_keys_are_proven_unused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    acts = [Act(case=f"E-{number}", action="remark", form={"note": "y"}, key=f"k{number}") for number in range(1, 13)]
    with counting(monkeypatch) as trips:
        assert all(isinstance(one, Accepted) for one in engine.act_many(acts, actor="lin"))
    assert len(trips) <= 2  # the first half may have gone ahead
    assert all(one.is_repeat for one in engine.act_many(acts, actor="lin") if isinstance(one, Accepted))


def test_so_is_an_opening_by_who_drew_the_last_number(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of it is in `test_numbering.py`."""
    with counting(monkeypatch) as trips:
        assert open_errand(engine, actor="lin") == "E-13"
    assert len(trips) == 1


def test_who_fails_is_told_after_what_he_was_decided_on_is_proven(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counting(monkeypatch) as trips, pytest.raises(Conflict, match="revision 2, you expected 9"):
        remark(engine, "E-1", expect_revision=9)
    assert len(trips) == 1


def test_what_is_asked_besides_is_asked_with_the_proof(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with counting(monkeypatch) as trips:
        assert isinstance(engine.act("E-1", "send", {"runner": "nobody"}, actor=LIN), Refusal)
    assert len(trips) <= 4  # the last but one: who was probably meant
    assert revision(engine, "E-1") == 2


# -- what is not so any more -------------------------------------------------------------------------------------------


def test_a_case_that_another_process_changed_is_decided_anew(engine: Engine, other: Engine) -> None:
    remark(other, "E-1", "theirs")
    assert isinstance(remark(engine, "E-1", "ours"), Accepted)
    assert notes(engine, "E-1") == ["x", "theirs", "ours"]
    assert revision(engine, "E-1") == 4


def test_a_state_that_the_case_has_left_is_not_acted_in(engine: Engine, other: Engine) -> None:
    other.save_person(Person(id="run", name="Run", roles=("runner",)), actor=ADMIN)
    send(other, "E-1")
    assert isinstance(engine.act("E-1", "send", {"runner": "run"}, actor=LIN), Refusal)


def test_a_person_who_was_sent_away_elsewhere_may_do_nothing_here(engine: Engine, other: Engine) -> None:
    other.save_person(Person(id="lin", name="Lin", roles=("agent",), is_active=False), actor=ADMIN)
    with pytest.raises(NotPermitted):
        remark(engine, "E-1")
    other.save_person(LIN_HERE, actor=ADMIN)
    assert isinstance(remark(engine, "E-1"), Accepted)


def test_who_asks_for_a_case_leaves_out_what_is_known_of_people_and_publications(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    remark(other, "E-1")
    remark(engine, "E-1")  # what it supposed was not so; next it asks
    with counting(monkeypatch) as trips:
        assert isinstance(remark(engine, "E-2"), Accepted)
    assert trips[0] == len(["BEGIN", "mark", "lock", "family", "keys"])


def test_cases_that_others_changed_are_read_with_the_first_message(
    engine: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their keys were asked for one by one, when their rows were seen to be others."""
    cases = [f"E-{number}" for number in range(1, 13)]
    for case in cases:
        remark(other, case)
    remark(engine, "E-1")
    acts = [Act(case=case, action="remark", form={"note": "y"}) for case in cases[1:]]
    with counting(monkeypatch) as trips:
        assert all(isinstance(one, Accepted) for one in engine.act_many(acts, actor="lin"))
    assert len(trips) == 2


def test_a_person_who_was_sent_away_elsewhere_is_asked_for_by_who_asks(engine: Engine, other: Engine) -> None:
    remark(other, "E-1")
    remark(engine, "E-1")
    other.save_person(Person(id="lin", name="Lin", roles=("agent",), is_active=False), actor=ADMIN)
    with pytest.raises(NotPermitted):
        remark(engine, "E-1")


def test_a_role_that_was_taken_away_elsewhere_is_not_held_here(engine: Engine, other: Engine) -> None:
    other.save_person(Person(id="lin", name="Lin", roles=("runner",)), actor=ADMIN)
    assert isinstance(remark(engine, "E-1"), Refusal)


def test_a_key_that_another_process_used_acts_once(engine: Engine, other: Engine) -> None:
    assert isinstance(remark(other, "E-1", key="k"), Accepted)
    assert isinstance(remark(other, "E-2", key="k2"), Accepted)
    result = remark(engine, "E-1", key="k")
    assert isinstance(result, Accepted)
    assert result.is_repeat
    with pytest.raises(Conflict, match="was used by"):
        remark(engine, "E-3", key="k2")


def test_a_family_that_was_set_aside_elsewhere_is_left_alone(engine: Engine, other: Engine) -> None:
    with other._store.write() as tx:
        tx.set_aside(Fault(id="F-1", root="E-1", at=NINE, message="the engine failed", traceback="Traceback …"))
    with pytest.raises(SetAside):
        remark(engine, "E-1")
    assert revision(engine, "E-1") == 2


def test_numbers_are_given_once_whoever_opens(engine: Engine, other: Engine) -> None:
    assert [open_errand(each, actor="lin") for each in (other, engine, other)] == ["E-13", "E-14", "E-15"]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(open_some, each) for each in (engine, other)]
        opened = [case for job in jobs for case in job.result()]
    assert sorted(opened) == sorted(f"E-{number}" for number in range(16, 36))


def test_an_opening_that_is_refused_leaves_nothing_and_its_number_is_given_again(engine: Engine, other: Engine) -> None:
    assert isinstance(engine.open_case("errand", {}, actor="lin"), Refusal)
    other.save_person(Person(id="lin", name="Lin", roles=()), actor=ADMIN)
    assert isinstance(engine.open_case("errand", {"what": "milk"}, actor="lin"), Refusal)
    other.save_person(LIN_HERE, actor=ADMIN)
    assert open_errand(engine, actor="lin") == "E-13"


def test_what_the_calendar_began_to_open_elsewhere_is_opened_first(engine: Engine, other: Engine, url: str) -> None:
    """A timetable that appeared meanwhile is asked for, and whoever opens by it is waited for."""
    with psycopg.connect(url) as server:
        server.execute("INSERT INTO timetables (process, since_ms, made) VALUES ('errand', %s, 0)", (NINE,))
    knowing = knowledge(engine)
    assert open_errand(engine, actor="lin") == "E-13"
    assert not any("timetables" in text for text, _ in knowing._facts.rows)


def test_a_publication_elsewhere_is_seen(engine: Engine, other: Engine) -> None:
    other.publish(sources(), "errand", actor=ADMIN)
    assert isinstance(remark(engine, "E-1"), Accepted)


def test_tables_of_a_newer_version_are_refused(engine: Engine, url: str) -> None:
    with psycopg.connect(url) as server:
        server.execute("UPDATE casewright_schema SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer casewright"):
        remark(engine, "E-1")
    with psycopg.connect(url) as server:
        assert server.execute("SELECT count(*) FROM records WHERE case_id = 'E-1'").fetchone() == (2,)


def test_who_was_stopped_between_decision_and_commit_decides_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its instant is from before it was stopped."""
    with counting(monkeypatch) as trips, monkeypatch.context() as patch:
        patch.setattr(supposing, "LATEST", -10_000)
        assert isinstance(remark(engine, "E-1"), Accepted)
    assert len(trips) == 1 + 2  # what was supposed, of which nothing was kept; asked and kept
    assert revision(engine, "E-1") == 3


def test_where_others_work_on_the_same_less_and_less_is_supposed(engine: Engine, other: Engine) -> None:
    tried = 0
    for _ in range(40):
        remark(other, "E-1")
        before = knowledge(engine)._longer
        assert isinstance(remark(engine, "E-1"), Accepted)
        tried += knowledge(engine)._longer > before
    assert tried <= 6
    for _ in range(200):
        remark(engine, "E-2")
    assert knowledge(engine)._longer == 1, "they have gone"


# -- who else is there -------------------------------------------------------------------------------------------------


def test_a_case_that_somebody_holds_is_waited_for_once(engine: Engine, url: str) -> None:
    with psycopg.connect(url) as holder:
        holder.execute("SELECT id FROM cases WHERE id = 'E-1' FOR UPDATE")
        with ThreadPoolExecutor(2) as pool:
            held = pool.submit(remark, engine, "E-1")
            assert isinstance(pool.submit(remark, engine, "E-2").result(60), Accepted)
            assert not held.done(), "nobody else waits with it"
            with pytest.raises(StoreUnavailable, match="by somebody else for too long"):
                held.result(3.9)


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_connection_that_the_server_has_left_is_replaced_and_nobody_hears_of_it(
    engine: Engine, url: str, is_seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether that is seen before the message is sent, or the server leaves just then and does nothing of it."""
    with psycopg.connect(url, autocommit=True) as server:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        server.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}", (server.info.backend_pid,))
    select = DefaultSelector.select
    if not is_seen:
        quiet = lambda self, timeout=None: [] if timeout == 0 else select(self, timeout)  # noqa: E731
        monkeypatch.setattr(DefaultSelector, "select", quiet)
    assert isinstance(remark(engine, "E-1"), Accepted)
    assert revision(engine, "E-1") == 3


def test_instants_are_the_servers_and_never_ahead_of_it(url: str) -> None:
    with Engine.open(url) as mine, psycopg.connect(url, autocommit=True) as server:
        mine.publish(sources(), "errand", actor=ADMIN)
        case = open_errand(mine)
        mine.act(case, "remark", {"note": "a"}, actor=LIN)
        for _ in range(20):
            (before,) = server.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone() or (0,)
            result = mine.act(case, "remark", {"note": "b"}, actor=LIN)
            (after,) = server.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone() or (0,)
            assert isinstance(result, Accepted)
            assert before - 250 < result.record["at"] <= after


def test_two_processes_that_work_on_the_same_cases_lose_nothing_and_do_nothing_twice(
    engine: Engine, other: Engine
) -> None:
    """Whatever the two suppose: each accepted step is there once, in one order, and every chain is whole."""
    seed = Random().randrange(10**6)

    def works(mine: Engine, name: str) -> list[tuple[str, str]]:
        dice, done = Random(f"{seed}/{name}"), list[tuple[str, str]]()
        for number in range(60):
            case, note = f"E-{dice.randint(1, 3)}", f"{name}{number}"
            if isinstance(remark(mine, case, note, key=note), Accepted):
                done.append((case, note))
        return done

    with ThreadPoolExecutor(4) as pool:
        jobs = [(engine, "a"), (engine, "b"), (other, "c"), (other, "d")]
        kept = [one for job in [pool.submit(works, *job) for job in jobs] for one in job.result()]
    found = [(case, note) for case in ("E-1", "E-2", "E-3") for note in notes(engine, case) if note != "x"]
    assert sorted(found) == sorted(kept), f"seed {seed}"
    assert len(kept) == 240
    assert engine.verify().problems == ()


# -- the commit of what goes in one message ----------------------------------------------------------------------------


def test_a_commit_that_fails_after_all_was_done_keeps_nothing(engine: Engine, url: str) -> None:
    """One message without a word of a transaction: the server commits at its end, and what it meets then is told."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at the end'; END $$"
        )
        server.execute(
            "CREATE CONSTRAINT TRIGGER at_the_end AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        with pytest.raises(StoreUnavailable, match="refused at the end"):
            remark(engine, "E-1")
        assert revision(engine, "E-1") == 2
        server.execute("DROP TRIGGER at_the_end ON cases")
    assert isinstance(remark(engine, "E-1"), Accepted)
    assert revision(engine, "E-1") == 3


def test_a_connection_cut_while_one_message_is_kept_leaves_its_outcome_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = Wire._hear

    def cut(self: Wire, *expected: Any) -> object:
        hear(self, *expected)
        raise psycopg.OperationalError("the connection was cut")

    monkeypatch.setattr(Wire, "_hear", cut)
    with pytest.raises(StoreUnavailable, match="while the step was being kept"):
        remark(engine, "E-1")
    monkeypatch.undo()
    assert revision(engine, "E-1") == 3


def test_one_message_is_read_committed_whatever_the_database_prefers(engine: Engine, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'serializable'")
        try:
            with Engine.open(url, time=ManualTime(NINE)) as mine:
                wire, _ = mine._store._pool.take()  # type: ignore[attr-defined]
                assert wire.execute("SHOW transaction_isolation").fetchone() == ("read committed",)
                mine._store._pool.give_back(wire)  # type: ignore[attr-defined]
        finally:
            server.execute("ALTER ROLE CURRENT_USER RESET default_transaction_isolation")
