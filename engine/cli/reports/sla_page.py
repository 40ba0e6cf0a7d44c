"""The report of promises as one page: pictures and tables, complete in itself, for a screen, a printer or a mail."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from engine.cli.reports.figures import percent, whole_percent
from engine.cli.reports.picture import columns, part_bar, share_bar
from engine.cli.reports.sheet import Column, quiet, section, sheet, table
from engine.cli.reports.sla import COUNTS, HEADS, Shown, adjusted_groups, notes, spent_kind, spent_lines
from engine.cli.translate import _
from engine.core.promises.attainment import BANDS

if TYPE_CHECKING:
    from engine.core.promises.attainment import Attainment

_DECIDED = ("met", "breached", "overdue")


def sla_page(shown: Shown) -> str:
    """Write the page."""
    report, total = shown.report, shown.report.total
    title = _("How promises were kept")
    body = [
        f"<h1>{escape(title)}</h1>",
        quiet(" · ".join(part for part in (shown.of(), shown.period()) if part)),
        _tiles(total),
    ]
    if report.groups:
        body += [_kept(shown), _took(shown)]
    if report.adjusted:
        body.append(_beside(shown))
    if sum(total.late_bands):
        body.append(_lateness(shown))
    if total.spent.used:
        body.append(_spent(shown))
    body.append(_how_counted(shown))
    return sheet(title, shown.reader.language, body)


def _tiles(total: Attainment) -> str:
    tiles = [(_("attained"), percent(total.attained) or "–")]
    tiles += [(_(word), str(total.counts[name])) for name, word in COUNTS.items()]
    text = "".join(f'<div class="tile"><b>{escape(value)}</b>{escape(word)}</div>' for word, value in tiles)
    return f'<div class="tiles">{text}</div>'


def _kept(shown: Shown) -> str:
    counts = [name for name in COUNTS if name in _DECIDED or shown.report.total.counts[name]]
    heads = [
        *_group_columns(shown), Column(""), Column(_("attained"), True), Column(_("target"), True), Column(""),
        *(Column(_(COUNTS[name]), True) for name in counts),
    ]  # fmt: skip
    rows = [
        [*_where(shown, one), *_kept_cells(one), *(str(one.counts[name] or "") for name in counts)]
        for one in _groups(shown)
    ]  # fmt: skip
    return section(_("Kept, against the target"), table(heads, rows, _is_summed(shown)))


def _is_summed(shown: Shown) -> bool:
    return len(shown.report.groups) > 1


def _kept_cells(one: Attainment) -> list[str]:
    bar = "" if one.attained is None else share_bar(one.attained, one.target, percent(one.attained))
    return [bar, percent(one.attained), whole_percent(one.target), _verdict(one.is_on_target)]


def _verdict(is_on_target: bool | None) -> str:
    if is_on_target is None:
        return ""
    if is_on_target:
        reached = escape(_("target reached"))
        return f'<span class="mark">✓ {reached}</span>'
    below = escape(_("below target"))
    return f'<span class="mark bad">▼ {below}</span>'


def _took(shown: Shown) -> str:
    heads = [
        *_group_columns(shown), Column(_("half took at most"), True), Column(_("9 of 10 at most"), True),
        Column(_("99 of 100 at most"), True), Column(_("late: half at most"), True),
        Column(_("latest"), True),
    ]  # fmt: skip
    rows = [
        [
            *_where(shown, one),
            *(escape(shown.length(each)) for each in (one.used.p50, one.used.p90, one.used.p99)),
            *(escape(shown.length(each)) for each in (one.late.p50, one.late.most)),
        ]
        for one in _groups(shown) if one.counted
    ]  # fmt: skip
    return section(_("How long they took"), table(heads, rows, _is_summed(shown)))


def _beside(shown: Shown) -> str:
    """What is attained with what was declared beside the record."""
    heads = [
        *_group_columns(shown), Column(_("attained"), True), Column(_("as recorded"), True),
        *(Column(_(COUNTS[name]), True) for name in _DECIDED),
    ]  # fmt: skip
    pairs = list(adjusted_groups(shown))
    rows = [
        [
            *_where(shown, after), percent(after.attained) or "–", percent(before.attained) or "–",
            *(str(after.counts[name] or "") for name in _DECIDED),
        ]
        for before, after in pairs
    ]  # fmt: skip
    title = _("With declared interruptions and corrections")
    said = quiet(_("beside what is recorded, which stays as it is"))
    return section(title, said + table(heads, rows, not pairs[-1][1].group))


def _lateness(shown: Shown) -> str:
    total = shown.report.total
    lengths = [shown.length(band) for band in BANDS]
    labels = [_("up to {time}").format(time=length) for length in lengths] + [
        _("over {time}").format(time=lengths[-1])
    ]  # fmt: skip
    title = _("How late the missed ones were")
    return section(title, columns(total.late_bands, labels, title))


def _spent(shown: Shown) -> str:
    total = shown.report.total
    used = total.spent.used
    heads = [
        Column(""), Column(""), Column(""), Column(_("time"), True), Column(_("share"), True),
        Column(_("of it in missed ones"), True),
    ]  # fmt: skip
    rows = []
    for kind, who, time, missed in spent_lines(total.spent, total.spent_on_missed):
        bar = part_bar(min(time / used, 1), min(missed / used, 1), percent(time / used))
        figures = [shown.length(time), percent(time / used), shown.length(missed) if missed else ""]
        rows.append([escape(spent_kind(kind)), escape(shown.spender(kind, who)), bar, *map(escape, figures)])
    key = quiet(_("the narrow bar inside: time in promises that were missed"))
    return section(_("On whom the time was spent"), key + table(heads, rows))


def _how_counted(shown: Shown) -> str:
    rules = [
        _(
            "Attained: met of those met, missed and overdue. Cancelled and not needed are left out; running and paused "
            "are not decided yet."
        ),
        _(
            "A promise belongs to the time at which it was missed, else at which it ended. Times are those of the "
            "promise: open hours, without pauses."
        ),
        *notes(shown),
    ]
    return f"<footer>{''.join(quiet(rule) for rule in rules)}</footer>"


def _groups(shown: Shown) -> list[Attainment]:
    report = shown.report
    return [*report.groups, *([report.total] if _is_summed(shown) else [])]


def _group_columns(shown: Shown) -> list[Column]:
    names = shown.dimensions()
    return [Column(_(HEADS[names[number]])) for number in shown.telling()]


def _where(shown: Shown, one: Attainment) -> list[str]:
    return [escape(word) for word in shown.where(one)]
