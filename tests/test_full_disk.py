"""A disk that is full for a while, under the real daemon: told once, survived, and made up for without a hand."""

import resource
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from house import House, wait_for

JANE = ("Jane Doe", "jane@acme.example", "ACCEPTED")
TOM = ("Tom Miller", "tom@acme.example", "ACCEPTED")
HOUR = timedelta(hours=1)
PATIENCE = 60.0
#: With this limit the state cannot grow, as on a full disk; the log, which is shorter, can still tell.
FULL, ROOM = (4096, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as one:
        one.write_config(poll="1s")
        yield one


def test_a_full_disk_is_told_once_and_made_up_for_when_there_is_room(house: House) -> None:
    house.write_coffee("jane", JANE, HOUR)
    daemon = house.start_daemon()
    wait_for(lambda: len(house.drafts()) == 1, PATIENCE, "a draft")
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, FULL)
    house.write_coffee("tom", TOM, HOUR)
    wait_for(lambda: "ERROR What followupd remembers" in house.log(), PATIENCE, "a word about the disk")
    before = house.log()
    assert "Check that disk, and its free space" in before or "Free some disk space" in before
    with pytest.raises(AssertionError):  # four beats in which it is still full
        wait_for(lambda: daemon.poll() is not None, 4.0, "an end of the daemon")
    assert house.log() == before, "told once"
    assert len(house.drafts()) == 1
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, ROOM)
    drafted = "SELECT 1 FROM followups WHERE status = 'drafted'"
    wait_for(lambda: len(house.rows(drafted)) == 2, PATIENCE, "the draft that there was no room for")
    assert len(house.drafts()) == 2
