"""Conditions in words: labels instead of names, words instead of signs.

An expression is put into words token by token and never evaluated. One that walks through a list with a name of its own
(`all`, `exists`, `map`) reads worse in words than as written, so it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expressions import Expression
from engine.fields import Field
from engine.words.speech import Speech

_WALK = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(")
_TIMES = r"did\.(?P<did>\w+) (?P<than><|<=|>|>=|==) (?P<count>\d+)"
_HAS = r"(?P<never>!?)has\((?:case|form)\.(?P<has>\w+)\)"
_ROLE = r"'(?P<role>\w+)' in actor\.roles"
_IN_STATE = r"in_state\(['\"](?P<state>\w+)['\"]\)"
_SINCE = r"days_since\((?:case|form)\.(?P<since>\w+)\)"
_MONEY = r"money\(['\"](?P<money>[\d.]+)['\"]\)"
_CLOCK = r"clocks\.(?P<clock>\w+)\.(?P<status>running|paused|met|breached)"
_TEXT = r"'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\""
_NAME = r"(?P<group>case|form|facts|figures|did|before)\.(?P<name>\w+)(?:\.(?P<part>\w+))?"
_MAY = r"actor\.may\.(?P<may>\w+)"
_PLAIN_TEXT = r"'([^']*)'|\"([^\"]*)\""
_AMONG = r"in \[(?P<among>\s*(?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*\s*)\]"
_SIGN = r"&&|\|\||==|!=|<=|>=|[<>!()\[\],+*/%-]"
_TOKEN = re.compile(
    "|".join(
        (_AMONG, _TIMES, _HAS, _ROLE, _IN_STATE, _SINCE, _MONEY, _CLOCK, _TEXT, _NAME, _MAY, rf"(?P<sign>{_SIGN})")
    )
    + r"|(?P<word>[\w.]+)|\s+"
)
_SIGNS = {"&&": "and", "||": "or", "!": "not", "==": "is", "!=": "is_not"}
_PLAIN = {"<=": "≤", ">=": "≥", "*": "×"}
_WORDS = {"in": "among", "now": "now", "true": "yes", "false": "no"}
_TIGHT = re.compile(r"(?<=[(\[]) | (?=[)\],])")


def briefly(speech: Speech, expression: Expression, most: int) -> str:
    """On what condition: in words where they are few; else what it depends on."""
    text = condition_said(speech, expression)
    only_if = speech.say("if_only", condition=text)
    if len(text) <= most and not text.startswith("`"):
        return only_if
    named = (name.partition(".") for name in sorted(expression.names))
    known = [speech.quoted(speech.field(name)) for group, _dot, name in named if group in ("case", "form", "facts")]
    return speech.say("depends_on", names=speech.listed(known)) if known else only_if


def condition_said(speech: Speech, expression: Expression) -> str:
    """A condition, or what is computed, in words; as it is written where words would not help."""
    text = " ".join(expression.text.split())
    if _WALK.search(text):
        return f"`{text}`"
    parts = list(_parts(speech, text))
    return _TIGHT.sub("", " ".join(part for part in parts if part))


def _parts(speech: Speech, text: str) -> Iterator[str]:
    subject: Field | None = None
    for found in _TOKEN.finditer(text):
        if found["name"] and found["group"] != "did":
            subject = speech.definition.fields.get(found["name"])
            subject = subject.columns.get(found["part"]) if subject is not None and found["part"] else subject
        yield _said(speech, found, subject)


def _said(speech: Speech, found: re.Match[str], subject: Field | None) -> str:
    """One token; a text compared with a choice is called by that choice's label."""
    if found["among"]:
        texts = (one or two for one, two in re.findall(_PLAIN_TEXT, found["among"]))
        return speech.say("one_of", names=speech.listed(_literal(speech, subject, text) for text in texts))
    if found["sign"]:
        sign = found["sign"]
        return speech.say(_SIGNS[sign]) if sign in _SIGNS else _PLAIN.get(sign, sign)
    if found["name"]:
        if found["group"] == "did":
            return speech.say("times", action=speech.quoted(speech.action(found["name"])))
        field = speech.quoted(speech.field(found["name"]))
        if subject is None or not found["part"]:
            return field
        return speech.say("part_of_field", part=speech.quoted(speech.said(subject.label, subject.name)), field=field)
    literal = found["one"] if found["one"] is not None else found["two"]
    if literal is not None:
        return _literal(speech, subject, literal)
    if found["word"]:
        return speech.say(_WORDS[found["word"]]) if found["word"] in _WORDS else found["word"]
    return _call_said(speech, found)


def _literal(speech: Speech, subject: Field | None, text: str) -> str:
    label = subject.choices.get(text) if subject is not None else None
    return speech.quoted(speech.said(label or {}, text))


def _call_said(speech: Speech, found: re.Match[str]) -> str:
    """A call of which the whole has words of its own."""
    if found["did"]:
        return _times_said(speech, found)
    if found["has"]:
        return speech.say("not_given" if found["never"] else "given", field=speech.quoted(speech.field(found["has"])))
    if found["role"]:
        role = speech.said(speech.definition.desk.roles.get(found["role"], {}), found["role"])
        return speech.say("holds_role", role=role)
    if found["state"]:
        return speech.say("in_state", state=speech.quoted(speech.state(found["state"])))
    if found["since"]:
        return speech.say("days_since", field=speech.quoted(speech.field(found["since"])))
    if found["clock"]:
        status = speech.say(found["status"])
        return speech.say("clock_is", clock=speech.quoted(speech.clock(found["clock"])), status=status)
    if found["may"]:
        return speech.say("limit", amount=speech.quoted(speech.field(found["may"])))
    return found["money"] or ""


def _times_said(speech: Speech, found: re.Match[str]) -> str:
    """How often something was done, against a number."""
    sign, count = found["than"], int(found["count"])
    keys = {"<": "fewer_times", "<=": "fewer_times", ">": "more_times", ">=": "at_least_times", "==": "exactly_times"}
    action = speech.quoted(speech.action(found["did"]))
    return speech.say(keys[sign], action=action, count=count + (sign == "<="))
