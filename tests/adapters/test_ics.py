"""The .ics reader against RFC 5545, calendars as they are in the wild, and calendars made to do harm."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followupd.adapters.ics import IcsCalendar
from followupd.errors import SourceProblem
from followupd.model import Answer, Attendee, Event, GuestKind, Reading, Skipped

CASES = Path(__file__).parent.parent / "ics"
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 31, tzinfo=UTC))
WHEN = ("DTSTART:20260504T090000Z", "DTEND:20260504T100000Z")


def wrap(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *parts, "END:VCALENDAR", ""]).encode()


def vevent(*lines: str, uid: str = "u") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def read_bytes(
    folder: Path, raw: bytes, window: tuple[datetime, datetime] = YEAR, zone: str = "Europe/Berlin"
) -> Reading:
    path = folder / "cal.ics"
    path.write_bytes(raw)
    return IcsCalendar("cal", path, zone).read(*window)


def read_one(folder: Path, *lines: str) -> Event:
    reading = read_bytes(folder, wrap(vevent(*lines)))
    assert reading.skipped == ()
    (event,) = reading.events
    return event


def read_guest(folder: Path, line: str) -> Attendee:
    (guest,) = read_one(folder, *WHEN, line).attendees
    return guest


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=UTC)


# --- from when to when ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        # RFC 5545, 3.6.1: what lasts how long
        (("DTSTART:20260504T090000Z", "DTEND:20260504T103000Z"), "20260504T0900", "20260504T1030"),
        (("DTSTART:20260504T090000Z", "DURATION:PT45M"), "20260504T0900", "20260504T0945"),
        (("DTSTART:20260504T090000Z",), "20260504T0900", "20260504T0900"),
        # whole days in Berlin: midnight is 22:00 UTC in summer and 23:00 UTC in winter
        (("DTSTART;VALUE=DATE:20260504",), "20260503T2200", "20260504T2200"),
        (("DTSTART;VALUE=DATE:20260504", "DTEND;VALUE=DATE:20260506"), "20260503T2200", "20260505T2200"),
        (("DTSTART;VALUE=DATE:20260504", "DTEND;VALUE=DATE:20260504"), "20260503T2200", "20260504T2200"),
        (("DTSTART;VALUE=DATE:20260504", "DURATION:P2D"), "20260503T2200", "20260505T2200"),
        (("DTSTART;VALUE=DATE:20260329",), "20260328T2300", "20260329T2200"),
        # floating times are the owner's
        (("DTSTART:20260504T090000", "DTEND:20260504T100000"), "20260504T0700", "20260504T0800"),
        # names of zones: Olson, Windows, with a vendor in front, unknown
        (("DTSTART;TZID=America/New_York:20260504T090000",), "20260504T1300", "20260504T1300"),
        (("DTSTART;TZID=Tokyo Standard Time:20260504T090000",), "20260504T0000", "20260504T0000"),
        (("DTSTART;TZID=/some.vendor/Asia/Tokyo:20260504T090000",), "20260504T0000", "20260504T0000"),
        (("DTSTART;TZID=Nowhere:20260504T090000",), "20260504T0700", "20260504T0700"),
        # 2026-10-25 02:30 comes twice in Berlin: the first one, at +02:00, counts (RFC 5545, 3.3.5)
        (("DTSTART;TZID=Europe/Berlin:20261025T023000",), "20261025T0030", "20261025T0030"),
        # 2026-03-29 02:30 does not exist in Berlin: the offset before the change, +01:00, counts
        (("DTSTART;TZID=Europe/Berlin:20260329T023000",), "20260329T0130", "20260329T0130"),
        # hours pass, also over the change: 01:30 at +02:00 and three hours are 03:30 at +01:00
        (
            ("DTSTART;TZID=Europe/Berlin:20261025T013000", "DURATION:PT3H"),
            "20261024T2330",
            "20261025T0230",
        ),
        # past midnight and over two days
        (
            ("DTSTART;TZID=Europe/Berlin:20260504T220000", "DTEND;TZID=Europe/Berlin:20260505T013000"),
            "20260504T2000",
            "20260504T2330",
        ),
    ],
)
def test_an_event_lasts_from_start_to_end(
    tmp_path: Path, lines: tuple[str, ...], start: str, end: str
) -> None:
    event = read_one(tmp_path, *lines)
    assert (event.start, event.end) == (utc(start), utc(end))


def test_a_whole_day_says_so(tmp_path: Path) -> None:
    assert read_one(tmp_path, "DTSTART;VALUE=DATE:20260504").all_day
    assert not read_one(tmp_path, *WHEN).all_day


def test_the_calendar_zone_wins_over_the_owner_zone_for_floating_times_only(tmp_path: Path) -> None:
    raw = wrap(
        "X-WR-TIMEZONE:America/New_York",
        vevent("DTSTART:20260504T090000", uid="floating"),
        vevent("DTSTART:20260504T090000Z", uid="utc"),
        vevent("DTSTART;VALUE=DATE:20260504", uid="day"),
    )
    starts = {event.uid: event.start for event in read_bytes(tmp_path, raw).events}
    expected = {"floating": "20260504T1300", "utc": "20260504T0900", "day": "20260504T0400"}
    assert starts == {uid: utc(start) for uid, start in expected.items()}


def test_a_series_in_utc_stays_in_utc_whatever_zone_the_calendar_names(tmp_path: Path) -> None:
    # 1 and 8 November 2026: clocks in New York change between the two.
    raw = wrap(
        "X-WR-TIMEZONE:America/New_York", vevent("DTSTART:20261029T150000Z", "RRULE:FREQ=WEEKLY;COUNT=2")
    )
    starts = [event.start for event in read_bytes(tmp_path, raw).events]
    assert starts == [utc("20261029T1500"), utc("20261105T1500")]


def test_a_series_in_a_zone_keeps_its_hour_when_clocks_change(tmp_path: Path) -> None:
    raw = wrap(vevent("DTSTART;TZID=Europe/Berlin:20261022T180000", "RRULE:FREQ=WEEKLY;COUNT=2"))
    starts = [event.start for event in read_bytes(tmp_path, raw).events]
    assert starts == [utc("20261022T1600"), utc("20261029T1700")]


def test_the_zone_database_wins_over_what_a_file_says_of_a_known_zone() -> None:
    # outlook.ics claims that Western Europe is nine hours ahead; in May it is two.
    (event,) = IcsCalendar("cal", CASES / "outlook.ics", "UTC").read(*MAY).events
    assert (event.start, event.end) == (utc("20260504T1000"), utc("20260504T1130"))


def test_a_zone_nobody_knows_is_taken_from_the_file_and_forgotten_with_it(tmp_path: Path) -> None:
    (event,) = IcsCalendar("cal", CASES / "own-zone.ics", "UTC").read(*MAY).events
    assert event.start == utc("20260504T0400")
    other = read_one(tmp_path, 'DTSTART;TZID="(UTC+05:00) Somewhere":20260504T090000')
    assert other.start == utc("20260504T0700")


def test_a_zone_that_changes_every_second_is_not_learned(tmp_path: Path) -> None:
    part = "BEGIN:{0}\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0300\r\nRRULE:FREQ=SECONDLY\r\nEND:{0}"
    zone = ("BEGIN:VTIMEZONE", "TZID:Mad", part.format("STANDARD"), part.format("DAYLIGHT"), "END:VTIMEZONE")
    (event,) = read_bytes(tmp_path, wrap(*zone, vevent("DTSTART;TZID=Mad:20260504T090000"))).events
    assert event.start == utc("20260504T0700")


# --- what an event says of itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("STATUS:CANCELLED", "cancelled", True),
        ("STATUS:TENTATIVE", "tentative", True),
        ("STATUS:confirmed", "cancelled", False),
        ("CLASS:PRIVATE", "private", True),
        ("CLASS:CONFIDENTIAL", "private", True),
        ("CLASS:X-FRIENDS", "private", True),  # RFC 5545, 3.8.1.3
        ("CLASS:PUBLIC", "private", False),
        ("TRANSP:TRANSPARENT", "busy", False),
        ("TRANSP:OPAQUE", "busy", True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "blocked", True),
        ("X-MICROSOFT-CDO-INTENDEDSTATUS:WORKINGELSEWHERE", "blocked", True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "blocked", False),
        ("SUMMARY:Drinks\\, and talk", "title", "Drinks, and talk"),
        ("SUMMARY:one\\ntwo\tthree\rfour", "title", "one two three four"),
        ("SUMMARY:a\u2028b\x85c", "title", "a b c"),
        ("LOCATION:" + "x" * 600, "location", "x" * 500),
        ("DESCRIPTION:first\\nsecond\x07", "description", "first\nsecond"),
        ("DESCRIPTION:" + "y" * 5000, "description", "y" * 4000),
        ("CATEGORIES:Meetup,Food\\, drink", "categories", ("Meetup", "Food, drink")),
        ("CATEGORIES:A\r\nCATEGORIES:B,A", "categories", ("A", "B")),
        ("SUMMARY:Gr\r\n ü\r\n\tße", "title", "Grüße"),
    ],
)
def test_a_property_becomes_a_field(tmp_path: Path, line: str, field: str, value: object) -> None:
    assert getattr(read_one(tmp_path, *WHEN, line), field) == value


def test_a_fold_inside_a_character_is_undone(tmp_path: Path) -> None:
    raw = wrap(vevent(*WHEN, "SUMMARY:Grüße")).replace("ü".encode(), b"\xc3\r\n \xbc")
    (event,) = read_bytes(tmp_path, raw).events
    assert event.title == "Grüße"


def test_latin_1_and_bare_line_feeds_are_read() -> None:
    (event,) = IcsCalendar("cal", CASES / "latin-1.ics", "UTC").read(*MAY).events
    assert event.title == "Café zum Grünen Jäger"


def test_a_byte_order_mark_is_no_part_of_the_calendar(tmp_path: Path) -> None:
    assert len(read_bytes(tmp_path, b"\xef\xbb\xbf" + wrap(vevent(*WHEN))).events) == 1


def test_the_calendar_gives_its_name_and_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "chamber.ics"
    path.write_bytes(wrap(vevent(*WHEN)))
    (event,) = IcsCalendar("chamber", path, "UTC", listed=True).read(*MAY).events
    assert (event.calendar, event.listed) == ("chamber", True)


# --- who was there -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "email"),
    [
        ("ATTENDEE:mailto:bo@acme.example", "bo@acme.example"),
        ("ATTENDEE:MAILTO:Bo@ACME.example", "bo@acme.example"),
        ("ATTENDEE:Mailto:bo%2Bcard@acme.example?subject=hi", "bo+card@acme.example"),
        ("ATTENDEE:mailto:bo@sub.acme.test", "bo@sub.acme.test"),
        ("ATTENDEE:mailto:bo@bücher.example", "bo@xn--bcher-kva.example"),
        ("ATTENDEE:mailto:josé@acme.example", None),
        ("ATTENDEE:mailto:bo@acme.example%0D%0ABcc:eve@acme.example", None),
        ("ATTENDEE:mailto:a@acme.example,b@acme.example", None),
        ("ATTENDEE:mailto:", None),
        ("ATTENDEE:invalid:nomail", None),
        ("ATTENDEE:urn:uuid:1234", None),
        ("ATTENDEE;EMAIL=Bo@acme.example:urn:uuid:1234", "bo@acme.example"),
        ("ATTENDEE:mailto:maito@", None),
    ],
)
def test_an_address_is_read_as_a_uri(tmp_path: Path, line: str, email: str | None) -> None:
    assert read_guest(tmp_path, line).email == email


@pytest.mark.parametrize(
    ("cn", "name"),
    [
        ("Bo Example", "Bo Example"),
        ('"Example, Bo"', "Example, Bo"),
        ("Example, Bo", "Example, Bo"),
        ("Bo ^'the card^' Example", 'Bo "the card" Example'),  # RFC 6868
        ('"Bo^nBcc: eve@acme.example"', "Bo Bcc: eve@acme.example"),
        ("'Bo Example'", "Bo Example"),
        ("", ""),
    ],
)
def test_a_name_is_one_clean_line(tmp_path: Path, cn: str, name: str) -> None:
    guest = read_guest(tmp_path, f"ATTENDEE;CN={cn}:mailto:bo@acme.example")
    assert (guest.name, guest.email) == (name, "bo@acme.example")


@pytest.mark.parametrize(
    ("parameter", "answer"),
    [
        ("PARTSTAT=ACCEPTED", Answer.ACCEPTED),
        ("PARTSTAT=declined", Answer.DECLINED),
        ("PARTSTAT=TENTATIVE", Answer.TENTATIVE),
        ("PARTSTAT=DELEGATED", Answer.DECLINED),
        ("PARTSTAT=NEEDS-ACTION", Answer.NEEDS_ACTION),
        ("PARTSTAT=X-PERHAPS", Answer.NEEDS_ACTION),
        ("ROLE=CHAIR", Answer.NEEDS_ACTION),
    ],
)
def test_a_guest_answered(tmp_path: Path, parameter: str, answer: Answer) -> None:
    assert read_guest(tmp_path, f"ATTENDEE;{parameter}:mailto:bo@acme.example").answer is answer


@pytest.mark.parametrize(
    ("cutype", "kind"),
    [
        ("INDIVIDUAL", GuestKind.INDIVIDUAL),
        ("GROUP", GuestKind.GROUP),
        ("RESOURCE", GuestKind.ROOM),
        ("room", GuestKind.ROOM),
        ("UNKNOWN", GuestKind.INDIVIDUAL),
    ],
)
def test_a_guest_is_a_person_a_group_or_a_room(tmp_path: Path, cutype: str, kind: GuestKind) -> None:
    assert read_guest(tmp_path, f"ATTENDEE;CUTYPE={cutype}:mailto:bo@acme.example").kind is kind


@pytest.mark.parametrize(
    ("lines", "guests"),
    [
        (
            ["ORGANIZER;CN=Bo:mailto:bo@acme.example"],
            [Attendee("bo@acme.example", "Bo", Answer.ACCEPTED, organizer=True)],
        ),
        (
            ["ATTENDEE;PARTSTAT=DECLINED:mailto:bo@acme.example", "ORGANIZER;CN=Bo:mailto:BO@acme.example"],
            [Attendee("bo@acme.example", "Bo", Answer.DECLINED, organizer=True)],
        ),
        (
            ["ATTENDEE;CN=First:mailto:bo@acme.example", "ATTENDEE;CN=Second:mailto:Bo@acme.example"],
            [Attendee("bo@acme.example", "First")],
        ),
        (
            ["ATTENDEE;CN=One:invalid:nomail", "ATTENDEE;CN=Two:invalid:nomail"],
            [Attendee(None, "One"), Attendee(None, "Two")],
        ),
    ],
)
def test_each_address_is_listed_once_and_the_organizer_marked(
    tmp_path: Path, lines: list[str], guests: list[Attendee]
) -> None:
    assert list(read_one(tmp_path, *WHEN, *lines).attendees) == guests


def test_an_exchange_invitation_is_read_whole() -> None:
    (event,) = IcsCalendar("cal", CASES / "outlook.ics", "UTC").read(*MAY).events
    assert event.title == "Lunch, and a walk"
    assert event.description == ""
    assert event.attendees == (
        Attendee("ada@example.com", "Ada Example", Answer.ACCEPTED),
        Attendee("room4@example.com", "Room 4", Answer.ACCEPTED, GuestKind.ROOM),
        Attendee("richard.roe@acme.example", "Roe, Richard", Answer.ACCEPTED, organizer=True),
    )


def test_five_thousand_guests_are_read(tmp_path: Path) -> None:
    lines = [f"ATTENDEE:mailto:guest{number}@acme.example" for number in range(5000)]
    assert len(read_one(tmp_path, *WHEN, *lines).attendees) == 5000


# --- series --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "occurrences"),
    [
        (
            ["DTSTART:20260504T090000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260505T090000Z"],
            ["u/20260504T090000Z", "u/20260506T090000Z"],
        ),
        (
            ["DTSTART:20260504T090000Z", "RDATE:20260511T100000Z"],
            ["u/20260504T090000Z", "u/20260511T100000Z"],
        ),
        (
            ["DTSTART;VALUE=DATE:20260504", "RRULE:FREQ=WEEKLY;UNTIL=20260511"],
            ["u/20260504", "u/20260511"],
        ),
        (
            ["DTSTART;TZID=Europe/Berlin:20260529T190000", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2"],
            ["u/20260529T170000Z", "u/20260626T170000Z"],
        ),
        (
            ["DTSTART:20260504T003000", "RRULE:FREQ=WEEKLY;COUNT=2"],
            ["u/20260503T223000Z", "u/20260510T223000Z"],
        ),
        (
            ["DTSTART:20260504T090000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260505T070000Z"],
            ["u/20260504T070000Z", "u/20260506T070000Z"],
        ),
        (
            ["DTSTART:20260504T090000Z", "RRULE:FREQ=DAILY;COUNT=9;UNTIL=20260505T090000Z"],
            ["u/20260504T090000Z", "u/20260505T090000Z"],
        ),
    ],
)
def test_a_series_is_its_occurrences(tmp_path: Path, lines: list[str], occurrences: list[str]) -> None:
    reading = read_bytes(tmp_path, wrap(vevent(*lines)))
    assert [event.occurrence for event in reading.events] == occurrences
    assert all(event.series and event.uid == "u" for event in reading.events)
    assert reading.skipped == ()


WEEKLY = vevent(
    "DTSTART:20260504T090000Z", "DTEND:20260504T100000Z", "SUMMARY:Round", "RRULE:FREQ=WEEKLY;COUNT=4"
)


def test_one_occurrence_can_be_cancelled(tmp_path: Path) -> None:
    override = vevent("RECURRENCE-ID:20260511T090000Z", "DTSTART:20260511T090000Z", "STATUS:CANCELLED")
    events = read_bytes(tmp_path, wrap(WEEKLY, override)).events
    assert [event.cancelled for event in events] == [False, True, False, False]


def test_this_and_future_moves_the_rest_and_keeps_every_name(tmp_path: Path) -> None:
    override = vevent(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260518T090000Z",
        "DTSTART:20260518T110000Z",
        "DTEND:20260518T120000Z",
    )
    events = read_bytes(tmp_path, wrap(WEEKLY, override)).events
    assert [(event.occurrence, event.start) for event in events] == [
        ("u/20260504T090000Z", utc("20260504T0900")),
        ("u/20260511T090000Z", utc("20260511T0900")),
        ("u/20260518T090000Z", utc("20260518T1100")),
        ("u/20260525T090000Z", utc("20260525T1100")),
    ]


def test_an_invitation_to_one_occurrence_alone_is_an_event(tmp_path: Path) -> None:
    event = read_one(tmp_path, "RECURRENCE-ID:20260504T090000Z", "DTSTART:20260505T090000Z")
    assert (event.occurrence, event.series) == ("u/20260504T090000Z", True)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=SECONDLY"], "second or minute"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=MINUTELY;COUNT=3"], "second or minute"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY;INTERVAL=0"], "INTERVAL"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY;INTERVAL=-5"], "INTERVAL"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=SOMETIMES"], "cannot be understood"),
        (["DTSTART:20260501T090000Z", "RRULE:nonsense"], "cannot be understood"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], "by several"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"], "never come true"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY;BYMONTH=0"], "never come true"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=WEEKLY;BYMONTH=1,13"], "never come true"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=HOURLY;BYSETPOS=99;BYDAY=MO"], "never come true"),
        (["DTSTART:16000101T090000Z", "RRULE:FREQ=DAILY"], "50,000"),
        (["DTSTART:20100101T090000Z", "RRULE:FREQ=HOURLY;COUNT=1000000000"], "50,000"),
        (["DTSTART:20260401T090000Z", "RRULE:FREQ=HOURLY"], "1,000 times"),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=YEARLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=1,2"], "50,000"),
    ],
)  # fmt: skip
def test_a_rule_made_to_hang_us_is_refused_by_name(tmp_path: Path, lines: list[str], word: str) -> None:
    raw = wrap(vevent(*lines, "SUMMARY:Bomb", uid="bomb"), vevent(*WHEN, uid="good"))
    reading = read_bytes(tmp_path, raw, (datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)))
    (skipped,) = reading.skipped
    assert skipped.where == "cal.ics: 'Bomb'"
    assert word in skipped.why
    assert [event.uid for event in reading.events] == ["good"]
    assert reading.complete


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["DTSTART:20260101T090000Z", "RRULE:FREQ=DAILY;COUNT=100000000"], 31),
        (["DTSTART:16000504T090000Z", "RRULE:FREQ=YEARLY"], 1),
        (["DTSTART:16000504T090000Z", "RRULE:FREQ=HOURLY;COUNT=5"], 0),
        (["DTSTART:20200101T090000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], 0),
        (["DTSTART:20260501T090000Z", "RRULE:FREQ=DAILY;INTERVAL=1000000000"], 1),
    ],
)
def test_a_rule_that_only_looks_long_is_followed(tmp_path: Path, lines: list[str], count: int) -> None:
    reading = read_bytes(tmp_path, wrap(vevent(*lines)), (MAY[0], datetime(2026, 5, 31, 23, tzinfo=UTC)))
    assert (len(reading.events), reading.skipped) == (count, ())


# --- which version counts ------------------------------------------------------------------------------


OLD = vevent(*WHEN, "SUMMARY:Old", "SEQUENCE:1", "DTSTAMP:20260401T000000Z")
NEW = vevent(*WHEN, "SUMMARY:New", "SEQUENCE:2", "DTSTAMP:20260301T000000Z")
NEWER = vevent(*WHEN, "SUMMARY:Newer", "SEQUENCE:2", "DTSTAMP:20260402T000000Z")


@pytest.mark.parametrize("versions", [(OLD, NEW, NEWER), (NEWER, NEW, OLD), (NEW, OLD, NEWER)])
def test_the_higher_number_and_then_the_later_stamp_wins(tmp_path: Path, versions: tuple[str, ...]) -> None:
    for number, version in enumerate(versions):
        (tmp_path / f"{number}.ics").write_bytes(wrap(version))
    (event,) = IcsCalendar("cal", tmp_path, "UTC").read(*MAY).events
    assert event.title == "Newer"


@pytest.mark.parametrize(("number", "cancelled"), [(0, False), (1, True), (2, True)])
def test_a_cancellation_counts_when_it_is_as_new(tmp_path: Path, number: int, cancelled: bool) -> None:
    cancellation = wrap("METHOD:CANCEL", vevent(*WHEN, f"SEQUENCE:{number}"))
    (event,) = read_bytes(tmp_path, wrap(OLD) + cancellation).events
    assert (event.title, event.cancelled) == ("Old", cancelled)


def test_a_cancelled_series_cancels_every_occurrence(tmp_path: Path) -> None:
    override = vevent("RECURRENCE-ID:20260511T090000Z", "DTSTART:20260511T120000Z")
    cancellation = wrap("METHOD:CANCEL", vevent("DTSTART:20260504T090000Z", "SEQUENCE:1"))
    events = read_bytes(tmp_path, wrap(WEEKLY, override) + cancellation).events
    assert [event.cancelled for event in events] == [True, True, True, True]


def test_somebodys_reply_to_an_invitation_changes_nothing(tmp_path: Path) -> None:
    reply = wrap("METHOD:REPLY", vevent(*WHEN, "SUMMARY:Reply", "SEQUENCE:9"))
    (event,) = read_bytes(tmp_path, wrap(OLD) + reply).events
    assert event.title == "Old"


# --- what cannot be used -------------------------------------------------------------------------------


def test_a_place_that_cannot_be_reached_is_told_as_one(tmp_path: Path) -> None:
    far = tmp_path / ("x" * 300)  # the system refuses even to look, as in a folder that nobody may enter
    with pytest.raises(SourceProblem, match=r"it cannot be opened \(File name too long\)"):
        IcsCalendar("cal", far, "Europe/Berlin").read(*YEAR)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["DTEND:20260504T100000Z"], "no start"),
        (["DTSTART:whenever"], "DTSTART"),
        (["DTSTART;TZID=Europe:20260504T090000"], "should be"),
        (["DTSTART:20260504T090000Z", "DTEND:20260504T080000Z"], "ends before"),
        (["DTSTART:20260504T090000Z", "DURATION:-PT1H"], "ends before"),
        (["DTSTART:20260504T090000Z", "DURATION:long"], "DURATION"),
        (["DTSTART:20260504T090000Z", "DTEND:25000504T090000Z"], "1970"),
        (["DTSTART:19010101T000000Z"], "1970"),
        (["DTSTART;VALUE=DATE:99991231"], "years"),
        ([*WHEN, "RECURRENCE-ID:never"], "RECURRENCE-ID"),
        ([*WHEN, *["X-FILL:" + "x" * 60_000] * 20], "1 MB"),
    ],
)
def test_a_bad_entry_is_named_and_hides_no_other(tmp_path: Path, lines: list[str], word: str) -> None:
    reading = read_bytes(tmp_path, wrap(vevent("SUMMARY:Odd", *lines, uid="odd"), vevent(*WHEN, uid="good")))
    (skipped,) = reading.skipped
    assert skipped.where == "cal.ics: 'Odd'"
    assert word in skipped.why
    assert [event.uid for event in reading.events] == ["good"]
    assert reading.complete


def test_a_case_file_with_one_bad_entry_names_it() -> None:
    reading = IcsCalendar("cal", CASES / "one-bad-entry.ics", "UTC").read(*MAY)
    assert [event.uid for event in reading.events] == ["good"]
    assert reading.skipped == (Skipped("one-bad-entry.ics: 'No start'", "it has no start (DTSTART)"),)


def test_an_entry_without_uid_gets_the_same_one_each_time(tmp_path: Path) -> None:
    raw = wrap("BEGIN:VEVENT", *WHEN, "SUMMARY:Talk", "END:VEVENT")
    first, second = (read_bytes(tmp_path, raw).events[0].uid for _ in range(2))
    assert first == second
    assert len(first) == len("no-uid-") + 12
    assert first.startswith("no-uid-")


def test_an_entry_that_is_never_ended_hides_no_other(tmp_path: Path) -> None:
    raw = wrap("BEGIN:VEVENT", "SUMMARY:Half", *WHEN, vevent(*WHEN, uid="good"))
    reading = read_bytes(tmp_path, raw)
    assert [event.uid for event in reading.events] == ["good"]
    assert reading.skipped == (Skipped("cal.ics: 'Half'", "it is cut short (no END:VEVENT)"),)


def test_of_many_bad_entries_a_hundred_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    bad = [vevent("SUMMARY:Bad", "DTSTART:20260504T090000Z", "DURATION:x", uid=f"b{n}") for n in range(1234)]
    reading = read_bytes(tmp_path, wrap(*bad, vevent(*WHEN, uid="good")))
    assert [event.uid for event in reading.events] == ["good"]
    assert len(reading.skipped) == 101
    assert reading.skipped[-1] == Skipped("cal", "1,134 more could not be used")
    assert {skipped.why for skipped in reading.skipped[:-1]} == {"its DURATION is not a length of time"}


def test_a_line_of_ten_megabytes_is_left_out(tmp_path: Path) -> None:
    assert read_one(tmp_path, *WHEN, "DESCRIPTION:" + "x" * 10_000_000).description == ""


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no calendar"),
        (b"\n\n", "no calendar"),
        ((CASES / "login.ics").read_bytes(), "no calendar"),
        (wrap(vevent(*WHEN)).removesuffix(b"END:VCALENDAR\r\n"), "cut short"),
        (b"BEGIN:VCALENDAR\r\n", "cut short"),
        (wrap() + b"BEGIN:VCALENDAR\r\n", "cut short"),
    ],
)
def test_a_file_that_is_no_whole_calendar_is_a_problem(tmp_path: Path, raw: bytes, word: str) -> None:
    with pytest.raises(SourceProblem, match=word):
        read_bytes(tmp_path, raw)


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "cal.ics"
    path.write_bytes(b"x" * 2**20 + b"x")
    with pytest.raises(SourceProblem, match="larger than 1 MB"):
        IcsCalendar("cal", path, "UTC", max_bytes=2**20).read(*MAY)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cal.ics")
    with pytest.raises(SourceProblem, match="not an ordinary file"):
        IcsCalendar("cal", tmp_path / "cal.ics", "UTC").read(*MAY)


# --- folders -------------------------------------------------------------------------------------------


def test_a_folder_is_read_with_its_subfolders_and_without_what_is_hidden(tmp_path: Path) -> None:
    names = ["one.ics", "work/two.ICS", ".cache/three.ics", ".four.ics", "five.txt", "work/six.ics.tmp"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wrap(vevent(*WHEN, uid=name)))
    events = IcsCalendar("cal", tmp_path, "UTC").read(*MAY).events
    assert [event.uid for event in events] == ["one.ics", "work/two.ICS"]


def test_one_bad_file_makes_the_reading_incomplete(tmp_path: Path) -> None:
    (tmp_path / "good.ics").write_bytes(wrap(vevent(*WHEN)))
    (tmp_path / "gone.ics").symlink_to(tmp_path / "nowhere")
    (tmp_path / "login.ics").write_bytes((CASES / "login.ics").read_bytes())
    reading = IcsCalendar("cal", tmp_path, "UTC").read(*MAY)
    assert [event.uid for event in reading.events] == ["u"]
    assert [skipped.where for skipped in reading.skipped] == ["gone.ics", "login.ics"]
    assert not reading.complete


def test_a_folder_of_bad_files_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "one.ics").write_bytes(b"")
    (tmp_path / "two.ics").write_bytes(b"<html>")
    with pytest.raises(SourceProblem):
        IcsCalendar("cal", tmp_path, "UTC").read(*MAY)


def test_an_empty_folder_is_an_empty_and_complete_reading(tmp_path: Path) -> None:
    assert IcsCalendar("cal", tmp_path, "UTC").read(*MAY) == Reading(())


def test_a_series_and_its_moved_occurrence_may_lie_in_two_files(tmp_path: Path) -> None:
    override = vevent("RECURRENCE-ID:20260511T090000Z", "DTSTART:20260512T090000Z")
    (tmp_path / "a.ics").write_bytes(wrap(override))
    (tmp_path / "b.ics").write_bytes(wrap(WEEKLY))
    events = IcsCalendar("cal", tmp_path, "UTC").read(*MAY).events
    assert [event.start.day for event in events] == [4, 12, 18, 25]


# --- whatever comes ------------------------------------------------------------------------------------

NAMES = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "SEQUENCE",
    "DTSTAMP",
    "UID",
]
NAMES += [
    "SUMMARY",
    "ATTENDEE;CN=x",
    "ORGANIZER",
    "CATEGORIES",
    "DTSTART;TZID=Europe",
    "DTSTART;VALUE=DATE",
    "BEGIN",
]
VALUES = [
    "20260504T090000Z",
    "20260504",
    "20260504T090000",
    "PT1H",
    "FREQ=DAILY;COUNT=3",
    "VALARM",
    "99991231T235959Z",
]
VALUES += [
    "mailto:a@b.example",
    "FREQ=WEEKLY;UNTIL=20260601",
    "00010101T000000",
    "-1",
    "P1W",
    "20260504T090000Z/PT1H",
]
odd_lines = st.builds(
    "{}:{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=20)
) | st.text(max_size=20)
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quiet
@given(raw=st.binary() | st.binary().map(lambda raw: b"BEGIN:VCALENDAR\n" + raw + b"\nEND:VCALENDAR\n"))
def test_arbitrary_bytes_raise_nothing_but_a_problem(tmp_path: Path, raw: bytes) -> None:
    try:
        read_bytes(tmp_path, raw)
    except SourceProblem as problem:
        assert problem.todo  # noqa: PT017 - a reading is as good an answer as a problem


@quiet
@given(entries=st.lists(st.lists(odd_lines, max_size=8), max_size=3))
def test_odd_entries_never_hide_a_good_one(tmp_path: Path, entries: list[list[str]]) -> None:
    odd = [
        vevent(*[line.encode("utf-8", "replace").decode() for line in lines], uid="odd") for lines in entries
    ]
    reading = read_bytes(tmp_path, wrap(*odd, vevent(*WHEN, uid="good")))
    assert "good" in {event.uid for event in reading.events}
    names = [event.occurrence for event in reading.events]
    assert len(names) == len(set(names))
