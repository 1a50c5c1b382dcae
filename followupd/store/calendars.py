"""What the calendars last showed, and what the owner said of it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from followupd.items import SeriesAnswer
from followupd.model import MEETINGS, Event, Reading
from followupd.store.database import Database, read_instant, tell_damage, write_instant
from followupd.store.rows import read_event, write_event


class Calendars:
    """The calendars' part of the state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_only(self, sources: Collection[str]) -> None:
        """Forget calendars that config.toml no longer names; another one may take their events over."""
        marks = ", ".join("?" * len(sources))
        with self._database.transaction():
            self._database.change(
                f"UPDATE events SET gone = 1 WHERE calendar NOT IN (?, {marks}) AND NOT gone",
                MEETINGS,
                *sources,
            )
            self._database.change(f"DELETE FROM sources WHERE name NOT IN ({marks})", *sources)

    def save_reading(
        self, source: str, reading: Reading, start: datetime, end: datetime, now: datetime
    ) -> None:
        """Keep what a calendar showed for [start, end]; what a complete reading no longer shows there is gone."""
        left_out = "; ".join(f"{skipped.where}: {skipped.why}" for skipped in reading.skipped)
        with self._database.transaction():
            for event in reading.events:
                self._save_event(event)
            missing = self.known_occurrences(source, start, end, now) - {
                event.occurrence for event in reading.events
            }
            for occurrence in missing:
                column = "gone" if reading.complete else "stale"
                self._database.change(f"UPDATE events SET {column} = 1 WHERE occurrence = ?", occurrence)
            self._database.change(
                "INSERT OR REPLACE INTO sources (name, read_at, left_out) VALUES (?, ?, ?)",
                source,
                write_instant(now),
                None if reading.complete else left_out,
            )

    def save_meeting(self, event: Event) -> None:
        """Keep a meeting that no calendar has, and that the owner says it counts."""
        with self._database.transaction():
            self._save_event(event)
            self.save_answer(event.occurrence, networking=True)

    def _save_event(self, event: Event) -> None:
        # The same event in a list and in the owner's own calendar is the owner's: `listed` never replaces it.
        self._database.change(
            "INSERT INTO events (occurrence, calendar, starts_at, ends_at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (occurrence) DO UPDATE SET calendar = excluded.calendar, starts_at = excluded.starts_at,"
            " ends_at = excluded.ends_at, body = excluded.body, gone = 0, stale = 0"
            " WHERE (calendar = excluded.calendar OR gone OR json_extract(body, '$.listed'))"
            " AND (body <> excluded.body OR gone OR stale)",
            event.occurrence,
            event.calendar,
            write_instant(event.start),
            write_instant(event.end),
            write_event(event),
        )

    def is_stale(self, occurrence: str) -> bool:
        """Tell whether the part of its calendar that holds this occurrence could not be read last time."""
        row = self._database.row("SELECT stale FROM events WHERE occurrence = ?", occurrence)
        return bool(row and row["stale"])

    def known_occurrences(self, source: str, start: datetime, end: datetime, now: datetime) -> set[str]:
        """Return what this calendar was last seen to hold in [start, end], and would still hold if nothing changed.

        A public list drops what is over; that is no sign that it was called off.
        """
        rows = self._database.rows(
            "SELECT occurrence FROM events WHERE calendar = ?1 AND NOT gone AND ends_at >= ?2 AND starts_at <= ?3"
            " AND NOT (ends_at <= ?4 AND json_extract(body, '$.listed'))",
            source,
            write_instant(start),
            write_instant(end),
            write_instant(now),
        )
        return {row["occurrence"] for row in rows}

    def save_failure(self, source: str, problem: str, now: datetime) -> None:
        self._database.change(
            "INSERT INTO sources (name, failed_at, problem) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET failed_at = excluded.failed_at, problem = excluded.problem",
            source,
            write_instant(now),
            problem,
        )

    def source_problems(self) -> dict[str, str]:
        """Return the calendars that could not be read last time, or not whole, with what was wrong."""
        rows = self._database.rows(
            "SELECT name, coalesce(problem, left_out) AS wrong FROM sources WHERE wrong IS NOT NULL ORDER BY name"
        )
        return {row["name"]: row["wrong"] for row in rows}

    def has_failed(self, source: str) -> bool:
        """Tell whether nothing of this calendar could be read last time."""
        row = self._database.row("SELECT 1 FROM sources WHERE name = ? AND problem IS NOT NULL", source)
        return row is not None

    def read_at(self, source: str) -> datetime | None:
        """Return when a calendar was last read well."""
        row = self._database.row("SELECT read_at FROM sources WHERE name = ?", source)
        return read_instant(row["read_at"]) if row and row["read_at"] else None

    def all_read_at(self) -> dict[str, datetime]:
        """Return when each calendar was last read well."""
        rows = self._database.rows(
            "SELECT name, read_at FROM sources WHERE read_at IS NOT NULL ORDER BY name"
        )
        return {row["name"]: read_instant(row["read_at"]) for row in rows}

    def known_events(self) -> list[Event]:
        """Return every event that is still in its calendar, as far as the state remembers."""
        return [
            read_event(row["body"]) for row in self._database.rows("SELECT body FROM events WHERE NOT gone")
        ]

    def event(self, occurrence: str) -> Event | None:
        """Return an occurrence as last seen, or None when it is unknown or gone from its calendar."""
        row = self._database.row("SELECT body FROM events WHERE occurrence = ? AND NOT gone", occurrence)
        return read_event(row["body"]) if row else None

    def ended_events(self, since: datetime, now: datetime) -> list[Event]:
        """Return what ended in [since, now], or what the owner said since then they were at, oldest first.

        What is gone from its calendar is left out.
        """
        rows = self._database.rows(
            "SELECT ends_at, occurrence, body FROM events WHERE ends_at BETWEEN ?1 AND ?2 AND NOT gone"
            " UNION SELECT ends_at, occurrence, body FROM attendances JOIN events USING (occurrence)"
            " WHERE answered_at >= ?1 AND owner_says = 'yes' AND NOT gone ORDER BY ends_at, occurrence",
            write_instant(since),
            write_instant(now),
        )
        return [read_event(row["body"]) for row in rows]

    def save_holidays(self, days: Mapping[date, str]) -> None:
        """Keep the owner's days off, each with its name, in place of those known before."""
        with self._database.transaction():
            if days != self.holidays():
                self._database.change("DELETE FROM holidays")
                for day, name in days.items():
                    self._database.change("INSERT INTO holidays VALUES (?, ?)", day.isoformat(), name)

    def holidays(self) -> Mapping[date, str]:
        """Return the owner's days off as last read, each with its name."""
        with tell_damage():
            rows = self._database.rows("SELECT day, name FROM holidays")
            return {date.fromisoformat(row["day"]): row["name"] for row in rows}

    def owner_says(self, occurrence: str) -> bool | None:
        """Return the owner's answer to "was this networking?", or None when there is none."""
        row = self._database.row("SELECT owner_says FROM events WHERE occurrence = ?", occurrence)
        return None if row is None or row["owner_says"] is None else row["owner_says"] == "yes"

    def save_answer(self, occurrence: str, networking: bool | None) -> None:
        answer = None if networking is None else "yes" if networking else "no"
        self._database.change("UPDATE events SET owner_says = ? WHERE occurrence = ?", answer, occurrence)

    def series_says(self, event: Event) -> bool | None:
        """Return what the owner said of the whole series an event belongs to, or None."""
        if not event.series:
            return None
        row = self._database.row("SELECT networking FROM series_answers WHERE uid = ?", event.uid)
        return None if row is None else bool(row["networking"])

    def save_series_answer(self, uid: str, networking: bool, now: datetime) -> None:
        self._database.change(
            "INSERT OR REPLACE INTO series_answers VALUES (?, ?, ?)",
            uid,
            int(networking),
            write_instant(now),
        )

    def delete_series_answer(self, uid: str) -> None:
        self._database.change("DELETE FROM series_answers WHERE uid = ?", uid)

    def series_answers(self) -> list[SeriesAnswer]:
        """Return what the owner said of whole series, the oldest first."""
        rows = self._database.rows(
            "SELECT uid, networking, said_at, (SELECT json_extract(body, '$.title') FROM events"
            " WHERE json_extract(body, '$.uid') = uid ORDER BY ends_at DESC LIMIT 1) AS title"
            " FROM series_answers ORDER BY said_at, uid"
        )
        return [
            SeriesAnswer(
                row["uid"], row["title"] or "", bool(row["networking"]), read_instant(row["said_at"])
            )
            for row in rows
        ]

    def count_questions(self, since: datetime) -> int:
        """Return how many questions "was this networking?" were asked about events that ended since then."""
        row = self._database.row(
            "SELECT count(*) AS asked FROM followups WHERE kind = 'question' AND reason = 'unsure' AND due >= ?",
            write_instant(since),
        )
        return int(row["asked"]) if row else 0
