"""One SQLite file, opened carefully; every error of SQLite becomes one clear problem."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from followupd.errors import Problem, StateBusy, StateDamaged, StateProblem
from followupd.store.copying import copy_whole, require_sound
from followupd.store.migrations import BACKUPS, STEPS, check_identity, migrate

FILE_NAME = "followupd.sqlite3"
_STAMP_LENGTH = 27
#: How long a command waits for the daemon's transaction to end, in seconds.
_BUSY_TIMEOUT = 10.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}


@contextmanager
def tell_damage() -> Iterator[None]:
    """Say StateUnusable where what was read cannot have been written: integrity_check knows pages, not their meaning."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise say_damaged("The state", f"it holds {error}") from error


def write_instant(instant: datetime) -> str:
    """Return an aware instant as UTC text that sorts as it reads."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@tell_damage()
def read_instant(text: str) -> datetime:
    """Return the instant that `write_instant` wrote; any other text is damage."""
    if len(text) != _STAMP_LENGTH or not text.endswith("Z"):
        raise ValueError(f"'{text[:40]}', which is no instant")
    return datetime.fromisoformat(
        text
    )  # ten times as fast as strptime, which every row would meet three times


class Database:
    """A connection to the state. One per thread and process; safe beside others on the same file."""

    def __init__(self, folder: Path) -> None:
        """Open or create the state in `folder` (mode 0700). Raises StateProblem, StateUnusable, StateBusy."""
        self.path = folder / FILE_NAME
        with self.errors(), open_alone(folder):
            _make_private(self.path)
            self._connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        # Before anything is changed: the file may be another program's.
        version = check_identity(self._connection, self.path)
        # WAL lets commands read while the daemon writes; FULL makes a commit survive a power cut.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        if 0 < version < len(STEPS):
            copy_whole(self._connection, self.path.parent / BACKUPS / f"before-schema-{len(STEPS)}.sqlite3")
        if version < len(STEPS):
            migrate(self._connection, self.path)

    def close(self) -> None:
        self._connection.close()

    def check(self) -> None:
        """Raise StateUnusable when any page is damaged (SQLite accepts writes to a damaged file).

        integrity_check, not quick_check: a damaged index could deny that a key was ever used. It takes half as long
        again, 0.15 s for 20,000 items.
        """
        with self.errors():
            require_sound(self._connection)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self.errors():
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        with self.errors():
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def change(self, sql: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        with self.errors():
            return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """Run one INSERT and return the id of the new row."""
        with self.errors():
            return self._connection.execute(sql, values).lastrowid or 0

    def compact(self) -> None:
        """Give up what deleted rows left behind, in the file and in its log."""
        with self.errors():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Short: no call to the outside belongs inside. Joins the one that is under way."""
        if self._connection.in_transaction:
            yield
            return
        with self.errors():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self.errors():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Translate SQLite's and the file system's errors once."""
        try:
            yield
        except sqlite3.Error as error:
            raise explain_error(error, self.path) from error
        except UnicodeDecodeError as error:  # of SQLite's own message, where it quotes a damaged schema
            raise say_damaged(self.path, "it holds text that is no UTF-8") from error
        except UnicodeEncodeError as error:
            raise Problem("That holds bytes that are no text.", "Write it in UTF-8 and try again.") from error
        except OSError as error:
            raise StateProblem(
                f"{error.filename or self.path}: {error.strerror}.",
                "Make the state folder yours and writable, or name another: [state] path, $FOLLOWUPD_STATE.",
            ) from error


@contextmanager
def open_alone(folder: Path) -> Iterator[None]:
    """Let one at a time open the state: SQLite does not wait for its turn to switch a new file to WAL."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "opening", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_private(file: Path) -> None:
    """Create a file readable by the owner alone from the first byte, whatever the umask; refuse a link.

    One that is there is not opened: to close it again would end the locks of every connection this process has to
    it (https://sqlite.org/howtocorrupt.html, 2.2), and the next command would remove a log still written to.
    """
    if file.is_symlink():
        raise OSError(errno.ELOOP, "is a link, so another program could change where it leads", file)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def explain_error(error: sqlite3.Error, path: Path) -> StateProblem:
    """Return an error of SQLite as a problem in words."""
    # Extended codes keep the primary code in their low byte (https://sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # Text that is no UTF-8 is an OperationalError of Python's own, without a code.
    if code in _DAMAGE or (code == 0 and isinstance(error, sqlite3.OperationalError)):
        return say_damaged(path, str(error))
    if code in _PASSING:
        return StateBusy(
            f"{path}: {error}.",
            "Free some disk space, or wait for the other program to finish; nothing was lost.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StateProblem(
            f"{path}: {error}.", "Check that disk, and its free space; the next pass tries again."
        )
    return StateProblem(f"{path}: {error}.", "Make the file and its folder readable and writable for you.")


def say_damaged(what: Path | str, detail: str) -> StateDamaged:
    return StateDamaged(
        f"{what} is damaged: {detail}.",
        "Nothing was written outside. Restore a backup: `followupd restore FILE`.",
    )
