"""`convert`: a chart from elsewhere as a process, or a process as a drawing or a chart for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.writing import desk_in, small_desk
from engine.cli.designing.definitions import meant_definition
from engine.cli.exits import Exit
from engine.cli.file_trouble import decoded
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.translate import _, later
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.conversion.drawn import Drawn, Unsaid
    from engine.conversion.written import Written
    from engine.model import ProcessDefinition

FORMS = ("bpmn", "scxml", "xstate")
_CARRIED = {
    "process": later("carried along unread, of the process: {keys}"),
    "states": later("carried along unread, of states: {keys}"),
    "actions": later("carried along unread, of actions: {keys}"),
    "timers": later("carried along unread, of timers: {keys}"),
}
_SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers", ".et")
_SUFFIXES = {".scxml": "scxml", ".xml": "scxml", ".json": "xstate", ".csv": "table"}


def convert_command() -> Command:
    """Build `convert`."""
    return plain_command(
        "convert",
        run_convert,
        help=_(
            "Write a chart from elsewhere as a process: SCXML, an XState machine as JSON, or a table of "
            "state,event,target. With --to the other way: a process as a BPMN diagram, as SCXML or for XState. What "
            "the other side cannot say is named, never dropped."
        ),
        examples=(
            "casewright convert light.scxml -o processes/light.yaml",
            "casewright convert steps.csv --from table",
            "casewright convert repair --to bpmn -o repair.bpmn --lang zh",
        ),
        params=[
            click.Argument(["file"], metavar=_("FILE|PROCESS")),
            click.Option(["--to"], type=click.Choice(FORMS), help=_("Write a process for other programs.")),
            click.Option(
                ["--from", "kind"],
                type=click.Choice(["scxml", "xstate", "table"]),
                help=_("What the file is; unsaid, by its ending."),
            ),
            output_option(_("The file to write; unsaid, it is printed.")),
            force_option(),
        ],
    )


def run_convert(streams: Streams, args: Args) -> int:
    """Write a chart as a process, or a process as a chart, and name what is lost."""
    if args.to is not None and args.kind is not None:
        raise UsageError(_("a file is converted one way: --from or --to"))
    if args.to is not None:
        return _run_export(streams, args)
    if not Path(args.file).is_file():
        raise UsageError(_("there is no file `{file}`").format(file=args.file))
    return _run_import(streams, args, Path(args.file))


def _run_import(streams: Streams, args: Args, file: Path) -> int:
    """Write a chart as a process; beside it a small desk where there is none."""
    from engine.conversion.drawn import Misread

    out: Path | None = args.output
    refuse_existing(out, is_forced=args.force)
    name, title = _called(file, out)
    desk = (out.parent if out is not None else args.settings.folder) / "desk.yaml"
    is_first = out is not None and not desk.exists()
    try:
        known = desk.read_bytes() if desk.exists() else small_desk(streams.language).encode() if is_first else b""
        made = _made(_read(file, args.kind), (name, title), known)
    except Misread as error:
        problem = said_again(str(error))
        raise UsageError(_("`{file}` cannot be read: {problem}").format(file=file, problem=problem)) from error
    text = "".join(f"# {_unsaid_note(one)}\n" for one in made.unsaid) + made.yaml
    files = {} if out is None else {out: text}
    if is_first:
        files[desk] = small_desk(streams.language, made.roles)
    if streams.is_json:
        streams.give({"process": name, "yaml": text, "unsaid": _unsaid_document(made.unsaid)})
    elif out is None:
        streams.say(text.rstrip("\n"))
    _write(files)
    _tell_unsaid(streams, made.unsaid)
    _say_written(streams, files)
    if out is not None and not streams.is_json:
        streams.tell(_("next: {command}").format(command=f"casewright play {out}"))
    return Exit.FAILED if made.unsaid else Exit.DONE


def _write(files: Mapping[Path, str]) -> None:
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _say_written(streams: Streams, files: Iterable[Path]) -> None:
    for file in () if streams.is_json else files:
        streams.say(_("wrote {file}").format(file=file))


def _tell_unsaid(streams: Streams, unsaid: Iterable[Unsaid]) -> None:
    for one in unsaid:
        streams.tell(_unsaid_note(one))


def _unsaid_document(unsaid: Iterable[Unsaid]) -> list[dict[str, Any]]:
    return [{"line": one.line or None, "what": one.what} for one in unsaid]


def _called(file: Path, out: Path | None) -> tuple[str, str]:
    """The name of a process by that of its file, and what people call it where the name does not say it."""
    from engine.conversion.naming import typable

    name = typable((out or file).stem)
    name = name if name[:1].isalpha() else f"p_{name}".rstrip("_")
    if out is not None and out.stem != name:
        text = _("a process has a name of small letters, digits and `_`, and its file the same: not `{file}`")
        raise UsageError(text.format(file=out), help=_("say `-o {file}`").format(file=out.with_stem(name)))
    return name, "" if file.stem.isascii() else file.stem


def _unsaid_note(one: Unsaid) -> str:
    place = _("line {line}: ").format(line=one.line) if one.line else ""
    return _("{place}not converted: {what}").format(place=place, what=said_again(one.what))


def _read(file: Path, form: str | None) -> Drawn:
    from engine.conversion.scxml import read_scxml
    from engine.conversion.table import read_table
    from engine.conversion.xstate import read_xstate
    from engine.lang.source import MAX_BYTES
    from engine.resources import read_bounded

    readers: Mapping[str, Callable[[str], Drawn]] = {"scxml": read_scxml, "xstate": read_xstate, "table": read_table}
    kind = form or _SUFFIXES.get(file.suffix.lower())
    if kind is None:
        if file.suffix.lower() in _SPREADSHEETS:
            mend = _("save its sheet as `CSV UTF-8`, with the columns state,event,target, and convert that")
            raise UsageError(_("`{file}` is a spreadsheet").format(file=file), help=mend)
        raise UsageError(_("say what `{file}` is: --from scxml, xstate or table").format(file=file))
    content = read_bounded(file, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(_("`{file}` is too large for a chart").format(file=file))
    return readers[kind](decoded(content, file))


def _made(drawn: Drawn, called: tuple[str, str], desk: bytes) -> Written:
    from engine.conversion.written import Wanted, written

    if not desk:
        return written(drawn, Wanted(called[0], title=called[1]))
    known = desk_in(desk)
    return written(drawn, Wanted(called[0], tuple(known.languages), known.roles["agent"], called[1]))


def _run_export(streams: Streams, args: Args) -> int:
    """Write a process for other programs; name what they do not understand, and what they would do otherwise."""
    out: Path | None = args.output
    refuse_existing(out, is_forced=args.force)
    definition = meant_definition(streams, args.settings, args.file)
    if definition is None:
        return Exit.FAILED
    from engine.conversion.carried import counted

    text, unsaid = _exported(definition, args.to, streams.language)
    carried = counted(definition)
    files = {} if out is None else {out: text}
    if streams.is_json:
        document = {"process": definition.process, "form": args.to, "text": text}
        streams.give({**document, "unsaid": _unsaid_document(unsaid), "carried": carried})
    elif out is None:
        streams.out.write(text)
    _write(files)
    _tell_unsaid(streams, unsaid)
    for kind, keys in carried.items():
        streams.tell(_(_CARRIED[kind]).format(keys=keys))
    _say_written(streams, files)
    return Exit.FAILED if unsaid else Exit.DONE


def _exported(definition: ProcessDefinition, form: str, language: str) -> tuple[str, Sequence[Unsaid]]:
    if form == "bpmn":
        from engine.conversion.write_bpmn import bpmn_of, undrawn

        return bpmn_of(definition, language), undrawn(definition)
    from engine.conversion.exported import exported
    from engine.conversion.write_scxml import scxml_of
    from engine.conversion.write_xstate import xstate_of

    chart = exported(definition)
    return (scxml_of if form == "scxml" else xstate_of)(chart), chart.unsaid
