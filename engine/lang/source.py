"""Text becomes a located tree: strict YAML, read by its events, so that no file can exhaust or surprise us."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from engine.lang.diagnostics import Diagnostic, Span, error, in_order, shown, warning
from engine.lang.scalars import Misread, resolve
from engine.lang.syntax import explain
from engine.lang.tree import Document, Items, Node, Scalar, Table
from engine.lang.wide import narrow_mend

MAX_BYTES = 1_000_000
"""The longest file that is read."""
MAX_DEPTH = 100
"""How deep lists and mappings may be nested."""
MAX_NODES = 100_000
"""How many values and keys a file may have."""
MAX_FINDINGS = 100
"""After so many findings reading stops: the rest would only follow from them."""

# Events only, never a loader's constructors: nothing in a file can name a class, and depth, size and aliases are seen
# before anything is built of them (composing 200 000 nested brackets crashes the C library).
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What the C library takes for the end of a line; findings count lines alike.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# Everything YAML forbids, and what only older YAML takes for an end of line.
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_GLUED = re.compile(r"[ \t]+#[^\s#]")

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8 = "save the file as UTF-8"
_QUOTE_COMMA = "quote the text if the comma belongs to it; write `null` if the value is meant to be empty"
_NO_SPACE = re.compile(r"([a-z_]+):[^/\s].*")


class _Refused(Exception):
    """Reading must stop here; the finding says why."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read(content: bytes | str, file: str) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Read one YAML file. A document without a root could not be read; the findings say why."""
    findings: list[Diagnostic] = []
    lines: list[str] = []
    root: Node | None = None
    try:
        text = _decode(content, file, findings)
        lines = _LINE_END.split(text)
        _check_characters(text, file)
        root = _Reader(file, lines, findings).run(text)
    except _Refused as refused:
        findings.append(refused.finding)
        if not lines and len(content) <= MAX_BYTES and isinstance(content, bytes):
            lines = _LINE_END.split(legible(content))  # to show the line of the finding
    return Document(file, lines, root), in_order(findings)


def legible(content: bytes) -> str:
    """What can be read of a file that is not UTF-8, to show its lines."""
    return content.decode("utf-16" if content[:2] in _UTF_16 else "utf-8", "replace")


def _decode(content: bytes | str, file: str, findings: list[Diagnostic]) -> str:
    """The text of a file, if it is short enough and UTF-8."""
    start = Span(file, 1, 1, 1, 2)
    if len(content) > MAX_BYTES:
        mend = "split it, or look whether this is the file you meant"
        raise _Refused(error("too-large", start, f"the file is longer than {MAX_BYTES:,} bytes", mend))
    if isinstance(content, str):
        text = content
    elif content[:2] in _UTF_16:
        raise _Refused(error("not-utf8", start, "the file is UTF-16, not UTF-8", _SAVE_AS_UTF8))
    else:
        text = _utf8(content, file)
    if text.startswith("\ufeff"):
        message = "the file begins with a byte order mark"
        findings.append(warning("byte-order-mark", start, message, "save it as UTF-8 without one"))
        text = text[1:]
    return text


def _utf8(content: bytes, file: str) -> str:
    """Decode, or say where the first byte stands that is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        message = f"the byte 0x{content[fault.start]:02X} is not UTF-8"
        place = _after(content[: fault.start].decode("utf-8"), file)
        raise _Refused(error("not-utf8", place, message, _SAVE_AS_UTF8)) from fault


def _check_characters(text: str, file: str) -> None:
    """Refuse characters that YAML does not allow, or that old and new YAML take differently for an end of line."""
    found = _UNREADABLE.search(text)
    if found is not None:
        name = "a NUL character" if found[0] == "\0" else f"the character U+{ord(found[0]):04X}"
        mend = "take it out, or write it as an escape inside double quotes" if found[0] != "\0" else "take it out"
        place = _after(text[: found.start()], file)
        raise _Refused(error("unreadable-character", place, f"{name} cannot stand in a file", mend))


def _after(before: str, file: str) -> Span:
    """The place of the character that follows a beginning of the file."""
    lines = _LINE_END.split(before.removeprefix("\ufeff"))
    line, column = len(lines), len(lines[-1]) + 1
    return Span(file, line, column, line, column + 1)


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    start: Any  # PyYAML's mark
    flow: bool
    table: bool
    plain: Any
    nodes: Any
    keys: dict[str, Span] = field(default_factory=dict)
    key: tuple[str | None, Span] | None = None  # waits for its value; without a name it will be dropped


class _Reader:
    """Builds the tree from the events of one file, without recursion."""

    def __init__(self, file: str, lines: list[str], findings: list[Diagnostic]) -> None:
        self._file = file
        self._lines = lines
        self._findings = findings
        self._glued = {number for number, line in enumerate(lines) if "#" in line and _GLUED.search(line)}
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._last: Scalar | None = None
        self._documents = 0

    def run(self, text: str) -> Node | None:
        """Read all events and give back the top of the tree."""
        takers: dict[type[Any], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._begin_table,
            SequenceStartEvent: self._begin_items,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }
        try:
            for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
                if count > MAX_NODES:
                    message = f"the file has more than {MAX_NODES:,} values"
                    raise _Refused(error("too-large", self._from(event.start_mark), message, "split it"))
                take = takers.get(type(event))
                if take is not None:
                    take(event)
        except yaml.YAMLError as fault:
            self._not_yaml(fault)
            return None
        except UnicodeEncodeError as fault:  # lone surrogates, possible only in a text that never was a file
            raise _Refused(error("not-utf8", self._top, "the text is not Unicode", _SAVE_AS_UTF8)) from fault
        if self._root is None:
            raise _Refused(error("empty-file", self._top, "the file has no content", "write its first key"))
        return self._root

    @property
    def _top(self) -> Span:
        return Span(self._file, 1, 1, 1, 2)

    def _from(self, start: Any, end: Any = None) -> Span:
        """The place between two of PyYAML's marks, or of the one character at a mark."""
        if end is None:
            return Span(self._file, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
        # As `Span(…)` does it, in a third of the time: every value and every key has one.
        place = (self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        return tuple.__new__(Span, place)

    def _find(
        self, rule: str, span: Span, message: str, mend: str | None, related: tuple[Span, str] | None = None
    ) -> None:
        """Note an error, and stop when there are too many."""
        self._findings.append(error(rule, span, message, mend, [related] if related else ()))
        if len(self._findings) >= MAX_FINDINGS:
            message = f"reading stopped after {MAX_FINDINGS} findings"
            raise _Refused(error("too-many-findings", span, message, "mend the first ones and check again"))

    # -- values --------------------------------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> None:
        """Take in one value or key."""
        text, style, start, end = event.value, event.style or "", event.start_mark, event.end_mark
        if not text and not style and event.tag is None:
            self._nothing(event)
            return
        span = self._from(start, end) if style not in ("|", ">") else self._block_text(start, end)
        plain: Any = text if style else resolve(text)
        broken = False
        if plain.__class__ is Misread:
            is_key = bool(self._stack) and self._stack[-1].table and self._stack[-1].key is None
            mend = f'quote it: `"{text}"`' if is_key else plain.mend
            self._find("ambiguous-value", span, plain.message, mend)
            plain, broken = text, True
        if event.tag is not None or event.anchor is not None:
            broken = self._decorated(event, span)
        elif not style and end.line in self._glued:
            broken = self._check_glued(end) or broken
        elif "\0" in text:
            self._find("unreadable-character", span, "a NUL character cannot stand in a text", "take it out")
            broken = True
        self._last = scalar = Scalar(plain, span, text, style, broken)
        self._put(scalar)

    def _block_text(self, start: Any, end: Any) -> Span:
        """The place of a text behind `|` or `>`; PyYAML's own reaches to the next key."""
        last = min(end.line, len(self._lines) - 1)
        while last > start.line and (last == end.line or not self._lines[last].strip()):
            last -= 1
        return Span(self._file, start.line + 1, start.column + 1, last + 1, len(self._lines[last]) + 1)

    def _nothing(self, event: Any) -> None:
        """Report a key or list item that has no value."""
        spot = self._from(event.start_mark)
        top = self._stack[-1] if self._stack else None
        if top is None:
            return  # an empty document: reported as an empty file
        if top.key is not None:
            name, span = top.key
            mend = _mend_key(name or "") if top.flow else "give it one, or take the key away"
            mend = narrow_mend(name or "") or mend
            self._find("missing-value", span, f"{shown(name or '?')} is a key without a value", mend)
        elif top.table:
            self._find("key-not-text", spot, "a value stands here without a key", "write `key: value`")
        else:
            self._find("missing-value", spot, "a list item without a value", "give it one, or take the `-` away")
        self._put(Scalar(None, spot, "", "", broken=True))

    def _decorated(self, event: Any, span: Span) -> bool:
        """Report a tag or an anchor; whether the value can then not be trusted."""
        if event.anchor is not None:
            self._find(
                "alias", span, f"`&{event.anchor}` names a value to be used again", "write the value out each time"
            )
            return False
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        mend = "tags are not read; quote a text that looks like something else"
        if not tag.startswith("!!"):
            mend = f'an expression that begins with `!` is quoted: `"{tag}"`'
        self._find("tag", span, f"{shown(tag)} is a YAML tag, not a value", mend)
        return True

    def _check_glued(self, end: Any) -> bool:
        """Report a comment that may have been meant as part of the text before it."""
        line = self._lines[end.line]
        found = _GLUED.match(line, end.column)
        if found is None:
            return False
        rest = line[end.column :].strip()
        span = Span(self._file, end.line + 1, found.end() - 1, end.line + 1, len(line.rstrip()) + 1)
        mend = "quote the text if this belongs to it; put a space after `#` if it is a comment"
        self._find("glued-comment", span, f"{shown(rest)} is read as a comment, not as part of the text", mend)
        return True

    def _alias(self, event: AliasEvent) -> None:
        """Report an alias, and put nothing in its place."""
        span = self._from(event.start_mark, event.end_mark)
        mend = "write the value out each time; quote an expression that begins with `*`"
        self._find("alias", span, f"`*{event.anchor}` stands for a value written elsewhere", mend)
        self._put(Scalar(None, span, "", "", broken=True))

    # -- lists and mappings --------------------------------------------------------------------------------------------

    def _begin_table(self, event: MappingStartEvent) -> None:
        self._begin(event, _Open(event.start_mark, bool(event.flow_style), True, {}, {}))

    def _begin_items(self, event: SequenceStartEvent) -> None:
        self._begin(event, _Open(event.start_mark, bool(event.flow_style), False, [], []))

    def _begin(self, event: Any, opened: _Open) -> None:
        """Go one level down."""
        if len(self._stack) >= MAX_DEPTH:
            message = f"lists and mappings are nested more than {MAX_DEPTH} deep"
            raise _Refused(error("too-deep", self._from(event.start_mark), message, "write it flatter"))
        if event.tag is not None or event.anchor is not None:
            self._decorated(event, self._from(event.start_mark))
        self._stack.append(opened)

    def _end(self, event: Any) -> None:
        """Close the innermost list or mapping."""
        done = self._stack.pop()
        span = self._from(done.start, event.end_mark)
        if not done.flow:  # the mark of a block's end stands at what follows it
            last = next(reversed(done.nodes.values() if done.table else done.nodes), None)
            if last is not None:
                span = Span(self._file, span.line, span.column, last.span.end_line, last.span.end_column)
        node: Node = (
            Table(done.plain, span, done.nodes, done.keys) if done.table else Items(done.plain, span, tuple(done.nodes))
        )
        self._put(node)

    def _put(self, node: Node) -> None:
        """Put a finished value where it belongs."""
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        if not top.table:
            top.plain.append(node.plain)
            top.nodes.append(node)
        elif top.key is None:
            top.key = self._key(top, node)
        else:
            name, span = top.key
            top.key = None
            if name is not None:
                top.plain[name] = node.plain
                top.nodes[name] = node
                top.keys[name] = span

    def _key(self, top: _Open, node: Node) -> tuple[str | None, Span]:
        """Check a key: a text, and the only one of its name."""
        if not isinstance(node, Scalar):
            self._find("key-not-text", node.span, "a list or mapping cannot be a key", _QUOTE_KEY)
            return None, node.span
        name = node.text
        if not isinstance(node.plain, str) and not node.broken:
            mend = f'quote it: `"{name}"`'
            self._find("key-not-text", node.span, f"the key {shown(name)} is not a text", mend)
        if name in top.keys:
            first = (top.keys[name], "first written here")
            mend = "take one away, or give it another name"
            self._find("duplicate-key", node.span, f"{shown(name)} stands here a second time", mend, first)
            return None, node.span
        return name, node.span

    # -- the whole file ------------------------------------------------------------------------------------------------

    def _document(self, event: DocumentStartEvent) -> None:
        """Refuse directives and a second document."""
        self._documents += 1
        if self._documents > 1:
            message = "a second document begins here; a file holds one"
            raise _Refused(
                error("several-documents", self._from(event.start_mark), message, "put it into a file of its own")
            )
        if event.version is not None or event.tags:
            self._find("directive", self._top, "a line that begins with `%` changes how YAML is read", "take it away")

    def _not_yaml(self, fault: Any) -> None:
        """Explain a syntax error, unless a finding on its way has said what is wrong."""
        found = explain(fault, self._file, self._lines, self._last)
        lines = {found.span.line, *(span.line for span, _ in found.related)}
        reported = {known.span.line for known in self._findings if known.severity == "error"}
        if not lines & reported:
            self._findings.append(found)


_QUOTE_KEY = "write one word, or a quoted text, before the `:`"


def _mend_key(name: str) -> str:
    """What to do about a key in brackets that has no value."""
    if glued := _NO_SPACE.fullmatch(name):
        return f"a colon needs a space behind it: `{glued[1]}: …`"
    return "quote a text that begins with `{`" if "." in name else _QUOTE_COMMA
