"""The page on scale reckons from the figures that stand under performance: it quotes them, and its sums are right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

EXPLAIN = Path(__file__).resolve().parent.parent / "docs" / "explain"
CASES, DESKS, SERVERS, DAYS = 10**9, 1_000, 10, 3 * 365
RECORDS = 6 * CASES
N = r"([\d,.]*\d)"
SOME = r"([\d,]+(?: to [\d,]+)?)"

QUOTED = {
    "bytes on PostgreSQL": (rf"all its indexes \| [\d,]+ bytes \| \| {N} bytes", rf"{N} bytes a case on PostgreSQL"),
    "bytes on SQLite": (rf"all its indexes \| {N} bytes", rf"on PostgreSQL, {N} on SQLite"),
    "actions on SQLite": (
        rf"one durable action, `synchr[^|]*\|[^|]*\({SOME} a second",
        rf"did {SOME} actions a second",
    ),
    "replayed": (rf"everything replayed by one[^|]*\| {N} records a second", rf"with replay, at {N} records a second"),
    "signed": (rf"a checkpoint signed[^|]*\| {N} ", rf"each night, at {N} cases a second"),
}
"""What is quoted: how performance says it, and how the page on scale does."""

Found = Mapping[str, float]
RECKONED: Mapping[str, tuple[str, Callable[[Found], float]]] = {
    "TB on PostgreSQL": (rf"\| {N} TB, or", lambda f: CASES * f["bytes on PostgreSQL"] / 1e12),
    "TB on SQLite": (rf"TB, or {N} TB", lambda f: CASES * f["bytes on SQLite"] / 1e12),
    "cases a day and desk": (rf"a million a desk, {N} a day", lambda _: CASES / DESKS / DAYS),
    "million records a day": (rf"\| {N} million a day in all", lambda _: RECORDS / DAYS / 1e6),
    "actions a second": (rf"\| {N} actions a second in all", lambda _: RECORDS / DAYS * 0.8 / 36_000),
    "peak": (rf"\| {N} a second in all", lambda f: 5 * f["actions a second"]),
    "peak of a server": (rf"at the peak \| {N};", lambda f: f["peak"] / SERVERS),
    "GB a server": (rf"data on a server \| {N} GB", lambda f: CASES / SERVERS * f["bytes on PostgreSQL"] / 1e9),
    "GB that are hot": (rf"is {N} GB of a server's", lambda f: f["GB a server"] / 5),
    "s to sign a desk": (rf"cases a second \| {N} s a desk", lambda f: CASES / DESKS / f["signed"]),
    "minutes to sign a server": (rf"s a desk, {N} minutes a server", lambda f: CASES / SERVERS / f["signed"] / 60),
    "minutes to replay a desk": (rf"a second \| {N} minutes a desk", lambda f: RECORDS / DESKS / f["replayed"] / 60),
    "hours to replay a server": (rf"a desk, {N} core-hours", lambda f: RECORDS / SERVERS / f["replayed"] / 3_600),
    "s to copy a desk": (rf"MB a second \| {N} s a desk", lambda f: f["GB a server"] * 1e9 * SERVERS / DESKS / 100e6),
}


def told(page: str, way: str) -> str:
    found = re.search(way, re.sub(r"\s+", " ", (EXPLAIN / page).read_text("utf-8")))
    assert found is not None, f"`{page}` has nothing like `{way}` any more"
    return found[1]


def number(text: str) -> float:
    return float(text.partition(" to ")[0].replace(",", ""))


def last_place(shown: str) -> float:
    """What the last digit that counts stands for: 10 of 610, 1 of 10, 0.1 of 5.9."""
    whole, _, decimals = shown.partition(".")
    if decimals:
        return 10.0 ** -len(decimals)
    return 10.0 ** (len(whole) - max(2, len(whole.rstrip("0")))) if len(whole) > 2 else 1.0


@pytest.mark.parametrize("name", QUOTED)
def test_scale_quotes_what_performance_says(name: str) -> None:
    there, here = QUOTED[name]
    assert told("scale.md", here) == told("performance.md", there), f"`scale.md` quotes another figure of {name}"


def test_the_sums_of_scale_are_right() -> None:
    found = {name: number(told("performance.md", there)) for name, (there, _) in QUOTED.items()}
    for name, (here, reckon) in RECKONED.items():
        found[name] = reckon(found)
        shown = told("scale.md", here)
        assert number(shown) == pytest.approx(found[name], abs=0.51 * last_place(shown)), f"`scale.md`: {name}"
