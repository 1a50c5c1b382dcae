"""Calendars at Google in the whole program: what ends there becomes a draft at Gmail, and what changes there is followed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from accounts import keep_sign_in
from google_home import ADA, GoogleHome
from servers.google import Account, Calendar, Clock, Google
from servers.google.mail import parse

from followupd.adapters.google_auth import CONTACTS, NEEDED, READING

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
YES = {"email": ADA, "responseStatus": "accepted"}
BO = {"email": "bo@acme.example", "displayName": "Bo Example", "responseStatus": "accepted"}


@pytest.fixture
def google() -> Iterator[Google]:
    with time_machine.travel(NOON, tick=False), Google(Clock(NOON)) as google:
        google.add_account(ADA, "Ada Example")
        yield google


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def home(google: Google, tmp_path: Path) -> GoogleHome:
    return GoogleHome(google, tmp_path, "primary")


def add_breakfast(calendar: Calendar, **more: Any) -> str:
    """Put in a breakfast that ended an hour ago."""
    end = NOON - timedelta(hours=1)
    times = ((end - timedelta(hours=1)).isoformat(), end.isoformat())
    fields = {"summary": "Chamber breakfast", "guests": [YES, BO]} | more
    return str(calendar.add(*times, **fields)["id"])


def test_an_event_at_google_becomes_a_draft_and_one_request_follows_it(
    google: Google, ada: Account, home: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    home.run("once")
    (message,) = [ada.mailbox.messages[name] for name in ada.mailbox.drafts.values()]
    assert message.envelope.addresses() == ["bo@acme.example"]
    before = google.count("calendar.events.list")
    home.run("once")
    assert google.count("calendar.events.list") == before + 1
    assert len(ada.mailbox.drafts) == 1


def test_a_cancelled_event_takes_its_draft_back(ada: Account, home: GoogleHome) -> None:
    event = add_breakfast(ada.calendar)
    home.run("once")
    ada.calendar.cancel(event)
    home.run("once")
    assert home.queue() == [("draft", "withdrawn")]
    assert ada.mailbox.drafts == {}


def test_an_event_cancelled_between_the_yes_and_the_sending_sends_nothing(
    google: Google, ada: Account, home: GoogleHome
) -> None:
    event = add_breakfast(ada.calendar)
    home.run("once")
    home.run("approve", "1", "--now")
    ada.calendar.cancel(event)
    home.run("once")
    assert (google.count("gmail.users.drafts.send"), ada.mailbox.sent_at) == (0, [])


def test_a_token_that_ends_leaves_a_deleted_event_no_way_to_be_missed(ada: Account, home: GoogleHome) -> None:
    event = add_breakfast(ada.calendar)
    add_breakfast(ada.calendar, guests=[YES, {"email": "cy@club.example"}])
    home.run("once")
    ada.calendar.cancel(event)
    ada.calendar.expire_sync_tokens()
    home.run("once")
    assert sorted(status for _, status in home.queue()) == ["drafted", "withdrawn"]
    assert len(ada.mailbox.drafts) == 1


def test_a_list_that_hides_guests_is_asked_about(ada: Account, home: GoogleHome) -> None:
    host = {"email": "host@club.example", "displayName": "Host"}
    add_breakfast(ada.calendar, organizer=host, guestsCanSeeOtherGuests=False)
    home.run("once")
    assert home.queue() == [("debrief", "needs-info")]
    assert "the calendar shows only some of the guests" in home.run("show", "1")
    assert ada.mailbox.drafts == {}


@pytest.mark.parametrize(
    "spam",
    [
        {"organizer": {"email": "eve@evil.example"}, "guests": [ADA, BO]},
        {"organizer": {"email": ADA}, "guests": [{"email": "ada@home.example"}, BO]},
        {"eventType": "focusTime"},
        {"visibility": "private"},
    ],
)
def test_what_the_owner_never_accepted_or_keeps_to_themselves_causes_nothing(
    ada: Account, home: GoogleHome, spam: dict[str, Any]
) -> None:
    ada.calendar.owners = {"ada@home.example"} if spam.get("organizer", {}).get("email") == ADA else {ADA}
    add_breakfast(ada.calendar, **spam)
    home.run("once")
    assert (home.queue(), ada.mailbox.drafts) == ([], {})


def test_people_are_greeted_as_the_owners_contacts_name_them(
    google: Google, ada: Account, tmp_path: Path
) -> None:
    ada.contacts.add("Bobby Example", "bo@acme.example")
    ada.contacts.add("Acme", "cy@club.example")
    home = GoogleHome(google, tmp_path, "primary")
    keep_sign_in(google, tmp_path / "state" / "google", ADA, *NEEDED, CONTACTS)
    cy = {"email": "cy@club.example", "displayName": "Cy Carlsen", "responseStatus": "accepted"}
    add_breakfast(ada.calendar, guests=[YES, BO, cy])
    home.run("once")
    greetings = sorted(read_text(message.raw).splitlines()[0] for message in ada.mailbox.messages.values())
    assert greetings == ["Hi Bobby,", "Hi Cy,"]


def read_text(raw: bytes) -> str:
    body = parse(raw).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_one_event_in_two_calendars_is_one_draft(google: Google, ada: Account, tmp_path: Path) -> None:
    club = google.add_calendar("club@group.calendar.google.com", "Club")
    ada.see(club, "owner")
    for calendar in (ada.calendar, club):
        add_breakfast(calendar, iCalUID="breakfast@acme.example", guests=[YES, BO], organizer={"email": ADA})
    home = GoogleHome(google, tmp_path, "primary", club.id)
    for _ in range(3):
        home.run("once")
    assert home.queue() == [("draft", "drafted")]
    assert len(ada.mailbox.drafts) == 1


def test_disconnecting_leaves_nothing_that_google_gave(ada: Account, home: GoogleHome) -> None:
    add_breakfast(ada.calendar)
    home.run("once")
    assert len(list((home.state / "feeds").iterdir())) == 1
    home.run("disconnect", "google")
    assert list((home.state / "feeds").iterdir()) == []


@pytest.fixture
def reading(google: Google, tmp_path: Path) -> GoogleHome:
    """The same home, whose owner allows their mail to be read."""
    home = GoogleHome(google, tmp_path, "primary")
    keep_sign_in(google, tmp_path / "state" / "google", ADA, *NEEDED, READING)
    return home


def write_by_hand(to: str) -> bytes:
    return f"From: {ADA}\r\nTo: {to}\r\nSubject: Thank you!\r\nMessage-ID: <by-hand@x.example>\r\n\r\nHi.".encode()


def test_whoever_the_owner_wrote_to_by_themselves_gets_no_draft(
    google: Google, ada: Account, reading: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    ada.mailbox.send(write_by_hand("bo@acme.example"))
    reading.run("once")
    assert (reading.queue(), google.count("gmail.users.drafts.create")) == ([("draft", "done")], 0)
    assert "you wrote to them yourself on Tue 01 Dec, 13:00" in reading.run("show", "1")


def test_a_pass_in_which_nothing_is_due_looks_for_no_letters(
    google: Google, ada: Account, reading: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    reading.run("once")
    google.requests.clear()
    with time_machine.travel(NOON + timedelta(minutes=20), tick=False):
        google.clock.go_on(timedelta(minutes=20))
        reading.run("once")
    asked = sorted(seen.method for seen in google.requests if seen.method)
    assert asked == ["calendar.events.list", "gmail.users.drafts.get", "gmail.users.drafts.list"]


def test_an_answer_is_seen_and_an_automatic_one_is_none(
    google: Google, ada: Account, reading: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    reading.run("once")
    reading.run("approve", "1", "--now")
    reading.run("once")
    (sent,) = [message for message in ada.mailbox.messages.values() if "SENT" in message.labels]
    ada.mailbox.receive_auto_reply(sent)
    seen = []
    for hour in (1, 2):
        with time_machine.travel(NOON + timedelta(hours=hour), tick=False):
            google.clock.go_on(timedelta(hours=1))
            reading.run("once")
            seen += reading.queue()
            ada.mailbox.receive_reply(sent, "Nice to hear from you!", sender="Bo Example <bo@acme.example>")
    assert seen == [("draft", "sent"), ("draft", "answered")]
    assert "they wrote back on Tue 01 Dec, 14:00" in reading.run("show", "1")


def test_the_signature_kept_in_gmail_stands_below_the_draft_unless_the_owner_says_no(
    ada: Account, reading: GoogleHome
) -> None:
    ada.mailbox.aliases[ADA]["signature"] = (
        '<div>Ada Example<br><a href="https://example.com">example.com</a></div>'
    )
    add_breakfast(ada.calendar)
    reading.run("once")
    assert reading.run("show", "1", "--json").count("-- \\nAda Example\\nexample.com") == 1

    reading.config.write_text(
        reading.config.read_text().replace('type = "gmail"', 'type = "gmail"\nsignature = false')
    )
    add_breakfast(ada.calendar, guests=[YES, {"email": "cy@club.example"}])
    reading.run("once")
    assert "-- " not in json.loads(reading.run("show", "2", "--json"))["body_text"]


def test_a_follow_up_goes_into_the_conversation_that_led_to_the_meeting_and_says_so(
    ada: Account, reading: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    head = (
        f"From: Bo <bo@acme.example>\r\nTo: {ADA}\r\nSubject: The breakfast\r\nMessage-ID: <b@acme.example>"
    )
    asked = ada.mailbox.receive(f"{head}\r\n\r\nSee you there!".encode())
    reading.run("once")

    assert "drafted (reply)" in reading.run("queue")
    assert json.loads(reading.run("queue", "--json"))["conversation"] == "The breakfast"
    shown = reading.run("show", "1")
    assert "Subject:  Re: The breakfast\nReply:    it goes into your conversation “The breakfast”\n" in shown
    reading.run("approve", "1", "--now")
    reading.run("once")
    (sent,) = [message for message in ada.mailbox.messages.values() if "SENT" in message.labels]
    assert (sent.thread, sent.envelope.one("In-Reply-To")) == (asked.thread, "<b@acme.example>")


def test_what_left_drafts_before_it_was_skipped_is_never_written_a_second_time(
    ada: Account, home: GoogleHome
) -> None:
    add_breakfast(ada.calendar)
    home.run("once")
    ada.mailbox.send_in_gmail(next(iter(ada.mailbox.drafts)))
    home.run("skip", "1")
    home.run("once")
    assert home.queue() == [("draft", "handled")]
    assert len(ada.mailbox.messages) == 1
