"""How many commands a second does the core decide, with nothing stored?

The barest process with one guard, as the issue asks; then one with a form and a promise beside the guard. The ratio is
to the one trigger of `transitions` that each decision takes.

    python benchmarks/decision.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, at_least, desk, in_turns, rate, tell
from benchmarks.machine import bare
from engine.core.audit import seal
from engine.core.cases import Actor, Command
from engine.core.decide import act
from engine.core.plan import Library, Plan
from engine.core.sight import Context
from engine.lang.load import load_process
from engine.scenarios import World

NOW = 1_772_413_200_000
CLERK = Actor(id="lin", roles=("clerk",))
WANTED = 25_000
TRIGGERS = 20_000  # of one round of `bare`


def deciding(process: str, form: dict[str, str]) -> Callable[[int], None]:
    """Decide the same command on the same case, so often."""
    loaded = load_process(desk(), process)
    assert loaded.definition is not None, loaded.diagnostics
    library = Library({(process, 1): Plan(loaded.definition)}, {process: ((0, 1),)})
    world = World(library, NOW)
    case = world.open(process, {"amount": "12.50"}, CLERK)
    assert isinstance(case, str), case
    family = world.families[case]
    command = Command(verb="do", case=case, name="pass_on", actor=CLERK, form=form)
    context = Context(library=library, clock=NOW, seal=seal)

    def decide(count: int) -> None:
        for _ in range(count):
            act(family, command, context, NOW)

    decide(100)
    return decide


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Decide, and count."""
    count, rounds = (500, 5) if is_quick else (5_000, 9)
    walk = bare()
    for process, form, question in (
        ("flat", {}, "decide, one guard"),
        ("ring", {"remark": "seen", "amount": "13.00"}, "decide, form, guard and promise"),
    ):
        decide = deciding(process, form)
        _, a_second = rate(decide, count, rounds)
        pair = in_turns(lambda _, decide=decide: decide(count), lambda _: walk(), rounds)  # type: ignore[misc]
        beside = pair.cpu_ratio * count / TRIGGERS
        wanted, holds = at_least(WANTED, a_second) if process == "flat" else ("", None)
        yield Answer(question, f"{a_second:,.0f}/s", beside, "of a bare trigger", wanted, holds)


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
