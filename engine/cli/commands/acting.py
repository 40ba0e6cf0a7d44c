"""`open` and `do`: the commands by which people move cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from engine.cli.answer import answer, definition_of, reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.documents import offer_document
from engine.cli.exits import Exit
from engine.cli.files import take_files
from engine.cli.forms import command_options, form_options, given_facts, given_form, instant_of, pairs
from engine.cli.labels import action_named, fields_named, process_named
from engine.cli.parameters import CaseId, is_case_id
from engine.cli.prompts import Staff, ask_missing
from engine.cli.render import by_likelihood, data_lines, gone_from, offer_lines
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine, File
    from engine.views import FormField


def open_command() -> Command:
    """Build `open`."""
    return engine_command(
        "open",
        run_open,
        help=_(
            "Open a case of a published process. On a terminal, what the form requires and you did not give is asked."
        ),
        examples=(
            "casewright open repair",
            "casewright open repair -f channel=phone -f customer='Wu Min' -f phone=13900000000 -f fault='no power'",
        ),
        params=[
            click.Argument(["process"], metavar=_("PROCESS")),
            *form_options(),
            *(option for option in command_options() if option.name != "expect_revision"),
        ],
    )


def run_open(streams: Streams, engine: Engine, args: Args) -> int:
    """Open a case."""
    args.process = process_named(engine, args.process)
    args.fields = fields_named(args.fields, lambda: (one.field for one in engine.opening(args.process)))
    form = given_form(args.fields, args.form, streams.into)
    asked = engine.opening(args.process)
    if streams.may_ask:
        if reasons := engine.may_not_open(args.process, actor=args.settings.actor):
            from engine.views import Refusal

            return answer(streams, engine, args, Refusal(case=None, reasons=reasons))
        staff = Staff.of(engine.people(), engine.definition(args.process).desk.roles)
        form = ask_missing(reader_of(streams, engine), asked, form, staff)
    files = take_files(form, asked, pairs(args.fields, "-f"))
    result = engine.open_case(
        args.process,
        form,
        actor=args.settings.actor,
        facts=given_facts(args.facts, args.facts_file, args.settings.project, _facts(args, engine)),
        key=args.key,
        occurred_at=instant_of(args.occurred_at, engine),
        files=files,
    )
    return answer(streams, engine, args, result, files)


def do_command() -> Command:
    """Build `do`."""
    return engine_command(
        "do",
        run_do,
        help=_(
            "Do an action on a case. Without an action, or with --list, say what you may do now and why not the rest. "
            "On a terminal, what the form requires and you did not give is asked."
        ),
        examples=(
            "casewright do R-1042 --list",
            "casewright do R-1042 dispatch -f technician=li.wei --fact on_shift=li.wei,zhao.gang",
            "casewright do R-1042 note -f note='calls back at noon' --key call-17",
        ),
        params=[
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
            click.Argument(["action"], metavar=_("[ACTION]"), required=False),
            click.Option(["--list", "is_list"], is_flag=True, help=_("What I may do now, and why not the rest.")),
            *form_options(),
            *command_options(),
        ],
    )


def run_do(streams: Streams, engine: Engine, args: Args) -> int:
    """Do an action, or list the actions."""
    actor = args.settings.actor
    if args.is_list or args.action is None:
        return _list_offers(streams, engine, args)
    if is_case_id(args.action) and not is_case_id(args.case):
        raise UsageError(
            _("the case comes before the action"),
            help=_("write `{command}`").format(command=f"casewright do {args.action.upper()} {args.case}"),
        )
    args.action = action_named(engine, args.action, args.case, actor)
    args.fields = fields_named(args.fields, lambda: (one.field for one in _form_of(engine, args)))
    form = given_form(args.fields, args.form, streams.into)
    if streams.may_ask:
        form = _asked(streams, engine, args, form)
    files = _files(engine, args, form)
    result = engine.act(
        args.case,
        args.action,
        form,
        actor=actor,
        facts=given_facts(args.facts, args.facts_file, args.settings.project, _facts(args, engine)),
        key=args.key,
        expect_revision=args.expect_revision,
        occurred_at=instant_of(args.occurred_at, engine),
        files=files,
    )
    return answer(streams, engine, args, result, files)


def _facts(args: Args, engine: Engine) -> Iterable[str]:
    """Name the facts that the process knows; nobody asks unless one is given by a flag."""
    if not args.facts:
        return ()
    if "process" in vars(args):
        return engine.definition(args.process).facts
    return definition_of(engine, engine.case(args.case, actor=args.settings.actor)).facts


def _files(engine: Engine, args: Args, form: dict[str, Any]) -> tuple[File, ...]:
    """Read the files that answers name; the action's form says which answers are files."""
    if "@" not in str(form):
        return ()
    return take_files(form, _form_of(engine, args), pairs(args.fields, "-f"))


def _form_of(engine: Engine, args: Args) -> list[FormField]:
    """What the form of this action asks for."""
    offers = engine.allowed(args.case, actor=args.settings.actor)
    return [field for offer in offers if offer.action == args.action for field in offer.form]


def _asked(streams: Streams, engine: Engine, args: Args, form: dict[str, Any]) -> dict[str, Any]:
    """Ask for what the form of this action lacks; nothing if it would be refused anyway."""
    actor = args.settings.actor
    for offer in engine.allowed(args.case, actor=actor):
        if offer.action == args.action and offer.is_allowed:
            view = engine.case(args.case, actor=actor)
            definition = definition_of(engine, view)
            reader = reader_of(streams, engine, definition)
            shown = {name: view.data[name] for name in offer.show if name in view.data}
            for label, text in data_lines(reader, definition, shown, view.known, gone_from(view)):
                streams.tell(labelled(label, text))
            return ask_missing(reader, offer.form, form, Staff.of(engine.people(), definition.desk.roles))
    return form


def _list_offers(streams: Streams, engine: Engine, args: Args) -> int:
    actor = args.settings.actor
    view = engine.case(args.case, actor=actor)
    definition = definition_of(engine, view)
    reader = reader_of(streams, engine, definition)
    offers = by_likelihood(definition, engine.allowed(args.case, actor=actor), view.position)
    if streams.is_json:
        streams.give({"case": view.id, "actor": actor, "actions": [offer_document(reader, offer) for offer in offers]})
        return Exit.DONE
    for line in offer_lines(streams, reader, offers):
        streams.say(line)
    return Exit.DONE
