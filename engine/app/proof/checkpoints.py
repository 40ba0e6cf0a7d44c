"""What stands in a checkpoint: a signed statement, and a line for each case; and how both are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from engine.app.doors import is_text, shown
from engine.app.proof.verifying import Verification
from engine.core.audit import canonical
from engine.errors import UsageError, VerificationFailed
from engine.evidence.offline import Tree, Untrue, check_signed, leaf_of
from engine.ports import Publication, Transaction

LAST = "checkpoint"
"""The setting that holds the number and the hash of the last checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """That cases were replayed before they were signed: each has an imprint in its line, a hash over all its rows."""

    cases: int
    imprints: str  # hash over the imprints, each with its case
    versions: tuple[str, ...]  # of casewright that replayed them
    definitions: int  # how many publications there were
    definitions_hash: str  # over those: by them the cases were replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What was signed: how many cases and records there were, and the hash over all their heads."""

    number: int
    at: int
    cases: int
    records: int
    root: str
    previous: str  # the hash of the statement before; empty for the first
    vouching: Vouching | None = None

    @property
    def statement(self) -> str:
        """The text that is signed."""
        said = asdict(self)
        if self.vouching is None:
            del said["vouching"]  # as checkpoints were before there was such a thing
        return canonical(said)


class Leaf(NamedTuple):
    """A case as a checkpoint has it; the imprint is empty where it does not vouch for the case."""

    case: str
    records: int
    head: str
    imprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What was replayed to be vouched for: what was found, and the imprints of all cases that are as they must be."""

    found: Verification
    imprints: frozenset[str]
    versions: frozenset[str]  # of casewright that replayed them
    definitions: int
    definitions_hash: str


class Count:
    """What the lines of a checkpoint come to: counts, the root over the heads, the hash over the imprints."""

    def __init__(self) -> None:
        self._tree, self._imprints = Tree(), hashlib.sha256(b"casewright imprints 1\n")
        self.records = self.vouched = 0

    def add(self, leaf: Leaf) -> None:
        """One line more."""
        self._tree.add(leaf_of(leaf.case, leaf.records, leaf.head))
        self.records += leaf.records
        if leaf.imprint:
            self.vouched += 1
            self._imprints.update(f"{leaf.case}\n{leaf.imprint}\n".encode())

    @property
    def cases(self) -> int:
        """How many lines there were."""
        return self._tree.count

    @property
    def root(self) -> str:
        """The hash over all heads."""
        return self._tree.root().hex()

    @property
    def imprints(self) -> str:
        """The hash over all imprints."""
        return self._imprints.hexdigest()

    def check(self, made: Checkpoint) -> None:
        """`VerificationFailed` unless these are the lines of that checkpoint."""
        is_same = (self.root, self.cases, self.records) == (made.root, made.cases, made.records)
        vouching = made.vouching
        if vouching is not None:
            is_same = is_same and (self.vouched, self.imprints) == (vouching.cases, vouching.imprints)
        elif self.vouched:
            is_same = False
        if not is_same:
            raise VerificationFailed("the cases that the checkpoint lists are not those that were signed")


def hash_of_definitions(publications: Iterable[Publication]) -> str:
    """What cases are replayed by, as one hash."""
    names = [each.name for each in fields(Publication)]
    texts = [canonical({name: getattr(one, name) for name in names}) for one in publications]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def last_signed(tx: Transaction) -> dict[str, Any]:
    """Number and hash of the last checkpoint; empty where none was signed."""
    found: dict[str, Any] = json.loads(tx.setting(LAST) or "{}")
    return found


def read_signed(lines: Iterable[str]) -> tuple[Mapping[str, Any], Iterator[Leaf]]:
    """The signed statement of a checkpoint, and its lines one by one; `UsageError` for what is not lines of text."""
    if isinstance(lines, str | bytes):
        raise UsageError(
            f"a checkpoint is read line by line, and this is all of it in one `{type(lines).__name__}`",
            help="give its file, opened as text, or `text.splitlines()`",
        )
    each = map(_text, lines)
    try:
        signed = json.loads(next(each, ""))
        if isinstance(signed, dict):
            return signed, map(_leaf, each)
    except ValueError:
        pass
    raise VerificationFailed("the file is no checkpoint: its first line is not a signed statement")


def read_checkpoint(lines: Iterable[str], trust: Collection[str]) -> tuple[Checkpoint, Iterator[Leaf]]:
    """The checkpoint, signed by the key of one of these fingerprints or one that follows, and its lines.

    Whoever reads the lines must `Count` and `check` them: the signature is over what they come to.
    """
    if not trust or not all(map(is_text, trust)):
        raise UsageError(
            f"`trust` names the fingerprints of keys as text, at least one, not {shown(trust)}",
            help="get it from where it is kept: `casewright audit keygen` has told it",
        )
    signed, leaves = read_signed(lines)
    errors = []
    for fingerprint in trust:
        try:
            said = check_signed(signed, fingerprint)
            if vouching := said.pop("vouching", None):
                said["vouching"] = Vouching(**{**vouching, "versions": tuple(vouching["versions"])})
            return Checkpoint(**said), leaves
        except (Untrue, TypeError, KeyError) as error:
            errors.append(error)
    raise VerificationFailed(
        f"the checkpoint cannot be trusted: {errors[0]}", help="get it, and the fingerprint, from where they are kept"
    ) from errors[0]


def _text(line: object) -> str:
    if not isinstance(line, str):
        raise UsageError(
            f"a line of a checkpoint is text, not {shown(line)}",
            help='open its file as text: `open(file, encoding="utf-8")`',
        )
    return line


def _leaf(line: str) -> Leaf:
    try:
        case, count, head, *imprint = json.loads(line)
        return Leaf(str(case), int(count), str(head), *map(str, imprint))
    except (ValueError, TypeError) as error:
        raise VerificationFailed(f"a line of the checkpoint is no case with its count and hash: {error}") from error
