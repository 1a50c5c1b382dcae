"""Calendars as they are in the wild, each with what it means: tests/ics/expected.toml says it, worked out by hand."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from followupd.adapters.ics import IcsCalendar
from followupd.errors import SourceProblem
from followupd.model import Answer, Attendee, Event, GuestKind

FOLDER = Path(__file__).parent.parent / "ics"
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text())["case"]
MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
KINDS = {"group": GuestKind.GROUP, "room": GuestKind.ROOM}


def name_flags(event: Event) -> set[str]:
    names = ("all_day", "cancelled", "tentative", "private", "blocked", "series")
    return {name for name in names if getattr(event, name)} | ({"free"} if not event.busy else set())


def make_attendee(email: str, name: str, answer: str, *marks: str) -> Attendee:
    kind = next((KINDS[mark] for mark in marks if mark in KINDS), GuestKind.INDIVIDUAL)
    return Attendee(email or None, name, Answer(answer), kind, organizer="organizer" in marks)


def assert_is(event: Event, expected: dict[str, Any]) -> None:
    name: str = expected["occurrence"]
    begins = name.endswith("*") and event.occurrence.startswith(name.removesuffix("*"))
    assert begins or event.occurrence == name
    assert event.occurrence.startswith(event.uid)
    assert (event.title, event.start, event.end) == (expected["title"], expected["start"], expected["end"])
    assert name_flags(event) == set(expected.get("flags", ()))
    if "attendees" in expected:
        assert list(event.attendees) == [make_attendee(*attendee) for attendee in expected["attendees"]]
    for field in ("description", "location"):
        assert expected.get(field) in {None, getattr(event, field)}
    assert tuple(expected.get("categories", event.categories)) == event.categories


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_calendar_means_what_the_rfc_says(case: dict[str, Any]) -> None:
    source = IcsCalendar("cal", FOLDER / case["file"], case.get("zone", "Europe/Berlin"))
    window = case.get("window", MAY)
    if "problem" in case:
        with pytest.raises(SourceProblem, match=case["problem"]):
            source.read(*window)
        return
    reading = source.read(*window)
    lines = [f"{skipped.where}: {skipped.why}" for skipped in reading.skipped]
    skipped = case.get("skipped", [])
    assert len(lines) == len(skipped), lines
    assert all(part in line for part, line in zip(skipped, lines, strict=True)), lines
    assert reading.complete is not case.get("incomplete", False)
    assert len(reading.events) == len(case["events"]), reading.events
    for event, expected in zip(reading.events, case["events"], strict=True):
        assert_is(event, expected)
    names = [event.occurrence for event in reading.events]
    assert len(set(names)) == len(names)


def test_every_calendar_of_the_folder_is_a_case() -> None:
    known = {case["file"] for case in CASES}
    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".toml"} == known
