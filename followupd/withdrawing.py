"""Taking an item back because of its event. A draft the owner worked on is never taken away, only flagged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from followupd.items import By, FollowUp, Status
from followupd.model import Reason
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store


def withdraw(store: Store, item: FollowUp, reason: Reason, why: str, now: datetime) -> None:
    """Take an item out of the queue; the next steps take its draft out of the mailbox."""
    if item.edited and item.draft_id is not None:
        _flag(store, item, reason, why, now, {})
    else:
        store.move(item, Status.WITHDRAWN, now, By.DAEMON, why, NO_APPROVAL | {"held": reason})


def postpone(store: Store, item: FollowUp, now: datetime, times: Mapping[str, datetime]) -> None:
    """Take a draft back until its moved event is over."""
    why = "the event was moved to a later time"
    if item.edited:
        _flag(store, item, Reason.MOVED, why, now, times)
    else:
        store.move(item, Status.PLANNED, now, By.DAEMON, why, {**NO_APPROVAL, **times})


def _flag(
    store: Store, item: FollowUp, reason: Reason, why: str, now: datetime, changes: Mapping[str, Any]
) -> None:
    why = f"{why}; you changed the draft, so it stays. Skip it, or send it yourself"
    changes = {**NO_APPROVAL, **changes, "held": reason}
    if item.status is Status.APPROVED:
        store.move(item, Status.DRAFTED, now, By.DAEMON, why, changes)
    elif item.held is not reason:
        store.note_step(item, now, By.DAEMON, why, changes)
