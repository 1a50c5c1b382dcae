"""`followupd review` at a real terminal of 80 by 24: a pseudo-terminal, the program, and single keys."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import House

HOUR = timedelta(hours=1)
ROWS, COLUMNS = 24, 80
#: Red, the window's title, a bell, and letters that read backwards.
HOSTILE = "\x1b[31m \x1b]0;yours\x07 \u202egnirts"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The program at a pseudo-terminal."""

    def __init__(self, house: House, *args: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = house.environment({"TERM": "xterm", "EDITOR": "true"})
        self.process = subprocess.Popen(
            house.command(*args),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.raw = ""

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read_until(self, words: str) -> str:
        """Return the screen as it stands once these words are on it."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if words in (screen := self._screen()):
                return screen
            if select.select([self._ours], [], [], 0.1)[0]:
                self.raw += self._read()
        raise AssertionError(f"no {words!r} on {self._screen()!r}")

    def _read(self) -> str:
        try:
            return os.read(self._ours, 65_536).decode(errors="replace")
        except OSError:  # the program is gone and the terminal with it
            return ""

    def _screen(self) -> str:
        """Return what was written since the screen was last cleared."""
        return _ESCAPES.sub("", re.split(r"\x1b\[(?:H|2J)+", self.raw)[-1].replace("\r", ""))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[House, Terminal]]:
    with House(tmp_path) as house:
        house.write_coffee("jane", ("Jane Doe", "jane@acme.example", "ACCEPTED"), 3 * HOUR)
        house.write_coffee(
            "tom", ("Tom Miller", "tom@acme.example", "ACCEPTED"), HOUR, f"Coffee with Tom {HOSTILE}"
        )
        house.run("once")
        opened = Terminal(house, "review")
        yield house, opened
        opened.close()


def test_single_keys_decide_and_the_screen_fits(terminal: tuple[House, Terminal]) -> None:
    house, screen = terminal
    first = screen.read_until("q quit")
    assert "1/2  Jane Doe <jane@acme.example>" in first
    lines = first.rstrip("\n").split("\n")
    assert len(lines) <= ROWS
    assert max(map(len, lines)) <= COLUMNS
    for _ in range(5):
        if "lines more" not in first:
            break
        screen.press(" ")
        first = screen.read_until("q quit")
    screen.press("a")
    assert "approved" in screen.read_until("u takes it back")
    screen.read_until("1/1  Tom")
    screen.press("u")
    screen.read_until("Taken back.")
    screen.press("s")
    screen.read_until("skipped")
    screen.press("q")
    assert screen.process.wait(30) == 0
    assert sorted(item["status"] for item in house.queue()) == ["drafted", "skipped"]


def test_it_asks_until_when_by_which_way_and_in_which_words(terminal: tuple[House, Terminal]) -> None:
    house, screen = terminal
    screen.read_until("1/2  Jane")
    screen.press("t")
    listed = screen.read_until("Which number")
    number = re.search(r"(\d+)  short-note\n", listed)
    assert number is not None
    screen.press(f"{number[1]}\r")
    screen.read_until("Written anew from short-note; read it again.")
    screen.press("d")
    screen.read_until("By: p phone, l letter, m message, i in person, e your own e-mail")
    screen.press("l")
    screen.read_until("Jane Doe: done by letter")
    screen.press("z")
    screen.read_until("m tomorrow 9:00, p another time")
    screen.press("p")
    screen.read_until("For how long (36h, 3d)")
    screen.press("2031-02-03 9:30\r")
    screen.read_until("snoozed until Mon 03 Feb, 09:30")
    assert screen.process.wait(30) == 0
    jane, tom = sorted(house.queue(), key=lambda item: str(item["name"]))
    assert (jane["status"], jane["outcome"]) == ("done", "you followed up by letter")
    assert tom["snoozed_until"] == "2031-02-03T08:30:00Z"  # in Berlin


def test_events_of_public_lists_are_answered_by_their_numbers(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        config = house.config.read_text()
        house.config.write_text(config.replace("[mailbox]", 'attendance = "listed"\n\n[mailbox]'))
        end = datetime.now(UTC).replace(microsecond=0) - 30 * HOUR
        house.write_event("mixer", "Chamber of Commerce mixer", end - HOUR, end)
        house.run("once")
        screen = Terminal(house, "review")
        assert "  1  Chamber of Commerce mixer" in screen.read_until("q quit")
        screen.press("a")
        screen.read_until("Which numbers, such as 1,3; or none")
        screen.press("1\r")
        screen.read_until("Nothing more waits for you.")
        assert screen.process.wait(30) == 0
        screen.close()
        assert [item["outcome"] for item in house.queue()] == ["you were at 1 of 1"]


def test_help_lists_the_keys_and_moving_changes_nothing(terminal: tuple[House, Terminal]) -> None:
    house, screen = terminal
    screen.read_until("1/2  Jane")
    screen.press("?")
    words = screen.read_until("Any key goes back.")
    assert all(f"  {key} " in words for key in "jkaeszdtmu?q")
    assert max(map(len, words.split("\n"))) <= COLUMNS
    screen.press("x")
    screen.read_until("1/2  Jane")
    screen.press("j")
    screen.read_until("2/2  Tom")
    screen.press("k")
    screen.read_until("1/2  Jane")
    screen.press("q")
    assert screen.process.wait(30) == 0
    assert {item["status"] for item in house.queue()} == {"drafted"}


def test_nothing_a_stranger_wrote_reaches_the_terminal_as_a_command(terminal: tuple[House, Terminal]) -> None:
    _, screen = terminal
    screen.read_until("1/2  Jane")
    screen.press("j")
    screen.read_until("2/2  Tom")
    assert [bad for bad in ("\x1b[31m", "\x1b]0", "\x07", "\u202e") if bad in screen.raw] == []


def test_without_a_terminal_it_says_what_to_use(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        done = house.run("review", input="")
        assert (done.returncode, "needs a terminal" in done.stderr) == (2, True)
