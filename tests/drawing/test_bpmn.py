"""BPMN: every shipped process opens in bpmn.io's reader without a word, and everything in it leads somewhere."""

from __future__ import annotations

import json
from functools import cache
from xml.etree import ElementTree

import pytest

from engine.conversion.carried import carried_of
from engine.conversion.write_bpmn import bpmn_of, undrawn
from tests.drawing.shipped import shipped
from tests.npm import run_node

LANGUAGES = ("en", "zh")
IN_BOTH = ("complaint", "refund", "repair")
MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DIAGRAM = "{http://www.omg.org/spec/BPMN/20100524/DI}"
OURS = "{urn:casewright:process}"


@cache
def documents() -> dict[tuple[str, str], str]:
    return {
        (name, language): bpmn_of(one, language)
        for name, one in shipped().items()
        for language in (LANGUAGES if name in IN_BOTH else LANGUAGES[:1])
    }


# bpmn-js draws on a page: jsdom has one, but measures nothing.
DRAW = """
const path = require("path"), folder = path.join(process.argv[1], "node_modules"), fs = require("fs");
const { JSDOM } = require(path.join(folder, "jsdom"));
const { window } = new JSDOM('<div id="page"></div>', { pretendToBeVisual: true, runScripts: "outside-only" });
const matrix = () => Object.assign(new window.SVGMatrix(), { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0, inverse: matrix });
const moved = () => ({ setMatrix() {}, setTranslate() {}, setRotate() {}, matrix: matrix() });
const moves = () => ({ numberOfItems: 0, clear() {}, appendItem() {}, initialize() {}, consolidate: moved });
window.SVGMatrix = class {};
window.structuredClone = structuredClone;
window.CSS = { escape: (text) => text };
window.SVGElement.prototype.getBBox = () => ({ x: 0, y: 0, width: 0, height: 0 });
window.SVGSVGElement.prototype.createSVGMatrix = matrix;
window.SVGSVGElement.prototype.createSVGTransform = moved;
window.SVGSVGElement.prototype.createSVGTransformFromMatrix = moved;
Object.defineProperty(window.SVGElement.prototype, "transform", { get: () => ({ baseVal: moves() }) });
const measureText = (text) => ({ width: 6 * text.length });
window.HTMLCanvasElement.prototype.getContext = () => ({ measureText });
window.eval(fs.readFileSync(path.join(folder, "bpmn-js/dist/bpmn-viewer.production.min.js"), "utf8"));
(async () => {
  for (const xml of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const viewer = new window.BpmnJS({ container: window.document.getElementById("page") });
    const { warnings } = await viewer.importXML(xml);
    const drawn = viewer.get("elementRegistry").getAll().map((one) => one.id);
    console.log(JSON.stringify({ warnings: warnings.map(String), drawn }));
    viewer.destroy();
  }
})();
"""
READ = """
const path = require("path"), fs = require("fs");
import(path.join(process.argv[1], "node_modules/bpmn-moddle/dist/index.js")).then(async ({ BpmnModdle }) => {
  for (const xml of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const { warnings, references, elementsById } = await new BpmnModdle().fromXML(xml);
    const lost = references.filter((one) => !elementsById[one.id]).map((one) => one.id);
    console.log(JSON.stringify({ warnings: warnings.map(String), lost, found: references.length }));
  }
});
"""


def answers(script: str) -> list[dict[str, list[str]]]:
    done = run_node(script, json.dumps(list(documents().values())))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bpmn_io_draws_every_element_of_every_process_without_a_warning() -> None:
    for (name, text), answer in zip(documents().items(), answers(DRAW), strict=True):
        process = ElementTree.fromstring(text).find(f"{MODEL}process")
        assert process is not None
        told = ("documentation", "extensionElements")
        elements = {one.get("id") for one in process if one.tag.removeprefix(MODEL) not in told}
        assert answer["warnings"] == [], name
        assert elements <= set(answer["drawn"]), name


def test_bpmn_io_s_own_parser_finds_every_element_that_is_named() -> None:
    for name, answer in zip(documents(), answers(READ), strict=True):
        assert (answer["warnings"], answer["lost"]) == ([], []), name
        assert answer["found"]


@pytest.mark.parametrize("process", shipped())
def test_only_gateways_have_several_ways_out_and_every_way_is_told_at_both_ends(process: str) -> None:
    tree = ElementTree.fromstring(documents()[process, "en"])
    flows = {one.get("id"): one for one in tree.iter(f"{MODEL}sequenceFlow")}
    for node in tree.iter():
        out = [one.text for one in node.findall(f"{MODEL}outgoing")]
        into = [one.text for one in node.findall(f"{MODEL}incoming")]
        assert len(out) <= 1 or node.tag.endswith("Gateway")
        assert not out or not node.tag.endswith(("endEvent", "group"))
        assert all(flows[one].get("sourceRef") == node.get("id") for one in out)
        assert all(flows[one].get("targetRef") == node.get("id") for one in into)
    told = [one.text for kind in ("incoming", "outgoing") for one in tree.iter(f"{MODEL}{kind}")]
    assert sorted(told) == sorted([*flows, *flows])


@pytest.mark.parametrize("process", shipped())
def test_what_bpmn_has_no_place_for_travels_along(process: str) -> None:
    definition, tree = shipped()[process], ElementTree.fromstring(documents()[process, "en"])
    carried = [(one.get("of"), json.loads(one.text or "")) for one in tree.iter(f"{OURS}carried")]
    for part in (definition, *definition.states.values()):
        for key, value in carried_of(part, with_ways=True).items():
            assert (key, json.loads(json.dumps(value))) in carried


def test_what_a_reader_of_bpmn_takes_otherwise_is_named() -> None:
    named = {one.what for one in undrawn(shipped()["refund"])}
    assert "that a way out of one region leaves the others too" in named
    assert "that ways open from many states stand once, as links that nothing leads to" in named
