"""Telling an import as a story, a chapter for each matter: what people did, what fell due, who was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.reader import Reader
from engine.cli.records import action_label, event_text, told
from engine.cli.render import due_next, most_urgent, reason_line, state_labels, told_fields
from engine.cli.streams import Streams
from engine.cli.tables import wrapped
from engine.cli.translate import _, labelled, listed

if TYPE_CHECKING:
    from engine.app import CaseView, Engine, Played
    from engine.model import Desk, ProcessDefinition
    from engine.ports import Mail
    from engine.views import Accepted, Refusal

_TIME = 7
_WHO = 12
_BELOW = " " * (_TIME + 2)  # what follows from a line stands under it
_WIDEST = 110  # wider lines are hard to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One matter: the cases of the file whose names begin with the same word, and all that these opened or found."""

    name: str
    roots: tuple[CaseView, ...]
    cases: tuple[CaseView, ...]

    def mark(self, case: str) -> str:
        """Name a case where the heading does not say which one is meant."""
        return "" if len(self.roots) == 1 and self.roots[0].id == case else f"{case} "


def chapter_name(case: str) -> str:
    """Return the chapter that a file's name for a case belongs to."""
    return case.partition(".")[0].split()[0] if case.strip() else ""


def chapters_of(engine: Engine, named: Mapping[str, str]) -> tuple[Chapter, ...]:
    """Return the chapters of an import, by its names for the cases, in the order in which they begin."""
    roots: dict[str, list[CaseView]] = defaultdict(list)
    for name, case in named.items():
        roots[chapter_name(name)].append(engine.case(case))
    seen: set[str] = set()
    return tuple(
        Chapter(name=name, roots=tuple(views), cases=tuple(_reached(engine, views, seen)))
        for name, views in roots.items()
    )


def _reached(engine: Engine, roots: Iterable[CaseView], seen: set[str]) -> Iterator[CaseView]:
    """The cases of a chapter and whatever they opened or found, each told once."""
    waiting = [root.id for root in roots]
    while waiting:
        if (case := waiting.pop(0)) in seen:
            continue
        seen.add(case)
        view = engine.case(case)
        yield view
        waiting += [other for other in view.links.values() if "." not in other or other.startswith(f"{case}.")]


class _Line(NamedTuple):
    """A line to be wrapped: what stands in its margin, its text, its colour."""

    margin: str
    text: str
    colour: str = ""


class _Moment(NamedTuple):
    """Something to tell, by its place in the story: after which line, when, in which order."""

    place: float
    at: int
    order: int
    lines: tuple[_Line, ...]


class Storyteller:
    """Tells one import."""

    def __init__(self, streams: Streams, engine: Engine, reader: Reader) -> None:
        self._streams = streams
        self._engine = engine
        self._reader = replace(reader, by_label=True)
        self._width = min(streams.width, _WIDEST)
        self._mails: Mapping[tuple[str, int], list[Mail]] = {}

    def tell(self, played: Sequence[Played], chapters: Sequence[Chapter]) -> None:
        """Tell what was played, and what the engine did by itself between the lines."""
        mails = defaultdict(list)
        for mail in self._engine.outbox(limit=100_000):
            mails[mail.message.case, mail.message.sequence].append(mail)
        self._mails = mails
        before, within, after = _by_chapter(played)
        self._say_all(before)
        if chapters:
            self._cast(played, self._definition(chapters[0].roots[0]).desk)
        for number, chapter in enumerate(chapters, 1):
            self._tell_chapter(number, chapter, played, within[chapter.name])
        self._streams.say()
        self._say_all(after)

    def _say_all(self, places: Iterable[tuple[int, Played]]) -> None:
        for _place, one in places:
            for line in wrapped(self._words(one), self._width):
                self._streams.say(self._streams.paint(line, "cyan"))

    def _cast(self, played: Iterable[Played], desk: Desk) -> None:
        """Say who everybody is, once."""
        people: dict[str, dict[str, None]] = defaultdict(dict)
        for one in played:
            role, _colon, person = str(one.line.get("as", "")).partition(":")
            people[role][person] = None
        people.pop("", None)
        said = " · ".join(
            labelled(self._reader.said(desk.roles.get(role, {}), role), listed(persons))
            for role, persons in people.items()
        )
        self._streams.say()
        for line in wrapped(said, self._width):
            self._streams.say(self._streams.paint(line, "dim"))

    def _tell_chapter(
        self, number: int, chapter: Chapter, played: Sequence[Played], own: Iterable[tuple[int, Played]]
    ) -> None:
        moments = [self._moment(chapter, place, one) for place, one in own]
        moments += self._by_itself(chapter, played)
        told = sorted(moment for moment in moments if moment.lines)
        self._streams.say()
        for heading in wrapped(self._heading(number, chapter), self._width):
            self._streams.say(self._streams.paint(heading, "bold"))
        days = [self._reader.local(moment.at).strftime("%Y-%m-%d") for moment in told]
        for place, (today, moment) in enumerate(zip(days, told, strict=True)):
            if len(set(days)) > 1 and today not in days[:place]:
                self._streams.say(self._streams.paint(f"  {today}", "dim"))
            for line in moment.lines:
                self._write(line)

    def _heading(self, number: int, chapter: Chapter) -> str:
        first = chapter.roots[0]
        parts = [
            f"{number}. " + listed(root.id for root in chapter.roots),
            self._reader.said(self._definition(first).label, first.process),
            *((self._reader.said(first.summary),) if len(chapter.roots) == 1 else ()),
        ]
        return " · ".join(part for part in parts if part)

    def _write(self, line: _Line) -> None:
        margin, colour = line.margin, line.colour
        for part in wrapped(line.text, self._width - len(margin)):
            self._streams.say(margin + self._streams.paint(part, colour))
            margin = " " * len(line.margin)

    def _words(self, played: Played) -> str:
        words = played.line["say"]
        return words if isinstance(words, str) else self._reader.said(words)

    def _moment(self, chapter: Chapter, place: int, played: Played) -> _Moment:
        if "say" in played.line:
            return _Moment(place, played.at, 0, (_Line("  ", self._words(played), "cyan"),))
        return _Moment(place, played.at, 0, tuple(self._command(chapter, played)))

    # -- what people did -----------------------------------------------------------------------------------------

    def _command(self, chapter: Chapter, played: Played) -> Iterable[_Line]:
        from engine.views import Accepted, Refusal

        result = played.result
        reader = replace(self._reader, now=played.at)
        margin = self._margin(played.at, str(played.line.get("as", "")).partition(":")[2])
        if isinstance(result, Refusal):
            yield _Line(margin, self._refused(chapter, played, result), "red")
        elif isinstance(result, Accepted):
            definition = self._definition(result.case)
            yield _Line(margin, chapter.mark(result.case.id) + self._done(reader, definition, result))
            yield from self._promises(reader, definition, result)
            yield from self._messages(_BELOW, result.case.id, result.record["seq"])

    def _refused(self, chapter: Chapter, played: Played, refusal: Refusal) -> str:
        name = str(played.line.get("do", ""))
        mark = ""
        if refusal.case is not None:
            definition = self._definition(refusal.case)
            mark, name = (
                chapter.mark(refusal.case.id),
                self._reader.said(action_label(definition, name), name),
            )
        return mark + _("{what}: refused – {reasons}").format(
            what=name, reasons=reason_line(self._reader, refusal.reasons)
        )

    def _done(self, reader: Reader, definition: ProcessDefinition, result: Accepted) -> str:
        after = state_labels(reader, definition, result.case)
        if result.before is None:
            head = _("opened → {state}").format(state=after)
        else:
            name = str(result.record.get("name", ""))
            head = reader.said(action_label(definition, name), name)
            if after not in (head, state_labels(reader, definition, result.before)):
                head = f"{head} → {after}"
        fields = [labelled(name, text) for name, text in told_fields(reader, definition, result)]
        earlier = result.before.links if result.before else {}
        found = [
            _("linked to {case}").format(case=case)
            for link, case in result.case.links.items()
            if link not in earlier and "." not in case
        ]
        return " · ".join([head, *fields, *found])

    def _promises(self, reader: Reader, definition: ProcessDefinition, result: Accepted) -> Iterator[_Line]:
        """What became of promises by this step, and the one that is due next where that is another now."""
        for name, what, *detail in result.record.get("clocks", ()):
            if what in ("met", "breached") and name in definition.clocks:
                sign, colour = ("✓ ", "green") if what == "met" else ("!! ", "red")
                text = (
                    _("kept after {time}").format(time=reader.span(detail[0]))
                    if what == "met"
                    else event_text(reader, what, detail)
                )
                yield _Line(_BELOW + sign, self._of_clock(definition, name, text), colour)
        if result.before is not None and due_next(result.before) == due_next(result.case):
            return
        name, clock = most_urgent(result.case) or ("", None)
        if clock is not None and clock.status == "running" and clock.due_at is not None:
            coming = _("due {time} ({distance})").format(
                time=reader.instant(clock.due_at), distance=reader.until(clock.due_at)
            )
            yield _Line(_BELOW + "○ ", self._of_clock(definition, name, coming))

    def _of_clock(self, definition: ProcessDefinition, name: str, text: str) -> str:
        return labelled(self._reader.said(definition.clocks[name].label, name), text)

    # -- what happened by itself ---------------------------------------------------------------------------------

    def _by_itself(self, chapter: Chapter, played: Sequence[Played]) -> Iterable[_Moment]:
        """Everything that no line did: what fell due, and what cases opened and told."""
        known = set(_done(played))
        for case in chapter.cases:
            definition = self._definition(case)
            for record in self._engine.history(case.id):
                if (record["case"], record["seq"]) in known or (record.get("refused") and record["actor"] != "engine"):
                    continue
                lines = tuple(self._record(chapter, definition, record))
                place = sum(1 for one in played if one.at <= record["at"]) - 0.5
                order = -1 if record["verb"] == "breach" else record["order"]  # what is missed, then who is told of it
                yield _Moment(place, record["at"], order, lines)

    def _record(self, chapter: Chapter, definition: ProcessDefinition, record: Mapping[str, Any]) -> Iterable[_Line]:
        one = told(self._reader, definition, record)
        margin = self._margin(record["at"], "!!" if one.is_bad else "·")
        verb, name = record["verb"], record.get("name", "")
        if verb == "threshold":  # its message says it better
            yield from self._messages(margin, record["case"], record["seq"])
            return
        text = f"{one.what} {one.movement}".rstrip()
        if "heard" in record and one.movement:
            text = labelled(one.what, one.movement)
        if verb == "open":
            text = labelled(self._reader.said(definition.label, record["case"]), text)
        elif verb == "breach" and name in definition.clocks:
            text = self._of_clock(definition, name, _("missed"))
        elif verb == "timer" and one.movement:  # its name means nothing to a reader
            text = _("when its time came: {movement}").format(movement=one.movement)
        yield _Line(margin, chapter.mark(record["case"]) + text, "red" if one.is_bad else "")
        yield from self._messages(_BELOW, record["case"], record["seq"])

    def _messages(self, margin: str, case: str, sequence: int) -> Iterable[_Line]:
        for mail in self._mails.get((case, sequence), ()):
            message = mail.message
            if message.kind == "notify":
                text = self._engine.text_of(mail, self._reader.language)
                said = labelled(self._receiver(case, mail), text)
            else:
                said = _("to other systems: {name}").format(name=message.name)
            yield _Line(margin + "→ ", said)
            margin = _BELOW

    def _receiver(self, case: str, mail: Mail) -> str:
        message = mail.message
        desk = self._definition(self._engine.case(case)).desk
        if message.receiver_kind == "role":
            return self._reader.said(desk.roles.get(message.receiver, {}), message.receiver)
        if message.receiver_kind == "party" and message.receiver in desk.parties:
            return self._reader.said(desk.parties[message.receiver].label, message.receiver)
        return message.receiver

    def _definition(self, view: CaseView) -> ProcessDefinition:
        return self._engine.definition(view.process, view.version)

    def _margin(self, at: int, who: str) -> str:
        time = self._reader.local(at).strftime("%H:%M")
        return f"{time:<{_TIME}}{who:<{_WHO - 1}} "


def _by_chapter(
    played: Sequence[Played],
) -> tuple[list[tuple[int, Played]], Mapping[str, list[tuple[int, Played]]], list[tuple[int, Played]]]:
    """What is said before the first command, the lines of each chapter, and what is said of no case after that."""
    before: list[tuple[int, Played]] = []
    within: dict[str, list[tuple[int, Played]]] = defaultdict(list)
    after: list[tuple[int, Played]] = []
    for place, one in enumerate(played):
        name = chapter_name(str(one.line.get("case", "")))
        if name:
            within[name].append((place, one))
        elif "say" in one.line:
            (after if within else before).append((place, one))
    return before, within, after


def _done(played: Iterable[Played]) -> Iterator[tuple[str, int]]:
    """The records, by case and number, that lines made themselves."""
    from engine.views import Accepted

    for one in played:  # an event is told where it came to: no line of the file says which case that is
        if isinstance(one.result, Accepted) and "hear" not in one.line:
            yield one.result.case.id, one.result.record["seq"]
