"""An import brings cases in from outside, each line at its own time; it goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from engine.app.advancing import carry_family, carry_import
from engine.app.faults import fault_of
from engine.app.given import Given
from engine.app.imports.bookmark import Bookmark, Imported
from engine.app.imports.lines import BadLine, own_name, part_of, private_of, read_line
from engine.app.incoming.hearing import Told
from engine.app.known import personal_names, roles_known
from engine.app.merging import RecipeOfTwo
from engine.app.opening import Look, open_due
from engine.app.people import admin_of
from engine.app.recipe import More, Recipe, Struck
from engine.core.cases import Actor, Command
from engine.core.reasons import near
from engine.errors import EngineError, Outrun, StoreUnavailable
from engine.ports import Ahead, Transaction
from engine.values import as_written, read_instant
from engine.views import Accepted, Heard, Refusal, Result

LINES = 100
"""How many lines one transaction takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one line did: for whoever tells the import as a story."""

    number: int
    line: Mapping[str, Any]
    at: int
    result: Heard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How to import."""

    name: str
    stop_on_error: bool = False
    progress: Callable[[int, int], None] | None = None
    tell: Callable[[Played], None] | None = None
    until: int | None = None  # up to where everything is carried forward at the end; unsaid, the clock


class Importing:
    """The verb of bringing in."""

    _recipe: RecipeOfTwo

    def import_lines(self, lines: Iterable[str], job: Import, *, actor: Actor | str) -> Imported:
        """Bring these lines in, in their order; a second run with the same name goes on where the first stopped."""
        with self._recipe.store.write() as tx:
            admin_of(tx, actor, "import")
        run = _Run(self._recipe, job)
        numbered = enumerate((line.rstrip("\n") for line in lines), 1)
        try:
            while batch := list(islice(numbered, LINES)):
                run.batch(batch)
        except _Stopped:
            return run.bookmark.imported()
        run.bookmark.check_whole()
        run.finish()
        return run.bookmark.imported()


class _Stopped(Exception):
    """At the first bad line, because it was asked for."""


class _Run:
    """One run of an import."""

    def __init__(self, recipe: RecipeOfTwo, job: Import) -> None:
        self.recipe = recipe
        self.job = job
        with recipe.store.read() as tx:
            self.bookmark = Bookmark(tx, job.name)
            self.zone = _zone(recipe, tx)
            library = recipe.catalogue.library(tx)
            self.roles, self._personal = roles_known(library), personal_names(library)

    def batch(self, batch: list[tuple[int, str]]) -> None:
        """Some lines in one transaction, with how far it came."""
        fresh = [(number, text) for number, text in batch if not self.bookmark.was_done(number, text)]
        told, is_stopped = self._tried(fresh) if fresh else ([], False)
        for played in told:
            if self.job.tell is not None:
                self.job.tell(played)
        if self.job.progress is not None:
            self.job.progress(batch[-1][0], batch[-1][0])
        if is_stopped:
            raise _Stopped

    def _tried(self, fresh: list[tuple[int, str]]) -> tuple[list[Played], bool]:
        """What these lines did, and whether a bad one was to stop it. What is written goes together, as in a batch of
        actions; where somebody else was faster all of it is decided again."""
        bookmark, before = self.bookmark, self.bookmark.place()
        names = [_acts_on(text) for _, text in fresh]

        def work(tx: Transaction) -> tuple[list[Played], bool]:
            bookmark.go_back(before)
            told: list[Played] = []
            asked: set[str] = set()  # families of which the answer is here, and nobody has wanted to know it yet
            for place, (number, text) in enumerate(fresh):
                self._look_ahead(tx, names[place:], asked)
                if not self._try(tx, number, text, told) and self.job.stop_on_error:
                    bookmark.remember(tx)
                    return told, True
                bookmark.passed(number, text)
            bookmark.remember(tx)
            return told, False

        return self.recipe.kept(work)

    def _look_ahead(self, tx: Transaction, names: Sequence[str], asked: set[str]) -> None:
        """Before a line that acts on a case: ask for its family together with those of the lines to come."""
        cases = self.bookmark.cases
        if names[0] not in cases:
            return
        root = _root(cases[names[0]])
        if root not in asked:
            wanted = [one for one in dict.fromkeys(_root(cases[name]) for name in names if name in cases)
                      if one not in asked]  # fmt: skip
            tx.look_ahead(Ahead(families=tuple(wanted)))
            asked.update(wanted)
        asked.remove(root)  # once it was read, it must be asked for again

    def _try(self, tx: Transaction, number: int, text: str, told: list[Played]) -> bool:
        """One line as a part of its own: a bad one leaves nothing behind but its reason."""
        bookmark, errors = self.bookmark, len(self.bookmark.errors)
        try:
            with tx.part():
                told += self._line(tx, number, text)
                if len(bookmark.errors) > errors and self.job.stop_on_error:
                    raise _Stopped
        except _Stopped:
            return False
        except (Outrun, StoreUnavailable):  # no line's fault: all of the batch is done again, or nothing more is
            raise
        except EngineError as error:
            bookmark.fail(number, error.message + (f" ({error.mend})" if error.mend else ""))
            return False
        finally:
            if len(bookmark.errors) > errors:
                bookmark.keep_back(number, private_of(text, self._personal))
        return True

    # -- one line ------------------------------------------------------------------------------------------------

    def _line(self, tx: Transaction, number: int, text: str) -> Iterator[Played]:
        if not text.strip() or text.lstrip().startswith("//"):
            return
        if self.bookmark.is_finished:
            raise BadLine(f"the import `{self.job.name}` is finished; new lines need an import of their own")
        line = read_line(text)
        if "say" in line and "at" not in line:
            yield Played(number=number, line=line, at=self.bookmark.last_at)
            return
        at = self._instant(line)
        if "tick" in line or "say" in line:
            carry_import(self.recipe, tx, self.job.name, (at, self.recipe.now()))  # with or without, all is the same
            self.bookmark.last_at = at
            yield Played(number=number, line=line, at=at)
            return
        if "schedule" in line:
            self._name_scheduled(tx, line, at)
            self.bookmark.last_at = at
            yield Played(number=number, line=line, at=at)
            return
        result = self._done(tx, line, at)
        self.bookmark.last_at = at
        if isinstance(result, Refusal):
            if "refused" in line:
                self.bookmark.refused += 1
            else:
                why = "; ".join(f"{r.words.get('en', '')} [{r.rule}]" for r in result.reasons)
                self.bookmark.fail(number, f"refused: {why}")
        elif isinstance(result, Accepted) and result.is_repeat:
            self.bookmark.skipped += 1
        else:
            self.bookmark.done += 1
        yield Played(number=number, line=line, at=at, result=result)

    def _instant(self, line: Mapping[str, Any]) -> int:
        try:
            at = int(read_instant(str(line["at"]), self.zone))
        except (KeyError, ValueError) as error:
            raise BadLine(f"`at` must be an instant like `2026-03-02 09:00`: {as_written(line.get('at'))}") from error
        if at < self.bookmark.last_at:
            raise BadLine("`at` lies before the line above it; an import goes forward in time")
        if at > self.recipe.now():
            raise BadLine("`at` lies in the future; an import tells what has happened")
        return at

    def _done(self, tx: Transaction, line: Mapping[str, Any], at: int) -> Heard:
        while True:
            try:
                return self._hear(tx, line, at) if "hear" in line else self._command(tx, line, at)
            except More as more:
                carry_family(self.recipe, tx, self.recipe.root(tx, more.case), at, self.recipe.now())
            except Struck as struck:
                raise struck.error from struck

    def _command(self, tx: Transaction, line: Mapping[str, Any], at: int) -> Result:
        actor, name = self._actor(line), own_name(line)
        given = Given(
            form=part_of(line, "form"),
            facts=part_of(line, "facts"),
            key=line.get("key"),
            at=at,
            importing=self.job.name,
        )
        if "open" in line:
            if name in self.bookmark.cases:
                raise BadLine(f"case `{name}` was opened by a line above")
            command = Command(
                verb="open", case="", name=str(line["open"]), actor=actor, form=given.form, facts=given.facts,
                key=given.key,
            )  # fmt: skip
            tx.look_ahead(Ahead(opens=command.name))
            result = self.recipe.opening_in(tx, command, given)
            if isinstance(result, Accepted):
                self.bookmark.opened(name, result.case.id)
            return result
        command = Command(
            verb="do", case=self._case(tx, name), name=str(line["do"]), actor=actor, form=given.form,
            facts=given.facts, key=given.key,
        )  # fmt: skip
        return self.recipe.command_in(tx, command, given)

    def _hear(self, tx: Transaction, line: Mapping[str, Any], at: int) -> Heard:
        """An event finds its case among those of this import."""
        event, role, key = (line.get(name) for name in ("hear", "from", "key"))
        if not isinstance(event, str) or not isinstance(role, str) or not role or not isinstance(key, str) or not key:
            raise BadLine("a line with `hear` needs `from`, the role that tells it, and `key`, the event's id")
        told = Told(event, part_of(line, "with"), Actor(id=role, roles=(self._known(role),)), key)
        return self.recipe.hearing_in(tx, told, Given(at=at, importing=self.job.name))

    def _known(self, role: str) -> str:
        if self.roles and role not in self.roles:
            raise BadLine(f"there is no role `{role}` at this desk{near(role, self.roles)}")
        return role

    def _opened(self, tx: Transaction, process: str, wanted: tuple[str, str], at: int) -> str | None:
        """The case of this import that a schedule opened last before an instant, for whom."""
        plan = self.recipe.catalogue.newest(tx, process, at)
        numbered = f"{plan.definition.prefix}-"
        numbers = [int(root.removeprefix(numbered)) for root in tx.roots() if root.startswith(numbered)]
        for case in (f"{numbered}{number}" for number in sorted(numbers, reverse=True)):
            record = _first_record(tx, case)
            if record["at"] < at and (record.get("schedule"), record.get("party", "")) == wanted:
                if self.recipe.family(tx, case, lock=False).cases[case].importing != self.job.name:
                    raise BadLine(f"`{case}` was opened by the calendar before this import, and goes on by itself")
                return case
        return None

    def _name_scheduled(self, tx: Transaction, line: Mapping[str, Any], at: int) -> None:
        """Open what the calendar opens before an instant, as part of this import, and name a schedule's last case."""
        name, (process, _, schedule) = own_name(line), str(line["schedule"]).partition(".")
        if name in self.bookmark.cases:
            raise BadLine(f"case `{name}` was opened by a line above")
        open_due(self.recipe, tx, process, Look(at, importing=self.job.name))
        wanted = (schedule, line.get("for", ""))
        if case := self._opened(tx, process, wanted, at):
            self.bookmark.opened(name, case)
            return
        if whom := line.get("for"):
            raise BadLine(f"schedule `{line['schedule']}` has opened no case for `{whom}` before this instant")
        raise BadLine(f"schedule `{line['schedule']}` has opened no case before this instant")

    def _actor(self, line: Mapping[str, Any]) -> Actor:
        role, colon, person = str(line.get("as", "")).partition(":")
        if not (role and colon and person):
            raise BadLine("`as` must be `role:person`")
        return Actor(id=person, roles=(self._known(role),))

    def _case(self, tx: Transaction, name: str) -> str:
        """The id behind the file's name; `NAME.link` is a case that one opened."""
        first, *links = name.split(".")
        if first not in self.bookmark.cases:
            raise BadLine(f"no line above opens case `{first}`")
        case = self.bookmark.cases[first]
        for link in links:
            family = self.recipe.family(tx, self.recipe.root(tx, case), lock=False)
            if link not in family.cases[case].links:
                raise BadLine(f"case `{case}` has opened no `{link}`")
            case = family.cases[case].links[link]
        return case

    def finish(self) -> None:
        """Everything is carried forward to the clock; from now on the cases are as all others."""
        if self.bookmark.is_finished:
            return
        until = self.recipe.now() if self.job.until is None else self.job.until
        after: str | None = ""
        while after is not None:
            after = self.recipe.kept(partial(self._carry_some, until=until, after=after))
        with self.recipe.store.write() as tx:
            tx.finish_import(self.job.name)
            self.bookmark.is_finished = True
            self.bookmark.remember(tx)

    def _carry_some(self, tx: Transaction, until: int, after: str) -> str | None:
        """Carry some families forward, those after that root; the last of them, None if there was none."""
        roots = tx.importing_due(self.job.name, until, after, LINES)
        tx.look_ahead(Ahead(families=tuple(roots)))
        for root in roots:
            try:
                with tx.part():
                    carry_family(self.recipe, tx, root, until, self.recipe.now())
            except (Outrun, StoreUnavailable):  # nobody's fault: all of it is done again
                raise
            except Exception as error:  # one family's trouble does not keep the others in the import
                tx.set_aside(fault_of(root, error, until))
        return roots[-1] if roots else None


def _root(case: str) -> str:
    return case.partition(".")[0]


def _acts_on(text: str) -> str:
    """The file's name for the case on which a line acts; empty where it acts on none, or cannot be read."""
    with suppress(BadLine):
        line = read_line(text)
        return own_name(line).partition(".")[0] if "do" in line else ""
    return ""


def _first_record(tx: Transaction, case: str) -> Mapping[str, Any]:
    return json.loads(next(tx.records(case)).text)  # type: ignore[no-any-return]


def _zone(recipe: Recipe, tx: Transaction) -> str:
    library = recipe.catalogue.library(tx)
    for process, versions in library.published.items():
        return library.plan(process, versions[-1][1]).definition.desk.zone
    return "UTC"
