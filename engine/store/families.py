"""Families of cases: read whole, written as what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import literal_column, select, update

from engine.core.cases import Case, Cycle, Family, Outgoing, Step
from engine.errors import Conflict
from engine.ports import Save
from engine.store.derived import TAKEN, check_order, family_due, is_alike
from engine.store.rows import (
    BLANK,
    CaseRow,
    case_of,
    case_row,
    decode,
    encode,
    outgoing_body,
    outlook_of,
    plain,
    receivers_of,
    to_text,
)
from engine.store.sql import Hot, Work, insert, replace, value
from engine.store.tables import case_keys, cases, clock_cycles, counters, links, outbox, personal, records, requests
from engine.store.tables import waiting as waiting_rows

PAGE = 500
"""Rows fetched at a time by what gives them one after the other."""

_ROOT_OF = Hot(select(cases.c.root).where(cases.c.id == value("id")), "id")
_LOCK = Hot(select(cases.c.id).where(cases.c.id == value("id")).with_for_update(), "id")
_FAMILY = Hot(select(cases).where(cases.c.root == value("root")).order_by(cases.c.birth), "root")
_ROW = Hot(select(cases).where(cases.c.id == value("id")), "id")
_SECRETS = Hot(
    select(case_keys).join(cases, cases.c.id == case_keys.c.case_id).where(cases.c.root == value("root")), "root"
)
_PERSONAL = Hot(
    select(personal.c.case_id, personal.c.field, personal.c.value)
    .join(cases, cases.c.id == personal.c.case_id)
    .where(cases.c.root == value("root")),
    "root",
)
_OPEN_WITH_KEY = Hot(
    select(cases.c.opened_ms, cases.c.id)
    .where(cases.c.business_key == value("key"), cases.c.process == value("process"))
    .where(cases.c.closed_ms.is_(None), cases.c.parent.is_(None)),
    "key",
    "process",
)
_LIKE = Hot(
    select(cases.c.body)
    .where(cases.c.process == value("process"), cases.c.opened_ms >= value("since"))
    # The last as it stands in the condition of its index, or that is not used.
    .where(cases.c.opened_ms <= value("until"), literal_column("cases.process <> ''"))
    .where(cases.c.body.like(value("pattern"), escape="~")),
    "process", "since", "until", "pattern",
)  # fmt: skip
_ROOTS = Hot(
    select(cases.c.id).where(cases.c.id > value("after"), cases.c.parent.is_(None)).order_by(cases.c.id).limit(PAGE),
    "after",
)
_LINKED = Hot(
    select(links.c.case_id, links.c.link).where(links.c.target == value("target")).order_by(links.c.case_id), "target"
)
_COUNTED = Hot(select(counters.c.number).where(counters.c.prefix == value("prefix")), "prefix")
_COUNT = Hot(
    update(counters).where(counters.c.prefix == value("of")).values(number=counters.c.number + literal_column("1")),
    "of",
)
_NEW_COUNTER = insert(counters)

_NEW_CASE = insert(cases)
_NEW_SECRET = insert(case_keys)
_NEW_WAITING = insert(waiting_rows)
_NO_WAITING = Hot(
    waiting_rows.delete().where(*(column == value(column.name) for column in waiting_rows.columns)),
    *(column.name for column in waiting_rows.columns),
)
_NEW_RECORD = insert(records)
_NEW_REQUEST = insert(requests)
_NEW_MESSAGE = insert(outbox)
_CYCLE = replace(clock_cycles)
_LINK = replace(links)
_PERSONAL_VALUE = replace(personal)
_NO_PERSONAL_VALUE = Hot(
    personal.delete().where(personal.c.case_id == value("case_id"), personal.c.field == value("field")),
    "case_id",
    "field",
)
_GUARDED = ("id", "revision", "sequence", "family_order")
_UPDATES: dict[tuple[str, ...], Hot] = {}


def _update(names: tuple[str, ...]) -> Hot:
    """Change these columns, if the case still is what it was. Indexes of the others stay untouched."""
    known = _UPDATES.get(names)
    if known is None:
        guards = [cases.c[name] == value(f"was_{name}") for name in _GUARDED]
        statement = update(cases).where(*guards).values({name: value(name) for name in names})
        known = _UPDATES[names] = Hot(statement, *names, *(f"was_{name}" for name in _GUARDED))
    return known


class Families(Work):
    """Cases as families."""

    def root_of(self, case: str) -> str | None:
        """The root of the family this case belongs to; None if there is no such case."""
        found = self._run(_ROOT_OF, case).fetchone()
        return found[0] if found else None

    def family(self, root: str, *, lock: bool) -> Family | None:
        """The whole family, its root's row locked first; secrets and personal values included."""
        if lock and self._locks_rows:
            self._run(_LOCK, root)
        rows = self._run(_FAMILY, root).fetchall()
        if not rows:
            return None
        known = [self._memo.find(row) for row in rows]
        if any(case is None for case in known):
            known = self._read_cases(root, rows)
        members: dict[str, Case] = {}
        for row, case in zip(rows, known, strict=True):
            self._rows[row[0]] = row
            members[row[0]] = case  # type: ignore[assignment]
        return Family(root, members)

    def _read_cases(self, root: str, rows: list[Any]) -> list[Case | None]:
        named = [CaseRow._make(row) for row in rows]
        secrets = dict(self._run(_SECRETS, root).fetchall())
        private: dict[str, dict[str, Any]] = {row.id: {} for row in named}
        if any(row.personal for row in named):
            for case, name, text in self._run(_PERSONAL, root).fetchall():
                private[case][name] = decode(text)
        read: list[Case | None] = []
        for row in named:
            case = case_of(row, private[row.id], secrets.get(row.id, ""))
            self._memo.keep(tuple(row), case)
            read.append(case)
        return read

    def next_number(self, prefix: str) -> int:
        """The next of 1, 2, 3 … for this prefix; one taken by a transaction that is rolled back is given again."""
        if self._run(_COUNT, prefix).rowcount == 0:
            try:
                self._run(_NEW_COUNTER, plain(prefix, "a prefix"), 1)
            except self._taken as error:
                raise self._spoiled(
                    Conflict(f"the first number of `{prefix}` was taken meanwhile; try again")
                ) from error
        number: int = self._run(_COUNTED, prefix).fetchone()[0]
        return number

    def open_with_key(self, process: str, key: str) -> str | None:
        """The root-level case of this process with this business key that is not final."""
        found = self._run(_OPEN_WITH_KEY, key, process).fetchall()
        return min(found)[1] if found else None

    def count_like(self, process: str, values: Mapping[str, Any], since: int, until: int) -> int:
        """Cases of this process with equal fields (None: unset), opened in [since, until]."""
        rows = self._run(_LIKE, process, since, until, _pattern(values)).fetchall()
        return sum(1 for (body,) in rows if is_alike(decode(body).get("data", {}), values))

    def roots(self) -> Iterator[str]:
        """Every root there is, by id."""
        page = self._run(_ROOTS, "").fetchall()
        while page:
            for (root,) in page:
                yield root
            page = self._run(_ROOTS, page[-1][0]).fetchall()

    def linked_from(self, case: str) -> list[tuple[str, str]]:
        """Cases that have opened or found this one, with the name of the link."""
        return [(source, link) for source, link in self._run(_LINKED, case).fetchall()]

    def save(self, save: Save) -> None:
        """Write cases, records, outbox rows, cycles, personal values, request; `Conflict` if somebody was faster."""
        first = check_order(save)
        due = family_due(save.after)
        before = save.before.cases if save.before else {}
        try:
            for birth, case in enumerate(save.after.cases.values()):
                old = before.get(case.id)
                if old is not case:
                    self._write_case(save, old, case, (birth, due if case.id == case.root else None))
            self._settle_root(save.after.root, due)
            self._write_steps(save.steps, first)
            if save.request is not None:
                asked = save.request
                key = plain(asked.key, "a key")
                self._run(_NEW_REQUEST, asked.sender, key, asked.digest, asked.case, asked.sequence, asked.at)
        except self._taken as error:
            raise self._spoiled(Conflict(TAKEN)) from error
        except BaseException as error:
            self.spoiled = error
            raise
        self._saved.update(save.after.cases)

    def _write_steps(self, steps: Iterable[Step], first: int) -> None:
        for place, step in enumerate(steps, first):
            case = step.case
            self._run(_NEW_RECORD, case.id, case.sequence, place, step.text, step.hash)
            if step.outgoing:
                self._send(step.outgoing)
            if step.cycles:
                self._keep_cycles(step.cycles)

    def _write_case(self, save: Save, old: Case | None, case: Case, place: tuple[int, int | None]) -> None:
        birth, due = place
        was = self._row_of(old) if old is not None else BLANK._replace(id=case.id, birth=birth)
        base = was
        if case.id in save.keys:
            key, is_unique = save.keys[case.id]
            if (key, is_unique) != (base.business_key, base.is_unique):
                base = base._replace(business_key=key and plain(key, "a business key"), is_unique=int(is_unique))
        if self._write_personal(save.searches.get(case.id, {}), old, case):
            base = base._replace(personal=base.personal + 1)
        outlook = save.outlooks.get(case.id) or outlook_of(was)
        row = case_row(case, outlook, base, due)
        if old is None:
            self._run(_NEW_CASE, *row)
            if case.secret:
                self._run(_NEW_SECRET, case.id, case.secret)
        else:
            self._change(was, row)
        self._write_waiting(was, row)
        if case.links and (old is None or old.links != case.links):
            for link, target in case.links.items():
                self._run(_LINK, target, case.id, link)
        self._rows[case.id] = row

    def _row_of(self, case: Case) -> CaseRow:
        """The row of a case as it was before; it must not have changed since it was read."""
        row = self._rows.get(case.id)
        if row is None:
            row = self._run(_ROW, case.id).fetchone()
        named = CaseRow._make(row) if row is not None else BLANK
        if (named.revision, named.sequence, named.family_order) != (case.revision, case.sequence, case.order):
            raise Conflict(f"case `{case.id}` was changed meanwhile; read it again and decide anew")
        return named

    def _change(self, was: CaseRow, row: CaseRow) -> None:
        pairs = zip(CaseRow._fields, was, row, strict=True)
        changed = {name: new for name, old, new in pairs if new != old}
        if not changed:
            return
        guards = (was.id, was.revision, was.sequence, was.family_order)
        if self._run(_update(tuple(changed)), *changed.values(), *guards).rowcount != 1:
            raise Conflict(f"case `{was.id}` was changed meanwhile; read it again and decide anew")

    def _settle_root(self, root: str, due: int | None) -> None:
        """When the family falls due stands with its root, also if only a child was changed."""
        row = self._rows.get(root) or self._run(_ROW, root).fetchone()
        named = CaseRow._make(row)
        if named.family_due_ms != due:
            settled = named._replace(family_due_ms=due)
            self._change(named, settled)
            self._rows[root] = settled

    def _write_waiting(self, was: CaseRow, row: CaseRow) -> None:
        if (was.waiting, was.sort_key, was.closed_ms) == (row.waiting, row.sort_key, row.closed_ms):
            return
        gone, new = _waiting_of(was), _waiting_of(row)
        for place in gone - new:
            self._run(_NO_WAITING, *place)
        for place in new - gone:
            self._run(_NEW_WAITING, *place)

    def _write_personal(self, searches: Mapping[str, str], old: Case | None, case: Case) -> bool:
        """Write the personal values that differ; whether there were any."""
        before: Mapping[str, Any] = old.private if old is not None else {}
        if case.private is before or case.private == before:
            return False
        for name in before:
            if case.private.get(name) is None:
                self._run(_NO_PERSONAL_VALUE, case.id, name)
        for name, given in case.private.items():
            if given is not None and before.get(name) != given:
                self._run(_PERSONAL_VALUE, case.id, name, to_text(given), searches.get(name))
        return True

    def _send(self, messages: Iterable[Outgoing]) -> None:
        for message in messages:
            place = (message.case, message.sequence, message.number, message.at)
            to = (message.kind, message.receiver, message.receiver_kind, message.name, outgoing_body(message))
            self._run(_NEW_MESSAGE, *place, *to, message.status, 0, message.at, None, None)

    def _keep_cycles(self, cycles: Iterable[Cycle]) -> None:
        for each in cycles:
            when = (each.started_at, each.ended_at, each.result, each.goal.kind, each.goal.value)
            turns = encode(dict(each.turns))
            self._run(_CYCLE, each.case, each.clock, each.cycle, *when, each.used, each.breached_at, turns)


def _waiting_of(row: CaseRow) -> set[tuple[str, int, int, str]]:
    if row.waiting is None or row.closed_ms is not None:
        return set()
    return {(receiver, row.sort_key, row.opened_ms, row.id) for receiver in receivers_of(row.waiting)}


def _pattern(values: Mapping[str, Any]) -> str:
    """What every body with these values contains, to leave most others out before they are read."""
    certain = {name: given for name, given in values.items() if isinstance(given, str | int) and len(str(given)) < 500}
    fragments = [to_text({name: given})[1:-1] for name, given in certain.items()]
    longest = max(fragments, key=len, default="")
    for special in "~%_":
        longest = longest.replace(special, f"~{special}")
    return f"%{longest}%"
