from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from transitions import Event, Machine

from engine.chart import NOWHERE, Arc, Chart, Position
from engine.core.machine import LIMIT, OPENING, WIDE, Endless, ProcessMachine
from engine.errors import DefinitionError
from tests.unit.charts import Walk, always, grow, previous, stay, to

REPAIR = """
    reported
    dispatched
    waiting_part
    closed outcome
"""

ARCS = (
    to("reported", "dispatch", "dispatched"),
    to("dispatched", "wait", "waiting_part"),
    to("dispatched", "close", "closed"),
    to("closed", "reopen", "reported"),
    previous("waiting_part"),
    stay("", "note"),
)

STRANDS = """
    reported
    both parallel
      repair
        repairing
        repaired final
      customer
        informed
        satisfied final
    checking
    closed outcome
"""


@pytest.fixture
def triggers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all triggers of `transitions` that succeed."""
    names: list[str] = []
    trigger = Event.trigger

    def counting(event: Event, *args: object, **kwargs: object) -> bool:
        moved = trigger(event, *args, **kwargs)
        names.extend([event.name] if moved else [])
        return moved

    monkeypatch.setattr(Event, "trigger", counting)
    return names


# -- one trigger for each change ---------------------------------------------------------------------------------------


def test_opening_a_case_is_a_trigger(triggers: list[str]) -> None:
    assert Walk(grow(REPAIR, *ARCS)).at == "reported"
    assert triggers == ["on opening"]


def test_every_change_of_state_is_one_trigger_staying_and_returning_included(triggers: list[str]) -> None:
    case = Walk(grow(REPAIR, *ARCS))
    assert case.go("dispatch", "note", "wait", "previous", "close", "reopen") == "reported"
    assert triggers == ["on opening", "on dispatch", "on note", "on wait", "on previous", "on close", "on reopen"]


def test_each_microstep_of_a_step_is_one_trigger(triggers: list[str]) -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "", "repaired"),
        to("informed", "agree", "satisfied"),
        to("both", "done.both", "checking"),
        to("checking", "", "closed"),
    ]
    case = Walk(grow(STRANDS, *arcs))
    steps = 1
    for event in ("begin", "agree"):
        case.go(event)
        steps += len(case.steps)
    assert case.at == "closed"
    assert triggers == ["on opening", "on begin", "on ", "on agree", "on done.both", "on "]
    assert steps == len(triggers)


def test_what_may_not_be_taken_changes_nothing(triggers: list[str]) -> None:
    case = Walk(grow(REPAIR, *ARCS), lambda arc: arc.event != "dispatch")
    before = case.position
    for event in ("dispatch", "close", "unheard_of", "opening", ""):
        case.go(event)
        assert case.steps == []
    assert case.position == before
    assert triggers == ["on opening"]


def test_the_machine_holds_no_case() -> None:
    machine = ProcessMachine(grow(REPAIR, *ARCS))
    first, second = (next(machine.run(NOWHERE, OPENING, always)).position for _ in range(2))
    moved = next(machine.run(first, "dispatch", always)).position
    assert (moved.leaves, second.leaves) == (("dispatched",), ("reported",))
    assert next(machine.run(second, "dispatch", always)).position == moved


# -- what follows by itself --------------------------------------------------------------------------------------------


def test_arcs_without_event_come_before_groups_that_have_ended() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "finish", "satisfied"),
        to("both", "", "checking"),
        to("both", "done.both", "closed"),
    ]
    chart = grow(STRANDS, *arcs)
    decided = False
    case = Walk(chart, lambda arc: bool(arc.event) or (decided and "both" in chart.ended(case.position)))
    assert case.go("begin", "finish") == "closed"
    decided = True
    case = Walk(chart, case.passes)
    assert case.go("begin", "finish") == "checking"


def test_a_group_begun_anew_has_not_ended() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "finish", "satisfied"),
        to("both", "", "both"),
        to("both", "done.both", "closed"),
    ]
    chart = grow(STRANDS, *arcs)
    case = Walk(chart, lambda arc: bool(arc.event) or "both" in chart.ended(case.position))
    assert case.go("begin", "finish") == "repairing + informed"


def test_what_waits_is_taken_when_it_may() -> None:
    arcs = [to("reported", "wait", "waiting_part"), to("waiting_part", "", "closed"), stay("", "note")]
    here = False
    case = Walk(grow(REPAIR, *arcs), lambda arc: bool(arc.event) or here)
    assert case.go("wait", "") == "waiting_part"
    here = True
    assert case.go("") == "closed"
    assert case.work == "exit waiting_part, take , enter closed"


def test_what_follows_a_groups_end_waits_until_it_may() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "finish", "satisfied"),
        to("both", "done.both", "closed", payload="paid"),
        Arc("both", "done.both"),  # a branch that stays lets it wait
        stay("", "pay"),
    ]
    paid = True
    case = Walk(grow(STRANDS, *arcs), lambda arc: arc.payload != "paid" or paid)
    assert case.go("begin", "pay") == "repairing + informed"
    paid = False
    assert case.go("finish", "pay", "") == "repaired + satisfied"
    paid = True
    assert case.go("") == "closed"
    case = Walk(case.machine.chart, case.passes)
    paid = False
    case.go("begin", "finish")
    paid = True
    assert case.go("pay") == "closed"
    assert case.work == (
        "take pay, exit satisfied, exit customer, exit repaired, exit repair, exit both, take done.both, enter closed"
    )


def test_later_guards_see_the_work_done_meanwhile() -> None:
    arcs = [to("reported", "dispatch", "dispatched"), to("dispatched", "", "closed")]
    machine = ProcessMachine(grow(REPAIR, *arcs))
    done: list[str] = []
    steps = machine.run(Position(("reported",)), "dispatch", lambda arc: bool(arc.event) or done == ["dispatched"])
    for step in steps:
        done += step.position.leaves
    assert done == ["dispatched", "closed"]


def test_nothing_follows_the_end_of_a_case() -> None:
    arcs = [to("reported", "close", "closed"), to("closed", "", "reported")]
    assert Walk(grow(REPAIR, *arcs)).go("close") == "closed"


def chain(length: int) -> Chart:
    names = [f"s{number}" for number in range(length + 1)]
    arcs = [to(one, "" if number else "go", two) for number, (one, two) in enumerate(pairwise(names))]
    return grow("\n".join(f"    {name}" for name in names), *arcs)


def test_a_process_that_runs_in_a_circle_is_stopped() -> None:
    case = Walk(chain(LIMIT))
    assert case.go("go") == f"s{LIMIT}"  # as long as is allowed
    arcs = [
        to("reported", "go", "dispatched"),
        to("dispatched", "", "waiting_part"),
        to("waiting_part", "", "dispatched"),
    ]
    circle = grow(REPAIR, *arcs)
    with pytest.raises(
        Endless, match="does not come to rest: after 100 microsteps it goes on to `dispatched`"
    ) as caught:
        Walk(circle).go("go")
    assert isinstance(caught.value, DefinitionError)
    assert "lead back" in (caught.value.help or "")


def test_a_step_one_longer_than_allowed_is_stopped() -> None:
    with pytest.raises(Endless):
        Walk(chain(LIMIT + 1)).go("go")


# -- guards ------------------------------------------------------------------------------------------------------------


def asked(answers: Mapping[Any, object]) -> tuple[Callable[[Arc], bool], list[object]]:
    order: list[object] = []

    def passes(arc: Arc) -> bool:
        order.append(arc.payload)
        return answers.get(arc.payload, False)  # type: ignore[return-value]

    return passes, order


def test_branches_are_asked_in_order_until_one_holds_and_each_once() -> None:
    arcs = [to("reported", "go", target, payload=target) for target in ("dispatched", "waiting_part", "closed")]
    machine, begun = ProcessMachine(grow(REPAIR, *arcs)), Position(("reported",))
    passes, order = asked({"waiting_part": True, "closed": True})
    assert next(machine.run(begun, "go", passes)).position.leaves == ("waiting_part",)
    assert order == ["dispatched", "waiting_part"]
    passes, order = asked({})
    assert [*machine.run(begun, "go", passes)] == []
    assert order == ["dispatched", "waiting_part", "closed"]


def test_two_regions_are_asked_each_once_also_where_both_offer_the_same_arc() -> None:
    arcs = [to("repairing", "go", "repaired", payload=1), to("informed", "go", "satisfied", payload=2)]
    machine, begun = ProcessMachine(grow(STRANDS, *arcs)), Position(("repairing", "informed"))
    passes, order = asked({2: True})
    assert next(machine.run(begun, "go", passes)).position.leaves == ("repairing", "satisfied")
    assert order == [1, 2]
    machine = ProcessMachine(grow(STRANDS, Arc("both", "go", payload=3)))
    passes, order = asked({})
    assert [*machine.run(begun, "go", passes)] == []
    assert order == [3]


@pytest.mark.parametrize("answer", ["yes", "ERROR: no such field", 1, [1], None, 0])
def test_only_true_says_yes(answer: object) -> None:
    machine = ProcessMachine(grow(REPAIR, to("reported", "go", "closed", payload="guard")))
    passes, _ = asked({"guard": answer})
    assert [*machine.run(Position(("reported",)), "go", passes)] == []


def test_an_error_in_a_guard_comes_out_as_it_is_and_the_machine_goes_on() -> None:
    case = Walk(grow(REPAIR, *ARCS))

    def fails(arc: Arc) -> bool:
        raise ZeroDivisionError(arc.event)

    with pytest.raises(ZeroDivisionError, match="dispatch"):
        next(case.machine.run(case.position, "dispatch", fails))
    assert case.go("dispatch") == "dispatched"


def test_every_arc_that_an_event_might_take_can_be_named() -> None:
    arcs = [to("reported", "go", "dispatched"), to("reported", "go", "closed"), stay("", "note")]
    machine = ProcessMachine(grow(REPAIR, *arcs))
    assert machine.offers(Position(("reported",)), "go") == arcs[:2]
    assert machine.offers(Position(("reported",)), "unheard_of") == []


# -- what `transitions` must never be given ----------------------------------------------------------------------------


def test_no_text_of_a_definition_is_looked_up_imported_or_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `transitions` takes a string among its guards for the path of a function, imports that and calls it.
    (tmp_path / "trap.py").write_text("from pathlib import Path\n\n\ndef spring(*_):\n    Path('sprung').touch()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    given: list[object] = []
    resolve = Machine.resolve_callable

    def watched(func: object, event_data: object) -> object:
        given.append(func)
        return resolve(func, event_data)  # type: ignore[arg-type]

    monkeypatch.setattr(Machine, "resolve_callable", staticmethod(watched))
    arcs = [
        to("trap.spring", "trap.spring", "spring", payload="trap.spring"),
        to("spring", "trap.spring", "trap.spring", payload="trap.spring"),
        Arc("trap.spring", "state", payload="trap.spring"),
    ]
    case = Walk(grow("    trap.spring\n    spring", *arcs))
    assert case.go("trap.spring", "trap.spring", "state") == "trap.spring"
    assert len(given) == 3
    assert all(callable(one) for one in given)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("word", ["state", "trigger", "initial", "model", "to", "may_go", "on_enter", "None", "self"])
def test_words_that_transitions_reserves_are_names_like_others(word: str) -> None:
    case = Walk(grow(f"    begun\n    {word}", to("begun", word, word), to(word, word, "begun")))
    assert case.go(word) == word
    assert case.go(word) == "begun"


# -- bounded and shared ------------------------------------------------------------------------------------------------


def many_regions(regions: int, arcs: int) -> Chart:
    lines, links = ["    all parallel"], []
    for region in range(regions):
        lines.append(f"      r{region}")
        lines += [f"        r{region}.{place}" for place in range(arcs + 1)]
        links += [to(f"r{region}.0", "go", f"r{region}.{n}", payload=(region, n)) for n in range(1, arcs + 1)]
    return grow("\n".join(lines), *links)


def test_an_event_with_countless_outcomes_is_prepared_as_they_come(triggers: list[str]) -> None:
    # Twelve regions with three branches each have 16 million outcomes.
    machine, dice = ProcessMachine(many_regions(12, 3)), Random(7)
    begun = next(machine.run(NOWHERE, OPENING, always)).position
    for _ in range(3 * WIDE):
        holds = {(region, n) for region in range(12) for n in (1, 2, 3) if dice.random() < 0.3}
        first = [min((n for n in (1, 2, 3) if (region, n) in holds), default=0) for region in range(12)]
        del triggers[:]
        steps = [*machine.run(begun, "go", lambda arc, holds=holds: arc.payload in holds)]  # type: ignore[misc]
        assert [step.position.leaves for step in steps] == [tuple(f"r{r}.{n}" for r, n in enumerate(first))]
        assert triggers == ["on go"]


def test_guards_that_all_fail_take_nothing_however_many_they_are() -> None:
    machine = ProcessMachine(many_regions(6, 3))
    begun = next(machine.run(NOWHERE, OPENING, always)).position
    assert [*machine.run(begun, "go", lambda _: False)] == []
    assert [*machine.run(begun, "go", lambda _: False)] == []


def test_which_guards_are_asked_does_not_depend_on_what_was_met_before() -> None:
    # Found by threads that shared a machine: a way met by one case asked guards that another had no need of.
    chart = many_regions(6, 3)
    begun = next(ProcessMachine(chart).run(NOWHERE, OPENING, always)).position
    used, dice = ProcessMachine(chart), Random(3)
    for _ in range(200):
        answers = {(region, n): dice.random() < 0.5 for region in range(6) for n in (1, 2, 3)}
        asked_fresh, asked_used = asked(answers), asked(answers)
        first = [*ProcessMachine(chart).run(begun, "go", asked_fresh[0])]
        again = [*used.run(begun, "go", asked_used[0])]
        assert [step.position for step in again] == [step.position for step in first]
        assert asked_used[1] == asked_fresh[1]


def ways(machine: ProcessMachine) -> int:
    events = machine._machine.events
    return sum(len(of) for of in events["on go"].transitions.values()) if "on go" in events else 0


def test_outcomes_met_again_are_not_prepared_again_and_those_met_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core.machine.KEEP", 200)
    machine = ProcessMachine(many_regions(5, 3))
    begun = next(machine.run(NOWHERE, OPENING, always)).position

    def go(number: int) -> None:
        next(machine.run(begun, "go", lambda arc: arc.payload != (number % 5, 1 + number // 5 % 3)))

    for number in [*range(15)] * 3:
        go(number)
    prepared = ways(machine)
    go(3)
    assert ways(machine) == prepared
    most = 0
    for number in range(2**10):
        held = {(bit % 5, 1 + bit // 5) for bit in range(10) if number >> bit & 1} | {(0, 3)}
        next(machine.run(begun, "go", lambda arc, held=held: arc.payload in held))  # type: ignore[misc]
        most = max(most, ways(machine))
    assert prepared < most <= 200


def walk(machine: ProcessMachine, seed: int) -> Iterator[Position]:
    dice = Random(seed)

    def passes(_: Arc) -> bool:
        return dice.random() < 0.6

    position = [step.position for step in machine.run(NOWHERE, OPENING, always)][-1]
    for _ in range(40):
        for step in machine.run(position, dice.choice(["go", "back", "on"]), passes):
            position = step.position
            yield position


def tangled() -> Chart:
    """Return a chart in which very many positions can be reached."""
    chart = many_regions(4, 3)
    for region in range(4):
        for place in range(4):
            chart.connect(to(f"r{region}.{place}", "on", f"r{region}.{(place + 1) % 4}"))
            chart.connect(previous(f"r{region}.{place}", "back"))
    return chart


def test_a_machine_that_has_prepared_too_much_begins_anew_and_moves_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [[*walk(ProcessMachine(tangled()), seed)] for seed in range(6)]
    monkeypatch.setattr("engine.core.machine.KEEP", 100)
    machine = ProcessMachine(tangled())
    for seed, positions in enumerate(expected):
        assert [*walk(machine, seed)] == positions
        assert len(machine._prepared) <= 100
        assert machine._kept <= 100 + WIDE + 1
    assert len({position for positions in expected for position in positions}) > 150


def test_threads_share_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [[*walk(ProcessMachine(tangled()), seed)] for seed in range(8)]
    monkeypatch.setattr("engine.core.machine.KEEP", 60)  # it is forgotten under their feet
    machine, found = ProcessMachine(tangled()), {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: [*walk(machine, n)]})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [found.get(seed) for seed in range(8)] == expected
