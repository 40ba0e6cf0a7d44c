"""What is shown to somebody who trusts nobody here: signed checkpoints kept elsewhere, and bundles of one case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, TextIO

from engine.app.catalogue import hashed_texts
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.app.proof.checkpoints import LAST, Checkpoint, Count, Leaf, Vouched, Vouching, last_signed, read_signed
from engine.app.proof.derived import name_sealed
from engine.app.proof.holding import Legible, paired
from engine.app.proof.verifying import newest_seals
from engine.core.audit import canonical, salt_of
from engine.core.cases import Actor, Case
from engine.errors import Conflict, NotFound
from engine.evidence.offline import BUNDLE, FILE_NAME, leaf_of, path_of
from engine.evidence.signing import SigningKey
from engine.fields import is_sealed
from engine.ports import StoredRecord, Transaction


class Evidence:
    """The verbs that make evidence. Only administrators sign and export."""

    _recipe: RecipeOfTwo

    def checkpoint(
        self, key: SigningKey, out: TextIO, *, actor: Actor | str, vouched: Vouched | None = None
    ) -> Checkpoint:
        """Write a signed checkpoint over all cases: its statement, then a line for each case.

        Each names the hash of the one before. Keep it where whoever owns this database cannot write. It vouches for
        the cases that `vouch` found to be right and that have not changed since.
        """
        store = self._recipe.store
        with store.read() as tx, store.read() as walking, TemporaryFile("w+", encoding="utf-8") as lines:
            admin_of(tx, actor, "sign checkpoints")
            last, count = last_signed(tx), Count()
            for leaf in _leaves(tx.heads(), walking, vouched):
                count.add(leaf)
                lines.write(json.dumps(leaf if leaf.imprint else leaf[:3]) + "\n")
            made = Checkpoint(
                number=last.get("number", 0) + 1, at=self._recipe.life.read(tx), cases=count.cases,
                records=count.records, root=count.root, previous=last.get("hash", ""),
                vouching=None if vouched is None else _vouching(count, vouched),
            )  # fmt: skip
            out.write(json.dumps(key.signed(made.statement)) + "\n")
            lines.seek(0)
            copyfileobj(lines, out)
        with store.write() as tx:
            tx.alone()
            if last_signed(tx) != last:
                raise Conflict("another checkpoint was signed meanwhile", help="sign again; the other one stands")
            newest = {"number": made.number, "hash": hashlib.sha256(made.statement.encode()).hexdigest()}
            tx.set_setting(LAST, json.dumps(newest))
        return made

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
                bundle["values"] = [*self._values(one, records), *self._names(tx, case, records)]
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

    def _names(self, tx: Transaction, case: str, records: list[StoredRecord]) -> Iterator[dict[str, Any]]:
        """What attached files are called, where they are still there."""
        for told in (json.loads(record.text) for record in records):
            if is_sealed(told.get("attached", {}).get("name")) and tx.key_of_files(case):
                found = name_sealed(tx, case, told, self._recipe.store.keys)
                if found is not None:
                    name, salt = found
                    yield {"sequence": told["seq"], "field": FILE_NAME, "text": canonical(name), "salt": salt.hex()}


def _leaves(heads: Iterable[tuple[Any, ...]], walking: Transaction, vouched: Vouched | None) -> Iterator[Leaf]:
    """Every case as it stands now; with the imprint of those that are as they were when they were found to be right."""
    known = frozenset[str]() if vouched is None else vouched.imprints
    imprints = Legible(walking.imprints() if known else iter(()))
    for here, head in paired(iter(imprints), (Leaf(*head) for head in heads)):
        if head is not None:
            is_known = here is not None and here.rows in known and (here.records, here.head) == head[1:3]
            yield head._replace(imprint=here.rows) if here is not None and is_known else head


def _vouching(count: Count, vouched: Vouched) -> Vouching:
    return Vouching(
        cases=count.vouched, imprints=count.imprints, versions=tuple(sorted(vouched.versions)),
        definitions=vouched.definitions, definitions_hash=vouched.definitions_hash,
    )  # fmt: skip


def _definitions(tx: Transaction, records: Iterable[StoredRecord]) -> dict[str, Any]:
    """What the records name as their definitions: the texts, and the documents of which they name the hashes."""
    named = {tuple(json.loads(record.text)["definition"]) for record in records}
    documents, sources = {}, []
    for edition in tx.editions():
        if (edition.process, edition.version, edition.behaviour_hash, edition.words_hash) not in named:
            continue
        sources.append({"process": edition.process, "version": edition.version, "files": dict(edition.sources)})
        for text in hashed_texts(edition):
            documents[hashlib.sha256(text.encode()).hexdigest()] = text
    return {"documents": documents, "sources": sources}


def _proof(case: str, lines: Iterable[str]) -> dict[str, Any]:
    signed, leaves = read_signed(lines)
    hashes, mine = list[bytes](), None
    for index, leaf in enumerate(leaves):
        hashes.append(leaf_of(*leaf[:3]))
        if leaf.case == case:
            mine = index, leaf
    if mine is None:
        raise NotFound(f"`{case}` is not in the checkpoint: it was opened later", help="leave the checkpoint out")
    index, leaf = mine
    path = [part.hex() for part in path_of(hashes, index)]
    return {"signed": dict(signed), "leaf": list(leaf[:3]), "index": index, "path": path}
