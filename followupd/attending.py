"""The question about public lists: which of these were you at? One for a week of events, begun by the first that ended."""

from datetime import datetime
from zoneinfo import ZoneInfo

from followupd.items import FollowUp, Status
from followupd.model import FOLLOW_UP_WITHIN, TOO_LATE_AFTER, Event, Reason
from followupd.rules.attendance import name_events, plan_question, takes_in
from followupd.store.store import Store
from followupd.withdrawing import withdraw


def ask_attendance(store: Store, event: Event, mailbox: str, zone: ZoneInfo, now: datetime) -> None:
    """Put an event that is over into the open question, or begin the next one; what was asked about before is left."""
    deadline = event.end + FOLLOW_UP_WITHIN
    too_old = deadline < store.installed(now) or event.end + TOO_LATE_AFTER <= now
    if too_old or store.attendances.knows(event.occurrence):
        return
    question = _find_open(store, event) or _begin(store, event, mailbox, zone, now)
    if question is not None:
        store.attendances.add(question.id, event.occurrence)
        named = name_events(store.attendances.offers(question.id))
        store.update(question, event=named, deadline=min(question.deadline, deadline))


def _find_open(store: Store, event: Event) -> FollowUp | None:
    waiting = store.followups({Status.NEEDS_INFO})
    return next((item for item in waiting if item.asks_where and takes_in(item, event)), None)


def _begin(store: Store, event: Event, mailbox: str, zone: ZoneInfo, now: datetime) -> FollowUp | None:
    plan = plan_question(event, store.attendances.last_asked(), zone, now)
    return store.add_followup(plan, event.title, mailbox, now, snoozed_until=plan.due)


def review_question(store: Store, question: FollowUp, now: datetime) -> None:
    """Take a question back of which no event is left: called off, or in the owner's own calendar by now."""
    if not store.attendances.offers(question.id):
        withdraw(store, question, Reason.GONE, "none of its events is left on a public list", now)
