"""Moving open cases to another version of their process: looked at first, then each moved by a step of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.app.candidates import oversights_of, with_candidate
from engine.app.catalogue import load_definition
from engine.app.given import Given
from engine.app.keeping import Progress, check_status, unusable, unwatched
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.core.cases import Actor, Applied, Case, Command, Head, Reason, Refused
from engine.core.decide import act
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import due_at
from engine.errors import EngineError, NotFound, UsageError
from engine.fields import Words
from engine.ports import Transaction
from engine.views import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a promise stands on one side of the move. Instants in ms UTC."""

    status: str
    due_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMove:
    """What moving one case means, or why it cannot be moved."""

    case: str
    since: int  # the version it is on
    before: tuple[str, ...]  # active states
    after: tuple[str, ...] = ()
    promises: Mapping[str, tuple[Promise | None, Promise | None]]  # before and after; None: it has none such
    lost: tuple[str, ...] = ()  # actions possible before and not after
    missing: tuple[str, ...] = ()  # fields that opening asks for today and the case has not
    dropped: tuple[str, ...] = ()  # fields whose values it gives up
    reasons: tuple[Reason, ...] = ()  # why it cannot be moved


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """What moving every open case of earlier versions to one version means."""

    process: str
    version: int
    oversights: tuple[tuple[int, Reason], ...]  # earlier version, and what its way forgets
    moves: tuple[CaseMove, ...]

    @property
    def possible(self) -> tuple[CaseMove, ...]:
        """Those that can be moved."""
        return tuple(one for one in self.moves if not one.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What became of a migration, case by case."""

    version: int
    cases: tuple[str, ...]  # moved now
    failed: tuple[tuple[str, Words], ...] = ()  # case, and why it was not


class Migrating:
    """The verbs on cases of earlier versions. Only administrators plan and migrate."""

    _recipe: RecipeOfTwo

    def plan(
        self, sources: Mapping[str, str], process: str, *, actor: Actor | str, progress: Progress = unwatched
    ) -> MovePlan:
        """What publishing this definition and moving every open case to it would mean; nothing is changed.

        Raises `DefinitionError` where the definition cannot be published.
        """
        definition = load_definition(sources, process)
        if definition.definition is None:
            raise unusable(process, definition)
        with self._recipe.store.read() as tx:
            who = admin_of(tx, actor, "plan")
            check_status(definition.definition, {one.version: one for one in tx.publications(process)})
            library = with_candidate(self._recipe.catalogue.library(tx), definition.definition)
            return self._planned(tx, library, (process, definition.definition.version), (who, progress))

    def plan_migration(
        self, process: str, version: int | None = None, *, actor: Actor | str, progress: Progress = unwatched
    ) -> MovePlan:
        """What moving every open case to a published version, unsaid the newest, would mean; nothing is changed."""
        with self._recipe.store.read() as tx:
            who = admin_of(tx, actor, "migrate")
            library = self._recipe.catalogue.library(tx)
            return self._planned(tx, library, (process, self._version(tx, process, version)), (who, progress))

    def behind(self, process: str, version: int | None = None) -> int:
        """How many open cases are on a version before this one, which may be one to come; unsaid, before the newest."""
        with self._recipe.store.read() as tx:
            newest = self._version(tx, process, None) if version is None else version
            return sum(one.version < newest for one in tx.open_cases(process))

    def migrate(
        self, process: str, version: int | None = None, *, actor: Actor | str, reason: str,
        progress: Progress = unwatched,
    ) -> Migrated:  # fmt: skip
        """Move every open case that can be moved, one recorded step a case.

        Each case is a transaction of its own: broken off, the same call goes on with those that are left.
        """
        if not reason.strip():
            raise UsageError("a reason must be given: it stands in the record of every case")
        planned = self.plan_migration(process, version, actor=actor)
        done: list[str] = []
        failed = [(one.case, one.reasons[0].words) for one in planned.moves if one.reasons]
        for number, one in enumerate(planned.possible, 1):
            try:
                refused = self._recipe.whole(self._moving(one.case, planned.version, actor, reason))
            except EngineError as error:  # one that is set aside keeps nobody else from being moved
                failed.append((one.case, {"en": error.message}))
            else:
                failed += [(one.case, why.words) for why in refused[:1]]
                done += [] if refused else [one.case]
            progress(number, len(planned.possible))
        return Migrated(version=planned.version, cases=tuple(done), failed=tuple(failed))

    def _moving(
        self, case: str, version: int, actor: Actor | str, reason: str
    ) -> Callable[[Transaction], tuple[Reason, ...]]:
        def work(tx: Transaction) -> tuple[Reason, ...]:
            who = admin_of(tx, actor, "migrate")
            result = self._recipe.command_in(tx, _command(case, version, who, reason), Given())
            return result.reasons if isinstance(result, Refusal) else ()

        return work

    def _version(self, tx: Transaction, process: str, version: int | None) -> int:
        newest = self._recipe.catalogue.newest(tx, process, self._recipe.life.read(tx)).definition.version
        if version is not None and version not in (one.version for one in tx.publications(process)):
            raise NotFound(f"`{process}` version {version} is not published", help=f"the newest is version {newest}")
        return newest if version is None else version

    def _planned(
        self, tx: Transaction, library: Library, to: tuple[str, int], asked: tuple[Actor, Progress]
    ) -> MovePlan:
        (process, version), (who, progress) = to, asked
        open_cases = sorted(
            (one for one in tx.open_cases(process) if one.version < version), key=lambda one: (one.opened_at, one.id)
        )
        moves = []
        for number, one in enumerate(open_cases, 1):
            moves.append(self._move(tx, library, one.id, (version, who)))
            progress(number, len(open_cases))
        return MovePlan(
            process=process, version=version, moves=tuple(moves), oversights=tuple(oversights_of(library, to))
        )

    def _move(self, tx: Transaction, library: Library, name: str, to: tuple[int, Actor]) -> CaseMove:
        """The very decision that would be recorded, not kept."""
        family, context, now = self._recipe.present(tx, name)
        case, (version, who) = family.cases[name], to
        command = _command(name, version, who, "plan")
        outcome = act(family, command, context.but(library=library), now)
        before = library.plan(case.process, case.version)
        if isinstance(outcome, Refused):
            return CaseMove(
                case=name, since=case.version, before=case.position.leaves, reasons=outcome.reasons,
                promises={clock: (found, None) for clock, found in _promises(before, case).items()},
            )  # fmt: skip
        return _moved(before, library.plan(case.process, version), case, outcome)


def _moved(before: Plan, plan: Plan, case: Case, outcome: Applied) -> CaseMove:
    after = outcome.steps[0].case
    was, will = _promises(before, case), _promises(plan, after)
    asked = plan.definition.opening.form.require
    possible = set(_actions(plan, after))
    return CaseMove(
        case=case.id, since=case.version, before=case.position.leaves, after=after.position.leaves,
        promises={name: (was.get(name), will.get(name)) for name in dict.fromkeys((*was, *will))},
        lost=tuple(name for name in _actions(before, case) if name not in possible),
        missing=tuple(name for name in asked if name not in after.data),
        dropped=tuple(name for name in case.data if name not in after.data),
    )  # fmt: skip


def _actions(plan: Plan, case: Case) -> tuple[str, ...]:
    return tuple(name for name in plan.chart.possible(case.position) if plan.course(case.position, name).actions)


def _promises(plan: Plan, case: Case) -> dict[str, Promise]:
    return {
        name: Promise(status=head.status, due_at=_due(plan, name, head))
        for name, head in case.clocks.items()
        if head.active or head.cycle
    }


def _due(plan: Plan, clock: str, head: Head) -> int | None:
    return due_at(head, plan.calendar(plan.definition.clocks[clock].calendar))


def _command(case: str, version: int, who: Actor, reason: str) -> Command:
    return Command(verb="migrate", case=case, actor=who, name=str(version), version=version, form={"reason": reason})
