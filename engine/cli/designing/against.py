"""Processes held against an earlier version of theirs: what publishing them would be refused for, or leave behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.cli.command import Args
from engine.cli.designing.definitions import file_meant, from_database, newest_published
from engine.cli.designing.folder import Checked, checked_paths
from engine.cli.streams import Streams
from engine.cli.translate import _
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.lang.diagnostics import Diagnostic, Span
    from engine.model import ProcessDefinition

DATABASE = "db"


def findings_against(streams: Streams, args: Args, checked: Checked) -> list[Diagnostic]:
    """What is found of processes beside their earlier versions: a file, a folder, what is published, or `db`."""
    if args.against == DATABASE:
        return findings_before_publishing(streams, args, checked)
    return _of_earlier(checked, _earlier(args, checked), streams.language)


def findings_before_publishing(streams: Streams, args: Args, checked: Checked) -> list[Diagnostic]:
    """What publishing them would be refused for, and which open cases could then not come over."""
    earlier = newest_published(args.settings, checked.definitions)
    found = _of_earlier(checked, earlier, streams.language)
    if not any(one.severity == "error" for one in found):
        ahead = (new for new in checked.definitions.values() if is_ahead(new, earlier))
        found += [one for new in ahead for one in _of_cases(new, args, streams.language)]
    return found


def is_ahead(new: ProcessDefinition, earlier: Mapping[str, ProcessDefinition]) -> bool:
    """Whether a process is of a later version than the newest that is published."""
    return new.process in earlier and new.version > earlier[new.process].version


def ways_missing(engine: Engine, checked: Checked, language: str) -> list[Diagnostic]:
    """What new versions leave behind of the open cases: states and promises for which `migrate` says nothing."""
    names = {one.process for one in engine.published()} & set(checked.definitions)
    earlier = {name: engine.definition(name) for name in sorted(names)}
    ahead = [new for new in checked.definitions.values() if is_ahead(new, earlier)]
    left = [new for new in ahead if engine.behind(new.process, new.version)]
    found = (one for new in left for one in _of_versions(new, earlier[new.process], language))
    return [one for one in found if one.id == "migration-missing"]


def _of_earlier(checked: Checked, earlier: Mapping[str, ProcessDefinition], language: str) -> list[Diagnostic]:
    both = [(new, earlier[new.process]) for new in checked.definitions.values() if new.process in earlier]
    return [one for new, old in both for one in _of_versions(new, old, language)]


def _earlier(args: Args, checked: Checked) -> Mapping[str, ProcessDefinition]:
    path = file_meant(args.settings, args.against)
    if path is None:
        name, _at, version = args.against.partition("@")
        one = from_database(args.settings, name, int(version) if version.isdigit() else None)
        return {one.process: one}
    old = checked_paths([path])
    if old.errors:
        raise UsageError(
            _("`{file}` has errors, so nothing can be held against it").format(file=path),
            help=_("`casewright check {file}` shows them").format(file=path),
        )
    return old.definitions


def _of_versions(new: ProcessDefinition, old: ProcessDefinition, language: str) -> Iterator[Diagnostic]:
    from engine.lang.diagnostics import error, warning

    if new.behaviour_hash == old.behaviour_hash:
        return
    process, was, version = new.process, old.version, new.version
    if version <= was:
        rule = "version-not-raised" if version == was else "version-behind"
        message = f"`{process}` behaves otherwise than its version {was}, and says that it is version {version}"
        mend = f"raise `version:` to {was + 1}; cases under way stay on their own version"
        yield error(rule, _place(new, "version"), message, mend)
        return
    way = new.migrate.get(was)
    for words in _forgotten(new, old):
        message = words.get(language) or words["en"]
        if way is None:
            mend = f"say under `migrate` how cases of version {was} come over, or leave them on their own version"
            yield warning("migration-missing", _place(new, "version"), message, mend)
        else:
            yield error("migration-forgets", _place(new, "migrate"), message, "write where it goes under `migrate`")


def _forgotten(new: ProcessDefinition, old: ProcessDefinition) -> list[Mapping[str, str]]:
    """What the way from an earlier version forgets; where none is written, of the way that changes no name."""
    from engine.core.migrating import oversights
    from engine.core.plan import Plan
    from engine.migration import Migration

    way = new.migrate.get(old.version) or Migration(since=old.version, states={}, clocks={})
    return [one.words for one in oversights(Plan(old), Plan(new), way)]


def _of_cases(new: ProcessDefinition, args: Args, language: str) -> Iterator[Diagnostic]:
    """The open cases that could not come over, by the reason."""
    from engine.app import Engine
    from engine.lang.diagnostics import warning

    with Engine.open(args.settings.database) as engine:
        plan = engine.plan(new.sources, new.process, actor=args.settings.actor)
    stranded: Counter[str] = Counter()
    first: dict[str, str] = {}
    for move in plan.moves:
        for reason in move.reasons[:1]:
            words = reason.words.get(language) or reason.words.get("en", "")
            said = words.replace(f"`{move.case}`", "…")
            stranded[said] += 1
            first.setdefault(said, move.case)
    for said, count in stranded.items():
        message = f"open cases that cannot come over to version {new.version}: {count}, such as `{first[said]}`: {said}"
        mend = "say under `migrate` where they go, or leave them on their own version"
        yield warning("case-stranded", _place(new, "version"), message, mend)


def _place(definition: ProcessDefinition, key: str) -> Span:
    from engine.lang.source import read

    path = next(path for path in definition.sources if path.rpartition("/")[2] == f"{definition.process}.yaml")
    document, _findings = read(definition.sources[path], path)
    return document.name_place((key,))
