"""The report of promises as one page: pictures and tables, complete in itself, for a screen, a printer or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from engine.cli.figures import percent, whole_percent
from engine.cli.picture import columns, part_bar, share_bar
from engine.cli.sla import COUNTS, HEADS, Shown, adjusted_groups, notes, spent_kind, spent_lines
from engine.cli.translate import _
from engine.core.attainment import BANDS

if TYPE_CHECKING:
    from engine.core.attainment import Attainment

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:#1b1f24;
background:#fff;max-width:62rem;margin:2rem auto;padding:0 1.5rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}p{margin:.3rem 0}.quiet{color:#57606a}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}
.tile{border:1px solid #d0d7de;border-radius:8px;padding:.5rem .7rem;min-width:5rem}
.tile b{display:block;font-size:1.5rem;line-height:1.3;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%}th{font-weight:600;text-align:left;color:#57606a;font-size:.85rem}
td,th{padding:.3rem .6rem .3rem 0;border-bottom:1px solid #eaeef2;vertical-align:middle}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.mark{white-space:nowrap;font-size:.85rem}.bad{color:#9a3412;font-weight:600}
footer{margin-top:2rem}.all td{font-weight:600}
svg{display:block}svg text{font-size:12px;text-anchor:middle;fill:#1b1f24}
.track{fill:#eaeef2}.reached{fill:#2f6f9f}.below{fill:#d9822b}.hatch{stroke:#fff;stroke-width:1.5;opacity:.55}
.target{stroke:#1b1f24;stroke-width:2}.axis{stroke:#8c959f}.part{fill:#9fc3dc}.inner{fill:#d9822b}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}
"""

_DECIDED = ("met", "breached", "overdue")


def sla_page(shown: Shown) -> str:
    """Write the page."""
    report, total = shown.report, shown.report.total
    title = _("How promises were kept")
    body = [
        f"<h1>{escape(title)}</h1>",
        _quiet(" · ".join(part for part in (shown.of(), shown.period()) if part)),
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
    language = {"zh": "zh-CN"}.get(shown.reader.language, shown.reader.language)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{chr(10).join(body)}\n</body>\n</html>\n"
    )


def _tiles(total: Attainment) -> str:
    tiles = [(_("attained"), percent(total.attained) or "–")]
    tiles += [(_(word), str(total.counts[name])) for name, word in COUNTS.items()]
    text = "".join(f'<div class="tile"><b>{escape(value)}</b>{escape(word)}</div>' for word, value in tiles)
    return f'<div class="tiles">{text}</div>'


class _Column(NamedTuple):
    head: str
    is_number: bool = False


def _kept(shown: Shown) -> str:
    counts = [name for name in COUNTS if name in _DECIDED or shown.report.total.counts[name]]
    heads = [
        *_group_columns(shown), _Column(""), _Column(_("attained"), True), _Column(_("target"), True), _Column(""),
        *(_Column(_(COUNTS[name]), True) for name in counts),
    ]  # fmt: skip
    rows = [
        [*_where(shown, one), *_kept_cells(one), *(str(one.counts[name] or "") for name in counts)]
        for one in _groups(shown)
    ]  # fmt: skip
    return _section(_("Kept, against the target"), _table(heads, rows, _is_summed(shown)))


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
        *_group_columns(shown), _Column(_("half took at most"), True), _Column(_("9 of 10 at most"), True),
        _Column(_("99 of 100 at most"), True), _Column(_("late: half at most"), True),
        _Column(_("latest"), True),
    ]  # fmt: skip
    rows = [
        [
            *_where(shown, one),
            *(escape(shown.length(each)) for each in (one.used.p50, one.used.p90, one.used.p99)),
            *(escape(shown.length(each)) for each in (one.late.p50, one.late.most)),
        ]
        for one in _groups(shown) if one.counted
    ]  # fmt: skip
    return _section(_("How long they took"), _table(heads, rows, _is_summed(shown)))


def _beside(shown: Shown) -> str:
    """What is attained with what was declared beside the record."""
    heads = [
        *_group_columns(shown), _Column(_("attained"), True), _Column(_("as recorded"), True),
        *(_Column(_(COUNTS[name]), True) for name in _DECIDED),
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
    said = _quiet(_("beside what is recorded, which stays as it is"))
    return _section(title, said + _table(heads, rows, not pairs[-1][1].group))


def _lateness(shown: Shown) -> str:
    total = shown.report.total
    lengths = [shown.length(band) for band in BANDS]
    labels = [_("up to {time}").format(time=length) for length in lengths] + [
        _("over {time}").format(time=lengths[-1])
    ]  # fmt: skip
    title = _("How late the missed ones were")
    return _section(title, columns(total.late_bands, labels, title))


def _spent(shown: Shown) -> str:
    total = shown.report.total
    used = total.spent.used
    heads = [
        _Column(""), _Column(""), _Column(""), _Column(_("time"), True), _Column(_("share"), True),
        _Column(_("of it in missed ones"), True),
    ]  # fmt: skip
    rows = []
    for kind, who, time, missed in spent_lines(total.spent, total.spent_on_missed):
        bar = part_bar(min(time / used, 1), min(missed / used, 1), percent(time / used))
        figures = [shown.length(time), percent(time / used), shown.length(missed) if missed else ""]
        rows.append([escape(spent_kind(kind)), escape(shown.spender(kind, who)), bar, *map(escape, figures)])
    key = _quiet(_("the narrow bar inside: time in promises that were missed"))
    return _section(_("On whom the time was spent"), key + _table(heads, rows))


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
    return f"<footer>{''.join(_quiet(rule) for rule in rules)}</footer>"


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _groups(shown: Shown) -> list[Attainment]:
    report = shown.report
    return [*report.groups, *([report.total] if _is_summed(shown) else [])]


def _group_columns(shown: Shown) -> list[_Column]:
    names = shown.dimensions()
    return [_Column(_(HEADS[names[number]])) for number in shown.telling()]


def _where(shown: Shown, one: Attainment) -> list[str]:
    return [escape(word) for word in shown.where(one)]


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}"


def _table(heads: Sequence[_Column], rows: Iterable[Sequence[str]], is_summed: bool = False) -> str:
    """A table of cells that are HTML already; columns of numbers stand on the right, a sum in the last row."""
    classes = [' class="n"' if head.is_number else "" for head in heads]
    top = "".join(f"<th{kind}>{escape(head.head)}</th>" for head, kind in zip(heads, classes, strict=True))
    lines = [
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    ]
    if is_summed and lines:
        lines[-1] = lines[-1].replace("<tr>", '<tr class="all">', 1)
    return f"<table>\n<tr>{top}</tr>\n{chr(10).join(lines)}\n</table>"
