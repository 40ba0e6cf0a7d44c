"""`db`: the database's tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.proving import cases_and_records
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.streams import Streams
from engine.cli.translate import _, plural
from engine.errors import VerificationFailed

if TYPE_CHECKING:
    from engine.app import Verification
    from engine.cli.reader import Reader
    from engine.store.sqlite.restoring import Restored

_FILE = click.Path(dir_okay=False, path_type=Path)


def db_command() -> click.Group:
    """Build `db` with its commands."""
    upgrade = plain_command(
        "upgrade",
        run_upgrade,
        help=_(
            "Bring the tables of a database made by an older casewright up to date, in one transaction; cases and "
            "records stay as they are. Keep a copy of the file before."
        ),
        examples=("cp desk.sqlite desk.sqlite.old", "casewright db upgrade --db desk.sqlite"),
    )
    backup = plain_command(
        "backup",
        run_backup,
        help=_(
            "Copy a database file while it is in use, as of one instant, whole or not at all. The keys of private "
            "values are left out; --keys writes them to a file of their own, to be kept apart and not for long: what "
            "is erased here is erased in the copies as soon as no copy of its key is left."
        ),
        examples=("casewright db backup monday.sqlite --keys monday.keys",),
        params=[
            click.Argument(["file"], type=_FILE, metavar=_("FILE")),
            click.Option(["--keys"], type=_FILE, metavar=_("FILE"), help=_("Write the keys to this file.")),
        ],
    )
    keys = plain_command(
        "keys",
        run_keys,
        help=_("Bring the keys of private values back into a restored database, from the file that `backup` wrote."),
        examples=("casewright db keys monday.keys --db restored.sqlite",),
        params=[click.Argument(["file"], type=_FILE, metavar=_("FILE"))],
    )
    return Subcommands(
        "db",
        help=_("Bring the database's tables up to date, back the database up, or put a copy back."),
        examples=("casewright db backup monday.sqlite --keys monday.keys", "casewright db restore monday.sqlite"),
        commands=[upgrade, backup, _restore(), keys],
    )


def _restore() -> Command:
    return plain_command(
        "restore",
        run_restore,
        help=_(
            "Put a copy back as the database. First the copy is proved: the file is whole, its tables are ours and "
            "are brought up to date, and every chain of its records holds; else nothing is changed. A database that "
            "is there already stays, unless --replace is said and nobody is at work with it: then it is set aside."
        ),
        examples=("casewright db restore monday.sqlite --keys monday.keys --replace",),
        params=[
            click.Argument(["file"], type=_FILE, metavar=_("FILE")),
            click.Option(["--keys"], type=_FILE, metavar=_("FILE"), help=_("Bring the keys in this file back too.")),
            click.Option(["--replace"], is_flag=True, help=_("Set the database aside that is there.")),
        ],
    )


def run_restore(streams: Streams, args: Args) -> int:
    """Put a copy back."""
    from engine.store import restore

    proved: list[tuple[Verification, Reader]] = []

    def prove(file: Path) -> None:
        from engine.app import Engine

        with Engine.open(str(file)) as engine:
            proved.append((engine.verify_chains(progress=streams.progress(_("verifying"))), reader_of(streams, engine)))
        if proved[0][0].problems:
            raise VerificationFailed(
                _("the records of the copy `{file}` do not hold; nothing was changed").format(file=args.file),
                help=_("put an older copy back, or see what is wrong: `casewright audit verify --db {file}`").format(
                    file=args.file
                ),
            )

    database = args.settings.shown_database
    done = restore(args.settings.database, args.file, args.keys, replaces=args.replace, prove=prove)
    found, reader = proved[0]
    if streams.is_json:
        given = {"database": database, "cases": found.cases, "records": found.records}
        at = None if done.newest_at is None else reader.rfc3339(done.newest_at)
        streams.give(given | asdict(done) | {"newest_at": at})
        return Exit.DONE
    counted = cases_and_records(found.cases, found.records)
    streams.say(_("{database} is put back: {counted}, every chain is whole").format(database=database, counted=counted))
    _tell_restored(streams, reader, done)
    return Exit.DONE


def _tell_restored(streams: Streams, reader: Reader, done: Restored) -> None:
    if done.newest_at is not None:
        streams.say(_("what happened after {time} is not in it").format(time=reader.instant(done.newest_at)))
    if done.is_upgraded:
        streams.say(_("its tables were an older casewright's, and are up to date now"))
    if done.keys:
        streams.say(plural("{count} key brought back", "{count} keys brought back", done.keys))
    if done.set_aside is not None:
        streams.say(_("what was there before: {file}").format(file=done.set_aside))
    if done.keyless:
        streams.tell(
            plural(
                "private values of {count} case cannot be opened: `casewright db keys FILE` brings their keys back",
                "private values of {count} cases cannot be opened: `casewright db keys FILE` brings their keys back",
                done.keyless,
            )
        )


def run_backup(streams: Streams, args: Args) -> int:
    """Copy the database."""
    from engine.store import back_up

    back_up(args.settings.database, args.file, args.keys)
    if streams.is_json:
        streams.give({"file": str(args.file), "keys": None if args.keys is None else str(args.keys)})
        return Exit.DONE
    streams.say(_("{database} copied to {file}").format(database=args.settings.shown_database, file=args.file))
    if args.keys is not None:
        streams.say(_("the keys of private values: {file}; keep it apart").format(file=args.keys))
    else:
        streams.tell(
            _("the copy alone shows no private value: --keys FILE writes their keys, to be kept apart from it")
        )
    return Exit.DONE


def run_keys(streams: Streams, args: Args) -> int:
    """Bring keys back."""
    from engine.store import bring_keys_back

    count = bring_keys_back(args.settings.database, args.file)
    if streams.is_json:
        streams.give({"database": args.settings.shown_database, "keys": count})
    else:
        streams.say(plural("{count} key brought back", "{count} keys brought back", count))
    if not count and not streams.is_json:
        streams.tell(_("the database has every key of this file already, or the file holds none"))
    return Exit.DONE


def run_upgrade(streams: Streams, args: Args) -> int:
    """Bring the tables up to date; a database that is not there is not made."""
    from engine.errors import StoreUnavailable
    from engine.store import upgrade
    from engine.store.address import read_address

    database = args.settings.database
    address = read_address(database)
    if address.kind == "sqlite" and not Path(address.path).exists():
        raise StoreUnavailable(
            _("there is no database at `{path}`").format(path=address.path),
            help=_(
                "go to the folder of your desk, or name another one with `--db`; "
                "`casewright db restore` puts a copy back, `casewright init` makes an empty one"
            ),
        )
    is_changed, database = upgrade(database), args.settings.shown_database
    if streams.is_json:
        streams.give({"database": database, "is_changed": is_changed})
    elif is_changed:
        streams.say(_("{database} is up to date now").format(database=database))
    else:
        streams.say(_("{database} was up to date already").format(database=database))
    return Exit.DONE
