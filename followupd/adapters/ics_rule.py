"""Rules of series: refused where they would keep the library busy, skipped ahead where that changes nothing."""

from datetime import date, datetime
from math import prod

import icalendar
from icalendar.prop import vBroken, vRecur

from followupd.adapters.ics_time import read_when
from followupd.adapters.occurrence import UnusableError

_MOST_REPEATS = 50_000
_DAYS_BETWEEN = {"HOURLY": 1 / 24, "DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_DAYS_IN = {"WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_PICKS_DAYS = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}
_EXACT = {"FREQ", "INTERVAL", "WKST", "UNTIL", "BYDAY"}
_WEEK = 7
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: With a short step these may never match, and then the library looks at every day until the year 9999.
_MAY_NEVER_MATCH = {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYEASTER"}


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
