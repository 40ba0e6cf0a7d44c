"""Every rule of time names the tests that hold it, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
TABLE = (ROOT.parent / "docs" / "explain" / "time.md").read_text("utf-8").partition("## Which test holds which rule")[2]
ROWS = {row[1]: re.findall(r"`([\w/]+\.py::\w+)`", row[0]) for row in re.finditer(r"^\| (\S[^|]*?) \|.*$", TABLE, re.M)}
NAMED = [(rule, test) for rule, tests in ROWS.items() for test in tests]
LAW = {"Law", "Order", "Family", "Floor", "Facts", "Purity", "Reads", "Termination", "Jumps", "Imports"}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_rule_has_its_row_and_names_a_test() -> None:
    wanted = {f"D{number}" for number in range(1, 13)} | LAW
    assert {rule for rule in wanted if not ROWS.get(rule)} == set()


@pytest.mark.parametrize(("rule", "test"), NAMED)
def test_the_test_that_a_rule_names_is_there_and_is_of_this_rule(rule: str, test: str) -> None:
    file, _, name = test.partition("::")
    assert name in names_in(file)
    found = re.match(r"test_(d\d+)_", name)
    assert found is None or found[1] == rule.lower() or rule in LAW


def test_every_rule_with_a_number_is_held_by_tests_that_bear_it() -> None:
    bearing = {
        found[1].upper()
        for file in ROOT.rglob("test_*.py")
        for name in names_in(file.relative_to(ROOT).as_posix())
        if (found := re.match(r"test_(d\d+)_", name))
    }
    assert bearing >= {f"D{number}" for number in range(1, 13)}
