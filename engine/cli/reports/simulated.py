"""What a simulation has shown, as tables for people and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.cli.reader import Reader, seconds
from engine.cli.reports.figures import percent, whole_percent
from engine.cli.reports.sla import BELOW, sign, spread_document
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, later, listed, plural

if TYPE_CHECKING:
    from engine.core.promises.attainment import Attainment
    from engine.model import ProcessDefinition
    from engine.simulation.figures import RoleFigures, Simulated, TeamFigures


@dataclass(frozen=True, slots=True)
class Told:
    """The variants that were played, and who reads of them."""

    definition: ProcessDefinition
    variants: tuple[Simulated, ...]
    since: int
    streams: Streams

    @property
    def reader(self) -> Reader:
        """The reader, in the desk's zone."""
        return Reader(language=self.streams.language, zone=self.definition.desk.zone, now=self.since, by_label=True)

    def title(self) -> str:
        """Say what was simulated."""
        one = self.variants[0]
        label = self.reader.said(self.definition.label, self.definition.process)
        day = self.reader.local(self.since).strftime("%Y-%m-%d")
        days = _("{days} from {day}").format(days=plural("{count} day", "{count} days", one.days), day=day)
        runs = [] if one.runs == 1 else [plural("{count} run", "{count} runs", one.runs)]
        return " · ".join([label, days, *runs, _("seed {seed}").format(seed=one.seed)])

    def promises(self) -> Sequence[tuple[str, Cell]]:
        """Say what is told of a promise; of several runs how far they lie apart, too."""
        if self.variants[0].runs == 1:
            return PROMISES
        return (PROMISES[0], (later("each run"), lambda told, one: told.between(one)), *PROMISES[1:])

    def between(self, one: Attainment) -> str:
        """Say how a promise was kept in the worst and in the best run."""
        variant = next(variant for variant in self.variants if any(one is each for each in variant.promises))
        shares = variant.between.get(one.group[0])
        return "" if shares is None else f"{percent(shares[0])}–{percent(shares[1])}"

    def clock(self, name: str) -> str:
        """Label a promise."""
        known = self.definition.clocks.get(name)
        return self.reader.said(known.label if known else {}, name)

    def role(self, name: str) -> str:
        """Label a role, or several of a team."""
        roles = self.definition.desk.roles
        return " + ".join(self.reader.said(roles.get(one, {}), one) for one in name.split(" + "))

    def action(self, name: str) -> str:
        """Label an action."""
        from engine.words.speech import Speech

        return _("opening") if name == "opening" else Speech(self.definition, self.streams.language).action(name)

    def labelled(self, why: str) -> str:
        """Say a reason with the labels of the actions and states that it names by what one types."""
        from engine.words.speech import every_action

        actions = {action.name for action in every_action(self.definition)}

        def label(found: re.Match[str]) -> str:
            name = found[1]
            if name in actions:
                return f"“{self.action(name)}”"
            state = self.definition.states.get(name)
            return found[0] if state is None else f"“{self.reader.said(state.label, name)}”"

        return re.sub("`([^`]+)`", label, why)

    def span(self, length: float | None) -> str:
        """Write a duration, to the second; below ten seconds to its tenth."""
        if length is None:
            return ""
        return self.reader.span(round(length / 1000) * 1000)


Cell = Callable[[Told, Any], str]


def share(value: float | None) -> str:
    """Write how busy somebody is."""
    return "" if value is None else f"{value:.0%}"


def busiest(by_hour: Sequence[float | None]) -> str:
    """Say at which hour a measure is largest."""
    known = [(value, -hour) for hour, value in enumerate(by_hour) if value]
    return f"{-max(known)[1]:02}:00" if known else ""


PROMISES: Sequence[tuple[str, Callable[[Told, Attainment], str]]] = (
    (later("attained"), lambda told, one: percent(one.attained)),
    (later("target"), lambda told, one: whole_percent(one.target)),
    (later("met"), lambda told, one: str(one.counts["met"])),
    (later("missed"), lambda told, one: str(one.counts["breached"] + one.counts["overdue"])),
    (later("used p50"), lambda told, one: told.span(one.used.p50)),
    (later("p90"), lambda told, one: told.span(one.used.p90)),
    (later("late p50"), lambda told, one: told.span(one.late.p50)),
)
ROLES: Sequence[tuple[str, Callable[[Told, RoleFigures], str]]] = (
    (later("actions"), lambda told, one: str(one.done)),
    (later("mean wait"), lambda told, one: told.span(one.mean_wait if one.done else None)),
    (later("p50"), lambda told, one: told.span(one.waited.p50)),
    (later("p90"), lambda told, one: told.span(one.waited.p90)),
    (later("in line"), lambda told, one: f"{sum(one.queue) / len(one.queue):.1f}"),
    (later("at most"), lambda told, one: str(one.longest)),
    (later("longest at"), lambda told, one: busiest(one.queue)),
    (later("left"), lambda told, one: str(one.left or "")),
)
TEAMS: Sequence[tuple[str, Callable[[Told, TeamFigures], str]]] = (
    (later("people"), lambda told, one: str(one.count)),
    (later("busy"), lambda told, one: share(one.busy)),
    (later("busiest at"), lambda told, one: busiest(one.by_hour)),
)


def write_simulation(told: Told) -> None:
    """Write the tables."""
    streams = told.streams
    streams.say(told.title())
    for one in told.variants:
        streams.say("  " + " · ".join(part for part in (one.title, *cases_said(told, one)) if part))
    for head, pick, name, cells in (
        (_("promise"), lambda one: one.promises, lambda one: told.clock(one.group[0]), told.promises()),
        (_("work waits for"), lambda one: one.roles, lambda one: told.role(one.role), ROLES),
        (_("team"), lambda one: one.teams, lambda one: told.role(one.name), TEAMS),
    ):
        _table(told, head, named(told.variants, pick, name), cells)
    if any(one.is_on_target is False for variant in told.variants for one in variant.promises):
        streams.say(_("{sign} below its target").format(sign=BELOW))
    for text in notes(told):
        streams.say(text)


def named(
    variants: Sequence[Simulated], pick: Callable[[Any], Sequence[Any]], name: Callable[[Any], str]
) -> list[tuple[str, str, Any]]:
    """What several variants have shown of each thing, side by side: its name, the variant, the figures."""
    found = [(name(one), variant.title, one) for variant in variants for one in pick(variant)]
    order = list(dict.fromkeys(title for title, _variant, _one in found))
    return sorted(found, key=lambda one: order.index(one[0]))


def _table(
    told: Told, head: str, lines: Sequence[tuple[str, str, Any]], cells: Sequence[tuple[str, Cell]]
) -> None:  # fmt: skip
    if not lines:
        return
    has_signs = PROMISES[0] in cells
    columns = [
        Column(head=""), Column(head=head, is_wide=True), Column(head=_("variant")),
        *(Column(head=_(word), is_number=True) for word, _cell in cells),
    ]  # fmt: skip
    rows = []
    before = ""
    for name, variant, one in lines:
        marked = sign(one) if has_signs else ""
        texts = [marked, name if name != before else "", variant, *(cell(told, one) for _word, cell in cells)]
        rows.append(Row(cells=texts, colour="red" if marked == BELOW else ""))
        before = name
    told.streams.say()
    write_table(told.streams, columns, rows, is_whole=True)


def cases_said(told: Told, one: Simulated) -> Sequence[str]:
    """Say how many cases there were."""
    open_count = one.opened - one.closed
    said = [plural("{count} case opened", "{count} cases opened", one.opened)]
    said.append(_("{count} closed").format(count=one.closed))
    if one.closed:
        said.append(
            _("half within {half}, 9 of 10 within {most}").format(
                half=told.span(one.lasted.p50), most=told.span(one.lasted.p90)
            )
        )
    if open_count:
        said.append(_("{count} still open").format(count=open_count))
    return said


def notes(told: Told) -> Sequence[str]:
    """What a reader must know to trust the figures."""
    return [labelled(one.title, note) if one.title else note for one in told.variants for note in _notes_on(told, one)]


def _notes_on(told: Told, one: Simulated) -> Iterator[str]:
    if one.stuck:
        yield plural(
            "in {count} open case nothing can happen any more: assume another action there",
            "in {count} open cases nothing can happen any more: assume another action there",
            one.stuck,
        )
    if one.apart:
        yield plural(
            "{count} case of another process was opened and stands still",
            "{count} cases of other processes were opened and stand still",
            one.apart,
        )
    there = {role for team in one.teams for role in team.name.split(" + ")}
    if missing := [told.role(role.role) for role in one.roles if role.role not in there]:
        yield _("nobody on the roster is {roles}: what waits for them is left to others who may do it").format(
            roles=listed(missing)
        )
    for refusal in one.refused:
        said = plural("refused {count} time", "refused {count} times", refusal.count)
        why = told.labelled(told.reader.said(refusal.words, refusal.rule))
        yield _("“{action}”: {said}: {why}").format(action=told.action(refusal.action), said=said, why=why)


# -- for machines ------------------------------------------------------------------------------------------------------


def simulation_document(told: Told) -> dict[str, Any]:
    """Describe all variants."""
    first = told.variants[0]
    return {
        "process": told.definition.process,
        "from": told.reader.rfc3339(told.since),
        "days": first.days,
        "runs": first.runs,
        "seed": first.seed,
        "variants": [_variant_document(told, one) for one in told.variants],
    }


def _variant_document(told: Told, one: Simulated) -> dict[str, Any]:
    return {
        "title": one.title,
        "cases": {"opened": one.opened, "closed": one.closed, "stuck": one.stuck, "apart": one.apart},
        "lasted": spread_document(one.lasted),
        "promises": [
            {
                "clock": promise.group[0], "label": told.clock(promise.group[0]), "attained": promise.attained,
                "between": list(one.between.get(promise.group[0], ())),
                "target": promise.target, "is_on_target": promise.is_on_target, "counts": dict(promise.counts),
                "used": spread_document(promise.used), "late": spread_document(promise.late),
            }
            for promise in one.promises
        ],
        "roles": [
            {
                "role": role.role, "label": told.role(role.role), "actions": role.done,
                "waited": spread_document(role.waited),
                "mean_wait": seconds(round(role.mean_wait)), "queue_by_hour": list(role.queue),
                "longest": role.longest, "left": role.left,
            }
            for role in one.roles
        ],
        "teams": [
            {
                "team": team.name, "label": told.role(team.name), "count": team.count, "busy": team.busy,
                "busy_by_hour": list(team.by_hour),
            }
            for team in one.teams
        ],
        "refused": [
            {"action": refusal.action, "rule": refusal.rule, "count": refusal.count, "words": dict(refusal.words)}
            for refusal in one.refused
        ],
    }  # fmt: skip
