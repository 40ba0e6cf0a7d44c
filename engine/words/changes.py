"""What differs between two definitions, in words, by whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass

from engine.fields import word
from engine.model import ProcessDefinition
from engine.words.aspects import ASPECTS, AUDIENCES, KINDS, Audience
from engine.words.parts import Part, Subject, parts_of
from engine.words.phrases import phrase
from engine.words.speech import Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. No old text: it is new; no new text: it is gone."""

    audience: Audience
    about: str  # the kind of what differs: `clock`, `state`, `action`, …
    subject: str  # for people, with its kind
    aspect: str  # for people; "" is the subject itself
    old: str | None
    new: str | None


def changes_between(old: ProcessDefinition, new: ProcessDefinition, language: str) -> tuple[Change, ...]:
    """Every difference, customers' first; of what is there once only, its being there is told, not its every part."""
    before = {_key(part): part for part in parts_of(Speech(old, language))}
    after = {_key(part): part for part in parts_of(Speech(new, language))}
    once = {
        part.subject for key, part in (before | after).items() if not part.aspect and (key in before) != (key in after)
    }
    found = []
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key), after.get(key)
        part = other or one
        assert part is not None
        if (part.subject in once) == bool(part.aspect) or (
            one is not None and other is not None and one.exact == other.exact
        ):
            continue
        found.append(_change(part, one, other, language))
    return tuple(sorted(found, key=lambda change: AUDIENCES.index(change.audience)))


def _key(part: Part) -> tuple[Subject, str, str]:
    """By what two parts are the same; to whom a message goes may change without its being another."""
    kind, *names = part.subject
    return (("message" if kind == "to_customers" else kind, *names), part.aspect, part.name)


def _change(part: Part, old: Part | None, new: Part | None, language: str) -> Change:
    kind = word(KINDS[part.subject[0]][1], language)
    label = (old or part).called
    aspect = word(ASPECTS.get(part.aspect, {"en": part.aspect}), language)
    if part.detail:
        aspect = phrase("bracketed", language, text=aspect, inside=part.detail)
    texts = [None if one is None else one.text for one in (old, new)]
    if old is not None and new is not None and old.text == new.text:  # the words are the same: then as it is written
        texts = [old.exact, new.exact]
    return Change(
        audience=part.audience,
        about=part.subject[0] if part.subject[0] != "to_customers" else "message",
        subject=f"{kind} {new.called if new is not None else label}".strip() if label else kind,
        aspect=aspect if part.aspect else "",
        old=texts[0],
        new=texts[1],
    )
