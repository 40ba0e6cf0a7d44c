"""Why something is refused, in words of the desk's languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.core.cases import Reason
from engine.fields import Words, word
from engine.nearness import either, nearest

WORDS: Mapping[str, Words] = {
    "unknown_action": {
        "en": "`{process}` has no action `{action}`{near}",
        "zh": "`{process}` 没有动作 `{action}`{near}",
    },
    "state": {
        "en": "`{action}` is not possible in `{state}`; possible now: {possible}",
        "zh": "`{state}` 状态下不能 `{action}`；现在可以：{possible}",
    },
    "state_of_others": {
        "en": "`{action}` is not possible in `{state}`; possible now, but not for `{actor}`: {possible}",
        "zh": "`{state}` 状态下不能 `{action}`；现在可以，但不由 `{actor}` 执行：{possible}",
    },
    "by": {
        "en": "`{actor}` ({roles}) may not do `{action}`; it is for: {who}",
        "zh": "`{actor}`（{roles}）不能执行 `{action}`；可由 {who} 执行",
    },
    "open_by": {
        "en": "`{actor}` ({roles}) may not open `{action}`; it is for: {who}",
        "zh": "`{actor}`（{roles}）不能为 `{action}` 立案；可由 {who} 立案",
    },
    "never_by": {
        "en": "`{actor}` is excluded from `{action}`: {why}",
        "zh": "`{actor}` 须回避 `{action}`：{why}",
    },
    "open_never_by": {
        "en": "`{actor}` is excluded from opening `{action}`: {why}",
        "zh": "`{actor}` 须回避 `{action}` 的立案：{why}",
    },
    "within": {
        "en": "`{action}` was possible until {until}; that time is over",
        "zh": "`{action}` 的期限 {until} 已过",
    },
    "during": {
        "en": "`{action}` is possible only during `{calendar}`, next from {next}",
        "zh": "`{action}` 只能在 `{calendar}` 时段执行，下次 {next}",
    },
    "open_during": {
        "en": "`{action}` is opened only during `{calendar}`, next from {next}",
        "zh": "`{action}` 只能在 `{calendar}` 时段立案，下次 {next}",
    },
    "needs": {
        "en": "`{action}` needs first: {needs}",
        "zh": "`{action}` 之前须先完成：{needs}",
    },
    "missing": {"en": "`{field}` is missing: {label}", "zh": "缺少 `{field}`：{label}"},
    "unknown_field": {
        "en": "`{action}` does not ask for `{field}`{near}; it takes: {takes}",
        "zh": "`{action}` 不需要 `{field}`{near}；可填：{takes}",
    },
    "invalid": {"en": "{problem}", "zh": "{problem}"},
    "role": {
        "en": "`{field}`: `{person}` does not hold the role {role}",
        "zh": "`{field}`：`{person}` 不是{role}",
    },
    "role_of_nobody": {
        "en": "`{field}`: there is no `{person}` at this desk{near}; it asks for the role {role}",
        "zh": "`{field}`：服务台没有 `{person}`{near}；此处须为{role}",
    },
    "later": {
        "en": "`{field}` lies after the opening; it must not be later than now",
        "zh": "`{field}` 晚于受理时刻，不得晚于现在",
    },
    "fact": {
        "en": "the fact `{field}` must be brought with `{action}`: {label}",
        "zh": "`{action}` 须附带事实 `{field}`：{label}",
    },
    "unique": {
        "en": "`{case}` with `{field}` {key} is still open; act on that one",
        "zh": "`{field}` {key} 已有未结案件 `{case}`，请在该案件上操作",
    },
    "find_missing": {
        "en": "event `{event}` lacks `{field}`, by which its case is found",
        "zh": "事件 `{event}` 缺少用于查找案件的 `{field}`",
    },
    "find_wrong": {
        "en": "`{field}` of event `{event}`: {problem}",
        "zh": "事件 `{event}` 的 `{field}`：{problem}",
    },
    "find_none": {
        "en": "event `{event}` is about no open case of `{process}`: none has {values}",
        "zh": "事件 `{event}` 找不到对应案件：`{process}` 没有 {values} 的案件",
    },
    "find_several": {
        "en": "event `{event}` could be about several cases, and is given to none: {cases}",
        "zh": "事件 `{event}` 对应多个案件，未作处理：{cases}",
    },
    "error": {"en": "`{action}` cannot be decided: {problem}", "zh": "`{action}` 无法判定：{problem}"},
    "endless": {
        "en": "`{action}` leads the process round in a circle; nothing was changed",
        "zh": "`{action}` 使流程陷入循环，未作任何更改",
    },
    "final": {"en": "`{case}` is closed", "zh": "`{case}` 已结"},
    "claimed": {
        "en": "`{case}` is held by `{person}`; ask them to release it, or a supervisor to assign it",
        "zh": "`{case}` 已由 `{person}` 领取；请其释放或由主管指派",
    },
    "not_held": {"en": "`{case}` is not held by `{actor}`", "zh": "`{case}` 不在 `{actor}` 名下"},
    "held_by_other": {
        "en": "`{case}` is held by `{person}`, not by `{actor}`; ask them to release it, or a supervisor to assign it",
        "zh": "`{case}` 在 `{person}` 名下，不在 `{actor}` 名下；请其释放或由主管指派",
    },
    "held_by_none": {"en": "`{case}` is held by nobody", "zh": "`{case}` 无人领取"},
    "no_work": {
        "en": "`{actor}` ({roles}) can do nothing in `{state}`",
        "zh": "`{actor}`（{roles}）在 `{state}` 状态下无可执行的动作",
    },
    "merged": {"en": "`{case}` is merged into `{into}`", "zh": "`{case}` 已并入 `{into}`"},
    "merge_itself": {"en": "`{case}` cannot be merged into itself", "zh": "`{case}` 不能并入自身"},
    "merge_closed": {
        "en": "`{into}` is closed; merge into a case that is open",
        "zh": "`{into}` 已结，请并入未结的案件",
    },
    "merge_merged": {
        "en": "`{into}` is merged into `{survivor}`; merge into that one",
        "zh": "`{into}` 已并入 `{survivor}`，请并入该案件",
    },
    "merge_family": {
        "en": "`{case}` and `{into}` belong together already: one of them was opened by the other's family",
        "zh": "`{case}` 与 `{into}` 本属同一案件族，无需合并",
    },
    "migrate_there": {
        "en": "`{case}` is on version {version} already",
        "zh": "`{case}` 已在版本 {version}",
    },
    "migrate_unsaid": {
        "en": "version {version} of `{process}` does not say how cases of version {since} move; "
        "write `- from: {since}` under `migrate` of a version that is not published yet",
        "zh": "`{process}` 版本 {version} 未说明版本 {since} 的案件如何迁移；"
        "请在尚未发布的版本的 `migrate` 中写 `- from: {since}`",
    },
    "migrate_state": {
        "en": "`{state}` of version {since} has no place in version {version}; say it in `states` of `migrate`",
        "zh": "版本 {since} 的状态 `{state}` 在版本 {version} 中没有对应；请写在 `migrate` 的 `states` 中",
    },
    "migrate_final": {
        "en": "`{state}` ends a case in version {version}; moving to another version must not end it",
        "zh": "版本 {version} 的 `{state}` 是终止状态，迁移版本不得结束案件",
    },
    "migrate_whole": {
        "en": "{states} of version {version} cannot be active together, or another region lacks its state",
        "zh": "版本 {version} 的 {states} 不能同时处于活动，或有区域缺少状态",
    },
    "migrate_clock": {
        "en": "the promise `{clock}` is another in version {version}, or none; say in `clocks` of `migrate` what "
        "becomes of one under way: keep, carry, restart or end",
        "zh": "承诺 `{clock}` 在版本 {version} 中已不同或不存在；请在 `migrate` 的 `clocks` 中写明进行中的如何处理："
        "keep、carry、restart 或 end",
    },
    "migrate_field": {
        "en": "`{field}` is filled in, but version {version} does not have it, or as another kind of field; "
        "`drop: [{field}]` in `migrate` gives its value up",
        "zh": "`{field}` 已填写，但版本 {version} 没有该字段或类型不同；在 `migrate` 写 `drop: [{field}]` 可舍弃其值",
    },
    "migrate_breach": {
        "en": "the promise `{clock}` is kept so far and would be missed at once in version {version}; `{clock}: keep` "
        "in `migrate` leaves it its goal",
        "zh": "承诺 `{clock}` 目前未失约，迁到版本 {version} 会立即失约；在 `migrate` 写 `{clock}: keep` 可保留原目标",
    },
    "migrate_unique": {
        "en": "`{key}` is unique in version {version} and was not in version {since}: open cases may share one",
        "zh": "`{key}` 在版本 {version} 中须唯一，而版本 {since} 并不要求：未结案件可能重复",
    },
    "migrate_unknown": {
        "en": "`migrate` names `{name}`, which version {since} does not have{near}",
        "zh": "`migrate` 写了 `{name}`，但版本 {since} 中没有{near}",
    },
    "bad_id": {
        "en": "`{id}` cannot name one of the register of `{field}`: printable text without `:` and blanks",
        "zh": "`{id}` 不能作为 `{field}` 名册的编号：须为不含 `:` 和空白的可见文字",
    },
    "taken": {
        "en": "`{id}` is on the register of `{field}` already; give a number that is free",
        "zh": "`{field}` 名册中已有 `{id}`；请用未占用的编号",
    },
    "not_on_register": {
        "en": "`{field}`: `{id}` is not on the register of {party}{near}",
        "zh": "`{field}`：{party}名册中没有 `{id}`{near}",
    },
    "lacking": {
        "en": "`{id}` is not on the register of `{field}`, and {fields} is missing to enter it",
        "zh": "`{field}` 名册中没有 `{id}`，登记尚缺 {fields}",
    },
    "depth": {"en": "`{effect}` goes deeper than {limit}", "zh": "`{effect}` 层级超过 {limit}"},
    "no_case": {"en": "there is no case linked as `{link}`", "zh": "没有关联案件 `{link}`"},
    "no_process": {"en": "no process `{process}` is published", "zh": "流程 `{process}` 尚未发布"},
}


def reason(rule: str, text: str | None = None, /, *, field: str | None = None, **names: object) -> Reason:
    """A refusal by this rule, in every language we speak. `text` names the words where it is not the rule.

    A name that differs from language to language is given as a mapping.
    """
    given = {"field": field, **names}
    words = {
        language: said.format_map({name: _in(language, value) for name, value in given.items()})
        for language, said in WORDS[text or rule].items()
    }
    return Reason(rule, words, field)


def rules_of(reasons: Iterable[Reason]) -> list[list[str]]:
    """The rules of a refusal as records keep them, each with its field."""
    return [[one.rule, one.field] if one.field else [one.rule] for one in reasons]


def _in(language: str, value: object) -> object:
    return word(value, language) if isinstance(value, Mapping) else value


def near(name: str, candidates: Iterable[str]) -> str:
    """The near miss, ready to stand behind a name; empty where there is none."""
    return meant(name, candidates)["en"]


def meant(name: str, candidates: Iterable[str]) -> dict[str, str]:
    """The near miss, ready to stand behind a name, in every language we speak."""
    return one_of(nearest(name, candidates, 0.7))


def one_of(names: Sequence[str]) -> dict[str, str]:
    """Names of which one was probably meant, ready to stand behind another; empty where there are none."""
    if not names:
        return {"en": "", "zh": ""}
    return {"en": f" ({either(names)}?)", "zh": f"（是否指 {either(names, ' 或 ')}？）"}


def listed(names: Iterable[str]) -> Words:
    """Names for a sentence."""
    quoted = [f"`{name}`" for name in names]
    return {"en": ", ".join(quoted) or "–", "zh": "、".join(quoted) or "–"}
