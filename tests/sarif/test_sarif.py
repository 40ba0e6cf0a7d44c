"""What `check --format sarif` writes is SARIF by the standard's own schema, whatever was found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from engine.cli.said import findings_again
from engine.cli.translate import use_language
from engine.lang.diagnostics import Diagnostic, Span, error, warning
from engine.lang.manual.pages import entries, titles
from engine.lang.report import as_sarif

SCHEMA = Path(__file__).with_name("sarif-2.1.0.schema.json")
URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")
ODD = (
    error("odd", Span("流程/报 修 #1.yaml", 1, 1, 9, 1), "several lines", None, [(Span("b.yaml", 2, 1, 2, 2), "")]),
    warning("odd", Span("desk\\a.yaml", 1, 1, 1, 1), "a place without a character\0\u2028"),
)  # fmt: skip


@cache
def schema() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    use_language("en")


def complaints(findings: tuple[Diagnostic, ...], language: str = "en") -> list[str]:
    document = json.loads(json.dumps(as_sarif(findings, titles(), "1.2.3", language)))
    return [f"{list(one.absolute_path)}: {one.message}" for one in schema().iter_errors(document)]


def test_every_finding_there_can_be_is_written_as_the_standard_says() -> None:
    use_language("zh")
    found = tuple(finding for entry in entries().values() for finding in findings_again(entry.findings))
    assert len(found) > 100
    assert complaints(found, "zh") == []


def test_nothing_found_and_odd_places_are_written_as_the_standard_says() -> None:
    assert complaints(()) == []
    assert complaints(ODD) == []


def test_a_file_is_named_by_a_uri_whatever_it_is_called() -> None:
    places = [one["locations"][0]["physicalLocation"] for one in as_sarif(ODD, {}, "1")["runs"][0]["results"]]
    uris = [place["artifactLocation"]["uri"] for place in places]
    assert all(URI_REFERENCE.fullmatch(uri) for uri in uris)
    assert uris == ["%E6%B5%81%E7%A8%8B/%E6%8A%A5%20%E4%BF%AE%20%231.yaml", "desk/a.yaml"]


def test_a_run_says_which_language_it_speaks() -> None:
    assert [as_sarif((), {}, "1", language)["runs"][0]["language"] for language in ("en", "zh")] == ["en-US", "zh-CN"]


def test_the_schema_refuses_what_is_no_sarif() -> None:
    assert not schema().is_valid({"version": "2.1.0", "runs": [{"results": []}]})
