"""In words, which scenario is missing where a changed definition goes unnoticed."""

from __future__ import annotations

from decimal import Decimal

from engine.cli.translate import _
from engine.scenarios.mutants import TIMES, Mutant, value_at


def missing_scenario(mutant: Mutant) -> str:
    """Say what a scenario would have to show, so that it fails for this mutant."""
    names = [str(step) for step in mutant.path]
    if names[-1] in ("min", "max"):
        return _at_bound(mutant, names)
    action = names[names.index("actions") + 1] if "actions" in names[:-1] else "open"
    if "guards" in names[:-1]:
        guard = names[names.index("guards") + 1]
        return _("one in which `{action}` is refused by `{guard}`, and one in which it just holds").format(
            action=action, guard=guard
        )
    if "never_by" in names:
        return _("one in which somebody who is excluded tries `{action}`: `refused: never_by`").format(action=action)
    if "by" in names:
        return _("one in which every role that may does `{action}`, and another one is `refused: by`").format(
            action=action
        )
    if "needs" in names or "during" in names or "within" in names:
        rule = next(name for name in ("needs", "during", "within") if name in names)
        return _("one in which `{action}` is `refused: {rule}`").format(action=action, rule=rule)
    if "require" in names:
        return _("one in which `{action}` lacks an answer: `refused: form`").format(action=action)
    if names[-1] == "if":
        return _("one for each answer of this condition, at its boundary")
    if "clocks" in names or "thresholds" in names or "ladders" in names or "timers" in names or names[-1] in TIMES:
        return _("one that looks a second before and a second after it is due: `until`, `wait`, `expect`")
    return _("one whose `expect` shows what stands there")


def _at_bound(mutant: Mutant, names: list[str]) -> str:
    """Name what is bounded, the bound as it is written, and the values on both sides of it."""
    if names[0] not in ("fields", "facts"):
        return _("one in which `{what}` comes {count} times, and time goes on: it does not come again").format(
            what=_repeated(names), count=mutant.was
        )
    where = mutant.path[:-1]
    kind = value_at(mutant.content, where).get("type")
    step = Decimal("0.01") if kind == "money" else 1
    bound = Decimal(str(mutant.was)) if kind in ("money", "number") else mutant.was
    outside = bound - step if names[-1] == "min" else bound + step
    what = ".".join(name for name in names[1:-1] if name != "columns")
    told = {"what": what, "bound": bound, "outside": outside}
    if names[0] == "facts":
        return _("one in which the fact `{what}` is {bound} and it is done, and one in which it is {outside}").format(
            **told
        )
    if kind in ("list", "table"):
        return _("one in which `{what}` has {bound} rows and it is done, one with {outside}: `refused: form`").format(
            **told
        )
    if kind == "text":
        return _(
            "one in which `{what}` has {bound} characters and it is done, one with {outside}: `refused: form`"
        ).format(**told)
    return _(
        "one in which `{what}` is {bound} and it is done, and one in which it is {outside}: `refused: form`"
    ).format(**told)


def _repeated(names: list[str]) -> str:
    """The timer, or the promise with its threshold."""
    return ".".join(name for name in names[:-1] if name not in ("states", "timers", "clocks", "thresholds", "ladders"))
