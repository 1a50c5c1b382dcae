"""What every Correspondence promises (followupd/ports.py), in memory and at the stand-in for Gmail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from accounts import keep_sign_in, open_google
from memory import MemoryLetters
from servers.google import Account, Google
from week import NOON

from followupd.adapters.gmail_letters import GmailLetters
from followupd.adapters.google_auth import COMPOSE, READING
from followupd.ports import Correspondence

ADA, BO, CY = "ada@example.com", "bo@acme.example", "cy@club.example"
MINUTE = timedelta(minutes=1)


class Post(Protocol):
    """The world that writes letters; each is written a minute after the one before."""

    @property
    def letters(self) -> Correspondence: ...

    def write(self, to: str, *more: str) -> None:
        """Let the owner write to somebody, with copies to others."""
        ...

    def arrive(self, sender: str, answers: str = "") -> None:
        """Let somebody write to the owner."""
        ...

    def bounce(self, message_id: str) -> None:
        """Let a mail of the owner's come back."""
        ...

    def sign(self, html: str) -> None: ...
    def forbid(self) -> None: ...


class MemoryPost:
    def __init__(self) -> None:
        self.letters = MemoryLetters()
        self._now = NOON

    def _tick(self) -> None:
        self._now += MINUTE

    def write(self, to: str, *more: str) -> None:
        self._tick()
        self.letters.write(to, self._now, recipients=frozenset({to, *more}))

    def arrive(self, sender: str, answers: str = "") -> None:
        self._tick()
        self.letters.arrive(sender, self._now, references=(answers,) if answers else ())

    def bounce(self, message_id: str) -> None:
        self._tick()
        self.letters.bounce(message_id, self._now)

    def sign(self, html: str) -> None:
        self.letters.signature = html

    def forbid(self) -> None:
        self.letters.allowed = False


@dataclass
class GmailPost:
    google: Google
    account: Account
    folder: Path

    def __post_init__(self) -> None:
        keep_sign_in(self.google, self.folder, ADA, COMPOSE, READING)
        self.letters = GmailLetters(open_google(self.google, self.folder))

    def _make(self, sender: str, to: str, *more: str) -> bytes:
        self.google.clock.go_on(MINUTE)
        number = len(self.account.mailbox.messages)
        head = [
            f"From: Somebody <{sender}>",
            f"To: {to}",
            "Subject: Breakfast",
            f"Message-ID: <{number}@x.example>",
        ]
        return "\r\n".join([*head, *more, "", "Nobody's business."]).encode()

    def write(self, to: str, *more: str) -> None:
        self.account.mailbox.send(self._make(ADA, to, *(f"Cc: {one}" for one in more)))

    def arrive(self, sender: str, answers: str = "") -> None:
        self.account.mailbox.receive(
            self._make(sender, ADA, *([f"In-Reply-To: {answers}"] if answers else []))
        )

    def bounce(self, message_id: str) -> None:
        more = ("X-Failed-Recipients: bo@acme.example", f"References: {message_id}")
        self.account.mailbox.receive(self._make("mailer-daemon@googlemail.com", ADA, *more))

    def sign(self, html: str) -> None:
        self.account.mailbox.aliases[ADA]["signature"] = html

    def forbid(self) -> None:
        keep_sign_in(self.google, self.folder, ADA, COMPOSE)


@pytest.fixture(params=["memory", "gmail"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    if request.param == "memory":
        yield MemoryPost()
        return
    with Google() as google:
        google.clock.go_on(NOON - google.clock())
        yield GmailPost(google, google.add_account(ADA, "Ada Example"), tmp_path)


def test_letters_from_and_to_these_people_come_newest_first_and_no_others(post: Post) -> None:
    post.arrive(BO)
    post.write(BO)
    post.arrive(CY)
    post.write("di@x.example")

    found = post.letters.find_letters({BO}, NOON)

    assert [(letter.sent, letter.sender) for letter in found] == [(True, ADA), (False, BO)]
    assert [letter.at - NOON for letter in found] == [2 * MINUTE, MINUTE]


def test_people_are_asked_about_together(post: Post) -> None:
    post.arrive(BO)
    post.arrive(CY)
    assert [letter.sender for letter in post.letters.find_letters({BO, CY}, NOON)] == [CY, BO]
    assert post.letters.find_letters(set(), NOON) == ()


def test_only_what_came_since_then_is_found(post: Post) -> None:
    post.arrive(BO)
    post.arrive(BO)
    assert len(post.letters.find_letters({BO}, NOON + 2 * MINUTE)) == 1
    assert post.letters.find_letters({BO}, NOON + 3 * MINUTE) == ()


def test_everybody_a_letter_went_to_is_told(post: Post) -> None:
    post.write(BO, CY)
    (letter,) = post.letters.find_letters({CY}, NOON)
    assert letter.recipients == {BO, CY}


def test_what_a_letter_answers_is_told_by_its_message_id(post: Post) -> None:
    post.arrive(BO, answers="<followupd.1@example.com>")
    (letter,) = post.letters.find_letters({BO}, NOON)
    assert letter.references == ("<followupd.1@example.com>",)
    assert letter.message_id.startswith("<")


def test_notices_of_non_delivery_come_along(post: Post) -> None:
    post.bounce("<followupd.1@example.com>")
    (notice,) = post.letters.find_letters({BO}, NOON)
    assert (notice.sender, notice.references) == (
        "mailer-daemon@googlemail.com",
        ("<followupd.1@example.com>",),
    )


def test_the_signature_is_the_owners(post: Post) -> None:
    assert post.letters.find_signature(ADA) == ""
    post.sign("<b>Ada</b>")
    assert post.letters.find_signature(ADA) == "<b>Ada</b>"


def test_leave_to_read_can_be_taken_back_at_any_time(post: Post) -> None:
    assert post.letters.may_read()
    post.forbid()
    assert not post.letters.may_read()
