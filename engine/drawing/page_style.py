"""How the page looks, and how it is zoomed and pointed at."""

from __future__ import annotations

from engine.drawing.svg import FONTS

STYLE = f"""
body {{ margin: 0; font: 14px/1.5 {FONTS}; color: #1c2733; background: #fbfcfd; }}
header {{ padding: 12px 20px 4px; }} h1 {{ font-size: 20px; margin: 0; }} header p {{ margin: 2px 0; color: #5b6b7a; }}
main {{ display: flex; height: 74vh; border: solid #d5dce3; border-width: 1px 0; background: #fff; }}
#sheet {{ flex: 1; overflow: hidden; cursor: grab; touch-action: none; }}
#sheet svg {{ width: 100%; height: 100%; display: block; }}
#sheet .title {{ display: none; }}
aside {{ width: 340px; overflow: auto; padding: 8px 16px; border-left: 1px solid #d5dce3; }}
aside h2 {{ font-size: 16px; margin: 6px 0; }} aside h3 {{ font-size: 14px; margin: 12px 0 0; }}
aside footer {{ margin-top: 16px; border-top: 1px solid #d5dce3; padding-top: 8px; font-size: 12px; }}
aside p {{ margin: 0; color: #44525f; }} aside ul {{ margin: 0; padding-left: 18px; color: #44525f; }}
.spot:hover rect, .spot.chosen rect {{ stroke-width: 3; }} .spot.paused rect {{ fill: #fdf3d7; }}
section {{ padding: 4px 20px; }} section h2 {{ font-size: 16px; margin: 12px 0 4px; }}
.clock {{ max-width: 900px; padding: 6px 0 10px; border-bottom: 1px solid #e7ebef; }}
.clock h3 {{ font-size: 14px; margin: 4px 0; }} .clock small {{ font-weight: normal; color: #5b6b7a; }}
.clock p {{ display: inline; margin: 0 14px 0 0; color: #44525f; }}
.bar {{ position: relative; height: 16px; margin: 4px 0; }}
.track, .used {{ position: absolute; top: 4px; height: 8px; background: #dbe6f1; border-radius: 4px; }}
.used {{ background: #3a6ea5; }}
.used.late {{ background: repeating-linear-gradient(45deg, #b4472b 0 5px, #d98b78 5px 9px); }}
.goal, .mark {{ position: absolute; top: 0; width: 0; height: 16px; border-left: 3px solid #1c2733; }}
.mark {{ border-left: 2px dashed #9a7b14; padding-left: 6px; }}
.rungs {{ margin: 0; padding-left: 20px; color: #5b6b7a; font-size: 12px; }}
@media (max-width: 800px) {{
  main {{ flex-direction: column; height: auto; }} #sheet {{ height: 60vh; }} aside {{ width: auto; }}
}}
""".strip()

CODE = """
(() => {
  const sheet = document.getElementById("sheet"), svg = sheet.querySelector("svg");
  const about = document.getElementById("about"), texts = JSON.parse(document.getElementById("texts").textContent);
  const whole = svg.viewBox.baseVal, first = [whole.x, whole.y, whole.width, whole.height];
  let view = [...first], drag = null, chosen = null;
  const show = () => svg.setAttribute("viewBox", view.join(" "));
  const zoom = (by, x, y) => {
    const size = Math.min(Math.max(view[2] * by, 120), first[2] * 3), real = size / view[2];
    view = [x - (x - view[0]) * real, y - (y - view[1]) * real, view[2] * real, view[3] * real];
    show();
  };
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  sheet.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, ...point(event));
  }, { passive: false });
  sheet.addEventListener("pointerdown", (event) => { drag = point(event); });
  window.addEventListener("pointerup", () => { drag = null; });
  sheet.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const at = point(event);
    view[0] += drag[0] - at[0]; view[1] += drag[1] - at[1];
    show();
  });
  sheet.addEventListener("dblclick", () => { view = [...first]; show(); });
  sheet.addEventListener("keydown", (event) => {
    const middle = [view[0] + view[2] / 2, view[1] + view[3] / 2];
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "+") zoom(1 / 1.2, ...middle);
    else if (event.key === "-") zoom(1.2, ...middle);
    else if (event.key === "0") { view = [...first]; show(); }
    else if (step) { view[0] += step[0] * view[2] / 12; view[1] += step[1] * view[3] / 12; show(); }
    else return;
    event.preventDefault();
  });
  const line = (parent, kind, text) => {
    const made = document.createElement(kind);
    made.textContent = text;
    parent.append(made);
    return made;
  };
  const tell = (spot) => {
    const told = texts[spot.dataset.name];
    if (!told) return;
    if (chosen) chosen.classList.remove("chosen");
    chosen = spot; spot.classList.add("chosen");
    about.replaceChildren();
    line(about, "h2", told.label);
    for (const text of told.meaning) line(about, "p", text);
    if (!told.acts.length) line(about, "p", told.none);
    for (const act of told.acts) {
      line(about, "h3", act.label);
      line(about, "p", act.who);
      const list = line(about, "ul", "");
      for (const text of act.lines) line(list, "li", text);
    }
    for (const part of [told.itself, told.clocks]) {
      if (!part.lines.length) continue;
      line(about, "h3", part.head);
      const list = line(about, "ul", "");
      for (const text of part.lines) line(list, "li", text);
    }
  };
  const spots = [...svg.querySelectorAll(".spot")];
  for (const spot of spots) spot.addEventListener("pointerenter", () => { if (!drag) tell(spot); });
  for (const clock of document.querySelectorAll(".clock")) {
    const names = JSON.parse(clock.dataset.pauses);
    const mark = (on) => {
      for (const spot of spots) spot.classList.toggle("paused", on && names.includes(spot.dataset.name));
    };
    clock.addEventListener("pointerenter", () => mark(true));
    clock.addEventListener("pointerleave", () => mark(false));
  }
  const box = sheet.getBoundingClientRect(), scale = Math.min(box.width / first[2], box.height / first[3]);
  const active = svg.querySelector(".spot rect.active:not(.group):not(.parallel)");
  if (active) tell(active.parentNode);
  if (scale < 0.7) {
    const at = active ? active.getBBox() : { x: 0, y: 0, width: first[2], height: 0 };
    const shift = active ? svg.querySelector("g[transform]").transform.baseVal.consolidate().matrix : { e: 0, f: 0 };
    const width = box.width / 0.8, height = box.height / 0.8;
    view = [at.x + shift.e + at.width / 2 - width / 2, active ? at.y + shift.f - height / 2 : 0, width, height];
    show();
  }
})();
""".strip()
