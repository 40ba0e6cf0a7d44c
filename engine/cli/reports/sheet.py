"""What a report looks like as one page: complete in itself, for a screen, a printer or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

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
.mark{white-space:nowrap;font-size:.85rem}.variant{white-space:nowrap}.bad{color:#9a3412;font-weight:600}
footer{margin-top:2rem}.all td{font-weight:600}
svg{display:block}svg text{font-size:12px;text-anchor:middle;fill:#1b1f24}svg text.most{text-anchor:start}
td svg{width:100%;min-width:6rem;max-width:242px;height:20px}td:first-child{min-width:9rem}
h3{font-size:.95rem;margin:1.2rem 0 .2rem;font-weight:600}
.key{display:inline-block;width:.75em;height:.75em;background:#2f6f9f;margin:0 .3em 0 1em}
.track{fill:#eaeef2}.reached{fill:#2f6f9f}.below{fill:#d9822b}.hatch{stroke:#fff;stroke-width:1.5;opacity:.55}
.target{stroke:#1b1f24;stroke-width:2}.axis{stroke:#8c959f}.part{fill:#9fc3dc}.inner{fill:#d9822b}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}
"""


class Column(NamedTuple):
    """The head of a column; numbers stand on the right."""

    head: str
    is_number: bool = False


def sheet(title: str, language: str, body: Sequence[str]) -> str:
    """The whole page: it loads nothing and runs nothing."""
    language = {"zh": "zh-CN"}.get(language, language)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{chr(10).join(body)}\n</body>\n</html>\n"
    )


def quiet(text: str) -> str:
    """A paragraph in small print."""
    return f'<p class="quiet">{escape(text)}</p>'


def section(title: str, content: str) -> str:
    """A part of a page under its heading; the content is HTML already."""
    return f"<h2>{escape(title)}</h2>\n{content}"


def table(heads: Sequence[Column], rows: Iterable[Sequence[str]], is_summed: bool = False) -> str:
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
