"""Which events of public lists the owner was asked about, by which question, and what they said."""

from collections.abc import Collection
from datetime import datetime

from followupd.items import Offer
from followupd.store.database import Database, read_instant, write_instant
from followupd.store.rows import read_event


class Attendances:
    """The part of the state that keeps "which of these were you at?"; an event comes into one question at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def knows(self, occurrence: str) -> bool:
        """Tell whether an event is or was part of a question."""
        row = self._database.row("SELECT 1 FROM attendances WHERE occurrence = ?", occurrence)
        return row is not None

    def add(self, question: int, occurrence: str) -> None:
        """Put an event behind the others of a question; its number there never changes."""
        self._database.change(
            "INSERT INTO attendances (occurrence, question, place)"
            " SELECT ?1, ?2, coalesce(max(place), 0) + 1 FROM attendances WHERE question = ?2",
            occurrence,
            question,
        )

    def offers(self, question: int) -> tuple[Offer, ...]:
        """Return the events of a question; without those that were cancelled, or are in the owner's own calendar by now."""
        rows = self._database.rows(
            "SELECT place, body, owner_says FROM attendances JOIN events USING (occurrence)"
            " WHERE question = ? AND NOT gone ORDER BY place",
            question,
        )
        offers = [Offer(row["place"], read_event(row["body"]), _to_there(row["owner_says"])) for row in rows]
        return tuple(offer for offer in offers if offer.event.listed and not offer.event.cancelled)

    def settle(self, question: int, places: Collection[int], now: datetime) -> None:
        """Keep that the owner was at these events of a question, and at no other of them."""
        with self._database.transaction():
            for offer in self.offers(question):
                self._save(offer.event.occurrence, "yes" if offer.place in places else "no", now)

    def reopen(self, question: int) -> None:
        """Forget the answer to a question; its events stay with it."""
        with self._database.transaction():
            for offer in self.offers(question):
                self._save(offer.event.occurrence, None, None)

    def _save(self, occurrence: str, says: str | None, now: datetime | None) -> None:
        self._database.change("UPDATE events SET owner_says = ? WHERE occurrence = ?", says, occurrence)
        answered = write_instant(now) if now else None
        self._database.change(
            "UPDATE attendances SET answered_at = ? WHERE occurrence = ?", answered, occurrence
        )

    def answered_at(self, occurrence: str) -> datetime | None:
        """Return when the owner said that they were at an event of a public list, or None."""
        row = self._database.row(
            "SELECT answered_at FROM attendances JOIN events USING (occurrence)"
            " WHERE occurrence = ? AND owner_says = 'yes'",
            occurrence,
        )
        return read_instant(row["answered_at"]) if row and row["answered_at"] else None

    def last_asked(self) -> datetime | None:
        """Return when the newest question is or was due."""
        row = self._database.row(
            "SELECT max(due) AS at FROM followups WHERE kind = 'question' AND reason = 'listed' AND status <> 'withdrawn'"
        )
        return read_instant(row["at"]) if row and row["at"] else None


def _to_there(says: str | None) -> bool | None:
    return None if says is None else says == "yes"
