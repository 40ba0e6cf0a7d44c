"""Asking for what is missing in a form, on a terminal only: label, type, choices, and a check at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.reader import Reader
from engine.cli.translate import _, listed, with_aside

if TYPE_CHECKING:
    from engine.fields import Field, Words
    from engine.ports import Person
    from engine.views import FormField

_MOST_NAMED = 8
_YES, _NO = frozenset(("y", "yes", "是")), frozenset(("", "n", "no", "否"))
_TYPES: Mapping[str, str] = {
    "integer": "0, 1, 2 …",
    "number": "1.5",
    "money": "4.90",
    "date": "2026-03-02",
    "instant": "2026-03-02 14:00",
    "duration": "15m, 1h30m",
    "list": "T7,T9",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who works at the desk, by id, and what its roles are called."""

    people: Mapping[str, Person]
    roles: Mapping[str, Words]

    @classmethod
    def of(cls, people: Iterable[Person], roles: Mapping[str, Words]) -> Staff:
        """Those who act still."""
        return cls(people={person.id: person for person in people if person.is_active}, roles=roles)


def ask_missing(reader: Reader, asked: Iterable[FormField], form: dict[str, Any], staff: Staff) -> dict[str, Any]:
    """Ask for every required field that the form lacks; what is given stays as it is.

    Where the desk keeps people, a person named is one of them and holds the role asked for.
    """
    for field in asked:
        if field.required and form.get(field.field.name) is None:
            form[field.field.name] = _ask(reader, field, staff)
    return form


def confirm(question: str) -> None:
    """Ask whether to do what cannot be taken back; anything but a yes is `click.Abort`."""
    if not click.prompt(
        f"{question} [y/N]", False, err=True, show_default=False, value_proc=_yes, prompt_suffix=_(": ")
    ):
        raise click.Abort


def _yes(text: str | bool) -> bool:
    if isinstance(text, bool):
        return text
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise click.UsageError(_("answer {yes} or {no}").format(yes="`y`", no="`n`"))
    return word in _YES


def _ask(reader: Reader, asked: FormField, staff: Staff) -> Any:
    field = asked.field
    if field.type == "table":
        return _ask_rows(reader, field, staff)
    default = None if asked.present is None else reader.value(field, asked.present)
    check = _checked(reader, field, asked.present, default)

    def checked(text: str) -> Any:
        answer = check(text)
        if field.type == "person" and staff.people and text != default:
            _check_person(reader, field, text.strip(), staff)
        return answer

    return click.prompt(
        _question(reader, field, staff), default=default, err=True, value_proc=checked, prompt_suffix=_(": ")
    )


def _check_person(reader: Reader, field: Field, name: str, staff: Staff) -> None:
    """Say at once that nobody is called so, or that they do not hold the role."""
    people = staff.people
    fitting = [person.id for person in people.values() if field.role is None or field.role in person.roles]
    if name in fitting:
        return
    if name in people:
        text = _("`{person}` does not hold the role {role}; {names}").format(
            person=name, role=_role_called(reader, field, staff), names=_those(fitting)
        )
    else:
        from engine.nearness import nearest

        near = nearest(name, fitting)
        text = _("nobody here is called `{name}`; {names}").format(name=name, names=_those(near or fitting))
    raise click.UsageError(text)


def _those(names: Sequence[str]) -> str:
    named = listed(f"`{name}`" for name in names[:_MOST_NAMED])
    return (
        _("there is {names}").format(names=named + ("…" if len(names) > _MOST_NAMED else ""))
        if names
        else _("nobody is")
    )


def _role_called(reader: Reader, field: Field, staff: Staff) -> str:
    return reader.said(staff.roles.get(field.role or "", {}), field.role or "")


def _ask_rows(reader: Reader, table: Field, staff: Staff) -> list[dict[str, Any]]:
    """Ask for a table row by row and column by column; an empty first column ends it."""
    click.echo(_("{label} [{name}], row by row:").format(label=_label(reader, table), name=table.name), err=True)
    first, *others = table.columns.values()
    rows: list[dict[str, Any]] = []
    while True:
        text = _question(reader, first, staff) + " " + _("(nothing ends it)")
        start = click.prompt(
            f"  {len(rows) + 1}. {text}", default="", show_default=False, err=True, prompt_suffix=_(": ")
        )
        if not start:
            return rows
        row = {first.name: start}
        for column in others:
            asked = f"     {_question(reader, column, staff)}"
            row[column.name] = click.prompt(
                asked, err=True, value_proc=_checked(reader, column, None, None), prompt_suffix=_(": ")
            )
        rows.append(row)


def _label(reader: Reader, field: Field) -> str:
    return reader.said(field.label, field.name)


def _question(reader: Reader, field: Field, staff: Staff) -> str:
    """Write the question for one field."""
    if field.type == "choice":
        shape = listed(f"{name} {reader.said(words)}" for name, words in field.choices.items())
    elif field.type == "yes_no":
        shape = _("yes or no")
    elif field.type == "person":
        shape = _("a person's name")
        if field.role is not None:
            shape = _("a person, {role}").format(role=_role_called(reader, field, staff))
    elif field.type == "party":
        shape = _("a number on the register")
    elif field.type == "file":
        shape = _("@FILE, or the name of an attachment")
    else:
        shape = _TYPES.get(field.type, "")
    asked = f"{_label(reader, field)} [{field.name}]"
    return with_aside(asked, shape) if shape else asked


def _checked(reader: Reader, field: Field, present: Any, default: str | None) -> Callable[[str], Any]:
    """Return a reader of one answer that says at once what is wrong with it."""
    from engine.fields import Invalid, plain, read

    def check(text: str) -> Any:
        if default is not None and text == default:
            return plain(field, present)
        if field.type == "file":
            if text.strip()[:1] == "@" and not Path(text.strip()[1:]).is_file():
                raise click.UsageError(_("there is no file `{file}`").format(file=text.strip()[1:]))
            return text
        try:
            read(field, text, reader.zone)
        except Invalid as problem:
            raise click.UsageError(reader.said(problem.words)) from problem
        return text

    return check
