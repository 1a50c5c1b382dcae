"""What every CalendarSource keeps to, whatever it reads from."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from accounts import keep_sign_in, open_google
from memory import MemoryCalendar
from servers.google import Break, Calendar, Google
from servers.web import Site

from followupd.adapters.feeds import Feed
from followupd.adapters.google_calendar import GoogleCalendar
from followupd.adapters.ics import IcsCalendar
from followupd.errors import SourceProblem
from followupd.model import Answer, Attendee, Event
from followupd.network import Network
from followupd.ports import CalendarSource

MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One VEVENT and the events that it stands for in May 2026."""

    vevent: str
    events: tuple[Event, ...]


COFFEE = Entry(
    "UID:coffee\nSUMMARY:Coffee\nDTSTART:20260504T090000Z\nDTEND:20260504T100000Z\n"
    "ATTENDEE;CN=Bo Example;PARTSTAT=ACCEPTED:mailto:bo@acme.example",
    (
        Event(
            occurrence="coffee",
            calendar="cal",
            uid="coffee",
            title="Coffee",
            start=at(4, 9),
            end=at(4, 10),
            attendees=(Attendee("bo@acme.example", "Bo Example", Answer.ACCEPTED),),
        ),
    ),
)
CALLED_OFF = Entry(
    "UID:mixer\nSUMMARY:Mixer\nDTSTART:20260505T170000Z\nDTEND:20260505T190000Z\nSTATUS:CANCELLED",
    (Event("mixer", "cal", "mixer", "Mixer", at(5, 17), at(5, 19), cancelled=True),),
)
ROUND = Event("round/20260506T060000Z", "cal", "round", "Round", at(6, 6), at(6, 7), series=True)
SECOND_ROUND = replace(ROUND, occurrence="round/20260513T060000Z", start=at(13, 6), end=at(13, 7))
BREAKFASTS = Entry(
    "UID:round\nSUMMARY:Round\nDTSTART:20260506T060000Z\nDTEND:20260506T070000Z\nRRULE:FREQ=WEEKLY;COUNT=2",
    (ROUND, SECOND_ROUND),
)
MOVED_ROUND = replace(SECOND_ROUND, start=at(14, 8), end=at(14, 9))
MOVED = Entry(
    "UID:round\nSUMMARY:Round\nRECURRENCE-ID:20260513T060000Z\nDTSTART:20260514T080000Z\nDTEND:20260514T090000Z",
    (MOVED_ROUND,),
)


@dataclass(frozen=True)
class Case:
    """A source with the two things a test may do to it."""

    source: CalendarSource
    fill: Callable[[list[Entry]], None]
    make_unreachable: Callable[[], None]


def wrap(*entries: Entry) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for entry in entries:
        lines += ["BEGIN:VEVENT", *entry.vevent.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def make_memory(_: Path, __: ExitStack) -> Case:
    source = MemoryCalendar("cal")

    def fill(entries: list[Entry]) -> None:
        events = {event.occurrence: event for entry in entries for event in entry.events}
        source.events = tuple(sorted(events.values(), key=lambda event: event.start))

    def make_unreachable() -> None:
        source.fail = SourceProblem("The calendar “cal” could not be read.", "Look again later.")

    return Case(source, fill, make_unreachable)


def make_file(folder: Path, _: ExitStack) -> Case:
    path = folder / "cal.ics"

    def fill(entries: list[Entry]) -> None:
        path.write_text(wrap(*entries), newline="")

    return Case(IcsCalendar("cal", path, "Europe/Berlin"), fill, path.unlink)


def make_folder(folder: Path, _: ExitStack) -> Case:
    path = folder / "calendars"
    path.mkdir()

    def fill(entries: list[Entry]) -> None:
        for number, entry in enumerate(entries):
            (path / f"{number}.ics").write_text(wrap(entry), newline="")

    return Case(IcsCalendar("cal", path, "Europe/Berlin"), fill, lambda: shutil.rmtree(path))


def make_feed(_: Path, stack: ExitStack) -> Case:
    site = stack.enter_context(Site())
    feed = Feed(f"http://127.0.0.1:{site.port}/s3cret/cal.ics", Network(""), allow_private=True)

    def fill(entries: list[Entry]) -> None:
        site.do = lambda call: call.answer(200, wrap(*entries).encode())

    def make_unreachable() -> None:
        site.do = lambda call: call.answer(503)

    return Case(IcsCalendar("cal", feed, "Europe/Berlin"), fill, make_unreachable)


def make_google(folder: Path, stack: ExitStack) -> Case:
    google = stack.enter_context(Google())
    calendar = google.add_account("ada@example.com").calendar
    keep_sign_in(google, folder, "ada@example.com")
    source = GoogleCalendar("cal", open_google(google, folder), "primary", None, "Europe/Berlin")

    def fill(entries: list[Entry]) -> None:
        for entry in entries:
            fill_one(calendar, read_lines(entry.vevent), lambda: source.read(*MAY))

    return Case(source, fill, lambda: google.faults.order(Break.LOST, times=None))


def read_lines(vevent: str) -> dict[str, str]:
    return {line.partition(":")[0].partition(";")[0]: line.partition(":")[2] for line in vevent.split("\n")}


def fill_one(calendar: Calendar, lines: dict[str, str], look: Callable[[], object]) -> None:
    """Do in a Google calendar what a VEVENT says; deletions there say nothing but a name, so one is seen before it."""
    event_id = lines["UID"].encode().hex()
    start, end = (datetime.fromisoformat(lines[name]).isoformat() for name in ("DTSTART", "DTEND"))
    if "RECURRENCE-ID" in lines:
        calendar.move(f"{event_id}_{lines['RECURRENCE-ID']}", start, end)
        return
    guest = {"email": "bo@acme.example", "displayName": "Bo Example", "responseStatus": "accepted"}
    more = {"recurrence": [f"RRULE:{lines['RRULE']}"]} if "RRULE" in lines else {}
    guests = [guest] if "ATTENDEE" in lines else []
    names = {"id": event_id, "iCalUID": lines["UID"], "summary": lines["SUMMARY"]}
    calendar.add(start, end, zone="UTC", guests=guests, **names, **more)
    if lines.get("STATUS") == "CANCELLED":
        look()
        calendar.cancel(event_id)


@pytest.fixture(params=[make_memory, make_file, make_folder, make_feed, make_google])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with ExitStack() as stack:
        yield request.param(tmp_path, stack)


def test_all_that_is_known_of_an_event_is_returned(case: Case) -> None:
    case.fill([COFFEE])
    reading = case.source.read(*MAY)
    assert reading.events == COFFEE.events
    assert (reading.skipped, reading.complete) == ((), True)


def test_a_clock_is_compared_only_where_a_server_was_asked(case: Case) -> None:
    case.fill([COFFEE])
    case.source.read(*MAY)
    drift = case.source.drift
    assert drift is None or abs(drift) < timedelta(seconds=30)  # the server is this computer


def test_a_calendar_without_events_is_an_empty_and_complete_reading(case: Case) -> None:
    case.fill([])
    reading = case.source.read(*MAY)
    assert (reading.events, reading.complete) == ((), True)


@pytest.mark.parametrize(
    ("start", "end", "touched"),
    [
        (at(4, 8), at(4, 8, 59), False),
        (at(4, 8), at(4, 9), True),
        (at(4, 9, 10), at(4, 9, 20), True),
        (at(4, 10), at(4, 11), True),
        (at(4, 10, 1), at(4, 11), False),
    ],
)
def test_an_event_counts_when_it_touches_the_window(
    case: Case, start: datetime, end: datetime, touched: bool
) -> None:
    case.fill([COFFEE])
    assert bool(case.source.read(start, end).events) is touched


@pytest.mark.parametrize(
    ("start", "end", "touched"),
    [
        (at(13, 5), at(13, 5, 59), False),
        (at(13, 5), at(13, 6), True),
        (at(13, 7), at(13, 8), True),
        (at(13, 7, 1), at(13, 8), False),
    ],
)
def test_an_occurrence_counts_when_it_touches_the_window(
    case: Case, start: datetime, end: datetime, touched: bool
) -> None:
    case.fill([BREAKFASTS])
    assert case.source.read(start, end).events == ((SECOND_ROUND,) if touched else ())


def test_a_cancelled_event_stays_and_says_so(case: Case) -> None:
    case.fill([CALLED_OFF])
    assert case.source.read(*MAY).events == CALLED_OFF.events


def test_events_come_in_the_order_in_which_they_start(case: Case) -> None:
    case.fill([BREAKFASTS, CALLED_OFF, COFFEE])
    expected = (*COFFEE.events, *CALLED_OFF.events, ROUND, SECOND_ROUND)
    assert case.source.read(*MAY).events == expected
    assert case.source.read(*MAY).events == expected


def test_every_occurrence_has_a_name_of_its_own(case: Case) -> None:
    case.fill([BREAKFASTS, COFFEE])
    names = [event.occurrence for event in case.source.read(*MAY).events]
    assert names == ["coffee", "round/20260506T060000Z", "round/20260513T060000Z"]


def test_a_moved_occurrence_keeps_its_name(case: Case) -> None:
    case.fill([BREAKFASTS, MOVED])
    assert case.source.read(*MAY).events == (ROUND, MOVED_ROUND)


def test_every_instant_is_in_utc(case: Case) -> None:
    case.fill([BREAKFASTS, COFFEE])
    events = case.source.read(*MAY).events
    assert {zone for event in events for zone in (event.start.tzinfo, event.end.tzinfo)} == {UTC}


def test_a_calendar_out_of_reach_is_a_problem_and_never_an_empty_reading(case: Case) -> None:
    case.fill([COFFEE])
    case.make_unreachable()
    with pytest.raises(SourceProblem) as caught:
        case.source.read(*MAY)
    assert "cal" in caught.value.what
    assert caught.value.todo
    assert caught.value.temporary
