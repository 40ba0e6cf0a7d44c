"""Files of assumptions: what is right is read, what is wrong is found where it stands, with its mend."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.lang.beside import FileRead
from engine.simulation.assumptions import Assumptions, Spread
from engine.simulation.reading import Wanted, read_assumptions
from tests.simulation.desks import HOUR, MINUTE, MONDAY, job

RIGHT = """process: job
days: 2
arrivals: [{per_hour: 3}, {past: calls.csv}]
opening: {as: agent, with: {kind: {choose: {big: 1, small: 3}}}}
facts: {here: {all_of: expert}}
actions:
  finish: {takes: {triangular: [1m, 2m, 3m]}}
  ask: {chance: 0.5, after: {past: [1h, 2h]}, with: {helper: {one_of: expert}}}
  answer: {takes: {past: took.csv}, needs_nobody: true}
roster:
  - {role: agent, count: 2}
  - {role: [expert, agent], count: 1, hours: {mon-fri: ["09:00-17:00"]}}
"""
FILES = {
    "calls.csv": "case,opened_at\nJ-2,2026-02-03 10:00\nJ-1,2026-02-02 09:00\n",
    "took.csv": "\ufeffduration\n5m\n90s\n",
    "empty.csv": "",
    "bad.csv": "duration\n5m\nsoon\n",
}


def reading(text: str, files: Mapping[str, str] = FILES) -> FileRead[Assumptions]:
    def beside(name: str) -> str:
        if name not in files:
            raise FileNotFoundError("there is no such file")
        return files[name]

    return read_assumptions(text.encode(), "day.yaml", Wanted(job()[0], beside))


def test_a_whole_file_is_read() -> None:
    assumed = reading(RIGHT).said
    assert assumed is not None
    assert (assumed.since, assumed.days, assumed.opener) == (MONDAY, 2, "agent")
    assert [len(one.past) for one in assumed.arrivals] == [0, 2]
    assert assumed.arrivals[1].past[0] < assumed.arrivals[1].past[1]
    assert assumed.doings["finish"].takes == Spread("triangular", (MINUTE, 2 * MINUTE, 3 * MINUTE))
    assert assumed.doings["ask"].after == Spread("past", (HOUR, 2 * HOUR))
    assert assumed.doings["answer"].takes == Spread("past", (5 * MINUTE, 90_000))
    assert [team.name for team in assumed.teams] == ["agent", "expert + agent"]
    assert assumed.opening["kind"].choices == (("big", 1.0), ("small", 3.0))


@pytest.mark.parametrize(
    ("old", "new", "line", "rule", "said", "mend"),
    [
        ("process: job", "process: work", 1, "wrong-value", "this is about `work`, and `job` is simulated", "name the"),
        ("per_hour: 3", "per_hour: 3, past: calls.csv", 3, "wrong-value", "at a rate or as in the past", "one of"),
        ("per_hour: 3", "per_huor: 3", 3, "unknown-key", "per_huor", "per_hour"),
        ("calls.csv", "nobody.csv", 3, "wrong-value", "`nobody.csv` cannot be read", "CSV"),
        ("calls.csv", "took.csv", 3, "wrong-value", "`took.csv` has no column `opened_at`", "first line"),
        ("calls.csv", "empty.csv", 3, "wrong-value", "has no column `opened_at`", "first line"),
        ("took.csv", "bad.csv", 9, "wrong-value", "`bad.csv`, line 3", ""),
        ("as: agent", "as: agnet", 4, "unknown-role", "`agnet` is not a role", "did you mean `agent`?"),
        ("kind:", "knd:", 4, "unknown-field", "`knd` is not a field that is asked for here", "did you mean `kind`?"),
        ("here:", "hree:", 5, "unknown-name", "`hree` is not a fact that is asked for", "did you mean `here`?"),
        ("finish:", "finsh:", 7, "unknown-action", "`finsh` is not an action", "did you mean `finish`?"),
        ("[1m, 2m, 3m]", "[2m, 1m, 3m]", 7, "wrong-value", "not in order", "shortest first"),
        ("[1m, 2m, 3m]", "[1, 2m, 3m]", 7, "wrong-type", "is the number `1`", "a length has its unit: `1m`, `1h`"),
        ("[1m, 2m, 3m]", "[1m, 2m, 3 cups]", 7, "bad-time", "3 cups", ""),
        (", with: {helper: {one_of: expert}}", "", 8, "missing-key", "`ask` asks for `helper`", "under `with`"),
        ("one_of: expert", "some_of: expert", 8, "wrong-value", "does not say how the value comes about", "`one_of`"),
        ("big: 1", "big: many", 4, "wrong-value", "the weight of `big` is no number", "write `3`"),
        ("{role: agent, count: 2}", "{role: manager, count: 2, calendar: night}", 11, "unknown-calendar", "night", ""),
        ("mon-fri", "mon-fry", 12, "bad-calendar", "mon-fry", ""),
        ('["09:00-17:00"]', "09:00-17:00", 12, "bad-calendar", "`hours.mon-fri`: a list", 'write `["09:00-17:00"]`'),
        ("roster:", "rooster:", 10, "unknown-key", "rooster", "roster"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_stands(old: str, new: str, line: int, rule: str, said: str, mend: str) -> None:
    assert old in RIGHT
    found = reading(RIGHT.replace(old, new, 1))
    assert found.said is None
    one = next(one for one in found.findings if one.id == rule and one.span.line == line)
    assert said in one.message
    assert mend in (one.help or "")


def test_a_rate_that_cannot_be_read_is_not_said_to_be_missing_as_well() -> None:
    found = reading(RIGHT.replace("per_hour: 3", "per_hour: 2/3"))
    assert [one.id for one in found.findings if one.span.line == 3] == ["wrong-type"]


def test_an_action_for_which_nobody_is_on_the_roster_is_found() -> None:
    text = RIGHT.replace("role: agent, count: 2", "role: manager, count: 2").replace("[expert, agent]", "expert")
    found = [one for one in reading(text).findings if "nobody on the roster" in one.message]
    assert [(one.span.line, one.message) for one in found] == [
        (7, "nobody on the roster may `finish`: it is for `agent`"),
        (8, "nobody on the roster may `ask`: it is for `agent`"),
    ]


@pytest.mark.parametrize("part", ["arrivals", "opening", "actions", "roster"])
def test_a_part_that_is_missing_is_named(part: str) -> None:
    lines, keep = [], True
    for line in RIGHT.splitlines():
        keep = not line.startswith(f"{part}:") if not line.startswith(" ") else keep
        lines += [line] if keep else []
    found = reading("\n".join(lines))
    assert f"`{part}` is missing" in [one.message for one in found.findings]
