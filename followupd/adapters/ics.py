"""A calendar in one .ics file, in a folder of them or behind an address, read so that no entry can hide or hang the others.

What lies outside the days looked at is never parsed, and what did not change is not parsed again: the same bytes cost
one checksum, one changed entry costs one search for the blocks and one parse.
"""

import gc
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from followupd.adapters.ics_apart import understand_apart, understand_here
from followupd.adapters.ics_block import (
    Block,
    Context,
    Understand,
    Understood,
    digest,
    find_zone,
    name_block,
)
from followupd.adapters.ics_scan import (
    Facts,
    RawCalendar,
    find_facts,
    split_calendars,
    unify_lines,
    write_day,
)
from followupd.adapters.occurrence import Origin, UnusableError
from followupd.errors import SourceProblem
from followupd.model import Event, Reading, Skipped

_MOST_ENTRIES = 10_000
_MOST_OF_ONE_UID = 1_000
_MOST_SKIPPED = 100
_MOST_ZONES = 200
_LONGEST_ZONE = 16 * 1024
#: What is understood of a calendar reaches so much further than what was asked for, so that it serves a day's readings.
_MARGIN = timedelta(days=1)
#: No zone moves a day by more than this.
_ZONE_SLACK = timedelta(days=2)

#: Answers to an invitation, not invitations (RFC 5546, 3.2.3, 3.2.6 to 3.2.8).
_ANSWERING = {"REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}


class Body(Protocol):
    """A calendar that is not a file of this computer."""

    name: str
    drift: timedelta | None
    """As CalendarSource has it."""

    def fetch(self) -> bytes:
        """Return its newest good body, the very same object while nothing changed. Raises SourceProblem."""
        ...


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Memory:
    """What the last reading left behind for the next one."""

    marks: tuple[tuple[str, bytes], ...] = ()
    """Each file's name and checksum; of a feed the body itself, since it is kept anyway."""
    start: datetime = _NEVER
    end: datetime = _NEVER
    facts: dict[bytes, Facts] = field(default_factory=dict)
    groups: dict[tuple[tuple[str, bytes], ...], Understood] = field(default_factory=dict)
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
    (X-WR-TIMEZONE) and `trust_zone` holds. Times in UTC stay in UTC whatever X-WR-TIMEZONE says. `max_bytes` is the limit for one file.
    """

    name: str
    place: Path | Body
    zone: str
    listed: bool = False
    trust_zone: bool = True
    max_bytes: int = 256 * 1024**2
    understanding: Callable[[], AbstractContextManager[Understand]] = understand_here
    """Where its entries are understood: in this process, or in a child."""
    _memory: _Memory = field(default_factory=_Memory, repr=False)

    @property
    def drift(self) -> timedelta | None:
        return None if isinstance(self.place, Path) else self.place.drift

    def read(self, start: datetime, end: datetime) -> Reading:
        """Return every occurrence that touches [start, end] (UTC), by start and then by occurrence.

        Raises SourceProblem when the place, or every file in it, cannot be read as a calendar.
        """
        bad: list[Skipped] = []
        places = dict(self._find_places(bad))
        memory = self._memory
        if not memory.covers(start, end) or tuple(_read_each(places, self._mark, bad)) != memory.marks:
            files = dict(_read_each(places, self._read_bytes, bad))
            memory = self._memory = self._understand(files, start, end)
        bad += memory.bad
        if bad and not memory.readable:
            raise self._problem(bad[0].why)
        events = tuple(event for event in memory.events if event.start <= end and event.end >= start)
        skipped = [*dict.fromkeys(bad), *memory.skipped]  # a file may have been tried twice
        return Reading(events, self._tell_skipped(skipped), complete=not bad)

    def _tell_skipped(self, skipped: list[Skipped]) -> tuple[Skipped, ...]:
        """Return what could not be used, as far as anybody would read it; the last line says how much more there is."""
        more = len(skipped) - _MOST_SKIPPED
        if more <= 0:
            return tuple(skipped)
        return (*skipped[:_MOST_SKIPPED], Skipped(self.name, f"{more:,} more could not be used"))

    def _problem(self, why: str) -> SourceProblem:
        place = self.place if isinstance(self.place, Path) else self.place.name
        return SourceProblem(
            f"The calendar “{self.name}” could not be read: {why} ({place}).",
            "Check that it names an .ics file, a folder of them, or the address of a feed, that you may read.",
        )

    # -- files -----------------------------------------------------------------------------------------

    def _find_places(self, bad: list[Skipped]) -> Iterator[tuple[str, Path | bytes]]:
        """Yield the name to show and the place of each file, or the body of a feed."""
        if isinstance(self.place, Path):
            yield from _find_files(self.place, bad)
        else:
            yield self.place.name, self._fetch(self.place)

    def _mark(self, place: Path | bytes) -> bytes:
        """Return what tells at once whether anything changed."""
        if isinstance(place, bytes):
            return place
        _check_file(place, self.max_bytes)
        with place.open("rb") as opened:
            return file_digest(opened, "sha256").digest()

    def _read_bytes(self, place: Path | bytes) -> bytes:
        if isinstance(place, bytes):
            return place
        _check_file(place, self.max_bytes)
        return place.read_bytes()

    def _fetch(self, body: Body) -> bytes:
        try:
            return body.fetch()
        except SourceProblem as problem:
            named = SourceProblem(f"The calendar “{self.name}”: {problem.what}", problem.todo)
            named.temporary = problem.temporary
            raise named from None  # what lies behind it may hold the address

    # -- from bytes to events --------------------------------------------------------------------------

    def _understand(self, files: Mapping[str, bytes], start: datetime, end: datetime) -> _Memory:
        """Return what the files hold in whole days around [start, end], building on what is known of unchanged entries."""
        start, end = _to_day(start) - _MARGIN, _to_day(end) + 2 * _MARGIN
        memory = _Memory(self._mark_all(files), start, end)
        known = self._memory.groups if (self._memory.start, self._memory.end) == (start, end) else {}
        bad: list[Skipped] = []
        with _pause_collector():
            groups = _select_groups(self._scan_files(files, memory, bad), start, end)
        origin = Origin(self.name, self.listed)
        with self.understanding() as understand:
            for blocks in _cap_groups(groups, bad):
                key = tuple((block.file, block.mark) for block in blocks)
                try:
                    memory.groups[key] = known.get(key) or understand(blocks, origin, start, end)
                except UnusableError as error:
                    bad.append(Skipped(name_block(blocks[0]), str(error)))
                    memory.marks = ()  # the next reading goes on from here
                    break
        understood = memory.groups.values()
        memory.bad = tuple(bad)
        memory.skipped = tuple(skipped for group in understood for skipped in group.skipped)
        events = (event for group in understood for event in group.events)
        memory.events = tuple(sorted(events, key=lambda event: (event.start, event.occurrence)))
        return memory

    def _mark_all(self, files: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
        on_disk = isinstance(self.place, Path)
        return tuple((name, sha256(raw).digest() if on_disk else raw) for name, raw in files.items())

    def _scan_files(self, files: Mapping[str, bytes], memory: _Memory, bad: list[Skipped]) -> Iterator[Block]:
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
    ) -> Iterator[Block]:
        method = calendar.read_word(b"METHOD").upper()
        if method in _ANSWERING:
            return
        named = find_zone(calendar.read_word(b"X-WR-TIMEZONE")) if self.trust_zone else None
        zone = named or ZoneInfo(self.zone)
        zones = tuple(text for text in calendar.zones[:_MOST_ZONES] if len(text) <= _LONGEST_ZONE)
        context = Context(zone, method == "CANCEL", zones)
        salt, known = context.mark, self._memory.facts
        for number, (start, end) in enumerate(calendar.events, start=1):
            text = raw[start:end]
            mark = digest(text, salt)
            found = known.get(mark)
            facts[mark] = found = found or find_facts(text)
            yield Block(file, number, raw, start, end, context, mark, found)


def open_calendar(
    name: str, place: Path | Body, zone: str, *, listed: bool = False, trust_zone: bool = True
) -> IcsCalendar:
    """Return a calendar whose entries are understood in a child process."""
    return IcsCalendar(name, place, zone, listed, trust_zone, understanding=understand_apart)


def _to_day(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), time(), UTC)


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Keep Python from looking for rings of objects: a scan makes hundreds of thousands, and no ring among them."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _find_files(place: Path, bad: list[Skipped]) -> list[tuple[str, Path]]:
    """Return each .ics file with the name to show for it; folders that cannot be listed go to `bad`."""
    # Unlike Path.is_dir this never raises: a place that cannot be reached is told as one that cannot be opened.
    if not os.path.isdir(place):  # noqa: PTH112
        return [(place.name, place)]

    def note(error: OSError) -> None:
        bad.append(Skipped(str(error.filename), "this folder cannot be read"))

    found = []
    for folder, subfolders, names in os.walk(place, onerror=note):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        paths = [Path(folder, name) for name in names if not name.startswith(".")]
        found += [path for path in paths if path.suffix.lower() == ".ics"]
    return [(str(path.relative_to(place)), path) for path in sorted(found)]


def _read_each(
    places: Mapping[str, Path | bytes], read: Callable[[Path | bytes], bytes], bad: list[Skipped]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each file with what `read` makes of it; those that cannot be read go to `bad`."""
    for name, place in places.items():
        try:
            yield name, read(place)
        except UnusableError as error:
            bad.append(Skipped(name, str(error)))
        except OSError as error:
            bad.append(Skipped(name, f"it cannot be opened ({error.strerror})"))


def _check_file(path: Path, most: int) -> None:
    """Raise UnusableError for everything but a regular file that is not too large."""
    status = path.stat()
    # A pipe or a device would make us wait for ever.
    if not stat.S_ISREG(status.st_mode):
        raise UnusableError("it is not an ordinary file")
    if status.st_size > most:
        raise UnusableError(f"it is larger than {most // 1024**2} MB")


def _check_whole(calendars: Sequence[RawCalendar]) -> None:
    """Raise UnusableError when a file is no whole calendar: a page in HTML, nothing at all, or cut short."""
    if not calendars:
        raise UnusableError("it holds no calendar (no BEGIN:VCALENDAR)")
    if not all(calendar.ended for calendar in calendars):
        raise UnusableError("it is cut short (no END:VCALENDAR)")


def _select_groups(blocks: Iterable[Block], start: datetime, end: datetime) -> list[list[Block]]:
    """Return the blocks by UID, as far as they or the occurrences they replace may touch [start, end]."""
    first, last = write_day(start - _ZONE_SLACK), write_day(end + _ZONE_SLACK)
    groups: defaultdict[object, list[Block]] = defaultdict(list)
    for block in blocks:
        groups[block.facts.uid or block.mark].append(block)
    return [
        [block for block in group if block.facts.original is None or block.facts.touch(first, last)]
        for group in groups.values()
        if any(block.facts.touch(first, last) for block in group)
    ]


def _cap_groups(groups: list[list[Block]], bad: list[Skipped]) -> Iterator[list[Block]]:
    """Yield the groups that can be parsed in bounded time; what is left out for its number goes to `bad`."""
    left = _MOST_ENTRIES
    for group in groups:
        if len(group) > _MOST_OF_ONE_UID:
            bad.append(Skipped(name_block(group[0]), f"more than {_MOST_OF_ONE_UID:,} entries share its UID"))
        elif len(group) <= left:
            left -= len(group)
            yield group
        else:
            why = (
                f"it holds more than {_MOST_ENTRIES:,} entries for the days looked at; the rest was left out"
            )
            bad.append(Skipped(group[0].file, why))
            return
