"""A text that a pattern takes: the shortest by its first alternatives, read off the pattern itself."""

from __future__ import annotations

_KINDS = {"d": "1", "w": "a", "s": " ", "D": "A", "W": "-", "S": "A"}
_ANY = "A"


def fitting(pattern: str, number: int = 1) -> str:
    """A text of this form, mostly another for each number; whoever takes it checks it, for patterns can be stranger."""
    text = _Reading(pattern).alternatives()
    last = max((place for place, sign in enumerate(text) if sign.isdigit()), default=None)
    return text if last is None else text[:last] + str(number % 10) + text[last + 1 :]


class _Reading:
    """Walks over a pattern once, from its beginning to its end."""

    def __init__(self, pattern: str) -> None:
        self.signs = pattern
        self.at = 0

    def alternatives(self) -> str:
        """The first of several, the others passed over."""
        first = self._sequence()
        while self._takes("|"):
            self._sequence()
        return first

    def _sequence(self) -> str:
        found = ""
        while self.at < len(self.signs) and self.signs[self.at] not in "|)":
            found += self._one() * self._least()
        return found

    def _one(self) -> str:
        sign = self._next()
        if sign == "(":
            if self._takes("?"):
                self._passed_by(":>")
            inner = self.alternatives()
            self._takes(")")
            return inner
        if sign == "[":
            return self._of_class()
        if sign == "\\":
            kind = self._next()
            return _KINDS.get(kind, "" if kind in "bBAz" else kind)
        return {".": _ANY, "^": "", "$": ""}.get(sign, sign)

    def _of_class(self) -> str:
        """The first sign of a class; of one that excludes, a plain sign that it does not name."""
        is_excluding = self._takes("^")
        begin = self.at
        first = self._one()
        while self.at < len(self.signs) and not self._takes("]"):
            self._one()
        named = self.signs[begin : self.at]
        return next((sign for sign in "A1 -" if sign not in named), _ANY) if is_excluding else first

    def _least(self) -> int:
        """How often it must be there."""
        least = 1
        if self._takes("*") or self._takes("?"):
            least = 0
        elif self._takes("{"):
            count = self._passed_by("}").rstrip("}").partition(",")[0]
            least = int(count) if count.isdigit() else 1
        else:
            self._takes("+")
        self._takes("?")
        return least

    def _passed_by(self, ends: str) -> str:
        begin = self.at
        while self.at < len(self.signs) and self._next() not in ends:
            pass
        return self.signs[begin : self.at]

    def _takes(self, sign: str) -> bool:
        found = self.signs[self.at : self.at + 1] == sign
        self.at += found
        return found

    def _next(self) -> str:
        self.at += 1
        return self.signs[self.at - 1 : self.at]
