"""States: groups, regions, what ends the case, and what happens in each."""

from __future__ import annotations

from typing import Any

from engine.lang.build.acts import Going, build_action, build_timer, build_waiting, build_ways
from engine.lang.build.cursor import Cursor, flag, text_of
from engine.lang.build.declared import words
from engine.lang.build.effects import build_effects
from engine.lang.build.known import Known
from engine.lang.build.people import read_whos
from engine.model import Action, State


def build_states(known: Known) -> dict[str, State]:
    """Every state, groups before what is inside."""
    return {name: _state(known, name, cursor) for name, cursor in known.outline.states.items()}


def _state(known: Known, name: str, cursor: Cursor) -> State:
    presence = known.presence
    here = known.place(presence.during(name), now=False)
    state = State(
        name=name, label=words(known.notes, cursor.get("label"), known.desk.shared.languages),
        parent=known.outline.parents[name], children=known.outline.inside(name),
        parallel=flag(cursor, "parallel"), initial=_initial(known, name, cursor),
        final=_final(known, name, cursor), waiting_on=build_waiting(known, name, cursor.get("waiting_on")),
        never_by=read_whos(known, cursor.get("never_by"), "excluded"),
        on_enter=build_effects(known, cursor.get("on_enter"), known.place(presence.entering(name))),
        actions=_actions(known, name, cursor), removed=_removed(known, cursor),
        timers={timer: build_timer(known, timer, name, written) for timer, written in _entries(cursor, "timers")},
        decide=build_ways(known, cursor, "decide", Going(f"state `{name}`", here)),
        done=build_ways(known, cursor, "done", Going(f"state `{name}`", known.place(presence.ended(name), now=False))),
    )  # fmt: skip
    _check_group(known, state, cursor)
    return known.notes.mark(state, cursor)


def _entries(cursor: Cursor, key: str) -> list[tuple[str, Cursor]]:
    table = cursor.get(key)
    return list(table.entries()) if table is not None else []


def _actions(known: Known, state: str, cursor: Cursor) -> dict[str, Action]:
    written = _entries(cursor, "actions")
    return {name: build_action(known, name, state, action) for name, action in written if action.is_table}


def _removed(known: Known, cursor: Cursor) -> frozenset[str]:
    """Actions written `name: none`: each must be there to be taken away."""
    removed = [(name, written) for name, written in _entries(cursor, "actions") if not written.is_table]
    actions = known.outline.places("actions")
    for name, written in removed:
        if name not in actions:
            message = f"`{name}` is not an action, so it cannot be taken away"
            known.notes.unknown("action", written.name_span, message, name, actions)
    return frozenset(name for name, _ in removed)


def _initial(known: Known, name: str, cursor: Cursor) -> str | None:
    initial = cursor.get("initial")
    if initial is None:
        return None
    children = known.outline.inside(name)
    if initial.text not in children:
        places = {child: known.outline.states[child].name_span for child in children}
        message = f"group `{name}` begins in `{initial.text}`, which is not a state directly inside it"
        known.notes.unknown("state", initial.span, message, initial.text, places)
        return None
    return initial.text


def _final(known: Known, name: str, cursor: Cursor) -> Any:
    final = cursor.get("final")
    if final is None:
        return None
    if final.plain is not True:
        return text_of(final)
    group = known.outline.parents[name]
    if not flag(known.outline.states.get(known.outline.parents.get(group, "")), "parallel"):
        where = f"group `{group}` is not a region" if group else "it stands at the top"
        message = f"`final: true` ends a region, but state `{name}` does not stand directly in one: {where}"
        known.notes.error("final-outside-region", final.span, message, "write `done`, `failed` or `cancelled`")
        return None
    return "region"


def _check_group(known: Known, state: State, cursor: Cursor) -> None:
    if state.parallel and not state.children:
        message = f"state `{state.name}` is parallel but has no states to run side by side"
        known.notes.error("empty-group", cursor.name_span, message, "give it `states`, or take `parallel` away")
    if state.done and not state.parallel:
        span = cursor.document.name_place((*cursor.path, "done"))
        message = f"`done` says what follows when all regions have ended, but `{state.name}` has no regions"
        known.notes.error("done-without-regions", span, message, "write `parallel: true`, or take `done` away")
    if state.children and not state.parallel and state.initial is None and _is_entered(known, state.name):
        message = f"group `{state.name}` is a target, so it must say in which state it begins"
        known.notes.error("no-initial", cursor.name_span, message, f"write `initial: {state.children[0]}`")


def _is_entered(known: Known, group: str) -> bool:
    """Whether something goes to a group itself, or it begins by itself as a region or as the first state of one."""
    outline = known.outline
    around = outline.states.get(outline.parents[group])
    if around is not None and (flag(around, "parallel") or text_of(around.get("initial")) == group):
        return True
    return text_of(outline.root.get("initial")) == group or group in _targets(outline.root.node.plain)


def _targets(plain: Any) -> set[str]:
    """Every name that stands where a target can."""
    found: set[str] = set()
    ahead = [plain]
    while ahead:
        here = ahead.pop()
        if isinstance(here, dict):
            found |= {value for key in ("to", "is", "decide", "done") if isinstance(value := here.get(key), str)}
            ahead += here.values()
        elif isinstance(here, list):
            ahead += here
    return found
