"""Points in time, rhythms and durations in words."""

from __future__ import annotations

from engine.hours import say_duration
from engine.model import Timer
from engine.moments import Every, Moment
from engine.retention import Span
from engine.timeline import DAY
from engine.words.phrases import WEEKDAYS
from engine.words.speech import Speech


def length_said(speech: Speech, length: int) -> str:
    """A duration in ms: `1h30m`, in Chinese `1小时30分`."""
    return say_duration(length, speech.language)


def moment_said(speech: Speech, moment: Moment) -> str:
    """A point in time, or a duration: `15m`, `30m before “Agreed visit”`, `3 working days`."""
    if moment.base == "duration":
        return length_said(speech, moment.offset)
    return _shifted(speech, moment, _point(speech, moment))


def _point(speech: Speech, moment: Moment) -> str:
    if moment.base == "field":
        return speech.quoted(speech.field(moment.field))
    if moment.base in ("business_days", "calendar_days"):
        return days_said(speech, moment.count, moment.base.removesuffix("_days"))
    if moment.base == "by":
        return speech.say("by_clock", time=_clock(moment.count))
    if moment.base == "percent":
        return speech.say("percent", count=moment.count)
    return speech.say(moment.base)


def days_said(speech: Speech, count: int, kind: str) -> str:
    """A count of days: `3 working days`, `1 day`."""
    key = "working_day" if kind == "business" else "day"
    return speech.say(key) if count == 1 else speech.say(f"{key}s", count=count)


def _shifted(speech: Speech, moment: Moment, point: str) -> str:
    """A point moved by days and by a duration, where it is."""
    if moment.days:
        length = days_said(speech, abs(moment.days), moment.day_kind)
        point = speech.say("before" if moment.days < 0 else "after", length=length, point=point)
    if not moment.offset:
        return point
    length = length_said(speech, abs(moment.offset))
    return speech.say("before" if moment.offset < 0 else "after", length=length, point=point)


def span_said(speech: Speech, span: Span) -> str:
    """Days, months or years by the calendar: `90 days`, in Chinese `90 天`."""
    return str(span) if speech.language == "en" else speech.say(f"span_{span.unit}", count=span.count)


def every_said(speech: Speech, every: Every) -> str:
    """A rhythm: `every 30m`, `every week on Monday at 09:00`."""
    if every.unit == "duration":
        days, rest = divmod(every.length, DAY)
        length = length_said(speech, every.length) if rest or days < 2 else days_said(speech, days, "calendar")
        return speech.say("every", length=length)
    time = _clock(every.at)
    if every.unit == "day":
        return speech.say("every_day", time=time)
    if every.unit == "month":
        return speech.say("every_month", day=every.on, time=time)
    names = WEEKDAYS.get(speech.language, WEEKDAYS["en"])
    return speech.say("every_week", day=names[every.on], time=time)


def timer_said(speech: Speech, timer: Timer) -> str:
    """When a timer goes off: `after 24h`, `30m before “Agreed visit”`, `every 30m, 6 times at most`."""
    first = ""
    if timer.after is not None:
        first = moment_said(speech, timer.after)
        first = speech.say("in_time", length=first) if timer.after.base != "field" else first
    elif timer.at is not None:
        first = moment_said(speech, timer.at)
        is_plain = timer.at.base == "field" and not (timer.at.days or timer.at.offset)
        first = speech.say("at_time", point=first) if is_plain else first
    if timer.every is None:
        return first
    again = every_said(speech, timer.every)
    whole = speech.say("first_after", first=first, every=again) if first else again
    return whole if timer.max is None else speech.say("at_most", text=whole, count=timer.max)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
