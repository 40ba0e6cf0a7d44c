"""Moving open cases to a newer version: looked at first, refused where something would be lost, one record a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from engine import Engine
from engine.app import MovePlan
from engine.core.cases import Actor
from engine.errors import DefinitionError, NotPermitted, UsageError
from engine.testing import ManualTime
from tests.app.desks import ADMIN, LIN, MINUTE, NINE, done

DESK = """
desk: corner_shop
languages: [en, zh]
zone: Asia/Shanghai
currency: CNY
roles: {agent: {en: Agent, zh: 客服}}
fields: {note: {type: text, label: {en: Note, zh: 备注}}}
"""

FIRST = """
process: job
version: 1
prefix: J
label: {en: Job, zh: 工单}
calendar: always
initial: waiting
fields:
  what: {type: text, label: {en: What, zh: 内容}}
  code: {type: text, personal: true, label: {en: Code, zh: 代码}}
opening: {by: [agent], form: {require: [what], allow: [code]}}
clocks:
  answered: {label: {en: Answered, zh: 已答复}, goal: 30m, met_by: [answer, close]}
  closed_in: {label: {en: Closed, zh: 已结}, goal: 4h, met_by: [close]}
actions:
  answer: {label: {en: Answer, zh: 答复}, by: [agent], to: stay}
states:
  waiting:
    label: {en: Waiting, zh: 等待}
    waiting_on: agent
    timers: {nag: {after: 1h, then: [{set: {note: nagged}}]}}
    actions:
      take: {label: {en: Take, zh: 接手}, by: [agent], to: assigned}
      close: {label: {en: Close, zh: 结案}, by: [agent], to: done}
  assigned:
    label: {en: Assigned, zh: 已分派}
    waiting_on: agent
    actions:
      close: {label: {en: Close, zh: 结案}, by: [agent], to: done}
      park: {label: {en: Park, zh: 搁置}, by: [agent], to: waiting}
  done: {label: {en: Done, zh: 完成}, final: done}
"""


def second(migrate: str, *changes: tuple[str, str]) -> str:
    """Version 2: `assigned` is `dispatched`, answers are due after ten minutes, nothing else is new."""
    text = FIRST.replace("version: 1", "version: 2").replace("goal: 30m", "goal: 10m")
    text = text.replace("to: assigned", "to: dispatched").replace("  assigned:", "  dispatched:")
    text = text.replace("      park: {label: {en: Park, zh: 搁置}, by: [agent], to: waiting}\n", "")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text + f"migrate: [{{from: 1, {migrate}}}]\n"


WHOLE = "states: {assigned: dispatched}, clocks: {answered: keep}"


def files(text: str) -> dict[str, str]:
    return {"desk.yaml": DESK, "job.yaml": text}


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    """The first version published at nine o'clock; whatever a test did, the audit must hold."""
    with Engine.open(address, time=ManualTime(NINE), create=True) as made:
        made.publish(files(FIRST), "job", actor=ADMIN)
        yield made
        assert not made.verify().problems


def job(engine: Engine, *acts: str) -> str:
    case = done(engine.open_case("job", {"what": "lamp", "code": "17"}, actor=LIN)).id
    for act in acts:
        done(engine.act(case, act, actor=LIN))
    return case


def moved(engine: Engine, text: str) -> tuple[str, ...]:
    engine.publish(files(text), "job", actor=ADMIN)
    return engine.migrate("job", actor=ADMIN, reason="new rules").cases


def rules(plan: MovePlan) -> list[str]:
    return [one.words["en"] for move in plan.moves for one in move.reasons]


def wind(engine: Engine, minutes: int) -> None:
    time = engine._recipe.time
    assert isinstance(time, ManualTime)
    time.move(minutes * MINUTE)


def test_a_case_goes_over_by_one_record_and_goes_on_there(engine: Engine) -> None:
    case = job(engine, "take")
    assert moved(engine, second(WHOLE)) == (case,)
    view = engine.case(case, actor=LIN)
    assert (view.position, view.version, view.data["what"]) == (("dispatched",), 2, "lamp")
    last = engine.history(case)[-1]
    assert {name: last[name] for name in ("verb", "name", "from", "to", "migration")} == {
        "verb": "migrate", "name": "2", "from": ["assigned"], "to": ["dispatched"],
        "migration": {"from": 1, "reason": "new rules"},
    }  # fmt: skip
    assert last["definition"][1] == 2
    done(engine.act(case, "close", actor=LIN))


def test_a_moved_case_is_retold_with_the_version_it_began_on(engine: Engine) -> None:
    moved_on = job(engine)
    assert moved(engine, second(WHOLE)) == (moved_on,)
    assert {one.version for one in engine.retold(moved_on).definitions} == {1, 2}


def test_a_case_that_is_not_moved_runs_on_beside(engine: Engine) -> None:
    case = job(engine, "take")
    engine.publish(files(second(WHOLE)), "job", actor=ADMIN)
    assert engine.case(case, actor=LIN).version == 1
    assert done(engine.act(case, "park", actor=LIN)).position == ("waiting",)


def test_a_kept_promise_keeps_its_goal_whatever_happens_next(engine: Engine) -> None:
    kept = job(engine)
    assert moved(engine, second(WHOLE)) == (kept,)
    assert engine.case(kept, actor=LIN).clocks["answered"].due_at == NINE + 30 * MINUTE
    done(engine.act(kept, "take", actor=LIN))
    assert engine.case(kept, actor=LIN).clocks["answered"].due_at == NINE + 30 * MINUTE


@pytest.mark.parametrize(
    ("fate", "after", "status", "due"),
    [("carry", 5, "running", 10), ("restart", 5, "running", 15), ("keep", 5, "running", 30), ("end", 5, "none", None)],
)
def test_each_fate_of_a_promise(engine: Engine, fate: str, after: int, status: str, due: int | None) -> None:
    case = job(engine, "take")
    wind(engine, after)
    without = () if fate != "end" else ((line_of("answered"), ""),)
    text = second(f"states: {{assigned: dispatched}}, clocks: {{answered: {fate}}}", *without)
    assert moved(engine, text) == (case,)
    clock = engine.case(case, actor=LIN).clocks.get("answered")
    assert (clock.status if clock else "none") == status
    assert (clock.due_at if clock else None) == (NINE + due * MINUTE if due else None)


def line_of(clock: str) -> str:
    text = second("")
    return next(line + "\n" for line in text.split("\n") if line.strip().startswith(f"{clock}:"))


def test_a_cycle_that_ended_with_the_move_is_reported(engine: Engine) -> None:
    case = job(engine)
    moved(engine, second("states: {assigned: dispatched}, clocks: {answered: end}", (line_of("answered"), "")))
    last = engine.history(case)[-1]
    assert last["clocks"] == [["answered", "cancelled", 0, 0]]
    assert engine.ledger(case, "answered") == ()


def test_a_kept_promise_is_not_turned_into_a_breach(engine: Engine) -> None:
    case = job(engine)
    wind(engine, 20)  # 10 of 30 minutes are left, and the new goal of 10 minutes is over
    text = second("states: {assigned: dispatched}, clocks: {answered: carry}")
    planned = engine.plan(files(text), "job", actor=ADMIN)
    assert rules(planned) == [
        "the promise `answered` is kept so far and would be missed at once in version 2; `answered: keep` in `migrate` "
        "leaves it its goal"
    ]
    assert moved(engine, text) == ()
    assert engine.case(case, actor=LIN).version == 1


def test_a_breached_promise_stays_breached(engine: Engine) -> None:
    case = job(engine)
    wind(engine, 31)
    moved(engine, second("states: {assigned: dispatched}, clocks: {answered: carry}"))
    assert engine.case(case, actor=LIN).clocks["answered"].status == "breached"


def test_plan_shows_each_case_before_and_after_and_changes_nothing(engine: Engine) -> None:
    case = job(engine, "take")
    before = engine.history(case)
    planned = engine.plan(files(second("states: {assigned: dispatched}, clocks: {answered: carry}",
                                       ("form: {require: [what]", "form: {require: [what, note]"))),
                          "job", actor=ADMIN)  # fmt: skip
    (one,) = planned.moves
    assert (one.case, one.since, one.before, one.after) == (case, 1, ("assigned",), ("dispatched",))
    dues = {name: [side.due_at - NINE if side and side.due_at else None for side in both]
            for name, both in one.promises.items()}  # fmt: skip
    assert dues == {"answered": [30 * MINUTE, 10 * MINUTE], "closed_in": [240 * MINUTE, 240 * MINUTE]}
    assert (one.lost, one.missing, one.dropped) == (("park",), ("note",), ())
    assert engine.history(case) == before
    assert [found.version for found in engine.published()] == [1]


FORGOTTEN: Mapping[str, tuple[str, str]] = {
    "a state": ("clocks: {answered: keep}", "`assigned` of version 1 has no place in version 2"),
    "a promise": ("states: {assigned: dispatched}", "the promise `answered` is another in version 2, or none"),
    "a name that never was": (
        "states: {assigned: dispatched, assinged: dispatched}, clocks: {answered: keep}",
        "`migrate` names `assinged`, which version 1 does not have (`assigned`?)",
    ),
    "nothing of `drop`": (
        "states: {assigned: dispatched}, clocks: {answered: keep}, drop: [wat]",
        "`migrate` names `wat`, which version 1 does not have (`what`?)",
    ),
}


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_what_a_migration_forgets_is_told_by_plan_and_refused_by_publish(engine: Engine, forgotten: str) -> None:
    migrate, said = FORGOTTEN[forgotten]
    found = engine.plan(files(second(migrate)), "job", actor=ADMIN).oversights
    assert [(since, one.words["en"].startswith(said)) for since, one in found] == [(1, True)]
    with pytest.raises(DefinitionError, match="`migrate` of `job` version 2 forgets something of version 1"):
        engine.publish(files(second(migrate)), "job", actor=ADMIN)


def test_a_filled_field_that_is_gone_must_be_given_up_by_name(engine: Engine) -> None:
    case = job(engine)
    gone = ("  code: {type: text, personal: true, label: {en: Code, zh: 代码}}\n", ""), (", allow: [code]", "")
    assert "`code` is filled in" in rules(engine.plan(files(second(WHOLE, *gone)), "job", actor=ADMIN))[0]
    text = second(WHOLE + ", drop: [code]", *gone)
    assert engine.plan(files(text), "job", actor=ADMIN).moves[0].dropped == ("code",)
    assert moved(engine, text) == (case,)
    assert "code" not in engine.case(case, actor=LIN).data
    assert engine.history(case)[-1]["changed"] == {"code": None}


def test_a_case_of_a_version_without_a_way_is_not_moved(engine: Engine) -> None:
    job(engine)
    text = FIRST.replace("version: 1", "version: 2")
    engine.publish(files(text), "job", actor=ADMIN)
    done_now = engine.migrate("job", actor=ADMIN, reason="try")
    assert done_now.cases == ()
    assert "does not say how cases of version 1 move" in done_now.failed[0][1]["en"]


def test_a_timer_goes_on_as_it_was_set(engine: Engine) -> None:
    case = job(engine)
    wind(engine, 29)
    moved(engine, second(WHOLE, ("after: 1h", "after: 5h")))
    wind(engine, 32)
    engine.tick()
    assert engine.case(case, actor=LIN).data["note"] == "nagged"


def test_a_state_can_become_regions(engine: Engine) -> None:
    case = job(engine, "take")
    regions = """  dispatched:
    label: {en: Dispatched, zh: 已派}
    parallel: true
    done: [{is: waiting}]
    states:
      left:
        label: {en: Left, zh: 左}
        states:
          l1: {label: {en: L1, zh: 左一}, waiting_on: agent,
            actions: {l: {label: {en: L, zh: 左完}, by: [agent], to: l2}}}
          l2: {label: {en: L2, zh: 左二}, final: true}
        initial: l1
      right:
        label: {en: Right, zh: 右}
        states:
          r1: {label: {en: R1, zh: 右一}, waiting_on: agent,
            actions: {r: {label: {en: R, zh: 右完}, by: [agent], to: r2}}}
          r2: {label: {en: R2, zh: 右二}, final: true}
        initial: r1
"""
    text = second("")
    old = text[text.index("  dispatched:") : text.index("  done: {label")]
    half = second("states: {assigned: l1}, clocks: {answered: keep}", (old, regions))
    assert "cannot be active together" in rules(engine.plan(files(half), "job", actor=ADMIN))[0]
    whole = second("states: {assigned: [l1, r1]}, clocks: {answered: keep}", (old, regions))
    assert moved(engine, whole) == (case,)
    done(engine.act(case, "l", actor=LIN))
    assert done(engine.act(case, "r", actor=LIN)).position == ("waiting",)


def test_broken_off_it_goes_on_with_those_that_are_left(engine: Engine) -> None:
    first, rest = job(engine), [job(engine) for _ in range(3)]
    engine.publish(files(second(WHOLE)), "job", actor=ADMIN)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.migrate("job", actor=ADMIN, reason="new rules", progress=stop)
    assert engine.migrate("job", actor=ADMIN, reason="new rules").cases == tuple(rest)
    assert [one["verb"] for one in engine.history(first)].count("migrate") == 1
    assert engine.migrate("job", actor=ADMIN, reason="again").cases == ()


def test_only_an_administrator_moves_cases_and_says_why(engine: Engine) -> None:
    engine.publish(files(second(WHOLE)), "job", actor=ADMIN)
    with pytest.raises(UsageError, match="a reason must be given"):
        engine.migrate("job", actor=ADMIN, reason=" ")
    with pytest.raises(NotPermitted, match="may not migrate"):
        engine.migrate("job", actor=LIN, reason="x")
    with pytest.raises(NotPermitted, match="may not plan"):
        engine.plan(files(second(WHOLE)), "job", actor=Actor(id="wang", roles=("agent",)))
