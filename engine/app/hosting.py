"""The engine inside a transaction of the host's."""

from __future__ import annotations

from engine.app.acting import Acting
from engine.app.doors import guarded
from engine.app.incoming.listening import Listening
from engine.app.merging import RecipeOfTwo
from engine.app.reading import Reading
from engine.app.reports.measuring import Measuring
from engine.app.reports.reporting import Reporting


@guarded
class Inside(Acting, Listening, Reading, Reporting, Measuring):
    """What acts and what shows, on the host's connection and thread: all of it stands or falls with the host."""

    def __init__(self, recipe: RecipeOfTwo) -> None:
        self._recipe = recipe
