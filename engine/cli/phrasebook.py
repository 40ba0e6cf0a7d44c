"""English sentences recognised by their templates, and said again in the reader's language.

What fills a blank of a sentence may be a phrase of its own – a part of a definition, a list of names – and is then said
again too. What stands between backticks is written in a file, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from string import Formatter

from engine.cli.translate import _, between_names, later

_SHAPES = {"number": r"\d[\d,]*", "title": r"`[a-z]+` effect|[a-z]+(?:[ -][a-z]+){0,3}"}
"""Blanks that take only some texts, by their names."""

_PIECE = re.compile(r"(, | and | or | → )")
_LINKS = {", ": later(", "), " and ": later(" and "), " or ": later(" or "), " → ": " → "}
_QUOTED = re.compile(r"`[^`]*`")
_DEEPEST = 8


@dataclass(frozen=True)
class Template:
    """A sentence with blanks: its own words, each with the blank behind it."""

    sentence: str
    parts: tuple[tuple[str, str | None], ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a text must be to be this sentence; few sentences of a book are ever compiled."""
        return re.compile("".join(f"{re.escape(words)}{_blank_pattern(name, quoted)}" for words, name, quoted in self))

    @cached_property
    def open(self) -> frozenset[str]:
        """The blanks that do not stand between backticks."""
        return frozenset(name for _words, name, is_quoted in self if name is not None and not is_quoted)

    @cached_property
    def own(self) -> frozenset[str]:
        """The blanks that hold words of ours: what a library says stands in `detail`, and stays."""
        return self.open - {"detail"}

    def __iter__(self) -> Iterator[tuple[str, str | None, bool]]:
        """Its words, the blank behind them, and whether that stands between backticks."""
        ticks = 0
        for words, name in self.parts:
            ticks += words.count("`")
            yield words, name, ticks % 2 == 1

    def blanks_of(self, text: str) -> Mapping[str, str] | None:
        """What fills its blanks in a text; None where the text is not this sentence."""
        if not all(words in text for words, _name in self.parts):  # so that the pattern is not asked, nor made
            return None
        found = self.pattern.fullmatch(text)
        return None if found is None else found.groupdict()


def _blank_pattern(name: str | None, is_quoted: bool) -> str:
    return "" if name is None else f"(?P<{name}>{_SHAPES.get(name, '[^`]*' if is_quoted else '(?s:.*?)')})"


class Phrasebook:
    """Sentences, and the phrases that may fill their blanks."""

    def __init__(self, sentences: Iterable[str], phrases: Iterable[str] = ()) -> None:
        self._sentences = tuple(sentences)
        self._phrases = tuple(phrases)

    @cached_property
    def templates(self) -> Sequence[Template]:
        """The sentences as patterns, those with most words of their own first."""
        return _in_order(self._sentences)

    @cached_property
    def _inner(self) -> Sequence[Template]:
        return _in_order(self._phrases)

    @cached_property
    def _either(self) -> Sequence[Template]:
        """Sentences and phrases: `x is no day of the week` is a sentence, and not `{name} is {value}`."""
        return _in_order(dict.fromkeys((*self._phrases, *self._sentences)))

    def again(self, text: str) -> str:
        """Say a sentence again; one that is not known stays as it is."""
        return self._sentence(text, 0) or text

    def _sentence(self, text: str, depth: int) -> str | None:
        known = _exactly(text) or self._filled(self.templates, text, depth, is_one=True)
        if known is None and "; " in text:  # what is wrong, and what to do about it
            halves = [self._sentence(half, depth + 1) for half in text.split("; ")]
            known = _("; ").join(half for half in halves if half) if all(halves) else None
        return known or self._filled(self.templates, text, depth)

    def _filled(self, templates: Iterable[Template], text: str, depth: int, *, is_one: bool = False) -> str | None:
        """Say a text again as a template says it; `is_one`: no blank of it may hold the end of another sentence."""
        for template in templates:
            blanks = template.blanks_of(text)
            if blanks is not None and not (is_one and self._runs_on(template, blanks, depth)):
                told = {name: self._blank(blank, depth + 1) for name, blank in blanks.items() if name in template.own}
                return _(template.sentence).format(**{**blanks, **told})
        return None

    def _runs_on(self, template: Template, blanks: Mapping[str, str], depth: int) -> bool:
        """Whether a blank holds the end of another sentence, and not a phrase with such a sign of its own."""
        long = (blanks[name] for name in template.open if "; " in blanks[name])
        return any(self._filled(self._inner, text, depth + 1, is_one=True) is None for text in long)

    def _blank(self, text: str, depth: int) -> str:
        """What fills a blank: a phrase, a list of such, a sentence; or what somebody wrote, which stays."""
        if not self._phrases or depth > _DEEPEST or not text or _QUOTED.fullmatch(text):
            return text
        known = _exactly(text) or self._filled(self._either, text, depth, is_one=True)
        parts = _parts(text)
        if known is None and not all(_QUOTED.fullmatch(part) for part in parts[::2]):
            known = self._sentence(text, depth)
        if known is None and parts:
            told = (self._blank(part, depth + 1) for part in parts[::2])
            known = "".join(chain.from_iterable(zip(told, [*_links(parts), ""], strict=True)))
        return known or text


def _links(parts: Sequence[str]) -> Iterator[str]:
    """What stands between the pieces of a list: between names, signs for names."""
    for number, link in enumerate(parts[1::2]):
        around = (parts[2 * number], parts[2 * number + 2])
        is_names = link == ", " and all(_QUOTED.fullmatch(part) for part in around)
        yield between_names() if is_names else _(_LINKS[link])


def _exactly(text: str) -> str | None:
    told = _(text) if text else text
    return None if told == text else told


def _parts(text: str) -> list[str]:
    """The pieces of a list, and what stands between them; nothing where it is none. Between backticks nothing ends."""
    quotes: list[str] = []

    def kept(found: re.Match[str]) -> str:
        quotes.append(found[0])
        return f"\0{len(quotes) - 1}\0"

    pieces = _PIECE.split(_QUOTED.sub(kept, text))
    back = [re.sub("\0(\\d+)\0", lambda found: quotes[int(found[1])], piece) for piece in pieces]
    return back if len(back) > 1 else []


def _in_order(sentences: Iterable[str]) -> tuple[Template, ...]:
    longest_first = sorted(sentences, key=lambda sentence: -len(_own_words(sentence)))
    return tuple(Template(sentence, tuple(_blanks(sentence))) for sentence in longest_first)


def _own_words(sentence: str) -> str:
    return "".join(text for text, *_rest in Formatter().parse(sentence))


def _blanks(sentence: str) -> Iterator[tuple[str, str | None]]:
    """The texts of a sentence, each with the blank behind it."""
    before = ""
    for text, name, *_rest in Formatter().parse(sentence):
        before += text
        if name is None and text.endswith(("{", "}")):
            continue  # a doubled brace: the text goes on
        yield before, name
        before = ""
    if before:
        yield before, None
