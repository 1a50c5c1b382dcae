"""Backups, exports and forgetting from the command line: real processes in a throw-away home."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from house import House, wait_for

JANE = ("Jane Doe", "jane@acme.example", "ACCEPTED")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as made:
        made.write_coffee("e1", JANE, timedelta(hours=1))
        assert made.run("once").returncode == 0
        yield made


def damage(house: House) -> None:
    data = bytearray(house.database.read_bytes())
    data[4096 * 4 : 4096 * 5] = b"\xff" * 4096
    house.database.write_bytes(data)


def test_a_damaged_state_names_the_backup_and_the_command_that_helps(house: House) -> None:
    backup = house.run("backup").stdout.strip()
    damage(house)
    refused = house.run("once")
    assert refused.returncode == 78
    command = refused.stderr.strip().splitlines()[-1]
    assert command == f"followupd restore {backup}"
    restored = house.run(*command.split()[1:])
    assert restored.returncode == 0, restored.stderr
    assert "What was there is kept in" in restored.stderr
    assert house.run("once").returncode == 0
    assert [row["status"] for row in house.queue()] == ["drafted"]
    assert len(house.drafts()) == 1


def test_the_daemon_makes_a_backup_at_once_and_nobody_restores_beside_it(house: House) -> None:
    house.start_daemon()
    wait_for(lambda: house.run("backup", "--list").stdout, 30, "a backup")
    [backup] = house.run("backup", "--list").stdout.splitlines()
    refused = house.run("restore", backup)
    assert (refused.returncode, "already running" in refused.stderr) == (75, True)


def test_a_daemon_on_a_damaged_state_stops_with_78_before_it_writes(house: House) -> None:
    house.run("backup")
    damage(house)
    before = house.drafts()
    assert house.start_daemon().wait(30) == 78
    assert "followupd restore" in house.log()
    assert house.drafts() == before


def test_forgetting_names_the_backups_and_is_done_by_the_next_pass(house: House) -> None:
    backup = house.run("backup").stdout.strip()
    told = house.run("forget", "jane@acme.example")
    assert told.returncode == 0, told.stderr
    assert "Jane Doe: forgotten with the next pass; 1 draft to them taken out of your mailbox." in told.stderr
    assert "They still stand in 1 event of your calendar 'calendars'" in told.stderr
    assert told.stdout.splitlines() == [f"rm {backup}"]
    house.remove_event("e1")
    assert house.run("once").returncode == 0
    assert (house.drafts(), len(house.trash())) == ([], 1)
    Path(backup).unlink()
    held = [path for path in house.state.rglob("*") if path.is_file() and b"jane@acme" in path.read_bytes()]
    assert held == []
    assert house.run("forget", "jane@acme.example").returncode == 1


def test_an_export_moves_to_another_computer(house: House, tmp_path: Path) -> None:
    target = house.root / "all.tar"
    assert house.run("export", target).returncode == 0
    assert house.run("export", target).returncode == 1
    before = house.queue()
    with House(tmp_path / "other") as other:
        restored = other.run("restore", target)
        assert restored.returncode == 0, restored.stderr
        assert other.queue() == before
