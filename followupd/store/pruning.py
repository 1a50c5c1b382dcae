"""What the state forgets, once a day: texts, events and writes that nothing asks for any more. Steps and people are kept."""

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


def prune(database: Database, now: datetime) -> None:
    """Forget what is old, if that was not done within a day. An owner's own words that were not sent are kept for ever."""
    facts = Facts(database)
    last = facts.read("pruned")
    if last is not None and abs(now - read_instant(last)) < _DAY:
        return
    with database.transaction():
        _forget_texts(database, write_instant(now - _TEXT))
        _forget_traces(database, write_instant(now - _TRACE))
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
