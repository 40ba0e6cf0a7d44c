"""Tables on wide screens, blocks on narrow ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from engine.cli.streams import Streams, wants_colour
from engine.cli.tables import Column, Row, hanging, write_table

COLUMNS = [
    Column(head=""),
    Column(head="case"),
    Column(head="summary", is_wide=True),
    Column(head="left", is_number=True),
]
ROWS = [
    Row(cells=["!!", "R-1", "卫生间漏水", "-3m12s"], colour="red"),
    Row(cells=["", "R-12", "no power", "20m"]),
]


def written(streams: Streams) -> list[str]:
    return streams.out.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def test_columns_stand_under_each_other_also_beside_chinese(streams: Callable[..., Streams]) -> None:
    screen = streams(width=100)
    write_table(screen, COLUMNS, ROWS)
    head, first, second = written(screen)
    assert cell_len(first[: first.index("-3m12s") + 6]) == cell_len(second[: second.index("20m") + 3])
    assert head.split() == ["case", "summary", "left"]


def test_under_eighty_columns_each_row_is_a_block(streams: Callable[..., Streams]) -> None:
    screen = streams(width=79)
    write_table(screen, [COLUMNS[1], *COLUMNS[2:]], [Row(cells=row.cells[1:]) for row in ROWS])
    assert written(screen) == [
        "R-1", "  summary: 卫生间漏水", "  left: -3m12s", "",
        "R-12", "  summary: no power", "  left: 20m",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 200])
def test_a_column_without_content_is_left_out(streams: Callable[..., Streams], width: int) -> None:
    screen = streams(width=width)
    write_table(screen, COLUMNS, [Row(cells=["", "R-1", "no power", ""])])
    assert "left" not in screen.out.getvalue()  # type: ignore[attr-defined]


def test_nothing_is_lost_where_a_row_is_wider_than_the_screen(streams: Callable[..., Streams]) -> None:
    screen = streams(width=80)
    words = [f"word{number}" for number in range(40)]
    write_table(screen, COLUMNS, [Row(cells=["", "R-1", " ".join(words), "20m"])])
    text = " ".join(written(screen))
    assert all(word in text for word in words)


LEDGER = [Column(head="#"), Column(head="from", leads=True), Column(head="until"), Column(head="what", is_wide=True)]


def test_what_no_table_has_room_for_becomes_blocks_and_is_not_cut(streams: Callable[..., Streams]) -> None:
    """At eighty columns the last digits of every instant of `clock --explain` were missing, in Chinese."""
    screen = streams(width=80)
    row = Row(cells=["1", "2026-11-22 17:40:50.197", "x" * 39, "a few words more"])
    write_table(screen, LEDGER, [row])
    assert written(screen) == [
        "1 2026-11-22 17:40:50.197",
        f"  until: {'x' * 39} · what: a few words more",
    ]


def test_a_block_says_in_a_line_what_fits_into_it(streams: Callable[..., Streams]) -> None:
    screen = streams(width=80)
    write_table(screen, LEDGER, [Row(cells=["1", "09:00", "x" * 60, "维修" * 40 + "，完毕"])])
    lines = written(screen)
    assert lines[:2] == ["1 09:00", f"  until: {'x' * 60}"]
    assert "".join(line.strip() for line in lines[2:]) == "what: " + "维修" * 40 + "，完毕"
    assert all(cell_len(line) <= 80 for line in lines)


def test_a_tower_of_lines_is_no_table(streams: Callable[..., Streams]) -> None:
    few, many = streams(width=80), streams(width=80)
    for screen, words in ((few, 20), (many, 200)):
        write_table(screen, COLUMNS, [Row(cells=["", "R-1", "word " * words, "20m"])])
    assert written(few)[0].split() == ["case", "summary", "left"]
    assert written(many)[0] == "R-1"


def test_chinese_breaks_where_a_line_ends_and_not_at_the_first_blank(streams: Callable[..., Streams]) -> None:
    screen = streams(width=80)
    columns = [Column(head="", is_wide=True), Column(head="x", is_wide=True)]
    write_table(screen, columns, [Row(cells=["20 分钟内或按约定时间到场，否则向业主说明" * 2, "y" * 30])])
    assert written(screen)[1].startswith("20 分钟内或按约定时间到场")


def test_on_a_narrow_screen_a_long_line_breaks_at_words_and_goes_on_further_in(streams: Callable[..., Streams]) -> None:
    screen = streams(width=30)
    write_table(screen, COLUMNS[1:], [Row(cells=["R-1", "no light in the whole corridor", "20m"])])
    assert written(screen) == ["R-1", "  summary: no light in the", "    whole corridor", "  left: 20m"]
    assert hanging("  note  Note  (-f note=…)", 30) == ["  note  Note  (-f note=…)"]
    assert hanging("  refer  无法按时修复，报主管  (-f reason=…)", 24) == [
        "  refer  无法按时修",
        "    复，报主管  (-f",
        "    reason=…)",
    ]


def test_colour_comes_only_where_it_is_wanted(streams: Callable[..., Streams]) -> None:
    plain, coloured = streams(), streams(has_colour=True)
    write_table(plain, COLUMNS, ROWS)
    write_table(coloured, COLUMNS, ROWS)
    assert "\x1b[" not in "".join(written(plain))
    assert "\x1b[31m" in "".join(written(coloured))


def test_what_has_no_colour_is_plain_also_where_there_is_colour(streams: Callable[..., Streams]) -> None:
    assert streams(has_colour=True).paint("as it is", "") == "as it is"  # click 8.5 raises for the colour ``


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "is_wanted"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colour_is_asked_for_or_looked_for(choice: str, environment: dict[str, str], is_wanted: bool) -> None:
    assert wants_colour(choice, Terminal(), environment) is is_wanted  # type: ignore[arg-type]
