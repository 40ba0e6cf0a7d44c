"""The stored case must equal the replay of its records through its definition."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.core.cases import BESIDE, EMPTY, ENGINE, Actor, Case, Command, Family, Step
from engine.core.plan import Library
from engine.core.run import Poisoned, Run, newborn
from engine.core.sight import Context, Unknown
from engine.errors import EngineError, VerificationFailed
from engine.fields import Value
from engine.json_text import decode

NOT_DECIDED = ("recorded_at", "prev", "key", "occurred_at", "sent_to", "raised", "heard_at", "given", "definition")
"""What a record says beside the decision."""

COMMANDS = ("open", "do", "tell", "claim", "release", "assign", "attach", "merge", "take_in", "migrate", *BESIDE)

FOLLOWING = ("open", "tell", "judge", "open refused", "tell refused")
"""What follows from a record before it."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A record that the replay does not explain."""

    case: str
    sequence: int
    why: str


@dataclass(slots=True)
class Replayed:
    """What the replay found: the family as it must be, sealed values taken from the records, and the first flaw."""

    family: Family | None = None
    steps: list[Step] = field(default_factory=list)
    sealed: int = 0
    flaw: Flaw | None = None


class _Differs(EngineError):
    """The replay does not give this record."""

    def __init__(self, record: Mapping[str, Any], why: str) -> None:
        super().__init__(why)
        self.record = record


def replay(records: Iterable[str], library: Library, read: Callable[[str], Any] = decode) -> Replayed:
    """Run a family's records, in the family's order, through their definitions; the steps are linked to nothing.

    `read` gives what a text says as JSON; who has read them before passes one that remembers.
    """
    found = Replayed()
    try:
        _Replay(found, library).run([read(text) for text in records])
    except _Differs as differs:
        found.flaw = Flaw(differs.record.get("case", "?"), differs.record.get("seq", 0), differs.message)
    return found


PARTS = ("verb", "name", "case", "seq", "at", "actor", "recorded_at", "definition")
"""What every record has."""


def _check_readable(records: Iterable[dict[str, Any]]) -> None:
    at = 0
    for record in records:
        if lacking := [part for part in PARTS if part not in record]:
            raise _Differs(record, f"it lacks `{lacking[0]}`")
        if not isinstance(record["at"], int) or record["at"] < at:
            raise _Differs(record, "its instant lies before that of the record before it")
        at = record["at"]


class _Replay:
    """Walks the records; every step made must be the next record."""

    def __init__(self, found: Replayed, library: Library) -> None:
        self.found = found
        self.library = library
        self.records: list[dict[str, Any]] = []
        self.place = 0
        self.by_place: dict[tuple[str, int], dict[str, Any]] = {}
        self.has_looked = False  # whether any of the records says what was looked up

    def run(self, records: list[dict[str, Any]]) -> None:
        _check_readable(records)
        self.records = records
        if not records:
            return
        self.by_place = {(record["case"], record["seq"]): record for record in records}
        self.has_looked = any("found" in record for record in records)
        run = Run(records[0]["case"], {}, self._context(records[0]))
        while self.place < len(records):
            record = records[self.place]
            run.context, run.steps, run.entered = self._context(record), [], ()
            try:
                self._make(run, record)
            except (TypeError, ValueError, AttributeError, Poisoned) as error:  # whoever chained it anew wrote nonsense
                raise _Differs(record, f"it cannot be carried out: {error}") from error
            self.found.family = run.family
            self._compare(run.steps)

    def _context(self, record: dict[str, Any]) -> Context:
        return Context(
            self.library, record.get("recorded_at", 0), self._sealed, found=self._looked_up(),
            asks=record["verb"] in COMMANDS and "schedule" not in record, is_linked=False,
        )  # fmt: skip

    def _sealed(self, case: Case, sequence: int, name: str, value: Value) -> Value:
        source = self.by_place.get((case.id, sequence), {})
        self.found.sealed += 1
        if source.get("form", {}).get(name) == value:
            return value  # given by the form; an effect of the same step may have set it anew
        return source.get("changed", {}).get(name) or value

    def _looked_up(self) -> Mapping[str, Any]:
        """What this record and those that follow from it say was looked up in other families."""
        if not self.has_looked:
            return EMPTY
        found: dict[str, Any] = {}
        for place in range(self.place, len(self.records)):
            record = self.records[place]
            if place > self.place and not (record["actor"] == ENGINE.id and record["verb"] in FOLLOWING):
                break
            found = {**record.get("found", {}), **found}
        return found

    def _make(self, run: Run, record: dict[str, Any]) -> None:
        try:
            if record["verb"] in COMMANDS:
                self._command(run, record)
            elif record["verb"] in ("timer", "threshold", "breach"):
                due = run.next_due(record["at"] + 1)
                if due is None or due.at != record["at"]:
                    raise _Differs(record, "nothing falls due at this instant")
                run.fire(due)
            else:
                raise _Differs(record, f"no command or instant led to this `{record['verb']}`")
        except KeyError as missing:
            raise _Differs(record, f"the definition or case {missing} is not known") from missing
        except VerificationFailed as missing:
            raise _Differs(record, missing.message) from missing
        except Unknown as unknown:
            raise _Differs(record, f"the record does not say what was looked up: {unknown.text}") from unknown

    def _command(self, run: Run, record: dict[str, Any]) -> None:
        if early := run.next_due(record["at"]):
            raise _Differs(record, f"`{early.case}` had something due before, which is not recorded")
        command = _command(record)
        if record["verb"] == "open":
            plan = self.library.plan(command.name, command.version)
            case = newborn(plan, command.case, record["at"])
        else:
            case = run.cases[command.case]
        if "refused" in record:
            run.refuse_as(
                command, case, record["at"], {n: record[n] for n in ("refused", "form", "read") if n in record}
            )
            return
        reasons = run.command(command, case, record["at"])
        if reasons:
            raise _Differs(record, f"it would be refused: {reasons[0].rule}")

    def _compare(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if self.place >= len(self.records):
                raise _Differs(step.record, "the replay goes on where the records end")
            record = self.records[self.place]
            self.place += 1
            wrong = None
            if not _is_alike(step.record, record):
                wrong = next(_differences(step.record, record), None)
            if wrong is not None:
                raise _Differs(record, wrong)
            self.found.steps.append(step)


def _is_alike(made: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether nothing can differ: seen as a whole, which costs less than to ask each part; False: look at them."""
    return {**made, **{name: record[name] for name in NOT_DECIDED if name in record}} == record


def _differences(made: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(made.keys() | record.keys()):
        if name not in NOT_DECIDED and made.get(name) != record.get(name):
            yield f"`{name}` is {_short(record.get(name))}, the replay gives {_short(made.get(name))}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


FORMS = {**dict.fromkeys(COMMANDS, "form"), "attach": "attached", "migrate": "migration", **BESIDE}
"""Under which name a record of a command tells what was given with it."""

SELDOM = frozenset({"people", "schedule", "party", "heard", "for"})
"""What few records of a command have."""


def _command(record: Mapping[str, Any]) -> Command:
    actor = Actor(record["actor"], tuple(record.get("roles", ())))
    command = Command(
        record["verb"], record["case"], actor, record["name"], record.get(FORMS[record["verb"]]) or {},
        record.get("facts", EMPTY), record.get("key"), version=record["definition"][1], is_stored=True,
    )  # fmt: skip
    if SELDOM.isdisjoint(record):
        return command
    return command.but(
        actor=Actor(actor.id, actor.roles, record.get("for")), people=record.get("people"),
        schedule=record.get("schedule", ""), party=record.get("party", ""), heard=record.get("heard", ""),
    )  # fmt: skip
