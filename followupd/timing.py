"""When things leave and are at risk: the rule of working hours, with the days off and the people the state knows."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from followupd.errors import Problem, SourceProblem
from followupd.items import OPEN, By, FollowUp, Status
from followupd.model import Event
from followupd.ports import CalendarSource, Mailbox
from followupd.rules.drafts import clean_spoken
from followupd.rules.hours import Hours, Timetable
from followupd.store.store import Store

#: Days off are read from before the oldest open event's end to well after the next opening.
_LOOK_BACK, _LOOK_AHEAD = timedelta(days=14), timedelta(days=60)
_NAME_LETTERS = 40


def find_timetable(store: Store, hours: Hours | None, item: FollowUp) -> Timetable:
    """Return when a message to this person may leave; always, without `hours`."""
    if hours is None:
        return Timetable(None)
    return Timetable(hours, store.calendars.holidays(), store.contacts.zone_of(item.person))


class Timing:
    """What a pass does about hours: it never delays a draft, only what leaves."""

    def __init__(
        self,
        store: Store,
        hours: Hours,
        holidays: CalendarSource | None,
        mailboxes: Mapping[str, Mailbox],
        clock: Callable[[], datetime],
    ) -> None:
        """`holidays` is a calendar whose whole days are days off."""
        self._store = store
        self._hours = hours
        self._holidays = holidays
        self._mailboxes = mailboxes
        self._clock = clock

    def read_holidays(self, problems: list[Problem]) -> None:
        """Read the days off afresh; those of a calendar out of reach stay as they were."""
        days: dict[date, str] = {}
        try:
            if self._holidays is not None:
                now = self._clock()
                reading = self._holidays.read(now - _LOOK_BACK, now + _LOOK_AHEAD)
                known = {} if reading.complete else self._store.calendars.holidays()
                days = {**known, **list_holidays(reading.events, self._hours.zone)}
        except SourceProblem as problem:
            problems.append(problem)
        else:
            self._store.calendars.save_holidays(days)

    def put_off(self, item: FollowUp) -> bool:
        """Move what is approved to the next working hour, and tell whether it has to wait.

        It was approved for one; but the machine may have slept through it, or a holiday come up since.
        """
        now = self._clock()
        if item.any_hour:
            return False
        opening = find_timetable(self._store, self._hours_of(item), item).find_next(now)
        if opening.at > now:
            changes = {"leaves_at": opening.at, "outcome": opening.why}
            self._store.note_step(item, now, By.DAEMON, opening.why, changes)
        return opening.at > now

    def note_risks(self) -> None:
        """Keep from when on each open item is at risk, by the hours and days off as they are now."""
        for item in self._store.followups(OPEN - {Status.SENDING}):
            timetable = find_timetable(self._store, self._hours_of(item), item)
            risk_from = timetable.begin_risk(item.due, item.deadline)
            if risk_from != item.risk_from:
                self._store.update(item, risk_from=risk_from)

    def _hours_of(self, item: FollowUp) -> Hours | None:
        """Return the hours an item keeps; None where the owner's own mail program sends it, whenever they like."""
        mailbox = self._mailboxes.get(item.mailbox)
        return self._hours if mailbox is not None and mailbox.sends else None


def list_holidays(events: tuple[Event, ...], zone: str) -> dict[date, str]:
    """Return the whole days of a calendar of holidays, each with the name of its first entry."""
    clock = ZoneInfo(zone)
    days: dict[date, str] = {}
    for event in events:
        if event.all_day and not event.cancelled:
            first, last = event.start.astimezone(clock).date(), event.end.astimezone(clock).date()
            for number in range((last - first).days):
                days.setdefault(first + timedelta(days=number), _name_holiday(event))
    return days


def _name_holiday(event: Event) -> str:
    """Return how a day off is spoken of; strangers wrote the calendar, and the name stands in the terminal."""
    return clean_spoken(event.title)[:_NAME_LETTERS].strip() or "a holiday"
