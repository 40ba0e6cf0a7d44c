"""What the parts of one definition are called in one language, and the people it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.fields import Words, word
from engine.model import Action, ProcessDefinition, Who
from engine.words.phrases import phrase


@dataclass(frozen=True, slots=True)
class Speech:
    """One definition told in one language."""

    definition: ProcessDefinition
    language: str
    renamed: Mapping[str, str] = field(default_factory=dict)  # states, as the version compared with calls them

    def say(self, key: str, **named: object) -> str:
        """A phrase of ours."""
        return phrase(key, self.language, **named)

    def said(self, words: Words, name: str) -> str:
        """A label in this language; the bare name where there is none."""
        return word(words, self.language) or name

    def quoted(self, text: str) -> str:
        """A name within a sentence."""
        return self.say("quoted", text=text)

    def listed(self, parts: Iterable[str]) -> str:
        """Parts in one line, each once."""
        return self.say("comma").join(dict.fromkeys(parts))

    def state(self, name: str) -> str:
        """What a state is called."""
        found = self.definition.states.get(name)
        return name if found is None else self.said(found.label, name)

    def action(self, name: str) -> str:
        """What an action is called; of several of one name the first."""
        found = next((one for one in every_action(self.definition) if one.name == name), None)
        return name if found is None else self.said(found.label, name)

    def field(self, name: str) -> str:
        """What a field, a fact or a figure is called."""
        known = self.definition
        found = known.fields.get(name) or known.facts.get(name) or known.figures.get(name)
        return name if found is None else self.said(found.label, name)

    def clock(self, name: str) -> str:
        """What a promise is called."""
        found = self.definition.clocks.get(name)
        return name if found is None else self.said(found.label, name)

    def calendar(self, name: str) -> str:
        """What a calendar is called."""
        found = self.definition.calendars.get(name)
        return name if found is None else self.said(found.label, name)

    def people(self, who: Iterable[Who]) -> str:
        """These people in one line; nobody where there is none."""
        return self.listed(self._one(one) for one in who) or self.say("nobody")

    def _one(self, who: Who) -> str:
        if who.kind == "role":
            return self.said(self.definition.desk.roles.get(who.name, {}), who.name)
        if who.kind == "party":
            party = self.definition.desk.parties.get(who.name)
            return who.name if party is None else self.said(party.label, who.name)
        if who.kind == "field":
            return self.say("person_in", field=self.field(who.name))
        if who.kind == "did" and who.name == "opening":
            return self.say("who_opened")
        if who.kind == "did":
            return self.say("who_did", action=self.quoted(self.action(who.name)))
        return self.say(who.kind)


def every_action(definition: ProcessDefinition) -> Iterator[Action]:
    """Every action as it is written: those of the top, then those of each state."""
    yield from definition.actions.values()
    for state in definition.states.values():
        yield from state.actions.values()
