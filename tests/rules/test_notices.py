"""What the owner is told, word for word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followupd.items import FollowUp, Kind, Status
from followupd.model import Reason
from followupd.notices import Cause, Trouble
from followupd.rules.hours import Hours, Timetable
from followupd.rules.notices import say_standing, sum_up, warn_of_problems, warn_of_risk, write_notices

ZONE = "Europe/Berlin"
#: Wednesday, 13:00 in Berlin.
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
THURSDAY_18 = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)


def item(number: int, deadline: datetime, kind: Kind = Kind.DRAFT, status: Status | None = None) -> FollowUp:
    usual = Status.DRAFTED if kind is Kind.DRAFT else Status.NEEDS_INFO
    return FollowUp(
        id=number,
        key=f"e|{number}",
        kind=kind,
        status=status or usual,
        occurrence="e",
        reason=Reason.GUEST,
        why="a mail may have gone out",
        due=deadline - 48 * HOUR,
        deadline=deadline,
        expires=deadline + 120 * HOUR,
        mailbox="box",
        name="Jane <b>Doe</b>",
        event="Free money http://evil.example",
    )


def trouble(cause: Cause, subject: str = "", stood: timedelta = HOUR, *, passes: bool = True) -> Trouble:
    return Trouble(cause, subject, NOON - stood, f"{subject or cause} is broken.", "Mend it.", passes)


def test_the_morning_says_what_waits_and_when_the_first_is_due() -> None:
    drafts = [item(n, THURSDAY_18 + n * HOUR) for n in range(3)]
    notice = sum_up(drafts, NOON, ZONE, paused=False)
    assert notice is not None
    assert notice.title == "3 drafts wait, the first is due Thursday 18:00"
    assert not notice.broken


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([Kind.DRAFT], "1 draft waits, it is due Thursday 18:00"),
        ([Kind.DEBRIEF, Kind.DEBRIEF], "2 debriefs wait, the first is due Thursday 18:00"),
        ([Kind.QUESTION, Kind.DRAFT], "1 draft and 1 question wait, the first is due Thursday 18:00"),
        (
            [Kind.PROBLEM, Kind.DRAFT, Kind.DEBRIEF, Kind.DRAFT],
            "2 drafts, 1 debrief and 1 problem wait, the first is due Thursday 18:00",
        ),
    ],
)
def test_every_kind_is_counted_in_words(kinds: list[Kind], title: str) -> None:
    waiting = [item(n, THURSDAY_18 + n * MINUTE, kind) for n, kind in enumerate(kinds)]
    notice = sum_up(waiting, NOON, ZONE, paused=False)
    assert notice is not None
    assert notice.title == title


def test_what_waits_for_nobody_is_no_notice() -> None:
    assert sum_up([item(1, THURSDAY_18, status=Status.APPROVED)], NOON, ZONE, paused=False) is None


def test_a_deadline_that_is_past_is_said_so_and_a_pause_too() -> None:
    notice = sum_up([item(1, NOON - HOUR)], NOON, ZONE, paused=True)
    assert notice is not None
    assert notice.title == "1 draft waits, it was due Wednesday 12:00"
    assert notice.details[-1] == "Paused: nothing leaves until `followupd resume`."


def test_a_line_says_what_the_daemon_waits_for_and_what_waits_for_the_owner() -> None:
    drafts = [item(n, THURSDAY_18 + n * HOUR) for n in range(3)]
    assert say_standing(drafts, THURSDAY_18, NOON, ZONE, paused=False) == (
        "waits for Thursday 18:00: 3 drafts wait"
    )
    assert say_standing([], None, NOON, ZONE, paused=True) == (
        "waits for the next event: nothing waits for you (paused: nothing leaves)"
    )


def test_at_risk_is_warned_of_by_number_and_names_nobody() -> None:
    ending, safe = item(7, NOON + 11 * HOUR), item(8, NOON + 30 * HOUR)
    notice = warn_of_risk([ending, safe], NOON, NOON + HOUR, ZONE, paused=False)
    assert notice is not None
    assert notice.title == "A follow-up is at risk: its 48 hours end Thursday 00:00"
    assert notice.subjects == ("7",)
    assert "Doe" not in str(notice)
    assert "money" not in str(notice)


def test_what_leaves_in_time_by_itself_is_not_at_risk() -> None:
    leaving = replace(item(1, NOON + HOUR, status=Status.APPROVED), leaves_at=NOON + MINUTE)
    late = replace(leaving, leaves_at=NOON + 2 * HOUR)
    assert warn_of_risk([leaving], NOON, NOON, ZONE, paused=False) is None
    assert warn_of_risk([late], NOON, NOON, ZONE, paused=False) is not None


def test_what_ends_on_the_weekend_is_warned_of_on_friday() -> None:
    friday_15 = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    monday_8 = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    reopening = Timetable(Hours(ZONE)).find_reopening(friday_15)
    assert reopening == monday_8
    sunday, tuesday = item(1, datetime(2026, 11, 22, 12, tzinfo=UTC)), item(2, monday_8 + 30 * HOUR)
    notice = warn_of_risk([sunday, tuesday], friday_15, reopening, ZONE, paused=False)
    assert notice is not None
    assert notice.subjects == ("1",)
    assert notice.title == "A follow-up is at risk: its 48 hours end Sunday 13:00"


def test_what_stopped_waits_for_the_owners_word() -> None:
    notice = warn_of_problems([item(4, THURSDAY_18, Kind.PROBLEM), item(5, THURSDAY_18)])
    assert notice is not None
    assert notice.title == "A follow-up stopped and waits for your word"
    assert notice.details[0] == "Item 4: a mail may have gone out"


# --- what does not work


def titles(*troubles: Trouble) -> list[str]:
    return [notice.title for notice in write_notices(troubles, NOON, ZONE)]


def test_what_may_pass_gets_45_minutes_and_what_does_not_is_told_at_once() -> None:
    assert titles(trouble(Cause.CALENDAR, "work", 44 * MINUTE)) == []
    assert titles(trouble(Cause.CALENDAR, "work", 45 * MINUTE)) == [
        "Calendar 'work' cannot be read since Wednesday 12:15"
    ]
    assert titles(trouble(Cause.CALENDAR, "work", 0 * MINUTE, passes=False)) == [
        "Calendar 'work' cannot be read"
    ]


def test_fifty_failures_of_one_cause_are_one_notice() -> None:
    many = [trouble(Cause.CALENDAR, f"c{n}") for n in range(50)]
    assert titles(*many) == [
        "50 calendars cannot be read since Wednesday 12:00: 'c0', 'c1', 'c2', 'c3', 'c4' and 45 more"
    ]
    assert titles(*[trouble(Cause.MAILBOX)] * 50) == [
        "The mailbox does not take what is due since Wednesday 12:00"
    ]


def test_an_outage_of_all_that_goes_over_the_network_is_one_notice() -> None:
    gone = [trouble(Cause.CALENDAR, "work"), trouble(Cause.MAILBOX), trouble(Cause.WAY, "webhook")]
    assert titles(*gone, trouble(Cause.SILENCE), trouble(Cause.TEMPLATE, passes=False)) == [
        "Nothing has worked since Wednesday 12:00",
        "A template has a mistake; its last good version stays in force",
    ]


def test_what_others_wrote_stands_in_the_details_alone() -> None:
    told = trouble(Cause.CALENDAR, "work")
    hostile = replace(told, what="left out <a href=x>")
    (notice,) = write_notices([hostile], NOON, ZONE)
    assert "<a" not in notice.title
    assert notice.details == (
        "left out <a href=x>",
        "Mend it.",
        "`followupd doctor` looks at everything and says what to do.",
    )


@pytest.mark.parametrize(
    "cause", sorted(set(Cause) - {Cause.WAITING, Cause.AT_RISK, Cause.PROBLEM, Cause.TEST})
)
def test_every_cause_has_its_sentence(cause: Cause) -> None:
    for troubles in ([trouble(cause, "a")], [trouble(cause, "a"), trouble(cause, "b")]):
        (notice,) = write_notices(troubles, NOON, ZONE)
        assert notice.title
        assert not set("{}") & set(notice.title)
