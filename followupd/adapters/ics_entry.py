"""One VEVENT block to a parsed entry: only what somebody reads of it, by the zones of its own calendar."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import icalendar
from icalendar.prop import vInt, vText
from icalendar.timezone import tzp

from followupd.adapters.ics_block import TOO_MUCH, Block, name_block, split_lines
from followupd.adapters.ics_event import find_uid, read_title
from followupd.adapters.ics_scan import unfold
from followupd.adapters.ics_time import Length, find_span, read_length, read_when, settle_until, settle_zone
from followupd.adapters.occurrence import Span, UnusableError, name_original, to_utc
from followupd.model import Skipped

_LONGEST_LINE = 64 * 1024
_LONGEST_ENTRY = 1024**2
_MOST_ZONE_RULES = 20
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: All that ics_event and ics_series read; the rest of an entry is never parsed, and with it no attachment or alarm.
_READ = re.compile(
    rb"(?:BEGIN|END|UID|SUMMARY|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID|SEQUENCE|DTSTAMP|STATUS"
    rb"|CLASS|TRANSP|X-MICROSOFT-CDO-(?:BUSY|INTENDED)STATUS|DESCRIPTION|LOCATION|CATEGORIES|ATTENDEE|ORGANIZER)[;:]",
    re.IGNORECASE,
)
#: More categories than anybody reads, each an object of the library.
_LONG_LIST = re.compile(rb"CATEGORIES[;:].{2048}", re.IGNORECASE)
_NESTED = re.compile(rb"(BEGIN|END):(?!VEVENT[ \t]*\Z)", re.IGNORECASE)
_DURATION = re.compile(rb"DURATION[;:]", re.IGNORECASE)
_END = re.compile(rb"END:VEVENT[ \t]*", re.IGNORECASE)
#: Second 60 means second 59 to whoever knows no leap seconds (RFC 5545, 3.3.12).
_LEAP_SECOND = re.compile(rb"(:\d{8}T\d{4})60(?=Z?[ \t]*\Z)")
#: A time in UTC stays in UTC beside a zone that must not be there (RFC 5545, 3.2.19).
_ZONED_UTC = re.compile(rb"(?:DT|EX|RD|REC)[^:]*;TZID=.*:[\dTZ,]*\dZ[ \t]*\Z", re.IGNORECASE)
_ZONE = re.compile(rb";TZID=(?:\"[^\"]*\"|[^;:\"]*)", re.IGNORECASE)
#: What the rules of time zones look like; anything else in one could keep the library busy for hours.
_ZONE_RULE = re.compile(
    rb"RRULE:(?:(?:FREQ=YEARLY|INTERVAL=1|BYMONTH=(?:[1-9]|1[0-2])|BYMONTHDAY=(?:[12]?\d,?){1,10}"
    rb"|BYDAY=[-+]?[1-5]?\w\w|UNTIL=\w{8,16}|WKST=\w\w);?)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One VEVENT, where it was read, and what its calendar says of it."""

    file: str
    vevent: icalendar.Component
    zone: ZoneInfo
    """For floating times and whole days."""
    uid: str
    span: Span
    length: Length | None
    """Its DURATION; None where DTEND or nothing says when it ends."""
    original: str | None
    """Which occurrence of its series it stands for; None for the series itself and for a single event."""
    withdrawn: bool
    """Its calendar was sent to cancel it (METHOD:CANCEL)."""

    @property
    def where(self) -> str:
        return f"{self.file}: '{read_title(self.vevent) or self.uid}'"

    @property
    def sequence(self) -> int:
        found = self.vevent.get("SEQUENCE")
        return found if isinstance(found, vInt) else 0

    @property
    def version(self) -> tuple[int, datetime]:
        """What tells the newer of two entries (RFC 5546, 2.1.5)."""
        try:
            stamp = read_when(self.vevent, "DTSTAMP")
        except UnusableError:
            stamp = None
        return self.sequence, to_utc(stamp, self.zone) if stamp else _LONG_AGO

    @property
    def recurs(self) -> bool:
        return "RRULE" in self.vevent or "RDATE" in self.vevent

    def cancel(self) -> None:
        self.vevent["STATUS"] = vText("CANCELLED")


def _make_entry(vevent: icalendar.Component, length: Length | None, block: Block) -> Entry:
    """Return a parsed VEVENT with its UID, its zone settled and its span. Raises UnusableError."""
    zone = block.context.zone
    uid = find_uid(vevent)
    # The library tells series apart by this, and by the memory address of a VEVENT that has none.
    vevent["UID"] = vText(uid)
    settle_zone(vevent, zone)
    settle_until(vevent)
    return Entry(
        file=block.file,
        vevent=vevent,
        zone=zone,
        uid=uid,
        span=find_span(vevent, zone, length),
        length=length,
        original=name_original(read_when(vevent, "RECURRENCE-ID"), zone),
        withdrawn=block.context.withdrawn,
    )


def parse_blocks(blocks: Sequence[Block], skipped: list[Skipped]) -> Iterator[Entry]:
    """Yield what the blocks say; each that says nothing usable is named in `skipped`."""
    for block in blocks:
        try:
            yield _parse_block(split_lines(block), block)
        # The library lets many kinds through on hostile text (IsADirectoryError on TZID=Europe, for one).
        except Exception as error:  # noqa: BLE001 - one bad entry must not hide the others
            skipped.append(Skipped(name_block(block), tell_error(error)))


def _parse_block(lines: list[bytes], block: Block) -> Entry:
    lines = [line for line in lines if line and len(line) <= _LONGEST_LINE]
    if not _END.fullmatch(lines[-1]):
        raise UnusableError("it is cut short (no END:VEVENT)")
    if sum(map(len, lines)) > _LONGEST_ENTRY:
        raise UnusableError("it is larger than 1 MB")
    _learn_zones(block.context.zones)
    kept = list(_keep_read(lines))
    vevent = icalendar.Event.from_ical(_decode(kept))
    return _make_entry(vevent, None if "DTEND" in vevent else _find_length(kept), block)


def _find_length(lines: Iterable[bytes]) -> Length | None:
    texts = (line.rpartition(b":")[2] for line in lines if _DURATION.match(line))
    return next((read_length(text.decode("latin-1")) for text in texts), None)


def _keep_read(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of the VEVENT itself that somebody reads, without those of its alarms."""
    depth = 0
    for line in lines:
        nested = _NESTED.match(line)
        if nested:
            depth += 1 if nested[1].upper() == b"BEGIN" else -1
        elif depth <= 0 and _READ.match(line) and not _LONG_LIST.match(line):
            yield _mend_time(line)


def _mend_time(line: bytes) -> bytes:
    """Return a line with the time that it means where the library would take another, or none."""
    line = _LEAP_SECOND.sub(rb"\g<1>59", line)
    return _ZONE.sub(b"", line, count=1) if _ZONED_UTC.match(line) else line


def _decode(lines: Iterable[bytes]) -> str:
    """Return the lines as text; what is not UTF-8 is read as Latin-1, which nothing fails to be."""
    raw = b"\n".join((*lines, b""))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def tell_error(error: Exception) -> str:
    """Return in words why an entry or a series cannot be used."""
    if isinstance(error, UnusableError):
        return str(error)
    if isinstance(error, MemoryError):
        return TOO_MUCH
    return f"it is not written as a calendar entry should be ({type(error).__name__})"


@lru_cache(maxsize=1)  # entries of one calendar follow each other, and the library keeps what it was taught
def _learn_zones(zones: tuple[bytes, ...]) -> None:
    """Teach the library the zones (VTIMEZONE blocks) of a calendar, as far as no zone database knows them.

    What an earlier calendar taught is forgotten: two calendars may call different zones by one name.
    """
    tzp.use_default()
    for zone in zones:
        lines = [line.strip() for line in unfold(zone).split(b"\n")]
        rules = [line for line in lines if line.upper().startswith(b"RRULE")]
        if len(rules) > _MOST_ZONE_RULES or not all(map(_ZONE_RULE.fullmatch, rules)):
            continue
        try:
            if not _knows_zone(lines):
                icalendar.Timezone.from_ical(_decode(lines))
        except Exception:  # noqa: BLE001, S112 - an unreadable zone is an unknown zone
            continue


def _knows_zone(lines: list[bytes]) -> bool:
    names = (line.partition(b":")[2] for line in lines if line.upper().startswith(b"TZID"))
    return tzp.timezone(next(names, b"").strip().decode()) is not None
