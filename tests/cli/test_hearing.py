"""Events of other systems on the command line: told, kept, shown without private values, dropped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.desks import Ran, fields, run

RETURN = (
    "channel=online", "customer=吴敏", "phone=13900000000", "order_no=W1", "kind=return", "problem=quality",
    "article=A7", "said=torn", 'goods=[{"article": "A7", "quantity": 1, "price": "60.00"}]',
)  # fmt: skip
BOUGHT = 'bought=[{"article": "A7", "quantity": 1, "price": "60.00"}]'


def hear(*words: str, key: str = "e1", sender: str = "sf.feed", language: str = "en") -> Ran:
    return run("hear", "parcel_scanned", "--from", sender, "--key", key, *words, language=language)


def do(action: str, *pairs: str) -> Ran:
    done = run("do", "F-1", action, "--as", "wang.fang", *fields(*pairs))
    assert done.code == 0, done.out + done.err
    return done


def sent_back(waybill: str) -> Ran:
    """Open a return and record its waybill number."""
    Path("facts.json").write_text(json.dumps({"bought": [{"article": "A7", "quantity": 1, "price": "60.00"}]}), "utf-8")
    opened = run("open", "refund", "--as", "wang.fang", "--facts", "facts.json", *fields(*RETURN))
    assert opened.code == 0, opened.out + opened.err
    Path("p1").write_text("a photo", "utf-8")
    do("answer", "online=yes", "answered_by=chat")
    do("file_photos", "photos=@p1", "customer_id=C9", f"received_on={datetime.now(UTC):%Y-%m-%d}", "worn=no")
    do("give_address", "return_address=Dock 3", "order_completed=yes", "order_deadline=2026-03-01 12:00")
    return do("give_waybill", "courier=sf", f"waybill={waybill}", "collect=no", "no_cash=yes")


def test_an_event_waits_is_listed_and_is_taken_up_with_its_case(desk: Path) -> None:
    kept = hear("waybill=SF100200", "collect=no")
    assert kept.code == 0
    assert kept.out.startswith("parcel_scanned is kept as number 1 until ")
    assert kept.out.endswith(": no case fits\n")
    listed = run("incoming", "--as", "boss")
    assert "parcel_scanned" in listed.out
    assert "waybill=SF100200" in listed.out
    taken = sent_back("SF100200")
    assert "→ inspecting + none_sent" in taken.out
    assert "parcel_scanned" in run("history", "F-1", "--as", "wang.fang").out
    assert run("incoming", "--as", "boss").err == "no event waits\n"
    again = hear("waybill=SF100200", "collect=no")
    assert again.code == 0
    assert "F-1" in again.out


def test_an_event_does_its_action_at_once_where_its_case_is_there(desk: Path) -> None:
    sent_back("SF100200")
    refused = hear("waybill=SF100200")
    assert (refused.code, refused.out) == (6, "")
    assert "`collect` is missing" in refused.err
    done = hear("waybill=SF100200", "collect=no")
    assert done.code == 0
    assert "→ inspecting + none_sent" in done.out


def test_who_may_not_tell_it_and_what_nobody_hears_is_said(desk: Path) -> None:
    barred = hear("waybill=SF100200", sender="wang.fang")
    assert barred.code == 4
    assert "it is for: Courier's feed" in barred.err
    unknown = run("hear", "parcel_scaned", "--from", "sf.feed", "--key", "e1")
    assert unknown.code == 3
    assert "no published process hears an event `parcel_scaned` (`parcel_scanned`?)" in unknown.err
    without = run("hear", "parcel_scanned", "--from", "sf.feed", "waybill=SF1")
    assert without.code == 2
    assert "--key" in without.err
    odd = hear("waybill")
    assert odd.code == 2
    assert "`waybill` does not say NAME=VALUE" in odd.err


def test_who_assigns_cases_may_drop_one(desk: Path) -> None:
    hear("waybill=SF100200", "collect=no")
    shown = run("incoming", "show", "1", "--as", "boss")
    assert "1 · parcel_scanned · sf.feed · e1 · " in shown.out
    assert "  waybill: SF100200\n" in shown.out
    barred = run("incoming", "drop", "1", "--as", "wang.fang")
    assert barred.code == 4
    assert run("incoming", "drop", "1", "--as", "boss").out == "parcel_scanned was dropped\n"
    assert run("incoming", "show", "1", "--as", "boss").code == 3
    assert hear("waybill=SF100200", "collect=no").out == "parcel_scanned was dropped\n"


def test_it_is_said_in_chinese_too(desk: Path) -> None:
    kept = hear("waybill=SF100200", "collect=no", language="zh")
    assert kept.out.startswith("parcel_scanned 已保留，编号 1，直到 ")
    assert "没有相符的案件" in run("incoming", "--as", "boss", language="zh").out
    assert "缺少用于查找案件的 `waybill`" in hear(key="e2", language="zh").err


def test_fields_come_from_a_file_as_other_systems_write_them(desk: Path) -> None:
    Path("event.json").write_text('{"waybill": "SF100200", "collect": false, "driver": {"name": "x"}}', "utf-8")
    assert hear("--form", "event.json").code == 0
    shown = run("incoming", "show", "1", "--json", "--as", "boss").json
    assert shown["fields"] == {"waybill": "SF100200", "collect": False}


def test_an_event_that_finds_no_case_is_given_to_one(desk: Path) -> None:
    sent_back("SF100200")
    hear("waybill=SF100201", "collect=no")
    barred = run("incoming", "give", "1", "F-1", "--reason", "misread", "--as", "wang.fang")
    assert barred.code == 4
    assert "`wang.fang` may not give events to cases" in barred.err
    assert run("incoming", "give", "1", "F-1", "--as", "boss").code == 2
    given = run("incoming", "give", "1", "F-1", "--reason", "misread", "--as", "boss")
    assert given.code == 0, given.err
    assert "→ inspecting + none_sent" in given.out
    told = " ".join(run("history", "F-1", "--as", "wang.fang").out.split())
    assert "given by boss" in told
    assert "misread" in told
    assert run("incoming", "--as", "boss").err == "no event waits\n"
