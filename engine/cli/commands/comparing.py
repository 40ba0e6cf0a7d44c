"""`diff`: what a new version of a process means, in words, by whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.definitions import file_meant, meant_definition, newest_published
from engine.cli.designing.findings import write_findings
from engine.cli.designing.folder import checked_paths
from engine.cli.exits import Exit
from engine.cli.streams import Streams
from engine.cli.tables import wrapped
from engine.cli.translate import _, later, listed
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import ProcessDefinition
    from engine.words.changes import Change

_HEADS = {
    "customers": later("For customers"),
    "operators": later("For operators"),
    "reports": later("For reports"),
}
_WIDEST = 100


class _Compared(NamedTuple):
    """One process in two versions; one of them may not be there."""

    process: str
    old: ProcessDefinition | None
    new: ProcessDefinition | None
    changes: Sequence[Change]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, not even an order."""
        if self.old is None or self.new is None:
            return False
        return not self.changes and self.old.behaviour_hash == self.new.behaviour_hash


def diff_command() -> Command:
    """Build `diff`."""
    return plain_command(
        "diff",
        run_diff,
        help=_(
            "Compare two versions of a process in words, by whom each difference concerns: customers, operators, "
            "reports. Each is a file, a folder, or PROCESS@VERSION as it was published. One alone is compared, as its "
            "file stands, with what is published of it."
        ),
        examples=(
            "casewright diff repair",
            "casewright diff repair@1 processes/repair.yaml",
            "casewright diff repair@1 repair@2 --lang zh",
            "casewright diff old/processes processes --exit-code",
        ),
        params=[
            click.Argument(["old"], metavar=_("OLD")),
            click.Argument(["new"], required=False, metavar=_("[NEW]")),
            click.Option(["--exit-code", "has_code"], is_flag=True, help=_("Exit with 10 where something differs.")),
        ],
    )


def run_diff(streams: Streams, args: Args) -> int:
    """Compare two versions."""
    old, new = _sides(streams, args)
    if old is None or new is None:
        return Exit.FAILED
    if args.new is not None and 1 in (len(old), len(new)):  # one process against a folder: against its like there
        shared = old.keys() & new.keys()
        old, new = ({name: side[name] for name in shared} if len(side) > 1 else side for side in (old, new))
    compared = _compared(streams.language, old, new)
    if streams.is_json:
        streams.give({"processes": [_document(one) for one in compared]})
    else:
        _write(streams, compared)
        if args.new is not None and (file := _one_file(args)) is not None:
            text = _("both are the file {file}; what was published is named by its version: `{name}`")
            streams.tell(text.format(file=file, name=f"{file.stem}@1"))
    return Exit.CONDITION if args.has_code and not all(one.is_same for one in compared) else Exit.DONE


_Side = Mapping[str, "ProcessDefinition"] | None


def _sides(streams: Streams, args: Args) -> tuple[_Side, _Side]:
    """What is compared; of one alone its file, with what is published of it."""
    if args.new is not None:
        return _side(streams, args, args.old), _side(streams, args, args.new)
    name, _at, version = args.old.partition("@")
    if file_meant(args.settings, name) is None:
        raise UsageError(
            _("there is no file of `{name}` to compare").format(name=name),
            help=_("name two versions: casewright diff {name}@1 {name}@2").format(name=name),
        )
    new = _side(streams, args, name)
    if new is None or version:
        return (None if new is None else _side(streams, args, args.old)), new
    return newest_published(args.settings, new), new


def _one_file(args: Args) -> Path | None:
    """The file that both sides name; None where they are two."""
    old, new = (file_meant(args.settings, text) for text in (args.old, args.new))
    return old if old is not None and new is not None and old.samefile(new) else None


def _side(streams: Streams, args: Args, text: str) -> _Side:
    """Read what one side names: a folder's processes, or one."""
    path = file_meant(args.settings, text)
    if path is None or not path.is_dir():
        one = meant_definition(streams, args.settings, text)
        return None if one is None else {one.process: one}
    checked = checked_paths([path])
    if len(checked.definitions) < checked.processes:  # one that has errors is not gone
        write_findings(streams, checked, "json" if streams.is_json else "text")
        return None
    return checked.definitions


def _compared(
    language: str, old: Mapping[str, ProcessDefinition], new: Mapping[str, ProcessDefinition]
) -> list[_Compared]:
    from engine.words.changes import changes_between

    if len(old) == len(new) == 1 and not old.keys() & new.keys():
        raise UsageError(
            _("these are different processes: {names}").format(names=listed(f"`{name}`" for name in (*old, *new))),
            help=_("name two versions of one process"),
        )
    found = []
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        changes = changes_between(one, other, language) if one is not None and other is not None else ()
        found.append(_Compared(name, one, other, changes))
    return found


# -- showing -----------------------------------------------------------------------------------------------------------


def _write(streams: Streams, compared: Sequence[_Compared]) -> None:
    told = [one for one in compared if not one.is_same]
    for number, one in enumerate(told):
        if number:
            streams.say()
        streams.say(streams.paint(_headline(one, streams.language), "bold"))
        for audience, head in _HEADS.items():
            changes = [change for change in one.changes if change.audience == audience]
            if changes:
                streams.say(streams.paint(_(head), "cyan"))
            for change in changes:
                _write_change(streams, change)
        if one.old is not None and one.new is not None and not one.changes:
            streams.say("  " + _("the same parts in another order, which decides what comes first at one instant"))
    if not told:
        streams.say(_("nothing differs"))


def _headline(one: _Compared, language: str) -> str:
    from engine.fields import word

    newest = one.new or one.old
    assert newest is not None
    label = word(newest.label, language) or one.process
    if one.old is None:
        return _("{process}: a new process").format(process=label)
    if one.new is None:
        return _("{process}: there is none any more").format(process=label)
    return _("{process}: version {old} → {new}").format(process=label, old=one.old.version, new=one.new.version)


def _write_change(streams: Streams, change: Change) -> None:
    for number, line in enumerate(wrapped(change_said(change), min(streams.width, _WIDEST) - 4)):
        streams.say(("    " if number else "  - ") + line)


def change_said(change: Change) -> str:
    """Put one difference into one line."""
    if not change.aspect:
        text = _("new: {what}") if change.old is None else _("gone: {what}")
        return text.format(what=change.subject)
    if change.old is None:
        text = _("{what}: {aspect} now {new}")
    elif change.new is None:
        text = _("{what}: {aspect} no longer {old}")
    else:
        text = _("{what}: {aspect} {old} → {new}")
    return text.format(what=change.subject, aspect=change.aspect, old=change.old, new=change.new)


def _document(one: _Compared) -> dict[str, Any]:
    return {
        "process": one.process,
        "old": None if one.old is None else one.old.version,
        "new": None if one.new is None else one.new.version,
        "same": one.is_same,
        "changes": [
            {
                "audience": change.audience,
                "about": change.about,
                "subject": change.subject,
                "aspect": change.aspect or None,
                "old": change.old,
                "new": change.new,
                "text": change_said(change),
            }
            for change in one.changes
        ],
    }
