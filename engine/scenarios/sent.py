"""Messages as scenarios expect them: which count, and who receives each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.core.cases import Outgoing
from engine.scenarios.world import World


def sent_beside(world: World, main: str) -> Iterator[Outgoing]:
    """What was sent, but for what other cases sent that the calendar has opened."""
    others = world.opened_by.keys() - {world.root_of.get(main)}
    return (message for message in world.sent if world.root_of[message.case] not in others)


def sent_names(messages: Iterable[Outgoing]) -> dict[str, list[str]]:
    """Message → who receives it, as a scenario expects it."""
    found: dict[str, list[str]] = {}
    for message in messages:
        name = message.name
        found.setdefault(name, []).append(message.receiver)
    return {name: sorted(receivers) for name, receivers in found.items()}
