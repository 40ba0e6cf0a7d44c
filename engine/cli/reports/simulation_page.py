"""What a simulation has shown, as one page: promises against their targets, lines and busy people over a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

from engine.cli.reports.figures import percent
from engine.cli.reports.picture import Write, day_columns, shade, share_bar
from engine.cli.reports.sheet import Column, quiet, section, sheet, table
from engine.cli.reports.simulated import PROMISES, ROLES, TEAMS, Cell, Told, cases_said, named, notes, share
from engine.cli.reports.sla import sign
from engine.cli.translate import _, listed, with_aside

LEAST_SEEN = 0.01
"""Of the longest line: below that a column is no more than the line it stands on."""


def simulation_page(told: Told) -> str:
    """Write the page."""
    title = _("What is to be expected")
    variants = told.variants
    promises = named(variants, lambda one: one.promises, lambda one: told.clock(one.group[0]))
    roles = named(variants, lambda one: one.roles, lambda one: told.role(one.role))
    teams = named(variants, lambda one: one.teams, lambda one: told.role(one.name))
    body = [
        f"<h1>{escape(title)}</h1>",
        quiet(told.title()),
        *(quiet(" · ".join(part for part in (one.title, *cases_said(told, one)) if part)) for one in variants),
    ]
    if promises:
        body.append(section(_("How promises would be kept"), _table(told, _("promise"), promises, told.promises())))
    if roles:
        longest = max(1.0, *(value for _name, _variant, one in roles for value in one.queue))
        seen = {name for name, _variant, one in roles if max(one.queue) >= longest * LEAST_SEEN}
        lines = _days([line for line in roles if line[0] in seen], lambda one: one.queue, _in_line, longest)
        unseen = list(dict.fromkeys(name for name, _variant, _one in roles if name not in seen))
        rest = [quiet(_("Hardly anything waits for {roles}.").format(roles=listed(unseen)))] if unseen else []
        body.append(
            section(_("How long work would wait"), _table(told, _("work waits for"), roles, ROLES))
            + section(_("In line on average, by the hour of the day"), "".join([*lines, *rest]))
        )
    if teams:
        lines = _days(teams, lambda one: one.by_hour, share, 1.0)
        body.append(
            section(_("How busy people would be"), _table(told, _("team"), teams, TEAMS))
            + section(_("Of the time they are there, by the hour of the day"), "".join(lines))
        )
    body.append(f"<footer>{''.join(quiet(text) for text in _how(told))}</footer>")
    return sheet(title, told.reader.language, body)


def _table(
    told: Told, head: str, lines: Sequence[tuple[str, str, Any]], cells: Sequence[tuple[str, Cell]]
) -> str:  # fmt: skip
    has_bars, has_variants = PROMISES[0] in cells, len(told.variants) > 1
    heads = [
        Column(head), *([Column(_("variant"))] if has_variants else []),
        *([Column(""), Column("")] if has_bars else []),
        *(Column(_(word), True) for word, _cell in cells),
    ]  # fmt: skip
    rows, before = [], ""
    for name, variant, one in lines:
        has_bar = has_bars and one.attained is not None
        whose = [f'<span class="variant">{escape(variant)}</span>'] if has_variants else []
        bar = share_bar(one.attained, one.target, percent(one.attained)) if has_bar else ""
        rows.append(
            [
                escape(name if name != before else ""), *whose,
                *([bar, sign(one)] if has_bars else []), *(escape(cell(told, one)) for _word, cell in cells),
            ]
        )  # fmt: skip
        before = name
    return table(heads, rows)


def _in_line(value: float) -> str:
    return f"{value:.2g}"


Pick = Callable[[Any], Sequence[float | None]]


def _days(lines: Sequence[tuple[str, str, Any]], pick: Pick, write: Write, full: float) -> Iterator[str]:
    """A picture of a day for each thing to the same scale, its variants side by side."""
    for name in dict.fromkeys(name for name, _variant, _one in lines):
        shown = [(variant, pick(one)) for other, variant, one in lines if other == name]
        variants = [variant for variant, _values in shown if variant]
        said = with_aside(name, " · ".join(variants)) if variants else name
        keys = (f'<span class="key" style="opacity:{shade(n)}"></span>{escape(v)}' for n, v in enumerate(variants))
        picture = day_columns([values for _variant, values in shown], said, write, full)
        yield f"<h3>{escape(name)}{''.join(keys)}</h3>{picture}"


def _how(told: Told) -> Iterator[str]:
    yield _("Cases, choices and durations are drawn by lot; another seed gives other days of the same kind.")
    yield _("All lines are drawn to one scale. What several roles may do is in line for each of them.")
    yield _("p50: half of all took no longer; p90: nine of ten.")
    yield _("Waits are on the wall clock, nights and days off included; in line: on average over the whole time.")
    yield _("Whoever has begun something finishes it, also after their hours: then people are busy for more than 100%.")
    if len(told.variants) > 1:
        yield _("Every variant has the same cases and the same luck; of bars side by side the first is the darkest.")
    yield from notes(told)
