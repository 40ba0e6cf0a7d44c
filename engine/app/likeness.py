"""Which open cases may be about one matter: those with the same answer where a process says who or what it is about.

That is its business key, and where the parties of the desk are reached. A name or a place tells less: two customers are
called Wu Min, and a lamp and a tap are repaired in one room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.app.marks import Marks, compared
from engine.core.cases import Case
from engine.fields import Value, is_sealed
from engine.model import ProcessDefinition
from engine.ports import Transaction
from engine.sealing import WithPrivate

REACHED_BY = ("phone", "email")
COMMON = 200
"""What so many cases answered tells none from another: the number of a switchboard, or that there is none."""


def telling(definition: ProcessDefinition) -> dict[str, None]:
    """The fields that tell one matter of this process from another, each once."""
    reached = (party.contact.get(way) for party in definition.desk.parties.values() for way in REACHED_BY)
    return dict.fromkeys(name for name in (definition.key, *reached) if name is not None and name in definition.fields)


def cases_like(tx: Transaction, marks: Marks, definition: ProcessDefinition, case: Case) -> set[str]:
    """Ids of the cases found by one of the answers that tell; closed ones, and those of other processes, too."""
    found: set[str] = set()
    for _, value in _told(definition, case):
        same = {one for text in marks.searches(str(value)) for one in tx.search(*text)}
        found |= same if len(same) < COMMON else set()
    return found


def shared(definition: ProcessDefinition, case: Case, other: Case) -> tuple[str, ...]:
    """The fields that tell, and that both cases answer alike."""
    theirs = _answers(other)
    return tuple(
        name for name, value in _told(definition, case)
        if (their := theirs.get(name)) is not None and compared(their) == compared(value)
    )  # fmt: skip


def _told(definition: ProcessDefinition, case: Case) -> Iterator[tuple[str, Value]]:
    answers = _answers(case)
    for name in telling(definition):
        value = answers.get(name)
        if value is not None and not is_sealed(value) and compared(value):
            yield name, value


def _answers(case: Case) -> Mapping[str, Value]:
    return WithPrivate(case.data, case.private) if case.private else case.data
