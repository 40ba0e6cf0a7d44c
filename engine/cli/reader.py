"""Instants, durations and names as a reader wants them: in the desk's zone, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import category

from engine.cli.translate import _, later

if TYPE_CHECKING:
    from engine.fields import Field

_UNITS = (
    (86_400_000, later("{count}d")),
    (3_600_000, later("{count}h")),
    (60_000, later("{count}m")),
    (1_000, later("{count}s")),
)
_SECONDS_UNTIL = 3_600_000  # from an hour on, seconds no longer matter to anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: the language, the desk's zone, and what time it is."""

    language: str
    zone: str
    now: int
    by_label: bool = False  # everything by its label, as for who does not know what the names stand for
    files: Mapping[str, str] = field(default_factory=dict)  # hash → name, of what is attached to the case shown

    def local(self, instant: int) -> datetime:
        """Return an instant as the desk's wall clock shows it."""
        from zoneinfo import ZoneInfo

        seconds, ms = divmod(instant, 1000)
        return datetime.fromtimestamp(seconds, ZoneInfo(self.zone)).replace(microsecond=ms * 1000)

    def instant(self, instant: int) -> str:
        """Write an instant: the time alone where it is of today, whose end is 24:00."""
        local, today = self.local(instant), self.local(self.now).date()
        if local.date() == today:
            return local.strftime("%H:%M")
        if local.date() == today + timedelta(days=1) and (local.hour, local.minute, local.second) == (0, 0, 0):
            return "24:00"
        return local.strftime("%Y-%m-%d %H:%M")

    def exact(self, instant: int, *, has_ms: bool = False) -> str:
        """Write an instant to the second, to the millisecond where it, or others in its table, have some."""
        local = self.local(instant)
        text = local.strftime("%Y-%m-%d %H:%M:%S")
        return f"{text}.{local.microsecond // 1000:03}" if local.microsecond or has_ms else text

    def value(self, field: Field, value: Any) -> str:
        """Write a value of the case: choices by label, instants in the desk's zone."""
        from engine.fields import show

        text = show(field, value, self.language, self.zone)
        for digest, name in self.files.items():
            text = text.replace(digest, name)
        return harmless(text)

    def rfc3339(self, instant: int | None) -> str | None:
        """Write an instant for machines, with the desk's offset."""
        return None if instant is None else self.local(instant).isoformat(timespec="milliseconds")

    def span(self, length: int) -> str:
        """Write a duration in at most two units: `3m12s`, `2h5m`, `4d1h`."""
        sign, rest = ("-", -length) if length < 0 else ("", length)
        parts: list[str] = []
        for unit, word in _UNITS:
            count, rest = divmod(rest, unit)
            if count and not (unit == 1_000 and abs(length) >= _SECONDS_UNTIL):
                parts.append(_(word).format(count=count))
            elif parts:
                break
        return sign + ("".join(parts[:2]) or _("{count}s").format(count=0))

    def until(self, instant: int) -> str:
        """Say how far an instant lies ahead or behind."""
        left = instant - self.now
        if left >= 0:
            return _("in {time}").format(time=self.span(left))
        return _("{time} ago").format(time=self.span(-left))

    def said(self, words: Mapping[str, str], otherwise: str = "") -> str:
        """Choose the reader's language of a text; English, or any, where that is missing."""
        text = words.get(self.language) or words.get("en") or next(iter(words.values()), otherwise) or otherwise
        return harmless(text)

    def called(self, name: str, words: Mapping[str, str]) -> str:
        """Call a state or clock in one line: by the name one types, elsewhere than in English by its label."""
        return name if self.language == "en" and not self.by_label else self.said(words, name)


def harmless(text: str) -> str:
    """Return a text that cannot play tricks on a terminal: control characters are shown as what they are, strangers."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in "\n\u3000":  # the wide blank of a Chinese keyboard
        return sign
    return " " if sign == "\t" or category(sign) == "Zs" else "\ufffd"


def one_line(text: str) -> str:
    """Put a text into one line: what breaks lines becomes a space."""
    return text if text.isprintable() else " ".join(harmless(text).split())


def shortened(text: str, most: int) -> str:
    """Cut a text that would bury all others, and say how much there is."""
    if len(text) <= most:
        return text
    return _("{text}… ({count} characters; --json gives them all)").format(text=text[:most], count=f"{len(text):,}")


def seconds(length: int | None) -> dict[str, Any] | None:
    """Return a duration for machines: seconds and text."""
    if length is None:
        return None
    whole, ms = divmod(length, 1000)
    return {"seconds": whole if not ms else length / 1000, "text": _exact_text(length)}


def _exact_text(length: int) -> str:
    """Write a duration exactly, in hours, minutes and seconds: `-1h2m`, `25h`, `0.5s`."""
    sign, rest = ("-", -length) if length < 0 else ("", length)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, ms = divmod(rest, 1000)
    last = f"{whole}.{ms:03}".rstrip("0") if ms else str(whole)
    parts = [f"{value}{unit}" for value, unit in ((hours, "h"), (minutes, "m")) if value]
    return sign + "".join(parts) + (f"{last}s" if last != "0" or not parts else "")
