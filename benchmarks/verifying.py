"""What does it cost to verify the audit, beside only reading its rows?

Ours: `Engine.verify` – every chain hashed and linked, every family decided again record by record and held against what
is stored, lists, messages and promises too. Theirs: the bare driver, every column of every record, in the order of the
table. The checkpoint beside it: signed over all heads, then held against the records.

    python benchmarks/verifying.py
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, at_least, in_turns, tell
from benchmarks.durable import act, engine_on, prepare
from engine.evidence.signing import new_signing_key
from engine.testing import ADMIN, ManualTime

WANTED = 0.2
SIX = 1_200
"""Actions on two hundred cases: each case has seven records then, and its promises' as well."""


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """How fast it is proved, and how fast it is only read."""
    with tempfile.TemporaryDirectory() as folder:
        path, time = Path(folder) / "desk.db", ManualTime()
        cases = prepare(path)
        with engine_on(path, "NORMAL", time) as engine, closing(sqlite3.connect(path)) as driver:
            act(engine, time, cases, range(SIX))
            records = engine.verify().records

            def bare(_: int) -> None:
                found = driver.execute("SELECT * FROM records ORDER BY case_id, sequence").fetchall()
                assert len(found) == records

            pair = in_turns(lambda _: engine.verify(), bare, 3 if is_quick else 7)
            yield Answer(
                "verify", f"{records / pair.ours:,.0f} records/s", pair.ratio, "of a bare scan of the rows",
                *at_least(WANTED, pair.ratio),
            )  # fmt: skip
            key, out = new_signing_key(), StringIO()
            engine.checkpoint(key, out, actor=ADMIN)
            lines = out.getvalue().splitlines()

            def held(_: int) -> None:
                assert not engine.verify_checkpoint(lines, trust=key.fingerprint).problems

            signed = in_turns(held, bare, 3 if is_quick else 7)
            yield Answer("hold a checkpoint against the records", f"{len(cases) / signed.ours:,.0f} cases/s")


if __name__ == "__main__":
    sys.exit(0 if tell(answers()) else 1)
