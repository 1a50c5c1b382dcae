"""A Google calendar: a full list once, then only what changed since (developers.google.com/calendar/api/guides/sync).

What the calendar holds is kept in a file beside the token that asks for the changes, and both are put there together.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from followupd.adapters.copies import Kept
from followupd.adapters.google_answers import NotDone
from followupd.adapters.google_event import Resource, read_event
from followupd.adapters.google_transport import Google
from followupd.adapters.occurrence import Origin, UnusableError, clean_line
from followupd.errors import Problem, SourceProblem
from followupd.model import Event, Reading, Skipped

log = logging.getLogger("followupd")

#: A full list reaches so much further than what is asked for: nothing that only time brings nearer comes with changes.
_BEFORE, _AFTER = timedelta(days=7), timedelta(days=30)
_EVENTS_PER_PAGE = 500
_MOST_PAGES = 200
_MOST_EVENTS = 10_000
_MOST_BYTES = 64 * 1024**2
_PERSON = "email,displayName,responseStatus,self,resource,asyncOperation"
_EVENT = (
    "id,iCalUID,status,eventType,recurringEventId,originalStartTime,start,end,summary,description,location,visibility,"
    f"transparency,organizer,attendees({_PERSON}),attendeesOmitted,guestsCanSeeOtherGuests"
)
#: The parameters of every list; the token of one list is worth nothing with others.
_QUERY = {
    "singleEvents": True,
    "maxResults": _EVENTS_PER_PAGE,
    "fields": f"timeZone,nextPageToken,nextSyncToken,items({_EVENT})",
}
#: Codes that say a token is of no more use; only the first is documented.
_START_ANEW = {HTTPStatus.GONE, HTTPStatus.BAD_REQUEST}
_CHECK_ID = "Check `id` of this calendar in config.toml, and that it is still shared with you."


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a calendar held between two instants (UTC), and the token that asks what changed since."""

    start: datetime
    end: datetime
    zone: str
    token: str = field(repr=False)
    events: dict[str, Resource] = field(repr=False)
    """By id; cancelled ones with what was known of them before."""

    def covers(self, start: datetime, end: datetime) -> bool:
        return self.token != "" and self.start <= start and end <= self.end


class GoogleCalendar:
    """One calendar of one account.

    `file` is where its mirror is kept; None keeps it in memory alone. `zone` is for whole days of a calendar that
    names no zone of its own; `most` is the number of events above which a list is refused.
    """

    def __init__(
        self,
        name: str,
        google: Google,
        calendar: str,
        file: Path | None,
        zone: str,
        *,
        listed: bool = False,
        most: int = _MOST_EVENTS,
    ) -> None:
        self.name = name
        self._google = google
        self._calendar = calendar
        self._zone = zone
        self._most = most
        self._origin = Origin(name, listed)
        self._kept = Kept(file, _MOST_BYTES) if file else None
        self._held: Mirror | None = None
        self._told: tuple[Event, ...] = ()
        self._skipped: tuple[Skipped, ...] = ()

    @property
    def drift(self) -> timedelta | None:
        """By how much this computer's clock is ahead of Google's; None before the first answer."""
        return self._google.drift

    def read(self, start: datetime, end: datetime) -> Reading:
        """Return every occurrence that touches [start, end] (UTC); one request when nothing changed.

        Raises SourceProblem; what was known stays.
        """
        try:
            self._renew(start, end)
        except SourceProblem:
            raise
        except Problem as problem:
            raise self._tell(problem) from None
        touching = (event for event in self._told if event.start <= end and event.end >= start)
        return Reading(tuple(touching), self._skipped)

    # --- the mirror

    def _renew(self, start: datetime, end: datetime) -> None:
        held = self._held or self._load()
        fresh = self._list_changes(held) if held and held.covers(start, end) else None
        fresh = fresh or self._list_all(start - _BEFORE, end + _AFTER)
        if self._held is None or (fresh.zone, fresh.events) != (self._held.zone, self._held.events):
            self._understand(fresh)
        if held is None or fresh.events != held.events or fresh.start != held.start:
            self._keep(fresh)
        self._held = fresh

    def _list_all(self, start: datetime, end: datetime) -> Mirror:
        window = {"timeMin": start.isoformat(), "timeMax": end.isoformat()}
        items, zone, token = self._list(window)
        events: dict[str, Resource] = {
            item["id"]: item for item in items if item.get("status") != "cancelled"
        }
        return Mirror(start, end, zone, token, events)

    def _list_changes(self, held: Mirror) -> Mirror | None:
        """Return the mirror as it is now, None when the token has ended. Deletions come with their names alone."""
        try:
            items, zone, token = self._list({"syncToken": held.token})
        except NotDone as problem:
            if problem.status in _START_ANEW:
                return None
            raise
        events = dict(held.events)
        for item in items:
            if item.get("status") != "cancelled":
                events[item["id"]] = item
            else:
                events |= _cancel(events, item["id"])
        return Mirror(held.start, held.end, zone or held.zone, token, events)

    def _list(self, query: dict[str, str]) -> tuple[list[dict[str, Any]], str, str]:
        """Return all events of all pages, the calendar's zone and the token of the last page."""
        items: list[dict[str, Any]] = []
        page = None
        for _ in range(_MOST_PAGES):
            events = self._google.service("calendar").events()
            request = events.list(calendarId=self._calendar, pageToken=page, **query, **_QUERY)
            answer = self._google.read(request)
            items += _list_usable(answer.get("items"))
            page = answer.get("nextPageToken")
            if len(items) > self._most:
                break
            if not page:
                return items, str(answer.get("timeZone") or ""), self._find_token(answer)
        raise SourceProblem(
            f"The Google calendar '{self.name}' holds more than {self._most:,} events within a few months.",
            "Choose another calendar, or split this one.",
        )

    def _find_token(self, answer: dict[str, Any]) -> str:
        """Return the token for the changes; "" where Google gives none: then all is listed again next time.

        Without even the zone it is no list, but a gateway's empty answer.
        """
        token = answer.get("nextSyncToken")
        if answer.get("timeZone"):
            return token if isinstance(token, str) else ""
        problem = f"The Google calendar '{self.name}' could not be read: the answer is not whole."
        raise SourceProblem(problem, "The next pass asks again; what was known of it stays.")

    def _understand(self, mirror: Mirror) -> None:
        zone = _find_zone(mirror.zone) or ZoneInfo(self._zone)
        found: dict[str, Event] = {}
        skipped = []
        for item in mirror.events.values():
            try:
                event = read_event(item, self._origin, zone)
            except UnusableError as error:
                title = clean_line(str(item.get("summary") or item["id"]), 100)
                skipped.append(Skipped(f"{self.name}: {title}", str(error)))
                continue
            known = found.get(event.occurrence)
            # An event that was moved here and back stands twice, once as cancelled.
            if known is None or known.cancelled:
                found[event.occurrence] = event
        self._told = tuple(sorted(found.values(), key=lambda event: (event.start, event.occurrence)))
        self._skipped = tuple(skipped)

    # --- what is kept

    def _load(self) -> Mirror | None:
        raw = self._kept.read() if self._kept else None
        return read_mirror(raw) if raw else None

    def _keep(self, mirror: Mirror) -> None:
        if self._kept is None:
            return
        try:
            self._kept.write(write_mirror(mirror))
        except OSError as error:
            log.warning("no copy of the calendar %s could be kept: %s", self.name, error.strerror)

    def _tell(self, problem: Problem) -> SourceProblem:
        gone = isinstance(problem, NotDone) and problem.status == HTTPStatus.NOT_FOUND
        why = "it is not there, or not for this account." if gone else problem.what
        told = SourceProblem(
            f"The Google calendar '{self.name}' could not be read: {why}", _CHECK_ID if gone else problem.todo
        )
        told.temporary = problem.temporary
        return told


def _cancel(events: dict[str, Resource], gone: str) -> dict[str, Resource]:
    """Return what a deletion is about as it is now: an event, or every occurrence of a series."""
    about = (name for name, event in events.items() if gone in {name, event.get("recurringEventId")})
    return {name: {**events[name], "status": "cancelled"} for name in about}


def _list_usable(items: object) -> Iterable[dict[str, Any]]:
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str))


def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError):
        return None


# --- the mirror as bytes


def write_mirror(mirror: Mirror) -> bytes:
    """Return a mirror as it is kept, with the mark of the parameters it was made with."""
    window = [mirror.start.isoformat(), mirror.end.isoformat()]
    facts = [_mark_query(), *window, mirror.zone, mirror.token, mirror.events]
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_mirror(raw: bytes) -> Mirror | None:
    """Return what `write_mirror` wrote; None when it was made with other parameters or is damaged."""
    try:
        mark, start, end, zone, token, events = json.loads(raw)
        mirror = Mirror(datetime.fromisoformat(start), datetime.fromisoformat(end), zone, token, dict(events))
    except (ValueError, TypeError):
        return None
    return mirror if mark == _mark_query() else None


def _mark_query() -> str:
    return sha256(json.dumps(_QUERY, sort_keys=True).encode()).hexdigest()
