"""Reading YAML: every trap is a finding at its place, and nothing can exhaust the reader."""

import json
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lang.source import MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_NODES, read
from engine.lang.tree import Items, Scalar, Table


def findings(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(found.id, found.span.line, found.span.column) for found in read(text, "f.yaml")[1]]


def only(text: str | bytes):
    _, found = read(text, "f.yaml")
    assert len(found) == 1, found
    return found[0]


def plain(text: str):
    document, found = read(text, "f.yaml")
    assert not found
    assert document.root is not None
    return document.root.plain


def test_values_are_those_of_yaml_1_2():
    text = """
    nothing: null
    yes_no: true
    whole: -12
    number: 4.90
    time: 18:30
    date: 2026-03-02
    moment: 2026-03-02 09:00
    waybill: 12-34
    spelled: ten
    quoted: "no"
    long: >-
      two
      lines
    lines: |
      one
      two
    list: [a, 1, true]
    """
    assert plain(textwrap.dedent(text)) == {
        "nothing": None,
        "yes_no": True,
        "whole": -12,
        "number": 4.9,
        "time": "18:30",
        "date": "2026-03-02",
        "moment": "2026-03-02 09:00",
        "waybill": "12-34",
        "spelled": "ten",
        "quoted": "no",
        "long": "two lines",
        "lines": "one\ntwo\n",
        "list": ["a", 1, True],
    }


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("a: 1\na: 2\n", "duplicate-key", 2, 1),
        ("a: {b: 1, c: 2, b: 3}\n", "duplicate-key", 1, 17),
        ("1: a\n", "key-not-text", 1, 1),
        ("true: a\n", "key-not-text", 1, 1),
        ("null: a\n", "key-not-text", 1, 1),
        ("[a]: b\n", "key-not-text", 1, 1),
        ("?\n: b\n", "key-not-text", 1, 2),
        ("a: {: b}\n", "syntax", 1, 5),
        ("a: [b, , c]\n", "syntax", 1, 8),
        ("note:\n", "missing-value", 1, 1),
        ("a: {en: Yes please, thanks, zh: 好}\n", "missing-value", 1, 21),  # an unquoted comma
        ("a: {case.fault}\n", "missing-value", 1, 5),  # an unquoted placeholder
        ("- a\n-\n", "missing-value", 2, 2),
        ("must: !case.x\n", "tag", 1, 7),
        ("must: !!str 5\n", "tag", 1, 7),
        ("a: !thing {b: c}\n", "tag", 1, 4),
        ("a: &one 1\n", "alias", 1, 4),
        ("a: *one\n", "alias", 1, 4),
        ("a: see #12\n", "glued-comment", 1, 8),
        ("a: {en: see #12, zh: 见}\nb: 1\n", "glued-comment", 1, 13),
        ("on: 1\n", "ambiguous-value", 1, 1),
        ("a: no\n", "ambiguous-value", 1, 4),
        ("a: Yes\n", "ambiguous-value", 1, 4),
        ("a: OFF\n", "ambiguous-value", 1, 4),
        ("a: 010\n", "ambiguous-value", 1, 4),
        ("a: 0x1F\n", "ambiguous-value", 1, 4),
        ("a: 1_000\n", "ambiguous-value", 1, 4),
        ("a: 1e3\n", "ambiguous-value", 1, 4),
        ("a: .inf\n", "ambiguous-value", 1, 4),
        ("a: .nan\n", "ambiguous-value", 1, 4),
        ("a: 9007199254740992\n", "ambiguous-value", 1, 4),
        ("a: " + "9" * 10_000 + "\n", "ambiguous-value", 1, 4),
        ("a: 0." + "9" * 10_000 + "\n", "ambiguous-value", 1, 4),
        ("<<: {a: b}\n", "ambiguous-value", 1, 1),
        ("%YAML 1.1\n---\na: 1\n", "directive", 1, 1),
        ("a: 1\n---\nb: 2\n", "several-documents", 2, 1),
        ("", "empty-file", 1, 1),
        ("# only a comment\n", "empty-file", 1, 1),
        ("---\n", "empty-file", 1, 1),
        ("\ufeffa: 1\n", "byte-order-mark", 1, 1),
        (b"\xff\xfea\x00", "not-utf8", 1, 1),
        (b"a: 1\nb: \xe4\n", "not-utf8", 2, 4),
        ("a: \udc80\n", "unreadable-character", 1, 4),
        ("a: 1\nb: x\0y\n", "unreadable-character", 2, 5),
        ("a: x\x1by\n", "unreadable-character", 1, 5),
        ("a: x\u2028y\n", "unreadable-character", 1, 5),
        ('a: "x\\0y"\n', "unreadable-character", 1, 4),
        ("a: 1\n\tb: 2\n", "syntax", 2, 1),
        ("a: b: c\n", "syntax", 1, 5),
        ("a: 'x' in b\n", "syntax", 1, 8),
        ("a: {b: 'x' in c}\n", "syntax", 1, 12),
        ("a: {en: The fee is {case.fee}, zh: x}\n", "syntax", 1, 20),
        ("a: {b: c\nd: e\n", "syntax", 1, 4),
        ("a: {b: c,\n\nd: [e\n", "syntax", 3, 4),
        ('a: "never closed\nb: 1\n', "syntax", 1, 4),
        ('a: "\\q"\n', "syntax", 1, 5),
        ("a: !(x && y)\n", "syntax", 1, 8),
        ("a: @x\n", "syntax", 1, 4),
        ("a: `x`\n", "syntax", 1, 4),
        ("a: 1\nb\nc: 2\n", "syntax", 2, 1),
        ("a：1\nb: 2\n", "syntax", 1, 2),  # what YAML reads is one text, and then a colon too many
        ("x: 1\na：1\n\nb: 2\n", "syntax", 2, 2),
        ("a:\u00a01\nb: 2\n", "syntax", 1, 3),
        ("a:\n  b: 1\n c: 2\n", "syntax", 3, 2),
        ("a: 1\n- b\n", "syntax", 2, 1),
        ("%nothing\n", "syntax", 1, 1),
    ],
)
def test_every_trap_is_one_finding_at_its_place(text, rule, line, column):
    assert findings(text) == [(rule, line, column)]


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("must: !case.x\n", "quoted"),
        ("a: 1\nb:2\nc: 3\n", "write `b: …`"),
        ("a: {b:{c: 3}}\n", "write `key: value`"),
        # signs of a Chinese keyboard
        ("a: 1\nb：2\nc: 3\n", "`：` is a letter to YAML"),
        ("a：1\nb: 2\n", "`：` is a letter to YAML"),
        ("a:\u3000x\nb: 2\n", "a plain space"),
        ("a: {en：x}\n", "`：` is a letter to YAML"),
        ("a: {en: x，zh: y}\n", "`，` is a letter to YAML"),
        ("a: see #12\n", "quote the text"),
        ("a: {en: Yes please, thanks, zh: 好}\n", "quote the text"),
        ("a: {case.fault}\n", "begins with `{`"),
        ("a: no\n", 'write `false`, or quote the text: `"no"`'),
        ("no: a\n", 'quote it: `"no"`'),
        ("a: 'x' in b\n", "quote the whole value"),
        ("a: 1\n\tb: 2\n", "spaces"),
        ("a: `x`\n", "quote"),
        (b"\xff\xfea\x00", "UTF-8"),
    ],
)
def test_a_finding_says_how_to_mend_it(text, mend):
    assert mend in (only(text).help or "")


def test_a_file_in_utf_16_is_shown_as_it_can_be_read():
    document, (found,) = read("a: 报修\n".encode("utf-16"), "f.yaml")
    assert (found.id, document.lines[0]) == ("not-utf8", "a: 报修")


def test_a_second_key_points_to_the_first_and_the_first_counts():
    document, (found,) = read("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert [(str(span), text) for span, text in found.related] == [("f.yaml:1:1", "first written here")]
    assert document.root.plain == {"a": 1, "b": 2}


def test_what_is_broken_is_marked_so_that_nothing_more_is_said_of_it():
    document, _ = read("a: no\nb:\nc: *x\nd: !t e\nf: see #1\ng: fine\n", "f.yaml")
    assert isinstance(document.root, Table)
    broken = {key for key, node in document.root.nodes.items() if isinstance(node, Scalar) and node.broken}
    assert broken == {"a", "b", "c", "d", "f"}


def test_a_comment_beside_a_text_is_no_finding():
    assert plain("a: b  # a comment\nc: 'd' #e\n#f\n'g#h': i#j\n") == {"a": "b", "c": "d", "g#h": "i#j"}


def test_a_byte_order_mark_is_only_a_warning():
    document, (found,) = read("\ufeffa: 1\n", "f.yaml")
    assert found.severity == "warning"
    assert document.root.plain == {"a": 1}


def test_lines_and_columns_count_characters_not_bytes():
    document, _ = read("标签: {en: Repair, zh: 维修派工}\n", "f.yaml")
    assert tuple(document.place(("标签", "zh")))[1:] == (1, 22, 1, 26)
    assert tuple(document.name_place(("标签", "zh")))[1:] == (1, 18, 1, 20)


def test_a_list_or_mapping_ends_where_its_last_value_ends():
    document, _ = read("a:\n  b: 1\n  c: [x,\n    y]\n\n# comment\nd: >-\n  text\n\n\ne: 1\n", "f.yaml")
    assert tuple(document.place(("a",)))[1:] == (2, 3, 4, 7)
    assert tuple(document.place(("d",)))[1:] == (7, 4, 8, 7)


def test_a_place_that_is_not_there_is_the_nearest_above():
    document, _ = read("a:\n  b: [x]\n", "f.yaml")
    assert document.place(("a", "b", 3)) == document.place(("a", "b"))
    assert document.name_place(("a", "q", "r")) == document.place(("a",))
    assert document.place(("q",)) == document.top


# -- parts of a text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part", "place"),
    [
        ("a: form.visit > now\n", "now", (1, 17, 20)),
        ("a: 'it''s late'\n", "late", (1, 11, 15)),
        ('a: "x\\ty \\"z\\" end"\n', "end", (1, 16, 19)),
        ('a: "\\u4e2d end"\n', "end", (1, 12, 15)),
        ("a: >-\n  one\n  two\n", "two", (3, 3, 6)),
        ("a: |\n  one\n\n  two\n", "two", (4, 3, 6)),
        ("a: one\n  two\n", "two", (2, 3, 6)),
        ('a: "one\n  two"\n', "two", (2, 3, 6)),
        ("a: 维修 > now\n", "now", (1, 9, 12)),
    ],
)
def test_a_part_of_a_text_is_found_in_the_file(text, part, place):
    document, found = read(text, "f.yaml")
    assert not found
    scalar = document.node(("a",))
    assert isinstance(scalar, Scalar)
    span = document.part(scalar, scalar.text.index(part), len(part))
    assert (span.line, span.column, span.end_column) == place


def test_a_part_beyond_the_end_is_the_last_character():
    document, _ = read("a: form.x >\n", "f.yaml")
    scalar = document.node(("a",))
    assert isinstance(scalar, Scalar)
    assert tuple(document.part(scalar, 99, 5))[1:] == (1, 11, 1, 12)


# -- limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[" * 200_000, "too-deep"),
        ("{a: " * 100_000, "too-deep"),
        ("- " * 100_000, "too-deep"),
        ("? " * 100_000, "too-deep"),
        ("a: " + "[" * (MAX_DEPTH + 1), "too-deep"),
        ("[" + "x," * (MAX_NODES + 1) + "]", "too-large"),
        ("x" * (MAX_BYTES + 1), "too-large"),
        ("a: [" + "no, " * 1000 + "]", "too-many-findings"),
    ],
)
def test_a_file_beyond_a_limit_is_refused(text, rule):
    document, found = read(text, "f.yaml")
    assert document.root is None
    assert rule in [one.id for one in found]
    assert len(found) <= MAX_FINDINGS + 1


def test_a_bomb_of_aliases_is_refused_at_its_names():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    document, found = read("\n".join(lines), "f.yaml")
    assert {one.id for one in found} <= {"alias", "too-many-findings"}
    assert document.root is None or isinstance(document.root, Table)


def test_a_text_that_refers_to_itself_is_refused():
    assert ("alias", 1, 4) in findings("a: &x [*x]\n")


def test_attacks_cost_neither_time_nor_memory(tmp_path):
    program = """
        import resource, sys, time
        from pathlib import Path
        from engine.lang.source import MAX_BYTES, read
        from engine.resources import read_bounded
        huge = Path(sys.argv[1])
        with huge.open("wb") as file:
            for _ in range(50):
                file.write(b"key: [value, value]\\n" * 50_000)
        attacks = [
            read_bounded(huge, MAX_BYTES), "[" * 999_999, "{a: " * 249_999, "- " * 499_999, "a: &a [*a]\\n",
            "[" + "x," * 499_999, "a: " + "x " * 499_000,
            "\\n".join(f"k{n}: {n}" for n in range(80_000)), "no: no\\n" * 100_000,
            '"' + "x" * 999_000, "a: |\\n" + "  x\\n" * 240_000, "#" * 999_999, " " * 999_999, "? " * 499_999,
        ]
        began = time.process_time()
        sum(number * number for number in range(3_000_000))
        bound = max(1.0, 4 * (time.process_time() - began))  # seconds, or more where the machine is slower
        for attack in attacks:
            began = time.process_time()
            read(attack, "f.yaml")
            assert time.process_time() - began < bound, (attack[:20], time.process_time() - began)
        status = Path("/proc/self/status")  # ru_maxrss would count the parent that started us
        lines = status.read_text().splitlines() if status.exists() else []
        peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
        assert (peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) < 200_000
        print("well")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path / "huge.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "well\n", done.stderr


# -- laws --------------------------------------------------------------------------------------------------------------

_YAML_LIKE = st.text(st.sampled_from("ab:-?[]{},#&*!|>'\"%@` \n\t\\0.1\r\u2028\ufeff维\0😀"))


@given(st.one_of(_YAML_LIKE, st.text(), st.binary()))
def test_no_text_whatever_brings_a_traceback_or_a_place_outside_the_file(text):
    document, found = read(text, "f.yaml")
    assert document.root is not None or any(one.severity == "error" for one in found)
    for one in found:
        assert one.message
        assert one.span.line >= 1
        assert one.span.column >= 1
        assert one.span.line <= max(1, len(document.lines))
        assert (one.span.end_line, one.span.end_column) >= (one.span.line, one.span.column)


# NUL and a raw DEL are refused, and YAML has no pairs of surrogates, as JSON writes what lies beyond 0xFFFF.
_SIGNS = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",), exclude_characters="\0\x7f")
_NAMES = st.text(_SIGNS, max_size=8)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(_SIGNS, max_size=20))
_TREES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4))


@given(st.dictionaries(_NAMES, _TREES, min_size=1, max_size=4))
def test_json_is_read_as_json_reads_it(tree):
    written = json.dumps(tree)  # ASCII with escapes: what JSON writes, YAML 1.2 must read alike
    document, found = read(written, "f.yaml")
    assert not found
    assert document.root is not None
    assert document.root.plain == tree


def test_the_tree_and_the_plain_value_say_the_same():
    document, _ = read("a: [1, {b: c}]\nd: {e: [f]}\n", "f.yaml")

    def undressed(node):
        if isinstance(node, Table):
            return {key: undressed(value) for key, value in node.nodes.items()}
        if isinstance(node, Items):
            return [undressed(value) for value in node.nodes]
        return node.plain

    assert undressed(document.root) == document.root.plain == {"a": [1, {"b": "c"}], "d": {"e": ["f"]}}


@pytest.mark.parametrize(
    ("text", "line", "note"),
    [
        ("a:\n  b: {c: 1\n  d: 2\n", 2, (3, "noticed here")),  # not where the next line begins
        ("a:\n  b: {c: 1\n    e: 3}\n", 3, None),  # inside it a comma is missing
        ("a:\n    b: 1\n  c: 2\n", 3, (2, "or this one is not")),
        ("a:\n  by [x]\n  c: 2\n", 3, (2, "this one has no `:`")),
        ("a:\n  b: 1\nc:\n    d: 1\n    f: 1\n  e: 2\n", 6, (3, "or this one is not")),  # not what belongs to it
        ("a:\n  - {b: 1\n  - {c: 2}\n", 2, (3, "noticed here")),
    ],
)
def test_of_two_lines_that_do_not_fit_both_are_named(text: str, line: int, note: tuple[int, str] | None) -> None:
    _, (found,) = read(text, "a.yaml")
    assert found.span.line == line
    assert [(place.line, said) for place, said in found.related] == ([note] if note else [])
