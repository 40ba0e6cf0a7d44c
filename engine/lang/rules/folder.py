"""Rules about what a desk shares: only where all its processes are known can be said that nobody uses a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.lang.build.cursor import Cursor, names_in, text_of
from engine.lang.build.used import Used
from engine.lang.diagnostics import Diagnostic, Span
from engine.lang.rules.rule import Spot


@dataclass(frozen=True, slots=True)
class Shared:
    """A folder all of whose processes could be read."""

    processes: tuple[Cursor, ...]
    desk: Cursor
    messages: Cursor | None  # the desk's
    calendars: Mapping[str, Span]
    used: Used  # by all processes together

    def declared(self, key: str) -> Iterator[tuple[str, Span]]:
        """The names of a section of desk.yaml."""
        table = self.desk.get(key)
        return ((name, cursor.name_span) for name, cursor in (table.entries() if table is not None else ()))


@dataclass(frozen=True, slots=True)
class FolderRule:
    """One rule about a whole folder; all are warnings."""

    id: str
    find: Callable[[Shared], Iterator[Spot]]

    def findings(self, shared: Shared) -> Iterator[Diagnostic]:
        """What it finds."""
        for spot in self.find(shared):
            yield Diagnostic(self.id, "warning", spot.span, spot.message, spot.mend, spot.related)


def _rule(id: str) -> Callable[[Callable[[Shared], Iterator[Spot]]], FolderRule]:
    return lambda find: FolderRule(id, find)


@_rule("unused-role")
def unused_role(shared: Shared) -> Iterator[Spot]:
    """A role that no process names."""
    used = shared.used.roles | set(names_in(shared.desk.get("assigners")))
    for name, span in shared.declared("roles"):
        if name not in used:
            yield Spot(span, f"no process names role `{name}`", "use it, or take it away")


@_rule("unused-shared")
def unused_shared(shared: Shared) -> Iterator[Spot]:
    """A party, field, figure, choice or ladder of the desk that no process uses."""
    choices, ladders = _named(shared, "choices", "thresholds")
    known = {
        "parties": shared.used.parties | _reached(shared), "fields": shared.used.fields, "figures": shared.used.figures,
        "choices": choices, "ladders": ladders,
    }  # fmt: skip
    one = {
        "parties": "party",
        "fields": "field",
        "figures": "figure",
        "choices": "list of choices",
        "ladders": "ladder",
    }
    for section, used in known.items():
        for name, span in shared.declared(section):
            if name not in used:
                yield Spot(span, f"no process uses the {one[section]} `{name}`", "use it, or take it away")


def _reached(shared: Shared) -> set[str]:
    """The parties whose phone or e-mail a process asks for: by these is found what was opened twice."""
    parties = shared.desk.get("parties")
    found = set()
    for name, party in parties.entries() if parties is not None else ():
        ways = {text_of(party.get(way)).removeprefix("case.") for way in ("phone", "email")}
        found |= set() if ways.isdisjoint(shared.used.fields) else {name}
    return found


def _named(shared: Shared, *keys: str) -> Iterator[set[str]]:
    """For each key every text that stands under it, in any of the files."""
    found: dict[str, set[str]] = {key: set() for key in keys}
    ahead = [shared.desk.plain, *(process.plain for process in shared.processes)]
    while ahead:
        here = ahead.pop()
        if isinstance(here, dict):
            for key in here.keys() & keys:
                if isinstance(here[key], str):
                    found[key].add(here[key])
            ahead += [inner for inner in here.values() if inner.__class__ is not str]
        elif isinstance(here, list):
            ahead += here
    return iter(found.values())


@_rule("unused-calendar")
def unused_calendar(shared: Shared) -> Iterator[Spot]:
    """A calendar by which nothing counts."""
    during = {text_of(party.get("during")) for party in _tables(shared.desk.get("parties"))}
    for name, span in shared.calendars.items():
        if name not in shared.used.calendars | during:
            yield Spot(span, f"nothing counts by calendar `{name}`", "use it, or take the file away")


def _tables(table: Cursor | None) -> Iterator[Cursor]:
    return (cursor for _, cursor in (table.entries() if table is not None else ()))


@_rule("unused-message")
def unused_message(shared: Shared) -> Iterator[Spot]:
    """A message of the desk that no process sends."""
    for name, cursor in shared.messages.entries() if shared.messages is not None else ():
        if name not in shared.used.messages:
            yield Spot(cursor.name_span, f"nothing sends message `{name}`", "send it by `notify`, or take it away")


@_rule("same-prefix")
def same_prefix(shared: Shared) -> Iterator[Spot]:
    """Two processes whose cases would be numbered alike."""
    first: dict[str, str] = {}
    for cursor in shared.processes:
        prefix, process = cursor.get("prefix"), text_of(cursor.get("process"))
        if prefix is not None and first.setdefault(prefix.text, process) != process:
            message = f"`{prefix.text}` is the prefix of process `{first[prefix.text]}` too"
            yield Spot(prefix.span, message, "give each process a prefix of its own")


FOLDER_RULES = (unused_role, unused_shared, unused_calendar, unused_message, same_prefix)
