"""How fast is the same case with what else somebody might pick?

    python -m benchmarks.others [--quick] [ENGINE …]

A case of six steps (`matter.py`), written for each engine as its own pages show it, with its defaults; what each keeps
and does not do stands at the head of its file. Ours and theirs play in turns in one run, each in a process of its own;
the medians of their steps a second count, and those of what one is beside the other. Each engine lives in an
environment of its own (`environments.py`), which is made when it is first asked for. Beside the seconds stands what the
processes of both take in instructions, where they can be counted; of a PostgreSQL server that is neither's.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import Answer, asked, at_least, tell
from benchmarks.others.contest import Lost, Side, contest
from benchmarks.others.environments import NotHere, python_of
from tests import postgres

SQLITE = "sqlite:///FOLDER/cases.db"  # the folder of the side that plays
POSTGRESQL = "postgresql"


class Rival(NamedTuple):
    """Another engine, as it is measured."""

    title: str
    player: str  # its file here, and its environment
    wanted: float | None = None
    callers: int = 1
    url: str = SQLITE  # of its store, where it does not bring one
    way: str = ""


RIVALS = {
    "dbos": Rival("DBOS on SQLite, steps in a row", "dbos", 10),
    "dbos-postgresql": Rival("DBOS on PostgreSQL, steps in a row", "dbos", 6, url=POSTGRESQL),
    "dbos-messages": Rival("DBOS on PostgreSQL, steps by messages", "dbos", url=POSTGRESQL, way="messages"),
    "spiff": Rival("SpiffWorkflow, saved to SQLite each step", "spiff", 7),
    "spiff-restored": Rival("SpiffWorkflow, restored and saved each step", "spiff", way="restored"),
    "spiff-log": Rival("SpiffWorkflow, saved, SQLite as ours has it", "spiff", way="log"),
    "temporal": Rival("Temporal's dev server, steps by signals", "temporal", 25, callers=32),
    "restate": Rival("Restate, steps by calls of an object", "restate", 25, callers=32),
    "restate-alone": Rival("Restate, steps by calls of an object one by one", "restate"),
}


@contextmanager
def urls(rival: Rival) -> Iterator[tuple[str, str]]:
    """Where ours keeps its cases, and where theirs does: SQLite for ours, or one PostgreSQL for both."""
    if rival.url != POSTGRESQL:
        yield SQLITE, rival.url
        return
    if postgres.programs() is None:
        raise NotHere("there is no PostgreSQL here: `apt-get install postgresql` brings one")
    server = postgres.Server()
    server.start()
    try:
        yield server.url(server.new()), server.url(server.new())
    finally:
        server.end()


def beside(rival: Rival, seconds: float, rounds: int) -> Answer:
    """Ours beside one of them; an engine that cannot be had is told, and is not what was wanted."""
    question = f"{rival.title}, {rival.callers} at once" if rival.callers > 1 else rival.title
    try:
        python = str(python_of(rival.player))
        with urls(rival) as (mine, its):
            ours = Side(sys.executable, "ours", mine, rival.callers)
            found = contest(ours, Side(python, rival.player, its, rival.callers, rival.way), seconds, rounds)
    except (NotHere, Lost) as error:
        return Answer(question, f"not measured: {error}", wanted="to be measured", holds=False)
    verdict = ("", None) if rival.wanted is None else at_least(rival.wanted, found.ratio)
    work = "" if found.work is None else f" ({found.work:.1f} by instructions)"
    return Answer(question, f"{found.ours:,.0f}/s", found.ratio, f"times its {found.theirs:,.0f}/s{work}", *verdict)


def main() -> int:
    """Ask them one after the other."""
    names, is_quick = asked(__doc__, "engine", RIVALS)
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors; steps a second, ours beside each")
    seconds, rounds = (0.3, 1) if is_quick else (1.0, 5)
    fine = tell(beside(RIVALS[name], seconds, rounds) for name in names)
    print("all that was wanted holds" if fine else "NOT all that was wanted holds")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
