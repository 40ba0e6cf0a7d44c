"""The manual cannot lie: every example is run, every printed output is printed again and compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.__main__ import ROOT, pages
from tests.docs.page import Page
from tests.docs.running import Wrong, printed

PAGES = {path.relative_to(ROOT).as_posix(): path for path in pages(ROOT)}


@pytest.mark.parametrize("name", PAGES)
def test_every_example_of_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    page = Page.read(PAGES[name])
    made = page.with_blocks(printed(page, tmp_path))
    assert made == PAGES[name].read_text("utf-8"), "`python -m tests.docs` prints it anew; look at the difference"


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
