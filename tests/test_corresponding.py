"""The owner's own letters and other people's answers: whom nobody needs to write to any more, and what came of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from memory import MemoryLetters, MemoryMailbox
from week import JANE, NOON, TOM, World, meeting

from followupd.errors import MailboxProblem
from followupd.items import FollowUp, Status
from followupd.model import Reason
from followupd.render import Renderer
from followupd.rules.followups import Limits
from followupd.rules.reading import ReadMessage, read_message

MAIL_JANE, MAIL_TOM = str(JANE.email), str(TOM.email)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
#: From Jane's meeting on, that ended at eleven.
END = NOON - HOUR


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as one:
        yield one


@pytest.fixture
def letters() -> MemoryLetters:
    return MemoryLetters()


@pytest.fixture
def box() -> MemoryMailbox:
    return MemoryMailbox("box", sends=True)


@pytest.fixture
def world(tmp_path: Path, renderer: Renderer, box: MemoryMailbox, letters: MemoryLetters) -> Iterator[World]:
    world = World(tmp_path, renderer, box, letters={"box": letters})
    world.set_event(meeting("e1", END, JANE))
    yield world
    world.store.close()


def last_why(world: World, person: str) -> str:
    return world.store.history(world.item(person).id)[-1].why


def send(world: World, person: str) -> None:
    world.run()
    world.approve(person)
    world.run(minutes=3)
    assert world.status(person) is Status.SENT


# --- the owner already wrote


def test_nobody_is_drafted_to_whom_the_owner_wrote_since_the_event(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.write(MAIL_JANE, END + 5 * MINUTE)
    world.run()

    assert (world.status("Jane Doe"), box.calls["create"]) == (Status.DONE, 0)
    assert last_why(world, "Jane Doe") == "you wrote to them yourself on Wed 18 Nov, 12:05"
    world.run(hours=30)
    assert (world.status("Jane Doe"), box.drafts) == (Status.DONE, {})


@pytest.mark.parametrize("wrote", [END - MINUTE, END - timedelta(days=3)])
def test_what_the_owner_wrote_before_the_event_ended_does_not_count(
    world: World, letters: MemoryLetters, wrote: object
) -> None:
    letters.write(MAIL_JANE, wrote)  # type: ignore[arg-type]
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_a_letter_to_one_person_is_none_to_another(world: World, letters: MemoryLetters) -> None:
    world.set_event(meeting("e1", END, JANE, TOM))
    letters.write(MAIL_TOM, NOON - MINUTE)
    world.run()
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.DRAFTED, Status.DONE)
    assert letters.asked == [{MAIL_JANE, MAIL_TOM}]


def test_a_draft_is_taken_back_once_the_owner_wrote_by_hand(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    world.run()
    letters.write(MAIL_JANE, NOON + MINUTE)
    world.run(minutes=31)

    assert (world.status("Jane Doe"), box.drafts) == (Status.DONE, {})


def test_undo_brings_it_back_and_only_a_new_letter_takes_it_again(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.write(MAIL_JANE, NOON - MINUTE)
    world.run()
    world.desk.undo(world.item("Jane Doe").id, world.now)
    for _ in range(3):
        world.run(minutes=31)
    assert (world.status("Jane Doe"), len(box.drafts)) == (Status.DRAFTED, 1)

    letters.write(MAIL_JANE, world.now)
    world.run(minutes=31)
    assert (world.status("Jane Doe"), box.drafts) == (Status.DONE, {})


@pytest.mark.parametrize("way", ["edited at the desk", "edited in the mailbox", "approved"])
def test_a_draft_the_owner_worked_on_or_approved_is_asked_about_and_stays(
    world: World, box: MemoryMailbox, letters: MemoryLetters, way: str
) -> None:
    world.run()
    item = world.item("Jane Doe")
    if way == "edited at the desk":
        world.desk.edit(item.id, world.now, None, "My own words.")
    elif way == "edited in the mailbox":
        draft = next(iter(box.drafts.values()))
        box.owner_edits(draft.id, draft.raw.replace(b"Warm", b"Very warm"))
    else:
        world.approve("Jane Doe")
    letters.write(MAIL_JANE, world.now)
    for _ in range(3):
        world.run(minutes=31)

    item = world.item("Jane Doe")
    assert (item.status, item.held, len(box.drafts), box.sent) == (Status.DRAFTED, Reason.WROTE, 1, [])
    asked = [step.why for step in world.store.history(item.id) if "yourself" in step.why]
    assert asked == [
        "you wrote to them yourself on Wed 18 Nov, 13:00; approve it if it should still go, or skip it"
    ]
    world.approve("Jane Doe")
    world.run(minutes=3)
    assert (world.status("Jane Doe"), len(box.sent)) == (Status.SENT, 1)


def test_a_letter_written_in_the_last_minute_stops_what_is_about_to_leave(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    world.run()
    world.approve("Jane Doe")
    letters.write(MAIL_JANE, world.now + MINUTE)
    world.run(minutes=3)

    assert (world.item("Jane Doe").held, box.sent) == (Reason.WROTE, [])


def test_what_left_from_here_is_no_letter_of_the_owners_own(world: World, letters: MemoryLetters) -> None:
    letters.write(MAIL_JANE, NOON - MINUTE, message_id="<followupd.0815@example.com>")
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_an_own_letter_is_a_touch_that_holds_the_next_follow_up(world: World, letters: MemoryLetters) -> None:
    letters.write(MAIL_JANE, NOON - MINUTE)
    world.run()
    world.set_event(meeting("e2", NOON + HOUR, JANE))
    world.run(hours=2)
    assert world.item("Jane Doe", "e2").held is Reason.RECENT


def test_while_letters_cannot_be_read_nothing_is_drafted_and_it_is_told(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.fail = MailboxProblem("Google cannot be reached.")
    report = world.run()
    assert (world.status("Jane Doe"), box.drafts) == (Status.PLANNED, {})
    assert "Google cannot be reached." in report.say()

    letters.fail = None
    world.run(minutes=5)
    assert world.status("Jane Doe") is Status.DRAFTED


def test_what_will_never_be_readable_keeps_nobody_from_being_written_to(
    world: World, letters: MemoryLetters
) -> None:
    letters.fail = MailboxProblem("The rules of your organisation keep it from this.")
    letters.fail.temporary = False
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_without_leave_nothing_is_asked(world: World, letters: MemoryLetters) -> None:
    letters.allowed = False
    letters.write(MAIL_JANE, NOON - MINUTE)
    world.run()
    world.run(hours=1)
    assert (world.status("Jane Doe"), letters.asked) == (Status.DRAFTED, [])


# --- what came of it


def test_an_answer_is_noticed_within_half_an_hour(world: World, letters: MemoryLetters) -> None:
    send(world, "Jane Doe")
    letters.arrive(MAIL_JANE, world.now + MINUTE)
    world.run(minutes=31)

    assert world.status("Jane Doe") is Status.ANSWERED
    assert last_why(world, "Jane Doe") == "they wrote back on Wed 18 Nov, 13:04"


def test_what_the_owner_sent_by_hand_is_answered_too(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    world.run()
    box.owner_sends(next(iter(box.drafts)))
    world.run(minutes=5)
    assert world.status("Jane Doe") is Status.HANDLED
    letters.arrive(MAIL_JANE, world.now + MINUTE)
    world.run(minutes=31)
    assert world.status("Jane Doe") is Status.ANSWERED


def test_machines_others_and_what_came_before_are_no_answers(world: World, letters: MemoryLetters) -> None:
    letters.arrive(MAIL_JANE, NOON)
    send(world, "Jane Doe")
    later = world.now + MINUTE
    letters.arrive(MAIL_JANE, later, fields={"auto-submitted": "auto-replied"})
    letters.arrive(MAIL_JANE, later, subject="Accepted: Coffee")
    letters.arrive(MAIL_JANE, later, fields={"list-id": "<x.example>"})
    letters.arrive(MAIL_TOM, later)
    letters.write(MAIL_JANE, later)
    for _ in range(3):
        world.run(minutes=31)
    assert world.status("Jane Doe") is Status.SENT


def test_an_answer_that_arrives_after_thirty_days_is_no_longer_looked_for(
    world: World, letters: MemoryLetters
) -> None:
    send(world, "Jane Doe")
    world.run(days=29)
    letters.asked.clear()
    world.run(days=2)
    assert letters.asked == []


def test_a_notice_of_non_delivery_is_told_as_a_problem(world: World, letters: MemoryLetters) -> None:
    send(world, "Jane Doe")
    item = world.item("Jane Doe")
    letters.bounce(item.message_id, world.now + MINUTE)
    world.run(minutes=31)

    assert world.status("Jane Doe") is Status.FAILED
    assert last_why(world, "Jane Doe").startswith("it came back undelivered on Wed 18 Nov, 13:04")
    (problem,) = [one for one in world.store.followups({Status.NEEDS_INFO}) if one.concerns == item.id]
    assert (problem.reason, problem.why) == (Reason.BOUNCED, f"your mail to {MAIL_JANE} came back")


# --- into a conversation


def arrange(letters: MemoryLetters, **more: object) -> None:
    """Let Jane have arranged the meeting by mail, three days before."""
    facts = {"subject": "Re: Breakfast on Wednesday?", "message_id": "<j1@acme.example>", "thread": "t1"}
    letters.arrive(MAIL_JANE, END - timedelta(days=3), **facts | more)


def read_draft(box: MemoryMailbox) -> ReadMessage:
    (draft,) = box.drafts.values()
    return read_message(draft.raw)


def test_a_draft_goes_on_with_a_recent_conversation(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    arrange(letters)
    world.run()

    draft = read_draft(box)
    assert draft.subject == "Re: Breakfast on Wednesday?"
    assert (draft.in_reply_to, draft.references) == ("<j1@acme.example>", ("<j1@acme.example>",))
    assert draft.to_email == (MAIL_JANE,)
    assert letters.asked == [{MAIL_JANE}]
    assert world.item("Jane Doe").subject == draft.subject


def test_the_bytes_that_were_approved_are_the_answers(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    arrange(letters)
    send(world, "Jane Doe")
    (sent,) = box.sent
    assert sent.hash == world.item("Jane Doe").approved_hash
    assert read_message(sent.raw).in_reply_to == "<j1@acme.example>"


def test_a_draft_that_is_written_anew_stays_in_its_conversation(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    arrange(letters)
    world.run()
    letters.arrive(MAIL_JANE, NOON, subject="Something else", thread="t2")
    world.desk.add_note(world.item("Jane Doe").id, world.now, promise="the article on sailing")
    world.run(minutes=5)

    draft = read_draft(box)
    assert "the article on sailing" in draft.text
    assert (draft.subject, draft.in_reply_to) == ("Re: Breakfast on Wednesday?", "<j1@acme.example>")


def test_a_conversation_with_somebody_else_is_not_gone_on_with(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    world.set_event(meeting("e1", END, JANE, TOM))
    arrange(letters)
    world.run()
    answers = {
        read_message(one.raw).to_email[0]: read_message(one.raw).in_reply_to for one in box.drafts.values()
    }
    assert answers == {MAIL_JANE: "<j1@acme.example>", MAIL_TOM: ""}


# --- the signature


def test_the_owners_signature_stands_below_every_draft_and_is_asked_for_once(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.signature = "<div><b>Ada Example</b><br>Example GmbH</div>"
    world.set_event(meeting("e1", END, JANE, TOM))
    world.run()
    for draft in box.drafts.values():
        assert read_message(draft.raw).text.endswith("\n\n-- \nAda Example\nExample GmbH")
    assert letters.signed == ["ada@example.com"]

    world.desk.add_note(world.item("Jane Doe").id, world.now, promise="the article")
    world.run(minutes=5)
    texts = [read_message(draft.raw).text for draft in box.drafts.values()]
    assert all(text.endswith("Example GmbH") for text in texts)
    assert sum("the article" in text for text in texts) == 1


def test_without_leave_to_read_nothing_is_signed(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.signature, letters.allowed = "Ada Example, Example GmbH", False
    world.run()
    assert "Example GmbH" not in read_draft(box).text


# --- one second mail

TEN_DAYS = timedelta(days=10)


@pytest.fixture
def patient(
    tmp_path: Path, renderer: Renderer, box: MemoryMailbox, letters: MemoryLetters
) -> Iterator[World]:
    """A world whose owner wants one second mail after ten days, and whose mail to Jane has left."""
    limits = Limits(nudge_after=TEN_DAYS)
    world = World(tmp_path, renderer, box, limits, letters={"box": letters})
    world.set_event(meeting("e1", END, JANE))
    send(world, "Jane Doe")
    keep_sent(world, letters)
    yield world
    world.store.close()


def keep_sent(world: World, letters: MemoryLetters, **more: object) -> None:
    """Let the mail to Jane lie in Sent."""
    item = world.item("Jane Doe")
    facts = {"message_id": item.message_id, "subject": item.subject, "thread": "t1"}
    letters.write(MAIL_JANE, world.now, **facts | more)


def find_nudges(world: World) -> list[FollowUp]:
    return [item for item in world.store.followups() if item.is_nudge]


def test_whoever_does_not_answer_gets_one_second_draft_in_the_same_conversation(
    patient: World, box: MemoryMailbox
) -> None:
    patient.run(days=9, hours=23)
    assert find_nudges(patient) == []
    patient.run(hours=2)

    (nudge,) = find_nudges(patient)
    first = patient.item("Jane Doe")
    draft = read_draft(box)
    assert (nudge.status, nudge.template, nudge.reason) == (Status.DRAFTED, "nudge.md", Reason.NO_ANSWER)
    assert (draft.subject, draft.in_reply_to) == (f"Re: {first.subject}", first.message_id)
    assert "No need to reply." in draft.text
    assert draft.message_id not in {"", first.message_id}
    assert nudge.why == "nobody answered your mail for 10 days; one friendly second one, if you like"


def test_there_is_never_another_whatever_becomes_of_it(patient: World, box: MemoryMailbox) -> None:
    patient.run(days=10)
    (nudge,) = find_nudges(patient)
    patient.desk.approve(nudge.id, patient.now, patient.limits.hold)
    patient.run(minutes=3)
    assert len(box.sent) == 2
    for _ in range(40):
        patient.run(days=1)
    assert [item.status for item in find_nudges(patient)] == [Status.SENT]

    assert len(box.sent) == 2


@pytest.mark.parametrize("way", ["skip", "delete", "expire"])
def test_one_the_owner_did_not_want_does_not_come_again(patient: World, box: MemoryMailbox, way: str) -> None:
    patient.run(days=10)
    (nudge,) = find_nudges(patient)
    if way == "skip":
        patient.desk.skip(nudge.id, patient.now)
    elif way == "delete":
        box.owner_deletes(next(iter(box.drafts)))
    for _ in range(10):
        patient.run(days=1)
    assert [item.status for item in find_nudges(patient)] == [
        Status.EXPIRED if way == "expire" else Status.SKIPPED
    ]
    assert box.drafts == {}


def test_an_answer_takes_it_back_at_every_step(
    patient: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    patient.run(days=10)
    (nudge,) = find_nudges(patient)
    patient.desk.approve(nudge.id, patient.now, patient.limits.hold)
    letters.arrive(MAIL_JANE, patient.now + MINUTE)
    patient.run(minutes=3)

    (nudge,) = find_nudges(patient)
    assert (nudge.status, nudge.held, len(box.sent)) == (Status.WITHDRAWN, Reason.ANSWERED, 1)
    assert patient.status("Jane Doe") is Status.ANSWERED
    patient.run(minutes=5)
    assert box.drafts == {}


def test_an_automatic_reply_keeps_nobody_from_a_second_mail(patient: World, letters: MemoryLetters) -> None:
    letters.arrive(MAIL_JANE, patient.now + MINUTE, fields={"auto-submitted": "auto-replied"})
    patient.run(days=10)
    assert [item.status for item in find_nudges(patient)] == [Status.DRAFTED]


@pytest.mark.parametrize(
    "why", ["answered", "wrote", "never", "not in Sent", "may not be read", "not wanted"]
)
def test_there_is_none_where_it_would_be_wrong(
    patient: World, box: MemoryMailbox, letters: MemoryLetters, why: str
) -> None:
    if why == "answered":
        letters.arrive(MAIL_JANE, patient.now + MINUTE)
    elif why == "wrote":
        letters.write(MAIL_JANE, patient.now + MINUTE)
    elif why == "never":
        patient.desk.people.never_write(MAIL_JANE, patient.now)
    elif why == "not in Sent":
        letters.letters.clear()
    elif why == "may not be read":
        letters.allowed = False
    else:
        patient.limits = Limits()
        patient.reboot()
    for _ in range(20):
        patient.run(days=1)
    assert box.drafts == {}
    assert not {Status.PLANNED, Status.DRAFTED} & {item.status for item in find_nudges(patient)}


def test_one_that_waits_is_taken_back_when_mail_may_no_longer_be_read(
    patient: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    patient.run(days=10)
    (nudge,) = find_nudges(patient)
    patient.desk.approve(nudge.id, patient.now, patient.limits.hold)
    letters.allowed = False
    patient.run(minutes=3)
    patient.run(minutes=5)
    assert ([item.status for item in find_nudges(patient)], box.drafts) == ([Status.WITHDRAWN], {})
    assert len(box.sent) == 1


def test_the_seven_days_hold_a_second_mail_too(
    tmp_path: Path, renderer: Renderer, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    limits = Limits(nudge_after=timedelta(days=3))
    world = World(tmp_path, renderer, box, limits, letters={"box": letters})
    world.set_event(meeting("e1", END, JANE))
    send(world, "Jane Doe")
    keep_sent(world, letters)
    world.run(days=4)
    (nudge,) = find_nudges(world)
    assert (nudge.status, nudge.held) == (Status.PLANNED, Reason.RECENT)
    world.run(days=4)
    assert [item.status for item in find_nudges(world)] == [Status.DRAFTED]
    world.store.close()


def test_what_a_mail_program_sent_under_another_id_is_made_out_by_its_subject_and_day(
    patient: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    letters.letters.clear()
    patient.now -= HOUR
    keep_sent(patient, letters, message_id="<made@mail.gmail.com>")
    patient.now += HOUR
    # What was not sent under our own id looks like a letter of the owner's own; it is the mail itself.
    patient.run(days=10)
    assert read_draft(box).in_reply_to == "<made@mail.gmail.com>"


def test_a_draft_of_the_owners_words_is_flagged_and_not_taken_away(
    patient: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    patient.run(days=10)
    (nudge,) = find_nudges(patient)
    patient.desk.edit(nudge.id, patient.now, None, "My own words.")
    patient.run(minutes=1)
    letters.arrive(MAIL_JANE, patient.now + MINUTE)
    for _ in range(3):
        patient.run(minutes=31)
    (nudge,) = find_nudges(patient)
    assert (nudge.status, nudge.held, len(box.drafts)) == (Status.DRAFTED, Reason.ANSWERED, 1)


# --- what it costs


def test_a_pass_in_which_nothing_is_due_asks_nothing_and_all_are_asked_about_at_once(
    world: World, letters: MemoryLetters
) -> None:
    world.set_event(meeting("e1", END, JANE, TOM))
    world.run()  # the first look finds nobody; then one search for both that are due
    assert letters.asked == [{MAIL_JANE, MAIL_TOM}]
    letters.asked.clear()
    for _ in range(12):
        world.run(minutes=5)
    assert letters.asked == [{MAIL_JANE, MAIL_TOM}] * 2


def test_an_answer_that_met_a_doubt_is_seen_again(
    world: World, box: MemoryMailbox, letters: MemoryLetters
) -> None:
    """The item is busy when the letter is first seen: an outcome of another write to it is not known."""
    box.grace = 2 * HOUR
    world.run()
    world.desk.edit(world.item("Jane Doe").id, world.now, None, "My own words.")
    box.faults = [("replace", "lost")]
    world.run(minutes=1)
    assert world.store.open_intents() != []
    letters.write(MAIL_JANE, world.now + MINUTE)
    world.run(minutes=31)
    assert world.item("Jane Doe").held is None

    world.run(hours=3)
    world.run(minutes=31)
    assert world.item("Jane Doe").held is Reason.WROTE
