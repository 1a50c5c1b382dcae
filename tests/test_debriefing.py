"""Whom the owner met, through the rooms that terminal and page share: lines, files, picks, and meetings of no calendar."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from week import World, guest, meeting, open_world, read_met

from followupd.debriefing import UnknownColumns
from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.meeting import Taken

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIST = b"Name,Email,Status\nKim Lee,kim@lee.example,Going\nTom Miller,tom@mill.example,Declined\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def asked(world: World) -> FollowUp:
    """A debrief of a meetup that ended an hour ago."""
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.run()
    (item,) = world.store.followups({Status.NEEDS_INFO})
    return item


def names(world: World) -> list[str]:
    return sorted(item.name for item in world.store.followups() if item.kind is Kind.DRAFT)


def upload(world: World, item: FollowUp, data: bytes, **more: str) -> Taken:
    listed, _ = world.debriefing.read_list(data)
    return world.debriefing.take_list(item.id, listed, world.now, **more)


def make_list(count: int, first: int = 1) -> bytes:
    """Return a list of so many guests, "Guest A" to "Guest Z", each with an address."""
    rows = [f"Anna {_word(number)},a{number}@x{number}.example" for number in range(first, first + count)]
    return "\n".join(["Name,Email", *rows]).encode()


def _word(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number)).capitalize() + "son"


# --- files


def test_a_list_adds_who_was_there_and_says_whom_it_left_out(world: World, asked: FollowUp) -> None:
    taken = upload(world, asked, LIST)
    assert [item.name for item in taken.added] == ["Kim Lee"]
    assert [(guest.who, guest.left_out) for guest in taken.left_out] == [("Tom Miller", "declined")]
    assert world.store.followup(asked.id).status is Status.DONE


def test_the_same_file_three_times_adds_each_person_once(world: World, asked: FollowUp) -> None:
    counts = [len(upload(world, asked, LIST).added) for _ in range(3)]
    assert counts == [1, 0, 0]
    world.run()
    assert len(world.mailbox.drafts) == 1  # type: ignore[union-attr]


def test_a_second_file_adds_only_who_is_new_and_says_who_was_there(world: World, asked: FollowUp) -> None:
    upload(world, asked, LIST)
    taken = upload(world, asked, LIST + b"Ben Ode,ben@ode.example,Going\n")
    assert [item.name for item in taken.added] == ["Ben Ode"]
    assert [met.person.name for met in taken.known] == ["Kim Lee"]


def test_a_known_address_gets_no_second_name_and_a_known_name_no_second_address(
    world: World, asked: FollowUp
) -> None:
    upload(world, asked, LIST)
    taken = upload(world, asked, b"Name,Email\nKimmy Leeson,KIM+x@lee.example\nKim Lee,kim@other.example\n")
    assert [(item.name, item.email) for item in taken.added] == [("Kim Lee", "kim@other.example")]
    people = {person.key: person.name for person, _ in world.desk.list_people()}
    assert people == {"kim@lee.example": "Kim Lee", "kim@other.example": "Kim Lee"}


def test_of_300_guests_nobody_is_added_until_the_owner_picks(world: World, asked: FollowUp) -> None:
    taken = upload(world, asked, make_list(300))
    assert (len(taken.to_pick), taken.added) == (300, ())
    world.run()
    waiting = world.store.followup(asked.id)
    assert (waiting.status, waiting.why) == (
        Status.NEEDS_INFO,
        "300 guests are on the list; whom did you speak with?",
    )
    kept = world.debriefing.list_guests(asked.id)
    assert [guest.number for guest in kept] == list(range(1, 301))
    picked = world.debriefing.pick(asked.id, "cafson, 14, 20-22", world.now)
    assert [item.email for item in picked.added] == [
        "a14@x14.example",
        "a20@x20.example",
        "a21@x21.example",
        "a22@x22.example",
        "a205@x205.example",
    ]
    assert world.store.followup(asked.id).status is Status.DONE


def test_the_limit_counts_everybody_of_the_event(world: World, asked: FollowUp) -> None:
    assert len(upload(world, asked, make_list(20)).added) == 20
    taken = upload(world, asked, make_list(6, first=21))
    assert (len(taken.to_pick), taken.added) == (6, ())


def test_guests_without_an_address_wait_for_a_pick(world: World, asked: FollowUp) -> None:
    data = b"Name,User ID,RSVP\nKim Lee,1,Yes\nTom Miller,2,No\n"
    assert [guest.who for guest in upload(world, asked, data).to_pick] == ["Kim Lee"]
    (kim,) = world.debriefing.pick(asked.id, "kim", world.now).added
    assert kim.status is Status.NEEDS_INFO


def test_a_pick_that_is_not_clear_is_refused_whole(world: World, asked: FollowUp) -> None:
    upload(world, asked, make_list(30))
    for said in ("anna", "zoe", "31", "3-40", "9-2", ""):
        with pytest.raises(Problem):
            world.debriefing.pick(asked.id, f"1, {said}" if said else "", world.now)
    assert names(world) == []


def test_the_guests_of_a_crowded_invitation_can_be_picked_from_too(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        crowd = [guest(f"Anna {_word(number)}") for number in range(1, 31)]
        world.set_event(meeting("e1", world.now - HOUR, *crowd))
        world.run()
        (item,) = world.store.followups({Status.NEEDS_INFO})
        assert len(world.debriefing.list_guests(item.id)) == 30
        world.debriefing.pick(item.id, "2", world.now)
        assert names(world) == ["Anna Cson"]


def test_unknown_headings_are_asked_about_once(world: World, asked: FollowUp) -> None:
    data = b"Wer,Wohin\nKim Lee,kim@lee.example\n"
    with pytest.raises(UnknownColumns, match="'Wer', 'Wohin'"):
        world.debriefing.read_list(data)
    for wrong in ({"name": 7}, {"nome": 0}, {"phone": 1}):
        with pytest.raises(Problem):
            world.debriefing.read_list(data, wrong)
    world.debriefing.read_list(data, {"name": 0, "email": 1})
    assert [item.email for item in upload(world, asked, data).added] == ["kim@lee.example"]


# --- no event


def test_somebody_met_on_the_train_gets_a_draft_within_48_hours_of_then(world: World) -> None:
    when = world.now - 20 * HOUR
    met = [read_met("Jane Doe, jane@acme.example - sat next to her")]
    (jane,) = world.debriefing.meet(met, when, "the train", world.now).added
    assert (jane.due, jane.deadline, jane.event) == (when, when + 48 * HOUR, "Met: the train")
    world.run()
    world.run(hours=1)
    assert world.status("Jane Doe") is Status.DRAFTED
    assert [item.kind for item in world.store.followups()] == [Kind.DRAFT]
    world.approve("Jane Doe")
    world.run(minutes=3)
    assert world.status("Jane Doe") is Status.HANDLED


def test_one_follow_up_per_person_and_meeting(world: World) -> None:
    jane, tom = read_met("Jane Doe, jane@acme.example"), read_met("Tom Miller, tom@mill.example")
    for people in ([jane], [jane], [jane, tom]):
        world.debriefing.meet(people, world.now - HOUR, "the train", world.now)
    assert names(world) == ["Jane Doe", "Tom Miller"]
    world.debriefing.meet([jane], world.now - 30 * HOUR, "the train", world.now)
    assert names(world) == ["Jane Doe", "Jane Doe", "Tom Miller"]


def test_a_place_that_sounds_cancelled_or_private_is_only_a_place(world: World) -> None:
    people = [read_met("Jane Doe, jane@acme.example")]
    world.debriefing.meet(people, world.now - HOUR, "Cancelled: dentist, flight LH 1", world.now)
    world.run()
    assert world.status("Jane Doe") is Status.DRAFTED


def test_a_meeting_to_come_is_refused(world: World) -> None:
    with pytest.raises(Problem, match="still to come"):
        world.debriefing.meet([read_met("Jane Doe")], world.now + HOUR, "", world.now)


# --- which item, and what they will get


def test_an_item_is_found_by_words_of_its_title(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, title="Startup meetup"))
    world.set_event(meeting("e2", world.now - 2 * HOUR, title="Chamber breakfast meetup"))
    world.run()
    for words in ("chamber", "Breakfast  CHAMBER"):
        found = world.debriefing.find_asking(words, world.now)
        assert found is not None
        assert found.event == "Chamber breakfast meetup"
    assert world.debriefing.find_asking("brunch", world.now) is None
    assert world.debriefing.find_asking(" ", world.now) is None
    with pytest.raises(Problem, match="fits several"):
        world.debriefing.find_asking("meetup", world.now)


@pytest.mark.parametrize(
    ("line", "hours", "template"),
    [
        ("Jane Doe, jane@acme.example - sails", 0, "new-acquaintance.md"),
        ("Jane Doe, jane@acme.example - promised her the deck", 0, "promise-kept.md"),
        ("Jane Doe, jane@acme.example - sails", 60, "late.md"),
        ("Jane Doe", 0, None),
    ],
)
def test_what_somebody_will_get_is_known_at_once_and_is_what_they_get(
    world: World, asked: FollowUp, line: str, hours: int, template: str | None
) -> None:
    world.now += timedelta(hours=hours)
    (jane,) = world.debriefing.take(asked.id, [read_met(line)], world.now).added
    chosen = world.debriefing.foresee(jane, world.now)
    assert (chosen.file if chosen else None) == template
    world.run()
    assert world.item("Jane Doe").template == template


def test_somebody_known_is_foreseen_as_known(world: World, asked: FollowUp) -> None:
    (jane,) = world.debriefing.take(asked.id, [read_met("Jane Doe, jane@acme.example")], world.now).added
    world.desk.finish(jane.id, "phone", world.now)
    world.set_event(meeting("e2", world.now + 9 * DAY, title="Startup meetup"))
    world.run(days=9, hours=1)
    (item,) = world.debriefing.list_asking()
    (again,) = world.debriefing.take(item.id, [read_met("jane@acme.example")], world.now).added
    chosen = world.debriefing.foresee(again, world.now)
    assert (again.name, chosen.file if chosen else None) == ("Jane Doe", "met-again.md")


def test_a_guest_list_is_forgotten_with_its_event_and_whoever_was_picked_is_not(
    world: World, asked: FollowUp
) -> None:
    upload(world, asked, make_list(300))
    world.debriefing.pick(asked.id, "1", world.now)
    for _ in range(3):
        world.run(days=29)
    assert len(world.store.guest_lists.list(asked.occurrence)) == 300
    world.run(days=4)
    assert world.store.guest_lists.list(asked.occurrence) == []
    assert [person.email for person, _ in world.desk.list_people()] == ["a1@x1.example"]
