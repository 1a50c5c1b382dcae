"""One VEVENT to one event of ours: its span, its guests, its flags. Everything in it was written by strangers."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from math import prod
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
from icalendar.prop import vBroken, vCalAddress, vCategory, vDDDTypes, vRecur

from followupd.adapters.occurrence import (
    LONGEST,
    Origin,
    Span,
    UnusableError,
    add_organizer,
    clean_address,
    clean_line,
    clean_text,
    drop_repeated,
    name_occurrence,
    to_utc,
)
from followupd.model import Answer, Attendee, Event, GuestKind

_YEARS = range(1970, 2201)


_ANSWERS = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DECLINED,
}
_KINDS = {"GROUP": GuestKind.GROUP, "RESOURCE": GuestKind.ROOM, "ROOM": GuestKind.ROOM}
_AWAY = {"OOF", "WORKINGELSEWHERE"}

_MOST_REPEATS = 50_000
_DAYS_BETWEEN = {"HOURLY": 1 / 24, "DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_DAYS_IN = {"WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_PICKS_DAYS = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}
_EXACT = {"FREQ", "INTERVAL", "WKST", "UNTIL", "BYDAY"}
_WEEK = 7
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: With a short step these may never match, and then the library looks at every day until the year 9999.
_MAY_NEVER_MATCH = {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYEASTER"}


def _find_all(vevent: icalendar.Component, name: str) -> list[object]:
    found = vevent.get(name, [])
    return [value for value in (found if isinstance(found, list) else [found]) if value is not None]


def read_word(vevent: icalendar.Component, name: str) -> str:
    """Return a property that is one word of a fixed list, upper case, or ""."""
    return _read_line(vevent, name, 100).upper()


def _read_line(vevent: icalendar.Component, name: str, longest: int) -> str:
    return clean_line(str(next(iter(_find_all(vevent, name)), "")), longest)


def read_title(vevent: icalendar.Component) -> str:
    return _read_line(vevent, "SUMMARY", LONGEST["title"])


def read_when(vevent: icalendar.Component, name: str) -> date | datetime | None:
    """Return a date or date-time as the calendar has it, None where it has none (RFC 5545, 3.3.4 and 3.3.5).

    Raises UnusableError for anything that is neither.
    """
    found = next(iter(_find_all(vevent, name)), None)
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


def find_uid(vevent: icalendar.Component) -> str:
    """Return the UID, or one made of start and title for a VEVENT that lacks it."""
    uid = _read_line(vevent, "UID", LONGEST["uid"])
    if uid:
        return uid
    marks = f"{read_when(vevent, 'DTSTART')}\n{read_title(vevent)}"
    return f"no-uid-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


def find_span(vevent: icalendar.Component, zone: ZoneInfo) -> Span:
    """Return from when to when a VEVENT lasts (RFC 5545, 3.6.1); raises UnusableError where that makes no sense.

    Without DTEND and DURATION a day lasts one day and an instant lasts no time. Only a series may begin
    outside 1970 to 2200.
    """
    start = read_when(vevent, "DTSTART")
    if start is None:
        raise UnusableError("it has no start (DTSTART)")
    try:
        span = Span(to_utc(start, zone), _find_end(vevent, start, zone), not isinstance(start, datetime))
    except OverflowError:
        raise UnusableError("it lies beyond the years a calendar can hold") from None
    if span.end < span.start:
        raise UnusableError("it ends before it starts")
    if "RRULE" not in vevent and not _YEARS.start <= start.year <= span.end.year < _YEARS.stop:
        raise UnusableError("it is not between 1970 and 2200")
    return span


def _find_end(vevent: icalendar.Component, start: date | datetime, zone: ZoneInfo) -> datetime:
    end = read_when(vevent, "DTEND")
    # Some programs write the last day of a whole-day event where RFC 5545 wants the day after it.
    if end is not None and (isinstance(start, datetime) or end != start):
        return to_utc(end, zone)
    length = _find_length(vevent)
    if length is None:
        length = timedelta(0) if isinstance(start, datetime) else timedelta(days=1)
    # Days are days of the calendar, hours are hours that pass (RFC 5545, 3.3.6): they differ when clocks change.
    days = timedelta(days=length.days)
    return to_utc(start + days, zone) + (length - days)


def _find_length(vevent: icalendar.Component) -> timedelta | None:
    found = next(iter(_find_all(vevent, "DURATION")), None)
    if found is None:
        return None
    length = None if isinstance(found, vBroken) else getattr(found, "dt", None)
    if not isinstance(length, timedelta):
        raise UnusableError("its DURATION is not a length of time")
    return length


def check_rule(vevent: icalendar.Component, first: datetime, last: datetime) -> None:
    """Refuse a rule that would keep the library busy between the start of its series and `last`.

    Raises UnusableError. The library walks from the first occurrence, one step of the rule after the other.
    """
    rule = vevent.get("RRULE")
    if rule is None:
        return
    if not isinstance(rule, vRecur) or isinstance(rule, vBroken):
        raise UnusableError("it repeats by a rule (RRULE) that cannot be understood, or by several")
    step = str(next(iter(rule.get("FREQ", ())), "")).upper()
    if step not in _DAYS_BETWEEN:
        raise UnusableError("it repeats every second or minute, or in a way that cannot be understood")
    if min(rule.get("INTERVAL", [1])) < 1:
        raise UnusableError("it repeats at an interval of nothing (INTERVAL below 1)")
    no_month = any(month not in range(1, 13) for month in rule.get("BYMONTH", ()))
    if no_month or (step not in {"MONTHLY", "YEARLY"} and _MAY_NEVER_MATCH & set(rule)):
        raise UnusableError("it repeats by a rule that may never come true")
    if _estimate_repeats(rule, step, first, last) > _MOST_REPEATS:
        raise UnusableError(f"it repeats more than {_MOST_REPEATS:,} times until now")


def _estimate_repeats(rule: vRecur, step: str, first: datetime, last: datetime) -> float:
    """Return how often a rule repeats at most from `first` to `last`."""
    end = min([last.date(), *(date(d.year, d.month, d.day) for d in rule.get("UNTIL", ()))])
    days = max(0, (end - first.date()).days)
    steps: float = 1 + days / (_DAYS_BETWEEN[step] * min(rule.get("INTERVAL", [1])))
    if not any(part.startswith("BY") for part in rule):
        return min([steps, *map(float, rule.get("COUNT", ()))])
    times = prod(len(rule.get(part, [1])) for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return (
        steps * times * (_DAYS_IN.get(step, 1) if _PICKS_DAYS & set(rule) else len(rule.get("BYMONTH", [1])))
    )


def find_step(vevent: icalendar.Component) -> int:
    """Return after how many days a rule repeats itself exactly, 0 when that cannot be said of it.

    That holds for days and weeks without COUNT, when DTSTART is one of its days (RFC 5545, 3.3.10) and both ends of the
    event are meant in one zone.
    """
    rule, start, end = vevent.get("RRULE"), read_when(vevent, "DTSTART"), read_when(vevent, "DTEND")
    if not isinstance(rule, vRecur) or start is None or not set(rule) <= _EXACT:
        return 0
    step = {"DAILY": 1, "WEEKLY": 7}.get(str(rule["FREQ"][0]).upper(), 0)
    days = [str(day).upper() for day in rule.get("BYDAY", ())]
    if days and (step != _WEEK or _WEEKDAYS[start.weekday()] not in days):
        return 0
    if end is not None and getattr(end, "tzinfo", None) != getattr(start, "tzinfo", None):
        return 0
    return step * int(rule.get("INTERVAL", [1])[0])


def _read_address(value: vCalAddress) -> str | None:
    """Return the address of a mailto: URI (RFC 6068), or else of the EMAIL parameter (RFC 7986, 6.2)."""
    scheme, _, rest = str(value).strip().partition(":")
    if scheme.lower() == "mailto":
        return clean_address(unquote(rest.partition("?")[0]))
    return clean_address(_read_parameter(value, "EMAIL"))


def _read_parameter(value: vCalAddress, name: str) -> str:
    """Return a parameter; an unquoted comma makes a list of it, which people mean as one text."""
    found = value.params.get(name, "")
    return ",".join(map(str, found)) if isinstance(found, list) else str(found)


def _read_attendee(value: vCalAddress, unanswered: Answer) -> Attendee:
    return Attendee(
        email=_read_address(value),
        name=clean_line(_read_parameter(value, "CN").strip(" \"'"), LONGEST["name"]),
        answer=_ANSWERS.get(
            _read_parameter(value, "PARTSTAT").upper() or unanswered.name, Answer.NEEDS_ACTION
        ),
        kind=_KINDS.get(_read_parameter(value, "CUTYPE").upper(), GuestKind.INDIVIDUAL),
    )


def _find_people(vevent: icalendar.Component, name: str, unanswered: Answer) -> list[Attendee]:
    values = (value for value in _find_all(vevent, name) if isinstance(value, vCalAddress))
    return [_read_attendee(value, unanswered) for value in values]


def read_attendees(vevent: icalendar.Component) -> tuple[Attendee, ...]:
    """Return every guest and the organiser, each address once and as first named.

    An organiser who is a guest too keeps the guest's answer; one who is not has accepted.
    """
    guests = drop_repeated(_find_people(vevent, "ATTENDEE", Answer.NEEDS_ACTION))
    for organizer in _find_people(vevent, "ORGANIZER", Answer.ACCEPTED)[:1]:
        return add_organizer(guests, organizer)
    return tuple(guests)


def _read_categories(vevent: icalendar.Component) -> tuple[str, ...]:
    lists = (value for value in _find_all(vevent, "CATEGORIES") if isinstance(value, vCategory))
    names = (clean_line(str(name), LONGEST["name"]) for value in lists for name in value.cats)
    return tuple(dict.fromkeys(name for name in names if name))


def _is_blocked(vevent: icalendar.Component) -> bool:
    """Tell whether Exchange marks it out of office or working elsewhere ([MS-OXCICAL], X-MICROSOFT-CDO-BUSYSTATUS)."""
    return any(
        read_word(vevent, f"X-MICROSOFT-CDO-{name}") in _AWAY for name in ("BUSYSTATUS", "INTENDEDSTATUS")
    )


def is_cancelled(vevent: icalendar.Component) -> bool:
    return read_word(vevent, "STATUS") == "CANCELLED"


def read_event(
    vevent: icalendar.Component, span: Span, origin: Origin, uid: str, original: str | None
) -> Event:
    """Return the event of ours; `original` names the occurrence of a series and is None for a single event."""
    return Event(
        occurrence=name_occurrence(uid, original),
        calendar=origin.calendar,
        uid=uid,
        title=read_title(vevent),
        start=span.start,
        end=span.end,
        all_day=span.all_day,
        cancelled=is_cancelled(vevent),
        tentative=read_word(vevent, "STATUS") == "TENTATIVE",
        # A CLASS nobody knows is private (RFC 5545, 3.8.1.3).
        private=read_word(vevent, "CLASS") not in {"", "PUBLIC"},
        busy=read_word(vevent, "TRANSP") != "TRANSPARENT",
        blocked=_is_blocked(vevent),
        series=original is not None,
        listed=origin.listed,
        description=clean_text(_read_raw(vevent, "DESCRIPTION"), LONGEST["description"]),
        location=_read_line(vevent, "LOCATION", LONGEST["location"]),
        categories=_read_categories(vevent),
        attendees=read_attendees(vevent),
    )


def _read_raw(vevent: icalendar.Component, name: str) -> str:
    return str(next(iter(_find_all(vevent, name)), ""))
