"""A process played line by line on a virtual clock: nothing is stored, nobody is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.cli.said import said_in_words
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.core.cases import Actor, Reason
    from engine.model import ProcessDefinition

_MONDAY = "2026-03-02 09:00"
_SOMEBODY = re.compile(r"[^\s:=]+:[^\s:=]+")


class Answered(NamedTuple):
    """What became of a line."""

    states: tuple[str, ...]  # active afterwards
    refused: tuple[str, ...] = ()  # why it was not done
    cut: tuple[str, ...] = ()  # what the case would have told itself next, too deep to be done


def _whoever(word: str, rest: Sequence[str]) -> str:
    """What a line says of who acts; empty where it says nothing."""
    here = [word, *rest]
    return " ".join(here[here.index("as") + 1 :]) if "as" in here[:1] + here[-2:-1] else ""


class Round:
    """One case of one process; whoever plays holds every role of the desk."""

    def __init__(self, definition: ProcessDefinition, known: Mapping[str, ProcessDefinition], language: str) -> None:
        from engine.core.cases import Actor
        from engine.core.plan import library_in_memory
        from engine.scenarios.world import World
        from engine.values import read_instant

        self._definition = definition
        self._language = language
        self._world = World(library_in_memory(known.values()), read_instant(_MONDAY, definition.desk.zone))
        self._player = Actor(id="player", roles=tuple(definition.desk.roles))
        self._case = ""
        self._seen = 0  # how many records were looked at

    def possible(self) -> tuple[str, ...]:
        """What a line may begin with now."""
        if not self._case:
            return ("open",)
        case = self._world.case(self._case)
        plan = self._world.library.plan(case.process, case.version)
        found = (name for name in plan.chart.possible(case.position) if plan.course(case.position, name).actions)
        return (*found, "wait")

    def line(self, line: str) -> Answered:
        """Do what a line says; the case is opened first where that was not said."""
        from engine.scenarios.script import actor_of

        try:
            word, *rest = shlex.split(line)
        except ValueError as error:
            return self._answer(str(error))
        if word == "as" and len(rest) == 1 and _SOMEBODY.fullmatch(rest[0]):
            self._player = actor_of(rest[0])  # from now on
            return self._answer()
        if (who := _whoever(word, rest)) and not _SOMEBODY.fullmatch(who):
            return self._answer(_("who acts is written `as ROLE:PERSON`, not `as {who}`").format(who=who))
        actor, fields, wrong = self._read(rest)
        if wrong and word != "wait":
            return self._answer(_("`{word}` is not `field=value`").format(word=wrong))
        if word == "open" and self._case:
            return self._answer(_("the case is open already"))
        refused: tuple[Reason, ...] = ()
        if not self._case:
            refused = self._open(fields if word == "open" else {}, actor)
        if refused:
            hint = (
                () if word == "open" else (_("the case is not open yet: `open NAME=VALUE …` opens it with an answer"),)
            )
            return self._answer(*self._said(refused), *hint)
        if word == "open":
            return self._answer()
        if word == "wait":
            return self._wait(rest)
        return self._act(word, fields, actor)

    def _open(self, fields: Mapping[str, str], actor: Actor) -> tuple[Reason, ...]:
        form, facts = _apart(fields)
        found = self._world.open(self._definition.process, form, actor, facts)
        if isinstance(found, str):
            self._case = found
            return ()
        return found

    def _act(self, name: str, fields: Mapping[str, str], actor: Actor) -> Answered:
        form, facts = _apart(fields)
        return self._answer(*self._said(self._world.act(self._case, name, form, actor, facts)))

    def _wait(self, rest: list[str]) -> Answered:
        from engine.calendars import CalendarError, parse_duration

        try:
            length = parse_duration(" ".join(rest))
        except CalendarError as error:
            return self._answer(said_in_words(str(error)))
        self._world.wait_until(self._world.now + length)
        return self._answer()

    def _read(self, words: list[str]) -> tuple[Actor, dict[str, str], str]:
        """Who acts, the fields given, and the first word that is neither."""
        from engine.scenarios.script import actor_of

        actor = self._player
        if len(words) > 1 and words[-2] == "as" and _SOMEBODY.fullmatch(words[-1]):
            actor, words = actor_of(words[-1]), words[:-2]
        wrong = next((word for word in words if "=" not in word), "")
        return actor, {name: value for name, mark, value in (word.partition("=") for word in words) if mark}, wrong

    def _answer(self, *refused: str) -> Answered:
        states = self._world.case(self._case).position.leaves if self._case else ()
        return Answered(states, refused, tuple(self._cut()))

    def _cut(self) -> Iterator[str]:
        """What was told too deep since the line before, and where it is written."""
        from engine.lang.rules.raising import lines_telling
        from engine.model import TELL_DEPTH

        new, self._seen = self._world.steps[self._seen :], len(self._world.steps)
        for step in new:
            if ["depth"] in step.record.get("refused", ()):
                name, process = step.record["name"], step.case.process
                sources = self._world.library.plan(process, step.case.version).definition.sources
                lines = ", ".join(str(line) for line in lines_telling(sources, process, name))
                told = _("`{name}` was not told, at line {lines}: `tell` goes {number} deep")
                yield told.format(name=name, lines=lines, number=TELL_DEPTH)

    def _said(self, reasons: tuple[Reason, ...]) -> tuple[str, ...]:
        return tuple(one.words.get(self._language, one.words["en"]) for one in reasons)


def _apart(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The form and the facts; those are written `facts.NAME=…`."""
    form = {name: value for name, value in fields.items() if not name.startswith("facts.")}
    return form, {name.partition(".")[2]: value for name, value in fields.items() if name.startswith("facts.")}
