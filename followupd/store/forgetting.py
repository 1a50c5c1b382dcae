"""People the owner wants forgotten: who they are until their drafts are out of the mailbox, and how they are erased."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from followupd.errors import StateBusy
from followupd.items import FollowUp, Status
from followupd.model import Person
from followupd.store.backups import list_copies
from followupd.store.database import Database
from followupd.store.facts import Facts
from followupd.store.rows import FOLLOWUP_COLUMNS, to_followup, to_person

#: What is left of an item: that it was there, so that it never comes again.
_BLANK: dict[str, Any] = {
    "person": None, "name": "", "email": None, "first_name": None, "event": "", "note": "", "promise": "", "why": "forgotten",
    "outcome": "forgotten", "subject": "", "message_id": "", "draft_id": None, "raw": None, "raw_hash": None, "placed_hash": None,
    "recipe": None,
}  # fmt: skip
_GONE = "(forgotten)"
#: Free text in which somebody may be named.
_TEXTS = {
    "followups": ("event", "note", "promise", "why", "outcome"),
    "steps": ("why",),
    "guests": ("note", "left_out"),
}


class Forgetting:
    """The part of the state that lets go of people."""

    def __init__(self, database: Database, facts: Facts) -> None:
        self._database = database
        self._facts = facts
        self._salt: str | None = None

    def begin(self, person: Person) -> None:
        self._database.change("INSERT OR IGNORE INTO forgetting VALUES (?)", person.key)

    def waiting(self) -> list[Person]:
        """Return whom the owner wants forgotten and the state still knows."""
        return [
            to_person(row)
            for row in self._database.rows("SELECT * FROM people JOIN forgetting ON key = person")
        ]

    def items_of(self, person: Person) -> list[FollowUp]:
        """Return every item that is about a person, problems included."""
        rows = self._database.rows(
            f"SELECT {', '.join(FOLLOWUP_COLUMNS)} FROM followups WHERE person = ?1 OR email = ?2"
            " OR concerns IN (SELECT id FROM followups WHERE person = ?1)"
            " OR id IN (SELECT question FROM kin WHERE ?1 IN (one, other)) ORDER BY id",
            person.key,
            person.email,
        )
        return [to_followup(row) for row in rows]

    def is_in_mailbox(self, person: Person) -> bool:
        """Tell whether a draft to a person may still lie in the mailbox because of us."""
        row = self._database.row(
            "SELECT 1 FROM followups WHERE person = ? AND (draft_id IS NOT NULL OR id IN"
            " (SELECT followup FROM intents WHERE closed_at IS NULL))",
            person.key,
        )
        return row is not None

    def blur(self, key: str) -> str | None:
        """Return what stands in place of a key once its person is forgotten, for it cannot be turned back.

        None while nobody was ever forgotten.
        """
        self._salt = self._salt or self._facts.read("salt")
        return self._salt and "forgotten:" + sha256(f"{self._salt}|{key}".encode()).hexdigest()

    def _make_salt(self) -> None:
        if self._facts.read("salt") is None:
            self._facts.write("salt", secrets.token_hex(16))

    def erase(self, person: Person, is_them: Callable[[str], bool]) -> None:
        """Erase a person everywhere in the state, to the last byte; `is_them` tells their other addresses.

        Their items stay as empty ends, and a wish never to be written to stays under a blurred key.
        """
        self._database.change("PRAGMA secure_delete = ON")  # nothing of it stays in the free parts of a page
        with self._database.transaction():
            self._make_salt()
            for item in self.items_of(person):
                self._erase_item(item)
            self._database.change("DELETE FROM touches WHERE person = ?", person.key)
            self._database.change("DELETE FROM guests WHERE key = ? OR email = ?", person.key, person.email)
            self._database.change("DELETE FROM forgetting WHERE person = ?", person.key)
            self._database.change("DELETE FROM kin WHERE ? IN (one, other)", person.key)
            self._database.change("DELETE FROM people WHERE key = ? AND never_since IS NULL", person.key)
            self._database.change(
                "UPDATE people SET key = ?, email = NULL, name = '', first_name = NULL, zone = NULL, phone = '',"
                " company = '', circle = '' WHERE key = ?",
                self.blur(person.key),
                person.key,
            )
            self._scrub_texts(person)
            self._scrub_events(person, is_them)
        with suppress(StateBusy):  # what was deleted before that is overwritten with time
            self._database.compact()
        _forget_feeds(self._database.path.parent / "feeds", person)

    def _erase_item(self, item: FollowUp) -> None:
        columns = _BLANK | {"key": self.blur(item.key)}
        columns |= {"approved_hash": _GONE} if item.approved_hash else {}
        columns |= {"status": Status.SKIPPED} if item.status is Status.WITHDRAWN else {}
        sets = ", ".join(f"{name} = ?" for name in columns)
        self._database.change(f"UPDATE followups SET {sets} WHERE id = ?", *columns.values(), item.id)
        self._database.change("UPDATE steps SET why = ? WHERE followup = ?", _GONE, item.id)

    def _scrub_texts(self, person: Person) -> None:
        named = _name_pattern(person)
        for table, columns in _TEXTS.items():
            for column in columns:
                for row in self._database.rows(f"SELECT rowid AS line, {column} AS said FROM {table}"):
                    if (text := named.sub(_GONE, row["said"])) != row["said"]:
                        self._database.change(
                            f"UPDATE {table} SET {column} = ? WHERE rowid = ?", text, row["line"]
                        )

    def _scrub_events(self, person: Person, is_them: Callable[[str], bool]) -> None:
        named = _name_pattern(person)
        for row in self._database.rows("SELECT occurrence, body FROM events"):
            body = json.loads(row["body"])
            kept = [guest for guest in body["attendees"] if not (guest["email"] and is_them(guest["email"]))]
            if len(kept) == len(body["attendees"]) and not named.search(row["body"]):
                continue
            texts = {name: named.sub(_GONE, body[name]) for name in ("title", "description", "location")}
            attendees = [guest | {"name": named.sub(_GONE, guest["name"])} for guest in kept]
            text = json.dumps(body | texts | {"attendees": attendees}, ensure_ascii=False)
            self._database.change("UPDATE events SET body = ? WHERE occurrence = ?", text, row["occurrence"])


def _name_pattern(person: Person) -> re.Pattern[str]:
    """Return what finds a person in a text: their address, and a name of two words or more."""
    known = [person.email] if person.email else []
    known += [person.name] if len(person.name.split()) > 1 else []
    return re.compile("|".join(map(re.escape, known)) or r"(?!)", re.IGNORECASE)


def _forget_feeds(folder: Path, person: Person) -> None:
    """Delete the copies of feeds that name a person; the next pass fetches the feed as it is then."""
    with suppress(OSError):
        for file in folder.iterdir():
            if _names(file, person):
                file.unlink()


def find_copies(folder: Path, person: Person) -> Iterator[Path]:
    """Yield the backups of a state, and what was kept aside of it, that hold a person."""
    yield from (file for file in list_copies(folder) if _names(file, person))


def _names(file: Path, person: Person) -> bool:
    needle = person.email or person.name
    return bool(needle) and needle.lower().encode() in file.read_bytes().lower()
