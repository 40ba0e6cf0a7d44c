"""Names of ours for what is called otherwise elsewhere: typable, guessable, each used once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.nearness import spelt

TAKEN = frozenset((
    "y", "n", "yes", "no", "on", "off", "in", "true", "false", "null", "opening", "stay",
    "previous", "none", "self", "parent", "children", "actor", "assignee", "waiting_on", "id", "opened_at", "state",
))  # fmt: skip
"""Words of the language, and those that some readers of YAML take for something else."""

LONGEST = 50
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


class Names:
    """Names of ours for names of theirs, each used once."""

    def __init__(self, taken: Iterable[str] = (), word: str = "state") -> None:
        self.found: dict[str, str] = {}
        self._taken = set(taken)
        self._word = word  # with a number, the name of what has no letter that a name may have

    def of(self, theirs: str) -> str:
        """The name, the same each time."""
        if theirs not in self.found:
            bare = typable(theirs)
            bare = bare if not bare or bare[0].isalpha() else f"s_{bare}"
            name, bare = bare or f"{self._word}_1", bare or self._word
            number = 2
            while name in self._taken:
                name, number = f"{bare}_{number}", number + 1
            self._taken.add(name)
            self.found[theirs] = name
        return self.found[theirs]


def typable(text: str) -> str:
    """What a name would be called in small letters, digits and `_`: Chinese as it is typed, by its sound."""
    if _CHINESE.search(text):
        text = _CHINESE.sub(lambda found: f" {' '.join(_sounds(found[0]))} ", text)
    text = spelt(text)
    return text if len(text) <= LONGEST else text[: LONGEST + 1].rpartition("_")[0] or text[:LONGEST]


def _sounds(text: str) -> list[str]:
    from pypinyin import lazy_pinyin

    return lazy_pinyin(text)
