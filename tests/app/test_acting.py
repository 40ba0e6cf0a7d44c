"""Open, act, claim, release, assign, attach: what is done, what is refused, what is an error."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping

import pytest

from engine import Accepted, Act, Conflict, Engine, File, NotFound, NotPermitted, Person, Refusal, UsageError
from engine.frozen import Frozen
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    HOUR,
    LIN,
    MINUTE,
    MO,
    NINE,
    RUN,
    STRANGER,
    deliver,
    done,
    open_errand,
    refused,
    send,
)

# ---------------------------------------------------------------- open


def test_a_case_opens_in_its_first_state_with_a_number_of_its_prefix(engine: Engine) -> None:
    case = done(engine.open_case("errand", {"what": "milk"}, actor=LIN))
    assert (case.id, case.position, case.opened_at, case.revision) == ("E-1", ("waiting",), NINE, 1)
    assert case.waiting_on == ("role:agent",)
    assert done(engine.open_case("call", actor=LIN)).id == "C-1"


def test_an_opening_says_who_did_it_from_what_to_what(engine: Engine) -> None:
    opened = engine.open_case("errand", {"what": "milk"}, actor=LIN)
    assert isinstance(opened, Accepted)
    assert opened.before is None
    assert not opened.is_repeat
    told = {name: opened.record[name] for name in ("verb", "name", "actor", "roles", "to", "form")}
    assert told == {
        "verb": "open", "name": "errand", "actor": "lin", "roles": ["agent"], "to": ["waiting"],
        "form": {"what": "milk"},
    }  # fmt: skip


def test_a_refused_opening_names_every_reason_and_takes_no_number(engine: Engine) -> None:
    first = engine.open_case("errand", {"fee": "free", "colour": "red"}, actor=LIN)
    assert refused(first) == ["form", "form", "form"]
    assert isinstance(first, Refusal)
    assert [reason.field for reason in first.reasons] == ["what", "fee", "colour"]
    assert refused(engine.open_case("errand", {"what": "milk"}, actor=BOSS)) == ["by"]
    assert open_errand(engine) == "E-1"  # a gap would look like a case that was removed


def test_a_process_that_is_not_published_is_named_with_its_near_miss(engine: Engine) -> None:
    with pytest.raises(NotFound, match=r"no process `erand` is published \(`errand`\?\)"):
        engine.open_case("erand", {"what": "milk"}, actor=LIN)


def test_only_one_open_case_may_have_a_unique_key(engine: Engine) -> None:
    first = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN))
    second = engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)
    assert refused(second) == ["unique"]
    assert isinstance(second, Refusal)
    assert first.id in second.reasons[0].words["en"]
    done(engine.act(first.id, "hand_out", actor=LIN))
    assert done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id == "P-2"


# ---------------------------------------------------------------- act


def test_an_action_moves_the_case_and_shows_it_before_and_after(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(5 * MINUTE)
    result = engine.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]})
    assert isinstance(result, Accepted)
    assert result.before is not None
    assert (result.before.position, result.case.position) == (("waiting",), ("running",))
    assert (result.before.clocks["sent"].status, result.case.clocks["sent"].status) == ("running", "met")
    assert result.record["facts"] == {"at_work": ["run"]}
    assert result.record["guards"] == {"at_work": True}
    assert result.case.revision == result.before.revision + 1


def test_a_child_is_opened_with_its_parent_s_number(engine: Engine) -> None:
    case = open_errand(engine, phone="139")
    send(engine, case)
    over = deliver(engine, case)
    assert (over.outcome, over.links) == ("done", {"call": "E-1.1"})
    child = engine.case("E-1.1")
    assert (child.process, child.data["phone"]) == ("call", "139")


@pytest.mark.parametrize(
    ("action", "form", "facts", "actor", "rules"),
    [
        ("deliver", {"fee": 1}, {}, RUN, ["state"]),
        ("sennd", {}, {}, LIN, ["state"]),
        ("send", {"runner": "run"}, {"at_work": ["run"]}, BOSS, ["by"]),
        ("send", {}, {"at_work": ["run"]}, LIN, ["form"]),
        ("send", {"runner": "run"}, {}, LIN, ["facts"]),
        ("send", {"colour": 1}, {}, LIN, ["form", "form", "facts"]),  # all of the first step that fails
        ("send", {"runner": "run"}, {"at_work": ["mo"]}, LIN, ["at_work"]),
        ("remark", {"note": "x" * 2_000_000}, {}, LIN, ["form"]),
        ("remark", {"note": "a\x00b"}, {}, LIN, ["form"]),
        ("remark", {"note": "\ud800"}, {}, LIN, ["form"]),
    ],
)
def test_a_foreseen_no_is_a_value_with_every_reason(
    engine: Engine, action: str, form: dict[str, object], facts: dict[str, object], actor: object, rules: list[str]
) -> None:
    case = open_errand(engine)
    before = engine.case(case)
    result = engine.act(case, action, form, actor=actor, facts=facts)  # type: ignore[arg-type]
    assert refused(result) == rules
    assert isinstance(result, Refusal)
    assert all(reason.words["en"] and reason.words["zh"] for reason in result.reasons)
    after = engine.case(case)
    assert (after.position, after.data, after.revision) == (before.position, before.data, before.revision)
    assert engine.history(case)[-1]["refused"] == [[r.rule, r.field] if r.field else [r.rule] for r in result.reasons]


def test_an_action_that_does_not_exist_is_refused_with_its_near_miss(engine: Engine) -> None:
    result = engine.act(open_errand(engine), "sennd", actor=LIN)
    assert isinstance(result, Refusal)
    assert "`send`?" in result.reasons[0].words["en"]


def test_what_is_possible_now_and_who_could_is_told(engine: Engine) -> None:
    result = engine.act(open_errand(engine), "deliver", {"fee": 1}, actor=RUN)
    assert isinstance(result, Refusal)
    said = result.reasons[0].words["en"]
    assert "possible now, but not for `run`: `send` (Agent); `hold` (Agent)" in said
    assert "not_ordered" not in said  # nobody may; the engine tells it


def test_what_one_may_do_oneself_is_named_before_what_others_may(engine: Engine) -> None:
    result = engine.act(open_errand(engine), "deliver", {"fee": 1}, actor=BOSS)
    assert isinstance(result, Refusal)
    assert result.reasons[0].words == {
        "en": "`deliver` is not possible in `Waiting`; possible now: `remark`, `drop`",
        "zh": "`待派` 状态下不能 `deliver`；现在可以：`remark`、`drop`",
    }


def test_a_case_that_does_not_exist_is_an_error(engine: Engine) -> None:
    with pytest.raises(NotFound, match="there is no case `E-9`"):
        engine.act("E-9", "send", actor=LIN)


def test_every_text_comes_back_as_it_was_given(engine: Engine) -> None:
    text = "Zoë 吴敏 👩‍🔧 \u202eabc\u2028\r\n\t{case.id} ${x} '); drop table cases; --"
    case = open_errand(engine, phone=text)
    done(engine.act(case, "remark", {"note": text}, actor=LIN))
    assert engine.case(case).data["note"] == text
    assert engine.case(case).data["phone"] == text


def test_a_client_s_own_time_is_kept_as_data_and_moves_nothing(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(20 * MINUTE)
    result = engine.act(
        case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}, occurred_at=NINE + MINUTE
    )
    assert done(result).clocks["sent"].status == "breached"
    assert engine.history(case)[-1]["occurred_at"] == NINE + MINUTE


def test_a_clock_that_steps_back_is_raised_to_the_family_s_floor(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(-HOUR)
    assert done(engine.act(case, "remark", {"note": "early"}, actor=LIN)).revision == 2
    record = engine.history(case)[-1]
    assert (record["at"], record["recorded_at"], record["raised"]) == (NINE, NINE - HOUR, HOUR)


# ---------------------------------------------------------------- many


def test_a_batch_is_decided_one_by_one_in_one_commit(engine: Engine) -> None:
    one, two = open_errand(engine), open_errand(engine)
    acts = [
        Act(case=one, action="send", form={"runner": "run"}, facts={"at_work": ["run"]}),
        Act(case=two, action="deliver", form={"fee": 1}),
        Act(case=two, action="remark", form={"note": "second"}),
    ]
    results = engine.act_many(acts, actor=LIN)
    assert done(results[0]).position == ("running",)
    assert refused(results[1]) == ["state"]
    assert done(results[2]).data["note"] == "second"


def test_an_error_undoes_the_whole_batch(engine: Engine) -> None:
    case = open_errand(engine)
    acts = [Act(case=case, action="remark", form={"note": "x"}), Act(case="E-9", action="send")]
    with pytest.raises(NotFound):
        engine.act_many(acts, actor=LIN)
    assert "note" not in engine.case(case).data


def test_two_actions_of_a_batch_on_one_case_follow_each_other(engine: Engine) -> None:
    case = open_errand(engine)
    acts = [Act(case=case, action="hold"), Act(case=case, action="hold")]
    first, second = engine.act_many(acts, actor=LIN)
    assert done(first).position == ("on_hold",)
    assert refused(second) == ["state"]


def kept_by(value: object) -> Iterator[Frozen]:
    """The frozen values that one holds, and those that these hold."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    if isinstance(value, Frozen):
        yield value
        parts = value.parts().values()
    for part in parts:
        yield from kept_by(part)


def test_what_an_answer_keeps_of_cases_is_never_looked_through_for_garbage(engine: Engine) -> None:
    answer = engine.act_many([Act(case=open_errand(engine), action="hold")], actor=LIN)[0]
    assert isinstance(answer, Accepted)
    kept = [*kept_by(answer._case)]
    assert {"Turn", "Family", "Case", "Head", "Position"} <= {type(one).__name__ for one in kept}
    assert [type(one).__name__ for one in kept if gc.is_tracked(one)] == []


# ---------------------------------------------------------------- who holds a case


def test_of_two_who_claim_one_gets_it_and_the_other_is_told_who(engine: Engine) -> None:
    case = open_errand(engine)
    assert done(engine.claim(case, actor=LIN)).assignee == "lin"
    second = engine.claim(case, actor=MO)
    assert refused(second) == ["claimed"]
    assert isinstance(second, Refusal)
    assert "`lin`" in second.reasons[0].words["en"]
    assert done(engine.release(case, actor=LIN)).assignee is None
    assert done(engine.claim(case, actor=MO)).assignee == "mo"


def test_who_can_do_nothing_here_may_not_claim(engine: Engine) -> None:
    assert refused(engine.claim(open_errand(engine), actor=RUN)) == ["by"]


def test_only_who_holds_a_case_or_assigns_may_release_it(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.claim(case, actor=LIN))
    assert refused(engine.release(case, actor=MO)) == ["by"]
    assert done(engine.release(case, actor=BOSS)).assignee is None


def test_an_assignment_shuts_nobody_out(engine: Engine) -> None:
    case = open_errand(engine)
    assert done(engine.assign(case, "mo", actor=BOSS)).assignee == "mo"
    assert send(engine, case).position == ("running",)


def test_a_closed_case_is_neither_claimed_nor_assigned(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.act(case, "drop", actor=LIN))
    assert refused(engine.claim(case, actor=LIN)) == ["state"]
    assert refused(engine.assign(case, "mo", actor=BOSS)) == ["state"]


# ---------------------------------------------------------------- people the desk knows


@pytest.fixture
def known(engine: Engine) -> Engine:
    """The same, with people."""
    for name, role in (("root", "admin"), ("lin", "agent"), ("run", "runner"), ("boss", "boss")):
        engine.save_person(Person(id=name, name=name.title(), roles=(role,)), actor=ADMIN)
    return engine


def test_who_is_named_by_an_id_acts_with_the_roles_held(known: Engine) -> None:
    case = open_errand(known, actor="lin")
    assert known.history(case)[0]["roles"] == ["agent"]


def test_who_is_not_known_cannot_act(known: Engine) -> None:
    with pytest.raises(NotPermitted, match=r"`linn` is not known at this desk \(`lin`\?\)"):
        known.open_case("errand", {"what": "milk"}, actor="linn")


def test_who_left_cannot_act(known: Engine) -> None:
    known.save_person(Person(id="lin", name="Lin", roles=("agent",), is_active=False), actor="root")
    with pytest.raises(NotPermitted):
        known.open_case("errand", {"what": "milk"}, actor="lin")


def test_a_form_takes_only_persons_who_hold_the_role(known: Engine) -> None:
    case = open_errand(known)
    result = known.act(case, "send", {"runner": "boss"}, actor=LIN, facts={"at_work": ["boss"]})
    assert refused(result) == ["form"]
    assert isinstance(result, Refusal)
    assert result.reasons[0].field == "runner"
    assert "`boss` does not hold the role Runner" in result.reasons[0].words["en"]
    assert send(known, case).position == ("running",)


@pytest.mark.parametrize(
    ("given", "said", "in_chinese"),
    [
        (
            "runn",
            "there is no `runn` at this desk (`run`?); it asks for the role Runner",
            "服务台没有 `runn`（是否指 `run`？）",
        ),
        ("Rita Run", "there is no `Rita Run` at this desk (`run`?)", "是否指 `run`"),  # by the name others see
        ("bos", "there is no `bos` at this desk; it asks", "服务台没有 `bos`；"),  # who is near does not hold the role
    ],
)
def test_of_a_misspelt_person_it_is_told_who_was_probably_meant(
    known: Engine, given: str, said: str, in_chinese: str
) -> None:
    known.save_person(Person(id="run", name="Rita Run", roles=("runner",)), actor="root")
    result = known.act(open_errand(known), "send", {"runner": given}, actor=LIN, facts={"at_work": [given]})
    assert isinstance(result, Refusal)
    assert f"`runner`: {said}" in result.reasons[0].words["en"]
    assert in_chinese in result.reasons[0].words["zh"]
    assert known.verify().problems == ()


def test_a_case_is_given_only_to_people_there_are(known: Engine) -> None:
    case = open_errand(known)
    with pytest.raises(NotFound, match=r"there is no `linn` at this desk \(`lin`\?\)"):
        known.assign(case, "linn", actor=BOSS)
    assert done(known.assign(case, "lin", actor=BOSS)).assignee == "lin"


# ---------------------------------------------------------------- files


def test_a_file_is_attached_and_comes_back(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.attach(case, "receipt.png", b"\x89PNG", actor=LIN, media_type="image/png"))
    held = engine.history(case)[-1]["attached"]
    file = engine.attachment(case, held["hash"], actor=LIN)
    assert (file.name, file.media_type, file.content) == ("receipt.png", "image/png", b"\x89PNG")
    assert (list(held["name"]), held["size"]) == (["sealed"], 4)


def test_files_of_a_step_are_kept_with_it_or_not_at_all(engine: Engine) -> None:
    case = open_errand(engine)
    photo = File(name="note.txt", content=b"by hand", media_type="text/plain")
    with pytest.raises(UsageError, match=r"names the file `note\.txt`"):
        engine.act(case, "remark", {"note": "x"}, actor=LIN, files=[photo])
    assert isinstance(engine.act(case, "remark", {"note": photo.hash}, actor=STRANGER, files=[photo]), Refusal)
    assert engine.attachments(case) == []
    for _ in range(2):  # a repeat by the same key keeps nothing twice
        done(engine.act(case, "remark", {"note": photo.hash}, actor=LIN, files=[photo], key="k"))
    (kept,) = engine.attachments(case, actor=LIN)
    assert (kept.name, kept.size, kept.by, kept.at) == ("note.txt", 7, LIN.id, engine.history(case)[-1]["at"])
    assert engine.attachment(case, photo.hash).content == b"by hand"


def test_a_case_is_opened_with_its_files(engine: Engine) -> None:
    card = File(name="card.txt", content=b"13900000000")
    # The field is personal, so that the record does not hold the hash: who attached it is known all the same.
    case = done(engine.open_case("errand", {"what": "milk", "phone": card.hash}, actor=LIN, files=[card])).id
    assert [(one.name, one.by) for one in engine.attachments(case)] == [("card.txt", LIN.id)]
    with pytest.raises(UsageError, match="no answer of the form names the file"):
        engine.open_case("errand", {"what": "milk"}, actor=LIN, files=[card])


def test_who_may_not_read_a_case_gets_none_of_its_files(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.attach(case, "receipt.png", b"\x89PNG", actor=LIN))
    held = engine.history(case)[-1]["attached"]
    with pytest.raises(NotPermitted):
        engine.attachment(case, held["hash"], actor=STRANGER)
    with pytest.raises(NotFound):
        engine.attachment(case, "00", actor=LIN)


def test_a_file_too_large_is_refused_before_anything_happens(engine: Engine) -> None:
    case = open_errand(engine)
    with pytest.raises(UsageError, match="at most 20 MiB"):
        engine.attach(case, "film.mp4", bytes(20 * 1024 * 1024 + 1), actor=LIN)
    assert len(engine.history(case)) == 1


# ---------------------------------------------------------------- revisions


def test_a_stale_revision_is_a_conflict_and_no_refusal(engine: Engine) -> None:
    case = open_errand(engine)
    seen = engine.case(case).revision
    done(engine.act(case, "remark", {"note": "meanwhile"}, actor=MO))
    with pytest.raises(Conflict, match=f"`{case}` was changed meanwhile: revision 2, you expected 1"):
        engine.act(case, "hold", actor=LIN, expect_revision=seen)
    assert [record["name"] for record in engine.history(case)] == ["errand", "remark"]
    assert done(engine.act(case, "hold", actor=LIN, expect_revision=2)).position == ("on_hold",)


def test_a_revision_is_compared_after_time_has_done_its_work(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    revision = send(engine, case).revision
    time.move(7 * HOUR)  # lost, and dropped by its timer
    with pytest.raises(Conflict):
        engine.act(case, "deliver", {"fee": 1}, actor=RUN, expect_revision=revision)
