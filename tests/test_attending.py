"""Events of public lists: asked about once a week, all at once, and counted only by the owner's word."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from week import JANE, World, meeting, open_world

from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.model import Reason

HOUR = timedelta(hours=1)
#: A Tuesday evening; in Berlin 21:00.
TUESDAY = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)
WEDNESDAY_NINE = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.run()  # the first pass settles when this state began
        opened.now = TUESDAY
        yield opened


def list_event(world: World, name: str, end: datetime, title: str = "Chamber mixer", **more: object) -> None:
    """Have an event on a public list."""
    world.set_event(meeting(name, end, title=title), listed=True, **more)


def waiting(world: World) -> list[FollowUp]:
    return world.desk.list_queue(world.now)


def the_question(world: World) -> FollowUp:
    [question] = world.desk.list_asked()
    return question


def offered(world: World, question: FollowUp) -> list[tuple[int, str]]:
    return [(offer.place, offer.event.occurrence) for offer in world.desk.list_offers(question.id)]


def test_one_question_for_all_on_the_morning_after_the_first(world: World) -> None:
    list_event(world, "mixer", TUESDAY - 2 * HOUR)
    list_event(world, "breakfast", TUESDAY - HOUR, "Business breakfast")
    list_event(world, "tomorrow", TUESDAY + 24 * HOUR)
    list_event(world, "cleaning", TUESDAY - HOUR, "Window cleaning")
    world.run()
    assert waiting(world) == []
    assert world.store.next_moment(world.now) == WEDNESDAY_NINE
    world.now = WEDNESDAY_NINE
    world.run()
    [question] = waiting(world)
    assert (question.kind, question.reason, question.event) == (
        Kind.QUESTION, Reason.LISTED, "Chamber mixer, and 1 more",
    )  # fmt: skip
    assert question.deadline == TUESDAY - 2 * HOUR + timedelta(hours=48)
    assert offered(world, question) == [(1, "mixer"), (2, "breakfast")]


def test_what_the_owner_was_at_counts_and_the_rest_is_settled(world: World) -> None:
    list_event(world, "mixer", TUESDAY - 2 * HOUR)
    list_event(world, "breakfast", TUESDAY - HOUR, "Business breakfast")
    world.run()
    world.now = WEDNESDAY_NINE
    answered = world.desk.attend(the_question(world).id, {2}, world.now)
    assert (answered.status, answered.outcome) == (Status.DONE, "you were at 1 of 2")
    world.run()
    [debrief] = waiting(world)
    assert (debrief.kind, debrief.occurrence) == (Kind.DEBRIEF, "breakfast")
    assert debrief.deadline == TUESDAY + 47 * HOUR
    for _ in range(9):
        world.run(days=1)
    assert world.desk.list_asked() == []
    assert [item.kind for item in world.store.followups()].count(Kind.QUESTION) == 1


def test_guests_a_list_names_are_drafted_for_once_the_owner_was_there(world: World) -> None:
    world.set_event(meeting("mixer", TUESDAY - HOUR, JANE, title="Chamber mixer"), listed=True)
    world.run()
    world.desk.attend(the_question(world).id, {1}, world.now)
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_an_early_answer_keeps_the_48_hours_and_the_next_question_a_week_away(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    assert waiting(world) == []
    world.desk.attend(the_question(world).id, {1}, world.now)
    world.run()
    assert [item.kind for item in waiting(world)] == [Kind.DEBRIEF]
    list_event(world, "dinner", TUESDAY + 24 * HOUR, "Networking dinner")
    world.run(hours=25)
    assert the_question(world).due == WEDNESDAY_NINE + timedelta(days=7)


def test_what_ends_while_the_question_is_open_comes_into_it_behind_the_others(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    list_event(world, "breakfast", WEDNESDAY_NINE + HOUR, "Business breakfast")
    list_event(world, "found-late", TUESDAY - 5 * HOUR, "Networking lunch")
    world.now = WEDNESDAY_NINE + 2 * HOUR
    world.run()
    question = the_question(world)
    assert offered(world, question) == [(1, "mixer"), (2, "found-late"), (3, "breakfast")]
    assert question.event == "Chamber mixer, and 2 more"
    assert question.deadline == TUESDAY + 43 * HOUR


def test_an_event_in_the_owners_own_calendar_needs_no_question(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.set_event(meeting("own", TUESDAY - HOUR, title="Chamber mixer"))
    world.run()
    assert offered(world, the_question(world)) == [(1, "mixer")]
    assert [item.occurrence for item in waiting(world)] == ["own"]
    question = the_question(world)
    world.set_event(meeting("mixer", TUESDAY - HOUR, title="Chamber mixer"))
    world.run()
    assert world.store.followup(question.id).status is Status.WITHDRAWN
    assert {item.occurrence for item in waiting(world)} == {"own", "mixer"}


def test_a_list_that_drops_what_is_over_takes_nothing_back(world: World) -> None:
    for number in range(6):
        list_event(world, f"mixer-{number}", TUESDAY - number * HOUR)
    world.run()
    world.calendar.events = ()
    assert world.run(minutes=5).failed == {}
    question = the_question(world)
    assert len(offered(world, question)) == 6
    world.desk.attend(question.id, {1}, world.now)
    world.run(minutes=5)
    [debrief] = waiting(world)
    assert debrief.status is Status.NEEDS_INFO


def test_what_is_taken_off_a_list_before_its_end_is_not_asked_about(world: World) -> None:
    list_event(world, "mixer", TUESDAY + HOUR)
    world.run()
    world.calendar.events = ()
    world.run(minutes=5)
    world.run(hours=2)
    assert world.desk.list_asked() == []


def test_a_question_nobody_answers_ends_when_the_next_is_due(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    question = the_question(world)
    # Ends too late for its 48 hours to fit into the first question.
    next_week = TUESDAY + timedelta(days=6)
    list_event(world, "dinner", next_week, "Networking dinner")
    world.now = next_week
    world.run()
    first, second = world.desk.list_asked()
    assert (offered(world, first), offered(world, second)) == ([(1, "mixer")], [(1, "dinner")])
    assert waiting(world) == [first]
    world.now = WEDNESDAY_NINE + timedelta(days=7, seconds=1)
    world.run()
    assert world.store.followup(question.id).status is Status.EXPIRED
    assert waiting(world) == [second]


def test_a_skip_means_none_and_undo_asks_again(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    question = the_question(world)
    world.desk.skip(question.id, world.now)
    world.run()
    assert [offer.there for offer in world.desk.list_offers(question.id)] == [False]
    assert waiting(world) == []
    world.desk.undo(question.id, world.now)
    world.desk.attend(question.id, {1}, world.now)
    world.run()
    assert [item.kind for item in waiting(world)] == [Kind.DEBRIEF]
    world.desk.undo(question.id, world.now)
    world.run()
    assert [item.status for item in world.store.followups() if item.kind is Kind.DEBRIEF] == [
        Status.WITHDRAWN
    ]


def test_a_late_yes_leaves_two_days_to_say_whom_one_met(world: World) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    world.now = WEDNESDAY_NINE + timedelta(days=6, hours=23)  # the event is 7.5 days past
    world.desk.attend(the_question(world).id, {1}, world.now)
    world.run(hours=3)
    [debrief] = waiting(world)
    assert debrief.expires == WEDNESDAY_NINE + timedelta(days=8, hours=23)


def test_what_was_over_long_before_the_first_day_is_not_asked_about(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        list_event(world, "long-ago", world.now - timedelta(hours=49))
        list_event(world, "just-now", world.now - timedelta(hours=47))
        world.run()
        assert offered(world, the_question(world)) == [(1, "just-now")]


@pytest.mark.parametrize(
    "act",
    [
        lambda world, number: world.desk.approve(number, world.now, HOUR),
        lambda world, number: world.desk.take_met(number, [], world.now),
        lambda world, number: world.desk.attend(number, {2}, world.now),
        lambda world, number: [world.desk.attend(number, {1}, world.now) for _ in "12"],
    ],
    ids=["approve", "met", "a number that is not there", "a second answer"],
)
def test_another_answer_is_refused_in_words(world: World, act: Callable[[World, int], object]) -> None:
    list_event(world, "mixer", TUESDAY - HOUR)
    world.run()
    number = the_question(world).id
    with pytest.raises(Problem, match=f"Item {number} ") as refusal:
        act(world, number)
    assert "followupd" in refusal.value.todo
