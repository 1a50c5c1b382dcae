"""What the state forgets, once a day: texts, events and writes that nothing asks for any more, and what ended years ago."""

from datetime import datetime, timedelta

from followupd.items import OPEN, Status
from followupd.store.database import Database, read_instant, write_instant
from followupd.store.facts import Facts

_DAY = timedelta(days=1)
#: The text of a message is kept for so long after its item could last be acted on; then it is in the mailbox, or nowhere.
_TEXT = timedelta(days=30)
#: What a calendar showed, and how writes ended, is kept for so long.
_TRACE = timedelta(days=90)
#: Ends from which an owner may bring their own words back.
_REVIVABLE = (Status.SKIPPED, Status.DONE, Status.WITHDRAWN, Status.EXPIRED)
_KEPT = (*OPEN, Status.FAILED)


def prune(database: Database, now: datetime, keep: timedelta) -> None:
    """Forget what is old, if that was not done within a day.

    `keep` is how long items are kept after their end, with their history and what the owner wrote. People and touches stay.
    """
    facts = Facts(database)
    last = facts.read("pruned")
    if last is not None and abs(now - read_instant(last)) < _DAY:
        return
    with database.transaction():
        _forget_texts(database, write_instant(now - _TEXT))
        _forget_traces(database, write_instant(now - _TRACE))
        _forget_items(database, write_instant(now - keep))
        facts.write("pruned", write_instant(now))


def _forget_texts(database: Database, before: str) -> None:
    kept, revivable = ", ".join("?" * len(_KEPT)), ", ".join("?" * len(_REVIVABLE))
    database.change(
        "UPDATE followups SET raw = NULL, raw_hash = NULL"
        f" WHERE raw IS NOT NULL AND draft_id IS NULL AND expires < ? AND status NOT IN ({kept})"
        f" AND NOT (edited AND status IN ({revivable}))"
        " AND id NOT IN (SELECT followup FROM intents WHERE closed_at IS NULL)",
        before,
        *_KEPT,
        *_REVIVABLE,
    )


def _forget_traces(database: Database, before: str) -> None:
    kept = ", ".join("?" * len(_KEPT))
    database.change("DELETE FROM intents WHERE closed_at < ?", before)
    database.change("DELETE FROM notices WHERE told_at < ?", before)
    # Whoever was picked is among the people; the others of a guest list are strangers.
    database.change(
        "DELETE FROM guests WHERE occurrence NOT IN (SELECT occurrence FROM events WHERE ends_at >= ?)",
        before,
    )
    database.change(
        "DELETE FROM events WHERE ends_at < ? AND owner_says IS NULL"
        f" AND occurrence NOT IN (SELECT occurrence FROM followups WHERE status IN ({kept}))"
        " AND occurrence NOT IN (SELECT occurrence FROM attendances)",
        before,
        *_KEPT,
    )


def _forget_items(database: Database, before: str) -> None:
    """Forget what ended, a problem before what it was about; and events with the answers given to them."""
    kept = ", ".join("?" * len(_KEPT))
    rows = database.rows(
        f"SELECT id FROM followups WHERE expires < ? AND draft_id IS NULL AND status NOT IN ({kept})"
        " AND id NOT IN (SELECT followup FROM intents WHERE closed_at IS NULL)"
        f" AND id NOT IN (SELECT concerns FROM followups WHERE concerns IS NOT NULL AND status IN ({kept}))"
        " ORDER BY concerns IS NULL, id",
        before,
        *_KEPT,
        *_KEPT,
    )
    for row in rows:
        _forget_item(database, row["id"])
    database.change(
        "DELETE FROM events WHERE ends_at < ? AND occurrence NOT IN (SELECT occurrence FROM followups)"
        " AND occurrence NOT IN (SELECT occurrence FROM attendances)",
        before,
    )


def _forget_item(database: Database, number: int) -> None:
    database.change("UPDATE touches SET followup = NULL WHERE followup = ?", number)
    database.change("UPDATE followups SET concerns = NULL WHERE concerns = ?", number)
    database.change("UPDATE kin SET question = NULL WHERE question = ?", number)
    for table, column in (
        ("steps", "followup"),
        ("intents", "followup"),
        ("attendances", "question"),
        ("followups", "id"),
    ):
        database.change(f"DELETE FROM {table} WHERE {column} = ?", number)
