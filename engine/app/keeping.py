"""What administrators do: publish definitions, name people, look whether all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.app.candidates import oversights_of, with_candidate
from engine.app.catalogue import REVISION, load_definition, opened_until
from engine.app.incoming.hearing import named_events
from engine.app.known import check_role
from engine.app.merging import RecipeOfTwo
from engine.app.opening import Coming, arranged, coming
from engine.app.people import actor_of, admin_of
from engine.core.cases import Actor
from engine.core.likeness import likeness
from engine.core.plan import Library
from engine.errors import ClockJumped, DefinitionError, NotFound, UsageError
from engine.fields import Words
from engine.model import ProcessDefinition
from engine.ports import Person, Publication, Server, Transaction
from engine.sealing import HostKeys
from engine.values import show_instant

if TYPE_CHECKING:
    from engine.lang.load import Loaded

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


def unwatched(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


REACHED_BY = ("email", "phone")
"""How people are reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing did."""

    process: str
    version: int
    status: Literal["published", "unchanged", "words updated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing `doctor` looked at."""

    name: str
    ok: bool
    words: Words


class Keeping:
    """The verbs of administrators."""

    _recipe: RecipeOfTwo

    def publish(self, sources: Mapping[str, str], process: str, *, actor: Actor | str) -> Published:
        """Publish a definition: immutable from now on. New words under the same behaviour take effect at once."""
        loaded = load_definition(sources, process)
        definition = loaded.definition
        if definition is None:
            raise unusable(process, loaded)
        with self._recipe.store.write() as tx:
            who = admin_of(tx, actor, "publish")
            tx.alone()
            earlier = {one.version: one for one in tx.publications(definition.process)}
            status = check_status(definition, earlier)
            _check_prefix(tx, definition)
            if status == "published":
                self._check_migrations(tx, definition)
                self._check_events(tx, definition)
            if status != "unchanged":
                at = max(self._recipe.life.read(tx), opened_until(tx, definition.process))
                tx.publish(_publication(definition, at, who.id))
                tx.set_setting(REVISION, str(int(tx.setting(REVISION) or 0) + 1))
                arranged(tx, definition.process, at)
        return Published(process=definition.process, version=definition.version, status=status)

    def _check_migrations(self, tx: Transaction, definition: ProcessDefinition) -> None:
        library = with_candidate(self._recipe.catalogue.library(tx), definition)
        found = oversights_of(library, (definition.process, definition.version)) if definition.migrate else []
        if found:
            since = found[0][0]
            raise DefinitionError(
                f"`migrate` of `{definition.process}` version {definition.version} forgets something of version "
                f"{since}, or names what that never had",
                help=f"`casewright plan {definition.process}` says what, and what it means for every open case",
            )

    def _check_events(self, tx: Transaction, definition: ProcessDefinition) -> None:
        library = self._recipe.catalogue.library(tx) if definition.incoming else Library({})
        for event, other in named_events(library, definition.incoming, definition.process):
            raise DefinitionError(
                f"event `{event}` of `{definition.process}` is heard by `{other}` already",
                help="give one of the two another name: an event is about a case of one process",
            )

    def published(self) -> list[Publication]:
        """Every published definition."""
        with self._recipe.store.read() as tx:
            return tx.publications()

    def people(self) -> list[Person]:
        """Everybody known at the desk."""
        with self._recipe.store.read() as tx:
            return tx.people()

    def save_person(self, person: Person, *, actor: Actor | str) -> None:
        """Name a person and the roles held, roles of a published desk; the first one ever named names themselves."""
        if not person.id or person.id == "engine" or any(not sign.isprintable() or sign == ":" for sign in person.id):
            raise UsageError(f"`{person.id}` cannot name a person: printable text without `:`, and not `engine`")
        with self._recipe.store.write() as tx:
            tx.alone()
            if isinstance(actor, Actor) or any(_is_admin(one) for one in tx.people()):
                admin_of(tx, actor, "name people")
                _keep_an_admin(tx, person)
            elif not _is_admin(person):
                raise UsageError(f"`{person.id}` is the first to be named, so they must hold `admin`")
            _check_roles(tx, self._recipe.catalogue.library(tx), person)
            _check_alike(tx, person.id)
            tx.save_person(person)

    def save_addresses(self, person: str, addresses: Mapping[str, str | None], *, actor: Actor | str) -> None:
        """Keep how a person is reached: `email`, `phone`; None forgets one, what is not given stays."""
        with self._recipe.store.write() as tx:
            tx.alone()
            _admin_or_self(tx, person, actor)
            if tx.person(person) is None:
                raise NotFound(
                    f"there is no `{person}` at this desk", help="`casewright actor list` shows who there is"
                )
            kept = {kind: _address(kind, one) for kind, one in addresses.items()}
            tx.save_addresses(person, kept)
        if None in kept.values():
            self._recipe.store.scrub()

    def addresses(self, person: str, *, actor: Actor | str) -> Mapping[str, str]:
        """How a person is reached; that is for administrators and the person."""
        with self._recipe.store.read() as tx:
            _admin_or_self(tx, person, actor)
            return tx.addresses(person)

    def doctor(self) -> list[Check]:
        """Look whether everything needed is in order."""
        with self._recipe.store.read() as tx:
            faults, behind = len(tx.faults()), tx.count_due(self._recipe.now())
            published, people = len(tx.publications()), tx.people()
            dead = len(tx.outbox(status="dead", limit=1000))
            library = self._recipe.catalogue.library(tx)
            schedules = coming(tx, library)
            keys = list(_key_checks(tx, self._recipe.store.keys))
            behind += len(tx.due_timetables(self._recipe.now()))
        admins = [person for person in people if _is_admin(person)]
        return [
            *_server_checks(self._recipe.store.server()),
            self._clock_check(),
            _check("processes", published > 0, f"{published} published", f"已发布 {published} 个"),
            _check("people", bool(admins), f"{len(people)} known, {len(admins)} of them admin",
                   f"共 {len(people)} 人，其中管理员 {len(admins)} 人"),
            _check("faults", not faults, f"{faults} cases set aside", f"搁置案件 {faults} 个"),
            _due_check(behind),
            *_schedule_checks(schedules),
            *keys,
            _check("outbox", not dead, f"{dead} messages could not be delivered", f"{dead} 条消息未能送达"),
        ]  # fmt: skip

    def schedules(self) -> list[Coming]:
        """What the calendar opens next, the soonest first."""
        with self._recipe.store.read() as tx:
            return coming(tx, self._recipe.catalogue.library(tx))

    def _clock_check(self) -> Check:
        try:
            with self._recipe.store.read() as tx:
                self._recipe.life.read(tx)
        except ClockJumped as error:
            mend = "时钟发生跳变；请校正或用 `casewright tick --accept-clock` 确认"
            return _check("clock", False, error.message, mend)
        return _check("clock", True, "the clock runs evenly", "时钟正常")


def _is_admin(person: Person) -> bool:
    return person.is_active and "admin" in person.roles


def _check_roles(tx: Transaction, library: Library, person: Person) -> None:
    """A role given now must be one of a published desk; one held before may stay."""
    known = tx.person(person.id)
    for role in person.roles:
        if person.is_active and (known is None or role not in known.roles):
            check_role(library, role)


def _check_alike(tx: Transaction, person: str) -> None:
    """A new name must not be taken for another: whoever keeps out of a case would come in by it."""
    known = [one.id for one in tx.people()]
    alike = [one for one in known if likeness(one) == likeness(person)]
    if person not in known and alike:
        raise UsageError(
            f"`{person}` cannot be told from `{alike[0]}`, who is known at this desk",
            help="if it is the same person, use that name; else choose one that nobody mixes up",
        )


def _admin_or_self(tx: Transaction, person: str, actor: Actor | str) -> None:
    if (actor.id if isinstance(actor, Actor) else actor) != person:
        admin_of(tx, actor, "see or change how others are reached")
    else:
        actor_of(tx, actor)


def _address(kind: str, address: str | None) -> str | None:
    if kind not in REACHED_BY:
        raise UsageError(f"people are reached by `email` or `phone`, not by `{kind}`")
    if not address:
        return None
    is_right = address.isprintable() and not any(sign in address for sign in " ,;<>")
    if not is_right or (kind == "email" and not re.fullmatch(r"[^@]+@[^@]+", address)):
        raise UsageError(f"`{address}` is not one {kind} address")
    return address


def _keep_an_admin(tx: Transaction, person: Person) -> None:
    known = {one.id: one for one in tx.people()}
    others = [one for one in known.values() if one.id != person.id]
    if person.id in known and _is_admin(known[person.id]) and not any(map(_is_admin, [*others, person])):
        raise UsageError(f"`{person.id}` is the last `admin`; name another one first")


def _publication(definition: ProcessDefinition, at: int, by: str) -> Publication:
    return Publication(
        process=definition.process, version=definition.version, prefix=definition.prefix,
        behaviour_hash=definition.behaviour_hash, words_hash=definition.words_hash, sources=definition.sources,
        published_at=at, published_by=by,
    )  # fmt: skip


def _server_checks(server: Server | None) -> Iterator[Check]:
    """Where the database has a server: whether it keeps what it says, and has room for more."""
    if server is None:
        return
    used = f"{server.connections}/{server.most}"
    en = f"{server.name}, {used} connections in use, its clock {server.ahead:+} ms to this machine's"
    zh = f"{server.name}，连接 {used}，其时钟与本机相差 {server.ahead:+} 毫秒"
    if server.volatile:
        off = ", ".join(server.volatile)
        en, zh = f"{en}; a power cut may take the last steps: {off} off", f"{zh}；断电可能丢失最后几步：{off} 已关闭"
    is_full = server.connections > server.most * 9 // 10
    if is_full:
        en, zh = f"{en}; hardly any connection is left", f"{zh}；连接几乎用尽"
    yield _check("server", not server.volatile and not is_full, en, zh)
    if server.has_next_month:
        en, zh = f"the audit has its months until {server.last_month}", f"审计的月度分区已建至 {server.last_month}"
    else:
        en = f"the audit has its months until {server.last_month} only; run a worker, or `casewright db upgrade`"
        zh = f"审计的月度分区只建至 {server.last_month}；请运行 worker 或 `casewright db upgrade`"
    yield _check("months", server.has_next_month, en, zh)


def _key_checks(tx: Transaction, keys: HostKeys) -> Iterator[Check]:
    """Whether the keys of private values can be opened here, and where the host has a key, whether it locks them."""
    found = tx.count_keys()
    lost = [mark for mark in found if mark and not keys.can_open(mark)]
    for mark in lost:
        name, cases = mark.strip("~:"), tx.count_cases_under(mark)
        en = (
            f"keys locked by the host's key `{name}`, which is not here: {found[mark]}, {cases} of them of cases; "
            "their private values and files can be neither shown nor changed, all else works; name the file that holds "
            "it: CASEWRIGHT_KEY_FILE=PATH"
        )
        zh = (
            f"由主机密钥 `{name}` 锁定的密钥：{found[mark]} 把，其中案件 {cases} 个；该主机密钥不在此处，"
            "这些个人信息和文件既不能查看也不能更改，其余照常；请用 CASEWRIGHT_KEY_FILE=PATH 指明存放它的文件"
        )
        yield _check("keys", False, en, zh)
    beside = sum(count for mark, count in found.items() if mark != keys.mark and mark not in lost)
    if keys.mark and beside:
        en = f"keys of private values that the host's newest key does not lock: {beside}; `casewright privacy wrap`"
        zh = f"尚未由主机最新密钥锁定的个人信息密钥：{beside} 把；请运行 `casewright privacy wrap`"
        yield _check("keys", False, en, zh)
    elif keys.mark and not lost:
        en, zh = "the host's key locks those of all private values", "主机密钥已锁定所有个人信息的密钥"
        yield _check("keys", True, en, zh)


def _due_check(behind: int) -> Check:
    if not behind:
        return _check("due", True, "nothing waits for a worker", "没有等待处理的到期事项")
    return _check(
        "due", False, f"cases with something due: {behind}; run a worker", f"有到期事项的案件：{behind}；请运行 worker"
    )


def _schedule_checks(schedules: list[Coming]) -> list[Check]:
    """Where the desk has schedules: when the next case is opened, or which could not be."""
    for one in schedules:
        if one.problem is not None:
            at, name = show_instant(one.problem["at"], one.zone), f"`{one.process}.{one.schedule}`"
            why = {
                lang: "; ".join(words.get(lang, words["en"]) for words in one.problem["words"]) for lang in ("en", "zh")
            }
            said = f"{name} could not open a case at {at}: {why['en']}", f"{name} 在 {at} 未能开案：{why['zh']}"
            return [_check("schedules", False, *said)]
    if not schedules:
        return []
    at, name = show_instant(schedules[0].due, schedules[0].zone), f"`{schedules[0].process}.{schedules[0].schedule}`"
    said = (
        f"{len(schedules)} in use; {name} opens the next case at {at}",
        f"使用中 {len(schedules)} 个；{name} 将于 {at} 开案",
    )
    return [_check("schedules", True, *said)]


def _check(name: str, ok: bool, en: str, zh: str) -> Check:
    return Check(name=name, ok=ok, words={"en": en, "zh": zh})


def unusable(process: str, loaded: Loaded) -> DefinitionError:
    """What to say of a definition that has errors."""
    errors = [found for found in loaded.diagnostics if found.severity == "error"]
    said = f"{errors[0].span}: {errors[0].message}" if errors else "nothing says why"
    mend = errors[0].help if len(errors) == 1 else None
    return DefinitionError(
        f"`{process}` cannot be published, errors in it: {len(errors)}; the first: {said}",
        help=mend or "`casewright check` shows them all",
    )


def check_status(
    definition: ProcessDefinition, earlier: Mapping[int, Publication]
) -> Literal["published", "unchanged", "words updated"]:
    """What publishing this means beside the versions there are; raises `DefinitionError` where it must not be."""
    name, version = definition.process, definition.version
    same = earlier.get(version)
    if same is None:
        if earlier and version < max(earlier):
            raise DefinitionError(
                f"`{name}` stands at version {max(earlier)}; version {version} comes too late",
                help=f"give it version {max(earlier) + 1}",
            )
        return "published"
    if same.behaviour_hash != definition.behaviour_hash:
        raise DefinitionError(
            f"`{name}` version {version} is published and behaves differently; a published version never changes",
            help=f"raise `version:` to {max(earlier) + 1}; cases under way stay on their own version",
        )
    return "unchanged" if same.words_hash == definition.words_hash else "words updated"


def _check_prefix(tx: Transaction, definition: ProcessDefinition) -> None:
    for other in tx.publications():
        if other.prefix == definition.prefix and other.process != definition.process:
            raise DefinitionError(
                f"prefix `{definition.prefix}` of `{definition.process}` is the prefix of `{other.process}`",
                help="give it one of its own, so that a case's id tells its process",
            )
