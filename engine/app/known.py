"""Names that a caller brings, checked against those there are: a slip of the pen is told, not taken for "nothing"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.core.plan import Library
from engine.core.reasons import near
from engine.errors import NotFound
from engine.model import ProcessDefinition

_MOST_NAMED = 30


def roles_known(library: Library) -> frozenset[str]:
    """The roles of every published desk, and `admin`; empty before anything is published."""
    found = {role for definition in definitions_of(library) for role in definition.desk.roles}
    return frozenset(found | {"admin"}) if found else frozenset()


def personal_names(library: Library) -> frozenset[str]:
    """What personal fields are called in any published process, by itself or in an event that gives them."""
    found = set[str]()
    for definition in definitions_of(library):
        own = {name for name, field in definition.fields.items() if field.personal}
        told = {event for one in definition.incoming.values() for name, event in one.values.items() if name in own}
        found |= own | told
    return frozenset(found)


def check_process(library: Library, process: str) -> None:
    """Raise `NotFound` for a process that is not published."""
    if process not in library.published:
        raise NotFound(
            f"no process `{process}` is published{near(process, library.published)}",
            help=published_help(library),
        )


def published_help(library: Library) -> str:
    """Say which processes are published, or how one is."""
    return _those(library.published) if library.published else "`casewright publish FILE` publishes one"


def check_state(library: Library, state: str, process: str | None) -> None:
    """Raise `NotFound` for a state that no published version has, of this process if one is named."""
    states = {name: None for one in definitions_of(library) if process in (None, one.process) for name in one.states}
    if states and state not in states:
        where = f" of `{process}`" if process else ""
        raise NotFound(f"there is no state `{state}`{where}{near(state, states)}", help=_those(states))


def check_clock(library: Library, clock: str, process: str | None) -> None:
    """Raise `NotFound` for a clock that no published version has, of this process if one is named."""
    clocks = {name: None for one in definitions_of(library) if process in (None, one.process) for name in one.clocks}
    if clock not in clocks:
        where = f" of `{process}`" if process else ""
        raise NotFound(f"there is no promise `{clock}`{where}{near(clock, clocks)}", help=_those(clocks))


def check_role(library: Library, role: str) -> None:
    """Raise `NotFound` for a role that no published desk has."""
    known = roles_known(library)
    if known and role not in known:
        raise NotFound(f"there is no role `{role}` at this desk{near(role, known)}", help=_those(sorted(known)))


def definitions_of(library: Library) -> Iterator[ProcessDefinition]:
    """Every published version of every process."""
    for process, versions in library.published.items():
        for _, version in versions:
            yield library.plan(process, version).definition


def _those(names: Iterable[str]) -> str:
    """Name what there is; of very many the first, for nobody reads all states of all processes."""
    said = [f"`{name}`" for name in names]
    return f"there are {', '.join(said[:_MOST_NAMED])}{' …' if len(said) > _MOST_NAMED else ''}"
