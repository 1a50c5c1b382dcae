"""What happened so far, as whoever decides wants to know it: reads only."""

from datetime import datetime
from typing import NamedTuple

from followupd.items import Step
from followupd.store.database import Database, read_instant, write_instant
from followupd.store.kinship import SAME_PERSON
from followupd.store.rows import to_step

_LAST = 2**63 - 1


class Touch(NamedTuple):
    """One contact with a person."""

    at: datetime
    channel: str
    event: str
    """The title of the event it followed up, as the calendar has it; "" where there was none."""


class Passed(NamedTuple):
    """One step of one item, as the list of everything that happened has it."""

    id: int
    followup: int
    who: str
    """Name or address; "" for what is not about a person."""
    event: str
    step: Step


class History:
    """The past's part of the state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def touches_of(self, person: str) -> list[Touch]:
        """Return every contact with a person, under whichever of their addresses, the latest first."""
        rows = self._database.rows(
            "SELECT touches.at, touches.channel, coalesce(followups.event, '') AS event FROM touches"
            f" LEFT JOIN followups ON followups.id = touches.followup WHERE touches.person IN {SAME_PERSON} ORDER BY touches.at DESC",
            person,
        )
        return [Touch(read_instant(row["at"]), row["channel"], row["event"]) for row in rows]

    def recent_steps(self, count: int, before: int | None = None) -> list[Passed]:
        """Return the last steps of all items, the latest first; `before` is a step's number to go on from."""
        rows = self._database.rows(
            "SELECT steps.*, followups.kind, followups.name, followups.email, followups.event FROM steps"
            " JOIN followups ON followups.id = steps.followup WHERE steps.id < ? ORDER BY steps.id DESC LIMIT ?",
            before if before is not None else _LAST,
            count,
        )
        return [
            Passed(row["id"], row["followup"], row["name"] or row["email"] or "", row["event"], to_step(row))
            for row in rows
        ]

    def left_since(self, since: datetime) -> dict[int, datetime]:
        """Return the messages that left since then and were not answered, with when they left."""
        rows = self._database.rows(
            "SELECT touches.followup, max(touches.at) AS at FROM touches JOIN followups ON followups.id = touches.followup"
            " WHERE followups.status IN ('sent', 'handled') AND touches.at > ? GROUP BY touches.followup",
            write_instant(since),
        )
        return {row["followup"]: read_instant(row["at"]) for row in rows}

    def lost_approvals(self) -> set[int]:
        """Return the drafts that were approved and lost it, because the mailbox then held another text."""
        rows = self._database.rows(
            "SELECT last.followup AS id FROM steps AS last JOIN followups ON followups.id = last.followup"
            " WHERE followups.status = 'drafted' AND last.by = 'mailbox'"
            " AND last.id = (SELECT max(id) FROM steps WHERE followup = last.followup)"
            " AND 'approved' = (SELECT status FROM steps WHERE followup = last.followup AND id < last.id"
            " ORDER BY id DESC LIMIT 1)"
        )
        return {row["id"] for row in rows}

    def next_end(self, now: datetime) -> tuple[str, datetime] | None:
        """Return title and end (UTC) of the event that ends next."""
        row = self._database.row(
            "SELECT json_extract(body, '$.title') AS title, ends_at FROM events"
            " WHERE ends_at > ? AND NOT gone ORDER BY ends_at LIMIT 1",
            write_instant(now),
        )
        return (row["title"], read_instant(row["ends_at"])) if row else None

    def count_by_status(self) -> dict[str, int]:
        rows = self._database.rows("SELECT status, count(*) AS n FROM followups GROUP BY status")
        return {row["status"]: row["n"] for row in rows}

    def has_read_calendars(self) -> bool:
        """Tell whether any calendar was ever read, or tried."""
        return self._database.row("SELECT 1 FROM sources LIMIT 1") is not None
