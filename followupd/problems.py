"""Problems in the queue: one for each follow-up at most, opened when doubt stops the program; the owner's answers to them."""

from datetime import datetime, timedelta

from followupd.items import By, FollowUp, Kind, Plan, Status
from followupd.model import TOO_LATE_AFTER, Reason
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store


def open_problem(store: Store, item: FollowUp, reason: Reason, why: str, now: datetime) -> None:
    """Ask the owner about `item`; not again while it is open, nor for a reason they said to leave."""
    problem = store.followup_by_key(_key(item))
    if problem is None:
        plan = Plan(
            key=_key(item),
            kind=Kind.PROBLEM,
            status=Status.NEEDS_INFO,
            occurrence=item.occurrence,
            reason=reason,
            why=why,
            due=item.due,
            deadline=item.deadline,
            expires=item.expires,
        )
        store.add_followup(
            plan, item.event, item.mailbox, now, concerns=item.id, name=item.name, email=item.email
        )
    elif problem.status is Status.DONE or (problem.status is Status.SKIPPED and problem.reason is not reason):
        store.move(problem, Status.NEEDS_INFO, now, By.DAEMON, why, {"reason": reason, "why": why})


def close_problem(store: Store, item: FollowUp, reason: Reason, now: datetime, why: str) -> None:
    """Take a problem about `item` out of the queue, if there is one for this reason."""
    problem = store.followup_by_key(_key(item))
    if problem is not None and problem.status is Status.NEEDS_INFO and problem.reason is reason:
        store.move(problem, Status.DONE, now, By.DAEMON, why)


def try_again(store: Store, problem: FollowUp, now: datetime, hold: timedelta) -> FollowUp:
    """Answer a problem with another try. Returns what it is about when that leaves by it, else the problem."""
    why = "you had it tried again"
    with store.transaction():
        done = store.move(problem, Status.DONE, now, By.OWNER, why)
        item = store.followup(problem.concerns or 0)
        if item.held is Reason.DOUBT:
            changes = {"held": None, "leaves_at": now + hold}
            return store.move(item, Status.APPROVED, now, By.OWNER, "you had it sent again", changes)
        if item.status is Status.FAILED:
            changes = {**NO_APPROVAL, "draft_id": None, "expires": max(item.expires, now + TOO_LATE_AFTER)}
            store.move(item, Status.PLANNED, now, By.OWNER, why, changes)
        elif item.held is Reason.QUARANTINED:
            store.note_step(item, now, By.OWNER, why, {"held": None})
        return done


def end_doubt(store: Store, problem: FollowUp, status: Status, now: datetime) -> FollowUp:
    """Let a message that may have gone out count as gone: SENT by the owner's word, HANDLED when nobody looks.

    The next pass puts the copy of a sent one into Sent; the other stays in Sending.
    """
    sent = status is Status.SENT
    why = "you said that it went out" if sent else "you left open whether it went out"
    with store.transaction():
        item = store.followup(problem.concerns or 0)
        if item.held is Reason.DOUBT:
            draft_id = item.draft_id if sent else None
            item = store.move(item, status, now, By.OWNER, why, {"held": None, "draft_id": draft_id})
            store.add_touch(item, "email", now)
        return store.move(problem, Status.DONE if sent else Status.SKIPPED, now, By.OWNER, why)


def _key(item: FollowUp) -> str:
    return f"{item.key}|problem"
