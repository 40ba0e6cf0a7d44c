"""`new`: a process to start from, and a desk for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.commands.editing import known_to_editors
from engine.cli.exits import Exit
from engine.cli.streams import Streams
from engine.cli.translate import _
from engine.errors import Conflict, UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"\{en: (?P<en>[^{},]+), zh: (?P<zh>[^{},]+)\}")
_STARTER = Path(__file__).parents[1] / "starter"


def new_command() -> Command:
    """Build `new`."""
    return plain_command(
        "new",
        run_new,
        help=_(
            "Write a small process to start from, with its scenarios, both explained by comments; and a desk.yaml "
            "where there is none. It is checked and its scenarios pass as they stand."
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
            help=_("write it in small letters, digits and `_`, such as `{name}`").format(name=_meant(name)),
        )
    folder: Path = args.folder or args.settings.folder
    files = dict(_starter_files(folder, name, streams.language))
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


def _meant(name: str) -> str:
    """The name nearest to one that cannot be: small, without marks, Chinese by its sound."""
    from engine.conversion.naming import typable

    meant = typable(name)
    return meant if _NAME.fullmatch(meant) else "lost_found"


def _starter_files(folder: Path, name: str, language: str) -> Iterator[tuple[Path, str]]:
    starter = _STARTER / language
    said = (starter / "desk.yaml").read_text("utf-8")
    desk = folder / "desk.yaml"
    yield desk, known_to_editors(said, "desk", desk, folder)
    shared = desk_in(desk.read_bytes() if desk.exists() else said.encode())
    for source, target in {"process": f"{name}.yaml", "scenarios": f"{name}.scenarios.yaml"}.items():
        text = _fitted((starter / f"{source}.yaml").read_text("utf-8"), name, shared)
        yield folder / target, known_to_editors(text, source, folder / target, folder)


def small_desk(language: str, roles: Mapping[str, str] = MappingProxyType({})) -> str:
    """Write the desk to start from in one language, as a chart needs it: for its roles by label, or for one."""
    text = (_STARTER / language / "desk.yaml").read_text("utf-8")
    text = re.sub(r"(?m)^  supervisor:.*\n", "", text)
    if roles:
        titles = {name: json.dumps(label[:1].upper() + label[1:], ensure_ascii=False) for label, name in roles.items()}
        lines = "".join(f"  {name}: {{{language}: {title}}}\n" for name, title in titles.items())
        return re.sub(r"(?m)^  agent:.*\n", lambda _found: lines, _in_one_language(text, language))
    return _LABEL.sub(lambda label: _label(label, [language]), _in_one_language(text, language))


def _in_one_language(text: str, language: str) -> str:
    return re.sub(r"(?m)^languages: \[.*?\]", f"languages: [{language}]".ljust(len("languages: [en, zh]")), text)


@dataclass(frozen=True)
class Desk:
    """What a starter takes from the desk it is written for."""

    languages: list[str]
    roles: dict[str, str]  # which of its own roles stand for the starter's two
    named: list[str]  # its own roles


def desk_in(text: bytes) -> Desk:
    """Read what the desk is like: its own first roles where it has no agents and supervisors; one may be both."""
    from engine.lang.source import read

    document, _findings = read(text, "desk.yaml")
    whole = document.root.plain if document.root is not None else None
    said = whole if isinstance(whole, dict) else {}
    named, languages = said.get("roles"), said.get("languages")
    roles = list(named) if isinstance(named, dict) else []
    agent = "agent" if "agent" in roles or not roles else roles[0]
    others = [role for role in roles if role != agent]
    supervisor = "supervisor" if "supervisor" in roles or not roles else (others or roles)[0]
    spoken = [str(one) for one in languages] if isinstance(languages, list) and languages else ["en", "zh"]
    return Desk(spoken, {"agent": agent, "supervisor": supervisor}, roles)


def _fitted(text: str, name: str, desk: Desk) -> str:
    """Write a starter's text for this name, in this desk's languages, for its roles."""
    title = name.replace("_", " ").capitalize()
    prefix = "".join(word[0] for word in name.split("_") if word).upper()
    for there, here in {"new_process": name, "NEW": prefix, "New process": title, "新流程": title}.items():
        text = text.replace(there, here)
    text = re.sub(r"\b(?:agent|supervisor)\b", lambda word: desk.roles[word[0]], text)
    text = re.sub(r"\[(\w+), \1\]", r"[\1]", text)  # one role stands for both
    text = _LABEL.sub(lambda label: _label(label, desk.languages), text)
    return re.sub(r"(?m)^(\S.*?|  .*?) {2,}# ", lambda line: f"{line[1]:<33} # ", text)


def _label(label: re.Match[str], languages: list[str]) -> str:
    """Write a label in these languages; in those that the starter does not speak, in English."""
    words = {one: label["zh"] if one == "zh" else label["en"] for one in languages}
    order = sorted(words, key=lambda one: (one not in ("en", "zh"), one))
    return "{" + ", ".join(f"{one}: {words[one]}" for one in order) + "}"
