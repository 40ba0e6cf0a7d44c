"""What the checker calls surely set is set, whatever people do: random processes, random days."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chart import Chart, Microstep, Position
from engine.chart.drawing import DECIDE, Way, chart_of
from engine.lang.build.cursor import Cursor
from engine.lang.build.outline import outline_of
from engine.lang.build.presence import Presence, presence_of
from engine.lang.load import load_process
from engine.lang.manual.pages import example_sources
from engine.lang.source import read
from engine.model import ClearFields, Effect, Form, ProcessDefinition, SetFields

FIELDS = ("f1", "f2", "f3")
FLAT = ("s1", "s2", "s3")
REGIONS = {"r1": ("x1", "x2", "x3"), "r2": ("z1", "z2", "z3")}  # the last of each ends its region


def names(data: st.DataObject, most: int = 2) -> list[str]:
    """Some fields."""
    return data.draw(st.lists(st.sampled_from(FIELDS), max_size=most, unique=True))


def form(data: st.DataObject) -> str:
    """A form that requires some fields and allows others."""
    require = names(data)
    allow = [name for name in names(data) if name not in require]
    return f"form: {{require: [{', '.join(require)}], allow: [{', '.join(allow)}]}}"


def effects(data: st.DataObject) -> str:
    """Up to two effects, each of which may have a condition."""
    found = []
    for _ in range(data.draw(st.integers(0, 2))):
        when = data.draw(st.sampled_from(["", "if: did.opening > 1, "]))
        field = data.draw(st.sampled_from(FIELDS))
        found.append(data.draw(st.sampled_from([f"{{{when}set: {{{field}: v}}}}", f"{{{when}clear: [{field}]}}"])))
    return f"then: [{', '.join(found)}]"


def targets(data: st.DataObject, known: tuple[str, ...]) -> str:
    """One target, or branches of which one asks for a field."""
    one = data.draw(st.sampled_from(known))
    if data.draw(st.booleans()):
        return one
    field = data.draw(st.sampled_from(FIELDS))
    return f"[{{if: has(case.{field}), is: {one}}}, {{is: {data.draw(st.sampled_from(known))}}}]"


def action(data: st.DataObject, name: str, known: tuple[str, ...]) -> str:
    """One action on a line."""
    field = data.draw(st.sampled_from(("", *FIELDS)))
    guard = f"guards: {{g: {{must: has(case.{field}), else: {{en: Unset}}}}}}, " if field else ""
    return (
        f"{name}: {{label: {{en: A}}, by: [agent], {form(data)}, {guard}{effects(data)}, to: {targets(data, known)}}}"
    )


def state(data: st.DataObject, name: str, known: tuple[str, ...], indent: str) -> str:
    """One state with an action or two, effects on entering, perhaps a timer."""
    inner = ", ".join(action(data, f"a{number}_{name}", known) for number in range(data.draw(st.integers(1, 2))))
    enter = effects(data).replace("then", "on_enter")
    timer = (
        f"timers: {{t: {{after: 1h, {effects(data)}, to: {targets(data, known)}}}}}, "
        if data.draw(st.booleans())
        else ""
    )
    return f"{indent}{name}: {{label: {{en: S}}, {enter}, {timer}actions: {{{inner}}}}}\n"


def process(data: st.DataObject) -> str:
    """A random process: flat states, and perhaps two regions."""
    fields = "".join(f"  {name}: {{type: text, label: {{en: F}}}}\n" for name in FIELDS)
    with_regions = data.draw(st.booleans())
    known = (*FLAT, "stay", "previous", "previous", "closed", *(("both",) if with_regions else ()))
    text = f"fields:\n{fields}opening: {{by: [agent], {form(data)}, {effects(data)}}}\ninitial: s1\n"
    text += f"actions:\n  {action(data, 'top', (*FLAT, 'stay'))}\n"
    text += "states:\n" + "".join(state(data, name, known, "  ") for name in FLAT)
    if with_regions:
        text += f"  both:\n    label: {{en: Both}}\n    parallel: true\n    done: {targets(data, FLAT)}\n    states:\n"
        for region, (one, other, last) in REGIONS.items():
            text += f"      {region}:\n        label: {{en: R}}\n        initial: {one}\n        states:\n"
            inside = (one, other, last, "stay", *data.draw(st.sampled_from([(), ("s1",)])))
            text += state(data, one, inside, "          ") + state(data, other, inside, "          ")
            text += f"          {last}: {{label: {{en: L}}, final: true}}\n"
    reopen = action(data, "reopen", FLAT)
    return text + f"  closed: {{label: {{en: C}}, final: done, actions: {{{reopen}}}}}\n"


class Day:
    """One case, driven at random; what is set is known exactly."""

    def __init__(self, definition: ProcessDefinition, presence: Presence, data: st.DataObject) -> None:
        self.definition = definition
        self.presence = presence
        self.data = data
        self.chart: Chart = chart_of(definition)
        self.set: set[str] = set()
        self.position = Position(())

    def fill(self, form: Form) -> None:
        """Give what is required; of what is allowed give, clear or leave out."""
        self.set |= set(form.require)
        for name in form.allow:
            how = self.data.draw(st.sampled_from(["give", "clear", "leave"]))
            if how != "leave":
                (self.set.add if how == "give" else self.set.discard)(name)

    def do(self, effects: tuple[Effect, ...]) -> None:
        """Do effects; one with a condition may happen or not."""
        for effect in effects:
            if effect.when is not None and not self.data.draw(st.booleans()):
                continue
            if isinstance(effect, SetFields):
                self.set |= set(effect.values)
            elif isinstance(effect, ClearFields):
                self.set -= set(effect.names)

    def open(self) -> None:
        self.fill(self.definition.opening.form)
        self.take(self.chart.begin(), ())
        self.do(self.definition.opening.then)
        self.hold()

    def take(self, microstep: Microstep, ways: tuple[Way, ...]) -> None:
        """One microstep: whose turn it is, then effects, then what is done on entering."""
        self.position = microstep.position
        entered = microstep.entered
        for leaf in self.position.leaves:
            assert self.presence.waiting(leaf) <= self.set, ("waiting", leaf)
        for way in ways:
            origin = way.action or way.timer
            self.do((*(origin.then if origin is not None else ()), *way.branch.then))
        for name in entered:
            if not self.definition.states[name].children:
                assert self.presence.entering(name) <= self.set, ("entering", name)
            self.do(self.definition.states[name].on_enter)

    def hold(self) -> None:
        """Everything that is called surely set here is."""
        for leaf in self.position.leaves:
            assert self.presence.during(leaf) <= self.set, ("during", leaf, self.set)
        assert self.presence.ever() <= self.set

    def step(self) -> bool:
        """Do something that is possible; whether anything is."""
        ended = [f"done.{group}" for group in self.chart.ended(self.position)]
        events = [e for e in self.chart.possible(self.position) if not e.startswith("done.") and e != DECIDE]
        events = [e for e in ended if any(self.chart.offered(self.position, e))] or events
        if not events:
            return False
        event = self.data.draw(st.sampled_from(sorted(events)))
        offered = [arcs for arcs in self.chart.offered(self.position, event) if arcs]
        if not offered:
            return False
        first: Any = offered[0][0].payload
        if first.action is not None:
            if any(guard.must.text[9:-1] not in self.set for guard in first.action.guards):
                return True  # refused
            self.fill(first.action.form)
        chosen = []
        for arcs in offered:
            holding = [arc for arc in arcs if self.holds(arc.payload)]
            chosen += holding[:1]
        arcs = self.chart.without_conflicts(tuple(dict.fromkeys(chosen)), self.position)
        if arcs:
            ways: tuple[Any, ...] = tuple(arc.payload for arc in arcs)
            self.take(self.chart.microstep(self.position, arcs), ways)
            self.hold()
        return bool(arcs)

    def holds(self, way: Any) -> bool:
        """Whether a branch holds: `has(case.F)` asks for a field."""
        return way.branch.when is None or way.branch.when.text[9:-1] in self.set


@settings(max_examples=120)
@given(st.data())
def test_what_is_called_surely_set_is_set(data: st.DataObject) -> None:
    text = process(data)
    loaded = load_process(example_sources(text), "example", rules=False)
    assert loaded.definition is not None, (text, [(str(one.span), one.message) for one in loaded.diagnostics])
    document, _ = read(example_sources(text)["example.yaml"], "example.yaml")
    assert document.root is not None
    presence = presence_of(outline_of(Cursor(document, document.root)), FIELDS)
    day = Day(loaded.definition, presence, data)
    day.open()
    for _ in range(data.draw(st.integers(5, 25))):
        if not day.step():
            break
