"""A year of three events a day with twelve guests each, through the real pass (year.py): nothing grows, nothing comes twice."""

import itertools
import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from house import read_letter

YEAR = Path(__file__).with_name("year.py")
DAYS = 365
#: Until then memory settles: calendars are read further ahead, and texts begin to be forgotten only after 37 days.
WARM = 60


def live(home: Path, days: int) -> list[dict[str, Any]]:
    lines = subprocess.check_output([sys.executable, YEAR, home, str(days)], text=True)
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


def find_twice(letters: list[Path]) -> list[str]:
    """Return the Message-IDs that more than one letter bears; each stands for one person at one event."""
    counts = Counter(str(read_letter(letter)["Message-ID"]) for letter in letters)
    return [number for number, count in counts.items() if count > 1]


def find_close(database: Path) -> list[tuple[str, datetime]]:
    """Return who was written or spoken to twice within seven days, as the state has it."""
    met = defaultdict(list)
    with closing(sqlite3.connect(database)) as connection:
        for person, at in connection.execute("SELECT person, at FROM touches ORDER BY at"):
            met[person].append(datetime.fromisoformat(at))
    return [
        (person, other)
        for person, times in met.items()
        for one, other in itertools.pairwise(times)
        if other - one < timedelta(days=7)
    ]


def find_trend(values: list[int]) -> float:
    """Return the median slope between all pairs of days (Theil and Sen).

    A busy day may take one more megabyte from the system for good, which tilts a regression; whatever grows tilts this.
    """
    pairs = combinations(enumerate(values), 2)
    return median((later - earlier) / (there - here) for (here, earlier), (there, later) in pairs)


def test_a_step_is_no_trend_and_a_leak_is_one() -> None:
    assert find_trend([100] * 100 + [900] * 60) == 0
    assert find_trend([100 + 7 * day for day in range(160)]) == 7


@pytest.mark.soak
def test_a_year_leaves_memory_flat_and_the_database_small(tmp_path: Path) -> None:
    home = tmp_path / "home"
    days = live(home, DAYS)
    slope = find_trend([day["memory"] for day in days[WARM:]])
    assert slope < 1024, f"{slope:.0f} bytes a day"
    assert days[-1]["database"] < 50 * 1024**2
    ready = list((home / "archive").glob("Ready *"))
    assert len(ready) > 20 * DAYS
    assert find_twice(ready) == []
    assert find_close(home / "state" / "followupd.sqlite3") == []
