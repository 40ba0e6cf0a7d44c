"""A file of assumptions, held against the definition it is about; each thing wrong is a finding at its place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO

from engine.calendars import Calendar, CalendarError, parse_duration, read_calendar
from engine.fields import Field
from engine.lang.beside import FileRead, read_beside
from engine.lang.build.cursor import Cursor, listed, text_of
from engine.lang.build.notes import Notes, built_in
from engine.model import Action, Form, ProcessDefinition
from engine.simulation.assumptions import AT_ONCE, Answer, Arrivals, Assumptions, Doing, Spread, Team
from engine.values import Expected, read_date, read_instant
from engine.words.speech import every_action

USUAL_DAYS = 7
USUAL_FROM = "2026-03-02"

EVERYTHING = ("arrivals", "opening", "actions", "roster")
"""What a whole file says; one that only replaces a part says that part."""

Beside = Callable[[str], str]
"""Reads a file beside the assumptions by its name; raises `OSError` where it cannot be."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file is read for."""

    definition: ProcessDefinition
    beside: Beside
    parts: tuple[str, ...] = EVERYTHING
    calendars: Mapping[str, Calendar] = field(default_factory=dict)  # of the desk; the process's own are known anyway


def read_assumptions(content: bytes, file: str, wanted: Wanted) -> FileRead[Assumptions]:
    """Read assumptions about a process; without any the findings say why."""
    return read_beside(content, file, "simulation", lambda root, notes: _Reading(root, wanted, notes).assumptions())


class _Reading:
    """One file; every part notes what is wrong with it, and none stops at the first."""

    def __init__(self, root: Cursor, wanted: Wanted, notes: Notes) -> None:
        self.root, self.definition, self.beside = root, wanted.definition, wanted.beside
        self.zone = self.definition.desk.zone
        self.calendars = {**wanted.calendars, **self.definition.calendars}
        self.notes = notes
        self.is_roster_whole = True
        for part in wanted.parts:
            if part not in root.plain:
                is_apart = part in ("arrivals", "roster")  # these alone have an option of their own
                mend = f"write `{part}:`, or give it in a file of its own" if is_apart else f"write `{part}:`"
                self.notes.error("missing-key", root.document.top, f"`{part}` is missing", mend)

    def assumptions(self) -> Assumptions:
        """The whole file."""
        root, definition = self.root, self.definition
        process = root.get("process")
        if process is not None and process.text != definition.process:
            message = f"this is about `{process.text}`, and `{definition.process}` is simulated"
            self.notes.error("wrong-value", process.span, message, "name the process this file is about")
        teams = tuple(self._teams())
        opening, days = root.get("opening"), root.get("days")
        opener = opening.get("as") if opening is not None else None
        forms = {"opening": definition.opening.form}
        return Assumptions(
            process=definition.process, since=self._since(root.get("from")),
            days=days.plain if days is not None else USUAL_DAYS, arrivals=tuple(self._arrivals()),
            opener=self._role(opener), facts=self._facts(), teams=teams,
            opening=self._answers(opening, forms["opening"], "opening"),
            doings=dict(self._doings({role for team in teams for role in team.roles})),
        )  # fmt: skip

    # -- when and who --------------------------------------------------------------------------------------------------

    def _since(self, cursor: Cursor | None) -> int:
        text = cursor.text if cursor is not None else USUAL_FROM
        try:
            return read_instant(f"{read_date(text)} 00:00", self.zone)
        except Expected:
            assert cursor is not None
            self.notes.error("bad-time", cursor.span, f"`{text}` is no date", "write a day, such as `2026-03-02`")
            return 0

    def _arrivals(self) -> Iterator[Arrivals]:
        arrivals = self.root.get("arrivals")
        for one in arrivals.items() if arrivals is not None else ():
            rate, past = one.get("per_hour"), one.get("past")
            if ("per_hour" in one.plain) == ("past" in one.plain):
                message = "cases come at a rate or as in the past"
                self.notes.error("wrong-value", one.span, message, "give one of `per_hour` and `past`")
                continue
            if rate is None and past is None:
                continue  # what is there could not be read, and that is said
            calendar = self._calendar(one.get("calendar"))
            if past is None:
                yield Arrivals(per_hour=float(rate.plain) if rate is not None else 0.0, calendar=calendar)
            elif instants := sorted(self._past(past, "opened_at", lambda text: read_instant(text, self.zone))):
                yield Arrivals(past=tuple(instants))

    def _teams(self) -> Iterator[Team]:
        roster = self.root.get("roster")
        for one in roster.items() if roster is not None else ():
            roles = tuple(self._role(role) for role in listed(one.get("role")))
            hours, count = one.get("hours"), one.get("count")
            if hours is not None and one.get("calendar") is not None:
                message = "somebody comes by a calendar or at hours of their own"
                self.notes.error("wrong-value", hours.name_span, message, "take away `calendar` or `hours`")
            calendar = self._calendar(one.get("calendar")) if hours is None else self._hours(hours)
            if roles and count is not None and calendar is not None:
                yield Team(roles=roles, count=count.plain, calendar=calendar)
            else:
                self.is_roster_whole = False

    def _role(self, cursor: Cursor | None) -> str:
        if cursor is not None and not cursor.text.strip():
            self.notes.error("wrong-value", cursor.span, "no role is named here", "write one of the desk's roles")
        elif cursor is not None and cursor.text not in self.definition.desk.roles:
            message = f"`{cursor.text}` is not a role of the desk"
            self.notes.unknown("role", cursor.span, message, cursor.text, built_in(*self.definition.desk.roles))
        return text_of(cursor)

    def _calendar(self, cursor: Cursor | None) -> Calendar | None:
        known = self.calendars
        if cursor is not None and cursor.text not in known:
            message = f"the desk has no calendar `{cursor.text}`"
            self.notes.unknown("calendar", cursor.span, message, cursor.text, built_in(*known))
            return None
        return known[cursor.text if cursor is not None else self.definition.calendar]

    def _hours(self, cursor: Cursor) -> Calendar | None:
        try:
            return read_calendar({"calendar": "roster", "weekly": cursor.plain}, self.zone)
        except CalendarError as fault:
            message, _, mend = str(fault).replace("`weekly", "`hours", 1).partition("; ")
            place = cursor.document.place((*cursor.path, *fault.path[1:]))
            self.notes.error("bad-calendar", place, message, mend or None)
            return None

    # -- what is done --------------------------------------------------------------------------------------------------

    def _doings(self, staffed: set[str]) -> Iterator[tuple[str, Doing]]:
        actions: dict[str, list[Action]] = {}
        for action in every_action(self.definition):
            actions.setdefault(action.name, []).append(action)
        written = self.root.get("actions")
        for name, cursor in written.entries() if written is not None else ():
            if name not in actions:
                message = f"`{name}` is not an action of `{self.definition.process}`"
                self.notes.unknown("action", cursor.name_span, message, name, built_in(*actions))
                continue
            self._must_be_staffed(cursor, actions[name], staffed)
            forms = [action.form for action in actions[name]]
            form = Form(
                require=tuple(field for field in forms[0].require if all(field in one.require for one in forms)),
                allow=tuple(dict.fromkeys(field for one in forms for field in (*one.require, *one.allow))),
            )
            chance, nobody = cursor.get("chance"), cursor.get("needs_nobody")
            yield name, Doing(
                action=name, chance=float(chance.plain) if chance is not None else 1.0,
                after=self._spread(cursor.get("after")), takes=self._spread(cursor.get("takes")),
                needs_nobody=nobody is not None and nobody.plain is True,
                answers=self._answers(cursor, form, name),
            )  # fmt: skip

    def _must_be_staffed(self, cursor: Cursor, actions: list[Action], staffed: set[str]) -> None:
        roles = {who.name for action in actions for who in action.by if who.kind == "role"}
        others = any(who.kind != "role" for action in actions for who in action.by)
        nobody = cursor.get("needs_nobody")
        if (
            not (staffed and self.is_roster_whole)
            or roles & staffed
            or others
            or (nobody is not None and nobody.plain is True)
        ):
            return
        said = ", ".join(f"`{role}`" for role in sorted(roles)) or "nobody"
        message = f"nobody on the roster may `{actions[0].name}`: it is for {said}"
        mend = "put one of these roles on the roster, or say `needs_nobody: true`"
        self.notes.error("wrong-value", cursor.name_span, message, mend)

    def _spread(self, cursor: Cursor | None) -> Spread:
        if cursor is None:
            return AT_ONCE
        if cursor.is_scalar:
            return Spread("fixed", self._durations([cursor]) or (0,))
        for kind in ("exponential", "uniform", "triangular"):
            if (inner := cursor.get(kind)) is not None:
                values = self._durations(listed(inner))
                if list(values) != sorted(values):
                    self.notes.error("wrong-value", inner.span, "these are not in order", "give the shortest first")
                return Spread(kind, tuple(sorted(values)) or (0,))
        past = cursor.get("past")
        if past is None:
            return AT_ONCE
        if past.is_scalar:
            return Spread("past", tuple(self._past(past, "duration", parse_duration)) or (0,))
        return Spread("past", self._durations(listed(past)) or (0,))

    def _durations(self, cursors: list[Cursor]) -> tuple[int, ...]:
        found = []
        for cursor in cursors:
            try:
                found.append(parse_duration(cursor.text))
            except CalendarError as bad:
                self.notes.error("bad-time", cursor.span, str(bad))
        return tuple(found)

    def _past(self, cursor: Cursor, column: str, read_cell: Callable[[str], int]) -> list[int]:
        """One column of a CSV file beside this one."""
        name = cursor.text
        try:
            rows = list(csv.DictReader(StringIO(self.beside(name).removeprefix("\ufeff"))))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.notes.error("wrong-value", cursor.span, f"`{name}` cannot be read: {error}", "name a CSV file beside")
            return []
        if not rows or column not in rows[0]:
            message = f"`{name}` has no column `{column}` with values"
            self.notes.error("wrong-value", cursor.span, message, f"give it a first line with `{column}`, and rows")
            return []
        found = []
        for number, row in enumerate(rows, 2):
            try:
                found.append(read_cell((row[column] or "").strip()))
            except (Expected, CalendarError) as bad:
                self.notes.error("wrong-value", cursor.span, f"`{name}`, line {number}: {bad}")
                break
        return found

    # -- what is given -------------------------------------------------------------------------------------------------

    def _facts(self) -> dict[str, Answer]:
        facts, known = self.root.get("facts"), self.definition.facts
        return dict(self._each(facts, known, "fact")) if facts is not None else {}

    def _answers(self, cursor: Cursor | None, form: Form, action: str) -> dict[str, Answer]:
        given = cursor.get("with") if cursor is not None else None
        asked = dict.fromkeys((*form.require, *form.allow))
        fields = {name: self.definition.fields[name] for name in asked if name in self.definition.fields}
        answers = dict(self._each(given, fields, "field")) if given is not None else {}
        missing = [name for name in form.require if name not in answers]
        if cursor is not None and missing:
            named = ", ".join(f"`{name}`" for name in missing)
            message = f"`{action}` asks for {named}, and no answer is assumed"
            self.notes.error("missing-key", cursor.name_span, message, f"add it under `with`: {missing[0]}: …")
        return answers

    def _each(self, cursor: Cursor, known: Mapping[str, Field], kind: str) -> Iterator[tuple[str, Answer]]:
        for name, one in cursor.entries():
            if name not in known:
                message = f"`{name}` is not a {kind} that is asked for here"
                self.notes.unknown(
                    "field" if kind == "field" else "name", one.name_span, message, name, built_in(*known)
                )
            else:
                yield name, self._answer(one)

    def _answer(self, cursor: Cursor) -> Answer:
        """A value, or how it comes about: one of several, somebody of a role, some time ahead."""
        if not cursor.is_table:
            return Answer(plain=cursor.plain)
        if (choose := cursor.get("choose")) is not None:
            weights = [(value, one.plain, one) for value, one in choose.entries()]
            for value, weight, one in weights:
                if isinstance(weight, bool) or not isinstance(weight, int | float) or weight < 0:
                    self.notes.error("wrong-value", one.span, f"the weight of `{value}` is no number", "write `3`")
                    return Answer()
            if not any(weight for _, weight, _ in weights):
                self.notes.error("wrong-value", choose.span, "nothing can be chosen", "give one a weight above 0")
            return Answer(choices=tuple((value, float(weight)) for value, weight, _ in weights))
        if (ahead := cursor.get("in")) is not None:
            return Answer(ahead=self._spread(ahead))
        for kind in ("one_of", "all_of"):
            if (role := cursor.get(kind)) is not None:
                name = self._role(role)
                return Answer(one_of=name) if kind == "one_of" else Answer(all_of=name)
        if cursor.plain.keys() & {"choose", "in", "one_of", "all_of"}:
            return Answer()  # a key without a value, which the shape says already
        message = "this does not say how the value comes about"
        self.notes.error("wrong-value", cursor.span, message, "write a value, or `choose`, `one_of`, `all_of` or `in`")
        return Answer()
