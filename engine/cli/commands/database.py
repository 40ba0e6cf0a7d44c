"""`db`: the database's tables."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.command import Args, plain_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.streams import Streams
from engine.cli.translate import _, plural

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
        help=_("Bring the database's tables up to date, or back the database up."),
        examples=("casewright db upgrade", "casewright db backup monday.sqlite --keys monday.keys"),
        commands=[upgrade, backup, keys],
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
            help=_("name another one with `--db`, or make it with `casewright init`"),
        )
    is_changed, database = upgrade(database), args.settings.shown_database
    if streams.is_json:
        streams.give({"database": database, "is_changed": is_changed})
    elif is_changed:
        streams.say(_("{database} is up to date now").format(database=database))
    else:
        streams.say(_("{database} was up to date already").format(database=database))
    return Exit.DONE
