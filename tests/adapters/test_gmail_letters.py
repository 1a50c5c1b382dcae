"""Letters in Gmail: what is asked and what that costs, and what strangers' headers become."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from accounts import keep_sign_in, open_google
from servers.google import Account, Answer, Google

from followupd.adapters.gmail_letters import GmailLetters
from followupd.adapters.google_auth import COMPOSE, READING
from followupd.errors import MailboxProblem

ADA, BO = "ada@example.com", "bo@acme.example"
Opener = Callable[..., GmailLetters]


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as one:
        one.add_account(ADA, "Ada Example")
        yield one


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def open_letters(google: Google, tmp_path: Path) -> Opener:
    def open_one(*scopes: str) -> GmailLetters:
        keep_sign_in(google, tmp_path, ADA, *(scopes or (COMPOSE, READING)))
        return GmailLetters(open_google(google, tmp_path))

    return open_one


def write(sender: str, to: str, *more: str, subject: str = "Breakfast") -> bytes:
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Message-ID: <1@x.example>", *more]
    return "\r\n".join([*lines, "", "The text is nobody's business."]).encode()


def test_letters_both_ways_come_newest_first_and_drafts_are_none(
    google: Google, ada: Account, open_letters: Opener
) -> None:
    since = google.clock()
    ada.mailbox.send(write(ADA, f'"Berg, Bo" <{BO.upper()}>', "Cc: Cy <cy@x.example>"))
    google.clock.go_on(timedelta(hours=1))
    references = "References: <0@x.example>\r\n <followupd.1@example.com>"
    ada.mailbox.receive(
        write(f"=?utf-8?q?B=C3=B6?= <{BO}>", ADA, references, subject="=?utf-8?q?Fr=C3=BCh?=")
    )
    ada.mailbox.receive(write("eve@x.example", ADA))
    ada.mailbox.create_draft(write(ADA, BO))

    answer, own = open_letters().find_letters({BO}, since)

    assert own.sent
    assert own.recipients == {BO, "cy@x.example"}
    assert own.at == answer.at - timedelta(hours=1)
    assert (answer.sent, answer.sender, answer.subject) == (False, BO, "Früh")
    assert answer.references == ("<0@x.example>", "<followupd.1@example.com>")
    assert answer.message_id == "<1@x.example>"


def test_what_is_older_is_left_alone(google: Google, ada: Account, open_letters: Opener) -> None:
    ada.mailbox.receive(write(BO, ADA))
    google.clock.go_on(timedelta(hours=1))

    assert open_letters().find_letters({BO}, google.clock()) == ()


def test_all_people_are_one_request_and_a_letter_is_fetched_once_without_its_text(
    google: Google, ada: Account, open_letters: Opener
) -> None:
    since = google.clock()
    people = {f"guest{number}@guests.example" for number in range(40)}
    ada.mailbox.receive(write("guest7@guests.example", ADA))
    letters = open_letters()
    google.requests.clear()

    for _ in range(3):
        assert len(letters.find_letters(people, since)) == 1

    asked = [seen.method for seen in google.requests]
    assert (
        asked == ["gmail.users.messages.list", "gmail.users.messages.get"] + ["gmail.users.messages.list"] * 2
    )


def test_more_people_than_one_search_holds_are_asked_about_in_several(
    google: Google, ada: Account, open_letters: Opener
) -> None:
    since = google.clock()
    people = {f"guest{number}@guests.example" for number in range(200)}
    for number in (0, 199):
        ada.mailbox.receive(write(f"guest{number}@guests.example", ADA))

    found = open_letters().find_letters(people, since)

    assert {letter.sender for letter in found} == {"guest0@guests.example", "guest199@guests.example"}
    assert 1 < google.count("gmail.users.messages.list") <= 5


def test_notices_of_non_delivery_are_found_with_what_they_are(
    google: Google, ada: Account, open_letters: Opener
) -> None:
    since = google.clock()
    ada.mailbox.receive_bounce(ada.mailbox.send(write(ADA, BO)))

    notice = open_letters().find_letters({BO}, since)[0]

    assert notice.sender == "mailer-daemon@googlemail.com"
    assert notice.fields["x-failed-recipients"] == BO
    assert "<1@x.example>" in notice.references


def test_the_kinds_of_all_parts_are_told(google: Google, ada: Account, open_letters: Opener) -> None:
    since = google.clock()
    inner = "--b\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\n--b--"
    head = write(BO, ADA, "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"')
    ada.mailbox.receive(head.replace(b"The text is nobody's business.", inner.encode()))

    (letter,) = open_letters().find_letters({BO}, since)

    assert letter.parts == ('multipart/mixed; boundary="b"', "text/calendar; method=reply")


@pytest.mark.parametrize(
    "sender",
    [
        f"{BO}, eve@evil.example",
        f"{BO} <eve@evil.example>",
        f'"{BO}" <eve@evil.example>',
        f"<{BO}> <eve@evil.example>",
        "=?utf-8?q?bo=40acme=2Eexample=2C?= <eve@evil.example>",
        f"{BO}@evil.example",
    ],
)
def test_a_stranger_who_writes_an_address_into_their_name_is_not_taken_for_it(
    google: Google, ada: Account, open_letters: Opener, sender: str
) -> None:
    since = google.clock()
    ada.mailbox.receive(write(sender, ADA))

    assert BO not in {letter.sender for letter in open_letters().find_letters({BO}, since)}


def test_an_address_that_would_change_the_search_is_not_asked_about(
    google: Google, ada: Account, open_letters: Opener
) -> None:
    since = google.clock()
    ada.mailbox.receive(write("eve@x.example", ADA))

    for strange in ("a}from:eve@x.example", 'a"@x.example', "a b@x.example", "a{b@x.example", ""):
        assert open_letters().find_letters({strange}, since) == ()
    assert google.count("gmail.users.messages.list") == 0


def test_the_signature_is_that_of_the_address_mails_come_from(ada: Account, open_letters: Opener) -> None:
    assert open_letters().find_signature(ADA) == ""
    ada.mailbox.aliases[ADA]["signature"] = "<b>Ada</b>"
    ada.mailbox.aliases["ada@club.example"] = {
        "sendAsEmail": "ada@club.example",
        "signature": "Ada, chair",
        "isDefault": False,
    }
    letters = open_letters()
    assert letters.find_signature("Ada@Club.example") == "Ada, chair"
    assert letters.find_signature("ada@home.example") == "<b>Ada</b>"


def test_without_leave_nothing_may_be_read(open_letters: Opener) -> None:
    assert open_letters().may_read()
    assert not open_letters(COMPOSE).may_read()


@pytest.mark.parametrize("body", [b'{"messages": [{}]}', b'{"messages": 7}'])
def test_a_search_that_makes_no_sense_is_a_problem_and_not_an_empty_mailbox(
    google: Google, open_letters: Opener, body: bytes
) -> None:
    google.faults.order(Answer(200, body), "GET", "/messages")

    with pytest.raises(MailboxProblem, match="makes no sense"):
        open_letters().find_letters({BO}, google.clock())


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"payload": {}}', b'{"payload": {"headers": [{}]}, "internalDate": "x", "threadId": "t"}'],
)
def test_a_letter_that_makes_no_sense_is_passed_over(
    google: Google, ada: Account, open_letters: Opener, body: bytes
) -> None:
    since = google.clock()
    ada.mailbox.receive(write(BO, ADA))
    google.faults.order(Answer(200, body), "GET", "/messages/")

    assert open_letters().find_letters({BO}, since) == ()


def test_an_outage_is_a_problem_that_passes(google: Google, open_letters: Opener) -> None:
    google.faults.order(Answer(503), "GET", "/messages", times=None)

    with pytest.raises(MailboxProblem) as caught:
        open_letters().find_letters({BO}, google.clock())
    assert caught.value.temporary
