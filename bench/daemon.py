"""The daemon at rest and at work: memory beside its libraries', wake-ups, computing time, event end to draft, commits."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from house import House, wait_for

from bench.telling import tell
from followupd.assemble import open_store
from followupd.items import By, Kind, Plan, Status
from followupd.model import Person, Reason

ROUNDS = 5
LIBRARIES = "import icalendar, jinja2, sqlite3, sys; print(flush=True); sys.stdin.read()"
REST = 10.0
GUEST = ("Maya Lindqvist", "maya@lindqvist.example", "ACCEPTED")
PASSES_A_DAY = 288
CHANGES = 500


def read_status(pid: int, field: str) -> int:
    """Return a number of /proc/PID/status (proc(5)): VmRSS in kB, voluntary_ctxt_switches."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def read_cpu(pid: int) -> float:
    """Return the CPU seconds of a process so far (proc(5), stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_libraries() -> int:
    """Return the resident kB of a bare interpreter that has only imported the libraries."""
    command = [sys.executable, "-c", LIBRARIES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
        if bare.stdin is None or bare.stdout is None:
            raise SystemExit("bench: a process without pipes")
        bare.stdout.readline()
        size = read_status(bare.pid, "VmRSS")
        bare.stdin.close()
    return size


def measure_daemon() -> tuple[float, float, float, float]:
    """Return memory over that of the libraries, wake-ups a second, CPU seconds a day, seconds from event end to draft."""
    with tempfile.TemporaryDirectory() as folder, House(Path(folder), plain=True) as house:
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
        hour = timedelta(hours=1)
        house.write_event("maya", "Coffee with Maya Lindqvist", ends - hour, ends, [GUEST])
        daemon = house.start_daemon()
        wait_for(house.drafts, 30, "the draft")
        delay = house.drafts()[0].stat().st_mtime - ends.timestamp()
        wait_for(
            lambda: house.rows("SELECT 1 FROM intents WHERE closed_at IS NOT NULL"), 10, "the pass is over"
        )
        time.sleep(1)
        at_work = read_cpu(daemon.pid)
        switches = read_status(daemon.pid, "voluntary_ctxt_switches")
        time.sleep(REST)
        wakes = (read_status(daemon.pid, "voluntary_ctxt_switches") - switches) / REST
        at_rest = (read_cpu(daemon.pid) - at_work) / REST * timedelta(days=1).total_seconds()
        memory = read_status(daemon.pid, "VmRSS") / measure_libraries()
        passes = measure_pass(house, daemon.pid) * PASSES_A_DAY
    return memory, wakes, at_rest + passes, delay


def measure_pass(house: House, pid: int) -> float:
    """Return the CPU seconds of one pass in which nothing is new."""
    before, rounds = read_cpu(pid), 20
    for _ in range(rounds):
        last = house.rows("SELECT read_at FROM sources")[0]["read_at"]
        house.run("pause")
        wait_for(partial(_was_read_since, house, last), 10, "a pass")
    return (read_cpu(pid) - before) / rounds


def _was_read_since(house: House, last: str) -> bool:
    return bool(house.rows("SELECT read_at FROM sources")[0]["read_at"] != last)


def measure_changes() -> float:
    """Return the CPU microseconds of one durable change of an item's status."""
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder))) as store:
        plans = [_make_plan(number, now) for number in range(CHANGES)]
        items = [store.add_followup(plan, "Coffee", "mailbox", now) for plan in plans]
        start = time.process_time()
        for item in items:
            if item is not None:
                store.move(item, Status.SKIPPED, now, By.OWNER, "you skipped it")
        return (time.process_time() - start) / CHANGES * 1e6


def _make_plan(number: int, now: datetime) -> Plan:
    email = f"guest{number}@guests.example"
    person = Person(email, email, f"Guest {number}", None)
    times = {"due": now, "deadline": now + timedelta(hours=48), "expires": now + timedelta(days=7)}
    return Plan(
        f"e|{number}", Kind.DRAFT, Status.PLANNED, "e", Reason.GUEST, "a guest", person=person, **times
    )


def main() -> None:
    rounds = [measure_daemon() for _ in range(ROUNDS)]
    tell("daemon's memory", [one[0] for one in rounds], "x its libraries'")
    tell("wake-ups at rest", [one[1] for one in rounds], "a second")
    tell("computing, a quiet day", [one[2] for one in rounds], "CPU s")
    tell("event end to draft", [one[3] for one in rounds], "s")
    tell("a durable change of status", [measure_changes() for _ in range(ROUNDS)], "CPU microseconds")


if __name__ == "__main__":
    main()
