"""The daemon under a stand-in for systemd: what it says, when it stays silent, and that it ends in time whatever hangs."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from house import House, timed, wait_for
from servers.smtp import Post, hang
from servers.web import Call, Site

from followupd.systemd import tell_systemd
from followupd.waking import ring

MAYA = ("Maya Lindqvist", "maya@lindqvist.example", "ACCEPTED")
HOUR = timedelta(hours=1)
CLOCKWORK = Path(__file__).with_name("clockwork.py")
PATIENCE = 30
#: What the service's unit gives it to stop.
STOP_WITHIN = 5.0
MINUTE = 60_000_000


class Systemd:
    """Hears what a service says; gives it a minute to feed the watchdog."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(MINUTE)}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self.environment["NOTIFY_SOCKET"])
        self._heard: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        print(self.heard())  # pytest shows it when the test failed
        self._socket.close()

    def heard(self) -> list[str]:
        """Return every line said so far."""
        while True:
            try:
                self._heard += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._heard

    def wait_for(self, line: str) -> None:
        wait_for(lambda: line in self.heard(), PATIENCE, f"systemd hears {line}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as one:
        yield one


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    with tempfile.TemporaryDirectory() as folder, Systemd(Path(folder)) as one:
        yield one


def read_feed_of(house: House, site: Site) -> None:
    """Let the owner's calendar be a feed of that site."""
    text = house.config.read_text().replace(
        f'path = "{house.calendars}"', f'url = "http://127.0.0.1:{site.port}/a.ics"\nallow_private = true'
    )
    house.config.write_text(text)


def send_by(house: House, post: Post) -> None:
    text = house.config.read_text().replace(
        f'path = "{house.maildir}"',
        f'path = "{house.maildir}"\noutbox = "smtp"\n'
        f'[mailbox.smtp]\nhost = "localhost"\nport = {post.port}\nsecurity = "none"',
    )
    house.config.write_text(text)


def test_it_says_that_it_is_ready_and_feeds_the_watchdog_after_a_pass(house: House, systemd: Systemd) -> None:
    house.write_coffee("maya", MAYA, HOUR)
    daemon = house.spawn(house.command("run"), systemd.environment)
    systemd.wait_for("WATCHDOG=1")
    assert systemd.heard()[0] == "READY=1"
    assert [line for line in systemd.heard() if line.endswith(": 1 draft waits")] == systemd.heard()[1:2]
    assert len(house.drafts()) == 1
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(PATIENCE) == 0
    assert "STOPPING=1" in systemd.heard()


def test_a_pass_that_hangs_does_not_feed_the_watchdog_and_stops_in_time(
    house: House, systemd: Systemd
) -> None:
    asked: list[Call] = []

    def hang_on(call: Call) -> None:
        asked.append(call)
        call.stay_silent()

    with Site() as site:
        site.do = hang_on
        read_feed_of(house, site)
        daemon = house.spawn(house.command("run"), systemd.environment)
        wait_for(lambda: asked, PATIENCE, "the feed is asked")
        with timed(STOP_WITHIN, "the stop"):
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0
    assert systemd.heard()[0] == "READY=1"
    assert "WATCHDOG=1" not in systemd.heard()


def test_a_mail_server_that_hangs_in_the_middle_of_a_message_holds_no_stop_up(house: House) -> None:
    house.write_coffee("maya", MAYA, HOUR)
    with Post() as post:
        post.on("DATA", hang)
        send_by(house, post)
        daemon = house.start_daemon()
        wait_for(house.drafts, PATIENCE, "Maya's draft")
        house.run("approve", "1", "--now")
        wait_for(lambda: house.rows("SELECT 1 FROM followups WHERE status = 'sending'"), PATIENCE, "sending")
        with timed(STOP_WITHIN, "the stop"):
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0
        assert len(house.rows("SELECT 1 FROM intents WHERE closed_at IS NULL")) == 1
        assert post.taken == []


def test_a_pass_that_cannot_be_made_gets_an_hour_for_a_new_start_would_change_nothing(
    house: House, systemd: Systemd
) -> None:
    wrong = datetime(1999, 1, 1, tzinfo=UTC)
    command: list[str | Path] = [sys.executable, CLOCKWORK, house.config, wrong.isoformat()]
    daemon = house.spawn(command, systemd.environment, stdin=subprocess.PIPE)
    systemd.wait_for(f"WATCHDOG_USEC={60 * MINUTE}")
    assert "WATCHDOG=1" not in systemd.heard()
    assert daemon.stdin is not None
    daemon.stdin.write(f"{(datetime.now(UTC) - wrong).total_seconds()}\n")
    daemon.stdin.close()
    wait_for(lambda: has_fed_when_rung(house, systemd), PATIENCE, "a pass by the right clock")
    fed = [line for line in systemd.heard() if line.startswith("WATCHDOG")]
    assert fed[:3] == [f"WATCHDOG_USEC={60 * MINUTE}", f"WATCHDOG_USEC={MINUTE}", "WATCHDOG=1"]


def has_fed_when_rung(house: House, systemd: Systemd) -> bool:
    """Ring, for the clock may have been set just after the daemon fell asleep."""
    ring(house.state)
    return "WATCHDOG=1" in systemd.heard()


@pytest.mark.parametrize("name", ["@followupd-test", "/{folder}/notify"])
def test_it_speaks_to_a_path_and_to_an_abstract_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    address = name.replace("/{folder}", str(tmp_path)).replace("-test", f"-{os.getpid()}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        tell_systemd("READY=1", "STATUS=waits")
        assert heard.recv(100) == b"READY=1\nSTATUS=waits"


def test_without_a_systemd_it_says_nothing_and_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nonexistent/notify")
    tell_systemd("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    tell_systemd("READY=1")
