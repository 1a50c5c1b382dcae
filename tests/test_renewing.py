"""What changed after drafting: a draft that is still ours follows, the owner's own text stays and is only flagged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import HOLD, JANE, TOM, World, meeting, open_world

from followupd.errors import Problem
from followupd.items import FollowUp, Status
from followupd.mail import Draft
from followupd.model import Event, Reason
from followupd.rules.reading import read_message
from followupd.rules.recipes import Recipe, make_recipe, name_changes, read_recipe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.run()
        opened.now += timedelta(days=10)
        opened.set_event(event(opened))
        opened.run()
        yield opened


def event(world: World) -> Event:
    """Return a meetup with Jane that ended an hour before the first draft."""
    return meeting("e1", datetime(2026, 11, 28, 11, tzinfo=world.now.tzinfo), JANE)


def box(world: World) -> MemoryMailbox:
    assert isinstance(world.mailbox, MemoryMailbox)
    return world.mailbox


def only_draft(world: World) -> Draft:
    (draft,) = box(world).drafts.values()
    return draft


def text(world: World) -> str:
    return read_message(only_draft(world).raw).text


def told(world: World) -> list[str]:
    return [step.why for step in world.store.history(world.item("Jane Doe").id)]


def is_written_to(world: World, address: str) -> bool:
    return any(address.encode() in draft.raw for draft in box(world).drafts.values())


def approve(world: World) -> FollowUp:
    return world.desk.approve(world.item("Jane Doe").id, world.now, HOLD)


def edit(world: World) -> None:
    """Let the owner write a line of their own in their mail program."""
    draft = only_draft(world)
    box(world).owner_edits(draft.id, draft.raw.replace(b"I am glad we met", b"I am so glad we met at last"))
    world.run()
    assert world.item("Jane Doe").edited


# --- notes, promises, templates


def test_a_promise_that_comes_later_is_kept_in_a_draft_that_is_still_ours(world: World) -> None:
    before = only_draft(world)
    world.desk.add_note(world.item("Jane Doe").id, world.now, promise="the name of our printer")
    world.run(minutes=5)
    assert "the name of our printer" in text(world)
    item = world.item("Jane Doe")
    assert (item.template, item.edited) == ("promise-kept.md", False)
    assert read_message(before.raw).message_id == read_message(only_draft(world).raw).message_id
    assert told(world)[-1] == "what you noted or promised changed, so it was written anew"
    calls = box(world).calls["replace"]
    world.run(minutes=5)
    assert box(world).calls["replace"] == calls == 1


def test_an_approval_of_what_is_written_anew_is_void(world: World) -> None:
    approved = approve(world)
    world.desk.add_note(approved.id, world.now, promise="the name of our printer")
    world.run(minutes=5)
    item = world.item("Jane Doe")
    assert (item.status, item.approved_hash, box(world).ready) == (Status.DRAFTED, None, [])
    assert item.outcome.endswith("so it was written anew; it needs a new yes")
    approve(world)
    world.run(minutes=2)
    assert b"the name of our printer" in box(world).ready[0].raw


def test_a_note_that_changes_no_word_leaves_the_approval(world: World) -> None:
    approved = approve(world)
    world.desk.add_note(approved.id, world.now, "knows the mayor, talks a lot")
    world.run(minutes=2)
    assert world.status("Jane Doe") is Status.HANDLED


@pytest.mark.parametrize("where", ["desk", "mailbox"])
def test_the_owners_own_text_stays_and_the_history_says_so(world: World, where: str) -> None:
    if where == "mailbox":
        edit(world)
    else:
        world.desk.edit(world.item("Jane Doe").id, world.now, body="Dear Jane, in my words.")
        world.run()
    mine = only_draft(world)
    world.desk.add_note(world.item("Jane Doe").id, world.now, promise="the name of our printer")
    world.run(minutes=5)
    world.run(minutes=5)
    assert only_draft(world) == mine
    hint = "what you noted or promised changed; you edited the draft, so your text stays"
    assert told(world).count(hint) == 1


def test_an_edit_in_the_very_moment_it_is_written_anew_wins(world: World) -> None:
    draft = only_draft(world)
    theirs = draft.raw.replace(b"I am glad we met", b"I am so glad we met at last")
    world.desk.add_note(world.item("Jane Doe").id, world.now, promise="the name of our printer")
    box(world).faults = [("replace", "refused")]
    world.run(minutes=5)
    box(world).owner_edits(draft.id, theirs)
    world.run(minutes=5)
    world.run(minutes=5)
    assert only_draft(world).raw == theirs
    assert world.item("Jane Doe").edited


def write_template(world: World, name: str, body: str) -> None:
    folder = world.folder / "templates"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(f"Subject: Hello\n\n{body}\n")


def test_a_changed_template_is_followed_and_other_templates_are_nobodys_business(world: World) -> None:
    before = only_draft(world)
    write_template(world, "late", "Dear {{ person.first_name }}, late but warm.")
    world.run(minutes=5)
    assert only_draft(world) == before
    write_template(world, "new-acquaintance", "Dear {{ person.first_name }}, in new words.")
    world.run(minutes=5)
    assert text(world).startswith("Dear Jane, in new words.")
    assert told(world)[-1] == "its template changed, so it was written anew"


def test_a_note_goes_only_where_something_still_waits(world: World) -> None:
    number = world.item("Jane Doe").id
    world.desk.add_note(number, world.now, "first")
    world.desk.add_note(number, world.now, "second")
    assert "you wrote down your note; before it said note: first" in told(world)
    world.desk.skip(number, world.now)
    with pytest.raises(Problem, match="a note goes to a follow-up that still waits"):
        world.desk.add_note(number, world.now, "third")


# --- what a recipe is made of


def test_a_recipe_takes_in_what_its_template_takes_in(world: World) -> None:
    sources = {
        "a.md": '{% extends "base.md" %}',
        "base.md": "x {%- include 'sign.md' %}",
        "sign.md": "--",
        "b.md": "b",
    }
    known = make_recipe("a.md", sources, "", "", world.now)
    assert read_recipe(known.write()) == known
    assert make_recipe("a.md", sources | {"sign.md": "- -"}, "", "", world.now) != known
    assert make_recipe("a.md", sources | {"b.md": "c"}, "", "", world.now) == known
    circle = {"a.md": '{% include "a.md" %}'}
    assert make_recipe("a.md", circle, "", "", world.now) == make_recipe("a.md", circle, "", "", world.now)


def test_what_changed_is_named() -> None:
    one = Recipe("t", "w", "e")
    assert name_changes(one, Recipe("u", "w", "f")) == "its template and the time of its event"
    assert name_changes(one, Recipe("t", "x", "e")) == "what you noted or promised"


# --- the event: cancelled, moved, emptied, gone; whatever became of the draft


def change_event(world: World, change: str) -> None:
    known = event(world)
    if change == "cancelled":
        world.set_event(known, cancelled=True)
    elif change == "emptied":
        world.set_event(known, attendees=(*known.attendees[:-1], TOM))
    elif change == "gone":
        world.calendar.events = ()
    elif change == "later":
        world.set_event(known, start=known.start + 2 * DAY, end=known.end + 2 * DAY)
    else:
        world.set_event(known, start=known.start - DAY, end=known.end - DAY)


def bring_about(world: World, stage: str) -> None:
    """Have the draft waiting, snoozed, approved, edited, or edited and approved."""
    if "edited" in stage:
        edit(world)
    if "snoozed" in stage:
        world.desk.snooze(world.item("Jane Doe").id, world.now + 3 * HOUR, world.now)
    if "approved" in stage:
        approve(world)


UNTOUCHED, TOUCHED = ("waiting", "snoozed", "approved"), ("edited", "edited snoozed", "edited approved")
TAKEN_BACK = {"cancelled": Reason.CANCELLED, "emptied": Reason.PERSON_GONE, "gone": Reason.GONE}


@pytest.mark.parametrize("stage", UNTOUCHED)
@pytest.mark.parametrize("change", TAKEN_BACK)
def test_an_untouched_draft_is_withdrawn_when_its_event_is_no_more(
    world: World, change: str, stage: str
) -> None:
    bring_about(world, stage)
    change_event(world, change)
    world.run(minutes=30)
    item = world.item("Jane Doe")
    assert (item.status, item.held, item.approved_hash) == (Status.WITHDRAWN, TAKEN_BACK[change], None)
    assert not is_written_to(world, "jane.doe@acme.example")
    assert box(world).ready == []


@pytest.mark.parametrize("stage", TOUCHED)
@pytest.mark.parametrize("change", TAKEN_BACK)
def test_an_edited_draft_is_flagged_and_its_approval_void_when_its_event_is_no_more(
    world: World, change: str, stage: str
) -> None:
    bring_about(world, stage)
    mine = only_draft(world)
    change_event(world, change)
    world.run(minutes=30)
    item = world.item("Jane Doe")
    assert (item.status, item.held, item.approved_hash) == (Status.DRAFTED, TAKEN_BACK[change], None)
    assert mine in box(world).drafts.values()
    with pytest.raises(Problem, match="is held"):
        approve(world)


@pytest.mark.parametrize("stage", UNTOUCHED)
def test_an_untouched_draft_waits_for_the_end_of_an_event_that_is_moved_ahead(
    world: World, stage: str
) -> None:
    bring_about(world, stage)
    change_event(world, "later")
    world.run(minutes=30)
    assert (world.status("Jane Doe"), box(world).drafts, box(world).ready) == (Status.PLANNED, {}, [])
    world.run(days=2)
    assert world.status("Jane Doe") is Status.DRAFTED


@pytest.mark.parametrize("stage", TOUCHED)
def test_an_edited_draft_is_flagged_until_its_event_that_is_moved_ahead_is_over(
    world: World, stage: str
) -> None:
    bring_about(world, stage)
    mine = only_draft(world)
    change_event(world, "later")
    world.run(minutes=30)
    item = world.item("Jane Doe")
    assert (item.status, item.held, only_draft(world)) == (Status.DRAFTED, Reason.MOVED, mine)
    world.run(days=2)
    assert (world.item("Jane Doe").held, only_draft(world)) == (None, mine)


@pytest.mark.parametrize("stage", UNTOUCHED)
def test_an_untouched_draft_of_an_event_that_was_on_another_day_says_the_right_one(
    world: World, stage: str
) -> None:
    write_template(world, "new-acquaintance", "Dear {{ person.first_name }}, on {{ event.weekday }}.")
    world.run()
    assert "on Saturday" in text(world)
    bring_about(world, stage)
    change_event(world, "earlier")
    world.run(minutes=30)
    assert "on Friday" in text(world)
    item = world.item("Jane Doe")
    assert (item.status, item.approved_hash) == (Status.DRAFTED, None)
    assert item.deadline == event(world).end + DAY


@pytest.mark.parametrize("stage", TOUCHED)
def test_an_edited_draft_of_an_event_that_was_on_another_day_stays_and_needs_a_new_yes(
    world: World, stage: str
) -> None:
    bring_about(world, stage)
    mine = only_draft(world)
    change_event(world, "earlier")
    world.run(minutes=30)
    item = world.item("Jane Doe")
    assert (item.status, item.approved_hash, only_draft(world)) == (Status.DRAFTED, None, mine)
    assert any("the time of its event changed" in why for why in told(world))


@pytest.mark.parametrize("change", [*TAKEN_BACK, "later"])
def test_what_waits_for_its_draft_gets_none_when_its_event_is_no_more(world: World, change: str) -> None:
    world.desk.skip(world.item("Jane Doe").id, world.now)
    world.run()
    world.desk.undo(world.item("Jane Doe").id, world.now)
    change_event(world, change)
    world.run(minutes=5)
    assert world.status("Jane Doe") is (Status.PLANNED if change == "later" else Status.WITHDRAWN)
    assert not is_written_to(world, "jane.doe@acme.example")


def test_a_renamed_event_changes_nothing_for_its_draft(world: World) -> None:
    before = only_draft(world)
    world.set_event(replace(event(world), title="Founders meetup, room 2"))
    world.run(minutes=5)
    assert only_draft(world) == before


def test_nothing_holds_what_is_asked_again_once_its_event_is_back(world: World) -> None:
    asked = meeting("asked", world.now - HOUR)
    world.set_event(asked)
    world.run()
    (debrief,) = world.store.followups_of("asked")
    world.set_event(asked, cancelled=True)
    world.run()
    assert world.store.followup(debrief.id).held is Reason.CANCELLED
    world.set_event(asked)
    world.run()
    back = world.store.followup(debrief.id)
    assert (back.status, back.held) == (Status.NEEDS_INFO, None)
