"""`init`: setting up a desk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.writing import desk_in
from engine.cli.designing.folder import checked_paths, publish_all
from engine.cli.exits import Exit
from engine.cli.settings import PROJECT_FILE, Settings, read_project, read_settings
from engine.cli.streams import Streams
from engine.cli.translate import _, listed
from engine.errors import Conflict
from engine.resources import data_folder

if TYPE_CHECKING:
    from engine.app import Engine

_PROJECT = """\
# The desk's project file: `casewright` finds it from any folder below. Paths count from here.
database = {database}    # a file, or a URL
processes = "processes"           # the folder of processes
{off}facts = "facts.json"              # what you bring with every command: {{"on_shift": ["li.wei"]}}
# language = "zh"                 # en or zh; else that of your environment

# A worker prints messages until a table says where they go: mail (smtp), webhook, nats or file.
# [deliver.mail]
# kind = "smtp"
# host = "mail.example.com"
# from = "Our desk <desk@example.com>"
# messages = ["*"]
"""
_FACTS = {
    "on_shift": ["li.wei", "chen.jie", "zhou.tao"],
    "certified": ["li.wei", "chen.jie", "zhou.tao"],
    "price_list": [
        {"item": "fuse", "price": "12.50"},
        {"item": "seal ring", "price": "8.00"},
        {"item": "labour hour", "price": "60.00"},
    ],
}
_EXAMPLE_PEOPLE = (
    ("wang.fang", "王芳", ("agent",)),
    ("liu.yang", "刘洋", ("agent",)),
    ("zhao.lei", "赵磊", ("dispatcher",)),
    ("li.wei", "李伟", ("technician",)),
    ("chen.jie", "陈杰", ("technician",)),
    ("zhou.tao", "周涛", ("technician",)),
    ("sun.qiang", "孙强", ("repair_supervisor",)),
    ("gao.min", "高敏", ("warehouse",)),
    ("sf.feed", "顺丰接口", ("courier_feed",)),
    ("xu.li", "徐丽", ("supervisor",)),
    ("gao.ming", "高明", ("manager",)),
    ("ma.lin", "马林", ("department",)),
    ("deng.hua", "邓华", ("supervisor",)),  # who proposes a solution does not approve it
    ("gu.lin", "顾琳", ("inspector",)),
    ("qian.yu", "钱宇", ("finance",)),
    ("luo.jia", "罗佳", ("buyer",)),
    ("he.ping", "何萍", ("department_head",)),
    ("tian.hai", "田海", ("merchant",)),
    ("qi.wei", "齐伟", ("engineering_manager",)),
    ("han.song", "韩松", ("engineer",)),
    ("ru.ping", "汝平", ("engineer",)),
)


def init_command() -> Command:
    """Build `init`."""
    return plain_command(
        "init",
        run_init,
        help=_(
            "Set up a desk in this folder: casewright.toml, a database, a folder of processes. You become its first "
            "administrator. What is there already stays as it is. With --example it comes with the processes of a "
            "mall's service centre, published, and with people who hold its roles."
        ),
        examples=("casewright init", "casewright init --example"),
        params=[click.Option(["--example"], is_flag=True, help=_("With example processes and people, ready to try."))],
    )


def run_init(streams: Streams, args: Args) -> int:
    """Set up a desk."""
    from engine.app import Engine

    said = args.settings.said
    database = args.settings.shown_database if said.get("db") else None
    if args.example:
        _refuse_another_desk(_target(Path()) / "desk.yaml")
    written = list(_write_files(Path.cwd(), database, streams.language if args.example else ""))
    settings = read_settings(said, os.environ)
    with Engine.open(settings.database, create=True) as engine:
        named = _name_people(engine, settings.actor, is_example=args.example)
        published, waiting = _publish(engine, settings) if args.example else ([], [])
    if streams.is_json:
        streams.give(
            {
                "database": settings.shown_database,
                "files": written,
                "actors": named,
                "published": published,
                "admin": settings.actor,
            }
        )
        return Exit.DONE
    for line in _written(written):
        streams.say(line)
    streams.say(_("the database is {database}").format(database=settings.shown_database))
    if settings.shown_database != settings.database:
        streams.tell(_("its password is not written down; PGPASSFILE or PGPASSWORD tells it to each command"))
    if settings.actor in named:
        streams.say(_("{person} is its administrator").format(person=settings.actor))
    if published:
        streams.say(_("published {process}").format(process=listed(published)))
    if waiting:
        words = _("not published yet, for the calendar opens their cases: {processes}; `casewright publish` does it")
        streams.say(words.format(processes=listed(waiting)))
    streams.tell(_("next: {command}").format(command=_following(settings, is_example=args.example)))
    return Exit.DONE


def _following(settings: Settings, *, is_example: bool) -> str:
    if is_example:
        return "casewright open repair --as wang.fang"
    if (settings.folder / "desk.yaml").exists():
        return "casewright check"
    return "casewright new my_process"


def _refuse_another_desk(desk: Path) -> None:
    """Refuse to pour the example's files among those of a desk of somebody's own, before anything is written."""
    needed = {role for _person, _full, roles in _EXAMPLE_PEOPLE for role in roles}
    if desk.exists() and not needed <= set(desk_in(desk.read_bytes()).named):
        raise Conflict(
            _("`{file}` is a desk of your own; nothing was written").format(file=desk),
            help=_("in an empty folder `casewright init --example` sets up a desk beside yours"),
        )


def _written(files: list[str]) -> Iterator[str]:
    """Say what was written: a file by its name, a folder by how many files it got."""
    for folder, inside in groupby(files, lambda file: Path(file).parts[0]):
        count = len(list(inside))
        yield (
            _("wrote {file}").format(file=folder)
            if count == 1
            else _("wrote {folder}/: {count} files").format(folder=folder, count=count)
        )


def _write_files(folder: Path, database: str | None, example: str) -> Iterator[str]:
    """Write what is not there yet, and name it; with an example, the language that its desk speaks first."""
    is_example = bool(example)
    if not (folder / PROJECT_FILE).exists():
        named = json.dumps(database or "casewright.sqlite", ensure_ascii=False)
        text = _PROJECT.format(database=named, off="" if is_example else "# ")
        (folder / PROJECT_FILE).write_text(text, "utf-8")
        yield PROJECT_FILE
    if is_example and not (folder / "facts.json").exists():
        (folder / "facts.json").write_text(json.dumps(_FACTS, indent=2) + "\n", "utf-8")
        yield "facts.json"
    target = _target(folder)
    target.mkdir(parents=True, exist_ok=True)
    if is_example:
        yield from copy_processes(target, folder, example)


def _target(folder: Path) -> Path:
    """Name the folder of processes: what the project file there says, or what a new one will say."""
    file = folder / PROJECT_FILE
    named = read_project(file).path("processes") if file.exists() else None
    return named or folder / "processes"


def copy_processes(target: Path, folder: Path, language: str) -> Iterator[str]:
    """Copy the shipped processes that are not there yet; people are written to in the desk's first language."""
    shipped = data_folder("processes")
    for source in sorted(shipped.rglob("*.yaml")):
        copy = target / source.relative_to(shipped)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            content = source.read_bytes()
            if source == shipped / "desk.yaml" and language == "zh":
                content = content.replace(b"languages: [en, zh]", b"languages: [zh, en]", 1)
            copy.write_bytes(content)
            yield str(copy.relative_to(folder) if copy.is_relative_to(folder) else copy)


def _name_people(engine: Engine, admin: str, *, is_example: bool) -> list[str]:
    """Make who ran this the administrator where nobody is, and name the example's people."""
    from engine.ports import Person

    known = {person.id for person in engine.people()}
    people = [] if known else [Person(id=admin, name=admin, roles=("admin",))]
    if is_example:
        people += [
            Person(id=name, name=full, roles=roles)
            for name, full, roles in _EXAMPLE_PEOPLE
            if name not in known and name != admin
        ]
    for person in people:
        engine.save_person(person, actor=admin)
    return [person.id for person in people]


def _publish(engine: Engine, settings: Settings) -> tuple[list[str], list[str]]:
    """Publish what is in the folder of processes, but for what would fill the desk while nobody works here yet."""
    definitions = checked_paths([settings.folder]).definitions.values()
    known = {one.process for one in engine.published()}
    opened = (one for one in definitions if one.schedule)
    waiting = [one for one in opened if one.process not in known]
    done = publish_all(engine, [one for one in definitions if one not in waiting], settings.actor)
    return [one.process for one in done if one.status == "published"], [one.process for one in waiting]
