"""The stages in order: text, located tree, shape, definition, rules; each adds findings and passes on what it can."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from engine.calendars import Calendar
from engine.lang.build.cursor import Cursor
from engine.lang.build.desk import DeskFile, build_desk
from engine.lang.build.known import Known
from engine.lang.build.notes import Notes
from engine.lang.build.process import Beside, build_process
from engine.lang.build.used import Pruned, Used
from engine.lang.calendar_files import calendar_of, check_file_name
from engine.lang.diagnostics import Diagnostic, Lines, Span, did_you_mean, error, in_order, without_silenced
from engine.lang.files import Files, Sources, base_of
from engine.lang.hashes import hashes_of
from engine.lang.labels import by_name
from engine.model import Desk, ProcessDefinition, Tell


@dataclass(frozen=True, slots=True)
class Loaded:
    """A process that was read: its definition unless there are errors, and everything that was found."""

    definition: ProcessDefinition | None
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, Lines] = field(default_factory=dict)  # of the files that findings point into


@dataclass(frozen=True, slots=True)
class Folder:
    """All processes of a desk."""

    definitions: Mapping[str, ProcessDefinition]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, Lines]


# -- one process -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One process as far as it came; findings not yet sorted."""

    definition: ProcessDefinition | None
    known: Known | None
    findings: tuple[Diagnostic, ...]
    used: Used = field(default_factory=Used)


def load_process(sources: Sources, process: str, *, rules: bool = True, today: date | None = None) -> Loaded:
    """Read and check one process with what it uses; without a definition the diagnostics say why.

    Without `rules` it is only read: what was published once has passed its schema and the rules of its time, and stays
    usable when later ones would refuse it. Where `today` is said, calendars whose holidays ended before it are told.
    """
    base = base_of(sources, process)
    if base is None:
        names = {path.rpartition("/")[2].removesuffix(".yaml") for path in sources if path.endswith(".yaml")}
        place = Span(f"{process}.yaml", 1, 1, 1, 1)
        message = f"there is no file `{process}.yaml`"
        return Loaded(None, (error("unknown-process", place, message, did_you_mean(process, sorted(names))),))
    files = Files(sources, base, is_known=not rules, today=today)
    attempt = _attempt(files, process, rules=rules)
    own = {base + f"{process}.yaml", base + f"messages/{process}.yaml"}
    findings = _silenced(_told(attempt.findings, files), files.texts, own)
    is_wrong = any(found.severity == "error" for found in findings)
    return Loaded(None if is_wrong else attempt.definition, findings, files.texts)


def load_folder(sources: Sources, base: str = "", today: date | None = None) -> Folder:
    """Read and check every process of a folder, and what they share; `today` as in `load_process`."""
    files = Files(sources, f"{base.rstrip('/')}/" if base else "", today=today)
    definitions: dict[str, ProcessDefinition] = {}
    used = Used()
    found = [*_every_file(files)]
    for process in files.processes():
        attempt = _attempt(files, process)
        found += attempt.findings
        if attempt.definition is not None and not any(one.severity == "error" for one in attempt.findings):
            definitions[process] = attempt.definition
            used.add(attempt.used)
    if definitions and len(definitions) == len(files.processes()):
        found += _shared(files, definitions, used)
    return Folder(definitions, without_silenced(in_order(_told(found, files)), files.texts), files.texts)


def _every_file(files: Files) -> Iterator[Diagnostic]:
    """What is wrong with files that perhaps no process uses."""
    desk: Desk | None = None
    if "desk.yaml" in files:
        file = files.read("desk.yaml", "desk")
        yield from file.findings
        desk = build_desk(file.cursor).desk if file.cursor is not None else None
    for name in files.names("calendars/"):
        yield from calendar_of(files, name, desk).findings
    for name in files.names("messages/"):
        file = files.read(f"messages/{name}.yaml", "messages")
        yield from file.findings
        if name != "desk" and name not in files.processes():
            mend = did_you_mean(name, files.processes()) or "take the file away"
            yield error("file-name", file.document.top, f"there is no process `{name}` that sends these messages", mend)


def _shared(files: Files, definitions: Iterable[str], used: Used) -> Iterator[Diagnostic]:
    """What can be said of a folder only when every process of it is known."""
    from engine.lang.rules.folder import FOLDER_RULES, Shared

    processes = (files.read(f"{name}.yaml", "process").cursor for name in definitions)
    desk = files.read("desk.yaml", "desk").cursor
    messages = files.read("messages/desk.yaml", "messages") if "messages/desk.yaml" in files else None
    read = {name: files.read(f"calendars/{name}.yaml", "calendar") for name in files.names("calendars/")}
    calendars = {name: file.document.top for name, file in read.items() if file.cursor is not None}
    if desk is not None:
        known = tuple(cursor for cursor in processes if cursor is not None)
        shared = Shared(known, desk, messages.cursor if messages is not None else None, calendars, used)
        for rule in FOLDER_RULES:
            yield from rule.findings(shared)


def _told(findings: Iterable[Diagnostic], files: Files) -> list[Diagnostic]:
    """The findings as this desk must mend them: by its own names, in its own languages."""
    return _in_languages(by_name(findings, files.documents, files.texts), files)


_LABEL = re.compile(r"\{en: (?P<en>[^{},]+), zh: (?P<zh>[^{},]+)\}")


def _in_languages(findings: Iterable[Diagnostic], files: Files) -> list[Diagnostic]:
    """Show labels as this desk must write them: who follows an example is not refused for its languages."""
    desk = files.read("desk.yaml", "desk").cursor if "desk.yaml" in files else None
    written = desk.plain.get("languages") if desk is not None and desk.is_table else None
    languages = [one for one in written if isinstance(one, str)] if isinstance(written, list) else []

    def label(found: re.Match[str]) -> str:
        words = (f"{one}: {found['zh' if one == 'zh' else 'en']}" for one in languages)
        return "{" + ", ".join(words) + "}"

    return [
        replace(found, help=_LABEL.sub(label, found.help)) if languages and found.help else found for found in findings
    ]


def _silenced(findings: Iterable[Diagnostic], texts: Mapping[str, Lines], own: set[str]) -> tuple[Diagnostic, ...]:
    """Silence what its line silences; a comment in a shared file may be for another process."""
    kept = without_silenced(findings, texts)
    return tuple(found for found in kept if found.id != "unused-ignore" or found.span.file in own)


def _attempt(files: Files, process: str, *, rules: bool = True) -> _Attempt:
    name = f"{process}.yaml"
    file = files.read(name, "process")
    findings = [*file.findings]
    if file.cursor is None or not file.cursor.is_table:
        return _Attempt(None, None, tuple(findings))
    if "desk.yaml" not in files:
        mend = "`casewright new NAME` writes one to start from: the desk's name, languages, zone, roles"
        findings.append(error("no-desk", file.document.top, "there is no `desk.yaml` beside this process", mend))
        return _Attempt(None, None, tuple(findings))
    desk_file = files.read("desk.yaml", "desk")
    findings += desk_file.findings
    if desk_file.cursor is None or not desk_file.cursor.is_table:
        return _Attempt(None, None, tuple(findings))
    desk = build_desk(desk_file.cursor)
    notes = Notes(desk.notes)
    beside = _beside(files, process, desk, findings)
    built, known = build_process(file.cursor, beside, notes)
    check_file_name(file.cursor, process, notes)
    findings += notes.found
    is_readable = not any(found.severity == "error" for found in findings)
    if rules:  # a published process is read without them, and quickly
        from engine.lang.rules.listing import findings_of
        from engine.lang.rules.rule import Checked

        findings += findings_of(Checked(built.definition, known, built.behaving), tuple(findings))
    if not is_readable:
        return _Attempt(None, known, tuple(findings))
    behaviour, words = hashes_of(built.definition, built.used)
    used = _used_sources(files, built, known)
    definition = replace(built.definition, sources=used, behaviour_hash=behaviour, words_hash=words)
    return _Attempt(definition, known, tuple(findings), built.used)


def _beside(files: Files, process: str, desk: DeskFile, findings: list[Diagnostic]) -> Beside:
    """What stands beside a process file, as far as it may matter to it."""
    calendars, places = _calendars(files, process, desk, findings)
    return Beside(
        desk=desk, calendars=calendars, calendar_places=places, messages=_messages(files, process, findings),
        others=files.others, unread=frozenset(_unread_messages(files, process)),
    )  # fmt: skip


def _messages(files: Files, process: str, findings: list[Diagnostic]) -> dict[str, Cursor]:
    """The desk's messages and those of the process."""
    found: dict[str, Cursor] = {}
    for name in ("messages/desk.yaml", f"messages/{process}.yaml"):
        if name not in files:
            continue
        file = files.read(name, "messages")
        findings += file.findings
        for key, cursor in file.cursor.entries() if file.cursor is not None else ():
            if key in found:
                related = [(found[key].name_span, "the desk's message")]
                message = f"`{key}` is the name of a message of the desk"
                mend = "give this one another name"
                findings.append(error("name-taken", cursor.name_span, message, mend, related))
            found[key] = cursor
    return found


def _unread_messages(files: Files, process: str) -> Iterator[str]:
    """Give the files of messages that cannot be read: what they declare is not known."""
    for name in ("messages/desk.yaml", f"messages/{process}.yaml"):
        if name in files and files.read(name, "messages").cursor is None:
            yield name


# -- calendars ---------------------------------------------------------------------------------------------------------


def _calendars(
    files: Files, process: str, desk: DeskFile, findings: list[Diagnostic]
) -> tuple[dict[str, Calendar], dict[str, Span]]:
    """The calendars that a process may use, and the place of every one there is."""
    text = files.sources[f"{files.base}{process}.yaml"] + files.sources[f"{files.base}desk.yaml"]
    asks_any = "is_open(" in text or "add(" in text
    calendars: dict[str, Calendar] = {}
    places: dict[str, Span] = {}
    for name in files.names("calendars/"):
        if not asks_any and name not in text:
            places[name] = Span(f"{files.base}calendars/{name}.yaml", 1, 1, 1, 1)
            continue
        places[name] = files.read(f"calendars/{name}.yaml", "calendar").document.top
        found = calendar_of(files, name, desk.desk)
        findings += found.findings
        calendars[name] = found.calendar
    return calendars, places


# -- what a version covers ---------------------------------------------------------------------------------------------


def _used_sources(files: Files, built: Pruned, known: Known) -> dict[str, str]:
    """The texts a version was read from: those it uses of the others included."""
    definition = built.definition
    names = [f"{definition.process}.yaml", "desk.yaml", *_used_names(built, known)]
    used = {files.base + name: files.sources[files.base + name] for name in dict.fromkeys(names)}
    for name, calendar in definition.calendars.items():
        if calendar.known_until is not None:  # a country's holidays as of today: a later library may know others
            text = json.dumps(calendar.document(), ensure_ascii=False, indent=1)
            used[f"{files.base}calendars/{name}.yaml"] = text + "\n"
    return used


def _used_names(built: Pruned, known: Known) -> Iterator[str]:
    for name in built.definition.messages:
        file = known.messages[name].document.file
        yield "messages/" + file.rpartition("/")[2]
    yield from (f"calendars/{name}.yaml" for name in built.definition.calendars if name != "always")
    opened = {process for processes in known.outline.links.values() for process in processes}
    tells = any(isinstance(part, Tell) and part.target == "parent" for part in built.behaving)
    yield from (f"{name}.yaml" for name in known.neighbours if name in opened or tells)
