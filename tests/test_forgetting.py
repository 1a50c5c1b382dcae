"""Forgetting a person: out of the mailbox, out of the state to the last byte, and never back for what was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import HOST, JANE, TOM, World, guest, meeting, open_world, read_met

from followupd.errors import Problem
from followupd.items import Status
from followupd.met import Listed
from followupd.store.backups import make_backup
from followupd.store.forgetting import find_copies

HOUR = timedelta(hours=1)
WHO = "jane.doe@acme.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.run()
        opened.now += timedelta(days=10)
        yield opened


def meet(world: World) -> None:
    """Meet Jane and Tom; the event's texts name her, and so does what the owner wrote about Tom."""
    event = meeting("e1", world.now - HOUR, JANE, TOM, title="Founders meetup with Jane Doe")
    world.set_event(event, description="Hosted by JANE DOE (jane.doe@acme.example)")
    world.run()


def traces(world: World) -> list[str]:
    """Return the files of the state that hold her name or address, in any case."""
    needles = (b"jane.doe@acme", b"jane doe")
    files = [path for path in sorted((world.folder / "state").rglob("*")) if path.is_file()]
    return [file.name for file in files if any(needle in file.read_bytes().lower() for needle in needles)]


def leave_calendar(world: World) -> None:
    """Have the calendar show the event without her from now on."""
    world.set_event(meeting("e1", world.now - 2 * HOUR, TOM))


def test_nothing_of_a_forgotten_person_stays_and_their_draft_goes(world: World) -> None:
    meet(world)
    world.approve("Jane Doe")
    assert traces(world) != []
    person, drafts = world.desk.people.forget(WHO, world.now)
    assert (person.name, drafts) == ("Jane Doe", 1)
    leave_calendar(world)
    world.run(minutes=5)
    assert traces(world) == []
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    assert [WHO.encode() in draft.raw for draft in box.drafts.values()] == [False]
    assert [person.name for person, _ in world.desk.list_people()] == ["Tom Miller"]
    assert world.status("Tom Miller") is Status.DRAFTED
    world.store.check()


def test_what_was_is_never_drafted_again_although_the_calendar_still_names_them(world: World) -> None:
    meet(world)
    world.desk.people.forget("Jane Doe", world.now)
    for _ in range(4):
        world.run(hours=6)
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    assert [WHO.encode() in draft.raw for draft in box.drafts.values()] == [False]
    assert len(box.trash) == 1
    [left] = [item for item in world.store.followups() if item.key.startswith("forgotten:")]
    assert (left.name, left.email, left.raw, left.status) == ("", None, None, Status.SKIPPED)
    assert {step.why for step in world.store.history(left.id)} == {"(forgotten)"}


def test_somebody_forgotten_and_met_anew_is_a_new_person(world: World) -> None:
    meet(world)
    world.desk.people.forget(WHO, world.now)
    world.run(minutes=5)
    world.now += timedelta(days=20)
    world.set_event(meeting("e9", world.now - HOUR, JANE))
    world.run()
    assert world.item("Jane Doe", "e9").status is Status.DRAFTED


def test_a_wish_never_to_be_written_to_outlives_being_forgotten(world: World) -> None:
    meet(world)
    world.desk.people.never_write(WHO, world.now)
    world.desk.people.forget(WHO, world.now)
    leave_calendar(world)
    world.run(minutes=5)
    assert traces(world) == []
    world.now += timedelta(days=20)
    world.set_event(meeting("e9", world.now - HOUR, JANE))
    world.run()
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    assert len(box.drafts) == 0  # Tom's is seven days past
    assert [person.name for person, _ in world.desk.list_people()] == ["Jane Doe", "Tom Miller"]


def test_a_draft_the_owner_changed_stays_theirs_and_the_state_lets_go_all_the_same(world: World) -> None:
    meet(world)
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    jane = world.item("Jane Doe")
    box.owner_edits(jane.draft_id or "", (jane.raw or b"") + b"P.S. Hello\r\n")
    world.desk.people.forget(WHO, world.now)
    leave_calendar(world)
    world.run(minutes=5)
    world.run(minutes=5)
    assert len(box.drafts) == 2
    assert traces(world) == []


def test_while_the_mailbox_is_away_the_person_waits_to_be_forgotten(world: World) -> None:
    meet(world)
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    world.desk.people.forget(WHO, world.now)
    box.faults = [("look", "refused")] * 20
    world.run(minutes=5)
    assert len(box.drafts) == 2
    box.faults = []
    leave_calendar(world)
    world.run(minutes=5)
    assert (len(box.drafts), traces(world)) == (1, [])


def test_notes_about_others_lose_the_name(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR))
    world.run()
    [debrief] = world.desk.list_queue(world.now)
    lines = (
        "Jane Doe, jane.doe@acme.example",
        "Tom Miller, tom.miller@acme.example - knows Jane Doe from school",
    )
    world.desk.take_met(debrief.id, [read_met(line) for line in lines], world.now)
    world.run()
    world.desk.people.forget("Jane Doe", world.now)
    world.run(minutes=5)
    assert world.item("Tom Miller").note == "knows (forgotten) from school"
    assert traces(world) == []


def test_they_leave_the_guest_lists_too(world: World) -> None:
    meet(world)
    listed = [Listed(read_met(f"{name}, {name.lower()}@acme.example")) for name in ("Jane.Doe", "Kim.Lang")]
    world.store.guest_lists.keep("e1", listed)
    world.desk.people.forget(WHO, world.now)
    leave_calendar(world)
    world.run(minutes=5)
    assert [guest.met.person.email for guest in world.store.guest_lists.list("e1")] == [
        "kim.lang@acme.example"
    ]
    assert traces(world) == []


def test_backups_that_hold_them_are_named(world: World) -> None:
    empty = make_backup(world.folder / "state", world.now)
    meet(world)
    full = make_backup(world.folder / "state", world.now + HOUR)
    person, _ = world.desk.people.forget(WHO, world.now)
    assert list(find_copies(world.folder / "state", person)) == [full]
    assert empty.exists()


def test_the_calendars_that_still_name_them_are_told(world: World) -> None:
    meet(world)
    stranger = replace(guest("Jane Doe"), email="JANE.DOE@acme.example")
    world.calendar.events = (
        *world.calendar.events,
        replace(meeting("e2", world.now + HOUR), attendees=(HOST, stranger)),
    )
    world.run()
    person, _ = world.desk.people.forget(WHO, world.now)
    assert world.desk.people.list_calendars_naming(person) == {"work": 2}


def test_nobody_of_that_name_and_somebody_on_the_way_are_told(world: World) -> None:
    with pytest.raises(Problem, match="nobody called 'Kim Lang'"):
        world.desk.people.forget("Kim Lang", world.now)
    meet(world)
    world.approve("Jane Doe")
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    box.grace = timedelta(hours=1)
    box.faults = [("hand_over", "dropped")]
    world.run(minutes=3)
    with pytest.raises(Problem, match="on its way"):
        world.desk.people.forget("Jane Doe", world.now)
