"""Which known name was probably meant: the nearest one, and every other that is one slip away as well."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import combining, normalize

MOST_MEANT = 3
MOST_COMPARED = 500
"""Of more names, as in a file that a program wrote, the first that begin alike: each comparison takes its time."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The known names that were probably meant, the likest first; none where none is close.

    Several only where a single slip leads to each: a letter too many, too few, another, or two swapped. Where none is
    close, the one that begins so: what is half typed.
    """
    names = list(dict.fromkeys(known))
    if same := [one for one in names if one.casefold() == name.casefold()]:
        return same[:1]
    if len(names) > MOST_COMPARED:
        names = [one for one in names if one[:1] == name[:1]][:MOST_COMPARED]
    close = get_close_matches(name, names, 10, cutoff)
    if not close and len(name) > 2:
        begun = [one for one in names if one.startswith(name)]
        return begun if len(begun) == 1 else []
    if close and is_a_slip(name, close[0]):
        return [one for one in close if is_a_slip(name, one)][:MOST_MEANT]
    return close[:1]


def is_a_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter, or by two swapped."""
    least = min(len(one), len(other))
    same = next((at for at in range(least) if one[at] != other[at]), least)
    one, other = one[same:], other[same:]
    is_swapped = (one[:2], one[2:]) == (other[1::-1], other[2:])
    return is_swapped or one[1:] == other or one == other[1:] or one[1:] == other[1:]


def either(names: Iterable[str], link: str = " or ") -> str:
    """Names of which one is meant, each between backticks."""
    return link.join(f"`{name}`" for name in names)


def asked(names: Iterable[str]) -> str:
    """The question which of some names was meant."""
    return f"did you mean {either(names)}?"


_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l"})


def spelt(text: str) -> str:
    """A text in small letters, digits and `_`, as names are: `pruef_liste` of `Prüf-Liste`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", normalize("NFC", text)).lower().translate(_SPELT_OUT)
    plain = "".join(sign for sign in normalize("NFKD", words) if not combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def as_name(text: str) -> str | None:
    """A text as a name; None where it would begin otherwise than names do, or has letters of another script."""
    name = spelt(text)[:64]
    is_whole = all(spelt(sign) or not sign.isalnum() for sign in normalize("NFC", text))
    return name if is_whole and name[:1].isalpha() else None
