"""Ada's week for the demo: believable events around now, written as the .ics files calendars export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

import icalendar

_ADA = ("Ada Example", "ada@example.com")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One event: days from today, start, minutes, title, guests as (name, address, answer)."""

    day: int
    start: time
    minutes: int
    title: str
    guests: tuple[tuple[str, str, str], ...] = ()
    organizer: tuple[str, str] | None = None
    ada: str = "ACCEPTED"
    status: str = "CONFIRMED"
    series: str = ""


_TOM = ("Tom Miller", "tom@millerprint.example", "ACCEPTED")
_WEEK: Sequence[_Entry] = (
    _Entry(-21, time(15), 45, "Coffee with Tom Miller", (_TOM,)),
    _Entry(-4, time(6, 40), 190, "Flight to Munich LH 2035"),
    _Entry(
        -3,
        time(22),
        180,
        "Network maintenance window: core switches",
        (("IT", "it@example.com", "ACCEPTED"),),
    ),
    _Entry(
        -2,
        time(18),
        120,
        "Summer mixer of the traders' association",
        (),
        ("Trade Hub", "events@tradehub.example"),
        "DECLINED",
    ),
    _Entry(-2, time(12, 30), 60, "Lunch with Mum"),
    _Entry(
        -2,
        time(8),
        120,
        "IHK Unternehmerfrühstück",
        (
            ("Dr. Jürgen Weiß", "weiss@weiss-bau.example", "ACCEPTED"),
            ("Mehl, Sabine", "sabine.mehl@baeckerei-mehl.example", "NEEDS-ACTION"),
            ("Peter Kurz", "kurz@kurz.example", "DECLINED"),
            ("Seminarraum 2", "raum2@ihk.example", "ACCEPTED"),
        ),
        ("IHK", "veranstaltungen@ihk.example"),
    ),
    _Entry(-1, time(7, 30), 90, "Chamber of Commerce breakfast"),
    _Entry(
        -1,
        time(15),
        45,
        "Coffee with Maya Lindqvist",
        (("Maya Lindqvist", "maya@lindqvist.example", "ACCEPTED"),),
    ),
    _Entry(
        -1, time(17), 60, "Founders' hour (online)", (_TOM,), ("Founders' hour", "no-reply@founders.example")
    ),
    _Entry(
        -1,
        time(19),
        120,
        "Canceled: Alumni drinks",
        (("Kim Lee", "kim@alumni.example", "ACCEPTED"),),
        status="CANCELLED",
    ),
    _Entry(
        -1,
        time(9, 30),
        15,
        "Stand-up",
        (("Ben Example", "ben@example.com", "ACCEPTED"),),
        series="FREQ=DAILY;COUNT=2",
    ),
    _Entry(1, time(18, 30), 120, "Startup meetup"),
)


def write_week(folder: Path, today: datetime) -> None:
    """Write the week around `today` (a local time) into `folder`, a file for each event."""
    folder.mkdir(parents=True)
    for number, entry in enumerate(_WEEK):
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//followupd//demo//EN")
        calendar.add("version", "2.0")
        calendar.add_component(_build_event(number, entry, today))
        (folder / f"{number:02}.ics").write_bytes(calendar.to_ical())


def _build_event(number: int, entry: _Entry, today: datetime) -> icalendar.Event:
    start = datetime.combine(today.date() + timedelta(days=entry.day), entry.start, today.tzinfo)
    event = icalendar.Event()
    event.add("uid", f"demo-{number}@example.com")
    event.add("dtstamp", today)
    event.add("summary", entry.title)
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=entry.minutes))
    event.add("status", entry.status)
    if entry.series:
        event.add("rrule", icalendar.vRecur.from_ical(entry.series))
    if entry.guests or entry.organizer:
        _add_people(event, entry)
    return event


def _add_people(event: icalendar.Event, entry: _Entry) -> None:
    organizer = entry.organizer or _ADA
    event.add("organizer", _address(*organizer))
    for name, email, answer in ((*_ADA, entry.ada), *entry.guests):
        attendee = _address(name, email)
        attendee.params["PARTSTAT"] = icalendar.vText(answer)
        event.add("attendee", attendee, encode=False)


def _address(name: str, email: str) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{email}")
    address.params["CN"] = icalendar.vText(name)
    return address
