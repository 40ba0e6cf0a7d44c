"""Write the checker's golden files and the manual's page of rules anew: `python -m tests.golden`."""

from __future__ import annotations

from pathlib import Path

from engine.cli.said import told_findings
from engine.cli.translate import use_language
from engine.lang.manual.pages import SUBJECTS, check_example, entries, example_sources, page
from engine.lang.report import as_text

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "golden" / "rules"
PAGE = ROOT / "docs" / "reference" / "rules.md"

_TITLES = {
    "reading": "Reading a file", "shape": "The shape of a file", "names": "Names", "values": "Values and expressions",
    "times": "Times, timers and calendars", "states": "States", "actions": "Actions and people", "clocks": "Clocks",
    "measures": "Measures", "texts": "Texts and messages", "unattended": "What happens by itself", "desk": "The desk",
    "versions": "Versions",
}  # fmt: skip

_HEAD = """\
# Rules of the checker

`casewright check` finds what is wrong with a process before any case is opened: errors keep it from being published,
warnings leave it usable. `casewright explain RULE` prints the same as this page. Every example belongs to one small
desk and stands at the head of its file; below it is what is printed, and how it would be right.

A warning that is meant can be silenced on its line, with a reason: `# casewright: ignore[rule-id] the reason`.
"""


def rules_page() -> str:
    """The page of the manual that lists every finding."""
    parts = [_HEAD]
    for subject in SUBJECTS:
        parts.append(f"# {_TITLES[subject]}\n")
        parts += [page(entry.id) for entry in entries().values() if entry.subject == subject]
    return "\n".join(parts)


def golden(text: str) -> tuple[str, str]:
    """The whole file of an example, and what the checker prints for it."""
    sources = example_sources(text)
    folder = check_example(text)
    file = text.removeprefix("# ").partition("\n")[0] if text.startswith("# ") else "example.yaml"
    return sources[file if file in sources else "example.yaml"], as_text(folder.diagnostics, folder.texts) + "\n"


def golden_in_chinese(text: str) -> str:
    """What the checker prints for an example to who reads Chinese."""
    folder = check_example(text)
    use_language("zh")
    try:
        return told_findings(folder.diagnostics, folder.texts) + "\n"
    finally:
        use_language("en")


def goldens() -> dict[str, str]:
    """Every golden file by its name."""
    found: dict[str, str] = {}
    for entry in entries().values():
        if entry.wrong:
            found[f"{entry.id}.yaml"], found[f"{entry.id}.txt"] = golden(entry.wrong)
            found[f"{entry.id}.zh.txt"] = golden_in_chinese(entry.wrong)
    return found


def main() -> None:
    """Write them all, and take away those of rules that are no more."""
    wanted = goldens()
    for old in FOLDER.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8", newline="")
    PAGE.write_text(rules_page(), "utf-8")


if __name__ == "__main__":
    main()
