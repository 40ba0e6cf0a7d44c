"""Message catalogues: `python -m tests.cli.catalogues` takes new messages in and compiles what translators wrote."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from engine.lang.manual.pages import HEADS, RIGHT, entries, in_one_line
from engine.lang.shape import definition_of, schemas

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "engine" / "cli" / "locale"
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "# What casewright says, in another language. `python -m tests.cli.catalogues` takes new messages in."
KEYWORDS = {"_": None, "later": None, "plural": (1, 2), "ngettext": (1, 2)}
CLICK_MODULES = ("core.py", "decorators.py", "exceptions.py", "formatting.py", "parser.py", "termui.py", "types.py")


def po_file(language: str) -> Path:
    """Return the catalogue that a translator edits."""
    return LOCALE / language / "LC_MESSAGES" / "casewright.po"


def mo_file(language: str) -> Path:
    """Return the compiled catalogue."""
    return po_file(language).with_suffix(".mo")


def our_messages() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Find every message of our code, and the file it stands in."""
    yield from _messages(ROOT / "engine" / "cli", "engine/cli/")


def schema_messages() -> Iterator[tuple[str, str]]:
    """Find what the schemas say that a finding may quote: what things are called, and what a value is for."""
    for name, schema in schemas().items():
        for title, description in _told(schema):
            yield from ((text, f"schemas/{name}") for text in (title, description) if text)


def manual_messages() -> Iterator[tuple[str, str]]:
    """Find what the checker's manual says of its rules: what each is about, and why it is."""
    yield from ((text, "engine/lang/manual/pages.py") for text in (RIGHT, *HEADS.values()))
    for entry in entries().values():
        yield from ((in_one_line(text), f"engine/lang/manual/{entry.subject}.md") for text in entry.says)


def _told(schema: Any) -> Iterator[tuple[str, str]]:
    """Title and description of every part; the description only where a finding quotes it."""
    if isinstance(schema, list):
        for part in schema:
            yield from _told(part)
    if not isinstance(schema, dict):
        return
    quoted = "pattern" in schema or "enum" in schema or "anyOf" in schema or "patternProperties" in schema
    yield (
        str(schema.get("title", "")).lower() if isinstance(schema.get("title"), str) else "",
        (str(schema["description"]) if quoted and isinstance(schema.get("description"), str) else ""),
    )
    wanted = [*schema.get("required", ()), *(key for way in schema.get("anyOf", ()) for key in way.get("required", ()))]
    for key, part in schema.get("properties", {}).items():
        meant = definition_of(part) if isinstance(part, dict) else {}
        yield (
            str(meant.get("title", "")).lower(),
            str(meant.get("description", "")) if key in wanted or _is_quoted(meant) else "",
        )
    for key, part in schema.items():
        if key not in ("examples", "default", "enum", "const"):
            yield from _told(list(part.values()) if key in _NAMED and isinstance(part, dict) else part)


def _is_quoted(schema: Any) -> bool:
    """Whether a wrong value is explained by what the schema describes."""
    return any(key in schema for key in ("pattern", "const", "anyOf", "patternProperties"))


_NAMED = ("properties", "patternProperties", "$defs", "dependentSchemas")


def click_messages() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Find the messages of click, whose help and errors are ours to our readers."""
    folder = Path(click.__file__).parent
    for message, file in _messages(folder, "click/"):
        if file.removeprefix("click/") in CLICK_MODULES:
            yield message, file


def _messages(folder: Path, prefix: str) -> Iterator[tuple[str | tuple[str, ...], str]]:
    for file, _line, message, _comments, _context in extract_from_dir(folder, [("**.py", "python")], {}, KEYWORDS):
        yield message, prefix + file


def template() -> Catalog:
    """Put all messages into an empty catalogue."""
    catalogue = Catalog(project="casewright", charset="utf-8")
    for message, file in (*our_messages(), *schema_messages(), *manual_messages(), *click_messages()):
        catalogue.add(message, locations=[(file, None)])
    return catalogue


def read(language: str) -> Catalog:
    """Read the catalogue of a language."""
    with po_file(language).open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    catalogue.creation_date = catalogue.revision_date = NEVER  # else today's would stand in the compiled one
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as gettext reads it."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def update(language: str) -> None:
    """Take new messages in, drop old ones, compile."""
    catalogue = read(language) if po_file(language).exists() else Catalog(locale=language)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.project, catalogue.fuzzy, catalogue.header_comment = "casewright", False, HEADER
    catalogue.obsolete.clear()
    po_file(language).parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    write_po(stream, catalogue, width=120, sort_output=True, omit_header=False)
    stable = [
        line for line in stream.getvalue().splitlines() if not line.startswith((b'"POT-Creation', b'"PO-Revision'))
    ]
    po_file(language).write_bytes(b"\n".join(stable) + b"\n")
    mo_file(language).write_bytes(compiled(read(language)))


if __name__ == "__main__":
    update("zh")
