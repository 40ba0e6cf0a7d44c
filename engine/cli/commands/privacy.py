"""`privacy`: private values erased for good, and the host's key that locks their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.cli.answer import definition_of, reader_of
from engine.cli.command import Args, Command, engine_command, plain_command
from engine.cli.exits import Exit
from engine.cli.file_trouble import text_of
from engine.cli.group import Subcommands
from engine.cli.parameters import CaseId
from engine.cli.prompts import confirm
from engine.cli.secret_files import keygen_options, write_secret
from engine.cli.streams import Streams
from engine.cli.translate import _, listed, phrased, plural
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine, Erased


def privacy_command() -> click.Group:
    """Build `privacy` with its commands."""
    return Subcommands(
        "privacy",
        help=_("Erase private values for good, and lock all others by a key of the host's."),
        examples=("casewright privacy erase R-1042 --reason 'asked by letter'", "casewright privacy wrap"),
        commands=[_erase(), _keygen(), _wrap()],
    )


def _erase() -> Command:
    return engine_command(
        "erase",
        run_erase,
        help=_(
            "Erase the private values of a case and its family, with the files attached, for good: their key is "
            "destroyed. The records stay and verify, with one more that says who erased why. Of an archived case the "
            "files, wherever they lie. With --party, of one of the register, who is taken off it."
        ),
        examples=(
            "casewright privacy erase R-1042 --reason 'asked by letter of 3 March'",
            "casewright privacy erase --party customer C-17 --reason 'asked by telephone'",
        ),
        params=[
            click.Argument(["subject"], type=CaseId(), metavar=_("CASE")),
            click.Option(["--reason"], required=True, help=_("Why; it stays on record, so without what is erased.")),
            click.Option(["--party"], metavar=_("PARTY"), help=_("Of this register, not a case.")),
            click.Option(["--keep-files"], is_flag=True, help=_("Leave the attached files where they are.")),
            click.Option(["--yes"], is_flag=True, help=_("Do it without asking.")),
        ],
    )


def _keygen() -> Command:
    return plain_command(
        "keygen",
        run_keygen,
        help=_(
            "Make a key for the host, in a file that only you may read. Keep a copy where the database's copies are "
            "not: without it private values are lost."
        ),
        examples=("casewright privacy keygen -o desk.key", "export CASEWRIGHT_KEY_FILE=$PWD/desk.key"),
        params=keygen_options(after=_("The file with the key to be replaced: what it locked can still be opened.")),
    )


def _wrap() -> Command:
    return engine_command(
        "wrap",
        run_wrap,
        help=_(
            "Lock the keys of all private values by the host's newest key: after one was given for the first time, or "
            "replaced. Nothing else changes; broken off, it goes on where it stopped."
        ),
        examples=("casewright privacy wrap",),
    )


def run_erase(streams: Streams, engine: Engine, args: Args) -> int:
    """Erase private values, once it is said twice that they shall be."""
    if not args.yes:
        _ask(streams, _question(args))
    actor = args.settings.actor
    if args.party is not None:
        erased = [engine.erase_party(args.party, args.subject, actor=actor, reason=args.reason)]
    else:
        erased = engine.erase(args.subject, actor=actor, reason=args.reason, keeps_files=args.keep_files)
    if streams.is_json:
        streams.give({"erased": [asdict(one) for one in erased]})
        return Exit.DONE
    for one in erased:
        streams.say(_line(one, one.fields if args.party is not None else _called(streams, engine, one)))
    return Exit.DONE


def _called(streams: Streams, engine: Engine, one: Erased) -> list[str]:
    """Call the fields of a case as its reader does."""
    if not one.fields:
        return []
    definition = definition_of(engine, engine.case(one.case))
    reader, known = reader_of(streams, engine, definition), definition.fields
    return [reader.called(name, known[name].label) if name in known else name for name in one.fields]


def _question(args: Args) -> str:
    """What is asked: all that will be gone, and whose."""
    if args.party is not None:
        question = _("erase all that the register holds of {subject} for good, and take it off the register?")
    elif args.keep_files:
        question = _("erase the private values of {subject} and its whole family for good, and leave the files?")
    else:
        question = _("erase the private values of {subject} and its whole family for good, with the attached files?")
    return question.format(subject=args.subject)


def _ask(streams: Streams, question: str) -> None:
    if not streams.may_ask:
        raise UsageError(
            _("nothing was erased: this cannot be taken back"), help=_("say --yes to erase without being asked")
        )
    confirm(question)


def _line(one: Erased, called: Sequence[str]) -> str:
    if not one.is_new:
        return _("{case}: there is nothing left to erase").format(case=one.case)
    if one.in_archive:
        return _("{case}: erased the files in the archive").format(case=one.case)
    fields = listed(called) or _("no private value")
    text = _("{case}: erased {fields}").format(case=one.case, fields=fields)
    files = plural("{count} file", "{count} files", one.files)
    events = plural("private values of {count} event", "private values of {count} events", one.events)
    more = [said for said, count in ((files, one.files), (events, one.events)) if count]
    return phrased([text, *more])


def run_keygen(streams: Streams, args: Args) -> int:
    """Make a key."""
    from engine.sealing import host_key_id, new_host_key

    key = new_host_key()
    older = text_of(args.after) if args.after is not None else ""
    for line in older.split():
        host_key_id(line)
    write_secret(args.output, f"{key}\n{older}")
    if streams.is_json:
        streams.give({"key": host_key_id(key), "file": str(args.output)})
    else:
        streams.say(_("key {key} stands in {file}").format(key=host_key_id(key), file=args.output))
        streams.tell(_("name it: CASEWRIGHT_KEY_FILE={file}; then `casewright privacy wrap`").format(file=args.output))
    return Exit.DONE


def run_wrap(streams: Streams, engine: Engine, args: Args) -> int:
    """Lock all keys by the newest."""
    wrapped = engine.wrap_keys(actor=args.settings.actor)
    if streams.is_json:
        streams.give({"wrapped": wrapped})
    elif wrapped:
        streams.say(plural("{count} key locked by the host's", "{count} keys locked by the host's", wrapped))
    else:
        streams.say(_("every key was locked by the host's already"))
    return Exit.DONE
