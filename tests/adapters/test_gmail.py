"""Gmail as the mailbox: what it costs, what is found again after a lost answer, and what its refusals become."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from accounts import keep_sign_in, open_google
from servers.google import Account, Answer, Break, Google

from followupd.adapters.gmail import GmailMailbox
from followupd.adapters.google_auth import COMPOSE, EVENTS, READING
from followupd.errors import Changed, Doubt, MailboxProblem, Refused
from followupd.mail import Place, Trace

ADA = "ada@example.com"
NEW = 100  # follow-ups in one pass


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as one:
        one.add_account(ADA, "Ada Example")
        yield one


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


Opener = Callable[..., GmailMailbox]


@pytest.fixture
def open_gmail(google: Google, tmp_path: Path) -> Opener:
    """Return a maker of mailboxes that know nothing yet, as after a boot."""

    def open_one(*scopes: str) -> GmailMailbox:
        keep_sign_in(google, tmp_path, ADA, *(scopes or (COMPOSE,)))
        return GmailMailbox("gmail", open_google(google, tmp_path), google.clock)

    return open_one


def write(number: int = 0, *, to: str = "", subject: str = "Good to meet you") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = ADA, to or f"guest{number}@guests.example", subject
    message["Message-ID"] = f"<{number}@followupd.example>"
    message.set_content(f"Hello number {number}.")
    return message.as_bytes()


def trace_of(google: Google, number: int = 0, draft_id: str | None = None, subject: str = "") -> Trace:
    since = google.clock() - timedelta(hours=1)
    return Trace(draft_id, f"<{number}@followupd.example>", f"guest{number}@guests.example", subject, since)


def ask(google: Google) -> list[str]:
    """Return the methods asked for since the last time."""
    asked = [seen.method.removeprefix("gmail.users.") for seen in google.requests if seen.method]
    google.requests.clear()
    return asked


# --- what it costs


def test_new_follow_ups_cost_one_request_each_and_one_listing_for_all(
    google: Google, open_gmail: Opener
) -> None:
    box = open_gmail()
    box.begin_pass()

    for number in range(NEW):
        assert box.look(trace_of(google, number)).place is Place.NOWHERE
        box.create(write(number))

    asked = ask(google)
    assert asked.count("drafts.create") == NEW
    assert len(asked) <= NEW * 1.02


def test_a_pass_in_which_nothing_changed_is_one_request_however_many_drafts_wait(
    google: Google, open_gmail: Opener
) -> None:
    box = open_gmail()
    made = [box.create(write(number)) for number in range(30)]
    ask(google)

    for _ in range(3):
        box.begin_pass()
        for number, draft in enumerate(made):
            assert box.look(trace_of(google, number, draft.id)).drafts == (draft,)

    assert ask(google) == ["drafts.list"] * 3


def test_after_a_boot_each_waiting_draft_is_read_once(google: Google, open_gmail: Opener) -> None:
    made = [open_gmail().create(write(number)) for number in range(30)]
    box = open_gmail()
    ask(google)

    for _ in range(2):
        box.begin_pass()
        for number, draft in enumerate(made):
            assert box.look(trace_of(google, number, draft.id)).drafts == (draft,)

    asked = ask(google)
    assert (asked.count("drafts.list"), asked.count("drafts.get")) == (2, 30)


def test_one_edited_draft_costs_one_request_more(google: Google, ada: Account, open_gmail: Opener) -> None:
    box = open_gmail()
    made = [box.create(write(number)) for number in range(5)]
    ask(google)
    ada.mailbox.edit_in_gmail(made[3].id, text="My own words.")

    box.begin_pass()
    texts = [box.look(trace_of(google, number, one.id)).drafts[0].raw for number, one in enumerate(made)]

    assert ask(google) == ["drafts.list", "drafts.get"]
    assert b"My own words." in texts[3]


def test_the_owners_own_drafts_are_learned_a_few_at_a_time(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    for number in range(200, 225):
        ada.mailbox.create_draft(write(number, subject="My own business"))
    box = open_gmail()
    costs = []
    for _ in range(5):
        box.begin_pass()
        box.look(trace_of(google, 1))
        costs.append(ask(google))

    assert [cost.count("drafts.get") for cost in costs] == [10, 10, 5, 0, 0]
    assert costs[-1] == ["drafts.list"]


# --- found again


def test_a_draft_whose_making_got_no_answer_is_found_while_the_index_does_not_know_it(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    ada.mailbox.index_lag = timedelta(minutes=10)
    google.faults.order(Break.LOST, "POST", "/drafts")
    with pytest.raises(Doubt):
        open_gmail().create(write())

    for box in (open_gmail(), open_gmail(READING, COMPOSE)):
        found = box.look(trace_of(google))
        assert (found.place, [draft.raw for draft in found.drafts]) == (Place.DRAFTS, [write()])


def test_a_lost_draft_among_many_is_found_by_the_index(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    ada.mailbox.create_draft(write())
    for number in range(200, 230):
        ada.mailbox.create_draft(write(number))

    assert [draft.raw for draft in open_gmail().look(trace_of(google)).drafts] == [write()]


def test_a_draft_is_found_by_person_and_words_when_gmail_wrote_it_anew(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    draft_id = ada.mailbox.create_draft(write())
    ada.mailbox.edit_in_gmail(draft_id, text="Mine.", keep_message_id=False)

    found = open_gmail().look(trace_of(google, subject="Good to meet you"))

    assert [draft.id for draft in found.drafts] == [draft_id]


def test_what_was_sent_a_moment_ago_is_found_while_the_index_does_not_know_it(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    box = open_gmail(COMPOSE, READING)
    draft = box.create(write())
    ada.mailbox.index_lag = timedelta(minutes=10)
    ada.mailbox.send_in_gmail(draft.id)

    assert box.look(trace_of(google, 0, draft.id)).place is Place.SENT
    assert open_gmail(COMPOSE, READING).look(trace_of(google, 0, draft.id)).place is Place.SENT
    assert open_gmail(COMPOSE).look(trace_of(google, 0, draft.id)).place is Place.GONE


def test_what_was_sent_long_ago_is_found_by_the_index(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    box = open_gmail(COMPOSE, READING)
    draft = box.create(write())
    ada.mailbox.send_in_gmail(draft.id)
    for number in range(200, 230):
        ada.mailbox.send(write(number))

    assert box.look(trace_of(google, 0, draft.id)).place is Place.SENT


# --- sent


def test_the_very_bytes_that_were_approved_are_sent_in_the_drafts_thread(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    box = open_gmail()
    draft = box.create(write())
    thread = ada.mailbox.draft(draft.id).thread

    assert box.hand_over(draft) is Place.SENT

    (sent,) = ada.mailbox.messages.values()
    assert (sent.raw, sent.thread, sent.labels) == (write(), thread, {"SENT"})
    assert box.look(trace_of(google, 0, draft.id)).place is Place.SENT


def test_a_sending_without_an_answer_is_in_doubt_and_is_never_repeated(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    box = open_gmail(COMPOSE, READING)
    draft = box.create(write())
    google.faults.order(Break.LOST, "POST", "/drafts/send")

    with pytest.raises(Doubt):
        box.hand_over(draft)

    assert google.count("gmail.users.drafts.send") == 1
    assert len(ada.mailbox.sent_at) == 1
    assert box.look(trace_of(google, 0, draft.id)).place is Place.SENT


def test_a_recipient_that_is_no_address_is_refused_for_good(open_gmail: Opener) -> None:
    box = open_gmail()
    draft = box.create(write(to="not an address"))

    with pytest.raises(Refused, match="Invalid To header"):
        box.hand_over(draft)


# --- conversations


def write_answer(to: str = "guest0@guests.example", answers: str = "<their@x.example>") -> bytes:
    head = b"In-Reply-To: %s\r\nReferences: %s\r\n" % (answers.encode(), answers.encode())
    return head + write(to=to, subject="Re: Coffee?")


def receive(ada: Account) -> str:
    """Let a letter arrive; return the id of its conversation."""
    head = f"From: guest0@guests.example\r\nTo: {ADA}\r\nSubject: Coffee?\r\nMessage-ID: <their@x.example>"
    return ada.mailbox.receive(f"{head}\r\n\r\nHow about Tuesday?".encode()).thread


def test_an_answer_lies_in_the_conversation_it_answers_and_is_sent_there(
    ada: Account, open_gmail: Opener
) -> None:
    thread = receive(ada)
    box = open_gmail(COMPOSE, READING)
    draft = box.create(write_answer())
    assert ada.mailbox.draft(draft.id).thread == thread
    draft = box.replace(draft, write_answer().replace(b"number 0", b"number 1"))
    assert ada.mailbox.draft(draft.id).thread == thread

    box.hand_over(draft)

    (sent,) = [message for message in ada.mailbox.messages.values() if "SENT" in message.labels]
    assert (sent.thread, sent.raw) == (thread, draft.raw)


def test_finding_the_conversation_costs_one_search(google: Google, ada: Account, open_gmail: Opener) -> None:
    receive(ada)
    box = open_gmail(COMPOSE, READING)
    ask(google)
    box.create(write_answer())
    assert ask(google) == ["messages.list", "drafts.create"]


def test_an_answer_to_a_letter_that_is_gone_begins_a_conversation(ada: Account, open_gmail: Opener) -> None:
    other = receive(ada)
    draft = open_gmail(COMPOSE, READING).create(write_answer(answers="<gone@x.example>"))
    assert ada.mailbox.draft(draft.id).thread != other


def test_without_leave_to_read_no_conversation_is_looked_for(google: Google, open_gmail: Opener) -> None:
    open_gmail().create(write_answer())
    assert ask(google) == ["drafts.create"]


# --- refusals


@pytest.mark.parametrize(
    ("happening", "kind", "temporary"),
    [
        (Answer(403, b'{"error": {"errors": [{"reason": "domainPolicy"}]}}'), MailboxProblem, False),
        (Answer(429, b"{}", {"Retry-After": "900"}), MailboxProblem, True),
        (Answer(404, b"{}"), Changed, False),
        (Answer(500), Doubt, True),
        (Break.HTML, Doubt, True),
        (Answer(200, b"{}"), Doubt, True),
        (Answer(200, b'{"id": 7, "message": {}}'), Doubt, True),
        (Answer(200, b'{"id": "r1", "message": {"labelIds": []}}'), Doubt, True),
    ],
)
def test_what_a_write_may_meet(
    google: Google, open_gmail: Opener, happening: Answer | Break, kind: type[Exception], temporary: bool
) -> None:
    google.faults.order(happening, "POST", "/drafts")

    with pytest.raises(kind) as caught:
        open_gmail().create(write())
    assert getattr(caught.value, "temporary", None) is temporary


def test_a_read_that_gets_no_answer_is_no_reason_to_think_a_draft_gone(
    google: Google, open_gmail: Opener
) -> None:
    box = open_gmail()
    draft = box.create(write())
    google.faults.order(Answer(503), "GET", "", times=None)

    with pytest.raises(MailboxProblem):
        box.look(trace_of(google, 0, draft.id))


@pytest.mark.parametrize(
    "body", [b'{"drafts": [{}]}', b'{"drafts": [{"id": "r1"}]}', b'{"drafts": [{"id": "r1", "message": {}}]}']
)
def test_a_listing_that_makes_no_sense_is_no_empty_mailbox(
    google: Google, open_gmail: Opener, body: bytes
) -> None:
    google.faults.order(Answer(200, body), "GET", "/drafts")

    with pytest.raises(MailboxProblem, match="Gmail answered without"):
        open_gmail().look(trace_of(google))


def test_a_permission_that_was_not_given_is_named(google: Google, open_gmail: Opener) -> None:
    with pytest.raises(MailboxProblem, match="Account 'work' lacks a permission"):
        open_gmail(EVENTS).look(trace_of(google))


def test_a_sign_in_that_ended_is_told_before_anything_is_announced(
    google: Google, ada: Account, open_gmail: Opener
) -> None:
    box = open_gmail()
    google.sign_in.revoke(ADA)
    google.clock.go_on(timedelta(hours=1))

    for act in (box.open, lambda: box.look(trace_of(google)), lambda: box.create(write())):
        with pytest.raises(MailboxProblem, match="Google ended the sign-in of account 'work'"):
            act()
    assert ada.mailbox.drafts == {}


def test_only_gmails_own_draft_of_the_same_bytes_is_written_over(ada: Account, open_gmail: Opener) -> None:
    box = open_gmail()
    draft = box.create(write())
    ada.mailbox.edit_in_gmail(draft.id, text="Mine.")

    for act in (lambda: box.replace(draft, write()), lambda: box.remove(draft), lambda: box.hand_over(draft)):
        with pytest.raises(Changed):
            act()
    assert b"Mine." in ada.mailbox.draft(draft.id).raw
