"""Rules about events of other systems: who may tell them, and whether they can mean one case."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lang.rules.rule import Checked, Spot, rule

TELLING = ("text", "integer")
"""Types of fields that tell one case from another; a choice or a day is shared by many."""


@rule("heard-not-by", "error")
def heard_not_by(checked: Checked) -> Iterator[Spot]:
    """An event whose sender may not do its action, so that it would always be refused."""
    for one in checked.definition.incoming.values():
        for action in (action for action in checked.acts if action.name == one.action):
            if not any(who.kind == "role" and who.name == one.sender for who in action.by):
                message = f"`{one.action}` is not for `{one.sender}`, so event `{one.name}` would always be refused"
                related = ((checked.name(action), "the action is written here"),)
                yield Spot(checked.value(one, "from"), message, f"add `{one.sender}` to its `by`", related)


@rule("wide-find", "warning")
def wide_find(checked: Checked) -> Iterator[Spot]:
    """An event that finds its case by nothing that tells cases apart."""
    fields = checked.definition.fields
    for one in checked.definition.incoming.values():
        if not any(name == "id" or fields[name].type in TELLING for name in one.find):
            message = f"event `{one.name}` finds many cases: nothing in its `find` tells one from another"
            yield Spot(checked.key(one, "find"), message, "add a number that the other system knows, or `id`")


@rule("heard-twice", "error")
def heard_twice(checked: Checked) -> Iterator[Spot]:
    """An event that two processes hear, so that nobody knows whose case it is about."""
    others = checked.known.others
    for one in checked.definition.incoming.values():
        for name in others.hearing(one.name):
            if name != checked.definition.process:
                message = f"process `{name}` hears an event `{one.name}` too"
                mend = "give each a name of its own; the sender or whoever brings it in says which is meant"
                yield Spot(checked.name(one), message, mend, ((others.places[name], "the other process"),))


RULES = (heard_not_by, wide_find, heard_twice)
