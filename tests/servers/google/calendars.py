"""One Google calendar: its events, each version of them, and what its people do to it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from servers.google.recurrence import Resource, find_originals, read_moment, write_stamp
from servers.google.refusals import Refusal, refuse_unknown

_ID = re.compile("[a-v0-9]{5,1024}")
#: How far series without an end are told when nobody asks for a last day.
_HORIZON = timedelta(days=2 * 365)
CANCELLED = "cancelled"


@dataclass
class Entry:
    """A stored event with every version it had; occurrences that were changed are entries of their own."""

    versions: list[tuple[int, Resource]] = field(default_factory=list)

    @property
    def now(self) -> Resource:
        return self.versions[-1][1]

    @property
    def changed(self) -> int:
        """The number of the last change."""
        return self.versions[-1][0]

    def at(self, number: int) -> Resource | None:
        """Return the event as it was after change `number`, None when it was not there."""
        return next((resource for at, resource in reversed(self.versions) if at <= number), None)


class Calendar:
    """A calendar of one account, which others may see."""

    def __init__(self, calendar_id: str, summary: str, zone: str, clock: Callable[[], datetime]) -> None:
        self.id = calendar_id
        self.summary = summary
        self.zone = ZoneInfo(zone)
        self.owners = {calendar_id}
        """Every address that is marked `self`; a primary calendar has its account's, aliases can be added."""
        self.clock = clock
        self.empty_pages = 0
        """How many empty pages with a token come before the first that holds anything."""
        self.entries: dict[str, Entry] = {}
        self.generation = 0
        self.change_number = 0
        self._numbers = count(1)

    # --- what people do to it

    def add(self, start: str, end: str, /, **more: Any) -> Resource:
        """Put in an event: dates as YYYY-MM-DD, times as RFC 3339; `zone` names the zone of a series.

        `guests` is a list of addresses or of attendees as the API has them; all else is a field of the API's Event.
        """
        zone, guests = more.pop("zone", None), more.pop("guests", [])
        times = {"start": _write_moment(start, zone), "end": _write_moment(end, zone)}
        attendees = [{"email": guest} if isinstance(guest, str) else guest for guest in guests]
        return self.insert(times | ({"attendees": attendees} if attendees else {}) | more)

    def insert(self, fields: Resource) -> Resource:
        event_id = fields.get("id") or f"e{next(self._numbers):05d}"
        if not _ID.fullmatch(event_id):
            raise Refusal(400, "invalid", "Invalid resource id value.", domain="calendar")
        if event_id in self.entries:
            raise Refusal(409, "duplicate", "The requested identifier already exists.", domain="calendar")
        if not {"start", "end"} <= fields.keys():
            raise Refusal(400, "required", "Missing end time.", domain="calendar")
        self.entries[event_id] = Entry()
        return self._save(event_id, self._make_defaults(event_id) | fields)

    def change(self, event_id: str, **fields: Any) -> Resource:
        """Change fields of an event or of one occurrence; a field that is None goes."""
        before = self.get(event_id)
        if before["status"] == CANCELLED and fields.get("status") != "confirmed":
            raise Refusal(410, "deleted", "Resource has been deleted", domain="calendar")
        self.entries.setdefault(event_id, Entry())
        after = {name: value for name, value in (before | fields).items() if value is not None}
        moved = {"start", "end", "recurrence"} & fields.keys()
        return self._save(event_id, after | {"sequence": before["sequence"] + bool(moved)})

    def move(self, event_id: str, start: str, end: str) -> Resource:
        """Give an event or one occurrence other times."""
        zone = self.get(event_id)["start"].get("timeZone")
        return self.change(event_id, start=_write_moment(start, zone), end=_write_moment(end, zone))

    def cancel(self, event_id: str) -> None:
        """Delete an event, a series with all its occurrences, or one occurrence. Raises Refusal the second time."""
        self.change(event_id, status=CANCELLED)
        for entry in list(self.entries.values()):
            if entry.now.get("recurringEventId") == event_id and entry.now["status"] != CANCELLED:
                self._save(entry.now["id"], entry.now | {"status": CANCELLED})

    def split(self, event_id: str, at: str, **changes: Any) -> Resource:
        """Do as "this and following events" does: end a series before the occurrence at `at`, begin another there."""
        series = self.get(event_id)
        first = next(
            pair for pair in find_originals(series, self.zone, self._horizon()) if pair[0]["dateTime"] == at
        )
        until = datetime.fromisoformat(at).astimezone(UTC) - timedelta(seconds=1)
        rule = re.sub(";?(UNTIL|COUNT)=[^;]*", "", series["recurrence"][0])
        self.change(event_id, recurrence=[f"{rule};UNTIL={until:%Y%m%dT%H%M%SZ}"])
        for entry in list(self.entries.values()):
            event = entry.now
            ours = event.get("recurringEventId") == event_id
            if ours and read_moment(event["originalStartTime"], self.zone) > until:
                self._save(event["id"], event | {"status": CANCELLED})
        kept = {name: series[name] for name in ("summary", "attendees", "organizer") if name in series}
        new_id = f"{event_id}r{until:%Y%m%d}t{until:%H%M%S}"
        times = {"start": first[0], "end": first[1], "recurrence": [rule]}
        return self.insert({"id": new_id, "iCalUID": f"{new_id}@google.com"} | kept | times | changes)

    def expire_sync_tokens(self) -> None:
        """Let every sync token given out so far be too old."""
        self.generation += 1

    def _make_defaults(self, event_id: str) -> Resource:
        me = {"email": self.id}
        return {
            "kind": "calendar#event", "id": event_id, "status": "confirmed", "iCalUID": f"{event_id}@google.com",
            "created": _write_instant(self.clock()), "sequence": 0, "creator": me, "organizer": me,
            "eventType": "default", "reminders": {"useDefault": True},
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
        }  # fmt: skip

    def _save(self, event_id: str, resource: Resource) -> Resource:
        self.change_number += 1
        attendees = [{"responseStatus": "needsAction"} | guest for guest in resource.get("attendees", [])]
        stamp = {"updated": _write_instant(self.clock()), "etag": f'"{self.change_number + 3_000_000}"'}
        saved = resource | stamp | ({"attendees": attendees} if attendees else {})
        self.entries[event_id].versions.append((self.change_number, saved))
        return saved

    # --- what it holds

    def get(self, event_id: str) -> Resource:
        """Return an event, cancelled ones too, or one occurrence of a series. Raises Refusal when there is none."""
        if event_id in self.entries:
            return self.entries[event_id].now
        series_id, _, stamp = event_id.rpartition("_")
        series = self.entries[series_id].now if series_id in self.entries else None
        if series is None or "recurrence" not in series:
            raise refuse_unknown("Not Found")
        for occurrence in self.expand(series, self._horizon()):
            if occurrence["id"].endswith(stamp):
                return occurrence
        raise refuse_unknown("Not Found")

    def expand(self, series: Resource, last: datetime) -> Iterator[Resource]:
        """Yield each planned occurrence of a series; what was changed about one is not looked at."""
        kept = {name: value for name, value in series.items() if name != "recurrence"}
        for start, end in find_originals(series, self.zone, last):
            names = {"id": f"{series['id']}_{write_stamp(start)}", "recurringEventId": series["id"]}
            yield kept | names | {"start": start, "end": end, "originalStartTime": start}

    def touches(self, event: Resource, first: datetime | None, last: datetime | None) -> bool:
        """Tell whether an event ends after `first` and starts before `last`."""
        start, end = (read_moment(event[name], self.zone) for name in ("start", "end"))
        return (first is None or end > first) and (last is None or start < last)

    def _horizon(self) -> datetime:
        return self.clock() + _HORIZON

    def last_day(self, last: datetime | None) -> datetime:
        return last or self._horizon()


def _write_moment(text: str, zone: str | None) -> Resource:
    if "T" not in text:
        return {"date": text}
    return {"dateTime": text} | ({"timeZone": zone} if zone else {})


def _write_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
