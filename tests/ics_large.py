"""A large calendar that looks like one somebody has kept for ten years, the same for the same seed.

What is in it, entry by entry (an entry is one UID; a moved occurrence is a VEVENT of its series):

- times: 60 % in UTC, 26 % whole days, 8 % with a TZID of the zone database, 3 % with a Windows name, 3 % floating;
- starts spread evenly from `FIRST` over `DAYS` days, in no order, from 7:00 to 20:45; 30 minutes to 3 hours long;
- a folded description of up to 120 words in four of five, some with letters beyond ASCII;
- two alarms in every second one, 0 to 8 guests, and an organiser wherever there are guests;
- 5 % series (weekly, every second week, monthly), each with one occurrence taken out by EXDATE and one moved by
  RECURRENCE-ID; half of them end, by UNTIL or by COUNT, the others go on for ever;
- what real exports carry along: CREATED, LAST-MODIFIED, SEQUENCE, STATUS, TRANSP, X- properties.

The VTIMEZONEs at its head are true. It is written entry by entry, so its size costs disk and no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

FIRST = date(2017, 1, 1)
DAYS = 3650

_UTC = "%Y%m%dT%H%M%SZ"
_LOCAL = "%Y%m%dT%H%M%S"
_STAMP = datetime(2026, 4, 1, tzinfo=UTC)
_ZONES = {
    "Europe/Berlin": "Europe/Berlin",
    "America/New_York": "America/New_York",
    "W. Europe Standard Time": "Europe/Berlin",
}
_TITLES = ("Coffee with", "Lunch with", "Chamber breakfast with", "Call with", "Standup", "Meetup hosted by")
_PEOPLE = ("Ann Smith", "Jörg Müller", "Zoë Brown", "Bo Li", "Renée Dupont", "Sam O'Neill", "Priya Nair")
_WORDS = (
    "agenda", "budget", "café", "notes", "the", "and", "minutes", "über", "partner", "follow", "quarter",
    "https://meet.example/abc-defg-hij", "please", "bring", "naïve", "plan", "review",
)  # fmt: skip
_PLACES = ("", "Café Central\\, 2nd floor", "Room 4", "Online")
_ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION")

_HEAD = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Ten Years//EN
CALSCALE:GREGORIAN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
_ALARMS = """\
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:This is an event reminder
TRIGGER:-P0DT0H30M0S
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT15M
DURATION:PT5M
REPEAT:2
END:VALARM"""


@dataclass(frozen=True)
class _Form:
    """How the times of one entry are written."""

    kind: str
    tzid: str = ""

    def write(self, name: str, when: datetime) -> str:
        if self.kind == "day":
            return f"{name};VALUE=DATE:{when:%Y%m%d}"
        if self.kind == "utc":
            return f"{name}:{when:{_UTC}}"
        return f"{name}{f';TZID={self.tzid}' if self.tzid else ''}:{when:{_LOCAL}}"

    def write_until(self, when: datetime) -> str:
        """Return the last instant of a rule in the form RFC 5545, 3.3.10 asks for."""
        if self.kind == "day":
            return f"{when:%Y%m%d}"
        if self.kind == "floating":
            return f"{when:{_LOCAL}}"
        zone = ZoneInfo(_ZONES[self.tzid]) if self.tzid else UTC
        return f"{when.replace(tzinfo=zone).astimezone(UTC):{_UTC}}"


def write_calendar(path: Path, events: int, seed: int, changed: int | None = None) -> None:
    """Write a calendar of `events` entries to `path`.

    `changed` is the number (from 0) of one entry that somebody has edited since: its title, SEQUENCE, DTSTAMP and
    LAST-MODIFIED differ, every other byte is what it was.
    """
    with path.open("wb") as file:
        file.write(_encode(_HEAD.rstrip("\n")))
        for number in range(events):
            file.write(_encode("\n".join(_write_entry(number, seed, edited=number == changed))))
        file.write(_encode("END:VCALENDAR"))


def _encode(lines: str) -> bytes:
    return b"".join(_fold(line.encode()) for line in lines.split("\n"))


def _fold(line: bytes) -> bytes:
    """Fold at 75 octets, never inside a character (RFC 5545, 3.1)."""
    pieces = []
    while len(line) > 74:
        cut = 74
        while line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line = b" " + line[cut:]
    return b"\r\n".join([*pieces, line, b""])


def _write_entry(number: int, seed: int, *, edited: bool) -> Iterator[str]:
    # A generator of its own for each entry: an edit of one leaves all others as they are.
    dice = Random(f"{seed}/{number}")
    form = _choose_form(dice)
    day = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=dice.randrange(DAYS))
    start = day if form.kind == "day" else day + timedelta(minutes=15 * dice.randrange(28, 84))
    length = timedelta(days=1) if form.kind == "day" else timedelta(minutes=30 * dice.randrange(1, 7))
    texts = list(_write_texts(number, dice, edited=edited))
    alarms = [_ALARMS] if dice.random() < 0.5 else []
    span = [form.write("DTSTART", start), form.write("DTEND", start + length)]
    if dice.random() >= 0.05:
        yield from _wrap(*span, *texts, *alarms)
        return
    step, occurrences = _plan_series(dice, start)
    rule = f"RRULE:{step}{_write_ending(dice, form, occurrences)}"
    yield from _wrap(*span, rule, form.write("EXDATE", occurrences[1]), *texts, *alarms)
    moved = occurrences[2] + (timedelta(days=1) if form.kind == "day" else timedelta(hours=1))
    span = [form.write("DTSTART", moved), form.write("DTEND", moved + length)]
    yield from _wrap(*span, form.write("RECURRENCE-ID", occurrences[2]), *texts, *alarms)


def _wrap(*lines: str) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", *lines, "END:VEVENT")


def _choose_form(dice: Random) -> _Form:
    roll = dice.random()
    if roll < 0.60:
        return _Form("utc")
    if roll < 0.86:
        return _Form("day")
    if roll < 0.94:
        return _Form("zone", dice.choice(("Europe/Berlin", "America/New_York")))
    return _Form("zone", "W. Europe Standard Time") if roll < 0.97 else _Form("floating")


def _plan_series(dice: Random, start: datetime) -> tuple[str, list[datetime]]:
    """Return the step of a rule and its first occurrences, at least four."""
    count = dice.randrange(4, 40)
    # No month lacks a 28th; a later day would skip some.
    weeks = dice.choice((0, 1, 2) if start.day <= 28 else (1, 2))
    if weeks:
        return f"FREQ=WEEKLY;INTERVAL={weeks}", [start + n * timedelta(weeks=weeks) for n in range(count)]
    months = (start.year * 12 + start.month - 1 + n for n in range(count))
    return "FREQ=MONTHLY", [start.replace(year=month // 12, month=month % 12 + 1) for month in months]


def _write_ending(dice: Random, form: _Form, occurrences: list[datetime]) -> str:
    endings = ("", "", f";UNTIL={form.write_until(occurrences[-1])}", f";COUNT={len(occurrences)}")
    return dice.choice(endings)


def _write_texts(number: int, dice: Random, *, edited: bool) -> Iterator[str]:
    stamp = _STAMP + timedelta(days=edited)
    people = dice.choices(_PEOPLE, k=dice.randrange(9))
    title = f"{dice.choice(_TITLES)} {dice.choice(_PEOPLE)}"
    yield f"UID:{number:08}-{dice.getrandbits(64):016x}@calendar.example"
    yield f"DTSTAMP:{stamp:{_UTC}}"
    yield f"SUMMARY:{title}{' (new room)' if edited else ''}"
    yield f"CREATED:{_STAMP - timedelta(days=dice.randrange(400)):{_UTC}}"
    yield f"LAST-MODIFIED:{stamp:{_UTC}}"
    yield f"SEQUENCE:{dice.randrange(4) + edited}"
    if dice.random() < 0.8:
        yield "DESCRIPTION:" + " ".join(dice.choices(_WORDS, k=dice.randrange(120))) + "\\n\\nSee you\\, then"
    yield f"LOCATION:{dice.choice(_PLACES)}"
    yield f"STATUS:{dice.choice(('CONFIRMED', 'CONFIRMED', 'TENTATIVE'))}"
    yield f"TRANSP:{dice.choice(('OPAQUE', 'TRANSPARENT'))}"
    yield "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"
    if people:
        yield "ORGANIZER;CN=Ada Example:mailto:ada@example.com"
    for guest, person in enumerate(people):
        yield (
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={dice.choice(_ANSWERS)};RSVP=TRUE;"
            f"CN={person};X-NUM-GUESTS=0:mailto:guest{number}.{guest}@acme.example"
        )
