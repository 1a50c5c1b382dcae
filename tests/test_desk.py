"""What the desk does with an owner's decisions, on the store alone; tests/test_cli.py types the same as commands."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from week import HOLD, JANE, NOON, TOM, World, guest, meeting, open_world, read_met

from followupd.desk import Desk
from followupd.errors import Changed, Problem
from followupd.items import FollowUp, Kind, Status
from followupd.model import Reason
from followupd.problems import close_problem, open_problem

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def jane(world: World) -> FollowUp:
    """A draft to Jane, met an hour ago."""
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    return world.item("Jane Doe")


def ask(world: World, kind: Kind) -> FollowUp:
    """Have an event an hour ago that asks a question, or whom the owner met."""
    title, guests = ("Meeting", [JANE]) if kind is Kind.QUESTION else ("Startup meetup", [])
    world.set_event(meeting("asked", world.now - HOUR, *guests, title=title))
    world.run()
    (item,) = [item for item in world.store.followups() if item.kind is kind]
    return item


def fresh(world: World, item: FollowUp) -> FollowUp:
    return world.store.followup(item.id)


# --- the wake-up


def test_every_act_wakes_the_daemon(world: World, jane: FollowUp) -> None:
    rung: list[str] = []
    desk = Desk(world.store, lambda: rung.append("ring"))
    desk.approve(jane.id, world.now, HOLD)
    desk.undo(jane.id, world.now)
    desk.edit(jane.id, world.now, subject="Hello")
    desk.snooze(jane.id, world.now + DAY, world.now)
    desk.skip(jane.id, world.now)
    desk.pause(paused=True)
    assert len(rung) == 6
    with pytest.raises(Problem):
        desk.skip(jane.id, world.now)
    assert len(rung) == 6


# --- yes


def test_an_approval_is_bound_to_the_bytes_and_to_the_end_of_the_hold(world: World, jane: FollowUp) -> None:
    approved = world.desk.approve(jane.id, world.now, timedelta(minutes=2), jane.hash[:8])
    assert (approved.status, approved.approved_hash) == (Status.APPROVED, jane.hash)
    assert approved.leaves_at == world.now + timedelta(minutes=2)
    with pytest.raises(Problem, match="is 'approved'; only a draft can be approved"):
        world.desk.approve(jane.id, world.now, HOLD)


@pytest.mark.parametrize("seen", ["", "0" * 64, "0" * 7])
def test_an_approval_of_another_text_is_refused(world: World, jane: FollowUp, seen: str) -> None:
    with pytest.raises(Changed):
        world.desk.approve(jane.id, world.now, HOLD, seen)
    assert fresh(world, jane) == jane


def test_what_waits_for_its_draft_or_is_held_cannot_be_approved(world: World, jane: FollowUp) -> None:
    world.desk.skip(jane.id, world.now)
    planned = world.desk.undo(jane.id, world.now)
    with pytest.raises(Problem, match="is 'planned'; only a draft can be approved"):
        world.desk.approve(planned.id, world.now, HOLD)
    world.run()
    world.store.update(fresh(world, jane), held=Reason.MOVED)
    with pytest.raises(Problem, match="is held: moved"):
        world.desk.approve(jane.id, world.now, HOLD)


def test_a_debrief_is_answered_with_names_not_with_yes(world: World) -> None:
    debrief = ask(world, Kind.DEBRIEF)
    with pytest.raises(Problem, match="asks whom you met") as refusal:
        world.desk.approve(debrief.id, world.now, HOLD)
    assert f"followupd met {debrief.id}" in refusal.value.todo


# --- questions


def test_a_yes_to_a_question_drafts_and_undo_asks_again(world: World) -> None:
    question = ask(world, Kind.QUESTION)
    world.desk.approve(question.id, world.now, HOLD)
    assert world.store.calendars.owner_says("asked") is True
    world.desk.undo(question.id, world.now)
    assert (fresh(world, question).status, world.store.calendars.owner_says("asked")) == (
        Status.NEEDS_INFO,
        None,
    )


def test_meeting_nobody_answers_a_question_with_no(world: World) -> None:
    question = ask(world, Kind.QUESTION)
    world.desk.take_met(question.id, [], world.now)
    world.run()
    assert world.store.calendars.owner_says("asked") is False
    assert [item.kind for item in world.store.followups()] == [Kind.QUESTION]


# --- edits


def test_only_a_waiting_draft_can_be_edited(world: World, jane: FollowUp) -> None:
    world.desk.finish(jane.id, "phone", world.now)
    with pytest.raises(Problem, match="only a waiting draft"):
        world.desk.edit(jane.id, world.now, subject="Hello")


def test_an_edit_that_changes_nothing_leaves_no_trace(world: World, jane: FollowUp) -> None:
    assert world.desk.edit(jane.id, world.now) == jane
    assert fresh(world, jane) == jane


def test_an_edit_keeps_who_when_and_the_message_id(world: World, jane: FollowUp) -> None:
    edited = world.desk.edit(jane.id, world.now, "Hello", "Dear Jane")
    old, new = (item.raw or b"" for item in (jane, edited))
    kept = [
        line for line in old.splitlines() if line.startswith((b"From:", b"To:", b"Date:", b"Message-ID:"))
    ]
    assert len(kept) == 4
    assert set(kept) <= set(new.splitlines())
    assert (edited.edited, edited.subject, edited.status) == (True, "Hello", Status.DRAFTED)


# --- not now, no, otherwise


def test_a_snooze_never_lets_an_item_expire_while_it_hides(world: World, jane: FollowUp) -> None:
    snoozed = world.desk.snooze(jane.id, world.now + 14 * DAY, world.now)
    assert snoozed.expires == world.now + 16 * DAY
    assert world.desk.list_queue(world.now) == []
    world.run(days=14)
    assert [item.id for item in world.desk.list_queue(world.now)] == [jane.id]
    short = world.desk.snooze(jane.id, world.now + HOUR, world.now)
    assert short.expires == world.now + HOUR + 2 * DAY


@pytest.mark.parametrize("act", ["approve", "skip"])
def test_what_is_decided_cannot_be_snoozed(world: World, jane: FollowUp, act: str) -> None:
    if act == "approve":
        world.desk.approve(jane.id, world.now, HOLD)
    else:
        world.desk.skip(jane.id, world.now)
    with pytest.raises(Problem, match="nothing to snooze"):
        world.desk.snooze(jane.id, world.now + DAY, world.now)


def test_undo_of_a_done_forgets_the_touch(world: World, jane: FollowUp) -> None:
    world.desk.finish(jane.id, "letter", world.now)
    assert [last for _, last in world.desk.list_people()] == [world.now]
    world.desk.undo(jane.id, world.now)
    assert [last for _, last in world.desk.list_people()] == [None]


def test_what_expired_is_taken_up_with_a_week_to_decide(world: World, jane: FollowUp) -> None:
    world.run(days=8)
    assert fresh(world, jane).status is Status.EXPIRED
    taken = world.desk.undo(jane.id, world.now)
    assert (taken.status, taken.expires) == (Status.PLANNED, world.now + 7 * DAY)


def test_what_was_handed_over_is_shown_until_it_expires_and_cannot_be_taken_back(
    world: World, jane: FollowUp
) -> None:
    world.approve("Jane Doe")
    world.run(minutes=3)
    assert [item.status for item in world.desk.list_queue(world.now)] == [Status.HANDLED]
    with pytest.raises(Problem, match="'handled'") as refusal:
        world.desk.undo(jane.id, world.now)
    assert "your mail program's hands" in refusal.value.todo
    assert world.desk.list_queue(NOON + 7 * DAY) == []
    assert [item.id for item in world.desk.list_queue(world.now, everything=True)] == [jane.id]


def test_only_a_follow_up_to_a_person_is_done_otherwise(world: World) -> None:
    with pytest.raises(Problem, match="not a follow-up to a person"):
        world.desk.finish(ask(world, Kind.DEBRIEF).id, "phone", world.now)


# --- whom did you meet?


def test_somebody_named_twice_gets_one_follow_up(world: World) -> None:
    debrief = ask(world, Kind.DEBRIEF)
    named = [read_met("Kim Lee, kim@lee.example"), read_met("KIM@lee.example"), read_met("Tom Miller")]
    added = world.desk.take_met(debrief.id, named, world.now)
    assert [item.key for item in added] == ["asked|kim@lee.example", "asked|name:tom miller"]
    assert world.desk.take_met(debrief.id, named, world.now) == []


def test_an_item_that_waits_for_an_address_takes_exactly_one(world: World) -> None:
    debrief = ask(world, Kind.DEBRIEF)
    (kim,) = world.desk.take_met(debrief.id, [read_met("Kim Lee")], world.now)
    for wrong in ([], [read_met("Kim Lee")], [read_met("a@b.example"), read_met("c@d.example")]):
        with pytest.raises(Problem, match="takes one address"):
            world.desk.take_met(kim.id, wrong, world.now)
    (given,) = world.desk.take_met(kim.id, [read_met("kim@lee.example")], world.now)
    assert (given.status, given.name, given.first_name) == (Status.PLANNED, "Kim Lee", kim.first_name)
    with pytest.raises(Problem, match="takes one address"):
        world.desk.take_met(kim.id, [read_met("kim@lee.example")], world.now)


def test_the_owner_may_name_people_long_after_and_still_has_two_days(world: World) -> None:
    debrief = ask(world, Kind.DEBRIEF)
    late = debrief.expires - HOUR
    (kim,) = world.desk.take_met(debrief.id, [read_met("kim@lee.example")], late)
    assert kim.expires == late + 2 * DAY


def test_a_draft_does_not_ask_whom_the_owner_met(world: World, jane: FollowUp) -> None:
    with pytest.raises(Problem, match="takes one address"):
        world.desk.take_met(jane.id, [read_met("tom@mill.example")], world.now)


# --- problems


def open_one(world: World, item: FollowUp) -> FollowUp:
    open_problem(world.store, item, Reason.DUPLICATE, "two drafts", world.now)
    (problem,) = [item for item in world.store.followups() if item.kind is Kind.PROBLEM]
    return problem


def test_a_problem_is_asked_once_and_again_only_after_another_try(world: World, jane: FollowUp) -> None:
    problem = open_one(world, jane)
    assert (problem.status, problem.concerns) == (Status.NEEDS_INFO, jane.id)
    assert open_one(world, jane) == problem
    world.desk.approve(problem.id, world.now, HOLD)
    assert fresh(world, problem).status is Status.DONE
    assert open_one(world, jane).status is Status.NEEDS_INFO


def test_a_problem_the_owner_leaves_is_left(world: World, jane: FollowUp) -> None:
    problem = open_one(world, jane)
    world.desk.skip(problem.id, world.now)
    assert open_one(world, jane).status is Status.SKIPPED
    close_problem(world.store, jane, Reason.DUPLICATE, world.now, "it is gone")
    assert fresh(world, problem).status is Status.SKIPPED


def test_another_try_frees_what_was_put_aside(world: World, jane: FollowUp) -> None:
    held = world.store.update(jane, held=Reason.QUARANTINED)
    world.desk.approve(open_one(world, held).id, world.now, HOLD)
    assert fresh(world, jane).held is None


# --- the queue


def test_the_queue_is_by_deadline(world: World) -> None:
    world.set_event(meeting("late", world.now - HOUR, TOM))
    world.set_event(meeting("early", world.now - 2 * HOUR, guest("Kim Lang")))
    world.run()
    assert [item.name for item in world.desk.list_queue(world.now)] == ["Kim Lang", "Tom Miller"]
