"""What the program asks a person at a terminal: real processes on a pseudo-terminal."""

import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import House

from followupd.config import read_settings


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as made:
        yield made


def talk(house: House, *words: str, said: str) -> str:
    """Run one command at a terminal, type `said`, and return what the terminal showed."""
    terminal, keyboard = pty.openpty()
    os.write(terminal, said.encode())
    process = house.spawn(house.command(*words), stdin=keyboard, stdout=keyboard, stderr=keyboard)
    os.close(keyboard)
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:  # EIO: the other end is closed (pty(7))
        pass
    finally:
        os.close(terminal)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


def write_list(house: House) -> None:
    """Have three events that others organise and that name the owner nowhere."""
    lines = []
    for day in range(3):
        start = datetime.now(UTC) + timedelta(days=day)
        lines += ["BEGIN:VEVENT", f"UID:e{day}", "SUMMARY:Chamber mixer", f"DTSTART:{start:%Y%m%dT%H%M%SZ}"]
        lines += ["DURATION:PT1H", "ORGANIZER;CN=Chamber:mailto:events@chamber.example", "END:VEVENT"]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])
    (house.calendars / "chamber.ics").write_text(text)


@pytest.mark.parametrize(("said", "listed"), [("y\n", True), ("n\n", False), ("\n", True)])
def test_init_proposes_that_a_calendar_is_a_public_list_and_the_owner_decides(
    house: House, said: str, listed: bool
) -> None:
    write_list(house)
    house.config = house.root / "new" / "config.toml"
    places = ("--calendar", str(house.calendars), "--mailbox", str(house.maildir), "--timezone", "UTC")
    who = ("--name", "Ada Example", "--email", "ada@example.com")
    shown = talk(house, "init", *who, *places, said=said)
    assert "None of its 3 events names you, and others organise 3 of them." in shown
    assert [calendar.listed for calendar in read_settings(house.config).calendars] == [listed]


def test_where_nobody_can_be_asked_init_says_so_and_decides_nothing(house: House) -> None:
    write_list(house)
    house.config = house.root / "new" / "config.toml"
    places = ("--calendar", str(house.calendars), "--mailbox", str(house.maildir), "--timezone", "UTC")
    done = house.run("init", "--name", "Ada Example", "--email", "ada@example.com", *places)
    assert 'If it is, say so in the config: attendance = "listed"' in done.stderr
    assert [calendar.listed for calendar in read_settings(house.config).calendars] == [False]


@pytest.mark.parametrize(("said", "status"), [("2\n", "done"), ("\n", "needs-info")])
def test_attended_asks_for_the_numbers_and_enter_leaves_it_open(house: House, said: str, status: str) -> None:
    house.config.write_text(
        house.config.read_text().replace("[mailbox]", 'attendance = "listed"\n\n[mailbox]')
    )
    ended = datetime.now(UTC) - timedelta(hours=1)
    for number in (1, 2):
        start = ended - timedelta(hours=4 - number)
        house.write_event(f"e{number}", "Chamber mixer", start, start + timedelta(hours=1))
    assert house.run("once").returncode == 0
    shown = talk(house, "attended", said=said)
    assert "Which of these were you at? Numbers such as 1,3, or none; Enter leaves it open" in shown
    [question] = [row for row in house.queue() if row["kind"] == "question"]
    assert question["status"] == status
    assert ("you were at 1 of 2" in shown) is (status == "done")
