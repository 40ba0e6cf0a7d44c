"""How far an import came. What it must know after a crash is in the database, written with the lines it comes from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.app.masking import kept_back
from engine.errors import UsageError
from engine.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """A bad line, by its number."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `skipped` lines were done by an earlier run; its bad lines are among the `errors` again."""

    done: int = 0
    refused: int = 0  # as the file expects; any other refusal is an error
    skipped: int = 0
    errors: tuple[LineError, ...] = ()
    cases: Mapping[str, str] = field(default_factory=dict)  # the file's own names → ids


class Place(NamedTuple):
    """Where a bookmark was, to go back to."""

    counts: tuple[int, ...]
    errors: int
    hash: str
    seen: Any


class Bookmark:
    """What one run of an import has done, on top of what earlier runs have."""

    def __init__(self, tx: Transaction, name: str) -> None:
        self.name = name
        self.done = self.refused = self.skipped = 0
        self.errors: list[LineError] = []  # also those of earlier runs: they are not mended by running again
        state = json.loads(tx.setting(self._setting) or "{}")
        self._parts: int = state.get("parts", 0)
        self.cases: dict[str, str] = {}
        for part in range(self._parts):
            self.cases.update(json.loads(tx.setting(f"{self._setting}:{part}") or "{}"))
        self._bad_parts: int = state.get("bad", 0)
        for part in range(self._bad_parts):
            bad = json.loads(tx.setting(f"{self._setting}:bad:{part}") or "[]")
            self.errors += [LineError(line=line, message=message) for line, message in bad]
        self._private: dict[int, Sequence[Any]] = {}  # by bad line: what of it no reason that is kept may repeat
        self._told = len(self.errors)  # errors remembered already
        self._new: dict[str, str] = {}  # cases not remembered yet
        self._opened: list[str] = []  # names of those of this batch
        self.reached: int = state.get("reached", 0)
        self._earlier, self._last = self.reached, 0  # lines of earlier runs, lines seen by this one
        self.hash: str = state.get("hash", "")
        self.last_at: int = state.get("last_at", 0)
        self.is_finished: bool = state.get("finished", False)
        self._seen = hashlib.sha256()

    @property
    def _setting(self) -> str:
        return f"import:{self.name}"

    def imported(self) -> Imported:
        """What was done so far."""
        return Imported(
            done=self.done, refused=self.refused, skipped=self.skipped, errors=tuple(self.errors), cases=self.cases
        )

    def opened(self, name: str, case: str) -> None:
        """The file's name for a case that was opened."""
        self.cases[name] = self._new[name] = case
        self._opened.append(name)

    def fail(self, line: int, message: str) -> None:
        """A line is bad."""
        self.errors.append(LineError(line=line, message=message))

    def keep_back(self, line: int, private: Sequence[Any]) -> None:
        """What of a bad line may not be repeated by its reason once it is kept."""
        self._private[line] = private

    # -- lines ---------------------------------------------------------------------------------------------------

    def was_done(self, number: int, text: str) -> bool:
        """Whether an earlier run has done this line; `UsageError` if it was another one."""
        if number > self.reached:
            return False
        self.passed(number, text)
        self.skipped += 1
        if number == self._earlier and self._seen.hexdigest() != self.hash:
            raise self._other_file(number)
        return True

    def passed(self, number: int, text: str) -> None:
        """A line is over."""
        self._seen.update(text.encode("utf-8", "surrogatepass") + b"\n")
        self._last = number
        self.reached = max(self.reached, number)

    def check_whole(self) -> None:
        """A second run must bring all the lines that the first one did."""
        if self._last < self._earlier:
            raise self._other_file(self._last + 1)

    def _other_file(self, line: int) -> UsageError:
        return UsageError(
            f"the import `{self.name}` was begun with another file: it differs from that at line {line} or before",
            help="bring the same file again, or give a new import a name of its own",
        )

    # -- batches -------------------------------------------------------------------------------------------------

    def place(self) -> Place:
        """Where it is before a batch."""
        counts = (self.done, self.refused, self.skipped, self._parts, self._bad_parts, self._told, self.reached,
                  self._last, self.last_at, self.is_finished)  # fmt: skip
        self._opened = []
        return Place(counts, len(self.errors), self.hash, self._seen.copy())

    def go_back(self, place: Place) -> None:
        """Know nothing of a batch that was not kept."""
        (self.done, self.refused, self.skipped, self._parts, self._bad_parts, self._told, self.reached, self._last,
         self.last_at, is_finished) = place.counts  # fmt: skip
        self.is_finished = bool(is_finished)
        del self.errors[place.errors :]
        for name in self._opened:
            del self.cases[name]
        self._opened, self._new = [], {}
        self.hash, self._seen = place.hash, place.seen.copy()

    def remember(self, tx: Transaction) -> None:
        """Write it down, with the batch."""
        self.hash = self._seen.copy().hexdigest()
        if self._new:  # cases are written once, with the batch that opened them
            tx.set_setting(f"{self._setting}:{self._parts}", json.dumps(self._new, ensure_ascii=False))
            self._parts += 1
            self._new = {}
        new = [one for one in self.errors[self._told :] if one.line <= self.reached]
        bad = [(one.line, kept_back(one.message, self._private.pop(one.line, ()))) for one in new]
        if bad:
            tx.set_setting(f"{self._setting}:bad:{self._bad_parts}", json.dumps(bad, ensure_ascii=False))
            self._bad_parts += 1
            self._told += len(bad)
        state = {
            "reached": self.reached, "hash": self.hash, "last_at": self.last_at, "parts": self._parts,
            "bad": self._bad_parts, "finished": self.is_finished,
        }  # fmt: skip
        tx.set_setting(self._setting, json.dumps(state, ensure_ascii=False))
