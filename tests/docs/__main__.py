"""Print the manual's outputs anew: `python -m tests.docs`, or those of the pages that are named."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.page import Page
from tests.docs.running import printed

ROOT = Path(__file__).resolve().parent.parent.parent


PRINTED_ELSEWHERE = {"rules.md": "python -m tests.golden", "cli.md": "tests/cli/manual.py"}
"""Pages that are made from the code and held by tests of their own."""


def pages(root: Path) -> list[Path]:
    """Every page of the manual: the README and all below `docs`."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def examples(root: Path) -> list[Path]:
    """The pages whose examples are run here."""
    return [page for page in pages(root) if page.name not in PRINTED_ELSEWHERE]


def main(names: list[str]) -> None:
    """Run these pages, or all, and write what they print."""
    for path in [Path(name).resolve() for name in names] or examples(ROOT):
        page = Page.read(path)
        with tempfile.TemporaryDirectory() as folder:
            text = page.with_blocks(printed(page, Path(folder)))
        if text != path.read_text("utf-8"):
            path.write_text(text, "utf-8")
            sys.stdout.write(f"written: {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
