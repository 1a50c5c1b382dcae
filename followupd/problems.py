"""Problems in the queue: one for each follow-up at most, opened when doubt stops the program, closed when it is gone."""

from datetime import datetime

from followupd.items import By, FollowUp, Kind, Plan, Status
from followupd.model import Reason
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


def _key(item: FollowUp) -> str:
    return f"{item.key}|problem"
