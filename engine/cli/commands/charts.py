"""`convert` and `play`: a chart from elsewhere as a process or the other way, and a process acted on in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.converting import FORMS, run_export
from engine.cli.commands.writing import desk_in, small_desk
from engine.cli.designing.definitions import checked_definition
from engine.cli.designing.folder import checked_paths
from engine.cli.designing.rounds import Round
from engine.cli.exits import Exit
from engine.cli.file_trouble import decoded
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import ProcessPath
from engine.cli.reader import harmless
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.translate import _, listed
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.conversion.drawn import Drawn, Unsaid
    from engine.conversion.written import Written

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
        return run_export(streams, args)
    if not Path(args.file).is_file():
        raise UsageError(_("there is no file `{file}`").format(file=args.file))
    return _run_import(streams, args, Path(args.file))


def _run_import(streams: Streams, args: Args, file: Path) -> int:
    from engine.conversion.drawn import Misread

    out: Path | None = args.output
    refuse_existing(out, is_forced=args.force)
    called = _called(file, out)
    desk = (out.parent if out is not None else args.settings.folder) / "desk.yaml"
    shared = None if desk.exists() or out is None else small_desk(streams.language)
    try:
        shown = desk.read_bytes() if desk.exists() else (shared or "").encode()
        made = _made(_read(file, args.kind), called, shown)
    except Misread as error:
        problem = said_again(str(error))
        raise UsageError(_("`{file}` cannot be read: {problem}").format(file=file, problem=problem)) from error
    if shared is not None:
        shared = small_desk(streams.language, made.roles)
    notes = [_unsaid_note(one) for one in made.unsaid]
    text = "".join(f"# {note}\n" for note in notes) + made.yaml
    if streams.is_json:
        unsaid = [{"line": one.line or None, "what": one.what} for one in made.unsaid]
        streams.give({"process": called[0], "yaml": text, "unsaid": unsaid})
    elif out is None:
        streams.say(text.rstrip("\n"))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")
    if shared is not None:
        desk.write_text(shared, "utf-8")
    for note in notes:
        streams.tell(note)
    if out is not None and not streams.is_json:
        for written in (out, *([desk] if shared is not None else [])):
            streams.say(_("wrote {file}").format(file=written))
        streams.tell(_("next: {command}").format(command=f"casewright play {out}"))
    return Exit.FAILED if made.unsaid else Exit.DONE


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


def play_command() -> Command:
    """Build `play`."""
    return plain_command(
        "play",
        run_play,
        help=_(
            "Act on a process in memory, by hand or line by line from standard input; the active states are printed "
            "after each line. A line is an action with its fields, `wait 15m`, or `open` with fields; `as role:person` "
            "at its end says who, on a line of its own who from then on."
        ),
        examples=("casewright play repair", "echo 'take note=first' | casewright play processes/job.yaml"),
        params=[click.Argument(["path"], type=ProcessPath(), metavar=_("FILE"))],
    )


def run_play(streams: Streams, args: Args) -> int:
    """Play a process; what is wrong with its file comes first."""
    definition = checked_definition(streams, args.path)
    if definition is None:
        return Exit.FAILED
    beside = checked_paths([args.path.parent]).definitions
    played = Round(definition, {**beside, definition.process: definition}, streams.language)
    is_refused = False
    for line in _lines(streams, played):
        answer = played.line(line)
        is_refused = is_refused or bool(answer.refused or answer.cut)
        if streams.is_json:
            streams.give_line({"line": line, "state": list(answer.states), "refused": [*answer.refused, *answer.cut]})
            continue
        streams.say(" + ".join(answer.states) or "–")
        for why in (*answer.refused, *answer.cut):
            streams.tell(harmless(why))
    return Exit.REFUSED if is_refused else Exit.DONE


def _how() -> str:
    return _(
        "a line is an action, its answers behind it as `name=value`; `wait 15m` lets time pass, `as role:person` "
        "says who acts, `quit` ends"
    )


def _lines(streams: Streams, played: Round) -> Iterator[str]:
    """What is typed, line by line; on a terminal with what is possible, and a word to ask for help and to leave by."""
    if streams.may_ask:
        streams.tell(_how())
    while True:
        if streams.may_ask:
            streams.tell(_("possible: {names}").format(names=listed(played.possible())))
            streams.err.write("> ")
            streams.err.flush()
        line = streams.into.readline()
        word = line.strip()
        if not line or (word in ("quit", "exit") and word not in played.possible()):
            return
        if word in ("help", "?") and word not in played.possible():
            streams.tell(_how())
            continue
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()
