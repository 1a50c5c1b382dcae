"""A look at the state that changes nothing: neither a migration nor a lock, beside a daemon or without one."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from followupd.errors import StateProblem
from followupd.model import Kin
from followupd.store.copying import require_sound
from followupd.store.database import FILE_NAME, explain_error, read_instant, say_damaged
from followupd.store.kinship import SETTLED, to_kin
from followupd.store.migrations import check_identity

#: How long to wait for a writer, in seconds.
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Glance:
    """What a look at the state tells."""

    schema: int
    size: int
    """Bytes of the database file; its log comes on top."""
    waiting: Mapping[str, int]
    """Mailbox to the number of its drafts that wait for the owner."""
    read: Mapping[str, datetime]
    """Calendar to its last good reading (UTC)."""


def glance(folder: Path) -> Glance | None:
    """Look at the state in `folder`; None when there is none yet.

    Raises StateUnusable when it is damaged, another program's, or from a newer followupd; StateProblem when it cannot be read.
    """
    file = folder / FILE_NAME
    if not file.exists():
        return None
    with open_to_read(file) as connection:
        schema = check_file(connection, file)
        if schema == 0:
            return None  # made, and never used
        waiting = connection.execute(
            "SELECT mailbox, count(*) FROM followups WHERE status IN ('drafted', 'approved') GROUP BY mailbox"
        )
        read = connection.execute("SELECT name, read_at FROM sources WHERE read_at IS NOT NULL")
        return Glance(
            schema,
            file.stat().st_size,
            dict(waiting.fetchall()),
            {name: read_instant(at) for name, at in read.fetchall()},
        )


def check_file(connection: sqlite3.Connection, file: Path) -> int:
    """Return the schema of a database whose every page was looked at. Raises StateUnusable as `Database.check`."""
    schema = check_identity(connection, file)
    require_sound(connection)
    return schema


def read_never(folder: Path) -> frozenset[str]:
    """Return the people the owner said never to write to; nobody where no state says so. Raises as `glance`."""
    file = folder / FILE_NAME
    if not file.exists():
        return frozenset()
    with open_to_read(file) as connection:
        check_file(connection, file)
        columns = {row[1] for row in connection.execute("PRAGMA table_info(people)")}
        if "never_since" not in columns:
            return frozenset()  # written before anybody could say so
        rows = connection.execute("SELECT key FROM people WHERE never_since IS NOT NULL")
        return frozenset(row[0] for row in rows)


def read_kin(folder: Path) -> Kin:
    """Return who is one person under two addresses; nobody where no state says so. Raises as `glance`."""
    file = folder / FILE_NAME
    if not file.exists():
        return Kin()
    with open_to_read(file) as connection:
        check_file(connection, file)
        if not list(connection.execute("PRAGMA table_info(kin)")):
            return Kin()  # written before anybody could be joined
        return to_kin(connection.execute(SETTLED))


@contextmanager
def open_to_read(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there, for reading alone; errors of SQLite come as problems in words."""
    try:
        address = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise explain_error(error, file) from error
    except UnicodeDecodeError as error:  # of SQLite's own message, where it quotes a damaged schema
        raise say_damaged(file, "it holds text that is no UTF-8") from error
    except OSError as error:
        where = error.filename or file
        raise StateProblem(
            f"{where}: {error.strerror}.", "Give it space, and the right to read and write there."
        ) from error
