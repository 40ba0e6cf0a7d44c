"""The published definitions, made ready for deciding when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock, get_ident
from typing import TYPE_CHECKING
from weakref import ref

from engine.core.plan import Library, Plan, no_plan
from engine.errors import DefinitionError, NotFound
from engine.ports import Publication, Transaction

if TYPE_CHECKING:
    from engine.lang.load import Loaded

REVISION = "catalogue"
"""The setting that changes with every publication."""

MOST_THREADS = 1_000
"""Of so many it is remembered at most what they asked last: a host may begin new ones all the time."""


class _Plans(dict[tuple[str, int], Plan]):
    """Versions by name, loaded when first asked for."""

    def __init__(self, publications: list[Publication]) -> None:
        super().__init__()
        self._publications = {(one.process, one.version): one for one in publications}

    def __missing__(self, key: tuple[str, int]) -> Plan:
        if key not in self._publications:
            raise no_plan(*key)
        plan = self[key] = _load(self._publications[key])
        return plan

    def get(self, key: tuple[str, int], default: Plan | None = None) -> Plan | None:  # type: ignore[override]
        return self[key] if key in self._publications else default


_LOADED: dict[tuple[str, str], Plan] = {}
"""Plans by their two hashes: a definition is immutable, so every engine of the process shares them."""

_LOCK = Lock()


def load_definition(sources: Mapping[str, str], process: str, *, rules: bool = True) -> Loaded:
    """A definition read from its texts. The front end is imported by who first reads one: most commands read none."""
    from engine.lang.load import load_process

    return load_process(sources, process, rules=rules)


def hashed_texts(publication: Publication) -> tuple[str, ...]:
    """The texts of which its two hashes are; none where this version of casewright cannot read it."""
    from engine.lang.hashes import documents_of

    definition = load_definition(publication.sources, publication.process).definition
    return () if definition is None else documents_of(definition)


def _load(publication: Publication) -> Plan:
    key = (publication.behaviour_hash, publication.words_hash)
    with _LOCK:
        if key not in _LOADED:
            loaded = load_definition(publication.sources, publication.process, rules=False)
            if loaded.definition is None:
                raise DefinitionError(
                    f"`{publication.process}` version {publication.version} was published by another version of "
                    "casewright and cannot be read by this one",
                    help="use the version that published it, or publish it anew",
                )
            _LOADED[key] = Plan(loaded.definition)
        return _LOADED[key]


def library_of(publications: list[Publication]) -> Library:
    """What these publications give."""
    published: dict[str, tuple[tuple[int, int], ...]] = {}
    for one in publications:
        published[one.process] = (*published.get(one.process, ()), (one.published_at, one.version))
    return Library(_Plans(publications), published)


_Asked = tuple[Callable[[], Transaction | None], Library]
"""Which transaction has asked last, and what it was told."""


class Catalogue:
    """Keeps the library in step with the database."""

    def __init__(self) -> None:
        self._kept: tuple[str | None, Library] = ("", Library({}))  # one value: threads never see half of it
        self._asked: _Asked = (lambda: None), Library({})
        self._asked_by: dict[int, _Asked] = {}  # by thread: another's transaction does not make this one's ask again
        self._naming: tuple[Mapping[tuple[str, int], Plan], int, frozenset[str]] = {}, 0, frozenset()

    def library(self, tx: Transaction) -> Library:
        """The library as of this transaction; one that has been asked is not asked again."""
        asked, library = self._asked
        if asked() is tx:
            return library
        thread = get_ident()
        asked, library = self._asked_by.get(thread, self._asked)
        if asked() is tx:
            return library
        revision, library = self._kept
        now = tx.setting(REVISION)
        if now != revision:
            library = library_of(tx.publications())
            self._kept = now, library
        if len(self._asked_by) > MOST_THREADS:
            self._asked_by.clear()
        self._asked = self._asked_by[thread] = ref(tx), library
        return library

    def naming(self) -> frozenset[str]:
        """Fields that name persons whose roles are asked, in what is loaded: who stands there will be looked up."""
        plans, count, fields = self._naming
        if plans is not (present := self._kept[1].plans) or count != len(present):
            loaded = list(present.values())
            fields = frozenset[str]().union(*(plan.asks_roles for plan in loaded))
            self._naming = present, len(loaded), fields
        return fields

    def newest(self, tx: Transaction, process: str, at: int) -> Plan:
        """The version of this process on which a case opens now."""
        library = self.library(tx)
        plan = library.newest(process, at)
        if plan is None:
            from engine.app.known import published_help
            from engine.core.reasons import near

            raise NotFound(
                f"no process `{process}` is published{near(process, library.published)}", help=published_help(library)
            )
        return plan


def opened_until(tx: Transaction, process: str) -> int:
    """No version may be published to hold from before this: by then the calendar has opened cases on another one."""
    kept = tx.timetable(process, lock=True)
    return 0 if kept is None else kept.since + 1 if kept.made else kept.since
