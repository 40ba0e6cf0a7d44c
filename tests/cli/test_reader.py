"""Instants, durations and names as people read them."""

from __future__ import annotations

import pytest

from engine.cli.reader import Reader, seconds
from engine.cli.translate import use_language

NOON = 1_772_424_000_000  # 2026-03-02 12:00 in Shanghai
MINUTE = 60_000


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0s"),
        (999, "0s"),
        (42_000, "42s"),
        (192_000, "3m12s"),
        (20 * MINUTE, "20m"),
        (125 * MINUTE, "2h5m"),
        (60 * MINUTE + 5_000, "1h"),  # seconds after an hour tell nobody anything
        (24 * 60 * MINUTE, "1d"),
        (24 * 60 * MINUTE + 5 * MINUTE, "1d"),  # two units that stand side by side, or one
        (4 * 24 * 60 * MINUTE + 61 * MINUTE, "4d1h"),
        (-192_000, "-3m12s"),
    ],
)
def test_a_duration_is_written_in_at_most_two_units(reader: Reader, length: int, text: str) -> None:
    assert reader.span(length) == text


def test_a_duration_has_chinese_units_for_chinese_readers(reader: Reader) -> None:
    use_language("zh")
    assert reader.span(192_000) == "3分12秒"


def test_an_instant_of_today_is_its_time_alone(reader: Reader) -> None:
    assert reader.instant(NOON) == "12:00"
    assert reader.instant(NOON + 24 * 60 * MINUTE) == "2026-03-03 12:00"


def test_an_instant_shows_milliseconds_only_where_it_has_some(reader: Reader) -> None:
    assert reader.exact(NOON) == "2026-03-02 12:00:00"
    assert reader.exact(NOON + 7) == "2026-03-02 12:00:00.007"


def test_machines_get_the_offset_of_the_desk(reader: Reader) -> None:
    assert reader.rfc3339(NOON) == "2026-03-02T12:00:00.000+08:00"
    assert reader.rfc3339(None) is None


def test_distances_say_whether_they_lie_ahead_or_behind(reader: Reader) -> None:
    assert reader.until(reader.now + 20 * MINUTE) == "in 20m"
    assert reader.until(reader.now - 192_000) == "3m12s ago"


@pytest.mark.parametrize(
    ("length", "document"),
    [
        (900_000, {"seconds": 900, "text": "15m"}),
        (5_400_500, {"seconds": 5400.5, "text": "1h30m0.5s"}),
        (0, {"seconds": 0, "text": "0s"}),
        (-1_000, {"seconds": -1, "text": "-1s"}),
        (-3_720_000, {"seconds": -3720, "text": "-1h2m"}),
        (90_000_000, {"seconds": 90000, "text": "25h"}),
    ],
)
def test_durations_for_machines_are_seconds_and_text(length: int, document: dict[str, object]) -> None:
    assert seconds(length) == document


def test_a_state_is_called_by_its_name_in_english_and_by_its_label_elsewhere(reader: Reader) -> None:
    words = {"en": "On site", "zh": "已到场"}
    chinese = Reader(language="zh", zone="Asia/Shanghai", now=0)
    assert reader.called("on_site", words) == "on_site"
    assert chinese.called("on_site", words) == "已到场"


def test_a_label_missing_in_the_readers_language_is_shown_in_another(reader: Reader) -> None:
    chinese = Reader(language="zh", zone="Asia/Shanghai", now=0)
    assert chinese.said({"en": "Phone"}) == "Phone"
    assert chinese.said({}, "phone") == "phone"
