"""Rule 6: events on public lists. Which of them are worth a question, when it is asked, and how the answer is read.

Asked once a week for all, never one by one. The moment is chosen so that the 48 hours can still be kept: nine in the
morning after the first of them ended, when a week has passed since the last question. What ends while the question
is open comes into it; whoever does not want to wait answers early.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followupd.errors import Problem
from followupd.items import SNOOZE_GRACE, FollowUp, Kind, Offer, Plan, Status
from followupd.model import FOLLOW_UP_WITHIN, Event, Judgement, Reason
from followupd.rules.events import ASK_FROM

ASK_HOUR = 9
WEEK = timedelta(days=7)
NONE = frozenset({"none", "0", "no", "nowhere"})


def is_worth_asking(judgement: Judgement) -> bool:
    """Tell whether only the owner's word is missing for a listed event to count, or to be asked about."""
    return judgement.reason is Reason.LISTED and judgement.weight >= ASK_FROM


def plan_question(event: Event, last: datetime | None, zone: ZoneInfo, now: datetime) -> Plan:
    """Return the question that begins with `event`; `last` is when the one before was asked. It expires when the next may come."""
    due = choose_moment(event.end, last, zone, now)
    return Plan(
        key=f"{event.occurrence}|attendance",
        kind=Kind.QUESTION,
        status=Status.NEEDS_INFO,
        occurrence=event.occurrence,
        reason=Reason.LISTED,
        why="a public list does not say whether you were there",
        due=due,
        deadline=event.end + FOLLOW_UP_WITHIN,
        expires=_nine_o_clock(_day_of(due, zone) + WEEK, zone),
    )


def choose_moment(ended: datetime, last: datetime | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when to ask (UTC): the first nine o'clock after `ended` a week or more after `last`; at once where that is past."""
    day = _day_of(ended, zone)
    if _nine_o_clock(day, zone) < ended:
        day += timedelta(days=1)
    if last is not None:
        day = max(day, _day_of(last, zone) + WEEK)
    return max(_nine_o_clock(day, zone), now)


def _day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _nine_o_clock(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(ASK_HOUR), zone).astimezone(UTC)


def takes_in(question: FollowUp, event: Event) -> bool:
    """Tell whether an open question leaves the owner the 48 hours of `event` to answer; else it is for the next one."""
    return event.end + FOLLOW_UP_WITHIN <= question.expires


def name_events(offers: Sequence[Offer]) -> str:
    """Return the events of a question in one line: the first by its title, for the owner's eyes."""
    first, *others = (offer.event.title for offer in offers)
    return f"{first}, and {len(others)} more" if others else first


def extend_plan(plan: Plan, answered: datetime | None) -> Plan:
    """Give what the owner asked for by an answer at least two days, however long ago the event was."""
    if answered is None:
        return plan
    return replace(plan, expires=max(plan.expires, answered + SNOOZE_GRACE))


def read_places(words: Sequence[str], offered: Collection[int]) -> frozenset[int]:
    """Read "1,3", "1 3" or "none" as numbers of a question's events. Raises Problem for a number it does not have."""
    said = [word for word in re.split(r"[\s,;]+", " ".join(words).casefold()) if word]
    if said and all(word in NONE for word in said):
        return frozenset()
    wrong = next((word for word in said if not _is_offered(word, offered)), None)
    if wrong is not None or not said:
        numbers = ", ".join(map(str, sorted(offered)))
        raise Problem(
            f"'{wrong or ''}' is none of the numbers in the list ({numbers}).",
            "Write those you were at, such as 1,3; or none.",
        )
    return frozenset(map(int, said))


def _is_offered(word: str, offered: Collection[int]) -> bool:
    return (
        word.isascii()
        and word.isdigit()
        and len(word) <= len(str(max(offered, default=0)))
        and int(word) in offered
    )
