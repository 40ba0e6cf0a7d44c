"""`init` and `doctor`: setting up a desk, and looking whether everything is in order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.writing import desk_in
from engine.cli.designing.folder import checked_paths, publish_all
from engine.cli.exits import Exit
from engine.cli.forms import read_object
from engine.cli.sayings import said_again
from engine.cli.settings import PROJECT_FILE, Settings, read_project, read_settings
from engine.cli.streams import Streams
from engine.cli.translate import LANGUAGES, _, known_language, labelled, later, listed, plural, with_aside
from engine.errors import Conflict, EngineError
from engine.resources import data_folder

if TYPE_CHECKING:
    from engine.app import Engine

_PROJECT = """\
# The desk's project file: `casewright` finds it from any folder below. Paths count from here.
database = {database}    # a file, or a URL
processes = "processes"           # the folder of processes
{off}facts = "facts.json"              # what you bring with every command: {{"on_shift": ["li.wei"]}}
# language = "zh"                 # en or zh; else that of your environment
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


def doctor_command() -> Command:
    """Build `doctor`."""
    return plain_command(
        "doctor",
        run_doctor,
        help=_("Look whether everything needed is in order: settings, processes, database, clock, time zones, worker."),
        examples=("casewright doctor", "casewright doctor --metrics"),
        params=[
            click.Option(["--metrics"], is_flag=True, help=_("Write figures in the text format of Prometheus instead."))
        ],
    )


_CHECKS = {
    "database": later("database"),
    "server": later("server"),
    "months": later("months of the audit"),
    "clock": later("clock"),
    "processes": later("published processes"),
    "people": later("people"),
    "faults": later("faults"),
    "due": later("what is due"),
    "keys": later("keys of private values"),
    "schedules": later("schedules"),
    "outbox": later("messages"),
}


class _Finding(NamedTuple):
    name: str
    is_ok: bool
    words: str


def run_doctor(streams: Streams, args: Args) -> int:
    """Look whether everything is in order."""
    settings = args.settings
    if args.metrics:
        return _metrics(streams, settings)
    findings = [
        _project(settings),
        *_facts(settings),
        *_deliverers(settings),
        _processes(settings),
        *_database(settings, streams),
    ]
    if streams.is_json:
        streams.give(
            {
                "is_ok": all(found.is_ok for found in findings),
                "checks": [{"name": found.name, "is_ok": found.is_ok, "message": found.words} for found in findings],
            }
        )
    else:
        for found in findings:
            sign = streams.paint("ok", "green") if found.is_ok else streams.paint("!!", "red")
            streams.say(f"{sign}  " + labelled(found.name, found.words))
    return Exit.DONE if all(found.is_ok for found in findings) else Exit.FAILED


def _metrics(streams: Streams, settings: Settings) -> int:
    """Write figures; in JSON under the same names."""
    from engine.app import Engine
    from engine.cli.metrics import prometheus

    with Engine.open(_impatient(settings.database)) as engine:
        lines = list(prometheus(engine.vitals()))
    if streams.is_json:
        pairs = (line.split(" ", 1) for line in lines if not line.startswith("#"))
        streams.give({name: float(value) if "." in value else int(value) for name, value in pairs})
    else:
        for line in lines:
            streams.say(line)
    return Exit.DONE


def _project(settings: Settings) -> _Finding:
    language = settings.project.values.get("language")
    if language is not None and known_language(language) is None:
        text = _("`{file}`: the language `{language}` is not known; there is {names}").format(
            file=settings.project.file, language=language, names=listed(f"`{name}`" for name in LANGUAGES)
        )
        return _Finding(_("settings"), False, text)
    if settings.project.file is None:
        text = _("no casewright.toml here or above; the database is {database}").format(
            database=settings.shown_database
        )
    else:
        text = _("{file}; the database is {database}").format(
            file=settings.project.file, database=settings.shown_database
        )
    return _Finding(_("settings"), True, text)


def _facts(settings: Settings) -> Iterator[_Finding]:
    """Look at the file of standing facts, where the project names one: every action reads it."""
    file = settings.project.path("facts")
    if file is None:
        return
    try:
        count = len(read_object(str(file)))
    except (EngineError, OSError) as error:
        yield _Finding(_("facts"), False, str(error))
    else:
        yield _Finding(_("facts"), True, plural("{count} fact", "{count} facts", count))


def _deliverers(settings: Settings) -> Iterator[_Finding]:
    """Look whether the deliverers that the project file names can be made, secrets included."""
    project = settings.project
    if not project.deliver or project.file is None:
        return
    from engine.deliverers import build

    try:
        routes = build(project.deliver, project.file.parent, os.environ, lambda _: None).routes
    except EngineError as error:
        yield _Finding(_("deliverers"), False, said_again(error.message))
    else:
        yield _Finding(_("deliverers"), True, plural("{count} deliverer", "{count} deliverers", len(routes)))


def _processes(settings: Settings) -> _Finding:
    name = _("processes")
    if not settings.folder.is_dir():
        return _Finding(name, False, _("there is no folder `{folder}`").format(folder=settings.folder))
    try:
        checked = checked_paths([settings.folder])
    except (EngineError, OSError) as error:
        return _Finding(name, False, str(error))
    if checked.errors:
        text = plural(
            "{count} error in them: `casewright check` shows it",
            "{count} errors in them: `casewright check` shows them",
            checked.errors,
        )
        return _Finding(name, False, text)
    return _Finding(
        name, True, plural("{count} process, no error", "{count} processes, no error", len(checked.definitions))
    )


def _impatient(database: str) -> str:
    """Wait for a locked database no longer than who asks what is wrong would."""
    from urllib.parse import quote

    is_url = "://" in database or database.startswith("memory:")
    url = database if is_url else "sqlite:///" + quote(database, errors="surrogateescape")
    if not url.startswith(("sqlite:///", "postgres")) or "busy=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}busy=3"


def _database(settings: Settings, streams: Streams) -> Iterator[_Finding]:
    from engine.app import Engine
    from engine.store.address import shown

    try:
        with Engine.open(_impatient(settings.database)) as engine:
            for check in engine.doctor():
                yield _Finding(
                    _(_CHECKS.get(check.name, check.name)),
                    check.ok,
                    check.words.get(streams.language) or check.words["en"],
                )
    except EngineError as error:
        told = said_again(error.message)
        told = with_aside(told, said_again(error.mend)) if error.mend else told
        told = told.replace(shown(_impatient(settings.database)), settings.shown_database)
        yield _Finding(_("database"), False, told)
