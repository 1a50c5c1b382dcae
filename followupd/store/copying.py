"""A copy of a database: consistent beside a daemon at work, one file, sound, private, and there whole or not at all."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_whole(connection: sqlite3.Connection, target: Path) -> None:
    """Write what `connection` sees to `target` (mode 0600), over what lies there. Raises sqlite3.Error, OSError.

    By SQLite's own backup (https://sqlite.org/backup.html): a copied file would lack what is still in the log.
    """
    make_folder(target.parent)
    waiting = target.with_name(f".{target.name}.new")
    waiting.unlink(missing_ok=True)
    try:
        os.close(os.open(waiting, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        with closing(sqlite3.connect(waiting)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # no log beside it
            require_sound(copy)
        sync(waiting)
        waiting.replace(target)
        sync(target.parent)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise


def require_sound(connection: sqlite3.Connection) -> None:
    """Look at every page, its index entries included. Raises sqlite3.OperationalError, which counts as damage."""
    answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        raise sqlite3.OperationalError(answer)


def make_folder(folder: Path) -> None:
    """Make a folder that its owner alone can enter, whatever the umask."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        folder.chmod(0o700)


def sync(place: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything else happens."""
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
