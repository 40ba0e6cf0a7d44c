"""Events of other systems find their case: once, never by a guess, and wait where it is not there yet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine import (
    Accepted,
    Actor,
    DefinitionError,
    Engine,
    Import,
    KeyReused,
    Noted,
    NotFound,
    NotPermitted,
    Refusal,
    UsageError,
)
from engine.testing import ManualTime
from tests import postgres
from tests.app.conftest import on_file
from tests.app.desks import ADMIN, BOSS, DAY, HOUR, LIN, NINE, done, refused, sources
from tests.threads import together

FEED = Actor(id="sf", roles=("courier_feed",))

PARCEL_BACK = """
process: giveback
version: 1
prefix: G
label: {en: Giving back, zh: 退货}
calendar: always
initial: agreed
fields:
  waybill:  {type: text, pattern: "[A-Z0-9]{3,20}", label: {en: Waybill, zh: 运单号}}
  order_no: {type: integer, label: {en: Order, zh: 订单}}
  weight:   {type: number, min: 0, label: {en: Weight, zh: 重量}}
  carrier:  {type: text, personal: true, label: {en: Carrier, zh: 派送员}}
incoming:
  scanned:
    from: courier_feed
    find: {waybill: waybill}
    do: parcel_in
    with: {carrier: by}
    otherwise: keep
    for: 2 calendar_days
  paid_back: {from: courier_feed, find: {id: case, order_no: order}, do: paid, otherwise: refuse}
  seen: {from: courier_feed, find: {order_no: order}, do: spotted, otherwise: ignore}
opening: {by: [agent], form: {require: [order_no], allow: [waybill]}}
actions:
  send:     {label: {en: Sent, zh: 寄出}, in: [agreed, on_way], by: [agent], form: {require: [waybill]}, to: on_way}
  rename:   {label: {en: Other number, zh: 改单号}, by: [agent], form: {require: [waybill]}, to: stay}
  spotted:  {label: {en: Seen, zh: 已见}, by: [courier_feed], to: stay}
states:
  agreed:
    label: {en: Agreed, zh: 已约定}
    waiting_on: agent
    actions:
      give_up: {label: {en: Give up, zh: 放弃}, by: [agent], to: closed}
  on_way:
    label: {en: On its way, zh: 在途}
    waiting_on: agent
    actions:
      parcel_in:
        label: {en: Parcel is in, zh: 到件}
        by: [agent, courier_feed]
        form: {require: [weight], allow: [carrier]}
        guards: {light: {must: form.weight < 30.0, else: {en: Too heavy, zh: 超重}}}
        to: received
    timers:
      arrived: {after: 5h, to: received}
  received:
    label: {en: Received, zh: 已收}
    waiting_on: agent
    actions:
      paid: {label: {en: Paid back, zh: 已退款}, by: [courier_feed], to: closed}
  closed:
    label: {en: Closed, zh: 已结}
    final: done
    actions:
      again: {label: {en: Again, zh: 重开}, by: [agent], within: 7 calendar_days, to: agreed}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the process published, to be copied."""
    path = tmp_path_factory.mktemp("hearing") / "desk.db"
    made(f"sqlite:///{path}", ManualTime(NINE)).close()
    return path


@cache
def on_server() -> str:
    """The name of a database on the tests' server with the process published, to be copied."""
    server = postgres.shared()
    name = server.new(postgres.made())
    made(server.url(name), ManualTime(NINE)).close()
    return name


def made(url: str, time: ManualTime) -> Engine:
    engine = Engine.open(url, time=time, create=url.startswith("sqlite"))
    engine.publish(texts(), "giveback", actor=ADMIN)
    return engine


@pytest.fixture
def desk(time: ManualTime, tmp_path: Path, template: Path) -> Iterator[Engine]:
    """The engine on a file; whatever a test did, the audit must hold."""
    with on_file(template, tmp_path, time) as engine:
        yield engine
        assert not engine.verify().problems


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, time: ManualTime) -> Iterator[Engine]:
    """The same on each database in turn, for what stores and locks decide."""
    if request.param == "sqlite":
        yield request.getfixturevalue("desk")
        return
    postgres.needs_server()
    name = postgres.shared().new(on_server())
    with Engine.open(postgres.shared().url(name), time=time) as engine:
        yield engine
        assert not engine.verify().problems
    postgres.shared().drop(name)


def texts(**more: str) -> dict[str, str]:
    found = dict(sources(giveback=PARCEL_BACK, **more))
    desk_file = next(path for path in found if path.endswith("desk.yaml"))
    return {
        **found,
        desk_file: found[desk_file].replace("roles:\n", "roles:\n  courier_feed: {en: Feed, zh: 接口}\n", 1),
    }


def opened(desk: Engine, order: int = 7, **form: Any) -> str:
    return done(desk.open_case("giveback", {"order_no": order, **form}, actor=LIN)).id


def sent(desk: Engine, waybill: str = "SF9", order: int = 7) -> str:
    case = opened(desk, order)
    done(desk.act(case, "send", {"waybill": waybill}, actor=LIN))
    return case


def scanned(desk: Engine, waybill: str = "SF9", key: str = "e1", **fields: Any) -> Any:
    told = {"waybill": waybill, "weight": 2.5, **fields}
    return desk.hear("scanned", told, sender=FEED, key=key)


def state(desk: Engine, case: str) -> str:
    return "+".join(desk.case(case).position)


# -- one case ----------------------------------------------------------------------------------------------------------


def test_an_event_does_its_action_on_the_case_that_has_the_fields(anywhere: Engine) -> None:
    desk = anywhere
    other, case = sent(desk, "SF8"), sent(desk)
    heard = scanned(desk, by="Wu Min", colour="red")
    assert isinstance(heard, Accepted)
    assert (heard.case.id, state(desk, case), state(desk, other)) == (case, "received", "on_way")
    record = heard.record
    assert (record["verb"], record["name"], record["heard"], record["actor"]) == ("do", "parcel_in", "scanned", "sf")
    assert record["form"]["weight"] == 2.5
    assert set(record["form"]["carrier"]) == {"sealed"}  # under the name the event has for it
    assert "colour" not in str(record)  # what no form asks for is not kept


def test_an_event_told_again_under_its_id_acts_once(anywhere: Engine) -> None:
    desk = anywhere
    sent(desk)
    first, again = scanned(desk), scanned(desk)
    assert isinstance(again, Accepted)
    assert again.is_repeat
    assert again.record == first.record
    with pytest.raises(KeyReused, match="used by `sf` for another command"):
        scanned(desk, weight=3.0)


def test_one_id_of_two_senders_is_two_events(desk: Engine) -> None:
    sent(desk, "SF8"), sent(desk, "SF9")
    scanned(desk, "SF8")
    told = {"waybill": "SF9", "weight": 1.0}
    heard = desk.hear("scanned", told, sender=Actor(id="sto", roles=("courier_feed",)), key="e1")
    assert isinstance(heard, Accepted)


def test_a_case_is_found_by_its_number_and_only_with_all_else_equal(desk: Engine) -> None:
    case = sent(desk)
    scanned(desk)
    wrong = desk.hear("paid_back", {"case": case, "order": 8}, sender=FEED, key="p1")
    assert refused(wrong) == ["find"]
    assert f"none has `id` {case}, `order_no` 8" in wrong.reasons[0].words["en"]
    assert isinstance(desk.hear("paid_back", {"case": case, "order": "7"}, sender=FEED, key="p1"), Accepted)


def test_what_the_case_refuses_is_refused_with_its_reasons_and_on_its_record(desk: Engine) -> None:
    case = sent(desk)
    assert refused(scanned(desk, weight=80.0)) == ["light"]
    assert refused(desk.hear("paid_back", {"case": case, "order": 7}, sender=FEED, key="p1")) == ["state"]
    assert [one["refused"] for one in desk.history(case) if "refused" in one] == [[["light"]], [["state"]]]
    assert isinstance(scanned(desk, weight=80.0), Refusal)  # its id stands for nothing yet …
    assert isinstance(scanned(desk), Accepted)  # … so that it may come right


def test_a_late_event_is_kept_with_its_own_time_and_moves_no_other(desk: Engine, time: ManualTime) -> None:
    sent(desk)
    time.move(HOUR)
    told = {"waybill": "SF9", "weight": 1.0}
    heard = desk.hear("scanned", told, sender=FEED, key="e1", occurred_at=NINE + 5)
    assert isinstance(heard, Accepted)
    assert (heard.record["at"], heard.record["occurred_at"]) == (NINE + HOUR, NINE + 5)


def test_a_merged_case_hears_by_the_case_that_took_it_in(desk: Engine) -> None:
    gone, into = sent(desk, "SF8"), sent(desk)
    done(desk.merge(gone, into, actor=BOSS))
    heard = scanned(desk, "SF8")
    assert isinstance(heard, Accepted)
    assert heard.case.id == into


# -- who, and what cannot be -------------------------------------------------------------------------------------------


def test_only_systems_of_the_role_may_tell_it(desk: Engine) -> None:
    sent(desk)
    told = {"waybill": "SF9", "weight": 1.0}
    heard = desk.hear("scanned", told, sender=LIN, key="e1")
    assert refused(heard) == ["by"]
    with pytest.raises(NotPermitted, match="`nobody` is not known at this desk"):
        desk.hear("scanned", told, sender="nobody", key="e1")


def test_an_event_that_nobody_hears_or_that_is_none_says_so(desk: Engine) -> None:
    with pytest.raises(NotFound, match=r"hears an event `scaned` \(`scanned`\?\)") as error:
        desk.hear("scaned", {}, sender=FEED, key="e1")
    assert error.value.help == "there is `paid_back`, `scanned`, `seen`"
    with pytest.raises(UsageError, match="event `scanned` has no id"):
        desk.hear("scanned", {}, sender=FEED, key="")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"weight": 1.0}, "event `scanned` lacks `waybill`, by which its case is found"),
        ({"waybill": "", "weight": 1.0}, "event `scanned` lacks `waybill`"),
        ({"waybill": "sf 9"}, "`waybill` of event `scanned`: "),
        ({"waybill": ["SF9"]}, "`waybill` of event `scanned`: "),
    ],
)
def test_what_a_case_cannot_be_found_by_is_refused_in_words(desk: Engine, told: dict[str, Any], words: str) -> None:
    heard = desk.hear("scanned", told, sender=FEED, key="e1")
    assert refused(heard) == ["find"]
    assert words in heard.reasons[0].words["en"]
    assert heard.reasons[0].words["zh"] != heard.reasons[0].words["en"]


def test_two_processes_cannot_hear_one_event(desk: Engine) -> None:
    other = PARCEL_BACK.replace("process: giveback", "process: swap").replace("prefix: G", "prefix: S")
    alone = {path: text for path, text in texts(swap=other).items() if "giveback" not in path}
    with pytest.raises(DefinitionError, match="event `scanned` of `swap` is heard by `giveback` already"):
        desk.publish(alone, "swap", actor=ADMIN)


# -- none, or several --------------------------------------------------------------------------------------------------


def test_an_event_that_is_to_be_refused_is_so_where_no_case_fits(desk: Engine) -> None:
    heard = desk.hear("paid_back", {"case": "G-9", "order": 7}, sender=FEED, key="p1")
    assert refused(heard) == ["find"]
    assert heard.case is None


def test_an_event_that_is_to_be_ignored_is_remembered_as_heard(anywhere: Engine) -> None:
    desk = anywhere
    first = desk.hear("seen", {"order": 7}, sender=FEED, key="s1")
    assert isinstance(first, Noted)
    assert (first.status, first.is_repeat) == ("ignored", False)
    opened(desk)  # what was ignored stays so
    again = desk.hear("seen", {"order": 7}, sender=FEED, key="s1")
    assert isinstance(again, Noted)
    assert (again.number, again.is_repeat) == (first.number, True)
    with pytest.raises(KeyReused, match="id `s1` was given by `sf` to another event"):
        desk.hear("seen", {"order": 8}, sender=FEED, key="s1")
    assert desk.waiting_events() == []


def test_of_several_cases_none_is_guessed(anywhere: Engine) -> None:
    desk = anywhere
    cases = [opened(desk), opened(desk)]
    heard = desk.hear("seen", {"order": 7}, sender=FEED, key="s1")
    assert isinstance(heard, Noted)
    assert heard.cases == tuple(cases)
    sent(desk), sent(desk)
    assert scanned(desk).cases == ("G-3", "G-4")
    assert [one.status for one in desk.waiting_events()] == ["kept"]


def test_of_several_with_the_fields_the_one_whose_state_expects_it_is_meant(desk: Engine) -> None:
    opened(desk, waybill="SF9")
    case = sent(desk)
    heard = scanned(desk)
    assert isinstance(heard, Accepted)
    assert heard.case.id == case


def test_a_closed_case_is_not_found(desk: Engine) -> None:
    case = opened(desk, waybill="SF9")
    done(desk.act(case, "give_up", actor=LIN))
    assert scanned(desk).cases == ()


# -- kept --------------------------------------------------------------------------------------------------------------


def test_a_kept_event_acts_in_the_step_that_brings_its_case(anywhere: Engine, time: ManualTime) -> None:
    desk = anywhere
    kept = scanned(desk, by="Wu Min")
    assert isinstance(kept, Noted)
    assert (kept.status, kept.until, kept.cases) == ("kept", NINE + 2 * DAY, ())
    time.move(HOUR)
    case = opened(desk)
    after = done(desk.act(case, "send", {"waybill": "SF9"}, actor=LIN))
    assert after.position == ("received",)
    taken = desk.history(case)[-1]
    assert (taken["heard"], taken["heard_at"], taken["at"], taken["actor"]) == ("scanned", NINE, NINE + HOUR, "sf")
    assert desk.waiting_events() == []
    again = scanned(desk, by="Wu Min")  # its id stands for that step from now on
    assert isinstance(again, Accepted)
    assert again.is_repeat
    assert again.record["seq"] == taken["seq"]


def test_it_waits_too_for_a_case_whose_state_does_not_expect_it_yet(desk: Engine) -> None:
    case = opened(desk, waybill="SF9")
    assert scanned(desk).cases == (case,)
    assert state(desk, case) == "agreed"
    done(desk.act(case, "send", {"waybill": "SF9"}, actor=LIN))
    assert state(desk, case) == "received"


def test_it_acts_where_a_case_is_opened_with_the_fields_or_given_others(desk: Engine) -> None:
    scanned(desk, "SF8")
    case = sent(desk)
    done(desk.act(case, "rename", {"waybill": "SF8"}, actor=LIN))
    assert state(desk, case) == "received"


CRATE = """
process: crate
version: 1
prefix: X
label: {en: Crate, zh: 周转箱}
calendar: always
initial: lent
key: tag
fields: {tag: {type: text, label: {en: Tag, zh: 标签}}}
incoming: {passed: {from: courier_feed, find: {tag: rfid}, do: back, otherwise: keep, for: 2h}}
opening: {by: [agent], form: {require: [tag]}}
states:
  lent:
    label: {en: Lent, zh: 借出}
    waiting_on: agent
    actions: {back: {label: {en: Back, zh: 归还}, by: [courier_feed], to: returned}}
  returned: {label: {en: Returned, zh: 已还}, final: done}
"""

LOAD = """
process: load
version: 1
prefix: Z
label: {en: Load, zh: 装货}
calendar: always
initial: done
fields: {tag: {type: text, label: {en: Tag, zh: 标签}}}
opening: {by: [agent], form: {require: [tag]}, then: [{open: crate, as: crate, key: =case.tag, with: {tag: =case.tag}}]}
states: {done: {label: {en: Done, zh: 完成}, final: done}}
"""


def test_it_acts_on_a_case_that_a_step_opens_by_its_key_in_a_family_of_its_own(desk: Engine) -> None:
    for process in ("crate", "load"):
        desk.publish(texts(crate=CRATE, load=LOAD), process, actor=ADMIN)
    desk.hear("passed", {"rfid": "T1"}, sender=FEED, key="g1")
    done(desk.open_case("load", {"tag": "T1"}, actor=LIN))
    assert state(desk, "X-1") == "returned"
    assert desk.waiting_events() == []


def test_kept_events_act_in_the_order_in_which_they_were_heard(anywhere: Engine) -> None:
    desk = anywhere
    assert [scanned(desk, key=key, weight=weight).status for key, weight in (("e2", 4.0), ("e1", 5.0))] == ["kept"] * 2
    case = sent(desk)
    heard = [one["form"]["weight"] for one in desk.history(case) if "heard" in one]
    assert heard == [4.0]  # after the first the case expects no other
    assert [one.key for one in desk.waiting_events()] == ["e1"]


def test_what_its_case_refuses_waits_no_longer_and_says_why(anywhere: Engine) -> None:
    desk = anywhere
    scanned(desk, weight=80.0)
    case = sent(desk)
    assert state(desk, case) == "on_way"
    [event] = desk.waiting_events()
    assert (event.status, event.cases, event.reasons[0]["en"]) == ("refused", (case,), "Too heavy")
    done(desk.act(case, "rename", {"waybill": "SF9"}, actor=LIN))
    assert [one["refused"] for one in desk.history(case) if "refused" in one] == [[["light"]]]  # tried once


def test_a_kept_event_told_again_is_tried_again(desk: Engine, time: ManualTime) -> None:
    first = scanned(desk)
    again = scanned(desk)
    assert (again.number, again.status, again.is_repeat) == (first.number, "kept", True)
    sent(desk, "SF8")
    assert len(desk.waiting_events()) == 1


def test_it_waits_until_its_time_is_over(anywhere: Engine, time: ManualTime) -> None:
    desk = anywhere
    scanned(desk)
    time.move(2 * DAY - 1)
    assert len(desk.waiting_events()) == 1
    time.move(1)
    assert desk.waiting_events() == []
    case = sent(desk)
    assert state(desk, case) == "on_way"
    heard = scanned(desk)  # and told again, it is heard anew
    assert isinstance(heard, Accepted)


def test_time_alone_takes_up_no_kept_event(desk: Engine, time: ManualTime) -> None:
    # The timer would find it only when a worker looks, so histories would depend on that.
    case = sent(desk)
    time.move(5 * HOUR + 1)
    desk.tick()
    assert state(desk, case) == "received"
    assert isinstance(scanned(desk), Noted)


def test_private_values_wait_apart_and_are_never_shown(anywhere: Engine) -> None:
    desk = anywhere
    kept = scanned(desk, by="Wu Min", colour="red")
    [event] = desk.waiting_events()
    assert event.private == {"by": "•••"}
    assert event.fields == {"waybill": "SF9", "weight": 2.5}
    assert "Wu Min" not in repr(desk.waiting_event(kept.number))
    case = sent(desk)
    assert desk.case(case, actor=LIN).data["carrier"] == "Wu Min"


def test_who_assigns_cases_drops_what_waits_and_it_stays_dropped(anywhere: Engine) -> None:
    desk = anywhere
    kept = scanned(desk, by="Wu Min")
    with pytest.raises(NotPermitted, match="`lin` may not drop events"):
        desk.drop_event(kept.number, actor=LIN)
    dropped = desk.drop_event(kept.number, actor=BOSS)
    assert (dropped.status, dropped.private, dropped.fields) == ("dropped", {}, {})
    case = sent(desk)
    assert state(desk, case) == "on_way"
    again = scanned(desk, by="Wu Min")
    assert isinstance(again, Noted)
    assert (again.status, again.is_repeat) == ("dropped", True)
    with pytest.raises(NotFound, match="there is no event 99"):
        desk.drop_event(99, actor=BOSS)


def test_who_assigns_cases_gives_what_waits_to_a_case_that_it_does_not_find(anywhere: Engine) -> None:
    desk = anywhere
    case = sent(desk, "SF8")
    kept = scanned(desk, by="Wu Min")  # SF9: somebody misread the number
    taken = done(desk.give_event(kept.number, case, actor=BOSS, reason="an 8, misread"))
    assert taken.position == ("received",)
    record = desk.history(case)[-1]
    assert (record["actor"], record["heard"], record["given"]) == (
        "sf", "scanned", {"by": BOSS.id, "reason": "an 8, misread"},
    )  # fmt: skip
    assert desk.case(case, actor=LIN).data["carrier"] == "Wu Min"
    assert desk.waiting_events() == []
    again = scanned(desk, by="Wu Min")
    assert isinstance(again, Accepted)
    assert (again.case.id, again.is_repeat) == (case, True)
    with pytest.raises(NotFound, match=f"there is no event {kept.number} that waits"):
        desk.give_event(kept.number, case, actor=BOSS, reason="once more")


def test_what_one_case_refused_is_given_to_another_and_waits_on_where_that_refuses_too(desk: Engine) -> None:
    heavy = scanned(desk, weight=31)
    case = sent(desk)  # it is refused there
    other, early = sent(desk, "SF8"), opened(desk)
    assert refused(desk.give_event(heavy.number, other, actor=BOSS, reason="there?")) == ["light"]
    assert desk.history(other)[-1]["given"]["by"] == BOSS.id
    assert refused(desk.give_event(heavy.number, early, actor=BOSS, reason="or there?")) == ["state"]
    [event] = desk.waiting_events()
    assert (event.status, event.cases) == ("refused", (case,))


def test_only_who_assigns_gives_and_says_why_and_only_to_a_case_that_hears_it(desk: Engine) -> None:
    case, kept = sent(desk, "SF8"), scanned(desk)
    before = desk.history(case)
    with pytest.raises(NotPermitted, match="`lin` may not give events to cases"):
        desk.give_event(kept.number, case, actor=LIN, reason="mine")
    with pytest.raises(UsageError, match="says why"):
        desk.give_event(kept.number, case, actor=BOSS, reason=" ")
    for unknown in ("G-99", "X-1"):
        with pytest.raises(NotFound):
            desk.give_event(kept.number, unknown, actor=BOSS, reason="there")
    desk.publish(texts(), "call", actor=ADMIN)
    deaf = done(desk.open_case("call", {}, actor=LIN)).id
    with pytest.raises(UsageError, match=f"`{deaf}` is of `call` version 1, which hears no event `scanned`"):
        desk.give_event(kept.number, deaf, actor=BOSS, reason="there")
    assert desk.history(case) == before
    assert [one.number for one in desk.waiting_events()] == [kept.number]


def test_a_merged_case_is_given_an_event_by_the_case_that_took_it_in(desk: Engine) -> None:
    gone, there = sent(desk, "SF7"), sent(desk, "SF8")
    done(desk.merge(gone, there, actor=BOSS))
    kept = scanned(desk)
    assert done(desk.give_event(kept.number, gone, actor=BOSS, reason="theirs")).id == there


def test_erasing_a_case_erases_the_private_values_of_events_about_it(anywhere: Engine) -> None:
    desk = anywhere
    early = opened(desk)  # it has no waybill yet: nothing finds it
    waits, alike, other = scanned(desk, by="Wu Min"), scanned(desk, "SF8", "e2", by=" wu  min"), scanned(
        desk, "SF7", "e3", by="Li Na"
    )  # fmt: skip
    heavy = scanned(desk, "SF6", "e4", by="Chen", weight=31)
    refused_by = sent(desk, "SF6")
    for number in (waits, alike, other, heavy):
        assert desk.waiting_event(number.number).private == {"by": "•••"}
    case = sent(desk, "SF5")
    done(desk.act(case, "parcel_in", {"weight": 1, "carrier": "Wu Min"}, actor=LIN))
    assert [one.events for one in desk.erase(case, actor=ADMIN, reason="asked")] == [2]  # they tell the same name
    assert [one.events for one in desk.erase(refused_by, actor=ADMIN, reason="asked")] == [1]
    assert desk.history(refused_by)[-1]["erasure"]["fields"] == []
    assert not desk.erase(early, actor=ADMIN, reason="asked")[0].is_new
    left = {event.key: dict(event.private) for event in desk.waiting_events()}
    assert left == {"e1": {}, "e2": {}, "e3": {"by": "•••"}, "e4": {}}
    taken = sent(desk)  # what waited acts all the same, without what was erased
    assert state(desk, taken) == "received"
    assert "carrier" not in desk.case(taken, actor=LIN).data
    with pytest.raises(KeyReused):
        scanned(desk, "SF8", "e2", by=" wu  min")


def test_an_event_that_waits_for_a_case_loses_its_private_values_with_that(anywhere: Engine) -> None:
    kept = scanned(anywhere, by="Wu Min")
    case = opened(anywhere, waybill="SF9")  # which does not expect it yet
    assert anywhere.waiting_event(kept.number).cases == ()
    assert anywhere.erase(case, actor=ADMIN, reason="asked")[0].events == 1
    assert anywhere.waiting_event(kept.number).private == {}
    assert not anywhere.erase(case, actor=ADMIN, reason="again")[0].is_new


STAYS = PARCEL_BACK.replace("do: spotted, otherwise: ignore", "do: spotted, otherwise: keep, for: 48h")


@pytest.mark.parametrize("way", ["given", "told again"])
def test_an_event_that_moves_nothing_is_not_taken_up_by_its_own_step_as_well(time: ManualTime, way: str) -> None:
    """Its own step found it waiting and took it up, so that it was gone already: tried twenty times, in vain."""
    own = {path: STAYS if path.endswith("giveback.yaml") else text for path, text in texts().items()}
    with Engine.open("memory:", time=time) as engine:
        engine.publish(own, "giveback", actor=ADMIN)
        case, other = opened(engine), opened(engine)  # which of the two?
        kept = engine.hear("seen", {"order": 7}, sender=FEED, key="a")
        assert isinstance(kept, Noted)
        done(engine.act(other, "give_up", actor=LIN))
        if way == "given":
            done(engine.give_event(kept.number, case, actor=BOSS, reason="theirs"))
        else:
            assert isinstance(engine.hear("seen", {"order": 7}, sender=FEED, key="a"), Accepted)
        assert engine.waiting_events() == []
        assert [record.get("heard") for record in engine.history(case)] == [None, "seen"]


# -- many at once, workers, imports ------------------------------------------------------------------------------------


def test_whoever_comes_first_an_event_and_its_case_do_not_miss_each_other(anywhere: Engine) -> None:
    desk = anywhere
    # Kept by one transaction while another brought its case, it would have waited for nothing.
    cases = [opened(desk, order) for order in range(8)]

    def work(number: int) -> Any:
        case, is_event = cases[number // 2], number % 2
        waybill = f"SF{number // 2}X"
        if is_event:
            return scanned(desk, waybill, key=waybill)
        return desk.act(case, "send", {"waybill": waybill}, actor=LIN)

    assert not [one for one in together(16, work) if isinstance(one, Refusal | Exception)]
    assert {state(desk, case) for case in cases} == {"received"}
    assert desk.waiting_events() == []


def test_one_event_told_by_many_at_once_acts_once(anywhere: Engine) -> None:
    desk = anywhere
    case = sent(desk)
    heard = together(8, lambda _: scanned(desk))
    assert sum(isinstance(one, Accepted) and not one.is_repeat for one in heard) == 1
    assert [one["heard"] for one in desk.history(case) if "heard" in one] == ["scanned"]


STEPS = ("open", "send", "send", "rename", "give_up", "scan", "scan", "scan", "seen", "again", "wait", "wait")


def played(seed: int, ticks: str) -> list[list[dict[str, Any]]]:
    """The histories of a random day, with a worker that looks always, never, or now and then."""
    dice, workers, time = Random(seed), Random(seed + 1), ManualTime(NINE)
    with Engine.open("memory:", time=time) as desk:
        desk.publish(texts(), "giveback", actor=ADMIN)
        cases: list[str] = []
        for number in range(40):
            step, case, waybill = dice.choice(STEPS), dice.choice(cases or [""]), f"SF{dice.randrange(4)}"
            if step == "wait":
                time.move(dice.randrange(1, 4 * HOUR))
            elif step == "open":
                cases.append(opened(desk, dice.randrange(3), waybill=waybill))
            elif step in ("scan", "seen"):
                told = {"waybill": waybill, "weight": 1.0} if step == "scan" else {"order": dice.randrange(3)}
                event = "scanned" if step == "scan" else "seen"
                desk.hear(event, told, sender=FEED, key=f"e{dice.randrange(number + 1)}-{step}-{told}")
            elif case:
                form = {"waybill": waybill} if step in ("send", "rename") else {}
                desk.act(case, step, form, actor=LIN)
            if ticks == "always" or (ticks == "sometimes" and workers.random() < 0.3):
                desk.tick()
        desk.tick()
        assert not desk.verify().problems
        late = ("recorded_at", "prev")
        return [[{k: v for k, v in one.items() if k not in late} for one in desk.history(case)] for case in cases]


@pytest.mark.parametrize("seed", range(60 if os.environ.get("CASEWRIGHT_LONG") else 4))
def test_histories_do_not_depend_on_when_a_worker_looked(seed: int) -> None:
    never = played(seed, "never")
    assert played(seed, "always") == never
    assert played(seed, "sometimes") == never


def test_in_such_a_day_some_cases_hear_an_event_and_others_none() -> None:
    heard = [any("heard" in one for one in history) for history in played(0, "never")]
    assert any(heard)
    assert not all(heard)


def test_events_of_an_import_find_the_cases_of_that_import(anywhere: Engine, time: ManualTime) -> None:
    desk = anywhere
    live = sent(desk, "SF1")
    time.move(DAY)
    lines = [
        {"at": "2026-03-02 09:30", "hear": "scanned", "from": "courier_feed", "key": "i1",
         "with": {"waybill": "SF1", "weight": 1.0}},
        {"at": "2026-03-02 09:31", "as": "agent:lin", "case": "a", "open": "giveback", "form": {"order_no": 1}},
        {"at": "2026-03-02 09:32", "as": "agent:lin", "case": "a", "do": "send", "form": {"waybill": "SF1"}},
        {"at": "2026-03-02 09:33", "hear": "paid_back", "from": "courier_feed", "key": "i2",
         "with": {"case": "G-9", "order": 1}, "refused": True},
        {"at": "2026-03-02 09:34", "hear": "scanned", "from": "courier_feed", "key": "i3",
         "with": {"waybill": "SF7", "weight": 2.0}},
    ]  # fmt: skip
    done_of = desk.import_lines([json.dumps(line) for line in lines], Import(name="day"), actor=ADMIN)
    assert (done_of.done, done_of.refused, done_of.errors) == (4, 1, ())
    assert (state(desk, live), state(desk, done_of.cases["a"])) == ("received", "received")
    assert [one["heard"] for one in desk.history(done_of.cases["a"]) if "heard" in one] == ["scanned"]
    assert not [one for one in desk.history(live) if "heard" in one]  # its own timer moved it, not that event
    case = sent(desk, "SF7")  # what the import left waiting is everybody's once it is finished
    assert state(desk, case) == "received"
    again = desk.import_lines([json.dumps(line) for line in lines], Import(name="day"), actor=ADMIN)
    assert again.skipped == len(lines)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            {"hear": "scanned", "from": "courier_feed"},
            "a line with `hear` needs `from`, the role that tells it, and `key`",
        ),
        ({"hear": "scanned", "from": "curier_feed", "key": "k"}, "there is no role `curier_feed` at this desk"),
        ({"hear": "scaned", "from": "courier_feed", "key": "k"}, "hears an event `scaned`"),
        ({"hear": "scanned", "from": "courier_feed", "key": "k", "with": 3}, "`with` must be an object of fields"),
    ],
)
def test_a_bad_line_with_an_event_says_why(desk: Engine, time: ManualTime, line: dict[str, Any], why: str) -> None:
    time.move(DAY)
    found = desk.import_lines([json.dumps({"at": "2026-03-02 09:30", **line})], Import(name="bad"), actor=ADMIN)
    assert why in found.errors[0].message
