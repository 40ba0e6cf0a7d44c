"""One unit of work on a database, put together from the questions it answers."""

from __future__ import annotations

from engine.store.adjusting import Ledgers
from engine.store.archives import Archives
from engine.store.care import Nursing
from engine.store.erasing import Erasing
from engine.store.families import Families
from engine.store.heads import Heads
from engine.store.hearing import Hearing
from engine.store.history import History
from engine.store.imprints import Imprints
from engine.store.lists import Lists
from engine.store.parties import Parties
from engine.store.posting import Posting
from engine.store.timetables import Timetables
from engine.store.walks import Walks


class SqlTransaction(
    Families, History, Lists, Imprints, Walks, Timetables, Parties, Hearing, Posting, Heads, Archives, Erasing, Nursing,
    Ledgers,
):  # fmt: skip
    """One unit of work on a database."""
