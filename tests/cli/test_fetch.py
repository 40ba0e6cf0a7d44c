"""`fetch`: what was attached comes back, named as people know it, and never where it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import report, run

AS = ("--as", "wang.fang")


@pytest.fixture
def case(desk: Path) -> str:
    """A repair with a slip attached."""
    made = report()
    (desk / "slip.png").write_bytes(b"four")
    assert run("attach", made, "slip.png", *AS).code == Exit.DONE
    (desk / "slip.png").unlink()
    return made


def test_a_file_comes_back_by_its_name_and_by_the_beginning_of_its_hash(case: str, desk: Path) -> None:
    done = run("fetch", case, "slip.png", *AS)
    assert (done.code, (desk / "slip.png").read_bytes()) == (Exit.DONE, b"four")
    assert done.out.startswith("slip.png written: slip.png: 4 bytes, image/png, hash ")
    start = done.out.strip().rpartition(" ")[2]
    told = run("fetch", case, start, "-o", "other.png", *AS, "--json").json
    assert (told["name"], told["written"], (desk / "other.png").read_bytes()) == ("slip.png", "other.png", b"four")
    assert "已写入 third.png" in run("fetch", case, start, "-o", "third.png", *AS, language="zh").out


def test_nothing_is_written_over_unless_it_is_said(case: str, desk: Path) -> None:
    (desk / "slip.png").write_bytes(b"mine")
    refused = run("fetch", case, "slip.png", *AS)
    assert (refused.code, (desk / "slip.png").read_bytes()) == (Exit.CONFLICT, b"mine")
    assert run("fetch", case, "slip.png", "--force", *AS).code == Exit.DONE
    assert (desk / "slip.png").read_bytes() == b"four"


def test_what_is_not_there_or_not_clear_is_said(case: str, desk: Path) -> None:
    missing = run("fetch", case, "slop.png", *AS)
    assert missing.code == Exit.NOT_FOUND
    assert f"no file `slop.png` is attached to `{case}`" in missing.err
    assert "there are `slip.png`" in missing.err
    (desk / "slip.png").write_bytes(b"another")
    assert run("attach", case, "slip.png", *AS).code == Exit.DONE
    unclear = run("fetch", case, "slip.png", "-o", "x.png", *AS)
    assert unclear.code == Exit.USAGE
    assert "say which by its hash: `" in unclear.err
    assert "nothing is attached to it" in run("fetch", report(), "slip.png", *AS).err
    assert not (desk / "x.png").exists()


@pytest.mark.parametrize(
    ("name", "written"),
    [("../../up.txt", "up.txt"), ("/etc/motd", "motd"), ("..\\..\\win.ini", "win.ini"), (".bashrc", "bashrc")],
)
def test_a_name_that_somebody_thought_up_leads_nowhere_else(case: str, desk: Path, name: str, written: str) -> None:
    (desk / "harmless").write_bytes(b"content")
    assert run("attach", case, "harmless", "--name", name, *AS).code == Exit.DONE
    (desk / "inner").mkdir()
    before = {path for path in desk.parent.rglob("*") if path.is_file()}
    assert run("fetch", case, name, *AS).code == Exit.DONE
    assert {path for path in desk.parent.rglob("*") if path.is_file()} - before == {desk / written}


def test_a_name_of_which_no_name_is_left_asks_for_another(case: str, desk: Path) -> None:
    (desk / "harmless").write_bytes(b"content")
    assert run("attach", case, "harmless", "--name", "..", *AS).code == Exit.DONE
    refused = run("fetch", case, "..", *AS)
    assert (refused.code, "say where to by `-o FILE`" in refused.err) == (Exit.USAGE, True)
