"""Telling an import as a story: what was said, what people did, what fell due, who was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.reader import Reader
from engine.cli.records import action_label, told
from engine.cli.render import change_line, reason_line
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import CaseView, Engine, Played
    from engine.model import ProcessDefinition
    from engine.ports import Mail

_INDENT = 7
_WHO = 12


class _Moment(NamedTuple):
    """Something to tell, by its place in the story: after which line, when, in which order."""

    place: float
    at: int
    order: int
    lines: tuple[str, ...]


class Storyteller:
    """Tells one import."""

    def __init__(self, streams: Streams, engine: Engine, reader: Reader) -> None:
        self._streams = streams
        self._engine = engine
        self._reader = reader
        self._mails: Mapping[tuple[str, int], list[Mail]] = {}

    def tell(self, played: Sequence[Played], cases: Iterable[CaseView]) -> None:
        """Tell what was played, and what the engine did by itself between the lines."""
        mails = defaultdict(list)
        for mail in self._engine.outbox(limit=100_000):
            mails[mail.message.case, mail.message.sequence].append(mail)
        self._mails = mails
        moments = [self._moment(place, one) for place, one in enumerate(played)]
        moments += self._by_itself(played, cases)
        before = ""
        for line in (line for moment in sorted(moments) for line in moment.lines):
            if line or before:  # what is told stands apart, by one empty line
                self._streams.say(line)
            before = line

    def _moment(self, place: int, played: Played) -> _Moment:
        if "say" in played.line:
            words = played.line["say"]
            text = words if isinstance(words, str) else self._reader.said(words)
            return _Moment(place, played.at, 0, ("", self._streams.paint(text, "cyan"), ""))
        if played.result is None:
            return _Moment(place, played.at, 0, ())
        return _Moment(place, played.at, 0, tuple(self._command(played)))

    def _command(self, played: Played) -> Iterable[str]:
        from engine.views import Refusal

        result = played.result
        reader = Reader(language=self._reader.language, zone=self._reader.zone, now=played.at)
        who = str(played.line.get("as", "")).partition(":")[2]
        if isinstance(result, Refusal):
            name = str(played.line.get("do", ""))
            definition = None if result.case is None else self._definition(result.case)
            called = name if definition is None else reader.called(name, action_label(definition, name))
            where = f"{result.case.id} " if result.case is not None else ""
            text = _("{what} refused: {reasons}").format(
                what=where + called, reasons=reason_line(reader, result.reasons)
            )
            yield self._line(played.at, who, self._streams.paint(text, "red"))
        elif result is not None:
            yield self._line(played.at, who, change_line(reader, self._definition(result.case), result, is_story=True))
            yield from self._messages(result.case.id, result.record["seq"])

    def _definition(self, view: CaseView) -> ProcessDefinition:
        return self._engine.definition(view.process, view.version)

    def _by_itself(self, played: Sequence[Played], cases: Iterable[CaseView]) -> Iterable[_Moment]:
        """Everything that no line did: what fell due, and what cases opened and told."""
        known = set(_done(played))
        for case in cases:
            definition = self._definition(case)
            for record in self._engine.history(case.id):
                if (record["case"], record["seq"]) in known or (record.get("refused") and record["actor"] != "engine"):
                    continue
                lines = tuple(self._record(definition, record))
                place = sum(1 for one in played if one.at <= record["at"]) - 0.5
                yield _Moment(place, record["at"], record["order"], lines)

    def _record(self, definition: ProcessDefinition, record: Mapping[str, Any]) -> Iterable[str]:
        messages = list(self._messages(record["case"], record["seq"]))
        if record["verb"] == "threshold" and not messages:
            return
        one = told(self._reader, definition, record)
        text = " ".join(part for part in (record["case"], one.what, one.movement) if part)
        sign = self._streams.paint("!!", "red") if one.is_bad else "·"
        yield self._line(record["at"], sign, self._streams.paint(text, "red" if one.is_bad else ""))
        yield from messages

    def _messages(self, case: str, sequence: int) -> Iterable[str]:
        for mail in self._mails.get((case, sequence), ()):
            message = mail.message
            to = message.receiver
            if message.kind == "notify":
                text = self._engine.text_of(mail, self._reader.language)
                yield " " * (_INDENT + _WHO) + self._streams.paint(f"→ {self._receiver(case, mail)}: {text}", "green")
            else:
                yield " " * (_INDENT + _WHO) + f"→ {to}: {message.name}"

    def _receiver(self, case: str, mail: Mail) -> str:
        message = mail.message
        desk = self._definition(self._engine.case(case)).desk
        if message.receiver_kind == "role":
            return self._reader.said(desk.roles.get(message.receiver, {}), message.receiver)
        if message.receiver_kind == "party" and message.receiver in desk.parties:
            return self._reader.said(desk.parties[message.receiver].label, message.receiver)
        return message.receiver

    def _line(self, at: int, who: str, text: str) -> str:
        time = self._reader.local(at).strftime("%H:%M")
        return f"{time:<{_INDENT}}{who}{' ' * max(1, _WHO - len(_bare(who)))}{text}"


def _bare(text: str) -> str:
    import click

    return click.unstyle(text)


def _done(played: Iterable[Played]) -> Iterator[tuple[str, int]]:
    """The records, by case and number, that lines made themselves."""
    from engine.views import Accepted

    for one in played:
        if isinstance(one.result, Accepted):
            yield one.result.case.id, one.result.record["seq"]
