"""What an expression may see at its place, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.calendars import Calendar
from engine.errors import DefinitionError, EngineError
from engine.fields import Field
from engine.frozen import Frozen, field

Names: TypeAlias = frozenset[str]
NO_NAMES: Names = frozenset()


class Scope(Frozen, frozen=True):
    """The names one place sees. Places of one process best share their mappings: then they share one environment."""

    case: Mapping[str, Field] = field(default_factory=dict)
    form: Mapping[str, Field] = field(default_factory=dict)
    facts: Mapping[str, Field] = field(default_factory=dict)
    figures: Mapping[str, Field] = field(default_factory=dict)
    row: Mapping[str, Field] = field(default_factory=dict)  # columns, where a table's rows are updated
    party: Mapping[str, Field] = field(default_factory=dict)  # of whom the calendar opens a case
    counts: Names = NO_NAMES
    did: Names = NO_NAMES  # actions; `opening` is always among them
    clocks: Names = NO_NAMES
    linked: Mapping[str, Names] = field(default_factory=dict)  # link → states of the process it opens, if known
    states: Names = NO_NAMES
    regions: bool = False  # several states at once: `case.state` is a list
    roles: Names = NO_NAMES
    authority: Names = NO_NAMES  # what `actor.may` knows
    before: bool = False
    actor: bool = False
    now: bool = False
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    calendar: str = "always"  # the process's own, for days counted without naming a calendar
    zone: str = "UTC"  # the desk's, for `always`
    copy: bool = False  # the whole expression may be one personal field, copied unseen


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an expression, at its place in the text."""

    offset: int  # characters from the expression's beginning
    length: int
    id: str
    message: str
    help: str | None = None


class ExpressionError(DefinitionError):
    """The expression cannot be used."""

    def __init__(self, text: str, problems: tuple[Problem, ...]) -> None:
        said = "; ".join(problem.message for problem in problems)
        super().__init__(f"`{shortened(text)}`: {said}", help=problems[0].help if problems else None)
        self.text = text
        self.problems = problems


class ExpressionFailed(EngineError):
    """The expression gave no answer."""


def shortened(text: str, most: int = 80) -> str:
    """The text, cut where it is too long for a message."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


# -- the names as a tree -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """A name with names below it: `case`, `clocks.arrival`, a table's row."""

    title: str  # completes "`fe` is not …"
    members: Mapping[str, Member]


Member: TypeAlias = Field | Group


def below(member: Member | None) -> Mapping[str, Member]:
    """The names below a name: those of a group, and what a register says of whom a field names."""
    if isinstance(member, Group):
        return member.members
    return member.columns if member is not None and member.type == "party" else {}


def of_register(path: tuple[str, ...]) -> bool:
    """Whether this reads what a register says of whom a field names, as `case.member.class` does."""
    return len(path) == 3 and path[0] in ("case", "form", "before")


def named(path: tuple[str, ...]) -> str:
    """The dotted name that is read: of what a register says, the field that names whom."""
    return ".".join(path[:2] if of_register(path) else path)


_OWN = {
    "id": Field(name="id", type="case"),
    "opened_at": Field(name="opened_at", type="instant"),
    "assignee": Field(name="assignee", type="person"),
}
_CLOCK = {name: Field(name=name, type="yes_no") for name in ("running", "paused", "met", "breached")}
_NOW = Field(name="now", type="instant")


def _one_of(name: str, choices: Names) -> Field:
    """A name of a known set, so that a misspelt one is found; of an unknown set, a text."""
    if not choices:
        return Field(name=name, type="text")
    return Field(name=name, type="choice", choices={choice: {} for choice in sorted(choices)})


def _list_of(name: str, of: Field) -> Field:
    return Field(name=name, type="list", of=of)


def names_of(scope: Scope) -> dict[str, Member]:
    """Every name there is in this process, visible at this place or not, as a tree."""
    state = _one_of("state", scope.states)
    own = {
        **_OWN,
        "state": _list_of("state", state) if scope.regions else state,
        "waiting_on": _list_of("waiting_on", Field(name="waiting_on", type="text")),
    }
    numbers = {name: Field(name=name, type="integer") for name in scope.counts}
    done = {name: Field(name=name, type="integer") for name in scope.did | {"opening"}}
    actor: dict[str, Member] = {
        "id": Field(name="id", type="person"),
        "roles": _list_of("roles", _one_of("role", scope.roles)),
        "may": Group(
            "an authority of this process", {name: Field(name=name, type="money") for name in scope.authority}
        ),
    }
    registered = {"party": Group("a field of the register", scope.party)} if scope.party else {}
    return {
        **registered,
        "case": Group("a field of the case", {**scope.case, **own}),
        "before": Group("a field of the case", {**scope.case, **own}),
        "form": Group("asked by this form", _form_names(scope)),
        "facts": Group("a fact of this process", scope.facts),
        "figures": Group("a figure of the desk", scope.figures),
        "row": Group("a column of the row", scope.row),
        "counts": Group("a count of this process", numbers),
        "did": Group("an action of this process", done),
        "clocks": Group("a clock of this process", {name: Group("said by a clock", _CLOCK) for name in scope.clocks}),
        "linked": Group("a link of this process", {name: _link(states) for name, states in scope.linked.items()}),
        "actor": Group("known of an actor", actor),
        "now": _NOW,
    }


Origin: TypeAlias = tuple[object, ...]


def origin_of(scope: Scope) -> Origin:
    """What the names come from, by identity where comparing takes long; to be compared while both scopes live."""
    tables = (scope.case, _form_names(scope), scope.facts, scope.figures, scope.row, scope.party, scope.linked)
    sets = (scope.counts, scope.did, scope.clocks, scope.states, scope.roles, scope.authority)
    return (*map(id, tables), *sets, scope.regions)


def _form_names(scope: Scope) -> Mapping[str, Field]:
    """All the case's fields if the form asks for nothing else: then every place of a process has the same names."""
    return scope.case if all(scope.case.get(name) == asked for name, asked in scope.form.items()) else scope.form


def _link(states: Names) -> Group:
    final = Field(name="final", type="yes_no")
    return Group("known of a linked case", {"state": _one_of("state", states), "final": final})


def visible(scope: Scope) -> Names:
    """The first names that may be read at this place."""
    always = {"case", "figures", "counts", "did", "clocks", "linked"}
    here = {"party": scope.party, "form": scope.form, "facts": scope.facts, "row": scope.row}
    flags = {"before": scope.before, "actor": scope.actor, "now": scope.now}
    return frozenset(always | {name for name, there in (here | flags).items() if there})


def may_be_unset(path: tuple[str, ...], found: Field) -> bool:
    """Whether this name can be without a value: fields without a default, the assignee, a link never opened."""
    if of_register(path):
        return True
    if path[0] in ("case", "before"):
        return path[1] == "assignee" or (
            path[1] not in ("id", "opened_at", "state", "waiting_on") and found.default is None
        )
    return path[0] == "linked" or (path[0] in ("form", "row") and found.default is None)
