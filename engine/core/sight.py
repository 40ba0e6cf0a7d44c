"""What expressions see: the names of language.md, filled when one of them is first read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.audit import canonical
from engine.core.cases import EMPTY, Actor, Case, Family
from engine.core.plan import Library, Plan
from engine.expressions import Expression
from engine.fields import Value
from engine.frozen import Frozen


class Unknown(Exception):
    """Something in other families must be looked up before this can be decided; ask again with the answer."""

    def __init__(self, text: str, question: str, values: Mapping[str, Value]) -> None:
        super().__init__(text)
        self.text = text  # under which the answer is to be given
        self.question = question
        self.values = values


class Context(Frozen, frozen=True):
    """What surrounds a decision: nothing here changes while it is made.

    `clock` is what the time source said when the lock was held; `seal` makes the commitment of a personal value.
    """

    library: Library
    clock: int
    seal: Callable[[Case, int, str, Value], Value]
    entropy: str = ""  # random hex, from which the keys of new personal values are drawn
    found: Mapping[str, Any] = EMPTY  # answers to what was looked up
    asks: bool = True  # whether it may look up other families: commands may, what fires by time may not
    answer: Callable[[Unknown], Any] | None = None  # at once, and the same each time; without it `Unknown` is raised
    is_linked: bool = True  # whether records get their text and hash: who replays has those, and compares what they say
    is_kept: bool = True  # whether records and messages go anywhere; a simulation looks at cases and promises only


def question(what: str, **values: Value) -> str:
    """The text under which the answer to a question stands."""
    return f"{what} {canonical(values)}"


NOBODY = Actor(id="")


class Sight(dict[str, Any]):
    """The values an expression reads, by their first name; those that must be worked out are, when first asked for."""

    __slots__ = ("actor", "asked", "case", "earlier", "family", "library", "plan", "worked_out")

    def __init__(self, plan: Plan, case: Case, family: Family | None, library: Library, now: int) -> None:
        self["now"], self["figures"] = now, plan.figures
        self.plan = plan
        self.case = case
        self.earlier = case  # as it stood before the step
        self.family = family
        self.library = library
        self.actor = NOBODY
        self.asked: Mapping[str, Mapping[str, Value]] = EMPTY  # what registers say of those whom the form names
        self.worked_out: list[str] = []  # of the case

    def __missing__(self, name: str) -> Any:
        value = self[name] = _SEEN[name](self)
        if name in _OF_THE_CASE:
            self.worked_out.append(name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """As `[]`, which works out what is not there yet; `dict.get` would not."""
        return self[name] if name in _SEEN or name in self else default

    def refresh(self) -> None:
        """The case has changed: what was worked out of it is forgotten."""
        while self.worked_out:
            del self[self.worked_out.pop()]

    def moved(self, case: Case) -> Sight:
        """The same sight after the case has changed."""
        other = Sight(self.plan, case, self.family, self.library, self["now"])
        other.actor, other.earlier, other.asked = self.actor, self.earlier, self.asked
        for name in ("form", "facts"):
            if name in self:
                dict.__setitem__(other, name, self[name])
        return other


def _case(sight: Sight, case: Case) -> Mapping[str, Any]:
    leaves = case.position.leaves
    return {
        **case.data,
        "id": case.id,
        "opened_at": case.opened_at,
        "state": list(leaves) if sight.plan.has_regions else leaves[0] if leaves else "",
        "waiting_on": [who.partition(":")[2] for who in case.waiting],
        "assignee": case.assignee,
    }


def _clocks(sight: Sight) -> Mapping[str, Any]:
    return {
        name: {
            "running": head.active and not head.paused,
            "paused": head.active and bool(head.paused),
            "met": not head.active and head.result == "met",
            "breached": head.breached_at is not None and (head.active or head.result == "breached"),
        }
        for name, head in sight.case.clocks.items()
    }


def _linked(sight: Sight) -> Mapping[str, Any]:
    seen = {}
    for link in sight.plan.links:
        child = sight.family.cases.get(sight.case.links.get(link, "")) if sight.family else None
        if child is not None:  # a link never opened is unset, and `has(linked.L)` says so
            leaves = child.position.leaves
            seen[link] = {"state": leaves[0] if leaves else "", "final": bool(child.outcome)}
    return seen


_SEEN: Mapping[str, Callable[[Sight], Any]] = {
    "case": lambda sight: _case(sight, sight.case),
    "form": lambda sight: EMPTY,
    "facts": lambda sight: EMPTY,
    "before": lambda sight: _case(sight, sight.earlier),
    "counts": lambda sight: sight.case.counts,
    "known": lambda sight: {"case": sight.case.known, "before": sight.earlier.known, "form": sight.asked},
    "did": lambda sight: {action: done.count for action, done in sight.case.done.items()},
    "clocks": _clocks,
    "linked": _linked,
    "state": lambda sight: sorted(sight.plan.place(sight.case.position).active),  # CEL takes no set
    "actor": lambda sight: _actor(sight.actor, sight.plan),
}


_OF_THE_CASE = frozenset({"case", "clocks", "did", "known", "linked", "state"})


def _actor(actor: Actor, plan: Plan) -> Mapping[str, Any]:
    """The actor as expressions see it, with the most that any of the roles may give."""
    may = {}
    for subject, limits in plan.definition.authority.items():
        amounts = [limits[role] for role in actor.roles if role in limits]
        may[subject] = UNLIMITED if None in amounts else max((a for a in amounts if a is not None), default=0)
    return {"id": actor.id, "roles": list(actor.roles), "may": may}


UNLIMITED = 2**53 - 1


def holds(expression: Expression | None, sight: Sight) -> bool:
    """Whether a condition holds; one that is not there does."""
    return expression is None or expression.evaluate(sight) is True


def chosen(branches: tuple[Any, ...], sight: Sight) -> Any | None:
    """The first branch that holds."""
    for branch in branches:
        if branch.when is None or branch.when.evaluate(sight) is True:
            return branch
    return None


def computed(assigned: Any, sight: Sight) -> Value:
    """A literal, or what its expression gives."""
    return assigned.evaluate(sight) if isinstance(assigned, Expression) else assigned


__all__ = [
    "Context", "Sight", "Unknown", "chosen", "computed", "holds", "question",
]  # fmt: skip
