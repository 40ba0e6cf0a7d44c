"""Rules about what people read: placeholders, languages, messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.lang.build.cursor import Cursor
from engine.lang.build.declared import OWN_NAMES
from engine.lang.build.notes import Places, built_in, meant
from engine.lang.build.used import PLACEHOLDER
from engine.lang.diagnostics import Span
from engine.lang.rules.rule import Checked, Spot, rule
from engine.model import Action, Message, Notify, Opening, Threshold

_CLOCK = frozenset({"clock.label", "clock.left"})
_BRACE = re.compile(r"[{}]")
_ACTOR = frozenset({"actor.name"})


@rule("unknown-placeholder", "error", reads=())
def unknown_placeholder(checked: Checked) -> Iterator[Spot]:
    """A name in braces that means nothing in its text."""
    common = _case(checked) | built_in(*_ACTOR) | _did(checked)
    for message in checked.definition.messages.values():
        yield from _wrong(checked.cursor(message).get("text"), common | built_in(*_CLOCK))
    acts: list[Action | Opening] = [*checked.acts, checked.definition.opening]
    for action in acts:
        asked = built_in(*(f"form.{name}" for name in (*action.form.require, *action.form.allow)))
        for guard in action.guards:
            yield from _wrong(checked.cursor(guard).get("else"), common | asked)
    summary = checked.known.outline.root.get("summary")
    if summary is not None:
        yield from _wrong_in(summary, _case(checked))


def _case(checked: Checked) -> dict[str, Span]:
    places = {f"case.{name}": span for name, span in checked.known.places_of_fields().items()}
    return {**places, **built_in(*(f"case.{name}" for name in sorted(OWN_NAMES)))}


def _did(checked: Checked) -> dict[str, Span]:
    return {f"did.{name}": span for name, span in checked.known.outline.places("actions").items()}


def _wrong(words: Cursor | None, known: Places) -> Iterator[Spot]:
    for _, text in words.entries() if words is not None else ():
        yield from _wrong_in(text, known)


def _wrong_in(text: Cursor, known: Places) -> Iterator[Spot]:
    for found in PLACEHOLDER.finditer(text.text):
        if found[1] not in known:
            span = text.part(found.start(), len(found[0]))
            yield Spot(span, f"`{found[0]}` means nothing in this text", _mend(found[1], span, known))
    for brace in _BRACE.finditer(PLACEHOLDER.sub(lambda found: " " * len(found[0]), text.text)):
        mend = "a name in a text stands between two braces, as in `{case.id}`; a brace alone means nothing"
        yield Spot(text.part(brace.start(), 1), f"`{brace[0]}` stands alone in this text", mend)


def _mend(name: str, span: Span, known: Places) -> str | None:
    if name.startswith("form.") and f"case.{name[5:]}" in known:
        return f"what a form asks is kept in the case: write `{{case.{name[5:]}}}`"
    if whole := next(
        (f"{group}.{name.strip()}" for group in ("case", "clock", "actor") if f"{group}.{name.strip()}" in known), None
    ):
        return f"write `{{{whole}}}`"
    if not any(name.startswith(f"{group}.") for group in ("case", "form", "did", "clock", "actor")):
        return "a placeholder is a name such as `{case.id}`, `{did.ACTION}`, `{clock.label}`, `{actor.name}`"
    said = meant(name, span, known)
    return (
        said if said is not None and said.startswith("did you mean") else "possible: fields `{case.…}` and `{case.id}`"
    )


@rule("clock-in-message", "error", reads=())
def clock_in_message(checked: Checked) -> Iterator[Spot]:
    """A message about a clock that is sent where no clock is meant."""
    about = {name for name, message in checked.definition.messages.items() if _names(message.text.values()) & _CLOCK}
    on_rungs = {id(effect) for part in checked.parts if isinstance(part, Threshold) for effect in part.then}
    for effect in checked.effects:
        if isinstance(effect, Notify) and effect.message in about and id(effect) not in on_rungs:
            message = f"message `{effect.message}` tells of a clock, but no clock sends it here"
            yield Spot(checked.value(effect, "message"), message, "send it from a threshold, or write another message")


def _names(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(name for text in texts for name in PLACEHOLDER.findall(text))


@rule("personal-summary", "error", reads=())
def personal_summary(checked: Checked) -> Iterator[Spot]:
    """A summary with a personal field: everybody sees it in lists."""
    summary = checked.known.outline.root.get("summary")
    for found in PLACEHOLDER.finditer(summary.text) if summary is not None else ():
        field = checked.known.fields.get(found[1].removeprefix("case."))
        if summary is not None and field is not None and field.personal:
            message = f"`{field.name}` is personal, and a summary is seen by everybody who sees lists"
            yield Spot(summary.part(found.start(), len(found[0])), message, "name a field that is not personal")


@rule("unused-message", "warning")
def unused_message(checked: Checked) -> Iterator[Spot]:
    """A message of the process that nothing sends."""
    for name, cursor in checked.known.messages.items():
        own = cursor.document.file.endswith(f"messages/{checked.definition.process}.yaml")
        if own and name not in checked.definition.messages:
            yield Spot(cursor.name_span, f"nothing sends message `{name}`", "send it by `notify`, or take it away")


@rule("party-unreachable", "warning", reads=())
def party_unreachable(checked: Checked) -> Iterator[Spot]:
    """A message to a party of whom the desk knows neither phone nor e-mail."""
    for effect in (part for part in checked.effects if isinstance(part, Notify)):
        for who in (who for who in effect.who if who.kind == "party"):
            party = checked.definition.desk.parties[who.name]
            if not party.contact.keys() & {"phone", "email"}:
                message = f"the desk does not say how `{who.name}` is reached"
                mend = f"give party `{who.name}` a `phone` or `email` in desk.yaml"
                yield Spot(checked.cursor(who).span, message, mend)


@rule("untold-message", "warning", reads=())
def untold_message(checked: Checked) -> Iterator[Spot]:
    """A message without a single text."""
    for message in (part for part in checked.definition.messages.values() if isinstance(part, Message)):
        if message.text and not any(text.strip() for text in message.text.values()):
            yield Spot(checked.name(message), f"message `{message.name}` says nothing", "write its text")


RULES = (unknown_placeholder, clock_in_message, personal_summary, unused_message, party_unreachable, untold_message)
