"""A desk small enough to be counted by hand or by a formula."""

from __future__ import annotations

from collections.abc import Mapping

from engine.calendars import always
from engine.core.cases import EMPTY
from engine.core.plan import Library, library_in_memory
from engine.lang.load import load_process
from engine.model import ProcessDefinition
from engine.simulation.assumptions import Answer, Arrivals, Assumptions, Doing, Spread, Team
from engine.simulation.figures import Simulated
from engine.simulation.run import Variant
from engine.simulation.together import simulate
from engine.values import read_instant

ZONE = "Asia/Shanghai"
DESK = (
    f"desk: shop\nlanguages: [en]\nzone: {ZONE}\ncurrency: CNY\n"
    "roles: {agent: {en: Agent}, expert: {en: Expert}, manager: {en: Manager}}\n"
)
JOB = """process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: open
fields: {kind: {type: text, label: {en: Kind}}, helper: {type: person, role: expert, label: {en: Helper}}}
facts: {here: {type: list, of: person}}
opening: {by: [agent], form: {allow: [kind]}}
clocks: {quick: {label: {en: Quick}, goal: 15m, met_by: [finish]}}
states:
  open:
    label: {en: Open}
    waiting_on: agent
    actions:
      finish: {label: {en: Finish}, by: [agent], to: over}
      ask:
        label: {en: Ask}
        by: [agent]
        form: {require: [helper]}
        guards: {there: {must: form.helper in facts.here, else: {en: Not here}}}
        to: asked
  asked:
    label: {en: Asked}
    waiting_on: case.helper
    timers: {lapses: {after: 2h, to: open}}
    actions:
      answer: {label: {en: Answer}, by: [case.helper], never_by: [did.ask], to: open}
  over: {label: {en: Over}, final: done}
"""
MONDAY = read_instant("2026-03-02 00:00", ZONE)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def job() -> tuple[ProcessDefinition, Library]:
    loaded = load_process({"desk.yaml": DESK, "job.yaml": JOB}, "job", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    return loaded.definition, library_in_memory([loaded.definition])


def fixed(minutes: float) -> Spread:
    return Spread("fixed", (round(minutes * MINUTE),))


def agents(count: int) -> tuple[Team, ...]:
    return (Team(roles=("agent",), count=count, calendar=always(ZONE)),)


def assumed(
    arrivals: Arrivals,
    *doings: Doing,
    teams: tuple[Team, ...],
    days: int = 1,
    facts: Mapping[str, Answer] = EMPTY,
) -> Assumptions:
    return Assumptions(
        process="job", since=MONDAY, days=days, arrivals=(arrivals,), opener="agent", opening={}, facts=facts,
        doings={one.action: one for one in doings}, teams=teams,
    )  # fmt: skip


def played(assumptions: Assumptions, seed: int = 1) -> Simulated:
    return simulate([Variant(title="", library=job()[1], assumed=assumptions, seed=seed)])[0]


def at(*times: str) -> Arrivals:
    return Arrivals(past=tuple(read_instant(f"2026-03-02 {time}", ZONE) for time in times))
