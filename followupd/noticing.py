"""Step two: what the owner did with drafts, and the outcome of writes that were announced and never recorded."""

from collections.abc import Callable

from followupd.errors import Problem
from followupd.items import IN_MAILBOX, Act, By, FollowUp, Intent, Status
from followupd.mail import Draft, Look, Place
from followupd.mailing import Mailing
from followupd.model import Reason
from followupd.problems import close_problem, open_problem
from followupd.store.rows import NO_APPROVAL
from followupd.tracing import draft_columns, pick_draft, say_edited


class Noticing:
    """Compares every waiting draft with the mailbox."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing
        self._store = mailing.store
        self._clock = mailing.clock

    def notice_decisions(self, problems: list[Problem]) -> None:
        """Settle unknown outcomes, then compare every waiting draft with the mailbox: edited, deleted, moved, as it was."""
        self._mailing.begin_pass()
        for intent in self._store.open_intents():
            self._mailing.attempt(self._store.followup(intent.followup), self._settle_with(intent), problems)
        busy = self._mailing.list_busy()
        for item in self._store.followups(IN_MAILBOX):
            if item.id not in busy:
                self._mailing.attempt(item, self._notice, problems)

    def _notice(self, item: FollowUp) -> None:
        look = self._mailing.look(item)
        if item.status is Status.SENDING:
            self._notice_doubtful(item, look)
        elif look.place is not Place.DRAFTS:
            self._mailing.record_end(item, look.place)
        elif len(look.drafts) > 1:
            self._mailing.ask_about_two(item)
        else:
            close_problem(self._store, item, Reason.DUPLICATE, self._clock(), "only one draft is left")
            self._notice_draft(item, look.drafts[0])

    def _notice_draft(self, item: FollowUp, draft: Draft) -> None:
        if draft.hash == item.placed_hash:
            if draft.id != item.draft_id:
                self._store.update(item, draft_id=draft.id)
            return
        if item.status is Status.APPROVED:
            self._mailing.end_approval(item, draft)
        else:
            changes = draft_columns(draft) | {"edited": True}
            why = say_edited(item, draft, "you edited the draft in your mailbox")
            self._store.note_step(item, self._clock(), By.MAILBOX, why, changes)

    def _notice_doubtful(self, item: FollowUp, look: Look) -> None:
        """See whether the owner settled by hand, in their mail program, what was on its way when the answer got lost."""
        if look.place is Place.DRAFTS:
            why = "you put it back into Drafts; approve it to send it again"
            self._store.move(item, Status.DRAFTED, self._clock(), By.MAILBOX, why, NO_APPROVAL)
            close_problem(self._store, item, Reason.DOUBT, self._clock(), "you put it back into Drafts")
        elif look.place is not Place.SENDING:
            self._settle_hand_over(item, look)

    # --- the outcome of writes that were announced and never recorded

    def _settle_with(self, intent: Intent) -> Callable[[FollowUp], None]:
        return lambda item: self._settle(intent, item)

    def _settle(self, intent: Intent, item: FollowUp) -> None:
        if self._clock() - intent.made_at < self._mailing.mailbox(item).grace:
            return  # a look would not show yet what the write did
        look = self._mailing.look(item)
        new, old = pick_draft(look, intent.hash), pick_draft(look, item.placed_hash)
        if intent.act is Act.REPLACE and new and old and new.id != old.id:
            self._mailing.mailbox(item).remove(old)  # the half-done replace left it beside the new one
        with self._store.transaction():
            self._store.close_intent(intent, "looked up", self._clock())
            if intent.act is Act.HAND_OVER:
                self._settle_hand_over(item, look)
            elif intent.act is Act.REMOVE:
                self._settle_remove(item, look)
            elif item.status is Status.PLANNED and self._mailing.is_there(item, look):
                self._mailing.adopt(item, look)
            elif intent.act is Act.CREATE and look.place is Place.DRAFTS:
                # Decided on meanwhile, so it is no longer wanted: _take_out compares it with what was to lie there.
                self._store.update(item, draft_id=look.drafts[0].id, placed_hash=intent.hash)
            elif new is not None:
                self._store.update(item, draft_id=new.id, placed_hash=new.hash)

    def _settle_remove(self, item: FollowUp, look: Look) -> None:
        if look.place is Place.DRAFTS:
            return  # it was not done; _take_out tries again
        if item.status is Status.PLANNED and look.place in {Place.TRASH, Place.GONE, Place.NOWHERE}:
            self._ask_about_gone(item)
        elif item.status is Status.WITHDRAWN and look.place in {Place.TRASH, Place.NOWHERE}:
            why = "its draft went while followupd was interrupted, so it stays gone"
            self._mailing.end(item, Status.SKIPPED, By.DAEMON, why)
        elif item.status in {Status.PLANNED, Status.WITHDRAWN} and look.place is not Place.GONE:
            self._mailing.record_end(item, look.place)
        else:
            self._store.update(item, draft_id=None)

    def _ask_about_gone(self, item: FollowUp) -> None:
        """Stop before a draft the owner may have deleted is written again."""
        why = "its draft went while followupd was interrupted; whether you deleted it cannot be told. Write it again?"
        item = self._store.update(item, draft_id=None, held=Reason.QUARANTINED)
        open_problem(self._store, item, Reason.GONE, why, self._clock())

    def _settle_hand_over(self, item: FollowUp, look: Look) -> None:
        if look.place in {Place.READY, Place.SENT}:
            self._mailing.record_left(item, look.place)
        elif look.place is Place.SENDING:
            self._ask_whether_it_left(item)
        elif look.place is not Place.DRAFTS:
            why = "it is gone from Drafts; whether it left cannot be told from here"
            self._mailing.end(item, Status.HANDLED, By.DAEMON, why)
        elif not self._mailing.mailbox(item).tells_unsent:
            why = "nobody answered when it was to leave; it is still here. Approve it again if it did not arrive"
            self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, NO_APPROVAL)
        else:
            self._store.move(item, Status.APPROVED, self._clock(), By.DAEMON, "it was not moved; once more")

    def _ask_whether_it_left(self, item: FollowUp) -> None:
        """Stop: only the owner can find out, and a second copy would be worse than a question."""
        why = f"it may have gone out to {item.email}: the answer of the server got lost"
        changes = {"held": Reason.DOUBT, "outcome": why}
        with self._store.transaction():
            item = self._store.note_step(item, self._clock(), By.DAEMON, why, changes)
            open_problem(self._store, item, Reason.DOUBT, why, self._clock())
