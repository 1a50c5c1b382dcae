"""When things leave and are at risk: the rule of working hours, with the days off and the people the state knows."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from followupd.items import By, FollowUp
from followupd.model import Event
from followupd.rules.drafts import clean_spoken
from followupd.rules.hours import Hours, Timetable
from followupd.store.store import Store

_NAME_LETTERS = 40


def find_timetable(store: Store, hours: Hours | None, item: FollowUp) -> Timetable:
    """Return when a message to this person may leave; always, without `hours`."""
    return Timetable(hours, store.calendars.holidays(), store.contacts.zone_of(item.person))


def put_off(store: Store, hours: Hours | None, item: FollowUp, now: datetime) -> bool:
    """Move what is approved to the next working hour, and tell whether it has to wait.

    It was approved for one; but the machine may have slept through it, or a holiday come up since.
    """
    if item.any_hour:
        return False
    opening = find_timetable(store, hours, item).find_next(now)
    if opening.at > now:
        changes = {"leaves_at": opening.at, "outcome": opening.why}
        store.note_step(item, now, By.DAEMON, opening.why, changes)
    return opening.at > now


def note_risk(store: Store, hours: Hours | None, item: FollowUp) -> None:
    """Keep from when on an item is at risk, by the hours and days off as they are now."""
    risk_from = find_timetable(store, hours, item).begin_risk(item.due, item.deadline)
    if risk_from != item.risk_from:
        store.update(item, risk_from=risk_from)


def list_holidays(events: tuple[Event, ...], zone: str) -> Mapping[date, str]:
    """Return the whole days of a calendar of holidays, each with the name of its first entry."""
    clock, days = ZoneInfo(zone), {}
    for event in events:
        if event.all_day and not event.cancelled:
            first, last = event.start.astimezone(clock).date(), event.end.astimezone(clock).date()
            for number in range((last - first).days):
                days.setdefault(first + timedelta(days=number), _name_holiday(event))
    return days


def _name_holiday(event: Event) -> str:
    """Return how a day off is spoken of; strangers wrote the calendar, and the name stands in the terminal."""
    return clean_spoken(event.title)[:_NAME_LETTERS].strip() or "a holiday"
