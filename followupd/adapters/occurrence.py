"""What the entries of all calendars have in common: the name of an occurrence, its span, its people, plain text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from followupd.model import Attendee

LONGEST = {"uid": 1000, "title": 500, "name": 200, "location": 500, "description": 4000}
# C0 and C1 controls and the two Unicode line breaks: each could end a line somewhere downstream. Half a surrogate pair,
# which JSON can spell, could not be written anywhere.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_CONTROLS_BUT_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class UnusableError(ValueError):
    """This entry cannot be used; the text says why, in words for the owner."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when an event lasts, in UTC."""

    start: datetime
    end: datetime
    all_day: bool

    def touches(self, start: datetime, end: datetime) -> bool:
        return self.start <= end and self.end >= start


@dataclass(frozen=True, slots=True)
class Origin:
    """Which calendar an event comes from and how that calendar is to be taken."""

    calendar: str
    listed: bool


def clean_line(text: str, longest: int) -> str:
    """Return `text` on one line, without control characters, at most `longest` characters long."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:longest]


def clean_text(text: str, longest: int) -> str:
    """Return `text` with its line breaks but no other control character, at most `longest` characters."""
    return _CONTROLS_BUT_LINES.sub(" ", text.replace("\r\n", "\n")).strip()[:longest]


def to_utc(when: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of `when`; a floating time and the start of a day are meant in `zone`.

    In the hour that a clock change skips or repeats, the offset before the change counts (RFC 5545, 3.3.5).
    """
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def name_original(when: date | datetime | None, zone: ZoneInfo) -> str | None:
    """Return the name of the occurrence that was planned for `when`; it stays when the occurrence is moved."""
    if isinstance(when, datetime):
        return to_utc(when, zone).strftime("%Y%m%dT%H%M%SZ")
    return when.strftime("%Y%m%d") if when else None


def name_occurrence(uid: str, original: str | None) -> str:
    """Return the key of an occurrence; a single event is its own."""
    return f"{uid}/{original}" if original else uid


def make_span(start: date | datetime, end: date | datetime, zone: ZoneInfo) -> Span:
    """Return the span from a start to an end; some programs write the last day where RFC 5545 wants the day after it."""
    if not isinstance(start, datetime) and end == start:
        end = start + timedelta(days=1)
    return Span(to_utc(start, zone), to_utc(end, zone), not isinstance(start, datetime))


@lru_cache(maxsize=10_000)
def clean_address(text: str) -> str | None:
    """Return an address in lower case with an ASCII domain, None for what no mail can reach."""
    # Its patterns take 12 ms that the daemon's start need not wait for.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        # The test environment lets the reserved domain .test pass, which no real address can have (RFC 6761).
        valid = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError:
        return None
    return valid.ascii_email.lower() if valid.ascii_email else None


def drop_repeated(guests: Iterable[Attendee]) -> list[Attendee]:
    seen: set[str] = set()
    kept = []
    for guest in guests:
        if guest.email not in seen:
            kept.append(guest)
        if guest.email:
            seen.add(guest.email)
    return kept


def add_organizer(guests: list[Attendee], organizer: Attendee) -> tuple[Attendee, ...]:
    if organizer.email is None or all(guest.email != organizer.email for guest in guests):
        return (*guests, replace(organizer, organizer=True))
    return tuple(
        replace(guest, organizer=True, name=guest.name or organizer.name)
        if guest.email == organizer.email
        else guest
        for guest in guests
    )
