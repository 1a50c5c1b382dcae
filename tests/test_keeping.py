"""How long the state keeps what ended: items and their history for `keep`, people and touches for ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import JANE, TOM, World, meeting, open_world

from followupd.items import Kind, Status
from followupd.rules.followups import Limits

HOUR, KEEP = timedelta(hours=1), timedelta(days=100)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, limits=Limits(keep=KEEP)) as opened:
        opened.run()
        opened.now += timedelta(days=10)
        yield opened


def wait(world: World, days: int) -> None:
    """Let days pass, with a pass every week or so; a clock that leaps further is not believed at once."""
    for start in range(0, days, 10):
        world.run(days=min(10, days - start))


def count(world: World, table: str) -> int:
    number: int = world.store.database.rows(f"SELECT count(*) FROM {table}")[0][0]
    return number


def test_what_ended_long_ago_is_forgotten_with_its_history_and_never_comes_back(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE, TOM))
    world.set_event(meeting("mixer", world.now - HOUR, title="Chamber mixer"), listed=True)
    world.run()
    world.desk.finish(world.item("Jane Doe").id, "phone", world.now)
    world.desk.attend(world.desk.list_asked()[0].id, (), world.now)
    wait(world, 7 + 99)  # Tom's draft ends after seven days
    assert count(world, "followups") == 3
    wait(world, 3)
    assert [count(world, table) for table in ("followups", "steps", "attendances", "events")] == [0, 0, 0, 0]
    assert [person.name for person, last in world.desk.list_people() if last] == ["Jane Doe"]
    world.store.check()
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    before = box.calls["create"]
    for _ in range(3):
        world.run(days=1)
    assert (count(world, "followups"), box.calls["create"]) == (0, before)


def test_what_somebody_still_has_to_act_on_is_kept_however_old(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    jane = world.item("Jane Doe")
    world.desk.snooze(jane.id, world.now + 2 * KEEP, world.now)
    wait(world, 150)
    assert world.item("Jane Doe").status is Status.DRAFTED


def test_a_problem_goes_with_what_it_was_about(world: World) -> None:
    world.set_event(meeting("e1", world.now - HOUR, JANE))
    world.run()
    box = world.mailbox
    assert isinstance(box, MemoryMailbox)
    jane = world.item("Jane Doe")
    box.create(jane.raw or b"")
    world.run(minutes=5)
    assert [item.kind for item in world.store.followups({Status.NEEDS_INFO})] == [Kind.PROBLEM]
    world.desk.skip(jane.id, world.now)
    wait(world, 120)
    assert count(world, "followups") == 0
