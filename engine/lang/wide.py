"""Signs of a Chinese keyboard that look like those of YAML and are letters to it."""

from __future__ import annotations

import re

_NARROW = {"：": ": ", "，": ", ", "、": ", ", "｛": "{", "｝": "}", "［": "[", "］": "]"}
_WIDE = re.compile("[" + "".join(_NARROW) + "]")


def narrow_mend(text: str) -> str | None:
    """Say how the first such sign of a text is written for YAML; None where there is none."""
    found = _WIDE.search(text)
    return f"`{found[0]}` is a letter to YAML: write `{_NARROW[found[0]]}`" if found else None
