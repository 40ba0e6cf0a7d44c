"""Every finding of the checker: its page in the manual, its golden pair, its example that is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.lang.load import load_folder
from engine.lang.manual.pages import base, check_example, entries, page, titles
from engine.lang.rules.folder import FOLDER_RULES
from engine.lang.rules.listing import RULES
from tests.golden.__main__ import FOLDER, PAGE, golden, golden_in_chinese, goldens, rules_page

WITH_EXAMPLE = [name for name, entry in entries().items() if entry.wrong]
WITHOUT_EXAMPLE = {  # what no small file can show
    "too-large": "a file of a million bytes", "too-deep": "a hundred brackets", "not-utf8": "bytes that are no text",
    "too-many-findings": "a hundred findings", "byte-order-mark": "it cannot be seen",
    "unreadable-character": "it cannot be seen", "no-desk": "a folder without its desk",
    **dict.fromkeys(("version-not-raised", "version-behind", "migration-missing", "migration-forgets"), "two versions"),
    "case-stranded": "cases in a database",
}  # fmt: skip
TOGETHER = {"missing-language": {"unknown-language"}}  # a text in another language only lacks its own as well
ANEW = "`python -m tests.golden` writes it anew; look at the difference"


@pytest.mark.parametrize("rule", WITH_EXAMPLE)
def test_the_wrong_example_of_a_rule_gives_its_finding_and_no_other(rule: str) -> None:
    assert {found.id for found in entries()[rule].findings} - TOGETHER.get(rule, set()) == {rule}


@pytest.mark.parametrize("rule", [name for name, entry in entries().items() if entry.right])
def test_the_right_example_of_a_rule_gives_no_finding(rule: str) -> None:
    assert check_example(entries()[rule].right).diagnostics == ()


@pytest.mark.parametrize("rule", WITH_EXAMPLE)
def test_what_is_printed_for_an_example_is_as_it_was(rule: str) -> None:
    text, printed = golden(entries()[rule].wrong)
    with (FOLDER / f"{rule}.yaml").open(encoding="utf-8", newline="") as stream:
        assert stream.read() == text, ANEW
    assert (FOLDER / f"{rule}.txt").read_text("utf-8") == printed, ANEW
    assert (FOLDER / f"{rule}.zh.txt").read_text("utf-8") == golden_in_chinese(entries()[rule].wrong), ANEW


def test_there_is_no_golden_file_too_many() -> None:
    assert {path.name for path in FOLDER.iterdir()} == goldens().keys()


def test_the_page_of_rules_says_what_the_checker_says() -> None:
    assert PAGE.read_text("utf-8") == rules_page(), ANEW


def test_every_finding_that_the_checker_can_make_has_its_page(root: Path) -> None:
    made = {rule.id for rule in (*RULES, *FOLDER_RULES)}
    calls = r'\b(?:error|warning|find|_find|fault|report|_right)\(\s*(?:node, |span, )?"([a-z0-9-]+)"'
    for path in [*(root / "engine/lang").rglob("*.py"), *(root / "engine/expressions").glob("*.py")]:
        text = path.read_text("utf-8")
        made |= set(re.findall(calls, text)) | set(re.findall(r'Problem\([^"]{0,80}"([a-z-]+)"', text))
        made |= {f"unknown-{kind}" for kind in re.findall(r'\bunknown\(\s*"([a-z]+)"', text)}
    assert len(made) > 100
    assert made <= titles().keys()


def test_what_has_no_example_says_why() -> None:
    assert {name for name, entry in entries().items() if not entry.wrong} == WITHOUT_EXAMPLE.keys()


def test_the_desk_of_the_examples_is_in_order() -> None:
    assert load_folder(base()).diagnostics == ()


def test_a_page_names_the_severity_the_output_and_the_mend() -> None:
    shown = page("unknown-state")
    assert shown.startswith("## unknown-state (error)\n")
    assert "example.yaml:1:10: error[unknown-state]: the process begins in `workin`" in shown
    assert "did you mean `working`, declared at line" in shown
    assert shown.rstrip().endswith("```")


def test_every_rule_is_listed_once_with_a_sentence_of_its_own() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids)) >= 25
    assert all((rule.find.__doc__ or "").rstrip().endswith(".") for rule in (*RULES, *FOLDER_RULES))
    assert all(re.fullmatch(r"[a-z]+(?:-[a-z0-9]+)*", name) for name in titles())
