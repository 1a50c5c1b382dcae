"""A calendar in one .ics file, in a folder of them or behind an address, read so that no entry can hide or hang the others.

What lies outside the days looked at is never parsed, and what did not change is not parsed again: the same bytes cost
one checksum, one changed entry costs one search for the blocks and one parse.
"""

import os
import re
import stat
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import icalendar
from icalendar.timezone import tzp

from followupd.adapters.ics_event import Origin, UnusableError
from followupd.adapters.ics_scan import (
    Facts,
    RawCalendar,
    find_facts,
    split_calendars,
    unfold,
    unify_lines,
    write_day,
)
from followupd.adapters.ics_series import Entry, find_events, make_entry, split_namesakes
from followupd.errors import SourceProblem
from followupd.model import Event, Reading, Skipped

_LONGEST_LINE = 64 * 1024
_LONGEST_ENTRY = 1024**2
_MOST_ENTRIES = 10_000
_MOST_OF_ONE_UID = 1_000
_MOST_ZONE_RULES = 20
#: What is understood of a calendar reaches so much further than what was asked for, so that it serves a day's readings.
_MARGIN = timedelta(days=1)
#: No zone moves a day by more than this.
_ZONE_SLACK = timedelta(days=2)

#: Answers to an invitation, not invitations (RFC 5546, 3.2.3, 3.2.6 to 3.2.8).
_ANSWERING = {"REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}
#: All that ics_event and ics_series read; the rest of an entry is never parsed, and with it no attachment or alarm.
_READ = re.compile(
    rb"(?:BEGIN|END|UID|SUMMARY|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID|SEQUENCE|DTSTAMP|STATUS"
    rb"|CLASS|TRANSP|X-MICROSOFT-CDO-(?:BUSY|INTENDED)STATUS|DESCRIPTION|LOCATION|CATEGORIES|ATTENDEE|ORGANIZER)[;:]",
    re.IGNORECASE,
)
_NESTED = re.compile(rb"(BEGIN|END):(?!VEVENT[ \t]*\Z)", re.IGNORECASE)
_END = re.compile(rb"END:VEVENT[ \t]*", re.IGNORECASE)
#: What the rules of time zones look like; anything else in one could keep the library busy for hours.
_ZONE_RULE = re.compile(
    rb"RRULE:(?:(?:FREQ=YEARLY|INTERVAL=1|BYMONTH=(?:[1-9]|1[0-2])|BYMONTHDAY=(?:[12]?\d,?){1,10}"
    rb"|BYDAY=[-+]?[1-5]?\w\w|UNTIL=\w{8,16}|WKST=\w\w);?)+",
    re.IGNORECASE,
)


class Body(Protocol):
    """A calendar that is not a file of this computer."""

    name: str

    def fetch(self) -> bytes:
        """Return its newest good body. Raises SourceProblem."""
        ...


@dataclass(frozen=True, slots=True)
class _Context:
    """What a VCALENDAR says that its entries are read by."""

    zone: ZoneInfo
    withdrawn: bool
    zones: tuple[bytes, ...]
    """Its VTIMEZONE blocks."""

    @property
    def mark(self) -> bytes:
        return _digest(repr((self.zone.key, self.withdrawn, self.zones)).encode())


@dataclass(frozen=True, slots=True)
class _Block:
    """One VEVENT before it is parsed."""

    file: str
    number: int
    raw: bytes
    """The whole file; a slice of it for each entry would double the memory."""
    start: int
    end: int
    context: _Context
    mark: bytes
    """Equal for equal text read by equal rules."""
    facts: Facts

    @property
    def text(self) -> bytes:
        return self.raw[self.start : self.end]


@dataclass(frozen=True, slots=True)
class _Understood:
    """What the blocks of one UID stand for in the days understood."""

    events: tuple[Event, ...]
    skipped: tuple[Skipped, ...]


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Memory:
    """What the last reading left behind for the next one."""

    marks: tuple[tuple[str, bytes], ...] = ()
    """Each file's name and checksum."""
    start: datetime = _NEVER
    end: datetime = _NEVER
    facts: dict[bytes, Facts] = field(default_factory=dict)
    groups: dict[tuple[bytes, ...], _Understood] = field(default_factory=dict)
    readable: int = 0
    """How many of the files are calendars."""
    bad: tuple[Skipped, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    events: tuple[Event, ...] = ()

    def covers(self, start: datetime, end: datetime) -> bool:
        return self.start <= start and end <= self.end


@dataclass(slots=True)
class IcsCalendar:
    """A CalendarSource that reads an .ics file, every .ics file in and below a folder (hidden ones left out), or a feed.

    `zone` is the owner's: floating times and whole days are meant in it unless the calendar names its own
    (X-WR-TIMEZONE). Times in UTC stay in UTC whatever X-WR-TIMEZONE says. `max_bytes` is the limit for one file.
    """

    name: str
    place: Path | Body
    zone: str
    listed: bool = False
    max_bytes: int = 256 * 1024**2
    _memory: _Memory = field(default_factory=_Memory, repr=False)

    def read(self, start: datetime, end: datetime) -> Reading:
        """Return every occurrence that touches [start, end] (UTC), by start and then by occurrence.

        Raises SourceProblem when the place, or every file in it, cannot be read as a calendar.
        """
        bad: list[Skipped] = []
        files = dict(self._read_files(bad))
        marks = tuple((file, sha256(raw).digest()) for file, raw in files.items())
        if marks != self._memory.marks or not self._memory.covers(start, end):
            with warnings.catch_warnings():
                # The libraries warn of odd things that strangers wrote; the owner can do nothing about them.
                warnings.simplefilter("ignore")
                self._memory = self._understand(files, marks, start, end)
        memory = self._memory
        bad += memory.bad
        if bad and not memory.readable:
            raise self._problem(bad[0].why)
        events = tuple(event for event in memory.events if event.start <= end and event.end >= start)
        return Reading(events, (*bad, *memory.skipped), complete=not bad)

    def _problem(self, why: str) -> SourceProblem:
        place = self.place if isinstance(self.place, Path) else self.place.name
        return SourceProblem(
            f"The calendar “{self.name}” could not be read: {why} ({place}).",
            "Check that it names an .ics file, a folder of them, or the address of a feed, that you may read.",
        )

    # -- files -----------------------------------------------------------------------------------------

    def _read_files(self, bad: list[Skipped]) -> Iterator[tuple[str, bytes]]:
        """Yield the name to show and the bytes of each file; those that cannot be opened go to `bad`."""
        if not isinstance(self.place, Path):
            yield self.place.name, self.place.fetch()
            return
        for path, shown in _find_files(self.place, bad):
            try:
                yield shown, _read_bytes(path, self.max_bytes)
            except UnusableError as error:
                bad.append(Skipped(shown, str(error)))

    # -- from bytes to events --------------------------------------------------------------------------

    def _understand(
        self, files: dict[str, bytes], marks: tuple[tuple[str, bytes], ...], start: datetime, end: datetime
    ) -> _Memory:
        """Return what the files hold in whole days around [start, end], building on what is known of unchanged entries."""
        start, end = _to_day(start) - _MARGIN, _to_day(end) + 2 * _MARGIN
        memory = _Memory(marks, start, end)
        known = self._memory.groups if (self._memory.start, self._memory.end) == (start, end) else {}
        bad: list[Skipped] = []
        groups = _select_groups(self._scan_files(files, memory, bad), start, end)
        for blocks in _cap_groups(groups, bad):
            key = tuple(block.mark for block in blocks)
            memory.groups[key] = known.get(key) or self._understand_group(blocks, start, end)
        understood = memory.groups.values()
        memory.bad = tuple(bad)
        memory.skipped = tuple(skipped for group in understood for skipped in group.skipped)
        events = (event for group in understood for event in group.events)
        memory.events = tuple(sorted(events, key=lambda event: (event.start, event.occurrence)))
        return memory

    def _scan_files(self, files: dict[str, bytes], memory: _Memory, bad: list[Skipped]) -> Iterator[_Block]:
        """Yield every VEVENT block; files that are no calendar go to `bad`, what is found out to `memory`."""
        for file, raw in files.items():
            lines = unify_lines(raw)
            calendars = split_calendars(lines)
            try:
                _check_whole(calendars)
            except UnusableError as error:
                bad.append(Skipped(file, str(error)))
                continue
            memory.readable += 1
            for calendar in calendars:
                yield from self._scan_calendar(calendar, file, lines, memory.facts)

    def _scan_calendar(
        self, calendar: RawCalendar, file: str, raw: bytes, facts: dict[bytes, Facts]
    ) -> Iterator[_Block]:
        method = calendar.read_word(b"METHOD").upper()
        if method in _ANSWERING:
            return
        zone = _find_zone(calendar.read_word(b"X-WR-TIMEZONE")) or ZoneInfo(self.zone)
        context = _Context(zone, method == "CANCEL", tuple(calendar.zones))
        salt, known = context.mark, self._memory.facts
        for number, (start, end) in enumerate(calendar.events, start=1):
            text = raw[start:end]
            mark = _digest(text, salt)
            found = known.get(mark)
            facts[mark] = found = found or find_facts(text)
            yield _Block(file, number, raw, start, end, context, mark, found)

    def _understand_group(self, blocks: Sequence[_Block], start: datetime, end: datetime) -> _Understood:
        """Return the events of the blocks of one UID; what cannot be used is named in `skipped`."""
        skipped: list[Skipped] = []
        groups: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in _parse_blocks(blocks, skipped):
            groups[entry.uid].append(entry)
        origin = Origin(self.name, self.listed)
        events: list[Event] = []
        for entries in (part for group in groups.values() for part in split_namesakes(group)):
            try:
                events += find_events(entries, origin, start, end)
            # A series is expanded by two libraries that raise whatever comes: KeyError, TypeError, OverflowError.
            except Exception as error:  # noqa: BLE001 - one bad series must not hide the other events
                skipped.append(Skipped(entries[0].where, _tell(error)))
        return _Understood(tuple(events), tuple(skipped))


def _to_day(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), time(), UTC)


def _digest(text: bytes, salt: bytes = b"") -> bytes:
    return blake2b(text, digest_size=16, key=salt).digest()


def _find_files(place: Path, bad: list[Skipped]) -> list[tuple[Path, str]]:
    """Return each .ics file with the name to show for it; folders that cannot be listed go to `bad`."""
    if not place.is_dir():
        return [(place, place.name)]

    def note(error: OSError) -> None:
        bad.append(Skipped(str(error.filename), "this folder cannot be read"))

    found = []
    for folder, subfolders, names in os.walk(place, onerror=note):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        found += [path for path in paths if path.suffix.lower() == ".ics"]
    return [(path, str(path.relative_to(place))) for path in sorted(found)]


def _read_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file; raises UnusableError for everything else."""
    try:
        status = path.stat()
        # A pipe or a device would make us wait for ever.
        if not stat.S_ISREG(status.st_mode):
            raise UnusableError("it is not an ordinary file")
        if status.st_size > most:
            raise UnusableError(f"it is larger than {most // 1024**2} MB")
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(f"it cannot be opened ({error.strerror})") from error


def _check_whole(calendars: Sequence[RawCalendar]) -> None:
    """Raise UnusableError when a file is no whole calendar: a page in HTML, nothing at all, or cut short."""
    if not calendars:
        raise UnusableError("it holds no calendar (no BEGIN:VCALENDAR)")
    if not all(calendar.ended for calendar in calendars):
        raise UnusableError("it is cut short (no END:VCALENDAR)")


def _select_groups(blocks: Iterable[_Block], start: datetime, end: datetime) -> list[list[_Block]]:
    """Return the blocks by UID, as far as they or the occurrences they replace may touch [start, end]."""
    first, last = write_day(start - _ZONE_SLACK), write_day(end + _ZONE_SLACK)
    groups: defaultdict[object, list[_Block]] = defaultdict(list)
    for block in blocks:
        groups[block.facts.uid or block.mark].append(block)
    return [
        [block for block in group if block.facts.original is None or block.facts.touch(first, last)]
        for group in groups.values()
        if any(block.facts.touch(first, last) for block in group)
    ]


def _cap_groups(groups: list[list[_Block]], bad: list[Skipped]) -> Iterator[list[_Block]]:
    """Yield the groups that can be parsed in bounded time; what is left out for its number goes to `bad`."""
    left = _MOST_ENTRIES
    for group in groups:
        if len(group) > _MOST_OF_ONE_UID:
            bad.append(Skipped(group[0].file, f"more than {_MOST_OF_ONE_UID:,} entries share one UID"))
        elif len(group) <= left:
            left -= len(group)
            yield group
        else:
            why = (
                f"it holds more than {_MOST_ENTRIES:,} entries for the days looked at; the rest was left out"
            )
            bad.append(Skipped(group[0].file, why))
            return


# -- parsing ---------------------------------------------------------------------------------------------


def _parse_blocks(blocks: Sequence[_Block], skipped: list[Skipped]) -> Iterator[Entry]:
    """Yield what the blocks say; each that says nothing usable is named in `skipped`."""
    for block in blocks:
        lines = [line.removesuffix(b"\r") for line in unfold(block.text).split(b"\n")]
        try:
            yield _parse_block(lines, block)
        # The library lets many kinds through on hostile text (IsADirectoryError on TZID=Europe, for one).
        except Exception as error:  # noqa: BLE001 - one bad entry must not hide the others
            skipped.append(Skipped(f"{block.file}: {_name_block(lines, block.number)}", _tell(error)))


def _parse_block(lines: list[bytes], block: _Block) -> Entry:
    lines = [line for line in lines if line and len(line) <= _LONGEST_LINE]
    if not _END.fullmatch(lines[-1]):
        raise UnusableError("it is cut short (no END:VEVENT)")
    if sum(map(len, lines)) > _LONGEST_ENTRY:
        raise UnusableError("it is larger than 1 MB")
    _learn_zones(block.context.zones)
    vevent = icalendar.Event.from_ical(_decode(_keep_read(lines)))
    return make_entry(vevent, block.file, block.context.zone, withdrawn=block.context.withdrawn)


def _keep_read(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of the VEVENT itself that somebody reads, without those of its alarms."""
    depth = 0
    for line in lines:
        nested = _NESTED.match(line)
        if nested:
            depth += 1 if nested[1].upper() == b"BEGIN" else -1
        elif depth <= 0 and _READ.match(line):
            yield line


def _decode(lines: Iterable[bytes]) -> str:
    """Return the lines as text; what is not UTF-8 is read as Latin-1, which nothing fails to be."""
    raw = b"\n".join((*lines, b""))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _name_block(lines: list[bytes], number: int) -> str:
    titles = (
        line.partition(b":")[2] for line in lines if line.upper().startswith((b"SUMMARY:", b"SUMMARY;"))
    )
    title = next(titles, b"").strip()[:200].decode("utf-8", "replace")
    return f"'{title}'" if title.isprintable() and title else f"entry {number}"


def _tell(error: Exception) -> str:
    if isinstance(error, UnusableError):
        return str(error)
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


def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError):  # ZoneInfo raises either, by the kind of nonsense it is given
        return None
