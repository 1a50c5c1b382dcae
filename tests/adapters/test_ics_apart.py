"""Entries understood in a child process: the same events, and what goes beyond a limit costs itself alone."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from followupd.adapters import CALENDARS, load
from followupd.adapters.ics import IcsCalendar
from followupd.adapters.ics_apart import Limits, understand_apart
from followupd.model import Reading, Skipped

MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
CASES = Path(__file__).parent.parent / "ics"
#: 43,000 times before May, 8,000 of them taken out again: allowed, and a tenth of a second's work or more.
HOURLY = (
    "DTSTART:20210601T120000Z",
    "RRULE:FREQ=HOURLY",
    *(
        "EXDATE:"
        + ",".join(f"2023{month:02}{day:02}T{hour:02}0000Z" for day in range(1, 29) for hour in range(24))
        for month in range(1, 13)
    ),
)
TALK = ("DTSTART:20260504T090000Z", "DTEND:20260504T100000Z")
TOO_MUCH = "it takes more computing or memory than an entry may"


def write(folder: Path, **entries: tuple[str, ...]) -> Path:
    path = folder / "cal.ics"
    lines = [
        line
        for uid, own in entries.items()
        for line in ("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{uid}", *own, "END:VEVENT")
    ]
    path.write_text("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]))
    return path


def open_limited(path: Path, **limits: float) -> IcsCalendar:
    understanding = partial(understand_apart, Limits(**limits))  # type: ignore[arg-type]
    return IcsCalendar("cal", path, "Europe/Berlin", understanding=understanding)


def read(path: Path, **limits: float) -> Reading:
    return open_limited(path, **limits).read(*MAY)


def test_the_program_reads_every_calendar_apart_and_finds_the_same() -> None:
    apart = load(CALENDARS["ics"])("cal", CASES, "Europe/Berlin")
    assert apart.understanding is understand_apart
    assert apart.read(*MAY) == IcsCalendar("cal", CASES, "Europe/Berlin").read(*MAY)


def test_a_series_that_takes_too_much_computing_costs_itself_alone(tmp_path: Path) -> None:
    path = write(tmp_path, before=TALK, hourly=HOURLY, after=TALK)
    reading = read(path, cpu=0.05)
    assert [event.uid for event in reading.events] == ["after", "before"]
    assert reading.skipped == (Skipped("cal.ics: 'hourly'", TOO_MUCH),)
    assert reading.complete


def test_an_entry_that_takes_too_much_memory_costs_itself_alone(tmp_path: Path) -> None:
    crowd = tuple(f"ATTENDEE;CN=Guest {n}:mailto:guest{n}@guests.example" for n in range(15_000))
    reading = read(write(tmp_path, crowd=(*TALK, *crowd), talk=TALK), memory=40 * 1024**2)
    assert [event.uid for event in reading.events] == ["talk"]
    assert reading.skipped == (Skipped("cal.ics: 'crowd'", TOO_MUCH),)


def test_many_such_series_end_the_reading_nothing_counts_as_gone_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    bad = {f"hourly{n}": HOURLY for n in range(4)}
    calendar = open_limited(write(tmp_path, before=TALK, **bad, after=TALK), cpu=0.05)
    first, second, third = (calendar.read(*MAY) for _ in range(3))
    assert [event.uid for event in first.events] == ["before"]
    assert first.skipped[0] == Skipped(
        "cal.ics: 'hourly3'", "the whole takes too long to read; this and the rest were left out"
    )
    assert [skipped.where for skipped in first.skipped[1:]] == [f"cal.ics: 'hourly{n}'" for n in range(3)]
    assert not first.complete
    assert [event.uid for event in second.events] == ["after", "before"]
    assert [skipped.where for skipped in second.skipped] == [f"cal.ics: 'hourly{n}'" for n in range(4)]
    assert second.complete
    assert third == second


def test_all_of_a_reading_has_an_end_too(tmp_path: Path) -> None:
    reading = read(write(tmp_path, first=TALK, second=TALK), total=0.000001)
    assert [event.uid for event in reading.events] == ["first"]
    assert not reading.complete
