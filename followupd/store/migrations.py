"""From an empty file, or any schema ever released, to the present one: one function per step, one transaction."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from followupd.errors import StateUnusable

#: "fuup" in ASCII; marks the file as ours (https://sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x66757570
#: The folder for backups, beside the database.
BACKUPS = "backups"


def create_tables(connection: sqlite3.Connection) -> None:
    schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
    for statement in _split_statements(schema):
        connection.execute(statement)


def add_attendances(connection: sqlite3.Connection) -> None:
    """Events of public lists, each in the one question that asks whether the owner was there."""
    connection.execute(
        "CREATE TABLE attendances ("
        " occurrence TEXT PRIMARY KEY,"
        " question INTEGER NOT NULL REFERENCES followups (id),"
        " place INTEGER NOT NULL,"  # its number in the question, for ever
        " answered_at TEXT,"  # the answer itself is events.owner_says
        " UNIQUE (question, place)) STRICT"
    )


def add_via(connection: sqlite3.Connection) -> None:
    """Whether the owner took a step on the page or in the terminal."""
    connection.execute("ALTER TABLE steps ADD COLUMN via TEXT CHECK (via IN ('page', 'terminal'))")


def add_hours(connection: sqlite3.Connection) -> None:
    """When items leave and are at risk; the owner's days off; people who live elsewhere or are never written to."""
    for statement in (
        "ALTER TABLE followups ADD COLUMN any_hour INTEGER NOT NULL DEFAULT 0",  # 1: whatever the hour
        "ALTER TABLE followups ADD COLUMN risk_from TEXT",  # when the deadline is in danger, by the working hours
        "ALTER TABLE people ADD COLUMN zone TEXT",  # where they live, when the owner said so
        "ALTER TABLE people ADD COLUMN never_since TEXT",  # when the owner said never to write to them
        "CREATE TABLE holidays (day TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT",  # the owner's, as last read
    ):
        connection.execute(statement)


def add_series(connection: sqlite3.Connection) -> None:
    """Which series an item is of, for whoever was met there before."""
    for statement in (
        "ALTER TABLE followups ADD COLUMN series TEXT",  # UID of the series; NULL for an event that happens once
        (
            "UPDATE followups SET series = (SELECT json_extract(body, '$.uid') FROM events"
            " WHERE events.occurrence = followups.occurrence AND json_extract(body, '$.series'))"
        ),
        "CREATE INDEX followups_by_series ON followups (series, person)",
    ):
        connection.execute(statement)


def add_recipe(connection: sqlite3.Connection) -> None:
    """Keep what the text of an item was written from, to notice when that changes."""
    connection.execute("ALTER TABLE followups ADD COLUMN recipe TEXT")


def add_guest_lists(connection: sqlite3.Connection) -> None:
    """More about people, guest lists kept with their events, and what the owner said unusual headings mean."""
    for column in ("phone", "company", "circle"):
        connection.execute(f"ALTER TABLE people ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    connection.execute(
        "CREATE TABLE guests ("
        " occurrence TEXT NOT NULL,"
        " number INTEGER NOT NULL,"  # on the list of its event, for ever
        " key TEXT NOT NULL,"  # of the person
        " email TEXT,"
        " name TEXT NOT NULL,"
        " first_name TEXT,"
        " phone TEXT NOT NULL,"
        " company TEXT NOT NULL,"
        " note TEXT NOT NULL,"
        " left_out TEXT NOT NULL,"  # why they are not to be written to; '' when nothing speaks against it
        " PRIMARY KEY (occurrence, number), UNIQUE (occurrence, key)) STRICT"
    )
    connection.execute(
        "CREATE TABLE guest_columns (headings TEXT PRIMARY KEY, found TEXT NOT NULL) STRICT"
    )  # found: JSON


def add_forgetting(connection: sqlite3.Connection) -> None:
    """Keep whom the owner wants forgotten until their drafts are out of the mailbox."""
    connection.execute("CREATE TABLE forgetting (person TEXT PRIMARY KEY) STRICT")


def add_ends(connection: sqlite3.Connection) -> None:
    """Find what has not expired, and texts that are old, without a look at years of ends."""
    connection.execute("CREATE INDEX followups_by_end ON followups (status, expires)")
    connection.execute("CREATE INDEX followups_with_text ON followups (expires) WHERE raw IS NOT NULL")


def add_letters(connection: sqlite3.Connection) -> None:
    """Keep up to when an owner's own letter to somebody was reckoned with."""
    connection.execute("ALTER TABLE followups ADD COLUMN wrote_at TEXT")


def add_notices(connection: sqlite3.Connection) -> None:
    """Keep what the owner was told, so that nothing is told twice a day; and since when something does not work."""
    connection.execute(
        "CREATE TABLE notices ("
        " cause TEXT NOT NULL,"
        " subject TEXT NOT NULL,"
        " way TEXT NOT NULL,"
        " told_at TEXT NOT NULL,"
        " PRIMARY KEY (cause, subject, way)) STRICT"
    )
    connection.execute(
        "CREATE TABLE troubles ("
        " cause TEXT NOT NULL,"
        " subject TEXT NOT NULL,"
        " since TEXT NOT NULL,"
        " PRIMARY KEY (cause, subject)) STRICT"
    )


def add_kin(connection: sqlite3.Connection) -> None:
    """Keep which people are one person under two addresses, and which are not."""
    connection.execute(
        "CREATE TABLE kin ("
        " one TEXT NOT NULL,"  # keys of people, the first by alphabet in front
        " other TEXT NOT NULL,"
        " same INTEGER,"  # 1: one person, 0: two; NULL while the question is open
        " question INTEGER REFERENCES followups (id),"  # the item that asks or asked it
        " PRIMARY KEY (one, other), CHECK (one < other)) STRICT"
    )


def add_series_answers(connection: sqlite3.Connection) -> None:
    """Keep what the owner said of whole series, by their UID; the title stays with the events, where it can be forgotten."""
    connection.execute(
        "CREATE TABLE series_answers ("
        " uid TEXT PRIMARY KEY,"
        " networking INTEGER NOT NULL,"
        " said_at TEXT NOT NULL) STRICT"
    )


#: The step at index N leads from user_version N to N + 1.
STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    create_tables,
    add_attendances,
    add_hours,
    add_series,
    add_recipe,
    add_via,
    add_guest_lists,
    add_forgetting,
    add_ends,
    add_letters,
    add_notices,
    add_kin,
    add_series_answers,
)


def migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Bring the database to the present schema. Raises StateUnusable as `check_identity`."""
    connection.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once
    try:
        version = check_identity(connection, file)
        for number in range(version, len(STEPS)):
            STEPS[number](connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends it already
            connection.execute("ROLLBACK")
        raise


def check_identity(connection: sqlite3.Connection, file: Path) -> int:
    """Return the schema version; 0 for an empty file.

    Raises StateUnusable when the file is another program's or was written by a newer followupd.
    """
    application, version = _read_pragmas(connection)
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if application != APPLICATION_ID and not (empty and application == 0 and version == 0):
        raise StateUnusable(
            f"{file} belongs to another program.",
            "Name another folder: [state] path in config.toml, or $FOLLOWUPD_STATE.",
        )
    if not 0 <= version <= len(STEPS):
        raise StateUnusable(
            f"{file} was written by a newer followupd (schema {version}; this one knows {len(STEPS)}).",
            "Install that newer version again; going back would lose what only it can read.",
        )
    return version


def _read_pragmas(connection: sqlite3.Connection) -> tuple[int, int]:
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return application, version


def _split_statements(schema: str) -> list[str]:
    """Split at semicolons that end a statement; executescript would commit behind our back."""
    statements, text = [], ""
    for line in schema.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            statements.append(text)
            text = ""
    return statements
