"""One polite second mail to somebody who did not answer, where the owner wants that: never more than one, and never pushed."""

from datetime import datetime

from followupd.items import FollowUp, Kind, Plan, Status
from followupd.model import FOLLOW_UP_WITHIN, TOO_LATE_AFTER, Person, Reason
from followupd.rules.followups import Limits


def plan_nudge(item: FollowUp, left_at: datetime, limits: Limits, now: datetime) -> Plan | None:
    """Return the nudge for a follow-up that left then and was not answered; None while, or if, there is to be none.

    Its key is made of the follow-up's, and a key is planned once for ever. What left long before the owner wanted nudges
    gets none.
    """
    due = left_at + limits.nudge_after
    wanted = limits.nudge_after and item.kind is Kind.DRAFT and not item.is_nudge and item.email
    if not wanted or not due <= now < due + TOO_LATE_AFTER:
        return None
    return Plan(
        key=f"{item.key}|nudge",
        kind=Kind.DRAFT,
        status=Status.PLANNED,
        occurrence=item.occurrence,
        reason=Reason.NO_ANSWER,
        why=f"nobody answered your mail for {(now - left_at).days} days; one friendly second one, if you like",
        due=now,
        deadline=now + FOLLOW_UP_WITHIN,
        expires=now + TOO_LATE_AFTER,
        person=Person(item.person or "", item.email, item.name, item.first_name),
    )
