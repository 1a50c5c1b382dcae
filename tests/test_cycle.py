"""The pass, step by step, over memory ports: what an owner would see after each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import JANE, NOON, TOM, World, guest, meeting, open_world, read_met

from followupd.errors import ClockProblem, Problem, SourceProblem
from followupd.items import FollowUp, Kind, Status
from followupd.mail import Draft
from followupd.model import Answer, Reason
from followupd.rules.followups import Limits
from followupd.rules.reading import read_message

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.run()  # the first pass settles when this state began
        opened.now += timedelta(days=10)
        yield opened


def box(world: World) -> MemoryMailbox:
    assert isinstance(world.mailbox, MemoryMailbox)
    return world.mailbox


def drafts(world: World) -> list[Draft]:
    return list(box(world).drafts.values())


def hold(world: World, *guests: str) -> None:
    """Have a meetup an hour ago with these guests."""
    world.set_event(meeting("e1", world.now - HOUR, *(guest(name) for name in guests)))


def edited(item: FollowUp) -> bytes:
    """Return a draft's bytes as the owner's mail program leaves them after one more sentence."""
    return (item.raw or b"").replace(b"I am glad we met", b"I am so glad we met at last")


# --- drafting


def test_everybody_met_gets_one_draft_in_their_name(world: World) -> None:
    hold(world, "Jane Doe", "Tom Miller")
    world.run()
    messages = [read_message(draft.raw) for draft in drafts(world)]
    assert {message.to_email for message in messages} == {
        ("jane.doe@acme.example",),
        ("tom.miller@acme.example",),
    }
    assert {message.text.splitlines()[0] for message in messages} == {"Hi Jane,", "Hi Tom,"}
    world.run(hours=1)
    assert len(drafts(world)) == 2
    assert box(world).calls["create"] == 2


def test_nothing_is_drafted_before_the_event_is_over(world: World) -> None:
    world.set_event(meeting("e1", world.now + HOUR, JANE))
    world.run()
    assert drafts(world) == []
    assert world.store.next_moment(world.now) == world.now + HOUR
    world.run(hours=1)
    assert world.status("Jane Doe") is Status.DRAFTED


def test_an_event_without_guests_asks_whom_you_met(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR))
    world.run()
    [item] = world.desk.list_queue(world.now)
    assert (item.kind, item.status) == (Kind.DEBRIEF, Status.NEEDS_INFO)
    assert drafts(world) == []


def test_a_crowd_is_asked_about_and_never_drafted_for(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, *(guest(f"Gast{chr(97 + n)} Meyer") for n in range(26))))
    world.run()
    [item] = world.desk.list_queue(world.now)
    assert (item.kind, item.reason) == (Kind.DEBRIEF, Reason.CROWD)


def test_what_ended_before_the_first_day_waits_to_be_taken_up(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.set_event(meeting("old", NOON - timedelta(hours=49), JANE))
        world.set_event(meeting("recent", NOON - timedelta(hours=47), TOM))
        world.run()
        assert (world.status("Jane Doe"), world.item("Jane Doe").reason) == (
            Status.EXPIRED,
            Reason.BEFORE_INSTALL,
        )
        assert world.status("Tom Miller") is Status.DRAFTED
        world.desk.undo(world.item("Jane Doe").id, world.now)
        world.run()
        assert world.item("Jane Doe").template == "late.md"


def test_after_48_hours_the_late_template_speaks_and_after_seven_days_nobody(world: World) -> None:
    world.set_event(meeting("late", world.now - timedelta(hours=49), JANE))
    world.set_event(meeting("expired", world.now - timedelta(days=7, minutes=1), TOM))
    world.run()
    assert world.item("Jane Doe").template == "late.md"
    assert (world.status("Tom Miller"), len(drafts(world))) == (Status.EXPIRED, 1)


def test_an_undecided_draft_expires_and_is_taken_out(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.run(days=7)
    world.run()
    assert world.status("Jane Doe") is Status.EXPIRED
    assert drafts(world) == []
    assert len(box(world).trash) == 1


def test_a_person_met_before_is_greeted_as_known(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    assert world.item("Jane Doe").template == "new-acquaintance.md"
    world.desk.finish(world.item("Jane Doe").id, "phone", world.now)
    world.now += timedelta(days=8)
    world.set_event(meeting("e2", world.now - HOUR, JANE))
    world.run()
    assert world.item("Jane Doe", "e2").template == "met-again.md"


def test_one_follow_up_per_person_in_seven_days(world: World) -> None:
    hold(world, "Jane Doe")
    world.set_event(meeting("e2", world.now - HOUR / 2, JANE))
    world.run()
    first, second = world.item("Jane Doe", "e1"), world.item("Jane Doe", "e2")
    assert (first.status, second.status, second.held) == (Status.DRAFTED, Status.PLANNED, Reason.RECENT)
    world.desk.finish(first.id, "letter", world.now)
    world.run(days=6)
    assert world.item("Jane Doe", "e2").held is Reason.RECENT


def test_a_day_has_its_cap_and_the_earliest_deadline_goes_first(tmp_path: Path) -> None:
    with open_world(tmp_path, limits=Limits(drafts_per_day=1)) as world:
        world.set_event(meeting("second", NOON - HOUR, JANE))
        world.set_event(meeting("first", NOON - 2 * HOUR, TOM))
        world.run()
        assert world.status("Tom Miller") is Status.DRAFTED
        assert world.item("Jane Doe").held is Reason.DAILY_CAP
        world.run(hours=25)
        assert world.status("Jane Doe") is Status.DRAFTED


def test_a_guest_without_address_waits_for_one(world: World) -> None:
    nameless = replace(JANE, email=None)
    world.set_event(meeting("e1", world.now - HOUR, nameless))
    world.run()
    assert (world.status("Jane Doe"), world.item("Jane Doe").reason) == (Status.NEEDS_INFO, Reason.NO_ADDRESS)


# --- the owner's hand in the mailbox


def test_an_edit_in_the_mailbox_is_kept_and_shown(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    box(world).owner_edits(item.draft_id or "", edited(item))
    world.run()
    assert "so glad we met at last" in read_message(world.item("Jane Doe").raw or b"").text
    assert [draft.raw for draft in drafts(world)] == [edited(item)]


def test_a_deleted_draft_never_comes_back(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    box(world).owner_deletes(world.item("Jane Doe").draft_id or "")
    for _ in range(3):
        world.run(minutes=5)
    assert world.status("Jane Doe") is Status.SKIPPED
    assert drafts(world) == []


def test_a_draft_sent_by_hand_is_handled_and_counts_as_touch(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    box(world).owner_sends(world.item("Jane Doe").draft_id or "")
    world.run()
    assert world.status("Jane Doe") is Status.HANDLED
    assert [last for person, last in world.desk.list_people() if person.name == "Jane Doe"] == [world.now]


def test_a_change_after_the_yes_needs_a_new_yes(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.approve("Jane Doe")
    box(world).owner_edits(item.draft_id or "", edited(item))
    world.run(minutes=3)
    assert world.status("Jane Doe") is Status.DRAFTED
    assert box(world).ready == []
    world.approve("Jane Doe")
    world.run(minutes=3)
    assert [draft.raw for draft in box(world).ready] == [edited(item)]


def test_two_drafts_for_one_person_stop_and_ask_until_one_is_left(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    copy = box(world).create(item.raw or b"")
    world.approve("Jane Doe")
    world.run(minutes=3)
    [problem] = [found for found in world.desk.list_queue(world.now) if found.kind is Kind.PROBLEM]
    assert (problem.concerns, world.status("Jane Doe"), box(world).ready) == (item.id, Status.DRAFTED, [])
    box(world).owner_deletes(copy.id)
    world.run()
    assert all(found.kind is not Kind.PROBLEM for found in world.desk.list_queue(world.now))


# --- decisions from the desk


def test_an_approved_draft_leaves_after_the_hold_byte_for_byte(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.approve("Jane Doe")
    world.run(seconds=119)
    assert box(world).ready == []
    world.run(seconds=1)
    assert [draft.raw for draft in box(world).ready] == [item.raw]
    assert (world.status("Jane Doe"), world.item("Jane Doe").outcome) == (
        Status.HANDLED,
        box(world).ready_note,
    )


def test_a_server_that_took_it_is_the_only_one_that_makes_it_sent(tmp_path: Path) -> None:
    with open_world(tmp_path, MemoryMailbox("box", sends=True)) as world:
        hold(world, "Jane Doe")
        world.run()
        world.approve("Jane Doe")
        world.run(minutes=3)
        assert world.status("Jane Doe") is Status.SENT


def test_an_undo_in_time_keeps_it_here(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.approve("Jane Doe")
    world.run(seconds=60)
    world.desk.undo(item.id, world.now)
    world.run(minutes=5)
    assert (world.status("Jane Doe"), box(world).ready) == (Status.DRAFTED, [])


def test_a_skip_takes_the_draft_out_and_undo_brings_the_owners_words_back(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    box(world).owner_edits(item.draft_id or "", edited(item))
    world.run()
    world.desk.skip(item.id, world.now)
    world.run()
    assert drafts(world) == []
    world.desk.undo(item.id, world.now)
    world.run()
    assert [draft.raw for draft in drafts(world)] == [edited(item)]


def test_an_edit_from_the_desk_reaches_the_mailbox(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.desk.edit(world.item("Jane Doe").id, world.now, "Sailing", "Hi Jane,\n\nsee you on the lake.")
    world.run()
    [draft] = drafts(world)
    message = read_message(draft.raw)
    assert (message.subject, message.text) == ("Sailing", "Hi Jane,\n\nsee you on the lake.")


def test_edits_in_both_places_keep_the_mailboxs_text_and_show_the_other(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    world.desk.edit(item.id, world.now, None, "Written at the desk.")
    box(world).owner_edits(item.draft_id or "", edited(item))
    world.run()
    assert [draft.raw for draft in drafts(world)] == [edited(item)]
    assert "Written at the desk." in world.store.history(item.id)[-1].why


def test_a_pause_lets_nothing_leave(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.approve("Jane Doe")
    world.desk.pause(paused=True)
    world.run(hours=1)
    assert box(world).ready == []
    world.desk.pause(paused=False)
    world.run()
    assert len(box(world).ready) == 1


def test_people_named_in_a_debrief_are_drafted_with_the_promise(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR))
    world.run()
    [debrief] = world.desk.list_queue(world.now)
    met = read_met("Jane Doe, Acme, jane.doe@acme.example", promise="the deck by Friday")
    world.desk.take_met(debrief.id, [met], world.now)
    world.run()
    assert "I have not forgotten: the deck by Friday." in read_message(world.item("Jane Doe").raw or b"").text
    assert world.store.followup(debrief.id).status is Status.DONE


# --- the calendar changes its mind


@pytest.mark.parametrize("approved", [False, True])
def test_a_cancelled_event_withdraws_an_untouched_draft(world: World, approved: bool) -> None:
    hold(world, "Jane Doe")
    world.run()
    if approved:
        world.approve("Jane Doe")
    world.set_event(world.calendar.events[0], cancelled=True)
    world.run(minutes=3)
    assert (world.status("Jane Doe"), drafts(world), box(world).ready) == (Status.WITHDRAWN, [], [])


def test_a_cancelled_event_only_flags_a_draft_the_owner_worked_on(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    box(world).owner_edits(item.draft_id or "", edited(item))
    world.run()
    world.approve("Jane Doe")
    world.set_event(world.calendar.events[0], cancelled=True)
    world.run(minutes=3)
    item = world.item("Jane Doe")
    assert (item.status, item.held, box(world).ready) == (Status.DRAFTED, Reason.CANCELLED, [])
    assert len(drafts(world)) == 1
    with pytest.raises(Problem, match="held"):
        world.approve("Jane Doe")


def test_an_event_that_is_back_is_followed_up_again(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    [event] = world.calendar.events
    world.set_event(event, cancelled=True)
    world.run()
    world.set_event(event, cancelled=False)
    world.run()
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_an_event_moved_to_the_future_is_drafted_again_when_it_is_over(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    [event] = world.calendar.events
    later = world.now + timedelta(days=1)
    world.set_event(event, start=later - HOUR, end=later)
    world.run()
    assert (world.status("Jane Doe"), drafts(world)) == (Status.PLANNED, [])
    world.run(days=1)
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_a_guest_who_is_removed_or_declines_is_withdrawn(world: World) -> None:
    hold(world, "Jane Doe", "Tom Miller")
    world.run()
    [event] = world.calendar.events
    jane, tom = event.attendees[1:]
    world.set_event(event, attendees=(event.attendees[0], replace(tom, answer=Answer.DECLINED)))
    world.run()
    assert jane.name == "Jane Doe"
    assert world.status("Tom Miller") is Status.WITHDRAWN
    assert world.status("Jane Doe") is Status.WITHDRAWN


def test_a_calendar_that_fails_keeps_what_is_known_and_holds_what_is_not_known_afresh(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.approve("Jane Doe")
    world.calendar.fail = SourceProblem("It is out of reach.", "Wait.")
    report = world.run(minutes=3)
    assert list(report.failed) == ["work"]
    assert (world.item("Jane Doe").held, box(world).ready) == (Reason.NOT_FRESH, [])
    world.calendar.fail = None
    world.run(minutes=5)
    assert len(box(world).ready) == 1


def test_a_calendar_that_loses_everything_at_once_is_not_believed_before_a_day(world: World) -> None:
    for number in range(5):
        world.set_event(meeting(f"e{number}", world.now - HOUR, guest(f"Jane{'abcde'[number]} Doe")))
    world.run()
    world.calendar.events = ()
    assert "suddenly empty" in str(world.run(hours=1).failed["work"])
    assert len(drafts(world)) == 5
    world.run(hours=24)
    world.run()
    assert drafts(world) == []


def test_a_yes_that_is_taken_back_takes_its_drafts_back(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, title="Call with Jane"))
    world.run()
    [question] = world.desk.list_queue(world.now)
    assert question.kind is Kind.QUESTION
    world.desk.approve(question.id, world.now, world.limits.hold)
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED
    world.desk.undo(question.id, world.now)
    world.run()
    assert (world.status("Jane Doe"), drafts(world)) == (Status.WITHDRAWN, [])


def test_a_calendar_under_a_new_name_goes_on_and_its_old_trouble_is_forgotten(world: World) -> None:
    hold(world, "Jane Doe")
    world.set_event(meeting("e2", world.now + HOUR, TOM))
    world.run()
    world.calendar.fail = SourceProblem("It is out of reach.")
    world.run()
    world.calendar.fail, world.calendar.name = None, "job"
    world.calendar.events = tuple(replace(event, calendar="job") for event in world.calendar.events)
    report = world.run(hours=2)
    assert report.problems == []
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.DRAFTED, Status.DRAFTED)
    assert world.desk.source_problems() == {}


@pytest.mark.parametrize("change", ["moved", "cancelled", "gone"])
def test_a_draft_deleted_while_its_event_changed_never_comes_back(world: World, change: str) -> None:
    hold(world, "Jane Doe")
    world.run()
    [event] = world.calendar.events
    box(world).owner_deletes(world.item("Jane Doe").draft_id or "")
    later = world.now + HOUR
    if change == "moved":
        world.set_event(event, start=later - HOUR, end=later)
    if change == "cancelled":
        world.set_event(event, cancelled=True)
    if change == "gone":
        world.calendar.events = ()
    world.run()
    world.set_event(event)
    for _ in range(3):
        world.run(hours=2)
    assert (world.status("Jane Doe"), drafts(world)) == (Status.SKIPPED, [])


def test_a_draft_sent_by_hand_before_a_long_absence_is_handled_and_counts(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    box(world).owner_sends(world.item("Jane Doe").draft_id or "")
    world.now += timedelta(days=8)
    world.set_event(meeting("e2", world.now - HOUR, JANE))
    world.run()
    assert world.item("Jane Doe", "e1").status is Status.HANDLED
    assert world.item("Jane Doe", "e2").held is Reason.RECENT


def test_a_person_the_owner_named_is_back_when_the_event_is(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR))
    world.run()
    [event] = world.calendar.events
    [debrief] = world.desk.list_queue(world.now)
    world.desk.take_met(debrief.id, [read_met("Jane Doe, jane.doe@acme.example")], world.now)
    world.run()
    world.calendar.events = ()
    world.run()
    assert (world.status("Jane Doe"), drafts(world)) == (Status.WITHDRAWN, [])
    world.set_event(event)
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_an_old_event_taken_up_may_blink_without_stopping_a_pass(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.set_event(meeting("old", NOON - timedelta(hours=49), JANE))
        world.run()
        world.desk.undo(world.item("Jane Doe").id, world.now)
        world.run()
        [event] = world.calendar.events
        world.calendar.events = ()
        world.run()
        world.set_event(event)
        assert world.run().problems == []
        assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_what_an_unreadable_part_of_a_calendar_holds_does_not_leave(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    [event] = world.calendar.events
    world.approve("Jane Doe")
    world.calendar.events, world.calendar.complete = (), False
    world.run(minutes=3)
    assert (world.item("Jane Doe").held, box(world).ready) == (Reason.NOT_FRESH, [])
    assert "work" in world.desk.source_problems()
    world.set_event(event)
    world.run(minutes=3)
    assert len(box(world).ready) == 1


def test_a_hold_ends_when_its_reason_does(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.approve("Jane Doe")
    world.calendar.fail = SourceProblem("It is out of reach.")
    world.run(minutes=3)
    world.desk.undo(item.id, world.now)
    world.calendar.fail = None
    world.run()
    world.approve("Jane Doe")
    world.run(minutes=3)
    assert len(box(world).ready) == 1


def test_an_undone_skip_survives_a_create_that_never_happened(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    world.desk.skip(item.id, world.now)
    world.run()
    world.desk.undo(item.id, world.now)
    box(world).faults = [("create", "dropped")]
    world.run()
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_a_draft_that_went_during_an_interrupted_removal_is_asked_about(world: World, fault: str) -> None:
    hold(world, "Jane Doe")
    world.run()
    [event] = world.calendar.events
    later = world.now + HOUR
    box(world).faults = [("remove", fault)]
    world.set_event(event, start=later - HOUR, end=later)
    world.run()
    if fault == "dropped":
        box(world).owner_deletes(world.item("Jane Doe").draft_id or "")
    world.run(hours=2)
    assert drafts(world) == []
    [problem] = [item for item in world.desk.list_queue(world.now) if item.kind is Kind.PROBLEM]
    world.desk.approve(problem.id, world.now, world.limits.hold)
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_a_problem_is_over_when_its_follow_up_is(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    item = world.item("Jane Doe")
    box(world).create(item.raw or b"")
    world.run()
    assert [found.kind for found in world.desk.list_queue(world.now)] == [Kind.DRAFT, Kind.PROBLEM]
    world.desk.finish(item.id, "phone", world.now)
    world.run()
    assert world.desk.list_queue(world.now) == []


def test_a_message_no_parser_survives_stops_nobody_else(world: World) -> None:
    hold(world, "Jane Doe", "Tom Miller")
    world.run()
    item = world.item("Jane Doe")
    box(world).owner_edits(item.draft_id or "", (item.raw or b"").replace(b"To: ", b"To: " + b"(" * 5000, 1))
    world.run()
    world.approve("Tom Miller")
    world.run(minutes=3)
    assert len(box(world).ready) == 1


# --- trouble


def test_a_calendar_of_which_a_part_is_unreadable_keeps_its_events_and_says_so(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.calendar.events, world.calendar.complete = (), False
    assert world.run(hours=1).exit_code == 4
    assert len(drafts(world)) == 1


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_an_unanswered_create_is_looked_up_and_never_doubled(world: World, fault: str) -> None:
    box(world).grace = timedelta(minutes=2)
    box(world).faults = [("create", fault)]
    hold(world, "Jane Doe")
    world.run()
    world.run(minutes=1)
    assert box(world).calls["create"] == 1
    world.run(minutes=2)
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


@pytest.mark.parametrize("fault", ["lost", "dropped", "half"])
def test_an_unanswered_replace_leaves_one_draft_with_the_owners_words(world: World, fault: str) -> None:
    hold(world, "Jane Doe")
    world.run()
    box(world).faults = [("replace", fault)]
    world.desk.edit(world.item("Jane Doe").id, world.now, None, "Mine.")
    for _ in range(3):
        world.run(minutes=1)
    assert [read_message(draft.raw).text for draft in drafts(world)] == ["Mine."]


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_an_unanswered_sending_is_never_repeated_by_itself(tmp_path: Path, fault: str) -> None:
    with open_world(tmp_path, MemoryMailbox("box", sends=True)) as world:
        hold(world, "Jane Doe")
        world.run()
        world.approve("Jane Doe")
        box(world).faults = [("hand_over", fault)]
        for _ in range(3):
            world.run(minutes=3)
        assert box(world).calls["hand_over"] == 1
        expected = Status.SENT if fault == "lost" else Status.DRAFTED
        assert world.status("Jane Doe") is expected


def test_an_unanswered_move_to_ready_is_finished(world: World) -> None:
    hold(world, "Jane Doe")
    world.run()
    world.approve("Jane Doe")
    box(world).faults = [("hand_over", "dropped")]
    world.run(minutes=3)
    world.run()
    assert (world.status("Jane Doe"), len(box(world).ready)) == (Status.HANDLED, 1)


def test_a_mailbox_that_refuses_loses_nothing(world: World) -> None:
    hold(world, "Jane Doe")
    box(world).faults = [("create", "refused")]
    assert len(world.run().problems) == 1
    world.run()
    assert (world.status("Jane Doe"), len(drafts(world))) == (Status.DRAFTED, 1)


def test_a_lost_state_adopts_what_the_mailbox_holds(tmp_path: Path) -> None:
    shared = MemoryMailbox("box")
    with open_world(tmp_path / "one", shared) as world:
        hold(world, "Jane Doe", "Tom Miller")
        world.run()
        box(world).owner_deletes(world.item("Tom Miller").draft_id or "")
    with open_world(tmp_path / "two", shared) as world:
        hold(world, "Jane Doe", "Tom Miller")
        world.run()
        assert world.status("Jane Doe") is Status.DRAFTED
        assert world.status("Tom Miller") is Status.SKIPPED
    assert shared.calls["create"] == 2


def test_a_template_with_a_gap_is_put_aside_after_three_tries_and_stops_nobody(world: World) -> None:
    templates = world.folder / "templates"
    templates.mkdir()
    (templates / "new-acquaintance.md").write_text("Subject: Hi\n\nHi {{ person.first_name }}, hello.\n")
    nameless = replace(guest("Jane Doe"), name="J. D.")
    world.set_event(meeting("e1", world.now - HOUR, nameless, TOM))
    for _ in range(4):
        world.run(minutes=5)
    [problem] = [item for item in world.desk.list_queue(world.now) if item.kind is Kind.PROBLEM]
    assert "new-acquaintance.md, line 3" in problem.why
    assert world.status("Tom Miller") is Status.DRAFTED
    (templates / "new-acquaintance.md").unlink()
    world.desk.approve(problem.id, world.now, world.limits.hold)
    world.run()
    assert len(drafts(world)) == 2


def test_a_clock_before_the_program_was_written_does_nothing(world: World) -> None:
    world.now = datetime(1970, 1, 1, tzinfo=UTC)
    hold(world, "Jane Doe")
    with pytest.raises(ClockProblem, match="timedatectl"):
        world.run()
    assert drafts(world) == []
