"""The project's outside: the README, the tasks, the decision records, the announcements."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TASKS = ("python3 run.py demo", "python3 run.py test")


def page(root: Path, name: str) -> str:
    return (root / name).read_text("utf-8")


def blocks(text: str) -> list[str]:
    """Return the commands that a page shows, a line each."""
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines() if line]


# ---------------------------------------------------------------- README


def test_the_readme_sets_everything_up_with_exactly_two_commands(root: Path) -> None:
    assert tuple(line for line in blocks(page(root, "README.md")) if line.startswith("python3 ")) == TASKS


def test_ci_takes_both_commands_from_the_readme(root: Path) -> None:
    pattern = "^python3 run\\.py [a-z]+$"
    assert f"grep -E '{pattern}' README.md" in page(root, ".ci/run")
    assert tuple(re.findall(pattern, page(root, "README.md"), re.MULTILINE)) == TASKS


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "changes/README.md", "docs/adr/README.md"])
def test_every_link_of_a_page_leads_somewhere(root: Path, name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page(root, name))
    assert links, f"`{name}` has no link, or this test no longer sees them"
    missing = [link for link in links if "://" not in link and not ((root / name).parent / link).exists()]
    assert not missing, f"`{name}` points to {missing}, which is not there"


def test_every_command_the_readme_names_exists(root: Path) -> None:
    text = page(root, "README.md")
    named = set(re.findall(r"(?:^|`)casewright ([a-z]+)", text, re.MULTILINE))
    assert {"check", "test"} <= named
    for command in sorted(named):
        done = subprocess.run(
            [sys.executable, "-c", "from engine.cli.main import main; main()", command, "--help"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"`casewright {command}`: {done.stderr}"


# ---------------------------------------------------------------- tasks, dependencies, announcements


def test_make_lists_every_task(root: Path) -> None:
    text = page(root, "Makefile")
    targets = re.findall(r"^([a-z]+):(?!=)", text, re.MULTILINE)
    assert targets[0] == "help"
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets)
    assert re.findall(r"^([a-z]+):.*?## \S", text, re.MULTILINE) == targets


def test_every_dependency_is_argued_for(root: Path) -> None:
    project = tomllib.loads(page(root, "pyproject.toml"))
    extras = [text for extra in project["project"].get("optional-dependencies", {}).values() for text in extra]
    every = [*project["project"]["dependencies"], *extras]
    names = {re.split(r"[<>=\[; ]", text)[0].lower() for text in every}
    argued = {
        name.lower()
        for name in re.findall(r"^\| \*\*(\S+)\*\*", page(root, "docs/adr/0001-dependencies.md"), re.MULTILINE)
    }
    assert names == argued


def test_every_decision_record_stands_in_the_list(root: Path) -> None:
    records = {path.name for path in (root / "docs" / "adr").glob("[0-9]*.md")}
    assert records == set(re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", page(root, "docs/adr/README.md")))


def test_every_announcement_is_named_by_the_convention_and_says_something(root: Path) -> None:
    told = tomllib.loads(page(root, "pyproject.toml"))["tool"]["towncrier"]
    kinds = {kind["directory"] for kind in told["type"]}
    name = re.compile(rf"(\d+|\+[a-z-]+)\.({'|'.join(sorted(kinds))})(\.\d+)?\.md")
    for path in announcements(root):
        where = path.relative_to(root).as_posix()
        assert name.fullmatch(path.name), f"`{where}` is not named NUMBER.KIND.md"
        assert path.read_text("utf-8").strip().endswith("."), f"`{where}` says no sentence"
    folders = {path.name for path in (root / "changes").iterdir() if path.is_dir()}
    sections = {section["path"] for section in told["section"]} - {""}
    assert folders <= sections, "a folder that is no section would be left out of the changelog"
    assert sections == set(told["ignore"]) - {"README.md"}, "what is a folder is no line of the folder above"
    assert all(f"`{section}`" in page(root, "changes/README.md") for section in sections)


def announcements(root: Path) -> list[Path]:
    return [path for path in sorted((root / "changes").rglob("*.md")) if path != root / "changes" / "README.md"]


def test_what_announcements_link_to_is_there(root: Path) -> None:
    for path in announcements(root):
        for link in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
            assert "://" in link or (root / link).exists(), f"`{path.name}` points from the changelog to `{link}`"


def test_no_subject_is_announced_twice_in_a_folder(root: Path) -> None:
    subjects = [
        (path.parent.name, re.match(r"\*\*(.+?)\.\*\*", path.read_text("utf-8"))) for path in announcements(root)
    ]
    told = [(folder, found[1]) for folder, found in subjects if found]
    assert sorted(told) == sorted(set(told))
