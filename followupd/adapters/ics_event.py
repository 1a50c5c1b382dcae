"""One VEVENT to one event of ours: its span, its guests, its flags. Everything in it was written by strangers."""

import hashlib
from urllib.parse import unquote

import icalendar
from icalendar.prop import vCalAddress, vCategory

from followupd.adapters.ics_time import find_all, read_when
from followupd.adapters.occurrence import (
    LONGEST,
    Origin,
    Span,
    add_organizer,
    clean_address,
    clean_line,
    clean_text,
    drop_repeated,
    name_occurrence,
)
from followupd.model import Answer, Attendee, Event, GuestKind

_ANSWERS = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DECLINED,
}
_KINDS = {"GROUP": GuestKind.GROUP, "RESOURCE": GuestKind.ROOM, "ROOM": GuestKind.ROOM}
_AWAY = {"OOF", "WORKINGELSEWHERE"}


def read_word(vevent: icalendar.Component, name: str) -> str:
    """Return a property that is one word of a fixed list, upper case, or ""."""
    return _read_line(vevent, name, 100).upper()


def _read_line(vevent: icalendar.Component, name: str, longest: int) -> str:
    return clean_line(str(next(iter(find_all(vevent, name)), "")), longest)


def read_title(vevent: icalendar.Component) -> str:
    return _read_line(vevent, "SUMMARY", LONGEST["title"])


def find_uid(vevent: icalendar.Component) -> str:
    """Return the UID, or one made of start and title for a VEVENT that lacks it."""
    uid = _read_line(vevent, "UID", LONGEST["uid"])
    if uid:
        return uid
    marks = f"{read_when(vevent, 'DTSTART')}\n{read_title(vevent)}"
    return f"no-uid-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


def _read_address(value: vCalAddress) -> str | None:
    """Return the address of a mailto: URI (RFC 6068), or else of the EMAIL parameter (RFC 7986, 6.2)."""
    scheme, _, rest = str(value).strip().partition(":")
    if scheme.lower() == "mailto":
        return clean_address(unquote(rest.partition("?")[0]))
    return clean_address(_read_parameter(value, "EMAIL"))


def _read_parameter(value: vCalAddress, name: str) -> str:
    """Return a parameter; an unquoted comma makes a list of it, which people mean as one text."""
    found = value.params.get(name, "")
    return ",".join(map(str, found)) if isinstance(found, list) else str(found)


def _read_attendee(value: vCalAddress, unanswered: Answer) -> Attendee:
    return Attendee(
        email=_read_address(value),
        name=clean_line(_read_parameter(value, "CN").strip(" \"'"), LONGEST["name"]),
        answer=_ANSWERS.get(
            _read_parameter(value, "PARTSTAT").upper() or unanswered.name, Answer.NEEDS_ACTION
        ),
        kind=_KINDS.get(_read_parameter(value, "CUTYPE").upper(), GuestKind.INDIVIDUAL),
    )


def _find_people(vevent: icalendar.Component, name: str, unanswered: Answer) -> list[Attendee]:
    values = (value for value in find_all(vevent, name) if isinstance(value, vCalAddress))
    return [_read_attendee(value, unanswered) for value in values]


def read_attendees(vevent: icalendar.Component) -> tuple[Attendee, ...]:
    """Return every guest and the organiser, each address once and as first named.

    An organiser who is a guest too keeps the guest's answer; one who is not has accepted.
    """
    guests = drop_repeated(_find_people(vevent, "ATTENDEE", Answer.NEEDS_ACTION))
    for organizer in _find_people(vevent, "ORGANIZER", Answer.ACCEPTED)[:1]:
        return add_organizer(guests, organizer)
    return tuple(guests)


def _read_categories(vevent: icalendar.Component) -> tuple[str, ...]:
    lists = (value for value in find_all(vevent, "CATEGORIES") if isinstance(value, vCategory))
    names = (clean_line(str(name), LONGEST["name"]) for value in lists for name in value.cats)
    return tuple(dict.fromkeys(name for name in names if name))


def _is_blocked(vevent: icalendar.Component) -> bool:
    """Tell whether Exchange marks it out of office or working elsewhere ([MS-OXCICAL], X-MICROSOFT-CDO-BUSYSTATUS)."""
    return any(
        read_word(vevent, f"X-MICROSOFT-CDO-{name}") in _AWAY for name in ("BUSYSTATUS", "INTENDEDSTATUS")
    )


def is_cancelled(vevent: icalendar.Component) -> bool:
    return read_word(vevent, "STATUS") == "CANCELLED"


def read_event(
    vevent: icalendar.Component, span: Span, origin: Origin, uid: str, original: str | None
) -> Event:
    """Return the event of ours; `original` names the occurrence of a series and is None for a single event."""
    return Event(
        occurrence=name_occurrence(uid, original),
        calendar=origin.calendar,
        uid=uid,
        title=read_title(vevent),
        start=span.start,
        end=span.end,
        all_day=span.all_day,
        cancelled=is_cancelled(vevent),
        tentative=read_word(vevent, "STATUS") == "TENTATIVE",
        # A CLASS nobody knows is private (RFC 5545, 3.8.1.3).
        private=read_word(vevent, "CLASS") not in {"", "PUBLIC"},
        busy=read_word(vevent, "TRANSP") != "TRANSPARENT",
        blocked=_is_blocked(vevent),
        series=original is not None,
        listed=origin.listed,
        description=clean_text(_read_raw(vevent, "DESCRIPTION"), LONGEST["description"]),
        location=_read_line(vevent, "LOCATION", LONGEST["location"]),
        categories=_read_categories(vevent),
        attendees=read_attendees(vevent),
    )


def _read_raw(vevent: icalendar.Component, name: str) -> str:
    return str(next(iter(find_all(vevent, name)), ""))
