"""Backups of the state and the way back: nothing twice, nothing leaves on an old yes, nothing lost on the way."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from memory import MemoryMailbox
from week import HOLD, JANE, NOON, TOM, World, guest, meeting, open_world

from followupd.adapters.maildir import MaildirMailbox
from followupd.assemble import open_store
from followupd.errors import Problem, StateUnusable
from followupd.items import Status
from followupd.ports import Mailbox
from followupd.store.backups import (
    advise_restore,
    back_up_daily,
    find_good,
    list_backups,
    make_backup,
    restore_backup,
)
from followupd.store.database import FILE_NAME
from followupd.store.migrations import STEPS, migrate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["memory", "maildir"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    mailbox: Mailbox = MemoryMailbox("box")
    if request.param == "maildir":
        mailbox = MaildirMailbox("box", tmp_path / "Mail")
    with open_world(tmp_path, mailbox) as opened:
        opened.run()
        opened.now += timedelta(days=10)
        yield opened


def state(world: World) -> Path:
    return world.folder / "state"


def go_back(world: World, backup: Path) -> Path | None:
    """Restore with the store closed, as after a stop of the daemon; return what is kept aside."""
    world.store.close()
    kept, _ = restore_backup(state(world), backup, world.now)
    world.open()
    return kept


def count_messages(world: World) -> int:
    """Return how many messages of ours lie anywhere in the mailbox."""
    if isinstance(world.mailbox, MemoryMailbox):
        box = world.mailbox
        return len(box.drafts) + len(box.ready) + len(box.sent) + len(box.trash)
    return sum(
        path.is_file() and path.parent.name in {"cur", "new"} for path in (world.folder / "Mail").rglob("*")
    )


# --- making them


def test_a_backup_is_private_whole_and_needs_no_file_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path)
        store.pause(paused=True)  # lies in the log alone, and must be in the backup
        backup = make_backup(tmp_path, NOON)
        store.close()
    finally:
        os.umask(before)
    assert backup == tmp_path / "backups" / "2026-11-18T120000Z.sqlite3"
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    assert (backup.stat().st_mode & 0o777, backup.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / FILE_NAME).write_bytes(backup.read_bytes())
    copy = open_store(elsewhere)
    assert copy.is_paused()
    copy.close()


def test_backups_beside_a_writer_are_all_sound(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    stop = threading.Event()

    def write() -> None:
        mine = open_store(tmp_path)
        while not stop.is_set():
            mine.pause(paused=not mine.is_paused())
        mine.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [make_backup(tmp_path, NOON + timedelta(seconds=number)) for number in range(20)]
    finally:
        stop.set()
        writer.join()
    store.close()
    for backup in made:
        with closing(sqlite3.connect(backup)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_one_a_day_and_fourteen_are_kept(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    assert back_up_daily(tmp_path, NOON) is not None
    assert back_up_daily(tmp_path, NOON + 23 * HOUR) is None
    for day in range(1, 20):
        assert back_up_daily(tmp_path, NOON + day * DAY) is not None
    names = [path.name for path in list_backups(tmp_path)]
    assert len(names) == 14
    assert (names[0], names[-1]) == ("2026-12-07T120000Z.sqlite3", "2026-11-24T120000Z.sqlite3")


def test_a_backup_from_the_future_does_not_stop_those_of_today(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    make_backup(tmp_path, NOON + 400 * DAY)
    assert back_up_daily(tmp_path, NOON) is not None


def test_a_backup_without_a_state_or_of_a_damaged_one_is_none(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no state"):
        make_backup(tmp_path, NOON)
    open_store(tmp_path).close()
    file = tmp_path / FILE_NAME
    data = bytearray(file.read_bytes())
    data[4096 * 4 : 4096 * 5] = b"\xff" * 4096
    file.write_bytes(data)
    with pytest.raises(StateUnusable):
        make_backup(tmp_path, NOON)
    assert list_backups(tmp_path) == []
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_newest_good_backup_is_the_one_offered(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    assert "no good backup" in advise_restore(tmp_path)
    good, bad, empty = (make_backup(tmp_path, NOON + day * DAY) for day in range(3))
    bad.write_bytes(bad.read_bytes()[:9000])
    empty.write_bytes(b"")
    assert find_good(tmp_path) == good
    assert f"followupd restore {good}" in advise_restore(tmp_path)


# --- going back


def test_going_back_gives_the_state_of_the_backup_and_keeps_the_other_aside(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    backup = make_backup(state(world), world.now)
    world.set_event(meeting("e2", world.now, TOM))
    world.run(minutes=5)
    kept = go_back(world, backup)
    assert [item.name for item in world.store.followups()] == ["Jane Doe"]
    assert kept is not None
    aside = open_store(kept)
    assert {item.name for item in aside.followups()} == {"Jane Doe", "Tom Miller"}
    aside.close()


def test_a_state_older_than_the_mailbox_makes_no_second_draft(world: World) -> None:
    names = ["Ann Ford", "Bea Gray", "Cid Hall", "Dan Ince", "Eve Joss"]
    world.set_event(meeting("e0", world.now - 2 * HOUR, JANE))
    world.run()
    backup = make_backup(state(world), world.now)
    world.set_event(meeting("e1", world.now - HOUR, *(guest(name) for name in names)))
    world.run(minutes=5)
    world.approve("Ann Ford")
    world.approve("Bea Gray")
    world.run(minutes=5)  # both handed over
    world.desk.skip(world.item("Cid Hall").id, world.now)
    world.desk.edit(world.item("Dan Ince").id, world.now, subject="Another subject")
    world.run(minutes=5)
    before = count_messages(world)
    go_back(world, backup)
    for _ in range(3):
        world.run(minutes=5)
    assert count_messages(world) == before
    assert {name: world.status(name) for name in names} == {
        "Ann Ford": Status.HANDLED,
        "Bea Gray": Status.HANDLED,
        "Cid Hall": Status.SKIPPED,
        "Dan Ince": Status.DRAFTED,
        "Eve Joss": Status.DRAFTED,
    }
    assert world.item("Dan Ince").subject == "Another subject"


def test_a_lost_state_makes_no_second_draft(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, TOM))
    world.run()
    world.approve("Jane Doe")
    world.run(minutes=5)
    before = count_messages(world)
    world.store.close()
    for file in state(world).glob(f"{FILE_NAME}*"):
        file.unlink()
    world.open()
    world.run(minutes=5)
    assert count_messages(world) == before
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.HANDLED, Status.DRAFTED)


def test_nothing_leaves_on_a_yes_from_before_the_backup(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    world.approve("Jane Doe")
    backup = make_backup(state(world), world.now)
    world.desk.undo(world.item("Jane Doe").id, world.now)
    go_back(world, backup)
    world.run(hours=1)
    jane = world.item("Jane Doe")
    assert (jane.status, jane.outcome) == (
        Status.DRAFTED, "the state was restored from a backup, so it needs a new yes",
    )  # fmt: skip
    world.desk.approve(jane.id, world.now, HOLD)
    world.run(hours=1)
    assert world.status("Jane Doe") is Status.HANDLED


@pytest.mark.parametrize("lost", [False, True])
def test_a_number_an_owner_wrote_down_never_means_another_item(world: World, lost: bool) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    backup = make_backup(state(world), world.now)
    world.set_event(meeting("e2", world.now, TOM))
    world.run(minutes=5)
    number = world.item("Tom Miller").id
    if lost:
        world.store.close()
        (state(world) / FILE_NAME).write_bytes(b"nothing that can be read" * 500)
        world.store = open_store(world.folder / "unused")
    go_back(world, backup)
    world.set_event(meeting("e3", world.now, guest("Kim Lang")))
    world.run(minutes=5)
    assert {world.item("Tom Miller").id, world.item("Kim Lang").id}.isdisjoint({number})


def make_newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-5000]), "damaged"),
        (lambda file: file.write_bytes(b""), "holds nothing"),
        (lambda file: file.write_text("a letter " * 900), "damaged"),
        (make_newer, "newer followupd"),
        (Path.unlink, "unable to open"),
    ],
    ids=["cut", "empty", "text", "newer", "gone"],
)
def test_what_is_no_backup_is_refused_and_changes_nothing(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    open_store(tmp_path).close()
    backup = make_backup(tmp_path, NOON)
    spoil(backup)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(Problem, match=words):
        restore_backup(tmp_path, backup, NOON)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("kept-", "restoring", "."))]


# --- changes of the schema


class Killed(sqlite3.Connection):
    """Ends the process before its Nth statement, as a kill would."""

    statements_left = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if not Killed.statements_left:
            os._exit(9)
        Killed.statements_left -= 1
        return super().execute(sql, *values)


def make_old(folder: Path, schema: int) -> Path:
    """Make a state as an older followupd left it, with one fact in it."""
    folder.mkdir()
    file = folder / FILE_NAME
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for step in STEPS[:schema]:
            step(connection)
        if schema:
            connection.execute("INSERT INTO facts VALUES ('paused', 'yes')")
            connection.execute("PRAGMA application_id = 0x66757570")
            connection.execute(f"PRAGMA user_version = {schema}")
    return file


def migrate_and_die(file: Path, statements: int) -> bool:
    """Migrate in a child that is killed before a statement; tell whether it came through."""
    child = os.fork()
    if not child:
        Killed.statements_left = statements
        connection = sqlite3.connect(file, isolation_level=None, factory=Killed)
        migrate(connection, file)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


#: From every schema, each statement a kill; in `make test` from the newest alone, for each kill costs a process and its syncs.
SCHEMAS = [
    schema if schema == len(STEPS) - 1 else pytest.param(schema, marks=pytest.mark.soak)
    for schema in range(len(STEPS))
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_migration_killed_before_any_statement_is_done_by_the_next(tmp_path: Path, schema: int) -> None:
    for statements in range(200):
        folder = tmp_path / str(statements)
        file = make_old(folder, schema)
        came_through = migrate_and_die(file, statements)
        store = open_store(folder)
        store.check()
        assert store.is_paused() is (schema > 0)
        assert store.database.rows("PRAGMA user_version")[0][0] == len(STEPS)
        store.close()
        if came_through:
            assert statements > len(STEPS) - schema
            return
    raise AssertionError("it never came through")


@pytest.mark.parametrize("schema", range(1, len(STEPS)))
def test_a_backup_is_there_before_the_schema_changes(tmp_path: Path, schema: int) -> None:
    old = make_old(tmp_path / "old", schema)
    open_store(old.parent).close()
    [backup] = list_backups(old.parent)
    assert backup.name == f"before-schema-{len(STEPS)}.sqlite3"
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema,)
        assert connection.execute("SELECT value FROM facts").fetchall() == [("yes",)]
    restore_backup(old.parent, backup, datetime(2026, 12, 1, tzinfo=UTC))
    store = open_store(old.parent)
    assert store.is_paused()
    store.close()
