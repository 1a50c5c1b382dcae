"""One event of Google's to one of ours (developers.google.com/calendar/api/v3/reference/events). Strangers wrote it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from followupd.adapters.occurrence import (
    LONGEST,
    Origin,
    Span,
    UnusableError,
    add_organizer,
    clean_address,
    clean_line,
    clean_text,
    drop_repeated,
    make_span,
    name_occurrence,
    name_original,
)
from followupd.model import Answer, Attendee, Event, GuestKind

Resource = Mapping[str, Any]

_ANSWERS = {
    "accepted": Answer.ACCEPTED,
    "tentative": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
}
_BLOCKED = {"birthday", "focusTime", "outOfOffice", "workingLocation"}
_PRIVATE = {"private", "confidential"}
#: Where Google keeps rooms, and calendars that stand as organiser or guest.
_ROOMS, _CALENDARS = "@resource.calendar.google.com", ".calendar.google.com"
_YEARS = range(1970, 2201)


def read_event(resource: Resource, origin: Origin, zone: ZoneInfo) -> Event:
    """Return the event; whole days are meant in `zone`. Raises UnusableError.

    An occurrence is named by its series and the time it was planned for, as in an .ics export of the same calendar.
    """
    span = _find_span(resource, zone)
    uid = _read_line(resource, "iCalUID", "uid") or f"google-{_read_line(resource, 'id', 'uid')}"
    original = name_original(_read_moment(resource, "originalStartTime"), zone)
    return Event(
        occurrence=name_occurrence(uid, original),
        calendar=origin.calendar,
        uid=uid,
        title=_read_line(resource, "summary", "title"),
        start=span.start,
        end=span.end,
        all_day=span.all_day,
        cancelled=resource.get("status") == "cancelled",
        tentative=resource.get("status") == "tentative",
        private=resource.get("visibility") in _PRIVATE,
        busy=resource.get("transparency") != "transparent",
        blocked=resource.get("eventType") in _BLOCKED,
        series=original is not None,
        listed=origin.listed,
        description=clean_text(str(resource.get("description") or ""), LONGEST["description"]),
        location=_read_line(resource, "location", "location"),
        attendees=_read_attendees(resource, mine=not origin.listed),
        guests_hidden=_hides_guests(resource),
    )


def _read_line(resource: Resource, name: str, kind: str) -> str:
    return clean_line(str(resource.get(name) or ""), LONGEST[kind])


def _find_span(resource: Resource, zone: ZoneInfo) -> Span:
    start, end = _read_moment(resource, "start"), _read_moment(resource, "end")
    if start is None or end is None:
        raise UnusableError("it has no start or no end")
    if not _YEARS.start < start.year <= end.year < _YEARS.stop - 1:
        raise UnusableError("it is not between 1970 and 2200")
    span = make_span(start, end, zone)
    if span.end < span.start:
        raise UnusableError("it ends before it starts")
    return span


def _read_moment(resource: Resource, name: str) -> date | datetime | None:
    """Return a day, or a time with its offset. Raises UnusableError for what is neither."""
    found = resource.get(name)
    if not isinstance(found, dict):
        return None
    try:
        if "dateTime" in found:
            return datetime.fromisoformat(found["dateTime"])
        return date.fromisoformat(found["date"])
    except (KeyError, ValueError, TypeError):
        raise UnusableError(f"its {name} is not a date or time") from None


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _list_people(resource: Resource) -> Sequence[Resource]:
    found = resource.get("attendees")
    return [person for person in found if isinstance(person, dict)] if isinstance(found, list) else []


def _read_attendees(resource: Resource, *, mine: bool) -> tuple[Attendee, ...]:
    """Return every guest and the organiser; in a calendar that is `mine`, whom Google marks as its owner is me.

    Google names an organiser for each event. Where that is the calendar itself and no guest, it is left out, as in an
    export: nobody invited anybody.
    """
    guests = drop_repeated(_read_person(person, mine=mine) for person in _list_people(resource))
    organizer = resource.get("organizer")
    if not isinstance(organizer, dict):
        return tuple(guests)
    inviting = _read_person({"responseStatus": "accepted"} | organizer, mine=mine)
    if _is_calendar_itself(organizer) and all(guest.email != inviting.email for guest in guests):
        return tuple(guests)
    return add_organizer(guests, inviting)


def _is_calendar_itself(person: Resource) -> bool:
    return person.get("self") is True


def _read_person(person: Resource, *, mine: bool) -> Attendee:
    email = clean_address(str(person.get("email") or ""))
    return Attendee(
        email=email,
        name=_read_line(person, "displayName", "name"),
        answer=_ANSWERS.get(str(person.get("responseStatus")), Answer.NEEDS_ACTION),
        kind=_find_kind(person, email or ""),
        owner=mine and _is_calendar_itself(person),
    )


def _find_kind(person: Resource, email: str) -> GuestKind:
    if person.get("resource") is True or email.endswith(_ROOMS):
        return GuestKind.ROOM
    return GuestKind.GROUP if email.endswith(_CALENDARS) else GuestKind.INDIVIDUAL


def _hides_guests(resource: Resource) -> bool:
    """Tell whether there may be more guests: left out, not to be seen by guests, or a large group being taken apart."""
    organizer = resource.get("organizer")
    own = isinstance(organizer, dict) and _is_calendar_itself(organizer)
    secret = resource.get("guestsCanSeeOtherGuests") is False and not own
    growing = any(person.get("asyncOperation") == "inProgress" for person in _list_people(resource))
    return bool(resource.get("attendeesOmitted")) or secret or growing
