"""Backups of the state, and the way back to one."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from followupd.errors import Problem, StateProblem, StateUnusable
from followupd.items import By, Status
from followupd.store.copying import copy_whole, make_folder, sync
from followupd.store.database import FILE_NAME, open_alone, write_instant
from followupd.store.glance import check_file, open_to_read
from followupd.store.migrations import BACKUPS

KEPT = 14
_DAY = timedelta(days=1)
_STAMP = "%Y-%m-%dT%H%M%SZ"
#: The database and what SQLite keeps beside it.
_PARTS = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm")
#: More numbers than anybody is given between two backups.
_GAP = 1000
_TAKEN_BACK = "the state was restored from a backup, so it needs a new yes"


def make_backup(folder: Path, now: datetime) -> Path:
    """Copy the state in `folder` to its backups and keep the newest KEPT. Raises StateProblem and its kinds."""
    source, target = folder / FILE_NAME, folder / BACKUPS / f"{now.strftime(_STAMP)}.sqlite3"
    if not source.exists():
        raise Problem(f"There is no state in {folder} yet.", "Make a first pass: followupd once.")
    with open_to_read(source) as connection:
        copy_whole(connection, target)
    for old in list_dated(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def back_up_daily(folder: Path, now: datetime) -> Path | None:
    """Make a backup when the newest is a day old; also when it comes from the future, for then a clock was wrong."""
    newest = next(iter(list_dated(folder)), None)
    if newest is not None and timedelta(0) <= now - read_stamp(newest) < _DAY:
        return None
    return make_backup(folder, now)


def list_backups(folder: Path) -> list[Path]:
    """Return the backups of a state, the newest first; those made before a change of the schema come last."""
    dated = list_dated(folder)
    others = sorted((folder / BACKUPS).glob("before-schema-*.sqlite3"), reverse=True)
    return [*dated, *others]


def list_dated(folder: Path) -> list[Path]:
    """Return the daily backups and those made by hand, the newest first."""
    return sorted((folder / BACKUPS).glob("[0-9]*Z.sqlite3"), reverse=True)


def read_stamp(backup: Path) -> datetime:
    """Return when a dated backup was made (UTC); long ago for a name that is none of ours."""
    try:
        return datetime.strptime(backup.stem, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def list_copies(folder: Path) -> list[Path]:
    """Return every file that holds an older state: backups, and what was kept aside."""
    return [*list_backups(folder), *sorted(path for path in folder.glob("kept-*/*") if path.is_file())]


def find_good(folder: Path) -> Path | None:
    """Return the newest backup that opens and is sound."""
    return next((backup for backup in list_backups(folder) if _is_good(backup)), None)


def _is_good(backup: Path) -> bool:
    with suppress(StateProblem), open_to_read(backup) as connection:
        return check_file(connection, backup) > 0
    return False


def advise_restore(folder: Path) -> str:
    """Return what an owner with a damaged state can do."""
    good = find_good(folder)
    if good is None:
        return (
            "Nothing was written outside. There is no good backup to go back to; do not delete the file: without it, "
            "followupd would no longer know what it did."
        )
    return (
        "Nothing was written outside. Go back to the newest good backup; what lies there now is kept aside:\n"
        f"followupd restore {good}"
    )


def restore_backup(folder: Path, backup: Path, now: datetime, gap: int = _GAP) -> tuple[Path | None, int]:
    """Put a backup in the place of the state; the caller holds the state's lock.

    `gap` is how far numbers jump where the state that was there cannot say how far it had counted.

    Returns where the state that was there is kept, and how many approvals were taken back: what an owner said yes to
    may be undone, changed or gone since, so nothing leaves on an old yes. Raises StateUnusable when `backup` is
    damaged, another program's or from a newer followupd, and then nothing was changed.
    """
    fresh = folder / "restoring.sqlite3"
    with open_to_read(backup) as connection:
        if check_file(connection, backup) == 0:
            raise StateUnusable(
                f"{backup} is no backup: it holds nothing.", "Name another: see `followupd backup --list`."
            )
        copy_whole(connection, fresh)
    count = _prepare(fresh, _read_sequence(folder / FILE_NAME), gap, now)
    with open_alone(folder):
        kept = _keep_aside(folder, now)
        # The old log must be gone before the new file is there: SQLite would play it over that one.
        for part in reversed(_PARTS[1:]):
            (folder / part).unlink(missing_ok=True)
        fresh.replace(folder / FILE_NAME)
        sync(folder)
    return kept, count


def _prepare(fresh: Path, used: int | None, gap: int, now: datetime) -> int:
    """Take back the approvals in a copy, and let no number in it be given a second time. Returns how many were taken back."""
    with closing(sqlite3.connect(fresh)) as connection, connection:
        approved = connection.execute(
            "SELECT id FROM followups WHERE status = ?", (Status.APPROVED,)
        ).fetchall()
        for (number,) in approved:
            connection.execute(
                "UPDATE followups SET status = ?, outcome = ?, approved_hash = NULL, leaves_at = NULL WHERE id = ?",
                (Status.DRAFTED, _TAKEN_BACK, number),
            )
            connection.execute(
                "INSERT INTO steps (followup, at, status, by, why) VALUES (?, ?, ?, ?, ?)",
                (number, write_instant(now), Status.DRAFTED, By.DAEMON, _TAKEN_BACK),
            )
        connection.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, coalesce(?, seq + ?)) WHERE name = 'followups'",
            (used, gap),
        )
    return len(approved)


def _read_sequence(database: Path) -> int | None:
    """Return the last number given in the state that is there; None when it cannot be told any more."""
    if not database.exists():
        return None
    with suppress(StateProblem), open_to_read(database) as connection:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'followups'").fetchone()
        return row[0] if row else 0
    return None


def _keep_aside(folder: Path, now: datetime) -> Path | None:
    """Give the files of the state a second name in a folder of their own, so that a crash in between loses nothing."""
    there = [folder / part for part in _PARTS if (folder / part).exists()]
    if not there:
        return None
    aside = folder / f"kept-{now.strftime(_STAMP)}"
    make_folder(aside)
    for part in there:
        (aside / part.name).unlink(missing_ok=True)
        os.link(part, aside / part.name)
    sync(aside)
    return aside
