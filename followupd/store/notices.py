"""What the owner was told, by which way and when; and since when something does not work."""

from collections.abc import Collection, Mapping
from datetime import datetime

from followupd.store.database import Database, read_instant, write_instant
from followupd.store.facts import Facts


class Notices:
    """The notices' part of the state. Causes and subjects are text here."""

    def __init__(self, database: Database, facts: Facts) -> None:
        self._database = database
        self._facts = facts

    def told_at(self, cause: str, way: str) -> dict[str, datetime]:
        """Return when each subject of a cause was last told by a way."""
        rows = self._database.rows(
            "SELECT subject, told_at FROM notices WHERE cause = ? AND way = ?", cause, way
        )
        return {row["subject"]: read_instant(row["told_at"]) for row in rows}

    def save_told(self, cause: str, subjects: Collection[str], way: str, now: datetime) -> None:
        with self._database.transaction():
            for subject in subjects:
                self._database.change(
                    "INSERT OR REPLACE INTO notices (cause, subject, way, told_at) VALUES (?, ?, ?, ?)",
                    cause,
                    subject,
                    way,
                    write_instant(now),
                )

    def take_back(self, cause: str, subjects: Collection[str], way: str) -> None:
        """Note that these did not get through by this way after all."""
        with self._database.transaction():
            for subject in subjects:
                self._database.change(
                    "DELETE FROM notices WHERE cause = ? AND subject = ? AND way = ?", cause, subject, way
                )

    def receipt(self, cause: str, way: str) -> str:
        """Return what a way knows its last notice of a cause by; "" where there is none."""
        return self._facts.read(f"notice {way} {cause}") or ""

    def save_receipt(self, cause: str, way: str, receipt: str) -> None:
        if receipt != self.receipt(cause, way):
            self._facts.write(f"notice {way} {cause}", receipt)

    def date_troubles(
        self, found: Collection[tuple[str, str]], now: datetime
    ) -> Mapping[tuple[str, str], datetime]:
        """Return since when each (cause, subject) does not work, and forget those that do by now."""
        rows = self._database.rows("SELECT cause, subject, since FROM troubles")
        known = {(row["cause"], row["subject"]): read_instant(row["since"]) for row in rows}
        # A clock that was set back has moved a beginning into the future.
        dated = {key: min(known.get(key, now), now) for key in found}
        if dated != known:
            with self._database.transaction():
                self._database.change("DELETE FROM troubles")
                for (cause, subject), since in dated.items():
                    self._database.insert(
                        "INSERT INTO troubles (cause, subject, since) VALUES (?, ?, ?)",
                        cause,
                        subject,
                        write_instant(since),
                    )
        return dated
