"""What the steps about mailboxes share: one item at a time, looked up, attempted, its end written down.

Drafting is at-least-once made single by key and look-up; handing over is at most once; doubt stops and asks. The
steps themselves are noticing.py, placing.py and sending.py; every write is announced by an intent row first.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from followupd.errors import (
    AlreadyRunning,
    Changed,
    Doubt,
    MailboxProblem,
    NotYet,
    Problem,
    Refused,
    StateProblem,
    name_bug,
)
from followupd.items import By, FollowUp, Intent, Status
from followupd.mail import Draft, Look, Place
from followupd.model import Reason
from followupd.ports import Mailbox
from followupd.problems import open_problem
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store
from followupd.tracing import draft_columns, say_edited, trace_of

#: After so many failures of its own an item is put aside until the owner decides (Mailman's "bak count").
MAX_TRIES = 3
#: What an owner did with a draft that no longer lies in Drafts.
_ENDS = {
    Place.READY: "you moved it to Ready",
    Place.SENT: "it lies in your Sent folder",
    Place.GONE: "you sent or deleted it; which of the two followupd may not see",
}


class Mailing:
    """The mailboxes and the store, for one item at a time."""

    def __init__(self, store: Store, mailboxes: Mapping[str, Mailbox], clock: Callable[[], datetime]) -> None:
        self.store = store
        self.clock = clock
        self._mailboxes = mailboxes
        self._down: set[str] = set()
        self._stopping = False

    def begin_pass(self) -> None:
        """Look at every mailbox anew, also at those that failed in the last pass."""
        self._down.clear()
        for box in self._mailboxes.values():
            box.begin_pass()

    def close(self) -> None:
        """Let every mailbox go of its connection until the next pass."""
        for box in self._mailboxes.values():
            box.close()

    def stop(self) -> None:
        """Let the item at hand be the last one."""
        self._stopping = True

    def list_busy(self) -> set[int]:
        """Return the items with a write whose outcome is not known: nothing is done about them before it is."""
        return {intent.followup for intent in self.store.open_intents()}

    # --- one item, whatever goes wrong

    def attempt(self, item: FollowUp, act: Callable[[FollowUp], None], problems: list[Problem]) -> None:
        """Do one thing for one item; whatever goes wrong stops no other item. One put aside waits for its owner."""
        if self._stopping or item.mailbox in self._down or item.held is Reason.QUARANTINED:
            return
        try:
            act(item)
        except (StateProblem, AlreadyRunning):
            raise
        except Changed:
            pass  # somebody was quicker; the next pass sees what they did
        except Problem as problem:
            problems.append(problem)
            self._take_problem(item.id, problem)
        except Exception as error:  # noqa: BLE001 - a bug met by one item must not stop the others
            bug = name_bug(f"item {item.id}", error)
            problems.append(bug)
            self._take_problem(item.id, bug)

    def _take_problem(self, number: int, problem: Problem) -> None:
        """Wait for what passes by itself; put an item aside that fails again and again."""
        item = self.store.followup(number)
        if isinstance(problem, Doubt | NotYet | Refused):
            return  # a look settles the first after the grace; the others are about this one message
        if problem.temporary or isinstance(problem, MailboxProblem):
            self._down.add(item.mailbox)  # whatever it is, the other items would meet it too
        elif item.tries + 1 < MAX_TRIES:
            self.store.update(item, tries=item.tries + 1)
        else:
            with self.store.transaction():
                item = self.store.update(item, tries=0, held=Reason.QUARANTINED)
                open_problem(self.store, item, Reason.QUARANTINED, problem.what, self.clock())

    @contextmanager
    def refusal_closes(self, intent: Intent) -> Iterator[None]:
        """Close an intent whose write certainly did not happen; leave it open in doubt and after a crash."""
        try:
            yield
        except (Changed, MailboxProblem):
            self.store.close_intent(intent, "refused", self.clock())
            raise

    def mailbox(self, item: FollowUp) -> Mailbox:
        box = self._mailboxes.get(item.mailbox)
        if box is None:
            raise Problem(
                f"Item {item.id} belongs to mailbox '{item.mailbox}', which config.toml no longer names.",
                "Name that mailbox again, or skip the item.",
            )
        return box

    def look(self, item: FollowUp) -> Look:
        """Find an item's draft, leaving out what belongs to another item."""
        look = self.find(item, item.subject)
        drafts = tuple(draft for draft in look.drafts if not self.store.owns_draft(draft.id, item.id))
        if look.drafts and not drafts:
            return Look(Place.NOWHERE)
        return Look(look.place, drafts)

    def find(self, item: FollowUp, subject: str) -> Look:
        """Find an item's draft; one that nobody is sending any more is first brought home to Drafts or Sent.

        No intent announces that: nothing leaves by it, and where the message lies says what is left to do.
        """
        box, trace = self.mailbox(item), trace_of(item, subject)
        look = box.look(trace)
        if look.place is not Place.SENDING or item.status is Status.SENDING:
            return look
        for draft in look.drafts:
            box.settle(draft, Place.SENT if item.status is Status.SENT else Place.DRAFTS)
        return box.look(trace)

    # --- what became of an item

    def is_there(self, item: FollowUp, look: Look) -> bool:
        """Tell whether the mailbox knows this message, besides a copy in the trash from before it was taken up again."""
        old_copy = look.place is Place.TRASH and self.store.was_drafted(item.id)
        return look.place is not Place.NOWHERE and not old_copy

    def adopt(self, item: FollowUp, look: Look) -> None:
        """Take what the mailbox already holds for this item as its draft, or as its end."""
        if look.place is not Place.DRAFTS:
            self.record_end(item, look.place)
        elif len(look.drafts) > 1:
            self.ask_about_two(item)
        else:
            why = say_edited(item, look.drafts[0], "it already lay in the mailbox")
            self.record_draft(item, look.drafts[0], By.DAEMON, why)

    def record_draft(self, item: FollowUp, draft: Draft, by: By, why: str) -> None:
        """Note the draft that lies in the mailbox; an edit from the desk that did not get there yet still will."""
        if item.edited and draft.hash == item.placed_hash:
            self.store.move(item, Status.DRAFTED, self.clock(), by, why, {"draft_id": draft.id, "tries": 0})
            return
        changes = draft_columns(draft) | {"edited": item.edited or draft.hash != item.hash, "tries": 0}
        self.store.move(item, Status.DRAFTED, self.clock(), by, why, changes)

    def ask_about_two(self, item: FollowUp) -> None:
        why = "more than one draft for this follow-up lies in the mailbox; delete all but one"
        with self.store.transaction():
            if item.status is Status.APPROVED:
                item = self.store.move(item, Status.DRAFTED, self.clock(), By.DAEMON, why, NO_APPROVAL)
            open_problem(self.store, item, Reason.DUPLICATE, why, self.clock())

    def end_approval(self, item: FollowUp, draft: Draft) -> None:
        """Ask for a new yes: the mailbox holds other bytes than the approved ones."""
        changes = draft_columns(draft) | NO_APPROVAL | {"edited": True}
        why = say_edited(item, draft, "it changed since you approved it; look at it again")
        self.store.move(item, Status.DRAFTED, self.clock(), By.MAILBOX, why, changes)

    def record_end(self, item: FollowUp, place: Place) -> None:
        """Note that the draft left Drafts by the owner's hand."""
        if place in {Place.TRASH, Place.NOWHERE}:
            self.end(item, Status.SKIPPED, By.MAILBOX, "you deleted the draft")
        else:
            self.end(item, Status.HANDLED, By.MAILBOX, _ENDS[place])

    def record_left(self, item: FollowUp, place: Place) -> None:
        if place is Place.SENT:
            self.end(item, Status.SENT, By.DAEMON, "the server took it")
        else:
            self.end(item, Status.HANDLED, By.DAEMON, self.mailbox(item).ready_note)

    def end(self, item: FollowUp, status: Status, by: By, why: str) -> None:
        """Note that a draft is no longer ours to wait for.

        What was sent keeps its draft's id until a later look sees the copy in Sent.
        """
        changes = {"held": None} if status is Status.SENT else {"draft_id": None, "held": None}
        with self.store.transaction():
            self.store.move(item, status, self.clock(), by, why, changes)
            if status in {Status.HANDLED, Status.SENT}:
                self.store.add_touch(item, "email", self.clock())
