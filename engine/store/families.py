"""Families of cases: read whole, written as what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.core.cases import EMPTY, Case, Cycle, Family, Outgoing, Step
from engine.errors import Conflict, Outrun
from engine.json_text import encode
from engine.ports import Save
from engine.sealing import LockedValues
from engine.store.changing import (
    USUAL,
    USUAL_UPDATE,
    Change,
    change_of,
    sure_change_of,
    update_of,
)
from engine.store.derived import TAKEN, check_order, family_due, is_alike
from engine.store.rows import (
    BLANK,
    CaseRow,
    case_of,
    case_row,
    data_of,
    like,
    moved_row,
    moved_values,
    outgoing_body,
    outlook_of,
    plain,
    queues_of,
    to_text,
)
from engine.store.sql import Work

BESIDE = ("SECRETS", "PERSONAL")
"""What is asked for cases besides their rows."""

PAGE = 500
"""Roots fetched at a time."""


class Families(Work):
    """Cases as families."""

    def root_of(self, case: str) -> str | None:
        """The root of the family this case belongs to; None if there is no such case."""
        found = self._run("ROOT_OF", case).fetchone()
        return found[0] if found else None

    def family(self, root: str, *, lock: bool) -> Family | None:
        """The whole family, its root's row locked first; secrets and personal values included."""
        seen = self._seen.families.get(root)
        if seen is not None:
            return seen
        if self._known is not None and (kept := self._known.families.get(root)):
            self._seen.families[root] = kept
            return kept
        if lock and root not in self._claimed:
            self._lock("LOCK", root)
        is_new = root not in self._saved
        rows = [CaseRow._make(row) for row in self._run("FAMILY", root, is_beside=is_new).fetchall()]
        if not rows:
            return None
        known = [self._memo.find(row) for row in rows]
        if any(case is None for case in known):
            known = self._read_cases(root, rows)
        if self._deferring is not None and self._deferring.unproven is None:  # else nothing was asked yet
            for beside in BESIDE:
                self._deferring.answers.pop((self._texts[beside].text, (root,)), None)  # later they may be others
        members: dict[str, Case] = {}
        for row, case in zip(rows, known, strict=True):
            self._rows[row.id] = row
            members[row.id] = case  # type: ignore[assignment]
        family = Family(root, members)
        if self._standing is not None:
            self._seen.families[root] = family
        return family

    def _read_cases(self, root: str, rows: list[CaseRow]) -> list[Case | None]:
        is_new = root not in self._saved
        secrets = {row[0]: row[1] for row in self._run("SECRETS", root, is_beside=is_new).fetchall()}
        private: dict[str, dict[str, str]] = {row.id: {} for row in rows}
        if any(row.personal for row in rows):
            for case, name, text, *_ in self._run("PERSONAL", root, is_beside=is_new).fetchall():
                private[case][name] = text
        read: list[Case | None] = []
        for row in rows:
            key, texts = secrets.get(row.id, ""), private[row.id]
            case = case_of(row, LockedValues(self._driver.keys, row.id, key, texts) if texts else EMPTY, key)
            if row.id not in self._saved:  # what was written here may yet be rolled back
                self._memo.keep(row, case)
            read.append(case)
        return read

    def next_number(self, prefix: str) -> int:
        """The next of 1, 2, 3 … for this prefix; one taken by a transaction that is rolled back is given again."""
        supposed = self._deferring.unproven if self._deferring is not None else None
        drawn = supposed.draw(prefix) if supposed is not None else None
        if drawn is not None:
            number, told = drawn
            self._tell(*told)
        else:
            counted = self._run("COUNT", plain(prefix, "a prefix"), 1).fetchone()
            number = int((counted or self._run("COUNTED", prefix).fetchone())[0])
        self.drawn[prefix] = number
        return number

    def open_with_key(self, process: str, key: str) -> str | None:
        """The root-level case of this process with this business key that is not final."""
        found = self._run("OPEN_WITH_KEY", key, process).fetchall()
        return min(found)[1] if found else None

    def count_like(self, process: str, values: Mapping[str, Any], since: int, until: int) -> int:
        """Cases of this process with equal fields (None: unset), opened in [since, until]."""
        rows = self._run("LIKE", process, since, until, _pattern(values)).fetchall()
        return sum(1 for (body,) in rows if is_alike(data_of(body), values))

    def roots(self) -> Iterator[str]:
        """Every root there is, by id."""
        page = self._run("ROOTS", "", PAGE).fetchall()
        while page:
            for (root,) in page:
                yield root
            page = self._run("ROOTS", page[-1][0], PAGE).fetchall()

    def save(self, save: Save) -> None:
        """Write cases, records, outbox rows, cycles, personal values, request; `Conflict` if somebody was faster."""
        first, root = check_order(save), save.after.root
        if self._saved:
            self._gather(root)
        due = None if _is_steady(save) else family_due(save.after)
        before = save.before.cases if save.before else {}
        try:
            for birth, case in enumerate(save.after.cases.values()):
                old = before.get(case.id)
                if old is not case:
                    self._write_case(save, old, case, (birth, due if case.id == case.root else None))
            self._write_steps(save.steps, first)
            if save.request is not None:
                asked = save.request
                key = plain(asked.key, "a key")
                self._write("NEW_REQUEST", asked.sender, key, asked.digest, asked.case, asked.sequence, asked.at)
        except self._taken as error:
            raise self._spoiled(Outrun(TAKEN)) from error
        except BaseException as error:
            self.spoiled = error
            raise
        finally:
            if self._waiting is not None:
                self._lets_wait = False
        self._saved.update(save.after.cases)
        if save.before is not None and root not in self._seen.families:
            self._doubt()  # not all of it was read or written here
        elif self._standing is not None:
            self._seen.families[root] = save.after
        if self._deferring is not None:
            self._push()

    def _write_steps(self, steps: Iterable[Step], first: int) -> None:
        for place, step in enumerate(steps, first):
            case = step.case
            self._write("NEW_RECORD", case.id, case.sequence, place, step.text, step.hash, step.record["at"])
            if step.outgoing:
                self._send(step.outgoing)
            if step.cycles:
                self._keep_cycles(step.cycles)

    def _write_case(self, save: Save, old: Case | None, case: Case, numbers: tuple[int, int | None]) -> None:
        name, (birth, due) = case.id, numbers
        was = self._row_of(old) if old is not None else BLANK._replace(id=name, birth=birth)
        place = save.places.get(name)
        if (
            place is not None and old is not None and case.private is old.private and name not in save.keys
            and (not save.outlooks or due == was.family_due_ms)
        ):  # fmt: skip
            values = moved_values(case, place)
            row = moved_row(was, values)
            self._change(was, row, (USUAL, (*values, name, old.revision, old.sequence, old.order)))
        else:
            row = self._write_row(save, old, case, (was, due))
            self._write_key(old.secret if old is not None else "", case)
        self._write_waiting(was, row)
        if save.listening and (change := save.listening.get(name)) is not None:
            for event, mark in change.gone:
                self._write("NO_LISTENING", event, mark, name)
            for event, mark in change.new:
                self._write("LISTEN", event, mark, name)
        if case.links and (old is None or old.links != case.links):
            for link, target in case.links.items():
                self._write("LINK", target, name, link)
        self._rows[name] = row

    def _write_row(self, save: Save, old: Case | None, case: Case, known: tuple[CaseRow, int | None]) -> CaseRow:
        """The case as it stands, with its personal values; what it was as stored, and when its family falls due."""
        (was, due), name = known, case.id
        base = was
        if name in save.keys:
            key, is_unique = save.keys[name]
            if key != base.business_key or is_unique != base.is_unique:
                base = base._replace(business_key=key and plain(key, "a business key"), is_unique=int(is_unique))
        if self._write_personal(save.searches.get(name, EMPTY), old, case):
            base = base._replace(personal=base.personal + 1)
        place = save.places.get(name)
        seen = outlook_of(was).at(place) if place is not None else save.outlooks.get(name) or outlook_of(was)
        if _is_steady(save):
            due = was.family_due_ms
        row = case_row(case, seen, base, due)
        if old is None:
            self._write("NEW_CASE", *row, is_alone=bool(row.is_unique))
        else:
            self._change(was, row, change_of(was, row))
        return row

    def _row_of(self, case: Case) -> CaseRow:
        """The row of a case as it was before; it must not have changed since it was read."""
        row = self._rows.get(case.id)
        if row is None and self._known is not None:
            row = self._known.rows.get(case.id)
        if row is None:
            found = self._run("ROW", case.id, is_beside=case.id not in self._saved).fetchone()
            row = CaseRow._make(found) if found is not None else BLANK
        if row.revision != case.revision or row.sequence != case.sequence or row.family_order != case.order:
            raise Conflict(f"case `{case.id}` was changed meanwhile; read it again and decide anew")
        return row

    def _change(self, was: CaseRow, row: CaseRow, change: Change) -> None:
        columns, values = change
        if not columns:
            return
        if self._deferring is not None:
            text, many = sure_change_of(was, row, columns)
            self._tell(text, values, many)
            return
        if self._waiting is not None and self._lets_wait and columns is USUAL:
            self._let_wait(USUAL_UPDATE, values)
            return
        text = USUAL_UPDATE if columns is USUAL else update_of(columns)
        if self._do(self._driver.marked(text), values).rowcount != 1:
            raise Conflict(f"case `{was.id}` was changed meanwhile; read it again and decide anew")

    def _write_waiting(self, was: CaseRow, row: CaseRow) -> None:
        if was.waiting == row.waiting and was.sort_key == row.sort_key and was.closed_ms == row.closed_ms:
            return
        gone, new = queues_of(was), queues_of(row)
        name, opened, old_key, key = row.id, row.opened_ms, was.sort_key, row.sort_key
        for receiver in gone:
            if key != old_key or receiver not in new:
                self._write("NO_WAITING", receiver, old_key, opened, name)
        for receiver in new:
            if key != old_key or receiver not in gone:
                self._write("NEW_WAITING", receiver, key, opened, name)

    def _write_personal(self, searches: Mapping[str, str], old: Case | None, case: Case) -> bool:
        """Write the personal values that differ; whether there were any."""
        before: Mapping[str, Any] = old.private if old is not None else {}
        if case.private is before or case.private == before:
            return False
        for name in before:
            if case.private.get(name) is None:
                self._write("NO_PERSONAL_VALUE", case.id, name)
        for name, given in case.private.items():
            if given is not None and before.get(name) != given:
                self._write("PERSONAL_VALUE", case.id, name, self._locked(case, name, given), searches.get(name))
        return True

    def _write_key(self, old: str, case: Case) -> None:
        """Keep the key of a case from its first personal value on, until it is destroyed."""
        if case.secret and not old:
            self._write("NEW_SECRET", case.id, self._wrapped(case))
        elif old and not case.secret:
            self._write("NO_SECRET", case.id)

    def _wrapped(self, case: Case) -> str:
        keys = self._driver.keys
        return keys.wrap(keys.open(case.secret, case.id), case.id)

    def _locked(self, case: Case, name: str, given: Any) -> str:
        return self._driver.keys.lock_value(case.secret, (case.id, name), plain(to_text(given), f"`{name}`"))

    def _send(self, messages: Iterable[Outgoing]) -> None:
        for message in messages:
            place = (message.case, message.sequence, message.number, message.at)
            to = (message.kind, message.receiver, message.receiver_kind, message.name, outgoing_body(message))
            self._write("NEW_MESSAGE", *place, *to, message.status, 0, message.at, None, None)

    def _keep_cycles(self, cycles: Iterable[Cycle]) -> None:
        for each in cycles:
            when = (each.started_at, each.ended_at, each.result, each.goal.kind, each.goal.value)
            turns = encode(dict(each.turns))
            spent = (each.used, each.breached_at, turns, each.noticed_at)
            self._write("CYCLE", each.case, each.clock, each.cycle, *when, *spent)


def _is_steady(save: Save) -> bool:
    """Whether it leaves everything that falls due as it was, of the members too that it does not name."""
    return bool(save.places) and not save.outlooks


def _pattern(values: Mapping[str, Any]) -> str:
    """What every body with these values contains, to leave most others out before they are read."""
    certain = {name: given for name, given in values.items() if isinstance(given, str | int) and len(str(given)) < 500}
    fragments = [to_text({name: given})[1:-1] for name, given in certain.items()]
    return like(max(fragments, key=len, default=""))
