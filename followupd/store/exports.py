"""The state as text, a JSON object for every row, and back again: the same rows, byte for byte."""

import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from followupd.errors import Problem, StateUnusable
from followupd.store.copying import require_sound
from followupd.store.database import FILE_NAME
from followupd.store.glance import check_file, open_to_read
from followupd.store.migrations import APPLICATION_ID, STEPS

#: The key of a JSON object that stands for bytes.
_BYTES = "base64"
#: Where SQLite counts the numbers it gave; it comes with the first table that needs it.
_COUNTER = "sqlite_sequence"


def read_rows(folder: Path) -> tuple[int, dict[str, str]]:
    """Return the schema of a state, and every table by name as JSON Lines, all of one moment. Raises StateProblem."""
    file = folder / FILE_NAME
    if not file.exists():
        raise Problem(f"There is no state in {folder} yet.", "Make a first pass: followupd once.")
    with open_to_read(file) as connection:
        connection.execute("BEGIN")
        schema = check_file(connection, file)
        return schema, {table: "".join(_write_table(connection, table)) for table in _list_tables(connection)}


def _list_tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [name for (name,) in found if name == _COUNTER or not name.startswith("sqlite_")]


def _write_table(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid")
    columns = [column for column, *_ in rows.description]
    for row in rows:
        # In ASCII: a title may hold U+2028, at which many readers split lines.
        yield json.dumps({column: _to_json(value) for column, value in zip(columns, row, strict=True)}) + "\n"


def _to_json(value: Any) -> Any:
    return {_BYTES: b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    return b64decode(value[_BYTES], validate=True) if isinstance(value, dict) else value


def build_database(file: Path, schema: int, tables: Mapping[str, str]) -> None:
    """Make a database of that schema from what `read_rows` returned. Raises StateUnusable when it cannot be one."""
    if not 1 <= schema <= len(STEPS):
        raise StateUnusable(
            f"The export was made by a newer followupd (schema {schema}; this one knows {len(STEPS)}).",
            "Install that newer version and restore it there.",
        )
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            for step in STEPS[:schema]:
                step(connection)
            for table in sorted(_list_tables(connection), key=lambda name: name == _COUNTER):
                _fill_table(connection, table, tables.get(table, "").splitlines())
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {schema}")
            _require_linked(connection)
            connection.execute("COMMIT")
            require_sound(connection)
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateUnusable(f"The export is damaged: {error}.", "Take another, or a backup.") from error


def _fill_table(connection: sqlite3.Connection, table: str, lines: Iterable[str]) -> None:
    known = {column for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")}
    connection.execute(f"DELETE FROM {table}")  # the counter begins with what the steps left there
    for line in lines:
        row = json.loads(line)
        if not row.keys() <= known:
            raise ValueError(f"{table} has no {', '.join(sorted(row.keys() - known))}")
        marks = ", ".join("?" * len(row))
        connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*map(_from_json, row.values())]
        )


def _require_linked(connection: sqlite3.Connection) -> None:
    """Refuse rows that speak of rows that are not there."""
    loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    if loose is not None:
        raise ValueError(f"a row of {loose[0]} belongs to none of {loose[2]}")
