"""The cycle's dealings with mailboxes: steps two, four and five. Every write is announced by an intent row first.

Drafting is at-least-once made single by key and look-up; handing over is at most once; doubt stops and asks.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from followupd.errors import AlreadyRunning, Changed, Doubt, MailboxProblem, Problem, StateProblem, name_bug
from followupd.items import Act, By, FollowUp, Intent, Status
from followupd.mail import Draft, Look, Place
from followupd.model import Reason
from followupd.ports import Mailbox
from followupd.problems import close_problem, open_problem
from followupd.rules.followups import Limits
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store
from followupd.tracing import draft_columns, pick_draft, say_edited, trace_of

#: After so many failures of its own an item is put aside until the owner decides (Mailman's "bak count").
MAX_TRIES = 3
_DAY = timedelta(days=1)


class Mailing:
    """Notices what the owner did with drafts, places new ones, and lets approved ones go."""

    def __init__(
        self,
        store: Store,
        mailboxes: Mapping[str, Mailbox],
        write: Callable[[FollowUp], Mapping[str, Any]],
        find_obstacle: Callable[[FollowUp], Reason | None],
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        """`write` returns the columns of a new message; `find_obstacle` knows the event afresh."""
        self._store = store
        self._mailboxes = mailboxes
        self._write = write
        self._find_obstacle = find_obstacle
        self._limits = limits
        self._clock = clock
        self._down: set[str] = set()

    # --- 2 notice_decisions

    def notice_decisions(self, problems: list[Problem]) -> None:
        """Settle unknown outcomes, then compare every waiting draft with the mailbox: edited, deleted, moved, as it was."""
        self._down.clear()
        for intent in self._store.open_intents():
            self._attempt(self._store.followup(intent.followup), self._settle_with(intent), problems)
        busy = self._list_busy()
        for item in self._store.followups({Status.DRAFTED, Status.APPROVED}):
            if item.id not in busy:
                self._attempt(item, self._notice, problems)

    def _notice(self, item: FollowUp) -> None:
        look = self._look(item)
        if look.place is not Place.DRAFTS:
            self._record_end(item, look.place)
        elif len(look.drafts) > 1:
            self._ask_about_two(item)
        else:
            close_problem(self._store, item, self._clock(), "only one draft is left")
            self._notice_draft(item, look.drafts[0])

    def _notice_draft(self, item: FollowUp, draft: Draft) -> None:
        if draft.hash == item.placed_hash:
            if draft.id != item.draft_id:
                self._store.update(item, draft_id=draft.id)
            return
        if item.status is Status.APPROVED:
            self._end_approval(item, draft)
        else:
            changes = draft_columns(draft) | {"edited": True}
            why = say_edited(item, draft, "you edited the draft in your mailbox")
            self._store.note_step(item, self._clock(), By.MAILBOX, why, changes)

    def _end_approval(self, item: FollowUp, draft: Draft) -> None:
        """Ask for a new yes: the mailbox holds other bytes than the approved ones."""
        changes = draft_columns(draft) | NO_APPROVAL | {"edited": True}
        why = say_edited(item, draft, "it changed since you approved it; look at it again")
        self._store.move(item, Status.DRAFTED, self._clock(), By.MAILBOX, why, changes)

    def _record_end(self, item: FollowUp, place: Place) -> None:
        """Note that the draft left Drafts by the owner's hand."""
        if place in {Place.TRASH, Place.NOWHERE}:
            self._end(item, Status.SKIPPED, By.MAILBOX, "you deleted the draft")
        else:
            why = "you moved it to Ready" if place is Place.READY else "it lies in your Sent folder"
            self._end(item, Status.HANDLED, By.MAILBOX, why)

    def _end(self, item: FollowUp, status: Status, by: By, why: str) -> None:
        with self._store.transaction():
            self._store.move(item, status, self._clock(), by, why, {"draft_id": None})
            if status in {Status.HANDLED, Status.SENT}:
                self._store.add_touch(item, "email", self._clock())

    def _ask_about_two(self, item: FollowUp) -> None:
        why = "more than one draft for this follow-up lies in the mailbox; delete all but one"
        with self._store.transaction():
            if item.status is Status.APPROVED:
                item = self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, NO_APPROVAL)
            open_problem(self._store, item, Reason.DUPLICATE, why, self._clock())

    # --- the outcome of writes that were announced and never recorded

    def _settle_with(self, intent: Intent) -> Callable[[FollowUp], None]:
        return lambda item: self._settle(intent, item)

    def _settle(self, intent: Intent, item: FollowUp) -> None:
        if self._clock() - intent.made_at < self._mailbox(item).grace:
            return  # a look would not show yet what the write did
        look = self._look(item)
        new, old = pick_draft(look, intent.hash), pick_draft(look, item.placed_hash)
        if intent.act is Act.REPLACE and new and old and new.id != old.id:
            self._mailbox(item).remove(old)  # the half-done replace left it beside the new one
        with self._store.transaction():
            self._store.close_intent(intent, "looked up", self._clock())
            if intent.act is Act.HAND_OVER:
                self._settle_hand_over(item, look)
            elif intent.act is Act.REMOVE:
                self._settle_remove(item, look)
            elif item.status is Status.PLANNED and self._is_there(item, look):
                self._adopt(item, look)
            elif intent.act is Act.CREATE and look.place is Place.DRAFTS:
                # Decided on meanwhile, so it is no longer wanted: _take_out compares it with what was to lie there.
                self._store.update(item, draft_id=look.drafts[0].id, placed_hash=intent.hash)
            elif new is not None:
                self._store.update(item, draft_id=new.id, placed_hash=new.hash)

    def _settle_remove(self, item: FollowUp, look: Look) -> None:
        if look.place is Place.DRAFTS:
            return  # it was not done; _take_out tries again
        if item.status is Status.PLANNED and look.place in {Place.TRASH, Place.NOWHERE}:
            self._ask_about_gone(item)
        elif item.status in {Status.PLANNED, Status.WITHDRAWN}:
            self._record_end(item, look.place)
        else:
            self._store.update(item, draft_id=None)

    def _ask_about_gone(self, item: FollowUp) -> None:
        """Stop before a draft the owner may have deleted is written again."""
        why = "its draft went while followupd was interrupted; whether you deleted it cannot be told. Write it again?"
        item = self._store.update(item, draft_id=None, held=Reason.QUARANTINED)
        open_problem(self._store, item, Reason.GONE, why, self._clock())

    def _settle_hand_over(self, item: FollowUp, look: Look) -> None:
        if look.place in {Place.READY, Place.SENT}:
            self._record_left(item, look.place)
        elif look.place is not Place.DRAFTS:
            why = "it is gone from Drafts; whether it left cannot be told from here"
            self._end(item, Status.HANDLED, By.DAEMON, why)
        elif self._mailbox(item).sends:
            why = "nobody answered when it was to leave; it is still here. Approve it again if it did not arrive"
            self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, NO_APPROVAL)
        else:
            self._store.move(item, Status.APPROVED, self._clock(), By.DAEMON, "it was not moved; once more")

    # --- 4 place_drafts

    def place_drafts(self, problems: list[Problem]) -> None:
        """Take out, replace and put in what the state asks for, oldest deadline first."""
        busy = self._list_busy()
        for item in self._store.leftovers():
            if item.id not in busy:
                self._attempt(item, self._take_out, problems)
        for item in self._store.followups({Status.DRAFTED, Status.APPROVED}):
            if item.hash != item.placed_hash and item.id not in busy:
                self._attempt(item, self._put_edit, problems)
        for item in self._store.followups({Status.PLANNED}):
            if item.due <= self._clock() and item.draft_id is None and item.id not in busy:
                self._attempt(item, self._place, problems)

    def _place(self, item: FollowUp) -> None:
        if item.held is Reason.QUARANTINED:
            return
        held = self._find_hold(item)
        if held is not None:
            if held is not item.held:
                self._store.update(item, held=held)
            return
        item = self._store.update(item, held=None, **({} if item.edited else self._write(item)))
        # Only our own Message-ID counts here: the owner may have written to the same person in the same words.
        look = self._mailbox(item).look(trace_of(item, subject=""))
        if self._is_there(item, look):
            self._adopt(item, look)
        else:
            self._create(item)

    def _is_there(self, item: FollowUp, look: Look) -> bool:
        """Tell whether the mailbox knows this message, besides a copy in the trash from before it was taken up again."""
        old_copy = look.place is Place.TRASH and self._store.was_drafted(item.id)
        return look.place is not Place.NOWHERE and not old_copy

    def _find_hold(self, item: FollowUp) -> Reason | None:
        return self._find_obstacle(item) or self._find_recent(item) or self._find_cap()

    def _find_recent(self, item: FollowUp) -> Reason | None:
        person = item.person or ""
        if self._store.has_live_draft(person, item.id):
            return Reason.RECENT
        last = self._store.last_touch(person, item.id)
        return Reason.RECENT if last and self._clock() - last < self._limits.days_between else None

    def _find_cap(self) -> Reason | None:
        made = self._store.drafts_made_since(self._clock() - _DAY)
        return Reason.DAILY_CAP if made >= self._limits.drafts_per_day else None

    def _create(self, item: FollowUp) -> None:
        intent = self._store.intend(item, Act.CREATE, item.hash, self._clock())
        with self._refusal_closes(intent):
            draft = self._mailbox(item).create(item.raw or b"")
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._record_draft(item, draft, By.DAEMON, item.why)

    def _record_draft(self, item: FollowUp, draft: Draft, by: By, why: str) -> None:
        """Note the draft that lies in the mailbox; an edit from the desk that did not get there yet still will."""
        if item.edited and draft.hash == item.placed_hash:
            self._store.move(item, Status.DRAFTED, self._clock(), by, why, {"draft_id": draft.id, "tries": 0})
            return
        changes = draft_columns(draft) | {"edited": item.edited or draft.hash != item.hash, "tries": 0}
        self._store.move(item, Status.DRAFTED, self._clock(), by, why, changes)

    def _adopt(self, item: FollowUp, look: Look) -> None:
        """Take what the mailbox already holds for this item as its draft, or as its end."""
        if look.place is not Place.DRAFTS:
            self._record_end(item, look.place)
        elif len(look.drafts) > 1:
            self._ask_about_two(item)
        else:
            why = say_edited(item, look.drafts[0], "it already lay in the mailbox")
            self._record_draft(item, look.drafts[0], By.DAEMON, why)

    def _put_edit(self, item: FollowUp) -> None:
        """Bring what the owner wrote at the desk into the mailbox, unless they changed it there meanwhile."""
        draft = self._find_placed(item)
        if draft is None:
            return  # notice_decisions tells what became of it
        intent = self._store.intend(item, Act.REPLACE, item.hash, self._clock())
        with self._refusal_closes(intent):
            new = self._mailbox(item).replace(draft, item.raw or b"")
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._store.update(item, **draft_columns(new))

    def _take_out(self, item: FollowUp) -> None:
        """Remove the draft of an item that no longer waits; one that was changed meanwhile stays the owner's."""
        look = self._look(item)
        if look.place is Place.DRAFTS:
            draft = pick_draft(look, item.placed_hash)
            if draft is None or (item.edited and item.status in {Status.WITHDRAWN, Status.EXPIRED}):
                why = "you had changed the draft, so it stays in your mailbox"
                self._store.note_step(item, self._clock(), By.MAILBOX, why, {"draft_id": None})
                return
            intent = self._store.intend(item, Act.REMOVE, draft.hash, self._clock())
            with self._refusal_closes(intent):
                self._mailbox(item).remove(draft)
            self._store.close_intent(intent, "done", self._clock())
        elif item.status in {Status.PLANNED, Status.WITHDRAWN} and not self._store.was_taken_out(item.id):
            self._record_end(item, look.place)
            return
        self._store.update(item, draft_id=None)

    # --- 5 send_approved

    def send_approved(self, problems: list[Problem]) -> None:
        """Let go what the owner approved and whose hold is over, if nothing about it changed."""
        if self._store.is_paused():
            return
        busy = self._list_busy()
        for item in self._store.followups({Status.APPROVED}):
            if item.leaves_at is not None and item.leaves_at <= self._clock() and item.id not in busy:
                self._attempt(item, self._send, problems)

    def _send(self, item: FollowUp) -> None:
        obstacle = self._find_obstacle(item)
        if obstacle is not None:
            if obstacle is not item.held:
                self._store.update(item, held=obstacle)
            return
        look = self._look(item)
        if len(look.drafts) != 1:
            self._notice(item)
        elif look.drafts[0].hash != item.approved_hash:
            self._end_approval(item, look.drafts[0])
        else:
            self._hand_over(item, look.drafts[0])

    def _hand_over(self, item: FollowUp, draft: Draft) -> None:
        now = self._clock()
        with self._store.transaction():
            intent = self._store.intend(item, Act.HAND_OVER, draft.hash, now)
            item = self._store.move(item, Status.SENDING, now, By.DAEMON, "the hold is over", {"held": None})
        try:
            place = self._mailbox(item).hand_over(draft)
        except (Changed, MailboxProblem) as problem:
            self._record_stay(item, intent, problem)
            raise
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._record_left(item, place)

    def _record_stay(self, item: FollowUp, intent: Intent, problem: Problem) -> None:
        """Nothing left: changed bytes need a new yes, an outage only another try."""
        with self._store.transaction():
            self._store.close_intent(intent, "refused", self._clock())
            if isinstance(problem, Changed):
                why = "it changed in the last moment, so it was not handed over; look at it again"
                self._store.move(item, Status.DRAFTED, self._clock(), By.MAILBOX, why, NO_APPROVAL)
            else:
                self._store.move(item, Status.APPROVED, self._clock(), By.DAEMON, problem.what)

    def _record_left(self, item: FollowUp, place: Place) -> None:
        if place is Place.SENT:
            self._end(item, Status.SENT, By.DAEMON, "the server took it")
        else:
            self._end(item, Status.HANDLED, By.DAEMON, self._mailbox(item).ready_note)

    # --- shared by the steps

    def _list_busy(self) -> set[int]:
        """Return the items with a write whose outcome is not known: nothing is done about them before it is."""
        return {intent.followup for intent in self._store.open_intents()}

    def _attempt(self, item: FollowUp, act: Callable[[FollowUp], None], problems: list[Problem]) -> None:
        """Do one thing for one item; whatever goes wrong stops no other item."""
        if item.mailbox in self._down:
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
        item = self._store.followup(number)
        if isinstance(problem, Doubt):
            return  # its open intent is looked up after the grace
        if problem.temporary or isinstance(problem, MailboxProblem):
            self._down.add(item.mailbox)  # whatever it is, the other items would meet it too
        elif item.tries + 1 < MAX_TRIES:
            self._store.update(item, tries=item.tries + 1)
        else:
            with self._store.transaction():
                item = self._store.update(item, tries=0, held=Reason.QUARANTINED)
                open_problem(self._store, item, Reason.QUARANTINED, problem.what, self._clock())

    @contextmanager
    def _refusal_closes(self, intent: Intent) -> Iterator[None]:
        """Close an intent whose write certainly did not happen; leave it open in doubt and after a crash."""
        try:
            yield
        except (Changed, MailboxProblem):
            self._store.close_intent(intent, "refused", self._clock())
            raise

    def _mailbox(self, item: FollowUp) -> Mailbox:
        box = self._mailboxes.get(item.mailbox)
        if box is None:
            raise Problem(
                f"Item {item.id} belongs to mailbox '{item.mailbox}', which config.toml no longer names.",
                "Name that mailbox again, or skip the item.",
            )
        return box

    def _look(self, item: FollowUp) -> Look:
        """Find an item's draft, leaving out what belongs to another item."""
        look = self._mailbox(item).look(trace_of(item, item.subject))
        drafts = tuple(draft for draft in look.drafts if not self._store.owns_draft(draft.id, item.id))
        if look.drafts and not drafts:
            return Look(Place.NOWHERE)
        return Look(look.place, drafts)

    def _find_placed(self, item: FollowUp) -> Draft | None:
        """Return the draft if the mailbox holds it as it was placed."""
        return pick_draft(self._look(item), item.placed_hash)
