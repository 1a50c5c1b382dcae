"""Until when a snooze lasts: tonight, tomorrow morning, or the time an owner names."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followupd.durations import parse_duration
from followupd.errors import Problem

_EVENING, _MORNING = time(19), time(9)
_DURATION = re.compile(r"[0-9]+[a-z]")
_MOMENT = re.compile(r"(?:([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:[ t]+|$))?([0-9]{1,2}:[0-9]{2})?", re.ASCII)


def find_tonight(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next seven in the evening (UTC) of an owner who lives in `zone`."""
    return _find_next(_EVENING, now, zone)


def find_tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    """Return nine in the morning (UTC) of the owner's next day."""
    return _combine(now.astimezone(zone).date() + timedelta(days=1), _MORNING, zone)


def read_until(said: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) an owner means: "36h", "18:00", "2026-12-01" (its morning) or "2026-12-01 18:00".

    Raises Problem for anything else; whether it is past is for the desk to say.
    """
    words = said.strip().casefold()
    if _DURATION.fullmatch(words):
        return now + parse_duration(words)
    found = _MOMENT.fullmatch(words)
    try:
        if found is None or not words:
            raise ValueError(words)  # noqa: TRY301 - one way out for all that cannot be read
        clock = _read_clock(found[2]) if found[2] else _MORNING
        if found[1] is None:
            return _find_next(clock, now, zone)
        return _combine(date(*map(int, found[1].split("-"))), clock, zone)
    except (ValueError, OverflowError) as error:
        raise Problem(
            f"'{said}' is no time to wait for.", "Say it like 36h, 18:00 or 2026-12-01 9:00."
        ) from error


def _read_clock(word: str) -> time:
    hour, minute = map(int, word.split(":"))
    return time(hour, minute)


def _find_next(clock: time, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock in `zone` shows this time next."""
    today = now.astimezone(zone).date()
    moment = _combine(today, clock, zone)
    return moment if moment > now else _combine(today + timedelta(days=1), clock, zone)


def _combine(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
