"""How a step moves its case: every microstep's work in its order, then what follows from the case after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.chart import Arc, Microstep
from engine.chart.drawing import DECIDE, Way
from engine.core.alarms import armed, followed, resumed, suspended
from engine.core.cases import Alarm
from engine.core.draft import Draft
from engine.core.effects import run
from engine.core.people import is_named
from engine.core.promises.step import advance_clocks
from engine.core.sight import holds
from engine.model import Action


def move(draft: Draft, event: str, allowed: Sequence[Action] = ()) -> None:
    """Take every microstep of this event until the case rests, doing each one's work before the next is chosen.

    `allowed` are the actions whose guards hold; other ways are judged by their branch alone.
    """

    def passes(arc: Arc) -> bool:
        way = arc.payload
        assert isinstance(way, Way)
        if way.action is not None and way.action not in allowed:
            return False
        return way.branch.when is None or holds(way.branch.when, draft.sight)

    for microstep in draft.plan.machine.run(draft.case.position, event, passes):
        draft.microsteps += 1
        _take(draft, microstep)


def _take(draft: Draft, microstep: Microstep) -> None:
    doing = draft.plan.doing(microstep)
    if doing.is_timed or draft.case.alarms or draft.case.needed:
        _leave_and_enter(draft, microstep)
    draft.happened.update(microstep.entered)
    draft.put("position", microstep.position)
    if microstep.final is not None or draft.case.outcome:
        _end_or_reopen(draft, microstep)
    draft.decide_whose_turn()
    effects = doing.effects
    draft.covered |= doing.covered
    if draft.first:
        effects, draft.first = (*draft.first, *effects), ()
    if effects:
        run(effects, draft)


def _leave_and_enter(draft: Draft, microstep: Microstep) -> None:
    """What the states left and entered had running, and what was done in them."""
    alarms, needed = dict(draft.case.alarms), dict(draft.case.needed)
    again = draft.plan.chart.may_return_to(microstep.position) if microstep.position.past else frozenset()
    for kind, what in microstep.work:
        if isinstance(what, Arc):
            continue
        if kind == "exit":
            _leave(draft, what, alarms, needed, what in again)
        elif kind == "enter":
            needed.pop(what, None)
            alarms.update(armed(draft.plan.definition.states[what], draft.plan, draft.case.data, draft.now))
        elif kind == "return":
            _return(draft, what, alarms)
    draft.change(alarms=alarms, needed=needed)


def _leave(draft: Draft, state: str, alarms: dict[str, Any], needed: dict[str, Any], may_return: bool) -> None:
    for name, timer in draft.plan.timers_of[state]:
        alarm = alarms.pop(name, None)
        if may_return and alarm is not None:
            alarms[name] = suspended(timer, alarm, draft.plan, draft.now)
    if not may_return:
        needed.pop(state, None)


def _return(draft: Draft, state: str, alarms: dict[str, Any]) -> None:
    for name, timer in draft.plan.timers_of[state]:
        if name in alarms:
            alarms[name] = resumed(timer, alarms[name], draft.plan, draft.case.data, draft.now)


def _end_or_reopen(draft: Draft, microstep: Microstep) -> None:
    if microstep.final is not None:
        if draft.case.outcome and draft.before.position.leaves == microstep.position.leaves:
            return  # it stays closed
        plan, outcome = draft.plan, draft.plan.definition.states[microstep.final].final
        alarms = {n: suspended(plan.timers[n], a, plan, draft.now) for n, a in draft.case.alarms.items()}
        draft.change(closed_at=draft.now, outcome=outcome, alarms=alarms, assignee=None, queue=None)
    else:
        needed = {state: ticked for state, ticked in draft.case.needed.items() if state}
        draft.change(closed_at=None, outcome="", needed=needed, alarms=_going_on(draft))


def _going_on(draft: Draft) -> dict[str, Alarm]:
    """The alarms of a case opened again: those of states that were active all the time go on with what was left."""
    plan, case = draft.plan, draft.case
    active = plan.place(case.position).active
    return {
        name: resumed(plan.timers[name], alarm, plan, case.data, draft.now)
        if plan.timers[name].state in active else alarm
        for name, alarm in case.alarms.items()
    }  # fmt: skip


def settle(draft: Draft) -> None:
    """What follows from the case after: waiting decides, exclusion, whose turn it is, timers, promises."""
    plan, data = draft.plan, draft.case.data
    if plan.has_decides and not draft.case.outcome:
        move(draft, DECIDE)
        data = draft.case.data
    if draft.case.assignee and is_named(draft.case.assignee, plan.definition.never_by, draft.case):
        draft.change(assignee=None)
    draft.see_whose_turn()
    if data is not draft.before.data and draft.case.alarms and not draft.case.outcome:
        active = plan.place(draft.case.position).active
        draft.change(alarms=followed(draft.case.alarms, plan, data, draft.now, active))
    advance_clocks(draft)
