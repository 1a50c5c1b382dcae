"""The stand-in's calendars behave as Google's do, line by line."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from servers.google import Account, Google
from servers.google.asking import Asking
from servers.google.calendars import Calendar

WRITE = "https://www.googleapis.com/auth/calendar.events"
READ = "https://www.googleapis.com/auth/calendar.events.readonly"
LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
ADA = "ada@example.com"
EVENTS = "calendar/v3/calendars/primary/events"
MAY = {"timeMin": "2026-05-01T00:00:00Z", "timeMax": "2026-06-01T00:00:00Z"}
WEEKLY = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"], "zone": "Europe/Berlin"}


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
def ask(google: Google) -> Asking:
    return google.ask_as(ADA, WRITE)


def look(ask: Asking, **query: Any) -> Any:
    reply = ask.get(EVENTS, **query)
    assert reply.status == 200, reply.json
    return reply.json


def names(answer: Any) -> list[str]:
    return [event.get("summary", event["id"]) for event in answer["items"]]


def add_coffee(calendar: Calendar, day: int = 4, **more: Any) -> str:
    start, end = f"2026-05-{day:02d}T09:00:00Z", f"2026-05-{day:02d}T10:00:00Z"
    return str(calendar.add(start, end, **({"summary": "Coffee"} | more))["id"])


def add_round(calendar: Calendar, **more: Any) -> str:
    return str(
        calendar.add(
            "2026-05-06T08:00:00+02:00", "2026-05-06T09:00:00+02:00", summary="Round", **(WEEKLY | more)
        )["id"]
    )


# --- lists and their windows


@pytest.mark.parametrize("time", ["2026-05-01", "2026-05-01T00:00:00", "yesterday", "2026-05-01 00:00:00Z"])
def test_a_time_without_an_offset_is_refused(google: Google, ask: Asking, time: str) -> None:
    assert ask.get(EVENTS, timeMin=time).status == 400
    google.mistakes.clear()


@pytest.mark.parametrize("end", ["2026-05-01T00:00:00Z", "2026-04-30T00:00:00Z", "2026-05-01T02:00:00+02:00"])
def test_an_empty_window_is_refused(ask: Asking, end: str) -> None:
    reply = ask.get(EVENTS, timeMin="2026-05-01T00:00:00Z", timeMax=end)
    assert (reply.status, reply.reason) == (400, "timeRangeEmpty")


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-05-04T08:00:00Z", "2026-05-04T09:00:00Z", False),
        ("2026-05-04T08:00:00Z", "2026-05-04T09:00:01Z", True),
        ("2026-05-04T10:00:00Z", "2026-05-04T11:00:00Z", False),
        ("2026-05-04T09:59:59Z", "2026-05-04T11:00:00Z", True),
        ("2026-05-04T11:59:59+02:00", "2026-05-04T12:30:00+02:00", True),
    ],
)
def test_the_window_is_end_after_its_start_and_start_before_its_end(
    ask: Asking, mine: Calendar, start: str, end: str, found: bool
) -> None:
    add_coffee(mine)
    assert bool(look(ask, timeMin=start, timeMax=end)["items"]) is found


def test_a_page_holds_250_events_unless_told_otherwise_and_2500_at_most(ask: Asking, mine: Calendar) -> None:
    for number in range(2510):
        add_coffee(mine, id=f"e{number:05d}")
    assert [len(look(ask, **query)["items"]) for query in ({}, {"maxResults": 7}, {"maxResults": 9999})] == [
        250,
        7,
        2500,
    ]


def test_pages_follow_one_another_and_only_the_last_has_a_sync_token(ask: Asking, mine: Calendar) -> None:
    ids = [add_coffee(mine) for _ in range(3)]
    first = look(ask, maxResults=2)
    second = look(ask, maxResults=2, pageToken=first["nextPageToken"])
    assert [event["id"] for event in first["items"] + second["items"]] == ids
    assert ("nextSyncToken" in first, "nextSyncToken" in second) == (False, True)
    assert "nextPageToken" not in second


def test_a_page_may_be_empty_and_not_the_last(ask: Asking, mine: Calendar) -> None:
    add_coffee(mine)
    mine.empty_pages = 2
    first = look(ask)
    second = look(ask, pageToken=first["nextPageToken"])
    third = look(ask, pageToken=second["nextPageToken"])
    assert [names(page) for page in (first, second, third)] == [[], [], ["Coffee"]]


def test_order_by_start_needs_single_events(ask: Asking, mine: Calendar) -> None:
    add_coffee(mine, 6, summary="later")
    add_coffee(mine, 5, summary="sooner")
    assert ask.get(EVENTS, orderBy="startTime").status == 400
    assert names(look(ask, orderBy="startTime", singleEvents="true")) == ["sooner", "later"]


def test_kinds_of_events_can_be_chosen(ask: Asking, mine: Calendar) -> None:
    add_coffee(mine)
    add_coffee(mine, summary="Focus", eventType="focusTime")
    assert [event["eventType"] for event in look(ask)["items"]] == ["default", "focusTime"]
    assert names(look(ask, eventTypes=["focusTime", "outOfOffice"])) == ["Focus"]


# --- series


def test_a_series_is_one_event_or_its_occurrences(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    (whole,) = look(ask)["items"]
    assert (whole["id"], whole["recurrence"]) == (series, WEEKLY["recurrence"])
    occurrences = look(ask, singleEvents="true", **MAY)["items"]
    assert [event["id"] for event in occurrences] == [
        f"{series}_202605{day}T060000Z" for day in ("06", "13", "20")
    ]
    assert {event["recurringEventId"] for event in occurrences} == {series}
    assert [event["originalStartTime"]["dateTime"] for event in occurrences][1] == "2026-05-13T08:00:00+02:00"
    assert {event["iCalUID"] for event in occurrences} == {whole["iCalUID"]}
    assert all("recurrence" not in event for event in occurrences)


def test_a_series_keeps_its_hour_on_the_wall_when_clocks_change(ask: Asking, mine: Calendar) -> None:
    mine.add("2026-10-21T08:00:00+02:00", "2026-10-21T09:00:00+02:00", **WEEKLY)
    starts = [event["start"]["dateTime"] for event in look(ask, singleEvents="true")["items"]]
    assert starts == ["2026-10-21T08:00:00+02:00", "2026-10-28T08:00:00+01:00", "2026-11-04T08:00:00+01:00"]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=WEEKLY;UNTIL=20260513T060000Z"], ["06", "13"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260513T055959Z"], ["06"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20260513T080000"], ["06", "20"]),
        (["RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20260520T060000Z"], ["06", "13", "20"]),
    ],
)
def test_the_lines_of_a_series_are_understood(
    ask: Asking, mine: Calendar, lines: list[str], days: list[str]
) -> None:
    add_round(mine, recurrence=lines)
    occurrences = look(ask, singleEvents="true", **MAY)["items"]
    assert [event["start"]["dateTime"][8:10] for event in occurrences] == days


def test_a_series_of_whole_days_is_named_by_days(ask: Asking, mine: Calendar) -> None:
    series = mine.add("2026-05-06", "2026-05-07", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])["id"]
    occurrences = look(ask, singleEvents="true")["items"]
    assert [event["id"] for event in occurrences] == [f"{series}_20260506", f"{series}_20260513"]
    assert occurrences[1]["originalStartTime"] == {"date": "2026-05-13"}


def test_a_moved_occurrence_keeps_its_names(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    mine.move(f"{series}_20260513T060000Z", "2026-05-14T10:00:00+02:00", "2026-05-14T11:00:00+02:00")
    moved = ask.get(f"{EVENTS}/{series}_20260513T060000Z").json
    assert moved["start"]["dateTime"] == "2026-05-14T10:00:00+02:00"
    assert (moved["recurringEventId"], moved["originalStartTime"]["dateTime"]) == (
        series,
        "2026-05-13T08:00:00+02:00",
    )
    occurrences = look(ask, singleEvents="true", orderBy="startTime", **MAY)["items"]
    assert [event["start"]["dateTime"][8:10] for event in occurrences] == ["06", "14", "20"]


def test_a_cancelled_occurrence_is_told_by_its_names_alone(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    mine.cancel(f"{series}_20260513T060000Z")
    assert len(look(ask, singleEvents="true", **MAY)["items"]) == 2
    (gone,) = [
        event
        for event in look(ask, singleEvents="true", showDeleted="true", **MAY)["items"]
        if event["status"] == "cancelled"
    ]
    assert gone.keys() == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}


def test_this_and_following_splits_the_series_in_two(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine, recurrence=["RRULE:FREQ=WEEKLY"])
    new = mine.split(series, "2026-05-20T08:00:00+02:00", summary="New round")
    occurrences = look(ask, singleEvents="true", orderBy="startTime", **MAY)["items"]
    assert [event["recurringEventId"] for event in occurrences] == [series] * 2 + [new["id"]] * 2
    assert new["iCalUID"] != mine.get(series)["iCalUID"]


# --- syncs


def sync(ask: Asking, **query: Any) -> str:
    return str(look(ask, **query)["nextSyncToken"])


def test_a_sync_tells_only_what_changed_and_deletions_always(ask: Asking, mine: Calendar) -> None:
    kept, gone, changed = (add_coffee(mine) for _ in range(3))
    token = sync(ask, **MAY)
    assert look(ask, syncToken=token)["items"] == []
    mine.cancel(gone)
    mine.change(changed, summary="Tea")
    told = look(ask, syncToken=token)
    assert kept not in [event["id"] for event in told["items"]]
    assert told["items"][0].keys() == {"kind", "etag", "id", "status"}
    assert [(event["id"], event["status"]) for event in told["items"]] == [
        (gone, "cancelled"),
        (changed, "confirmed"),
    ]
    assert look(ask, syncToken=told["nextSyncToken"])["items"] == []


def test_what_came_and_went_between_two_syncs_is_not_told(ask: Asking, mine: Calendar) -> None:
    token = sync(ask)
    mine.cancel(add_coffee(mine))
    assert look(ask, syncToken=token)["items"] == []


def test_a_deleted_series_is_told_occurrence_by_occurrence(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    mine.move(f"{series}_20260513T060000Z", "2026-05-14T10:00:00+02:00", "2026-05-14T11:00:00+02:00")
    token = sync(ask, singleEvents="true", **MAY)
    mine.cancel(series)
    told = look(ask, singleEvents="true", syncToken=token)["items"]
    assert {event["id"] for event in told} == {f"{series}_202605{day}T060000Z" for day in ("06", "13", "20")}
    assert {event["status"] for event in told} == {"cancelled"}
    assert all({"recurringEventId", "originalStartTime"} <= event.keys() for event in told)


def test_a_series_cut_short_tells_what_is_left_and_what_is_gone(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    token = sync(ask, singleEvents="true", **MAY)
    mine.change(series, recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    told = {
        event["id"][-16:]: event["status"]
        for event in look(ask, singleEvents="true", syncToken=token)["items"]
    }
    assert told == {
        "20260506T060000Z": "confirmed",
        "20260513T060000Z": "confirmed",
        "20260520T060000Z": "cancelled",
    }


def test_a_sync_knows_nothing_of_a_series_beyond_its_first_window(ask: Asking, mine: Calendar) -> None:
    token = sync(ask, singleEvents="true", **MAY)
    add_round(mine, recurrence=["RRULE:FREQ=WEEKLY"])
    told = look(ask, singleEvents="true", syncToken=token)["items"]
    assert [event["start"]["dateTime"][5:10] for event in told] == ["05-06", "05-13", "05-20", "05-27"]


@pytest.mark.parametrize(
    "unfit",
    [
        {"timeMin": "2026-05-01T00:00:00Z"}, {"timeMax": "2026-06-01T00:00:00Z"}, {"q": "coffee"}, {"iCalUID": "x"},
        {"updatedMin": "2026-05-01T00:00:00Z"}, {"orderBy": "updated"}, {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"}, {"showDeleted": "false"}, {"singleEvents": "true"}, {"maxAttendees": 2},
    ],
)  # fmt: skip
def test_a_sync_token_goes_with_the_parameters_of_its_list_alone(ask: Asking, unfit: dict[str, Any]) -> None:
    token = sync(ask)
    assert ask.get(EVENTS, syncToken=token, **unfit).status == 400
    assert ask.get(EVENTS, syncToken=token, maxResults=3, fields="nextSyncToken").status == 200


@pytest.mark.parametrize(
    "query", [{"q": "x"}, {"orderBy": "updated"}, {"updatedMin": "2026-05-01T00:00:00Z"}, {"iCalUID": "x"}]
)
def test_a_list_that_cannot_be_synced_gives_no_token(ask: Asking, query: dict[str, Any]) -> None:
    assert "nextSyncToken" not in look(ask, **query)


def test_an_old_sync_token_is_gone_and_a_full_list_has_no_tombstones(ask: Asking, mine: Calendar) -> None:
    gone, kept = add_coffee(mine), add_coffee(mine)
    token = sync(ask)
    mine.cancel(gone)
    mine.expire_sync_tokens()
    reply = ask.get(EVENTS, syncToken=token)
    assert (reply.status, reply.reason) == (410, "fullSyncRequired")
    assert [event["id"] for event in look(ask)["items"]] == [kept]


def test_a_token_can_grow_old_between_two_pages(ask: Asking, mine: Calendar) -> None:
    for _ in range(2):
        add_coffee(mine)
    page = look(ask, maxResults=1)
    mine.expire_sync_tokens()
    assert ask.get(EVENTS, maxResults=1, pageToken=page["nextPageToken"]).status == 410


def test_what_changes_while_pages_are_read_is_told_by_the_next_sync(ask: Asking, mine: Calendar) -> None:
    first, _ = add_coffee(mine), add_coffee(mine)
    page = look(ask, maxResults=1)
    mine.change(first, summary="Tea")
    token = look(ask, maxResults=1, pageToken=page["nextPageToken"])["nextSyncToken"]
    assert names(look(ask, syncToken=token)) == ["Tea"]


@pytest.mark.parametrize("token", ["nonsense", "WzFd", ""])
def test_a_made_up_token_is_refused_or_nothing(ask: Asking, token: str) -> None:
    assert ask.get(EVENTS, syncToken=token).status == (400 if token else 200)


# --- guests and who sees what


def test_every_guest_has_an_answer_and_the_calendars_own_is_marked(ask: Asking, mine: Calendar) -> None:
    mine.owners.add("ada@home.example")
    add_coffee(mine, guests=["bo@acme.example", {"email": "ada@home.example", "responseStatus": "accepted"}])
    (event,) = look(ask)["items"]
    assert event["attendees"] == [
        {"email": "bo@acme.example", "responseStatus": "needsAction"},
        {"email": "ada@home.example", "responseStatus": "accepted", "self": True},
    ]
    assert event["organizer"] == {"email": ADA, "self": True}


def test_a_hidden_guest_list_shows_oneself_alone(ask: Asking, mine: Calendar) -> None:
    host = {"email": "host@club.example"}
    add_coffee(mine, guests=["bo@acme.example", ADA], organizer=host, guestsCanSeeOtherGuests=False)
    (event,) = look(ask)["items"]
    assert ([guest["email"] for guest in event["attendees"]], event["attendeesOmitted"]) == ([ADA], True)


def test_too_many_guests_leave_oneself_alone(ask: Asking, mine: Calendar) -> None:
    add_coffee(mine, guests=["bo@acme.example", "cy@acme.example", ADA])
    (event,) = look(ask, maxAttendees=2)["items"]
    assert ([guest["email"] for guest in event["attendees"]], event["attendeesOmitted"]) == ([ADA], True)
    (event,) = look(ask, maxAttendees=3)["items"]
    assert (len(event["attendees"]), "attendeesOmitted" in event) == (3, False)


def test_other_calendars_are_seen_by_role_and_private_events_there_say_little(
    google: Google, ask: Asking, ada: Account
) -> None:
    club = google.add_calendar("club@group.calendar.google.com", "Club")
    path = "calendar/v3/calendars/club@group.calendar.google.com/events"
    assert ask.get(path).status == 404
    ada.see(club)
    add_coffee(club, visibility="private")
    (event,) = ask.get(path).json["items"]
    assert (event["visibility"], "summary" in event) == ("private", False)
    assert ask.post(path, {}).status == 403


def test_the_list_of_calendars_names_each_with_its_role(google: Google, ada: Account) -> None:
    ada.see(google.add_calendar("club@group.calendar.google.com", "Club"))
    ask = google.ask_as(ADA, LIST)
    entries = ask.get("calendar/v3/users/me/calendarList").json["items"]
    assert [(entry["summary"], entry["accessRole"], entry.get("primary", False)) for entry in entries] == [
        (ADA, "owner", True),
        ("Club", "reader", False),
    ]
    owned = ask.get("calendar/v3/users/me/calendarList", minAccessRole="owner").json["items"]
    assert [entry["id"] for entry in owned] == [ADA]
    assert ask.get(f"calendar/v3/users/me/calendarList/{ADA}").json["timeZone"] == "Europe/Berlin"
    page = ask.get("calendar/v3/users/me/calendarList", maxResults=1).json
    assert ("nextPageToken" in page, "nextSyncToken" in page) == (True, False)


def test_reading_events_is_no_leave_to_write_them(google: Google, mine: Calendar) -> None:
    event = add_coffee(mine)
    reader = google.ask_as(ADA, READ)
    assert reader.get(EVENTS).status == 200
    replies = [
        reader.post(EVENTS, {}),
        reader.delete(f"{EVENTS}/{event}"),
        reader.get("calendar/v3/users/me/calendarList"),
    ]
    assert {(reply.status, reply.reason) for reply in replies} == {(403, "insufficientPermissions")}


# --- writing


def test_an_own_id_can_be_given_once(ask: Asking) -> None:
    event = {
        "id": "fup0001",
        "start": {"dateTime": "2026-05-04T09:00:00Z"},
        "end": {"dateTime": "2026-05-04T10:00:00Z"},
    }
    assert ask.post(EVENTS, event).json["id"] == "fup0001"
    reply = ask.post(EVENTS, event)
    assert (reply.status, reply.reason) == (409, "duplicate")
    assert ask.post(EVENTS, event | {"id": "Not-Allowed"}).status == 400
    assert ask.post(EVENTS, {"summary": "no times"}).status == 400


def test_deleting_twice_is_gone(ask: Asking, mine: Calendar) -> None:
    event = add_coffee(mine)
    assert ask.delete(f"{EVENTS}/{event}").status == 204
    reply = ask.delete(f"{EVENTS}/{event}")
    assert (reply.status, reply.reason) == (410, "deleted")
    assert ask.get(f"{EVENTS}/{event}").json["status"] == "cancelled"


def test_every_change_changes_the_etag_which_guards_writes(ask: Asking, mine: Calendar) -> None:
    event = add_coffee(mine)
    before = ask.get(f"{EVENTS}/{event}")
    after = ask.patch(f"{EVENTS}/{event}", {"summary": "Tea"})
    assert before.headers["ETag"] == before.json["etag"] != after.json["etag"]
    stale = ask.ask("PATCH", f"{EVENTS}/{event}", {}, {"summary": "Milk"}, If_Match=before.json["etag"])
    assert (stale.status, stale.reason) == (412, "conditionNotMet")
    assert (
        ask.ask("PATCH", f"{EVENTS}/{event}", {}, {"summary": "Milk"}, If_Match=after.json["etag"]).status
        == 200
    )


def test_an_unknown_event_is_not_found(ask: Asking, mine: Calendar) -> None:
    series = add_round(mine)
    assert [ask.get(f"{EVENTS}/{name}").status for name in ("nothing", f"{series}_20260507T060000Z")] == [
        404,
        404,
    ]


def test_time_goes_on_in_updated_alone_when_told(google: Google, mine: Calendar) -> None:
    event = add_coffee(mine)
    google.clock.go_on(timedelta(minutes=5))
    changed = mine.change(event, summary="Tea")
    assert (changed["created"], changed["updated"]) == (
        "2026-05-04T08:00:00.000Z",
        "2026-05-04T08:05:00.000Z",
    )
