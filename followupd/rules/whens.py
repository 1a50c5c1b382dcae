"""When did you meet? "yesterday", "18:00", "2026-11-24 18:00": what an owner says of a meeting no calendar has."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followupd.errors import Problem

_DAYS_AGO = {
    "today": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0,
    "yesterday": 1, "gestern": 1, "hier": 1, "ayer": 1,
    "vorgestern": 2, "avant-hier": 2, "anteayer": 2,
}  # fmt: skip
#: A day without an hour counts from its middle: late enough for a lunch, early enough to follow up in time.
_NOON = time(12)
_LONGEST_AGO = timedelta(days=365)
_WHEN = re.compile(
    r"(?:(?P<day>[^\d\s,][^\s,]*|\d{4}-\d\d?-\d\d?)(?:\s*[ ,t]\s*|$))?(?P<hour>\d{1,2}[:.h]\d\d)?"
)


def read_when(said: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) an owner in `zone` means at `now`.

    An hour alone is the last time it struck; a day alone is its noon, or `now` if that is earlier. Raises Problem for
    anything else, and for what is to come or over a year ago.
    """
    found = _WHEN.fullmatch(said.strip().casefold())
    if not found or not (found["day"] or found["hour"]):
        raise _not_understood(said)
    local = now.astimezone(zone)
    day = _read_day(found["day"], local.date(), said)
    hour = _read_hour(found["hour"], said) if found["hour"] else None
    when = datetime.combine(day, hour or _NOON, zone)
    if found["day"] is None and when > now:
        when = datetime.combine(day - timedelta(days=1), hour or _NOON, zone)
    if hour is None and day == local.date():
        when = min(when, local)
    if not now - _LONGEST_AGO <= when <= now:
        raise Problem(
            f"{when:%Y-%m-%d %H:%M} is {'still to come' if when > now else 'too long ago'}.",
            "Say when you met them.",
        )
    return when.astimezone(UTC)


def _read_day(word: str | None, today: date, said: str) -> date:
    if word is None:
        return today
    if word in _DAYS_AGO:
        return today - timedelta(days=_DAYS_AGO[word])
    try:
        return date(*map(int, word.split("-")))
    except (TypeError, ValueError):
        raise _not_understood(said) from None


def _read_hour(word: str, said: str) -> time:
    try:
        hour, minute = map(int, re.split("[:.h]", word))
        return time(hour, minute)
    except ValueError:
        raise _not_understood(said) from None


def _not_understood(said: str) -> Problem:
    return Problem(
        f"'{said}' is no time.", "Write it like yesterday, 18:00, 'yesterday 18:00' or 2026-11-24."
    )
