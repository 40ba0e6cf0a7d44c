"""Merging: one case ends in another, both say so, and whoever still acts on the first reaches the second."""

from __future__ import annotations

import pytest

from engine import Accepted, Conflict, Engine, NotFound, Refusal, Search
from engine.app.recipe import Recipe
from engine.ports import Transaction
from engine.testing import ManualTime
from tests.app.desks import BOSS, DAY, LIN, MINUTE, RUN, STRANGER, deliver, done, open_errand, refused, send


def merged(engine: Engine) -> tuple[str, str]:
    """Two errands, the second merged into the first."""
    first, second = open_errand(engine), open_errand(engine)
    done(engine.merge(second, first, actor=LIN))
    return first, second


def test_a_merged_case_ends_and_both_records_say_so(engine: Engine) -> None:
    first, second = merged(engine)
    ended, survivor = engine.case(second, actor=LIN), engine.case(first, actor=LIN)
    assert (ended.outcome, ended.waiting_on, dict(ended.links)) == ("cancelled", (), {"merged-into": first})
    assert (survivor.outcome, dict(survivor.links)) == ("", {"merged": second})
    last = [list(engine.history(case))[-1] for case in (second, first)]
    assert [(one["verb"], one["name"], one["actor"]) for one in last] == [
        ("merge", first, "lin"), ("take_in", second, "lin"),
    ]  # fmt: skip
    assert last[0]["at"] == last[1]["at"]


def test_d11_promises_of_a_merged_case_that_were_not_missed_are_cancelled(engine: Engine) -> None:
    _, second = merged(engine)
    assert engine.case(second, actor=LIN).clocks["sent"].status == "cancelled"
    assert list(engine.history(second))[-1]["clocks"] == [["sent", "cancelled", 0, 0]]


def test_d11_a_promise_missed_before_the_merging_stays_missed(engine: Engine, time: ManualTime) -> None:
    first, second = open_errand(engine), open_errand(engine)
    time.move(20 * MINUTE)
    done(engine.merge(second, first, actor=LIN))
    assert engine.case(second, actor=LIN).clocks["sent"].status == "breached"


def test_nothing_falls_due_on_a_merged_case(engine: Engine, time: ManualTime) -> None:
    first, second = open_errand(engine), open_errand(engine)
    send(engine, second)  # its timer would drop it after six hours
    done(engine.merge(second, first, actor=BOSS))
    time.move(DAY)
    engine.tick()
    assert list(engine.history(second))[-1]["verb"] == "merge"
    assert [one.id for one in engine.worklist(Search(actor=LIN)).rows] == [first]


def test_a_command_for_a_merged_case_reaches_the_survivor_and_says_so(engine: Engine) -> None:
    first, second = merged(engine)
    result = engine.act(second, "remark", {"note": "called again"}, actor=LIN, key="mail 9")
    assert done(result).id == first
    assert isinstance(result, Accepted)
    assert (result.record["case"], result.record["sent_to"]) == (first, second)
    again = engine.act(second, "remark", {"note": "called again"}, actor=LIN, key="mail 9")
    assert isinstance(again, Accepted)
    assert again.is_repeat
    assert done(engine.claim(second, actor=LIN)).assignee == "lin"
    assert engine.case(first, actor=LIN).assignee == "lin"


def test_a_command_follows_merging_after_merging(engine: Engine) -> None:
    first, second = merged(engine)
    third = open_errand(engine)
    done(engine.merge(first, third, actor=LIN))
    assert done(engine.act(second, "remark", {"note": "x"}, actor=LIN)).id == third


def test_what_cannot_be_merged_is_refused_with_the_reason(engine: Engine) -> None:
    first, second = merged(engine)
    third, over = open_errand(engine), open_errand(engine)
    send(engine, over)
    deliver(engine, over)
    said = {
        (second, third): ("state", f"`{second}` is merged into `{first}`"),
        (third, second): ("merge", f"`{second}` is merged into `{first}`; merge into that one"),
        (third, over): ("merge", f"`{over}` is closed; merge into a case that is open"),
        (over, third): ("state", f"`{over}` is closed"),
        (third, third): ("merge", f"`{third}` cannot be merged into itself"),
    }
    for (case, into), (rule, words) in said.items():
        result = engine.merge(case, into, actor=LIN)
        assert isinstance(result, Refusal)
        assert result.reasons[0].rule == rule
        assert result.reasons[0].words["en"].startswith(words)
    assert list(engine.history(third))[-1]["refused"] == [["merge"]]
    assert engine.case(third, actor=LIN).outcome == ""


def test_a_child_cannot_be_merged_within_its_family_and_goes_on_when_its_parent_is_merged(engine: Engine) -> None:
    over, first = open_errand(engine), open_errand(engine)
    send(engine, over)
    deliver(engine, over)
    child = f"{over}.1"
    assert refused(engine.merge(child, over, actor=BOSS)) == ["merge"]
    done(engine.merge(child, first, actor=BOSS))
    assert engine.case(child, actor=BOSS).outcome == "cancelled"


def test_only_who_works_both_or_assigns_may_merge(engine: Engine) -> None:
    first, second = open_errand(engine), open_errand(engine)
    send(engine, first)
    assert refused(engine.merge(second, first, actor=STRANGER)) == ["by"]
    assert refused(engine.merge(second, first, actor=RUN)) == ["by"]  # works the first alone
    assert engine.case(second, actor=LIN).outcome == ""
    done(engine.merge(second, first, actor=BOSS))


def test_the_survivor_may_refuse_and_then_nothing_is_merged(engine: Engine) -> None:
    first, second = open_errand(engine), open_errand(engine)
    done(engine.act(first, "hold", actor=LIN))
    result = engine.merge(first, second, actor=RUN)
    assert refused(result) == ["by"]
    assert engine.case(first, actor=LIN).outcome == engine.case(second, actor=LIN).outcome == ""


def test_merging_keeps_its_key_and_heeds_the_revision(engine: Engine) -> None:
    first, second = open_errand(engine), open_errand(engine)
    with pytest.raises(Conflict, match="revision 1, you expected 7"):
        engine.merge(second, first, actor=LIN, expect_revision=7)
    done(engine.merge(second, first, actor=LIN, key="m", expect_revision=1))
    again = engine.merge(second, first, actor=LIN, key="m")
    assert isinstance(again, Accepted)
    assert again.is_repeat
    with pytest.raises(NotFound, match="there is no case `E-99`"):
        engine.merge(first, "E-99", actor=LIN)


def test_both_are_carried_forward_before_they_are_merged(engine: Engine, time: ManualTime) -> None:
    first, second = open_errand(engine), open_errand(engine)
    time.move(20 * MINUTE)
    done(engine.merge(second, first, actor=LIN))
    for case, last in ((first, "take_in"), (second, "merge")):
        assert [one["verb"] for one in engine.history(case)] == ["open", "threshold", "threshold", "breach", last]


def test_the_key_of_a_merged_parcel_is_free_again(engine: Engine) -> None:
    first, second = (done(engine.open_case("parcel", {"waybill": bill}, actor=LIN)).id for bill in ("SF1", "SF2"))
    done(engine.merge(second, first, actor=LIN))
    assert done(engine.open_case("parcel", {"waybill": "SF2"}, actor=LIN)).id == "P-3"
    assert refused(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)) == ["unique"]


@pytest.mark.parametrize("turned", [False, True])
def test_both_roots_are_locked_in_order_of_id(engine: Engine, turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = open_errand(engine), open_errand(engine)
    locked: list[str] = []
    whole = Recipe.family_of

    def family_of(self: Recipe, tx: Transaction, case: str, *, lock: bool) -> object:
        locked.extend([case] if lock else [])
        return whole(self, tx, case, lock=lock)

    monkeypatch.setattr(Recipe, "family_of", family_of)
    done(engine.merge(*((second, first) if turned else (first, second)), actor=LIN))
    assert locked == [first, second]


def test_a_changed_record_of_a_merging_does_not_verify(on_disk: Engine, time: ManualTime) -> None:
    first, second = open_errand(on_disk), open_errand(on_disk)
    done(on_disk.merge(second, first, actor=LIN))
    assert on_disk.verify().problems == ()
    assert on_disk.verify(second).records == 2
