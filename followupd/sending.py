"""Step five: what the owner approved leaves, once, when its hold is over and nothing about it changed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from followupd.errors import Changed, MailboxProblem, NotYet, Problem, Refused
from followupd.items import Act, By, FollowUp, Status
from followupd.mail import Draft
from followupd.mailing import Mailing
from followupd.model import Reason
from followupd.ports import Mailbox
from followupd.problems import open_problem
from followupd.rules.followups import Limits
from followupd.store.rows import NO_APPROVAL

_DAY = timedelta(days=1)
#: A message the server put off is tried again after these waits, the last one again and again.
_WAITS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45), timedelta(hours=2))
#: One try always falls this long before the deadline, however long the waits have grown.
_LAST_CALL = timedelta(minutes=10)


class Sending:
    """Lets approved messages go."""

    def __init__(
        self,
        mailing: Mailing,
        find_obstacle: Callable[[FollowUp], Reason | None],
        is_needless: Callable[[FollowUp], bool],
        put_off: Callable[[FollowUp], bool],
        limits: Limits,
    ) -> None:
        """`find_obstacle` knows the event afresh; `put_off` tells that it is no working hour, and names the next one.

        `is_needless` ends, or asks about, an item that what people wrote by themselves made so.
        """
        self._mailing = mailing
        self._store = mailing.store
        self._clock = mailing.clock
        self._find_obstacle = find_obstacle
        self._is_needless = is_needless
        self._put_off = put_off
        self._limits = limits

    def send_approved(self, problems: list[Problem]) -> None:
        """Let go what the owner approved and whose hold is over, if nothing about it changed."""
        if self._store.is_paused():
            return
        busy = self._mailing.list_busy()
        try:
            for item in self._store.followups({Status.APPROVED}):
                if item.leaves_at is not None and item.leaves_at <= self._clock() and item.id not in busy:
                    self._mailing.attempt(item, self._send, problems)
        finally:
            self._mailing.close()

    def _send(self, item: FollowUp) -> None:
        if item.expires < self._clock():
            why = "it could not leave for seven days; what it says may no longer be true"
            self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, NO_APPROVAL)
            return
        if self._put_off(item):
            return
        box = self._mailing.mailbox(item)
        obstacle = self._find_obstacle(item) or self._find_limit(box)
        if obstacle is not None:
            if obstacle is not item.held:
                self._store.update(item, held=obstacle)
            return
        if self._is_needless(item):
            return
        look = self._mailing.look(item)
        if len(look.drafts) != 1:
            return  # notice_decisions tells what became of it
        if look.drafts[0].hash != item.approved_hash:
            self._mailing.end_approval(item, look.drafts[0])
        else:
            self._open(item, box)
            self._hand_over(item, box, look.drafts[0])

    def _find_limit(self, box: Mailbox) -> Reason | None:
        """Stay below what the server takes in a rolling day; the rest goes when that day has moved on."""
        if not box.sends:
            return None
        sent = self._store.handed_over_since(box.name, self._clock() - _DAY)
        return Reason.SEND_LIMIT if sent >= self._limits.sends_per_day else None

    def _open(self, item: FollowUp, box: Mailbox) -> None:
        """Open the mailbox before anything is announced: a server that is away then leaves no trace in the history."""
        try:
            box.open()
        except MailboxProblem as problem:
            if (item.held, item.outcome) != (Reason.SERVER, problem.what):
                self._store.update(item, held=Reason.SERVER, outcome=problem.what)
            raise

    def _hand_over(self, item: FollowUp, box: Mailbox, draft: Draft) -> None:
        now = self._clock()
        with self._store.transaction():
            intent = self._store.intend(item, Act.HAND_OVER, draft.hash, now)
            item = self._store.move(item, Status.SENDING, now, By.DAEMON, "the hold is over", {"held": None})
        try:
            place = box.hand_over(draft)
        except (Changed, MailboxProblem) as problem:
            with self._store.transaction():
                self._store.close_intent(intent, "refused", self._clock())
                self._record_stay(item, problem)
            raise
        with self._store.transaction():
            self._store.close_intent(intent, "done", self._clock())
            self._mailing.record_left(item, place)

    def _record_stay(self, item: FollowUp, problem: Changed | MailboxProblem) -> None:
        """Nothing left: changed bytes need a new yes, a refused message the owner, an outage only another try."""
        now = self._clock()
        if isinstance(problem, Changed):
            why = "it changed in the last moment, so it was not handed over; look at it again"
            self._store.move(item, Status.DRAFTED, now, By.MAILBOX, why, NO_APPROVAL)
        elif isinstance(problem, Refused):
            item = self._store.move(item, Status.FAILED, now, By.DAEMON, problem.what)
            open_problem(self._store, item, Reason.REFUSED, problem.in_one_line(), now)
        elif isinstance(problem, NotYet):
            changes = {"leaves_at": next_try(item, now), "tries": item.tries + 1}
            self._store.move(item, Status.APPROVED, now, By.DAEMON, problem.what, changes)
        else:
            self._store.move(item, Status.APPROVED, now, By.DAEMON, problem.what, {"held": Reason.SERVER})


def next_try(item: FollowUp, now: datetime) -> datetime:
    """Return when to try again a message that was put off: ever later, but once more before its deadline."""
    later = now + _WAITS[min(item.tries, len(_WAITS) - 1)]
    last_call = item.deadline - _LAST_CALL
    return min(later, last_call) if last_call > now else later
