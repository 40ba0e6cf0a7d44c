"""What a host gives of the wrong kind is refused with a sentence, before anything is looked up or kept."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from engine import Accepted, Act, Actor, Engine, Search, UsageError
from tests.app.desks import LIN, open_errand


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        (Actor(id="li", roles="agent"), "one text, `agent`; expected a tuple"),  # type: ignore[arg-type]
        (Actor(id="li", roles="non-agents"), "one text, `non-agents`"),  # type: ignore[arg-type]
        (Actor(id="", roles=("agent",)), "nobody can act as ``"),
        (Actor(id="engine", roles=("agent",)), "nobody can act as `engine`"),
        (Actor(id=7, roles=("agent",)), "nobody can act as `7`"),  # type: ignore[arg-type]
        (None, "not `None` (NoneType)"),
        (7, "not `7` (int)"),
    ],
)
def test_nobody_acts_by_accident(engine: Engine, actor: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        engine.open_case("errand", {"what": "milk"}, actor=actor)
    assert said in caught.value.message
    with pytest.raises(UsageError):
        engine.worklist(Search(actor=actor))
    assert engine.verify().cases == 0


def test_roles_may_come_as_a_list(engine: Engine) -> None:
    actor = Actor(id="li", roles=["agent"])  # type: ignore[arg-type]
    done = engine.open_case("errand", {"what": "milk"}, actor=actor)
    assert isinstance(done, Accepted)
    assert done.record["roles"] == ["agent"]


@pytest.mark.parametrize("key", ["", "x" * 501, 7, UUID(int=7), b"k"])
def test_a_key_tells_one_command_from_another(engine: Engine, key: Any) -> None:
    case = open_errand(engine)
    commands: list[Callable[[], object]] = [
        lambda: engine.open_case("errand", {"what": "milk"}, actor=LIN, key=key),
        lambda: engine.act(case, "remark", {"note": "x"}, actor=LIN, key=key),
        lambda: engine.act_many([Act(case=case, action="remark", form={"note": "x"}, key=key)], actor=LIN),
        lambda: engine.claim(case, actor=LIN, key=key),
        lambda: engine.merge(case, case, actor=LIN, key=key),
        lambda: engine.hear("parcel_back", {}, sender=LIN, key=key),
    ]
    for command in commands:
        with pytest.raises(UsageError):
            command()
    assert engine.case(case).revision == 1


def test_the_longest_key_is_kept_and_found_whatever_it_is_written_in(engine: Engine) -> None:
    key = "".join(chr(0x1F300 + (number * 7919) % 700) for number in range(500))
    first = engine.open_case("errand", {"what": "milk"}, actor=LIN, key=key)
    again = engine.open_case("errand", {"what": "milk"}, actor=LIN, key=key)
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.is_repeat, again.case.id) == (True, first.case.id)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"form": ["milk"]}, "`form` maps names to values; it cannot be `['milk']` (list)"),
        ({"facts": 7}, "`facts` maps names to values; it cannot be `7` (int)"),
        ({"occurred_at": datetime(2026, 3, 2, tzinfo=UTC)}, "`occurred_at` is an instant"),
    ],
)
def test_what_comes_with_a_command_is_of_its_kind(engine: Engine, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        engine.open_case("errand", **{"form": {"what": "milk"}, "actor": LIN, **given})
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": "5"},
        {"limit": True},
        {"due_within": "1h"},
        {"after": ()},
        {"after": (1, 2)},
        {"after": ("x", 1, "E-1")},
        {"after": (1, 2, 3)},
        {"after": "E-1"},
    ],
)
def test_a_page_that_no_list_has_is_refused(engine: Engine, asked: dict[str, Any]) -> None:
    open_errand(engine)
    with pytest.raises(UsageError):
        engine.worklist(Search(actor=LIN, **asked))


def test_where_a_page_ended_may_have_travelled_as_json(engine: Engine) -> None:
    cases = {open_errand(engine) for _ in range(3)}
    page = engine.worklist(Search(actor=LIN, limit=2))
    assert page.next is not None
    after: Any = list(page.next)
    rest = engine.worklist(Search(actor=LIN, limit=2, after=after))
    assert {row.id for row in (*page.rows, *rest.rows)} == cases


def test_an_answer_goes_to_another_process_with_its_views(engine: Engine) -> None:
    case = open_errand(engine)
    done = engine.act(case, "remark", {"note": "x"}, actor=LIN)
    assert isinstance(done, Accepted)
    again = pickle.loads(pickle.dumps(done))
    assert (again.case, again.before, again.record) == (done.case, done.before, done.record)
    assert repr(again) == repr(done) == f"Accepted({case}, revision 2)"


def test_a_database_is_named_by_a_path_as_well(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "desk.db", create=True) as engine:
        assert engine.published() == []
    assert (tmp_path / "desk.db").exists()
