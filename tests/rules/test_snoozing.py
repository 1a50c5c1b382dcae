"""Until when an owner means, in their own zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from followupd.errors import Problem
from followupd.rules.snoozing import find_tomorrow, find_tonight, read_until

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)  # 15:00 in Berlin


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("36h", "2026-11-20 02:00"),
        ("18:00", "2026-11-18 17:00"),
        ("9:00", "2026-11-19 08:00"),  # today's is past
        ("2026-11-20", "2026-11-20 08:00"),  # its morning
        ("2026-11-20 18:30", "2026-11-20 17:30"),
        ("2026-11-20T18:30", "2026-11-20 17:30"),  # as a browser's field has it
        ("2027-07-01 9:00", "2027-07-01 07:00"),  # summer time
        ("2026-11-01 10:00", "2026-11-01 09:00"),  # past; the desk says so
    ],
)
def test_it_is_the_owners_own_time(said: str, until: str) -> None:
    assert read_until(said, NOW, BERLIN) == utc(until)


@pytest.mark.parametrize(
    "said", ["", " ", "soon", "25:00", "2026-02-30", "0001-01-01T00:00", "3y", "2026-11-20x"]
)
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(Problem):
        read_until(said, NOW, BERLIN)


@pytest.mark.parametrize(
    ("now", "tonight", "tomorrow"),
    [
        ("2026-11-18 14:00", "2026-11-18 18:00", "2026-11-19 08:00"),
        ("2026-11-18 21:00", "2026-11-19 18:00", "2026-11-19 08:00"),  # tonight is over
        ("2026-03-28 14:00", "2026-03-28 18:00", "2026-03-29 07:00"),  # the clocks change in between
    ],
)
def test_tonight_and_tomorrow(now: str, tonight: str, tomorrow: str) -> None:
    found = (find_tonight(utc(now), BERLIN), find_tomorrow(utc(now), BERLIN))
    assert found == (utc(tonight), utc(tomorrow))
