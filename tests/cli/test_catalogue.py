"""What casewright says, it says in Chinese too."""

from __future__ import annotations

from string import Formatter

import pytest
from babel.messages import Message

from engine.cli.translate import LANGUAGES, environment_language, known_language
from tests.cli.catalogues import compiled, manual_messages, mo_file, our_messages, read, schema_messages


@pytest.fixture(scope="module")
def messages() -> dict[str, Message]:
    return {_one(message.id): message for message in read("zh") if message.id}


def _one(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def test_every_message_of_ours_is_translated(messages: dict[str, Message]) -> None:
    missing = [
        f"{file}: {_one(message)}"
        for message, file in (*our_messages(), *manual_messages(), *schema_messages())
        if _one(message) not in messages or not _one(messages[_one(message)].string)
    ]
    assert missing == [], "run `python -m tests.cli.catalogues` and translate what is new"


def test_a_translation_fills_in_the_same_names(messages: dict[str, Message]) -> None:
    for name, message in messages.items():
        said = _one(message.string)
        if said and "python-brace-format" in message.flags:
            forms = (message.id,) if isinstance(message.id, str) else message.id
            known = {part for form in forms for part in _names(form)}
            assert _names(said) <= known, name


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_compiled_catalogue_is_what_the_translator_wrote() -> None:
    assert mo_file("zh").read_bytes() == compiled(read("zh"))


@pytest.mark.parametrize(
    ("text", "language"),
    [("zh_CN.UTF-8", "zh"), ("zh-Hans", "zh"), ("en_GB", "en"), ("fr_FR", None), ("C.UTF-8", None), ("", None)],
)
def test_languages_are_known_by_their_beginning(text: str, language: str | None) -> None:
    assert known_language(text) == language


def test_english_is_spoken_where_nothing_else_is_known() -> None:
    assert environment_language({"LANG": "C"}) == "en"
    assert set(LANGUAGES) == {"en", "zh"}
