"""Texts with placeholders, as they read before anybody knows what will stand there."""

from __future__ import annotations

import re

from engine.fields import Words
from engine.words.phrases import PHRASES
from engine.words.speech import Speech

_NAME = re.compile(r"\{(\w+)\.(\w+)\}")


def with_labels(speech: Speech, words: Words, otherwise: str) -> str:
    """A text whose placeholders are called by the labels of what will stand there: `‹Technician› is not on shift`."""
    return _NAME.sub(lambda found: f"‹{_called(speech, found[1], found[2])}›", speech.said(words, otherwise))


def _called(speech: Speech, group: str, name: str) -> str:
    if group == "did":
        return speech.say("times", action=speech.action(name))
    if f"{group}_{name}" in PHRASES:
        return speech.say(f"{group}_{name}")
    return speech.field(name)
