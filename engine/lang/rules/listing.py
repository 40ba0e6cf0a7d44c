"""All rules, by subject; each adds its findings to those of reading and building."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.lang.diagnostics import Diagnostic
from engine.lang.rules.actions import RULES as ACTIONS
from engine.lang.rules.attendance import RULES as ATTENDANCE
from engine.lang.rules.broken import broken_parts
from engine.lang.rules.clocks import RULES as CLOCKS
from engine.lang.rules.families import RULES as FAMILIES
from engine.lang.rules.fields import RULES as FIELDS
from engine.lang.rules.hearing import RULES as HEARING
from engine.lang.rules.keeping import RULES as KEEPING
from engine.lang.rules.lives import RULES as LIVES
from engine.lang.rules.raising import RULES as RAISING
from engine.lang.rules.rule import Checked
from engine.lang.rules.states import RULES as STATES
from engine.lang.rules.texts import RULES as TEXTS
from engine.lang.rules.unattended import RULES as UNATTENDED

RULES = (
    *STATES,
    *ACTIONS,
    *FIELDS,
    *CLOCKS,
    *LIVES,
    *TEXTS,
    *UNATTENDED,
    *FAMILIES,
    *RAISING,
    *ATTENDANCE,
    *HEARING,
    *KEEPING,
)


def findings_of(checked: Checked, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What the rules find; where errors were found already, only of those rules that read nothing of what is wrong."""
    wrong = broken_parts(checked.known.outline.root.document, found)
    for rule in RULES:
        if rule.reads.isdisjoint(wrong):
            yield from rule.findings(checked)
