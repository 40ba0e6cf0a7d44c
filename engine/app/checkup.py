"""What `doctor` looks at, in a database and its server: whether all that is needed is in order, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.app.opening import Coming
from engine.app.people import is_admin
from engine.app.vitals import Vitals, vitals_of
from engine.fields import Words
from engine.hours import say_duration
from engine.ports import Person, Server, Store, Transaction
from engine.sealing import HostKeys
from engine.values import show_instant

FAILED_OFTEN = 8
"""After so many attempts, in two minutes, it is no hiccup any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing `doctor` looked at."""

    name: str
    ok: bool
    words: Words


def check(name: str, ok: bool, en: str, zh: str) -> Check:
    """What was looked at, in both languages."""
    return Check(name=name, ok=ok, words={"en": en, "zh": zh})


def checks_of_database(store: Store) -> Iterator[Check]:
    """What can be said of the database without looking into its tables."""
    if store.only_reads():
        yield check(
            "database", False, "it can only be looked at here: who works at the desk needs the right to write",
            "此处只能查看：办理业务需要对数据库的写入权限",
        )  # fmt: skip
    yield from _server_checks(store.server())


def look(tx: Transaction, now: int, schedules: list[Coming], keys: HostKeys) -> list[Check]:
    """What its tables tell."""
    published, faults = len(tx.publications()), len(tx.faults())
    return [
        check("processes", published > 0, f"{published} published", f"已发布 {published} 个"),
        _people_check(tx.people()),
        check("faults", not faults, f"{faults} cases set aside", f"搁置案件 {faults} 个"),
        _due_check(vitals_of(tx, now)),
        *_schedule_checks(schedules),
        *_key_checks(tx, keys),
        _mail_check(tx),
    ]  # fmt: skip


def _people_check(people: Sequence[Person]) -> Check:
    admins = sum(map(is_admin, people))
    en, zh = f"{len(people)} known, {admins} of them admin", f"共 {len(people)} 人，其中管理员 {admins} 人"
    if not admins:
        mend = "casewright actor change PERSON --give admin" if people else "casewright actor add PERSON --role admin"
        en, zh = f"{en}; `{mend}` names one", f"{zh}；请用 `{mend}` 指定一名"
    return check("people", bool(admins), en, zh)


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
    yield check("server", not server.volatile and not is_full, en, zh)
    if server.has_next_month:
        en, zh = f"the audit has its months until {server.last_month}", f"审计的月度分区已建至 {server.last_month}"
    else:
        en = f"the audit has its months until {server.last_month} only; run a worker, or `casewright db upgrade`"
        zh = f"审计的月度分区只建至 {server.last_month}；请运行 worker 或 `casewright db upgrade`"
    yield check("months", server.has_next_month, en, zh)


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
        yield check("keys", False, en, zh)
    beside = sum(count for mark, count in found.items() if mark != keys.mark and mark not in lost)
    if keys.mark and beside:
        en = f"keys of private values that the host's newest key does not lock: {beside}; `casewright privacy wrap`"
        zh = f"尚未由主机最新密钥锁定的个人信息密钥：{beside} 把；请运行 `casewright privacy wrap`"
        yield check("keys", False, en, zh)
    elif keys.mark and not lost:
        en, zh = "the host's key locks those of all private values", "主机密钥已锁定所有个人信息的密钥"
        yield check("keys", True, en, zh)


def _due_check(vitals: Vitals) -> Check:
    if not vitals.due:
        return check("due", True, "nothing waits for a worker", "没有等待处理的到期事项")
    en = f"cases with something due: {vitals.due}, the first for {say_duration(vitals.lag, 'en')}; run a worker"
    zh = f"有到期事项的案件：{vitals.due}，最早的已等 {say_duration(vitals.lag, 'zh')}；请运行 worker"
    return check("due", False, en, zh)


def _mail_check(tx: Transaction) -> Check:
    dead, failing = tx.count_mail("dead")[0], tx.count_mail("waiting", failed=FAILED_OFTEN)[0]
    en, zh = f"{dead} messages could not be delivered", f"{dead} 条消息未能送达"
    if failing:
        en = f"{en}; {failing} more fail again and again, and are still tried; `casewright outbox` says why"
        zh = f"{zh}；另有 {failing} 条屡次失败，仍在重试；原因见 `casewright outbox`"
    if dead:
        en = f"{en}; `casewright outbox retry --dead` sends those given up again"
        zh = f"{zh}；`casewright outbox retry --dead` 重新发送已放弃的消息"
    return check("outbox", not dead and not failing, en, zh)


def _schedule_checks(schedules: list[Coming]) -> list[Check]:
    """Where the desk has schedules: when the next case is opened, or which could not be."""
    for one in schedules:
        if one.problem is not None:
            at, name = show_instant(one.problem["at"], one.zone), f"`{one.process}.{one.schedule}`"
            why = {
                lang: "; ".join(words.get(lang, words["en"]) for words in one.problem["words"]) for lang in ("en", "zh")
            }
            said = f"{name} could not open a case at {at}: {why['en']}", f"{name} 在 {at} 未能开案：{why['zh']}"
            return [check("schedules", False, *said)]
    if not schedules:
        return []
    at, name = show_instant(schedules[0].due, schedules[0].zone), f"`{schedules[0].process}.{schedules[0].schedule}`"
    said = (
        f"{len(schedules)} in use; {name} opens the next case at {at}",
        f"使用中 {len(schedules)} 个；{name} 将于 {at} 开案",
    )
    return [check("schedules", True, *said)]
