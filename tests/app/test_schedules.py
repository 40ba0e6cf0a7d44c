"""Cases that the calendar opens: each exactly once, at its own instant, whoever looks when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Actor
from engine.app import Engine
from engine.lang.load import load_process
from engine.testing import ADMIN, ManualTime
from engine.values import read_instant, show_instant

LIN = Actor(id="lin", roles=("agent",))
DESK = """
desk: corner
languages: [en]
zone: {zone}
currency: EUR
roles: {{agent: {{en: Agent}}}}
parties: {{}}
figures: {{batch: {{type: integer, is: 7, label: {{en: Batch}}}}}}
"""
PROCESS = """
process: parts
version: {version}
prefix: P
label: {{en: Parts}}
calendar: always
initial: asked
fields: {{kind: {{type: text, label: {{en: Kind}}}}, many: {{type: integer, label: {{en: How many}}}}}}
opening: {{by: [agent], form: {{allow: [kind, many]}}{opening}}}
schedule: {{{schedule}}}
messages: x
states:
  asked: {{label: {{en: Asked}}, waiting_on: agent, actions: {{take: {{label: {{en: Take}}, by: [agent], to: taken}}}}}}
  taken: {{label: {{en: Taken}}, final: done}}
""".replace("messages: x\n", "")


def sources(schedule: str, *, version: int = 1, zone: str = "Asia/Shanghai", opening: str = "") -> dict[str, str]:
    return {
        "processes/desk.yaml": DESK.format(zone=zone),
        "processes/parts.yaml": PROCESS.format(version=version, schedule=schedule, opening=opening),
    }


def opened(engine: Engine, zone: str = "Asia/Shanghai") -> list[tuple[str, str]]:
    """Id and instant of every case, by its number."""
    with engine._recipe.store.read() as tx:
        roots = sorted(tx.roots(), key=lambda root: int(root.partition("-")[2]))
    return [(root, show_instant(engine.case(root).opened_at, zone)) for root in roots]


@pytest.fixture
def start(address: str) -> Iterator[Callable[[ManualTime], Engine]]:
    engines: list[Engine] = []

    def opened_engine(time: ManualTime) -> Engine:
        engines.append(Engine.open(address, time=time, create=True))
        return engines[-1]

    yield opened_engine
    for engine in engines:
        engine.close()


def test_the_calendar_opens_each_case_at_its_own_instant_however_late_a_worker_looks(
    start: Callable[[ManualTime], Engine],
) -> None:
    time = ManualTime("2026-01-15 12:00")
    engine = start(time)
    engine.publish(
        sources("monthly: {every: month on 30 at 09:00, with: {kind: request, many: =figures.batch}}"),
        "parts", actor=ADMIN,
    )  # fmt: skip
    time.move_to("2026-05-01 00:00")  # nobody looked for three months and a half
    engine.tick()
    assert opened(engine) == [
        ("P-1", "2026-01-30 09:00"), ("P-2", "2026-02-28 09:00"), ("P-3", "2026-03-30 09:00"),
        ("P-4", "2026-04-30 09:00"),
    ]  # fmt: skip
    assert engine.tick().advanced == 0
    record = engine.history("P-2")[0]
    assert (record["verb"], record["actor"], record["schedule"]) == ("open", "engine", "monthly")
    assert record["form"] == {"kind": "request", "many": 7}
    assert record["recorded_at"] == time.now()
    assert engine.verify().problems == ()


def test_what_falls_due_at_this_very_instant_is_opened_a_millisecond_later(
    start: Callable[[ManualTime], Engine],
) -> None:
    time = ManualTime("2026-03-02 08:00")
    engine = start(time)
    engine.publish(sources("daily: {every: day at 09:00}"), "parts", actor=ADMIN)
    assert engine.next_work() == read_instant("2026-03-02 09:00", "Asia/Shanghai")
    time.move_to("2026-03-02 09:00")
    engine.tick()
    assert opened(engine) == []
    time.move(1)
    engine.tick()
    assert opened(engine) == [("P-1", "2026-03-02 09:00")]


def test_a_case_that_was_due_before_takes_its_number_before_one_that_somebody_opens(
    start: Callable[[ManualTime], Engine],
) -> None:
    time = ManualTime("2026-03-02 08:00")
    engine = start(time)
    engine.publish(sources("daily: {every: day at 09:00}"), "parts", actor=ADMIN)
    time.move_to("2026-03-03 12:00")  # no worker is there
    assert engine.open_case("parts", {}, actor=LIN).case.id == "P-3"
    assert [at for _, at in opened(engine)] == ["2026-03-02 09:00", "2026-03-03 09:00", "2026-03-03 12:00"]


def test_each_instant_is_opened_on_the_version_that_was_newest_then(start: Callable[[ManualTime], Engine]) -> None:
    time = ManualTime("2026-03-01 08:00")
    engine = start(time)
    engine.publish(sources("daily: {every: day at 09:00, with: {kind: old}}"), "parts", actor=ADMIN)
    time.move_to("2026-03-03 09:00")
    two = sources("noon: {every: day at 12:00, with: {kind: new}}, late: {every: day at 12:00}", version=2)
    engine.publish(two, "parts", actor=ADMIN)
    time.move_to("2026-03-04 10:00")
    worded = {path: text.replace("en: Parts", "en: Spare parts") for path, text in two.items()}
    assert engine.publish(worded, "parts", actor=ADMIN).status == "words updated"
    time.move_to("2026-03-05 10:00")
    engine.publish(sources("", version=3), "parts", actor=ADMIN)
    time.move_to("2026-04-01 00:00")  # only now a worker looks
    engine.tick()
    seen = [(at, engine.history(case)[0]["definition"][1], engine.history(case)[0]["schedule"])
            for case, at in opened(engine)]  # fmt: skip
    assert seen == [
        ("2026-03-01 09:00", 1, "daily"), ("2026-03-02 09:00", 1, "daily"),
        ("2026-03-03 12:00", 2, "noon"), ("2026-03-03 12:00", 2, "late"),
        ("2026-03-04 12:00", 2, "noon"), ("2026-03-04 12:00", 2, "late"),
    ]  # fmt: skip
    assert engine.next_work() is None


def test_a_rhythm_of_hours_counts_from_the_publication(start: Callable[[ManualTime], Engine]) -> None:
    time = ManualTime("2026-03-02 08:10")
    engine = start(time)
    engine.publish(sources("often: {every: 4h}"), "parts", actor=ADMIN)
    time.move_to("2026-03-02 20:11")
    engine.tick()
    assert [at for _, at in opened(engine)] == ["2026-03-02 12:10", "2026-03-02 16:10", "2026-03-02 20:10"]


@pytest.mark.parametrize(
    ("every", "since", "until", "expected"),
    [
        # 02:30 does not exist on 2026-03-29 in Berlin: the first instant after the gap
        ("day at 02:30", "2026-03-28 12:00", "2026-03-30 12:00", ["2026-03-29 03:00", "2026-03-30 02:30"]),
        # 02:30 comes twice on 2026-10-25: opened once, at the first
        ("day at 02:30", "2026-10-24 12:00", "2026-10-26 12:00", ["2026-10-25 02:30", "2026-10-26 02:30"]),
        # the leap day is a month's last
        ("month on 31 at 09:00", "2028-02-01 00:00", "2028-04-01 00:00", ["2028-02-29 09:00", "2028-03-31 09:00"]),
        ("week on sun at 00:00", "2026-03-23 12:00", "2026-04-05 12:00", ["2026-03-29 00:00", "2026-04-05 00:00"]),
    ],
)  # fmt: skip
def test_the_wall_clock_of_the_zone_says_when(
    start: Callable[[ManualTime], Engine], every: str, since: str, until: str, expected: list[str]
) -> None:
    time = ManualTime(since, "Europe/Berlin")
    engine = start(time)
    engine.publish(sources(f"some: {{every: {every}}}", zone="Europe/Berlin"), "parts", actor=ADMIN)
    time.move_to(until)
    time.move(1)
    engine.tick()
    assert [at for _, at in opened(engine, "Europe/Berlin")] == expected


def test_a_refused_opening_takes_no_number_and_the_doctor_tells_it(start: Callable[[ManualTime], Engine]) -> None:
    time = ManualTime("2026-03-02 08:00")
    engine = start(time)
    guard = ", guards: {few: {must: form.many < 5, else: {en: too many}}}"
    text = sources("daily: {every: day at 09:00, with: {many: =figures.batch}}", opening=guard)
    text["processes/parts.yaml"] = text["processes/parts.yaml"].replace("allow: [kind, many]", "require: [many]")
    engine.publish(text, "parts", actor=ADMIN)
    time.move_to("2026-03-03 08:00")
    engine.tick()
    assert opened(engine) == []
    [check] = [one for one in engine.doctor() if one.name == "schedules"]
    assert not check.ok
    assert check.words["en"] == "`parts.daily` could not open a case at 2026-03-02 09:00: too many"
    assert engine.open_case("parts", {"many": 1}, actor=LIN).case.id == "P-1"


def test_an_opening_on_which_the_engine_fails_is_set_aside_and_tried_again(
    start: Callable[[ManualTime], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    time = ManualTime("2026-03-02 08:00")
    engine = start(time)
    engine.publish(sources("daily: {every: day at 09:00}"), "parts", actor=ADMIN)
    time.move_to("2026-03-03 10:00")
    with monkeypatch.context() as broken:
        broken.setattr("engine.app.opening.open_scheduled", lambda *_: 1 / 0)
        assert engine.tick().faults == 1
    [fault] = engine.faults()
    assert (fault.root, opened(engine), engine.next_work()) == ("parts", [], None)
    engine.retry_fault(fault.id, actor=ADMIN)
    assert [at for _, at in opened(engine)] == ["2026-03-02 09:00", "2026-03-03 09:00"]


def test_two_workers_on_one_database_open_each_case_once(tmp_path: Path) -> None:
    time = ManualTime("2026-03-02 08:00")
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with Engine.open(url, time=time, create=True) as one, Engine.open(url, time=time) as other:
        one.publish(sources("often: {every: 1m}, rare: {every: 1h}"), "parts", actor=ADMIN)
        for step in range(12):
            time.move(17 * 60_000 + 3)
            (one if step % 2 else other).run_once()
            other.run_once()
        one.tick()
        found = opened(one)
    minutes = 12 * 17
    assert len(found) == minutes + minutes // 60
    assert len({case for case, _ in found}) == len(found)
    assert [at for _, at in found] == sorted(at for _, at in found)


def test_a_version_cannot_be_published_before_what_the_calendar_has_opened(
    start: Callable[[ManualTime], Engine],
) -> None:
    time = ManualTime("2026-03-02 08:00")
    engine = start(time)
    engine.publish(sources("daily: {every: day at 09:00}"), "parts", actor=ADMIN)
    time.move_to("2026-03-02 09:01")
    engine.tick()
    time.move_to("2026-03-02 08:30")  # the clock steps back
    engine.publish(
        sources("daily: {every: day at 09:00}, more: {every: day at 09:00}", version=2), "parts", actor=ADMIN
    )
    time.move_to("2026-03-02 10:00")
    engine.tick()
    assert [at for _, at in opened(engine)] == ["2026-03-02 09:00"]
    assert engine.published()[-1].published_at == read_instant("2026-03-02 09:00", "Asia/Shanghai") + 1


@pytest.mark.parametrize(
    ("schedule", "opening", "rule"),
    [
        ("daily: {every: day at 09:00, with: {kinds: x}}", "", "unknown-field"),
        ("daily: {every: day at 25:00}", "", "bad-time"),
        ("daily: {every: month at 09:00}", "", "bad-time"),
        ("daily: {every: day, calendar: ofice}", "", "unknown-calendar"),
        ("daily: {every: day, with: {many: =case.many}}", "", "unknown-name"),
        ("daily: {every: day, with: {many: =figures.bach}}", "", "unknown-name"),
        ("daily: {every: day, with: {many: three}}", "", "wrong-value"),
        ("daily: {}", "", "missing-key"),
        ("daily: {every: day, at: 09:00}", "", "unknown-key"),
        ("daily: {every: day}", ", then: [{assign: actor}]", "actor-by-time"),
    ],
)
def test_what_cannot_be_is_said_when_it_is_loaded(schedule: str, opening: str, rule: str) -> None:
    loaded = load_process(sources(schedule, opening=opening), "parts")
    assert rule in {found.id for found in loaded.diagnostics}, loaded.diagnostics
