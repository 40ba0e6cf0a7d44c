"""What a host gives of the wrong kind is refused with a sentence, before anything is looked up or kept."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from inspect import Parameter, signature
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from engine import Accepted, Act, Actor, Engine, File, Inside, Search, SlaQuestion, UsageError
from engine.app import doors
from tests.app.desks import LIN, STRANGER, open_errand


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
        ({"form": ["milk"]}, "`form` of `open_case` is a mapping of names to values, not `['milk']` (list)"),
        ({"facts": 7}, "`facts` of `open_case` is a mapping of names to values, not `7` (int)"),
        ({"form": {7: "milk"}}, "`form` of `open_case` is a mapping of names to values, not `{7: 'milk'}` (dict)"),
        ({"occurred_at": datetime(2026, 3, 2, tzinfo=UTC)}, "`occurred_at` of `open_case` is a whole number, not"),
        ({"files": b"slip"}, "`files` of `open_case` is a list of which each is a `File`, not `b'slip'` (bytes)"),
        ({"files": [File(name="a", content="a")]}, "`files[0].content` of `open_case` is bytes, not `'a'` (str)"),  # type: ignore[arg-type]
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


def test_a_refusal_in_a_log_is_short_and_holds_no_value(engine: Engine) -> None:
    opening = engine.open_case("errand", {"what": "milk", "wrong": "secret"}, actor=STRANGER)
    assert (repr(opening), "secret" in repr(opening)) == ("Refusal(no case: by)", False)
    case = open_errand(engine)
    assert repr(engine.act(case, "send", {"runner": "secret"}, actor=LIN)) == f"Refusal({case}: facts at_work)"


def test_a_database_is_named_by_a_path_as_well(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "desk.db", create=True) as engine:
        assert engine.published() == []
    assert (tmp_path / "desk.db").exists()


# ---------------------------------------------------------------- every verb, every argument

VERBS = [name for name in vars(Engine) if not name.startswith("_")]
NOT_OURS = {("open", "time"), ("install", "connection"), ("inside", "connection"), ("checkpoint", "out")}
"""What is only used: a clock, a connection, a stream of the host's own."""

PARTS = [
    (verb, part.name)
    for verb in VERBS
    for part in signature(getattr(Engine, verb)).parameters.values()
    if part.name != "self" and (verb, part.name) not in NOT_OURS
]


@pytest.fixture(scope="module")
def bare() -> Iterator[Engine]:
    """An engine of which nothing is asked but what it refuses."""
    with Engine.open("memory:") as engine:
        yield engine


@pytest.mark.parametrize(("verb", "part"), PARTS)
def test_no_verb_takes_what_is_not_of_its_kind(bare: Engine, verb: str, part: str) -> None:
    for wrong in (object(), 7.5):
        with pytest.raises(UsageError, match=rf"^`{part}` of `{verb}` is ") as caught:
            getattr(bare, verb)(**{part: wrong})
        assert f"({type(wrong).__name__})" in caught.value.message


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_takes(bare: Engine, verb: str) -> None:
    if verb == "close":
        return
    with pytest.raises(UsageError, match=f"^`{verb}` takes no `colour`$"):
        getattr(bare, verb)(colour=7)
    parts = signature(getattr(Engine, verb)).parameters.values()
    if any(part.default is Parameter.empty and part.name != "self" for part in parts):
        with pytest.raises(UsageError, match=f"^`{verb}`: missing a required") as caught:
            getattr(bare, verb)()
        assert caught.value.help is not None
    with pytest.raises(UsageError, match=f"`{verb}`"):
        getattr(bare, verb)(*[None] * 9)


def test_what_cannot_even_be_shown_is_refused(bare: Engine) -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError

    wrong: Any = Silent()
    with pytest.raises(UsageError, match=r"not `` \(Silent\)"):
        bare.case(wrong)


def test_a_keyword_nearly_right_is_told(bare: Engine) -> None:
    with pytest.raises(UsageError) as caught:
        bare.open_case("errand", actor=LIN, fact={})  # type: ignore[call-arg]
    assert caught.value.help is not None
    assert caught.value.help.startswith("did you mean `facts`? it takes `process`, `form`, `actor`")


@pytest.mark.parametrize(
    ("call", "said", "mend"),
    [
        (lambda engine: engine.case(7), "`case` of `case` is text, not `7` (int)", "`str(…)` makes text of it"),
        (lambda engine: engine.case("E-\ud800"), "`case` of `case` holds half a character (U+D800)", None),
        (lambda engine: engine.act("E-1", "send", actor="l\udfff"), "`actor` of `act` holds half a character", None),
        (
            lambda engine: engine.act("E-1", "send", actor=Actor("\ud800")),
            "nobody can act as `'\\ud800'` (str)",
            "text",
        ),
        (lambda engine: engine.act("E-1", "send", actor=Actor("li", (7,))), "the roles of `li`, and for whom", None),
        (lambda engine: engine.act("E-1", "send", {"\ud800": 1}, actor=LIN), "`form` of `act` is a mapping", None),
        (
            lambda engine: engine.report_sla(SlaQuestion(since="2026")),
            "`question.since` of `report_sla` is",
            "`read_in",
        ),
        (
            lambda engine: engine.outbox(status="lost"),
            "`status` of `outbox` is one of `waiting`, `delivered`, `superseded`, `imported`, `dead`, not `'lost'`",
            None,
        ),
        (
            lambda engine: engine.attach("E-1", " ", b"x", actor=LIN),
            "`name` of a file is empty",
            "give the name it is kept by, such as `photo.jpg`",
        ),
        (lambda engine: engine.report_sla(SlaQuestion(by="clock")), "`question.by` of `report_sla` is a list", None),
        (lambda engine: engine.worklist(Search(actor=LIN, due_within="1h")), "`search.due_within` of", "`parse_dur"),
        (lambda engine: engine.act_many([Act(case=1, action="a")], actor=LIN), "`acts[0].case` of `act_many`", "`str("),
        (lambda engine: engine.claim("E-1", actor=LIN, expect_revision="1"), "`expect_revision` of `claim` is", None),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    bare: Engine, call: Callable[[Engine], object], said: str, mend: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        call(bare)
    assert caught.value.message.startswith(said)
    assert mend is None or mend in (caught.value.help or "")


def test_what_goes_wrong_inside_is_not_taken_for_a_wrong_call(bare: Engine) -> None:
    def lines() -> Iterator[str]:
        raise TypeError("of the host's own")
        yield ""

    with pytest.raises(TypeError, match="of the host's own"):
        bare.verify_checkpoint(lines(), trust="")


def test_the_doors_stand_in_the_host_s_transaction_too() -> None:
    assert {name for name in vars(Inside) if not name.startswith("_")} < set(VERBS)


@doors.guarded
class Greeter:
    """Has one verb that nobody has called yet."""

    def greet(self, who: str, how: str) -> str:
        return f"{how} {who}"


def test_of_two_threads_that_call_a_verb_first_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    read, seen, is_half, go_on = doors._read, list[str](), Event(), Event()

    def slowly(annotation: str, names: Any) -> Any:
        seen.append(annotation)
        if len(seen) == 2:  # one of its arguments is known by now, the other is not
            is_half.set()
            assert go_on.wait(60)
        return read(annotation, names)

    monkeypatch.setattr(doors, "_read", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(Greeter().greet, "Lin", how="hello")
        assert is_half.wait(60)
        try:
            assert Greeter().greet("Mo", how="good day") == "good day Mo"
        finally:
            go_on.set()
        assert first.result() == "hello Lin"
