"""How open cases of earlier versions come over: `migrate`, as far as this version's own names go.

What it forgets of an earlier version is seen where that version is known: by `plan` and `publish`.
"""

from __future__ import annotations

from engine.lang.build.cursor import Cursor, flag, listed, names_in
from engine.lang.build.known import Known
from engine.migration import Fate, Migration


def build_migrations(known: Known) -> dict[int, Migration]:
    """The ways from earlier versions, by the version they come from."""
    root, found, places = known.outline.root, dict[int, Migration](), dict[int, Cursor]()
    version = root.get("version")
    for cursor in listed(root.get("migrate")):
        since = cursor.get("from")
        if since is None or isinstance(since.plain, (list, dict)):
            continue  # the shape of the file says so
        number = int(since.plain)
        if number in found:
            related = [(places[number].span, "the way from this version is said here already")]
            message = f"`migrate` says twice how cases of version {number} come over"
            known.notes.error("migrate-from", since.span, message, "write them as one", related)
        elif version is not None and number >= version.plain:
            message = f"cases come from an earlier version, and this is version {version.plain}"
            known.notes.error("migrate-from", since.span, message, f"name one before {version.plain}")
        places[number] = since
        found[number] = _built(known, number, cursor)
    return found


def _built(known: Known, since: int, cursor: Cursor) -> Migration:
    states, clocks = cursor.get("states"), cursor.get("clocks")
    return Migration(
        since=since,
        states={name: _targets(known, to) for name, to in (states.entries() if states is not None else ())},
        clocks={name: _fate(known, name, fate) for name, fate in (clocks.entries() if clocks is not None else ())},
        drop=tuple(names_in(cursor.get("drop"))),
    )


def _targets(known: Known, cursor: Cursor) -> tuple[str, ...]:
    """The states here that an earlier one becomes: such as a case can stand in, and that leave it open."""
    found = []
    for item in listed(cursor):
        name = known.state(item, f"`{cursor.path[-1]}` becomes")
        if name is None:
            continue
        state = known.outline.states[name]
        ends = state.get("final") is not None and not flag(state, "final")
        if state.get("states") is not None or ends:
            why = "ends a case" if ends else "is a group"
            mend = "name a state in which the case stays open" if ends else "name the state inside it"
            known.notes.error("migrate-target", item.span, f"`{name}` {why}: no case can be moved there", mend)
        found.append(name)
    return tuple(found)


def _fate(known: Known, name: str, cursor: Cursor) -> Fate:
    fate: Fate = cursor.text  # type: ignore[assignment]  # its shape was checked
    clocks = known.outline.places("clocks")
    if fate != "end" and name not in clocks:
        message = f"`{name}` is not a clock of this version, so a cycle of it cannot go on"
        known.notes.unknown("clock", cursor.name_span, message, name, clocks)
    return fate
