"""Steps 2 to 8 of a command on a case: may it, is the form right, do the guards hold; then the move and its effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.calendars import CalendarError
from engine.core.cases import BESIDE, MERGED, MERGED_INTO, Command, Reason
from engine.core.draft import Draft, StepFailed, StepRefused
from engine.core.forms import read_facts, read_form
from engine.core.machine import OPENING, Endless
from engine.core.migrating import migrate
from engine.core.moving import move, settle
from engine.core.people import is_named, roles_said, said
from engine.core.permits import Asking, may_open, not_permitted, not_possible, offered, state_said, who_may_not
from engine.core.plan import Asked
from engine.core.reasons import one_of, reason
from engine.core.sight import Sight
from engine.core.texts import fill, placeholders, values_of
from engine.evidence.offline import FILE_NAME
from engine.expressions import Expression, ExpressionFailed
from engine.fields import Field, Value, is_sealed
from engine.model import Action, Guard

Reasons = list[Reason]
"""Every reason of the first of the steps 2 to 4 that fails; none where the draft holds what follows."""


def attempt(draft: Draft, command: Command) -> Reasons:
    """Do what the command asks on the draft, whole, or say why not; a refused draft, half done, is thrown away."""
    try:
        reasons = _VERBS[command.verb](draft, command)
        if not reasons and command.verb not in BESIDE:
            settle(draft)
        return reasons
    except StepRefused as refused:
        return [refused.reason]
    except (ExpressionFailed, StepFailed, CalendarError) as failed:
        return [reason("error", action=command.name, problem=str(failed))]
    except Endless:
        return [reason("error", "endless", action=command.name)]


def _act(draft: Draft, command: Command) -> Reasons:
    plan, case = draft.plan, draft.case
    if case.links and case.merged_into:
        return [reason("state", "merged", case=case.id, into=case.merged_into)]
    course = plan.course(case.position, command.name)
    actions = course.actions
    if not actions:
        return [not_possible(plan, case, command.name, command.actor)]
    if course.open_to.isdisjoint(command.actor.roles) and (reasons := _not_permitted(draft, command, actions)):
        return reasons
    values, reasons = _fill(draft, command, course.asked)
    if reasons:
        return reasons
    allowed, reasons = _guarded(draft, actions)
    if not allowed:
        return _once(reasons)
    if held := _held(allowed) if reasons else course.guards:
        draft.record["guards"] = held.copy()
    if values:
        draft.record["form"] = draft.keep(values)
    draft.count(command.name)
    move(draft, command.name, allowed)
    if not draft.microsteps:
        return [reason("error", action=command.name, problem="no branch of `to` holds, and none is without `if`")]
    taken = _not_unique(draft) if plan.definition.unique and _is_new_key(draft) else None
    return [taken] if taken else []


def _not_permitted(draft: Draft, command: Command, actions: tuple[Action, ...]) -> Reasons:
    asking = Asking(command.actor, draft.now, command.verb == "tell")
    reasons: Reasons = []
    for action in actions:
        reasons += not_permitted(draft.plan, draft.case, action, asking)
    return _once(reasons) if reasons else reasons


def _is_new_key(draft: Draft) -> bool:
    """Whether the step opens the case again, or gives it another key."""
    before, case, key = draft.before, draft.case, draft.plan.definition.key
    if case.outcome:
        return False
    return bool(before.outcome) or (key is not None and before.data.get(key) != case.data.get(key))


def _open(draft: Draft, command: Command) -> Reasons:
    plan, opening = draft.plan, draft.plan.definition.opening
    is_by_itself = command.is_stored and command.actor.id == "engine"
    reasons = list(may_open(plan, draft.case, opening, Asking(command.actor, draft.now, is_by_itself)))
    if reasons:
        return reasons
    values, reasons = _fill(draft, command, Asked(opening.form, plan.facts_of[opening]))
    start = values.get(opening.counts_from) if opening.counts_from else None
    if isinstance(start, int) and start > draft.now:
        reasons.append(reason("form", "later", field=opening.counts_from))
    if reasons:
        return reasons
    _count_like(draft, values)
    if failing := [guard for guard in opening.guards if guard.must.evaluate(draft.sight) is not True]:
        return [_said(guard, draft.sight) for guard in failing]
    if values:
        draft.record["form"] = draft.keep(values)
    if taken := _not_unique(draft):
        return [taken]
    draft.start_at = start
    draft.count("opening")
    draft.first = opening.then
    move(draft, OPENING)
    return []


def _fill(draft: Draft, command: Command, asked: Asked) -> tuple[dict[str, Value], Reasons]:
    definition = draft.plan.definition
    desk = definition.desk
    values, reasons = read_form(asked.form, definition.fields, command, desk, command.name)
    sight = draft.sight
    draft.actor = sight.actor = command.actor
    given = values
    if None in values.values():
        given = {name: value for name, value in values.items() if value is not None}
    sight["form"] = given
    if not draft.plan.on_registers.isdisjoint(given):
        reasons += _see_register(draft, given)
    if asked.facts:
        brought, more = read_facts(asked.facts, definition.facts, command, desk, command.name)
        reasons += more
        if brought:
            sight["facts"] = draft.record["facts"] = brought
    if command.people and (people := _people(command, definition.fields)):
        draft.record["people"] = people
    return values, reasons


def _see_register(draft: Draft, given: Mapping[str, Value]) -> Reasons:
    """See what registers say of those whom the form names; why it will not do where somebody is on none."""
    said, reasons = {}, []
    for field in (field for name in given if (field := draft.plan.definition.fields[name]).party):
        found = draft.known_of(str(field.party), given[field.name])
        if found is None:
            reasons.append(_not_known(draft, field, given[field.name]))
        else:
            said[field.name] = found
    draft.sight.asked = said
    return reasons


def _not_known(draft: Draft, field: Field, given: Value) -> Reason:
    party = draft.plan.definition.desk.parties[str(field.party)]
    near = one_of(draft.ask("party_like", party=party.name, id=given))
    return reason("form", "not_on_register", field=field.name, id=given, party=party.label or party.name, near=near)


def _guarded(draft: Draft, actions: tuple[Action, ...]) -> tuple[list[Action], Reasons]:
    """The actions whose guards all hold; of two regions' one may be left out."""
    allowed, reasons, sight = [], [], draft.sight
    for action in actions:
        is_allowed = True
        for guard in action.guards:
            if guard.must.evaluate(sight) is not True:
                is_allowed = False
                reasons.append(_said(guard, sight))
                draft.covered.add(("guard", id(guard), False))
        if is_allowed:
            allowed.append(action)
    return allowed, reasons


def _held(allowed: Iterable[Action]) -> dict[str, bool]:
    """What a record says of the guards of these actions, all of which hold."""
    return dict.fromkeys((guard.name for action in allowed for guard in action.guards), True)


def _said(guard: Guard, sight: Sight) -> Reason:
    words = fill(guard.words, values_of(placeholders(guard.words), sight), sight)
    return Reason(guard.name, words, read=tuple(_looked_at(guard.must, sight)))


def _looked_at(expression: Expression, sight: Sight) -> Iterator[tuple[str, Value]]:
    """The values behind a guard's verdict, but for personal ones."""
    for name in sorted(expression.names):
        group, *path = name.split(".")
        value: Value = sight.get(group)
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and group != "now" and not (path and path[0] in sight.plan.personal):
            yield name, sorted(value) if isinstance(value, frozenset) else value


def _people(command: Command, fields: Mapping[str, Field]) -> dict[str, Value]:
    """The roles of the persons that the form names, as they were when it was given."""
    people = command.people or {}
    named = (command.form.get(field.name) for field in fields.values() if field.role and not field.personal)
    return {name: list(people[name]) for name in named if isinstance(name, str) and name in people}


def _once(reasons: Reasons) -> Reasons:
    return [one for number, one in enumerate(reasons) if one not in reasons[:number]]


def _not_unique(draft: Draft) -> Reason | None:
    definition, data = draft.plan.definition, draft.case.data
    if not definition.unique or definition.key is None or data.get(definition.key) is None:
        return None
    key = data[definition.key]
    taken = draft.ask("unique", process=definition.process, key=key)
    is_taken = taken and taken != draft.case.id
    return reason("unique", field=definition.key, key=key, case=taken) if is_taken else None


def _count_like(draft: Draft, given: Mapping[str, Value]) -> None:
    """`counts`: how many cases like this one were opened lately, this one included; the opening's guards see it."""
    counts, data = {}, {**draft.case.data, **given}
    for count in draft.plan.definition.counts.values():
        values = {name: data.get(name) for name in count.same}
        if None in values.values():
            counts[count.name] = 1
            continue
        others = draft.ask(
            "count", process=draft.case.process, values=values, since=draft.now - count.within, until=draft.now
        )
        counts[count.name] = others + 1
    if counts:
        draft.change(counts=counts)


# -- who holds the case ------------------------------------------------------------------------------------------------


def _works(draft: Draft, command: Command) -> Reasons:
    """Whoever may do an action of the present state may claim; who is excluded may not."""
    plan, case, actor = draft.plan, draft.case, command.actor
    draft.actor = actor
    if case.outcome:
        return [reason("state", "final", case=case.id)]
    for whos in plan.place(case.position).excluded:
        if is_named(actor.id, whos, case):
            return [reason("never_by", actor=actor.id, action=command.verb, why=said(whos, plan.definition))]
    here = (action for event in plan.chart.possible(case.position) for action in offered(plan, case.position, event))
    if any(not who_may_not(plan, case, action, actor) for action in here):
        return []
    roles = roles_said(actor.roles, plan.definition)
    return [reason("by", "no_work", actor=actor.id, roles=roles, state=state_said(plan, case))]


def _claim(draft: Draft, command: Command) -> Reasons:
    if reasons := _works(draft, command):
        return reasons
    held = draft.case.assignee
    if held and held != command.actor.id:
        return [reason("claimed", case=draft.case.id, person=held)]
    draft.change(assignee=command.actor.id, queue=None)
    return []


def _release(draft: Draft, command: Command) -> Reasons:
    draft.actor = command.actor
    if draft.case.assignee != command.actor.id and not _assigns(draft, command):
        return [_not_held(draft, command)]
    draft.change(assignee=None, queue=None)
    return []


def _not_held(draft: Draft, command: Command) -> Reason:
    """Who holds the case is told to whom it is told when they claim: who works it."""
    case, actor, held = draft.case.id, command.actor.id, draft.case.assignee
    if _works(draft, command):
        return reason("by", "not_held", case=case, actor=actor)
    if held is None:
        return reason("by", "held_by_none", case=case)
    return reason("by", "held_by_other", case=case, actor=actor, person=held)


def _assign(draft: Draft, command: Command) -> Reasons:
    if not _assigns(draft, command) and (reasons := _works(draft, command)):
        return reasons
    draft.actor = command.actor
    if draft.case.outcome:
        return [reason("state", "final", case=draft.case.id)]
    for whos in draft.plan.place(draft.case.position).excluded:
        if is_named(command.name, whos, draft.case):
            return [reason("never_by", actor=command.name, action="assign", why=said(whos, draft.plan.definition))]
    draft.change(assignee=command.name, queue=None)
    return []


def _assigns(draft: Draft, command: Command) -> bool:
    return any(role in command.actor.roles for role in draft.plan.definition.desk.assigners)


def _merge(draft: Draft, command: Command) -> Reasons:
    """End in another case, whose work goes on; the promises that were not missed are cancelled (D11)."""
    case, into = draft.case, command.name
    if case.merged_into:
        return [reason("state", "merged", case=case.id, into=case.merged_into)]
    if case.outcome:
        return [reason("state", "final", case=case.id)]
    if not _assigns(draft, command) and (reasons := _works(draft, command)):
        return reasons
    draft.actor = command.actor
    if into == case.id:
        return [reason("merge", "merge_itself", case=into)]
    stands = draft.ask("stands", case=into)
    if stands["root"] == case.root:
        return [reason("merge", "merge_family", case=case.id, into=into)]
    if stands["merged_into"]:
        return [reason("merge", "merge_merged", into=into, survivor=stands["merged_into"])]
    if stands["outcome"]:
        return [reason("merge", "merge_closed", into=into)]
    links = {**case.links, MERGED_INTO: into}
    draft.change(closed_at=draft.now, outcome="cancelled", alarms={}, assignee=None, queue=None, links=links)
    draft.decide_whose_turn()
    return []


def _take_in(draft: Draft, command: Command) -> Reasons:
    """Answer from now on for another case that ends in this one."""
    if not _assigns(draft, command) and (reasons := _works(draft, command)):
        return reasons
    draft.actor = command.actor
    draft.change(links={**draft.case.links, MERGED: command.name})
    return []


def _attach(draft: Draft, command: Command) -> Reasons:
    if reasons := _works(draft, command):
        return reasons
    name = command.form["name"]
    if not command.is_stored:  # a record says it in clear that is older than this
        name = draft.context.seal(draft.case, draft.before.sequence + 1, FILE_NAME, name)
    draft.record["attached"] = {**command.form, "name": name}
    return []


def _beside(draft: Draft, command: Command) -> Reasons:
    """Who may is the caller's to know; a closed case can be adjusted like an open one."""
    draft.record[BESIDE[command.verb]] = dict(command.form)
    return []


def _erase(draft: Draft, command: Command) -> Reasons:
    """Let the personal values and their key go; what the records committed to stays, and nothing can open it."""
    fields = sorted(name for name, value in draft.case.data.items() if is_sealed(value))
    draft.record[BESIDE[command.verb]] = {**command.form, "fields": fields}
    draft.forget()
    return []


_VERBS: Mapping[str, Callable[[Draft, Command], Reasons]] = {
    "open": _open, "do": _act, "tell": _act, "claim": _claim, "release": _release, "assign": _assign,
    "attach": _attach, "merge": _merge, "take_in": _take_in, "migrate": migrate,
    "adjust": _beside, "reverse": _beside, "erase": _erase,
}  # fmt: skip
