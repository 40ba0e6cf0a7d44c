"""The shipped day at the desk many times over, as one file to import: long enough to be interrupted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.resources import data_folder
from engine.values import read_instant, rfc3339

ZONE = "Asia/Shanghai"
MINUTE = 60_000
APART = 12_000
"""Ms between two copies: two hundred of them still lie in the hours of the day that they were made for."""

PROCESSES = ("return_visit", "courier_claim", "quality_feedback", "repair", "complaint", "refund")
BAD_LINES = ('{"at": "2026-03-02 09:00", "as": "nobody", "case": "x", "do": "y"}', "this is not JSON")


def desk() -> Mapping[str, str]:
    """The texts of the shipped desk."""
    folder = data_folder("processes")
    paths = (path for path in sorted(folder.rglob("*.yaml")) if not path.name.endswith(".scenarios.yaml"))
    return {f"processes/{path.relative_to(folder).as_posix()}": path.read_text("utf-8") for path in paths}


def shipped() -> list[dict[str, Any]]:
    """The lines of the day that do something with cases of those processes."""
    text = (data_folder("processes") / "demo" / "day.jsonl").read_text("utf-8")
    lines = (json.loads(line) for line in text.splitlines() if line.strip())
    told = [line for line in lines if "open" in line or "do" in line or "hear" in line]
    names = {line["case"] for line in told if line.get("open") in PROCESSES}
    return [line for line in told if "hear" in line or line["case"].partition(".")[0] in names]


def lines(copies: int) -> list[str]:
    """Every case of the day so often, some seconds apart; some lines with a key, a few that are bad."""
    told = sorted(_copied(copies), key=lambda found: found[:3])
    texts = [json.dumps({"at": rfc3339(at), **line}, ensure_ascii=False) for at, _, _, line in told]
    for number, bad in enumerate(BAD_LINES, 1):
        texts.insert(number * len(texts) // 3, bad)
    return texts


def of_copy(line: dict[str, Any], copy: int) -> dict[str, Any]:
    """A line about a case, an article and a parcel of this copy's own: what is alike is counted, or found, together."""
    text = json.dumps(line, ensure_ascii=False).replace("KT-1700", f"KT-1700-{copy}")
    copied = dict(json.loads(text.replace("SF4471902216", f"SF44{copy:08d}")))
    if "case" in line:
        first, dot, links = line["case"].partition(".")
        copied["case"] = f"{first}-{copy}{dot}{links}"
    return copied


def end(copies: int) -> int:
    """An instant a month after the last line, when all that can fall due has."""
    return max(at for at, *_ in _copied(copies)) + 30 * 24 * 60 * MINUTE


def _copied(copies: int) -> Iterator[tuple[int, int, int, dict[str, Any]]]:
    for place, line in enumerate(shipped()):
        at = read_instant(line["at"], ZONE)
        for copy in range(copies):
            parts = of_copy(line, copy)
            del parts["at"]
            if place % 3 == 0 and "key" not in parts:
                parts["key"] = f"{place}-{copy}"
            yield at + copy * APART, copy, place, parts
