"""What time does to follow-ups, in the real pass: series that come round, absences, clocks that leap."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import HOLD, JANE, NOON, TOM, World, guest, meeting, open_world

from followupd.adapters.ics import IcsCalendar
from followupd.errors import ClockProblem, SourceProblem
from followupd.items import FollowUp, Kind, Status
from followupd.model import Attendee, Event, Reason
from followupd.rules.followups import Limits
from followupd.rules.reading import read_message
from followupd.rules.series import Policy, SeriesRule

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.run()  # the first pass settles when this state began
        opened.now += timedelta(days=10)
        opened.run()
        yield opened


def box(world: World) -> MemoryMailbox:
    assert isinstance(world.mailbox, MemoryMailbox)
    return world.mailbox


def drafted_to(world: World) -> list[str]:
    return sorted(read_message(draft.raw).to_email[0] for draft in box(world).drafts.values())


def weekly(number: int, end: datetime, *guests: Attendee, title: str = "Founders meetup") -> Event:
    """Return one occurrence of a weekly series."""
    return replace(meeting(f"w|{number}", end, *guests, title=title), uid="w", series=True)


def settle(world: World) -> None:
    """Have the owner follow up all that waits by phone."""
    for item in world.desk.list_queue(world.now):
        world.desk.finish(item.id, "phone", world.now)
    world.run()


# --- series


def meet_weekly(world: World) -> None:
    """Meet Jane one week, and Jane and Tom eight days later, when nobody is held for the seven days any more."""
    world.set_event(weekly(1, world.now - HOUR, JANE))
    world.run()
    settle(world)
    world.now += 8 * DAY
    world.set_event(weekly(2, world.now - HOUR, JANE, TOM))
    world.run()


def test_of_a_series_only_new_faces_are_drafted_for(world: World) -> None:
    meet_weekly(world)
    assert drafted_to(world) == ["tom.miller@acme.example"]
    known = world.item("Jane Doe", "w|2")
    assert (known.status, known.reason) == (Status.SKIPPED, Reason.MET_BEFORE)
    assert known.why == "you met them at this series before"


def test_whoever_was_left_out_is_one_undo_away(world: World) -> None:
    meet_weekly(world)
    world.desk.undo(world.item("Jane Doe", "w|2").id, world.now)
    world.run()
    assert drafted_to(world) == ["jane.doe@acme.example", "tom.miller@acme.example"]


@pytest.mark.parametrize(
    ("policy", "drafted"),
    [(Policy.ALWAYS, ["jane.doe@acme.example", "tom.miller@acme.example"]), (Policy.NEVER, [])],
)
def test_the_owner_may_say_always_or_never(world: World, policy: Policy, drafted: list[str]) -> None:
    world.series = (SeriesRule(policy, title="founders"),)
    world.reboot()
    meet_weekly(world)
    assert drafted_to(world) == drafted


def test_never_asks_nothing_about_a_series_either(world: World) -> None:
    world.series = (SeriesRule(Policy.NEVER),)
    world.reboot()
    world.set_event(weekly(1, world.now - HOUR))
    world.run()
    assert world.store.followups() == []


def test_an_occurrence_that_was_called_off_made_nobody_known(world: World) -> None:
    world.set_event(weekly(1, world.now - HOUR, JANE))
    world.run()
    world.set_event(weekly(1, world.now - HOUR, JANE), cancelled=True)
    world.run(days=8)
    world.set_event(weekly(2, world.now - HOUR, JANE))
    world.run()
    assert world.item("Jane Doe", "w|2").status is Status.DRAFTED


# --- never to be written to


def test_what_is_open_for_somebody_never_to_be_written_to_is_withdrawn(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    world.desk.approve(world.item("Jane Doe").id, world.now, HOLD)
    world.desk.people.never_write("Jane Doe", world.now)
    world.run(hours=1)
    item = world.item("Jane Doe")
    assert (item.status, item.held) == (Status.WITHDRAWN, Reason.DO_NOT_CONTACT)
    assert item.outcome == "you said never to write to them"
    assert (drafted_to(world), box(world).ready) == ([], [])


def test_nobody_is_written_to_before_or_after_they_were_met(world: World) -> None:
    world.desk.people.never_write("JANE.DOE+x@acme.example", world.now)  # the same person as without the tag
    world.set_event(meeting("e1", world.now - HOUR, JANE, TOM))
    for _ in range(3):
        world.run(hours=1)
    assert drafted_to(world) == ["tom.miller@acme.example"]
    assert len(world.store.history(world.item("Jane Doe").id)) == 2  # planned and withdrawn, once each


def test_again_takes_it_back_and_what_is_not_too_late_is_drafted(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    world.desk.people.never_write("jane.doe@acme.example", world.now)
    world.run()
    world.run()
    world.desk.people.write_again("jane doe")
    world.run()
    assert drafted_to(world) == ["jane.doe@acme.example"]
    told = [step.why for step in world.store.history(world.item("Jane Doe").id)]
    assert "you may write to them again" in told


def test_a_draft_the_owner_worked_on_is_flagged_and_never_sent(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    item = world.desk.edit(world.item("Jane Doe").id, world.now, body="Dear Jane, mine.")
    world.run()
    world.desk.approve(item.id, world.now, HOLD)
    world.desk.people.never_write("Jane Doe", world.now)
    world.run(hours=1)
    flagged = world.item("Jane Doe")
    assert (flagged.status, flagged.held) == (Status.DRAFTED, Reason.DO_NOT_CONTACT)
    assert drafted_to(world) == ["jane.doe@acme.example"]


# --- absences


def test_after_weeks_of_absence_what_is_too_old_is_shown_as_an_end_and_one_undo_away(world: World) -> None:
    away = world.now
    world.set_event(meeting("week1", away + 3 * DAY, guest("Ida Old")))
    world.set_event(meeting("week2", away + 10 * DAY))
    world.set_event(meeting("week3", away + 19 * DAY, JANE))
    world.now = away + 20 * DAY
    world.run()
    ida, debrief = world.item("Ida Old"), world.store.followups_of("week2")[0]
    assert (ida.status, ida.reason) == (Status.EXPIRED, Reason.TOO_OLD)
    assert (debrief.kind, debrief.status) == (Kind.DEBRIEF, Status.EXPIRED)
    assert drafted_to(world) == ["jane.doe@acme.example"]
    world.desk.undo(ida.id, world.now)
    world.run()
    assert drafted_to(world) == ["ida.old@acme.example", "jane.doe@acme.example"]
    assert world.item("Ida Old").template == "late.md"


def test_a_calendar_that_was_out_of_reach_for_weeks_is_caught_up_too(world: World) -> None:
    world.calendar.fail = SourceProblem("It is out of reach.")
    world.set_event(meeting("week1", world.now + 3 * DAY, guest("Ida Old")))
    for _ in range(15):
        world.run(days=1)
    world.calendar.fail = None
    world.run()
    assert world.item("Ida Old").reason is Reason.TOO_OLD


def test_thirty_events_slept_through_are_each_decided_once_and_never_more_than_the_cap_in_a_day(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path, limits=Limits(drafts_per_day=10)) as world:
        world.run()
        names = [f"Guest {chr(97 + n // 26)}{chr(97 + n % 26)}x" for n in range(30)]
        for number, name in enumerate(names):
            world.set_event(meeting(f"e{number}", world.now + (number + 1) * 4 * HOUR, guest(name)))
        world.now += 5 * DAY
        made = []
        for _ in range(4):
            for _ in range(3):
                world.run(minutes=5)
            made.append(box(world).calls["create"])
            if len(made) == 1:
                oldest = sorted(str(guest(name).email) for name in names[:10])
                assert drafted_to(world) == oldest  # the oldest deadline first
            world.now += DAY
        assert made == [10, 20, 30, 30]
        assert len({item.key for item in world.store.followups()}) == 30


# --- clocks that leap


def test_a_clock_that_leaps_twenty_years_ahead_is_not_believed_at_once(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.set_event(meeting("e2", world.now + DAY, TOM))
    world.run()
    present, status = world.now, [(item.id, item.status) for item in world.store.followups()]
    world.now += timedelta(days=7305)
    for _ in range(3):
        with pytest.raises(ClockProblem, match="it was 2026-11-28 12:00"):
            world.run(minutes=10)
    world.now = present
    world.run(minutes=40)
    assert [(item.id, item.status) for item in world.store.followups()] == status
    assert drafted_to(world) == ["jane.doe@acme.example"]


def test_a_clock_that_stays_ahead_for_an_hour_is_believed(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    world.now += timedelta(days=40)
    with pytest.raises(ClockProblem):
        world.run()
    world.reboot()
    world.run(hours=1)
    assert world.status("Jane Doe") is Status.EXPIRED


def test_a_clock_that_is_set_back_only_waits(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    item: FollowUp = world.desk.approve(world.item("Jane Doe").id, world.now, HOLD)
    world.run(days=-2)
    assert world.status("Jane Doe") in {Status.APPROVED, Status.PLANNED}
    assert box(world).ready == []
    world.now = NOON + 10 * DAY
    world.run(hours=1)
    assert len({draft.id for draft in box(world).drafts.values()} | {d.id for d in box(world).ready}) == 1
    assert item.id == world.item("Jane Doe").id


# --- what is forgotten


def text_of(world: World, name: str) -> bytes | None:
    return world.item(name).raw


def test_texts_are_forgotten_a_month_after_their_end_but_for_the_owners_own(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, TOM, guest("Ida Mine"), guest("Kim Left")))
    world.run()
    for name in ("Tom Miller", "Ida Mine"):
        world.desk.edit(world.item(name).id, world.now, body="Dear friend, mine.")
    world.desk.skip(world.item("Ida Mine").id, world.now)
    world.desk.skip(world.item("Kim Left").id, world.now)
    for name in ("Jane Doe", "Tom Miller"):
        world.approve(name)
    world.run(minutes=2)
    world.run(days=30)
    assert text_of(world, "Jane Doe") is not None
    world.run(days=7)  # seven days until it would have expired, and thirty more
    assert text_of(world, "Jane Doe") is None
    assert text_of(world, "Tom Miller") is None  # it went out
    assert text_of(world, "Kim Left") is None  # ours, and can be written again
    assert text_of(world, "Ida Mine") is not None
    assert [step.why for step in world.store.history(world.item("Jane Doe").id)][-1] == box(world).ready_note
    world.store.check()


def count_rows(world: World, table: str) -> int:
    return int(world.store.database.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def test_old_events_and_writes_are_forgotten_and_people_and_steps_kept(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.set_event(meeting("asked", world.now - HOUR, title="Lunch"))
    world.run()
    world.approve("Jane Doe")
    world.run(minutes=2)
    world.calendar.events = ()
    steps, intents = count_rows(world, "steps"), count_rows(world, "intents")
    world.run(days=30)
    world.run(days=30)
    assert (count_rows(world, "events"), count_rows(world, "intents")) == (2, intents)
    world.run(days=30)
    world.run(days=1)
    assert (count_rows(world, "events"), count_rows(world, "intents")) == (0, 0)
    assert count_rows(world, "steps") >= steps
    assert [person.name for person, _ in world.desk.list_people()] == ["Jane Doe"]
    assert world.status("Jane Doe") is Status.HANDLED


# --- events that are entered late, or last for days


@pytest.mark.parametrize(
    ("hours", "template"), [(3, "new-acquaintance.md"), (50, "late.md"), (160, "late.md")]
)
def test_an_event_that_is_entered_late_is_followed_up_late(world: World, hours: int, template: str) -> None:
    world.set_event(meeting("e1", world.now - hours * HOUR, JANE))
    world.run()
    assert (world.status("Jane Doe"), world.item("Jane Doe").template) == (Status.DRAFTED, template)


def test_a_fair_of_three_days_is_over_at_the_end_of_its_last_day_on_the_owners_clock(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "fair.ics"
    file.write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:fair\nDTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261130\n"
        "SUMMARY:Trade fair: founders meetup\nORGANIZER:mailto:ada@example.com\n"
        "ATTENDEE;CN=Jane Doe;PARTSTAT=ACCEPTED:mailto:jane.doe@acme.example\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    (fair,) = IcsCalendar("work", file, "Europe/Berlin").read(world.now, world.now + 9 * DAY).events
    world.set_event(fair)
    ends = datetime(2026, 11, 29, 23, 0, tzinfo=NOON.tzinfo)  # midnight after the 29th in Berlin
    world.now = ends - timedelta(seconds=1)
    world.run()
    assert (world.store.followups(), world.store.next_moment(world.now)) == ([], ends)
    world.run(seconds=1)
    assert (world.item("Jane Doe").due, world.item("Jane Doe").deadline) == (ends, ends + 2 * DAY)
    assert drafted_to(world) == ["jane.doe@acme.example"]
