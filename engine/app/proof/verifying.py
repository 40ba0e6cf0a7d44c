"""The audit's proof: each chain whole, and each stored case equal to the replay of its family's records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.app.proof.derived import broken_files, differing, underived
from engine.core.audit import commitment, sealed_in
from engine.core.cases import Case, Family
from engine.core.plan import Library, Plan
from engine.core.replay import replay
from engine.errors import VerificationFailed
from engine.evidence.offline import broken
from engine.json_text import decode
from engine.ports import StoredRecord, Transaction
from engine.sealing import HostKeys

Read = Callable[[str], Any]

SEALED = '"sealed"'
"""What stands in the text of every record that seals a value; most seal none, and that is seen at once."""

STORED_BESIDE = ("floor", "order", "fault", "importing", "private", "secret", "head")
"""What a case's row holds that no record tells: the chain proves the head, the rest decides nothing by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Where the audit does not hold."""

    case: str
    sequence: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was verified, and every problem found. `sealed` values were taken from the records."""

    cases: int = 0
    records: int = 0
    sealed: int = 0
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Verification) -> Verification:
        """Both together."""
        return Verification(
            cases=self.cases + other.cases, records=self.records + other.records, sealed=self.sealed + other.sealed,
            problems=self.problems + other.problems,
        )  # fmt: skip


def verify_family(tx: Transaction, library: Library, root: str, keys: HostKeys) -> Verification:
    """Verify one family by its chains and by replay; what cannot even be read is a problem of this family alone."""
    try:
        return _verified(tx, library, root, keys)
    except Exception as error:  # a flipped byte may be met anywhere: no text, no JSON, no key
        return _lost(root, [], f"its rows cannot be read: {error}")


class Texts(dict[str, Any]):
    """What each text says as JSON: the chain, the seals, the files and the replay all ask, and it is read once."""

    def __missing__(self, text: str) -> Any:
        said = self[text] = decode(text)
        return said


def _verified(tx: Transaction, library: Library, root: str, keys: HostKeys) -> Verification:
    records, read = list(tx.family_records(root)), Texts().__getitem__
    try:
        family = tx.family(root, lock=False)
    except Exception as error:  # whatever stands in the row: what cannot be read is a finding
        return _lost(root, records, f"its stored row cannot be read: {error.__cause__ or error}")
    if family is None and not records and tx.tombstone(root) is not None:
        return Verification()  # it has left for the archive since it was named
    if family is None:
        return _lost(root, records, "its case is gone")
    problems = list(_chains(family, records, read))
    if not problems:
        problems = [*_seals(family, records, keys, read), *_replayed(tx, family, records, (library, read))]
        flaws = broken_files(tx, records, keys, read)
        problems += [Problem(case=r.case, sequence=r.sequence, message=why) for r, why in flaws]
    sealing = () if problems else (record.text for record in records if SEALED in record.text)
    seals = {seal for text in sealing for seal in sealed_in(read(text))}
    return Verification(cases=len(family.cases), records=len(records), sealed=len(seals), problems=tuple(problems))


def _lost(root: str, records: list[StoredRecord], message: str) -> Verification:
    return Verification(records=len(records), problems=(Problem(case=root, sequence=None, message=message),))


def _chains(family: Family, records: list[StoredRecord], read: Read) -> Iterator[Problem]:
    chains: dict[str, list[tuple[int, str, str]]] = {name: [] for name in family.cases}
    for record in records:
        chains.setdefault(record.case, []).append((record.sequence, record.text, record.hash))
    for name, chain in chains.items():
        case = family.cases.get(name)
        if case is None:
            yield Problem(case=name, sequence=None, message="records without a case")
            continue
        found = broken(name, sorted(chain), case.head, case.sequence, read)
        if found is not None:
            yield Problem(case=name, sequence=found.sequence, message=found.why)


def _seals(family: Family, records: list[StoredRecord], keys: HostKeys, read: Read) -> Iterator[Problem]:
    """Each private value that is still there must be the one its newest commitment seals, where its key is here."""
    holders = [case for case in family.cases.values() if case.private and keys.can_open(case.secret)]
    newest = newest_seals(records, read) if holders else {}
    for case in holders:
        for name in case.private:
            if (case.id, name) not in newest:
                continue
            sequence, sealed = newest[case.id, name]
            try:
                value, secret = case.private[name], keys.open(case.secret, case.id)
                is_right = value is None or commitment(secret, sequence, name, value) == sealed
            except (VerificationFailed, ValueError):
                is_right = False
            if not is_right:
                yield Problem(case=case.id, sequence=sequence, message=f"`{name}` is not the value that was sealed")


def newest_seals(records: Iterable[StoredRecord], read: Read = decode) -> dict[tuple[str, str], tuple[int, str]]:
    """Case and personal field → the record that sealed its present value, and the commitment."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for record in records:
        for name, value in read(record.text).get("changed", {}).items():
            if isinstance(value, dict) and "sealed" in value:
                newest[record.case, name] = record.sequence, value["sealed"]
    return newest


def _replayed(
    tx: Transaction, family: Family, records: list[StoredRecord], by: tuple[Library, Read]
) -> Iterator[Problem]:
    library, read = by
    try:
        found = replay((record.text for record in records), library, read)
    except Exception as error:  # records of a whole chain that the engine never wrote
        yield Problem(case=family.root, sequence=None, message=f"its records cannot be replayed: {error!r}")
        return
    if found.flaw is not None:
        yield Problem(case=found.flaw.case, sequence=found.flaw.sequence, message=found.flaw.why)
        return
    for case in family.cases.values():
        again = found.family.cases.get(case.id) if found.family else None
        if again is None:
            yield Problem(case=case.id, sequence=None, message="no record opens it")
            continue
        differences = list(_compared(case, again, library.plan(again.process, again.version)))
        yield from differences
        if not differences:
            for why in underived(tx, library, case, found.steps):
                yield Problem(case=case.id, sequence=None, message=why)


def _compared(stored: Case, again: Case, plan: Plan) -> Iterator[Problem]:
    private = {name for name, field in plan.definition.fields.items() if field.personal}
    for name, value in stored.parts().items():
        given = getattr(again, name)
        if name not in STORED_BESIDE and value != given:
            are_maps = isinstance(value, Mapping) and isinstance(given, Mapping)
            why = differing(value, given, private) if are_maps else differing({name: value}, {name: given})
            message = f"the stored `{name}` is not what its records give: {why}"
            yield Problem(case=stored.id, sequence=None, message=message)
