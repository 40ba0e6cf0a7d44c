"""A condition on cases, written as processes write them, asked of each case: `list --where`, `interrupt --where`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import ProcessDefinition
    from engine.views import CaseView


class Where:
    """An expression checked against one version of a process."""

    def __init__(self, text: str, definition: ProcessDefinition) -> None:
        from engine.expressions import ExpressionError, Scope, compile_expression

        self._states = definition.states
        self._has_regions = any(state.parallel for state in definition.states.values())
        scope = Scope(
            case=definition.fields,
            clocks=frozenset(definition.clocks),
            states=frozenset(definition.states),
            regions=self._has_regions,
            now=True,
            calendars=definition.calendars,
            calendar=definition.calendar,
            zone=definition.desk.zone,
        )
        # What is not set simply does not match, so nothing needs to be asked for by `has` first.
        sure = frozenset(f"case.{name}" for name in definition.fields)
        try:
            self._expression = compile_expression(text, scope, want="yes_no", sure=sure)
        except ExpressionError as error:
            raise UsageError(error.message, help=error.mend) from error

    def holds(self, view: CaseView, now: int) -> bool:
        """Whether it holds for a case; where something it needs is not set, it does not."""
        from engine.expressions import ExpressionFailed

        leaves = list(view.position)
        case: dict[str, Any] = {
            **view.data,
            "id": view.id,
            "opened_at": view.opened_at,
            "state": leaves if self._has_regions else "".join(leaves[:1]),
            "waiting_on": [who.partition(":")[2] for who in view.waiting_on],
            "assignee": view.assignee,
        }
        clocks = {
            name: {
                "running": clock.status == "running",
                "paused": clock.status == "paused",
                "met": clock.status == "met",
                "breached": clock.status == "breached",
            }
            for name, clock in view.clocks.items()
        }
        try:
            return (
                self._expression.evaluate(
                    {"case": case, "clocks": clocks, "now": now, "state": list(self._active(leaves))}
                )
                is True
            )
        except ExpressionFailed:
            return False

    def _active(self, leaves: list[str]) -> Iterator[str]:
        for name in leaves:
            while name:
                yield name
                name = self._states[name].parent
