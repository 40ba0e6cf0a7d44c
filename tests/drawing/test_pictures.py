"""Pictures: everything stands in its place, nothing covers anything, and no text is read as grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import pytest

from engine.drawing.layout import START_SIZE, Box, Placed, placed
from engine.drawing.lettering import broken, width_of
from engine.drawing.mermaid import mermaid_of
from engine.drawing.outline import outline_of
from engine.drawing.page import Standing, Told, page_of
from engine.drawing.picture import START, Picture, Spot, Way, picture_of
from engine.drawing.svg import svg_of
from tests.drawing.shipped import shipped
from tests.npm import run_node

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = ("en", "zh")


PROCESSES = ("broadcast", "complaint", "refund", "repair", "return_visit")


@cache
def drawn(process: str, language: str) -> Placed:
    """Return the picture of a shipped process."""
    return placed(picture_of(shipped()[process], language))


def way(picture: Picture, source: str, target: str) -> Way:
    return next(one for one in picture.ways if (one.source, one.target) == (source, target))


def spot(picture: Picture, name: str) -> Spot:
    return next(one for one in picture.spots if one.name == name)


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_every_state_is_a_spot_and_every_way_joins_two() -> None:
    for process, definition in shipped().items():
        picture = picture_of(definition, "en")
        names = [one.name for one in picture.spots]
        assert len(set(names)) == len(names), process
        assert set(definition.states) < set(names)
        assert {one.source for one in picture.ways} | {one.target for one in picture.ways} <= set(names)


def test_every_target_of_a_process_is_reached_by_a_way() -> None:
    for process, definition in shipped().items():
        reached = {one.target for one in picture_of(definition, "en").ways}
        for state in definition.states.values():
            for action in state.actions.values():
                aims = {branch.value for branch in action.to} - {"stay", "previous"}
                assert aims <= reached, (process, action.name)


def test_an_action_open_from_many_states_is_drawn_once() -> None:
    picture = picture_of(shipped()["repair"], "en")
    gates = [one for one in picture.ways if one.target == "cancelled" and one.source == ">cancel"]
    assert len(gates) == 1
    assert spot(picture, ">cancel").lines[0].startswith("from Reported, Dispatched")
    assert not any(one.source == "reported" and one.target == "cancelled" for one in picture.ways)


def test_what_is_open_everywhere_says_so_and_what_is_open_nearly_everywhere_names_the_rest() -> None:
    from engine.drawing.picture import places_said
    from engine.words.speech import Speech

    definition = shipped()["repair"]
    speech = Speech(definition, "en")
    open_ones = frozenset(name for name, state in definition.states.items() if not state.final)
    assert places_said(speech, open_ones) == "from any open state"
    assert places_said(speech, open_ones - {"paying"}) == "from any open state but Payment and signature"


def test_the_way_of_a_timer_says_when_and_is_of_time() -> None:
    picture = picture_of(shipped()["repair"], "zh")
    found = way(picture, "rescheduled", "dispatched")
    assert found.kind == "time"
    assert found.labels == ("“约定上门时间”前30分（如果已填“维修工”）",)


def test_an_action_with_many_ways_parts_them_at_one_place() -> None:
    picture = picture_of(shipped()["refund"], "en")
    assert spot(picture, "requested>answer").kind == "choice"
    assert way(picture, "requested>answer", "unshipped").labels == (
        "if “What is asked for” is “Cancel before shipment”",
    )


def test_a_closed_case_is_opened_again_through_a_gate() -> None:
    picture = picture_of(shipped()["repair"], "en")
    assert way(picture, "closed>reopen", "reported").labels == ()
    assert spot(picture, "closed>reopen").lines == ("from Closed",)


def test_the_state_of_a_case_is_marked_with_the_groups_around_it_and_said_in_words() -> None:
    picture = picture_of(shipped()["complaint"], "en", ("judging",))
    assert {one.name for one in picture.spots if one.is_active} == {"judging", "handling"}
    assert spot(picture, "judging").lines[0] == "● now here"
    drawing = svg_of(placed(picture))
    assert 'class="state active"' in drawing
    assert "● now here" in drawing


# -- where it stands ---------------------------------------------------------------------------------------------------


def overlap(one: Box, other: Box) -> bool:
    is_beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not is_beside and one.y < other.y + other.height and other.y < one.y + one.height


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("process", PROCESSES)
def test_no_box_and_no_text_covers_another(process: str, language: str) -> None:
    picture = drawn(process, language)
    parents = {box.spot.name: box.spot.parent for box in picture.boxes}

    def holds(outer: str, inner: str) -> bool:
        while inner := parents[inner]:
            if inner == outer:
                return True
        return False

    for one, other in combinations(picture.boxes, 2):
        if holds(one.spot.name, other.spot.name) or holds(other.spot.name, one.spot.name):
            continue
        assert not overlap(one, other), (one.spot.name, other.spot.name)
    texts = list(said(picture))
    boxes = [box for box in picture.boxes if box.spot.kind not in ("group", "parallel")]
    for one, other in combinations((*texts, *boxes), 2):
        assert not overlap(one, other), (one.label, other.label)


def said(picture: Placed) -> Iterator[Box]:
    """Give what stands at the ways as boxes."""
    for line in picture.lines:
        if line.anchor is not None:
            width, height = max(width_of(text, 11) for text in line.label), len(line.label) * 11 * 1.35
            x, y = line.anchor[0] - width / 2, line.anchor[1] - height / 2
            there = Spot(name="", kind="state", label="")
            yield Box(spot=there, x=x, y=y, width=width, height=height, label=line.label, lines=())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("process", PROCESSES)
def test_every_text_fits_its_box_and_every_box_the_picture(process: str, language: str) -> None:
    picture = drawn(process, language)
    for box in picture.boxes:
        assert -0.5 <= box.x <= box.x + box.width <= picture.width + 0.5
        assert -0.5 <= box.y <= box.y + box.height <= picture.height + 0.5
        if box.spot.kind not in ("group", "parallel", "start"):
            assert max(width_of(text, 13) for text in box.label) <= box.width
            assert all(width_of(text, 11) <= box.width for text in box.lines)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_lines_mean_is_told_within_the_picture(language: str) -> None:
    """The narrowest pictures cut the last word off in English."""
    text = svg_of(drawn("handover", language))
    width = float(re.findall(r'width="(\d+)"', text)[0])
    for x, said in re.findall(r'<text class="key" x="(\d+)" y="\d+">([^<]+)</text>', text):
        assert float(x) + width_of(said, 11) < width


def test_a_spot_inside_a_group_stands_inside_it() -> None:
    boxes = {box.spot.name: box for box in drawn("refund", "en").boxes}
    for box in boxes.values():
        if box.spot.parent:
            outer = boxes[box.spot.parent]
            assert outer.x < box.x
            assert box.x + box.width < outer.x + outer.width
            assert outer.y < box.y
            assert box.y + box.height < outer.y + outer.height


def test_the_same_process_is_drawn_the_same_each_time() -> None:
    definition = shipped()["complaint"]
    assert svg_of(placed(picture_of(definition, "en"))) == svg_of(placed(picture_of(definition, "en")))


def test_the_start_is_a_small_dot() -> None:
    start = next(box for box in drawn("repair", "en").boxes if box.spot.name == START)
    assert (start.width, start.height) == (START_SIZE, START_SIZE)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("short", ("short",)),
        ("Waiting for the customer's yes", ("Waiting for the", "customer's yes")),
        ("顾客同意等待，至今天晚上", ("顾客同意等待，", "至今天晚上")),
        ("averylongwordthatcannotbebroken", ("averylongwordthatcannotbebroken",)),
        ("来自：已报、已派工、另约时间", ("来自：已报、", "已派工、另约时间")),  # no word is parted
        ("归还登记（如果已填“单”）", ("归还登记", "（如果已填“单”）")),
        ("报给（如果“不通过，返修”）", ("报给（如果", "“不通过，返修”）")),  # nor what is quoted
        (
            "来自：已派工、已收到、待顾客确认报价",
            ("来自：已派工、", "已收到、", "待顾客确认报价"),
        ),  # a line more
        (
            "维修班值班员和客服专员和其他人员",
            ("维修班值班员和客", "服专员和其他人员"),
        ),  # but where no line more would do
    ],
)
def test_a_text_breaks_where_people_would_break_it(text: str, lines: tuple[str, ...]) -> None:
    assert broken(text, 130, 13) == lines


# -- strange texts -----------------------------------------------------------------------------------------------------

EVIL = """</script><b>&"'`:#;{}[]|-->%%\\\\n"""


def evil() -> Picture:
    """Return a picture in which every text is full of grammar."""
    definition = shipped()["repair"]
    picture = picture_of(definition, "en")
    spots = tuple(
        Spot(name=one.name, kind=one.kind, label=EVIL, lines=(EVIL,), parent=one.parent) for one in picture.spots
    )
    ways = tuple(Way(source=one.source, target=one.target, kind=one.kind, labels=(EVIL,)) for one in picture.ways)
    return Picture(title=EVIL, spots=spots, ways=ways, speech=picture.speech)


def test_no_text_is_read_as_markup() -> None:
    tree = ElementTree.fromstring(svg_of(placed(evil())))
    assert EVIL in [text.text for text in tree.iter(f"{SVG}text")]
    assert not [one for one in tree.iter() if one.tag == f"{SVG}b"]
    page = page_of(evil(), Told(heading=EVIL, promises={}, offers=((EVIL, EVIL),)))
    assert "</script><b>&" not in page
    assert page.count("</script>") == 2


def test_a_page_loads_nothing_and_tells_of_each_state() -> None:
    page = page_of(picture_of(shipped()["repair"], "zh", ("reported",)))
    assert not re.search(r"(?:src|href)=|url\((?!#)|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "default-src 'none'" in page
    found = re.search(r'<script type="application/json" id="texts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    about = json.loads(found[1])["reported"]
    assert "等待维修班值班员" in "".join(about["meaning"])
    assert any(line.startswith("15 分钟内派工") for line in about["clocks"]["lines"]), about["clocks"]
    assert "<code>casewright explain repair</code>" in page
    told = next(act for act in about["acts"] if act["label"] == "派工")
    assert told["who"] == "由维修班值班员"
    assert "否则不受理：‹维修工› 不在班" in told["lines"]


def test_the_name_of_a_group_stands_over_the_ways_that_cross_it() -> None:
    drawn = svg_of(placed(picture_of(shipped()["complaint"], "en")))
    assert drawn.index('class="frame-label"') > drawn.rindex('<path class="way" d="M', 0, drawn.index('class="key"'))
    assert drawn.count('class="frame-label"') == 1


def test_a_page_of_a_case_shows_how_far_its_promises_have_come_and_why_it_may_not() -> None:
    told = Told(
        heading="R-1 · Repair",
        promises={"dispatch": Standing(share=0.5, said="running"), "arrival": Standing(share=1.2, said="missed")},
        offers=(("Note", ""), ("Cancel", "only an agent does")),
    )
    page = page_of(picture_of(shipped()["repair"], "en", ("reported",)), told)
    assert page.count('class="used"') == 1
    assert page.count('class="used late"') == 1
    assert "✓ <b>Note</b>" in page
    assert "✗ <b>Cancel</b> – only an agent does" in page


def test_an_outline_tells_once_what_leads_along_each_way() -> None:
    for definition in shipped().values():
        picture = picture_of(definition, "en")
        items = list(outline_of(picture))
        parting = {one.name for one in picture.spots if one.kind == "choice"}
        ways = [one for one in items if one.kind == "way" and one.sign != "◇"]
        assert len(ways) == sum(len(one.labels) or 1 for one in picture.ways if one.target not in parting)


# -- mermaid -----------------------------------------------------------------------------------------------------------

PARSE = """
const path = require("path"), root = process.argv[1];
const { JSDOM } = require(require.resolve("jsdom", { paths: [root] }));
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
import(path.join(root, "node_modules/mermaid/dist/mermaid.core.mjs")).then(async ({ default: mermaid }) => {
  for (const text of texts) console.log((await mermaid.parse(text)).diagramType);
});
"""


def test_mermaid_s_own_parser_reads_every_picture() -> None:
    pictures = [picture_of(one, language) for one in shipped().values() for language in LANGUAGES]
    texts = [mermaid_of(picture) for picture in (*pictures, evil())]
    done = run_node(PARSE, json.dumps(texts))
    assert done.stdout.split() == ["stateDiagram"] * len(texts), done.stderr


def test_mermaid_has_every_state_and_way_and_no_grammar_in_its_texts() -> None:
    text = mermaid_of(evil())
    assert text.count(" --> ") == len(evil().ways) + 3
    assert "</script" not in text
    for line in text.splitlines()[4:]:
        assert "%%" not in line
