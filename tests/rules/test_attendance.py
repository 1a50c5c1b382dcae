"""When the owner is asked about public lists, and how the answer is read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from followupd.errors import Problem
from followupd.model import Event, Evidence, Judgement, Reason, Verdict
from followupd.rules.attendance import choose_moment, is_worth_asking, plan_question, read_places

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("ended", "last", "now", "asked"),
    [
        # Berlin is UTC+1 in winter: nine o'clock is 08:00 UTC.
        (
            "2026-11-17 20:00",
            None,
            "2026-11-17 20:00",
            "2026-11-18 08:00",
        ),  # the morning after, 36 h to spare
        ("2026-11-18 07:59", None, "2026-11-18 07:59", "2026-11-18 08:00"),  # a breakfast: the same morning
        ("2026-11-18 08:01", None, "2026-11-18 08:01", "2026-11-19 08:00"),
        ("2026-11-18 23:30", None, "2026-11-18 23:30", "2026-11-19 08:00"),  # half past midnight there
        ("2026-11-20 20:00", "2026-11-18 08:00", "2026-11-20 20:00", "2026-11-25 08:00"),  # once a week
        ("2026-11-24 20:00", "2026-11-18 08:00", "2026-11-24 20:00", "2026-11-25 08:00"),
        (
            "2026-12-15 20:00",
            "2026-11-18 08:00",
            "2026-12-15 20:00",
            "2026-12-16 08:00",
        ),  # long nothing to ask
        ("2026-11-17 20:00", None, "2026-11-19 13:00", "2026-11-19 13:00"),  # the computer was off: at once
        # Clocks go forward on 29 March 2026, back on 25 October: nine o'clock stays nine o'clock.
        ("2026-03-26 10:00", "2026-03-25 08:00", "2026-03-26 10:00", "2026-04-01 07:00"),
        ("2026-10-22 10:00", "2026-10-21 07:00", "2026-10-22 10:00", "2026-10-28 08:00"),
    ],
)
def test_it_asks_at_nine_after_the_first_of_the_week(
    ended: str, last: str | None, now: str, asked: str
) -> None:
    assert choose_moment(utc(ended), utc(last) if last else None, BERLIN, utc(now)) == utc(asked)


def test_a_question_ends_when_the_next_may_be_asked() -> None:
    ended = utc("2026-03-24 20:00")
    event = Event("e1", "chamber", "e1", "Mixer", ended - timedelta(hours=2), ended, listed=True)
    plan = plan_question(event, None, BERLIN, ended)
    assert (plan.due, plan.deadline, plan.expires) == (
        utc("2026-03-25 08:00"), utc("2026-03-26 20:00"), utc("2026-04-01 07:00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "weights", "worth"),
    [
        (Reason.LISTED, (5, -2), True),
        (Reason.LISTED, (1,), True),  # would be asked about elsewhere too
        (Reason.LISTED, (), False),
        (Reason.LISTED, (3, -4), False),
        (Reason.CANCELLED, (5,), False),
    ],
)
def test_only_events_that_would_count_are_asked_about(
    reason: Reason, weights: tuple[int, ...], worth: bool
) -> None:
    evidence = tuple(Evidence("said", weight) for weight in weights)
    assert is_worth_asking(Judgement(Verdict.NO, reason, "why", evidence)) is worth


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["1,3"], {1, 3}),
        (["1", "3"], {1, 3}),
        (["3;", "1"], {1, 3}),
        (["none"], set()),
        (["None"], set()),
        (["2", "2"], {2}),
    ],
)
def test_numbers_are_read_as_people_write_them(words: list[str], places: set[int]) -> None:
    assert read_places(words, [1, 2, 3]) == places


@pytest.mark.parametrize("words", [["4"], ["1-3"], ["all"], ["none,1"], [","], ["9" * 5000], ["²"], ["-1"]])
def test_anything_else_is_refused_with_the_numbers_there_are(words: list[str]) -> None:
    with pytest.raises(Problem, match=r"1, 2, 3"):
        read_places(words, [1, 2, 3])
