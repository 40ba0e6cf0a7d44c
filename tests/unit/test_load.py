"""Loading: the stages in order, what a version covers, and its two hashes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from time import process_time

import pytest

from engine.core.plan import Plan
from engine.lang import files
from engine.lang.hashes import documents_of
from engine.lang.load import Loaded, load_folder, load_process
from engine.lang.manual.pages import base, example_sources

read_file = files._read_file
SLOW = 3
"""A hundred small processes take two seconds on a slow machine; a shared one gets three times that."""

SHIPPED = Path(__file__).resolve().parents[2] / "processes"


def shipped() -> dict[str, str]:
    return {
        f"processes/{path.relative_to(SHIPPED).as_posix()}": path.read_text("utf-8")
        for path in sorted(SHIPPED.rglob("*.yaml"))
    }


def load(text: str = "", **files: str) -> Loaded:
    """The small process of the manual with this at its head."""
    sources = example_sources(text) if text else dict(base())
    return load_process({**sources, **files}, "example")


def hashes(text: str = "", **files: str) -> tuple[str, str]:
    found = load(text, **files)
    assert found.definition is not None, found.diagnostics
    return found.definition.behaviour_hash, found.definition.words_hash


def ids(loaded: Loaded) -> list[str]:
    return [found.id for found in loaded.diagnostics]


# ---------------------------------------------------------------- the shipped processes


@pytest.mark.parametrize("process", ["repair", "return_visit"])
def test_the_shipped_processes_are_checked_without_a_finding(process: str) -> None:
    loaded = load_process(shipped(), process)
    assert loaded.diagnostics == ()
    assert loaded.definition is not None
    assert Plan(loaded.definition).definition.process == process


def test_a_desk_is_read_once_for_all_its_processes_and_what_is_wrong_with_it_told_of_each() -> None:
    sources = shipped()
    path = "processes/desk.yaml"
    sources[path] = sources[path].replace("assigners: [", "assigners: [nobody_there, ")
    first, second = (load_process(sources, name) for name in ("repair", "return_visit"))
    assert ids(first) == ids(second) == ["unknown-role"]
    assert [found.span.file for found in load_folder(sources, "processes").diagnostics] == [path]
    read = load_folder(shipped(), "processes").definitions
    assert read["repair"].desk is read["return_visit"].desk


@pytest.mark.parametrize("file", ["inquiry.yaml", "desk.yaml"])
@pytest.mark.parametrize("wrong", ["Way bill", "运单"])
def test_a_name_that_is_none_is_found_on_its_line_wherever_it_stands(file: str, wrong: str) -> None:
    path = f"processes/{file}"
    sources = shipped()
    lines = sources[path].split("\n")
    named = [number for number, line in enumerate(lines) if re.match(r" +[a-z_]+:", line)]
    for number in named[:: len(named) // 12]:
        changed = re.sub(r"[a-z_]+:", f"{wrong}:", lines[number], count=1)
        text = "\n".join([*lines[:number], changed, *lines[number + 1 :]])
        found = load_process({**sources, path: text}, "inquiry").diagnostics
        assert (path, number + 1) in {(one.span.file, one.span.line) for one in found}, changed


def test_a_folder_is_checked_as_a_whole() -> None:
    folder = load_folder(shipped(), "processes")
    assert folder.diagnostics == ()
    assert folder.definitions.keys() >= {"repair", "return_visit"}
    assert folder.texts.keys() >= {"processes/desk.yaml", "processes/repair.yaml"}


# ---------------------------------------------------------------- what is read


def test_a_process_that_is_not_there_names_the_nearest_file() -> None:
    loaded = load_process(shipped(), "repiar")
    assert loaded.definition is None
    assert loaded.diagnostics[0].id == "unknown-process"
    assert loaded.diagnostics[0].help == "did you mean `repair`?"


def test_a_file_of_messages_is_not_taken_for_the_process() -> None:
    sources = {path: text for path, text in shipped().items() if path != "processes/repair.yaml"}
    assert ids(load_process(sources, "repair")) == ["unknown-process"]


@pytest.mark.parametrize(("languages", "shown"), [("en", "{en: Place}"), ("zh, en", "{zh: 地点, en: Place}")])
def test_an_example_of_a_label_speaks_the_languages_of_the_desk(languages: str, shown: str) -> None:
    desk = f"desk: corner\nlanguages: [{languages}]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {{agent: {{}}}}\n"
    loaded = load("fields: {note: {type: text, label: Note}}\n", **{"desk.yaml": desk})
    assert f"for example `label: {shown}`" in [found.help for found in loaded.diagnostics]


@pytest.mark.parametrize(("written", "meant"), [("string", "text"), ("boolean", "yes_no"), ("phone", "text")])
def test_a_type_is_known_by_the_name_that_other_programs_give_it(written: str, meant: str) -> None:
    loaded = load(f"fields: {{note: {{type: {written}, label: {{en: Note}}}}}}\n")
    assert f"did you mean `{meant}`?" in [found.help for found in loaded.diagnostics]


def test_the_keys_of_a_state_that_stand_beside_it_are_said_to_belong_below_it() -> None:
    loaded = load("states:\n  new: {label: {en: New}}\n  actions: {go: {to: new}}\n")
    assert "`actions` is a key of a state: indent it below the state that it belongs to" in [
        found.help for found in loaded.diagnostics
    ]


def test_a_list_of_keys_with_values_is_shown_as_one() -> None:
    loaded = load("migrate: from 1\n")
    (found,) = (found for found in loaded.diagnostics if found.id == "wrong-type")
    assert (found.help or "").startswith("for example `migrate: [{from: ")


def test_without_a_desk_there_is_one_finding() -> None:
    sources = {path: text for path, text in base().items() if path != "desk.yaml"}
    loaded = load_process(sources, "example")
    assert ids(loaded) == ["no-desk"]


def test_a_desk_that_is_no_yaml_is_the_only_finding() -> None:
    assert ids(load(**{"desk.yaml": "desk: {"})) == ["syntax"]


def test_a_process_that_is_no_yaml_is_the_only_finding() -> None:
    assert ids(load(**{"example.yaml": "process: {"})) == ["syntax"]


def test_messages_that_are_no_yaml_are_not_said_to_be_missing() -> None:
    loaded = load_process({**shipped(), "processes/messages/repair.yaml": "job: {text: x\n"}, "repair")
    assert ids(loaded) == ["syntax"]


def test_another_process_that_is_no_yaml_is_not_said_to_be_missing() -> None:
    then = "[{open: visit, as: visit, with: {address: x}}]"
    text = f"actions:\n  visit: {{label: {{en: Visit}}, by: [agent], then: {then}, to: stay}}\n"
    assert ids(load(text, **{"visit.yaml": "process: {"})) == []


def test_a_calendar_that_cannot_be_used_says_why_once() -> None:
    broken = 'calendar: hours\nlabel: {en: Hours}\nweekly: {mon-fri: ["17:00-17:00"]}\n'
    loaded = load("calendar: hours\n", **{"calendars/hours.yaml": broken})
    assert ids(loaded) == ["bad-calendar"]
    assert str(loaded.diagnostics[0].span) == "calendars/hours.yaml:3:20"


def test_a_message_of_the_desk_cannot_be_written_again() -> None:
    loaded = load(**{"messages/example.yaml": "told: {text: {en: Told}}\n"})
    assert ids(loaded) == ["name-taken"]
    assert loaded.diagnostics[0].related[0][0].file == "messages/desk.yaml"


def test_messages_of_no_process_are_found_in_a_folder() -> None:
    found = load_folder({**base(), "messages/visits.yaml": "x: {text: {en: X}}\n"}).diagnostics
    assert [(one.id, one.help) for one in found] == [("file-name", "did you mean `visit`?")]


def test_a_warning_is_silenced_on_its_line_with_a_reason() -> None:
    text = "fields:\n  subject: {type: text, label: {en: Subject}}\n  stars: {type: integer, label: {en: Stars}}"
    assert ids(load(f"{text}\n")) == ["field-never-asked"]
    assert ids(load(f"{text}  # casewright: ignore[field-never-asked] asked from next year on\n")) == []
    assert ids(load(f"{text}  # casewright: ignore[field-never-asked]\n")) == ["field-never-asked", "bad-ignore"]


def test_a_definition_with_a_warning_can_be_used() -> None:
    loaded = load(
        "fields:\n  subject: {type: text, label: {en: Subject}}\n  stars: {type: integer, label: {en: Stars}}\n"
    )
    assert loaded.definition is not None
    assert [found.severity for found in loaded.diagnostics] == ["warning"]


def test_what_was_published_is_read_without_the_rules() -> None:
    text = "summary: '{case.nothing}'\n"
    assert load(text).definition is None
    assert load_process(example_sources(text), "example", rules=False).definition is not None


# ---------------------------------------------------------------- what a version covers


def test_a_version_covers_only_what_it_uses() -> None:
    loaded = load()
    assert loaded.definition is not None
    assert loaded.definition.sources.keys() == {"example.yaml", "desk.yaml"}
    assert loaded.definition.fields.keys() == {"subject"}
    assert loaded.definition.messages == {}
    assert loaded.definition.calendars.keys() == {"always"}


def test_a_version_covers_calendars_messages_and_opened_processes() -> None:
    text = (
        "calendar: hours\nactions:\n  visit:\n    label: {en: Visit}\n    by: [agent]\n"
        "    then: [{open: visit, as: visit, with: {address: =case.subject}}, {notify: customer, message: told}]\n"
        "    to: stay\n"
    )
    loaded = load(text)
    assert loaded.definition is not None, loaded.diagnostics
    assert loaded.definition.sources.keys() == {
        "example.yaml", "desk.yaml", "visit.yaml", "calendars/hours.yaml", "messages/desk.yaml",
    }  # fmt: skip
    assert loaded.definition.fields.keys() == {"subject", "note", "phone"}  # of the message, and of the party


@pytest.mark.parametrize("process", ["repair", "return_visit"])
def test_a_version_is_read_again_from_its_own_sources_alone(process: str) -> None:
    first = load_process(shipped(), process).definition
    assert first is not None
    again = load_process(first.sources, process).definition
    assert again is not None
    assert (again.behaviour_hash, again.words_hash) == (first.behaviour_hash, first.words_hash)
    assert again.sources == first.sources


def test_the_holidays_of_a_country_become_dates_that_no_later_library_changes() -> None:
    calendar = (
        "calendar: hours\nlabel: {en: Hours}\nweekly: {mon-fri: ['09:00-17:00']}\n"
        "holidays: [{country: CN, years: [2026]}]\n"
    )
    first = load("calendar: hours\n", **{"calendars/hours.yaml": calendar}).definition
    assert first is not None
    text = first.sources["calendars/hours.yaml"]
    assert "country" not in text
    assert '"2026-10-01"' in text
    again = load_process(first.sources, "example").definition
    assert again is not None
    assert again.calendars == first.calendars
    assert (again.behaviour_hash, again.sources) == (first.behaviour_hash, first.sources)


# ---------------------------------------------------------------- hashes


def test_comments_and_layout_change_no_hash() -> None:
    text = base()["example.yaml"]
    moved = "# said anew\n" + text.replace(
        "opening: {by: [agent], form: {require: [subject]}}",
        "opening:\n  by:\n    - agent\n  form:\n    require: [subject]",
    )
    assert hashes(**{"example.yaml": moved}) == hashes()


@pytest.mark.parametrize(
    "text",
    [
        "label: {en: Sample}\n",
        "description: A sample.\n",
        "summary: '{case.subject}'\n",
        "fields:\n  subject: {type: text, label: {en: About}}\n",
    ],
)
def test_words_change_only_the_hash_of_words(text: str) -> None:
    assert hashes(text)[0] == hashes()[0]
    assert hashes(text)[1] != hashes()[1]


@pytest.mark.parametrize(
    "text",
    [
        "version: 2\n",
        "prefix: X\n",
        "calendar: hours\n",
        "fields:\n  subject: {type: text, max: 80, label: {en: Subject}}\n",
        "opening: {by: [agent, supervisor], form: {require: [subject]}}\n",
        "clocks:\n  answer: {label: {en: Answered}, goal: 4h, met_by: [close]}\n",
        "actions:\n  note: {label: {en: Note}, by: [agent], form: {require: [note]}, to: stay}\n",
        "seen_by: [agent]\n",
    ],
)
def test_behaviour_changes_both_hashes(text: str) -> None:
    assert hashes(text)[0] != hashes()[0]
    assert hashes(text)[1] != hashes()[1]


def test_every_figure_of_a_ladder_is_behaviour() -> None:
    rung = "{{at: {}, then: [{{notify: supervisor, message: late}}]}}"
    clock = "label: {{en: Answered}}, goal: 4h, met_by: [close]"
    text = f"clocks:\n  answer: {{{{{clock}, thresholds: [{rung}]}}}}\n"
    assert len({hashes(text.format(at))[0] for at in ("goal", "goal + 1s", "goal - 1s", "99%", "98%")}) == 5


def test_the_order_of_states_is_behaviour() -> None:
    states = base()["example.yaml"].partition("states:\n")[2]
    closed = "  closed: {label: {en: Closed}, final: done}\n"
    turned = f"states:\n{closed}{states.replace(closed, '')}"
    assert hashes(turned)[0] != hashes()[0]


def test_what_a_process_does_not_use_of_the_desk_changes_no_hash() -> None:
    desk = (
        base()["desk.yaml"]
        .replace("roles:\n", "roles:\n  manager: {en: Manager}\n")
        .replace("goal, then", "goal + 1h, then")
    )
    assert hashes(**{"desk.yaml": desk}) == hashes()
    zone = base()["desk.yaml"].replace("Europe/Berlin", "Asia/Shanghai")
    assert hashes(**{"desk.yaml": zone})[0] != hashes()[0]


@pytest.mark.parametrize("fraction", ["0.5", "0.00001", "3"])
def test_a_fraction_is_hashed_as_it_always_was(fraction: str) -> None:
    # The library that writes JSON fast spells 1e-05 as 0.00001: versions published before would change their hash.
    subject = "fields:\n  subject: {type: text, label: {en: Subject}}\n"
    definition = load(f"{subject}  share: {{type: number, min: {fraction}, label: {{en: Share}}}}\n").definition
    assert definition is not None
    texts = documents_of(definition)
    assert texts == tuple(
        json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")) for text in texts
    )
    assert f'"min":{json.dumps(definition.fields["share"].min)}' in texts[0]


def test_a_role_s_label_is_words() -> None:
    desk = base()["desk.yaml"].replace("agent: {en: Agent}", "agent: {en: Clerk}")
    assert hashes(**{"desk.yaml": desk})[0] == hashes()[0]
    assert hashes(**{"desk.yaml": desk})[1] != hashes()[1]


# ---------------------------------------------------------------- only what is used is read


def test_a_process_is_read_with_those_it_opens_and_those_that_open_it_and_no_other() -> None:
    sources = shipped()
    loaded = load_process(sources, "repair")
    read = {path.removeprefix("processes/").removesuffix(".yaml") for path in loaded.texts}
    assert read >= {"desk", "repair", "complaint", "return_visit"}
    assert read.isdisjoint({"broadcast", "inquiry", "refund", "courier_claim"})


def test_a_process_whose_name_is_written_with_an_escape_is_found_all_the_same() -> None:
    opener = example_sources(
        "actions:\n  visit:\n    label: {en: Visit}\n    by: [agent]\n"
        '    then: [{open: "v\\x69sit", as: visit, with: {address: =case.subject}}]\n    to: stay\n'
    )
    assert "example.yaml" in load_process(opener, "visit").texts


def test_a_hundred_processes_are_each_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(files, "_KEPT", 0)  # nothing is kept from one folder to the next
    monkeypatch.setattr(
        files, "_read_file", lambda text, path, *rest: (read.append(path), read_file(text, path, *rest))[1]
    )
    small = base()["visit.yaml"]
    many = {
        f"visit_{number}.yaml": small.replace("process: visit", f"process: visit_{number}")
        .replace("V", f"V{number}", 1)
        .replace("{arrived:", f"{{arrived_{number}:")
        for number in range(100)
    }
    began = process_time()
    folder = load_folder({**base(), **many})
    assert process_time() - began < 2 * SLOW
    assert len(folder.definitions) == 102
    assert sorted(read) == sorted({**base(), **many})


def test_a_process_that_is_not_beside_this_one_is_near_to_one_that_is_never_opened() -> None:
    text = "actions:\n  v: {label: {en: V}, by: [agent], then: [{open: visti, as: visit}], to: stay}\n"
    assert [(one.id, one.help) for one in load(text).diagnostics] == [
        ("unknown-process", "did you mean `visit`, declared in visit.yaml:1?")
    ]


# ---------------------------------------------------------------- cases that open and tell one another


def process_of(name: str, **parts: str) -> str:
    """The process of the manual under another name, with these parts in place of its own."""
    text = (
        base()["example.yaml"]
        .replace("process: example", f"process: {name}")
        .replace("prefix: E", f"prefix: {name[0].upper()}X")
    )
    for key, part in parts.items():
        text = re.sub(rf"(?m)^{key}:.*\n", f"{part}\n", text) if f"\n{key}:" in text else f"{text}{part}\n"
    return text


def test_opening_that_opens_itself_by_way_of_two_others_is_an_error() -> None:
    def opens(name: str) -> str:
        then = f"[{{open: {name}, as: next, with: {{subject: =case.subject}}}}]"
        return f"opening: {{by: [agent], form: {{require: [subject]}}, then: {then}}}"

    ring = {f"{one}.yaml": process_of(one, opening=opens(other)) for one, other in (("a", "b"), ("b", "c"), ("c", "a"))}
    found = load_process({**base(), **ring}, "a").diagnostics
    assert [(one.id, one.message) for one in found] == [
        ("opens-itself", "opening opens itself without end: `a` → `b` → `c` → `a`")
    ]


CHAIN = """\
actions:
  next_one:
    label: {{en: Next}}
    by: [agent]
    then: [{{open: {opened}, as: next, with: {{subject: =case.subject}}}}]
    to: stay
  ping: {{label: {{en: Ping}}, by: [agent], then: [{{tell: {target}, do: ping}}], to: stay}}"""


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (("next", "next", "parent"), None),  # it never comes back to `a`
        (("next", "parent", "parent"), "`ping` tells `ping` of `b`, which tells `ping` again"),
    ],
)
def test_telling_is_followed_through_every_process(targets: tuple[str, str, str], message: str | None) -> None:
    names = ("a", "b", "c")
    files = {
        f"{name}.yaml": process_of(name, actions=CHAIN.format(opened=following, target=target))
        for name, following, target in zip(names, ("b", "c", "b"), targets, strict=True)
    }
    found = [one for one in load_process({**base(), **files}, "a").diagnostics if one.id == "tell-cycle"]
    assert [one.message for one in found] == ([message] if message else [])


def test_telling_up_and_down_by_way_of_a_third_process_is_an_error() -> None:
    def chain(name: str, opened: str, told: str, target: str, action: str) -> str:
        actions = (
            "actions:\n  go:\n    label: {en: Go}\n    by: [agent]\n    to: stay\n"
            f"    then: [{{open: {opened}, as: next, with: {{subject: =case.subject}}}}]\n"
            f"  {action}: {{label: {{en: {action}}}, by: [agent], then: [{{tell: {target}, do: {told}}}], to: stay}}"
        )
        return process_of(name, actions=actions)

    ring = {
        "a.yaml": chain("a", "b", "two", "next", "one"),
        "b.yaml": chain("b", "c", "three", "next", "two"),
        "c.yaml": chain("c", "a", "one", "next", "three"),
    }
    found = [one for one in load_process({**base(), **ring}, "a").diagnostics if one.id == "tell-cycle"]
    assert found == []  # a chain of children has an end
    back = {**ring, "c.yaml": chain("c", "a", "four", "parent", "three")}
    back["b.yaml"] = back["b.yaml"].replace(
        "  two:", "  four: {label: {en: Four}, by: [agent], then: [{tell: parent, do: one}], to: stay}\n  two:"
    )
    found = [one for one in load_process({**base(), **back}, "a").diagnostics if one.id == "tell-cycle"]
    assert [one.message for one in found] == [
        "`one` tells `two` of `b`, which tells `three` of `c`, which tells `four` of `b`, which tells `one` again"
    ]
