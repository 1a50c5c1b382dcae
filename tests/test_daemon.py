"""The daemon as a real process, in real time: every wait is for a condition and has an end."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import House, read_letter, wait_for

MAYA = ("Maya Lindqvist", "maya@lindqvist.example", "ACCEPTED")
TOM = ("Tom Miller", "tom@millerprint.example", "ACCEPTED")
HOUR = timedelta(hours=1)
CLOCKWORK = Path(__file__).with_name("clockwork.py")

#: How long to wait for what must come; nothing would bring it within the hour between two beats but what is tested.
PATIENCE = 30

Daemon = subprocess.Popen[str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as one:
        yield one


def start(house: House) -> Daemon:
    """Start a daemon and wait until it listens."""
    before = house.log().count("INFO started")
    daemon = house.start_daemon()
    wait_for(lambda: house.log().count("INFO started") > before, PATIENCE, "the daemon has started")
    return daemon


def start_with_draft(house: House) -> Daemon:
    """Start a daemon on a coffee that is over, and wait for its draft, in the mailbox and in the books."""
    house.write_coffee("maya", MAYA, HOUR)
    daemon = start(house)
    wait_for(house.drafts, PATIENCE, "Maya's draft")
    drafted = "SELECT 1 FROM followups WHERE status = 'drafted'"
    wait_for(lambda: house.rows(drafted), PATIENCE, "the record of Maya's draft")
    return daemon


def wait_for_text(house: House, text: str) -> None:
    wait_for(lambda: text in house.log(), PATIENCE, f"the daemon says {text!r}")


def text_of(letter: Path) -> str:
    body = read_letter(letter).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def write_network_evening(house: House, guests: int) -> None:
    """Write evenings that are over, with so many guests all together, at most twenty in each."""
    end = datetime.now(UTC) - HOUR
    people = [(f"Guest Number{n}", f"guest{n}@guests.example", "ACCEPTED") for n in range(guests)]
    for first in range(0, guests, 20):
        house.write_event(f"evening{first}", "Founders meetup", end - HOUR, end, people[first : first + 20])


# --- drafts in time


def test_an_event_that_ended_before_the_start_becomes_a_draft(house: House) -> None:
    start_with_draft(house)
    assert read_letter(house.drafts()[0])["To"].addresses[0].addr_spec == "maya@lindqvist.example"


def test_an_event_becomes_a_draft_when_it_ends_and_not_at_the_next_beat(house: House) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    house.write_event("maya", "Coffee with Maya Lindqvist", ends - HOUR, ends, [MAYA])
    start(house)
    wait_for(house.drafts, PATIENCE, "the draft, soon after the end")
    assert house.drafts()[0].stat().st_mtime >= ends.timestamp()


def test_an_event_that_ends_while_a_pass_is_under_way_is_not_missed(house: House) -> None:
    house.write_config(drafts_per_day=500)
    write_network_evening(house, 100)
    house.write_coffee("maya", MAYA, timedelta(seconds=-2))
    start(house)
    wait_for(lambda: len(house.drafts()) == 101, PATIENCE, "a hundred drafts and Maya's")


# --- the owner decides


def test_an_approval_wakes_the_daemon(house: House) -> None:
    start_with_draft(house)
    approved = house.run("approve", "1", "--now")
    wait_for(house.ready, PATIENCE, "the message in Ready")
    assert "not running" not in approved.stderr
    assert house.drafts() == []
    assert [item["status"] for item in house.queue()] == ["handled"]


def test_a_skip_wakes_the_daemon_and_the_draft_goes_to_the_trash(house: House) -> None:
    start_with_draft(house)
    house.run("skip", "1")
    wait_for(house.trash, PATIENCE, "the message in Trash")
    assert house.drafts() == []


def test_a_state_folder_with_a_very_long_path_is_woken_too(tmp_path: Path) -> None:
    with House(tmp_path / ("long" * 30)) as house:
        start_with_draft(house)
        house.run("skip", "1")
        wait_for(house.trash, PATIENCE, "the message in Trash")


def test_a_command_says_when_no_daemon_is_there(house: House) -> None:
    start_with_draft(house).kill()
    house.write_coffee("tom", TOM, HOUR)
    wait_for(lambda: "The daemon is not running" in house.run("approve", "1").stderr, PATIENCE, "it says so")


# --- one daemon for each state


@pytest.mark.parametrize("command", ["run", "once"])
def test_a_second_one_is_told_that_one_runs(house: House, command: str) -> None:
    start_with_draft(house)
    second = house.run(command)
    assert second.returncode == 75
    assert second.stderr.startswith(f"followupd: followupd is already running on {house.state}.\n")
    assert len(house.drafts()) == 1


def test_of_twenty_started_at_once_exactly_one_runs(house: House) -> None:
    daemons = [house.start_daemon() for _ in range(20)]
    ended = wait_for(lambda: find_ended(daemons, 19), PATIENCE, "nineteen gave way")
    assert [daemon.returncode for daemon in ended] == [75] * 19
    wait_for_text(house, "INFO started")  # giving way is quicker than starting
    assert house.log().count("INFO started") == 1


def find_ended(daemons: list[Daemon], count: int) -> list[Daemon]:
    """Return those that ended, once there are so many."""
    ended = [daemon for daemon in daemons if daemon.poll() is not None]
    return ended if len(ended) >= count else []


def test_after_a_kill_the_next_one_starts_at_once(house: House) -> None:
    start_with_draft(house).kill()
    start(house)
    house.run("skip", "1")
    wait_for(house.trash, PATIENCE, "the message in Trash, though a dead daemon's socket lay there")


def test_a_daemon_whose_state_was_taken_over_stops_before_it_writes(house: House) -> None:
    house.write_config(poll="1s")
    old = start(house)
    (house.state / "lock").unlink()
    new = start(house)
    freeze(house, new)
    house.write_coffee("maya", MAYA, HOUR)
    assert old.wait(PATIENCE) == 75
    assert house.drafts() == []
    new.send_signal(signal.SIGCONT)
    wait_for(house.drafts, PATIENCE, "the draft of the one that reigns")


def freeze(house: House, daemon: Daemon) -> None:
    """Stop a daemon between two of its transactions: in the middle of one it would hold the other daemon up too."""
    while True:
        daemon.send_signal(signal.SIGSTOP)
        wait_for(lambda: read_stat(daemon)[0] == "T", PATIENCE, "the daemon stands still")
        with closing(sqlite3.connect(house.database, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                daemon.send_signal(signal.SIGCONT)
            else:
                return


# --- signals


def test_sighup_takes_a_changed_config(house: House) -> None:
    house.write_config(drafts_per_day=1)
    house.write_coffee("tom", TOM, HOUR)
    daemon = start_with_draft(house)
    house.write_config(drafts_per_day=2)
    daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: len(house.drafts()) == 2, PATIENCE, "the second draft, which the old limit held back")


def test_a_broken_config_changes_nothing_and_is_told(house: House) -> None:
    house.write_config(poll="1s")
    daemon = start(house)
    house.config.write_text(house.config.read_text().replace("poll =", "pol ="))
    daemon.send_signal(signal.SIGHUP)
    wait_for_text(house, "the running settings stay")
    wait_for_text(house, "daemon.pol: there is no such option; did you mean 'poll'?")
    house.write_coffee("maya", MAYA, HOUR)
    wait_for(house.drafts, PATIENCE, "a draft by the settings that stayed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_politely(house: House, number: signal.Signals) -> None:
    daemon = start_with_draft(house)
    daemon.send_signal(number)
    assert daemon.wait(10) == 0
    assert house.log().endswith("INFO stopped\n")


def test_it_stops_politely_while_a_pass_is_under_way(house: House) -> None:
    write_network_evening(house, 40)
    daemon = start(house)
    wait_for(house.drafts, PATIENCE, "the first of forty drafts")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(10) == 0
    assert house.rows("SELECT * FROM intents WHERE closed_at IS NULL") == []


# --- what may break


GOOD_TEMPLATE = "Subject: Hello\n\nDear {{ person.first_name }}, this is the good version.\n"
BAD_TEMPLATE = "Subject: Hello\n\nDear {{ person.frist_name }}, this is the bad version.\n"


def test_a_broken_template_is_named_once_and_its_last_good_version_stays(house: House) -> None:
    house.write_config(poll="1s")
    template = house.templates / "after-a-coffee-or-call.md"
    template.write_text(GOOD_TEMPLATE)
    daemon = start_with_draft(house)
    template.write_text(BAD_TEMPLATE)
    wait_for_text(house, "after-a-coffee-or-call.md, line 3: there is no fact 'frist_name'")
    daemon.send_signal(signal.SIGHUP)
    wait_for_text(house, "settings read again")
    house.write_coffee("tom", TOM, HOUR)
    wait_for(lambda: len(house.drafts()) == 2, PATIENCE, "a draft by the good version")
    texts = {text_of(letter).strip() for letter in house.drafts()}
    assert texts == {"Dear Maya, this is the good version.", "Dear Tom, this is the good version."}
    assert house.log().count("line 3") == 1


def test_a_calendar_that_is_gone_is_told_once_and_taken_up_again_when_it_is_back(house: House) -> None:
    house.write_config(poll="1s")
    start_with_draft(house)
    away = house.calendars.rename(house.root / "away")
    failures: set[str] = set()
    wait_for(lambda: len(note_failure(house, failures)) == 3, PATIENCE, "three beats without the calendar")
    assert house.log().count("calendar 'calendars'") == 1
    assert len(house.drafts()) == 1
    away.rename(house.calendars)
    house.write_coffee("tom", TOM, HOUR)
    wait_for(lambda: len(house.drafts()) == 2, PATIENCE, "a draft from the calendar that is back")


def note_failure(house: House, failures: set[str]) -> set[str]:
    """Add when the calendar failed last, if it did, and return them all."""
    rows = house.rows("SELECT failed_at FROM sources WHERE failed_at IS NOT NULL")
    failures.update(row["failed_at"] for row in rows)
    return failures


def damage_header(database: Path) -> None:
    database.write_bytes(b"A letter to my aunt, saved here by mistake." + database.read_bytes()[43:])


def damage_page(database: Path) -> None:
    """Overwrite a page that nothing reads before it is too late: where the contacts of every person lie."""
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'touches'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(database.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    database.write_bytes(data)


@pytest.mark.parametrize("command", ["run", "once"])
@pytest.mark.parametrize("damage", [damage_header, damage_page])
def test_a_damaged_database_stops_everything_before_the_mailbox(
    house: House, damage: Callable[[Path], None], command: str
) -> None:
    house.write_coffee("maya", MAYA, HOUR)
    assert house.run("once").returncode == 0
    damage(house.database)
    house.write_coffee("tom", TOM, HOUR)
    before = house.database.read_bytes()
    ended = house.run(command)
    assert ended.returncode == 78
    assert f"{house.database} is damaged" in ended.stderr
    assert len(house.drafts()) == 1
    assert house.database.read_bytes() == before


def test_a_state_folder_that_is_a_file_is_told_in_words(house: House) -> None:
    house.state.write_text("not a folder")
    ended = house.run("run")
    assert ended.returncode == 74
    assert ended.stderr.startswith(f"followupd: {house.state}: File exists.\n")


def test_nobody_else_can_read_anything_whatever_the_umask(house: House) -> None:
    house.write_coffee("maya", MAYA, HOUR)
    house.start_daemon(umask=0)
    wait_for(house.drafts, PATIENCE, "the draft")
    house.run("skip", "1")
    wait_for(house.trash, PATIENCE, "the message in Trash")
    made = [path for top in (house.state, house.maildir) for path in (top, *top.rglob("*"))]
    assert len(made) > 10
    assert [path for path in made if path.stat().st_mode & 0o077] == []


# --- time


def start_at(house: House, moment: str, **env: str) -> Daemon:
    """Start the daemon under a clock of its own (clockwork.py)."""
    command: list[str | Path] = [sys.executable, CLOCKWORK, house.config, moment]
    daemon = house.spawn(command, env=env, stdin=subprocess.PIPE)
    wait_for_text(house, "INFO started")
    return daemon


def set_clock(daemon: Daemon, by: timedelta) -> None:
    assert daemon.stdin is not None
    print(by.total_seconds(), file=daemon.stdin, flush=True)


def last_look(house: House) -> str:
    """Return when the calendar was last read, by the daemon's clock; "" before the first time."""
    rows = house.rows("SELECT read_at FROM sources")
    return str(rows[0]["read_at"]) if rows else ""


def test_a_clock_that_is_set_back_silences_no_beat(house: House) -> None:
    house.write_config(poll="1s")
    daemon = start_at(house, "2027-03-10T18:00:00Z")
    wait_for(lambda: last_look(house) > "2027-03-10T18:00:00", PATIENCE, "a beat")
    set_clock(daemon, timedelta(hours=-12))
    wait_for(
        lambda: "2027-03-10T06:00:02" < last_look(house) < "2027-03-10T07", PATIENCE, "beats by the new clock"
    )
    assert "the clock jumped by -43" in house.log()


def test_the_end_of_summer_time_silences_no_beat(house: House) -> None:
    house.write_config(poll="1s")
    # At 01:00 UTC on that day Berlin goes from 03:00 back to 02:00; spelled as POSIX, it needs no zone files.
    start_at(house, "2027-10-31T00:59:58Z", TZ="CET-1CEST,M3.5.0,M10.5.0/3")
    wait_for(lambda: last_look(house) > "2027-10-31T01:00:02", PATIENCE, "beats after the change")


def test_under_an_impossible_clock_nothing_is_done_until_it_is_right(house: House) -> None:
    house.write_config(poll="1s")
    house.write_coffee("maya", MAYA, HOUR)
    dead_battery = datetime(2020, 1, 1, tzinfo=UTC)
    daemon = start_at(house, dead_battery.isoformat())
    wait_for_text(house, "This computer's clock says 2020-01-01 00:00 UTC")
    assert not house.maildir.exists()
    set_clock(daemon, datetime.now(UTC) - dead_battery)
    wait_for(house.drafts, PATIENCE, "the draft, once the clock is right")


def test_a_pass_that_could_not_be_made_is_tried_again_in_half_a_minute(house: House) -> None:
    daemon = start_at(house, "2020-01-01T00:00:45Z")
    wait_for_text(house, "clock says 2020-01-01 00:00 UTC")
    set_clock(daemon, timedelta(seconds=29))
    house.config.write_text("broken so that SIGHUP ends the sleep and does nothing else")
    daemon.send_signal(signal.SIGHUP)
    wait_for_text(house, "clock says 2020-01-01 00:01 UTC")


def test_an_idle_daemon_uses_next_to_no_computing_time(house: House) -> None:
    daemon = start_with_draft(house)
    wait_for(
        lambda: house.rows("SELECT 1 FROM intents WHERE closed_at IS NOT NULL"), PATIENCE, "the pass is over"
    )
    before, until = cpu_seconds(daemon), time.monotonic() + 3
    wait_for(lambda: time.monotonic() > until, 4, "three idle seconds")
    assert cpu_seconds(daemon) - before < 0.3


def cpu_seconds(daemon: Daemon) -> float:
    """Return user and system time of a process so far."""
    fields = read_stat(daemon)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_stat(daemon: Daemon) -> list[str]:
    """Return the fields of a process from its state on (proc(5), stat, field 3 and later)."""
    return Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()


def test_what_only_the_config_and_the_templates_need_is_never_in_the_daemon(house: House) -> None:
    loaded = Path(f"/proc/{start_with_draft(house).pid}/maps").read_text()
    assert "_sqlite3" in loaded
    assert not [library for library in ("pydantic_core", "markupsafe") if library in loaded]
