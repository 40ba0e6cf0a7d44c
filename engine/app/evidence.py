"""What is shown to somebody who trusts nobody here: signed checkpoints kept elsewhere, and bundles of one case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from engine.app.archiving import hash_of_archived
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.app.verifying import Problem, newest_seals
from engine.core.audit import canonical, salt_of
from engine.core.cases import Actor, Case
from engine.errors import Conflict, NotFound, VerificationFailed
from engine.evidence.offline import BUNDLE, Tree, Untrue, check_signed, leaf_of, path_of
from engine.evidence.signing import SigningKey
from engine.lang.hashes import documents_of
from engine.lang.load import load_process
from engine.ports import StoredRecord, Transaction

LAST = "checkpoint"
"""The setting that holds the number and the hash of the last checkpoint."""

PLACES = 400
"""Records asked for at a time."""

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What was signed: how many cases and records there were, and the hash over all their heads."""

    number: int
    at: int
    cases: int
    records: int
    root: str
    previous: str  # the hash of the statement before; empty for the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A checkpoint, and where this database does not hold what it held then: the first hundred places."""

    checkpoint: Checkpoint
    problems: tuple[Problem, ...] = ()


class Leaf(NamedTuple):
    """A case as a checkpoint has it."""

    case: str
    records: int
    head: str


class Evidence:
    """The verbs that make evidence. Only administrators sign and export."""

    _recipe: RecipeOfTwo

    def checkpoint(self, key: SigningKey, out: TextIO, *, actor: Actor | str) -> Checkpoint:
        """Write a signed checkpoint over all cases: its statement, then a line for each case.

        Each names the hash of the one before. Keep it where whoever owns this database cannot write.
        """
        store = self._recipe.store
        with store.read() as tx:
            admin_of(tx, actor, "sign checkpoints")
            last, tree, records = _last(tx), Tree(), 0
            for case, count, head in tx.heads():
                tree.add(leaf_of(case, count, head))
                records += count
            made = Checkpoint(
                number=last.get("number", 0) + 1, at=self._recipe.life.read(tx), cases=tree.count, records=records,
                root=tree.root().hex(), previous=last.get("hash", ""),
            )  # fmt: skip
            statement = canonical({name: getattr(made, name) for name in Checkpoint.__dataclass_fields__})
            out.write(json.dumps(key.signed(statement)) + "\n")
            for leaf in tx.heads():
                out.write(json.dumps(leaf) + "\n")
        with store.write() as tx:
            tx.alone()
            if _last(tx) != last:
                raise Conflict("another checkpoint was signed meanwhile", help="sign again; the other one stands")
            newest = {"number": made.number, "hash": hashlib.sha256(statement.encode()).hexdigest()}
            tx.set_setting(LAST, json.dumps(newest))
        return made

    def verify_checkpoint(self, lines: Iterable[str], *, trust: str, archive: str | Path | None = None) -> Compared:
        """Whether every case of a checkpoint still has the records it had then.

        Cases that were archived since are looked up in `archive`, the folder of their files.
        `trust` is the fingerprint of the key that signed it, or of one that the key follows. Raises
        `VerificationFailed` for a checkpoint that is not what was signed, or not by that key.
        """
        signed, leaves = _read(lines)
        made = _trusted(signed, trust)
        tree, records, problems = Tree(), 0, list[Problem]()
        with self._recipe.store.read() as tx:
            if _last(tx).get("number", 0) < made.number:
                problems.append(_older(made, _last(tx).get("number", 0)))
            while page := list(islice(leaves, PLACES)):
                there = tx.hashes_at([(leaf.case, leaf.records) for leaf in page])
                for leaf in page:
                    tree.add(leaf_of(*leaf))
                    records += leaf.records
                    found = there.get((leaf.case, leaf.records)) or hash_of_archived(tx, *leaf[:2], archive)
                    if found != leaf.head and len(problems) < MOST_PROBLEMS:
                        problems.append(_differs(tx, leaf, found))
        if (tree.root().hex(), tree.count, records) != (made.root, made.cases, made.records):
            raise VerificationFailed("the cases that the checkpoint lists are not those that were signed")
        return Compared(checkpoint=made, problems=tuple(problems))

    def evidence(
        self, case: str, *, actor: Actor | str, checkpoint: Iterable[str] | None = None, with_private: bool = False
    ) -> dict[str, Any]:
        """All that proves one case to somebody without this engine: `engine/evidence/offline.py` verifies it.

        With the lines of a checkpoint also that its records were there then. Private values are left out unless they
        are asked for; then each comes with what proves it, and no other value, to be the one that was sealed.
        """
        with self._recipe.store.read() as tx:
            who = admin_of(tx, actor, "export evidence")
            one = self._recipe.family_of(tx, case, lock=False).cases[case]
            records = list(tx.records(case))
            bundle: dict[str, Any] = {
                "casewright": BUNDLE, "case": case, "exported_at": self._recipe.now(), "exported_by": who.id,
                "head": one.head, "count": one.sequence,
                "records": [{"sequence": r.sequence, "text": r.text, "hash": r.hash} for r in records],
                **_definitions(tx, records),
            }  # fmt: skip
            if with_private:
                bundle["values"] = list(self._values(one, records))
        if checkpoint is not None:
            bundle["checkpoint"] = _proof(case, checkpoint)
        return bundle

    def _values(self, case: Case, records: list[StoredRecord]) -> Iterator[dict[str, Any]]:
        sealed = newest_seals(records)
        for name, value in case.private.items():
            if value is not None and (case.id, name) in sealed:
                sequence, _ = sealed[case.id, name]
                salt = salt_of(self._recipe.store.keys.open(case.secret, case.id), sequence, name)
                yield {"sequence": sequence, "field": name, "text": canonical(value), "salt": salt.hex()}


def _last(tx: Transaction) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tx.setting(LAST) or "{}")
    return found


def _read(lines: Iterable[str]) -> tuple[Mapping[str, Any], Iterator[Leaf]]:
    """The signed statement of a checkpoint, and its leaves one by one."""
    each = iter(lines)
    try:
        signed = json.loads(next(each, ""))
        if isinstance(signed, dict):
            return signed, map(_leaf, each)
    except ValueError:
        pass
    raise VerificationFailed("the file is no checkpoint: its first line is not a signed statement")


def _leaf(line: str) -> Leaf:
    try:
        case, count, head = json.loads(line)
        return Leaf(str(case), int(count), str(head))
    except (ValueError, TypeError) as error:
        raise VerificationFailed(f"a line of the checkpoint is no case with its count and hash: {error}") from error


def _trusted(signed: Mapping[str, Any], trust: str) -> Checkpoint:
    try:
        return Checkpoint(**check_signed(signed, trust))
    except (Untrue, TypeError) as error:
        raise VerificationFailed(
            f"the checkpoint cannot be trusted: {error}", help="get it, and the fingerprint, from where they are kept"
        ) from error


def _older(made: Checkpoint, last: int) -> Problem:
    message = f"this database knows of {last} checkpoints and this is number {made.number}: it is an older copy"
    return Problem(case="", sequence=None, message=message)


def _differs(tx: Transaction, leaf: Leaf, found: str | None) -> Problem:
    if tx.root_of(leaf.case) is None:
        message = f"it is gone with its records; at the checkpoint it had {leaf.records}"
        return Problem(case=leaf.case, sequence=None, message=message)
    if found is None:
        message = "it is gone: the checkpoint has a record here, so the tail was cut off or an older copy put back"
    else:
        message = "it is another record than at the checkpoint: the chain was written anew"
    return Problem(case=leaf.case, sequence=leaf.records, message=message)


def _definitions(tx: Transaction, records: Iterable[StoredRecord]) -> dict[str, Any]:
    """What the records name as their definitions: the texts, and the documents of which they name the hashes."""
    named = {tuple(json.loads(record.text)["definition"]) for record in records}
    documents, sources = {}, []
    for edition in tx.editions():
        if (edition.process, edition.version, edition.behaviour_hash, edition.words_hash) not in named:
            continue
        sources.append({"process": edition.process, "version": edition.version, "files": dict(edition.sources)})
        definition = load_process(edition.sources, edition.process).definition
        for text in documents_of(definition) if definition is not None else ():
            documents[hashlib.sha256(text.encode()).hexdigest()] = text
    return {"documents": documents, "sources": sources}


def _proof(case: str, lines: Iterable[str]) -> dict[str, Any]:
    signed, leaves = _read(lines)
    hashes, mine = list[bytes](), None
    for index, leaf in enumerate(leaves):
        hashes.append(leaf_of(*leaf))
        if leaf.case == case:
            mine = index, leaf
    if mine is None:
        raise NotFound(f"`{case}` is not in the checkpoint: it was opened later", help="leave the checkpoint out")
    index, leaf = mine
    path = [part.hex() for part in path_of(hashes, index)]
    return {"signed": dict(signed), "leaf": list(leaf), "index": index, "path": path}
