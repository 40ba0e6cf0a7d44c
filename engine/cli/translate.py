"""Messages in the reader's language, by the standard library's gettext.

Click takes its own messages from the standard library's current domain, so that domain is set to ours: one catalogue
then translates both. Texts are looked up when a command is built, not when its module is imported.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DOMAIN = "casewright"
LANGUAGES = ("en", "zh")
LOCALE_FOLDER = Path(__file__).parent / "locale"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def _(message: str) -> str:
    """Return the message in the reader's language."""
    return gettext.gettext(message)


def plural(one: str, many: str, count: int) -> str:
    """Return the message for this count, with `{count}` filled in."""
    return gettext.ngettext(one, many, count).format(count=count)


def listed(names: Iterable[str]) -> str:
    """Put names into one line, with what the reader's language sets between names."""
    return between_names().join(names)


def between_names() -> str:
    """What stands between two names of a list: Chinese has a sign for that alone."""
    return _("{name}, {name}").format(name="")


def phrased(phrases: Iterable[str]) -> str:
    """Put phrases into one line, with the comma of the reader's language."""
    return _(", ").join(phrases)


def asked_for(names: Sequence[str]) -> str:
    """Ask which of some names was meant."""
    if len(names) == 1:
        return _("did you mean `{name}`?").format(name=names[0])
    return _("did you mean {names}?").format(names=_(" or ").join(f"`{name}`" for name in names))


def labelled(name: object, text: str) -> str:
    """Put a name before what is said of it, with the colon of the reader's language."""
    return _("{name}: {text}").format(name=name, text=text)


def with_aside(text: str, aside: str) -> str:
    """Put something into brackets behind a text, with those of the reader's language."""
    return _("{id} ({what})").format(id=text, what=aside)


def later(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


def known_language(text: str | None) -> str | None:
    """Return our language for `zh_CN.UTF-8`, `zh-Hans`, `en_GB`, …; None for one we have no messages in."""
    start = (text or "").replace("-", "_").split("_")[0].split(".")[0].lower()
    return start if start in LANGUAGES else None


def asked_language(args: Sequence[str]) -> str | None:
    """Find `--lang` in the arguments: the language must be known before the first command is built."""
    for number, word in enumerate(args):
        if word == "--":
            return None
        if word.startswith("--lang="):
            return known_language(word.partition("=")[2])
        if word == "--lang" and number + 1 < len(args):
            return known_language(args[number + 1])
    return None


def environment_language(environment: Mapping[str, str]) -> str:
    """Return the language of the environment, as gettext looks for it; English where it names none of ours."""
    for variable in _VARIABLES:
        for name in environment.get(variable, "").split(":"):
            if language := known_language(name):
                return language
    return "en"


def is_english() -> bool:
    """Whether messages are shown as they stand in the code."""
    return os.environ.get("LANGUAGE", "en") == "en"


def use_language(language: str) -> None:
    """Show messages in this language from now on, click's own too."""
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(LOCALE_FOLDER))
    gettext.textdomain(DOMAIN)
