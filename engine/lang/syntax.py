"""Why a file is not YAML, in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from engine.lang.diagnostics import Diagnostic, Span, error
from engine.lang.tree import Scalar
from engine.lang.wide import narrow_mend

_BEGINS_WITH_SIGN = re.compile(r"(?:^|[:\[{,?-])\s*[!&*]")

_QUOTE = "quote the whole text"
_QUOTE_BRACKETS = "quote text that holds any of `{ } [ ] ,`, or close the bracket"
_QUOTE_SIGN = "quote an expression that begins with `!`, `&` or `*`"


def explain(fault: Any, file: str, lines: Sequence[str], last: Scalar | None) -> Diagnostic:
    """The finding for what PyYAML could not read; `last` is the text that it read before."""
    problem: str = getattr(fault, "problem", None) or str(fault)
    at = _spot(getattr(fault, "problem_mark", None), file, lines)
    since = _spot(getattr(fault, "context_mark", None), file, lines)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    char = line[at.column - 1 : at.column]
    context: str = getattr(fault, "context", None) or ""
    if "anchor" in context or "alias" in context or "tag" in context:
        return error("syntax", since, "a name or tag of YAML begins here and is not finished", _QUOTE_SIGN)
    if "directive" in context:
        return error("syntax", since, "a line that begins with `%` is not read", _QUOTE)
    if "quoted scalar" in context:
        return _quoted(problem, since, at)
    if "expected ','" in problem:
        return _bracket(at, since, lines, last, _at_end(fault, lines))
    if "unexpected ':'" in problem:
        return error("syntax", at, "a colon needs a space behind it", "write `key: value`")
    if "cannot start any token" in problem or "tab character" in problem:
        return _token(char, at)
    if "expected node content" in problem:
        mend = "take a comma too many away, or quote text that begins with it"
        return error("syntax", at, f"a value is expected here, not `{char}`", mend)
    if "mapping values" in problem:
        mend = "quote text that holds `: `, or look at the indentation of this line and the one above"
        said = "a `:` stands where no key can be"
        quote = narrow_mend(line.partition(":")[2].lstrip())
        return _text_above(at, lines) or error("syntax", at, said, quote or mend, _above(at, lines))
    if "could not find expected ':'" in problem:
        return _no_key(since, lines)
    if "expected key" in problem or "expected '-'" in problem:
        return _misplaced(line, at, last, lines)
    return error("syntax", at, f"this is not YAML: {problem}", _QUOTE if _BEGINS_WITH_SIGN.search(line) else None)


_OTHER_BLANKS = "\u00a0\u2002\u2003\u2009\u202f\u3000"
_COLON = re.compile(r"\s*(?P<key>[^\s:：]+)\s*(?P<colon>[:：])")


def _no_key(since: Span, lines: Sequence[str]) -> Diagnostic:
    """A line without a key."""
    said = "this line is neither a key with a value nor part of the text above"
    mend = "write `key: value`; indent or quote a text that goes over several lines"
    return _nearly_a_key(since.file, since.line, lines) or error("syntax", since, said, mend)


def _nearly_a_key(file: str, number: int, lines: Sequence[str]) -> Diagnostic | None:
    """A line that is no key for the want of a space, or for a colon or a blank of another keyboard."""
    found = _COLON.match(lines[number - 1])
    if found is None:
        return None
    column = found.start("colon") + 1
    at = Span(file, number, column, number, column + 1)
    if found["colon"] == "：":
        return error("syntax", at, "this is no colon to YAML", narrow_mend("："))
    behind = lines[number - 1][column : column + 1]
    if behind and behind in _OTHER_BLANKS:
        at = Span(file, number, column + 1, number, column + 2)
        return error("syntax", at, "this blank is a letter to YAML", "write a plain space in its place")
    if not behind.strip("/ "):
        return None
    return error("syntax", at, "a colon needs a space behind it", f"write `{found['key']}: …`")


def _text_above(at: Span, lines: Sequence[str]) -> Diagnostic | None:
    """The line above, if it was meant for a key: YAML read it as a text that goes on here."""
    above = (number for number in range(at.line - 1, 0, -1) if lines[number - 1].strip())
    number = next(above, None)
    return _nearly_a_key(at.file, number, lines) if number is not None else None


def _spot(mark: Any, file: str, lines: Sequence[str]) -> Span:
    """The one character at a mark of PyYAML's; without a mark the start of the file."""
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    if line >= len(lines) or (line == len(lines) - 1 and not lines[line].strip()):  # the end of the file
        line = max((number for number, text in enumerate(lines) if text.strip()), default=0)
        column = len(lines[line].rstrip()) if lines else 0
    return Span(file, line + 1, column + 1, line + 1, column + 2)


def _at_end(fault: Any, lines: Sequence[str]) -> bool:
    """Whether the file ended too early."""
    return not any(text.strip() for text in lines[fault.problem_mark.line :])


def _quoted(problem: str, since: Span, at: Span) -> Diagnostic:
    """A quoted text that cannot be read."""
    if "escape" in problem or "hexdecimal" in problem or "Unicode" in problem:
        mend = "write a backslash as `\\\\`, or use single quotes"
        return error("syntax", at, "this escape is not known inside double quotes", mend)
    if "document indicator" in problem or "end of stream" in problem:
        return error("syntax", since, "the quote that opens here is never closed", "close it")
    return error("syntax", at, f"this quoted text is not YAML: {problem}", None)


def _bracket(at: Span, since: Span, lines: Sequence[str], last: Scalar | None, ended: bool) -> Diagnostic:
    """A list or mapping in brackets that is not closed, or a text in it that is not quoted."""
    opened = lines[since.line - 1][since.column - 1 : since.column]
    if last is not None and last.style in ("'", '"') and last.span.end_line == at.line and at.line == since.line:
        return error("syntax", at, "the text goes on after its closing quote", _QUOTE)
    if ended or (last is not None and at.line > last.span.end_line):
        related = [(at, "noticed here")]
        return error("syntax", since, f"the `{opened}` that opens here is not closed", _QUOTE_BRACKETS, related)
    is_key = lines[at.line - 1][at.column - 1 : at.column] == ":"  # what stands before it has swallowed a comma
    if at.line > since.line and (_indent(lines[at.line - 1]) or 0) <= (_indent(lines[since.line - 1]) or 0):
        related = [(at, "noticed here")]
        return error("syntax", since, f"the `{opened}` that opens here is not closed", _QUOTE_BRACKETS, related)
    mend = narrow_mend(last.text) if last is not None and is_key else None
    said = f"inside `{opened}` a comma or the closing bracket is missing here"
    return error("syntax", at, said, mend or _QUOTE_BRACKETS)


def _token(char: str, at: Span) -> Diagnostic:
    """A character with which nothing can begin."""
    if char == "\t":
        return error("syntax", at, "a tab cannot indent a line", "indent with spaces")
    name = "a backtick" if char == "`" else f"`{char}`"
    return error("syntax", at, f"a text cannot begin with {name} unless it is quoted", _QUOTE)


def _misplaced(line: str, at: Span, last: Scalar | None, lines: Sequence[str]) -> Diagnostic:
    """Something that stands where a key or a list item was expected."""
    if last is not None and last.span.end_line == at.line and last.span.end_column <= at.column:
        if last.style in ("'", '"'):
            mend = "quote the whole value, and use the other kind of quote inside"
            return error("syntax", at, "the text goes on after its closing quote", mend)
        return error("syntax", at, "nothing can follow here on the same line", _QUOTE)
    if line.lstrip().startswith("- "):
        return error("syntax", at, "a list item stands where a key is expected", "indent it below its key")
    mend = "give it the same number of spaces as the keys beside it"
    return error("syntax", at, "this line is not indented like the lines it belongs to", mend, _above(at, lines))


def _above(at: Span, lines: Sequence[str]) -> list[tuple[Span, str]]:
    """Lines above that may be the wrong one: that has no key, is indented otherwise, or ends the block too early."""
    said = [number for number in range(at.line - 1, 0, -1) if _indent(lines[number - 1]) is not None]
    inset = _indent(lines[at.line - 1]) or 0
    if said and ":" not in lines[said[0] - 1]:
        return [(_start(at.file, said[0], lines), "this one has no `:`")]
    ended = next((place for place, number in enumerate(said) if (_indent(lines[number - 1]) or 0) < inset), None)
    wrong = said[:1] if not ended or ended == 1 else []
    if ended is not None and _ends_early(said[ended:], inset, lines):
        wrong.append(said[ended])
    others = [number for number in dict.fromkeys(wrong or said[:1]) if _indent(lines[number - 1]) != inset]
    return [(_start(at.file, number, lines), "or this one is not") for number in others]


def _ends_early(said: Sequence[int], inset: int, lines: Sequence[str]) -> bool:
    """Whether a line, with those above it, stands where it ends a block that goes on below."""
    if len(said) < 2:
        return False
    line, before = (lines[number - 1] for number in said[:2])
    return (_indent(before) or 0) >= inset or (before.rstrip().endswith(":") and _indent(before) == _indent(line))


def _start(file: str, number: int, lines: Sequence[str]) -> Span:
    column = (_indent(lines[number - 1]) or 0) + 1
    return Span(file, number, column, number, column + 1)


def _indent(line: str) -> int | None:
    """How far in a line begins; None of one that says nothing."""
    bare = line.lstrip()
    return len(line) - len(bare) if bare and not bare.startswith("#") else None
