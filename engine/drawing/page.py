"""A picture as one page for a browser, to zoom and to point at, with the clocks as bars. It loads nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from engine.drawing.layout import placed
from engine.drawing.page_style import CODE, STYLE
from engine.drawing.picture import Picture
from engine.drawing.svg import svg_of
from engine.model import Clock, Threshold
from engine.words.effects import effects_said
from engine.words.handbook import page_of as handbook_page
from engine.words.promises import promise_said, rung_said
from engine.words.speech import Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a promise of a case has come."""

    share: float  # of the goal that is used, 0 and more
    said: str  # status, what is left, when it is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What else a page tells of one case: its promises, and what its reader may do now, or why not."""

    heading: str
    promises: Mapping[str, Standing]
    offers: tuple[tuple[str, str], ...]  # an action's label, and "" or why not


def page_of(picture: Picture, told: Told | None = None) -> str:
    """The page of a process, of one case of it where something is told."""
    speech = picture.speech
    about = {spot.name: _about(speech, spot.name) for spot in picture.spots if spot.name in speech.definition.states}
    title = escape(picture.title if told is None else told.heading)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{escape(speech.language, quote=True)}"><head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "script-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f"<header><h1>{title}</h1><p>{escape(speech.say('page_help'))}</p></header>",
            f'<main><div id="sheet" tabindex="0">{svg_of(placed(picture))}</div>',
            f'<aside><div id="about" aria-live="polite"><p>{escape(speech.say("point_at"))}</p></div>'
            f"<footer>{_whole(speech)}</footer></aside></main>",
            *_offers(speech, told),
            *_clocks(speech, told),
            f'<script type="application/json" id="texts">{_json(about)}</script>',
            f"<script>{CODE}</script></body></html>",
            "",
        ]
    )


def _json(value: object) -> str:
    """JSON that cannot end the script it stands in."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _about(speech: Speech, name: str) -> dict[str, object]:
    """What is told of a state: its page of the handbook."""
    page = handbook_page(speech, speech.definition.states[name])
    acts = [
        {"label": act.label, "who": speech.say("by", who=act.who), "lines": [*act.terms, *act.leads]}
        for act in page.acts
    ]
    return {
        "label": page.label,
        "meaning": page.meaning,
        "acts": acts,
        "none": "" if speech.definition.states[name].children else speech.say("nothing_to_do"),
        "itself": {"head": speech.say("by_itself_head"), "lines": page.itself},
        "clocks": {
            "head": speech.say("clocks_here"),
            "lines": [speech.say("colon", head=one.label, text=speech.listed(one.lines)) for one in page.clocks],
        },
    }


def _whole(speech: Speech) -> str:
    """Where the rest of the handbook is."""
    command = f"<code>casewright explain {escape(speech.definition.process)}</code>"
    return f"<p>{escape(speech.say('whole_handbook')).replace('…', command)}</p>"


def _offers(speech: Speech, told: Told | None) -> Iterator[str]:
    if told is None or not told.offers:
        return
    yield f"<section><h2>{escape(speech.say('what_may_i'))}</h2><ul>"
    for label, why in told.offers:
        mark, more = ("✓", "") if not why else ("✗", f" – {why}")
        yield f"<li>{mark} <b>{escape(label)}</b>{escape(more)}</li>"
    yield "</ul></section>"


# -- clocks ------------------------------------------------------------------------------------------------------------


def _clocks(speech: Speech, told: Told | None) -> Iterator[str]:
    if not speech.definition.clocks:
        return
    yield f"<section><h2>{escape(speech.say('promises'))}</h2>"
    for clock in speech.definition.clocks.values():
        standing = told.promises.get(clock.name) if told is not None else None
        yield from _clock(speech, clock, standing)
    yield "</section>"


def _clock(speech: Speech, clock: Clock, standing: Standing | None) -> Iterator[str]:
    promise = promise_said(speech, clock)
    paused = json.dumps(list(clock.pauses_in))
    yield f'<article class="clock" data-pauses="{escape(paused, quote=True)}">'
    said = f" – {standing.said}" if standing is not None else ""
    yield f"<h3>{escape(promise.label)}<small>{escape(said)}</small></h3>"
    yield _bar(speech, clock, standing)
    for text in (speech.say("colon", head=speech.say("the_goal"), text=promise.goal), *promise.terms):
        yield f"<p>{escape(text)}</p>"
    yield "</article>"


def _bar(speech: Speech, clock: Clock, standing: Standing | None) -> str:
    """The goal as a bar with its thresholds; a threshold stands where it falls due, as far as that is known."""
    marks = sorted(_marks(clock.thresholds, _length(clock)), key=lambda mark: mark[0])
    most = max([1.0, *(share for share, _rung in marks), *([standing.share] if standing else [])]) * 1.08
    parts = [f'<div class="bar" role="img" aria-label="{escape(promise_label(speech, clock), quote=True)}">']
    parts.append(f'<div class="track" style="width:{100 / most:.1f}%"></div>')
    if standing is not None:
        late = " late" if standing.share > 1 else ""
        parts.append(f'<div class="used{late}" style="width:{100 * standing.share / most:.1f}%"></div>')
    parts.append(f'<div class="goal" style="left:{100 / most:.1f}%"></div>')
    for share, rung in marks:
        said = speech.say("colon", head=rung_said(speech, rung), text=effects_said(speech, rung.then))
        parts.append(
            f'<div class="mark" style="left:{100 * share / most:.1f}%" title="{escape(said, quote=True)}" tabindex="0">'
            "</div>"
        )
    listed = "".join(
        f"<li>{escape(speech.say('colon', head=rung_said(speech, rung), text=effects_said(speech, rung.then)))}</li>"
        for _, rung in marks
    )
    return "".join(parts) + f'</div><ol class="rungs">{listed}</ol>'


def promise_label(speech: Speech, clock: Clock) -> str:
    """What a promise is called, for those who cannot see its bar."""
    return speech.said(clock.label, clock.name)


def _length(clock: Clock) -> int:
    """The length of the goal in ms, where one is said; a day stands for what depends on the case."""
    lengths = [branch.value.offset for branch in clock.goal if branch.value.base == "duration"]
    days = [branch.value.count * 86_400_000 for branch in clock.goal if branch.value.base.endswith("_days")]
    return max([*lengths, *days], default=86_400_000)


def _marks(rungs: Iterable[Threshold], length: int) -> Iterator[tuple[float, Threshold]]:
    for rung in rungs:
        if rung.at.base == "percent":
            yield rung.at.count / 100, rung
        elif rung.at.base == "duration":
            yield rung.at.offset / length, rung
        else:
            yield max(1 + rung.at.offset / length, 0.0), rung
