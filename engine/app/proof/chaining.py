"""The chains alone, in one walk along all records: none was changed, left out or moved since it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

from engine.app.proof.verifying import Problem, Verification
from engine.core.cases import Family
from engine.evidence.offline import broken
from engine.json_text import decode
from engine.ports import Transaction

Head = tuple[str, int, str]
"""A case, how many records it has, and the hash of the newest."""

Chain = tuple[str, list[tuple[int, str, str]]]
"""A case and its records: sequence, text, hash."""

SOMETIMES = 100
"""Cases after which it is told how far the walk is."""


def chained(tx: Transaction, family: Family | None) -> Iterator[Verification]:
    """What is found of every case's chain, or of those of one family, some cases at a time.

    Rows that cannot be read end it: what comes after them is not known here.
    """
    if family is None:
        found = _held(tx.heads(), tx.chains(), lambda name: tx.tombstone(name) is not None)
    else:
        members = sorted((one.id, one.sequence, one.head) for one in family.cases.values())
        rows = ((r.case, r.sequence, r.text, r.hash) for name, *_ in members for r in tx.records(name))
        found = _held(iter(members), rows, lambda _: False)
    total, cases = Verification(), 0
    try:
        for one in found:
            total, cases = total + one, cases + 1
            if cases % SOMETIMES == 0:
                yield total
                total = Verification()
    except Exception as error:  # a flipped byte may be met anywhere: no text, no number
        message = f"rows cannot be read, so the chains after them are not known: {error}"
        total += Verification(problems=(Problem(case="", sequence=None, message=message),))
    yield total


def _held(
    heads: Iterator[Head], rows: Iterator[tuple[str, int, str, str]], has_left: Callable[[str], bool]
) -> Iterator[Verification]:
    """Cases and chains side by side; both come by id."""
    chains = _by_case(rows)
    chain = next(chains, None)
    for case, count, head in heads:
        while chain is not None and chain[0] < case:
            yield _unowned(chain)
            chain = next(chains, None)
        own = []
        if chain is not None and chain[0] == case:
            own, chain = chain[1], next(chains, None)
        elif has_left(case):
            continue
        flaw = broken(case, own, head, count, decode)
        problems = () if flaw is None else (Problem(case=case, sequence=flaw.sequence, message=flaw.why),)
        yield Verification(cases=1, records=len(own), problems=problems)
    while chain is not None:
        yield _unowned(chain)
        chain = next(chains, None)


def _by_case(rows: Iterator[tuple[str, int, str, str]]) -> Iterator[Chain]:
    for case, group in groupby(rows, itemgetter(0)):
        yield case, [(sequence, text, hashed) for _, sequence, text, hashed in group]


def _unowned(chain: Chain) -> Verification:
    problem = Problem(case=chain[0], sequence=None, message="records without a case")
    return Verification(records=len(chain[1]), problems=(problem,))
