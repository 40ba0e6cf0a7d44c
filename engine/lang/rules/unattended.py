"""Rules about what happens by itself: by time nobody acts, and nobody brings facts."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import Expression
from engine.lang.build.used import parts_of
from engine.lang.rules.families import told_from_outside
from engine.lang.rules.rule import Checked, Spot, rule
from engine.model import Action, Assign, Effect, Emit, Notify, OpenCase, Opening, Register, SetFields, Tell
from engine.values import show_instant

SOME_DAY = 1_767_225_600_000  # 2026-01-01 in UTC: rules read no clock
MOST_LOOKED_AT = 400


def _timed(checked: Checked) -> Iterator[Effect]:
    """The effects of timers and thresholds."""
    seen: set[int] = set()
    for state in checked.definition.states.values():
        for timer in state.timers.values():
            yield from (*timer.then, *(effect for branch in timer.to for effect in branch.then))
    for clock in checked.definition.clocks.values():
        for effect in (effect for threshold in clock.thresholds for effect in threshold.then):
            if id(effect) not in seen:
                seen.add(id(effect))
                yield effect


def _by_itself(checked: Checked) -> Iterator[Effect]:
    """The effects of timers and thresholds, and those of an opening by the calendar."""
    yield from _timed(checked)
    definition = checked.definition
    if definition.schedule:
        initial = definition.states.get(definition.initial)
        yield from (*definition.opening.then, *(initial.on_enter if initial is not None else ()))


@rule("actor-by-time", "error", reads=())
def actor_by_time(checked: Checked) -> Iterator[Spot]:
    """`actor` where time acts: there is nobody."""
    for effect in _by_itself(checked):
        for who in effect.who if isinstance(effect, (Notify, Assign)) else ():
            if who.kind == "actor":
                message = "nobody acts when time comes, so `actor` means nobody here"
                yield Spot(
                    checked.cursor(who).span, message, "name a role, or a person by `case.FIELD` or `did.ACTION`"
                )


@rule("looks-elsewhere-by-time", "error")
def looks_elsewhere_by_time(checked: Checked) -> Iterator[Spot]:
    """What fires by time and looks at cases of other families, or at a register: only people's commands may."""
    yield from _looks_at_registers(checked)
    for name in ("unique", "counts") if checked.definition.schedule else ():
        if getattr(checked.definition, name):
            message = (
                f"the calendar opens this case, and its `{name}` looks at other cases, which nothing may do by time"
            )
            span = checked.known.outline.root.document.name_place(("schedule",))
            yield Spot(span, message, f"take `{name}` away, or let people open it")
    for effect in (part for part in _by_itself(checked) if isinstance(part, OpenCase)):
        near = checked.known.neighbours.get(effect.process)
        root = near.outline.root.plain if near is not None else {}
        reason = (
            "`key`"
            if effect.key is not None
            else next((f"`{key}`" for key in ("unique", "counts") if root.get(key)), "")
        )
        if reason:
            message = f"opening `{effect.process}` looks at other cases ({reason}), which nothing may do by time"
            yield Spot(checked.value(effect, "open"), message, "let an action open it")


def _looks_at_registers(checked: Checked) -> Iterator[Spot]:
    """Whoever is named or entered by time; the calendar knows for whom it opens a case."""
    for part in _by_itself(checked):
        if isinstance(part, Register):
            message = f"the register of `{part.party}` is looked at here, which nothing may do by time"
            yield Spot(checked.value(part, "register"), message, "let an action enter them")
    for part in _timed(checked):
        if not isinstance(part, (SetFields, OpenCase)):
            continue
        fields = checked.definition.fields
        if isinstance(part, OpenCase):
            near = checked.known.neighbours.get(part.process)
            fields = near.fields if near is not None else {}
        for name in (name for name in part.values if name in fields and fields[name].party):
            message = f"`{name}` names one of the register of `{fields[name].party}`, which nothing may look at by time"
            yield Spot(checked.cursor(part).span, message, "let an action name them")


@rule("told-reads-facts", "error")
def told_reads_facts(checked: Checked) -> Iterator[Spot]:
    """An action that is told, and reads facts that nobody brings then."""
    told = {
        part.failed: "told when a delivery fails" for part in checked.effects if isinstance(part, Emit) and part.failed
    }
    told |= {one.action: f"done by event `{one.name}`" for one in checked.definition.incoming.values()}
    told |= dict.fromkeys(told_from_outside(checked), "told by another case")
    by_itself = (one.action for one in checked.effects if isinstance(one, Tell) and one.target == "self")
    told |= dict.fromkeys(by_itself, "told by the case itself")
    if checked.definition.schedule and (facts := _facts_of(checked.definition.opening)):
        message = f"the calendar opens this case, when nobody brings `{facts[0]}`"
        yield Spot(checked.name(checked.definition.opening), message, "keep what it needs in a figure of the desk")
    for action in (action for action in checked.acts if action.name in told):
        if facts := _facts_of(action):
            message = f"action `{action.name}` is {told[action.name]}, when nobody brings `{facts[0]}`"
            yield Spot(checked.name(action), message, "keep what it needs in a field of the case")


def _facts_of(act: Action | Opening) -> list[str]:
    parts = list(parts_of(act))
    handed = {f"facts.{name}" for part in parts if isinstance(part, OpenCase) for name in part.facts}
    expressions = (part for part in parts if isinstance(part, Expression))
    return sorted(handed.union(name for one in expressions for name in one.names if name.startswith("facts.")))


@rule("schedule-closed", "warning")
def schedule_closed(checked: Checked) -> Iterator[Spot]:
    """A schedule that comes while the opening is closed: its case would be refused."""
    definition = checked.definition
    during = definition.calendars.get(definition.opening.during or "")
    for one in definition.schedule.values() if during is not None else ():
        calendar = definition.calendars[one.calendar or definition.calendar]
        at = SOME_DAY
        for _ in range(MOST_LOOKED_AT):
            at = one.every.next(at, calendar)
            if during is not None and not during.is_open(at):
                shown = show_instant(at, calendar.zone)
                message = f"schedule `{one.name}` comes while `{during.name}` is closed, for example {shown}"
                yield Spot(checked.value(one, "every"), message, "take `during` away from the opening, or move it")
                break


RULES = (actor_by_time, looks_elsewhere_by_time, told_reads_facts, schedule_closed)
