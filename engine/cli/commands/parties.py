"""`party`: the desk's registers of outside people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.file_trouble import opened_or_piped
from engine.cli.forms import given_form
from engine.cli.group import Subcommands
from engine.cli.labels import fields_named
from engine.cli.pages import tell_unreadable
from engine.cli.reader import Reader, harmless
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, listed, plural
from engine.errors import EngineError, NotFound, UsageError
from engine.fields import SEALED, Value
from engine.sealing import LockedValues

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.model import Party
    from engine.ports import PartyRecord


def party_command() -> click.Group:
    """Build `party` with its commands."""
    return Subcommands(
        "party",
        help=_("Keep the desk's register of customers and other outside people."),
        examples=("casewright party add C-17 -f class=vip -f name='Wu Min'", "casewright party list"),
        commands=[_list(), _show(), _add(), _change(), _remove(), _import()],
        default="list",
    )


def _which() -> click.Option:
    return click.Option(
        ["--party"], metavar=_("PARTY"), help=_("Of which party, where the desk keeps several registers.")
    )


def _id() -> click.Argument:
    return click.Argument(["id"], metavar="ID")


def _fields() -> list[click.Parameter]:
    return [
        click.Option(
            ["-f", "--field", "fields"], multiple=True, metavar=_("NAME=VALUE"), help=_("What is kept of this one.")
        ),
        click.Option(["--form"], metavar=_("FILE"), help=_("All of it as a JSON object, from a file or `-`.")),
    ]


def _list() -> Command:
    return engine_command(
        "list",
        run_list,
        help=_("List everybody on the register."),
        examples=("casewright party list",),
        params=[_which()],
    )


def _show() -> Command:
    return engine_command(
        "show",
        run_show,
        help=_("Show what is kept of one, and every change of it."),
        examples=("casewright party show C-17",),
        params=[_id(), _which()],
    )


def _add() -> Command:
    return engine_command(
        "add",
        run_add,
        help=_("Put one on the register."),
        examples=("casewright party add C-17 -f class=vip -f name='Wu Min'",),
        params=[_id(), *_fields(), _which()],
    )


def _change() -> Command:
    return engine_command(
        "change",
        run_change,
        help=_("Change what is kept of one, from now on; what is not given stays."),
        examples=("casewright party change C-17 -f class=member",),
        params=[_id(), *_fields(), _which()],
    )


def _remove() -> Command:
    return engine_command(
        "remove",
        run_remove,
        help=_("Take one off the register. What was kept stays known to who keeps it."),
        examples=("casewright party remove C-17",),
        params=[_id(), _which()],
    )


def _import() -> Command:
    file = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
    return engine_command(
        "import",
        run_import,
        help=_("Put many on the register, or change them: JSON lines such as {line}.").format(
            line='{"id": "C-17", "class": "vip"}'
        ),
        examples=("casewright party import customers.jsonl",),
        params=[click.Argument(["file"], type=file), _which()],
    )


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List the register."""
    party, reader = _party(engine, args.party), reader_of(streams, engine)
    records = engine.parties(party.name, actor=args.settings.actor)
    if streams.is_json:
        streams.give({"party": party.name, "register": [party_document(reader, record) for record in records]})
    elif not records:
        streams.tell(_("nobody is on the register"))
    else:
        columns = [Column(head="id"), *(Column(head=name, is_wide=True) for name in party.register)]
        write_table(streams, columns, [Row(cells=[one.id, *_cells(reader, party, one).values()]) for one in records])
    return _say_unreadable(streams, records)


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show one with its history."""
    party, reader = _party(engine, args.party), reader_of(streams, engine)
    records = engine.party(party.name, args.id, actor=args.settings.actor)
    if streams.is_json:
        streams.give({"party": party.name, "history": [party_document(reader, record) for record in records]})
        return _say_unreadable(streams, records[-1:])
    streams.say(_told(reader, party, records[-1]))
    columns = [
        Column(head=_("when")),
        Column(head=_("who")),
        *(Column(head=name, is_wide=True) for name in party.register),
    ]
    rows = [Row(cells=[reader.instant(one.at), one.by, *_cells(reader, party, one).values()]) for one in records]
    write_table(streams, columns, rows)
    return _say_unreadable(streams, records[-1:])


def run_add(streams: Streams, engine: Engine, args: Args) -> int:
    """Put one on the register."""
    party = _party(engine, args.party)
    if _known(engine, party, args):
        raise UsageError(
            _("`{id}` is on the register already").format(id=args.id), help=f"`casewright party change {args.id}`"
        )
    return _save(streams, engine, args, party)


def run_change(streams: Streams, engine: Engine, args: Args) -> int:
    """Change one."""
    party = _party(engine, args.party)
    engine.party(party.name, args.id, actor=args.settings.actor)  # says so if there is no such one
    return _save(streams, engine, args, party)


def run_remove(streams: Streams, engine: Engine, args: Args) -> int:
    """Take one off."""
    party = _party(engine, args.party)
    engine.party(party.name, args.id, actor=args.settings.actor)
    record = engine.save_party(party.name, args.id, {}, actor=args.settings.actor, is_active=False)
    return _answer(streams, engine, party, record)


def run_import(streams: Streams, engine: Engine, args: Args) -> int:
    """Put many on the register; a bad line is told and leaves the others standing."""
    party, done, wrong = _party(engine, args.party), 0, []
    with opened_or_piped(args.file, streams.into) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                name, values = _line(line)
                engine.save_party(party.name, name, values, actor=args.settings.actor)
                done += 1
            except EngineError as error:
                wrong.append({"line": number, "message": error.message})
    if streams.is_json:
        streams.give({"done": done, "errors": wrong})
    else:
        streams.say(plural("{count} on the register", "{count} on the register", done))
        for one in wrong:
            streams.tell(_("line {number}: {message}").format(number=one["line"], message=one["message"]))
    return Exit.FAILED if wrong else Exit.DONE


def _line(line: str) -> tuple[str, Mapping[str, Any]]:
    try:
        values = json.loads(line)
        if isinstance(values, dict) and isinstance(values.get("id"), str):
            return values.pop("id"), values
    except ValueError:
        pass
    raise UsageError(_("this is no JSON object with an `id`"))


def _party(engine: Engine, name: str | None) -> Party:
    """The party that is meant: the only one, or the one that is named."""
    kept = {party.name: party for party in engine.registers()}
    if name is None and len(kept) == 1:
        return next(iter(kept.values()))
    if name in kept:
        return kept[str(name)]
    if not kept:
        raise NotFound(
            _("the desk keeps no register"),
            help=_("a party of `desk.yaml` has one with `register: {…}`, once a process is published"),
        )
    if name is None:
        raise UsageError(_("say of which party: {names}").format(names=listed(f"`--party {one}`" for one in kept)))
    raise NotFound(
        _("the desk keeps no register of `{name}`").format(name=name), help=listed(f"`{one}`" for one in kept)
    )


def _known(engine: Engine, party: Party, args: Args) -> bool:
    return args.id in {one.id for one in engine.parties(party.name, actor=args.settings.actor)}


def _save(streams: Streams, engine: Engine, args: Args, party: Party) -> int:
    values = given_form(fields_named(args.fields, party.register.values), args.form, streams.into)
    return _answer(streams, engine, party, engine.save_party(party.name, args.id, values, actor=args.settings.actor))


def _answer(streams: Streams, engine: Engine, party: Party, record: PartyRecord) -> int:
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(party_document(reader, record))
    else:
        streams.say(_told(reader, party, record))
    return Exit.DONE


def _told(reader: Reader, party: Party, record: PartyRecord) -> str:
    if record.erasure is not None:
        return _("{id} is off the register, and private values are erased: {reason}").format(
            id=record.id, reason=harmless(record.erasure)
        )
    if not record.is_active:
        return _("{id} is off the register").format(id=record.id)
    cells = [f"{name} {value}" for name, value in _cells(reader, party, record).items() if value]
    return " · ".join([record.id, *cells])


def _cells(reader: Reader, party: Party, record: PartyRecord) -> dict[str, str]:
    kept = _readable(record)
    found = {}
    for name, field in party.register.items():
        value = kept.get(name)
        found[name] = "" if value is None else SEALED if value == SEALED else reader.value(field, value)
    return found | dict.fromkeys(_unreadable(record), _("cannot be read"))


def _readable(record: PartyRecord) -> dict[str, Value]:
    """What is kept of one, but for private values whose key is not here."""
    return {**record.data, **({} if _trouble(record) else record.private)}


def _unreadable(record: PartyRecord) -> list[str]:
    return list(record.private) if _trouble(record) else []


def _trouble(record: PartyRecord) -> EngineError | None:
    return record.private.trouble if isinstance(record.private, LockedValues) else None


def _say_unreadable(streams: Streams, records: Sequence[PartyRecord]) -> int:
    """Of each whose private values cannot be read say why, and what to do about it; return the exit code."""
    found = [(record, trouble) for record in records if (trouble := _trouble(record)) is not None]
    for record, trouble in found:
        tell_unreadable(streams, f"{record.id} {listed(record.private)}", trouble.message, trouble.mend)
    return Exit.FAILED if found else Exit.DONE


def party_document(reader: Reader, record: PartyRecord) -> dict[str, object]:
    """Describe one of a register as it was from an instant on."""
    return {
        "id": record.id,
        "at": reader.rfc3339(record.at),
        "by": record.by,
        "is_active": record.is_active,
        "erasure": record.erasure,
        "fields": _readable(record),
        "unreadable": _unreadable(record),
    }
