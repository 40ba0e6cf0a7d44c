"""What click says of a command line that it cannot read, and how it calls kinds of values, in the reader's language.

Click's sentences are in our catalogue, but it joins them from pieces and puts English signs between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO

import click

from engine.cli.translate import _, asked_for, is_english, later

_QUOTED = re.compile(r"'([^'\n]*)'|`[^`\n]*`")
_SIGNS = (
    (re.compile(r",\s*\n\t"), "、"),
    (re.compile(r"：\s*\n\t"), "："),
    (re.compile(r"(?<=[^\x00-\x7f`]), "), "，"),
    (re.compile(r"`, (?=`)"), "`、"),
    (re.compile(r"[.。](?: |$)"), "。"),
)
_KINDS: Mapping[str, str] = {
    "integer range": later("integer"),
    "float range": later("number"),
    "integer": later("integer"),
    "text": later("text"),
}


def unknown_option(error: click.NoSuchOption) -> click.UsageError:
    """Say that there is no such option, and which was probably meant: click, likening the dashes too, names any."""
    from engine.cli.elsewhere import option_called_here
    from engine.nearness import nearest

    text = _("there is no option `{name}`").format(name=error.option_name)
    there = [] if error.ctx is None else error.ctx.command.get_params(error.ctx)
    names = (name for option in there for name in (*option.opts, *option.secondary_opts) if name.startswith("--"))
    word, known = error.option_name.lstrip("-"), [name.removeprefix("--") for name in names]
    called = option_called_here(word, known)
    near = [called] if called else nearest(word, known)
    if near:
        text += _("; ") + asked_for([f"--{name}" for name in near])
    return click.UsageError(text, error.ctx)


def usage_said(error: click.ClickException) -> str:
    """Say what is wrong with a command line: how the command is used, where that is told, and what was wrong."""
    said = StringIO()
    error.show(said)
    lines = said.getvalue().rstrip("\n").split("\n")
    start = next((number for number, line in enumerate(lines) if number and not line), -1) + 1
    return "\n".join([*(own_words(line) for line in lines[:start]), own_words("\n".join(lines[start:]))])


def own_words(text: str) -> str:
    """Set a sentence of click as the reader's language is set; what is quoted stays as it was typed."""
    if is_english():
        return text
    for kind, called in _KINDS.items():
        text = re.sub(rf" {kind}(?=[。.])", _(called), text)
    text = _QUOTED.sub(lambda found: found[0] if found[1] is None else f"`{found[1]}`", text)
    for sign, ours in _SIGNS:
        text = sign.sub(ours, text)
    return text


def name_value(option: click.Parameter) -> None:
    """Call what an option takes by a word of the reader's language, where it has none of its own."""
    if is_english() or not isinstance(option, click.Option) or option.is_flag or option.metavar is not None:
        return
    if option.type.name in _KINDS:
        option.metavar = _(_KINDS[option.type.name])
