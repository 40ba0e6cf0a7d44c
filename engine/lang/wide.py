"""Signs of a Chinese keyboard, and quotes of a typesetter, that look like those of YAML and are letters to it."""

from __future__ import annotations

import re

_NARROW = {"：": ": ", "，": ", ", "、": ", ", "｛": "{", "｝": "}", "［": "[", "］": "]"}
_QUOTES = dict.fromkeys("“„«「『＂", '"') | dict.fromkeys("‘‚＇", "'")
_WIDE = re.compile(f"[{''.join(_NARROW)}]|^[{''.join(_QUOTES)}]")  # inside a text such quotes are as good as any


def narrow_mend(text: str) -> str | None:
    """Say how the first such sign of a text is written for YAML; None where there is none."""
    found = _WIDE.search(text)
    return f"`{found[0]}` is a letter to YAML: write `{(_NARROW | _QUOTES)[found[0]]}`" if found else None
