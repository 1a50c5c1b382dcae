"""When an event takes place, as RFC 5545 says it: days, instants, floating times, lengths."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
from icalendar.prop import vBroken, vDDDTypes, vRecur

from followupd.adapters.occurrence import Span, UnusableError, to_utc

_YEARS = range(1970, 2201)
_LENGTH = re.compile(
    r"([-+]?)P(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts by its DURATION: first days of the calendar, then time that passes.

    They differ when clocks change: P1D is the same hour tomorrow, PT24H is 24 hours later (RFC 5545, 3.3.6 and 3.8.2.5).
    """

    days: timedelta
    rest: timedelta

    def find_end(self, start: date | datetime, zone: ZoneInfo) -> datetime:
        return to_utc(start + self.days, zone) + self.rest


NO_TIME, ONE_DAY = Length(timedelta(0), timedelta(0)), Length(timedelta(days=1), timedelta(0))


def find_all(vevent: icalendar.Component, name: str) -> list[object]:
    found = vevent.get(name, [])
    return [value for value in (found if isinstance(found, list) else [found]) if value is not None]


def read_when(vevent: icalendar.Component, name: str) -> date | datetime | None:
    """Return a date or date-time as the calendar has it, None where it has none (RFC 5545, 3.3.4 and 3.3.5).

    Raises UnusableError for anything that is neither.
    """
    found = next(iter(find_all(vevent, name)), None)
    if found is None:
        return None
    when = None if isinstance(found, vBroken) else getattr(found, "dt", None)
    if not isinstance(when, date):
        raise UnusableError(f"its {name} is not a date or time")
    return when


def settle_zone(vevent: icalendar.Component, zone: ZoneInfo) -> None:
    """Give a floating VEVENT its zone, or the library would lend it the zone of its EXDATE."""
    for name in ("DTSTART", "DTEND"):
        when = read_when(vevent, name)
        if isinstance(when, datetime) and when.tzinfo is None:
            vevent[name] = vDDDTypes(when.replace(tzinfo=zone))


def settle_until(vevent: icalendar.Component) -> None:
    """Let the last day of a series with times be a whole day; RFC 5545, 3.3.10 wants an instant there."""
    rule, start = vevent.get("RRULE"), read_when(vevent, "DTSTART")
    if isinstance(rule, vRecur) and "UNTIL" in rule and isinstance(start, datetime):
        ends = (
            until if isinstance(until, datetime) else datetime.combine(until, time.max)
            for until in rule["UNTIL"]
        )
        rule["UNTIL"] = [
            end if end.tzinfo else end.replace(tzinfo=start.tzinfo).astimezone(UTC) for end in ends
        ]


def read_length(text: str) -> Length:
    """Return the length of time that a DURATION says (RFC 5545, 3.3.6). Raises UnusableError for anything else.

    It is read from the text because the library takes 24 hours for a day.
    """
    found = _LENGTH.fullmatch(text.strip())
    if not found or text.strip()[-1] in "PTpt":
        raise UnusableError("its DURATION is not a length of time")
    sign = -1 if found[1] == "-" else 1
    weeks, days, hours, minutes, seconds = (sign * int(part or 0) for part in found.groups()[1:])
    return Length(timedelta(weeks=weeks, days=days), timedelta(hours=hours, minutes=minutes, seconds=seconds))


def find_span(vevent: icalendar.Component, zone: ZoneInfo, length: Length | None = None) -> Span:
    """Return from when to when a VEVENT lasts (RFC 5545, 3.6.1); raises UnusableError where that makes no sense.

    `length` is its DURATION. Without one and without DTEND a day lasts one day and an instant lasts no time. Only a series may begin
    outside 1970 to 2200.
    """
    start = read_when(vevent, "DTSTART")
    if start is None:
        raise UnusableError("it has no start (DTSTART)")
    try:
        span = Span(
            to_utc(start, zone), _find_end(vevent, start, zone, length), not isinstance(start, datetime)
        )
    except OverflowError:
        raise UnusableError("it lies beyond the years a calendar can hold") from None
    if span.end < span.start:
        raise UnusableError("it ends before it starts")
    if "RRULE" not in vevent and not _YEARS.start <= start.year <= span.end.year < _YEARS.stop:
        raise UnusableError("it is not between 1970 and 2200")
    return span


def _find_end(
    vevent: icalendar.Component, start: date | datetime, zone: ZoneInfo, length: Length | None
) -> datetime:
    end = read_when(vevent, "DTEND")
    # Some programs write the last day of a whole-day event where RFC 5545 wants the day after it.
    if end is not None and (isinstance(start, datetime) or end != start):
        return to_utc(end, zone)
    return (length or (NO_TIME if isinstance(start, datetime) else ONE_DAY)).find_end(start, zone)
