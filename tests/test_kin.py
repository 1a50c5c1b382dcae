"""One person with two addresses, and two of one name: joined on proof, asked about otherwise, and parted again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from test_cli import Shell, drafted, shell
from visitor import read_words, visit
from week import JANE, NOON, TOM, World, meeting, open_world

from followupd.adapters.contact_names import ContactFile, ContactNames, Contacts
from followupd.errors import Problem
from followupd.items import FollowUp, Status
from followupd.model import Attendee, Reason

__all__ = ["drafted", "shell"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_HOME = Attendee("jane.doe@gmail.com", "Jane Doe")
ELSEWHERE = Attendee("jane@other.example", "Jane Doe")
SECOND = Attendee("jd@mail.acme.example", "Jane Doe")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.set_event(meeting("e1", opened.now - HOUR, JANE))
        opened.run()
        yield opened


def meet_again(world: World, who: Attendee, *, later: timedelta = HOUR) -> None:
    """Meet somebody at another event, which is over after `later`."""
    world.set_event(meeting("e2", world.now + later - HOUR, who, title="Chamber breakfast"))
    world.now += later
    world.run()


def questions(world: World) -> list[FollowUp]:
    return [item for item in world.store.followups() if item.asks_who]


def statuses(world: World) -> dict[str | None, Status]:
    return {item.email: item.status for item in world.store.followups() if item.email}


def test_somebody_new_of_a_known_name_is_asked_about_once_and_drafted_meanwhile(world: World) -> None:
    meet_again(world, ELSEWHERE)
    (question,) = questions(world)
    assert question.why == "Jane Doe: jane.doe@acme.example and jane@other.example"
    assert (question.status, question.reason) == (Status.NEEDS_INFO, Reason.SAME_PERSON)
    assert statuses(world)["jane@other.example"] is Status.DRAFTED
    world.run(minutes=5)
    assert len(questions(world)) == 1


def test_a_yes_joins_them_so_that_one_message_in_seven_days_is_enough(world: World) -> None:
    world.desk.finish(world.item("Jane Doe", "e1").id, "phone", world.now)
    meet_again(world, ELSEWHERE)
    (question,) = questions(world)
    world.desk.approve(question.id, world.now, HOUR)
    one, other = "jane.doe@acme.example", "jane@other.example"
    assert set(world.store.kinship.keys_of(other)) == {one, other}
    assert [touch.channel for touch in world.store.past.touches_of(other)] == ["phone"]
    assert world.store.last_touch(other, 0) is not None
    assert world.store.followup(question.id).outcome == "you said they are one person"


def test_an_answer_is_taken_back_with_undo_and_a_no_is_remembered(world: World) -> None:
    meet_again(world, ELSEWHERE)
    (question,) = questions(world)
    world.desk.approve(question.id, world.now, HOUR)
    world.desk.undo(question.id, world.now)
    assert world.store.kinship.keys_of("jane@other.example") == ["jane@other.example"]
    world.desk.skip(question.id, world.now)
    assert world.store.kinship.read().apart == {frozenset({"jane.doe@acme.example", "jane@other.example"})}
    world.run(minutes=5)
    assert [item.status for item in questions(world)] == [Status.SKIPPED]


def test_the_page_asks_in_one_sentence_and_takes_one_tap(world: World) -> None:
    meet_again(world, ELSEWHERE)
    (question,) = questions(world)
    with visit(world) as visitor:
        page = read_words(visitor.get(f"/items/{question.id}").text)
        assert "One person, or two?" in page
        assert "Jane Doe: jane.doe@acme.example and jane@other.example. Is this one person?" in page
        assert ("Yes, one person" in page, "No, two people" in page, "whom you met" in page) == (
            True,
            True,
            False,
        )
        assert visitor.post(f"/items/{question.id}/answer").status_code == 303
    assert questions(world)[0].outcome == "you said they are one person"


def test_a_question_settled_elsewhere_ends(world: World) -> None:
    meet_again(world, ELSEWHERE)
    world.desk.people.join("jane.doe@acme.example", "jane@other.example")
    world.run(minutes=5)
    assert [item.status for item in questions(world)] == [Status.DONE]


def test_one_name_at_one_company_and_one_event_is_proof(world: World) -> None:
    world.set_event(meeting("e2", world.now + HOUR, JANE, SECOND, TOM))
    world.run(hours=1)
    assert world.store.kinship.keys_of("jd@mail.acme.example") == [
        "jd@mail.acme.example",
        "jane.doe@acme.example",
    ]
    assert questions(world) == []
    assert "jd@mail.acme.example" not in statuses(world)


def test_a_private_address_beside_one_at_work_gets_nothing_until_the_owner_says_who_is_who(
    world: World,
) -> None:
    world.set_event(meeting("e2", world.now + HOUR, JANE, AT_HOME))
    world.run(hours=1)
    (question,) = questions(world)
    assert "jane.doe@gmail.com" not in statuses(world)
    world.desk.skip(question.id, world.now)
    world.run(minutes=5)
    assert statuses(world)["jane.doe@gmail.com"] is Status.DRAFTED


def test_an_imitation_is_never_offered_as_the_same_person(world: World) -> None:
    meet_again(world, Attendee("jane.doe@acrne.example", "Jane Doe"))
    assert questions(world) == []


def test_at_most_three_such_questions_wait_at_once(world: World) -> None:
    guests = [Attendee(f"jane{number}@house{number}.example", "Jane Doe") for number in range(5)]
    world.set_event(meeting("e2", world.now + HOUR, *guests))
    world.run(hours=1)
    assert len(questions(world)) == 3


def test_never_and_where_they_live_count_for_both_and_stay_when_they_are_parted(world: World) -> None:
    meet_again(world, ELSEWHERE)
    world.desk.people.join("jane.doe@acme.example", "jane@other.example")
    world.desk.people.never_write("jane@other.example", world.now)
    world.run(minutes=5)
    assert set(statuses(world).values()) == {Status.WITHDRAWN}
    world.desk.people.part("jane@other.example")
    assert world.store.contacts.is_never("jane.doe@acme.example")


def test_parted_people_are_not_joined_again_by_themselves(world: World) -> None:
    world.set_event(meeting("e2", world.now + HOUR, JANE, SECOND))
    world.run(hours=1)
    parted, others = world.desk.people.part("jd@mail.acme.example")
    assert (parted.key, [other.key for other in others]) == (
        "jd@mail.acme.example",
        ["jane.doe@acme.example"],
    )
    world.run(minutes=5)
    assert world.store.kinship.keys_of("jd@mail.acme.example") == ["jd@mail.acme.example"]
    assert statuses(world)["jd@mail.acme.example"] is Status.DRAFTED


def test_parting_somebody_who_is_joined_with_nobody_is_told(world: World) -> None:
    with pytest.raises(Problem, match="is joined with nobody"):
        world.desk.people.part("jane.doe@acme.example")
    with pytest.raises(Problem, match="one address of one person already"):
        world.desk.people.join("jane.doe@acme.example", "Jane.Doe@acme.example")


def test_three_addresses_are_one_person_and_one_of_them_can_leave(world: World) -> None:
    kinship = world.store.kinship
    kinship.save("a", "b", same=True)
    kinship.save("c", "b", same=True)
    assert kinship.read().heads == {"a": "a", "b": "a", "c": "a"}
    kinship.save("b", "c", same=False)
    assert kinship.read().heads == {"a": "a", "b": "a"}


def test_forgetting_one_address_forgets_the_person(world: World) -> None:
    meet_again(world, ELSEWHERE)
    (question,) = questions(world)
    world.desk.approve(question.id, world.now, HOUR)
    world.desk.people.forget("jane@other.example", world.now)
    world.calendar.events = ()
    world.run(minutes=5)
    assert world.store.people.list() == []
    assert world.store.kinship.read().heads == {}
    files = [file for file in (world.folder / "state").rglob("*") if file.is_file()]
    assert not any(
        b"jane.doe@acme" in file.read_bytes() or b"jane@other" in file.read_bytes() for file in files
    )


def test_a_contact_with_two_addresses_is_proof(tmp_path: Path) -> None:
    file = tmp_path / "contacts.json"
    jane = ("Jane Doe", ("jane@acme.example", "jane@home.example", "jane@club.example"))
    people = {"1": jane, "2": ("Office", ("jane@home.example",))}
    ContactFile(file).write(Contacts(NOON, "token", people))
    names = ContactNames(file)
    assert names.find_addresses("jane@acme.example") == ("jane@club.example",)
    assert names.find_addresses("jane@home.example") == ()
    assert names.find_addresses("tom@mill.example") == ()


def test_people_are_joined_and_parted_by_command(drafted: Shell) -> None:
    told = drafted.do("people", "join", "Jane Doe", "Tom Miller").stderr
    assert told == (
        "Jane Doe <jane@acme.example> and Tom Miller <tom@mill.example> are one person from now on."
        " To take it back: followupd people part tom@mill.example\n"
    )
    assert {row["email"]: row["same_as"] for row in drafted.rows("people")} == {
        "jane@acme.example": ["tom@mill.example"],
        "tom@mill.example": ["jane@acme.example"],
    }
    (event,) = drafted.rows("explain")
    assert sorted(person["reason"] for person in event["people"]) == ["duplicate", "guest", "owner"]
    assert "the same as tom@mill.example" in drafted.do("people", "Jane Doe").stdout
    assert (
        "is somebody else than Jane Doe <jane@acme.example>"
        in drafted.do("people", "part", "Tom Miller").stderr
    )
    assert [row["same_as"] for row in drafted.rows("people")] == [[], []]
    assert drafted.type("people", "part", "Tom Miller").exit_code == 1
    assert drafted.type("people", "join", "Tom Miller").exit_code == 2
