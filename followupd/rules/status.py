"""Rule 5: the one table of legal moves. docs/design.md draws it; nothing changes a status but through it."""

from collections.abc import Mapping

from followupd.errors import Problem
from followupd.items import Status

MOVES: Mapping[Status, Mapping[Status, str]] = {
    Status.NEEDS_INFO: {
        Status.PLANNED: "the owner gave an address",
        Status.DONE: "the owner answered, or reached them another way",
        Status.SKIPPED: "the owner said no",
        Status.WITHDRAWN: "the event or the person is gone from the calendar",
        Status.EXPIRED: "seven days after the event nobody had answered",
    },
    Status.PLANNED: {
        Status.DRAFTED: "a draft lies in the mailbox",
        Status.HANDLED: "the mailbox shows that it was taken care of before",
        Status.SKIPPED: "the owner said no",
        Status.DONE: "the owner reached them another way",
        Status.WITHDRAWN: "the event or the person is gone from the calendar",
        Status.EXPIRED: "seven days passed",
    },
    Status.DRAFTED: {
        Status.APPROVED: "the owner said yes to exactly these bytes",
        Status.PLANNED: "the event was moved; it is drafted again when it is over",
        Status.HANDLED: "the owner took it out of Drafts and dealt with it",
        Status.SKIPPED: "the owner said no, or deleted the draft",
        Status.DONE: "the owner reached them another way",
        Status.WITHDRAWN: "the event or the person is gone and the draft was untouched",
        Status.EXPIRED: "seven days passed",
    },
    Status.APPROVED: {
        Status.SENDING: "the hold is over",
        Status.DRAFTED: "undone, changed since the approval, or the event is no longer what it was",
        Status.PLANNED: "the event was moved; it is drafted again when it is over",
        Status.HANDLED: "the owner took it out of Drafts and dealt with it",
        Status.SKIPPED: "the owner said no, or deleted the draft",
        Status.DONE: "the owner reached them another way",
        Status.WITHDRAWN: "the event or the person is gone and the draft was untouched",
    },
    Status.SENDING: {
        Status.SENT: "a server took the message, or the owner says that it went out",
        Status.HANDLED: "the owner's mail program has it, or nobody can tell whether it left",
        Status.APPROVED: "it certainly did not leave, or the owner had it sent again",
        Status.DRAFTED: "it changed in the last moment, so nothing left; or the owner put it back",
        Status.FAILED: "it was refused for good",
    },
    Status.SENT: {
        Status.ANSWERED: "they wrote back",
        Status.FAILED: "it came back undelivered",
    },
    Status.ANSWERED: {},
    Status.HANDLED: {
        Status.ANSWERED: "they wrote back",
        Status.FAILED: "it came back undelivered",
    },
    Status.SKIPPED: {
        Status.HANDLED: "the owner had dealt with the draft",
        Status.PLANNED: "the owner took it back",
        Status.NEEDS_INFO: "the owner took it back",
    },
    Status.DONE: {
        Status.HANDLED: "the owner had dealt with the draft",
        Status.PLANNED: "the owner took it back",
        Status.NEEDS_INFO: "the owner took it back",
    },
    Status.WITHDRAWN: {
        Status.PLANNED: "the event or the person is back",
        Status.NEEDS_INFO: "the event or the person is back",
        Status.SKIPPED: "the owner had deleted the draft",
        Status.HANDLED: "the owner had dealt with the draft",
    },
    Status.EXPIRED: {
        Status.PLANNED: "the owner took it up after all",
        Status.NEEDS_INFO: "the owner took it up after all",
    },
    Status.FAILED: {
        Status.PLANNED: "the owner had it tried again",
        Status.SKIPPED: "the owner said no",
        Status.DONE: "the owner reached them another way",
    },
}


def check_move(old: Status, new: Status) -> None:
    """Raise Problem unless the table allows `old` to become `new`."""
    if new not in MOVES[old]:
        raise Problem(
            f"A follow-up that is '{old}' cannot become '{new}'.",
            f"From '{old}' it can become: {', '.join(MOVES[old]) or 'nothing else; this is an end'}.",
        )
