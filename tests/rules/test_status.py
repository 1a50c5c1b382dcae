"""Every pair of statuses: the moves written down here are legal, and no other is."""

import itertools

import pytest

from followupd.errors import Problem
from followupd.items import IN_MAILBOX, OPEN, Status
from followupd.rules.status import MOVES, check_move

#: Written out by hand from DESIGN.md, "What lies in the queue", and docs/design.md.
LEGAL = {
    "needs-info": "planned done skipped withdrawn expired",
    "planned": "drafted handled skipped done withdrawn expired",
    "drafted": "approved planned handled skipped done withdrawn expired",
    "approved": "sending drafted planned handled skipped done withdrawn",
    "sending": "sent handled approved drafted failed",
    "sent": "answered failed",
    "answered": "",
    "handled": "answered failed",
    "skipped": "handled planned needs-info",
    "done": "handled planned needs-info",
    "withdrawn": "planned needs-info skipped handled",
    "expired": "planned needs-info",
    "failed": "planned skipped done",
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Status, Status)))
def test_a_move_is_legal_exactly_when_it_is_in_the_table(old: Status, new: Status) -> None:
    if new in LEGAL[old].split():
        check_move(old, new)
        return
    with pytest.raises(Problem) as refusal:
        check_move(old, new)
    assert f"'{old}' cannot become '{new}'" in refusal.value.what
    assert all(word in refusal.value.todo for word in LEGAL[old].split())


def test_every_status_has_its_place_in_the_table_and_every_move_its_cause() -> None:
    assert set(MOVES) == set(Status)
    assert all(cause for moves in MOVES.values() for cause in moves.values())


def test_every_status_can_be_reached_from_the_first_two() -> None:
    reached = {Status.NEEDS_INFO, Status.PLANNED}
    for _ in Status:
        reached |= {new for old in reached for new in MOVES[old]}
    assert reached == set(Status)


def test_only_what_was_approved_is_on_its_way_and_only_what_was_on_its_way_is_sent() -> None:
    assert [old for old in Status if Status.SENDING in MOVES[old]] == [Status.APPROVED]
    assert [old for old in Status if Status.SENT in MOVES[old]] == [Status.SENDING]
    assert [old for old in Status if Status.APPROVED in MOVES[old]] == [Status.DRAFTED, Status.SENDING]


def test_open_means_that_somebody_still_has_to_act() -> None:
    assert {str(status) for status in OPEN} == {"needs-info", "planned", "drafted", "approved", "sending"}
    assert {str(status) for status in IN_MAILBOX} == {"drafted", "approved", "sending"}
    assert IN_MAILBOX < OPEN
