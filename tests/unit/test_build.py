"""Building: every part of the language becomes the value the core expects, and what cannot be is found at its place."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from engine.expressions import Expression
from engine.fields import Field
from engine.lang.build.times import TimeFault, read_duration, read_every, read_moment
from engine.lang.load import load_process
from engine.lang.manual.pages import example_sources
from engine.lang.rules import broken
from engine.model import (
    AppendTo,
    Assign,
    ClearFields,
    Effect,
    Emit,
    Notify,
    OpenCase,
    ProcessDefinition,
    SetFields,
    Tell,
    UpdateRows,
    Who,
)
from engine.moments import Every, Moment

HOUR = 3_600_000
FIELDS = {"visit_at": Field(name="visit_at", type="instant"), "place": Field(name="place", type="text")}

STATES = """\
states:
  working:
    label: {en: Working}
    waiting_on: agent
    actions:
      close: {label: {en: Close}, by: [agent], to: closed}
  closed: {label: {en: Closed}, final: done}
"""


def build(text: str) -> ProcessDefinition:
    """The small process of the manual with this at its head, which must be in order."""
    loaded = load_process(example_sources(text), "example")
    assert loaded.definition is not None, [(str(found.span), found.id, found.message) for found in loaded.diagnostics]
    return loaded.definition


def errors(text: str) -> list[str]:
    """The ids of what is wrong with it, in the order of the file."""
    return [found.id for found in load_process(example_sources(text), "example").diagnostics]


def effects(text: str, fields: str = "") -> tuple[Effect, ...]:
    """The effects of an opening."""
    declared = "fields:\n  subject: {type: text, label: {en: Subject}}\n" + fields
    form = "{require: [subject], allow: [channel, phone]}"
    return build(f"{declared}opening: {{by: [agent], form: {form}, then: [{text}]}}\n").opening.then


@pytest.mark.parametrize(
    "text",
    [
        "fields: {subject: {type: text, roll: next_opening, label: {en: Subject}}}",
        "facts: {seen_at: {type: instant, roll: next_opening}}",
        "fields: {calls: {type: table, label: {en: Calls},"
        " columns: {at: {type: instant, roll: next_opening, label: {en: At}}}}}",
    ],
)
def test_only_an_instant_that_the_case_keeps_rolls(text: str) -> None:
    assert "not-an-instant" in errors(text + "\nopening: {by: [agent]}\n")


@pytest.mark.parametrize("name", ['""', "*x", '" "'])
def test_a_state_without_a_name_is_a_finding_and_stands_nowhere(name: str) -> None:
    # "" stands around the states at the top: a state of that name stood inside itself, and the check never ended.
    inner = f"states:\n  working:\n    label: {{en: Working}}\n    states: {{{name}: {{label: {{en: Lost}}}}}}\n"
    assert "bad-name" in errors(STATES + f"  {name}: {{label: {{en: Lost}}, final: done}}\n")
    assert "bad-name" in errors(inner)


def test_thousands_of_errors_are_looked_up_without_reading_the_file_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    # Where an error stands was looked for among all parts of the file: twenty thousand took minutes.
    looked, holds = count(), broken._holds
    monkeypatch.setattr(broken, "_holds", lambda outer, span: (next(looked), holds(outer, span))[1])
    clock = f"clocks: {{due: {{label: {{en: Due}}, goal: 1h, met_by: [{'closed, ' * 2000}close]}}}}\n"
    assert len(errors(STATES + clock)) == 1999
    assert next(looked) < 2000 * 10


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15m", Moment(base="duration", text="15m", offset=HOUR // 4)),
        ("1h30m", Moment(base="duration", text="1h30m", offset=HOUR * 3 // 2)),
        ("PT15M", Moment(base="duration", text="PT15M", offset=HOUR // 4)),
        ("3 business_days", Moment(base="business_days", text="3 business_days", count=3)),
        ("1 calendar_day", Moment(base="calendar_days", text="1 calendar_day", count=1)),
        ("end_of_day", Moment(base="end_of_day", text="end_of_day")),
        ("end_of_business_day", Moment(base="end_of_business_day", text="end_of_business_day")),
        ("end_of_month", Moment(base="end_of_month", text="end_of_month")),
        ("by 12:00", Moment(base="by", text="by 12:00", count=720)),
        ("case.visit_at", Moment(base="field", text="case.visit_at", field="visit_at")),
        ("case.visit_at - 30m", Moment(base="field", text="case.visit_at - 30m", field="visit_at", offset=-HOUR // 2)),
        ("case.visit_at+1h", Moment(base="field", text="case.visit_at + 1h", field="visit_at", offset=HOUR)),
        (
            "end_of_day + 3 calendar_days",
            Moment(base="end_of_day", text="end_of_day + 3 calendar_days", days=3, day_kind="calendar"),
        ),
        (
            "end_of_month - 2 business_days",
            Moment(base="end_of_month", text="end_of_month - 2 business_days", days=-2, day_kind="business"),
        ),
    ],
)
def test_a_goal_is_read(text: str, moment: Moment) -> None:
    assert read_moment(text, "goal", FIELDS) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("goal", Moment(base="goal", text="goal")),
        ("goal - 5m", Moment(base="goal", text="goal - 5m", offset=-HOUR // 12)),
        ("goal  +  15m", Moment(base="goal", text="goal + 15m", offset=HOUR // 4)),
        ("80%", Moment(base="percent", text="80%", count=80)),
        ("10m", Moment(base="duration", text="10m", offset=HOUR // 6)),
    ],
)
def test_a_threshold_is_read(text: str, moment: Moment) -> None:
    assert read_moment(text, "threshold", {}) == moment


@pytest.mark.parametrize(
    ("text", "place", "rule", "part", "mend"),
    [
        ("1d", "goal", "bare-days", "1d", "`24h`"),
        ("2 weeks", "goal", "bare-days", "2 weeks", "`14 calendar_days`"),
        ("goal - 1d", "threshold", "bare-days", "1d", "`1 business_days`"),
        ("4 hours", "goal", "bad-time", "4 hours", "write `4h`"),
        ("end_of_dya", "goal", "bad-time", "end_of_dya", "did you mean `end_of_day`?"),
        ("visit_at", "goal", "bad-time", "visit_at", "did you mean `case.visit_at`?"),
        ("case.visti_at", "goal", "unknown-field", "case.visti_at", "did you mean `case.visit_at`?"),
        ("case.place", "goal", "not-an-instant", "case.place", "type `instant`"),
        ("by noon", "goal", "bad-time", "noon", None),
        ("by 25:00", "goal", "bad-time", "25:00", None),
        ("goal", "goal", "bad-time", "goal", "a goal is"),
        ("80%", "goal", "bad-time", "80%", "a goal is"),
        ("0%", "threshold", "too-short", "0%", "`1%`"),
        ("goal + 1 calendar_days", "threshold", "bad-time", "1 calendar_days", "a threshold is"),
        ("end_of_day", "threshold", "bad-time", "end_of_day", "a threshold is"),
        ("15m + 5m", "goal", "bad-time", "15m + 5m", "write the sum"),
        ("500 calendar_days days", "goal", "bad-time", None, None),
        ("0s", "goal", "too-short", "0s", "`1s`"),
        ("0 business_days", "goal", "too-short", "0 business_days", "end_of_day"),
        ("case.visit_at", "after", "bad-time", "case.visit_at", "write `at:`"),
        ("15m", "at", "bad-time", "15m", "write `after:`"),
        ("by 12:00", "within", "bad-time", "by 12:00", "`7 calendar_days`"),
    ],
)
def test_a_time_that_is_none_is_refused_with_its_mend(
    text: str, place: Any, rule: str, part: str | None, mend: str | None
) -> None:
    with pytest.raises(TimeFault) as caught:
        read_moment(text, place, FIELDS)
    fault = caught.value
    assert fault.rule == rule
    assert part is None or text[fault.offset : fault.offset + fault.length] == part
    assert mend is None or mend in (fault.mend or "")


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("15m", Every(text="15m", length=HOUR // 4)),
        ("day", Every(text="day", unit="day")),
        ("day at 09:00", Every(text="day at 09:00", unit="day", at=540)),
        ("week on mon", Every(text="week on mon", unit="week", on=0)),
        ("week on sun at 18:30", Every(text="week on sun at 18:30", unit="week", on=6, at=1110)),
        ("month on 30 at 09:00", Every(text="month on 30 at 09:00", unit="month", on=30, at=540)),
    ],
)
def test_a_rhythm_is_read(text: str, every: Every) -> None:
    assert read_every(text) == every


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weak on mon", "did you mean `week`?"),
        ("week on mnoday", "week on mon"),
        ("week on mno", "did you mean `mon`?"),
        ("week", "week on mon"),
        ("month on 32", "month on 30"),
        ("month", "month on 30"),
        ("day on 3", "day at 09:00"),
        ("1d", "calendar_days"),
        ("often", "write a duration"),
    ],
)
def test_a_rhythm_that_is_none_is_refused_with_its_mend(text: str, said: str) -> None:
    with pytest.raises(TimeFault) as caught:
        read_every(text)
    assert said in (caught.value.mend or "")


def test_a_length_is_at_least_a_second() -> None:
    assert read_duration("1s") == 1_000
    with pytest.raises(TimeFault):
        read_duration("0.5s")


# ---------------------------------------------------------------- effects


def test_a_literal_is_read_by_the_type_of_its_field() -> None:
    fields = (
        "  price: {type: money, label: {en: Price}}\n  due_on: {type: date, label: {en: Due}}\n"
        "  ready_at: {type: instant, label: {en: Ready}}\n  urgent: {type: yes_no, label: {en: Urgent}}\n"
        "  stars: {type: integer, label: {en: Stars}}\n  wait: {type: duration, label: {en: Wait}}\n"
        "  names: {type: list, of: text, label: {en: Names}}\n"
    )
    text = (
        "{set: {price: 4.90, due_on: 2026-03-02, ready_at: 2026-03-02 14:00, urgent: true, stars: 3, wait: 15m, "
        "names: [one, two], channel: phone, subject: plain text}}"
    )
    (effect,) = effects(text, fields)
    assert isinstance(effect, SetFields)
    assert effect.values == {
        "price": 490, "due_on": "2026-03-02", "ready_at": 1772456400000, "urgent": True, "stars": 3, "wait": 900_000,
        "names": ["one", "two"], "channel": "phone", "subject": "plain text",
    }  # fmt: skip


def test_a_value_that_begins_with_an_equals_sign_is_an_expression() -> None:
    (effect,) = effects("{set: {subject: =case.id}}")
    assert isinstance(effect, SetFields)
    found = effect.values["subject"]
    assert isinstance(found, Expression)
    assert found.text == "case.id"


def test_every_effect_is_built() -> None:
    columns = "{item: {type: text, label: {en: Item}}, number: {type: integer, default: 1, label: {en: Number}}}"
    fields = (
        "  owner: {type: person, label: {en: Owner}}\n"
        f"  parts: {{type: table, label: {{en: Parts}}, columns: {columns}}}\n"
    )
    given = "with: {address: =case.subject, channel: mail}, key: =case.subject"
    text = ", ".join(
        [
            "{clear: [channel]}",
            "{append: {parts: {item: fuse}}}",
            "{update: {parts: {where: has(row.item) && row.item == 'fuse', set: {number: 2}}}}",
            "{notify: [supervisor, case.owner, customer], message: told}",
            "{assign: case.owner}",
            "{assign: []}",
            "{emit: sent, with: {about: =case.subject, count: 2}}",
            f"{{if: case.subject == 'x', open: visit, as: visit, {given}}}",
            "{tell: visit, do: ask}",
        ]
    )
    clear, append, update, notify, assign, nobody, emit, opened, tell = effects(text, fields)
    assert clear == ClearFields(names=("channel",))
    assert append == AppendTo(values={"parts": {"number": 1, "item": "fuse"}})
    assert isinstance(update, UpdateRows)
    assert (update.field, update.values) == ("parts", {"number": 2})
    assert isinstance(notify, Notify)
    assert notify.who == (Who("role", "supervisor"), Who("field", "owner"), Who("party", "customer"))
    assert assign == Assign(who=(Who("field", "owner"),))
    assert nobody == Assign(who=())
    assert isinstance(emit, Emit)
    assert (emit.name, emit.values["count"], emit.failed) == ("sent", 2, None)
    assert isinstance(opened, OpenCase)
    assert opened.when is not None
    assert (opened.process, opened.link, opened.values["channel"]) == ("visit", "visit", "mail")
    assert isinstance(opened.key, Expression)
    assert tell == Tell(target="visit", action="ask", values={})


def test_each_effect_sees_what_those_before_it_have_set() -> None:
    fields = "  stars: {type: integer, label: {en: Stars}}\n  more: {type: integer, label: {en: More}}\n"
    assert len(effects("{set: {stars: 3}}, {set: {more: =case.stars + 1}}", fields)) == 2
    head = f"fields:\n  subject: {{type: text, label: {{en: Subject}}}}\n{fields}"
    then = "[{set: {more: =case.stars + 1}}, {set: {stars: 3}}]"
    turned = f"opening: {{by: [agent], form: {{require: [subject]}}, then: {then}}}\n"
    assert errors(head + turned) == ["maybe-unset"]


@pytest.mark.parametrize(
    ("effect", "rule"),
    [
        ("{set: {subjct: x}}", "unknown-field"),
        ("{set: {subject: 1.10}}", "not-a-text"),
        ("{set: {channel: fax}}", "wrong-value"),
        ("{set: {subject: =case.opened_at}}", "wrong-type"),
        ("{set: {phone: =case.phone}}", "maybe-unset"),
        ("{if: has(case.phone), set: {phone: =case.phone}}", ""),
        ("{if: has(case.phone), set: {phone: =case.phone + '0'}}", "personal-read"),
        ("{append: {subject: x}}", "wrong-type"),
        ("{update: {subject: {set: {x: 1}}}}", "wrong-type"),
        ("{notify: nobody_known, message: told}", "unknown-role"),
        ("{notify: case.subject, message: told}", "not-a-person"),
        ("{notify: did.nothing, message: told}", "unknown-action"),
        ("{notify: supervisor, message: tol}", "unknown-message"),
        ("{assign: customer}", "party-acts"),
        ("{emit: sent, failed: nothing}", "unknown-action"),
        ("{open: visit, as: visit, with: {}}", "missing-field"),
        ("{open: visit, as: visit, with: {address: x, adress: z}}", "unknown-field"),
        ("{open: visit, as: visit, with: {address: x, channel: fax}}", "wrong-value"),
        ("{tell: nowhere, do: ask}", "unknown-link"),
    ],
)
def test_what_an_effect_cannot_do_is_found(effect: str, rule: str) -> None:
    form = "{require: [subject], allow: [channel, phone]}"
    assert errors(f"opening: {{by: [agent], form: {form}, then: [{effect}]}}\n") == ([rule] if rule else [])


def test_what_the_other_process_only_allows_may_be_copied_unset() -> None:
    form = "{require: [subject], allow: [channel]}"
    head = f"opening: {{by: [agent], form: {form}, then: [{{open: visit, as: visit, with: %s}}]}}\n"
    assert errors(head % "{address: =case.subject, channel: =case.channel}") == []
    assert errors(head % "{address: =case.channel}") == ["maybe-unset"]  # it requires that one
    assert errors(head % "{address: x, channel: \"=case.channel == 'mail' ? 'mail' : 'phone'\"}") == ["maybe-unset"]


def test_what_is_told_must_be_an_action_of_the_other_process() -> None:
    opened = "{open: visit, as: visit, with: {address: =case.subject}}"
    head = "opening: {by: [agent], form: {require: [subject]}, then: [%s, {tell: visit, do: %s}]}\n"
    assert errors(head % (opened, "arrive")) == []
    assert errors(head % (opened, "arive")) == ["unknown-action"]


# ---------------------------------------------------------------- people


@pytest.mark.parametrize(
    ("by", "who"),
    [
        ("agent", (Who("role", "agent"),)),
        ("[agent, case.owner]", (Who("role", "agent"), Who("field", "owner"))),
        ("[did.close]", (Who("did", "close"),)),
        ("[did.opening]", (Who("did", "opening"),)),
        ("[assignee, waiting_on]", (Who("assignee"), Who("waiting_on"))),
        ("case.assignee", (Who("assignee"),)),
    ],
)
def test_who_may_is_read(by: str, who: tuple[Who, ...]) -> None:
    text = (
        "fields:\n  subject: {type: text, label: {en: Subject}}\n  owner: {type: person, label: {en: Owner}}\n"
        "opening: {by: [agent], form: {require: [subject, owner]}}\n"
        f"actions:\n  note: {{label: {{en: Note}}, by: {by}, to: stay}}\n"
    )
    loaded = load_process(example_sources(text), "example", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    assert loaded.definition.actions["note"].by == who


def test_a_field_without_its_group_is_said_to_be_one() -> None:
    text = (
        "fields:\n  subject: {type: text, label: {en: Subject}}\n  owner: {type: person, label: {en: Owner}}\n"
        "opening: {by: [agent], form: {require: [subject, owner]}}\n"
        "actions:\n  note: {label: {en: Note}, by: [owner], to: stay}\n"
    )
    found = load_process(example_sources(text), "example").diagnostics
    assert [(one.id, one.help) for one in found] == [("unknown-role", "`owner` is a field: write `case.owner`")]


# ---------------------------------------------------------------- fields


def test_the_choices_of_a_field_may_be_a_list_of_the_desk() -> None:
    definition = build("opening: {by: [agent], form: {require: [subject, channel]}}\n")
    assert definition.fields["channel"].choices == {"phone": {"en": "Phone"}, "mail": {"en": "Mail"}}


def test_a_list_of_persons_names_the_role_of_each() -> None:
    text = (
        "fields:\n  subject: {type: text, label: {en: Subject}}\n"
        "  team: {type: list, of: person, role: technician, label: {en: Team}}\n"
        "opening: {by: [agent], form: {require: [subject, team]}}\n"
    )
    team = build(text).fields["team"]
    assert team.of is not None
    assert (team.role, team.of.role) == (None, "technician")


def test_a_process_may_declare_a_field_of_the_desk_anew() -> None:
    text = "fields:\n  subject: {type: text, label: {en: Subject}}\n  note: {type: text, max: 80, label: {en: Note}}\n"
    definition = build(text + "opening: {by: [agent], form: {require: [subject, note]}}\n")
    assert definition.fields["note"].max == 80


def test_figures_take_their_type_from_what_is_written() -> None:
    limit = "limit: {type: money, is: 5.00}"
    text = f"figures: {{most: 3, share: 0.5, open: true, wait: 15m, since: 2026-01-01, word: plain, {limit}}}\n"
    found = load_process(example_sources(text), "example", rules=False).definition
    assert found is not None
    assert {name: (field.type, field.default) for name, field in found.figures.items()} == {
        "most": ("integer", 3), "share": ("number", 0.5), "open": ("yes_no", True), "wait": ("duration", 900_000),
        "since": ("date", "2026-01-01"), "word": ("text", "plain"), "limit": ("money", 500),
    }  # fmt: skip


def test_amounts_of_authority_are_minor_units() -> None:
    text = (
        "authority: {concession: {agent: 5.00, supervisor: unlimited}}\n"
        "actions:\n  give:\n    label: {en: Give}\n    by: [agent]\n"
        "    guards: {may: {must: \"money('4.90') <= actor.may.concession\", else: {en: Too much}}}\n    to: stay\n"
    )
    assert build(text).authority == {"concession": {"agent": 500, "supervisor": None}}


# ---------------------------------------------------------------- states and clocks


def test_groups_and_regions_are_built_parents_first() -> None:
    text = """\
initial: both
states:
  both:
    label: {en: Both}
    parallel: true
    waiting_on: agent
    done: closed
    states:
      goods:
        label: {en: Goods}
        initial: sent
        states:
          sent: {label: {en: Sent}, actions: {arrive: {label: {en: Arrived}, by: [agent], to: here}}}
          here: {label: {en: Here}, final: true}
      money:
        label: {en: Money}
        initial: asked
        states:
          asked: {label: {en: Asked}, actions: {pay: {label: {en: Paid}, by: [agent], to: paid}}}
          paid: {label: {en: Paid up}, final: true}
  closed: {label: {en: Closed}, final: done}
"""
    states = build(text).states
    assert list(states) == ["both", "goods", "sent", "here", "money", "asked", "paid", "closed"]
    assert states["both"].parallel
    assert states["both"].children == ("goods", "money")
    assert (states["sent"].parent, states["here"].final, states["closed"].final) == ("goods", "region", "done")
    assert states["both"].done[0].value == "closed"


def test_a_clock_is_built() -> None:
    text = """\
fields:
  subject: {type: text, label: {en: Subject}}
  ready_at: {type: instant, label: {en: Ready}}
opening: {by: [agent], form: {require: [subject], allow: [ready_at]}}
clocks:
  ready:
    label: {en: Ready in time}
    if: case.subject != 'none'
    goal: [{if: has(case.ready_at), is: case.ready_at}, {is: 4h}]
    starts: [opening, working]
    met_by: [close, closed]
    pauses_in: [working]
    pauses_when: case.subject == 'later'
    cancelled_by: [note]
    restarts_on: [note]
    repeats: true
    calendar: hours
    on_change: keep
    on_reopen: none
    thresholds:
      - {at: 80%, then: [{notify: waiting_on, message: late}]}
      - {at: goal, every: 1h, max: 3, late: each, if: case.subject == 'x', then: [{notify: supervisor, message: late}]}
    target: 97.5%
actions:
  note: {label: {en: Note}, by: [agent], form: {require: [note]}, to: stay}
"""
    clock = build(text).clocks["ready"]
    assert [branch.value.base for branch in clock.goal] == ["field", "duration"]
    assert (clock.starts, clock.met_by, clock.pauses_in) == (("opening", "working"), ("close", "closed"), ("working",))
    assert (clock.cancelled_by, clock.restarts_on, clock.repeats) == (("note",), ("note",), True)
    assert (clock.calendar, clock.on_change, clock.on_reopen, clock.target) == ("hours", "keep", "none", 0.975)
    assert clock.when is not None
    assert clock.pauses_when is not None
    first, second = clock.thresholds
    assert (first.at.text, first.late, second.every, second.max, second.late) == ("80%", "once", HOUR, 3, "each")
    assert second.when is not None


def test_an_action_is_built() -> None:
    text = """\
actions:
  note:
    label: {en: Note}
    by: [agent]
    never_by: [did.opening]
    in: [working]
    needs: [close]
    during: hours
    form: {require: [note], allow: [channel], show: [subject]}
    guards: {few: {must: did.note < 3, else: {en: Three notes are enough}}}
    then: [{assign: actor}]
    to: [{if: did.note > 1, is: closed, then: [{clear: [channel]}]}, {is: stay}]
"""
    note = build(text).actions["note"]
    assert (note.state, note.places, note.needs, note.during) == ("", frozenset({"working"}), ("close",), "hours")
    assert (note.form.require, note.form.allow, note.form.show) == (("note",), ("channel",), ("subject",))
    assert note.guards[0].words == {"en": "Three notes are enough"}
    assert [branch.value for branch in note.to] == ["closed", "stay"]
    assert note.to[0].then == (ClearFields(names=("channel",)),)


def test_a_timer_is_built() -> None:
    nag = "after: 1h, every: day at 09:00, max: 3, late: skip, calendar: hours, if: case.subject == 'x', to: closed"
    text = STATES.replace("    actions:\n", f"    timers:\n      nag: {{{nag}}}\n    actions:\n", 1)
    timer = build(text).states["working"].timers["nag"]
    assert timer.after is not None
    assert timer.every is not None
    assert (timer.after.offset, timer.every.unit, timer.max, timer.late) == (HOUR, "day", 3, "skip")
    assert (timer.calendar, timer.to[0].value, timer.state) == ("hours", "closed", "working")


def test_a_broken_part_does_not_cascade() -> None:
    text = STATES.replace("to: closed}", "too: closed, by: 7}").replace("by: [agent], too", "too")
    assert set(errors(text)) == {"unknown-key", "wrong-type"}


def test_a_state_that_is_no_mapping_is_found_once() -> None:
    assert errors("states:\n  working: [1]\n  closed: {label: {en: Closed}, final: done}\n") == ["wrong-type"]
