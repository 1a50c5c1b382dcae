"""A Google calendar over a server that behaves as Google's: what is read, what is asked for, and what may go wrong."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from accounts import keep_sign_in, open_google
from servers.google import Account, Answer, Break, Calendar, Google

from followupd.adapters.copies import Kept
from followupd.adapters.google_calendar import GoogleCalendar
from followupd.adapters.google_transport import Google as Calls
from followupd.adapters.ics import IcsCalendar
from followupd.errors import SourceProblem
from followupd.model import Answer as Said
from followupd.model import Attendee, Event, GuestKind

ADA = "ada@example.com"
BO = {"email": "bo@acme.example", "displayName": "Bo Example", "responseStatus": "accepted"}
MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
LIST = "calendar.events.list"
PATH = "/events$"
WEEKLY = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"], "zone": "Europe/Berlin", "summary": "Round"}


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account(ADA)
        yield google


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def mine(ada: Account) -> Calendar:
    return ada.calendar


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calendars" / "mine"


@pytest.fixture
def calls(google: Google, tmp_path: Path) -> Calls:
    """The way to an account that is signed in."""
    keep_sign_in(google, tmp_path / "sign-ins", ADA)
    return open_google(google, tmp_path / "sign-ins")


@pytest.fixture
def open_source(calls: Calls, file: Path) -> Callable[..., GoogleCalendar]:
    """Return what starts the program anew over the same file."""

    def open_one(calendar: str = "primary", *, listed: bool = False) -> GoogleCalendar:
        return GoogleCalendar("work", calls, calendar, file, "Europe/Berlin", listed=listed)

    return open_one


@pytest.fixture
def source(open_source: Callable[..., GoogleCalendar]) -> GoogleCalendar:
    return open_source()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


def add_coffee(calendar: Calendar, day: int = 4, **more: Any) -> str:
    times = (f"2026-05-{day:02d}T11:00:00+02:00", f"2026-05-{day:02d}T12:00:00+02:00")
    return str(calendar.add(*times, **({"summary": "Coffee"} | more))["id"])


def add_round(calendar: Calendar, **more: Any) -> str:
    return str(
        calendar.add("2026-05-06T08:00:00+02:00", "2026-05-06T09:00:00+02:00", **(WEEKLY | more))["id"]
    )


def read(source: GoogleCalendar) -> tuple[Event, ...]:
    return source.read(*MAY).events


def read_one(source: GoogleCalendar) -> Event:
    (event,) = read(source)
    return event


def syncs(google: Google) -> list[bool]:
    """Return of each list that was asked for whether it asked for changes alone."""
    return ["syncToken" in seen.query for seen in google.requests if seen.method == LIST]


# --- what is read


def test_everything_that_is_told_of_an_event_is_understood(source: GoogleCalendar, mine: Calendar) -> None:
    guests = [BO, {"email": ADA, "responseStatus": "accepted", "displayName": "Ada"}]
    host = {"email": "host@club.example", "displayName": "Host"}
    event_id = add_coffee(
        mine,
        guests=guests,
        organizer=host,
        location="Café  Nord",
        description="Come\r\nearly",
        status="tentative",
    )
    assert read_one(source) == Event(
        occurrence=f"{event_id}@google.com",
        calendar="work",
        uid=f"{event_id}@google.com",
        title="Coffee",
        start=at(4, 9),
        end=at(4, 10),
        tentative=True,
        description="Come\nearly",
        location="Café Nord",
        attendees=(
            Attendee("bo@acme.example", "Bo Example", Said.ACCEPTED),
            Attendee(ADA, "Ada", Said.ACCEPTED, owner=True),
            Attendee("host@club.example", "Host", Said.ACCEPTED, organizer=True),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"visibility": "private"}, {"private"}),
        ({"visibility": "confidential"}, {"private"}),
        ({"visibility": "public"}, set()),
        ({"transparency": "transparent"}, {"free"}),
        ({"eventType": "focusTime"}, {"blocked"}),
        ({"eventType": "outOfOffice"}, {"blocked"}),
        ({"eventType": "workingLocation"}, {"blocked"}),
        ({"eventType": "birthday"}, {"blocked"}),
        ({"eventType": "fromGmail"}, set()),
        ({"attendeesOmitted": True}, {"hidden"}),
        ({"guests": [{"email": "all@acme.example", "asyncOperation": "inProgress"}]}, {"hidden"}),
        ({"guestsCanSeeOtherGuests": False}, set()),
        ({"guestsCanSeeOtherGuests": False, "organizer": {"email": "host@club.example"}, "guests": [ADA, BO]}, {"hidden"}),
    ],
)  # fmt: skip
def test_what_google_says_of_an_event_beside_its_words(
    source: GoogleCalendar, mine: Calendar, fields: dict[str, Any], flags: set[str]
) -> None:
    add_coffee(mine, **fields)
    event = read_one(source)
    found = {
        "private": event.private,
        "free": not event.busy,
        "blocked": event.blocked,
        "hidden": event.guests_hidden,
    }
    assert {name for name, holds in found.items() if holds} == flags


@pytest.mark.parametrize(
    ("person", "kind"),
    [
        ({"email": "bo@acme.example"}, GuestKind.INDIVIDUAL),
        ({"email": "hall@acme.example", "resource": True}, GuestKind.ROOM),
        ({"email": "c_1@resource.calendar.google.com"}, GuestKind.ROOM),
        ({"email": "c_1@group.calendar.google.com"}, GuestKind.GROUP),
    ],
)
def test_rooms_and_calendars_are_no_people(
    source: GoogleCalendar, mine: Calendar, person: dict[str, Any], kind: GuestKind
) -> None:
    add_coffee(mine, guests=[person])
    assert [guest.kind for guest in read_one(source).attendees] == [kind]


@pytest.mark.parametrize(
    ("said", "answer"),
    [("accepted", Said.ACCEPTED), ("tentative", Said.TENTATIVE), ("declined", Said.DECLINED), ("needsAction", Said.NEEDS_ACTION)],
)  # fmt: skip
def test_answers(source: GoogleCalendar, mine: Calendar, said: str, answer: Said) -> None:
    add_coffee(mine, guests=[BO | {"responseStatus": said}])
    assert [guest.answer for guest in read_one(source).attendees] == [answer]


def test_an_organiser_who_is_a_guest_keeps_the_answer_and_one_who_is_the_calendar_is_no_guest(
    source: GoogleCalendar, mine: Calendar
) -> None:
    mine.owners.add("ada@home.example")
    add_coffee(mine, 4, guests=[BO])
    add_coffee(mine, 5, guests=[BO, {"email": ADA, "responseStatus": "needsAction"}])
    own, guest = read(source)
    assert [person.email for person in own.attendees] == ["bo@acme.example"]
    assert guest.attendees[1] == Attendee(ADA, "", Said.NEEDS_ACTION, organizer=True, owner=True)


def test_who_spoofs_the_owner_as_organiser_is_not_marked(source: GoogleCalendar, mine: Calendar) -> None:
    add_coffee(mine, organizer={"email": "ada@home.example"}, guests=[ADA])
    assert [(person.email, person.owner) for person in read_one(source).attendees] == [
        (ADA, True),
        ("ada@home.example", False),
    ]


def test_whole_days_are_days_of_the_calendars_own_zone(
    google: Google, ada: Account, open_source: Callable[..., GoogleCalendar]
) -> None:
    fair = google.add_calendar("fair@group.calendar.google.com", "Fair", "America/New_York")
    ada.see(fair)
    fair.add("2026-05-04", "2026-05-05", summary="Fair")
    event = read_one(open_source(fair.id))
    assert (event.start, event.end, event.all_day) == (at(4, 4), at(5, 4), True)


def test_5000_guests_are_read(source: GoogleCalendar, mine: Calendar) -> None:
    add_coffee(mine, guests=[f"guest{number}@acme.example" for number in range(5000)])
    assert len(read_one(source).attendees) == 5000


def test_what_strangers_wrote_comes_without_control_characters(
    source: GoogleCalendar, mine: Calendar
) -> None:
    add_coffee(
        mine,
        summary="Coffee\r\nBcc: eve@evil.example\x1b[31m",
        guests=[BO | {"displayName": "Bo\u2028Example"}],
    )
    event = read_one(source)
    assert (event.title, event.attendees[0].name) == ("Coffee Bcc: eve@evil.example [31m", "Bo Example")


def test_half_a_character_does_no_harm(open_source: Callable[..., GoogleCalendar], mine: Calendar) -> None:
    odd = "Café \ud800"
    add_coffee(
        mine,
        summary=odd,
        location=odd,
        description=odd,
        guests=[{"email": "b\ud800@acme.example", "displayName": odd}],
    )
    for source in (open_source(), open_source()):
        event = read_one(source)
        assert (event.title, event.location, event.description) == ("Café",) * 3
        assert event.attendees == (Attendee(None, "Café", Said.NEEDS_ACTION),)


def test_an_event_that_makes_no_sense_is_named_and_hides_no_other(
    source: GoogleCalendar, mine: Calendar
) -> None:
    add_coffee(mine)
    add_coffee(mine, summary="Backwards", end={"dateTime": "2026-05-04T08:00:00Z"})
    reading = source.read(*MAY)
    assert [event.title for event in reading.events] == ["Coffee"]
    assert [(one.where, one.why) for one in reading.skipped] == [
        ("work: Backwards", "it ends before it starts")
    ]


def test_a_list_of_public_events_marks_nobody_as_owner_and_says_so(
    open_source: Callable[..., GoogleCalendar], google: Google, ada: Account
) -> None:
    club = google.add_calendar("club@group.calendar.google.com", "Club")
    ada.see(club)
    add_coffee(club, guests=["club@group.calendar.google.com"])
    event = read_one(open_source(club.id, listed=True))
    assert (event.listed, [person.owner for person in event.attendees]) == (True, [False])


# --- names of occurrences


def test_occurrences_are_named_by_series_and_the_time_they_were_planned_for(
    source: GoogleCalendar, mine: Calendar
) -> None:
    series = add_round(mine)
    before = [event.occurrence for event in read(source)]
    assert before == [f"{series}@google.com/202605{day}T060000Z" for day in ("06", "13", "20")]
    for hour in range(10, 20):
        mine.move(f"{series}_20260513T060000Z", f"2026-05-14T{hour}:00:00Z", f"2026-05-14T{hour + 1}:00:00Z")
        moved = read(source)[1]
        assert (moved.occurrence, moved.start) == (before[1], at(14, hour))
    assert [event.occurrence for event in read(source)] == before


def test_an_ics_export_gives_the_same_names(source: GoogleCalendar, mine: Calendar, tmp_path: Path) -> None:
    add_coffee(mine, id="coffee")
    add_round(mine, id="round")
    mine.move("round_20260513T060000Z", "2026-05-14T10:00:00+02:00", "2026-05-14T11:00:00+02:00")
    mine.add("2026-05-25", "2026-05-26", id="fair0", summary="Fair", recurrence=["RRULE:FREQ=WEEKLY;COUNT=1"])
    export = tmp_path / "export.ics"
    export.write_text(EXPORT.replace("\n", "\r\n"), newline="")
    exported = IcsCalendar("work", export, "Europe/Berlin").read(*MAY).events
    assert read(source) == exported


EXPORT = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:coffee@google.com
SUMMARY:Coffee
DTSTART:20260504T090000Z
DTEND:20260504T100000Z
END:VEVENT
BEGIN:VEVENT
UID:round@google.com
SUMMARY:Round
DTSTART;TZID=Europe/Berlin:20260506T080000
DTEND;TZID=Europe/Berlin:20260506T090000
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:round@google.com
RECURRENCE-ID;TZID=Europe/Berlin:20260513T080000
SUMMARY:Round
DTSTART;TZID=Europe/Berlin:20260514T100000
DTEND;TZID=Europe/Berlin:20260514T110000
END:VEVENT
BEGIN:VEVENT
UID:fair0@google.com
SUMMARY:Fair
DTSTART;VALUE=DATE:20260525
DTEND;VALUE=DATE:20260526
RRULE:FREQ=WEEKLY;COUNT=1
END:VEVENT
END:VCALENDAR
"""


def test_one_event_has_one_name_in_three_calendars(google: Google, ada: Account, calls: Calls) -> None:
    found = set()
    for number in range(3):
        calendar = google.add_calendar(f"c{number}@group.calendar.google.com", f"C{number}")
        ada.see(calendar)
        add_coffee(calendar, id=f"c0ffe{number}", iCalUID="coffee@acme.example")
        found.add(read_one(GoogleCalendar("c", calls, calendar.id, None, "UTC")).occurrence)
    assert found == {"coffee@acme.example"}


def test_an_event_that_stands_twice_in_one_calendar_is_told_once_and_alive(
    source: GoogleCalendar, mine: Calendar
) -> None:
    first = add_coffee(mine, iCalUID="coffee@acme.example")
    add_coffee(mine, iCalUID="coffee@acme.example")
    read(source)
    mine.cancel(first)
    assert not read_one(source).cancelled


def test_this_and_following_leaves_the_past_its_names(source: GoogleCalendar, mine: Calendar) -> None:
    series = add_round(mine)
    before = read(source)
    mine.split(series, "2026-05-20T08:00:00+02:00", summary="Late round")
    after = {event.occurrence: event for event in read(source)}
    assert [after[event.occurrence].cancelled for event in before] == [False, False, True]
    assert len(after) == 3 + 2, "two of the new series are in May"


# --- what is asked for


def test_a_first_look_is_one_list_bounded_in_time(
    google: Google, source: GoogleCalendar, mine: Calendar
) -> None:
    add_coffee(mine)
    read(source)
    (seen,) = google.requests
    assert seen.query["timeMin"] == ["2026-04-24T00:00:00+00:00"]
    assert seen.query["timeMax"] == ["2026-07-01T00:00:00+00:00"]


def test_with_nothing_new_one_request_is_made_and_nothing_written(
    google: Google, source: GoogleCalendar, mine: Calendar, file: Path
) -> None:
    add_coffee(mine)
    known = read(source)
    written = file.stat()
    for _ in range(3):
        assert read(source) == known
    assert syncs(google) == [False, True, True, True]
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (written.st_mtime_ns, written.st_ino)
    assert google.quota.heaviest_minute(ADA, "calendar") == 4


def test_only_what_changed_is_asked_for_after_a_restart(
    google: Google, open_source: Callable[..., GoogleCalendar], mine: Calendar
) -> None:
    kept, gone = add_coffee(mine, 4), add_coffee(mine, 5)
    read(open_source())
    mine.cancel(gone)
    changed = add_coffee(mine, 6)
    events = read(open_source())
    assert syncs(google) == [False, True]
    assert [event.occurrence for event in events] == [f"{name}@google.com" for name in (kept, gone, changed)]
    assert [event.cancelled for event in events] == [False, True, False]


def test_a_cancelled_event_keeps_its_words_and_its_guests(source: GoogleCalendar, mine: Calendar) -> None:
    event_id = add_coffee(mine, guests=[BO])
    alive = read_one(source)
    mine.cancel(event_id)
    cancelled = read_one(source)
    assert cancelled.cancelled
    assert (cancelled.title, cancelled.attendees) == (alive.title, alive.attendees)
    mine.change(event_id, status="confirmed")
    assert read_one(source) == alive


def test_a_deletion_that_names_the_series_alone_is_that_of_each_occurrence(
    google: Google, source: GoogleCalendar, mine: Calendar
) -> None:
    series, coffee = add_round(mine), add_coffee(mine)
    read(source)
    gone = {"id": series, "status": "cancelled"}
    body = json.dumps({"timeZone": "Europe/Berlin", "nextSyncToken": "next", "items": [gone]})
    google.faults.order(Answer(200, body.encode(), {"Content-Type": "application/json"}), "GET", PATH)
    found = {event.uid: event.cancelled for event in read(source)}
    assert found == {f"{coffee}@google.com": False, f"{series}@google.com": True}


def test_a_guest_who_declines_or_is_taken_off_shows_at_the_next_look(
    source: GoogleCalendar, mine: Calendar
) -> None:
    event_id = add_coffee(mine, guests=[BO, "cy@acme.example"])
    read(source)
    mine.change(event_id, attendees=[BO | {"responseStatus": "declined"}])
    assert read_one(source).attendees == (Attendee("bo@acme.example", "Bo Example", Said.DECLINED),)


def test_an_event_that_leaves_the_window_and_comes_back_is_followed(
    source: GoogleCalendar, mine: Calendar
) -> None:
    event_id = add_coffee(mine)
    read(source)
    mine.move(event_id, "2027-05-04T11:00:00+02:00", "2027-05-04T12:00:00+02:00")
    assert read(source) == ()
    mine.move(event_id, "2026-05-05T11:00:00+02:00", "2026-05-05T12:00:00+02:00")
    assert read_one(source).start == at(5, 9)


def test_a_series_without_an_end_goes_on_as_time_goes_on(
    google: Google, source: GoogleCalendar, mine: Calendar
) -> None:
    add_round(mine, recurrence=["RRULE:FREQ=WEEKLY"])
    for week in range(10):
        start, end = MAY[0] + timedelta(weeks=week), MAY[1] + timedelta(weeks=week)
        events = source.read(start, end).events
        assert [event.start.isoweekday() for event in events] == [3] * len(events)
        assert len(events) in {4, 5}
    assert syncs(google).count(False) <= 3


def test_looking_further_back_lists_anew(google: Google, source: GoogleCalendar, mine: Calendar) -> None:
    mine.add("2026-03-04T11:00:00Z", "2026-03-04T12:00:00Z", summary="Long ago")
    assert read(source) == ()
    found = source.read(datetime(2026, 3, 1, tzinfo=UTC), MAY[1]).events
    assert [event.title for event in found] == ["Long ago"]
    assert syncs(google) == [False, False]


def test_empty_pages_in_between_are_turned(source: GoogleCalendar, mine: Calendar) -> None:
    add_coffee(mine)
    mine.empty_pages = 3
    assert read_one(source).title == "Coffee"


def test_where_no_token_is_given_all_is_listed_each_time(
    google: Google, source: GoogleCalendar, mine: Calendar
) -> None:
    add_coffee(mine)
    body = b'{"timeZone": "Europe/Berlin", "items": []}'
    google.faults.order(Answer(200, body, {"Content-Type": "application/json"}), "GET", PATH)
    assert read(source) == ()
    assert read_one(source).title == "Coffee"
    assert [("syncToken" in seen.query) for seen in google.requests if seen.path.endswith("/events")] == [
        False,
        False,
    ]


# --- when a token has ended


def test_an_ended_token_is_a_full_list_and_what_it_lacks_is_gone(
    google: Google, source: GoogleCalendar, mine: Calendar
) -> None:
    kept, gone = add_coffee(mine, 4), add_coffee(mine, 5)
    read(source)
    mine.cancel(gone)
    mine.expire_sync_tokens()
    reading = source.read(*MAY)
    assert [event.uid for event in reading.events] == [f"{kept}@google.com"]
    assert reading.complete
    assert syncs(google) == [False, True, False]


@pytest.mark.parametrize("page", range(4))
def test_a_token_may_end_on_any_page(
    google: Google, source: GoogleCalendar, mine: Calendar, page: int
) -> None:
    add_coffee(mine, 4)
    read(source)
    add_coffee(mine, 5)
    mine.empty_pages = 3
    turn = let_pass(google, page)
    google.faults.order(gone(), "GET", PATH)
    assert [event.start.day for event in read(source)] == [4, 5]
    assert turn() == page


def let_pass(google: Google, pages: int) -> Callable[[], int]:
    """Let so many lists go well before the fault that is ordered next; return what counts them."""
    before = google.count(LIST)
    google.faults.skip(pages, "GET", PATH)
    return lambda: min(google.count(LIST) - before, pages)


def gone() -> Answer:
    body = b'{"error": {"code": 410, "message": "Sync token is no longer valid", "errors": [{"reason": "fullSyncRequired"}]}}'
    return Answer(410, body, {"Content-Type": "application/json"})


def test_other_parameters_than_those_of_the_kept_token_list_anew(
    google: Google, open_source: Callable[..., GoogleCalendar], mine: Calendar, file: Path
) -> None:
    add_coffee(mine)
    read(open_source())
    kept = Kept(file, 1024**2)
    mark, *rest = json.loads(kept.read() or b"")
    kept.write(json.dumps([mark[::-1], *rest]).encode())
    assert len(read(open_source())) == 1
    assert syncs(google) == [False, False]


def test_somebody_else_who_signs_in_under_the_same_name_gets_a_list_of_their_own(
    google: Google, source: GoogleCalendar, mine: Calendar, tmp_path: Path
) -> None:
    add_coffee(mine)
    read(source)
    add_coffee(google.add_account("eve@example.com").calendar, summary="Tea")
    keep_sign_in(google, tmp_path / "sign-ins", "eve@example.com")
    assert read_one(source).title == "Tea"
    assert syncs(google) == [False, True, False]


# --- what goes wrong


@pytest.mark.parametrize("page", range(1, 8))
def test_a_page_that_fails_costs_nothing_and_the_next_look_tells_all(
    google: Google, open_source: Callable[..., GoogleCalendar], mine: Calendar, file: Path, page: int
) -> None:
    source = open_source()
    add_coffee(mine, 4)
    before = read(source)
    kept = file.read_bytes()
    add_coffee(mine, 5)
    mine.empty_pages = 6
    google.faults.skip(page - 1, "GET", PATH)
    google.faults.order(Answer(503), "GET", PATH, times=3)
    with pytest.raises(SourceProblem) as caught:
        read(source)
    assert caught.value.temporary
    assert file.read_bytes() == kept
    google.faults.clear()
    google.clock.go_on(timedelta(hours=1))
    assert read(source)[:1] == before
    assert len(read(source)) == 2
    assert len(read(open_source())) == 2


@pytest.mark.parametrize(
    "befalls",
    [Break.HTML, Break.EMPTY, Break.HALF_BODY, Break.BROKEN_JSON, Break.LOST, Break.RESET, Break.GARBAGE],
)
def test_an_answer_that_is_none_is_a_problem_that_passes(
    google: Google, source: GoogleCalendar, mine: Calendar, befalls: Break
) -> None:
    add_coffee(mine)
    read(source)
    google.faults.order(befalls, "GET", PATH, times=3)
    with pytest.raises(SourceProblem, match="work") as caught:
        read(source)
    assert (caught.value.temporary, bool(caught.value.todo)) == (True, True)
    google.faults.clear()
    google.clock.go_on(timedelta(hours=1))
    assert read_one(source).title == "Coffee"


def test_a_calendar_that_is_not_there_waits_for_the_owner(open_source: Callable[..., GoogleCalendar]) -> None:
    with pytest.raises(SourceProblem, match="not there") as caught:
        read(open_source("gone@group.calendar.google.com"))
    assert not caught.value.temporary
    assert "`id`" in caught.value.todo


def test_without_the_permission_the_owner_is_told_how_to_give_it(google: Google, tmp_path: Path) -> None:
    folder = tmp_path / "sign-ins"
    keep_sign_in(google, folder, ADA, "https://www.googleapis.com/auth/gmail.compose")
    calls = open_google(google, folder)
    with pytest.raises(SourceProblem, match="permission") as caught:
        read(GoogleCalendar("work", calls, "primary", None, "UTC"))
    assert "followupd connect google" in caught.value.todo


def test_more_events_than_anybody_has_are_refused_in_words(
    google: Google, calls: Calls, mine: Calendar
) -> None:
    source = GoogleCalendar("work", calls, "primary", None, "UTC", most=10)
    for _ in range(10):
        add_coffee(mine)
    assert len(read(source)) == 10
    add_coffee(mine)
    google.clock.go_on(timedelta(days=1))
    mine.expire_sync_tokens()
    with pytest.raises(SourceProblem, match="more than 10 events"):
        read(source)


# --- the file


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_the_file_is_for_its_owner_alone(
    source: GoogleCalendar, mine: Calendar, file: Path, mask: int
) -> None:
    add_coffee(mine)
    before = os.umask(mask)
    try:
        read(source)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [
        0o600,
        0o700,
    ]


@pytest.mark.parametrize("damage", [b"", b"{}", b"half", None])
def test_a_damaged_file_lists_anew(
    google: Google,
    open_source: Callable[..., GoogleCalendar],
    mine: Calendar,
    file: Path,
    damage: bytes | None,
) -> None:
    add_coffee(mine)
    read(open_source())
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    assert read_one(open_source()).title == "Coffee"
    assert syncs(google) == [False, False]


def test_a_disk_that_is_full_costs_the_file_alone(
    source: GoogleCalendar, mine: Calendar, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.write_text("no folder")
    add_coffee(mine)
    assert read_one(source).title == "Coffee"
    assert "no copy of the calendar work could be kept" in caplog.text
    assert len(read(source)) == 1
