"""Findings about a definition: where, which rule, what is wrong, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine.nearness import asked, nearest

Severity = Literal["error", "warning"]

Lines = Sequence[str]
"""The lines of one file, without their ends."""


class Span(NamedTuple):
    """A place in a file; lines and columns count characters from 1, the end column is the one after the last."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a value that says which rule, where, what, and what to do now."""

    id: str
    severity: Severity
    span: Span
    message: str
    help: str | None = None
    related: tuple[tuple[Span, str], ...] = ()


def error(
    rule: str, span: Span, message: str, mend: str | None = None, related: Iterable[tuple[Span, str]] = ()
) -> Diagnostic:
    """A finding that keeps the definition from being used."""
    return Diagnostic(rule, "error", span, message, mend, tuple(related))


def warning(
    rule: str, span: Span, message: str, mend: str | None = None, related: Iterable[tuple[Span, str]] = ()
) -> Diagnostic:
    """A finding that leaves the definition usable, and can be silenced with a reason."""
    return Diagnostic(rule, "warning", span, message, mend, tuple(related))


def in_order(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings by place, each once, errors before warnings at one place."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: (found.span, found.severity, found.id)))


def shown(text: str, limit: int = 60) -> str:
    """A piece of a file as a message quotes it: on one line, clipped, between backticks."""
    flat = " ".join(text.split())
    return f"`{flat}`" if len(flat) <= limit else f"`{flat[: limit - 1]}…`"


def near_miss(name: str, candidates: Iterable[str]) -> str | None:
    """The known name that was probably meant, if one is close enough to be worth saying."""
    return next(iter(near_misses(name, candidates)), None)


def near_misses(name: str, candidates: Iterable[str]) -> list[str]:
    """The known names of which one was probably meant, likest first; several where each is one slip away."""
    known = [candidate for candidate in dict.fromkeys(candidates) if candidate != name]
    letters = sorted(name.lower().replace("-", "_"))
    swapped = [candidate for candidate in known if sorted(candidate) == letters]
    # Short names share few letters even when only one is wrong: `too` and `to`, `bye` and `by`; not `send`, `append`.
    is_short = len(name) <= 5
    alike = [candidate for candidate in known if not is_short or abs(len(candidate) - len(name)) < 2]
    return swapped[:1] or nearest(name, alike, 0.6 if is_short else 0.7)


_TYPES = {
    "text": "string str textarea longtext varchar phone email url link memo 文字 文本 电话 邮箱",
    "integer": "int long count 整数",
    "number": "float decimal double percent 数字",
    "money": "amount currency price cash sum 金额 价格",
    "yes_no": "boolean bool checkbox toggle flag switch 是否",
    "date": "day birthday 日期 生日",
    "instant": "datetime timestamp time 时间 时刻",
    "duration": "timespan interval 时长",
    "choice": "enum select dropdown radio option options picklist 选项 选择",
    "person": "user employee actor staff assignee 人员 员工",
    "file": "attachment upload photo image picture document 文件 图片",
    "list": "array multiselect tags set 列表",
    "table": "grid rows lines 表格",
    "party": "customer contact client company 顾客 客户",
}
_ELSEWHERE = {word: ours for ours, words in _TYPES.items() for word in words.split()}
"""What other programs, and people, call a type of field."""


def type_meant(name: str) -> str | None:
    """The type of field that was probably meant, if one is close enough to go on by."""
    return _ELSEWHERE.get(name.lower()) or near_miss(name, _TYPES)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The help line for a near miss, or nothing when no name is close."""
    known = tuple(candidates)
    elsewhere = _ELSEWHERE.get(name.lower())
    meant = [elsewhere] if elsewhere in known else near_misses(name, known)
    return asked(meant) if meant else None


_IGNORE = re.compile(r"#\s*casewright:\s*(?P<word>\w+)\s*(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)$")


@dataclass(frozen=True, slots=True)
class _Ignore:
    """One comment that silences rules on its line."""

    span: Span
    rules: tuple[str, ...]
    fault: str | None


def _ignores(file: str, lines: Lines) -> Iterator[_Ignore]:
    """Find the silencing comments of one file."""
    for number, line in enumerate(lines, 1):
        if "casewright:" not in line or (found := _IGNORE.search(line)) is None:
            continue
        span = Span(file, number, found.start() + 1, number, len(line.rstrip()) + 1)
        rules = tuple(rule.strip() for rule in (found["rules"] or "").split(",") if rule.strip())
        yield _Ignore(span, rules, _fault_of(found["word"], rules, found["reason"].strip()))


def _fault_of(word: str, rules: Sequence[str], reason: str) -> str | None:
    """What keeps a silencing comment from being one."""
    if word != "ignore":
        return f"`casewright: {word}` is not known here"
    if not rules:
        return "this comment names no rule to silence"
    if not reason:
        return f"`{rules[0]}` is silenced without a reason"
    return None


def without_silenced(findings: Iterable[Diagnostic], texts: Mapping[str, Lines]) -> tuple[Diagnostic, ...]:
    """Take out the warnings that their line silences; report comments that silence nothing or give no reason."""
    kept = list(findings)
    for file, lines in texts.items():
        for ignore in _ignores(file, lines):
            if ignore.fault is not None:
                kept.append(error("bad-ignore", ignore.span, ignore.fault, _HOW_TO_IGNORE))
            else:
                kept = _silence(kept, ignore)
    return in_order(kept)


_HOW_TO_IGNORE = "write `# casewright: ignore[rule-id] the reason`"


def _silence(findings: list[Diagnostic], ignore: _Ignore) -> list[Diagnostic]:
    """Apply one comment to the findings of its line."""
    here = [found for found in findings if found.span[:2] == ignore.span[:2]]
    silenced = {found for found in here if found.id in ignore.rules and found.severity == "warning"}
    kept = [found for found in findings if found not in silenced]
    for rule in ignore.rules:
        if any(found.id == rule for found in silenced):
            continue
        stands = any(found.id == rule for found in here)
        message = (
            f"`{rule}` is an error here and cannot be silenced" if stands else f"no `{rule}` is found on this line"
        )
        kept.append(warning("unused-ignore", ignore.span, message, "take the comment away"))
    return kept
