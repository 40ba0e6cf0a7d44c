"""The statements' texts are those that SQLAlchemy makes of them, for more than one database."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import engine.store
from engine.store import posting, upgrade
from engine.store.statements import KINDS, Kind, Text, compiled_file, texts_of
from engine.store.statements.compiling import page
from engine.store.tables import outbox

FOLDER = Path(engine.store.__file__).parent


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_texts_is_as_the_statements_are_written(kind: Kind) -> None:
    found = compiled_file(kind).read_text(encoding="utf-8")
    assert found == page(kind), "make it anew: `python -m engine.store.statements`"


def test_every_statement_is_there_for_every_database_with_as_many_values() -> None:
    sqlite, postgresql = texts_of("sqlite"), texts_of("postgresql")
    assert sqlite.keys() == postgresql.keys()
    for name, text in postgresql.items():
        numbers = {int(number) for number in re.findall(r"\$(\d+)", text.text)}
        assert numbers == set(range(1, len(numbers) + 1)), name
        assert len(text.order or numbers) == len(numbers), name
        assert "?" not in text.text, name


def test_every_statement_is_used_and_every_used_one_is_there() -> None:
    code = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.py"))
    assert set(re.findall(r'(?:_(?:run|lock|write)\(\s*|\.texts\[)"([A-Z_]+)"', code)) == set(texts_of("sqlite"))


def test_a_text_puts_values_where_they_are_wanted() -> None:
    assert Text("…").values((1, 2)) == (1, 2)
    assert Text("…", (1, 0, 1, 2), ("always",)).values((1, 2)) == (2, 1, 2, "always")


def test_lists_of_messages_name_every_column() -> None:
    assert posting._COLUMNS.split(", ") == [column.name for column in outbox.columns]


def test_a_database_that_is_there_is_used_without_sqlalchemy(tmp_path: Path) -> None:
    path = str(tmp_path / "desk.db")
    upgrade(path)
    code = """
import sys
from engine.ports import Query
from engine.store import open_store
store = open_store(sys.argv[1])
with store.write() as work:
    work.worklist(Query(waiting=("role:agent",)))
    work.next_number("R")
store.close()
sys.stdout.write(str([name for name in ("sqlalchemy", "alembic") if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]"
