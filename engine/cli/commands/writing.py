"""`new`, `check` and `explain`: writing a process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.exits import Exit
from engine.cli.findings import FORMATS, write_findings
from engine.cli.folder import checked_paths
from engine.cli.rulebook import page_of, summaries
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _
from engine.errors import Conflict, UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STARTER = Path(__file__).parents[1] / "starter"


def new_command() -> Command:
    """Build `new`."""
    return plain_command(
        "new",
        run_new,
        help=_(
            "Write a small process to start from, with its scenarios and messages, all explained by comments; and a "
            "desk.yaml where there is none. It is checked and its scenarios pass as they stand."
        ),
        examples=("casewright new lost_found", "casewright new lost_found --in my_desk"),
        params=[
            click.Argument(["name"], metavar=_("NAME")),
            click.Option(
                ["--in", "folder"], type=click.Path(file_okay=False, path_type=Path), help=_("The folder of processes.")
            ),
        ],
    )


def run_new(streams: Streams, args: Args) -> int:
    """Write a process to start from."""
    name = args.name
    if not _NAME.fullmatch(name):
        raise UsageError(
            _("`{name}` cannot be the name of a process").format(name=name),
            help=_("write it in small letters, digits and `_`, such as `lost_found`"),
        )
    folder: Path = args.folder or args.settings.folder
    files = dict(_starter_files(folder, name))
    taken = [file for file in files if file.exists() and file.name != "desk.yaml"]
    if taken:
        raise Conflict(
            _("`{file}` is there already; nothing was written").format(file=taken[0]), help=_("choose another name")
        )
    written = []
    for file, text in files.items():
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            written.append(str(file))
    if streams.is_json:
        streams.give({"process": name, "files": written})
        return Exit.DONE
    for path in written:
        streams.say(_("wrote {file}").format(file=path))
    streams.tell(_("next: {command}").format(command=f"casewright check {folder}"))
    return Exit.DONE


def _starter_files(folder: Path, name: str) -> Iterator[tuple[Path, str]]:
    desk = folder / "desk.yaml"
    agent, supervisor = _roles(desk)
    sources = {"process": f"{name}.yaml", "scenarios": f"{name}.scenarios.yaml", "messages": f"messages/{name}.yaml"}
    yield desk, (_STARTER / "desk.yaml").read_text("utf-8")
    roles = {"agent": agent, "supervisor": supervisor}
    for source, target in sources.items():
        text = (_STARTER / f"{source}.yaml").read_text("utf-8")
        text = (
            text.replace("new_process", name)
            .replace("NEW", _prefix(name))
            .replace("New process", _title(name))
            .replace("新流程", _title(name))
        )
        yield folder / target, re.sub(r"\b(?:agent|supervisor)\b", lambda word: roles[word[0]], text)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _prefix(name: str) -> str:
    return "".join(word[0] for word in name.split("_") if word).upper()


def _roles(desk: Path) -> tuple[str, str]:
    """Choose roles that this desk has: its own first ones where it has no agents and supervisors."""
    if not desk.exists():
        return "agent", "supervisor"
    from engine.lang.source import read

    document, _findings = read(desk.read_bytes(), desk.name)
    whole = document.root.plain if document.root is not None else None
    named = whole.get("roles") if isinstance(whole, dict) else None
    roles = list(named) if isinstance(named, dict) else []
    agent = "agent" if "agent" in roles or not roles else roles[0]
    others = [role for role in roles if role != agent]
    return agent, "supervisor" if "supervisor" in roles or not others else others[0]


def check_command() -> Command:
    """Build `check`."""
    return plain_command(
        "check",
        run_check,
        help=_(
            "Check processes and all they use. Every finding has its place, its rule and its mend; an error keeps a "
            "process from being published, a warning does not."
        ),
        examples=("casewright check", "casewright check processes/repair.yaml", "casewright check --format sarif"),
        params=[
            click.Argument(["paths"], nargs=-1, type=click.Path(exists=True, path_type=Path), metavar=_("[PATH]…")),
            click.Option(
                ["--format", "form"], type=click.Choice(FORMATS), help=_("How findings are written; text unless said.")
            ),
            click.Option(["--strict"], is_flag=True, help=_("Let warnings fail, too.")),
        ],
    )


def run_check(streams: Streams, args: Args) -> int:
    """Check processes."""
    checked = checked_paths(args.paths or (args.settings.folder,))
    write_findings(streams, checked, args.form or ("json" if streams.is_json else "text"))
    return Exit.FAILED if checked.errors or (args.strict and checked.findings) else Exit.DONE


def explain_command() -> Command:
    """Build `explain`."""
    return plain_command(
        "explain",
        run_explain,
        help=_(
            "Explain a rule of the checker: why it is there, an example that breaks it, what is said then, and how to "
            "mend it. Without a rule, list them all."
        ),
        examples=("casewright explain unknown-state", "casewright explain"),
        params=[click.Argument(["rule"], required=False, metavar=_("[RULE]"))],
    )


def run_explain(streams: Streams, args: Args) -> int:
    """Explain a rule, or list all."""
    if args.rule is None:
        return _list_rules(streams)
    text = page_of(args.rule)
    if streams.is_json:
        streams.give({"rule": args.rule, "text": text})
    else:
        streams.say(text.rstrip())
    return Exit.DONE


def _list_rules(streams: Streams) -> int:
    rules = summaries()
    if streams.is_json:
        streams.give({"rules": [{"rule": name, "summary": summary} for name, summary in rules.items()]})
        return Exit.DONE
    columns = [Column(head=_("rule")), Column(head=_("about"), is_wide=True)]
    write_table(streams, columns, [Row(cells=[name, summary]) for name, summary in rules.items()])
    return Exit.DONE
