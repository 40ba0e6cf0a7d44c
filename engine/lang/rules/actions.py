"""Rules about actions: conditions that say nothing, branches never taken, people and checklists that cannot be met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.expressions import Expression
from engine.lang.rules.families import told_from_outside
from engine.lang.rules.rule import FIELDS, WAYS, Checked, Spot, act_name, rule
from engine.lang.rules.samples import Samples, samples_of
from engine.lang.rules.walks import Step
from engine.model import Action, Branches, Emit, Guard, Opening, Tell, Timer, Who


@rule("guard-without-else", "error", reads=())
def guard_without_else(checked: Checked) -> Iterator[Spot]:
    """A guard that does not say why it refuses."""
    for guard in (part for part in checked.parts if isinstance(part, Guard)):
        if not guard.words and "else" not in checked.cursor(guard).plain:
            message = f"guard `{guard.name}` has no `else`: whoever is refused is not told why"
            yield Spot(checked.name(guard), message, "add `else: {…}` with the reason in every language")


@rule("constant-condition", "warning", reads=())
def constant_condition(checked: Checked) -> Iterator[Spot]:
    """A condition that reads nothing, or answers the same whatever it reads."""
    for part in checked.parts:
        for key, expression in _conditions(part):
            answer = expression.constant
            if answer is None:
                answer = samples_of(checked.definition, [expression]).constant(expression)
            if answer is not None:
                message = f"`{expression.text}` is always {'true' if answer else 'false'}"
                yield Spot(checked.value(part, key), message, "take the condition away, or say what it depends on")


def _conditions(part: Any) -> Iterator[tuple[str, Expression]]:
    """The conditions of one part, by the key under which each is written."""
    for attribute, key in (("must", "must"), ("when", "if"), ("pauses_when", "pauses_when"), ("where", "where")):
        found = getattr(part, attribute, None)
        if isinstance(found, Expression) and not isinstance(part, Expression):
            yield key, found


def _deciding(checked: Checked) -> Iterator[tuple[Any, str, Branches[Any]]]:
    """Everything with several branches: the part, the key, the branches."""
    for action in checked.acts:
        yield action, "to", action.to
    for state in checked.definition.states.values():
        yield from ((timer, "to", timer.to) for timer in state.timers.values())
        yield from ((state, key, getattr(state, key)) for key in ("decide", "done", "waiting_on"))
    for clock in checked.definition.clocks.values():
        yield clock, "goal", clock.goal


@rule("branch-never-taken", "warning", reads=WAYS | FIELDS)
def branch_never_taken(checked: Checked) -> Iterator[Spot]:
    """A branch whose every case is taken by those before it."""
    for part, _key, branches in _deciding(checked):
        samples = _samples(checked, part, branches)
        if samples is None or any(_is_constant(checked, branch.when) for branch in branches):
            continue  # of a condition that is always the same another rule speaks
        for number in samples.never_first([branch.when for branch in branches]):
            when = branches[number].when
            said = f"`{when.text}`" if when is not None else "the last branch"
            message = f"{said} is never reached: the branches before it take every case"
            if number == 0:
                message = f"{said} never holds here"
            yield Spot(checked.cursor(branches[number]).span, message, "take it away, or say what it depends on")


def _is_constant(checked: Checked, condition: Expression | None) -> bool:
    if condition is None:
        return False
    samples = samples_of(checked.definition, [condition])
    return condition.constant is not None or samples.constant(condition) is not None


@rule("branch-gap", "warning", reads=WAYS | FIELDS)
def branch_gap(checked: Checked) -> Iterator[Spot]:
    """Branches of an action of which none may hold: then it is refused."""
    for part, key, branches in _deciding(checked):
        samples = _samples(checked, part, branches) if key == "to" else None
        gap = samples.gap([branch.when for branch in branches]) if samples is not None else None
        if gap is not None:
            name = f"action `{part.name}`" if isinstance(part, Action) else f"timer `{part.name}`"
            message = f"no branch of {name} may hold where {gap}: then it is refused"
            yield Spot(checked.value(part, key), message, "end with a branch without `if`")


def _samples(checked: Checked, part: Any, branches: Branches[Any]) -> Samples | None:
    """Values that tell the branches apart, as far as their conditions are plain enough to know."""
    conditions = [branch.when for branch in branches if branch.when is not None]
    if not conditions:
        return None
    own, sure = "", checked.known.presence.ever()
    guards: list[Expression] = []
    if isinstance(part, Action):
        own = part.name
        sure = checked.known.presence.during(*((part.state,) if part.state else sorted(part.places)))
        sure = sure | set(part.form.require)
        guards = [guard.must for guard in part.guards]
    elif isinstance(part, Timer):
        sure = checked.known.presence.during(part.state)
    samples = samples_of(checked.definition, conditions, sure=sure, own=own)
    if not samples.known or any(name.partition(".")[2] in samples.fields for guard in guards for name in guard.names):
        return None
    return samples


# -- who --------------------------------------------------------------------------------------------------------------


@rule("nobody-can-act", "error", reads=())
def nobody_can_act(checked: Checked) -> Iterator[Spot]:
    """An action that nobody may do, and that nothing tells."""
    told = {part.action for part in checked.effects if isinstance(part, Tell)}
    told |= {part.failed for part in checked.effects if isinstance(part, Emit) and part.failed}
    told |= set(told_from_outside(checked))
    acts: list[Action | Opening] = [*checked.acts, checked.definition.opening]
    for act in acts:
        by = checked.cursor(act).get("by")
        if by is not None and by.is_list and not by.plain and getattr(act, "name", "") not in told:
            message = f"nobody may do {act_name(act)}"
            yield Spot(by.name_span, message, "name the roles that may, or take it away")
        elif act.by and set(act.by) <= set(act.never_by):
            message = f"whoever may do {act_name(act)} is excluded from it"
            yield Spot(checked.key(act, "never_by"), message, "take a name out of `never_by`")


@rule("never-before", "warning", reads=WAYS)
def never_before(checked: Checked) -> Iterator[Spot]:
    """`did.X` in `by` or `never_by` of an action before which X cannot have been done."""
    for action in checked.acts:
        for who in (*action.by, *action.never_by):
            if who.kind == "did" and who.name != "opening" and not _comes_before(checked, who.name, action):
                message = f"`{who.name}` cannot have been done before `{action.name}`, so `did.{who.name}` is nobody"
                yield Spot(checked.cursor(who).span, message, "name an action that comes before")


def _comes_before(checked: Checked, first: str, action: Action) -> bool:
    walks = checked.walks
    done = walks.after(step.target for step in walks.steps if step.event == first)
    return any(step.source in done for step in _steps_of(checked, action)) or not walks.is_whole


def _steps_of(checked: Checked, action: Action) -> Iterator[Step]:
    return (step for step in checked.walks.steps if any(way.action is action for way in step.ways))


@rule("needs-elsewhere", "error", reads=WAYS)
def needs_elsewhere(checked: Checked) -> Iterator[Spot]:
    """A checklist with an action that cannot be done where it is needed."""
    walks = checked.walks
    for action in (action for action in checked.acts if action.needs):
        places = {step.source for step in _steps_of(checked, action)}
        if not places:
            continue
        here = {number for number in range(len(walks.positions)) if action.state in (*walks.active(number), "")}
        for need in action.needs:
            if not any(step.event == need and step.source in here for step in walks.steps):
                where = f" in state `{action.state}`" if action.state else ""
                message = f"`{need}` cannot be done{where}, so `{action.name}` can never be"
                mend = "what is needed is done since the state was entered: write it into this state"
                yield Spot(checked.item(action, "needs", need), message, mend)


@rule("within-not-final", "error", reads=())
def within_not_final(checked: Checked) -> Iterator[Spot]:
    """`within` on an action that opens nothing again."""
    states = checked.definition.states
    for action in (action for action in checked.acts if action.within is not None):
        if not action.state or states[action.state].final in (None, "region"):
            message = (
                f"`within` counts from the end of the case, but action `{action.name}` does not stand in a final state"
            )
            yield Spot(checked.key(action, "within"), message, "take it away, or write a timer")


# -- the opening -------------------------------------------------------------------------------------------------------


@rule("counts-from-not-asked", "error", reads=())
def counts_from_not_asked(checked: Checked) -> Iterator[Spot]:
    """`counts_from` names a field that opening does not ask for."""
    opening = checked.definition.opening
    field = opening.counts_from
    if field and field not in (*opening.form.require, *opening.form.allow):
        message = f"clocks count from `{field}`, but the opening does not ask for it"
        yield Spot(checked.value(opening, "counts_from"), message, f"add `{field}` to `allow` or `require`")


@rule("key-not-asked", "warning", reads=())
def key_not_asked(checked: Checked) -> Iterator[Spot]:
    """A unique business key that a case may be opened without."""
    definition = checked.definition
    if definition.unique and definition.key and definition.key not in definition.opening.form.require:
        message = f"cases are unique by `{definition.key}`, but the opening does not require it"
        cursor = checked.known.outline.root.get("key")
        if cursor is not None:
            yield Spot(cursor.span, message, f"add `{definition.key}` to `require` of the opening")


@rule("who-twice", "warning", reads=())
def who_twice(checked: Checked) -> Iterator[Spot]:
    """A person named by `did` of the same action in `by` and `never_by`, or a role in both."""
    for action in checked.acts:
        for who in action.by:
            if who in action.never_by and not set(action.by) <= set(action.never_by):
                said = (
                    f"{'did.' if who.kind == 'did' else 'case.' if who.kind == 'field' else ''}{who.name or who.kind}"
                )
                message = f"`{said}` may do action `{action.name}` and never may"
                yield Spot(_never(checked, action, who), message, "take one away")


def _never(checked: Checked, action: Action, who: Who) -> Any:
    return next((checked.cursor(other).span for other in action.never_by if other == who), checked.name(action))


RULES = (
    guard_without_else, constant_condition, branch_never_taken, branch_gap, nobody_can_act, never_before,
    needs_elsewhere, within_not_final, counts_from_not_asked, key_not_asked, who_twice,
)  # fmt: skip
