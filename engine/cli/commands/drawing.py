"""`draw`: a process as a picture, of one case with where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.definitions import meant_definition
from engine.cli.exits import Exit
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.tables import wrapped
from engine.cli.translate import _
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.drawing.outline import Item
    from engine.drawing.page import Standing, Told
    from engine.drawing.picture import Picture
    from engine.model import ProcessDefinition
    from engine.views import CaseView, ClockView

FORMS = ("text", "svg", "mmd", "html")


class _Drawn(NamedTuple):
    """What is drawn."""

    definition: ProcessDefinition
    active: tuple[str, ...] = ()
    told: Told | None = None


def draw_command() -> Command:
    """Build `draw`."""
    return plain_command(
        "draw",
        run_draw,
        help=_(
            "Draw a process: as an outline on the screen, as a picture (svg), as Mermaid's text (mmd), or as one page "
            "for a browser, in which one zooms and points at states (html). With --case, the state of a case is marked."
        ),
        examples=(
            "casewright draw repair",
            "casewright draw repair -o repair.svg",
            "casewright draw processes/repair.yaml -o repair.html --lang zh",
            "casewright draw --case R-1042 -o case.html",
        ),
        params=[
            click.Argument(["process"], required=False, metavar=_("[PROCESS|FILE]")),
            click.Option(["--case"], type=CaseId(), metavar=_("CASE"), help=_("Mark where this case stands.")),
            output_option(_("The file to write; its ending says how: .svg, .mmd, .html or .txt.")),
            force_option(),
            click.Option(["--format", "form"], type=click.Choice(FORMS), help=_("How it is drawn, whatever the file.")),
        ],
    )  # fmt: skip


def run_draw(streams: Streams, args: Args) -> int:
    """Draw a process."""
    from engine.drawing.picture import picture_of

    form = args.form or _form_of(args.output)
    refuse_existing(args.output, is_forced=args.force)
    drawn = _drawn(streams, args)
    if drawn is None:
        return Exit.FAILED
    picture = picture_of(drawn.definition, streams.language, drawn.active)
    if streams.is_json:
        streams.give(_document(drawn, picture))
    elif args.output is None and form == "text":
        _write_outline(streams, picture)
        streams.tell()
        explaining = f"casewright explain {drawn.definition.process}"
        streams.tell(_("guards, promises and who may do what, in words: {command}").format(command=explaining))
    elif args.output is None:
        streams.out.write(_text(picture, form, drawn.told))
    else:
        args.output.write_text(_text(picture, form, drawn.told), "utf-8")
        streams.tell(_("wrote {file}").format(file=args.output))
    return Exit.DONE


def _form_of(output: Path | None) -> str:
    """Read from a file's ending how it is to be drawn."""
    ending = ".txt" if output is None else output.suffix.lower()
    forms = {".txt": "text", ".svg": "svg", ".mmd": "mmd", ".mermaid": "mmd", ".html": "html", ".htm": "html"}
    if ending not in forms:
        raise UsageError(
            _("nothing is known of drawing into `{file}`").format(file=output),
            help=_("name a file that ends in .svg, .mmd, .html or .txt, or say --format"),
        )
    return forms[ending]


def _drawn(streams: Streams, args: Args) -> _Drawn | None:
    if args.case is not None:
        return _case_drawn(args, streams)
    if args.process is None:
        raise UsageError(_("it is not said what to draw"), help=_("name a process or its file, or a case by --case"))
    definition = meant_definition(streams, args.settings, args.process)
    return None if definition is None else _Drawn(definition)


def _text(picture: Picture, form: str, told: Told | None) -> str:
    if form == "mmd":
        from engine.drawing.mermaid import mermaid_of

        return mermaid_of(picture)
    if form == "text":
        return "\n".join(line for item in _outline(picture) for line, _item in _lines(item, 100)) + "\n"
    if form == "html":
        from engine.drawing.page import page_of

        return page_of(picture, told)
    from engine.drawing.layout import placed
    from engine.drawing.svg import svg_of

    return svg_of(placed(picture))


# -- one case ----------------------------------------------------------------------------------------------------------


def _case_drawn(args: Args, streams: Streams) -> _Drawn:
    from engine.app import Engine
    from engine.cli.answer import definition_of, reader_of
    from engine.cli.reader import harmless
    from engine.cli.render import reason_line, state_labels
    from engine.drawing.page import Told

    actor = args.settings.actor
    with Engine.open(args.settings.database) as engine:
        view = engine.case(args.case, actor=actor)
        if args.process not in (None, view.process):
            raise UsageError(
                _("`{case}` is a case of `{process}`").format(case=view.id, process=view.process),
                help=_("leave the process out: the case says which it is"),
            )
        definition = definition_of(engine, view)
        reader = reader_of(streams, engine, definition)
        offers = engine.allowed(view.id, actor=actor)
        promises = {name: _standing(streams, clock) for name, clock in view.clocks.items() if clock.started_at}
        heading = f"{view.id} · {reader.said(view.label, view.process)} · {state_labels(reader, definition, view)}"
        told = Told(
            heading=harmless(heading),
            promises=promises,
            offers=tuple((reader.said(one.label, one.action), reason_line(reader, one.reasons)) for one in offers),
        )
    return _Drawn(definition, _places(view), told)


def _places(view: CaseView) -> tuple[str, ...]:
    return tuple(view.position)


def _standing(streams: Streams, clock: ClockView) -> Standing:
    from engine.cli.pages import STATUSES
    from engine.drawing.page import Standing

    whole = clock.used + (clock.remaining or 0)
    is_late = clock.breached_at is not None
    share = clock.used / whole if clock.remaining is not None and whole > 0 else 1.15 if is_late else 1.0
    return Standing(share=min(max(share, 1.05 if is_late else 0.0), 2.0), said=_(STATUSES[clock.status]))


# -- on the screen -----------------------------------------------------------------------------------------------------


def _outline(picture: Picture) -> list[Item]:
    from engine.drawing.outline import outline_of

    return list(outline_of(picture))


def _write_outline(streams: Streams, picture: Picture) -> None:
    for item in _outline(picture):
        if item.kind in ("spot", "gate") and not item.depth:
            streams.say()
        for line, is_first in _lines(item, streams.width):
            colour = "yellow" if item.is_active else "bold" if item.kind in ("title", "spot") and is_first else ""
            streams.say(streams.paint(line, colour))


def _lines(item: Item, width: int) -> list[tuple[str, bool]]:
    """Break one item of an outline; what is continued begins under its text."""
    indent = "  " * item.depth + (f"{item.sign} " if item.sign else "")
    lines = wrapped(item.text, min(width, 100) - len(indent))
    return [
        (indent + line if not number else " " * len(indent) + line, not number) for number, line in enumerate(lines)
    ]


def _document(drawn: _Drawn, picture: Picture) -> dict[str, object]:
    """Describe a picture for machines."""
    return {
        "process": drawn.definition.process,
        "version": drawn.definition.version,
        "title": picture.title,
        "spots": [
            {
                "name": spot.name, "kind": spot.kind, "label": spot.label, "lines": list(spot.lines),
                "inside": spot.parent or None, "active": spot.is_active,
            }
            for spot in picture.spots
        ],
        "ways": [
            {"from": way.source, "to": way.target, "kind": way.kind, "labels": list(way.labels)}
            for way in picture.ways
        ],
    }  # fmt: skip
