"""`simulate`: what a process would come to with so many cases, and so many people at these hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.editing import known_to_editors
from engine.cli.designing.definitions import file_meant, meant_definition
from engine.cli.designing.findings import findings_document
from engine.cli.designing.folder import Checked, checked_paths, nothing_collected, sources_of
from engine.cli.exits import Exit
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.reports.simulated import Told, simulation_document, write_simulation
from engine.cli.said import findings_again, told_findings
from engine.cli.streams import Streams
from engine.cli.translate import _, plural
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.model import ProcessDefinition
    from engine.simulation.assumptions import Assumptions
    from engine.simulation.reading import Wanted
    from engine.simulation.run import Variant


def simulate_command() -> Command:
    """Build `simulate`."""
    file = click.Path(dir_okay=False, path_type=Path)
    return plain_command(
        "simulate",
        run_simulate,
        help=_(
            "Predict what a process comes to: how promises are kept, how long work waits for whom, how busy people are "
            "over a day. A file says when cases come, what people do with them, how long it takes, and who is there "
            "when. Two processes, or several rosters, are compared with the same cases and the same luck."
        ),
        examples=(
            "casewright simulate repair --sample -o day.yaml",
            "casewright simulate repair --assume day.yaml",
            "casewright simulate repair --assume day.yaml --roster more.yaml --roster fewer.yaml -o page.html",
            "casewright simulate repair@1 processes/repair.yaml --assume day.yaml --days 30 --seed 7",
            "casewright simulate repair --assume day.yaml --runs 20",
        ),
        params=[
            click.Argument(["processes"], nargs=-1, required=True, metavar=_("PROCESS…")),
            click.Option(
                ["--assume", "assume"], type=file, metavar=_("FILE"),
                help=_("What is assumed (schemas/simulation.schema.json)."),
            ),
            click.Option(
                ["--roster", "rosters"], type=file, multiple=True, metavar=_("FILE"),
                help=_("Another roster instead; each given is played."),
            ),
            click.Option(
                ["--arrivals"], type=file, metavar=_("FILE"),
                help=_("Other arrivals instead; a CSV file is the past, its column `opened_at`."),
            ),
            click.Option(["--days"], type=click.IntRange(1, 3660), help=_("How many days.")),
            click.Option(["--seed"], type=int, default=1, help=_("Which lots are drawn.")),
            click.Option(
                ["--runs"], type=click.IntRange(1, 10_000), default=1,
                help=_("How many times the days are played, each time with other lots."),
            ),
            click.Option(
                ["--jobs"], type=click.IntRange(1, 256),
                help=_("How many processes share the work; unsaid, as many as there are processors."),
            ),
            click.Option(
                ["--sample"], is_flag=True,
                help=_("Write assumptions to begin with, full of guesses, instead of playing any."),
            ),
            output_option(_("Write a page with pictures, for a browser; with --sample the assumptions.")),
            force_option(),
        ],
    )  # fmt: skip


class _Wrong(Exception):
    """A file has errors."""

    def __init__(self, checked: Checked) -> None:
        super().__init__()
        self.checked = checked


def run_simulate(streams: Streams, args: Args) -> int:
    """Play every variant, and say what each has shown."""
    refuse_existing(args.output, is_forced=args.force)
    from engine.app.proof.crew import processors
    from engine.simulation.together import simulate

    definitions = [meant_definition(streams, args.settings, text) for text in args.processes]
    known = [one for one in definitions if one is not None]
    if len(known) < len(definitions):
        return Exit.FAILED
    if args.sample:
        return _write_sample(streams, args, known)
    if args.assume is None:
        mend = _("`--assume FILE` says what is; `--sample` writes such a file")
        raise UsageError(_("nothing is assumed yet"), help=mend)
    try:
        variants = list(_variants(args, known))
    except _Wrong as wrong:
        return _write_findings(streams, wrong.checked)
    progress = streams.progress(_("simulating"))
    with nothing_collected():
        played = simulate(variants, args.runs, args.jobs or processors(), progress)
    told = Told(known[0], played, variants[0].assumed.since, streams)
    if streams.is_json:
        streams.give(simulation_document(told))
    else:
        write_simulation(told)
    if args.output is not None:
        from engine.cli.reports.simulation_page import simulation_page

        args.output.write_text(simulation_page(told), "utf-8")
        streams.tell(_("wrote {file}").format(file=args.output))
    return Exit.DONE


def _write_sample(streams: Streams, args: Args, definitions: Sequence[ProcessDefinition]) -> int:
    """Write assumptions to begin with."""
    from engine.simulation.sample import Comments, sample

    if len(definitions) > 1:
        raise UsageError(_("assumptions are about one process"), help=_("name one"))
    comments = Comments(
        top=_("Guesses, to be replaced by what is known: how many cases come, how long work takes, who is there when."),
        arrivals=_("at random, while the process's calendar is open; or `past: FILE.csv`"),
        actions=_("of several possible in a state one is chosen by its chance; one that is not named never happens"),
    )
    text = known_to_editors(
        sample(definitions[0], comments), "simulation", args.output or Path("x"), args.settings.folder
    )
    if args.output is not None:
        args.output.write_text(text, "utf-8")
        streams.say(_("wrote {file}").format(file=args.output))
    elif streams.is_json:
        streams.give({"process": definitions[0].process, "assumptions": text})
    else:
        streams.out.write(text)
    return Exit.DONE


def _write_findings(streams: Streams, checked: Checked) -> int:
    if streams.is_json:
        streams.give(findings_document(checked, findings_again(checked.findings)))
    else:
        streams.say(told_findings(checked.findings, checked.texts))
        streams.tell(
            plural("{count} error: nothing was simulated", "{count} errors: nothing was simulated", checked.errors)
        )
    return Exit.FAILED


# -- variants ----------------------------------------------------------------------------------------------------------


def _variants(args: Args, definitions: Sequence[ProcessDefinition]) -> Iterator[Variant]:
    """Every process with every roster."""
    from engine.core.plan import library_in_memory
    from engine.simulation.run import Variant

    if len({one.process for one in definitions}) > 1:
        raise UsageError(_("processes that are compared are versions of one"), help=_("simulate each by itself"))
    names = _named(args.rosters)
    for text, definition in zip(args.processes, definitions, strict=True):
        library = library_in_memory({**_beside(args, text), definition.process: definition}.values())
        wanted = _wanted(args, text, definition)
        assumed = _assumed(args, wanted)
        for roster in args.rosters or [None]:
            played = assumed if roster is None else replace(assumed, teams=_part(roster, wanted, "roster").teams)
            version = str(text) if len(definitions) > 1 else ""
            title = " · ".join(part for part in (version, names[roster] if roster is not None else "") if part)
            yield Variant(title=title, library=library, assumed=played, seed=args.seed)


def _named(rosters: Sequence[Path]) -> dict[Path, str]:
    """What each roster is called: its file, and where others are called so too, its path."""
    stems = Counter(roster.stem for roster in rosters)
    if twice := [roster for roster, count in Counter(rosters).items() if count > 1]:
        raise UsageError(_("the roster `{file}` is given twice").format(file=twice[0]), help=_("give each once"))
    return {roster: roster.stem if stems[roster.stem] == 1 else roster.as_posix() for roster in rosters}


def _beside(args: Args, text: str) -> dict[str, ProcessDefinition]:
    """The processes in the same folder, which this one may open."""
    folder = _folder(args, text)
    return checked_paths([folder]).definitions if folder.is_dir() else {}


def _folder(args: Args, text: str) -> Path:
    path = file_meant(args.settings, text)
    return path.parent if path is not None else args.settings.folder


def _wanted(args: Args, text: str, definition: ProcessDefinition) -> Wanted:
    """A process that is simulated, with every calendar of its desk: people come by any of them."""
    from engine.lang.calendar_files import sound_calendars
    from engine.simulation.reading import Wanted

    folder = _folder(args, text)
    calendars = sound_calendars(sources_of(folder, Checked())) if folder.is_dir() else {}
    return Wanted(definition, lambda name: name, calendars=calendars)


def _assumed(args: Args, wanted: Wanted) -> Assumptions:
    from engine.simulation.reading import EVERYTHING

    replaced = {"arrivals": args.arrivals is not None, "roster": bool(args.rosters)}
    assumed = _part(args.assume, wanted, *(part for part in EVERYTHING if not replaced.get(part)))
    if args.arrivals is not None:
        assumed = replace(assumed, arrivals=_part(args.arrivals, wanted, "arrivals").arrivals)
    return assumed if args.days is None else replace(assumed, days=args.days)


def _part(file: Path, wanted: Wanted, *parts: str) -> Assumptions:
    """What a file assumes of these parts; raises `_Wrong` where it has errors."""
    return _read(file, replace(wanted, beside=lambda name: _text_beside(file, name), parts=parts))


def _read(file: Path, wanted: Wanted) -> Assumptions:
    from engine.lang.source import MAX_BYTES
    from engine.resources import read_bounded
    from engine.simulation.reading import read_assumptions

    if not file.is_file():
        raise NotFound(_("there is no file `{file}`").format(file=file))
    content = read_bounded(file, MAX_BYTES)
    if file.suffix.lower() == ".csv":
        content = dumps({"arrivals": [{"past": file.name}]}).encode()
    found = read_assumptions(content, file.as_posix(), wanted)
    if found.said is None:
        raise _Wrong(Checked(findings=list(found.findings), texts=dict(found.texts)))
    return found.said


def _text_beside(file: Path, name: str) -> str:
    """Read a file of the same folder; no name leads out of it."""
    from engine.resources import read_bounded

    most = 50_000_000
    beside = file.parent / name
    if Path(name).name != name or not beside.is_file():
        raise FileNotFoundError(_("there is no such file in {folder}").format(folder=file.parent))
    content = read_bounded(beside, most)
    if len(content) > most:
        raise OSError(_("it has more than 50 MB"))
    return content.decode("utf-8-sig")
