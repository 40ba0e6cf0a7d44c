"""The names in a scenario file: each must be one of the process, or of a process that its cases are linked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.core.cases import Actor
from engine.lang.build.used import parts_of
from engine.lang.diagnostics import Diagnostic, did_you_mean, error
from engine.lang.tree import Path
from engine.model import Action as ModelAction
from engine.model import Emit, OpenCase, ProcessDefinition
from engine.scenarios.script import SUBJECTS, Action, Parent, Script

REASONS = frozenset(
    {
        "state", "by", "never_by", "within", "during", "needs", "facts", "form", "find", "unique", "register",
        "claimed", "merge", "error",
    }
)  # fmt: skip
"""What may refuse a step beside guards."""


class _Name(NamedTuple):
    """A name as it is written: its kind, and the way to it from its step."""

    kind: str
    text: str
    path: Path
    known: Iterable[str]
    of: str


class _Expected(NamedTuple):
    """Something that is expected of a case, and the processes which that case may be of."""

    what: str
    rest: list[str]
    path: Path
    processes: list[ProcessDefinition]
    is_linked: bool  # another case than the scenario's own

    def name(self, kind: str, text: str, known: Iterable[str], *at: str | int) -> _Name:
        """A name in it, at this place within."""
        of = " or ".join(f"`{definition.process}`" for definition in self.processes)
        return _Name(kind, text, (*self.path, *at), known, of)


def unknown_names(script: Script, definitions: Mapping[str, ProcessDefinition]) -> Iterator[Diagnostic]:
    """Find the names that do not exist; of processes that are not among the definitions nothing is claimed."""
    if script.process not in definitions:
        if definitions:
            place = script.document.place(("process",))
            message = f"there is no process `{script.process}` beside these scenarios"
            yield error("unknown-process", place, message, did_you_mean(script.process, definitions))
        return
    names = _Names(definitions, definitions[script.process])
    given = script.given
    parent = names.parent(given.parent) if given.parent is not None else ()
    for name in (
        *names.actor(given.actor, ()),
        *names.fields(given.open, ("open",)),
        *names.facts(given.facts),
        *parent,
    ):
        yield from _unknown(script, name, ("given",))
    for scenario in script.scenarios:
        for number, step in enumerate(scenario.steps):
            for name in names.of_step(step):
                yield from _unknown(script, name, ("scenarios", scenario.name, number))


def _unknown(script: Script, name: _Name, start: Path) -> Iterator[Diagnostic]:
    known = sorted(set(name.known))
    if name.text in known:
        return
    path = (*start, *name.path)
    value = (
        name.kind in ("action", "role", "link", "reason", "schedule")
        or name.path in (("hear",), ("from",))
        or name.path in (("expect", "state"), ("parent", "process"), ("parent", "state"))
    )
    place = script.document.place(path) if value else script.document.name_place(path)
    rule = "unknown-name" if name.kind in ("clock", "reason", "schedule", "event", "fact") else f"unknown-{name.kind}"
    article = "an" if name.kind[0] in "ae" else "a"
    message = f"`{name.text}` is not {article} {name.kind} of {name.of}"
    listed = ", ".join(f"`{one}`" for one in known[:8])
    yield error(rule, place, message, did_you_mean(name.text, known) or (f"there is {listed}" if known else None))


class _Names(NamedTuple):
    """What one process's scenarios may name."""

    definitions: Mapping[str, ProcessDefinition]
    main: ProcessDefinition

    def of_step(self, step: Action) -> Iterator[_Name]:
        """Every name in one step."""
        if "by" not in step.refused:  # a stranger may well be refused
            yield from self.actor(step.actor, ())
        yield from self.facts(step.facts or {})
        if step.schedule is not None:
            yield _Name("schedule", step.schedule, ("schedule",), self.main.schedule, f"`{self.main.process}`")
        yield from self._heard(step)
        if step.hold is not None:
            yield from self._reasons(step, set(), f"`{step.hold.verb}`")
        if step.open is not None:
            yield from self.fields(step.open, ("open",)) if "form" not in step.refused else ()
            guards = {guard.name for guard in self.main.opening.guards}
            yield from self._reasons(step, guards, "the opening")
        if step.parent is not None:
            yield from self.parent(step.parent)
        links = tuple(step.case.split(".")) if step.case else ()
        yield from self._links(links, ("case",))
        if step.do is not None:
            yield from self._done(step, self._linked(links))
        for subject, expected in step.expect.items():
            yield from self._expected(subject, expected)

    def parent(self, parent: Parent) -> Iterator[_Name]:
        """Who opens the case, by which link, in which state, and what it knows."""
        main = f"`{self.main.process}`"
        openers = {one.process: one for one in self._openers([self.main])}
        if parent.process not in openers:
            if self._knows_all:
                yield _Name("process", parent.process, ("parent", "process"), openers, f"those that open {main}")
            return
        over, said = openers[parent.process], f"`{parent.process}`"
        links = [link for link, opened in _opened(over).items() if self.main.process in opened]
        if parent.link:
            yield _Name("link", parent.link, ("parent", "as"), links, said)
        yield from (_Name("state", state, ("parent", "state"), over.states, said) for state in parent.states)
        yield from (_Name("field", name, ("parent", "case", name), over.fields, said) for name in parent.fields)

    @property
    def _knows_all(self) -> bool:
        """Whether more than the process itself was read: then the others of its folder were, too."""
        return len(self.definitions) > 1

    def _openers(self, of: Iterable[ProcessDefinition]) -> list[ProcessDefinition]:
        """The processes that open cases of some others."""
        wanted = {definition.process for definition in of}
        every = (self.definitions[name] for name in sorted(self.definitions))
        return [one for one in every if any(wanted & opened for opened in _opened(one).values())]

    def actor(self, actor: Actor | None, path: Path) -> Iterator[_Name]:
        """The role somebody acts in."""
        for role in actor.roles if actor is not None else ():
            yield _Name("role", role, (*path, "as"), {*self.main.desk.roles, "admin"}, "the desk")

    def facts(self, facts: Iterable[str]) -> Iterator[_Name]:
        """What the host brings: a fact of any process that plays."""
        playing = self._all()
        known = {name for definition in playing for name in definition.facts}
        facts = facts if playing else ()
        return (_Name("fact", name, ("facts", name), known, f"`{self.main.process}`") for name in facts)

    def fields(self, form: Iterable[str], path: Path) -> Iterator[_Name]:
        """The answers of the opening's form."""
        form_of = self.main.opening.form
        known = {*form_of.require, *form_of.allow}
        return (_Name("field", name, (*path, name), known, "the opening's form") for name in form)

    def _heard(self, step: Action) -> Iterator[_Name]:
        if step.hear is None:
            return
        yield _Name("event", step.hear, ("hear",), self.main.incoming, f"`{self.main.process}`")
        if step.sender is not None:
            yield _Name("role", step.sender, ("from",), self.main.desk.roles, "the desk")
        incoming = self.main.incoming.get(step.hear)
        if incoming is not None:
            acts = [act for act in _actions(self.main) if act.name == incoming.action]
            guards = {guard.name for act in acts for guard in act.guards}
            yield from self._reasons(step, guards, f"event `{step.hear}`")

    def _done(self, step: Action, processes: list[ProcessDefinition]) -> Iterator[_Name]:
        if not processes or step.do is None:
            return
        said = " or ".join(f"`{definition.process}`" for definition in processes)
        acts = [act for definition in processes for act in _actions(definition)]
        yield _Name("action", step.do, ("do",), {act.name for act in acts}, said)
        meant = [act for act in acts if act.name == step.do]
        if not meant:
            return
        yield from self._reasons(step, {guard.name for act in meant for guard in act.guards}, f"action `{step.do}`")
        asked = {name for act in meant for name in (*act.form.require, *act.form.allow)}
        for name in step.form if "form" not in step.refused else ():
            yield _Name("field", name, ("with", name), asked, f"the form of action `{step.do}`")

    def _reasons(self, step: Action, guards: set[str], said: str) -> Iterator[_Name]:
        for number, reason in enumerate(step.refused):
            path: Path = ("refused",) if len(step.refused) == 1 else ("refused", number)
            yield _Name("reason", reason, path, guards | REASONS, f"{said} to refuse")

    def _expected(self, subject: str, expected: object) -> Iterator[_Name]:
        parts = subject.split(".")
        at = next(number for number, part in enumerate(parts) if part in SUBJECTS)
        links, what, rest = tuple(parts[:at]), parts[at], parts[at + 1 :]
        path: Path = ("expect", subject)
        yield from self._links(links, path)
        if processes := self._linked(links):
            yield from self._named(_Expected(what, rest, path, processes, bool(links)), expected)

    def _named(self, of: _Expected, expected: object) -> Iterator[_Name]:
        """The names in what is expected of a case."""
        match of.what, expected:
            case "state", _:
                states = {state for one in of.processes for state in one.states} | ({"none"} if of.is_linked else set())
                for state in expected if isinstance(expected, list) else [expected]:
                    yield of.name("state", str(state), states)
            case "clocks", _:
                yield of.name("clock", of.rest[0], {clock for one in of.processes for clock in one.clocks})
            case "case", _:
                fields = {field for one in of.processes for field in one.fields}
                yield of.name("field", of.rest[0], fields | {"opened_at"})
            case "allowed", list():
                known = {act.name for definition in of.processes for act in _actions(definition)}
                for number, action in enumerate(expected):
                    yield of.name("action", str(action), known, number)
            case "registered", dict():
                yield from self._registers(expected, of.path)
            case "sent" | "emitted", dict():
                told = of.processes if of.is_linked else self._all()
                known = {name for one in told for name in (_sent(one) if of.what == "sent" else _emitted(one))}
                for message in expected if told else ():
                    yield of.name("message" if of.what == "sent" else "event", str(message), known, str(message))

    def _registers(self, expected: Mapping[str, object], path: Path) -> Iterator[_Name]:
        """The parties of which a register is kept, and what is kept of each."""
        registers = {name: party.register for name, party in self.main.desk.parties.items() if party.register}
        for party, entered in expected.items():
            yield _Name("party", party, (*path, party), registers, "the desk with a register")
            for one, values in entered.items() if isinstance(entered, dict) and party in registers else ():
                for field in values if isinstance(values, dict) else ():
                    yield _Name("field", str(field), (*path, party, one, str(field)), registers[party], "the register")

    def _links(self, links: tuple[str, ...], path: Path) -> Iterator[_Name]:
        for number, link in enumerate(links):
            here = self._linked(links[:number])
            known = {name for definition in here for name in _opened(definition)}
            is_parent = link == "parent" and bool(self._openers(here) or not self._knows_all)
            if here and not is_parent:
                yield _Name("link", link, path, known, " or ".join(f"`{one.process}`" for one in here))

    def _linked(self, links: tuple[str, ...]) -> list[ProcessDefinition]:
        """The processes a case linked so may be of; none if one of them is not known."""
        here = [self.main]
        for link in links:
            if link == "parent":
                here = self._openers(here)
                continue
            names = {process for definition in here for process in _opened(definition).get(link, ())}
            here = [self.definitions[name] for name in sorted(names) if name in self.definitions]
            if len(here) < len(names):
                return []
        return here

    def _all(self) -> list[ProcessDefinition]:
        """The process and those it opens, however far; none if one of them is not known."""
        found = {self.main.process: self.main}
        ahead = [self.main]
        for definition in ahead:  # grows while it is walked
            for name in {name for opened in _opened(definition).values() for name in opened}:
                if name not in self.definitions:
                    return []
                if name not in found:
                    found[name] = self.definitions[name]
                    ahead.append(found[name])
        return ahead


def _actions(definition: ProcessDefinition) -> Iterator[ModelAction]:
    yield from definition.actions.values()
    for state in definition.states.values():
        yield from state.actions.values()


@lru_cache(maxsize=128)
def _opened(definition: ProcessDefinition) -> Mapping[str, set[str]]:
    """Link → the processes opened so."""
    found: dict[str, set[str]] = {}
    for effect in (part for part in parts_of(definition) if isinstance(part, OpenCase)):
        found.setdefault(effect.link, set()).add(effect.process)
    return found


@lru_cache(maxsize=128)
def _emitted(definition: ProcessDefinition) -> set[str]:
    return {part.name for part in parts_of(definition) if isinstance(part, Emit)}


def _sent(definition: ProcessDefinition) -> set[str]:
    """Messages to people, and what goes out to other systems."""
    return _emitted(definition) | definition.messages.keys()
