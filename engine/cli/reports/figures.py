"""Figures as people and spreadsheets read them: shares, periods, the names of groups, cells that carry no formula."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from engine.cli.reader import Reader, harmless
from engine.cli.said import said_in_words
from engine.cli.translate import _
from engine.exports.rows import csv_line

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.model import ProcessDefinition


def percent(share: float | None) -> str:
    """Write a share with one decimal, rounded down: what is not quite reached never looks as if it were."""
    return "" if share is None else f"{int(share * 1000 + 1e-9) / 10:.1f}%"


def whole_percent(share: float | None) -> str:
    """Write a share as its definition does: `95%`."""
    return "" if share is None else f"{share * 100:g}%"


class Period(NamedTuple):
    """What is counted, in ms UTC: from `since` on, before `until`."""

    since: int | None
    until: int | None


def read_period(zone: str, month: str | None, since: str | None, until: str | None) -> Period:
    """Read `--month`, `--from` and `--until`; a date stands for the whole day, the last one too."""
    if month is not None:
        if since is not None or until is not None:
            raise click.UsageError(_("say either --month or --from and --until"))
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            text = _("a month is written like 2026-03: {given}").format(given=month)
            raise click.BadParameter(text, param_hint="--month")
        first = date.fromisoformat(f"{month}-01")
        return Period(_day(zone, first, "--month"), _day(zone, (first + timedelta(days=31)).replace(day=1), "--month"))
    begin = None if since is None else _edge(zone, since, "--from", 0)
    return Period(begin, None if until is None else _edge(zone, until, "--until", 1))


def _edge(zone: str, text: str, hint: str, days: int) -> int:
    try:
        return _day(zone, date.fromisoformat(text) + timedelta(days=days), hint)
    except (ValueError, OverflowError):
        return _instant(zone, text, hint)


def _day(zone: str, day: date, hint: str) -> int:
    return _instant(zone, f"{day.isoformat()} 00:00", hint)


def _instant(zone: str, text: str, hint: str) -> int:
    from engine.values import read_instant

    try:
        return read_instant(text, zone)
    except ValueError as error:
        raise click.BadParameter(said_in_words(str(error)), param_hint=hint) from error


class Names:
    """What processes, clocks, roles and persons are called, whatever version of a definition they are of."""

    def __init__(self, reader: Reader, engine: Engine) -> None:
        self._reader = reader
        self._engine = engine

    @cached_property
    def _definitions(self) -> Mapping[str, ProcessDefinition]:
        names = dict.fromkeys(one.process for one in self._engine.published())
        return {name: self._engine.definition(name) for name in names}

    def process(self, name: str) -> str:
        """Label a process."""
        found = self._definitions.get(name)
        return self._reader.said(found.label, name) if found else harmless(name)

    def clock(self, process: str, name: str) -> str:
        """Label a clock; one that no present version has keeps its name."""
        found = self._definitions.get(process)
        clock = found.clocks.get(name) if found else None
        return self._reader.said(clock.label, name) if clock else harmless(name)

    def who(self, who: str) -> str:
        """Label a role or a party; persons are called by their id."""
        kind, _sign, name = who.partition(":")
        for definition in self._definitions.values():
            if kind == "role" and name in definition.desk.roles:
                return self._reader.said(definition.desk.roles[name], name)
            if kind == "party" and name in definition.desk.parties:
                return self._reader.said(definition.desk.parties[name].label, name)
        return _("nobody") if who == "nobody" else harmless(name or who)


def write_csv(target: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str | None:
    """Write a spreadsheet's file, marked as UTF-8 for programs that would guess; `-` returns the text instead."""
    text = io.StringIO(newline="")
    end = "\r\n" if target != "-" else "\n"
    for row in (head, *rows):
        text.write(csv_line(row, end))
    if target == "-":
        return text.getvalue()
    Path(target).write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return None
