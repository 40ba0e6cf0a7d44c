"""A list of messages says which one was sent in the place of a superseded one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine import Engine
from engine.cli.command import Args
from engine.cli.commands.mending import mail_document, mail_row, run_outbox
from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.translate import use_language
from engine.testing import ManualTime
from tests.app.desks import ADMIN, DAY, NINE, open_errand, send, sources


@pytest.mark.parametrize(("language", "words"), [("en", "superseded by {}"), ("zh", "由 {} 代替")])
def test_a_superseded_message_names_the_one_that_is_sent_in_its_place(language: str, words: str) -> None:
    time = ManualTime(NINE)
    with Engine.open("memory://", time=time) as engine:
        for process in ("call", "errand"):
            engine.publish(sources(), process, actor=ADMIN)
        open_errand(engine)
        time.move(DAY)
        engine.tick()
        mails = engine.outbox(status="superseded")
        successor = {mail.superseded_by for mail in mails}
        assert len(successor) == 1
        [number] = successor
        out = io.StringIO()
        streams = Streams(out=out, err=io.StringIO(), into=io.StringIO(), language=language, width=200)
        use_language(language)
        try:
            run_outbox(streams, engine, Args(status=None, case=None, limit=50, settings=SimpleNamespace(actor=ADMIN)))
        finally:
            use_language("en")
        assert out.getvalue().count(words.format(number)) == len(mails)
        reader = Reader(language=language, zone=engine.zone, now=engine.now())
        assert {mail_document(reader, mail)["superseded_by"] for mail in mails} == {number}


@pytest.mark.parametrize(
    ("stands", "said", "chinese"),
    [
        ({"next_at": NINE}, "", ""),
        (
            {"next_at": NINE + 60_000},
            "{} is not told before 09:01: contact hours",
            "09:01 之前不打扰 {}（联系时间之外）",
        ),
        ({"next_at": NINE + 60_000, "attempts": 1, "error": "x"}, "tried again at 09:01", "将于 09:01 重试"),
        ({"next_at": NINE + 60_000, "attempts": 1}, "is being sent", "正在发送"),
        ({"next_at": NINE + 60_000, "status": "dead", "error": "x"}, "", ""),
    ],
)
def test_a_waiting_message_says_what_it_waits_for(stands: Mapping[str, Any], said: str, chinese: str) -> None:
    with Engine.open("memory://", time=ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        send(engine, open_errand(engine))
        mail = replace(engine.outbox()[0], **stands)
        receiver = mail.message.receiver
        for language, words in (("en", said), ("zh", chinese)):
            use_language(language)
            try:
                row = mail_row(Reader(language=language, zone=engine.zone, now=NINE), mail)
            finally:
                use_language("en")
            assert row.cells[-1] == words.format(receiver)
