"""What a file is called is as private as what is in it: sealed in the record, locked beside, proved and erased."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Engine, KeyMissing
from engine.app.saving import Saving
from engine.evidence.offline import check_bundle
from engine.sealing import host_keys, new_host_key
from engine.testing import ManualTime
from tests.app.conftest import on_file
from tests.app.desks import ADMIN, LIN, STRANGER, done, open_errand

NAME = "Wu Min ID card.jpg"


def attached(engine: Engine, name: str = NAME) -> str:
    case = open_errand(engine)
    done(engine.attach(case, name, b"a card", actor=LIN, key="k"))
    return case


def test_the_name_stands_in_no_record_and_is_shown_to_who_may_read_the_case(engine: Engine) -> None:
    case = attached(engine)
    engine.attach(case, NAME, b"another", actor=STRANGER)  # refused, and on record
    records = engine.history(case)
    assert [record["verb"] for record in records] == ["open", "attach", "attach"]
    assert "Wu Min" not in json.dumps(records)
    assert [one.name for one in engine.attachments(case, actor=LIN)] == [NAME]
    assert done(engine.attach(case, NAME, b"a card", actor=LIN, key="k")).sequence == len(records)  # once, by its key
    found = engine.verify(case)
    assert (found.problems, found.sealed) == ((), 1)


def test_a_record_of_before_that_says_the_name_is_still_true(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Saving, "_seal", lambda *given: given[-1])
        case = attached(engine)
    assert engine.history(case)[-1]["attached"]["name"] == NAME
    done(engine.attach(case, "second.txt", b"more", actor=LIN))
    assert not engine.verify(case).problems
    assert engine.evidence(case, actor=ADMIN)["count"] == 3


def test_a_name_that_was_changed_behind_the_record_is_named(on_disk: Engine, tmp_path: Path) -> None:
    case = attached(on_disk)
    (file,) = on_disk.attachments(case)
    content = on_disk.attachment(case, file.hash)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection, connection:
        connection.execute("DELETE FROM attachments")
    store = on_disk._recipe.store
    with store.write() as tx:
        tx.save_attachment(case, replace(content, name="Li Na ID card.jpg"), file.at)
    (problem,) = on_disk.verify(case).problems
    assert problem.message == f"the file `{file.hash[:12]}` is not called what was sealed"


def test_the_same_content_may_have_two_names(engine: Engine) -> None:
    case = attached(engine)
    done(engine.attach(case, "again.jpg", b"a card", actor=LIN))
    assert not engine.verify(case).problems
    assert [one.name for one in engine.attachments(case)] == [NAME, "again.jpg"]


def test_a_bundle_in_clear_proves_the_name_and_no_other(engine: Engine) -> None:
    case = attached(engine)
    assert "Wu Min" not in json.dumps(engine.evidence(case, actor=ADMIN))
    bundle = engine.evidence(case, actor=ADMIN, with_private=True)
    (value,) = bundle["values"]
    assert (value["sequence"], value["field"], value["text"]) == (2, "attached.name", f'"{NAME}"')
    assert check_bundle(bundle, None).wrong == []
    value["text"] = '"Li Na ID card.jpg"'
    assert check_bundle(bundle, None).wrong == [f"{case} #2: `attached.name` is not the value that was sealed"]
    engine.erase(case, actor=ADMIN, reason="by letter")
    assert engine.evidence(case, actor=ADMIN, with_private=True)["values"] == []
    assert not engine.verify(case).problems


def test_without_the_hosts_key_all_but_the_name_is_there(template: Path, tmp_path: Path, time: ManualTime) -> None:
    on_file(template, tmp_path, time).close()
    key = host_keys({"CASEWRIGHT_KEY": new_host_key()})
    with Engine.open(str(tmp_path / "desk.db"), time=time, keys=key) as desk:
        case = attached(desk)
    with Engine.open(str(tmp_path / "desk.db"), time=time) as desk:
        assert [one.name for one in desk.attachments(case)] == [""]
        with pytest.raises(KeyMissing, match=f"`{case}/files` of private values is locked"):
            desk.attach(case, "second.txt", b"more", actor=LIN)
        assert not desk.verify(case).problems
