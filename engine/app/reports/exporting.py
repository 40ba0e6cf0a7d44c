"""Handing out what happened, for the tools of process mining: a stream, in bounded memory, of nothing private."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from engine.app.known import check_process
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.app.reports.left_out import LeftOut
from engine.core.cases import Actor, Case
from engine.core.plan import Library
from engine.core.reasons import near
from engine.errors import UsageError, VerificationFailed
from engine.exports.told import Format, Shown, ToldCase, ToldEvent, ToldProcess, Trace, shown
from engine.fields import FieldType, Value, is_sealed
from engine.ports import Query, Transaction

ExportFormat = Literal["xes", "ocel", "csv", "jsonl"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

_BY_NAME = frozenset({"do", "tell", "timer"})
"""Verbs whose name is the activity; of the others the verb itself is, for their name is a case, person or process."""

_OF_A_CLOCK = frozenset({"breach", "threshold"})

_UNREADABLE = (VerificationFailed, ValueError, LookupError, TypeError, AttributeError)
"""What is met where somebody changed what stands in a row or a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What to hand out: whole cases, those opened in [since, until)."""

    format: ExportFormat
    process: str | None = None  # unsaid: all
    since: int | None = None  # ms UTC, included
    until: int | None = None  # ms UTC, excluded
    with_refused: bool = False  # attempts that were refused, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was handed out."""

    cases: int
    events: int
    left_out: tuple[str, ...] = ()  # cases that nobody can read, so nothing of them was handed out


def _format(name: ExportFormat) -> Format:
    """How a format is written. Imported when it is asked for: XML brings half of the standard library with it."""
    if name == "xes":
        from engine.exports.xes import xes

        return xes
    from engine.exports.lines import lines
    from engine.exports.ocel import ocel
    from engine.exports.rows import rows

    others: Mapping[str, Format] = {"ocel": ocel, "csv": rows, "jsonl": lines}
    return others[name]


class Exporting:
    """The verb that hands out."""

    _recipe: RecipeOfTwo

    def export(self, wanted: Export, write: Callable[[str], object], *, actor: Actor | str) -> Exported:
        """Write cases and what happened to them, piece by piece, as of one instant; that is for administrators.

        Personal fields are left out, and a field that is personal in any version is personal. `NotFound` for a
        process there is not, `UsageError` for a format there is not. A case nobody can read is left out and named.
        """
        if wanted.format not in FORMATS:
            raise UsageError(
                f"there is no format `{wanted.format}`{near(wanted.format, FORMATS)}",
                help=f"there is {', '.join(FORMATS)}",
            )
        with self._recipe.store.read() as tx:
            admin_of(tx, actor, "export")
            library = self._recipe.catalogue.library(tx)
            if wanted.process is not None:
                check_process(library, wanted.process)
            walk = _Walk(tx, library, wanted)
            for piece in _format(wanted.format)(walk.processes, walk.traces):
                write(piece)
            return Exported(cases=walk.cases, events=walk.events, left_out=walk.left_out.cases)


class _Walk:
    """Walks along the cases, and counts what it met the last time."""

    def __init__(self, tx: Transaction, library: Library, wanted: Export) -> None:
        self._tx = tx
        self._library = library
        self._wanted = wanted
        names = [wanted.process] if wanted.process is not None else sorted(library.published)
        self.processes = [_told_process(library, name) for name in names]
        self._fields = {process.name: process.fields for process in self.processes}
        self.cases = self.events = 0
        self.left_out = LeftOut()
        gone = set(tx.processes()) - library.published.keys() if wanted.process is None else set()
        for name in gone:
            for case in tx.cases_of(name, wanted.since, wanted.until, self.left_out.add):
                self.left_out.add(case.id)

    def traces(self) -> Iterator[Trace]:
        """The cases, process by process, by opening."""
        self.cases = self.events = 0
        for process in self.processes:
            for case in self._cases(process.name):
                try:
                    told = self._case(case), list(self._events(case))
                except _UNREADABLE:
                    self.left_out.add(case.id)
                    continue
                self.cases += 1
                self.events += len(told[1])
                yield told[0], iter(told[1])

    def _cases(self, process: str) -> Iterator[Case]:
        return self._tx.cases_of(process, self._wanted.since, self._wanted.until, self.left_out.add)

    def _case(self, case: Case) -> ToldCase:
        related = {link: other for link, other in case.links.items() if self._is_within(other)}
        return ToldCase(
            id=case.id, process=case.process, version=case.version, parent=case.parent, related=related,
            opened_at=case.opened_at, closed_at=case.closed_at, outcome=case.outcome, state=case.position.leaves,
            data=self._shown((case.process, case.version), case.data),
        )  # fmt: skip

    def _is_within(self, case: str) -> bool:
        """Whether a case belongs to this export: what points out of it would point nowhere."""
        found = self._tx.worklist(Query(ids=(case,), is_open=None, limit=1))
        if not found or found[0].process not in self._fields:
            return False
        at, since, until = found[0].opened_at, self._wanted.since, self._wanted.until
        is_asked_for = (since is None or since <= at) and (until is None or at < until)
        return is_asked_for and self._can_be_read(case, found[0].process, at)

    def _can_be_read(self, case: str, process: str, opened_at: int) -> bool:
        return any(one.id == case for one in self._tx.cases_of(process, opened_at, opened_at + 1, self.left_out.add))

    def _events(self, case: Case) -> Iterator[ToldEvent]:
        for stored in self._tx.records(case.id):
            record = json.loads(stored.text)
            if record.get("refused") and not self._wanted.with_refused:
                continue
            process, version, *_ = record["definition"]
            yield _told_event(record, self._shown((process, version), record.get("changed", {})))

    def _shown(self, version: tuple[str, int], values: Mapping[str, Value]) -> dict[str, Shown]:
        """Values as this version of the process knows them, but for those of fields that are not shown."""
        kinds, fields = self._fields[version[0]], self._library.plan(*version).definition.fields
        return {
            name: shown(fields[name], kinds[name], value)
            for name, value in values.items() if name in kinds and name in fields and not is_sealed(value)
        }  # fmt: skip


def _told_event(record: Mapping[str, Any], changed: Mapping[str, Shown]) -> ToldEvent:
    return ToldEvent(
        case=record["case"], number=record["seq"], activity=_activity(record), verb=record["verb"], at=record["at"],
        recorded_at=record["recorded_at"], actor=record["actor"], roles=tuple(record.get("roles", ())),
        on_behalf_of=record.get("for"), before=tuple(record.get("from", ())), after=tuple(record.get("to", ())),
        assignee=record.get("assignee", (None, None))[1], changed=changed,
        refused=tuple(rule[0] for rule in record.get("refused", ())),
    )  # fmt: skip


def _activity(record: Mapping[str, Any]) -> str:
    verb, name = str(record["verb"]), str(record["name"])
    if verb in _BY_NAME:
        return name
    return f"{verb} {name}" if verb in _OF_A_CLOCK else verb


def _told_process(library: Library, process: str) -> ToldProcess:
    """A process with the fields that may be shown, each of the kind that the newest version with it says."""
    kinds: dict[str, FieldType] = {}
    hidden: set[str] = set()
    for _, version in sorted(library.published[process], reverse=True):
        for name, field in library.plan(process, version).definition.fields.items():
            kinds.setdefault(name, field.type)
            if field.personal or any(column.personal for column in field.columns.values()):
                hidden.add(name)
    return ToldProcess(name=process, fields={name: kind for name, kind in kinds.items() if name not in hidden})


__all__ = ["FORMATS", "Export", "ExportFormat", "Exported", "Exporting"]
