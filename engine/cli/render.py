"""Cases, changes and refusals as lines for people; tables are in `tables.py`, JSON is in `documents.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.cli.reader import Reader, harmless, one_line
from engine.cli.streams import Streams
from engine.cli.tables import hanging
from engine.cli.translate import _, later, phrased, plural, with_aside

if TYPE_CHECKING:
    from engine.core.cases import Reason
    from engine.model import ProcessDefinition
    from engine.views import Accepted, CaseView, ClockView, Offer, Refusal

Known = Mapping[str, Mapping[str, Any]]
"""Field → what a register says of whom it names."""

_WORTH_A_WORD = frozenset(
    {"person", "party", "choice", "money", "instant", "date", "yes_no", "integer", "number", "duration"}
)
_LONGEST_TEXT = 40
_MOST_FIELDS = 3
_SOON = 5 * 60_000


def states(reader: Reader, definition: ProcessDefinition, view: CaseView) -> str:
    """Name the states a case is in, for a line."""
    return " + ".join(reader.called(name, definition.states[name].label) for name in view.position)


def state_labels(reader: Reader, definition: ProcessDefinition, view: CaseView) -> str:
    """Label the states a case is in."""
    return " + ".join(reader.said(definition.states[name].label, name) for name in view.position)


def change_line(reader: Reader, definition: ProcessDefinition, result: Accepted) -> str:
    """Say in one line what a command changed."""
    parts = [
        _movement(reader, definition, result),
        *(f"{name} {text}" for name, text in told_fields(reader, definition, result)),
        *_holder(result),
        *_merged(result),
        *_late_promises(reader, definition, result),
        *next_promise(reader, definition, result.case),
    ]
    if result.is_repeat:
        parts.append(_("done before with the same key, nothing was changed"))
    return " · ".join(part for part in parts if part)


def _merged(result: Accepted) -> Iterator[str]:
    if result.record.get("verb") == "merge" and not result.is_repeat:
        yield _("merged into {case}").format(case=result.record["name"])
    if sent_to := result.record.get("sent_to"):
        yield _("{case} is merged into it").format(case=sent_to)


def due_next(view: CaseView) -> tuple[str, int | None, int | None] | None:
    """Return what tells the promise that is due next from another: its name, when it is due, since when missed."""
    urgent = most_urgent(view)
    return None if urgent is None else (urgent[0], urgent[1].due_at, urgent[1].breached_at)


def _movement(reader: Reader, definition: ProcessDefinition, result: Accepted) -> str:
    now = states(reader, definition, result.case)
    if result.is_repeat:
        return f"{result.case.id} {now}"
    if result.before is None:
        return f"{result.case.id} " + _("opened → {state}").format(state=now)
    before = states(reader, definition, result.before)
    return f"{result.case.id} {before} → {now}" if before != now else f"{result.case.id} {now}"


def told_fields(reader: Reader, definition: ProcessDefinition, result: Accepted) -> Iterator[tuple[str, str]]:
    """Tell the few answers of the form that say most, by name and text, in the order in which the form asks."""
    told = 0
    for name in _as_asked(definition, result):
        field = definition.fields.get(name)
        value = result.case.data.get(name)
        if field is None or field.personal or value is None or told == _MOST_FIELDS:
            continue
        text = one_line(reader.value(field, value))
        if field.type in _WORTH_A_WORD or (field.type == "text" and len(text) <= _LONGEST_TEXT):
            told += 1
            yield reader.called(name, field.label), text


def _as_asked(definition: ProcessDefinition, result: Accepted) -> Iterable[str]:
    """The fields that were answered; a record knows them in no order of its own."""
    from engine.words.speech import every_action

    record = result.record
    answered = record.get("form") or {}
    forms = [one.form for one in every_action(definition) if one.name == record.get("name")] or [
        definition.opening.form
    ]
    asked = dict.fromkeys(name for form in forms for name in (*form.require, *form.allow))
    return (name for name in (*asked, *sorted(answered.keys() - asked.keys())) if name in answered)


def _holder(result: Accepted) -> Iterator[str]:
    if result.is_repeat:
        return
    before = result.before.assignee if result.before else None
    if result.record.get("verb") == "claim" and before and before == result.case.assignee:
        yield _("held by {person} already").format(person=before)
    if result.case.assignee != before:
        if result.case.assignee:
            yield _("held by {person}").format(person=result.case.assignee)
        else:
            yield _("no longer held by {person}").format(person=before)


def _late_promises(reader: Reader, definition: ProcessDefinition, result: Accepted) -> Iterator[str]:
    """Name the clocks that this step found too late: what was kept needs no word."""
    for name, clock in result.case.clocks.items():
        before = result.before.clocks.get(name) if result.before else None
        if before is not None and before.ended_at != clock.ended_at and clock.status == "breached":
            late = (clock.ended_at or reader.now) - (clock.breached_at or reader.now)
            yield _("{clock} missed by {time}").format(
                clock=reader.called(name, definition.clocks[name].label), time=reader.span(late)
            )


def next_promise(reader: Reader, definition: ProcessDefinition, view: CaseView) -> Iterator[str]:
    """Say which promise is due next, if one is running."""
    urgent = most_urgent(view)
    if urgent is None:
        return
    name, clock = urgent
    called = reader.called(name, definition.clocks[name].label)
    if clock.status == "breached":
        yield _("{clock} overdue since {time} ({distance})").format(
            clock=called,
            time=reader.instant(clock.breached_at or reader.now),
            distance=reader.until(clock.breached_at or reader.now),
        )
    elif clock.status == "paused":
        yield _("{clock} paused, {time} left").format(clock=called, time=reader.span(clock.remaining or 0))
    elif clock.due_at is not None:
        yield _("{clock} due {time} ({distance})").format(
            clock=called, time=reader.instant(clock.due_at), distance=reader.until(clock.due_at)
        )


def most_urgent(view: CaseView) -> tuple[str, ClockView] | None:
    """Return the clock to show in one line: the longest overdue, else the next due, else the paused with least left."""
    best: tuple[tuple[int, int], str, ClockView] | None = None
    for name, clock in view.clocks.items():
        rank = _urgency(clock)
        if rank is not None and (best is None or rank < best[0]):
            best = (rank, name, clock)
    return None if best is None else best[1:]


def _urgency(clock: ClockView) -> tuple[int, int] | None:
    if clock.ended_at is not None:
        return None
    if clock.status == "breached":
        return (0, clock.breached_at or 0)
    if clock.status == "running":
        return (1, clock.due_at or 0)
    if clock.status == "paused":
        return (2, clock.remaining or 0)
    return None


def mark(reader: Reader, clock: ClockView) -> str:
    """Mark a clock's urgency by a sign, so that colour never says it alone."""
    if clock.status == "breached":
        return "!!"
    if clock.status == "paused":
        return "‖"
    return "!" if clock.due_at is not None and clock.due_at - reader.now <= _SOON else ""


COLOURS: Mapping[str, str] = {"!!": "red", "!": "yellow", "‖": "cyan", "": ""}


def reasons(streams: Streams, reader: Reader, refusal: Refusal) -> None:
    """Print why not, every reason on its own line."""
    head = plural("refused for {count} reason:", "refused for {count} reasons:", len(refusal.reasons))
    streams.tell(streams.paint(head, "red"))
    for reason in refusal.reasons:
        streams.tell(f"  - {reader.said(reason.words, reason.rule)} [{rule_called(reader, reason.rule)}]")


_RULES: Mapping[str, str] = {
    "state": later("state"),
    "by": later("who may"),
    "never_by": later("who must not"),
    "within": later("until when"),
    "during": later("opening hours"),
    "needs": later("what comes first"),
    "facts": later("facts"),
    "form": later("form"),
    "unique": later("only one"),
    "register": later("register"),
    "migrate": later("version"),
    "merge": later("merging"),
    "claimed": later("held"),
    "error": later("error"),
}


def rule_called(reader: Reader, rule: str) -> str:
    """Call a rule: in English by its id, as records and processes do; elsewhere ours by what they are about."""
    return harmless(rule) if reader.language == "en" else rule_about(rule)


def rule_about(rule: str) -> str:
    """Say what one of our rules is about; a process's own stays as it is named."""
    return _(_RULES[rule]) if rule in _RULES else harmless(rule)


def reason_line(reader: Reader, why: Iterable[Reason]) -> str:
    """Put the reasons of one refusal into one line."""
    return _("; ").join(reader.said(reason.words, reason.rule) for reason in why)


def by_likelihood(
    definition: ProcessDefinition, offers: Iterable[Offer], position: Collection[str] = ()
) -> list[Offer]:
    """Sort actions: those of the present state, then those of every state, the fewer states the sooner."""

    def rank(offer: Offer) -> tuple[bool, bool, int, int]:
        top = definition.actions.get(offer.action)
        if top is None:
            return (False, False, 0, 0)
        places = len(top.places) or len(definition.states)
        return (
            True,
            not leads_on(definition, offer.action, position),
            places,
            list(definition.actions).index(offer.action),
        )

    return sorted(offers, key=rank)


def leads_on(definition: ProcessDefinition, name: str, position: Collection[str]) -> bool:
    """Whether an action may lead to a state that is not active already."""
    here = [definition.states[state].actions for state in position if name in definition.states[state].actions]
    written = here or (definition.actions, *(state.actions for state in definition.states.values()))
    branches = (branch.value for actions in written if name in actions for branch in actions[name].to)
    return any(target != "stay" and target not in position for target in branches)


def offer_lines(streams: Streams, reader: Reader, offers: Iterable[Offer]) -> Iterator[str]:
    """List what may be done now, with what it asks, and why not the rest."""
    offers = list(offers)
    possible = [offer for offer in offers if offer.is_allowed]
    yield _("possible now:") if possible else _("nothing is possible for you now")
    for offer in possible:
        text = f"  {offer.action}  {reader.said(offer.label, offer.action)}{_asked(offer)}"
        first, *more = hanging(text, streams.width)
        yield first.replace(offer.action, streams.paint(offer.action, "green"), 1)
        yield from more
    rest = [offer for offer in offers if not offer.is_allowed]
    if rest:
        yield _("not possible now:")
    for offer in rest:
        label = reader.said(offer.label, offer.action)
        why = reason_line(reader, offer.reasons)
        text = _("{action}  {label}: {reasons}").format(action=offer.action, label=label, reasons=why)
        yield from hanging(f"  {text}", streams.width)


def _asked(offer: Offer) -> str:
    asked = " ".join(
        f"-f {asked.field.name}=…" if asked.required else f"[-f {asked.field.name}=…]" for asked in offer.form
    )
    return f"  ({asked})" if asked else ""


def data_lines(
    reader: Reader, definition: ProcessDefinition, data: Mapping[str, Any], known: Known, gone: Mapping[str, str]
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Give each answered field of a case as label and text, with what a register said of whom it names.

    What is `gone` has words in its place, so that it is told apart from what this reader may not see.
    """
    for name, value in data.items():
        field = definition.fields.get(name)
        if field is not None and value is not None:
            said = [reader.value(field.columns[key], one) for key, one in known.get(name, {}).items()]
            text = reader.value(field, value) if name not in gone else gone[name]
            shown = with_aside(text, phrased(said)) if said else text
            yield reader.said(field.label, name), shown


def gone_from(view: CaseView) -> dict[str, str]:
    """Say what stands in the place of private values that nobody sees: those erased, those whose key is not here."""
    unreadable = dict.fromkeys(view.unreadable.fields, _("cannot be read"))
    return unreadable | dict.fromkeys(view.erased, _("erased"))
