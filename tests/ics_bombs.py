"""Calendars made to hang a program or to fill its memory, and a child process with little of both to read them in.

Each bomb is one function, named as in tests/ics/bombs.toml, that returns what stands in a VCALENDAR beside a good event.
"""

import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from string import ascii_letters

from followupd.adapters.ics import IcsCalendar

CPU_SECONDS = 1.0
MEMORY = 128 * 1024**2
MAY = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 31, 12, tzinfo=UTC))

START = "DTSTART:20260501T090000Z"
GOOD = """BEGIN:VEVENT
UID:good
SUMMARY:Good
DTSTART;TZID=Europe/Berlin:20260504T090000
RRULE:FREQ=WEEKLY;COUNT=2
ATTENDEE;CN=Bo:mailto:bo@acme.example
END:VEVENT
"""


@dataclass(frozen=True)
class Outcome:
    """What a child read of a bomb."""

    good: int
    """How many occurrences of the good event."""
    bombs: int
    """How many events the bomb gave."""
    skipped: tuple[str, ...]


def write_bomb(path: Path, name: str) -> None:
    path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{BOMBS[name]()}{GOOD}END:VCALENDAR\n")


def read_in_limits(path: Path, ordinary: Path, answer: Connection) -> None:
    """Read `path` with one second of CPU and 128 MB more than a run that has read `ordinary`; sends the Outcome.

    Whoever exceeds the time is killed by the kernel (SIGPROF); memory beyond the limit is a MemoryError.
    """
    _read(ordinary)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    outcome = _read(path)
    signal.setitimer(signal.ITIMER_PROF, 0)
    answer.send(outcome)


def _read(path: Path) -> Outcome:
    reading = IcsCalendar("cal", path, "Europe/Berlin").read(*MAY)
    good = sum(event.uid == "good" for event in reading.events)
    lines = tuple(f"{skipped.where}: {skipped.why}" for skipped in reading.skipped)
    return Outcome(good, len(reading.events) - good, lines)


def _event(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", "UID:bomb", "SUMMARY:Bomb", *lines, "END:VEVENT", ""])


def _rule(rule: str, start: str = START) -> Callable[[], str]:
    return lambda: _event(start, f"RRULE:{rule}")


def _numbers(first: int, last: int) -> str:
    return ",".join(map(str, range(first, last + 1)))


def _zone(name: str, *rules: str) -> str:
    part = "\n".join(("DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0300", *rules))
    parts = (f"BEGIN:{kind}\n{part}\nEND:{kind}" for kind in ("STANDARD", "DAYLIGHT"))
    return "\n".join(("BEGIN:VTIMEZONE", f"TZID:{name}", *parts, "END:VTIMEZONE", ""))


def _minutes(count: int) -> list[str]:
    """Return `count` instants, one a minute from 2020 on, in UTC."""
    first = datetime(2020, 1, 1, tzinfo=UTC)
    return [f"{first + timedelta(minutes=number):%Y%m%dT%H%M%SZ}" for number in range(count)]


def _flood(name: str, ending: str = "", count: int = 50_000) -> str:
    """Return `count` dates, a thousand in a line: no line is too long, all of them are below 1 MB."""
    dates = [date + ending for date in _minutes(count)]
    lines = (f"{name}:{','.join(dates[at : at + 1000])}" for at in range(0, count, 1000))
    return "\n".join(lines)


def _one_uid_many_occurrences() -> str:
    originals = _minutes(200_000)
    return "".join(
        f"BEGIN:VEVENT\nUID:bomb\nRECURRENCE-ID:{when}\nDTSTART:{when}\nEND:VEVENT\n" for when in originals
    )


def _many_this_and_future() -> str:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    days = (f"{first + timedelta(days=number):%Y%m%dT%H%M%SZ}" for number in range(1000))
    moves = (_event(f"RECURRENCE-ID;RANGE=THISANDFUTURE:{day}", f"DTSTART:{day}") for day in days)
    return _event("DTSTART:20200101T000000Z", "RRULE:FREQ=DAILY") + "".join(moves)


_ALL_DAYS = f"BYMONTH={_numbers(1, 12)};BYMONTHDAY={_numbers(1, 31)};BYDAY=MO,TU,WE,TH,FR,SA,SU"
_ALL_TIMES = f"BYHOUR={_numbers(0, 23)};BYMINUTE={_numbers(0, 59)};BYSECOND={_numbers(0, 59)}"

BOMBS: dict[str, Callable[[], str]] = {
    # rules
    "secondly": _rule("FREQ=SECONDLY"),
    "minutely": _rule("FREQ=MINUTELY;COUNT=3"),
    "interval-zero": _rule("FREQ=DAILY;INTERVAL=0"),
    "interval-negative": _rule("FREQ=DAILY;INTERVAL=-1"),
    "interval-beyond-all-years": _rule("FREQ=DAILY;INTERVAL=1000000000"),
    "interval-of-a-thousand-digits": _rule("FREQ=DAILY;INTERVAL=" + "9" * 1000),
    "count-of-a-hundred-million": _rule("FREQ=DAILY;COUNT=100000000"),
    "count-of-hours": _rule("FREQ=HOURLY;COUNT=100000000", "DTSTART:19900101T090000Z"),
    "all-by-parts-yearly": _rule(f"FREQ=YEARLY;{_ALL_DAYS};{_ALL_TIMES}"),
    "all-by-parts-daily": _rule(f"FREQ=DAILY;{_ALL_DAYS};{_ALL_TIMES}"),
    "all-by-parts-and-last": _rule(f"FREQ=YEARLY;{_ALL_DAYS};{_ALL_TIMES};BYSETPOS=-1"),
    "never-daily": _rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "never-yearly": _rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "DTSTART:20200101T090000Z"),
    "never-by-position": _rule("FREQ=HOURLY;BYDAY=MO;BYSETPOS=99"),
    "never-by-month": _rule("FREQ=WEEKLY;BYMONTH=13"),
    "hourly-for-a-century": _rule("FREQ=HOURLY", "DTSTART:19200101T090000Z"),
    "daily-since-1600": _rule("FREQ=DAILY", "DTSTART:16000101T090000Z"),
    "two-rules": lambda: _event(START, "RRULE:FREQ=DAILY", "RRULE:FREQ=HOURLY"),
    "a-thousand-rules": lambda: _event(START, *["RRULE:FREQ=DAILY"] * 1000),
    # floods
    "rdate-flood": lambda: _event(START, _flood("RDATE")),
    "rdate-period-flood": lambda: _event(START, _flood("RDATE;VALUE=PERIOD", "/PT1H", 40_000)),
    "exdate-flood": lambda: _event(START, "RRULE:FREQ=DAILY;COUNT=9", _flood("EXDATE")),
    "attendee-flood": lambda: _event(
        START, *(f"ATTENDEE;CN=Guest {number}:mailto:guest{number}@acme.example" for number in range(20_000))
    ),
    "attendee-flood-below-the-cap": lambda: _event(
        START, *(f"ATTENDEE;CN=Guest {number}:mailto:guest{number}@acme.example" for number in range(5_000))
    ),
    "category-flood": lambda: _event(START, *["CATEGORIES:" + "a," * 30_000] * 15),
    "property-flood": lambda: _event(START, *(f"X-{number}:{number}" for number in range(20_000))),
    "one-uid-many-occurrences": _one_uid_many_occurrences,
    "many-this-and-future": _many_this_and_future,
    # shapes
    "deep-components": lambda: _event(START, *["BEGIN:VALARM"] * 20_000, *["END:VALARM"] * 20_000),
    "deep-events": lambda: "BEGIN:VEVENT\nSUMMARY:Bomb\n" * 20_000 + "END:VEVENT\n" * 20_000,
    "line-of-ten-megabytes": lambda: _event(START, "DESCRIPTION:" + "x" * 10_000_000),
    "name-of-ten-megabytes": lambda: _event(START, "X" * 10_000_000 + ":1"),
    "parameter-of-sixty-kilobytes": lambda: _event(START, f"ATTENDEE;CN={'x' * 60_000}:mailto:a@b.example"),
    "ten-thousand-parameters": lambda: _event(START, "ATTENDEE" + ";X=1" * 10_000 + ":mailto:a@b.example"),
    "quotes-never-closed": lambda: _event(START, *['ATTENDEE;CN="' + "a;b:c,d=" * 7_000] * 15),
    "thirty-thousand-quotes": lambda: _event(START, 'ATTENDEE;CN="' + '",' * 30_000 + ":mailto:a@b.example"),
    "backslashes": lambda: _event(START, "DESCRIPTION:" + "\\" * 60_000),
    "half-a-million-folds": lambda: _event(START, "DESCRIPTION:" + "\n x" * 500_000),
    "nothing-but-folds": lambda: _event(START, "DESCRIPTION:x" + "\n " * 1_000_000),
    "blank-lines": lambda: "\n" * 5_000_000 + _event(START),
    "endless-length": lambda: _event(START, "DURATION:P" + "9" * 30 + "W"),
    "year-of-a-thousand-digits": lambda: _event("DTSTART:" + "9" * 1000 + "T000000Z"),
    # zones
    "thousands-of-zones": lambda: "".join(map(_zone, (f"Zone {number}" for number in range(5_000)))) + _event(START),
    "zone-changes-every-second": lambda: _zone("Mad", "RRULE:FREQ=SECONDLY") + _event("DTSTART;TZID=Mad:20260501T090000"),
    "zone-with-fifty-thousand-dates": lambda: _zone("Mad", _flood("RDATE")) + _event("DTSTART;TZID=Mad:20260501T090000"),
    "zone-that-is-a-device": lambda: _event("DTSTART;TZID=/dev/zero:20260501T090000"),
    "zone-name-of-sixty-kilobytes": lambda: _event(f"DTSTART;TZID={ascii_letters * 1_200}:20260501T090000"),
    "a-zone-for-each-event": lambda: "".join(_event(f"DTSTART;TZID=Zone {number}:20260501T090000") for number in range(2_000)),
    "thousands-of-calendars": lambda: "END:VCALENDAR\nBEGIN:VCALENDAR\n" * 20_000 + _event(START),
}  # fmt: skip
