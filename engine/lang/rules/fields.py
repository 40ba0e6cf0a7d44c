"""Rules about what is declared: fields that nothing asks for, names that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import Expression
from engine.fields import Field
from engine.lang.build.cursor import text_of
from engine.lang.rules.rule import Checked, Spot, rule
from engine.model import AppendTo, Form, OpenCase, SetFields


@rule("field-never-asked", "warning")
def field_never_asked(checked: Checked) -> Iterator[Spot]:
    """A field of the process that no form asks for and no effect sets."""
    given = _given(checked)
    for name, span in checked.known.outline.places("fields").items():
        if name not in given:
            yield Spot(span, f"no form asks for `{name}`, and nothing sets it", "ask for it in a form, or take it away")


@rule("unused-declaration", "warning")
def unused_declaration(checked: Checked) -> Iterator[Spot]:
    """A fact, figure, count, authority or ladder that nothing reads or climbs."""
    names = _read(checked)
    clocks = checked.known.outline.root.get("clocks")
    climbed = {text_of(cursor.get("thresholds")) for _, cursor in clocks.entries()} if clocks else set()
    used = {
        "facts": {name for name in names if name.startswith("facts.")} | _handed_on(checked),
        "figures": {name for name in names if name.startswith("figures.")},
        "counts": {name for name in names if name.startswith("counts.")},
        "authority": {name.replace("actor.may.", "authority.") for name in names},
        "ladders": {f"ladders.{name}" for name in climbed},
    }
    for section, known in used.items():
        for name, span in checked.known.outline.places(section).items():
            if f"{section}.{name}" not in known:
                verb = "climbs" if section == "ladders" else "reads"
                one = {"authority": "limit"}.get(section, section[:-1])
                yield Spot(span, f"nothing {verb} the {one} `{name}`", "use it, or take it away")


def _handed_on(checked: Checked) -> set[str]:
    return {f"facts.{name}" for part in checked.parts if isinstance(part, OpenCase) for name in part.facts}


def _read(checked: Checked) -> set[str]:
    """Every name that an expression reads, without what lies inside it."""
    expressions = (part for part in checked.parts if isinstance(part, Expression))
    found: set[str] = set()
    for name in (name for expression in expressions for name in expression.names):
        parts = name.split(".")
        found.add(".".join(parts[: 3 if parts[0] == "actor" else 2]))
    return found


@rule("shown-not-set", "warning")
def shown_not_set(checked: Checked) -> Iterator[Spot]:
    """A form that shows a field which nothing has ever asked for or set."""
    own, given = checked.known.outline.places("fields"), _given(checked)
    for action in checked.acts:
        for name in action.form.show:
            if name not in given and name not in own:
                form = checked.cursor(action).get("form")
                items = list(shown.items()) if form is not None and (shown := form.get("show")) is not None else []
                spans = [item.span for item in items if item.text == name]
                message = f"`{name}` is shown, but no form asks for it and nothing sets it"
                yield from (Spot(span, message, "ask for it in a form, or take it away") for span in spans)


@rule("bounds-crossed", "error", reads=())
def bounds_crossed(checked: Checked) -> Iterator[Spot]:
    """A field whose least value is above its greatest: nothing can be given."""
    fields = [*checked.definition.fields.values(), *checked.definition.facts.values()]
    ahead: list[Field] = fields
    while ahead:
        field = ahead.pop()
        ahead += field.columns.values()
        if field.min is not None and field.max is not None and field.min > field.max:
            message = f"the least value of `{field.name}` is above its greatest, so nothing can be given"
            yield Spot(checked.key(field, "min"), message, "swap `min` and `max`")


def _given(checked: Checked) -> set[str]:
    """The fields that a form asks for or an effect sets."""
    given: set[str] = set()
    for part in checked.parts:
        if isinstance(part, Form):
            given |= {*part.require, *part.allow}
        elif isinstance(part, (SetFields, AppendTo)):
            given |= part.values.keys()
    return given


RULES = (field_never_asked, unused_declaration, shown_not_set, bounds_crossed)
