"""What each person gets and by when, with every time worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followupd.items import Kind, Plan, Status
from followupd.model import Event, Guest, Judgement, Reason, Verdict
from followupd.rules.followups import (
    Limits,
    hold_of_guest,
    hold_of_time,
    needs_debrief,
    plan_event,
    times_of,
)

END = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)  # the night after it, summer time ends in Europe
BEFORE = datetime(2026, 10, 1, tzinfo=UTC)
EVENT = Event("o1", "work", "u1", "Breakfast", END - timedelta(hours=2), END)
YES = Judgement(Verdict.YES, Reason.NETWORKING, "a mixer")
LIMITS = Limits()


def guest(name: str, email: str | None = "", *, follow_up: bool = True) -> Guest:
    address = f"{name}@acme.example" if email == "" else email
    reason = Reason.GUEST if follow_up else Reason.DECLINED
    return Guest(address, name, name, address or f"name:{name}", False, follow_up, reason, f"{name} came")


def plan(*guests: Guest, judgement: Judgement = YES, installed: datetime = BEFORE) -> tuple[Plan, ...]:
    return plan_event(EVENT, judgement, guests, installed, LIMITS, END)


def test_due_at_the_end_deadline_48_hours_later_expired_after_seven_days() -> None:
    assert times_of(EVENT) == (
        datetime(2026, 10, 24, 18, 0, tzinfo=UTC),
        datetime(2026, 10, 26, 18, 0, tzinfo=UTC),
        datetime(2026, 10, 31, 18, 0, tzinfo=UTC),
    )


def test_each_guest_who_is_written_to_gets_one_follow_up_and_nobody_else() -> None:
    plans = plan(guest("jane"), guest("tom"), guest("kim", follow_up=False))
    assert [(item.key, item.kind, item.status) for item in plans] == [
        ("o1|jane@acme.example", Kind.DRAFT, Status.PLANNED),
        ("o1|tom@acme.example", Kind.DRAFT, Status.PLANNED),
    ]
    assert {(item.due, item.deadline, item.expires) for item in plans} == {times_of(EVENT)}
    assert [item.why for item in plans] == ["jane came", "tom came"]


def test_a_guest_without_an_address_waits_for_one() -> None:
    (item,) = plan(guest("jane", None))
    assert (item.status, item.reason, item.key) == (Status.NEEDS_INFO, Reason.NO_ADDRESS, "o1|name:jane")


def test_an_event_that_does_not_count_asks_for_nothing() -> None:
    no = Judgement(Verdict.NO, Reason.INTERNAL, "only colleagues")
    assert plan(guest("jane"), judgement=no) == ()


def test_an_unsure_event_asks_whether_it_was_networking_before_anybody_is_written_to() -> None:
    unsure = Judgement(Verdict.ASK, Reason.UNSURE, "lunch")
    (item,) = plan(guest("jane"), judgement=unsure)
    assert (item.key, item.kind, item.status) == ("o1|question", Kind.QUESTION, Status.NEEDS_INFO)
    assert (item.reason, item.why, item.person) == (Reason.UNSURE, "lunch", None)


def test_an_event_with_nobody_to_write_to_asks_whom_the_owner_met() -> None:
    (item,) = plan(guest("kim", follow_up=False))
    assert (item.key, item.kind, item.reason) == ("o1|debrief", Kind.DEBRIEF, Reason.NETWORKING)


@pytest.mark.parametrize(("count", "asks"), [(0, True), (1, False), (25, False), (26, True)])
def test_a_crowd_of_more_than_25_is_asked_about_instead(count: int, asks: bool) -> None:
    guests = tuple(guest(f"g{number}") for number in range(count))
    assert needs_debrief(EVENT, guests, LIMITS) is asks
    plans = plan(*guests)
    assert len(plans) == (1 if asks else count)
    if count == 26:
        assert (plans[0].kind, plans[0].reason) == (Kind.DEBRIEF, Reason.CROWD)
        assert plans[0].why == "26 guests are listed; whom did you speak with?"


def test_a_list_that_hides_guests_is_asked_about_and_never_drafted_for() -> None:
    hidden = replace(EVENT, guests_hidden=True)
    (item,) = plan_event(hidden, YES, (guest("jane"),), BEFORE, LIMITS, END)
    assert (item.kind, item.reason) == (Kind.DEBRIEF, Reason.HIDDEN)
    assert needs_debrief(hidden, (guest("jane"),), LIMITS)


@pytest.mark.parametrize(
    ("hours_after_end", "status", "reason"),
    [
        (0, Status.PLANNED, Reason.GUEST),
        (48, Status.PLANNED, Reason.GUEST),
        (48.001, Status.EXPIRED, Reason.BEFORE_INSTALL),
    ],
)
def test_what_ended_more_than_48_hours_before_the_first_day_is_left_to_the_owner(
    hours_after_end: float, status: Status, reason: Reason
) -> None:
    (item,) = plan(guest("jane"), installed=END + timedelta(hours=hours_after_end))
    assert (item.status, item.reason) == (status, reason)


@pytest.mark.parametrize(
    ("after_end", "held"),
    [
        (timedelta(hours=-3), Reason.FUTURE),
        (timedelta(hours=-1), Reason.RUNNING),
        (timedelta(0), None),
        (timedelta(days=7, seconds=-1), None),
        (timedelta(days=7), Reason.TOO_OLD),
    ],
)
def test_the_clock_holds_before_the_end_and_after_seven_days(
    after_end: timedelta, held: Reason | None
) -> None:
    assert hold_of_time(EVENT, END + after_end) is held


@pytest.mark.parametrize(
    ("last", "held"),
    [
        (None, None),
        (END - timedelta(days=7), None),
        (END - timedelta(days=6, hours=23), Reason.RECENT),
        (END, Reason.RECENT),
    ],
)
def test_nobody_hears_from_the_owner_twice_in_seven_days(last: datetime | None, held: Reason | None) -> None:
    touched = {} if last is None else {"jane@acme.example": last}
    assert hold_of_guest(guest("jane"), None, touched, END, LIMITS) is held
    assert hold_of_guest(guest("tom"), None, touched, END, LIMITS) is None
    shorter = replace(LIMITS, days_between=timedelta(0))
    assert hold_of_guest(guest("jane"), None, touched, END, shorter) is None


def test_no_address_and_a_crowd_hold_before_anything_else() -> None:
    touched = {"jane@acme.example": END}
    assert hold_of_guest(guest("jane", None), Reason.CROWD, touched, END, LIMITS) is Reason.NO_ADDRESS
    assert hold_of_guest(guest("jane"), Reason.CROWD, touched, END, LIMITS) is Reason.CROWD
