"""Rules about what becomes of closed cases in time: `retention`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from engine.lang.rules.rule import Checked, Spot, rule
from engine.moments import Moment
from engine.retention import DAY, Span

BUSINESS_DAYS = 7 / 5
"""How many days of the calendar a business day takes about."""


@rule("private-for-good", "warning", reads=())
def private_for_good(checked: Checked) -> Iterator[Spot]:
    """Private values that nothing ever lets go of."""
    known = checked.definition
    names = ", ".join(f"`{field.name}`" for field in known.fields.values() if field.personal)
    if names and known.retention is None and checked.known.outline.root.get("retention") is None:
        message = f"private values are kept for good, for nothing says how long: {names}"
        mend = "say it, for instance `retention: {keep: 3 years, private: 1 year}`"
        yield Spot(checked.key(known, "process"), message, mend)


@rule("private-outlives-case", "warning", reads=())
def private_outlives_case(checked: Checked) -> Iterator[Spot]:
    """Private values said to stay for as long as their case or longer: they end with it."""
    retention = checked.definition.retention
    keep, private = (retention.keep, retention.private) if retention is not None else (None, None)
    if keep is not None and private is not None and _end(private) >= _end(keep):
        message = f"private values never stay for `{private}`: the case itself leaves after `{keep}`"
        mend = "give them less time than the case, or leave `private` out: they end when the case leaves"
        yield Spot(checked.value(retention, "private"), message, mend)


@rule("reopened-too-late", "warning", reads=())
def reopened_too_late(checked: Checked) -> Iterator[Spot]:
    """A case that may still be reopened when it has left, or its private values are gone."""
    retention = checked.definition.retention
    spans = (("keep", retention.keep), ("private", retention.private)) if retention is not None else ()
    for act, (name, span) in product(checked.acts, spans):
        if span is not None and act.within is not None and _length(act.within) > span.least:
            message = (
                f"`{span}` after closing the case leaves, but `{act.name}` is possible for `{act.within.text}`"
                if name == "keep"
                else f"`{span}` after closing private values end, but `{act.name}` is possible for `{act.within.text}`"
            )
            related = ((checked.value(act, "within"), "so long it may be reopened"),)
            yield Spot(checked.value(retention, name), message, "say a longer time than that", related)


def _length(within: Moment) -> float:
    """About how long a length is, in ms; of one that is none, 0."""
    if within.base == "duration":
        return within.offset
    days = {"calendar_days": 1, "business_days": BUSINESS_DAYS}.get(within.base, 0) * within.count
    return days * DAY


def _end(span: Span) -> int:
    return span.after(0, "UTC")


RULES = (private_for_good, private_outlives_case, reopened_too_late)
