"""Findings about files, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import __version__
from engine.cli.designing.folder import Checked
from engine.cli.designing.rulebook import summaries
from engine.cli.said import findings_again, told_findings
from engine.cli.streams import Streams
from engine.cli.translate import _, phrased, plural

if TYPE_CHECKING:
    from engine.lang.diagnostics import Diagnostic

FORMATS = ("text", "json", "sarif", "github")


def write_findings(streams: Streams, checked: Checked, form: str) -> None:
    """Write findings, and for people how many there are."""
    from engine.lang.report import as_annotations, as_sarif

    findings = findings_again(checked.findings)
    if form == "json":
        streams.give(findings_document(checked, findings))
    elif form == "sarif":
        streams.give(as_sarif(findings, summaries(), __version__, streams.language))
    elif form == "github":
        if findings:
            streams.say(as_annotations(findings))
    else:
        if findings:
            streams.say(told_findings(checked.findings, checked.texts))
        streams.tell(_counted(checked))


def _counted(checked: Checked) -> str:
    warnings = len(checked.findings) - checked.errors
    parts = [plural("{count} process checked", "{count} processes checked", checked.processes)]
    parts.append(plural("{count} error", "{count} errors", checked.errors))
    if warnings:
        parts.append(plural("{count} warning", "{count} warnings", warnings))
    text = phrased(parts)
    if checked.findings:
        text += _("; ") + _("`casewright explain RULE` says more")
    return text


def findings_document(checked: Checked, findings: Sequence[Diagnostic]) -> dict[str, object]:
    """Describe what was found."""
    from engine.lang.report import as_json

    return {
        "processes": [{"process": one.process, "version": one.version} for one in checked.definitions.values()],
        "findings": as_json(findings),
        "errors": checked.errors,
        "warnings": len(checked.findings) - checked.errors,
    }
