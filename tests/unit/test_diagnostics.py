"""Findings as values, and as people and programs read them."""

import json

import pytest
from rich.cells import cell_len

from engine.lang.diagnostics import (
    Diagnostic,
    Span,
    did_you_mean,
    error,
    in_order,
    near_miss,
    warning,
    without_silenced,
)
from engine.lang.report import as_annotations, as_json, as_sarif, as_text


def span(line=1, column=1, end_column=None, file="a.yaml", end_line=None):
    return Span(file, line, column, end_line or line, end_column or column + 1)


def test_findings_stand_in_the_order_of_the_file_and_each_once():
    found = [
        warning("b", span(2, 1), "two"),
        error("a", span(10, 1), "ten"),
        error("c", span(2, 1), "two as well"),
        error("a", span(10, 1), "ten"),
        error("a", span(1, 9), "one"),
        error("a", span(1, 1, file="0.yaml"), "first"),
    ]
    assert [one.message for one in in_order(found)] == ["first", "one", "two as well", "two", "ten"]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("dispached", ["reported", "dispatched"], "dispatched"),
        ("dispatchedd", ["reported", "dispatched"], "dispatched"),
        ("wiat", ["with", "wait"], "wait"),  # the same letters count most
        ("too", ["to", "then"], "to"),
        ("bye", ["never_by", "by"], "by"),
        ("Dispatched", ["dispatched"], "dispatched"),
        ("on-site", ["on_site"], "on_site"),
        ("apple", ["reported", "dispatched"], None),
        ("same", ["same"], None),
        ("x", [], None),
    ],
)
def test_a_name_that_is_nearly_right_is_recognised(name, known, meant):
    assert near_miss(name, known) == meant
    assert did_you_mean(name, known) == (f"did you mean `{meant}`?" if meant else None)


# -- silencing ---------------------------------------------------------------------------------------------------------


def silenced(line: str, *found: Diagnostic) -> list[tuple[str, int]]:
    kept = without_silenced(found, {"a.yaml": ["first: 1", line]})
    return [(one.id, one.span.line) for one in kept]


def test_a_line_silences_a_warning_with_a_reason():
    line = "a: 1  # casewright: ignore[role-unused] the auditors come next year"
    here, elsewhere = warning("role-unused", span(2), "x"), warning("role-unused", span(1), "x")
    assert silenced(line, here) == []
    assert silenced(line, here, elsewhere) == [("role-unused", 1)]


def test_a_line_silences_only_the_rules_it_names():
    line = "a: 1  # casewright: ignore[one, two] both are meant"
    found = [warning(rule, span(2), "x") for rule in ("one", "two", "three")]
    assert silenced(line, *found) == [("three", 2)]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("ignore[one]", "silenced without a reason"),
        ("ignore[one]   ", "silenced without a reason"),
        ("ignore[] because", "names no rule"),
        ("ignore because", "names no rule"),
        ("ignroe[one] because", "`casewright: ignroe` is not known"),
    ],
)
def test_a_comment_that_silences_badly_is_a_finding_and_silences_nothing(comment, said):
    line = f"a: 1  # casewright: {comment}"
    kept = without_silenced([warning("one", span(2), "x")], {"a.yaml": ["", line]})
    assert [one.id for one in kept] == ["one", "bad-ignore"]
    assert said in kept[1].message
    assert kept[1].severity == "error"
    assert kept[1].span == Span("a.yaml", 2, 7, 2, len(line.rstrip()) + 1)


def test_a_comment_with_nothing_to_silence_is_a_finding():
    assert silenced("a: 1  # casewright: ignore[one] why not") == [("unused-ignore", 2)]


def test_an_error_cannot_be_silenced():
    assert silenced("a: 1  # casewright: ignore[one] why not", error("one", span(2), "x")) == [
        ("one", 2),
        ("unused-ignore", 2),
    ]


# -- text --------------------------------------------------------------------------------------------------------------


def test_a_finding_shows_its_line_with_the_spot_underlined_and_the_mend():
    found = error(
        "unknown-state",
        Span("processes/repair.yaml", 2, 9, 2, 18),
        "action `dispatch` goes to `dispached`, which is not a state",
        "did you mean `dispatched`, declared at line 31?",
        [(Span("processes/repair.yaml", 31, 3, 31, 13), "declared here")],
    )
    lines = ["actions:", "    to: dispached  # soon"]
    assert as_text([found], {"processes/repair.yaml": lines}).splitlines() == [
        "processes/repair.yaml:2:9: error[unknown-state]: action `dispatch` goes to `dispached`, which is not a state",
        "  2 |     to: dispached  # soon",
        "    |         ^^^^^^^^^",
        "  help: did you mean `dispatched`, declared at line 31?",
        "  note: declared here at processes/repair.yaml:31:3",
    ]


@pytest.mark.parametrize(
    ("line", "column", "end_column"),
    [
        ("zh: 维修派工 x", 10, 11),
        ("zh: 维修派工 x", 5, 9),
        ("e: é̀ x", 7, 8),
        ("a:\tb\tc", 6, 7),
        ("a: \x1b[31mred x", 13, 14),
        ("a: \u202egnp.exe x", 13, 14),
        ("x" * 5000 + "维" + "y" * 5000, 5001, 5002),
        ("维" * 1000, 990, 1000),
        ("a: b", 5, 6),  # the end of the line
        ("a: b", 90, 91),
    ],
)
def test_the_carets_stand_under_the_spot_whatever_the_width_of_the_letters(line, column, end_column):
    text = as_text([error("x", Span("a.yaml", 1, column, 1, end_column), "m")], {"a.yaml": [line]})
    _, shown, carets = text.splitlines()
    assert set(carets[6:].strip()) == {"^"}
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert cell_len(shown) < 300
    under = carets.index("^")
    if column <= len(line):
        spot = [char for place, char in enumerate(shown) if cell_len(shown[:place]) == under and cell_len(char)]
        assert spot[:1] == [line[column - 1]]
        assert carets.count("^") == cell_len(line[column - 1 : end_column - 1])


def test_what_a_file_says_many_times_is_shown_once_and_counted():
    found = [error("x", span(line), "no `zh`", "add it") for line in (1, 2, 2, 5)]
    other = [error("y", span(3), "else"), error("x", span(1, file="b.yaml"), "no `zh`", "add it")]
    assert as_text([*found, *other], {}).splitlines() == [
        "a.yaml:1:1: error[x]: no `zh`",
        "  help: add it",
        "  the same 3 times more: lines 2, 5",
        "a.yaml:3:1: error[y]: else",
        "b.yaml:1:1: error[x]: no `zh`",
        "  help: add it",
    ]
    assert as_text(found[:3], {}).count("error[x]") == 3  # few are shown as they are


def test_a_spot_over_several_lines_is_underlined_on_the_first():
    text = as_text([error("x", Span("a.yaml", 1, 4, 3, 2), "m")], {"a.yaml": ["a: {b,", "c,", "d}"]})
    assert text.splitlines()[1:] == ["  1 | a: {b,", "    |    ^^^"]


def test_a_finding_without_a_line_to_show_is_one_line():
    assert as_text([error("x", span(1), "empty")], {"a.yaml": [""]}) == "a.yaml:1:1: error[x]: empty"
    assert as_text([error("x", span(7), "gone")], {}) == "a.yaml:7:1: error[x]: gone"


# -- for programs ------------------------------------------------------------------------------------------------------

FOUND = [
    error("one", Span("a,b:c.yaml", 2, 3, 2, 9), "50 % of `x`\nis wrong", "mend, it", [(span(4), "first")]),
    warning("two", Span("a.yaml", 5, 1, 7, 2), "odd"),
]


def test_json_has_every_part_of_a_finding():
    assert as_json(FOUND)[0] == {
        "id": "one",
        "severity": "error",
        "file": "a,b:c.yaml",
        "line": 2,
        "column": 3,
        "end_line": 2,
        "end_column": 9,
        "message": "50 % of `x`\nis wrong",
        "help": "mend, it",
        "related": [{"file": "a.yaml", "line": 4, "column": 1, "end_line": 4, "end_column": 2, "message": "first"}],
    }
    assert as_json(FOUND)[1]["help"] is None
    json.dumps(as_json(FOUND))


def test_sarif_names_rules_places_and_related_places():
    run = as_sarif(FOUND, {"one": "The first rule."}, "1.2.3")["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert run["tool"]["driver"]["rules"] == [
        {"id": "one", "shortDescription": {"text": "The first rule."}},
        {"id": "two", "shortDescription": {"text": "two"}},
    ]
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("one", 0, "error")
    assert first["message"]["text"].endswith("mend, it")
    assert first["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 2,
        "startColumn": 3,
        "endLine": 2,
        "endColumn": 9,
    }
    assert first["relatedLocations"][0]["message"]["text"] == "first"
    assert (second["ruleIndex"], second["level"]) == (1, "warning")


def test_annotations_escape_what_would_end_them():
    assert as_annotations(FOUND).splitlines() == [
        "::error file=a%2Cb%3Ac.yaml,line=2,endLine=2,title=one,col=3,endColumn=9::50 %25 of `x`%0Ais wrong%0Amend, it",
        "::warning file=a.yaml,line=5,endLine=7,title=two::odd",
    ]
