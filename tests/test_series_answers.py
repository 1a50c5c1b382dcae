"""What the owner says of a whole series when they are asked about one of its events: a rule they can read and delete."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from week import HOLD, JANE, TOM, World, meeting, open_world

from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.listing import rule_to_json, say_next, say_rule

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


def let_pass(world: World, occurrence: str, *, series: bool = True) -> FollowUp | None:
    """Let a meeting of the series end that only its guest speaks for; return what is asked about it."""
    event = meeting(occurrence, world.now - HOUR, JANE, TOM, title="Meeting")
    world.set_event(replace(event, uid="weekly" if series else occurrence, series=series))
    world.run()
    asked = [item for item in world.store.followups_of(occurrence) if item.kind is Kind.QUESTION]
    return asked[0] if asked else None


def ask(world: World, occurrence: str, *, series: bool = True) -> FollowUp:
    question = let_pass(world, occurrence, series=series)
    assert question
    return question


def test_never_this_series_ends_its_questions_until_the_rule_is_deleted(world: World) -> None:
    question = ask(world, "e1")
    assert say_next(question).endswith("skip 1 --series (never this series)")
    skipped = world.desk.series.never(question.id, world.now)
    assert (skipped.status, skipped.outcome) == (Status.SKIPPED, "you said never for this series")
    world.now += WEEK
    assert let_pass(world, "e2") is None

    [rule] = world.desk.series.list()
    assert (rule.uid, rule.title, rule.networking) == ("weekly", "Meeting", False)
    assert "never       Meeting" in say_rule(1, rule, UTC_ZONE)
    assert rule_to_json(1, rule)["series"] == "weekly"
    world.desk.series.delete(1)
    world.now += HOUR
    assert ask(world, "e3").status is Status.NEEDS_INFO


def test_a_yes_counts_for_the_next_event_of_the_series_and_undo_takes_it_back(world: World) -> None:
    question = ask(world, "e1")
    world.desk.approve(question.id, world.now, HOLD)
    assert [rule.networking for rule in world.desk.series.list()] == [True]
    world.now += WEEK
    assert let_pass(world, "e2") is None

    world.desk.undo(question.id, world.now)
    assert world.desk.series.list() == []


def test_a_yes_to_a_series_never_follows_up_what_was_made_private(world: World) -> None:
    world.desk.approve(ask(world, "e1").id, world.now, HOLD)
    world.now += WEEK
    event = meeting("e2", world.now - HOUR, JANE, TOM, title="Meeting")
    world.set_event(replace(event, uid="weekly", series=True, private=True))
    world.run()
    assert world.store.followups_of("e2") == []


def test_an_event_that_happens_once_makes_no_rule(world: World) -> None:
    question = ask(world, "e1", series=False)
    with pytest.raises(Problem, match="no question about an event that comes round again"):
        world.desk.series.never(question.id, world.now)
    world.desk.approve(question.id, world.now, HOLD)
    assert world.desk.series.list() == []


def test_a_rule_that_is_not_there_cannot_be_deleted(world: World) -> None:
    with pytest.raises(Problem, match="There is no rule 1"):
        world.desk.series.delete(1)


def test_at_most_five_questions_are_asked_about_the_events_of_a_week(world: World) -> None:
    asked = [let_pass(world, f"e{number}", series=False) for number in range(7)]
    assert [question is not None for question in asked] == [True] * 5 + [False] * 2
