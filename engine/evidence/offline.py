#!/usr/bin/env python3
"""Verify an evidence bundle of casewright: `python offline.py BUNDLE --trust FINGERPRINT`.

This one file needs Python 3.11 and, for signatures, the package `cryptography`; nothing of the engine. It says whether
the records are whole and linked, whether they are those of a signed checkpoint, and whether private values that came
with them are the ones that were sealed. The engine itself hashes, links and checks by the functions below.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORD = b"casewright record 1\n"
SEAL = b"casewright seal 1\n"
FILE_NAME = "attached.name"
"""By this the name of an attached file is sealed, as a private value is by its field; no field is called so."""

CHECKPOINT = b"casewright checkpoint 1\n"
ROTATION = b"casewright signing key 1\n"
BUNDLE = "casewright evidence 1"
"""Each kind of thing is hashed or signed in a domain of its own, so that none can stand for another."""

FIRST = ""
"""What the first record of a case is linked to."""


class Untrue(Exception):
    """What was shown does not prove what it should."""


# -- the chain of a case -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Break:
    """The first record at which a chain does not hold."""

    sequence: int
    why: str


def digest(text: str) -> str:
    """The hash of a record's text, in a domain of its own."""
    return hashlib.sha256(RECORD + text.encode()).hexdigest()


def sealed(salt: bytes, text: str) -> str:
    """The commitment to a private value, given as its canonical JSON text."""
    return hashlib.sha256(SEAL + salt + text.encode()).hexdigest()


def broken(
    case: str, records: Iterable[tuple[int, str, str]], head: str, count: int, read: Callable[[str], Any] = json.loads
) -> Break | None:
    """The first break in a chain of `(sequence, text, hash)`, or None where it is whole up to the case's head.

    `read` gives what a text says as JSON; who needs it again passes one that remembers.
    """
    previous, expected = FIRST, 1
    for sequence, text, hashed in records:
        why = _altered(sequence, text, hashed, expected) or _misplaced(text, (case, sequence, previous), read)
        if why:
            return Break(sequence, why)
        previous, expected = hashed, expected + 1
    if expected - 1 != count:
        return Break(expected, f"the case counts {count} records, the chain has {expected - 1}")
    if previous != head:
        return Break(expected - 1, "the newest record is not the one the case names")
    return None


def _altered(sequence: int, text: str, hashed: str, expected: int) -> str:
    if sequence != expected:
        return f"record {expected} is missing" if sequence > expected else f"record {sequence} is there twice"
    return "" if digest(text) == hashed else "its text was changed: the hash does not fit"


def _misplaced(text: str, place: tuple[str, int, str], read: Callable[[str], Any]) -> str:
    case, sequence, previous = place
    try:
        record = read(text)
    except ValueError:
        return "its text is not JSON"
    if record.get("prev") != previous:
        return "it is not linked to the record before it"
    if record.get("case") != case or record.get("seq") != sequence:
        return "it belongs to another place"
    return ""


# -- the tree over all cases (RFC 9162) --------------------------------------------------------------------------------


def leaf_of(case: str, count: int, head: str) -> bytes:
    """The leaf of a case with so many records, the newest of this hash."""
    return hashlib.sha256(b"\x00" + f"{case}\n{count}\n{head}".encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Tree:
    """A tree that grows leaf by leaf and remembers one hash for each of its levels."""

    count: int = 0
    _tops: list[tuple[int, bytes]] = field(default_factory=list)  # whole trees so far, the largest first

    def add(self, leaf: bytes) -> None:
        """One leaf more."""
        size, top = 1, leaf
        while self._tops and self._tops[-1][0] == size:
            top, size = _node(self._tops.pop()[1], top), 2 * size
        self._tops.append((size, top))
        self.count += 1

    def root(self) -> bytes:
        """The hash of all of them."""
        if not self._tops:
            return hashlib.sha256(b"").digest()
        *larger, (_, root) = self._tops
        for _, top in reversed(larger):
            root = _node(top, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What proves that this leaf is one of them, from the leaf upwards."""
    if len(leaves) < 2:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < half:
        return [*path_of(leaves[:half], index), root_of(leaves[half:])]
    return [*path_of(leaves[half:], index - half), root_of(leaves[:half])]


def root_by(path: Sequence[bytes], leaf: bytes, index: int, count: int) -> bytes:
    """The root to which a leaf leads by its path; `Untrue` for a path that fits no such tree."""
    if not 0 <= index < count:
        raise Untrue("the path is not of this tree")
    place, last, root = index, count - 1, leaf
    for part in path:
        if last == 0:
            raise Untrue("the path is longer than the tree is high")
        if place & 1 or place == last:
            root = _node(part, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = _node(root, part)
        place, last = place >> 1, last >> 1
    if last:
        raise Untrue("the path ends below the root")
    return root


# -- signatures --------------------------------------------------------------------------------------------------------


def fingerprint(public: bytes) -> str:
    """By what a signing key is known: SHA-256 of its public half."""
    return hashlib.sha256(public).hexdigest()


def check_signature(domain: bytes, public: bytes, signature: bytes, text: str) -> None:
    """`Untrue` unless this key signed this text in this domain."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, domain + text.encode())
    except (InvalidSignature, ValueError) as error:
        raise Untrue("the signature does not fit") from error


def check_trust(public: bytes, rotations: Sequence[Mapping[str, str]], trust: str) -> None:
    """`Untrue` unless the key is the trusted one, or follows it by rotations that each old key signed."""
    trusted = trust.strip().lower().replace(":", "")
    known = fingerprint(public) == trusted
    for rotation in rotations if not known else ():
        said = json.loads(rotation["statement"])
        old, new = b64decode(said["old"]), b64decode(said["new"])
        if fingerprint(old) == trusted:
            check_signature(ROTATION, old, b64decode(rotation["signature"]), rotation["statement"])
            trusted = fingerprint(new)
    if fingerprint(public) != trusted:
        raise Untrue(f"it was signed by the key {fingerprint(public)}, which does not follow from the trusted one")


def check_signed(signed: Mapping[str, Any], trust: str) -> dict[str, Any]:
    """What a signed checkpoint says; `Untrue` if its signature or its key does not hold."""
    try:
        public, text = b64decode(signed["key"]), signed["statement"]
        check_signature(CHECKPOINT, public, b64decode(signed["signature"]), text)
        check_trust(public, signed.get("rotations", ()), trust)
        said: dict[str, Any] = json.loads(text)
    except (KeyError, TypeError, ValueError) as error:
        raise Untrue(f"it is no signed checkpoint: {error}") from error
    return said


# -- a bundle ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Findings:
    """What a bundle proves, and what in it does not hold."""

    proved: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def check_bundle(bundle: Mapping[str, Any], trust: str | None) -> Findings:
    """Verify a bundle; without a trusted fingerprint its checkpoint proves nothing."""
    found = Findings()
    if bundle.get("casewright") != BUNDLE:
        found.wrong.append("this is no evidence bundle of casewright")
        return found
    for check in (_check_chain, _check_definitions, _check_values, _check_checkpoint):
        try:
            check(bundle, found, trust)
        except Untrue as error:
            found.wrong.append(str(error))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found.wrong.append(f"the bundle is damaged: {error!r}")
    return found


def _check_chain(bundle: Mapping[str, Any], found: Findings, trust: str | None) -> None:
    case = bundle["case"]
    rows = [(row["sequence"], row["text"], row["hash"]) for row in bundle["records"]]
    flaw = broken(case, rows, bundle["head"], bundle["count"])
    if flaw is not None:
        raise Untrue(f"{case} #{flaw.sequence}: {flaw.why}")
    found.proved.append(f"{case}: {len(rows)} records, whole and linked up to {bundle['head']}")


def _check_definitions(bundle: Mapping[str, Any], found: Findings, trust: str | None) -> None:
    documents = bundle["documents"]
    for name, text in documents.items():
        if hashlib.sha256(text.encode()).hexdigest() != name:
            raise Untrue(f"the definition {name} was changed: the hash does not fit")
    named = [json.loads(row["text"])["definition"] for row in bundle["records"]]
    wanted = {each: f"`{process}` version {version}" for process, version, *both in named for each in both}
    if missing := wanted.keys() - documents.keys():
        raise Untrue(f"the definition of {wanted[min(missing)]} is not the one its records name")
    versions = sorted({f"`{process}` version {version}" for process, version, *_ in named})
    found.proved.append(f"the definitions are those the records name: {', '.join(versions)}")


def _check_values(bundle: Mapping[str, Any], found: Findings, trust: str | None) -> None:
    records = {row["sequence"]: json.loads(row["text"]) for row in bundle["records"]}
    for value in bundle.get("values", ()):
        record = records[value["sequence"]]
        given = [record.get(part, {}).get(value["field"]) for part in ("changed", "form")]
        if value["field"] == FILE_NAME:
            given = [record.get("attached", {}).get("name")]
        commitment = {"sealed": sealed(bytes.fromhex(value["salt"]), value["text"])}
        if not any(one == commitment for one in given):
            raise Untrue(f"{bundle['case']} #{value['sequence']}: `{value['field']}` is not the value that was sealed")
    if bundle.get("values"):
        found.proved.append(f"private values are those that were sealed: {len(bundle['values'])}")


def _check_checkpoint(bundle: Mapping[str, Any], found: Findings, trust: str | None) -> None:
    proof = bundle.get("checkpoint")
    if proof is None:
        return
    if trust is None:
        raise Untrue("who signed the checkpoint is not known: give the fingerprint you trust")
    said = check_signed(proof["signed"], trust)
    case, count, head = proof["leaf"]
    path = [bytes.fromhex(part) for part in proof["path"]]
    root = root_by(path, leaf_of(case, count, head), proof["index"], said["cases"])
    if not hmac.compare_digest(root.hex(), said["root"]):
        raise Untrue(f"{case} is not in checkpoint {said['number']}: its path does not lead to the signed root")
    hashes = {row["sequence"]: row["hash"] for row in bundle["records"]}
    if case != bundle["case"] or hashes.get(count) != head:
        raise Untrue(f"{case} #{count}: the checkpoint has another record there, or one that is cut off here")
    found.proved.append(
        f"checkpoint {said['number']} of {said['cases']} cases holds its first {count} records; "
        f"{len(hashes) - count} came after it"
    )


def _lines(found: Findings) -> Iterator[str]:
    yield from (f"ok  {text}" for text in found.proved)
    yield from (f"!!  {text}" for text in found.wrong)
    yield "not verified" if found.wrong else "verified"


def main(words: Sequence[str] | None = None) -> int:
    """Verify the bundle that the command line names; 0 if it holds, 7 if it does not."""
    from argparse import ArgumentParser

    parser = ArgumentParser(description="Verify an evidence bundle of casewright, without the engine.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust", help="the fingerprint of the key that signs this desk's checkpoints")
    given = parser.parse_args(words)
    try:
        bundle = json.loads(given.bundle.read_text("utf-8"))
        found = check_bundle(bundle if isinstance(bundle, dict) else {}, given.trust)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{given.bundle} cannot be read: {error}\n")
        return 2
    sys.stdout.write("\n".join(_lines(found)) + "\n")
    return 7 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
