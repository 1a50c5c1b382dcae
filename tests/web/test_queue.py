"""What an owner sees and decides on the page, through its forms; the browser does the same in test_browser.py."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from io import BytesIO
from pathlib import Path

import pytest
from memory import MemoryMailbox
from visitor import Visitor, read_hash, read_words, visit
from week import JANE, TOM, World, meeting, open_world

from followupd.items import FollowUp, Kind, Status, Via
from followupd.mail import fingerprint
from followupd.model import Attendee
from followupd.rules.hours import Hours

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    """Somebody at the page of two drafts: Jane's is due first."""
    world.set_event(meeting("e1", world.now - 3 * HOUR, JANE))
    world.set_event(meeting("e2", world.now - HOUR, TOM, title="Chamber breakfast"))
    world.run()
    with visit(world) as opened:
        yield opened


def shown(visitor: Visitor, path: str = "/") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return read_words(answer.text)


def box_of(world: World) -> MemoryMailbox:
    assert isinstance(world.mailbox, MemoryMailbox)
    return world.mailbox


def edit_in_mailbox(world: World, item: FollowUp, old: bytes, new: bytes) -> None:
    """Change a draft as its owner does in their mail program."""
    box_of(world).owner_edits(item.draft_id or "", (item.raw or b"").replace(old, new, 1))


# --- what is shown


def test_the_queue_shows_who_waits_where_they_were_met_and_how_long_is_left(visitor: Visitor) -> None:
    words = shown(visitor)
    assert "2 to decide Jane Doe 45 h left Founders meetup Tom Miller 47 h left Chamber breakfast" in words


def test_an_item_shows_the_message_with_everybody_it_goes_to(world: World, visitor: Visitor) -> None:
    words = shown(visitor, f"/items/{world.item('Jane Doe').id}")
    sent = message_from_bytes(world.item("Jane Doe").raw or b"")
    assert "From Ada Example ada@example.com To Jane Doe jane.doe@acme.example Subject" in words
    assert str(sent["Subject"]) in words
    assert "Hi Jane," in words
    assert "You have not been in touch before" in words
    assert "new-acquaintance: it fits everybody" in words


def test_a_copy_somebody_added_in_their_mail_program_is_shown(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    edit_in_mailbox(world, jane, b"Subject:", b"Bcc: boss@evil.example\nSubject:")
    world.run()
    assert "Bcc boss@evil.example" in shown(visitor, f"/items/{jane.id}")


def test_a_reply_says_into_which_conversation_it_goes(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    answer = b"Subject: Re: Coffee <b>on</b> Tuesday?\nIn-Reply-To: <j@acme.example>\nX-Subject:"
    edit_in_mailbox(world, jane, b"Subject:", answer)
    world.run()
    assert "Reply into your conversation “Coffee <b>on</b> Tuesday?”" in shown(visitor, f"/items/{jane.id}")


@pytest.mark.parametrize(
    ("later", "state", "words"),
    [(HOUR, "on-time", "44 h left"), (33 * HOUR, "at-risk", "12 h left"), (50 * HOUR, "late", "5 h late")],
)
def test_the_clock_is_drawn(world: World, visitor: Visitor, later: timedelta, state: str, words: str) -> None:
    world.now += later
    page = visitor.get(f"/items/{world.item('Jane Doe').id}").text
    assert f'class="clock {state}"' in page
    assert words in read_words(page)


def test_a_touch_from_before_is_told(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "done", by="phone")
    world.set_event(meeting("e3", world.now + 8 * 24 * HOUR, JANE, title="Startup meetup"))
    world.run(days=8, hours=1)
    with visit(world) as later:
        words = shown(later, f"/items/{world.item('Jane Doe', 'e3').id}")
    assert "Before Wed 18 Nov, 13:00, by phone, after Founders meetup" in words


def test_nothing_waits_says_what_comes_next(world: World) -> None:
    world.set_event(meeting("next", world.now + 30 * HOUR, TOM, title="Alumni evening"))
    world.run()
    with visit(world) as visitor:
        assert "Nothing waits for you Alumni evening ends Thu 19 Nov, 19:00" in shown(visitor)


def test_before_the_first_look_it_says_that_it_reads(world: World) -> None:
    with visit(world) as visitor:
        assert "Reading your calendars" in shown(visitor)


def test_a_look_alike_of_somebody_known_is_marked(world: World, visitor: Visitor) -> None:
    world.set_event(meeting("e3", world.now - HOUR, Attendee("jane.doe@acrne.example", "Jane Doe")))
    world.run()
    item = world.item("Jane Doe", "e3")
    assert "looks like jane.doe@acme.example, but it is another one" in shown(visitor, f"/items/{item.id}")
    refused = visitor.post("/together", act="approve", item=[f"{item.id}:{item.hash}"])
    assert "is not approved together with others. The address looks like" in read_words(refused.text)
    assert world.item("Jane Doe", "e3").status is Status.DRAFTED


# --- what is decided


def test_what_is_approved_is_what_was_shown_and_leaves_after_the_hold(world: World, visitor: Visitor) -> None:
    answer = visitor.decide("Jane Doe", "approve")
    jane, tom = world.item("Jane Doe"), world.item("Tom Miller")
    assert (answer.status_code, answer.location) == (303, f"/items/{tom.id}?after={jane.id}")
    assert (jane.status, jane.approved_hash) == (Status.APPROVED, fingerprint(jane.raw or b""))
    told = visitor.get(answer.location).text
    assert "Jane Doe: approved. It goes out in" in read_words(told)
    assert 'datetime="2026-11-18T12:02:00+00:00" data-count' in told
    world.run(minutes=2)
    assert world.status("Jane Doe") is Status.HANDLED


def test_what_waits_for_working_hours_says_when_it_goes_out_and_why(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    world.desk.approve(jane.id, world.now + 3 * DAY, HOUR, hours=Hours("Europe/Berlin"))
    told = visitor.get(f"/items/{world.item('Tom Miller').id}?after={jane.id}").text
    assert "Jane Doe: approved; it goes out Monday 08:00, because it is Saturday." in read_words(told)


def test_undo_in_time_keeps_it_here(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "approve")
    visitor.post(f"/items/{world.item('Jane Doe').id}/undo")
    world.run(minutes=10)
    assert world.status("Jane Doe") is Status.DRAFTED


def test_a_page_that_is_no_longer_true_approves_nothing(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    seen = read_hash(visitor.get(f"/items/{jane.id}").text)
    world.desk.edit(jane.id, world.now, body="Something else.")
    refused = visitor.post(f"/items/{jane.id}/approve", hash=seen)
    assert refused.status_code == 409
    assert "Nothing was approved and nothing leaves. Read it as it is now" in read_words(refused.text)
    assert world.status("Jane Doe") is Status.DRAFTED


def test_an_edit_is_saved_by_the_next_pass(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "edit", subject="Sailing", body="Dear Jane,\r\n\r\nlet us sail.")
    jane = world.item("Jane Doe")
    assert "Saving: your text reaches the mailbox" in shown(visitor, f"/items/{jane.id}")
    world.run()
    words = shown(visitor, f"/items/{jane.id}")
    assert "Saving" not in words
    assert "Subject Sailing Dear Jane, let us sail." in words


def test_an_edit_that_came_too_late_keeps_what_was_typed(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    seen = read_hash(visitor.get(f"/items/{jane.id}").text)
    world.desk.edit(jane.id, world.now, body="From the terminal.")
    refused = visitor.post(f"/items/{jane.id}/edit", hash=seen, subject="Hello", body="From the page.")
    assert refused.status_code == 409
    words = read_words(refused.text)
    assert "From the page." in words
    assert "From the terminal." in words
    saved = visitor.post(
        f"/items/{jane.id}/edit", hash=read_hash(refused.text), subject="Hello", body="From the page."
    )
    assert (saved.status_code, world.item("Jane Doe").subject) == (303, "Hello")


def test_another_template_writes_the_message_anew(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "template", template="met-again.md")
    jane = world.item("Jane Doe")
    assert (jane.template, jane.edited) == ("met-again.md", True)
    world.run()
    assert world.item("Jane Doe").placed_hash == jane.hash
    assert "met-again, changed by you" in shown(visitor, f"/items/{jane.id}")


@pytest.mark.parametrize("name", ["../config.toml", "nothing.md", "", "late.md\0"])
def test_a_template_that_is_not_in_force_is_refused(world: World, visitor: Visitor, name: str) -> None:
    assert visitor.decide("Jane Doe", "template", template=name).status_code == 400
    assert world.item("Jane Doe").template == "new-acquaintance.md"


def test_skip_and_its_undo(world: World, visitor: Visitor) -> None:
    told = visitor.get(visitor.decide("Jane Doe", "skip").location).text
    assert "Jane Doe: you skipped it." in read_words(told)
    world.run()
    visitor.post(f"/items/{world.item('Jane Doe').id}/undo")
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"until": "tonight"}, datetime(2026, 11, 18, 18, 0, tzinfo=UTC)),
        ({"until": "tomorrow"}, datetime(2026, 11, 19, 8, 0, tzinfo=UTC)),
        ({"until": "pick", "pick": "2026-11-20T07:30"}, datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
    ],
)
def test_snooze_is_told_in_the_owners_time(
    world: World, visitor: Visitor, fields: dict[str, str], until: datetime
) -> None:
    visitor.decide("Jane Doe", "snooze", **fields)
    assert world.item("Jane Doe").snoozed_until == until
    assert "Jane Doe" not in shown(visitor)


def test_tonight_is_tomorrow_night_once_it_is_late(world: World, visitor: Visitor) -> None:
    world.now = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)
    visitor.decide("Jane Doe", "snooze", until="tonight")
    assert world.item("Jane Doe").snoozed_until == datetime(2026, 11, 19, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("pick", ["", "soon", "2026-11-01T10:00", "0001-01-01T00:00"])
def test_a_time_that_is_none_or_past_is_refused(world: World, visitor: Visitor, pick: str) -> None:
    assert visitor.decide("Jane Doe", "snooze", until="pick", pick=pick).status_code == 400
    assert world.item("Jane Doe").snoozed_until is None


@pytest.mark.parametrize("channel", ["phone", "letter", "message", "in-person", "email"])
def test_done_another_way_is_a_touch(world: World, visitor: Visitor, channel: str) -> None:
    visitor.decide("Jane Doe", "done", by=channel)
    assert world.status("Jane Doe") is Status.DONE
    assert [touch.channel for touch in world.store.past.touches_of(world.item("Jane Doe").person or "")] == [
        channel
    ]


def test_a_draft_changed_since_its_approval_comes_back_marked(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "approve")
    jane = world.item("Jane Doe")
    edit_in_mailbox(world, jane, b"Jane,", b"Janet,")
    world.run(minutes=5)
    assert world.status("Jane Doe") is Status.DRAFTED
    assert "changed since you approved Founders meetup" in shown(visitor)
    assert "It was not sent; read it again." in shown(visitor, f"/items/{jane.id}")


def test_several_at_once_are_bound_to_the_texts_that_were_shown(world: World, visitor: Visitor) -> None:
    page = visitor.get("/together").text
    jane, tom = world.item("Jane Doe"), world.item("Tom Miller")
    ticks = [f"{item.id}:{item.hash}" for item in (jane, tom)]
    assert all(f'value="{tick}"' in page for tick in ticks)
    assert read_words(page).count("I have read it") == 2
    world.desk.edit(tom.id, world.now, body="Changed meanwhile.")
    refused = visitor.post("/together", act="approve", item=ticks)
    assert "1 stayed as they were Tom Miller: Item 2 is no longer the text you saw." in read_words(
        refused.text
    )
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.APPROVED, Status.DRAFTED)


def test_two_tabs_that_approve_at_once_send_once(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    first = visitor.post(f"/items/{jane.id}/approve", hash=jane.hash)
    second = visitor.post(f"/items/{jane.id}/approve", hash=jane.hash)
    assert (first.status_code, second.status_code) == (303, 400)
    world.run(minutes=2)
    assert len(box_of(world).ready) == 1


# --- whom did you meet?


def test_people_are_named_and_each_shows_what_they_get(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    [debrief] = world.store.followups()
    assert debrief.kind is Kind.DEBRIEF
    with visit(world) as visitor:
        lines = "Kim Lee, kim@acme.example - we spoke about sailing\n\nBo Ek, bo@ek.example"
        answer = visitor.post(f"/items/{debrief.id}/met", people=lines, promise="the name of our printer")
        words = shown(visitor, answer.location)
        assert "2 noted; this is what they get Kim Lee kim@acme.example" in words
        assert "Hi Bo," in words
        assert "the name of our printer" in words
        visitor.post(f"/items/{debrief.id}/met", people="Ann Roe, ann@roe.example")
        assert "3 noted" in shown(visitor, answer.location)
    world.run()
    assert {world.status(name) for name in ("Kim Lee", "Bo Ek", "Ann Roe")} == {Status.DRAFTED}


def test_nobody_is_an_answer(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    with visit(world) as visitor:
        visitor.post("/items/1/nobody")
        assert "Nothing waits for you" in shown(visitor)


def test_a_question_is_answered_in_one_go(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, title="Meeting"))
    world.run()
    [question] = world.store.followups()
    assert question.kind is Kind.QUESTION
    with visit(world) as visitor:
        assert "Was this networking?" in shown(visitor)
        visitor.post(f"/items/{question.id}/answer")
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


# --- why not, and what happened


def test_who_was_left_out_is_told_with_the_reason_and_can_be_written_to(world: World) -> None:
    colleague = Attendee("ben@example.com", "Ben Example")
    world.set_event(meeting("e1", world.now - HOUR, JANE, colleague))
    world.run()
    with visit(world) as visitor:
        assert "Ben Example ben@example.com" in shown(visitor, "/left-out")
        visitor.post("/left-out/person", occurrence="e1", person="ben@example.com")
        assert "Ben Example ben@example.com" not in shown(visitor, "/left-out")
        again = visitor.post("/left-out/person", occurrence="e1", person="ben@example.com")
        assert again.status_code == 400
    world.run()
    assert world.status("Ben Example") is Status.DRAFTED


def test_an_event_that_did_not_count_can_be_made_to(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, title="Dentist"))
    world.run()
    assert world.store.followups() == []
    with visit(world) as visitor:
        assert "Dentist" in shown(visitor, "/left-out")
        visitor.post("/left-out/event", occurrence="e1")
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_activity_tells_through_which_door_each_decision_came(world: World, visitor: Visitor) -> None:
    visitor.decide("Jane Doe", "approve")
    world.desk.skip(world.item("Tom Miller").id, world.now)
    words = shown(visitor, "/activity")
    assert "Today 13:00 Tom Miller skipped You skipped it you, in the terminal" in words
    assert "13:00 Jane Doe approved You approved it you, on the page" in words
    assert "Jane Doe drafted Accepted the invitation followupd" in words
    assert "planned" not in words  # the same thing, a moment before
    jane = world.store.history(world.item("Jane Doe").id)
    assert [step.via for step in jane] == [None, None, Via.PAGE]


# --- what goes wrong


def test_a_damaged_state_is_told_with_what_to_do(world: World, visitor: Visitor) -> None:
    database = world.store.database.path
    world.store.close()
    database.write_bytes(b"this is no database at all, but it is long enough to be read as one" * 20)
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert "Nothing was written outside. There is no good backup" in read_words(answer.text)
    database.unlink()
    world.open()


@pytest.mark.parametrize("path", ["/nothing", "/items/99", "/items/0", "/items/99999999999999999999999"])
def test_what_is_not_there_is_said_in_words(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "followupd" in read_words(answer.text)


def test_cards_are_dropped(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Roe\r\nEMAIL:ann@roe.example\r\nEND:VCARD\r\n"
    with visit(world) as visitor:
        answer = visitor.post("/items/1/met", people="", list=(BytesIO(cards.encode()), "ann.vcf"))
        assert answer.location == "/items/1"
        assert "1 noted; this is what they get Ann Roe ann@roe.example" in shown(visitor, "/items/1")


def test_of_three_hundred_guests_those_are_picked_whom_the_owner_spoke_with(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    table = "Name,Email\n" + "".join(f"Guest N{n:03},g{n}@guests.example\n" for n in range(300))
    with visit(world) as visitor:
        sent = visitor.post("/items/1/met", people="", list=(BytesIO(table.encode()), "guests.csv"))
        assert (sent.status_code, sent.location) == (303, "/items/1/guests")
        page = visitor.get("/items/1/guests").text
        assert page.count('type="checkbox" name="guest"') == 300
        assert "300 on the guest list" in read_words(page)
        nobody = visitor.post("/items/1/guests")
        assert (nobody.status_code, "Nobody is ticked." in nobody.text) == (400, True)
        visitor.post("/items/1/guests", guest=["g1@guests.example", "g3@guests.example", "eve@evil.example"])
        assert "2 noted" in shown(visitor, "/items/1")
        assert "g3@guests.example in your queue" in shown(visitor, "/items/1/guests")
    emails = {item.email for item in world.store.followups() if item.kind is Kind.DRAFT}
    assert emails == {"g1@guests.example", "g3@guests.example"}


def test_looking_at_the_guests_a_calendar_names_keeps_nothing(world: World) -> None:
    crowd = [Attendee(f"g{n}@guests.example", f"Guest N{n:03}") for n in range(40)]
    world.set_event(meeting("e1", world.now - HOUR, *crowd, title="Startup meetup"))
    world.run()
    [item] = world.store.followups()
    with visit(world) as visitor:
        assert "40 on the guest list" in shown(visitor, f"/items/{item.id}/guests")
        assert world.store.guest_lists.list("e1") == []
        visitor.post(f"/items/{item.id}/guests", guest=["g7@guests.example"])
    world.run()
    drafted = {item.email for item in world.store.followups({Status.DRAFTED})}
    assert drafted == {"g7@guests.example"}


def test_columns_that_say_nothing_are_asked_about_once_and_the_file_comes_along(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    table = b"Wer,Wohin\nAnn Roe,ann@roe.example\n"
    with visit(world) as visitor:
        asked = visitor.post("/items/1/met", people="", list=(BytesIO(table), "guests.csv"))
        assert "Which column is what? " in read_words(asked.text)
        assert "Wohin ann@roe.example" in read_words(asked.text)
        found = re.search(r'name="data" value="([^"]+)"', asked.text)
        assert found is not None
        visitor.post("/items/1/columns", data=found[1], column=["name", "email"])
        assert "1 noted" in shown(visitor, "/items/1")
        again = visitor.post("/items/1/met", people="", list=(BytesIO(table), "guests.csv"))
        assert again.location == "/items/1"
        assert visitor.post("/items/1/columns", data="no file", column=["name"]).status_code == 400


def test_a_reply_stays_one_in_the_words_of_another_template(world: World, visitor: Visitor) -> None:
    jane = world.item("Jane Doe")
    answer = b"Subject: Re: Coffee?\nIn-Reply-To: <j@acme.example>\nX-Subject:"
    edit_in_mailbox(world, jane, b"Subject:", answer)
    world.run()
    visitor.decide("Jane Doe", "template", template="met-again.md")
    jane = world.item("Jane Doe")
    assert (jane.template, jane.subject) == ("met-again.md", "Re: Coffee?")
    assert b"In-Reply-To: <j@acme.example>\nReferences: <j@acme.example>\n" in (jane.raw or b"")
