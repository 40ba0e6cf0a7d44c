"""What does a guard cost, when it is decided and when it is loaded?

The ratio is to the same condition written in Python on the same stored values, medians of five rounds.

    python benchmarks/expressions.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer
from engine.expressions import Scope, compile_expression
from engine.fields import Field

NOW = 1_772_431_200_000
COUNT, ROUNDS = 20_000, 5
FIELDS = [
    Field(name="visit_at", type="instant"),
    Field(name="bought_on", type="date"),
    Field(name="fee", type="money"),
    Field(name="technician", type="person"),
    Field(
        name="items",
        type="table",
        columns={name: Field(name=name, type=kind) for name, kind in (("price", "money"), ("count", "integer"))},
    ),
]
CASE = {field.name: field for field in FIELDS}
SCOPE = Scope(
    case=CASE,
    form=CASE,
    facts={"on_shift": Field(name="on_shift", type="list", of=Field(name="of", type="person"))},
    did=frozenset({"reject"}),
    now=True,
)
SURE = frozenset(f"{root}.{name}" for root in ("case", "form") for name in CASE)
VALUES: dict[str, Any] = {
    "case": {"visit_at": NOW + 1, "bought_on": "2026-02-28", "fee": 490, "items": [{"price": 100, "count": 2}] * 5},
    "form": {"visit_at": NOW + 1, "fee": 490, "technician": "T7"},
    "facts": {"on_shift": ["T7", "T8"]},
    "did": {},
    "now": NOW,
}
QUESTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "form.visit_at > now": lambda v: v["form"]["visit_at"] > v["now"],
    "form.technician in facts.on_shift": lambda v: v["form"]["technician"] in v["facts"]["on_shift"],
    "did.reject < 3": lambda v: v["did"].get("reject", 0) < 3,
    "form.fee <= money('5.00') && form.fee == case.fee": lambda v: (
        v["form"]["fee"] <= 500 and v["form"]["fee"] == v["case"]["fee"]
    ),
    "sum(case.items.map(i, i.price * i.count)) > case.fee": lambda v: (
        sum(row["price"] * row["count"] for row in v["case"]["items"]) > v["case"]["fee"]
    ),
    "case.fee": lambda v: v["case"]["fee"],
}


def microseconds(act: Callable[[], object], count: int = COUNT) -> float:
    """Give what one call takes, the median of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        for _ in range(count):
            act()
        rounds.append((perf_counter() - begun) / count * 1e6)
    return median(rounds)


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Two guards, for the table of all questions."""
    count = COUNT // 10 if is_quick else COUNT
    for text in ("form.visit_at > now", "form.technician in facts.on_shift"):
        expression, by_hand = compile_expression(text, SCOPE, sure=SURE), QUESTIONS[text]
        ours = microseconds(lambda expression=expression: expression.evaluate(VALUES), count)  # type: ignore[misc]
        theirs = microseconds(lambda by_hand=by_hand: by_hand(VALUES), count)  # type: ignore[misc]
        yield Answer(f"guard `{text}`", f"{ours:.1f} µs", ours / theirs, "times the same in Python")


def main() -> None:
    """Print a line for each question, and what loading costs."""
    print(f"{'expression':<56}{'µs':>8}{'in Python':>12}{'ratio':>8}")
    for text, by_hand in QUESTIONS.items():
        expression = compile_expression(text, SCOPE, sure=SURE)
        assert expression.evaluate(VALUES) == by_hand(VALUES)
        ours = microseconds(lambda expression=expression: expression.evaluate(VALUES))  # type: ignore[misc]
        theirs = microseconds(lambda by_hand=by_hand: by_hand(VALUES))  # type: ignore[misc]
        print(f"{text:<56}{ours:>8.2f}{theirs:>12.2f}{ours / theirs:>8.1f}")
    text = "form.fee <= money('5.00') && form.fee == case.fee"
    loading = microseconds(lambda: compile_expression(text, SCOPE, sure=SURE), 200)
    print(f"{'to check and compile one of them':<56}{loading:>8.0f}")


if __name__ == "__main__":
    main()
