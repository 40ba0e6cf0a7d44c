"""The operator's handbook as text for a screen, as Markdown, and for machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.streams import Streams
from engine.cli.tables import wrapped

if TYPE_CHECKING:
    from engine.words.acts import Act
    from engine.words.handbook import Handbook, Page

_WIDEST = 100
_MARKS = re.compile(r"([\\`*_\[\]<>#|])")


class Line(NamedTuple):
    """One line before it is laid out: a heading of a level, a sentence (0), or an item so deep in lists."""

    kind: str  # heading, text, item
    depth: int
    text: str


def lines_of(book: Handbook, state: str | None) -> Iterator[Line]:
    """Give the lines of a handbook, or of the page of one state."""
    say = book.speech.say
    if state is None:
        yield Line("heading", 1, book.title)
        yield from (Line("text", 0, text) for text in book.about)
        yield Line("heading", 2, say("opening"))
        yield from _act(book, book.opening)
    for page in book.pages:
        if state in (None, page.name):
            yield from _page(book, page)
    if state is None and book.promises:
        yield Line("heading", 2, say("promises"))
        for promise in book.promises:
            yield Line("heading", 3, promise.label)
            yield Line("item", 0, say("colon", head=say("the_goal"), text=promise.goal))
            yield from (Line("item", 0, text) for text in promise.terms)
            yield from (Line("item", 0, say("at_point", point=when, effects=what)) for when, what in promise.rungs)


def _page(book: Handbook, page: Page) -> Iterator[Line]:
    say = book.speech.say
    yield Line("heading", 2, page.label)
    yield from (Line("text", 0, text) for text in page.meaning)
    if page.acts:
        yield Line("heading", 3, say("who_may"))
        for act in page.acts:
            yield from _act(book, act)
    if page.itself:
        yield Line("heading", 3, say("by_itself_head"))
        yield from (Line("item", 0, text) for text in page.itself)
    if page.clocks:
        yield Line("heading", 3, say("clocks_here"))
        for clock in page.clocks:
            yield Line("item", 0, clock.label)
            yield from (Line("item", 1, text) for text in clock.lines)


def _act(book: Handbook, act: Act) -> Iterator[Line]:
    yield Line("item", 0, book.speech.say("act_line", action=act.label, who=act.who))
    yield from (Line("item", 1, text) for text in (*act.terms, *act.leads))


def write_book(streams: Streams, lines: Iterator[Line]) -> None:
    """Write a handbook on the screen."""
    is_first = True
    inset = ""
    for line in lines:
        if line.kind == "heading":
            if not is_first and line.depth < 3:
                streams.say()
            inset = "  " * (line.depth > 2)
            streams.say(inset + streams.paint(line.text, "cyan" if inset else "bold"))
        else:
            lead = inset + "  " * (line.depth + 1) + ("" if line.kind == "text" else "· " if line.depth else "- ")
            room = min(streams.width, _WIDEST) - len(lead)
            for number, text in enumerate(wrapped(line.text, room)):
                streams.say((" " * len(lead) if number else lead) + text)
        is_first = False


def as_markdown(lines: Iterator[Line]) -> str:
    """Write a handbook as Markdown; no sign of a text becomes a mark."""
    parts: list[str] = []
    before = ""
    for line in lines:
        text = _MARKS.sub(r"\\\1", line.text)
        if parts and (line.kind != "item" or before != "item"):
            parts.append("")
        lead = "#" * line.depth + " " if line.kind == "heading" else "  " * line.depth + "- " * (line.kind == "item")
        parts.append(lead + text)
        before = line.kind
    return "\n".join(parts) + "\n"


def book_document(book: Handbook) -> dict[str, Any]:
    """Describe a handbook for machines."""
    return {
        "process": book.process,
        "version": book.version,
        "title": book.title,
        "opening": _act_document(book.opening),
        "states": [
            {
                "state": page.name,
                "label": page.label,
                "meaning": list(page.meaning),
                "actions": [_act_document(act) for act in page.acts],
                "by_itself": list(page.itself),
                "clocks": [{"clock": one.name, "label": one.label, "lines": list(one.lines)} for one in page.clocks],
            }
            for page in book.pages
        ],
        "promises": [
            {
                "clock": one.name,
                "label": one.label,
                "goal": one.goal,
                "terms": list(one.terms),
                "thresholds": [{"at": when, "effects": what} for when, what in one.rungs],
            }
            for one in book.promises
        ],
    }


def _act_document(act: Act) -> dict[str, Any]:
    return {
        "action": act.name,
        "label": act.label,
        "who": act.who,
        "terms": list(act.terms),
        "leads": list(act.leads),
    }
