"""What scenarios have seen of a process, as one page: complete in itself, for a screen or a printer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from engine.cli.phrasebook import Phrasebook
from engine.cli.translate import _, later

if TYPE_CHECKING:
    from engine.scenarios import Coverage

KINDS = {
    "state": later("state"),
    "action": later("action"),
    "guard": later("guard"),
    "refusal": later("refusal"),
    "threshold": later("threshold"),
    "pause": later("pause"),
    "timer": later("timer"),
    "schedule": later("schedule"),
    "event": later("event"),
    "branch": later("branch"),
    "effect": later("effect"),
}
"""What is counted, as people call it."""

ITEMS = Phrasebook((
    later("{name} holds"), later("{name} fails"), later("{name} done"), later("{name} left out"),
    later("{name} is {value}"),
))  # fmt: skip
"""How a thing to be seen, or a change that nobody notices, is called after its name."""

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:#1b1f24;
background:#fff;max-width:62rem;margin:2rem auto;padding:0 1.5rem}
h1{font-size:1.6rem;margin:0 0 .6rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}
table{border-collapse:collapse;width:100%}th{font-weight:600;text-align:left;color:#57606a;font-size:.85rem}
td,th{padding:.3rem .8rem .3rem 0;border-bottom:1px solid #eaeef2;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.track{background:#eaeef2;width:9rem;height:.7rem;margin-top:.45rem}.seen{background:#2f6f9f;height:100%}
code{color:#9a3412}ul{margin:0;padding-left:1.1rem}.quiet{color:#57606a}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}
"""


def coverage_page(coverages: Iterable[tuple[str, Coverage]], language: str) -> str:
    """Write the page; of each process every kind with what no scenario has seen."""
    title = _("What the scenarios have seen")
    body = "".join(part for process, coverage in coverages for part in _process(process, coverage))
    spoken = {"zh": "zh-CN"}.get(language, language)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{spoken}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{body}</body>\n</html>\n"
    )


def _process(process: str, coverage: Coverage) -> Iterator[str]:
    yield f"<h2>{escape(process)} <span class='quiet'>{coverage.share:.1%}</span></h2>\n<table>\n"
    heads = (_("what"), "", _("seen"), _("no scenario has seen"))
    yield "<tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>\n"
    for kind, items in coverage.there.items():
        if items:
            yield _row(_(KINDS.get(kind, kind)), len(items), coverage.missing[kind])
    yield "</table>\n"


def _row(kind: str, total: int, missing: tuple[str, ...]) -> str:
    seen = total - len(missing)
    bar = f"<div class='track'><div class='seen' style='width:{100 * seen / total:.1f}%'></div></div>"
    listed = "".join(f"<li><code>{escape(ITEMS.again(name))}</code></li>" for name in missing)
    nothing = escape(_("nothing"))
    never = f"<ul>{listed}</ul>" if missing else f"<span class='quiet'>{nothing}</span>"
    return f"<tr><td>{escape(kind)}</td><td>{bar}</td><td class='n'>{seen}/{total}</td><td>{never}</td></tr>\n"
