"""How fast is the audit proved, beside reading the rows that are proved?

Ours: `verify` follows every chain and decides every step again; by several processes side by side; and with a
checkpoint that vouches, when nothing has changed since and every row is only hashed. Theirs: the bare driver, every
column of every row that verifying reads, and nothing done with them. And how fast a checkpoint is signed, which reads
the head of every case: beside the bare driver reading those.

    python benchmarks/verifying.py
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, Pair, at_least, in_turns, tell
from benchmarks.durable import BATCH, act, act_many, engine_on, prepare
from benchmarks.growth import on_file
from engine.app import Engine
from engine.app.proof.crew import ENOUGH, processors
from engine.evidence.signing import new_signing_key
from engine.testing import ADMIN, ManualTime

WANTED = 0.2
SIX = 1_200
"""Actions on two hundred cases: each case has seven records then, and its promises' as well."""

READ = (
    "records", "cases", "waiting", "listening", "outbox", "clock_cycles", "affected", "adjustments", "personal",
    "case_keys", "attachments", "contents", "archived",
)  # fmt: skip
"""The tables of which verifying reads rows."""


def bare(driver: sqlite3.Connection) -> Callable[[int], None]:
    """Everything that verifying reads, by the driver alone."""

    def read(_: int) -> None:
        for table in READ:
            driver.execute(f"SELECT * FROM {table}").fetchall()

    return read


def verified(engine: Engine, *, jobs: int = 1) -> Callable[[int], None]:
    """Everything replayed, by so many processes."""

    def verify(_: int) -> None:
        assert not engine.verify(jobs=jobs).problems

    return verify


def chained(engine: Engine) -> Callable[[int], None]:
    """The chains alone, nothing replayed."""

    def verify(_: int) -> None:
        assert not engine.verify_chains().problems

    return verify


def told(question: str, records: int, pair: Pair, *, is_wanted: bool = False) -> Answer:
    """An answer in records a second, beside the bare scan."""
    verdict = at_least(WANTED, pair.ratio) if is_wanted else ("", None)
    beside = f"of a bare scan of the rows ({pair.cpu_ratio:.2f} by processor time)"
    return Answer(question, f"{records / pair.ours:,.0f} records/s", pair.ratio, beside, *verdict)


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """How fast it is proved on each level, and how fast the rows are only read."""
    rounds = 3 if is_quick else 7
    with tempfile.TemporaryDirectory() as folder:
        path, time = Path(folder) / "desk.db", ManualTime()
        cases = prepare(path)
        with engine_on(path, "NORMAL", time) as engine, closing(sqlite3.connect(path)) as driver:
            act(engine, time, cases, range(SIX))
            records, read = engine.verify().records, bare(driver)
            yield told("verify, everything replayed", records, in_turns(verified(engine), read, rounds))
            yield told("verify, the chains alone", records, in_turns(chained(engine), read, rounds))
            key, out = new_signing_key(), StringIO()
            engine.checkpoint(key, out, actor=ADMIN, vouched=engine.vouch(actor=ADMIN))
            lines = out.getvalue().splitlines()

            def vouched(_: int) -> None:
                held = engine.verify_checkpoint(lines, trust=key.fingerprint)
                found = engine.verify(beyond=held)
                assert (held.vouched.records, found.records, held.problems) == (records, 0, ())

            pair = in_turns(vouched, read, rounds)
            yield told("verify, a checkpoint vouches for the replay", records, pair, is_wanted=True)
    yield signed(2_000 if is_quick else 50_000, rounds)
    if not is_quick:
        yield side_by_side()


def signed(cases: int, rounds: int) -> Answer:
    """A checkpoint over a desk of so many cases, that vouches for none."""
    with tempfile.TemporaryDirectory() as folder:
        file, key = on_file(Path(folder), cases), new_signing_key()
        with file.engine, closing(sqlite3.connect(Path(folder) / "patterns.db")) as driver:
            pair = in_turns(
                lambda _: file.engine.checkpoint(key, StringIO(), actor=ADMIN),
                lambda _: driver.execute("SELECT id, sequence, head FROM cases ORDER BY id").fetchall(),
                rounds,
            )
    beside = f"of a bare scan of the heads ({pair.cpu_ratio:.2f} by processor time)"
    return Answer(f"sign a checkpoint of {cases:,} cases", f"{cases / pair.ours:,.0f} cases/s", pair.ratio, beside)


def side_by_side() -> Answer:
    """Everything replayed by one process for each processor, beside one: a desk large enough for each to have work."""
    jobs = max(2, processors())
    with tempfile.TemporaryDirectory() as folder:
        path, time = Path(folder) / "desk.db", ManualTime()
        cases = prepare(path, ENOUGH * jobs)
        with engine_on(path, "NORMAL", time) as engine:
            act_many(engine, time, cases, range(-(-len(cases) // BATCH) * BATCH * 2))
            records = engine.verify().records
            pair = in_turns(verified(engine, jobs=jobs), verified(engine), 3)
    return Answer(
        f"verify, everything replayed by {jobs} processes", f"{records / pair.ours:,.0f} records/s", pair.ratio,
        "of one process",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(0 if tell(answers(is_quick="--quick" in sys.argv)) else 1)
