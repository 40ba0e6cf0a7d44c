"""What does it take to read and fully check a definition of twelve states?

Ours: from text to a definition with every rule held. Theirs: PyYAML's C loader and jsonschema, validators built
beforehand, on the same files. Every round brings new text, so that nothing is remembered.

    python benchmarks/loading.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count as counted
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yaml

from benchmarks.common import Answer, at_most, desk, in_turns, tell
from engine.lang.load import load_process
from engine.lang.shape import Kind, validator_of

PROCESS = "dozen"
FILES: dict[str, Kind] = {
    f"desk/{PROCESS}.yaml": "process",
    "desk/desk.yaml": "desk",
    "desk/messages/desk.yaml": "messages",
}
TIMES = 5
_new = counted(1)


def sources() -> dict[str, str]:
    """The files of the process, as nobody has ever read them."""
    number = next(_new)
    return {path: f"{text}# {number}\n" for path, text in desk().items() if path in FILES}


def ours() -> None:
    """Read and check."""
    for _ in range(TIMES):
        loaded = load_process(sources(), PROCESS)
        assert loaded.definition is not None
        assert not loaded.diagnostics
        assert len(loaded.definition.states) == 12


def theirs() -> None:
    """Read and hold against the schema."""
    for _ in range(TIMES):
        for path, text in sources().items():
            assert validator_of(FILES[path]).is_valid(yaml.load(text, yaml.CSafeLoader))


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Load."""
    ours()
    theirs()
    pair = in_turns(lambda _: ours(), lambda _: theirs(), 3 if is_quick else 9)
    ratio = 1 / pair.cpu_ratio
    yield Answer(
        "load and check a definition of 12 states", f"{pair.ours / TIMES * 1000:.0f} ms", ratio,
        "times PyYAML and jsonschema", *at_most(5, ratio),
    )  # fmt: skip


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
