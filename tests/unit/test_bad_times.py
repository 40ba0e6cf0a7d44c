"""Times that cannot be meant: each is found at its column, with its mend; and what is right is left alone."""

from __future__ import annotations

from datetime import date

import pytest

from engine.lang.diagnostics import Diagnostic
from engine.lang.load import load_folder, load_process
from engine.lang.manual.pages import example_sources

CALENDAR = "# calendars/hours.yaml\ncalendar: hours\nlabel: {en: Opening hours}\n"
CLOCK = "clocks:\n  answer: {label: {en: Answered}, "
TODAY = date(2026, 3, 2)


def told(text: str, today: date = TODAY) -> list[Diagnostic]:
    return [*load_folder(example_sources(text), today=today).diagnostics]


@pytest.mark.parametrize(
    ("text", "rule", "place", "mend"),
    [
        (CLOCK + "goal: 1d, met_by: [close]}\n", "bare-days", "example.yaml:2:41",
         "write `24h` (elapsed time), `1 calendar_days` (same time of day, 1 dates later)"),
        (CALENDAR + "weekly: {mon: []}\n", "bad-calendar", "calendars/hours.yaml:4:9", "give it weekly hours, as in"),
        (CALENDAR + 'weekly: {mon: ["09:00-09:00"]}\n', "bad-calendar", "calendars/hours.yaml:4:16",
         "`00:00-24:00` is a whole day, `[]` is closed"),
        (CALENDAR + 'weekly: {mon: ["09:00-17:00"]}\nzone: Asia/Shanghia\n', "bad-calendar", "calendars/hours.yaml:5:7",
         "did you mean `Asia/Shanghai`?"),
        (CALENDAR + 'weekly: {mon: ["09:00-17:00"]}\nholidays: ["2025-10-01"]\n', "holidays-run-out",
         "calendars/hours.yaml:5:11", "write those of this year, or let a country bring them"),
        (CLOCK + "goal: 1h, starts: [close], met_by: [close]}\n", "start-in-stop", "example.yaml:2:54",
         "start it by what comes before its end"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_meant_is_found_at_its_column_with_its_mend(
    text: str, rule: str, place: str, mend: str
) -> None:
    (found,) = told(text)
    assert (found.id, str(found.span)) == (rule, place)
    assert str(found.help).startswith(mend)


def test_holidays_end_with_the_last_year_of_which_one_is_known() -> None:
    weekly = CALENDAR + 'weekly: {mon: ["09:00-17:00"]}\n'
    dated = weekly + 'holidays: ["2026-01-01"]\n'
    assert told(dated, date(2026, 12, 31)) == []
    assert [found.id for found in told(dated, date(2027, 1, 1))] == ["holidays-run-out"]
    assert told(weekly + "holidays: [12-25]\n", date(2100, 1, 1)) == []  # every year has one
    assert load_folder(example_sources(dated)).diagnostics == ()  # without a day nothing has ended


def test_holidays_of_a_country_end_with_what_is_announced() -> None:
    text = CALENDAR + 'weekly: {mon: ["09:00-17:00"]}\nholidays: [{country: CN, years: 2020-2024}]\n'
    (found,) = told(text)
    assert found.message == "the holidays of calendar `hours` are announced until 2024-12-31 only"
    assert str(found.help).startswith("update the library")


def test_one_process_alone_tells_of_the_calendars_it_uses() -> None:
    sources = example_sources(CALENDAR + 'weekly: {mon: ["09:00-17:00"]}\nholidays: ["2025-10-01"]\n')
    sources["example.yaml"] = sources["example.yaml"].replace("calendar: always", "calendar: hours")
    assert load_process(sources, "example").diagnostics == ()
    assert [found.id for found in load_process(sources, "example", today=TODAY).diagnostics] == ["holidays-run-out"]


# ---------------------------------------------------------------- how long a promise can live

LADDER = """\
clocks:
  answer:
    label: {{en: Answered}}
    goal: 1h
    met_by: [close]
{more}    thresholds: [{{at: goal + 4h, then: [{{notify: agent, message: late}}]}}]
states:
  working:
    label: {{en: Working}}
    waiting_on: agent
    actions:
      close: {{label: {{en: Close}}, by: [agent], to: closed}}
      rest: {{label: {{en: Rest}}, by: [agent], to: resting}}
    timers: {{lapse: {{after: {first}, {how}to: lapsed}}}}
  resting:
    label: {{en: Resting}}
    waiting_on: agent
    actions:
      end: {{label: {{en: End}}, by: [agent], to: lapsed}}
{back}    timers: {{lapse: {{after: {second}, to: lapsed}}}}
  closed: {{label: {{en: Closed}}, final: done}}
  lapsed: {{label: {{en: Lapsed}}, final: cancelled}}
"""
BACK = "      wake: {label: {en: Wake}, by: [agent], to: working}\n"


def ladder(first: str, second: str, *, more: str = "", how: str = "", back: str = "") -> list[str]:
    text = LADDER.format(first=first, second=second, more=more, how=how, back=back)
    return [found.id for found in told(text) if found.id != "timer-longer-than-goal"]


def test_what_lies_after_the_longest_way_out_is_told() -> None:
    assert ladder("2h", "2h") == ["threshold-after-exit"]


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        ("2h", "3h", {}),  # together just as long
        ("2h", "2h", {"back": BACK}),  # it can go round
        ("2h", "2h", {"how": "if: case.subject != '', "}),  # it may not come
        ("2h", "2h", {"how": "calendar: hours, "}),  # hours of a calendar last longer
        ("2h", "2h", {"more": "    restarts_on: [rest]\n"}),  # a new cycle
        ("2 calendar_days", "2h", {}),
    ],
)
def test_what_may_be_reached_is_not(first: str, second: str, how: dict[str, str]) -> None:
    assert "threshold-after-exit" not in ladder(first, second, **how)


def test_a_long_chain_of_states_is_measured() -> None:
    count = 200
    states = "".join(
        f"  s{n}:\n    label: {{en: S}}\n    waiting_on: agent\n"
        f"    actions: {{next: {{label: {{en: Next}}, by: [agent], to: s{n + 1}}}}}\n"
        f"    timers: {{lapse: {{after: 1m, to: s{n + 1}}}}}\n"
        for n in range(count)
    )
    text = (
        "initial: s0\nclocks:\n  answer:\n    label: {en: Answered}\n    goal: 1h\n    met_by: [s200]\n"
        f"    thresholds: [{{at: goal + 24h, then: [{{notify: agent, message: late}}]}}]\nstates:\n{states}"
        f"  s{count}: {{label: {{en: End}}, final: done}}\n"
    )
    found = next(one for one in told(text) if one.id == "threshold-after-exit")
    assert "3h20m after its start" in found.message


# ---------------------------------------------------------------- stops

GROUP = """\
states:
  over:
    label: {en: Over}
    initial: paying
    states:
      paying:
        label: {en: Paying}
        waiting_on: agent
        actions:
          pay: {label: {en: Pay}, by: [agent], to: closed}
  working:
    label: {en: Working}
    waiting_on: agent
    actions:
      finish: {label: {en: Finish}, by: [agent], to: over}
  closed: {label: {en: Closed}, final: done}
"""


def test_a_start_within_a_group_that_meets_is_told() -> None:
    text = CLOCK + "goal: 1h, starts: [paying], met_by: [over], cancelled_by: [closed]}\n" + GROUP
    (found,) = [one for one in told(text) if one.id == "start-in-stop"]
    assert found.message.startswith("`paying` starts clock `answer` and lies in `over`, which meets it")


def test_a_pause_within_a_group_that_cancels_is_told() -> None:
    text = CLOCK + "goal: 1h, met_by: [pay], cancelled_by: [over], pauses_in: [paying]}\n" + GROUP
    (found,) = [one for one in told(text) if one.id == "pause-in-stop"]
    assert found.message == "`paying` is to pause clock `answer`, but lies in `over`, which cancels it"


def test_a_clock_that_repeats_may_start_by_what_meets_it() -> None:
    text = CLOCK + "goal: 1h, starts: [finish], met_by: [finish], cancelled_by: [pay], repeats: true}\n" + GROUP
    assert "start-in-stop" not in [found.id for found in told(text)]
