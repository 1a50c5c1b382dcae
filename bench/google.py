"""The daemon with Google beside a process that only imports Google's client and builds Calendar and Gmail."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounts import keep_sign_in
from house import House, wait_for
from servers.google import Clock
from servers.google import Google as StandIn

from bench.daemon import read_cpu, read_status
from bench.telling import tell

ROUNDS = 5
BARE = """
import sys, time
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
services = [build(*api, credentials=AnonymousCredentials()) for api in (("calendar", "v3"), ("gmail", "v1"))]
print(time.process_time(), flush=True)
sys.stdin.read()
"""
ACCOUNTS = 3


class RealClock(Clock):
    def __call__(self) -> datetime:
        return datetime.now(UTC)


def measure_bare() -> tuple[float, int]:
    """Return CPU seconds and resident kB of a process with nothing but Google's client."""
    with subprocess.Popen(
        [sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as bare:
        if bare.stdin is None or bare.stdout is None:
            raise SystemExit("bench: a process without pipes")
        measured = float(bare.stdout.readline()), read_status(bare.pid, "VmRSS")
        bare.stdin.close()
    return measured


@contextmanager
def furnished(accounts: int) -> Iterator[tuple[House, StandIn]]:
    """Yield a home with so many accounts at Google, each with an evening that is over."""
    with (
        tempfile.TemporaryDirectory() as folder,
        StandIn(RealClock()) as google,
        House(Path(folder), plain=True) as house,
    ):
        tables = f'[google]\nroot_url = "{google.root_url}"\n'
        for number in range(accounts):
            tables += _sign_in(house, google, number)
        with house.config.open("a") as config:
            config.write(tables)
        yield house, google


def _sign_in(house: House, google: StandIn, number: int) -> str:
    address, name = f"ada{number}@example.com", f"a{number}"
    account = google.add_account(address)
    keep_sign_in(google, house.state / "google", address, account=name)
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    guests = [
        {"email": person, "responseStatus": "accepted"} for person in (address, f"bo{number}@berg.example")
    ]
    account.calendar.add(
        (end - timedelta(hours=1)).isoformat(),
        end.isoformat(),
        summary="Meetup",
        guests=guests,
        iCalUID=f"meetup{number}@example.com",
    )
    return (
        f'[[account]]\nname = "{name}"\ntype = "google"\nclient = "c.json"\n'
        f'[[calendar]]\ntype = "google"\naccount = "{name}"\nmailbox = "{name}"\n'
        f'[[mailbox]]\nname = "{name}"\ntype = "gmail"\naccount = "{name}"\n'
    )


def measure_daemon(accounts: int) -> tuple[float, float, int]:
    """Return CPU seconds until it says that it started and until its first pass is over, and resident kB then."""
    with furnished(accounts) as (house, google):
        text = house.config.read_text(encoding="utf-8").replace(
            "\n[mailbox]", '\n[[mailbox]]\nname = "mine"', 1
        )
        house.config.write_text(text, encoding="utf-8")
        daemon = house.start_daemon()
        wait_for(lambda: "started" in house.log(), 60, "the start")
        start = read_cpu(daemon.pid)
        wait_for(lambda: google.count("gmail.users.drafts.create") == accounts, 60, "the drafts")
        wait_for(lambda: _is_done(house, accounts), 60, "the end of the pass")
        return start, read_cpu(daemon.pid), read_status(daemon.pid, "VmRSS")


def _is_done(house: House, accounts: int) -> bool:
    rows = house.rows("SELECT status FROM followups")
    return [row["status"] for row in rows] == ["drafted"] * accounts


def main() -> None:
    starts, passes, sizes, costs = [], [], [], []
    for _ in range(ROUNDS):
        bare, one, more = measure_bare(), measure_daemon(1), measure_daemon(ACCOUNTS)
        starts.append(one[0] / bare[0])
        passes.append(one[1] / bare[0])
        sizes.append(one[2] / bare[1])
        costs.append((more[2] - one[2]) / (ACCOUNTS - 1) / 1024)
    tell("Google: the daemon's start", starts, "x its client's")
    tell("Google: start and first pass", passes, "x its client's start")
    tell("Google: memory after a pass", sizes, "x its client's")
    tell("Google: one more account", costs, "MB")


if __name__ == "__main__":
    main()
