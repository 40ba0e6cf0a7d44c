"""What an unquoted text is: YAML 1.2's core values, and a finding wherever another reader would see something else."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_INTEGER = 2**53 - 1
"""The largest whole number that every reader keeps exactly."""

_CONSTANTS: dict[str, bool | None] = {
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_OLD_YES = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"])
_OLD_NO = frozenset(["n", "N", "no", "No", "NO", "off", "Off", "OFF"])

_NUMBER_BEGINS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)")
# Numbers to some readers and texts, or other numbers, to others.
_DISPUTED = re.compile(
    r"""[-+]?(?: 0[0-9]+ (?:\.[0-9]*)? | 0[xob][0-9a-fA-F_]+ | [0-9][0-9_]*_[0-9_]* (?:\.[0-9_]*)?
        | (?: [0-9]+ (?:\.[0-9]*)? | \.[0-9]+ ) [eE][-+]?[0-9]+ )""",
    re.VERBOSE,
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Misread:
    """Why an unquoted text is refused, and what to write instead."""

    message: str
    mend: str


def resolve(text: str) -> str | int | float | bool | Misread | None:
    """The value of an unquoted text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[:1] in _NUMBER_BEGINS:
        return _number(text)
    if text in _OLD_YES:
        return Misread(f"`{text}` is true to some readers of YAML and a text to others", _either("true", text))
    if text in _OLD_NO:
        return Misread(f"`{text}` is false to some readers of YAML and a text to others", _either("false", text))
    if text == "<<":
        return Misread("`<<` merges mappings in older YAML", "write the keys out")
    return text


def _either(word: str, text: str) -> str:
    """Offer both readings."""
    return f'write `{word}`, or quote the text: `"{text}"`'


def _number(text: str) -> str | int | float | Misread:
    """The value of a text that begins like a number."""
    if _DISPUTED.fullmatch(text):
        message = f"`{text[:40]}` is one number to some readers of YAML, and another or a text to others"
        return Misread(message, f'write the number in plain digits, or quote the text: `"{text[:40]}"`')
    if _INTEGER.fullmatch(text):
        # The length first: Python refuses to read thousands of digits.
        if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
            return Misread(f"`{text[:40]}` is too large for a whole number", "quote it if it is a text")
        return int(text)
    if _DECIMAL.fullmatch(text):
        if len(text) > 40:
            return Misread(f"`{text[:40]}…` has too many digits for a number", "quote it if it is a text")
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return Misread(f"`{text}` is no number that can be stored", f'quote it if it is a text: `"{text}"`')
    return text
