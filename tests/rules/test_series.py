"""Events that come round again: whom they ask for, by the owner's rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followupd.model import Event, Reason
from followupd.rules.series import Policy, SeriesRule, find_policy, hold_of_series

END = datetime(2026, 11, 18, 12, tzinfo=UTC)
WEEKLY = Event(
    "u|1", "work", "u1@chamber.example", "IHK Unternehmerfrühstück, Saal 2", END - timedelta(hours=1), END, series=True
)  # fmt: skip
NEVER, ALWAYS = SeriesRule(Policy.NEVER), SeriesRule(Policy.ALWAYS)


@pytest.mark.parametrize(
    ("rules", "policy"),
    [
        ((), Policy.NEW_FACES),
        ((ALWAYS,), Policy.ALWAYS),
        ((replace(NEVER, title="unternehmerfrühstück ihk"), ALWAYS), Policy.NEVER),
        ((replace(NEVER, title="IHK Stammtisch"), ALWAYS), Policy.ALWAYS),
        ((replace(NEVER, uid="u1@chamber.example"),), Policy.NEVER),
        ((replace(NEVER, uid="u2@chamber.example"),), Policy.NEW_FACES),
        ((replace(NEVER, uid="u1@chamber.example", title="Stammtisch"),), Policy.NEW_FACES),
        ((ALWAYS, replace(NEVER, title="IHK")), Policy.ALWAYS),
    ],
)
def test_the_first_rule_that_fits_counts_and_new_faces_without_one(
    rules: tuple[SeriesRule, ...], policy: Policy
) -> None:
    assert find_policy(rules, WEEKLY) is policy


def test_an_event_that_happens_once_is_no_series_whatever_its_title() -> None:
    assert find_policy((NEVER,), replace(WEEKLY, series=False)) is Policy.ALWAYS


@pytest.mark.parametrize(
    ("policy", "person", "held"),
    [
        (Policy.NEW_FACES, "jane", Reason.MET_BEFORE),
        (Policy.NEW_FACES, "tom", None),
        (Policy.ALWAYS, "jane", None),
        (Policy.NEVER, "tom", Reason.SERIES),
    ],
)
def test_who_was_met_there_before_is_held_by_the_policy_alone(
    policy: Policy, person: str, held: Reason | None
) -> None:
    assert hold_of_series(policy, person, {"jane"}) is held
