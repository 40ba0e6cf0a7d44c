"""Regular expressions of the RE2 kind: matched whole and in linear time, so no text can make one run away."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from cel_expr_python import cel

from engine.values import in_plain_signs

LONGEST_PATTERN = 1_000


class BadPattern(ValueError):
    """The pattern is not a regular expression of the RE2 kind."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a test whether a whole text matches; raise `BadPattern` if the pattern itself is wrong."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"a pattern has at most {LONGEST_PATTERN:,} characters")
    _matcher(pattern)("")  # by itself first: `a)(b` would be right between the brackets below
    matches = _matcher(f"^(?:{pattern})$")
    return lambda text: matches(text)


def _matcher(pattern: str) -> Callable[[str], bool]:
    # The guard language's library carries RE2; a second one only for this would be a dependency more.
    try:
        expression = _environment().compile(f"text.matches({json.dumps(pattern, ensure_ascii=False)})")
    except RuntimeError as error:
        raise BadPattern(_reason(pattern, str(error))) from error

    def matches(text: str) -> bool:
        value = expression.eval(data={"text": text}).value()
        if not isinstance(value, bool):
            raise BadPattern(_reason(pattern, str(value)))
        return value

    return matches


def _reason(pattern: str, said: str) -> str:
    detail = said.rpartition("INVALID_ARGUMENT: ")[2].partition("\n")[0]
    return f"`{pattern}` is not a regular expression this language knows (RE2): {detail}"


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    return cel.NewEnv(variables={"text": cel.Type.STRING})


def as_asked(pattern: str, text: str) -> str:
    """The text, in plain signs where it has the form in these alone."""
    if text.isascii() or compile_pattern(pattern)(text):
        return text
    plain = in_plain_signs(text)
    return plain if compile_pattern(pattern)(plain) else text
