"""Rule 3: what each person gets and by when; or the reason why nothing.

Times (docs/design.md): due at the event's end, deadline 48 hours later, expired seven days after the end.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from followupd.items import OPEN, Kind, Plan, Status
from followupd.model import (
    FOLLOW_UP_WITHIN,
    TOO_LATE_AFTER,
    Event,
    EventState,
    Guest,
    Judgement,
    Person,
    Reason,
    Verdict,
)
from followupd.rules.attendance import extend_plan
from followupd.rules.events import state_of
from followupd.rules.series import Policy, hold_of_series

#: So many times at most the owner is asked whether something was networking, of the events that ended within a week.
QUESTIONS_A_WEEK = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much; config.toml, [limits]."""

    days_between: timedelta = timedelta(days=7)
    """At most one follow-up per person in this time, however many events."""
    guests_per_event: int = 25
    """Above this the owner is asked whom they spoke with; nobody speaks with 300 guests."""
    drafts_per_day: int = 40
    sends_per_day: int = 100
    """So many messages are given to a server in any 24 hours; the rest goes when that time has moved on."""
    hold: timedelta = timedelta(minutes=2)
    """Between the owner's yes and the message leaving; the time to undo."""
    nudge_after: timedelta = timedelta()
    """One second mail is drafted to whoever did not answer for so long; never, when it is nothing."""
    keep: timedelta = timedelta(weeks=104)
    """What ended longer ago is forgotten, with its history."""


def plan_event(
    event: Event,
    judgement: Judgement,
    guests: tuple[Guest, ...],
    installed: datetime,
    limits: Limits,
    now: datetime,
    policy: Policy = Policy.ALWAYS,
    met: Collection[str] = (),
    answered: datetime | None = None,
) -> tuple[Plan, ...]:
    """Return every item an event that is over asks for; none for an event that does not count.

    `policy` is the owner's for a series, `met` holds whom they met there before. What is too old by now, or was when
    followupd was set up, and whoever is no new face, comes as an end that the owner can take back. `answered` is when the
    owner said that they were at an event of a public list.
    """
    if judgement.verdict is Verdict.NO or policy is Policy.NEVER:
        return ()
    if judgement.verdict is Verdict.ASK:
        plans: tuple[Plan, ...] = (_plan_item(event, Kind.QUESTION, judgement.reason, judgement.why),)
    elif needs_debrief(event, guests, limits):
        plans = (_plan_item(event, Kind.DEBRIEF, *_debrief_reason(event, guests, limits)),)
    else:
        written = [guest for guest in guests if guest.follow_up]
        plans = tuple(_mark_met(plan_person(event, guest), policy, met) for guest in written)
    timely = (extend_plan(plan, answered) for plan in plans)
    return tuple(_mark_too_old(_mark_before_install(plan, installed), now) for plan in timely)


def needs_debrief(event: Event, guests: tuple[Guest, ...], limits: Limits) -> bool:
    """Tell whether the owner must say whom they met: nobody to write to, or a list that does not tell."""
    return count_to_write(guests) == 0 or doubt_list(event, guests, limits) is not None


def doubt_list(event: Event, guests: tuple[Guest, ...], limits: Limits) -> Reason | None:
    """Return why a guest list does not tell whom the owner spoke with: some are hidden, or there are too many."""
    if event.guests_hidden:
        return Reason.HIDDEN
    return Reason.CROWD if count_to_write(guests) > limits.guests_per_event else None


def count_to_write(guests: tuple[Guest, ...]) -> int:
    return sum(guest.follow_up for guest in guests)


def _debrief_reason(event: Event, guests: tuple[Guest, ...], limits: Limits) -> tuple[Reason, str]:
    match doubt_list(event, guests, limits):
        case Reason.HIDDEN:
            return Reason.HIDDEN, "the calendar shows only some of the guests; whom did you meet?"
        case Reason.CROWD:
            return Reason.CROWD, f"{count_to_write(guests)} guests are listed; whom did you speak with?"
    return Reason.NETWORKING, "the calendar does not say whom you met"


def _plan_item(event: Event, kind: Kind, reason: Reason, why: str) -> Plan:
    return _plan(event, kind, kind.value, Status.NEEDS_INFO, reason, why)


def plan_person(event: Event, guest: Guest) -> Plan:
    """Return the follow-up for one guest; without an address it waits for one."""
    person = Person(guest.person, guest.email, guest.name, guest.first_name)
    if guest.email is None:
        return _plan(
            event, Kind.DRAFT, person.key, Status.NEEDS_INFO, Reason.NO_ADDRESS, "no address is known", person
        )
    return _plan(event, Kind.DRAFT, person.key, Status.PLANNED, guest.reason, guest.why, person)


def _plan(
    event: Event,
    kind: Kind,
    part: str,
    status: Status,
    reason: Reason,
    why: str,
    person: Person | None = None,
) -> Plan:
    due, deadline, expires = times_of(event)
    key = f"{event.occurrence}|{part}"
    return Plan(key, kind, status, event.occurrence, reason, why, due, deadline, expires, person)


def times_of(event: Event) -> tuple[datetime, datetime, datetime]:
    """Return when a follow-up is due, its deadline, and when it expires (UTC)."""
    return event.end, event.end + FOLLOW_UP_WITHIN, event.end + TOO_LATE_AFTER


def _mark_before_install(plan: Plan, installed: datetime) -> Plan:
    """Leave what was already too late on the first day for the owner to take up, instead of a burst of old drafts."""
    if plan.deadline >= installed:
        return plan
    why = "it ended more than 48 hours before followupd was set up"
    return replace(plan, status=Status.EXPIRED, reason=Reason.BEFORE_INSTALL, why=why)


def _mark_too_old(plan: Plan, now: datetime) -> Plan:
    """Show what nobody saw in time, because followupd or its calendar was away, as an end instead of hiding it."""
    if plan.expires > now or plan.status not in OPEN:
        return plan
    why = "it was over for more than seven days when followupd first saw it"
    return replace(plan, status=Status.EXPIRED, reason=Reason.TOO_OLD, why=why)


def _mark_met(plan: Plan, policy: Policy, met: Collection[str]) -> Plan:
    """Leave out whoever is no new face at an event that comes round again."""
    person = plan.person.key if plan.person else ""
    if hold_of_series(policy, person, met) is None:
        return plan
    why = "you met them at this series before"
    return replace(plan, status=Status.SKIPPED, reason=Reason.MET_BEFORE, why=why)


def hold_of_time(event: Event, now: datetime) -> Reason | None:
    """Return what the clock alone holds against following up now, or None."""
    waiting = {
        EventState.FUTURE: Reason.FUTURE,
        EventState.RUNNING: Reason.RUNNING,
        EventState.TOO_OLD: Reason.TOO_OLD,
    }
    return waiting.get(state_of(event, now))


def hold_of_guest(
    guest: Guest,
    doubt: Reason | None,
    touched: Mapping[str, datetime],
    at: datetime,
    limits: Limits,
    policy: Policy = Policy.ALWAYS,
    met: Collection[str] = (),
    never: Collection[str] = (),
) -> Reason | None:
    """Return what holds a follow-up to this guest at `at`, besides the clock.

    `doubt` is that of the whole list, `touched` maps person to last touch; `policy` is that of the event's series, `met` whom the owner met there before;
    `never` are those the owner said never to write to.
    """
    if guest.person in never:
        return Reason.DO_NOT_CONTACT
    if series := hold_of_series(policy, guest.person, met):
        return series
    if guest.email is None:
        return Reason.NO_ADDRESS
    if doubt:
        return doubt
    last = touched.get(guest.person)
    return Reason.RECENT if last is not None and at - last < limits.days_between else None
