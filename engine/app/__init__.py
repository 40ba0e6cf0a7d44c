"""The engine: every verb is the one recipe of `recipe.py`. Verbs are grouped by who uses them."""

from __future__ import annotations

from functools import partial
from os import PathLike, fspath
from types import TracebackType
from typing import TYPE_CHECKING

from engine.app.acting import Act, Acting, File
from engine.app.adjustments.adjusting import AdjustedCycle, Adjusting, Correction, Declared, Interruption, Reach
from engine.app.archive.archiving import Archived, Archiving, Leaving
from engine.app.beginning import Beginning
from engine.app.checkup import Check
from engine.app.doors import guarded
from engine.app.hosting import Inside
from engine.app.imports.bookmark import Imported, LineError
from engine.app.imports.importing import Import, Importing, Played
from engine.app.incoming.listening import Listening
from engine.app.keeping import Keeping, Published
from engine.app.merging import RecipeOfTwo
from engine.app.migrating import CaseMove, Migrated, Migrating, MovePlan, Promise
from engine.app.opening import Coming
from engine.app.outgoing.delivery import Deliver, Delivery
from engine.app.privacy import Erased, Privacy
from engine.app.proof.checkpoints import Checkpoint, Vouched
from engine.app.proof.crew import Opener
from engine.app.proof.evidence import Evidence
from engine.app.proof.holding import Compared
from engine.app.proof.proving import Proving
from engine.app.proof.verifying import Problem, Verification
from engine.app.reading import Reading, Retold, Search
from engine.app.registering import Registering
from engine.app.reports.exporting import Export, Exported, Exporting
from engine.app.reports.measuring import MeasureQuestion, MeasureReport, Measuring
from engine.app.reports.reporting import Reporting, SlaQuestion, SlaReport
from engine.app.running import Round, Running
from engine.ports import HeardEvent, Store, TimeSource
from engine.sealing import HostKeys
from engine.time_source import SystemTime
from engine.views import (
    Accepted,
    Alike,
    CaseView,
    ClockView,
    FormField,
    Heard,
    Noted,
    Offer,
    Refusal,
    Result,
    Worklist,
)

if TYPE_CHECKING:
    from engine.store.hosted import HostConnection


@guarded
class Engine(
    Acting, Listening, Beginning, Reading, Reporting, Measuring, Running, Keeping, Proving, Evidence, Privacy,
    Registering, Importing, Exporting, Archiving, Adjusting, Migrating,
):  # fmt: skip
    """Runs cases by published definitions. Safe to use from many threads; close it, or use it as a context manager."""

    _opener: Opener | None = None  # how another process opens the same store

    def __init__(self, store: Store, *, time: TimeSource | None = None) -> None:
        self._store = store
        self._recipe = RecipeOfTwo(store, time or SystemTime())
        self._handlers: dict[str, Deliver] = {}
        self.woken = self._recipe.woken

    @classmethod
    def open(
        cls, url: str | PathLike[str], *, time: TimeSource | None = None, create: bool = False,
        keys: HostKeys | None = None,
    ) -> Engine:  # fmt: skip
        """An engine on the database of this URL or path; `memory:` keeps everything in this process.

        The host's keys, which lock those of private values, are those the environment names, unless they are given.
        """
        url = fspath(url)
        if url == "memory:":
            from engine.store.memory.store import MemoryStore

            return cls(MemoryStore(), time=time)
        from engine.store import open_store

        engine = cls(open_store(url, create=create, keys=keys), time=time)
        engine._opener = partial(open_store, url, keys=engine._store.keys)
        return engine

    @staticmethod
    def install(connection: HostConnection) -> bool:
        """Make the engine's tables in the host's own database, or bring them up to date; whether there was need.

        It is done within the transaction of this connection, which the host commits.
        """
        from engine.store import install

        return install(connection)

    def inside(self, connection: HostConnection) -> Inside:
        """The verbs in the host's transaction, on the host's SQLAlchemy `Connection`: with it they stand or fall.

        Nothing is committed here. A `Conflict` about the database means: roll back, and do the whole of it again.
        """
        return Inside(self._recipe.on(self._store.inside(connection)))

    def committed(self) -> None:
        """Say that a transaction of the host's is committed: a worker of this process looks now, not a poll later."""
        self.woken.set()

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


__all__ = [
    "Accepted", "Act", "AdjustedCycle", "Alike", "Archived", "CaseMove", "CaseView", "Check", "Checkpoint", "ClockView",
    "Coming", "Compared", "Correction", "Declared", "Deliver", "Delivery", "Engine", "Erased", "Export", "Exported",
    "File", "FormField", "Heard", "HeardEvent", "Import", "Imported", "Inside", "Interruption", "Leaving", "LineError",
    "MeasureQuestion", "MeasureReport", "Migrated", "MovePlan", "Noted", "Offer", "Played", "Problem", "Promise",
    "Published", "Reach", "Refusal", "Result", "Retold", "Round", "Search", "SlaQuestion", "SlaReport", "Verification",
    "Vouched", "Worklist",
]  # fmt: skip
