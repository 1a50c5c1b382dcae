"""`make bench`: how much more a command costs than Python itself, how fast the rules are, calendars, the daemon.

Ratios of CPU time within one run, the median of 5 interleaved rounds with their spread; absolute times are context.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from judging import judge_as_shipped, read_set

from bench import calendars, daemon, feeds, google, page
from bench.messages import measure_messages
from bench.telling import tell

ROUNDS = 5
EVENTS_A_SECOND = 2000
CONFIG = """
[owner]
name = "Ada Example"
email = "ada@example.com"
timezone = "Europe/Berlin"
[[calendar]]
type = "ics"
path = "calendars"
[mailbox]
type = "maildir"
path = "Mail"
[state]
path = "state"
"""


def measure_command(*command: str) -> float:
    """Return the CPU seconds of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure_ratios(command: tuple[str, ...]) -> list[float]:
    """Return the CPU of a command over that of `python -c pass`, round by round."""
    bare = (sys.executable, "-c", "pass")
    return sorted(measure_command(*command) / measure_command(*bare) for _ in range(ROUNDS))


def measure_judging() -> list[float]:
    """Return events judged per second of CPU, round by round: the collection in twelve languages, people included."""
    events = [entry.event for entry in read_set("seen")]
    rates = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for event in events:
            judge_as_shipped(event)
        rates.append(len(events) / (time.process_time() - start))
    return sorted(rates)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "config.toml"
        config.write_text(CONFIG, encoding="utf-8")
        (Path(home) / "calendars").mkdir()
        program = (str(Path(sys.executable).with_name("followupd")), "--config", str(config))
        for words in (("--version",), ("queue",), ("explain", "--json")):
            tell(f"followupd {' '.join(words)}", measure_ratios((*program, *words)), "x python -c pass")
    tell("judge_event and sort_guests", rates := measure_judging(), "events/s, goal 2000 on one core")
    if rates[-1] < EVENTS_A_SECOND:
        print(f"MISSED: {EVENTS_A_SECOND} events judged per second")
    messages = measure_messages(ROUNDS)
    tell("drafts built", messages.share, "x EmailMessage.as_bytes")
    tell("drafts built", messages.built, "drafts/s")
    tell("a template rendered, warm", messages.render, "ms")
    daemon.main()
    feeds.main()
    calendars.main()
    google.main()
    page.main(ROUNDS)


if __name__ == "__main__":
    main()
