"""The recipe for PostgreSQL: its commands are run on an empty server, and its table of differences names tests."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "postgresql.md").read_text("utf-8")
CASEWRIGHT = "import sys; from engine.cli.main import main; sys.argv[0] = 'casewright'; main()"


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    postgres.needs_server()
    made = postgres.Server(user="postgres")
    made.start()
    yield made
    made.end()


def commands() -> list[list[str]]:
    """Every command of the page, but for those that install something, ask for a password, or never end."""
    lines = [line.strip() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    given = [shlex.split(line.strip().removeprefix("sudo -u postgres ")) for line in lines if line.strip()]
    return [words for words in given if not {"apt-get", "pip", "psql", "worker"} & set(words)]


def test_the_commands_of_the_page_make_a_desk(server: postgres.Server, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{server.programs}:/usr/bin:/bin", "PGHOST": str(server.folder), "PGUSER": "postgres",
        "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    said = {}
    for words in commands():
        # The socket stands for the machine of the example.
        words = [word.replace("@db.example/desk", f"@/desk?host={server.folder}") for word in words]
        start = [sys.executable, "-c", CASEWRIGHT, *words[1:], "--as", "lin"] if words[0] == "casewright" else words
        done = subprocess.run(start, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        said[" ".join(words[:2])] = done.stdout
    assert list(said) == [
        "createuser --no-superuser", "createdb --owner=casewright", "casewright init", "casewright doctor",
    ]  # fmt: skip
    assert "published" in said["casewright init"]
    assert "server: PostgreSQL" in said["casewright doctor"]


def test_every_difference_is_held_by_a_test_that_is_there() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) == PAGE.count("\n| ") - 1
    assert [name for name in named if f"def {name}(" not in tests] == []
