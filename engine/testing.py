"""For the tests of whoever embeds the engine, and for ours: a time moved by hand, an engine without a database."""

from __future__ import annotations

from collections.abc import Mapping

from engine.app import Engine
from engine.core.cases import Actor
from engine.core.plan import Library, Plan
from engine.errors import DefinitionError, NotFound
from engine.lang.load import load_folder
from engine.ports import Person
from engine.scenarios import Outcome, Script, World, play_all, read_script
from engine.values import read_instant

ADMIN = Actor(id="admin", roles=("admin",))
"""Who may publish in a test."""


class ManualTime:
    """A time source that stands still until it is moved."""

    def __init__(self, at: int | str = "2026-03-02 09:00", zone: str = "Asia/Shanghai") -> None:
        self._now = at if isinstance(at, int) else read_instant(at, zone)
        self._zone = zone

    def now(self) -> int:
        """The instant it was moved to, ms UTC."""
        return self._now

    def monotonic(self) -> int:
        """Goes with the wall clock: a move is no jump."""
        return self._now

    def move(self, ms: int) -> None:
        """Let time pass; a negative number steps the clock back."""
        self._now += ms

    def move_to(self, at: int | str) -> None:
        """Set it to an instant, or to a local time of its zone."""
        self._now = at if isinstance(at, int) else read_instant(at, self._zone)


def engine_in_memory(
    sources: Mapping[str, str], *processes: str, time: ManualTime | None = None, people: tuple[Person, ...] = ()
) -> Engine:
    """An engine that keeps everything in memory, with these processes published."""
    engine = Engine.open("memory:", time=time or ManualTime())
    for person in people:
        engine.save_person(person, actor=ADMIN)
    for process in processes:
        engine.publish(sources, process, actor=ADMIN)
    return engine


def play_scenarios(sources: Mapping[str, str], process: str) -> list[Outcome]:
    """Play what stands in `PROCESS.scenarios.yaml`, each scenario in a world of its own, and say how each went."""
    name = f"{process}.scenarios.yaml"
    file = next((path for path in sorted(sources) if path.rpartition("/")[2] == name), None)
    if file is None:
        raise NotFound(f"there is no file `{name}`", help=f"it stands beside `{process}.yaml`")
    folder = load_folder(sources, file.removesuffix(name))
    script, findings = read_script(sources[file], file)
    wrong = [*folder.diagnostics, *findings]
    if script is None or process not in folder.definitions:
        first = next((f"{one.span}: {one.message}" for one in wrong if one.severity == "error"), "nothing says why")
        raise DefinitionError(f"`{process}` or its scenarios cannot be read; the first error: {first}")
    plans = {(one.process, one.version): Plan(one) for one in folder.definitions.values()}
    return play_all(script, Library(plans, {one.process: ((0, one.version),) for one in folder.definitions.values()}))


__all__ = [
    "ADMIN",
    "ManualTime",
    "Outcome",
    "Script",
    "World",
    "engine_in_memory",
    "play_all",
    "play_scenarios",
    "read_script",
]
