"""The checker's manual, as `explain` shows it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cli.said import told_findings
from engine.cli.translate import _, asked_for
from engine.errors import NotFound
from engine.nearness import nearest


def summaries() -> Mapping[str, str]:
    """Say in a sentence what each finding is about, by its id."""
    from engine.lang.manual.pages import titles

    return {name: _(title) for name, title in sorted(titles().items())}


def page_of(rule: str) -> str:
    """Return the manual's page of a finding, with its example checked anew."""
    from engine.lang.manual.pages import page

    known = summaries()
    if rule not in known:
        near = nearest(rule, known)
        raise NotFound(
            _("there is no rule `{name}`").format(name=rule),
            help=asked_for(near) if near else _("`casewright explain` lists them"),
        )
    return page(rule, told_findings, _said)


def _said(paragraph: str) -> str:
    """Say a paragraph in the reader's language; one that stands as it was written keeps the ends of its lines."""
    from engine.lang.manual.pages import in_one_line

    line = in_one_line(paragraph)
    told = _(line)
    return paragraph if told == line else told


def on_screen(page: str) -> str:
    """Lay a page of the manual out for a terminal: its examples set in, without the marks of a web page."""
    lines: list[str] = []
    is_example = False
    for line in page.rstrip().split("\n"):
        if line.startswith("```"):
            is_example = not is_example
        else:
            lines.append(f"    {line}".rstrip() if is_example else line.removeprefix("## "))
    return "\n".join(lines)
