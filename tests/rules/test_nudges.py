"""When one second mail is planned, and when none is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from followupd.items import FollowUp, Kind, Status
from followupd.model import Reason
from followupd.rules.followups import Limits
from followupd.rules.nudges import plan_nudge

LEFT = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEN = Limits(nudge_after=10 * DAY)
SENT = FollowUp(
    id=7,
    key="e1|jo@x.example",
    kind=Kind.DRAFT,
    status=Status.SENT,
    occurrence="e1",
    reason=Reason.GUEST,
    why="accepted the invitation",
    due=LEFT - DAY,
    deadline=LEFT + DAY,
    expires=LEFT + 6 * DAY,
    mailbox="box",
    person="jo@x.example",
    email="jo@x.example",
)


@pytest.mark.parametrize(
    ("days", "planned"), [(0, False), (9.99, False), (10, True), (16.99, True), (17, False), (400, False)]
)
def test_it_is_planned_in_the_week_after_the_wait(days: float, planned: bool) -> None:
    assert (plan_nudge(SENT, LEFT, TEN, LEFT + days * DAY) is not None) is planned


def test_it_is_a_draft_of_its_own_with_48_hours_and_a_key_made_of_the_first_ones() -> None:
    now = LEFT + 11 * DAY
    plan = plan_nudge(SENT, LEFT, TEN, now)
    assert plan is not None
    assert (plan.key, plan.kind, plan.status) == ("e1|jo@x.example|nudge", Kind.DRAFT, Status.PLANNED)
    assert (plan.due, plan.deadline, plan.expires) == (now, now + 2 * DAY, now + 7 * DAY)


@pytest.mark.parametrize("change", [{"concerns": 3}, {"email": None}, {"kind": Kind.PROBLEM}])
def test_there_is_none_for_a_nudge_nor_without_an_address_nor_for_anything_but_a_draft(
    change: dict[str, Any],
) -> None:
    assert plan_nudge(replace(SENT, **change), LEFT, TEN, LEFT + 10 * DAY) is None


def test_unless_the_owner_wants_it_there_is_none() -> None:
    assert plan_nudge(SENT, LEFT, Limits(), LEFT + 10 * DAY) is None
