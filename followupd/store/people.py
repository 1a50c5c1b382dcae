"""Everybody the owner met; contacts.py keeps what was decided about them."""

from dataclasses import replace
from datetime import datetime

from followupd.model import Person
from followupd.store.database import Database, read_instant
from followupd.store.rows import to_person

_COLUMNS = ("key", "email", "name", "first_name", "phone", "company", "circle")


class People:
    """The people's part of the state. Two addresses are two people, whatever their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> Person | None:
        row = self._database.row("SELECT * FROM people WHERE key = ?", key)
        return to_person(row) if row else None

    def save(self, person: Person) -> Person:
        """Remember somebody and return what is known of them now.

        What is known is never replaced by nothing. A name stays, unless it could not be greeted and the new one can.
        """
        with self._database.transaction():
            known = self.find(person.key)
            merged = _merge(known, person) if known else person
            if merged != known:
                sets = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)
                self._database.change(
                    f"INSERT INTO people ({', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?)"
                    f" ON CONFLICT (key) DO UPDATE SET {sets}",
                    *(getattr(merged, column) for column in _COLUMNS),
                )
            return merged

    def list(self) -> list[tuple[Person, datetime | None]]:
        """Return everybody met, with the last touch (UTC), by name."""
        rows = self._database.rows(
            "SELECT people.*, (SELECT max(at) FROM touches WHERE person = key) AS last FROM people"
            " WHERE key NOT LIKE 'forgotten:%' ORDER BY name, key"
        )
        return [
            (
                to_person(row),
                read_instant(row["last"]) if row["last"] else None,
            )
            for row in rows
        ]


def _merge(known: Person, new: Person) -> Person:
    better = not known.name or (known.first_name is None and new.first_name is not None)
    named = new if better and new.name else known
    return replace(
        known,
        email=new.email or known.email,
        name=named.name,
        first_name=named.first_name,
        phone=new.phone or known.phone,
        company=new.company or known.company,
        circle=new.circle or known.circle,
    )
