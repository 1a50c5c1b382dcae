"""First sight of an entry: never narrower than what parsing it tells, whatever bytes it is made of."""

from datetime import MAXYEAR, MINYEAR, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followupd.adapters.ics_block import Block, Context
from followupd.adapters.ics_entry import parse_blocks
from followupd.adapters.ics_scan import find_facts, split_calendars, unify_lines, write_day

SLACK = timedelta(days=2)
CONTEXT = Context(ZoneInfo("Europe/Berlin"), withdrawn=False, zones=())


def check_sight(raw: bytes) -> None:
    """Hold what is seen of every entry of a file at first sight against what parsing it tells."""
    raw = unify_lines(raw)
    for calendar in split_calendars(raw):
        for start, end in calendar.events:
            facts = find_facts(raw[start:end])
            block = Block("cal.ics", 1, raw, start, end, CONTEXT, b"", facts)
            for entry in parse_blocks([block], []):
                if entry.span.start.year == MINYEAR or entry.span.end.year == MAXYEAR:
                    continue  # two days more could leave the years that there are
                first, last = entry.span.start - SLACK, entry.span.end + SLACK
                assert facts.days.touch(write_day(first), write_day(last)), raw[start:end]


def see(*lines: str) -> tuple[bytes, bytes]:
    facts = find_facts("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]).encode())
    return facts.days.first, facts.days.last


DAY = "DTSTART;VALUE=DATE:20260504"
NOON = "DTSTART:20260504T120000Z"
ANY = (b"00000000", b"99999999")


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        ((NOON,), (b"20260504", b"20260504")),
        ((NOON, "DTEND:20260506T120000Z"), (b"20260504", b"20260506")),
        (('DTSTART;TZID="(UTC+01:00) Amsterdam":20260504T120000',), (b"20260504", b"20260504")),
        (("DTSTART;TZID=Europe/\r\n Berlin:202605\r\n\t04T120000",), (b"20260504", b"20260504")),
        ((NOON, "BEGIN:VALARM", "DTSTART:19990101", "DURATION:P9W", "END:VALARM"), (b"20260504", b"20260504")),
        # a fortnight, and four days for the minutes and seconds that nobody counted
        ((NOON, "DURATION:P2W"), (b"20260504", b"20260522")),
        # every second day, three times: at most six days on
        ((NOON, "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3"), (b"20260504", b"20260510")),
        ((NOON, "RRULE:FREQ=WEEKLY;UNTIL=20260601T120000Z;BYDAY=MO"), (b"20260504", b"20260601")),
        ((DAY, "DTEND;VALUE=DATE:20260506", "RRULE:UNTIL=20260601;FREQ=DAILY"), (b"20260504", b"20260603")),
        ((NOON, "RRULE:FREQ=MONTHLY"), (b"20260504", ANY[1])),
        # the 31st comes seven times a year, so three of them may take longer than three months
        (("DTSTART:20260531T120000Z", "RRULE:FREQ=MONTHLY;COUNT=3"), (b"20260531", ANY[1])),
        ((NOON, "RRULE:FREQ=WEEKLY;COUNT=3;BYMONTH=2"), (b"20260504", ANY[1])),
        ((NOON, "RRULE:FREQ=DAILY;COUNT=3", "RDATE:20300101T120000Z"), (b"20260504", ANY[1])),
        ((NOON, "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=YEARLY"), (b"20260504", ANY[1])),
        ((NOON, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T120000Z"), ANY),
        (("SUMMARY:no start",), ANY),
        ((NOON, "DTSTART:20270101T120000Z"), ANY),
        (("DTSTART:whenever",), ANY),
        (("DTSTART:20261304T120000Z",), ANY),
        (("DTSTART:19010101T000000Z",), ANY),
        ((NOON, "DTEND:20260501T120000Z"), ANY),
        ((NOON, "DURATION:long"), ANY),
    ],
)  # fmt: skip
def test_the_days_of_an_entry_are_seen(lines: tuple[str, ...], days: tuple[bytes, bytes]) -> None:
    assert see(*lines) == days


def test_an_entry_that_is_cut_short_may_touch_any_day() -> None:
    assert find_facts(b"BEGIN:VEVENT\r\nDTSTART:20260504T120000Z\r\n").days.first == ANY[0]


@pytest.mark.parametrize("lines", [("uid:a\\, b",), ("UID:a\\, \r\n b",), ("UID;X-Y=1:a,  b ",)])
def test_one_uid_is_one_however_it_is_written(lines: tuple[str, ...]) -> None:
    assert find_facts("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]).encode()).uid == b"a, b"


NAMES: tuple[str, ...] = (
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RECURRENCE-ID",
    "dtstart",
    "DTSTART;VALUE=DATE",
    "BEGIN",
    "END",
)
NAMES += ("DTSTART;TZID=Asia/Tokyo", 'DTEND;TZID="a:b"', "UID", "X-A", "RDATE")
VALUES: tuple[str, ...] = (
    "20260504T090000Z",
    "20260504",
    "20260506T090000",
    "PT1H",
    "P3D",
    "P1W2D",
    "-PT1H",
    "PT9999H99999S",
)
VALUES += ("VALARM", "VEVENT", "FREQ=DAILY", "FREQ=DAILY;COUNT=3", "99991231T235959Z", "19700101", "")
lines = st.builds("{}:{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)) | st.text(max_size=8)
joints = st.sampled_from(["\r\n", "\n", "\r\n ", "\n\t", "\r"])


@settings(deadline=None, max_examples=500)
@given(parts=st.lists(st.tuples(lines, joints), max_size=9))
def test_first_sight_is_never_too_narrow(parts: list[tuple[str, str]]) -> None:
    body = "".join(line + joint for line, joint in parts).encode("utf-8", "replace")
    check_sight(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + body + b"\nEND:VEVENT\nEND:VCALENDAR\n")
