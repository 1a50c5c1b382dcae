"""The VEVENTs of one UID to events: which version counts, which occurrence is which, and rules that must not hang us."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import icalendar
import recurring_ical_events
from icalendar.prop import vDDDTypes
from recurring_ical_events.occurrence import Occurrence

from followupd.adapters.ics_entry import Entry
from followupd.adapters.ics_event import is_cancelled, read_event, read_title
from followupd.adapters.ics_rule import check_rule, find_step
from followupd.adapters.ics_time import find_span, read_when
from followupd.adapters.occurrence import (
    Origin,
    Span,
    UnusableError,
    make_span,
    name_occurrence,
    name_original,
    to_utc,
)
from followupd.model import Event

_MOST_IN_WINDOW = 1_000
_DAY = timedelta(days=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def find_events(entries: Sequence[Entry], origin: Origin, start: datetime, end: datetime) -> list[Event]:
    """Return the events that the entries of one UID stand for, as far as they touch [start, end] (UTC).

    Raises UnusableError, and whatever the libraries raise on hostile text.
    """
    versions: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        versions[entry.original].append(entry)
    current = {original: _pick_current(found) for original, found in versions.items()}
    master = current.get(None)
    if master and is_cancelled(master.vevent):
        for entry in current.values():
            entry.cancel()
    if master and master.recurs:
        return _expand(master, current, origin, start, end)
    touching = (entry for entry in current.values() if entry.span.touches(start, end))
    return [read_event(entry.vevent, entry.span, origin, entry.uid, entry.original) for entry in touching]


def split_namesakes(entries: list[Entry]) -> list[list[Entry]]:
    """Tell versions of one event from different events that were given one UID by mistake.

    A file holds an event once (RFC 5545, 3.8.4.7): single ones of one file and SEQUENCE that all differ in start and in
    title are different events. All but the first get a UID of their own.
    """
    plain = not any(entry.recurs or entry.original or entry.withdrawn for entry in entries)
    sources = {(entry.file, entry.sequence) for entry in entries}
    starts = {entry.span.start for entry in entries}
    titles = {read_title(entry.vevent) for entry in entries}
    if plain and len(sources) == 1 and len(starts) == len(titles) == len(entries):
        return [[replace(entry, uid=_number(entry.uid, place))] for place, entry in enumerate(entries)]
    return [entries]


def _number(uid: str, place: int) -> str:
    return f"{uid}#{place + 1}" if place else uid


def _pick_current(versions: list[Entry]) -> Entry:
    """Return the newest version, cancelled if a cancellation is as new (RFC 5546, 2.1.5 and 3.2.5)."""
    newest = max(
        [entry for entry in versions if not entry.withdrawn] or versions, key=lambda entry: entry.version
    )
    if any(entry.withdrawn and entry.sequence >= newest.sequence for entry in versions):
        newest.cancel()
    return newest


def _expand(
    master: Entry, current: dict[str | None, Entry], origin: Origin, start: datetime, end: datetime
) -> list[Event]:
    """Return the occurrences of a series in the window; raises UnusableError when there are too many."""
    check_rule(master.vevent, master.span.start, end)
    # A calendar of our own making has no X-WR-TIMEZONE, by which the library would shift times in UTC.
    calendar = icalendar.Calendar()
    for entry in current.values():
        calendar.add_component(_skip_ahead(entry, start) if entry is master else entry.vevent)
    (series,) = recurring_ical_events.of(calendar).series
    # Whole days meet the window without their zone, so a day on each side makes up for it.
    found = list(islice(series.between(start - _DAY, end + _DAY), _MOST_IN_WINDOW + 1))
    if len(found) > _MOST_IN_WINDOW:
        raise UnusableError(f"it repeats more than {_MOST_IN_WINDOW:,} times in the days looked at")
    pattern = read_event(master.vevent, master.span, origin, master.uid, None)
    events = (
        _read_changed(occurrence, master, current, origin)
        if occurrence.recurrence_ids
        else _repeat(pattern, occurrence, master)
        for occurrence in found
    )
    return list(
        {event.occurrence: event for event in events if event.start <= end and event.end >= start}.values()
    )


def _skip_ahead(master: Entry, start: datetime) -> icalendar.Component:
    """Return the series as if it began shortly before `start`, where its rule is the same from every occurrence on.

    The library walks through every occurrence since the first one, which is what takes long in an old series.
    """
    vevent = master.vevent
    step, first = find_step(vevent), read_when(vevent, "DTSTART")
    skipped = (start - master.span.end).days // step - 2 if step else 0
    if first is None or skipped <= 0:
        return vevent
    later = vevent.copy()
    later["DTSTART"] = vDDDTypes(first + timedelta(days=step * skipped))
    end = read_when(vevent, "DTEND")
    if end is not None:
        later["DTEND"] = vDDDTypes(end + timedelta(days=step * skipped))
    return later


def _repeat(pattern: Event, occurrence: Occurrence, master: Entry) -> Event:
    """Return an occurrence that differs from its series in nothing but its time."""
    span = _measure_again(occurrence, master) or make_span(occurrence.start, occurrence.end, master.zone)
    name = name_occurrence(master.uid, name_original(occurrence.start, master.zone))
    return replace(pattern, occurrence=name, start=span.start, end=span.end, series=True)


def _measure_again(occurrence: Occurrence, entry: Entry) -> Span | None:
    """Return the span of an occurrence whose length its entry gives as DURATION: its days and hours count from here.

    The library adds both by the clock on the wall. None where the end is given otherwise: by DTEND, or by a PERIOD.
    """
    start, length = occurrence.start, entry.length
    if length is None or occurrence.end != start + length.days + length.rest:
        return None
    return Span(to_utc(start, entry.zone), length.find_end(start, entry.zone), entry.span.all_day)


def _read_changed(
    occurrence: Occurrence, master: Entry, current: dict[str | None, Entry], origin: Origin
) -> Event:
    """Return an occurrence that has a VEVENT of its own, or follows one that changes all the rest."""
    vevent = occurrence.as_component(keep_recurrence_attributes=False)
    original = _find_original(vevent, master, current)
    changed = current.get(original, master)
    span = _measure_again(occurrence, changed) or find_span(vevent, changed.zone)
    return read_event(vevent, span, origin, master.uid, original)


def _find_original(
    vevent: icalendar.Component, master: Entry, current: dict[str | None, Entry]
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
