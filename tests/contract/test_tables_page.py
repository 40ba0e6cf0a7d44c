"""The manual's page of the tables says what the tables are."""

from __future__ import annotations

from engine.store.tables import metadata
from tests.contract.tables_page import PAGE, page


def test_the_page_of_the_tables_is_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it anew: `python -m tests.contract.tables_page`"


def test_every_table_and_column_is_explained() -> None:
    for table in metadata.tables.values():
        assert table.info.get("about"), table.name
        assert [column.name for column in table.columns if not column.doc] == []
