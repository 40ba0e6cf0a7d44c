"""An import brings cases in from outside, each line at its own time; it goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from engine.app.advancing import carry_family, carry_import
from engine.app.faults import fault_of
from engine.app.given import Given
from engine.app.hearing import Told
from engine.app.import_lines import BadLine, own_name, part_of, private_of, read_line
from engine.app.known import personal_names, roles_known
from engine.app.masking import kept_back
from engine.app.merging import RecipeOfTwo
from engine.app.opening import Look, open_due
from engine.app.people import admin_of
from engine.app.recipe import More, Recipe, Struck
from engine.core.cases import Actor, Command
from engine.core.reasons import near
from engine.errors import EngineError, UsageError
from engine.ports import Transaction
from engine.values import as_written, read_instant
from engine.views import Accepted, Heard, Refusal, Result

LINES = 100
"""How many lines one transaction takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """A bad line, by its number."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one line did: for whoever tells the import as a story."""

    number: int
    line: Mapping[str, Any]
    at: int
    result: Heard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `skipped` lines were done by an earlier run; its bad lines are among the `errors` again."""

    done: int = 0
    refused: int = 0  # as the file expects; any other refusal is an error
    skipped: int = 0
    errors: tuple[LineError, ...] = ()
    cases: Mapping[str, str] = field(default_factory=dict)  # the file's own names → ids


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
            return run.imported()
        run.check_whole()
        run.finish()
        return run.imported()


class _Stopped(Exception):
    """At the first bad line, because it was asked for."""


class _Run:
    """One run of an import. What it must know after a crash is in the database: how far it came, and its cases."""

    def __init__(self, recipe: RecipeOfTwo, job: Import) -> None:
        self.recipe = recipe
        self.job = job
        self.done = self.refused = self.skipped = 0
        self.errors: list[LineError] = []  # also those of earlier runs: they are not mended by running again
        with recipe.store.read() as tx:
            state = json.loads(tx.setting(self._setting) or "{}")
            self.zone = _zone(recipe, tx)
            self.parts: int = state.get("parts", 0)
            self.cases: dict[str, str] = {}
            for part in range(self.parts):
                self.cases.update(json.loads(tx.setting(f"{self._setting}:{part}") or "{}"))
            self._bad_parts: int = state.get("bad", 0)
            for part in range(self._bad_parts):
                bad = json.loads(tx.setting(f"{self._setting}:bad:{part}") or "[]")
                self.errors += [LineError(line=line, message=message) for line, message in bad]
            library = recipe.catalogue.library(tx)
            self.roles, self._personal = roles_known(library), personal_names(library)
        self._private: dict[int, list[Any]] = {}  # by bad line: what of it no reason that is kept may repeat
        self._told = len(self.errors)  # errors remembered already
        self._new: dict[str, str] = {}  # cases not remembered yet
        self.reached: int = state.get("reached", 0)
        self._earlier, self._last = self.reached, 0  # lines of earlier runs, lines seen by this one
        self.hash: str = state.get("hash", "")
        self.last_at: int = state.get("last_at", 0)
        self.is_finished: bool = state.get("finished", False)
        self._seen = hashlib.sha256()

    @property
    def _setting(self) -> str:
        return f"import:{self.job.name}"

    def imported(self) -> Imported:
        return Imported(
            done=self.done, refused=self.refused, skipped=self.skipped, errors=tuple(self.errors), cases=self.cases
        )

    def batch(self, batch: list[tuple[int, str]]) -> None:
        """Some lines in one transaction, with how far it came."""
        fresh = [(number, text) for number, text in batch if not self._was_done(number, text)]
        told: list[Played] = []
        stopped = False
        if fresh:
            with self.recipe.store.write() as tx:
                for number, text in fresh:
                    if not self._try(tx, number, text, told) and self.job.stop_on_error:
                        stopped = True
                        break
                    self._passed(number, text)
                self._remember(tx)
        for played in told:
            if self.job.tell is not None:
                self.job.tell(played)
        if self.job.progress is not None:
            self.job.progress(batch[-1][0], batch[-1][0])
        if stopped:
            raise _Stopped

    def _try(self, tx: Transaction, number: int, text: str, told: list[Played]) -> bool:
        """One line as a part of its own: a bad one leaves nothing behind but its reason."""
        errors = len(self.errors)
        try:
            with tx.part():
                told += self._line(tx, number, text)
                if len(self.errors) > errors and self.job.stop_on_error:
                    raise _Stopped
        except _Stopped:
            return False
        except EngineError as error:
            message = error.message + (f" ({error.mend})" if error.mend else "")
            self.errors.append(LineError(line=number, message=message))
            return False
        finally:
            if len(self.errors) > errors:
                self._private[number] = private_of(text, self._personal)
        return True

    def check_whole(self) -> None:
        """A second run must bring all the lines that the first one did."""
        if self._last < self._earlier:
            raise self._other_file(self._last + 1)

    def _other_file(self, line: int) -> UsageError:
        return UsageError(
            f"the import `{self.job.name}` was begun with another file: it differs from that at line {line} or before",
            help="bring the same file again, or give a new import a name of its own",
        )

    def _was_done(self, number: int, text: str) -> bool:
        if number > self.reached:
            return False
        self._passed(number, text)
        self.skipped += 1
        if number == self._earlier and self._seen.hexdigest() != self.hash:
            raise self._other_file(number)
        return True

    def _passed(self, number: int, text: str) -> None:
        self._seen.update(text.encode("utf-8", "surrogatepass") + b"\n")
        self._last = number
        self.reached = max(self.reached, number)

    def _remember(self, tx: Transaction) -> None:
        self.hash = self._seen.copy().hexdigest()
        if self._new:  # cases are written once, with the batch that opened them
            tx.set_setting(f"{self._setting}:{self.parts}", json.dumps(self._new, ensure_ascii=False))
            self.parts += 1
            self._new = {}
        new = [one for one in self.errors[self._told :] if one.line <= self.reached]
        bad = [(one.line, kept_back(one.message, self._private.pop(one.line, ()))) for one in new]
        if bad:
            tx.set_setting(f"{self._setting}:bad:{self._bad_parts}", json.dumps(bad, ensure_ascii=False))
            self._bad_parts += 1
            self._told += len(bad)
        state = {
            "reached": self.reached, "hash": self.hash, "last_at": self.last_at, "parts": self.parts,
            "bad": self._bad_parts, "finished": self.is_finished,
        }  # fmt: skip
        tx.set_setting(self._setting, json.dumps(state, ensure_ascii=False))

    # -- one line ------------------------------------------------------------------------------------------------

    def _line(self, tx: Transaction, number: int, text: str) -> Iterator[Played]:
        if not text.strip() or text.lstrip().startswith("//"):
            return
        if self.is_finished:
            raise BadLine(f"the import `{self.job.name}` is finished; new lines need an import of their own")
        line = read_line(text)
        if "say" in line and "at" not in line:
            yield Played(number=number, line=line, at=self.last_at)
            return
        at = self._instant(line)
        if "tick" in line or "say" in line:
            carry_import(self.recipe, tx, self.job.name, (at, self.recipe.now()))  # with or without, all is the same
            self.last_at = at
            yield Played(number=number, line=line, at=at)
            return
        if "schedule" in line:
            self._name_scheduled(tx, line, at)
            self.last_at = at
            yield Played(number=number, line=line, at=at)
            return
        result = self._done(tx, line, at)
        self.last_at = at
        if isinstance(result, Refusal):
            if "refused" in line:
                self.refused += 1
            else:
                why = "; ".join(f"{r.words.get('en', '')} [{r.rule}]" for r in result.reasons)
                self.errors.append(LineError(line=number, message=f"refused: {why}"))
        elif isinstance(result, Accepted) and result.is_repeat:
            self.skipped += 1
        else:
            self.done += 1
        yield Played(number=number, line=line, at=at, result=result)

    def _instant(self, line: Mapping[str, Any]) -> int:
        try:
            at = int(read_instant(str(line["at"]), self.zone))
        except (KeyError, ValueError) as error:
            raise BadLine(f"`at` must be an instant like `2026-03-02 09:00`: {as_written(line.get('at'))}") from error
        if at < self.last_at:
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
            if name in self.cases:
                raise BadLine(f"case `{name}` was opened by a line above")
            command = Command(
                verb="open", case="", name=str(line["open"]), actor=actor, form=given.form, facts=given.facts,
                key=given.key,
            )  # fmt: skip
            result = self.recipe.opening_in(tx, command, given)
            if isinstance(result, Accepted):
                self.cases[name] = self._new[name] = result.case.id
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
        if name in self.cases:
            raise BadLine(f"case `{name}` was opened by a line above")
        open_due(self.recipe, tx, process, Look(at, importing=self.job.name))
        wanted = (schedule, line.get("for", ""))
        if case := self._opened(tx, process, wanted, at):
            self.cases[name] = self._new[name] = case
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
        if first not in self.cases:
            raise BadLine(f"no line above opens case `{first}`")
        case = self.cases[first]
        for link in links:
            family = self.recipe.family(tx, self.recipe.root(tx, case), lock=False)
            if link not in family.cases[case].links:
                raise BadLine(f"case `{case}` has opened no `{link}`")
            case = family.cases[case].links[link]
        return case

    def finish(self) -> None:
        """Everything is carried forward to the clock; from now on the cases are as all others."""
        if self.is_finished:
            return
        until = self.recipe.now() if self.job.until is None else self.job.until
        after: str | None = ""
        while after is not None:
            with self.recipe.store.write() as tx:
                after = self._carry_some(tx, until, after)
        with self.recipe.store.write() as tx:
            tx.finish_import(self.job.name)
            self.is_finished = True
            self._remember(tx)

    def _carry_some(self, tx: Transaction, until: int, after: str) -> str | None:
        """Carry some families forward, those after that root; the last of them, None if there was none."""
        roots = tx.importing_due(self.job.name, until, after, LINES)
        for root in roots:
            try:
                with tx.part():
                    carry_family(self.recipe, tx, root, until, self.recipe.now())
            except Exception as error:  # one family's trouble does not keep the others in the import
                tx.set_aside(fault_of(root, error, until))
        return roots[-1] if roots else None


def _first_record(tx: Transaction, case: str) -> Mapping[str, Any]:
    return json.loads(next(tx.records(case)).text)  # type: ignore[no-any-return]


def _zone(recipe: Recipe, tx: Transaction) -> str:
    library = recipe.catalogue.library(tx)
    for process, versions in library.published.items():
        return library.plan(process, versions[-1][1]).definition.desk.zone
    return "UTC"
