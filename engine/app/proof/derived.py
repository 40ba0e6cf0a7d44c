"""What is derived of records beside the case itself: lists, cycles for reports, messages, files. It must agree too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from engine.core.audit import canonical, salt_of
from engine.core.cases import Case, Cycle, Outgoing, Step
from engine.core.hearing import marks_of
from engine.core.outlook import outlook
from engine.core.plan import Library
from engine.errors import KeyMissing, VerificationFailed
from engine.evidence.offline import FILE_NAME, sealed
from engine.fields import is_sealed
from engine.ports import StoredRecord, Transaction
from engine.sealing import HostKeys, owner_of_files

NOT_TOLD = ("status", "is_late", "missed", "superseded_by")
"""What of a message depends on when a worker looked, not on the records."""

PARTS = attrgetter(*(name for name in Outgoing.__dataclass_fields__ if name not in NOT_TOLD))
"""What a message tells, part by part."""

MOST_MESSAGES = 1_000_000

LONGEST = 200
"""Signs of a value that people are told."""


def underived(tx: Transaction, library: Library, case: Case, steps: Iterable[Step]) -> Iterator[str]:
    """Every way in which what is derived of a case is not what its records give; `steps` are the replay's."""
    own = [step for step in steps if step.case.id == case.id]
    yield from _lists(tx, library, case)
    if tx.listens(case.id) != sorted(marks_of(library.plan(case.process, case.version), case)):
        yield "the events that find it are not those that would"
    yield from _cycles(tx, case, own)
    yield from _messages(tx, case, own)
    yield from _adjustments(tx, case, own)


def _lists(tx: Transaction, library: Library, case: Case) -> Iterator[str]:
    expected = outlook(library.plan(case.process, case.version), case)
    found = tx.listed(case.id)
    if found is None:
        yield "it is missing in lists"
        return
    line, waits_for = found
    if line != expected:
        yield f"its line in lists is not what it would be: {differing(line.parts(), expected.parts())}"
    for receiver in expected.waiting:
        if receiver not in waits_for:
            yield f"it is missing on the worklist of `{receiver}`"


def _cycles(tx: Transaction, case: Case, steps: list[Step]) -> Iterator[str]:
    expected: dict[tuple[str, int], Cycle] = {}
    for cycle in (cycle for step in steps for cycle in step.cycles):
        expected[cycle.clock, cycle.cycle] = cycle.following(expected.get((cycle.clock, cycle.cycle)))
    stored = {(cycle.clock, cycle.cycle): cycle for cycle in tx.cycles(case.id)}
    for place in sorted(expected.keys() | stored.keys()):
        made, kept = _known(expected.get(place), stored.get(place)), stored.get(place)
        if made != kept:
            why = differing(_parts(kept), _parts(made))
            yield f"cycle {place[1]} of clock `{place[0]}` is not what the records give: {why}"


def _parts(cycle: Cycle | None) -> Mapping[str, Any]:
    return {} if cycle is None else cycle.parts()


def differing(stored: Mapping[str, Any], given: Mapping[str, Any], hidden: Container[str] = ()) -> str:
    """In what two mappings differ, as people are told: each name with what is stored, and what the records give.

    Of those `hidden` only the name is told.
    """
    names = [name for name in {**stored, **given} if stored.get(name) != given.get(name)]
    return "; ".join(
        f"`{name}`, which is private" if name in hidden
        else f"`{name}` is {_short(stored.get(name))}, not {_short(given.get(name))}"
        for name in names
    )  # fmt: skip


def _short(value: Any) -> str:
    text = "empty" if value is None else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _known(expected: Cycle | None, stored: Cycle | None) -> Cycle | None:
    """What must be stored: when a breach was noticed was not kept by the first tables."""
    if expected is not None and stored is not None and stored.noticed_at is None:
        return expected.but(noticed_at=None)
    return expected


def _adjustments(tx: Transaction, case: Case, steps: list[Step]) -> Iterator[str]:
    """What affects the case, and everything its records say of that, is what was declared."""
    records = [step.record for step in steps if step.record["verb"] in ("adjust", "reverse")]
    records = [record for record in records if "refused" not in record]
    declared = {one.id: one for one in tx.adjustments()} if records else {}
    for record in (record for record in records if record["verb"] == "adjust"):
        said = {name: value for name, value in record["adjustment"].items() if name != "clocks"}
        if record["name"] not in declared or declared[record["name"]].said != said:
            yield f"adjustment `{record['name']}` is not what record {record['seq']} says of it"
    expected = _affected(records)
    stored = {(row.adjustment, row.clock): row.is_reversed for row in tx.affected(case=case.id)}
    for place in sorted(expected.keys() | stored.keys()):
        if expected.get(place) != stored.get(place):
            yield f"whether `{place[0]}` affects clock `{place[1]}` is not what the records give"


def _affected(records: list[Mapping[str, Any]]) -> dict[tuple[str, str], bool]:
    """Which clocks the case's adjustments affect by its records, and whether that was taken back."""
    found: dict[tuple[str, str], bool] = {}
    for record in records:
        if record["verb"] == "adjust":
            found.update(((record["name"], clock), False) for clock in record["adjustment"]["clocks"])
        else:
            found.update((place, True) for place in list(found) if place[0] == record["name"])
    return found


def _messages(tx: Transaction, case: Case, steps: list[Step]) -> Iterator[str]:
    expected = {(m.sequence, m.number): m for step in steps for m in step.outgoing}
    kept = (mail.message for mail in tx.outbox(case=case.id, limit=MOST_MESSAGES))
    stored = {(message.sequence, message.number): message for message in kept}
    for place in sorted(expected.keys() | stored.keys()):
        made, there = expected.get(place), stored.get(place)
        if made is None or there is None or not _are_alike(made, there):
            yield f"message {place[1] + 1} of record {place[0]} is not what the record gives"


def _are_alike(made: Outgoing, kept: Outgoing) -> bool:
    """Whether both tell the same; as JSON keeps it, in which a tuple is a list, is asked only where they differ."""
    return bool(PARTS(made) == PARTS(kept)) or _told(made) == _told(kept)


def _told(message: Outgoing) -> Any:
    return json.loads(json.dumps(PARTS(message), default=dict))


def broken_files(
    tx: Transaction, records: Iterable[StoredRecord], keys: HostKeys, read: Callable[[str], Any]
) -> Iterator[tuple[StoredRecord, str]]:
    """Files that are gone without having been erased, or are not what the record's hash and seal say.

    `read` gives what a record's text says as JSON.
    """
    all_told = [(record, read(record.text)) for record in records]
    erased = {told["case"]: told["seq"] for _, told in all_told if told.get("erasure", {}).get("files")}
    for record, told in all_told:
        attached = told.get("attached")
        if attached is None or "refused" in told:
            continue
        try:
            file = tx.attachment(record.case, attached["hash"])
        except KeyMissing:  # whether it is there is told; what is in it, only by its key
            continue
        except (VerificationFailed, ValueError):
            yield record, f"the file `{_called(attached)}` is not the one that was attached"
            continue
        if file is None and record.sequence < erased.get(record.case, 0):
            continue
        if file is None:
            yield record, f"the file `{_called(attached)}` is gone"
        elif hashlib.sha256(file.content).hexdigest() != attached["hash"]:
            yield record, f"the file `{_called(attached)}` is not the one that was attached"
        elif is_sealed(attached["name"]) and name_sealed(tx, record.case, told, keys) is None:
            yield record, f"the file `{_called(attached)}` is not called what was sealed"


def name_sealed(tx: Transaction, case: str, told: Mapping[str, Any], keys: HostKeys) -> tuple[str, bytes] | None:
    """The name that the record of an attaching seals, and what proves it; None where no file of that content has it."""
    attached = told["attached"]
    secret = keys.open(tx.key_of_files(case), owner_of_files(case))
    for one in tx.attached(case):
        salt = salt_of(secret, told["seq"], FILE_NAME)
        if one.hash == attached["hash"] and sealed(salt, canonical(one.name)) == attached["name"]["sealed"]:
            return one.name, salt
    return None


def _called(attached: Mapping[str, Any]) -> str:
    """A file in a sentence that others may read: of one whose name is sealed the beginning of its hash."""
    return str(attached["hash"])[:12] if is_sealed(attached["name"]) else str(attached["name"])
