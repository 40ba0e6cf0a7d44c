"""A definition that is not published yet, beside those that are."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.cases import Reason
from engine.core.migrating import oversights
from engine.core.plan import Library, Plan
from engine.model import ProcessDefinition


def with_candidate(library: Library, definition: ProcessDefinition) -> Library:
    """The library as it would be with this definition."""
    key = definition.process, definition.version
    return Library(_Candidate(library.plans, key, Plan(definition)), library.published)


class _Candidate(dict[tuple[str, int], Plan]):
    """The plans there are, and one more; those there are stay unloaded until they are asked for."""

    def __init__(self, plans: Mapping[tuple[str, int], Plan], key: tuple[str, int], plan: Plan) -> None:
        super().__init__({key: plan})
        self._plans = plans

    def __missing__(self, key: tuple[str, int]) -> Plan:
        return self._plans[key]

    def get(self, key: tuple[str, int], default: Plan | None = None) -> Plan | None:  # type: ignore[override]
        return self[key] if key in self else self._plans.get(key, default)


def oversights_of(library: Library, to: tuple[str, int]) -> list[tuple[int, Reason]]:
    """What each way forgets of a version that was published."""
    process, version = to
    plan, found = library.plan(process, version), []
    for since, way in plan.definition.migrate.items():
        earlier = library.plans.get((process, since))
        if earlier is not None:
            found += [(since, one) for one in oversights(earlier, plan, way)]
    return found
