"""Entries of the manual, and what the checker prints for their examples, worked out anew each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from engine.lang.diagnostics import Diagnostic, Lines
from engine.lang.load import Folder, load_folder
from engine.lang.report import as_text

_FOLDER = Path(__file__).resolve().parent
SUBJECTS = (
    "reading",
    "shape",
    "names",
    "values",
    "times",
    "states",
    "actions",
    "clocks",
    "measures",
    "texts",
    "unattended",
    "desk",
    "versions",
)
"""The chapters, in the order of the manual."""

TODAY = date(2026, 3, 2)
"""The day on which the examples are read."""

RIGHT = "Right:"
HEADS = {"error": "{rule} (error)", "warning": "{rule} (warning)"}
"""What stands above an entry, and before an example that has no finding."""

_ENTRY = re.compile(r"^## (?P<id>[a-z0-9-]+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^(?P<kind>Wrong|Right):\n\n```yaml\n(?P<text>.*?)^```\n", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (?P<file>[a-z_/]+\.yaml)\n")
_SECTION = re.compile(r"^(?P<key>[a-z_]+):.*\n(?:(?:[ #].*)?\n)*", re.MULTILINE)


Told = Callable[[Sequence[Diagnostic], Mapping[str, Lines]], str]
"""Puts findings into words, with the lines they are about."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manual says of one finding."""

    id: str
    subject: str
    title: str  # one sentence
    why: str
    wrong: str
    right: str

    @property
    def says(self) -> tuple[str, ...]:
        """Its title and the paragraphs of its reason, as they stand in the file."""
        return tuple(part for part in (self.title, *self.why.split("\n\n")) if part)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What the checker finds in the wrong example."""
        return check_example(self.wrong).diagnostics if self.wrong else ()

    def output(self, told: Told = as_text) -> str:
        """What the checker prints for the wrong example; `told` puts findings into words."""
        folder = check_example(self.wrong)
        return told(folder.diagnostics, folder.texts)


@cache
def entries() -> Mapping[str, Entry]:
    """All entries by the ids of the findings they explain."""
    found: dict[str, Entry] = {}
    for subject in SUBJECTS:
        text = (_FOLDER / f"{subject}.md").read_text("utf-8")
        for part in _ENTRY.finditer(text):
            found[part["id"]] = _entry(part["id"], subject, part["body"])
    return found


def _entry(id: str, subject: str, body: str) -> Entry:
    examples = {found["kind"]: found["text"] for found in _EXAMPLE.finditer(body)}
    title, _, why = _EXAMPLE.sub("", body).strip().partition("\n\n")
    return Entry(id, subject, in_one_line(title), why.strip(), examples.get("Wrong", ""), examples.get("Right", ""))


def titles() -> Mapping[str, str]:
    """What each finding is about, in one sentence."""
    return {entry.id: entry.title for entry in entries().values()}


def in_one_line(text: str) -> str:
    """A paragraph without the ends of its lines: as translators know it."""
    return " ".join(text.split())


def page(id: str, told: Told = as_text, said: Callable[[str], str] = str) -> str:
    """One entry as Markdown, with what the checker prints for its example; `told` as in `Entry.output`.

    `said` puts its paragraphs into another language.
    """
    entry = entries()[id]
    head = said(HEADS[entry.findings[0].severity]).format(rule=id) if entry.findings else id
    parts = [f"## {head}", *map(said, entry.says)]
    if entry.wrong:
        parts += [f"```yaml\n{entry.wrong}```", f"```text\n{entry.output(told)}\n```"]
    if entry.right:
        parts += [said(RIGHT), f"```yaml\n{entry.right}```"]
    return "\n\n".join(part for part in parts if part) + "\n"


# -- examples ----------------------------------------------------------------------------------------------------------


@cache
def base() -> Mapping[str, str]:
    """The small desk to which every example belongs."""
    folder = _FOLDER / "example"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}


def example_sources(text: str) -> dict[str, str]:
    """The files of an example: it stands at the head of its file, before what it leaves as it was."""
    named = _FILE.match(text)
    file = named["file"] if named else "example.yaml"
    sources = dict(base())
    sources[file] = text + _rest(sources.get(file, ""), text)
    return sources


def _rest(whole: str, text: str) -> str:
    """The sections of a file that an example does not write itself."""
    written = set(re.findall(r"^([a-z_]+):", text, re.MULTILINE))
    return "".join(found[0] for found in _SECTION.finditer(whole) if found["key"] not in written)


def check_example(text: str) -> Folder:
    """Check an example within its desk."""
    return load_folder(example_sources(text), today=TODAY)
