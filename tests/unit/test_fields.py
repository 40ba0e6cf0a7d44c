"""What people write becomes the stored value, or a sentence that says what was expected."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from engine.fields import MOST_ITEMS, Field, Invalid, check, plain, read, show
from engine.patterns import BadPattern, compile_pattern
from engine.values import LARGEST, LONGEST_TEXT

SHANGHAI = "Asia/Shanghai"
CHANNEL = {"phone": {"en": "Phone", "zh": "电话"}, "online": {"en": "Online", "zh": "网络"}}
ROWS = {
    "title": Field(name="title", type="text", label={"en": "Title", "zh": "名称"}),
    "price": Field(name="price", type="money"),
    "count": Field(name="count", type="integer", default=1),
}


def field(kind: str, **more: object) -> Field:
    return Field(name="f", type=kind, **more)  # type: ignore[arg-type]


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        ("text", "", ""),
        ("text", "  kept as it is\t\r\n", "  kept as it is\t\r\n"),
        ("text", "e\u0301 \u200f😀 中", "e\u0301 \u200f😀 中"),  # nothing is normalised
        ("integer", 12, 12),
        ("integer", 12.0, 12),
        ("integer", "-7", -7),
        ("integer", LARGEST, LARGEST),
        ("number", 3.5, 3.5),
        ("number", 12.0, 12),
        ("number", "0.10", 0.1),
        ("number", Decimal("2.50"), 2.5),
        ("number", "12", 12),
        ("yes_no", True, True),
        ("yes_no", "No", False),
        ("yes_no", "是", True),
        ("yes_no", "否", False),
        ("money", "4.90", 490),
        ("money", 4.9, 490),
        ("money", "4.9", 490),
        ("money", 5, 500),
        ("money", "-0.05", -5),
        ("money", 1.1, 110),  # 1.1 * 100 is 110.00000000000001 in binary floats
        ("money", 8.29, 829),  # and 8.29 * 100 is 828.9999999999999
        ("money", Decimal("0.01"), 1),
        ("money", "10.00", 1000),
        ("choice", "phone", "phone"),
        ("date", "2026-03-02", "2026-03-02"),
        ("date", date(2024, 2, 29), "2024-02-29"),
        ("duration", "15m", 900_000),
        ("duration", "PT15M", 900_000),
        ("duration", "1h30m", 5_400_000),
        ("duration", timedelta(seconds=90), 90_000),
        ("person", "wang.fang", "wang.fang"),
        ("file", "photo-1", "photo-1"),
        ("case", "R-1042.1", "R-1042.1"),
        ("list", "T7, T9，T11", ["T7", "T9", "T11"]),  # people also type the wide comma
        ("list", ["T7"], ["T7"]),
        ("list", '["a, b", "c"]', ["a, b", "c"]),
        ("list", "", []),
        ("table", [{"title": "lamp", "price": "4.90"}], [{"title": "lamp", "price": 490, "count": 1}]),
        ("table", '[{"title": "lamp", "count": null}]', [{"title": "lamp", "count": 1}]),
    ],
)
def test_what_people_write_is_read(kind: str, raw: object, stored: object) -> None:
    found = read(field(kind, choices=CHANNEL, columns=ROWS), raw, SHANGHAI)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("integer", "１２", 12),
        ("integer", "－１２", -12),
        ("integer", "\u0661\u0662", 12),  # the digits of Arabic
        ("number", "３．５", 3.5),
        ("number", "3。5", 3.5),  # a Chinese keyboard's full stop
        ("number", "\u22123.5", -3.5),
        ("money", "４．９０", 490),
        ("money", "\u3000１００", 10_000),
        ("date", "２０２６－０３－０２", "2026-03-02"),
        ("instant", "２０２６－０３－０２\u3000１４：００", ms(2026, 3, 2, 6)),
        ("duration", "１ｈ３０ｍ", 5_400_000),
        ("yes_no", "ＹＥＳ", True),
        ("choice", "ｐｈｏｎｅ", "phone"),
        ("list", "１２，１３", [12, 13]),
        ("text", "（０２１）５５５", "（０２１）５５５"),  # a text is kept as it was typed
    ],
)
def test_what_a_chinese_keyboard_types_is_read_and_kept_in_plain_signs(kind: str, typed: str, stored: object) -> None:
    assert read(field(kind, choices=CHANNEL, of=field("integer")), typed, SHANGHAI) == stored


def test_a_text_of_a_form_is_kept_in_plain_signs_where_it_has_the_form_in_these_alone() -> None:
    assert read(field("text", pattern="[A-Z]-[0-9]{4}"), "Ａ－１２３４", SHANGHAI) == "A-1234"
    assert read(field("text", pattern="[０-９]{4}"), "１２３４", SHANGHAI) == "１２３４"
    with pytest.raises(Invalid, match="not `Ａ－１２`"):
        read(field("text", pattern="[A-Z]-[0-9]{4}"), "Ａ－１２", SHANGHAI)


@pytest.mark.parametrize(
    ("raw", "zone", "instant"),
    [
        ("2026-03-02 14:00", SHANGHAI, ms(2026, 3, 2, 6)),
        ("2026-03-02 14:00:30", SHANGHAI, ms(2026, 3, 2, 6, 0, 30)),
        ("2026-03-02T14:00+08:00", "Europe/Berlin", ms(2026, 3, 2, 6)),
        ("2026-03-02 24:00", SHANGHAI, ms(2026, 3, 2, 16)),  # as in calendars: the midnight that ends the day
        ("2026-02-28T24:00:00.000Z", SHANGHAI, ms(2026, 3, 1)),
        ("2026-03-02t06:00:00.5z", SHANGHAI, ms(2026, 3, 2, 6) + 500),
        ("2026-03-02T06:00:00.123987Z", SHANGHAI, ms(2026, 3, 2, 6) + 123),
        (datetime(2026, 3, 2, 14, tzinfo=timezone(timedelta(hours=8))), "UTC", ms(2026, 3, 2, 6)),
        ("2026-03-29 02:30", "Europe/Berlin", ms(2026, 3, 29, 1)),  # skipped: the first instant after the gap
        ("2026-10-25 02:30", "Europe/Berlin", ms(2026, 10, 25, 0, 30)),  # twice: the first
        ("2011-12-30 12:00", "Pacific/Apia", ms(2011, 12, 30, 10)),  # a whole day that never was
    ],
)
def test_an_instant_is_read_in_its_zone(raw: object, zone: str, instant: int) -> None:
    assert read(field("instant"), raw, zone) == instant


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        ("text", 12, "`f` must be text, not `12`"),
        ("text", "a\x00b", "`f` must be text without the character NUL (U+0000)"),
        ("text", "a\ud83d", "`f` must be text of whole characters; U+D83D at position 2 is half of one"),
        ("text", None, "`f` must be text, but nothing was given"),
        ("integer", 1.5, "`f` must be a whole number like `12`, not `1.5`"),
        ("integer", True, "`f` must be a whole number like `12`, not `True`"),
        ("integer", "1_000", "`f` must be a whole number like `12`, not `1_000`"),
        ("integer", LARGEST + 1, f"`f` must be a number between -{LARGEST} and {LARGEST}, not `{LARGEST + 1}`"),
        ("number", float("nan"), "`f` must be a number like `12` or `3.5`, not `nan`"),
        ("number", float("inf"), "`f` must be a number like `12` or `3.5`, not `inf`"),
        ("number", "1e3", "`f` must be a number like `12` or `3.5`, not `1e3`"),
        ("number", 1e300, f"`f` must be a number between -{LARGEST} and {LARGEST}, not `1e+300`"),
        ("yes_no", "maybe", "`f` must be `yes` or `no`, not `maybe`"),
        ("yes_no", 1, "`f` must be `yes` or `no`, not `1`"),
        ("money", "4.905", "`f` must be an amount like `4.90`, with at most two digits after the point, not `4.905`"),
        (
            "money",
            "4,90",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `4,90` (`4.90`?)",
        ),
        (
            "money",
            "４，９",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `４，９` (`4.90`?)",
        ),
        (
            "money",
            "1.080,00 €",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `1.080,00 €` (`1080.00`?)",
        ),
        (
            "money",
            "1,080.5",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `1,080.5` (`1080.50`?)",
        ),
        (
            "money",
            "EUR 20",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `EUR 20` (`20.00`?)",
        ),
        (
            "money",
            "1,080",
            "`f` must be an amount like `4.90`, with at most two digits after the point, not `1,080`",
        ),  # 1.08 or 1080
        ("integer", "12²", "`f` must be a whole number like `12`, not `12²`"),  # which is not 122
        ("integer", "①", "`f` must be a whole number like `12`, not `①`"),
        ("integer", "十二", "`f` must be a whole number like `12`, not `十二`"),
        ("money", 1e-7, "`f` must be an amount like `4.90`, with at most two digits after the point, not `1e-07`"),
        ("money", True, "`f` must be an amount like `4.90`, with at most two digits after the point, not `True`"),
        ("choice", "phon", "`f` must be one of `phone`, `online` (did you mean `phone`?), not `phon`"),
        ("date", "2026-02-30", "`f` must be a date that exists, like `2026-03-02`, not `2026-02-30`"),
        ("date", "02.03.2026", "`f` must be a date like `2026-03-02`, not `02.03.2026`"),
        ("instant", "2026-03-02", "`f` must be a time like `2026-03-02 14:00` or `2026-03-02T14:00:00+08:00`"),
        ("instant", 1772431200000, "`f` must be a time like `2026-03-02 14:00` or `2026-03-02T14:00:00+08:00`"),
        ("instant", datetime(2026, 3, 2), "`f` must be a time with its zone"),  # noqa: DTZ001
        ("instant", "2026-03-02 24:30", "`f` must be a time that exists, like `2026-03-02 14:00`"),
        ("instant", "2500-01-01 00:00", "`f` must be a time between the years 1900 and 2199"),
        ("duration", "1d", "`f` must be a duration like `15m` or `1h30m` (`1d` can mean three things"),
        ("duration", 900, "`f` must be a duration like `15m` or `1h30m`, not `900`"),
        ("duration", timedelta(seconds=-1), "`f` must be a duration that is not negative"),
        ("person", "", "`f` must be a person's id"),
        ("list", 3, "`f` must be a list of values, or text with commas, not `3`"),
        ("list", ["a", 3], "`f`, item 2: `f` must be text, not `3`"),
        ("list", ["a"] * (MOST_ITEMS + 1), "`f` must be at most 9,999 items, not 10,000"),
        (
            "table",
            {"title": "lamp"},
            '`f` must be a list of rows like `[{"title": "…", "price": "4.90", "count": 12}]`',
        ),
        ("table", [{}, {"titel": "x"}], "`f`, row 2: `titel` is not a column; did you mean `title`?"),
        ("table", [{"price": "x"}], "`f`, row 1: `price` must be an amount like `4.90`"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(kind: str, raw: object, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(field(kind, choices=CHANNEL, columns=ROWS), raw, SHANGHAI)
    assert str(refused.value).startswith(said)


def test_huge_text_is_refused_and_its_content_not_repeated() -> None:
    with pytest.raises(Invalid) as refused:
        read(field("text"), "界" * (LONGEST_TEXT // 3 + 1), SHANGHAI)
    assert "at most 1,000,000 bytes of text, not 1,000,002" in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("kind", ["choice", "integer", "money", "instant", "list", "person", "text"])
def test_what_is_nested_too_deep_to_be_shown_is_refused_like_anything_else(kind: str) -> None:
    # A client's JSON can be that deep: its `repr` ended in a RecursionError, a fault of the server where a no was due.
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(Invalid) as refused:
        read(field(kind, choices=CHANNEL), deep, SHANGHAI)
    assert str(refused.value).startswith("`f`")


def test_a_personal_value_never_stands_in_its_refusal() -> None:
    with pytest.raises(Invalid) as refused:
        read(field("integer", personal=True), "13900000000x", SHANGHAI)
    assert "1390" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "limits", "right", "wrong", "said"),
    [
        ("integer", {"min": 1, "max": 5}, [1, 5], [0, 6], "at least 1"),
        ("money", {"min": 0}, [0, 1], [-1], "at least 0.00"),
        ("money", {"max": 500}, [500], [501], "at most 5.00"),
        ("text", {"min": 2, "max": 3}, ["中文", "abc"], ["a", "abcd"], "at least 2 characters"),
        ("list", {"min": 1, "max": 2}, [["a"], ["a", "b"]], [[], ["a", "b", "c"]], "at least 1 items"),
        ("date", {"min": "2026-01-01"}, ["2026-01-01"], ["2025-12-31"], "at least 2026-01-01"),
        ("duration", {"max": 60_000}, [60_000], [60_001], "at most 1m"),
    ],
)
def test_limits_hold_at_their_very_edge(
    kind: str, limits: dict[str, object], right: list[object], wrong: list[object], said: str
) -> None:
    limited = field(kind, **limits)
    for value in right:
        check(limited, value)
    for value in wrong:
        with pytest.raises(Invalid):
            check(limited, value)
    with pytest.raises(Invalid, match=said):
        check(limited, wrong[0])


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("integer", "12"), ("integer", 1.0), ("integer", True), ("number", 12.0), ("number", "3"), ("yes_no", 1),
        ("yes_no", "yes"), ("money", 4.9), ("money", "4.90"), ("choice", "fax"), ("date", "2026-3-2"),
        ("instant", "2026-03-02T06:00:00Z"), ("instant", 10**15), ("duration", -1), ("text", 5), ("text", "\ud800"),
        ("list", "a"), ("table", [[]]), ("table", [{"price": "4.90"}]), ("text", {"sealed": "ab"}),
    ],
)  # fmt: skip
def test_only_the_stored_form_may_be_stored(kind: str, stored: object) -> None:
    with pytest.raises(Invalid):
        check(field(kind, choices=CHANNEL, columns=ROWS), stored)


def test_a_pattern_is_matched_whole() -> None:
    order = field("text", pattern="[A-Z]{2}[0-9]+|none")
    check(order, "AB12")
    check(order, "none")
    for wrong in ("xAB12", "AB12x", "AB12\n", "nonee"):
        with pytest.raises(Invalid, match=r"text of the form"):
            check(order, wrong)


def test_no_pattern_can_run_away() -> None:
    # With a backtracking engine this one takes longer than the universe has.
    assert not compile_pattern("(a+)+b")("a" * 5_000)


@pytest.mark.parametrize("pattern", ["(", "a)(b", "a{2,1}", r"(?=x)", r"\1", "x" * 1_001])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


def test_a_sealed_personal_value_passes_and_is_masked() -> None:
    phone = field("text", personal=True, pattern="[0-9]+")
    sealed = {"sealed": "5f3a"}
    check(phone, sealed)
    assert show(phone, sealed, "en", SHANGHAI) == "•••"
    assert plain(phone, sealed) == sealed


@pytest.mark.parametrize(
    ("kind", "stored", "english", "chinese"),
    [
        ("choice", "phone", "Phone", "电话"),
        ("yes_no", True, "yes", "是"),
        ("yes_no", False, "no", "否"),
        ("money", 490, "4.90", "4.90"),
        ("money", -5, "-0.05", "-0.05"),
        ("instant", ms(2026, 3, 2, 6), "2026-03-02 14:00", "2026-03-02 14:00"),
        ("instant", ms(2026, 3, 2, 6, 0, 1), "2026-03-02 14:00:01", "2026-03-02 14:00:01"),
        ("instant", ms(2026, 3, 2, 6) + 7, "2026-03-02 14:00:00.007", "2026-03-02 14:00:00.007"),
        ("duration", 5_400_000, "1h30m", "1小时30分"),
        ("number", 3.5, "3.5", "3.5"),
        ("date", "2026-03-02", "2026-03-02", "2026-03-02"),
        ("list", ["a", "b"], "a, b", "a、b"),
        ("table", [{"title": "lamp", "price": 490}], "Title: lamp, price: 4.90", "名称: lamp、price: 4.90"),
        ("text", None, "", ""),
    ],
)
def test_values_are_shown_as_people_read_them(kind: str, stored: object, english: str, chinese: str) -> None:
    shown = field(kind, choices=CHANNEL, columns=ROWS)
    assert show(shown, stored, "en", SHANGHAI) == english
    assert show(shown, stored, "zh", SHANGHAI) == chinese


def test_a_label_missing_in_a_language_falls_back_to_another() -> None:
    assert show(field("choice", choices={"a": {"en": "First"}}), "a", "zh", SHANGHAI) == "First"
    assert show(field("choice", choices={}), "gone", "zh", SHANGHAI) == "gone"


@pytest.mark.parametrize(
    ("kind", "stored", "public"),
    [
        ("money", 490, "4.90"),
        ("instant", ms(2026, 3, 2, 6), "2026-03-02T06:00:00Z"),
        ("instant", ms(2026, 3, 2, 6) + 7, "2026-03-02T06:00:00.007Z"),
        ("duration", 900_000, "15m"),
        ("table", [{"title": "lamp", "price": 490}], [{"title": "lamp", "price": "4.90"}]),
        ("yes_no", False, False),
        ("text", None, None),
    ],
)
def test_the_public_form_is_plain_json(kind: str, stored: object, public: object) -> None:
    assert plain(field(kind, columns=ROWS), stored) == public


@pytest.mark.parametrize(
    ("field", "raw", "said"),
    [
        (Field(name="n", type="integer"), "x", "`n` 应为整数，如 `12`，而不是 `x`"),
        (Field(name="n", type="text"), 139, "`n` 应为文字，而不是 `139`；数字须加引号"),
        (Field(name="n", type="integer", min=3), 2, "`n` 应为至少 3，而不是 `2`"),
        (Field(name="n", type="text", max=3), "abcd", "`n` 应为最多 3 字，而不是 `abcd`"),
        (Field(name="n", type="duration", max=60_000), "2m", "`n` 应为最多 1分，而不是 `2m`"),
        (Field(name="n", type="yes_no"), "maybe", "`n` 应为`是`或`否`，而不是 `maybe`"),
        (
            Field(name="n", type="list", of=Field(name="n", type="date")),
            "x",
            "`n` 第 1 项：`n` 应为日期，如 `2026-03-02`，而不是 `x`",
        ),
        (
            Field(name="n", type="choice", choices={"phone": {"en": "Phone", "zh": "电话"}}),
            "phon",
            "`n` 应为以下之一：`phone` 电话（是否指 `phone`？），而不是 `phon`",
        ),
    ],
)
def test_what_is_wrong_with_a_value_is_said_in_chinese_too(field: Field, raw: object, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(field, raw, "Asia/Shanghai")
    assert caught.value.words["zh"] == said
    assert caught.value.words["en"] == str(caught.value)


@pytest.mark.parametrize("text", ["phone", "Phone", "PHONE", "电话", " 电话 "])
def test_a_choice_may_be_given_by_its_label_in_any_language(text: str) -> None:
    choices = {"phone": {"en": "Phone", "zh": "电话"}, "mail": {"en": "Mail", "zh": "信函"}}
    assert read(Field(name="n", type="choice", choices=choices), text, "UTC") == "phone"


def test_a_label_that_two_choices_share_names_neither() -> None:
    choices = {"a": {"en": "Other"}, "b": {"en": "Other"}}
    with pytest.raises(Invalid):
        read(Field(name="n", type="choice", choices=choices), "Other", "UTC")


@pytest.mark.parametrize(
    ("text", "value"), [("y", True), ("Y", True), ("n", False), ("N", False), ("是", True), ("否", False)]
)
def test_yes_and_no_may_be_given_by_a_letter(text: str, value: bool) -> None:
    assert read(Field(name="n", type="yes_no"), text, "UTC") is value
