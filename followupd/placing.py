"""Step four: drafts go into the mailbox, edits follow them, and what no longer waits is taken out."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from followupd.errors import Problem
from followupd.items import Act, By, FollowUp, Status
from followupd.mail import Draft, Place
from followupd.mailing import Mailing
from followupd.model import Reason
from followupd.rules.followups import Limits
from followupd.tracing import draft_columns, pick_draft

_DAY = timedelta(days=1)
#: Where a draft lies, or may lie, that the owner sent or wants to send by themselves.
_IN_OTHER_HANDS = {Place.READY, Place.SENT, Place.GONE}


class Placing:
    """Makes the mailbox hold what the state asks for."""

    def __init__(
        self,
        mailing: Mailing,
        write: Callable[[FollowUp], Mapping[str, Any]],
        find_obstacle: Callable[[FollowUp], Reason | None],
        is_needless: Callable[[FollowUp], bool],
        limits: Limits,
    ) -> None:
        """`write` returns the columns of a new message; `find_obstacle` knows the event afresh.

        `is_needless` ends an item that what people wrote by themselves made so.
        """
        self._mailing = mailing
        self._store = mailing.store
        self._clock = mailing.clock
        self._write = write
        self._find_obstacle = find_obstacle
        self._is_needless = is_needless
        self._limits = limits

    def place_drafts(self, problems: list[Problem]) -> None:
        """Take out, replace and put in what the state asks for, oldest deadline first."""
        busy = self._mailing.list_busy()
        for item in self._store.leftovers():
            if item.id not in busy:
                self._mailing.attempt(item, self._take_out, problems)
        for item in self._store.followups({Status.DRAFTED, Status.APPROVED}):
            if item.hash != item.placed_hash and item.id not in busy:
                self._mailing.attempt(item, self._put_edit, problems)
        for item in self._store.followups({Status.PLANNED}):
            if item.due <= self._clock() and item.draft_id is None and item.id not in busy:
                self._mailing.attempt(item, self._place, problems)

    def _place(self, item: FollowUp) -> None:
        held = self._find_hold(item)
        if held is not None:
            if held is not item.held:
                self._store.update(item, held=held)
            return
        if self._is_needless(item):
            return
        item = self._store.update(item, held=None, **({} if item.edited else self._write(item)))
        # Only our own Message-ID counts here: the owner may have written to the same person in the same words.
        look = self._mailing.find(item, subject="")
        if self._mailing.is_there(item, look):
            self._mailing.adopt(item, look)
        else:
            self._create(item)

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
        with self._mailing.refusal_closes(intent):
            draft = self._mailing.mailbox(item).create(item.raw or b"")
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._mailing.record_draft(item, draft, By.DAEMON, item.why)

    def _put_edit(self, item: FollowUp) -> None:
        """Bring what the owner wrote at the desk into the mailbox, unless they changed it there meanwhile."""
        draft = self._find_placed(item)
        if draft is None:
            return  # notice_decisions tells what became of it
        intent = self._store.intend(item, Act.REPLACE, item.hash, self._clock())
        with self._mailing.refusal_closes(intent):
            new = self._mailing.mailbox(item).replace(draft, item.raw or b"")
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._store.update(item, **draft_columns(new))

    def _find_placed(self, item: FollowUp) -> Draft | None:
        """Return the draft if the mailbox holds it as it was placed."""
        return pick_draft(self._mailing.look(item), item.placed_hash)

    def _take_out(self, item: FollowUp) -> None:
        """Remove the draft of an item that no longer waits; one that was changed meanwhile stays the owner's."""
        look = self._mailing.look(item)
        if look.place is Place.DRAFTS and item.status is not Status.SENT:
            draft = pick_draft(look, item.placed_hash)
            if draft is None or (item.edited and item.status in {Status.WITHDRAWN, Status.EXPIRED}):
                why = "you had changed the draft, so it stays in your mailbox"
                self._store.note_step(item, self._clock(), By.MAILBOX, why, {"draft_id": None})
                return
            intent = self._store.intend(item, Act.REMOVE, draft.hash, self._clock())
            with self._mailing.refusal_closes(intent):
                self._mailing.mailbox(item).remove(draft)
            with (
                self._store.transaction()
            ):  # together: a draft gone by our hand is never taken for the owner's deed
                self._store.close_intent(intent, "done", self._clock())
                self._store.update(item, draft_id=None)
            return
        if item.status in {Status.PLANNED, Status.WITHDRAWN} and not self._store.was_taken_out(item.id):
            self._mailing.record_end(item, look.place)
            return
        if item.status in {Status.SKIPPED, Status.DONE} and look.place in _IN_OTHER_HANDS:
            self._mailing.record_end(item, look.place)  # so that `undo` does not write it a second time
            return
        self._store.update(item, draft_id=None)
