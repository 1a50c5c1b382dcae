"""Series to their occurrences: when each of them was planned for."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

Resource = dict[str, Any]


def read_moment(moment: Mapping[str, Any], zone: ZoneInfo) -> datetime:
    """Return the instant of a `start` or `end`; a day begins at midnight in the calendar's zone."""
    if "date" in moment:
        return datetime.combine(date.fromisoformat(moment["date"]), time(), zone)
    found = datetime.fromisoformat(moment["dateTime"])
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(moment["timeZone"]))


def write_stamp(original: Mapping[str, Any]) -> str:
    """Return how an occurrence's id ends: the instant in UTC, or the day."""
    if "date" in original:
        return str(original["date"]).replace("-", "")
    return datetime.fromisoformat(original["dateTime"]).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def find_originals(series: Resource, zone: ZoneInfo, last: datetime) -> Iterator[tuple[Resource, Resource]]:
    """Yield start and end of each planned occurrence that starts before `last`, in order."""
    start, length = _read_local(series, zone)
    whole_days = "date" in series["start"]
    home = ZoneInfo(series["start"].get("timeZone", zone.key))
    for local in _walk(series["recurrence"], start, home, last):
        yield _write(local, home, whole_days=whole_days), _write(local + length, home, whole_days=whole_days)


def _read_local(series: Resource, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """Return the first start as the clock on the wall says it, and how long an occurrence lasts on that clock."""
    home = ZoneInfo(series["start"].get("timeZone", zone.key))
    start, end = (read_moment(series[name], zone).astimezone(home) for name in ("start", "end"))
    return start.replace(tzinfo=None), end.replace(tzinfo=None) - start.replace(tzinfo=None)


def _walk(lines: list[str], start: datetime, home: ZoneInfo, last: datetime) -> Iterator[datetime]:
    left_out = {moment for line in lines if line.startswith("EXDATE") for moment in _read_list(line, home)}
    added = [moment for line in lines if line.startswith("RDATE") for moment in _read_list(line, home)]
    rules = [rrulestr(_settle_until(line, home), dtstart=start) for line in lines if line.startswith("RRULE")]
    end = last.astimezone(home).replace(tzinfo=None)
    found = {moment for rule in rules for moment in rule.between(datetime.min, end)} | set(added)  # noqa: DTZ901 - clocks on a wall
    yield from sorted(moment for moment in found - left_out if moment < end)


def _settle_until(line: str, home: ZoneInfo) -> str:
    """Write an UNTIL in UTC as the clock on the wall says it, as all else here is."""

    def settle(found: re.Match[str]) -> str:
        instant = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return f"UNTIL={instant.astimezone(home):%Y%m%dT%H%M%S}"

    return re.sub(r"UNTIL=(\d{8}T\d{6}Z)", settle, line)


def _read_list(line: str, home: ZoneInfo) -> list[datetime]:
    return [_read_wall(text, home) for text in line.rpartition(":")[2].split(",")]


def _read_wall(text: str, home: ZoneInfo) -> datetime:
    if text.endswith("Z"):
        return (
            datetime.strptime(text, "%Y%m%dT%H%M%SZ")
            .replace(tzinfo=UTC)
            .astimezone(home)
            .replace(tzinfo=None)
        )
    return datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007 - a clock on a wall


def _write(local: datetime, home: ZoneInfo, *, whole_days: bool) -> Resource:
    if whole_days:
        return {"date": local.date().isoformat()}
    return {"dateTime": local.replace(tzinfo=home).isoformat(), "timeZone": home.key}
