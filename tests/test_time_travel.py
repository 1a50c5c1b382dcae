"""Time travel: zones, changes of summer time, days off, whole days, sleep and clocks that are set, over the real pass.

Nothing leaves out of hours, no deadline passes that was not in danger before, and no silence is longer than two beats.
`make test` takes one zone and one year; `make soak` all of them.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from memory import MemoryCalendar, MemoryMailbox
from travel import YEARS, ZONES, Journey, find_changes
from week import World, guest, meeting, open_world

from followupd.daemon import use_utc
from followupd.items import OPEN, FollowUp, Status
from followupd.mail import Draft, Place
from followupd.model import Event
from followupd.rules.hours import Hours
from followupd.store.store import Store

SOAK = os.environ.get("FOLLOWUPD_SOAK") == "1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE, POLL = timedelta(minutes=1), timedelta(minutes=5)
#: Between two beats where weeks are lived through.
BEAT = HOUR if SOAK else 3 * HOUR
JUMPS = (
    MINUTE, -MINUTE, 7 * MINUTE, -7 * MINUTE, HOUR, -HOUR, 12 * HOUR, -12 * HOUR, 5 * DAY, 400 * DAY, 20 * 365 * DAY,
    -20 * 365 * DAY,
)  # fmt: skip
FEW_JUMPS = (MINUTE, -12 * HOUR, 5 * DAY, 20 * 365 * DAY)
CHANGES = [
    (zone, change)
    for zone in (ZONES if SOAK else ("Europe/Berlin",))
    for year in (YEARS if SOAK else YEARS[:1])
    for change in find_changes(zone, year)
]


# --- the heartbeat


@pytest.fixture
def utc_process() -> Iterator[None]:
    """Let the daemon make this process's local time UTC, and take that back."""
    before = os.environ.get("TZ")
    use_utc()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("utc_process")
@pytest.mark.parametrize("by", JUMPS if SOAK else FEW_JUMPS, ids=str)
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_no_silence_is_longer_than_two_beats(
    tmp_path: Path, zone: str, change: datetime, by: timedelta
) -> None:
    with open_world(tmp_path) as world:
        world.hours = Hours(zone)
        world.reboot()
        world.set_event(meeting("e1", change + 20 * MINUTE, guest("Jane Doe")))
        journey = Journey(world, change - HOUR, POLL)
        journey.at(90 * MINUTE, lambda: journey.jump(by))
        if (
            abs(by) > 31 * DAY
        ):  # nobody sleeps so long: the clock was wrong, and is put right half an hour later
            journey.at(120 * MINUTE, lambda: journey.jump(-by))
        journey.travel(3 * HOUR)
        assert max(journey.silences()) <= 2 * POLL.total_seconds()
        assert len(journey.beats.seen) >= 36
        # Drafted when the event ended, not at the next beat.
        assert any(abs(beat - 80 * 60) < 1 for beat in journey.beats.seen)
        assert world.item("Jane Doe").status in OPEN


class LookedAfter:
    """A store that notes when it was looked at as a whole."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.looks: list[datetime] = []

    def check(self) -> None:
        self.looks.append(datetime.now(UTC))
        self._store.check()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.usefixtures("utc_process")
def test_a_machine_that_sleeps_every_night_has_its_state_looked_at_every_day_all_the_same(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path) as world:
        start = datetime(2027, 3, 1, 8, tzinfo=UTC)
        store = LookedAfter(world.store)
        world.store = store  # type: ignore[assignment]  # the store itself, but for the notes
        journey = Journey(world, start, 2 * HOUR)
        for day in range(4):  # nine hours awake, fifteen asleep
            journey.at((day + 1) * 9 * HOUR, lambda: journey.jump(15 * HOUR))
        journey.travel(5 * 9 * HOUR - MINUTE)
    assert [(moment.date() - start.date()).days for moment in store.looks] == [1, 2, 3, 4]


# --- what leaves, and what is in danger


class Postbox(MemoryMailbox):
    """A mailbox that sends, and notes when."""

    def __init__(self) -> None:
        super().__init__("box", sends=True)
        self.left: list[tuple[datetime, Draft]] = []

    def hand_over(self, draft: Draft) -> Place:
        self.left.append((self.now(), draft))
        return super().hand_over(draft)


def is_open(moment: datetime, zone: str, days_off: set[date]) -> bool:
    """Tell by the clock on the wall whether somebody is at work, from 8 to 18 and Monday to Friday."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.weekday() < 5 and 8 <= local.hour < 18 and local.date() not in days_off


def list_events(change: datetime, zone: str) -> Iterator[Event]:
    """Yield three weeks of events around a change of clocks: short ones, whole days and a fair of three days."""
    local = change.astimezone(ZoneInfo(zone))
    first = local.replace(hour=0, minute=0, fold=0) - 10 * DAY
    for number in range(21):
        day = (first + number * DAY).astimezone(UTC)
        end = day + timedelta(hours=7 + 5 * number % 17, minutes=number)
        yield meeting(f"e{number}", end, guest(f"Guest {chr(97 + number)}lex"))
    start, end = ((first + days * DAY).astimezone(UTC) for days in (9, 12))
    fair = meeting("fair", end, guest("Fay Fair"), title="Trade fair: founders meetup")
    yield replace(fair, start=start, end=end, all_day=True)


@dataclass
class Seen:
    """What the owner saw in the queue: when the machine looked, what was at risk first when, and what became late."""

    looks: list[datetime] = field(default_factory=list)
    warned: dict[int, datetime] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)

    def look(self, items: list[FollowUp], now: datetime) -> None:
        self.looks.append(now)
        for item in items:
            if item.is_at_risk(now):
                self.warned.setdefault(item.id, now)
            if item.deadline <= now:
                self.late.add(item.id)

    def is_late_unwarned(self, item: FollowUp) -> bool:
        """Tell whether an item passed its deadline that was not at risk before, though the machine looked then."""
        watched = any(item.at_risk <= moment < item.deadline for moment in self.looks)
        unwarned = self.warned.get(item.id, item.deadline) >= item.deadline
        return item.id in self.late and watched and unwarned


def live(world: World, until: datetime, asleep: tuple[datetime, datetime]) -> Seen:
    """Make every pass the daemon would make, at each beat and whenever something comes due; approve at odd hours."""
    seen = Seen()
    while world.now < until:
        world.cycle.run_pass()
        waiting = world.store.followups(OPEN)
        seen.look(waiting, world.now)
        for item in waiting:
            if item.status is Status.DRAFTED and item.id % 3 and world.now.hour % 5 == item.id % 5:
                world.desk.approve(item.id, world.now, 2 * MINUTE, hours=world.hours)
        moment = world.store.next_moment(world.now) or until
        world.now = min(max(moment, world.now + timedelta(seconds=1)), world.now + BEAT)
        if asleep[0] <= world.now < asleep[1]:
            world.now = asleep[1]
    return seen


@pytest.mark.parametrize("theirs", [None, "Asia/Tokyo"] if SOAK else [None])
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_nothing_leaves_out_of_hours_and_nothing_is_late_that_was_not_at_risk(
    tmp_path: Path, zone: str, change: datetime, theirs: str | None
) -> None:
    with open_world(tmp_path, Postbox()) as world:
        off = (change + DAY).astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, fold=0)
        day_off = meeting("off", (off + DAY).astimezone(UTC))
        day_off = replace(day_off, start=off.astimezone(UTC), all_day=True, title="Day off")
        world.hours, world.holidays = Hours(zone), MemoryCalendar("holidays", [day_off])
        world.now = change - 12 * DAY
        world.reboot()
        for event in list_events(change, zone):
            world.set_event(event)
        if theirs:
            world.run()
            for event in world.calendar.events:
                key = str(event.attendees[1].email)
                world.desk.people.never_write(key, world.now)
                world.desk.people.write_again(key)
                world.desk.people.set_zone(key, theirs)
        seen = live(world, change + 16 * DAY, (change + 3 * DAY, change + 8 * DAY))
        check_all(world, seen, zone, {off.date()}, theirs)


def check_all(world: World, seen: Seen, zone: str, days_off: set[date], theirs: str | None) -> None:
    box = world.mailbox
    assert isinstance(box, Postbox)
    shared = theirs is None or share_an_hour(zone, theirs, world.now)
    for moment, _ in box.left:
        assert not shared or is_open(moment, zone, days_off), moment
        assert theirs is None or is_open(moment, theirs, set()), moment
    assert len(box.left) >= 5
    assert len(seen.late) >= 5
    items = world.store.followups()
    assert len({item.key for item in items}) == len(items) == 22
    for item in items:
        assert item.at_risk < item.deadline
        assert not seen.is_late_unwarned(item), item
        if theirs is None:
            check_risk(item, zone, days_off)


def share_an_hour(zone: str, theirs: str, moment: datetime) -> bool:
    days = (moment + number * HOUR / 4 for number in range(4 * 24 * 7))
    return any(is_open(day, zone, set()) and is_open(day, theirs, set()) for day in days)


def check_risk(item: FollowUp, zone: str, days_off: set[date]) -> None:
    """Hold `at_risk` to a walk, minute by minute, back from the deadline to the last open one."""
    moment = item.deadline - timedelta(seconds=1)
    while moment > item.due and not is_open(moment, zone, days_off):
        moment -= MINUTE
    expected = max(item.due, moment - 12 * HOUR)
    assert abs(item.at_risk - expected) <= 2 * MINUTE, (item.at_risk, expected)
