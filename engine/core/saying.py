"""What a record says of its command: who asked for what, in which roles, by which key, from where."""

from __future__ import annotations

from typing import Any

from engine.core.cases import Command


def said_of(command: Command, now: int, clock: int) -> dict[str, Any]:
    """The part of a record that is the command's; `raised` is by how much the floor lifted its instant."""
    actor = command.actor
    said: dict[str, Any] = {"verb": command.verb, "name": command.name, "actor": actor.id}
    if actor.roles:
        said["roles"] = list(actor.roles)
    if actor.on_behalf_of:
        said["for"] = actor.on_behalf_of
    if command.schedule:
        said["schedule"] = command.schedule
    if command.party:
        said["party"] = command.party
    if command.heard:
        said["heard"] = command.heard
    if command.heard_at:
        said["heard_at"] = command.heard_at
    if command.given:
        said["given"] = dict(command.given)
    if command.key:
        said["key"] = command.key
    if command.occurred_at:
        said["occurred_at"] = command.occurred_at
    if command.sent_to:
        said["sent_to"] = command.sent_to
    if now > clock:
        said["raised"] = now - clock
    return said
