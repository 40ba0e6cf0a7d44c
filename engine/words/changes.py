"""What differs between two definitions, in words, by whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.fields import word
from engine.model import ProcessDefinition
from engine.words.aspects import ASPECTS, AUDIENCES, KINDS, Audience
from engine.words.parts import NAMING_STATES, Part, Subject, parts_of
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
    """Every difference, customers' first; of what is there once only, its being there is told, not its every part.

    A state that differs in its name alone is told as renamed, and so is not a difference wherever it is named.
    """
    after = {_key(part): part for part in parts_of(Speech(new, language))}
    renamed = _renamed_states(list(parts_of(Speech(old, language))), list(after.values()))
    before = {_key(part): part for part in parts_of(Speech(old, language, renamed))}
    once = {
        part.subject for key, part in (before | after).items() if not part.aspect and (key in before) != (key in after)
    }
    found = [_renaming(after[("state", there), "", ""], (name, there), language) for name, there in renamed.items()]
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
    if old is not None and new is not None and old.text == new.text:
        if old.beneath != new.beneath:
            texts = [old.beneath, new.beneath]
            aspect = phrase("bracketed", language, text=aspect, inside=phrase("quoted", language, text=old.text))
        else:  # the words are the same: then as it is written
            texts = [old.exact, new.exact]
    return Change(
        audience=part.audience,
        about=part.subject[0] if part.subject[0] != "to_customers" else "message",
        subject=f"{kind} {new.called if new is not None else label}".strip() if label else kind,
        aspect=aspect if part.aspect else "",
        old=texts[0],
        new=texts[1],
    )


def _renaming(part: Part, names: tuple[str, str], language: str) -> Change:
    kind, aspect = word(KINDS["state"][1], language), word(ASPECTS["renamed"], language)
    return Change(
        audience=part.audience, about="state", subject=f"{kind} {part.called}", aspect=aspect, old=names[0],
        new=names[1],
    )  # fmt: skip


def _renamed_states(old: Sequence[Part], new: Sequence[Part]) -> Mapping[str, str]:
    """The states that one version alone has under their names, and that are alike: old name → new name."""
    before, after = _likenesses(old), _likenesses(new)
    gone = {name: likeness for name, likeness in before.items() if name not in after}
    come = {name: likeness for name, likeness in after.items() if name not in before}
    found = {}
    for name, likeness in gone.items():
        alike = [there for there, other in come.items() if other == likeness]
        if len(alike) == 1 and list(gone.values()).count(likeness) == 1:
            found[name] = alike[0]
    return found


def _likenesses(parts: Sequence[Part]) -> Mapping[str, set[tuple[str, ...]]]:
    """What is written of each state, its timers and actions, but for which states these name."""
    found: dict[str, set[tuple[str, ...]]] = {part.subject[1]: set() for part in parts if part.subject[0] == "state"}
    for part in parts:
        kind, *names = part.subject
        if kind in ("state", "timer", "action") and names[0] in found:
            written = "" if part.aspect in NAMING_STATES else part.exact
            found[names[0]].add((kind, *names[1:], part.aspect, part.name, written))
    return found
