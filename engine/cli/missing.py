"""In words, which scenario is missing where a changed definition goes unnoticed."""

from __future__ import annotations

from engine.cli.translate import _
from engine.scenarios.mutants import TIMES, Mutant


def missing_scenario(mutant: Mutant) -> str:
    """Say what a scenario would have to show, so that it fails for this mutant."""
    names = [str(step) for step in mutant.path]
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
