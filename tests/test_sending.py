"""What leaves, what stays and what the owner is asked, with a mailbox that sends and a server that does not always answer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from memory import MemoryMailbox
from week import World, guest, meeting, open_world

from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.model import Reason
from followupd.rules.followups import Limits

JANE = "jane.doe@acme.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world in which Jane's follow-up is approved and its hold nearly over; its mailbox sends by SMTP."""
    with open_world(tmp_path, MemoryMailbox("box", marks=True), Limits(sends_per_day=3)) as opened:
        write_to(opened, "Jane Doe")
        yield opened


def write_to(world: World, *names: str) -> None:
    """Let an event with these people end, and say yes to every follow-up."""
    end = world.now - timedelta(hours=1)
    world.set_event(meeting(f"with {', '.join(names)}", end, *map(guest, names)))
    world.run()
    for name in names:
        world.approve(name)


def box(world: World) -> MemoryMailbox:
    assert isinstance(world.mailbox, MemoryMailbox)
    return world.mailbox


def pass_days(world: World, days: float, step: timedelta = timedelta(minutes=5)) -> None:
    for _ in range(int(timedelta(days=days) / step)):
        world.run(seconds=step.total_seconds())


def find_problem(world: World) -> FollowUp | None:
    problems = [item for item in world.store.followups({Status.NEEDS_INFO}) if item.kind is Kind.PROBLEM]
    assert len(problems) <= 1
    return problems[0] if problems else None


def lose_the_answer(world: World, fault: str = "lost") -> FollowUp:
    """Let the mail to Jane go without an answer; return what the owner is asked."""
    box(world).faults = [("hand_over", fault)]
    for _ in range(5):
        world.run(minutes=5)
    problem = find_problem(world)
    assert problem is not None
    assert problem.reason is Reason.DOUBT
    assert problem.why == f"it may have gone out to {JANE}: the answer of the server got lost"
    return problem


# --- an answer that got lost


@pytest.mark.parametrize(("fault", "delivered"), [("lost", 1), ("dropped", 0)])
def test_a_mail_whose_answer_got_lost_waits_for_the_owner_and_is_never_sent_again_by_itself(
    world: World, fault: str, delivered: int
) -> None:
    lose_the_answer(world, fault)
    pass_days(world, 9, timedelta(hours=1))
    assert (world.status("Jane Doe"), world.item("Jane Doe").held) == (Status.SENDING, Reason.DOUBT)
    assert box(world).calls["hand_over"] == 1
    assert len(box(world).delivered) == delivered
    assert find_problem(world) is not None


def test_the_owner_says_that_it_went_out_and_the_copy_comes_to_sent(world: World) -> None:
    problem = lose_the_answer(world)
    world.desk.finish(problem.id, "email", world.now)
    world.run(minutes=1)
    item = world.item("Jane Doe")
    assert (item.status, item.outcome) == (Status.SENT, "you said that it went out")
    assert (box(world).sending, [draft.raw for draft in box(world).sent]) == ([], [item.raw])
    assert find_problem(world) is None
    assert world.store.last_touch(JANE, 0) is not None


def test_the_owner_has_it_sent_again_with_a_hold_to_undo_it(world: World) -> None:
    problem = lose_the_answer(world, "dropped")
    item = world.desk.approve(problem.id, world.now, world.limits.hold)
    assert (item.name, item.status, item.leaves_at) == (
        "Jane Doe",
        Status.APPROVED,
        world.now + world.limits.hold,
    )
    world.run(minutes=1)
    assert [draft.raw for draft in box(world).drafts.values()] == [item.raw], "back in Drafts meanwhile"
    world.run(minutes=1)
    assert world.status("Jane Doe") is Status.SENT
    assert [draft.raw for draft in box(world).delivered] == [item.raw]


def test_sending_again_can_be_undone_and_the_draft_lies_in_drafts_again(world: World) -> None:
    problem = lose_the_answer(world, "dropped")
    item = world.desk.approve(problem.id, world.now, world.limits.hold)
    world.desk.undo(item.id, world.now)
    pass_days(world, 0.1)
    assert world.status("Jane Doe") is Status.DRAFTED
    assert (len(box(world).drafts), box(world).sending, box(world).delivered) == (1, [], [])


def test_the_owner_leaves_it_and_is_not_asked_again(world: World) -> None:
    problem = lose_the_answer(world)
    world.desk.skip(problem.id, world.now)
    pass_days(world, 1)
    assert (world.status("Jane Doe"), find_problem(world)) == (Status.HANDLED, None)
    assert (len(box(world).delivered), len(box(world).sending)) == (1, 1)


@pytest.mark.parametrize(("place", "status"), [("drafts", Status.DRAFTED), ("sent", Status.SENT)])
def test_the_owner_may_settle_it_in_the_mail_program(world: World, place: str, status: Status) -> None:
    lose_the_answer(world)
    [draft] = box(world).sending
    box(world).sending = []
    if place == "drafts":
        box(world).drafts[draft.id] = draft
    else:
        box(world).sent.append(draft)
    world.run(minutes=5)
    assert (world.status("Jane Doe"), find_problem(world)) == (status, None)
    assert world.item("Jane Doe").approved_hash is None or status is Status.SENT


def test_only_mail_can_be_what_went_out(world: World) -> None:
    problem = lose_the_answer(world)
    with pytest.raises(Problem, match="not a follow-up to a person"):
        world.desk.finish(problem.id, "phone", world.now)


def test_a_copy_that_could_not_be_filed_is_filed_by_the_next_pass(world: World) -> None:
    box(world).faults = [("hand_over", "unfiled")]
    world.run(minutes=5)
    assert (world.status("Jane Doe"), len(box(world).sending)) == (Status.SENT, 1)
    world.run(minutes=5)
    assert (len(box(world).sent), box(world).sending, world.store.leftovers()) == (1, [], [])


# --- a message the server will not take


def test_a_refused_mail_fails_in_the_servers_words_and_its_draft_stays_to_be_corrected(world: World) -> None:
    box(world).faults = [("hand_over", "never")]
    world.run(minutes=5)
    pass_days(world, 9, timedelta(hours=1))
    problem = find_problem(world)
    assert problem is not None
    assert (world.status("Jane Doe"), problem.reason) == (Status.FAILED, Reason.REFUSED)
    assert problem.why == "The server refused to hand_over. Look at it again."
    assert (len(box(world).drafts), box(world).calls["hand_over"]) == (1, 1)


def test_a_refused_mail_that_was_corrected_needs_a_new_yes(world: World) -> None:
    box(world).faults = [("hand_over", "never")]
    world.run(minutes=5)
    [draft] = box(world).drafts.values()
    corrected = draft.raw.replace(b"jane.doe@acme", b"jane@acme")
    box(world).owner_edits(draft.id, corrected)
    problem = find_problem(world)
    assert problem is not None
    world.desk.approve(problem.id, world.now, world.limits.hold)
    pass_days(world, 0.1)
    item = world.item("Jane Doe")
    assert (item.status, item.raw, find_problem(world)) == (Status.DRAFTED, corrected, None)
    assert box(world).delivered == []
    world.approve("Jane Doe")
    world.run(minutes=5)
    assert [sent.raw for sent in box(world).delivered] == [corrected]


def test_a_refused_mail_can_be_given_up_and_its_draft_goes(world: World) -> None:
    box(world).faults = [("hand_over", "never")]
    world.run(minutes=5)
    world.desk.finish(world.item("Jane Doe").id, "phone", world.now)
    world.run(minutes=5)
    assert (world.status("Jane Doe"), box(world).drafts, find_problem(world)) == (Status.DONE, {}, None)


def test_a_mail_put_off_is_tried_later_and_later_and_once_more_before_its_deadline(world: World) -> None:
    box(world).faults = [("hand_over", "not yet")] * 99
    start, tries = world.now, list[timedelta]()
    while world.now < world.item("Jane Doe").deadline:
        before = box(world).calls["hand_over"]
        world.run(minutes=5)
        if box(world).calls["hand_over"] > before:
            tries.append(world.now - start)
    minutes = [int(when.total_seconds()) // 60 for when in tries]
    assert minutes[:6] == [5, 10, 25, 70, 190, 310]
    deadline = 47 * 60  # the event was over an hour before the start
    assert minutes[-1] == deadline - 10
    assert world.status("Jane Doe") is Status.APPROVED
    box(world).faults = []
    pass_days(world, 0.1)
    assert (world.status("Jane Doe"), len(box(world).delivered)) == (Status.SENT, 1)


def test_one_mail_put_off_stops_no_other(world: World) -> None:
    box(world).faults = [("hand_over", "not yet")]
    write_to(world, "Tom Miller")
    world.run(minutes=5)
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.APPROVED, Status.SENT)


# --- a server that is away, a limit, an approval that grows old


def test_a_server_that_is_away_leaves_one_line_and_no_history(world: World) -> None:
    box(world).faults = [("open", "refused")] * 5
    steps = len(world.store.history(world.item("Jane Doe").id))
    for _ in range(5):
        assert [problem.what for problem in world.run(minutes=5).problems] == ["The server refused to open."]
    item = world.item("Jane Doe")
    assert (item.status, item.held, item.outcome) == (
        Status.APPROVED,
        Reason.SERVER,
        "The server refused to open.",
    )
    assert len(world.store.history(item.id)) == steps
    world.run(minutes=5)
    assert (world.status("Jane Doe"), world.item("Jane Doe").held) == (Status.SENT, None)


def test_no_more_leave_in_any_24_hours_than_the_server_takes_and_the_rest_follows(world: World) -> None:
    names = [f"{first} Reed" for first in ("Ann", "Ben", "Cleo", "Dan", "Eva", "Fay")]
    write_to(world, *names)
    left: list[timedelta] = []
    start = world.now
    for _ in range(3 * 24 * 4):
        before = len(box(world).delivered)
        world.run(minutes=15)
        left += [world.now - start] * (len(box(world).delivered) - before)
        if len(left) == 3:
            assert world.item("Eva Reed").held is Reason.SEND_LIMIT
    first, day = timedelta(minutes=15), timedelta(days=1)
    assert left == [first] * 3 + [first + day] * 3 + [first + 2 * day]


def test_an_approval_does_not_outlive_its_follow_up(world: World) -> None:
    box(world).faults = [("open", "refused")] * 999
    pass_days(world, 7.5, timedelta(hours=1))
    assert (world.status("Jane Doe"), box(world).delivered) == (Status.EXPIRED, [])
    assert "it could not leave for seven days; what it says may no longer be true" in [
        step.why for step in world.store.history(world.item("Jane Doe").id)
    ]


def test_what_several_mails_met_is_told_once(world: World) -> None:
    write_to(world, "Tom Miller")
    box(world).faults = [("hand_over", "not yet")] * 2
    assert world.run(minutes=5).say() == ["The server refused to hand_over. Look at it again."]
