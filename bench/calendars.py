"""Reading calendars against icalendar + recurring-ical-events, which answer the same question of the same file.

What is asked: every occurrence from seven days back to sixty days ahead. The answers are compared before anything is
timed. Peak memory is that of a process of its own each, less what the imports alone take.
"""

import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from ics_large import write_calendar

from bench.telling import tell
from followupd.adapters.ics import IcsCalendar, open_calendar
from followupd.adapters.occurrence import clean_address

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5
SEED = 1
ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
START, END = NOW - timedelta(days=7), NOW + timedelta(days=60)

Found = set[tuple[str, datetime, datetime]]


def ask_us(path: Path) -> Found:
    reading = IcsCalendar("bench", path, ZONE).read(START, END)
    return {(event.uid, event.start, event.end) for event in reading.events}


def ask_them(path: Path) -> Found:
    day = timedelta(days=1)
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    found = recurring_ical_events.of(calendar).between(START - day, END + day)
    spans = {(str(one["UID"]), to_utc(one.start), to_utc(one.end)) for one in found}
    return {span for span in spans if span[1] <= END and span[2] >= START}


def to_utc(when: date) -> datetime:
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 - its zone comes next
    return (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(ZONE))).astimezone(UTC)


def measure(act: Callable[[], object]) -> float:
    """Return the CPU seconds that `act` takes in this process."""
    start = time.process_time()
    act()
    return time.process_time() - start


def measure_with_children(act: Callable[[], object]) -> float:
    """Return the CPU seconds that `act` takes here and in the processes it starts."""

    def count() -> float:
        spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in spent)

    before = count()
    act()
    return count() - before


def measure_size(folder: Path, events: int) -> float:
    """Print the ratios for one size and return the CPU seconds of a cold reading (median)."""
    path = folder / f"{events}.ics"
    write_calendar(path, events, SEED)
    if ask_us(path) != ask_them(path):
        raise SystemExit(f"bench: the two readings of {events:,} events differ, so nothing is compared.")
    rounds = [_measure_round(path, events) for _ in range(ROUNDS)]
    size = path.stat().st_size / 1e6
    print(f"{events:,} events, {size:.1f} MB, {len(ask_us(path)):,} occurrences in the window")
    tell("  cold: theirs over ours", [them / cold for them, cold, *_ in rounds], "x")
    tell("  cold, in a child: theirs over ours", [them / apart for them, *_, apart in rounds], "x")
    tell("  one event changed: theirs over ours", [them / edited for them, _, edited, *_ in rounds], "x")
    tell("  same bytes: ours over sha256", [same / checksum for _, _, _, same, checksum, _ in rounds], "x")
    memory = [_measure_memory(who, path) for who in ("them", "us")]
    ratio = memory[0] / max(memory[1], 0.1)  # a small file may fit into what the imports left behind
    print(f"  peak memory: {memory[0]:.0f} MB theirs, {memory[1]:.0f} MB ours, 1/{ratio:.1f}")
    return statistics.median(cold for _, cold, *_ in rounds)


def _measure_round(path: Path, events: int) -> tuple[float, float, float, float, float, float]:
    them = measure(lambda: ask_them(path))
    clean_address.cache_clear()  # what earlier rounds learned of addresses would warm the small sizes alone
    reader = IcsCalendar("bench", path, ZONE)
    cold = measure(lambda: reader.read(START, END))
    later = timedelta(minutes=5)
    same = measure(lambda: reader.read(START + later, END + later))
    raw = path.read_bytes()
    checksum = measure(lambda: sha256(raw).digest())
    write_calendar(path, events, SEED, changed=events // 2)
    edited = measure(lambda: reader.read(START, END))
    write_calendar(path, events, SEED)
    apart = measure_with_children(lambda: open_calendar("bench", path, ZONE).read(START, END))
    return them, cold, edited, same, checksum, apart


def _measure_memory(who: str, path: Path) -> float:
    """Return the MB that one reading adds to the peak of a new process."""
    asked = subprocess.run(
        [sys.executable, "-m", "bench.calendars", who, str(path)], check=True, capture_output=True, text=True
    )
    return float(asked.stdout)


def _print_memory(who: str, path: Path) -> None:
    before = _read_peak()
    (ask_us if who == "us" else ask_them)(path)
    print((_read_peak() - before) / 1024)


def _read_peak() -> int:
    """Return the most kB this process ever held; getrusage would count the process that started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    warnings.simplefilter("ignore")  # the library's, about odd calendars
    with tempfile.TemporaryDirectory() as folder:
        seconds = {events: measure_size(Path(folder), events) for events in SIZES}
    exponent = math.log10(seconds[SIZES[2]] / seconds[SIZES[1]])
    print(f"growth from {SIZES[1]:,} to {SIZES[2]:,} events: exponent {exponent:.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:]:
        _print_memory(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
