"""What a mailbox that sends promises when its server is in trouble: at most once, and doubt only where nobody can know."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers.smtp import Act, Post, babble, drip, drop, hang, say
from smtp_house import SmtpHouse

from followupd.errors import Changed, Doubt, MailboxProblem, NotYet, Problem, Refused
from followupd.mail import Place, Trace

LETTER = (
    b"From: Ada Example <ada@example.com>\nTo: Ben <ben@guest.example>\nSubject: Hello\n"
    b"Message-ID: <one@followupd.example>\n\nIt was good to meet you.\n"
)
TRACE = Trace(None, "<one@followupd.example>", "ben@guest.example", "Hello", datetime(2020, 1, 1, tzinfo=UTC))
CLOSING = say("421 4.3.2 Closing")
LATER = say("451 4.7.1 Greylisted, come back")
NEVER = say("550 5.1.1 No such user")


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> SmtpHouse:
    return SmtpHouse(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def house(certified: SmtpHouse, tmp_path: Path) -> SmtpHouse:
    certified.maildir = tmp_path / "Mail"
    return certified


@pytest.fixture
def post(house: SmtpHouse) -> Iterator[Post]:
    with house.post() as post:
        yield post


def send_in_trouble(
    house: SmtpHouse, post: Post, step: str, act: Act, seconds: float
) -> tuple[Problem | None, Place]:
    """Hand a letter over while the server misbehaves once; return what is raised and where the letter lies then."""
    mailbox = house.mailbox(house.server(post), seconds)
    draft = mailbox.create(LETTER)
    post.on(step, act)
    raised = None
    try:
        mailbox.hand_over(draft)
    except Problem as problem:
        raised = problem
    finally:
        mailbox.close()
    return raised, mailbox.look(TRACE).place


def send_again(house: SmtpHouse, post: Post) -> None:
    mailbox = house.mailbox(house.server(post))
    (draft,) = mailbox.look(TRACE).drafts
    assert mailbox.hand_over(draft) is Place.SENT
    assert mailbox.look(TRACE).place is Place.SENT
    with pytest.raises(Changed):
        mailbox.hand_over(draft)
    mailbox.close()


BEFORE_THE_MESSAGE = [
    ("GREETING", say("554 5.3.2 No service")),
    ("GREETING", CLOSING),
    ("GREETING", drop),
    ("EHLO", say("502 5.5.1 What?")),
    ("EHLO", drop),
    ("AUTH", say("535 5.7.8 Wrong")),
    ("AUTH", say("454 4.7.0 Later")),
    ("AUTH", drop),
    ("MAIL", CLOSING),
    ("MAIL", drop),
    ("RCPT", CLOSING),
    ("RCPT", say("530 5.7.0 Log in first")),
    ("RCPT", say("what is this")),
    ("RCPT", drop),
    ("DATA", CLOSING),
    ("DATA", drop),
    ("DATA", say("250 Odd")),
    ("END", CLOSING),
]
SLOWLY = [
    ("GREETING", hang),
    ("GREETING", drip),
    ("EHLO", babble),
    ("AUTH", hang),
    ("MAIL", drip),
    ("DATA", hang),
]


@pytest.mark.parametrize(("step", "act"), BEFORE_THE_MESSAGE)
def test_trouble_with_the_server_sends_nothing_and_the_draft_is_there_for_another_try(
    house: SmtpHouse, post: Post, step: str, act: Act
) -> None:
    raised, place = send_in_trouble(house, post, step, act, 10.0)

    assert isinstance(raised, MailboxProblem)
    assert not isinstance(raised, NotYet | Refused)
    assert raised.what.startswith("localhost ")
    assert place is Place.DRAFTS
    send_again(house, post)


@pytest.mark.parametrize(("step", "act"), SLOWLY)
def test_a_server_that_hangs_drips_or_babbles_is_cut_off_in_time(
    house: SmtpHouse, post: Post, step: str, act: Act
) -> None:
    raised, place = send_in_trouble(house, post, step, act, 0.5)

    assert isinstance(raised, MailboxProblem)
    assert place is Place.DRAFTS
    send_again(house, post)
    assert len(post.taken) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(("act", "kind"), [(LATER, NotYet), (NEVER, Refused)])
def test_a_message_put_off_or_refused_lies_in_drafts_and_the_server_is_quoted(
    house: SmtpHouse, post: Post, step: str, act: Act, kind: type[Problem]
) -> None:
    raised, place = send_in_trouble(house, post, step, act, 10.0)

    assert type(raised) is kind
    assert ("Greylisted, come back" in raised.what) is (kind is NotYet)
    assert ("No such user" in raised.what) is (kind is Refused)
    assert place is Place.DRAFTS


@pytest.mark.parametrize(
    ("step", "act", "taken"),
    [
        ("TAKE", drop, 0),
        ("TAKE", hang, 0),
        ("END", drop, 1),
        ("END", hang, 1),
        ("END", drip, 1),
        ("END", say("2"), 1),
        ("END", say("354 Go on"), 1),
        ("END", say("thank you"), 1),
    ],
)
def test_an_answer_that_is_lost_after_the_data_is_a_doubt_that_lies_in_sending(
    house: SmtpHouse, post: Post, step: str, act: Act, taken: int
) -> None:
    raised, place = send_in_trouble(house, post, step, act, 0.5 if act in {hang, drip} else 10.0)

    assert isinstance(raised, Doubt)
    assert (place, len(post.taken)) == (Place.SENDING, taken)


@pytest.mark.parametrize("place", [Place.SENT, Place.DRAFTS])
def test_what_lies_in_sending_is_settled_once_the_owner_said_how(
    house: SmtpHouse, post: Post, place: Place
) -> None:
    send_in_trouble(house, post, "END", drop, 10.0)
    mailbox = house.mailbox(house.server(post))
    (draft,) = mailbox.look(TRACE).drafts
    assert draft.raw == LETTER

    for _ in range(2):
        mailbox.settle(draft, place)
        assert mailbox.look(TRACE).place is place
    [file] = [file for file in house.maildir.rglob("*") if ":2," in file.name]
    assert file.read_bytes() == LETTER
    assert file.parent == house.maildir / {Place.SENT: ".Sent", Place.DRAFTS: ".Drafts"}[place] / "cur"


def test_a_connection_that_was_lost_between_two_mails_repeats_neither(house: SmtpHouse, post: Post) -> None:
    mailbox = house.mailbox(house.server(post))
    for number in (1, 2, 3):
        draft = mailbox.create(LETTER.replace(b"<one", b"<%d" % number))
        post.on("RSET", drop)
        mailbox.open()
        mailbox.hand_over(draft)
    mailbox.close()

    assert [taken.content.split(b"Message-ID: <")[1][:1] for taken in post.taken] == [b"1", b"2", b"3"]
    assert post.connections == 3


def test_several_mails_of_a_pass_share_a_connection_and_a_login(house: SmtpHouse, post: Post) -> None:
    mailbox = house.mailbox(house.server(post))
    for number in (1, 2, 3):
        mailbox.open()
        mailbox.hand_over(mailbox.create(LETTER.replace(b"<one", b"<%d" % number)))
    mailbox.close()

    assert (len(post.taken), post.connections, len(post.logins), post.steps[-1]) == (3, 1, 1, "QUIT")
