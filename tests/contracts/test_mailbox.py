"""What every Mailbox promises (ports.Mailbox), whoever keeps the drafts and whichever program the owner uses."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from accounts import keep_sign_in, open_google
from hands import DovecotHands, GmailHands, Hands, MemoryHands, MuttHands, ShellHands
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import MemoryMailbox
from servers.google import Google as StandIn
from servers.smtp import Post
from smtp_house import SmtpHouse

from followupd.adapters.gmail import GmailMailbox
from followupd.adapters.google_auth import COMPOSE, READING
from followupd.adapters.maildir import MaildirMailbox
from followupd.errors import Changed
from followupd.mail import Draft, Place, Trace
from followupd.ports import Mailbox

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
OUT_OF_REACH = {Place.TRASH, Place.GONE, Place.NOWHERE}


def write_letter(
    body: bytes = b"It was good to meet you.\n",
    *,
    to: str = "ben@guest.example",
    subject: str = "Good to meet you",
    message_id: str = "<one@followupd.example>",
) -> bytes:
    head = f"From: ada@example.com\nTo: {to}\nSubject: {subject}\nMessage-ID: {message_id}\n\n"
    return head.encode() + body


def make_trace(
    draft_id: str | None = None,
    *,
    message_id: str = "<one@followupd.example>",
    to: str = "ben@guest.example",
    subject: str = "Good to meet you",
    since: datetime = LONG_AGO,
) -> Trace:
    return Trace(draft_id, message_id, to, subject, since)


type_of_hands = {"shell": ShellHands, "mutt": MuttHands, "dovecot": DovecotHands}
Maker = Callable[[], tuple[Mailbox, Hands]]


GMAIL = {"gmail": [], "gmail that may be read": [READING]}


@pytest.fixture(scope="module")
def google() -> Iterator[StandIn]:
    with StandIn() as one:
        yield one


@pytest.fixture(scope="module")
def smtp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmtpHouse, Post]]:
    house = SmtpHouse(tmp_path_factory.mktemp("smtp"))
    with house.post() as post:
        yield house, post


MEMORY: dict[str, dict[str, Any]] = {
    "memory": {},
    "memory that sends": {"sends": True},
    "memory that marks": {"marks": True},
}


@pytest.fixture(scope="module", params=[*MEMORY, *type_of_hands, *GMAIL, "smtp"])
def open_mailbox(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    google: StandIn,
    smtp: tuple[SmtpHouse, Post],
) -> Maker:
    """Give a maker of empty mailboxes, each with the hands of an owner."""
    numbers = count(1)

    def open_memory() -> tuple[Mailbox, Hands]:
        mailbox = MemoryMailbox(**MEMORY[request.param])
        return mailbox, MemoryHands(mailbox)

    def open_maildir() -> tuple[Mailbox, Hands]:
        path = tmp_path_factory.mktemp("home") / "Mail"
        return MaildirMailbox("mine", path), type_of_hands[request.param](path)

    def open_smtp() -> tuple[Mailbox, Hands]:
        house, post = smtp
        house.maildir = tmp_path_factory.mktemp("home") / "Mail"
        mailbox = house.mailbox(house.server(post))
        request.addfinalizer(mailbox.close)
        return mailbox, ShellHands(house.maildir)

    def open_gmail() -> tuple[Mailbox, Hands]:
        address = f"ada{next(numbers)}@{request.param.replace(' ', '-')}.example"
        account, folder = google.add_account(address), tmp_path_factory.mktemp("google")
        keep_sign_in(google, folder, address, COMPOSE, *GMAIL[request.param])
        return GmailMailbox("mine", open_google(google, folder), google.clock), GmailHands(account.mailbox)

    if request.param in GMAIL:
        return open_gmail
    if request.param == "smtp":
        return open_smtp
    return open_maildir if request.param in type_of_hands else open_memory


@settings(max_examples=25, deadline=None)
@given(body=st.binary(max_size=300))
def test_a_draft_comes_back_byte_for_byte(open_mailbox: Maker, body: bytes) -> None:
    mailbox, _ = open_mailbox()
    raw = write_letter(body)

    draft = mailbox.create(raw)

    assert draft.raw == raw
    assert mailbox.look(make_trace(draft.id)).drafts == (draft,)


def test_the_draft_id_finds_a_draft_whose_every_header_was_changed(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    draft = mailbox.create(write_letter(to="b@x.example", subject="Coffee", message_id="<z@x.example>"))

    found = mailbox.look(make_trace(draft.id))

    assert (found.place, found.drafts) == (Place.DRAFTS, (draft,))


@pytest.mark.parametrize("message_id", ["<one@followupd.example>", "one@followupd.example"])
@pytest.mark.parametrize("draft_id", [None, "never-was"])
def test_the_message_id_finds_a_draft_whose_id_is_lost(
    open_mailbox: Maker, message_id: str, draft_id: str | None
) -> None:
    mailbox, _ = open_mailbox()
    mailbox.create(write_letter(message_id="<two@followupd.example>"))
    draft = mailbox.create(write_letter(to="b@x.example", subject="Coffee"))

    assert mailbox.look(make_trace(draft_id, message_id=message_id)).drafts == (draft,)


def test_recipient_and_subject_find_a_draft_that_got_a_new_message_id(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    mailbox.create(write_letter(to="eve@guest.example", message_id="<three@x.example>"))
    draft = mailbox.create(
        write_letter(
            to='"Benoît, B." <BEN@guest.example>',
            subject="=?utf-8?q?Sch=C3=B6n?=  dich\n KENNENZULERNEN",
            message_id="<two@x.example>",
        )
    )

    assert mailbox.look(make_trace(subject="schön Dich kennenzulernen")).drafts == (draft,)


def test_a_message_of_another_person_subject_or_time_is_not_taken_for_ours(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    mailbox.create(write_letter(message_id="<two@x.example>"))

    for other in (
        make_trace(to="eve@guest.example"),
        make_trace(subject="Good to see you"),
        make_trace(since=FAR_AHEAD),
    ):
        assert mailbox.look(other).place is Place.NOWHERE


def test_an_empty_mailbox_holds_nothing(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()

    assert mailbox.look(make_trace()).place is Place.NOWHERE


def test_messages_without_a_message_id_are_never_one_and_the_same(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    mailbox.create(b"To: eve@guest.example\nSubject: Hello\n\n")

    assert mailbox.look(make_trace(message_id="")).place is Place.NOWHERE


def test_no_subject_to_look_for_matches_no_message_without_one(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    mailbox.create(write_letter(subject="", message_id="<two@x.example>"))

    assert mailbox.look(make_trace(subject="")).place is Place.NOWHERE


def test_two_drafts_of_one_message_id_are_both_shown_the_known_one_first(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    first = mailbox.create(write_letter(b"first\n"))
    second = mailbox.create(write_letter(b"second\n"))

    assert mailbox.look(make_trace(first.id)).drafts == (first, second)
    assert mailbox.look(make_trace(second.id)).drafts == (second, first)
    assert len(mailbox.look(make_trace()).drafts) == 2


def test_replacing_leaves_one_draft_with_the_new_text(open_mailbox: Maker) -> None:
    mailbox, _ = open_mailbox()
    old = mailbox.create(write_letter(b"old\n"))

    new = mailbox.replace(old, write_letter(b"new\n"))

    assert new.raw == write_letter(b"new\n")
    assert mailbox.look(make_trace(new.id)).drafts == (new,)
    assert mailbox.look(make_trace(old.id)).drafts == (new,)


def test_removing_takes_the_draft_away_and_keeps_it_for_the_owner_where_the_mailbox_can(
    open_mailbox: Maker,
) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())

    mailbox.remove(draft)

    assert mailbox.look(make_trace(draft.id)).place in OUT_OF_REACH
    assert hands.read_all() == ([draft.raw] if hands.keeps_removed else [])


def test_handing_over_moves_exactly_these_bytes_and_only_once(open_mailbox: Maker) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())

    place = mailbox.hand_over(draft)

    assert place is (Place.SENT if mailbox.sends else Place.READY)
    assert mailbox.look(make_trace(draft.id)).place is place
    assert mailbox.look(make_trace()).place is place
    with pytest.raises(Changed):
        mailbox.hand_over(draft)
    assert hands.read_all() == [draft.raw]


def test_an_edited_draft_is_found_again_with_the_owners_words(open_mailbox: Maker) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())

    hands.edit(draft.id, write_letter(b"My own words.\n"))

    assert [one.raw for one in mailbox.look(make_trace(draft.id)).drafts] == [
        write_letter(b"My own words.\n")
    ]


def test_an_edited_draft_with_a_new_message_id_is_found_too(open_mailbox: Maker) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())
    edited = write_letter(b"My own words.\n", message_id="<made@mail-program.example>")

    hands.edit(draft.id, edited)

    assert [one.raw for one in mailbox.look(make_trace(draft.id)).drafts] == [edited]


Write = Callable[[Mailbox, Draft], bytes]


def replace_it(mailbox: Mailbox, draft: Draft) -> bytes:
    """Write over `draft` and return the text that is in force from then on, as the next two do."""
    return mailbox.replace(draft, write_letter(b"rendered again\n")).raw


def remove_it(mailbox: Mailbox, draft: Draft) -> bytes:
    mailbox.remove(draft)
    return draft.raw


def hand_it_over(mailbox: Mailbox, draft: Draft) -> bytes:
    mailbox.hand_over(draft)
    return draft.raw


WRITES = (replace_it, remove_it, hand_it_over)


@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_over_what_the_owner_edited(open_mailbox: Maker, write: Write) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())
    edited = write_letter(b"My own words.\n")
    hands.edit(draft.id, edited)

    with pytest.raises(Changed):
        write(mailbox, draft)

    assert [one.raw for one in mailbox.look(make_trace(draft.id)).drafts] == [edited]


@pytest.mark.parametrize("write", WRITES)
def test_a_draft_the_owner_deleted_does_not_come_back(open_mailbox: Maker, write: Write) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())
    hands.delete(draft.id)

    with pytest.raises(Changed):
        write(mailbox, draft)

    assert mailbox.look(make_trace(draft.id)).place in OUT_OF_REACH
    assert write_letter(b"rendered again\n") not in hands.read_all()


def test_what_the_owner_sent_is_seen_there_or_at_least_not_taken_for_deleted(open_mailbox: Maker) -> None:
    mailbox, hands = open_mailbox()
    draft = mailbox.create(write_letter())

    hands.send(draft.id)

    assert mailbox.look(make_trace(draft.id)).place in {Place.SENT, Place.GONE}


def test_what_the_owner_made_ready_is_seen_there(open_mailbox: Maker) -> None:
    mailbox, hands = open_mailbox()
    if not hands.has_ready:
        pytest.skip("no such folder there")
    draft = mailbox.create(write_letter())

    hands.move_to_ready(draft.id)

    assert mailbox.look(make_trace(draft.id)).place is Place.READY


@settings(max_examples=40, deadline=None)
@given(acts=st.lists(st.tuples(st.sampled_from([None, *WRITES]), st.booleans()), max_size=8))
def test_whatever_is_called_the_text_in_force_is_never_lost(
    open_mailbox: Maker, acts: list[tuple[Write | None, bool]]
) -> None:
    mailbox, hands = open_mailbox()
    first = mailbox.create(write_letter())
    in_force, removed = first.raw, False
    for number, (write, up_to_date) in enumerate(acts):
        drafts = mailbox.look(make_trace(first.id)).drafts
        assert [draft.raw for draft in drafts] in ([in_force], [])
        draft = drafts[0] if drafts and up_to_date else first
        if write is not None:
            with suppress(Changed):
                text = write(mailbox, draft)
                assert draft.raw == in_force, "written over a text nobody had read"
                in_force = text
                removed = removed or write is remove_it
        elif drafts:
            in_force = write_letter(b"Edit %d.\n" % number)
            hands.edit(drafts[0].id, in_force)
        assert in_force in hands.read_all() or (removed and not hands.keeps_removed)
