"""What only administrators may do is held by the engine: whoever embeds it gets the same "no" as at the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest

from engine import Actor, Correction, Engine, Export, Import, Interruption, NotPermitted, Person, Reach, UsageError
from engine.errors import NotFound
from engine.evidence.signing import new_signing_key
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import BOSS, HOUR, LIN, NINE, RUN, STRANGER, done, open_errand, refused, send, sources

Verb = Callable[[Engine, Any], Any]

ASKED = Interruption(since=NINE, until=NINE + HOUR, reason="flood", approver="sun")
RIGHT = Correction(
    since=NINE,
    until=NINE + HOUR,
    reason="wrong",
    approver="sun",
    goal="20m",
    reach=Reach(process="errand", clocks=("sent",)),
)
ONLY_ADMINS: dict[str, Verb] = {
    "publish": lambda engine, who: engine.publish(sources(), "errand", actor=who),
    "plan": lambda engine, who: engine.plan(sources(), "errand", actor=who),
    "plan_migration": lambda engine, who: engine.plan_migration("errand", actor=who),
    "migrate": lambda engine, who: engine.migrate("errand", actor=who, reason="new"),
    "save_person": lambda engine, who: engine.save_person(Person(id="x", name="X", roles=("agent",)), actor=who),
    "save_addresses": lambda engine, who: engine.save_addresses("root", {"email": "a@b.example"}, actor=who),
    "addresses": lambda engine, who: engine.addresses("root", actor=who),
    "import_lines": lambda engine, who: engine.import_lines([], Import(name="day"), actor=who),
    "leaving": lambda engine, who: engine.leaving(actor=who),
    "archive": lambda engine, who: engine.archive("nowhere", actor=who),
    "export": lambda engine, who: engine.export(Export(format="csv"), str, actor=who),
    "erase": lambda engine, who: engine.erase("E-1", actor=who, reason="asked for"),
    "erase_party": lambda engine, who: engine.erase_party("customer", "c", actor=who, reason="asked for"),
    "wrap_keys": lambda engine, who: engine.wrap_keys(actor=who),
    "checkpoint": lambda engine, who: engine.checkpoint(new_signing_key(), StringIO(), actor=who),
    "vouch": lambda engine, who: engine.vouch(actor=who),
    "evidence": lambda engine, who: engine.evidence("E-1", actor=who),
    "retry_fault": lambda engine, who: engine.retry_fault("X-1", actor=who),
    "retry_dead": lambda engine, who: engine.retry_dead(actor=who),
    "count_dead": lambda engine, who: engine.count_dead(actor=who),
    "faults": lambda engine, who: engine.faults(actor=who),
    "all_archived": lambda engine, who: engine.all_archived(actor=who),
    "retry_message": lambda engine, who: engine.retry_message(1, actor=who),
    "preview": lambda engine, who: engine.preview(ASKED, actor=who),
    "interrupt": lambda engine, who: engine.interrupt(ASKED, actor=who),
    "correct": lambda engine, who: engine.correct(RIGHT, actor=who),
}

BY_THE_PROCESS = frozenset({
    "open_case", "may_not_open", "act", "act_many", "claim", "release", "assign", "attach", "merge",  # as it says
    "case", "allowed", "alike", "history", "attachment", "attachments", "ledger", "adjusted", "archived_history",
    "archived_files", "archived_file",  # app/test_archiving
    "message", "retold", "outbox", "adjustment",  # test_reading
    "save_party", "parties", "party",  # who keeps the register
    "reverse",  # an adjustment must be there first: below
    "drop_event", "give_event", "waiting_event", "waiting_events",  # who assigns cases as well: app/test_hearing
})  # fmt: skip

BY_THE_QUESTION = frozenset({"worklist", "report_measure"})
"""Who asks stands in the question: test_reading."""

OF_NO_CASE = frozenset({
    "now", "published", "definition", "opening", "people", "registers", "schedules", "vitals", "doctor", "behind",
    "report_sla", "adjustments",  # figures, and what was declared
    "verify", "verify_chains", "verify_archive", "verify_checkpoint",  # of a case only what is wrong with it
    "archived",  # that it has left, and for which file
})  # fmt: skip
"""Shown to everybody: there is nothing of a case in it."""

BY_THE_HOST = frozenset({
    "open", "close", "inside", "install", "committed", "listening", "on",  # where it stands
    "hear",  # `sender` acts: app/test_hearing
    "tick", "run_once", "fire_some", "deliver_some", "erase_some", "next_due", "next_message", "next_work",  # workers
    "text_of", "adjusted_cycles",  # for its own reports; no command shows them to anybody
})  # fmt: skip


@pytest.fixture(scope="module")
def people() -> Iterator[Engine]:
    """A desk that knows its people; a refusal changes nothing, so one desk does for all."""
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor="root")
        for who in (LIN, BOSS, RUN):
            engine.save_person(Person(id=who.id, name=who.id, roles=who.roles), actor="root")
        engine.save_person(Person(id="gone", name="Gone", roles=("admin",), is_active=False), actor="root")
        yield engine


NOBODIES = (
    LIN, BOSS, STRANGER, "lin", "boss", "gone", "nobody", "admin", "ROOT", Actor(id="root"),
    Actor(id="x", roles=("Admin",)),
)  # fmt: skip


@pytest.mark.parametrize("verb", ONLY_ADMINS)
def test_a_verb_of_administrators_is_refused_to_everybody_else(people: Engine, verb: str) -> None:
    before = people.people(), len(people.published())
    for who in NOBODIES:
        if verb in ("addresses", "save_addresses") and getattr(who, "id", "") == "root":
            continue  # a host vouches for who this is: everybody may look after their own addresses
        with pytest.raises(NotPermitted):
            ONLY_ADMINS[verb](people, who)
    assert (people.people(), len(people.published())) == before


@pytest.mark.parametrize("verb", ONLY_ADMINS)
def test_and_an_administrator_is_not_refused(people: Engine, verb: str) -> None:
    """So that the test above fails for no other reason."""
    with suppress(NotFound, UsageError):  # there is no such fault, message, case
        ONLY_ADMINS[verb](people, "root")
    assert "root" in [person.id for person in people.people()]


def test_only_administrators_take_a_declaration_back(people: Engine) -> None:
    open_errand(people)
    people.save_person(Person(id="sun", name="Sun", roles=("boss",)), actor="root")
    declared = people.interrupt(ASKED, actor="root")
    assert declared is not None
    for who in (LIN, "boss", STRANGER):
        with pytest.raises(NotPermitted):
            people.reverse(declared.adjustment.id, actor=who, reason="no", approver="sun")


def test_every_verb_that_takes_an_actor_is_tried_here_or_decided_by_the_process() -> None:
    """Whoever adds a verb says who may do it, and this test makes them say so here."""
    verbs = {
        name: "actor" in inspect.signature(verb).parameters
        for name, verb in inspect.getmembers(Engine, callable)
        if not name.startswith("_")
    }
    assert {name for name, asks in verbs.items() if asks} == ONLY_ADMINS.keys() | BY_THE_PROCESS
    assert {name for name, asks in verbs.items() if not asks} == BY_THE_QUESTION | OF_NO_CASE | BY_THE_HOST


def test_an_action_is_refused_to_whom_the_process_does_not_name_whatever_they_call_themselves(people: Engine) -> None:
    case = open_errand(people)
    for who in (
        RUN,
        STRANGER,
        Actor(id="agent"),
        Actor(id="role:agent"),
        Actor(id="lin", roles=("Agent", "agent ", "AGENT")),
    ):
        assert refused(people.act(case, "send", {"runner": "run"}, actor=who, facts={"at_work": ["run"]})) == ["by"]
    send(people, case)
    for who in (LIN, Actor(id="Run", roles=("runner",)), Actor(id="run ", roles=("runner",))):
        assert refused(people.act(case, "deliver", {"fee": 1}, actor=who)) == ["by"]
    done(people.act(case, "deliver", {"fee": 1}, actor=RUN))


def test_roles_count_as_they_are_held_now_not_as_they_were(people: Engine) -> None:
    case = open_errand(people, actor="lin")
    people.save_person(Person(id="lin", name="Lin", roles=("runner",)), actor="root")
    assert refused(people.act(case, "hold", actor="lin")) == ["by"]
    people.save_person(Person(id="lin", name="Lin", roles=("agent",), is_active=False), actor="root")
    with pytest.raises(NotPermitted):
        people.act(case, "hold", actor="lin")
    people.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor="root")


def test_nobody_can_act_as_the_engine(people: Engine) -> None:
    with pytest.raises(UsageError):
        people.save_person(Person(id="engine", name="Engine", roles=("admin",)), actor="root")
    with pytest.raises(NotPermitted):
        people.open_case("errand", {"what": "x"}, actor="engine")


LOOK_ALIKES = [
    ("li.wei", "Li.Wei"), ("li.wei", "lі.wei"), ("li.wei", "li．wei"), ("li.wei", "lí.wei"), ("ape", "аре"),
    ("rené", "rene\u0301"), ("anna", "ａｎｎａ"), ("straße", "strasse"), ("o1", "ο1"), ("li.wei", "li .wei"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "other"), LOOK_ALIKES)
def test_nobody_is_named_so_that_two_names_cannot_be_told_apart(people: Engine, known: str, other: str) -> None:
    """Who must keep out of a case would come in by the other name."""
    people.save_person(Person(id=known, name="A", roles=("agent",)), actor="root")
    with pytest.raises(UsageError, match=known):
        people.save_person(Person(id=other, name="B", roles=("boss",)), actor="root")
    people.save_person(Person(id=known, name=f"{known} again", roles=("agent", "boss")), actor="root")
    assert [person.id for person in people.people() if person.name == f"{known} again"] == [known]
