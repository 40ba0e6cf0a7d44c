"""The manual cannot lie: every example is run, every printed output is printed again and compared."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

import engine
from engine.cli.exits import Exit
from tests.docs.__main__ import ROOT, examples, pages
from tests.docs.page import Block, Page
from tests.docs.parts import with_part
from tests.docs.running import Wrong, printed

PAGES = {path.relative_to(ROOT).as_posix(): path for path in pages(ROOT)}
RUN = [path.relative_to(ROOT).as_posix() for path in examples(ROOT)]


@pytest.mark.parametrize("name", RUN)
def test_every_example_of_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    page = Page.read(PAGES[name])
    made = page.with_blocks(printed(page, tmp_path))
    written = PAGES[name].read_text("utf-8")
    found = "\n".join(unified_diff(written.splitlines(), made.splitlines(), "written", "printed", n=1, lineterm=""))
    assert not found, f"`make manual` prints it anew; look at the difference:\n{found}"


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    text = re.sub(r"```.*?```", "", PAGES[name].read_text("utf-8"), flags=re.DOTALL)
    for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
        if "://" in link:
            continue
        target = (PAGES[name].parent / link) if link else PAGES[name]
        assert target.exists(), f"`{name}` points to `{link}`, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"`{name}` points to `{link}#{anchor}`, which is not there"


def test_the_programs_of_the_lesson_for_programmers_are_typed(tmp_path: Path) -> None:
    """Whoever copied them into a project of strict types met seventeen errors of ours."""
    from mypy import api

    page = Page.read(PAGES["docs/tutorial-service.md"])
    programs = {block.directives["file"]: block.text for block in page.blocks() if "file" in block.directives}
    files = [tmp_path / name for name in programs if name.endswith(".py")]
    for file in files:
        file.write_text(programs[file.name], "utf-8")
    config = tmp_path / "empty.ini"
    config.write_text("[mypy]\n", "utf-8")
    options = (
        "--strict",
        "--follow-imports=silent",
        f"--config-file={config}",
        f"--cache-dir={ROOT / '.mypy_cache' / 'lesson'}",
    )
    out, err, _code = api.run([*options, *map(str, files)])
    assert (out, err) == (f"Success: no issues found in {len(files)} source files\n", "")


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as the usual readers make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)", index)}
    missing = [name for name, path in PAGES.items() if path.resolve() not in linked and path != ROOT / "docs/README.md"
               and "adr/0" not in name and name != "README.md"]  # fmt: skip
    assert not missing


def test_every_task_that_a_page_names_is_one_of_the_makefile() -> None:
    tasks = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        (name, task) for name, path in PAGES.items() for task in re.findall(r"`make ([a-z]+)", path.read_text("utf-8"))
    }
    assert {task for _, task in named} >= {"test", "hours", "crash", "bench"}
    assert not [(name, task) for name, task in named if task not in tasks]


def test_no_page_shows_a_refusal_where_a_terminal_would_have_asked() -> None:
    """A reader types the commands on a terminal, and there a command asks for what its form requires."""
    found = [
        f"{name}: {said}"
        for name in RUN
        for block in Page.read(PAGES[name]).blocks() if block.language == "console"
        for said in re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        if "` is missing: " in said and "--no-input" not in said
    ]  # fmt: skip
    assert not found


TOLD = "item|place|question|hint|owner|customer|about|reason|answer"
"""Fields whose values people write in their language."""


def bones(block: Block) -> object:
    """What of a block is the same in every language: what is done with it, its commands, its keys."""
    if block.language == "console":
        typed = [line for line in block.lines if line.startswith("$ ") and "CASEWRIGHT_LANG" not in line]
        return [re.sub(r'=?"[^"]*"|=\S+', "=", line) for line in typed]
    if block.language == "yaml":
        return [
            re.sub(rf"(:) [^{{}}]*$|^  [^ ].*$|({TOLD}): [^,}}]+", r"\1\2", line)
            if "scenarios" in "".join(block.directives.values()) or "description" in line or "languages:" in line
            else line
            for line in block.lines
        ]
    return dict(block.directives)


@pytest.mark.parametrize("page", ["tutorial", "howto/usual-wishes", "howto/at-the-desk"])
def test_a_page_in_two_languages_writes_the_same_processes_by_the_same_commands(page: str) -> None:
    english, chinese = (list(Page.read(PAGES[f"docs/{page}{one}.md"]).blocks()) for one in ("", ".zh"))
    assert [bones(block) for block in chinese] == [bones(block) for block in english]
    assert [dict(block.directives) for block in chinese] == [dict(block.directives) for block in english]


def test_the_tutorial_begins_with_what_new_writes() -> None:
    starter = (ROOT / "engine" / "cli" / "starter" / "en" / "process.yaml").read_text("utf-8")
    states = starter[starter.index("states:") :]
    assert states in (ROOT / "docs" / "tutorial.md").read_text("utf-8")


# ---------------------------------------------------------------- the runner itself

SMALL = """
```pycon
>>> 1 + 1
{answer}
>>> for name in ("a", "b"):
...     print(name)
a
b
```
"""


def test_an_output_that_is_not_so_is_printed_anew(tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md", tuple(SMALL.format(answer=3).split("\n")))
    assert page.with_blocks(printed(page, tmp_path)) == SMALL.format(answer=2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```yaml\na: 1\n```", "must say what is done with it"),
        ("```pycon\n>>> 1 / 0\n```", "ZeroDivisionError"),
        ("<!-- file: processes/desk.yaml -->\n```yaml\na: 1\n```\n<!-- file: processes/p.yaml -->\n```yaml\nb: 1\n```\n"
         "<!-- play -->\n```yaml\nx: []\n```",
         "this does not load"),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_is_refused(text: str, said: str, tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md", tuple(text.split("\n")))
    with pytest.raises(Wrong, match=said):
        printed(page, tmp_path)


def test_a_piece_replaces_its_namesakes_and_comes_after_the_rest() -> None:
    """Only the two outer levels count, as the tutorial tells its readers."""
    text = "# top\na: 1   # one\nb:\n  c: 1\n  d:\n    e: 1\n    f: 2\n\ng: [1]\n"
    piece = "b:\n  d:\n    e: 3\n  h: 4\n\ng: [2]\ni: 5\n"
    assert with_part(text, piece) == ("# top\na: 1   # one\nb:\n  c: 1\n  d:\n    e: 3\n  h: 4\n\ng: [2]\n\ni: 5\n")


# ---------------------------------------------------------------- nothing is left out

REFERENCE = ROOT / "docs" / "reference"


def rows(page: str, heading: str) -> dict[str, tuple[str, ...]]:
    """Return the table below a heading, by its first cell."""
    text = (REFERENCE / page).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {name.strip("`"): tuple(rest) for name, *rest in cells[1:]}


def test_every_public_exception_is_told_with_its_words_and_exit_code() -> None:
    public = {
        name: found
        for name in engine.__all__
        if isinstance(found := getattr(engine, name), type) and issubclass(found, engine.EngineError)
    }
    told = rows("errors.md", "Exceptions")
    assert {name: (found.__doc__, str(found.exit_code)) for name, found in public.items()} == {
        name: (says, code) for name, (says, _who, code) in told.items()
    }


def test_every_rule_of_a_refusal_is_told() -> None:
    used = {
        node.args[0].value
        for path in (ROOT / "engine").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reason"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert {"state", "form", "unique"} <= used
    assert used == rows("errors.md", "Refusals").keys() - {"a guard's name"}


def test_every_exit_code_of_the_command_line_is_told() -> None:
    text = (REFERENCE / "errors.md").read_text("utf-8")
    told = {int(row[-1]) for row in rows("errors.md", "Exceptions").values()}
    assert {*told, *map(int, re.findall(r"\b(0|6|8|10)\b(?= done| for refusals| cancelled| the condition)", text))} == {
        code.value for code in Exit
    }


def keys(schema: object) -> Iterator[str]:
    """Give every key that a schema lets somebody write."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}) if isinstance(schema.get("properties"), dict) else ()
        for part in schema.values():
            yield from keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys(part)


@pytest.mark.parametrize("name", ["process", "desk", "calendar", "messages", "scenarios"])
def test_every_key_of_the_language_is_told(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    text = (REFERENCE / "language.md").read_text("utf-8")
    words = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`\n]+`|```yaml\n.*?```", text, re.DOTALL))))
    assert not sorted(set(keys(schema)) - words)


def test_every_public_name_is_told() -> None:
    text = "".join((REFERENCE / page).read_text("utf-8") for page in ("api.md", "errors.md"))
    assert not [name for name in engine.__all__ if not re.search(rf"\b{name}\b", text)]


def test_every_verb_of_the_engine_is_told() -> None:
    text = (REFERENCE / "api.md").read_text("utf-8")
    verbs = [name for name in dir(engine.Engine) if not name.startswith("_")]
    assert not [verb for verb in verbs if not re.search(rf"`[^`]*\b{verb}\b|engine\.{verb}\b", text)]
