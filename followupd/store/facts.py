"""What is true of the state as a whole, and what it knows of time."""

from datetime import datetime, timedelta

from followupd.model import TOO_LATE_AFTER
from followupd.store.database import Database, read_instant, write_instant

#: Nothing is looked for further back, however long followupd was away.
_LONGEST_ABSENCE = timedelta(days=60)


class Facts:
    """Names and their values: installed, reign, paused; looked, clock, leapt; letters, for each mailbox; notice, for each way and cause."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str) -> str | None:
        row = self._database.row("SELECT value FROM facts WHERE name = ?", name)
        return row["value"] if row else None

    def write(self, name: str, value: str) -> None:
        self._database.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def save_looked(self, now: datetime) -> None:
        """Note that by now every calendar was read, and what is over was planned."""
        self.write("looked", write_instant(now))

    def look_back(self, now: datetime) -> datetime:
        """Return since when events may have ended that nobody planned: a week, or the last look before an absence."""
        week = now - TOO_LATE_AFTER
        looked = self._read_instant("looked") or week
        return max(min(looked, week), now - _LONGEST_ABSENCE)

    def letters_heard(self, mailbox: str) -> datetime | None:
        """Return up to when the letters in the account of a mailbox were reckoned with; None where they never were."""
        return self._read_instant(f"letters {mailbox}")

    def save_letters_heard(self, mailbox: str, now: datetime) -> None:
        self.write(f"letters {mailbox}", write_instant(now))

    def watch_clock(self, now: datetime, leap: timedelta, wait: timedelta) -> datetime | None:
        """Return the last look while a clock that is ahead of it by more than `leap` is not believed; None otherwise.

        It is believed once it has stayed there for `wait`. A clock that was set back is believed at once: what is to come
        then only waits.
        """
        last = self._read_instant("clock") or now
        with self._database.transaction():
            if now - last > leap:
                since = self._read_instant("leapt")
                if since is None or since > now:
                    since = now
                    self.write("leapt", write_instant(now))
                if now - since < wait:
                    return last
            self.believe_clock(now)
        return None

    def believe_clock(self, now: datetime) -> None:
        """Take the clock for right, whatever it said before."""
        self._database.change("DELETE FROM facts WHERE name = 'leapt'")
        self.write("clock", write_instant(now))

    def _read_instant(self, name: str) -> datetime | None:
        value = self.read(name)
        return read_instant(value) if value else None
