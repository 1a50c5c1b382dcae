"""What the owner decided about a person: where they live, and that they are never to be written to."""

from datetime import datetime

from followupd.model import Event, Person
from followupd.store.database import Database, write_instant
from followupd.store.forgetting import Forgetting
from followupd.store.kinship import SAME_PERSON, Kinship
from followupd.store.rows import to_person


class Contacts:
    """The wishes about people; people.py keeps who they are."""

    def __init__(self, database: Database, forgetting: Forgetting) -> None:
        self._database = database
        self._forgetting = forgetting

    def find_by_name(self, name: str) -> list[Person]:
        """Return everybody of that name, whatever the case."""
        everybody = map(to_person, self._database.rows("SELECT * FROM people ORDER BY key"))
        return [person for person in everybody if person.name.casefold() == name.casefold()]

    def zone_of(self, key: str | None) -> str | None:
        """Return the zone of the place a person lives in, where it is known for sure."""
        row = self._database.row(
            f"SELECT zone FROM people WHERE key IN {SAME_PERSON} AND zone IS NOT NULL", key
        )
        return row["zone"] if row else None

    def is_never(self, key: str | None) -> bool:
        """Tell whether the owner said never to write to this person, even if they were forgotten since."""
        blurred = self._forgetting.blur(key or "")
        row = self._database.row(
            f"SELECT 1 FROM people WHERE (key IN {SAME_PERSON} OR key = ?) AND never_since IS NOT NULL",
            key,
            blurred,
        )
        return row is not None

    def met_before(self, event: Event) -> frozenset[str]:
        """Return whom the owner met at earlier occurrences of the series an event belongs to."""
        rows = self._database.rows(
            "SELECT DISTINCT person FROM followups WHERE series = ? AND occurrence <> ? AND due < ?"
            " AND person IS NOT NULL AND status <> 'withdrawn'",
            event.uid,
            event.occurrence,
            write_instant(event.end),
        )
        return frozenset(key for row in rows for key in Kinship(self._database).keys_of(row["person"]))

    def save_never(self, key: str, since: datetime | None) -> None:
        """Remember that a person is never to be written to, for ever; None takes it back."""
        stamp = write_instant(since) if since else None
        self._database.change(f"UPDATE people SET never_since = ? WHERE key IN {SAME_PERSON}", stamp, key)

    def save_zone(self, key: str, zone: str | None) -> None:
        self._database.change(f"UPDATE people SET zone = ? WHERE key IN {SAME_PERSON}", zone, key)
