"""What a command does to a family at an instant: `Applied` or `Refused`. No clock, no I/O, no log, no lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.core.cases import Applied, Command, Family, Reason, Refused, Step
from engine.core.plan import Plan
from engine.core.promises.reminders import coalesced
from engine.core.reasons import reason, rules_of
from engine.core.run import Run, newborn
from engine.core.sight import Context
from engine.fields import Value
from engine.frozen import Frozen

MOST_FIRINGS = 10_000
"""How many firings one carrying forward makes before it commits and goes on."""


class Carried(Frozen, frozen=True, gc=False):
    """A family carried forward; `is_more` where the limit was reached before the instant."""

    family: Family
    steps: tuple[Step, ...]
    is_more: bool = False


def carry(family: Family, until: int, context: Context, limit: int = MOST_FIRINGS) -> Carried:
    """Let everything due before `until` take effect, each at its own instant, in order."""
    if not is_due(family, until):
        return Carried(family, ())
    run = Run(family.root, family.cases, context.but(asks=False))
    is_more = run.carry(until, limit)
    return Carried(run.family, coalesced(run.steps, context.library), is_more)


def is_due(family: Family, until: int) -> bool:
    """Whether anything in the family is due before that instant."""
    for case in family.cases.values():
        if case.next_due is not None and case.next_due < until:
            return True
    return False


def instant(family: Family, clock: int) -> int:
    """The instant of a command: the clock, but never before the family's floor."""
    floor = family.cases[family.root].floor
    return floor if floor > clock else clock


def act(family: Family, command: Command, context: Context, now: int) -> Applied | Refused:
    """A command on a case of a family that has been carried forward to `now`."""
    run = Run(family.root, family.cases, context)
    case = family.cases[command.case]
    reasons = run.command(command, case, now)
    if reasons:
        run = Run(family.root, family.cases, context)
        run.refuse(command, case, now, reasons)
        family = run.family
        return Refused(family.cases[command.case], tuple(reasons), family, tuple(run.steps))
    return _applied(run, command.case)


def open_case(command: Command, context: Context, now: int) -> Applied | Refused:
    """A new case, the root of a family of its own. A refused opening leaves no record: there is no chain for it."""
    plan = context.library.plans.get((command.name, command.version))
    if plan is None:
        return Refused(None, (reason("open", "no_process", process=command.name),))
    run = Run(command.case, {}, context)
    case = newborn(plan, command.case, now).but(importing=command.importing)
    reasons = run.command(command, case, now)
    if reasons:
        return Refused(None, tuple(reasons))
    return _applied(run, command.case)


def _applied(run: Run, case: str) -> Applied:
    family = run.family
    return Applied(family.cases[case], family, tuple(run.steps), tuple(run.elsewhere))


def without(context: Context, command: Command, reasons: Iterable[Reason]) -> Context:
    """The same surroundings, in which it is known why a case that a step wants to open by its key cannot be.

    Decide again with this: then the refusal is a record on the teller, and its step stands.
    """
    refused = {"case": None, "is_new": False, "refused": rules_of(reasons)}
    found = {
        question: refused if isinstance(answer, Mapping) and answer.get("case") == command.case else answer
        for question, answer in context.found.items()
    }
    return context.but(found=found)


# -- a child whose parent only stands in ------------------------------------------------------------------------------


class StandIn(Frozen, frozen=True, kw_only=True):
    """A parent as far as its child meets it: it stands somewhere, has values, and nothing of it began before."""

    case: str
    plan: Plan
    states: tuple[str, ...]  # in regions several
    values: Mapping[str, Value]
    link: str  # by which the child is its child


def open_under(parent: StandIn, command: Command, context: Context, now: int) -> Applied | Refused:
    """A child as an `open` effect of its parent opens it, where the parent's own way to it is not of interest."""
    run = Run(parent.case, {parent.case: newborn(parent.plan, parent.case, now).but(floor=now)}, context)
    draft = run.draft(run.cases[parent.case], now)
    draft.keep(parent.values)
    step = parent.plan.chart.begin(parent.states)
    final = parent.plan.definition.states[step.final].final if step.final is not None else None
    standing = draft.case.but(position=step.position, outcome=final or "", private=draft.private)
    run.cases[parent.case] = standing
    draft, reasons = run.child(standing, parent.link, command, now)
    if reasons:
        return Refused(None, tuple(reasons))
    run.follow(draft, now)
    return _applied(run, command.case)
