"""What findings and failed scenarios say, so that they can be said in another language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from engine.cli.phrasebook import Phrasebook
from engine.cli.translate import _, is_english, later

if TYPE_CHECKING:
    from engine.lang.diagnostics import Diagnostic, Lines


@cache
def book() -> Phrasebook:
    """All sentences about files; read only where something was found."""
    from engine.cli.said.expressions import SENTENCES as EXPRESSIONS
    from engine.cli.said.files import SENTENCES as FILES
    from engine.cli.said.phrases import PHRASES
    from engine.cli.said.process import SENTENCES as PROCESS
    from engine.cli.said.rules import SENTENCES as RULES
    from engine.cli.said.scenarios import SENTENCES as SCENARIOS
    from engine.cli.said.shape import SENTENCES as SHAPE
    from engine.cli.said.simulation import SENTENCES as SIMULATION

    return Phrasebook((*FILES, *SHAPE, *PROCESS, *RULES, *EXPRESSIONS, *SCENARIOS, *SIMULATION), PHRASES)


def said_in_words(text: str) -> str:
    """Say what a finding or a failed scenario says in the reader's language."""
    return text if is_english() else book().again(text)


def findings_again(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Say findings in the reader's language; their rules and their places stay."""
    return [_again(found) for found in findings]


def _again(found: Diagnostic) -> Diagnostic:
    related = tuple((span, said_in_words(text)) for span, text in found.related)
    mend = None if found.help is None else said_in_words(found.help)
    return replace(found, message=said_in_words(found.message), help=mend, related=related)


def told_findings(findings: Sequence[Diagnostic], texts: Mapping[str, Lines]) -> str:
    """Write findings for people, as `engine.lang.report` does, in the reader's language."""
    from engine.lang.report import Frame, as_text

    return as_text(findings_again(findings), texts, Frame(*(_(text) for text in _FRAME)))


_FRAME = (
    later("{place}: error[{rule}]: {message}"), later("{place}: warning[{rule}]: {message}"),
    later("  help: {text}"), later("  note: {text} at {place}"),
    later("  the same {count} times more: lines {lines}"),
)  # fmt: skip
