"""Step five: what the owner approved leaves, once, when its hold is over and nothing about it changed."""

from collections.abc import Callable

from followupd.errors import Changed, MailboxProblem, Problem
from followupd.items import Act, By, FollowUp, Intent, Status
from followupd.mail import Draft
from followupd.mailing import Mailing
from followupd.model import Reason
from followupd.store.rows import NO_APPROVAL


class Sending:
    """Lets approved messages go."""

    def __init__(
        self,
        mailing: Mailing,
        find_obstacle: Callable[[FollowUp], Reason | None],
        put_off: Callable[[FollowUp], bool],
    ) -> None:
        """`find_obstacle` knows the event afresh; `put_off` tells that it is no working hour, and names the next one."""
        self._mailing = mailing
        self._store = mailing.store
        self._clock = mailing.clock
        self._find_obstacle = find_obstacle
        self._put_off = put_off

    def send_approved(self, problems: list[Problem]) -> None:
        """Let go what the owner approved and whose hold is over, if nothing about it changed."""
        if self._store.is_paused():
            return
        busy = self._mailing.list_busy()
        for item in self._store.followups({Status.APPROVED}):
            if item.leaves_at is not None and item.leaves_at <= self._clock() and item.id not in busy:
                self._mailing.attempt(item, self._send, problems)

    def _send(self, item: FollowUp) -> None:
        if self._put_off(item):
            return
        obstacle = self._find_obstacle(item)
        if obstacle is not None:
            if obstacle is not item.held:
                self._store.update(item, held=obstacle)
            return
        look = self._mailing.look(item)
        if len(look.drafts) != 1:
            return  # notice_decisions tells what became of it
        if look.drafts[0].hash != item.approved_hash:
            self._mailing.end_approval(item, look.drafts[0])
        else:
            self._hand_over(item, look.drafts[0])

    def _hand_over(self, item: FollowUp, draft: Draft) -> None:
        now = self._clock()
        with self._store.transaction():
            intent = self._store.intend(item, Act.HAND_OVER, draft.hash, now)
            item = self._store.move(item, Status.SENDING, now, By.DAEMON, "the hold is over", {"held": None})
        try:
            place = self._mailing.mailbox(item).hand_over(draft)
        except (Changed, MailboxProblem) as problem:
            self._record_stay(item, intent, problem)
            raise
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._mailing.record_left(item, place)

    def _record_stay(self, item: FollowUp, intent: Intent, problem: Problem) -> None:
        """Nothing left: changed bytes need a new yes, an outage only another try."""
        with self._store.transaction():
            self._store.close_intent(intent, "refused", self._clock())
            if isinstance(problem, Changed):
                why = "it changed in the last moment, so it was not handed over; look at it again"
                self._store.move(item, Status.DRAFTED, self._clock(), By.MAILBOX, why, NO_APPROVAL)
            else:
                self._store.move(item, Status.APPROVED, self._clock(), By.DAEMON, problem.what)
