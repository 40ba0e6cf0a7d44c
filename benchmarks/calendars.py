"""How many questions a second does a calendar answer?

A desk with two openings a day and the holidays of China, instants over ten years; medians of five rounds, by processor
time. The ratio is to the same loop adding two integers, so that it means something on another machine.

    python benchmarks/calendars.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, at_least
from engine.calendars import Calendar, always, read_calendar

HOUR, DAY = 3_600_000, 86_400_000
START = 1_420_070_400_000  # 2015-01-01
COUNT = 20_000
ROUNDS = 5

ZONES = ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "Europe/Paris", "Australia/Sydney"]
DESK = {
    "calendar": "office_hours",
    "weekly": {"mon-fri": ["08:30-12:00", "13:30-17:30"]},
    "holidays": [{"country": "CN", "years": "2015-2026"}, "12-24"],
}


def rate(question: Callable[[int, int], object], pairs: list[tuple[int, int]]) -> float:
    """Give the questions a second of the processor, the median of some rounds: nothing here waits."""
    rates = []
    for _ in range(ROUNDS):
        begun = process_time()
        for at, length in pairs:
            question(at, length)
        rates.append(len(pairs) / (process_time() - begun))
    return median(rates)


def fresh(zones: list[str]) -> float:
    """Give the milliseconds that a year takes when first asked for, reading the zone included: the median."""
    lasted = []
    for zone in zones:
        begun = perf_counter()
        read_calendar(DESK | {"holidays": []}, zone).next_opening(START)
        lasted.append((perf_counter() - begun) * 1000)
    return median(lasted)


LENGTHS = {"1 h": HOUR, "40 h": 40 * HOUR, "1 000 h": 1000 * HOUR, "10 000 h": 10_000 * HOUR}
WANTED = 300_000
"""Additions a second, of whatever length."""


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """The commonest question at every length, for the table of all."""
    dice = Random(1)
    calendar: Calendar = read_calendar(DESK, "Asia/Shanghai")
    instants = [START + dice.randrange(10 * 365 * DAY) for _ in range(COUNT // 10 if is_quick else COUNT)]
    for name, length in LENGTHS.items():
        pairs = [(at, dice.randrange(1, 2 * length)) for at in instants]
        calendar.add(max(instants), 2 * length)  # the years it needs are worked out once
        found, plain = rate(calendar.add, pairs), rate(lambda at, length: at + length, pairs)
        wanted, holds = at_least(WANTED, found)
        yield Answer(
            f"add about {name} of open time", f"{found:,.0f}/s", found / plain, "of a plain addition", wanted, holds
        )


def main() -> None:
    """Print one line a question."""
    dice = Random(1)
    desk: Calendar = read_calendar(DESK, "Asia/Shanghai")
    instants = [START + dice.randrange(10 * 365 * DAY) for _ in range(COUNT)]
    pairs = {name: [(at, dice.randrange(1, 2 * length)) for at in instants] for name, length in LENGTHS.items()}
    days = [(at, dice.randrange(1, 30)) for at in instants]
    plain = rate(lambda at, length: at + length, pairs["1 h"])
    around = always("Asia/Shanghai")
    rows = {
        **{f"add, about {name}": rate(desk.add, pairs[name]) for name in LENGTHS},
        "add, backwards about 40 h": rate(lambda at, length: desk.add(at, -length), pairs["40 h"]),
        "elapsed, about 40 h": rate(lambda at, length: desk.elapsed(at, at + length), pairs["40 h"]),
        "next opening": rate(lambda at, _: desk.next_opening(at), days),
        "add, always open": rate(around.add, pairs["40 h"]),
        "business days": rate(lambda at, count: desk.add_days(at, count, "business"), days),
        "calendar days": rate(lambda at, count: desk.add_days(at, count, "calendar"), days),
        "end of business day": rate(lambda at, _: desk.end_of_business_day(at), days),
    }
    print(f"{'question':28} {'a second':>12} {'of a plain loop':>16}")
    for name, found in rows.items():
        print(f"{name:28} {found:12,.0f} {found / plain:16.3f}")
    print(f"{'a year, when first asked for':28} {fresh(ZONES):9.2f} ms")


if __name__ == "__main__":
    main()
