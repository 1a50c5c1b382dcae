"""Guest lists kept with their events, so that the owner can pick from them later, and what unusual headings mean."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from followupd.met import Listed, Met
from followupd.model import Person
from followupd.store.database import Database, tell_damage

_COLUMNS = ("key", "email", "name", "first_name", "phone", "company")


class GuestLists:
    """The part of the state that keeps who stood on an event's list; a guest's number there never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, occurrence: str, listed: Sequence[Listed]) -> None:
        """Put guests behind those already kept; a later list knows better who was there."""
        with self._database.transaction():
            for guest in listed:
                self._keep_one(occurrence, guest)

    def _keep_one(self, occurrence: str, guest: Listed) -> None:
        person = guest.met.person
        self._database.change(
            f"INSERT INTO guests (occurrence, number, {', '.join(_COLUMNS)}, note, left_out)"
            " SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM guests"
            " WHERE occurrence = ?1 ON CONFLICT (occurrence, key) DO UPDATE SET left_out = excluded.left_out",
            occurrence,
            *(getattr(person, column) for column in _COLUMNS),
            guest.met.note,
            guest.left_out,
        )

    def list(self, occurrence: str) -> list[Listed]:
        """Return everybody on the list of an event, by their numbers."""
        rows = self._database.rows("SELECT * FROM guests WHERE occurrence = ? ORDER BY number", occurrence)
        return [Listed(Met(_to_person(row), row["note"]), row["left_out"], row["number"]) for row in rows]

    def remember_columns(self, headings: str, found: Mapping[str, int]) -> None:
        """Keep which field stands in which column of files with these headings."""
        self._database.change(
            "INSERT OR REPLACE INTO guest_columns VALUES (?, ?)", headings, json.dumps(dict(found))
        )

    @tell_damage()
    def columns(self, headings: str) -> dict[str, int] | None:
        row = self._database.row("SELECT found FROM guest_columns WHERE headings = ?", headings)
        return {field: int(place) for field, place in json.loads(row["found"]).items()} if row else None


def _to_person(row: sqlite3.Row) -> Person:
    return Person(
        row["key"],
        row["email"],
        row["name"],
        row["first_name"],
        phone=row["phone"],
        company=row["company"],
    )
