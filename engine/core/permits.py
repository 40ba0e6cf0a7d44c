"""Step 2: may it? State, `by`, `never_by`, `within`, `during`, `needs`; every reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.chart import Position
from engine.core.cases import Actor, Case, Reason
from engine.core.people import is_among, is_named, roles_said, said
from engine.core.plan import Plan
from engine.core.promises.clocks import instant_of
from engine.core.reasons import listed, meant, reason
from engine.fields import Words, word
from engine.model import Action, Opening, Whos
from engine.values import show_instant


def offered(plan: Plan, position: Position, name: str) -> tuple[Action, ...]:
    """The actions of this name that the present state offers: several where regions do."""
    return plan.course(position, name).actions


def not_possible(plan: Plan, case: Case, name: str, actor: Actor) -> Reason:
    """The refusal of an action that the present state does not offer: what this actor may do now, or who could what."""
    known = {action.name for action in plan.actions()}
    if name not in known:
        process = plan.definition.process
        return reason("state", "unknown_action", process=process, action=name, near=meant(name, known))
    now = {event: offered(plan, case.position, event) for event in plan.chart.possible(case.position) if event in known}
    here = {event: actions for event, actions in now.items() if any(one.by for one in actions)}
    state = state_said(plan, case)
    own = [event for event, actions in here.items() if any(not who_may_not(plan, case, one, actor) for one in actions)]
    if own or not here:
        return reason("state", action=name, state=state, possible=listed(own[:MOST_NAMED]))
    possible = {language: _who_could(plan, here, language) for language in plan.definition.desk.languages}
    return reason("state", "state_of_others", action=name, state=state, actor=actor.id, possible=possible)


MOST_NAMED = 5
"""How many possible actions a refusal names; more would bury the first."""


def _who_could(plan: Plan, here: Mapping[str, tuple[Action, ...]], language: str) -> str:
    brackets, semicolon = ("（{}）", "；") if language == "zh" else (" ({})", "; ")
    told = []
    for event, actions in [*here.items()][:MOST_NAMED]:
        who = said(dict.fromkeys(who for one in actions for who in one.by), plan.definition)
        told.append(f"`{event}`" + brackets.format(who[language]))
    return semicolon.join(told)


def state_said(plan: Plan, case: Case) -> Words:
    """Where the case stands, in words of each language."""
    states = plan.definition.states
    return {
        language: " + ".join(word(states[leaf].label, language) or leaf for leaf in case.position.leaves)
        for language in plan.definition.desk.languages
    }


class Asking(NamedTuple):
    """Who asks, when; what is told or opened by itself skips who may."""

    actor: Actor
    now: int
    is_by_itself: bool = False


def not_permitted(plan: Plan, case: Case, action: Action, asking: Asking) -> list[Reason]:
    """Every reason of step 2. What is told skips `by` and `never_by`."""
    reasons = [] if asking.is_by_itself else who_may_not(plan, case, action, asking.actor)
    if action.within is not None and case.closed_at is not None:
        calendar = plan.calendar(None)
        until = instant_of(action.within, case.closed_at, None, calendar)
        if until is not None and asking.now > until:
            shown = show_instant(until, plan.definition.desk.zone)
            reasons.append(reason("within", action=action.name, until=shown))
    if action.during is not None:
        reasons += _not_now(plan, action.name, action.during, asking.now)
    if action.needs:
        ticked = case.needed.get(action.state, ())
        if missing := [need for need in action.needs if need not in ticked]:
            reasons.append(reason("needs", action=action.name, needs=listed(missing)))
    return reasons


def who_may_not(plan: Plan, case: Case, action: Action, actor: Actor) -> list[Reason]:
    """`by` and `never_by`, the process's and the active states' included."""
    reasons = [] if is_among(actor, action.by, case) else [_wrong_role(plan, actor, action.name, action.by)]
    excluded = plan.place(case.position).excluded
    for whos in (action.never_by, *excluded) if action.never_by else excluded:
        if is_named(actor.id, whos, case):
            reasons.append(reason("never_by", actor=actor.id, action=action.name, why=said(whos, plan.definition)))
    return reasons


def may_open(plan: Plan, case: Case, opening: Opening, asking: Asking) -> Iterator[Reason]:
    """Step 2 of an opening; by `open` or `schedule` it skips `by` only."""
    name = plan.definition.process
    if not asking.is_by_itself and not is_among(asking.actor, opening.by, case):
        yield _wrong_role(plan, asking.actor, name, opening.by, "open_by")
    for whos in (opening.never_by, plan.definition.never_by) if not asking.is_by_itself else ():
        if is_named(asking.actor.id, whos, case):
            why = said(whos, plan.definition)
            yield reason("never_by", "open_never_by", actor=asking.actor.id, action=name, why=why)
    if opening.during is not None:
        yield from _not_now(plan, name, opening.during, asking.now, "open_during")


def _wrong_role(plan: Plan, actor: Actor, action: str, whos: Whos, words: str = "by") -> Reason:
    roles = roles_said(actor.roles, plan.definition)
    return reason("by", words, actor=actor.id, roles=roles, action=action, who=said(whos, plan.definition))


def _not_now(plan: Plan, action: str, during: str, now: int, words: str = "during") -> Iterator[Reason]:
    calendar = plan.calendar(during)
    if not calendar.is_open(now):
        opens = show_instant(calendar.next_opening(now), plan.definition.desk.zone)
        yield reason("during", words, action=action, calendar=during, next=opens)
