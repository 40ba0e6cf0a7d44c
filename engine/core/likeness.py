"""Whether two names can be told apart by eye: who is kept out of a case must not come in by a name that looks alike."""

from __future__ import annotations

from unicodedata import combining, normalize

_LATIN = str.maketrans(
    "авекмнорстухіјѕһԁԛԝ" "αβεζικμνορτυχγω" "ıɑɡ",
    "abekmhopctyxijshdqw" "abezikmvoptuxyw" "iag",
)  # fmt: skip
"""Small letters of Cyrillic, Greek and phonetic writing that look, small or large, like Latin ones."""


def likeness(name: str) -> str:
    """What is left of a name without what the eye may miss: case, width, accents, blanks, foreign look-alikes."""
    bare = (sign for sign in normalize("NFKD", name.casefold()) if not combining(sign) and not sign.isspace())
    return normalize("NFKC", "".join(bare)).casefold().translate(_LATIN)
