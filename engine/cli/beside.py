"""What `interrupt` and `correct` have in common: a preview, a declaration, what was declared, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from engine.cli.adjusted import (
    Called,
    adjustment_document,
    adjustment_line,
    change_document,
    write_adjustments,
    write_changes,
)
from engine.cli.answer import reader_of
from engine.cli.command import Args
from engine.cli.exits import Exit
from engine.cli.prompts import confirm
from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.translate import _, later, plural
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import AdjustedCycle, Correction, Declared, Engine, Interruption
    from engine.core.promises.adjustments import Adjustment, Kind

COMMANDS: Mapping[str, str] = {"interruption": "interrupt", "correction": "correct"}

_NOTHING: Mapping[str, str] = {
    "interruption": later("no promise was running then: nothing would change"),
    "correction": later("no promise that began then would change"),
}


def said_options() -> list[click.Parameter]:
    """Build the options that say why, and who approved it."""
    return [
        click.Option(["--reason"], required=True, metavar=_("TEXT"), help=_("Why; it stands in every case's record.")),
        click.Option(
            ["--approver"], required=True, metavar=_("PERSON"), help=_("Who approved it: somebody else than you.")
        ),
    ]


def yes_option() -> click.Option:
    """Build `--yes`."""
    return click.Option(["--yes"], is_flag=True, help=_("Declare it; without this, only the preview is shown."))


def declare(streams: Streams, engine: Engine, asked: Interruption | Correction, args: Args) -> int:
    """Show a preview of what would change, and declare it where that was said."""
    from engine.app import Interruption
    from engine.app.adjustments.declaring import kind_of

    actor, reader, kind = args.settings.actor, reader_of(streams, engine), kind_of(asked)
    changes = engine.preview(asked, actor=actor, progress=streams.progress(_("reading")))
    if not streams.is_json:
        _write_preview(streams, reader, engine, changes, kind)
    if not changes or not _is_sure(streams, args):
        if streams.is_json:
            streams.give(_document(reader, kind, "preview", None, changes))
        return Exit.DONE
    progress = streams.progress(_("declaring"))
    if isinstance(asked, Interruption):
        declared = engine.interrupt(asked, actor=actor, progress=progress)
    else:
        declared = engine.correct(asked, actor=actor, progress=progress)
    if declared is None:  # what was previewed is gone meanwhile
        streams.tell(_(_NOTHING[kind]))
        return Exit.DONE
    return _told(streams, engine, declared, "declared")


def _is_sure(streams: Streams, args: Args) -> bool:
    """Whether it is to be declared: said so, or asked and answered."""
    if args.yes:
        return True
    if not streams.may_ask or getattr(args, "preview", False):
        streams.tell(_("nothing was declared; --yes declares it"))
        return False
    confirm(_("Declare it?"))
    return True


def _write_preview(
    streams: Streams, reader: Reader, engine: Engine, changes: Sequence[AdjustedCycle], kind: Kind
) -> None:
    if not changes:
        streams.tell(_(_NOTHING[kind]))
        return
    write_changes(streams, reader, changes, _calls(reader, engine))
    cases = len({change.case for change in changes})
    others = sum(1 for change in changes if change.before.status != change.after.status)
    streams.tell(
        _("{cases}; results that would change: {count}").format(
            cases=plural("{count} case affected", "{count} cases affected", cases), count=others
        )
    )


def _calls(reader: Reader, engine: Engine) -> Called:
    def called(change: AdjustedCycle) -> str:
        clock = engine.definition(change.process, change.version).clocks[change.clock]
        return reader.called(change.clock, clock.label)

    return called


def _told(streams: Streams, engine: Engine, declared: Declared, status: str) -> int:
    reader, one = reader_of(streams, engine), declared.adjustment
    if streams.is_json:
        _one, changes = engine.adjustment(one.id)
        streams.give(_document(reader, one.kind, status, declared, changes))
    else:
        streams.say(adjustment_line(reader, one))
        streams.say(plural("{count} case has it on record", "{count} cases have it on record", len(declared.cases)))
    for case, why in declared.failed:
        streams.tell(_("{case}: not done: {why}").format(case=case, why=why))
    return Exit.FAILED if declared.failed else Exit.DONE


def _document(
    reader: Reader, kind: Kind, status: str, declared: Declared | None, changes: Sequence[AdjustedCycle]
) -> dict[str, object]:
    failed = () if declared is None else declared.failed
    return {
        "status": status,
        kind: None if declared is None else adjustment_document(reader, declared.adjustment),
        "changes": [change_document(reader, change) for change in changes],
        "failed": [{"case": case, "message": why} for case, why in failed],
    }


def run_list(kind: Kind, streams: Streams, engine: Engine, args: Args) -> int:
    """List what was declared of one kind."""
    found, reader = [one for one in engine.adjustments() if one.kind == kind], reader_of(streams, engine)
    if streams.is_json:
        streams.give({f"{kind}s": [adjustment_document(reader, one) for one in found]})
    elif found:
        write_adjustments(streams, reader, found, kind)
    else:
        streams.tell(_("nothing was declared"))
    return Exit.DONE


def run_show(kind: Kind, streams: Streams, engine: Engine, args: Args) -> int:
    """Show one of a kind and what stands beside the record by it."""
    _check_kind(engine, kind, args.adjustment)
    found, changes = engine.adjustment(args.adjustment, actor=args.settings.actor)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(
            {
                kind: adjustment_document(reader, found),
                "changes": [change_document(reader, change) for change in changes],
            }
        )
        return Exit.DONE
    streams.say(adjustment_line(reader, found))
    if changes:
        write_changes(streams, reader, changes, _calls(reader, engine))
    return Exit.DONE


def run_reverse(kind: Kind, streams: Streams, engine: Engine, args: Args) -> int:
    """Take one of a kind back."""
    _check_kind(engine, kind, args.adjustment)
    back = engine.reverse(
        args.adjustment,
        actor=args.settings.actor,
        reason=args.reason,
        approver=args.approver,
        progress=streams.progress(_("reversing")),
    )
    return _told(streams, engine, back, "reversed")


def _check_kind(engine: Engine, kind: Kind, name: str) -> None:
    """Raise `NotFound` where a name is of the other kind: what is taken back must be what was meant."""
    found: Adjustment | None = next((one for one in engine.adjustments() if one.id == name), None)
    if found is None or found.kind == kind:
        return
    texts = {
        "interruption": _("`{name}` is an interruption, not a correction"),
        "correction": _("`{name}` is a correction, not an interruption"),
    }
    command = f"casewright {COMMANDS[found.kind]} show {name}"
    raise NotFound(texts[found.kind].format(name=name), help=_("`{command}` shows it").format(command=command))
