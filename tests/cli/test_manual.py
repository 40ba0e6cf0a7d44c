"""The reference page says what the commands are."""

from __future__ import annotations

from engine.cli.exits import Exit
from tests.cli.manual import CODES, PAGE, page


def test_the_reference_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.cli.manual`"


def test_every_exit_code_is_explained() -> None:
    assert set(CODES) == set(Exit)
