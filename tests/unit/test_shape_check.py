"""Shape: what a schema complains of, in our words at the right column; and the schemas themselves."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.lang.diagnostics import Diagnostic
from engine.lang.schema_words import as_written
from engine.lang.shape import KINDS, check_shape, definition_of, schemas, validator_of
from engine.lang.source import read
from engine.lang.tree import Items, Table
from engine.resources import data_folder

PROCESS = """\
process: repair
version: 1
prefix: R
label: {en: Repair, zh: 维修}
summary: "{case.fault}"
calendar: always
initial: reported
fields:
  fault: {type: text, label: {en: Fault, zh: 故障}}
  kind: {type: choice, choices: channel, label: {en: Kind, zh: 类}}
  parts: {type: table, label: {en: Parts, zh: 配件}, columns: {item: {type: text, label: {en: Item, zh: 品名}}}}
opening: {by: [agent], form: {require: [fault]}}
ladders:
  usual: [{at: goal, then: [{notify: manager, message: late}]}]
clocks:
  dispatch: {label: {en: Sent, zh: 已派}, goal: 15m, met_by: [dispatch], thresholds: usual, on_reopen: restart}
actions:
  cancel: {label: {en: Cancel, zh: 取消}, in: [reported], by: [agent], form: {require: [fault]}, to: closed}
states:
  reported:
    label: {en: Reported, zh: 已报修}
    waiting_on: [{if: case.kind == 'a', is: agent}, {is: dispatcher}]
    actions:
      dispatch:
        label: {en: Send, zh: 派工}
        by: dispatcher
        guards:
          real: {must: has(case.fault), else: {en: No fault, zh: 无故障}}
        then: [{set: {fault: none}}, {notify: case.technician, message: job}]
        to: [{if: did.dispatch > 2, is: closed}, {is: stay}]
      cancel: none
    timers:
      nag: {every: 1h, max: 3, then: [{notify: waiting_on, message: nag}]}
  closed: {label: {en: Closed, zh: 已结}, final: done}
"""

SCENARIOS = """\
process: repair
given: {at: 2026-03-02 09:00, open: {fault: dark}, as: agent:lin}
scenarios:
  a good day:
    - {wait: 15m, expect: {state: reported, clocks.dispatch: running, sent: {}}}
    - {do: dispatch, as: dispatcher:wang, with: {technician: T7}, expect: {visit.state: none, case.fault: none}}
"""


def shape_of(text: str, kind="process"):
    document, found = read(text, "f.yaml")
    assert not found
    return check_shape(document, kind)


def only(text: str, kind="process") -> Diagnostic:
    found = shape_of(text, kind).findings
    assert len(found) == 1, found
    return found[0]


def changed(old: str, new: str, text: str = PROCESS) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_a_file_in_order_has_no_findings():
    assert shape_of(PROCESS).findings == ()
    assert shape_of(SCENARIOS, "scenarios").findings == ()


@pytest.mark.parametrize(
    ("old", "new", "rule", "pointed_at", "message", "mend"),
    [
        (
            "label: {en: Reported",
            "lable: {en: Reported",
            "unknown-key",
            "lable",
            "state `reported`",
            "did you mean `label`?",
        ),
        ("to: closed", "tto: closed", "unknown-key", "tto", "action `cancel`", "did you mean `to`?"),
        ("notify: manager", "notfy: manager", "unknown-key", "notfy", "effect 1 of `then` of threshold 1", "`notify`?"),
        ("message: nag", "mesage: nag", "unknown-key", "mesage", "timer `nag`", "`message`?"),
        ("columns:", "colums:", "unknown-key", "colums", "field `parts`", "`columns`?"),
        ("calendar: always", "calender: always", "unknown-key", "calender", "the process", "`calendar`?"),
        ("every: 1h", "evrey: 1h", "unknown-key", "evrey", "timer `nag`", "`every`?"),
        ("summary:", "met_by:", "unknown-key", "met_by", "the process", "`met_by` belongs to `clock`"),
        (
            "nag: {every: 1h, max: 3, then: [{notify: waiting_on, message: nag}]}",
            "every: 1h",
            "wrong-type",
            "1h",
            "timer `every` is the text `1h`",
            "each timer has a name of its own, which comes first: `NAME: {every: …}`",
        ),
        (
            "in: [reported]",
            "in: [reported，closed]",
            "bad-name",
            "reported，",
            "is not a name",
            "`，` is a letter to YAML",
        ),
        ("version: 1\n", "", "missing-key", "process", "the process has no `version`", "A whole number"),
        (
            "        by: dispatcher\n",
            "",
            "missing-key",
            "dispatch",
            "action `dispatch` has no `by`",
            "For example `by: [agent",
        ),
        ("goal: 15m, ", "", "missing-key", "dispatch", "clock `dispatch` has no `goal`", "`goal: 15m`"),
        (", choices: channel", "", "missing-key", "kind", "field `kind` has no `choices`", "values of a choice"),
        ("every: 1h, ", "", "missing-key", "nag", "timer `nag` has none of `after`, `at`, `every`", "one of them"),
        (
            "set: {fault: none}",
            "if: has(case.fault)",
            "missing-key",
            "{if: has(case.fault)}",
            "has none of `set`",
            "one of",
        ),
        (", message: job", "", "missing-key", "notify", "`notify` needs `message` beside it", None),
        ("goal: 15m", "goal: 15", "wrong-type", "15", "`goal` of clock `dispatch` is the number `15`", "`15m`, `15h`"),
        ("version: 1", 'version: "1"', "wrong-type", '"1"', "the text `1`", "take the quotes away"),
        ("version: 1", "version: 1.5", "wrong-type", "1.5", "must be a whole number", "for example"),
        (
            "zh: 派工",
            "zh: 5",
            "wrong-type",
            "5",
            "`zh` of `label` of action `dispatch`",
            'quote it if it is a text: `"5"`',
        ),
        ("en: Repair", "en: 1.10", "wrong-type", "1.10", "is the number `1.1`", '`"1.10"`'),
        ("met_by: [dispatch]", "met_by: dispatch", "wrong-type", "dispatch", "must be a list", "`[dispatch]`"),
        (
            "then: [{set: {fault: none}}, ",
            "then: {set: {fault: none}} #",
            "wrong-type",
            "{set: {fault: none}}",
            "must be a list",
            "brackets",
        ),
        ("{en: Send, zh: 派工}", "Send", "wrong-type", "Send", "must be keys with values", "{en: Send a technician"),
        ("{require: [fault]}, to", "[fault], to", "wrong-type", "[fault]", "is a list", "write keys with values"),
        (
            "must: has(case.fault)",
            "must: true",
            "wrong-type",
            "true",
            "`must` of guard `real` is `true`",
            "for example",
        ),
        ("closed: {label", "Closed: {label", "bad-name", "Closed", "`Closed` is not a name", "`closed`"),
        ("closed: {label", "stay: {label", "bad-name", "stay", "a word of the language", "another name"),
        ("zh: 维修", "chinese: 维修", "bad-name", "chinese", "`chinese` is not a language", "language tag"),
        ("final: done", "final: doen", "wrong-value", "doen", "`final` of state `closed` cannot be `doen`", "`done`?"),
        ("final: done", "final: [done]", "wrong-value", "[done]", "cannot be `[done]`", "possible: `done`"),
        ("type: text", "type: txt", "wrong-value", "txt", "`type` of field `fault`", "did you mean `text`?"),
        ("prefix: R", "prefix: repair", "wrong-value", "repair", "`prefix` cannot be `repair`", "write `REPAIR`"),
        ("version: 1", "version: 0", "wrong-value", "0", "must be at least 1", None),
        ("max: 3", "max: 0", "wrong-value", "0", "`max` of timer `nag` must be at least 1", None),
        (
            "cancel: none",
            "cancel: nothing",
            "wrong-value",
            "nothing",
            "action `cancel` cannot be `nothing`",
            "or `none`",
        ),
        ("to: [{if: did.dispatch > 2, is: closed}, {is: stay}]", "to: ''", "wrong-value", "''", "cannot be", None),
        ("[{if: did.dispatch > 2, is: closed}, {is: stay}]", "[]", "wrong-value", "to", "is empty", "`to: dispatched`"),
        ("is: agent", "iss: agent", "unknown-key", "iss", "branch 1 of `waiting_on` of state `reported`", "`is`?"),
        (
            "[dispatch]",
            "[dispatch, dispatch]",
            "repeated-item",
            "dispatch]",
            "stands twice in `met_by`",
            "take one away",
        ),
        (
            "set: {fault: none}",
            "set: {fault: none}, clear: [fault]",
            "two-effects",
            "clear",
            "`set` and `clear`",
            "own",
        ),
        ("set: {fault: none}", "set: {fault: none}, message: job", "unknown-key", "message", "go with `set`", "`if`"),
        (
            "fields:",
            "incoming: {scanned: {from: feed, find: {waybill: number}, do: arrive}}\nfields:",
            "missing-key",
            "scanned",
            "event `scanned` has no `otherwise`",
            "For example `otherwise: refuse`",
        ),
        ("fields:", "migrate: [{from: [1, 2]}]\nfields:", "wrong-type", "[1, 2]", "whole number", None),
        ("fields:", "unique: true\nfields:", "missing-key", "unique", "`unique` needs `key` beside it", None),
    ],
)
def test_a_complaint_is_one_finding_in_our_words_at_its_place(old, new, rule, pointed_at, message, mend):
    text = changed(old, new)
    found = only(text)
    line = text.splitlines()[found.span.line - 1]
    assert found.id == rule
    assert line[found.span.column - 1 :].startswith(pointed_at)
    assert message in found.message
    assert mend is None or mend in (found.help or "")


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        (
            "clocks.dispatch: running",
            "clock.dispatch: running",
            "unknown-key",
            "`clock.dispatch` is not a key of `expect`",
        ),
        ("clocks.dispatch: running", "clocks.dispatch: runing", "wrong-value", "step 1 of scenario `a good day`"),
        ("wait: 15m", "wiat: 15m", "unknown-key", "`wiat` is not a key of step 1 of scenario `a good day`"),
        ("as: dispatcher:wang", "as: wang", "wrong-value", "`as` of step 2"),
        ("at: 2026-03-02 09:00", "at: 09:00", "wrong-value", "`at` of `given`"),
        ("sent: {}", "sent: {late: manager}", "wrong-type", "receivers `late`"),
    ],
)
def test_scenarios_are_held_against_their_schema(old, new, rule, message):
    found = only(changed(old, new, SCENARIOS), "scenarios")
    assert found.id == rule
    assert message in found.message


def test_a_misspelt_key_is_not_reported_as_missing_too_but_its_thing_is_broken():
    shape = shape_of(changed("label: {en: Reported", "lable: {en: Reported"))
    assert [found.id for found in shape.findings] == ["unknown-key"]
    assert ("states", "reported") in shape.broken


def test_a_short_word_is_not_taken_for_a_much_longer_one():
    """`sned` shares three letters with `append`, and that is no reason to propose it."""
    helps = [found.help or "" for found in shape_of(changed("notify: manager", "sned: manager")).findings]
    assert not [text for text in helps if "append`?" in text]
    assert [text for text in helps if text.startswith("possible here")]


def test_the_name_of_a_party_is_a_field_and_said_to_be_one():
    """It was told to be `a word of the language`, because that key is called name itself."""
    desk = "desk: d\nlanguages: [en]\nzone: UTC\nroles: {agent: {en: Agent}}\n"
    desk += "parties: {owner: {label: {en: Owner}, name: owner}}\n"
    found = next(one for one in shape_of(desk, "desk").findings if one.id != "missing-key")
    assert (found.id, "`name` of party `owner`" in found.message) == ("wrong-value", True)
    assert "case." in (found.help or "")


def test_what_can_still_be_used_is_not_broken():
    shape = shape_of(changed("closed: {label", "Closed: {extra: 1, label"))
    assert {found.id for found in shape.findings} == {"bad-name", "unknown-key"}
    assert shape.broken == frozenset()


def test_what_reading_found_broken_is_passed_over():
    document, found = read(changed("goal: 15m", "goal: no"), "f.yaml")
    assert [one.id for one in found] == ["ambiguous-value"]
    assert check_shape(document, "process").findings == ()


@pytest.mark.parametrize("text", ["- a\n", "5\n", "just text\n"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_mapping_is_said_to_be_none(text, kind):
    found = only(text, kind)
    assert found.id == "wrong-type"
    assert (found.span.line, found.span.column) == (1, 1)
    assert "keys with values" in found.message


def test_an_unread_file_has_no_shape():
    document, _ = read("[", "f.yaml")
    assert check_shape(document, "process").findings == ()


# -- one letter too many -----------------------------------------------------------------------------------------------


def language_keys(node, schema, path=()):
    """Every key of a file that is a word of the language, with its path and the schema around it."""
    schema = definition_of(schema)
    if isinstance(node, Table):
        for key, value in node.nodes.items():
            if key in schema.get("properties", {}):
                yield (*path, key), schema
                yield from language_keys(value, schema["properties"][key], (*path, key))
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from language_keys(value, schema["additionalProperties"], (*path, key))
    elif isinstance(node, Items):
        for place, value in enumerate(node.nodes):
            items = schema.get("items", {})
            yield from language_keys(value, items.get("then", items), (*path, place))


@pytest.mark.parametrize(("name", "kind"), [("repair.yaml", "process"), ("desk.yaml", "desk")])
def test_one_letter_too_many_in_any_key_is_found_on_its_line(name, kind):
    text = (data_folder("processes") / name).read_text("utf-8")
    document, _ = read(text, name)
    seen = {}
    for path, schema in language_keys(document.root, {"$ref": f"{kind}.schema.json"}):
        seen.setdefault((schema["title"], path[-1]), path)  # one of each is enough
    assert len(seen) > (60 if kind == "process" else 15)
    for (title, key), path in seen.items():
        span = document.name_place(path)
        lines = text.splitlines()
        line = lines[span.line - 1]
        lines[span.line - 1] = f"{line[: span.end_column - 1]}x{line[span.end_column - 1 :]}"
        wrong, found = read("\n".join(lines), name)
        found += check_shape(wrong, kind).findings
        here = [one for one in found if one.id == "unknown-key" and one.span[:3] == span[:3]]
        assert here, (title, key, found)
        assert here[0].help == f"did you mean `{key}`?", (title, key, here)
        assert len(found) == 1, (title, key, found)


_ODD = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, 1.5, "", "x y", "Name", "stay", "none", "=x", [], {}, [{}], [None], {"is": []}]
    ),
    st.dictionaries(st.sampled_from(["if", "is", "to", "by", "tto", "set", "notify", "message", "at", "1"]), st.none()),
)


def spots(value, path=()):
    """Every place in a plain value."""
    yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from spots(inner, (*path, step))


@pytest.mark.parametrize(("text", "kind"), [(PROCESS, "process"), (SCENARIOS, "scenarios")])
@given(st.data())
@settings(deadline=None, max_examples=150, derandomize=True)
def test_whatever_is_wrong_is_explained_inside_the_file(text, kind, data):
    tree = read(text, "f.yaml")[0].root.plain
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([path for path in spots(tree) if path]))
        held = tree
        for step in path[:-1]:
            held = held[step]
        if isinstance(held, dict) and data.draw(st.booleans()):
            held[f"{path[-1]}x"] = held.pop(path[-1])
        else:
            held[path[-1]] = data.draw(_ODD)
    document, found = read(json.dumps(tree, indent=1), "f.yaml")
    assert not found
    shape = check_shape(document, kind)
    assert bool(shape.findings) != validator_of(kind).is_valid(tree)
    for one in shape.findings:
        assert 1 <= one.span.line <= len(document.lines)
        assert one.span.column <= len(document.lines[one.span.line - 1])
    assert all(document.node(path) is not None for path in shape.broken)


# -- the schemas -------------------------------------------------------------------------------------------------------


def parts(schema, path=()):
    """Every object inside a schema."""
    if isinstance(schema, dict):
        yield path, schema
    for step, inner in (
        schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    ):
        if step not in ("examples", "enum", "default"):
            yield from parts(inner, (*path, step))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_of_the_2020_12_draft(kind):
    schema = schemas()[f"{kind}.schema.json"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_has_title_description_and_examples_that_fit(kind):
    bare = []
    for path, part in parts(schemas()[f"{kind}.schema.json"]):
        for key, schema in part["properties"].items() if isinstance(part.get("properties"), dict) else ():
            whole = definition_of(schema) if isinstance(schema, dict) else {}
            if path[-2:-1] == ("dependentSchemas",) or "if" in path:
                continue
            if not (whole.get("title") and whole.get("description") and whole.get("examples")):
                bare.append((*path, key))
            pointer = "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in (*path, "properties", key))
            checker = validator_of(kind).evolve(schema={"$ref": f"{kind}.schema.json#/{pointer}"})
            for example in whole.get("examples", ()):
                assert "not" in whole or checker.is_valid(example), (path, key, example)
    assert not bare


def test_a_name_of_a_part_means_the_same_in_all_schemas():
    names = [name for schema in schemas().values() for name in schema.get("$defs", {})]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", KINDS)
def test_no_schema_gives_a_choice_that_cannot_be_explained(kind):
    used = {key for _, part in parts(schemas()[f"{kind}.schema.json"]) for key in part}
    assert not used & {"oneOf", "contains", "$id", "unevaluatedProperties", "format"}


def test_the_shipped_files_fit_their_schemas():
    folder = data_folder("processes")
    kinds = {"desk.yaml": "desk", "calendars": "calendar", "messages": "messages"}
    checked = 0
    for file in sorted(folder.rglob("*.yaml")):
        kind = kinds.get(file.parent.name) or kinds.get(file.name, "process")
        kind = "scenarios" if file.name.endswith(".scenarios.yaml") else kind
        document, found = read(file.read_bytes(), file.name)
        assert (found, check_shape(document, kind).findings) == ((), ())
        checked += 1
    assert checked > 5


def test_an_example_is_written_as_in_a_file():
    value = {"a": ["x", 1, True, None], "b": "{case.x}", "c": "15m", "d": "080", "e": "2026-03-02 09:00", "f": ""}
    written = as_written(value)
    assert written == '{a: [x, 1, true, null], b: "{case.x}", c: 15m, d: "080", e: 2026-03-02 09:00, f: ""}'
    document, found = read(written, "f.yaml")
    assert not found
    assert document.root.plain == value
