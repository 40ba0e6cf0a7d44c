"""Values in place of private ones: none says anything of a person, each is one that the field takes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.fields import Field, Invalid, Value, plain, read
from engine.scenarios.fitting import fitting

_DAY = "2026-03-02"
_FIGURES = "13800138000"


def placeholder(field: Field, zone: str, number: int = 1, contact: str = "") -> Value:
    """A plain value of the field, the `number`th of its kind; None where none is found that fits.

    `contact` says what of a party the field holds: `name`, `phone`, `email`, or nothing of these.
    """
    telling = {"phone": _phone(number), "email": f"someone{number}@example.org"}.get(contact)
    for value in (*([telling] if telling else ()), *_candidates(field, number)):
        try:
            return plain(field, read(field, value, zone))
        except Invalid:
            continue
    return None


def _candidates(field: Field, number: int) -> Iterator[Value]:
    name = field.name.replace("_", " ")
    if field.type == "choice":
        yield from field.choices
    elif field.type == "yes_no":
        yield from (True, False)
    elif field.type == "list":
        of, numbers = field.of or Field(name=field.name, type="text"), range(number, number + _least(field))
        yield [next(_candidates(of, each), None) for each in numbers]
    elif field.type == "table":
        columns, numbers = field.columns.items(), range(number, number + _least(field))
        yield [{key: next(_candidates(column, each), None) for key, column in columns} for each in numbers]
    elif field.type == "case":
        yield f"X-{number}"
    elif field.type in ("instant", "date", "duration"):
        yield {"instant": f"{_DAY} 12:00", "date": _DAY, "duration": "1h"}[field.type]
    elif field.type in ("integer", "number", "money"):
        yield from (plain(field, bound) for bound in (field.min, field.max) if bound is not None)
        yield from (number, 0)
    else:
        if field.pattern is not None:
            yield fitting(field.pattern, number)
        yield from (f"{name} {number}", f"{name}{number}", f"P{number}", f"someone{number}@example.org")
        yield from (_phone(number), *("1" * length for length in range(1, 21)), *("A" * n for n in range(1, 21)))


def _least(field: Field) -> int:
    """How many items or rows it has at least; one where it may have none."""
    return max(1, field.min) if isinstance(field.min, int) else 1


def _phone(number: int) -> str:
    return f"{_FIGURES[: -len(str(number))]}{number}"
