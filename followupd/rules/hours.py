"""When something may leave: the owner's working hours and holidays, and the hours of whoever is written to.

Instants are UTC; days and times of day are those of a zone. Only sending and notices ask here, drafting never does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from followupd.items import AT_RISK_BEFORE

_MINUTES_A_DAY = 24 * 60
#: So far ahead an opening is looked for; a holiday that lasts longer is looked at again when it is nearer.
_HORIZON = timedelta(days=100)
#: Two people who share no working hour in so many days share none.
_SHARED_WITHIN = timedelta(days=14)
#: A weekday alone is clear for this long.
_WEEKDAY_IS_CLEAR = timedelta(days=6)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """The owner's working hours, as config.toml has them, [hours]."""

    zone: str
    days: frozenset[int] = frozenset(range(5))
    """Days of the week on which something may leave; Monday is 0."""
    opens: int = 8 * 60
    """In minutes after midnight, on the clock of the zone."""
    closes: int = 18 * 60
    """In minutes after midnight, later than `opens`; 1440 is the end of the day."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The first moment at which something may leave."""

    at: datetime
    why: str
    """What keeps it until then, as a sentence of the owner's; "" when nothing does."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """When something may leave for one person; without `hours`, always.

    Both the owner and they are at work then. Where the two never are at the same time, theirs alone counts: it is they
    whom a mail at night disturbs.
    """

    hours: Hours | None
    holidays: Mapping[date, str] = field(default_factory=dict)
    """The owner's days off, each with its name."""
    theirs: str | None = None
    """Zone of the person, where it is known for sure."""

    def find_next(self, moment: datetime) -> Opening:
        """Return the first opening at or after `moment`; `moment` itself where there is none within reach."""
        if self.hours is None:
            return Opening(moment, "")
        start = next((max(start, moment) for start, end in self._spans(moment) if end > moment), moment)
        return Opening(start, self._say_wait(self.hours, moment, start) if start > moment else "")

    def is_open(self, moment: datetime) -> bool:
        return self.find_next(moment).at <= moment

    def find_reopening(self, moment: datetime) -> datetime:
        """Return when the next opening after the one at hand begins; `moment` itself where there is none within reach."""
        return next((start for start, _ in self._spans(moment) if start > moment), moment)

    def begin_risk(self, due: datetime, deadline: datetime) -> datetime:
        """Return from when on something is at risk: 12 hours before the last moment at which it could leave in time.

        Where no such moment lies between `due` and `deadline`, it is at risk as soon as it is due.
        """
        last = due
        for start, end in self._spans(due):
            if start >= deadline:
                break
            last = max(last, min(end, deadline))
        return max(due, last - AT_RISK_BEFORE)

    def _spans(self, moment: datetime) -> Iterator[Span]:
        """Yield the spans in which something may leave, from the day before `moment` on."""
        if self.hours is None:
            yield moment, moment + _HORIZON
            return
        mine = _list_spans(self.hours, self.hours.zone, self.holidays, moment)
        if self.theirs is None:
            yield from mine
        elif _share_hours(self.hours, self.theirs, moment):
            yield from _intersect(mine, _list_spans(self.hours, self.theirs, {}, moment))
        else:
            yield from _list_spans(self.hours, self.theirs, self.holidays, moment)

    def _say_wait(self, hours: Hours, moment: datetime, start: datetime) -> str:
        return (
            f"it goes out {say_moment(start, moment, hours.zone)}, because {self._say_closed(hours, moment)}"
        )

    def _say_closed(self, hours: Hours, moment: datetime) -> str:
        """Return what closes `moment`: the owner's own clock first, then the other person's."""
        mine = _find_closed(hours, hours.zone, self.holidays, moment)
        shared = self.theirs is None or _share_hours(hours, self.theirs, moment)
        if self.theirs is None or (mine and shared):
            return f"it is {mine}"
        theirs = _find_closed(hours, self.theirs, {} if shared else self.holidays, moment)
        return f"it is {theirs} where they are ({self.theirs})"


def _list_spans(hours: Hours, zone: str, holidays: Mapping[date, str], moment: datetime) -> Iterator[Span]:
    """Yield the opening hours of each working day, from the day before `moment` to the horizon."""
    clock = ZoneInfo(zone)
    first = moment.astimezone(clock).date() - timedelta(days=1)
    for number in range(_HORIZON.days):
        day = first + timedelta(days=number)
        if day.weekday() in hours.days and day not in holidays:
            start = max(_find_instants(day, hours.opens, clock))
            end = min(_find_instants(day, hours.closes, clock))
            if start < end:
                yield start, end


def _find_instants(day: date, minutes: int, clock: ZoneInfo) -> Span:
    """Return both instants a time of day may stand for, which differ where the clock is changed (PEP 495).

    Whoever opens takes the later one and whoever closes the earlier one, so that no change opens an hour too many.
    """
    local = datetime(day.year, day.month, day.day, tzinfo=clock) + timedelta(minutes=minutes)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _intersect(mine: Iterator[Span], theirs: Iterator[Span]) -> Iterator[Span]:
    one, other = next(mine, None), next(theirs, None)
    while one and other:
        start, end = max(one[0], other[0]), min(one[1], other[1])
        if start < end:
            yield start, end
        if one[1] <= other[1]:
            one = next(mine, None)
        else:
            other = next(theirs, None)


def _share_hours(hours: Hours, theirs: str, moment: datetime) -> bool:
    """Tell whether two people in these zones are ever at work at the same time, holidays left aside."""
    spans = _intersect(_list_spans(hours, hours.zone, {}, moment), _list_spans(hours, theirs, {}, moment))
    first = next(spans, None)
    return first is not None and first[0] < moment + _SHARED_WITHIN


def _find_closed(hours: Hours, zone: str, holidays: Mapping[date, str], moment: datetime) -> str:
    """Return what a closed moment is, as "Saturday", "19:30" or a holiday's name; "" for an open one."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.date() in holidays:
        return holidays[local.date()]
    if local.weekday() not in hours.days:
        return f"{local:%A}"
    inside = hours.opens <= local.hour * 60 + local.minute < hours.closes
    return "" if inside else f"{local:%H:%M}"


def say_moment(instant: datetime, now: datetime, zone: str) -> str:
    """Return an instant as one says it: the weekday when it is near, with the date otherwise."""
    local = instant.astimezone(ZoneInfo(zone))
    near = abs(instant - now) < _WEEKDAY_IS_CLEAR
    return f"{local:%A %H:%M}" if near else f"{local:%A} {local.day} {local:%B %H:%M}"


def read_time_of_day(text: str) -> int:
    """Return "08:00" as minutes after midnight; "24:00" is the end of the day. Raises ValueError for anything else."""
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isascii() and minute.isascii() and hour.isdigit() and len(minute) == len("00")):
        raise ValueError(f"'{text}' is no time of day such as 08:00")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or minutes > _MINUTES_A_DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"'{text}' is no time of day such as 08:00")
    return minutes
