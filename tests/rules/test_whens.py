"""When an owner says they met somebody, in their own zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from followupd.errors import Problem
from followupd.rules.whens import read_when

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)  # 15:00 in Berlin, a Wednesday


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("today", "2026-11-18 11:00"),  # noon in Berlin
        ("yesterday", "2026-11-17 11:00"),
        ("gestern", "2026-11-17 11:00"),
        ("hier 18h30", "2026-11-17 17:30"),
        ("anteayer", "2026-11-16 11:00"),
        ("14:30", "2026-11-18 13:30"),
        ("18:00", "2026-11-17 17:00"),  # today's is still to come
        (" Yesterday, 18:00 ", "2026-11-17 17:00"),
        ("2026-11-10", "2026-11-10 11:00"),
        ("2026-11-10T18:00", "2026-11-10 17:00"),
        ("2026-07-01 9:05", "2026-07-01 07:05"),  # summer time
    ],
)
def test_it_is_the_owners_own_time(said: str, when: str) -> None:
    assert read_when(said, NOW, BERLIN) == datetime.fromisoformat(f"{when}+00:00")


def test_today_before_noon_is_now() -> None:
    early = NOW.replace(hour=8)
    assert read_when("today", early, BERLIN) == early


@pytest.mark.parametrize(
    "said",
    ["", "soon", "25:00", "18:99", "2026-13-01", "2026-02-30", "1812", "yesterday at 6", "18:00 18:00"],
)
def test_what_is_no_time_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(Problem, match="is no time") as refusal:
        read_when(said, NOW, BERLIN)
    assert "yesterday" in refusal.value.todo


@pytest.mark.parametrize(
    ("said", "what"),
    [("2026-11-19", "still to come"), ("today 23:00", "still to come"), ("2025-11-01", "too long ago")],
)
def test_what_is_to_come_or_long_past_is_refused(said: str, what: str) -> None:
    with pytest.raises(Problem, match=what):
        read_when(said, NOW, BERLIN)
