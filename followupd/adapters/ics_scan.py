"""The bytes of an .ics file to its calendars and VEVENT blocks, and when each block may take place, without parsing it.

Parsing is what takes long, and most entries of a calendar lie years away from the days looked at. What is found here
only has to be wide enough: an entry that cannot be told for sure counts as one that may touch any day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain, pairwise

_FOLD = re.compile(rb"\r?\n[ \t]")
#: It begins with a fixed byte, so that the search runs at the speed of memchr; the first line of a file has none.
_MARK = re.compile(rb"\n(BEGIN|END):(VCALENDAR|VEVENT|VTIMEZONE)[ \t]*\r?(?=\n|\Z)", re.IGNORECASE)
_FIRST_MARK = re.compile(rb"(BEGIN):(VCALENDAR)[ \t]*\r?(?=\n)", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: The lines that say when an entry takes place and which entries belong together; the last two groups tell a folded one,
#: and a fold inside a name.
_TELLING = re.compile(
    rb"\n(?:(UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXRULE|RECURRENCE-ID|BEGIN|END)([;:][^\r\n]*)(\r?\n[ \t])?"
    rb"|[\w-]*(\r?\n[ \t]))",
    re.IGNORECASE,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_DAY = rb"((?:19[7-9]|20\d|21[0-8])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
_WHEN = re.compile(_DAY + rb"(?:T\d{6}Z?)?[ \t]*")
_LENGTH = re.compile(
    rb"\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:\d{1,4}M)?(?:\d{1,5}S)?)?[ \t]*", re.IGNORECASE
)
_UNTIL = re.compile(rb"[;:]UNTIL=" + _DAY + rb"(?![^;T])", re.IGNORECASE)
_COUNTED = re.compile(rb"(?:(?:FREQ|COUNT|INTERVAL|WKST)=\w+(?:;|\Z))+", re.IGNORECASE)
_PART = re.compile(rb"(\w+)=(\w+)")
_DAYS_OF = {b"DAILY": 1, b"WEEKLY": 7, b"MONTHLY": 31, b"YEARLY": 366}
#: A COUNT and INTERVAL with more digits together reach beyond every window.
_LONGEST_NUMBERS = 6
#: From this day of the month on, a monthly or yearly rule leaves months out.
_SHORTEST_MONTH = b"28"


@dataclass(frozen=True, slots=True)
class Days:
    """The days an entry may touch, as YYYYMMDD, first and last; zones may move either by two days."""

    first: bytes
    last: bytes

    def touch(self, first: bytes, last: bytes) -> bool:
        return self.first <= last and self.last >= first


ANY_DAY = Days(b"00000000", b"99999999")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a VEVENT block says of itself at first sight."""

    uid: bytes
    """As it stands there, its escapes undone; empty when there is none."""
    days: Days
    original: Days | None = None
    """The day it was planned for, when it stands for one occurrence of a series."""

    def touch(self, first: bytes, last: bytes) -> bool:
        """Tell whether the entry, or the occurrence that it takes the place of, may touch these days."""
        return self.days.touch(first, last) or (self.original or self.days).touch(first, last)


@dataclass(slots=True)
class RawCalendar:
    """One VCALENDAR: its own lines, and where in the file its VEVENT and VTIMEZONE blocks lie."""

    own: list[bytes] = field(default_factory=list)
    events: list[tuple[int, int]] = field(default_factory=list)
    zones: list[bytes] = field(default_factory=list)
    ended: bool = False

    def read_word(self, name: bytes) -> str:
        """Return the value of one of its own properties, or ""."""
        found = re.search(
            rb"(?:\A|\n)" + name + rb"(?:;[^:\n]*)?:([^\n]*)", b"\n".join(self.own), re.IGNORECASE
        )
        return found[1].strip().decode("latin-1") if found else ""


def unify_lines(raw: bytes) -> bytes:
    """Return a file without its byte order mark, and with line feeds if it has the line ends of a very old Mac."""
    raw = raw.removeprefix(_BYTE_ORDER_MARK)
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def unfold(block: bytes) -> bytes:
    """Join folded lines (RFC 5545, 3.1), byte by byte: a fold may stand inside a character."""
    return _FOLD.sub(b"", block)


def split_calendars(raw: bytes) -> list[RawCalendar]:
    """Cut a file into calendars and these into blocks, without understanding them: time grows with its length."""
    calendars: list[RawCalendar] = []
    for (kind, start), (_, end) in pairwise(_find_borders(raw)):
        if kind == b"BEGIN:VCALENDAR":
            calendars.append(RawCalendar())
        if not calendars:
            continue
        if kind == b"BEGIN:VEVENT":
            calendars[-1].events.append((start, end))
        elif kind == b"BEGIN:VTIMEZONE":
            calendars[-1].zones.append(raw[start:end])
        elif end - start > len(kind) + 2:
            calendars[-1].own.append(unfold(raw[start:end]))
        calendars[-1].ended = kind == b"END:VCALENDAR"
    return calendars


def _find_borders(raw: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield where each piece of a file begins, by the mark that opens it; a block reaches over its END line."""
    first = _FIRST_MARK.match(raw)
    for mark in chain([first] if first else [], _MARK.finditer(raw)):
        kind = mark[1].upper() + b":" + mark[2].upper()
        closes = kind in {b"END:VEVENT", b"END:VTIMEZONE"}
        yield kind, mark.end() if closes else mark.start(1)
    yield b"", len(raw)


def find_facts(block: bytes) -> Facts:
    """Return what a VEVENT block says of itself at first sight."""
    told, folded = _find_telling(block)
    if folded:
        told, _ = _find_telling(unfold(block))
    uid = _plain(told.get(b"UID", [b""])[0].partition(b":")[2])
    if b"END" not in told:
        return Facts(uid, ANY_DAY)
    return Facts(uid, _find_days(told), _find_original(told.get(b"RECURRENCE-ID")))


_Told = dict[bytes, list[bytes]]


def _find_telling(block: bytes) -> tuple[_Told, bool]:
    """Return property → values, and whether one of them goes on in a folded line.

    END is among them unless the block is cut short. What nested blocks say, such as an alarm's DURATION, is theirs.
    """
    told: _Told = {}
    depth = 1
    for name, rest, fold, split_name in _TELLING.findall(block):
        if fold or split_name:
            return {}, True
        kind = name.upper()
        if kind == b"BEGIN":
            depth += 1
        elif kind == b"END":
            depth -= 1
        if depth == 1 and kind not in {b"BEGIN", b"END"}:
            told.setdefault(kind, []).append(rest)
        elif depth == 0:
            told[b"END"] = [rest]
    return told, False


def _plain(uid: bytes) -> bytes:
    return b" ".join(_ESCAPED.sub(rb"\1", uid).split())


def _find_original(lines: list[bytes] | None) -> Days | None:
    day = _read_day(lines)
    return None if lines is None else Days(day, day) if day else ANY_DAY


def _find_days(told: _Told) -> Days:
    first = _read_day(told.get(b"DTSTART"))
    last = _find_last(first, told) if first else None
    if not first or not last or any(b"RANGE" in rest.upper() for rest in told.get(b"RECURRENCE-ID", ())):
        return ANY_DAY
    if told.keys() & {b"RRULE", b"RDATE", b"EXRULE"}:
        return Days(first, _find_last_repeat(first, last, told) or ANY_DAY.last)
    return Days(first, last)


def _read_day(lines: list[bytes] | None) -> bytes | None:
    """Return the day of the one date or time that stands there; None for anything else."""
    if lines is None or len(lines) != 1:
        return None
    found = _WHEN.fullmatch(lines[0], lines[0].rfind(b":") + 1)
    return found[1] if found else None


def _find_last(first: bytes, told: _Told) -> bytes | None:
    if b"DTEND" in told:
        last = _read_day(told[b"DTEND"])
        return last if b"DURATION" not in told and last and last >= first else None
    if b"DURATION" not in told:
        return first
    [length, *more] = told[b"DURATION"]
    found = _LENGTH.fullmatch(length, length.rfind(b":") + 1)
    if not found or more:
        return None
    weeks, days, hours = (int(part or 0) for part in found.groups())
    return _add_days(
        first, 7 * weeks + days + hours // 24 + 4
    )  # four days: 9,999 minutes and 99,999 seconds more


def _find_last_repeat(first: bytes, last: bytes, told: _Told) -> bytes | None:
    """Return the day after which a simple rule gives nothing more, or None where that takes the library to tell."""
    rules = told.get(b"RRULE", [])
    if told.keys() & {b"RDATE", b"EXRULE"} or len(rules) != 1:
        return None
    length = _count_days(first, last)
    if length is None:
        return None
    untils = _UNTIL.findall(rules[0])
    if len(untils) == 1:
        return _add_days(max(untils[0], first), length)
    return _find_last_counted(first, rules[0].partition(b":")[2].strip(), length)


def _find_last_counted(first: bytes, rule: bytes, length: int) -> bytes | None:
    if not _COUNTED.fullmatch(rule):
        return None
    parts = {name.upper(): value.upper() for name, value in _PART.findall(rule)}
    step = _DAYS_OF.get(parts.get(b"FREQ", b""))
    count, interval = parts.get(b"COUNT", b""), parts.get(b"INTERVAL", b"1")
    if (
        step is None
        or not (count.isdigit() and interval.isdigit())
        or len(count + interval) > _LONGEST_NUMBERS
    ):
        return None
    if step > _DAYS_OF[b"WEEKLY"] and first[6:] > _SHORTEST_MONTH:
        return None
    return _add_days(first, int(count) * int(interval) * step + length)


def _count_days(first: bytes, last: bytes) -> int | None:
    try:
        return (_to_date(last) - _to_date(first)).days
    except ValueError:
        return None


def _add_days(day: bytes, days: int) -> bytes | None:
    try:
        return write_day(_to_date(day) + timedelta(days=days))
    except (ValueError, OverflowError):
        return None


def _to_date(day: bytes) -> date:
    return date(int(day[:4]), int(day[4:6]), int(day[6:]))


def write_day(day: date) -> bytes:
    """Return a day as YYYYMMDD."""
    return b"%04d%02d%02d" % (day.year, day.month, day.day)
