"""The large calendar that tests and measurements read holds what its docstring says."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ics_large import write_calendar

from followupd.adapters.ics import IcsCalendar

ENTRIES = 2000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "cal.ics"
    write_calendar(path, ENTRIES, seed=7)
    return path


def split_entries(path: Path) -> list[str]:
    """Return the first VEVENT of each UID, unfolded."""
    text = path.read_bytes().decode().replace("\r\n ", "")
    vevents = [part for part in text.split("BEGIN:VEVENT\r\n")[1:] if "RECURRENCE-ID" not in part]
    assert len(vevents) == ENTRIES
    return vevents


@pytest.mark.parametrize(
    ("pattern", "percent"),
    [
        (r"^DTSTART:\d{8}T\d{6}Z", 60),
        (r"^DTSTART;VALUE=DATE:\d{8}\r", 26),
        (r"^DTSTART;TZID=(Europe/Berlin|America/New_York):", 8),
        (r"^DTSTART;TZID=W. Europe Standard Time:", 3),
        (r"^DTSTART:\d{8}T\d{6}\r", 3),
        (r"BEGIN:VALARM(.|\r\n)*BEGIN:VALARM", 50),
        (r"^RRULE:", 5),
        (r"^RRULE:.*(UNTIL|COUNT)=", 2.5),
        (r"^DESCRIPTION:.*See you", 80),
        (r"ATTENDEE;", 100 * 8 / 9),
    ],
)
def test_each_kind_has_its_share(large: Path, pattern: str, percent: float) -> None:
    found = sum(bool(re.search(pattern, entry, re.MULTILINE)) for entry in split_entries(large))
    assert found / ENTRIES * 100 == pytest.approx(percent, abs=2)


def test_every_series_has_an_occurrence_taken_out_and_one_moved(large: Path) -> None:
    text = large.read_bytes()
    series = text.split(b"BEGIN:VEVENT", 1)[1].count(b"\r\nRRULE:")
    assert series > 80
    assert text.count(b"\r\nEXDATE") == text.count(b"\r\nRECURRENCE-ID") == series


def test_no_line_is_too_long_and_every_entry_can_be_read(large: Path) -> None:
    assert max(map(len, large.read_bytes().split(b"\r\n"))) <= 75
    years = (datetime(2017, 1, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC))
    reading = IcsCalendar("cal", large, "Europe/Berlin").read(*years)
    assert reading.skipped == ()
    assert len(reading.events) > ENTRIES / 10


def test_one_edited_entry_changes_its_own_lines_only(large: Path, tmp_path: Path) -> None:
    write_calendar(tmp_path / "edited.ics", ENTRIES, seed=7, changed=ENTRIES // 2)
    before, after = (path.read_bytes().split(b"\r\n") for path in (large, tmp_path / "edited.ics"))
    names = [line.split(b":")[0] for line, old in zip(after, before, strict=True) if line != old]
    assert sorted(set(names)) == [b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE", b"SUMMARY"]
    # A series is edited in both of its VEVENTs.
    assert len(names) in {4, 8}
