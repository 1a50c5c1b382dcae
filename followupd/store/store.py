"""Everything followupd knows and has done: one method per question."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from followupd.errors import AlreadyRunning, Changed, Missing
from followupd.items import IN_MAILBOX, OPEN, Act, By, FollowUp, Intent, Plan, Status, Step, Via
from followupd.mail import fingerprint
from followupd.model import Person
from followupd.store.attendances import Attendances
from followupd.store.calendars import Calendars
from followupd.store.contacts import Contacts
from followupd.store.database import Database, read_instant, say_damaged, tell_damage, write_instant
from followupd.store.facts import Facts
from followupd.store.forgetting import Forgetting
from followupd.store.guests import GuestLists
from followupd.store.history import History
from followupd.store.kinship import SAME_PERSON, Kinship
from followupd.store.notices import Notices
from followupd.store.people import People
from followupd.store.pruning import prune
from followupd.store.rows import (
    FOLLOWUP_COLUMNS,
    to_column,
    to_columns,
    to_followup,
    to_intent,
    to_step,
)

_COLUMNS = ", ".join(FOLLOWUP_COLUMNS)
_AS_IT_WAS = " AND ".join(f"{name} IS ?" for name in FOLLOWUP_COLUMNS)
_FOLLOWUPS = f"SELECT {_COLUMNS} FROM followups"


class Store:
    """The state in one folder. Raises StateProblem and its kinds from every method."""

    def __init__(self, folder: Path, check_move: Callable[[Status, Status], None]) -> None:
        """Open or create the state; `check_move` raises Problem for a move that is not in the table."""
        self.database = Database(folder)
        self.calendars = Calendars(self.database)
        self.people = People(self.database)
        self.kinship = Kinship(self.database)
        self.guest_lists = GuestLists(self.database)
        self.past = History(self.database)
        self.attendances = Attendances(self.database)
        self.facts = Facts(self.database)
        self.notices = Notices(self.database, self.facts)
        self.forgetting = Forgetting(self.database, self.facts)
        self.contacts = Contacts(self.database, self.forgetting)
        self._check_move = check_move
        self._reign: int | None = None
        self.via: Via | None = None
        """Through which door the owner acts here; kept with each of their steps."""

    def close(self) -> None:
        self.database.close()

    def check(self) -> None:
        """Raise StateUnusable when the database is damaged, or the text of an item somebody still has to act on."""
        self.database.check()
        rows = self.database.rows("SELECT id, raw_hash FROM followups WHERE raw IS NOT NULL")
        saved = {row["id"]: row["raw_hash"] for row in rows}
        for item in self.followups(OPEN):
            if item.raw is not None and item.hash != saved[item.id]:
                raise say_damaged("The state", f"the text of item {item.id} is not the one that was saved")

    def prune(self, now: datetime, keep: timedelta) -> None:
        """Forget what nothing asks for any more, once a day."""
        prune(self.database, now, keep)

    def copy_to(self, folder: Path) -> None:
        """Write a consistent copy of the state into another folder (https://sqlite.org/lang_vacuum.html#vacuuminto)."""
        self.database.change("VACUUM INTO ?", str(folder / self.database.path.name))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside as one."""
        with self.database.transaction():
            yield

    # --- the state as a whole

    def installed(self, now: datetime) -> datetime:
        """Return when this state began; the first call settles it."""
        self.database.change("INSERT OR IGNORE INTO facts VALUES ('installed', ?)", write_instant(now))
        return read_instant(self.facts.read("installed") or write_instant(now))

    @tell_damage()
    def begin_reign(self) -> None:
        """Become the one that writes outside; whoever reigned before can no longer."""
        with self.transaction():
            self._reign = int(self.facts.read("reign") or 0) + 1
            self.facts.write("reign", str(self._reign))

    def pause(self, paused: bool) -> None:
        self.facts.write("paused", "yes" if paused else "no")

    def is_paused(self) -> bool:
        return self.facts.read("paused") == "yes"

    # --- the queue

    def add_followup(
        self, plan: Plan, event: str, mailbox: str, now: datetime, **more: Any
    ) -> FollowUp | None:
        """Put a plan into the queue; None when its key was ever there before."""
        with self.transaction():
            if self.followup_by_key(plan.key):
                return None
            values = {name: getattr(plan, name) for name in _PLAN_COLUMNS}
            values |= {"event": event, "mailbox": mailbox, "outcome": plan.why} | more
            if plan.person:
                values |= _person_columns(self.people.save(plan.person))
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            number = self.database.insert(
                f"INSERT INTO followups ({names}) VALUES ({marks})",
                *map(to_column, values.values()),
            )
            self.database.change(
                "UPDATE followups SET series = (SELECT json_extract(body, '$.uid') FROM events"
                " WHERE events.occurrence = followups.occurrence AND json_extract(body, '$.series')) WHERE id = ?",
                number,
            )
            self._add_step(number, now, plan.status, By.DAEMON, plan.why)
            return self.followup(number)

    def followup(self, number: int) -> FollowUp:
        """Return one item. Raises Missing when there is none of that number."""
        row = self.database.row(f"{_FOLLOWUPS} WHERE id = ?", number)
        if row is None:
            raise Missing(
                f"There is no item {number} in the queue.", "See `followupd queue --all` for the numbers."
            )
        return to_followup(row)

    def followup_by_key(self, key: str) -> FollowUp | None:
        row = self.database.row(f"{_FOLLOWUPS} WHERE key IN (?, ?)", key, self.forgetting.blur(key))
        return to_followup(row) if row else None

    def followups(self, statuses: Collection[Status] | None = None) -> list[FollowUp]:
        """Return the items in these statuses (all when None), by deadline."""
        chosen = tuple(Status if statuses is None else statuses)
        marks = ", ".join("?" * len(chosen))
        rows = self.database.rows(f"{_FOLLOWUPS} WHERE status IN ({marks}) ORDER BY deadline, id", *chosen)
        return [to_followup(row) for row in rows]

    def latest_to_people(self, count: int) -> list[FollowUp]:
        """Return follow-ups to people with an address, by due time, the latest first."""
        rows = self.database.rows(
            f"{_FOLLOWUPS} WHERE kind = 'draft' AND email <> '' ORDER BY due DESC, deadline, id LIMIT ?",
            count,
        )
        return [to_followup(row) for row in rows]

    def waiting(self, now: datetime) -> list[FollowUp]:
        """Return what is open and not snoozed, and what was handed to the owner's mail program and is not expired, by deadline."""
        marks = ", ".join(f"?{number}" for number in range(2, len(OPEN) + 2))
        rows = self.database.rows(
            f"{_FOLLOWUPS} WHERE status IN ({marks}) AND coalesce(snoozed_until, '') <= ?1"
            f" UNION ALL {_FOLLOWUPS} WHERE status = 'handled' AND expires > ?1 ORDER BY deadline, id",
            write_instant(now),
            *OPEN,
        )
        return [to_followup(row) for row in rows]

    def followups_of(self, occurrence: str) -> list[FollowUp]:
        rows = self.database.rows(f"{_FOLLOWUPS} WHERE occurrence = ? ORDER BY id", occurrence)
        return [to_followup(row) for row in rows]

    def open_occurrences(self) -> list[str]:
        """Return the occurrences somebody still has to act on."""
        marks = ", ".join("?" * len(OPEN))
        rows = self.database.rows(
            f"SELECT DISTINCT occurrence FROM followups WHERE status IN ({marks}) ORDER BY occurrence",
            *OPEN,
        )
        return [row["occurrence"] for row in rows]

    def earliest_open(self) -> datetime | None:
        """Return the earliest due time among open items."""
        marks = ", ".join("?" * len(OPEN))
        row = self.database.row(f"SELECT min(due) AS at FROM followups WHERE status IN ({marks})", *OPEN)
        return read_instant(row["at"]) if row and row["at"] else None

    def leftovers(self) -> list[FollowUp]:
        """Return the items whose draft still lies in the mailbox although they are no longer waiting there.

        What a server refused stays there, for the owner to correct.
        """
        staying = IN_MAILBOX | {Status.FAILED}
        marks = ", ".join("?" * len(staying))
        rows = self.database.rows(
            f"{_FOLLOWUPS} WHERE draft_id IS NOT NULL AND status NOT IN ({marks}) ORDER BY id", *staying
        )
        return [to_followup(row) for row in rows]

    def move(
        self,
        old: FollowUp,
        status: Status,
        now: datetime,
        by: By,
        why: str,
        changes: Mapping[str, Any] = MappingProxyType({}),
    ) -> FollowUp:
        """Move an item along the table of moves, if nobody moved or changed it meanwhile.

        Raises Problem for a move that is not in the table, Changed when the item is no longer as `old` has it.
        """
        self._check_move(old.status, status)
        with self.transaction():
            moved = self.update(old, status=status, outcome=why, **changes)
            self._add_step(old.id, now, status, by, why)
            return moved

    def note_step(
        self,
        followup: FollowUp,
        now: datetime,
        by: By,
        why: str,
        changes: Mapping[str, Any] = MappingProxyType({}),
    ) -> FollowUp:
        """Change an item that stays where it stands, with a line in its history."""
        with self.transaction():
            changed = self.update(followup, **changes)
            self._add_step(followup.id, now, followup.status, by, why)
            return changed

    def update(self, old: FollowUp, **changes: Any) -> FollowUp:
        """Set columns of an item, if it is still as `old` has it, and return it so. Raises Changed otherwise."""
        columns = dict(changes or {"id": old.id})
        if "raw" in changes:
            columns["raw_hash"] = fingerprint(changes["raw"])
        sets = ", ".join(f"{name} = ?" for name in columns)
        # One statement compares and sets: nobody can come in between.
        changed = self.database.change(
            f"UPDATE followups SET {sets} WHERE {_AS_IT_WAS}",
            *map(to_column, columns.values()),
            *to_columns(old),
        )
        if not changed:
            self.followup(old.id)  # says it when there is none, or what there is makes no sense
            raise Changed(f"Item {old.id} changed in this moment.", "Look at it again, then decide.")
        return replace(old, **changes)

    def history(self, number: int) -> list[Step]:
        return [
            to_step(row)
            for row in self.database.rows("SELECT * FROM steps WHERE followup = ? ORDER BY id", number)
        ]

    def was_drafted(self, number: int) -> bool:
        """Tell whether a draft of this item ever lay in the mailbox, as far as this state remembers."""
        return (
            self.database.row("SELECT 1 FROM steps WHERE followup = ? AND status = 'drafted'", number)
            is not None
        )

    def was_taken_out(self, number: int) -> bool:
        """Tell whether it was we who took the draft of this item out of the mailbox since it was last put there."""
        row = self.database.row(
            "SELECT 1 FROM intents WHERE followup = ?1 AND act = 'remove' AND outcome = 'done' AND made_at >="
            " (SELECT max(at) FROM steps WHERE followup = ?1 AND status = 'drafted')",
            number,
        )
        return row is not None

    def _add_step(self, number: int, now: datetime, status: Status, by: By, why: str) -> None:
        self.database.insert(
            "INSERT INTO steps (followup, at, status, by, why, via) VALUES (?, ?, ?, ?, ?, ?)",
            number,
            write_instant(now),
            status,
            by,
            why,
            self.via if by is By.OWNER else None,
        )

    # --- writes to the mailbox

    def intend(self, followup: FollowUp, act: Act, digest: str, now: datetime) -> Intent:
        """Commit that a write is about to leave. Raises AlreadyRunning when another daemon reigns by now."""
        with self.transaction():
            if self._reign is None or self.facts.read("reign") != str(self._reign):
                raise AlreadyRunning(
                    "Another followupd took over this state.", "This one stops; nothing was written."
                )
            number = self.database.insert(
                "INSERT INTO intents (followup, act, hash, made_at) VALUES (?, ?, ?, ?)",
                followup.id,
                act,
                digest,
                write_instant(now),
            )
            return Intent(number, followup.id, act, digest, now)

    def close_intent(self, intent: Intent, outcome: str, now: datetime) -> None:
        self.database.change(
            "UPDATE intents SET closed_at = ?, outcome = ? WHERE id = ?",
            write_instant(now),
            outcome,
            intent.id,
        )

    def open_intents(self) -> list[Intent]:
        """Return the writes whose outcome is not known."""
        return [
            to_intent(row)
            for row in self.database.rows("SELECT * FROM intents WHERE closed_at IS NULL ORDER BY id")
        ]

    def drafts_made_since(self, since: datetime) -> int:
        row = self.database.row(
            "SELECT count(*) AS n FROM intents WHERE act = 'create' AND outcome = 'done' AND made_at > ?",
            write_instant(since),
        )
        return row["n"] if row else 0

    def handed_over_since(self, mailbox: str, since: datetime) -> int:
        """Count what left or may have left through a mailbox."""
        row = self.database.row(
            "SELECT count(*) AS n FROM intents JOIN followups ON followups.id = followup WHERE act = 'hand-over'"
            " AND intents.outcome IS NOT 'refused' AND made_at > ? AND mailbox = ?",
            write_instant(since),
            mailbox,
        )
        return row["n"] if row else 0

    # --- touches

    def add_touch(self, followup: FollowUp, channel: str, at: datetime) -> None:
        if followup.person:
            self.database.insert(
                "INSERT INTO touches (person, at, channel, followup) VALUES (?, ?, ?, ?)",
                followup.person,
                write_instant(at),
                channel,
                followup.id,
            )

    def remove_touches(self, followup: FollowUp) -> None:
        self.database.change("DELETE FROM touches WHERE followup = ?", followup.id)

    def last_touch(self, person: str, apart_from: int) -> datetime | None:
        """Return the last contact with a person that is not part of the follow-up `apart_from`."""
        row = self.database.row(
            f"SELECT max(at) AS at FROM touches WHERE person IN {SAME_PERSON} AND followup IS NOT ?",
            person,
            apart_from,
        )
        return read_instant(row["at"]) if row and row["at"] else None

    def owns_draft(self, draft_id: str, apart_from: int) -> bool:
        """Tell whether a draft belongs to another item than `apart_from`."""
        other = "SELECT 1 FROM followups WHERE draft_id = ? AND id <> ?"
        return self.database.row(other, draft_id, apart_from) is not None

    def has_live_draft(self, person: str, apart_from: int) -> bool:
        """Tell whether another follow-up to this person waits in the mailbox or is on its way."""
        marks = ", ".join("?" * len(IN_MAILBOX))
        row = self.database.row(
            f"SELECT 1 FROM followups WHERE person IN {SAME_PERSON} AND id <> ? AND status IN ({marks})",
            person,
            apart_from,
            *IN_MAILBOX,
        )
        return row is not None

    # --- when to wake

    def next_moment(self, now: datetime) -> datetime | None:
        """Return the next instant at which something in the state comes due.

        That is an event's end, a hold, a snooze, a deadline in danger, an end.
        """
        marks = ", ".join(f"?{number}" for number in range(2, len(OPEN) + 2))
        row = self.database.row(
            "SELECT min(at) AS at FROM ("
            " SELECT min(ends_at) AS at FROM events WHERE ends_at > ?1 AND NOT gone"
            " UNION ALL SELECT min(leaves_at) FROM followups WHERE status = 'approved' AND leaves_at > ?1"
            " UNION ALL SELECT min(snoozed_until) FROM followups WHERE snoozed_until > ?1"
            f" UNION ALL SELECT min(risk_from) FROM followups WHERE risk_from > ?1 AND status IN ({marks})"
            f" UNION ALL SELECT min(expires) FROM followups WHERE expires > ?1 AND status IN ({marks}))",
            write_instant(now),
            *OPEN,
        )
        return read_instant(row["at"]) if row and row["at"] else None


_PLAN_COLUMNS = ("key", "kind", "status", "occurrence", "reason", "why", "due", "deadline", "expires")


def _person_columns(person: Person) -> Mapping[str, Any]:
    return {"person": person.key, "name": person.name, "email": person.email, "first_name": person.first_name}
