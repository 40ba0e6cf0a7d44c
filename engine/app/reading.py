"""What shows cases: one, what may be done, its history, its promises, lists. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from engine.app.histories import Histories
from engine.app.kinds import check_search
from engine.app.known import check_process, check_role, check_state
from engine.app.likeness import COMMON, cases_like, shared
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.core.cases import Actor, Case, Family, Step
from engine.core.plan import Library
from engine.core.promises.ledger import Interval, ledger_of
from engine.core.replay import replay
from engine.core.sight import Context
from engine.errors import NotFound, NotPermitted, VerificationFailed
from engine.model import ProcessDefinition
from engine.ports import Attached, Attachment, Listing, Query, StoredRecord, Transaction
from engine.views import Alike, CaseView, Offer, Seeing, Worklist, case_view, may_read, offers, works


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which cases a list shows; unsaid, those that wait on this actor and the actor's roles."""

    actor: Actor | str
    mine: bool = False  # only those the actor holds
    all: bool = False  # whoever they wait on
    queue: str | None = None  # a role
    state: str | None = None
    process: str | None = None
    find: str | None = None  # a whole id, business key, phone, name …
    overdue: bool = False
    due_within: int | None = None  # ms
    is_open: bool | None = True
    limit: int = 50
    after: tuple[int, int, str] | None = None  # where the page before ended: its `next`


class Retold(NamedTuple):
    """A family's steps from its first record on, and the definitions to play them by, its own versions last."""

    steps: Sequence[Step]
    links: Mapping[str, tuple[str, str]]  # child → its parent, and the name of the link between them
    definitions: Sequence[ProcessDefinition]


class Reading:
    """The verbs that show."""

    _recipe: RecipeOfTwo

    def now(self) -> int:
        """The time source's instant, ms UTC."""
        return self._recipe.now()

    @property
    def zone(self) -> str:
        """The desk's zone, `UTC` before anything is published."""
        with self._recipe.store.read() as tx:
            library = self._recipe.catalogue.library(tx)
            for process, versions in library.published.items():
                return library.plan(process, versions[-1][1]).definition.desk.zone
        return "UTC"

    def definition(self, process: str, version: int | None = None) -> ProcessDefinition:
        """A published definition; unsaid, the version on which a case opens now."""
        with self._recipe.store.read() as tx:
            if version is None:
                return self._recipe.catalogue.newest(tx, process, self._recipe.now()).definition
            plan = self._recipe.catalogue.library(tx).plans.get((process, version))
            if plan is None:
                raise NotFound(f"`{process}` version {version} is not published")
            return plan.definition

    def case(self, case: str, *, actor: Actor | str | None = None) -> CaseView:
        """The case as it stands now; `NotPermitted` for who may not read it. No actor: the host itself."""
        with self._recipe.store.read() as tx:
            family, context, now = self._recipe.present(tx, case)
            who = None if actor is None else actor_of(tx, actor)
            return self._view(family, self._readable(family, case, context, who), context, now, who)

    def allowed(self, case: str, *, actor: Actor | str) -> list[Offer]:
        """What this actor may do now, and why not the rest."""
        with self._recipe.store.read() as tx:
            family, context, now = self._recipe.present(tx, case)
            who = actor_of(tx, actor)
            one = self._readable(family, case, context, who)
            plan = context.library.plan(one.process, one.version)
            return list(offers(one, who, Seeing(plan=plan, library=context.library, now=now, actor=who, family=family)))

    def history(self, case: str, *, actor: Actor | str | None = None) -> list[Mapping[str, Any]]:
        """The case's records, oldest first; personal values stand in them as commitments only."""
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            self._readable(family, case, context, None if actor is None else actor_of(tx, actor))
            return [json.loads(record.text) for record in tx.records(case)]

    def retold(self, case: str, *, actor: Actor | str | None = None) -> Retold:
        """A case's whole family step by step, replayed from its records, with every process as it now stands for it.

        Who asks must be one who may read every case of it.
        """
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            who = None if actor is None else actor_of(tx, actor)
            for one in (case, *family.cases):
                self._readable(family, one, context, who)
            records = [record.text for record in tx.family_records(family.root)]
            found = replay(records, context.library)
            if found.flaw is not None:
                raise VerificationFailed(f"`{found.flaw.case}`: its record {found.flaw.sequence} cannot be replayed")
            return Retold(found.steps, _links(found.steps, family), _definitions(context.library, found.steps))

    def attachment(self, case: str, hash: str, *, actor: Actor | str | None = None) -> Attachment:
        """A file attached to this case, by the hash its record holds."""
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            self._readable(family, case, context, None if actor is None else actor_of(tx, actor))
            found = tx.attachment(case, hash)
            if found is None:
                raise NotFound(f"nothing with the hash `{hash}` is attached to `{case}`")
            return found

    def attachments(self, case: str, *, actor: Actor | str | None = None) -> list[Attached]:
        """What is attached to this case, in that order, and by whom."""
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            self._readable(family, case, context, None if actor is None else actor_of(tx, actor))
            found = tx.attached(case)
            records = list(tx.records(case)) if found else []
            return [replace(one, by=attached_by(one, records)) for one in found]

    def alike(self, case: str, *, actor: Actor | str | None = None) -> list[Alike]:
        """Other open cases of its process with its business key, or with a party's phone or e-mail; the youngest first.

        Only those that this actor may read; none for who does not work the case, and so cannot see what they share.
        """
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            who = None if actor is None else actor_of(tx, actor)
            one = self._readable(family, case, context, who)
            plan = context.library.plan(one.process, one.version)
            if who is not None and not works(plan, one, who):
                return []
            ids = cases_like(tx, self._recipe.marks, plan.definition, one) - set(family.cases)
            found = []
            for listing in tx.worklist(Query(process=one.process, ids=tuple(sorted(ids)), limit=COMMON)) if ids else ():
                with suppress(VerificationFailed):  # one that nobody can read hides no other
                    for other, view in self._met(tx, listing.id, who):
                        same = shared(plan.definition, one, other) if view.closed_at is None else ()
                        found += [Alike(case=view, fields=same)] if same else []
            return sorted(found, key=lambda other: (-other.case.opened_at, other.case.id))

    def ledger(self, case: str, clock: str, *, actor: Actor | str | None = None) -> tuple[Interval, ...]:
        """How a promise's time was spent, interval by interval, adding up to the millisecond."""
        with self._recipe.store.read() as tx:
            family, context, _ = self._recipe.present(tx, case)
            self._readable(family, case, context, None if actor is None else actor_of(tx, actor))
            told = Histories(self._recipe, tx).of(case)
            plan = told.plan_for(clock)
            if clock not in plan.definition.clocks:
                raise NotFound(f"`{case}` has no promise `{clock}`", help=f"it has {', '.join(plan.definition.clocks)}")
            return ledger_of(plan, clock, told.history, told.now)

    def worklist(self, search: Search) -> Worklist:
        """One page of cases, least remaining time first; `NotFound` for a process, state or role there is not."""
        check_search(search)
        with self._recipe.store.read() as tx:
            who = actor_of(tx, search.actor)
            self._check_names(tx, search)
            query = self._query(tx, search, who)
            found = tx.worklist(query)
            rows, spoilt = [], 0
            for listing in found:
                try:
                    rows += [view for _, view in self._met(tx, listing.id, who)]
                except VerificationFailed:  # one that nobody can read hides no other
                    spoilt += 1
            now = self._recipe.now()
            behind = tx.count_due(now) + len(tx.due_timetables(now))
            return Worklist(
                rows=tuple(rows), total=tx.count(query), behind=behind, next=_end(found, search.limit), spoilt=spoilt
            )

    def _met(self, tx: Transaction, case: str, who: Actor | None) -> Iterator[tuple[Case, CaseView]]:
        """A case that was found, and what this actor sees of it; nothing if they may not read it."""
        family, context, now = self._recipe.present(tx, case)
        one = family.cases[case]
        if who is None or may_read(context.library.plan(one.process, one.version), one, who):
            yield one, self._view(family, one, context, now, who)

    def _check_names(self, tx: Transaction, search: Search) -> None:
        library = self._recipe.catalogue.library(tx)
        if search.process is not None:
            check_process(library, search.process)
        if search.state is not None:
            check_state(library, search.state, search.process)
        if search.queue is not None:
            check_role(library, search.queue)

    def _query(self, tx: Transaction, search: Search, who: Actor) -> Query:
        waiting: tuple[str, ...] = ()
        if search.queue:
            waiting = (f"role:{search.queue}",)
        elif not search.all and not search.mine and not search.find:
            waiting = (f"person:{who.id}", *(f"role:{role}" for role in who.roles))
        ids = None
        if search.find:
            ids = tuple(sorted({case for one in self._recipe.marks.searches(search.find) for case in tx.search(*one)}))
        now = self._recipe.now()
        return Query(
            waiting=waiting, assignee=who.id if search.mine else None, process=search.process, state=search.state,
            ids=ids, is_open=None if search.find else search.is_open, overdue_at=now if search.overdue else None,
            due_before=None if search.due_within is None else now + search.due_within, limit=search.limit,
            after=None if search.after is None else (*search.after,),
        )  # fmt: skip

    def _view(self, family: Family, case: Case, context: Context, now: int, who: Actor | None) -> CaseView:
        plan = context.library.plan(case.process, case.version)
        return case_view(case, Seeing(plan=plan, library=context.library, now=now, actor=who, family=family))

    def _readable(self, family: Family, case: str, context: Context, who: Actor | None) -> Case:
        one = family.cases.get(case)
        if one is None:
            raise NotFound(f"there is no case `{case}`")
        if who is not None and not may_read(context.library.plan(one.process, one.version), one, who):
            raise NotPermitted(
                f"`{who.id}` ({', '.join(who.roles) or 'no role'}) may not read `{case}`",
                help="ask somebody who works the case",
            )
        return one


def _links(steps: Iterable[Step], family: Family) -> dict[str, tuple[str, str]]:
    stood = [*(step.case for step in steps), *family.cases.values()]
    return {
        child: (case.id, link) for case in stood for link, child in case.links.items()
        if child in family.cases and family.cases[child].parent == case.id
    }  # fmt: skip


def _definitions(library: Library, steps: Iterable[Step]) -> list[ProcessDefinition]:
    newest = sorted((name, versions[-1][1]) for name, versions in library.published.items())
    own = sorted({(step.case.process, step.case.version) for step in steps})
    return [library.plan(*key).definition for key in (*newest, *own)]


def _end(found: list[Listing], limit: int) -> tuple[int, int, str] | None:
    """Where a full page ended."""
    if len(found) < limit:
        return None
    last = found[-1]
    return last.outlook.sort_key, last.opened_at, last.id


def attached_by(one: Attached, records: Iterable[StoredRecord]) -> str:
    """Who attached a file: the record of its step holds the hash, or, where the answer is sealed, its instant."""
    found = [
        ((one.hash not in stored.text, record["at"] != one.at), record["actor"])
        for stored in records
        if (record := json.loads(stored.text))["actor"] != "engine" and not record.get("refused")
        if record["at"] == one.at or one.hash in stored.text
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else ""


__all__ = ["Interval", "Reading", "Search"]
