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
    _Entry(-1, time(19, 30), 120, "Design meetup"),
    _Entry(1, time(18, 30), 120, "Startup meetup"),
)

#: What Ada noted at the breakfast, and the signature Sam mailed her on the way home.
NOTES = """\
Jane Doe, Acme, jane@acme.example - sails; promised her the name of our printer
Kenji Mori kenji@mori-tea.example - we spoke about tea

Sam Rivera
Head of Partnerships
Rivera Foods Ltd
Mobile: +44 7700 900123
sam@riverafoods.example
"""
GUEST_LIST = "design-meetup-guests.csv"
#: As Luma exports it, cut to the columns that matter here.
_GUESTS = """\
api_id,name,first_name,last_name,email,phone_number,created_at,approval_status,checked_in_at,ticket_name
gst-1,Nadia Petit,Nadia,Petit,nadia@petit-studio.example,,2026-11-01T09:00:00.000Z,approved,2026-11-24T18:35:00.000Z,Standard
gst-2,Oskar Brandt,Oskar,Brandt,oskar@brandt.example,+49 30 5550123,2026-11-02T09:00:00.000Z,approved,2026-11-24T18:41:00.000Z,Standard
gst-3,Paula Soto,Paula,Soto,paula@soto.example,,2026-11-02T10:00:00.000Z,approved,,Standard
gst-4,Quentin Hall,Quentin,Hall,quentin@hall.example,,2026-11-03T09:00:00.000Z,declined,,Standard
gst-5,Rosa Lind,Rosa,Lind,rosa@lind.example,,2026-11-03T10:00:00.000Z,waitlist,,Standard
gst-6,Ada Example,Ada,Example,ada@example.com,,2026-11-04T09:00:00.000Z,approved,2026-11-24T18:20:00.000Z,Standard
"""


def write_guests(file: Path) -> None:
    """Write the guest list that the host of the design meetup sent."""
    file.write_text(_GUESTS, encoding="utf-8")


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
