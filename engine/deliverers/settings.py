"""One table `[deliver.NAME]` of the project file, read key by key; whatever nobody asked for is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.nearness import asked, nearest

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(slots=True)
class Table:
    """The settings of one deliverer."""

    name: str
    values: Mapping[str, Any]
    folder: Path  # paths count from here
    environment: Mapping[str, str]
    asked: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required where there is no default."""
        value = self._value(key, default)
        if not isinstance(value, str) or not value.isprintable():
            raise self.wrong(key, "must be text in quotes, on one line")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of these; the first where nothing is said."""
        value = self.text(key, choices[0])
        if value not in choices:
            raise self.wrong(key, f"must be one of {', '.join(f'`{one}`' for one in choices)}, not `{value}`")
        return value

    def number(self, key: str, default: int) -> int:
        """A whole number above zero."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1_000_000:
            raise self.wrong(key, "must be a whole number above zero")
        return value

    def flag(self, key: str) -> bool:
        """True or false, false where nothing is said."""
        value = self._value(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, empty where nothing is said."""
        value = self._value(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, 'must be a list of names, such as ["due", "late"], or ["*"] for all')
        return tuple(value)

    def path(self, key: str, default: str | None = None) -> Path:
        """A path."""
        return self.folder / self.text(key, default)

    def has(self, key: str) -> bool:
        """Whether anything is said of this key."""
        return key in self.values

    def secret(self, key: str) -> str:
        """A secret, never written in the project file itself: `env:NAME` or `file:PATH`."""
        kind, colon, where = self.text(key).partition(":")
        if not colon or kind not in ("env", "file"):
            raise self.wrong(key, 'is a secret and must not stand here: say "env:NAME" or "file:PATH" where it does')
        if kind == "env":
            found = self.environment.get(where, "")
            if not found:
                raise self.wrong(key, f"is empty: there is no variable `{where}` in the environment")
            return found
        try:
            found = (self.folder / where).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise self.wrong(key, f"cannot be read from the file `{where}`") from None
        if not found:
            raise self.wrong(key, f"is empty: nothing stands in the file `{where}`")
        return found

    def rest(self) -> dict[str, Any]:
        """What nobody asked for, for a deliverer that is not ours."""
        left = {key: value for key, value in self.values.items() if key not in self.asked}
        self.asked.update(left)
        return left

    def finish(self) -> None:
        """Refuse a key that means nothing here."""
        for key in self.values:
            if key not in self.asked:
                near = nearest(key, sorted(self.asked))
                meant = asked(near) if near else f"there is {', '.join(f'`{one}`' for one in sorted(self.asked))}"
                raise self.wrong(key, f"means nothing here; {meant}")

    def wrong(self, key: str, why: str) -> UsageError:
        """A setting that will not do."""
        return UsageError(f"`[deliver.{self.name}]`: `{key}` {why}", help="it stands in casewright.toml")

    def _value(self, key: str, default: Any) -> Any:
        self.asked.add(key)
        if key not in self.values and default is None:
            raise self.wrong(key, "is missing")
        return self.values.get(key, default)
