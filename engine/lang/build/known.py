"""All names one process may use, gathered before its parts are built, and what each place sees of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.calendars import Calendar
from engine.expressions import Expression, ExpressionError, Problem, Scope, Want, compile_expression
from engine.fields import Field
from engine.frozen import Frozen
from engine.lang.build.changes import Changes, Fields, applied
from engine.lang.build.cursor import Cursor, names_in
from engine.lang.build.desk import DeskFile
from engine.lang.build.notes import NOWHERE, Notes, Places, built_in, did_you_mean
from engine.lang.build.others import Others
from engine.lang.build.outline import Outline
from engine.lang.build.presence import Presence
from engine.lang.diagnostics import Span

OPENING = "opening"
_SECTIONS = ("actions", "states", "clocks", "facts", "figures", "counts", "authority")
_UNSET = re.compile(r"`case\.([a-z0-9_]+)` may be unset here")
_MEANT = re.compile(r"did you mean (`[a-z0-9_]+`(?: or `[a-z0-9_]+`)*)\?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form of another process takes."""

    require: tuple[str, ...]
    allow: tuple[str, ...]


@dataclass(frozen=True)  # no slots: what is worked out is kept
class Neighbour:
    """Another process of the desk, as far as this one opens and tells its cases."""

    outline: Outline
    desk: DeskFile
    built: Mapping[str, Field] | None = None  # its fields, of the process itself

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Its fields; what is wrong with them is found when it is built itself."""
        if self.built is not None:
            return self.built
        return {**self.desk.fields, **self.desk.noting(Notes()).fields(self.outline.root.get("fields"))}

    @property
    def opening(self) -> Asked:
        """What opening a case asks."""
        return asked_by([opening] if (opening := self.outline.root.get(OPENING)) else [])

    def action(self, name: str) -> Asked:
        """What an action asks, wherever it is written."""
        return asked_by(cursor for _, cursor in self.outline.actions.get(name, ()))


def asked_by(acts: Iterable[Cursor]) -> Asked:
    """What some actions ask for together."""
    forms = [form for act in acts if (form := act.get("form")) is not None]
    require = dict.fromkeys(name for form in forms for name in names_in(form.get("require")))
    allow = dict.fromkeys(name for form in forms for name in names_in(form.get("allow")))
    return Asked(tuple(require), tuple(allow))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names of one process, and where findings go."""

    notes: Notes
    outline: Outline
    desk: DeskFile
    fields: Mapping[str, Field]
    facts: Mapping[str, Field]
    figures: Mapping[str, Field]
    calendars: Mapping[str, Calendar]
    calendar_places: Places
    messages: Mapping[str, Cursor]
    neighbours: Mapping[str, Neighbour]  # those this one opens, and those that open it
    others: Others
    unread: frozenset[str]  # files of messages that cannot be read
    parents: tuple[str, ...]  # processes that open this one
    presence: Presence
    scope: Scope  # what every place sees

    @property
    def itself(self) -> Neighbour:
        """This process as it opens and tells cases of its own."""
        return Neighbour(self.outline, self.desk, self.fields)

    def places_of_fields(self) -> Places:
        """The fields and where they are declared."""
        origins = {name: self.notes.origin(field) for name, field in self.fields.items()}
        return {name: origin.name_span for name, origin in origins.items() if origin is not None}

    def field(self, cursor: Cursor, name: str = "", what: str = "the case") -> Field | None:
        """The field that is named there; one that does not exist is noted."""
        name = name or cursor.text.removeprefix("case.")
        if name not in self.fields:
            span = cursor.span if cursor.is_scalar and cursor.text.endswith(name) else cursor.name_span
            self.notes.unknown("field", span, f"`{name}` is not a field of {what}", name, self.places_of_fields())
        return self.fields.get(name)

    def calendar(self, cursor: Cursor | None) -> str | None:
        """The calendar that is named there, if any is."""
        if cursor is None:
            return None
        known = {**self.calendar_places, **built_in("always")}
        if cursor.text not in known:
            self.notes.unknown("calendar", cursor.span, f"`{cursor.text}` is not a calendar", cursor.text, known)
        return cursor.text

    def action(self, cursor: Cursor, about: str) -> str | None:
        """The action that is named there; one that does not exist is noted."""
        known = self.outline.places("actions")
        if cursor.text in known:
            return cursor.text
        message = f"{about} `{cursor.text}`, which is not an action"
        self.notes.unknown("action", cursor.span, message, cursor.text, known)
        return None

    def state(self, cursor: Cursor, about: str) -> str | None:
        """The state that is named there; one that does not exist is noted."""
        known = self.outline.places("states")
        if cursor.text in known:
            return cursor.text
        message = f"{about} `{cursor.text}`, which is not a state"
        self.notes.unknown("state", cursor.span, message, cursor.text, known)
        return None

    def place(self, case: Fields, *, now: bool = True) -> Place:
        """A place without a form, an actor or facts: what comes by itself."""
        return Place(self.scope.but(facts={}, now=now), case)

    def acting(self, case: Fields, form: Asked) -> Place:
        """A place of an action, before its form is kept."""
        names = dict.fromkeys((*form.require, *form.allow))
        asked = {name: self.fields[name] for name in names if name in self.fields}
        scope = self.scope.but(form=asked, actor=True, now=True)
        return Place(scope, case, frozenset(form.require))

    def compile(self, cursor: Cursor, place: Place, want: Want, start: int = 0) -> Expression | None:
        """The expression in a text, from a character on; what is wrong with it is noted."""
        try:
            return compile_expression(cursor.text[start:], place.scope, want=want, sure=place.sure)
        except ExpressionError as fault:
            for problem in fault.problems:
                span = cursor.part(start + problem.offset, problem.length)
                said = self._brought(problem, cursor) or problem.message
                self.notes.error(problem.id, span, said, self._placed(problem.help, span))
            return None

    def _brought(self, problem: Problem, cursor: Cursor) -> str | None:
        """Of a field of the case that may be unset what brings a case there without it, as far as that is known."""
        name = _UNSET.fullmatch(problem.message)
        if problem.id != "maybe-unset" or name is None or (states := self._states_around(cursor)) is None:
            return None
        brought = self.presence.brought_without(name[1], *states)
        return f"{problem.message}: `{brought[0]}` brings a case to `{brought[1]}` without it" if brought else None

    def _states_around(self, cursor: Cursor) -> tuple[str, ...] | None:
        """The state in which something is written, or those of a top action; none: all. None where it is neither."""
        steps = cursor.path
        if steps[:1] == ("actions",):
            return tuple(names_in(self.outline.root.walk("actions", str(steps[1]), "in")))
        found = [str(steps[at + 1]) for at, step in enumerate(steps[:-1]) if step == "states"]
        return tuple(found[-1:]) or None

    def _placed(self, mend: str | None, span: Span) -> str | None:
        """The help of a finding in an expression; of a name that was probably meant also where it is declared."""
        near = _MEANT.fullmatch(mend or "")
        if near is None:
            return mend
        tables = [*self.facts.values(), *self.fields.values()]
        columns = {name: column for table in tables for name, column in table.columns.items()}
        origins = {name: origin for name, column in columns.items() if (origin := self.notes.origin(column))}
        places = {
            name: at for party in self.desk.shared.registers for name, at in self.desk.shared.kept_of(party).items()
        }
        places |= {name: at for section in _SECTIONS for name, at in self.outline.places(section).items()}
        places = {**{name: o.name_span for name, o in origins.items()}, **self.places_of_fields(), **places}
        names = near[1].strip("`").split("` or `")
        return did_you_mean({name: places.get(name, NOWHERE) for name in names}, span)

    def condition(self, cursor: Cursor | None, place: Place) -> Expression | None:
        """The condition that is written there, if any is."""
        return self.compile(cursor, place, "yes_no") if cursor is not None else None


class Place(Frozen, frozen=True):
    """What an expression sees, and what is surely set there."""

    scope: Scope
    case: Fields
    form: Fields = frozenset()
    before: Fields = frozenset()

    @property
    def sure(self) -> frozenset[str]:
        """The dotted names that are surely set."""
        return frozenset(
            [*(f"case.{name}" for name in self.case), *(f"form.{name}" for name in self.form)]
            + [f"before.{name}" for name in self.before]
        )

    def after(self, changes: Changes) -> Place:
        """The same place after some changes."""
        return self.but(case=applied(changes, self.case))

    def given(self, fields: Iterable[str]) -> Place:
        """The same place where these fields are set too."""
        return self.but(case=self.case.union(fields))

    def decided(self, changes: Changes) -> Place:
        """Once the form is kept: the case before can be read too."""
        return self.after(changes).but(scope=self.scope.but(before=True), before=self.case)

    def copying(self) -> Place:
        """Where one personal field may be copied unseen."""
        return self.but(scope=self.scope.but(copy=True))
