"""Every finding and every failure of a scenario can be said in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.designing.rulebook import summaries
from engine.cli.said import book, findings_again
from engine.cli.translate import use_language
from engine.lang.manual.pages import entries

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    *sorted((ROOT / "engine/lang").rglob("*.py")),
    *(ROOT / f"engine/expressions/{name}.py" for name in ("compiling", "reports", "rules", "literals", "expression")),
    *(ROOT / f"engine/scenarios/{name}.py" for name in ("names", "play", "script", "emitted")),
    ROOT / "engine/simulation/reading.py",
)
SAYING = {
    "error",
    "warning",
    "fault",
    "_find",
    "report",
    "unknown",
    "Spot",
    "Problem",
    "_Failed",
    "Expected",
    "TimeFault",
}
NAMES = {"message", "mend", "said", "words"}
STAYS = re.compile(r"`[^`]*`|“[^”]*”|\b(?:YAML|UTF-8|UTF-16|NUL|RE2|BOM|Unicode|[\w/]+\.yaml(?::\d+)*)\b")
TECHNICAL = {"bad-pattern"}  # it quotes what the library of regular expressions says, in English


COMPOSED = {  # of pieces that stand in the catalogue as whole sentences
    "`§` tells §", "nothing § the § `§`", "`§` starts clock `§` and§ § it; the start comes last, so it runs on", "§ §",
    "is nested too deep", "cannot be read: §", "the expression §", "§; §",
}  # fmt: skip


def english_in(text: str) -> list[str]:
    """The English words of a text, but for what a file writes."""
    return re.findall(r"[A-Za-z]{2,}", STAYS.sub("", text))


@pytest.mark.parametrize("rule", [name for name, entry in entries().items() if entry.wrong and name not in TECHNICAL])
def test_what_a_rule_finds_is_said_in_chinese_without_an_english_word(rule: str) -> None:
    use_language("zh")
    findings = entries()[rule].findings
    for found, told in zip(findings, findings_again(findings), strict=True):
        assert (told.id, told.span) == (found.id, found.span)
        assert english_in(told.message) == english_in(told.help or "") == []
        assert [english_in(text) for _, text in told.related] == [[] for _ in found.related]
        quoted = re.findall("`[^`]*`", found.message)
        assert sorted(re.findall("`[^`]*`", told.message)) == sorted(quoted), "a name was lost"


@pytest.mark.parametrize("rule", entries())
def test_what_a_rule_is_about_is_said_in_chinese(rule: str) -> None:
    use_language("zh")
    assert english_in(summaries()[rule]) == []


def sentences() -> Iterator[tuple[str, str]]:
    """Find every sentence that a finding or a failure is made of, and its place."""
    for file in PLACES:
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                longer = {node.target.id for node in ast.walk(function)
                          if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)}  # fmt: skip
                for one in _said(function, longer):
                    for text in texts(one):
                        yield text, f"{file.relative_to(ROOT).as_posix()}:{one.lineno}"


def _said(function: ast.FunctionDef, longer: set[str]) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in SAYING:
            yield from node.args
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMES - longer:
            yield node.value


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from texts(part)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        told = "".join(part.value if isinstance(part, ast.Constant) else "§" for part in node.values)
        if " " in told.strip():
            yield told


def is_known(text: str) -> bool:
    """Whether a sentence, its blanks filled in, is recognised."""
    return any(
        book().again(text.replace("§", blank)) != text.replace("§", blank) for blank in ("x", "`x`", "7", "`true`")
    )


def test_no_sentence_of_a_finding_or_a_failure_is_missing_from_the_catalogue() -> None:
    use_language("zh")
    assert [f"{place}: {text}" for text, place in sentences() if not is_known(text) and text not in COMPOSED] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("`form` of action `go` is a list, but must be keys with values", "动作 `go` 的 `form` 是列表，但应是键和值"),
        ("`with` of effect 2 of `then` of action `go` is empty", "动作 `go` 的 `then` 的第 2 项效果 的 `with` 是空的"),
        ("`a` and `b` overlap; join them or part them", "`a` 和 `b` 重叠；合并或错开"),
        ("timer `t` has `after` and `every`", "定时 `t` 同时有 `after` 和 `every`"),
        ("`process` is not a message", "没有消息 `process`"),  # a name that is a word of ours stays as it is
        ("`state` was to be `sent`, but is `asked`", "`state` 应是 `sent`，实为 `asked`"),
        ("`hours.mon`: `monday` is no day of the week", "`hours.mon`：`monday` 不是星期几"),
        ("`min` must be an amount like `4.90`, with at most two digits after the point, not `0元` (`0.00`?)",
         "`min` 应为金额，如 `4.90`，小数点后最多两位，而不是 `0元`（是否指 `0.00`？）"),
        ("did you mean `tel`, declared at line 9, or `phone`, declared in desk.yaml:13?",
         "是否指第 9 行声明的 `tel`，或desk.yaml:13 声明的 `phone`？"),
        ("did you mean `a`, declared at line 1, or `b`, declared at line 2, or `c`, declared at line 3?",
         "是否指第 1 行声明的 `a`、第 2 行声明的 `b`，或第 3 行声明的 `c`？"),
        ("there is `a`, `b`, `c`; fields are written under `fields`, those of several processes in desk.yaml",
         "可用 `a`、`b`、`c`；字段写在 `fields` 下面，几个流程共用的写在 desk.yaml 里"),
        ("`前台` is not a name", "`前台` 不能作名字"),
        ("the dog ate it", "the dog ate it"),
    ],
)  # fmt: skip
def test_a_sentence_is_said_again_with_the_phrases_in_its_blanks(english: str, chinese: str) -> None:
    use_language("zh")
    assert book().again(english) == chinese
    use_language("en")
    assert book().again(english) == english


def test_what_is_there_and_where_more_is_written_are_said_one_after_the_other() -> None:
    use_language("zh")
    told = book().again("there is `agent`, `actor`; roles are written under `roles` in desk.yaml")
    assert told == "可用 `agent`、`actor`；角色写在 desk.yaml 的 `roles` 下面"
