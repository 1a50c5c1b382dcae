"""A calendar in one .ics file or in a folder of them, read so that no entry of it can hide or hang the others."""

import os
import re
import stat
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.prop import vInt, vText
from icalendar.timezone import tzp

from followupd.adapters.ics_event import (
    Origin,
    Span,
    UnusableError,
    check_rule,
    find_span,
    find_uid,
    is_cancelled,
    name_original,
    read_event,
    read_title,
    read_when,
    settle_zone,
    to_utc,
)
from followupd.errors import SourceProblem
from followupd.model import Event, Reading, Skipped

_LONGEST_LINE = 64 * 1024
_LONGEST_ENTRY = 1024**2
_MOST_IN_WINDOW = 1_000
_MOST_ZONE_RULES = 20
_DAY = timedelta(days=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_FOLD = re.compile(rb"\r?\n[ \t]")
_MARK = re.compile(rb"(BEGIN|END):(VCALENDAR|VEVENT|VTIMEZONE)[ \t]*", re.IGNORECASE)
#: Answers to an invitation, not invitations (RFC 5546, 3.2.3, 3.2.6 to 3.2.8).
_ANSWERING = {"REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}

#: What the rules of time zones look like; anything else in one could keep the library busy for hours.
_ZONE_RULE = re.compile(
    rb"RRULE:(?:(?:FREQ=YEARLY|INTERVAL=1|BYMONTH=(?:[1-9]|1[0-2])|BYMONTHDAY=(?:[12]?\d,?){1,10}"
    rb"|BYDAY=[-+]?[1-5]?\w\w|UNTIL=\w{8,16}|WKST=\w\w);?)+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _RawCalendar:
    """The lines of one VCALENDAR: its own, and those of each VEVENT and VTIMEZONE."""

    own: list[bytes] = field(default_factory=list)
    parts: list[list[bytes]] = field(default_factory=list)
    inside: bool = False
    ended: bool = False

    def take(self, mark: bytes, line: bytes) -> None:
        if mark in {b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE"}:
            self.parts.append([])
            self.inside = True
        (self.parts[-1] if self.inside else self.own).append(line)
        if mark.startswith(b"END:"):
            self.inside = False
            self.ended = mark == b"END:VCALENDAR"

    def find_parts(self, name: bytes) -> Iterator[list[bytes]]:
        return (part for part in self.parts if part[0].strip().upper() == b"BEGIN:" + name)

    def read_word(self, name: bytes) -> str:
        values = (
            line.partition(b":")[2] for line in self.own if re.match(name + b"[:;]", line, re.IGNORECASE)
        )
        return next(values, b"").strip().decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One VEVENT, where it was read, and what its calendar says of it."""

    file: str
    vevent: icalendar.Component
    zone: ZoneInfo
    """For floating times and whole days."""
    uid: str
    span: Span
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


@dataclass(slots=True)
class IcsCalendar:
    """A CalendarSource that reads an .ics file, or every .ics file in and below a folder, hidden ones left out.

    `zone` is the owner's: floating times and whole days are meant in it unless the calendar names its own
    (X-WR-TIMEZONE). Times in UTC stay in UTC whatever X-WR-TIMEZONE says. `max_bytes` is the limit for one file.
    """

    name: str
    path: Path
    zone: str
    listed: bool = False
    max_bytes: int = 256 * 1024**2

    def read(self, start: datetime, end: datetime) -> Reading:
        """Return every occurrence that touches [start, end] (UTC), by start and then by occurrence.

        Raises SourceProblem when the path, or every file in it, cannot be read as a calendar.
        """
        bad: list[Skipped] = []
        skipped: list[Skipped] = []
        with warnings.catch_warnings():
            # The libraries warn of odd things that strangers wrote; the owner can do nothing about them.
            warnings.simplefilter("ignore")
            groups = self._read_groups(bad, skipped)
            origin = Origin(self.name, self.listed)
            events = [e for group in groups for e in _read_group(group, origin, start, end, skipped)]
        events.sort(key=lambda event: (event.start, event.occurrence))
        return Reading(tuple(events), (*bad, *skipped), complete=not bad)

    def _read_groups(self, bad: list[Skipped], skipped: list[Skipped]) -> list[list[_Entry]]:
        """Return the entries of all files by UID; files that are no calendar go to `bad`."""
        groups: defaultdict[str, list[_Entry]] = defaultdict(list)
        readable = 0
        for path, shown in self._find_files(bad):
            try:
                for entry in _read_entries(self._read_bytes(path), shown, ZoneInfo(self.zone), skipped):
                    groups[entry.uid].append(entry)
                readable += 1
            except UnusableError as error:
                bad.append(Skipped(shown, str(error)))
        if bad and not readable:
            raise self._problem(bad[0].why)
        return list(groups.values())

    def _problem(self, why: str) -> SourceProblem:
        return SourceProblem(
            f"The calendar “{self.name}” could not be read: {why} ({self.path}).",
            "Check that `path` of this calendar names an .ics file, or a folder of them, that you may read.",
        )

    def _find_files(self, bad: list[Skipped]) -> list[tuple[Path, str]]:
        """Return each .ics file with the name to show for it; folders that cannot be listed go to `bad`."""
        if not self.path.is_dir():
            return [(self.path, self.path.name)]

        def note(error: OSError) -> None:
            bad.append(Skipped(str(error.filename), "this folder cannot be read"))

        found = []
        for folder, subfolders, names in os.walk(self.path, onerror=note):
            subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            paths = [Path(folder, name) for name in names if not name.startswith(".")]
            found += [path for path in paths if path.suffix.lower() == ".ics"]
        return [(path, str(path.relative_to(self.path))) for path in sorted(found)]

    def _read_bytes(self, path: Path) -> bytes:
        """Return the bytes of a regular file; raises UnusableError for everything else."""
        try:
            status = path.stat()
            # A pipe or a device would make us wait for ever.
            if not stat.S_ISREG(status.st_mode):
                raise UnusableError("it is not an ordinary file")
            if status.st_size > self.max_bytes:
                raise UnusableError(f"it is larger than {self.max_bytes // 1024**2} MB")
            return path.read_bytes()
        except OSError as error:
            raise UnusableError(f"it cannot be opened ({error.strerror})") from error


def _read_entries(raw: bytes, file: str, zone: ZoneInfo, skipped: list[Skipped]) -> Iterator[_Entry]:
    """Yield what the VEVENTs of one file say; each that says nothing usable is named in `skipped`.

    Raises UnusableError when the file is no whole calendar: a page in HTML, nothing at all, or cut short.
    """
    calendars = _split_calendars(raw)
    if not calendars:
        raise UnusableError("it holds no calendar (no BEGIN:VCALENDAR)")
    if not all(calendar.ended for calendar in calendars):
        raise UnusableError("it is cut short (no END:VCALENDAR)")
    for calendar in calendars:
        method = calendar.read_word(b"METHOD").upper()
        if method in _ANSWERING:
            continue
        _learn_zones(calendar)
        own_zone = _find_zone(calendar.read_word(b"X-WR-TIMEZONE")) or zone
        for number, lines in enumerate(calendar.find_parts(b"VEVENT"), start=1):
            try:
                yield _read_entry(lines, file, own_zone, withdrawn=method == "CANCEL")
            # The library lets many kinds through on hostile text (IsADirectoryError on TZID=Europe, for one).
            except Exception as error:  # noqa: BLE001 - one bad entry must not hide the others
                skipped.append(Skipped(f"{file}: {_name_part(lines, number)}", _tell(error)))


def _split_calendars(raw: bytes) -> list[_RawCalendar]:
    """Cut a file into calendars and these into entries, without understanding them: time grows with its length."""
    calendars: list[_RawCalendar] = []
    for line in _FOLD.sub(b"", raw.removeprefix(b"\xef\xbb\xbf")).split(b"\n"):
        found = _MARK.fullmatch(line.removesuffix(b"\r"))
        mark = found[0].strip().upper() if found else b""
        if mark == b"BEGIN:VCALENDAR":
            calendars.append(_RawCalendar())
        elif calendars and len(line) <= _LONGEST_LINE:
            calendars[-1].take(mark, line)
    return calendars


def _decode(lines: list[bytes]) -> str:
    """Return the lines as text; what is not UTF-8 is read as Latin-1, which nothing fails to be."""
    raw = b"\n".join((*lines, b""))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _name_part(lines: list[bytes], number: int) -> str:
    titles = (
        line.partition(b":")[2] for line in lines if line.upper().startswith((b"SUMMARY:", b"SUMMARY;"))
    )
    title = next(titles, b"").strip()[:200].decode("utf-8", "replace")
    return f"'{title}'" if title.isprintable() and title else f"entry {number}"


def _tell(error: Exception) -> str:
    if isinstance(error, UnusableError):
        return str(error)
    return f"it is not written as a calendar entry should be ({type(error).__name__})"


def _learn_zones(calendar: _RawCalendar) -> None:
    """Teach the library the zones this calendar defines, as far as no zone database knows them.

    What an earlier calendar taught is forgotten: two calendars may call different zones by one name.
    """
    tzp.use_default()
    for lines in calendar.find_parts(b"VTIMEZONE"):
        rules = [line.strip() for line in lines if line.upper().startswith(b"RRULE")]
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


def _read_entry(lines: list[bytes], file: str, zone: ZoneInfo, *, withdrawn: bool) -> _Entry:
    if lines[-1].strip().upper() != b"END:VEVENT":
        raise UnusableError("it is cut short (no END:VEVENT)")
    if sum(map(len, lines)) > _LONGEST_ENTRY:
        raise UnusableError("it is larger than 1 MB")
    vevent = icalendar.Event.from_ical(_decode(lines))
    uid = find_uid(vevent)
    # The library tells series apart by this, and by the memory address of a VEVENT that has none.
    vevent["UID"] = vText(uid)
    settle_zone(vevent, zone)
    return _Entry(
        file=file,
        vevent=vevent,
        zone=zone,
        uid=uid,
        span=find_span(vevent, zone),
        original=name_original(read_when(vevent, "RECURRENCE-ID"), zone),
        withdrawn=withdrawn,
    )


def _read_group(
    group: list[_Entry], origin: Origin, start: datetime, end: datetime, skipped: list[Skipped]
) -> list[Event]:
    """Return the events of one UID in the window, or name it in `skipped`."""
    try:
        return _find_events(group, origin, start, end)
    # A series is expanded by two libraries that raise whatever comes: KeyError, TypeError, OverflowError.
    except Exception as error:  # noqa: BLE001 - one bad series must not hide the other events
        skipped.append(Skipped(group[0].where, _tell(error)))
        return []


def _find_events(group: list[_Entry], origin: Origin, start: datetime, end: datetime) -> list[Event]:
    versions: defaultdict[str | None, list[_Entry]] = defaultdict(list)
    for entry in group:
        versions[entry.original].append(entry)
    current = {original: _pick_current(entries) for original, entries in versions.items()}
    master = current.get(None)
    if master and is_cancelled(master.vevent):
        for entry in current.values():
            entry.cancel()
    if master and master.recurs:
        return _expand(master, current, origin, start, end)
    touching = (entry for entry in current.values() if entry.span.touches(start, end))
    return [read_event(entry.vevent, entry.span, origin, entry.uid, entry.original) for entry in touching]


def _pick_current(versions: list[_Entry]) -> _Entry:
    """Return the newest version, cancelled if a cancellation is as new (RFC 5546, 2.1.5 and 3.2.5)."""
    newest = max(
        [entry for entry in versions if not entry.withdrawn] or versions, key=lambda entry: entry.version
    )
    if any(entry.withdrawn and entry.sequence >= newest.sequence for entry in versions):
        newest.cancel()
    return newest


def _expand(
    master: _Entry, current: dict[str | None, _Entry], origin: Origin, start: datetime, end: datetime
) -> list[Event]:
    """Return the occurrences of a series in the window; raises UnusableError when there are too many."""
    check_rule(master.vevent, master.span.start, end)
    # A calendar of our own making has no X-WR-TIMEZONE, by which the library would shift times in UTC.
    calendar = icalendar.Calendar()
    for entry in current.values():
        calendar.add_component(entry.vevent)
    (series,) = recurring_ical_events.of(calendar).series
    # Whole days meet the window without their zone, so a day on each side makes up for it.
    found = list(islice(series.between(start - _DAY, end + _DAY), _MOST_IN_WINDOW + 1))
    if len(found) > _MOST_IN_WINDOW:
        raise UnusableError(f"it repeats more than {_MOST_IN_WINDOW:,} times in the days looked at")
    events = {}
    for vevent in (occurrence.as_component(keep_recurrence_attributes=False) for occurrence in found):
        original = _find_original(vevent, master, current)
        span = find_span(vevent, current.get(original, master).zone)
        if span.touches(start, end):
            events[original] = read_event(vevent, span, origin, master.uid, original)
    return list(events.values())


def _find_original(
    vevent: icalendar.Component, master: _Entry, current: dict[str | None, _Entry]
) -> str | None:
    """Return which occurrence this is, wherever it was moved.

    An override of "this and future" lends its RECURRENCE-ID to all that follow (RFC 5545, 3.2.13), so theirs is
    found by moving them back.
    """
    when, start = read_when(vevent, "RECURRENCE-ID"), read_when(vevent, "DTSTART")
    override = current.get(name_original(when, master.zone))
    if override and when and start and vevent["RECURRENCE-ID"].params.get("RANGE") == "THISANDFUTURE":
        when = start - (override.span.start - to_utc(when, master.zone))
    return name_original(when, master.zone)
