"""The real daemon under a wall clock that can be set: `python clockwork.py CONFIG START`.

The clock starts at START (ISO 8601) and goes on by itself; every line on stdin sets it on by so many seconds.
"""

import sys
import threading
from datetime import datetime
from pathlib import Path

import time_machine

from followupd.running import run_daemon


def follow_stdin(clock: time_machine.Traveller) -> None:
    for line in sys.stdin:
        clock.shift(float(line))


if __name__ == "__main__":
    # A number, for an aware datetime would change this process's time zone too.
    with time_machine.travel(datetime.fromisoformat(sys.argv[2]).timestamp(), tick=True) as clock:
        threading.Thread(target=follow_stdin, args=(clock,), daemon=True).start()
        run_daemon(Path(sys.argv[1]))
