"""Working hours in the pass: they hold what leaves, never a draft, and the deadline is in danger before it is past."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from memory import MemoryCalendar, MemoryMailbox
from week import HOLD, JANE, World, meeting, open_world

from followupd.adapters.ics import IcsCalendar
from followupd.errors import SourceProblem
from followupd.items import FollowUp, Status
from followupd.listing import queue_to_json, say_clock
from followupd.model import Event, Person
from followupd.rules.hours import Hours
from followupd.timing import list_holidays

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours("Europe/Berlin")
#: Noon of a Friday and of the Saturday after it in Berlin, an hour ahead of UTC.
FRIDAY, SATURDAY = datetime(2026, 11, 20, 11, tzinfo=UTC), datetime(2026, 11, 21, 11, tzinfo=UTC)
MONDAY_8 = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, MemoryMailbox("box", sends=True)) as opened:
        opened.hours = OFFICE
        opened.reboot()
        opened.now = FRIDAY
        yield opened


def meet(world: World, end: datetime) -> FollowUp:
    """Meet Jane, and have her draft written."""
    world.set_event(meeting("e1", end, JANE))
    world.now = max(world.now, end)
    world.run()
    return world.item("Jane Doe")


def approve(world: World, hours: Hours | None = OFFICE) -> FollowUp:
    return world.desk.approve(world.item("Jane Doe").id, world.now, HOLD, hours=hours)


def test_what_is_approved_on_a_saturday_goes_out_on_monday_morning(world: World) -> None:
    meet(world, SATURDAY - HOUR)
    assert world.status("Jane Doe") is Status.DRAFTED  # drafting waits for no hour
    world.now = SATURDAY
    approved = approve(world)
    assert approved.leaves_at == MONDAY_8
    assert approved.outcome == "you approved it; it goes out Monday 08:00, because it is Saturday"
    world.run(hours=1)
    world.now = MONDAY_8 - timedelta(seconds=1)
    world.run()
    assert world.status("Jane Doe") is Status.APPROVED
    assert world.store.next_moment(world.now) == MONDAY_8
    world.run(seconds=1)
    assert world.status("Jane Doe") is Status.SENT


def test_now_skips_the_hours(world: World) -> None:
    meet(world, SATURDAY)
    approve(world, hours=None)
    world.run(minutes=2)
    assert world.status("Jane Doe") is Status.SENT


def test_the_hold_that_ends_out_of_hours_ends_when_they_begin(world: World) -> None:
    world.now = datetime(2026, 11, 19, 16, 59, tzinfo=UTC)  # Thursday 17:59; the hold ends at 18:01
    meet(world, world.now - HOUR)
    approved = approve(world)
    assert approved.leaves_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert approved.outcome == "you approved it; it goes out Friday 08:00, because it is 18:01"


def test_a_machine_that_slept_through_the_hours_sends_nothing_at_night(world: World) -> None:
    meet(world, FRIDAY - HOUR)
    approve(world)
    world.run(hours=9)  # it wakes at 21:00
    item = world.item("Jane Doe")
    assert (item.status, item.leaves_at) == (Status.APPROVED, MONDAY_8)
    assert item.outcome == "it goes out Monday 08:00, because it is 21:00"


def test_a_mailbox_that_sends_nothing_itself_keeps_no_hours(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.hours = OFFICE
        world.reboot()
        world.now = SATURDAY
        meet(world, SATURDAY)
        approve(world, hours=None)
        world.run(minutes=2)
        assert world.status("Jane Doe") is Status.HANDLED
        assert world.item("Jane Doe").at_risk == SATURDAY + 36 * HOUR


def test_a_person_who_lives_elsewhere_is_written_to_in_their_hours(world: World) -> None:
    world.now = datetime(2026, 11, 18, 11, tzinfo=UTC)
    jane = meet(world, world.now - HOUR)
    world.store.people.save(Person(jane.person or "", jane.email, "Jane Doe", "Jane"))
    world.store.contacts.save_zone(jane.person or "", "America/New_York")
    approved = approve(world)
    assert approved.leaves_at == datetime(2026, 11, 18, 13, tzinfo=UTC)
    assert "because it is 06:02 where they are (America/New_York)" in approved.outcome


# --- days off


def holiday(day: date, name: str, days: int = 1) -> Event:
    """Return a whole day of Berlin, as a calendar has it."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - HOUR
    return Event(name, "holidays", name, name, start, start + timedelta(days=days), all_day=True)


def keep_holidays(world: World, *events: Event) -> MemoryCalendar:
    world.holidays = MemoryCalendar("holidays", events)
    world.reboot()
    return world.holidays


def test_a_day_off_holds_what_leaves_and_is_called_by_its_name(world: World) -> None:
    keep_holidays(world, holiday(date(2026, 11, 20), "St. Edmund", days=2))
    meet(world, FRIDAY)
    assert approve(world).outcome == "you approved it; it goes out Monday 08:00, because it is St. Edmund"
    assert world.store.calendars.holidays().keys() == {date(2026, 11, 20), date(2026, 11, 21)}


def test_only_whole_days_that_take_place_are_days_off(world: World) -> None:
    half = Event("half", "holidays", "half", "Half day", FRIDAY, FRIDAY + HOUR)
    off = holiday(date(2026, 11, 20), "Called off")
    keep_holidays(world, half, replace(off, cancelled=True))
    world.run()
    assert world.store.calendars.holidays() == {}


def test_a_calendar_of_days_off_that_cannot_be_read_is_told_and_what_was_known_stays(world: World) -> None:
    days = keep_holidays(world, holiday(date(2026, 11, 20), "St. Edmund"))
    world.run()
    days.fail = SourceProblem("The calendar “holidays” could not be read.")
    report = world.run()
    assert [problem.what for problem in report.problems] == ["The calendar “holidays” could not be read."]
    assert world.store.calendars.holidays() == {date(2026, 11, 20): "St. Edmund"}
    days.fail, days.events = None, ()
    world.run()
    assert world.store.calendars.holidays() == {}


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_whole_day_is_the_owners_day_whatever_zone_its_calendar_names(tmp_path: Path, zone: str) -> None:
    file = tmp_path / "holidays.ics"
    file.write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-TIMEZONE:UTC\nBEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20261225\n"
        "DTEND;VALUE=DATE:20261226\nSUMMARY:Christmas Day\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    source = IcsCalendar("holidays", file, zone, trust_zone=False)
    reading = source.read(datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC))
    assert list_holidays(reading.events, zone) == {date(2026, 12, 25): "Christmas Day"}


# --- at risk


def test_an_item_that_could_not_leave_in_time_is_at_risk_while_it_still_can(world: World) -> None:
    item = meet(world, FRIDAY)  # the deadline is Sunday noon; after Friday 18:00 nothing leaves before Monday
    assert item.at_risk == FRIDAY
    assert queue_to_json(item, world.now)["at_risk"] is True
    assert say_clock(item, world.now, BERLIN).startswith("at risk, by Sun 12:00")


def test_the_daemon_looks_at_the_very_moment_from_which_something_is_at_risk(world: World) -> None:
    world.now = datetime(2026, 11, 17, 11, tzinfo=UTC)
    item = meet(world, world.now)  # Tuesday noon; the deadline is Thursday noon
    assert item.at_risk == world.now + 36 * HOUR
    assert world.store.next_moment(world.now) == item.at_risk


def test_a_day_off_that_comes_up_later_puts_at_risk_what_was_safe(world: World) -> None:
    world.now = datetime(2026, 11, 18, 11, tzinfo=UTC)
    meet(world, world.now)  # Wednesday noon; the deadline is Friday noon
    keep_holidays(world, holiday(date(2026, 11, 20), "St. Edmund"))
    world.run()
    # Friday is off by now, so Thursday 18:00 is the last hour; 12 hours before is Thursday 06:00.
    assert world.item("Jane Doe").at_risk == datetime(2026, 11, 19, 5, tzinfo=UTC)


def test_what_is_approved_but_leaves_after_the_deadline_stays_at_risk(world: World) -> None:
    meet(world, SATURDAY - 6 * HOUR)
    item = approve(world)
    assert item.leaves_at == MONDAY_8
    assert item.leaves_at > item.deadline
    assert queue_to_json(item, world.now)["at_risk"] is True
    assert say_clock(item, world.now, BERLIN) == "at risk, approved, goes Mon 08:00, after the 48 hours"
