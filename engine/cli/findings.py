"""Findings about files, in the form that was asked for."""

from __future__ import annotations

from engine import __version__
from engine.cli.folder import Folder
from engine.cli.streams import Streams
from engine.cli.translate import _, plural

FORMATS = ("text", "json", "sarif", "github")


def write_findings(streams: Streams, folder: Folder, form: str) -> None:
    """Write findings, and for people how many there are."""
    from engine.lang.report import as_annotations, as_sarif, as_text

    findings = folder.findings
    if form == "json":
        streams.give(findings_document(folder))
    elif form == "sarif":
        streams.give(as_sarif(findings, {}, __version__))
    elif form == "github":
        if findings:
            streams.say(as_annotations(findings))
    else:
        if findings:
            streams.say(as_text(findings, folder.texts))
        streams.tell(_counted(folder))


def _counted(folder: Folder) -> str:
    warnings = len(folder.findings) - folder.errors
    parts = [plural("{count} process checked", "{count} processes checked", folder.checked)]
    parts.append(plural("{count} error", "{count} errors", folder.errors))
    if warnings:
        parts.append(plural("{count} warning", "{count} warnings", warnings))
    text = ", ".join(parts)
    if folder.findings:
        text += "; " + _("`casewright explain RULE` says more")
    return text


def findings_document(folder: Folder) -> dict[str, object]:
    """Describe what was found."""
    from engine.lang.report import as_json

    return {
        "processes": [{"process": one.process, "version": one.version} for one in folder.definitions.values()],
        "findings": as_json(folder.findings),
        "errors": folder.errors,
        "warnings": len(folder.findings) - folder.errors,
    }
