"""The tables of the project file: which deliverer takes what, and what they may say."""

from __future__ import annotations

import json
import stat
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from engine import Delivery
from engine.app.outgoing.delivery import NotMine, NotNow
from engine.deliverers import build
from engine.deliverers.waiting import Sparing
from engine.errors import UsageError


def delivery(**more: Any) -> Delivery:
    values: dict[str, Any] = {
        "key": "R-1/2/0", "kind": "notify", "name": "due", "case": "R-1", "receiver": "agent",
        "receiver_kind": "role", "people": ("lin",), "text": "5m left", "payload": {}, "at": 1_772_413_200_000,
        "is_late": False, "missed": 1,
    }  # fmt: skip
    return Delivery(**{**values, **more})


def test_the_first_table_that_fits_takes_a_message(tmp_path: Path) -> None:
    router = build(
        {
            "boss": {"kind": "file", "path": "boss", "messages": ["*"], "to": ["boss"]},
            "due": {"kind": "file", "path": "due", "messages": ["due"]},
            "events": {"kind": "file", "path": "events", "events": ["*"]},
        },
        tmp_path,
        {},
    )
    router(delivery(receiver="boss"))
    router(delivery())
    router(delivery(kind="emit", name="due", receiver="due"))
    assert {file.name: len(file.read_text("utf-8").splitlines()) for file in tmp_path.iterdir()} == {
        "boss": 1, "due": 1, "events": 1
    }  # fmt: skip
    with pytest.raises(NotMine):
        router(delivery(name="late"))


def test_a_receiver_is_left_in_peace_only_where_it_kept_one_waiting() -> None:
    now, takes = [0.0], [0.5]

    def failing(_: Delivery) -> None:
        now[0] += takes[0]
        raise OSError("refused")

    spared = Sparing(failing, clock=lambda: now[0])
    for _ in range(2):  # one that refuses at once is asked again for the next message: it may take that
        with pytest.raises(OSError, match="refused"):
            spared(delivery())
    takes[0] = 2.0
    with pytest.raises(OSError, match="refused"):
        spared(delivery())
    with pytest.raises(NotNow) as left:
        spared(delivery())
    assert (left.value.wait, now[0]) == (6_001, 3.0)
    now[0] = 9.0
    with pytest.raises(OSError, match="refused"):
        spared(delivery())


def test_a_file_holds_one_object_a_line_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    router = build({"log": {"kind": "file", "path": "log", "messages": ["*"]}}, tmp_path, {})
    for number in range(3):
        router(delivery(key=f"R-1/{number}/0", text="一\n二\u2028三"))
    lines = (tmp_path / "log").read_text("utf-8").split("\n")
    assert [json.loads(line)["id"] for line in lines[:-1]] == ["R-1/0/0", "R-1/1/0", "R-1/2/0"]
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files can be set here")
def test_a_disk_that_is_full_in_the_middle_of_a_line_leaves_no_part_of_it(tmp_path: Path) -> None:
    import resource

    router, file = build({"log": {"kind": "file", "path": "log", "messages": ["*"]}}, tmp_path, {}), tmp_path / "log"
    router(delivery(key="R-1/0/0"))
    before, limits = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        with pytest.raises(OSError, match=str(file)):
            router(delivery(key="R-1/1/0"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before
    router(delivery(key="R-1/1/0"))
    assert [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()] == ["R-1/0/0", "R-1/1/0"]


def test_a_line_that_broke_off_takes_no_other_with_it(tmp_path: Path) -> None:
    """As where a machine went down in the middle of it: its message is sent again."""
    router, file = build({"log": {"kind": "file", "path": "log", "messages": ["*"]}}, tmp_path, {}), tmp_path / "log"
    file.write_text('{"id": "R-1/')
    router(delivery(key="R-1/1/0"))
    broken_off, whole = file.read_text("utf-8").splitlines()
    assert (broken_off, json.loads(whole)["id"]) == ('{"id": "R-1/', "R-1/1/0")


def test_a_package_of_the_host_s_brings_a_kind_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    points = EntryPoints([EntryPoint("pager", f"{__name__}:Pager", "casewright.deliverers")])
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    monkeypatch.setattr("engine.deliverers.routing.entry_points", lambda group: points.select(group=group))
    router = build({"night": {"kind": "pager", "messages": ["*"], "number": 110}}, tmp_path, {})
    router(delivery())
    assert Pager.paged == [(110, "R-1/2/0")]


class Pager:
    """What a host's package would hold."""

    paged: list[tuple[int, str]] = []  # noqa: RUF012

    def __init__(self, settings: dict[str, Any]) -> None:
        self.number = settings["number"]

    def __call__(self, one: Delivery) -> None:
        self.paged.append((self.number, one.key))


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"mail": {"messages": ["*"]}}, "`[deliver.mail]`: `kind` is missing"),
        ({"mail": {"kind": "smpt", "messages": ["*"]}}, "`kind` `smpt` is not known; did you mean `smtp`?"),
        ({"mail": {"kind": "os.system", "messages": ["*"]}}, "`os.system` is not known; there is `console`, `file`"),
        ({"log": {"kind": "file", "path": "x"}}, "`messages` and `events` are both missing"),
        ({"log": {"kind": "file", "path": "x", "messages": "*"}}, "`messages` must be a list of names"),
        ({"log": {"kind": "file", "path": "x", "messages": ["*"], "pth": 1}}, "did you mean `path`?"),
        ({"mail": {"kind": "smtp", "events": ["*"]}}, "`events` go to programs, not by e-mail"),
        ({"mail": "smtp"}, "`mail` is not a table"),
        ({"digest_above": 0}, "`digest_above` must be a whole number above zero"),
    ],
)  # fmt: skip
def test_settings_that_will_not_do_are_said_in_a_sentence(tables: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        build(tables, tmp_path, {}, lambda _: None)
    assert said in error.value.message
