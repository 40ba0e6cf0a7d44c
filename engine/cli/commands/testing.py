"""`test`: the scenarios of processes on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.coverage_page import ITEMS, KINDS, coverage_page
from engine.cli.designing.findings import write_findings
from engine.cli.designing.folder import Checked, checked_paths, need_process
from engine.cli.designing.generated import generate
from engine.cli.exits import Exit
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import ProcessPath
from engine.cli.reader import harmless
from engine.cli.said import said_in_words
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed, phrased, plural
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.core.plan import Library
    from engine.model import ProcessDefinition
    from engine.scenarios import Coverage, Outcome, Script
    from engine.scenarios.mutants import Mutant


def test_command() -> Command:
    """Build `test`."""
    return plain_command(
        "test",
        run_test,
        help=_(
            "Run the scenarios of processes: NAME.scenarios.yaml beside NAME.yaml, on a virtual clock, so that days "
            "pass in no time. With --coverage, say what no scenario has seen. With --mutate, change the process in one "
            "place after the other – leave out a guard, shift a time, swap a role – and name the changes that no "
            "scenario notices, each with the scenario that is missing. With --generate, look for ways to what no "
            "scenario has seen, and propose them as scenarios that pass."
        ),
        examples=(
            "casewright test",
            "casewright test processes/repair.yaml --coverage --floor 95 --html coverage.html",
            "casewright test processes/repair.yaml --mutate",
            "casewright test processes/repair.yaml --generate -o processes/repair.more.scenarios.yaml",
        ),
        params=[
            click.Argument(["paths"], nargs=-1, type=ProcessPath(), metavar=_("[PATH]…")),
            click.Option(["--coverage"], is_flag=True, help=_("Say what no scenario has seen; 100 % passes.")),
            click.Option(
                ["--floor"],
                type=click.FloatRange(0, 100),
                metavar=_("PERCENT"),
                help=_("With this much coverage it passes."),
            ),
            click.Option(
                ["--html"], type=click.Path(dir_okay=False, path_type=Path), help=_("Write the coverage as one page.")
            ),
            click.Option(["--mutate"], is_flag=True, help=_("Name the changes that no scenario notices.")),
            click.Option(
                ["--generate"],
                is_flag=True,
                help=_("Propose scenarios that reach what none has seen, and name what stays out of reach, and why."),
            ),
            click.Option(
                ["--tries"], type=click.IntRange(1, 1_000_000), metavar=_("COUNT"), help=_("How much --generate tries.")
            ),
            output_option(_("Write the proposed scenarios into this file.")),
            force_option(),
            click.Option(["-k", "name"], metavar=_("TEXT"), help=_("Only scenarios whose name holds this.")),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    """The scenarios of one process, run."""

    process: str
    outcomes: Sequence[Outcome]
    coverage: Coverage | None
    survivors: Sequence[Mutant] | None = None

    @property
    def failed(self) -> int:
        return sum(1 for outcome in self.outcomes if outcome.failure is not None)


def run_test(streams: Streams, args: Args) -> int:
    """Run scenarios."""
    refuse_existing(args.html, is_forced=args.force)
    paths = args.paths or (args.settings.folder,)
    checked = checked_paths(paths)
    need_process(checked, paths)
    if checked.errors:
        write_findings(streams, checked, "json" if streams.is_json else "text")
        return Exit.FAILED
    if args.generate:
        _add_neighbours(checked, args.paths)
        return generate(streams, args, checked)
    _need_scenarios(checked, args.name)
    _add_neighbours(checked, args.paths)
    tested = list(_run_all(checked, args, streams.language))
    if streams.is_json:
        streams.give(_document(tested))
    else:
        _say(streams, tested)
        _say_untested(streams, checked, args.paths)
    if args.html is not None:
        seen = [(one.process, one.coverage) for one in tested if one.coverage is not None]
        args.html.write_text(coverage_page(seen, streams.language), "utf-8")
        streams.tell(_("written to {file}").format(file=args.html))
    floor = 1 if args.floor is None else args.floor / 100
    passes = all(not one.failed and not one.survivors and _reaches(one.coverage, floor) for one in tested)
    return Exit.DONE if passes else Exit.FAILED


def _say_untested(streams: Streams, checked: Checked, paths: Sequence[Path]) -> None:
    """Name the processes of the folders tested that have no scenario: nothing is known of them."""
    asked = {path.stem for path in paths if path.is_file()}
    tested = {script.process for script in checked.scripts.values()}
    untested = [name for name in checked.definitions if name not in tested and (not asked or name in asked)]
    if untested:
        streams.tell(
            _("no scenarios: {names}; `{command}` proposes some").format(
                names=listed(untested), command=f"casewright test {untested[0]} --generate"
            )
        )


def _need_scenarios(checked: Checked, part: str | None) -> None:
    """Refuse to test nothing: there is no scenario, or none whose name holds what was asked for."""
    if not checked.scripts:
        raise NotFound(
            _("there are no scenarios here"),
            help=_("they stand in NAME.scenarios.yaml beside NAME.yaml; `casewright test --generate` proposes some"),
        )
    names = [one.name for script in checked.scripts.values() for one in script.scenarios]
    if part is not None and not any(part in name for name in names):
        raise UsageError(
            _("no scenario matches `{text}`").format(text=part), help=_("-k takes a part of a scenario's name")
        )


def _reaches(coverage: Coverage | None, floor: float) -> bool:
    return coverage is None or coverage.share >= floor


def _add_neighbours(checked: Checked, paths: Sequence[Path]) -> None:
    """Let a process tested alone open cases of the others in its folder; what is wrong with those is not asked."""
    for folder in {path.parent for path in paths if path.is_file()}:
        for name, definition in checked_paths([folder]).definitions.items():
            checked.definitions.setdefault(name, definition)


def _run_all(checked: Checked, args: Args, language: str) -> Iterator[_Tested]:
    """Run what there is of each process, in whatever files it stands: together it covers and notices."""
    from engine.core.plan import library_in_memory
    from engine.scenarios import coverage_of, play

    name, has_coverage = args.name, args.coverage or args.floor is not None or args.html is not None
    library = library_in_memory(checked.definitions.values())
    for process, scripts in _by_process(checked).items():
        plan = library.newest(process, 0)
        assert plan is not None
        outcomes = [
            _again(play(one, script, library, language))
            for script in scripts for one in script.scenarios if name is None or name in one.name
        ]  # fmt: skip
        coverage = coverage_of(plan, outcomes) if has_coverage else None
        passed = not any(outcome.failure for outcome in outcomes)  # where one fails, every mutant is noticed
        survivors = _survivors(plan.definition, scripts, library) if args.mutate and passed else None
        yield _Tested(process=process, outcomes=outcomes, coverage=coverage, survivors=survivors)


def _by_process(checked: Checked) -> dict[str, list[Script]]:
    found: dict[str, list[Script]] = {}
    for path, script in checked.scripts.items():
        if script.process not in checked.definitions:
            raise NotFound(_("`{file}`: there is no process `{name}` here").format(file=path, name=script.process))
        found.setdefault(script.process, []).append(script)
    return found


def _again(outcome: Outcome) -> Outcome:
    """Say a failure in the reader's language."""
    if outcome.failure is None:
        return outcome
    return replace(outcome, failure=replace(outcome.failure, message=said_in_words(outcome.failure.message)))


def _survivors(definition: ProcessDefinition, scripts: Sequence[Script], library: Library) -> list[Mutant]:
    from engine.scenarios.survivors import mutants_of, survivors_of

    return list(survivors_of(definition, scripts, library, mutants_of(definition)))


def _say(streams: Streams, tested: Sequence[_Tested]) -> None:
    for one in tested:
        for outcome in one.outcomes:
            if outcome.failure is not None:
                sign = streams.paint(_("FAILED"), "red")
                streams.say(labelled(outcome.failure.place, f"{sign} {outcome.scenario}"))
                streams.say(f"  {harmless(outcome.failure.message)}")
        passed = len(one.outcomes) - one.failed
        counted = [plural("{count} scenario passed", "{count} scenarios passed", passed)]
        if one.failed:
            counted.append(plural("{count} failed", "{count} failed", one.failed))
        streams.say(labelled(one.process, phrased(counted)))
        if one.coverage is not None:
            _say_coverage(streams, one.coverage)
        if one.survivors is not None:
            _say_survivors(streams, one.survivors)


def _say_survivors(streams: Streams, survivors: Sequence[Mutant]) -> None:
    from engine.cli.designing.missing import missing_scenario

    for mutant in survivors:
        streams.say("  " + _("nobody notices: {change}").format(change=harmless(ITEMS.again(mutant.title))))
        streams.say("    " + _("missing: {scenario}").format(scenario=missing_scenario(mutant)))
    if not survivors:
        streams.say("  " + _("every change is noticed"))


def _say_coverage(streams: Streams, coverage: Coverage) -> None:
    for kind, items in coverage.there.items():
        if not items:
            continue
        missing = coverage.missing[kind]
        count = f"{len(items) - len(missing)}/{len(items)}"
        streams.say("  " + labelled(_(KINDS.get(kind, kind)), count))
        for name in missing:
            streams.say(_("    never: {name}").format(name=ITEMS.again(name)))
    streams.say("  " + _("coverage {share:.1%}").format(share=coverage.share))


def _document(tested: Sequence[_Tested]) -> dict[str, object]:
    return {
        "processes": [
            {
                "process": one.process,
                "passed": len(one.outcomes) - one.failed,
                "failed": one.failed,
                "failures": [
                    {
                        "scenario": outcome.scenario,
                        "file": outcome.failure.place.file,
                        "line": outcome.failure.place.line,
                        "message": outcome.failure.message,
                    }
                    for outcome in one.outcomes
                    if outcome.failure is not None
                ],
                "coverage": None if one.coverage is None else _coverage_document(one.coverage),
                "unnoticed": None if one.survivors is None else [mutant.title for mutant in one.survivors],
            }
            for one in tested
        ],
        "passed": sum(len(one.outcomes) - one.failed for one in tested),
        "failed": sum(one.failed for one in tested),
    }


def _coverage_document(coverage: Coverage) -> dict[str, object]:
    total = sum(len(items) for items in coverage.there.values())
    missing = [f"{kind} {name}" for kind, names in coverage.missing.items() for name in names]
    return {"seen": total - len(missing), "all": total, "missing": missing}
