"""The Calendar API over calendars: developers.google.com/calendar/api/v3/reference."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from servers.google.calendars import CANCELLED, Calendar, Entry
from servers.google.calls import Call, Handler, without_empty
from servers.google.discovery import read_instant
from servers.google.recurrence import Resource, read_moment
from servers.google.refusals import Refusal

_NOT_WITH_SYNC = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
#: With these there is no sync token at the end.
_NO_SYNC_AFTER = set(_NOT_WITH_SYNC) - {"timeMin", "timeMax"}
#: What may differ from page to page and from sync to sync.
_FREE = {
    "pageToken",
    "syncToken",
    "timeMin",
    "timeMax",
    "maxResults",
    "fields",
    "alt",
    "prettyPrint",
    "key",
    "quotaUser",
}
_MOST_EVENTS = 2500
_MOST_CALENDARS = 250
_WRITERS = {"owner", "writer"}


def _refuse(code: int, reason: str, message: str) -> Refusal:
    return Refusal(code, reason, message, domain="calendar")


def _find(call: Call) -> tuple[Calendar, str]:
    """Return the calendar a call is about and what the account may do there."""
    calendar_id = call.parameters["calendarId"]
    wanted = call.account.address if calendar_id == "primary" else calendar_id
    if wanted not in call.account.calendars:
        raise Refusal(404, "notFound", "Not Found")
    return call.account.calendars[wanted]


def _find_to_write(call: Call) -> Calendar:
    calendar, role = _find(call)
    if role not in _WRITERS:
        raise _refuse(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
    return calendar


# --- the list of calendars


def list_calendars(call: Call) -> Resource:
    ranks = ("freeBusyReader", "reader", "writer", "owner")
    lowest = ranks.index(call.parameters.get("minAccessRole", ranks[0]))
    seen = [
        (calendar, role) for calendar, role in call.account.calendars.values() if ranks.index(role) >= lowest
    ]
    page, token = call.cut_page([_tell_calendar(call, *pair) for pair in seen], _MOST_CALENDARS)
    etag = {"kind": "calendar#calendarList", "etag": '"list"'}
    return (
        etag
        | {"items": page}
        | without_empty({"nextPageToken": token, "nextSyncToken": "" if token else "calendars"})
    )


def get_calendar(call: Call) -> Resource:
    return _tell_calendar(call, *_find(call))


def _tell_calendar(call: Call, calendar: Calendar, role: str) -> Resource:
    told = {
        "kind": "calendar#calendarListEntry", "etag": '"entry"', "id": calendar.id, "summary": calendar.summary,
        "timeZone": calendar.zone.key, "accessRole": role, "selected": True, "defaultReminders": [],
    }  # fmt: skip
    return told | ({"primary": True} if calendar.id == call.account.address else {})


# --- tokens


@dataclass(frozen=True)
class _Token:
    """What page and sync tokens remember; opaque to clients."""

    since: int
    """For a sync, the change from which on; for a page, from which on its list tells, -1 for everything."""
    until: int
    """The change the next sync will start from."""
    first: str
    last: str
    """The window of the first list, "" for none."""
    mark: str
    generation: int
    offset: int = 0
    empty: int = 0

    def write(self) -> str:
        return (
            base64.urlsafe_b64encode(json.dumps(list(self.__dict__.values())).encode()).decode().rstrip("=")
        )


def _read_token(text: str) -> _Token:
    try:
        return _Token(*json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (ValueError, TypeError):
        raise _refuse(400, "invalid", "Invalid page or sync token value.") from None


def _mark(calendar: Calendar, parameters: Mapping[str, Any]) -> str:
    kept = sorted((name, str(value)) for name, value in parameters.items() if name not in _FREE)
    kept.append(("calendar", calendar.id))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]


def _find_token(call: Call, calendar: Calendar) -> _Token:
    """Return where a list starts: at a page, at a sync, or from the beginning. Raises Refusal."""
    given = call.parameters
    text = given.get("pageToken") or given.get("syncToken")
    if not text:
        first, last = (given[name].isoformat() if name in given else "" for name in ("timeMin", "timeMax"))
        return _Token(-1, calendar.change_number, first, last, _mark(calendar, given), calendar.generation)
    token = _read_token(text)
    if token.generation != calendar.generation:
        raise _refuse(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    if token.mark != _mark(calendar, given):
        raise _refuse(400, "invalid", "The parameters are not those of the first list.")
    if "pageToken" in given:
        return token
    return _Token(token.since, calendar.change_number, token.first, token.last, token.mark, token.generation)


def _check_list(given: Mapping[str, Any]) -> None:
    if "timeMin" in given and "timeMax" in given and given["timeMin"] >= given["timeMax"]:
        raise _refuse(400, "timeRangeEmpty", "The specified time range is empty.")
    if given.get("orderBy") == "startTime" and not given.get("singleEvents"):
        raise Refusal(400, "badRequest", "The requested ordering is not available for the particular query.")
    if "syncToken" in given and (unfit := [name for name in _NOT_WITH_SYNC if name in given]):
        raise Refusal(400, "badRequest", f"Sync token cannot be used with {unfit[0]}.")
    if "syncToken" in given and given.get("showDeleted") is False:
        raise Refusal(400, "badRequest", "Sync token cannot be used with showDeleted=false.")


# --- events


def list_events(call: Call) -> Resource:
    calendar, role = _find(call)
    given = call.parameters
    _check_list(given)
    token = _find_token(call, calendar)
    view = _View(calendar, role, call)
    page, next_token = _cut(view.find(token), token, calendar, min(given["maxResults"], _MOST_EVENTS))
    told = {
        "kind": "calendar#events", "etag": f'"list-{calendar.change_number}"', "summary": calendar.summary,
        "updated": _tell_now(call.now), "timeZone": calendar.zone.key, "accessRole": role, "defaultReminders": [],
        "items": page,
    }  # fmt: skip
    if next_token:
        return told | {"nextPageToken": next_token.write()}
    if _NO_SYNC_AFTER & given.keys():
        return told
    done = _Token(token.until, token.until, token.first, token.last, token.mark, token.generation)
    return told | {"nextSyncToken": done.write()}


def _cut(
    items: list[Resource], token: _Token, calendar: Calendar, size: int
) -> tuple[list[Resource], _Token | None]:
    """Return a page and the token of the next one; some pages are empty and not the last."""
    if token.empty < calendar.empty_pages:
        return [], _Token(**token.__dict__ | {"empty": token.empty + 1})
    end = token.offset + size
    following = _Token(**token.__dict__ | {"offset": end}) if len(items) > end else None
    return items[token.offset : end], following


def _tell_now(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class _View:
    """What one account sees of a calendar, by the parameters of its list."""

    def __init__(self, calendar: Calendar, role: str, call: Call) -> None:
        self._calendar = calendar
        self._role = role
        self._call = call
        given = call.parameters
        self._single = given.get("singleEvents", False)
        self._deleted = given.get("showDeleted", False)

    def find(self, token: _Token) -> list[Resource]:
        found = list(self._find_changed(token) if token.since >= 0 else self._find_all(token))
        order = self._call.parameters.get("orderBy")
        if order == "startTime":
            found.sort(key=lambda event: read_moment(event["start"], self._calendar.zone))
        elif order == "updated":
            found.sort(key=lambda event: str(event["updated"]))
        return [self.tell(event) for event in found if self._is_wanted(event)]

    def _find_all(self, token: _Token) -> Iterator[Resource]:
        """Yield what touches the window; without showDeleted nothing that is cancelled."""
        first, last = _read_window(token)
        for entry in self._calendar.entries.values():
            for event in self._spread(entry.now, last):
                shown = event["status"] != CANCELLED or self._deleted
                if shown and self._calendar.touches(event, first, last):
                    yield event

    def _spread(self, event: Resource, last: datetime | None) -> Iterator[Resource]:
        """Yield an event, or with singleEvents the occurrences of a series that nobody changed."""
        if "recurrence" not in event or not self._single:
            yield event
        elif event["status"] != CANCELLED or self._deleted:
            for occurrence in self._calendar.expand(event, self._calendar.last_day(last)):
                if occurrence["id"] not in self._calendar.entries:
                    yield occurrence

    def _find_changed(self, token: _Token) -> Iterator[Resource]:
        """Yield what changed since; the window of the first list bounds series alone."""
        for entry in list(self._calendar.entries.values()):
            if entry.changed > token.since:
                yield from self._find_changed_of(entry, token)

    def _find_changed_of(self, entry: Entry, token: _Token) -> Iterator[Resource]:
        before, after = entry.at(token.since), entry.now
        series = "recurrence" in after or "recurrence" in (before or {})
        if not (series and self._single):
            if before is not None or after["status"] != CANCELLED:
                yield after
            return
        old, new = self._occurrences(before, token), self._occurrences(after, token)
        if after["status"] == CANCELLED:
            old, new = {**old, **new}, {}
        yield from new.values()
        yield from (event | {"status": CANCELLED} for name, event in old.items() if name not in new)

    def _occurrences(self, event: Resource | None, token: _Token) -> dict[str, Resource]:
        if event is None:
            return {}
        first, last = _read_window(token)
        spread = self._spread(event | {"status": "confirmed"}, last)
        return {found["id"]: found for found in spread if self._calendar.touches(found, first, last)}

    def _is_wanted(self, event: Resource) -> bool:
        given = self._call.parameters
        kinds, text = given.get("eventTypes"), given.get("q", "").casefold()
        updated = given.get("updatedMin")
        return (
            (not kinds or event["eventType"] in kinds)
            and ("iCalUID" not in given or event["iCalUID"] == given["iCalUID"])
            and text
            in f"{event.get('summary')} {event.get('description')} {event.get('location')}".casefold()
            and (updated is None or read_instant("updated", event["updated"]) >= updated)
        )

    def tell(self, event: Resource) -> Resource:
        """Return an event as this account sees it."""
        if event["status"] == CANCELLED:
            return _tell_cancelled(event)
        if event.get("visibility") in {"private", "confidential"} and self._role not in _WRITERS:
            event = {name: event[name] for name in _OF_PRIVATE if name in event} | {"visibility": "private"}
        marked = {name: self._mark_self(event[name]) for name in ("creator", "organizer") if name in event}
        return event | marked | self._tell_attendees(event)

    def _mark_self(self, person: Mapping[str, Any]) -> Resource:
        return dict(person) | ({"self": True} if person.get("email") in self._calendar.owners else {})

    def _tell_attendees(self, event: Resource) -> Resource:
        attendees = [self._mark_self(person) for person in event.get("attendees", [])]
        own = [person for person in attendees if person.get("self")]
        hidden = event.get("guestsCanSeeOtherGuests") is False and not self._mark_self(
            event["organizer"]
        ).get("self")
        too_many = len(attendees) > self._call.parameters.get("maxAttendees", len(attendees))
        if hidden or too_many:
            return {"attendees": own, "attendeesOmitted": True}
        return {"attendees": attendees} if attendees else {}


_OF_PRIVATE = (
    "kind", "etag", "id", "status", "htmlLink", "updated", "iCalUID", "start", "end", "recurrence", "recurringEventId",
    "originalStartTime", "eventType", "organizer",
)  # fmt: skip


def _read_window(token: _Token) -> tuple[datetime | None, datetime | None]:
    first, last = (datetime.fromisoformat(text) if text else None for text in (token.first, token.last))
    return first, last


def _tell_cancelled(event: Resource) -> Resource:
    """Deletions come with their names alone."""
    names = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
    return {name: event[name] for name in names if name in event}


def get_event(call: Call) -> Resource:
    calendar, role = _find(call)
    event = calendar.get(call.parameters["eventId"])
    told = _View(calendar, role, call).tell(event | {"status": "confirmed"})
    return told | {"status": event["status"]}


def insert_event(call: Call) -> Resource:
    calendar = _find_to_write(call)
    return _View(calendar, "owner", call).tell(calendar.insert(dict(call.body)))


def patch_event(call: Call) -> Resource:
    calendar = _find_to_write(call)
    _check_match(call, calendar)
    return _View(calendar, "owner", call).tell(calendar.change(call.parameters["eventId"], **call.body))


def delete_event(call: Call) -> None:
    calendar = _find_to_write(call)
    _check_match(call, calendar)
    calendar.cancel(call.parameters["eventId"])


def _check_match(call: Call, calendar: Calendar) -> None:
    if call.if_match and call.if_match != calendar.get(call.parameters["eventId"])["etag"]:
        raise Refusal(412, "conditionNotMet", "Precondition Failed")


METHODS: dict[str, Handler] = {
    "calendar.calendarList.list": list_calendars,
    "calendar.calendarList.get": get_calendar,
    "calendar.events.list": list_events,
    "calendar.events.get": get_event,
    "calendar.events.insert": insert_event,
    "calendar.events.patch": patch_event,
    "calendar.events.delete": delete_event,
}
