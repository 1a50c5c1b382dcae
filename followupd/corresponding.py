"""What the owner and the people they met write to each other by themselves, where it may be looked at.

Nobody is drafted to whom the owner already wrote since the event; an answer ends a follow-up, a notice of non-delivery
makes it a problem, and no answer at all may lead to one second mail. All people are asked about at once, and seldom: a pass in which nothing is due asks nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from followupd.errors import MailboxProblem, Problem
from followupd.items import By, FollowUp, Status
from followupd.mail import Letter, ReplyTo
from followupd.mailing import Mailing
from followupd.model import Reason
from followupd.ports import Correspondence
from followupd.problems import open_problem
from followupd.rules.answers import AnswerWords, is_answer, is_bounce_of, is_own_letter
from followupd.rules.followups import Limits
from followupd.rules.nudges import plan_nudge
from followupd.rules.replies import RECENT, find_reply, find_sent, read_reply
from followupd.store.rows import NO_APPROVAL
from followupd.withdrawing import withdraw

#: So long after a message left, an answer to it is looked for.
WAIT_FOR_ANSWER = timedelta(days=30)
#: A signature changes seldom.
_SIGNATURE_FOR = timedelta(hours=6)
#: What may have been answered.
_LEFT = frozenset({Status.SENT, Status.HANDLED})
#: What arrived so shortly before a look may be missing in the mailbox's index, so the next look goes back over it.
_OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where letters may be looked at, and by what they are judged."""

    correspondences: Mapping[str, Correspondence]
    """By the name of the mailbox whose drafts they are about."""
    words: AnswerWords
    owner: Collection[str]
    """Every address of theirs."""
    zone: ZoneInfo
    signing: Mapping[str, str]
    """The mailboxes below whose drafts the owner's signature stands, each with the address they are from."""
    every: timedelta
    """So long between two looks at everything; whoever is next is looked at at once."""


@dataclass
class _Heard:
    """What one pass asked about, for one mailbox."""

    people: set[str] = field(default_factory=set)
    letters: list[Letter] = field(default_factory=list)


class Corresponding:
    """Compares what waits, and what left, with the owner's own correspondence."""

    def __init__(self, mailing: Mailing, listening: Listening, limits: Limits) -> None:
        self._mailing = mailing
        self._limits = limits
        self._store = mailing.store
        self._clock: Callable[[], datetime] = mailing.clock
        self._correspondences = listening.correspondences
        self._words = listening.words
        self._owner = listening.owner
        self._zone = listening.zone
        self._every = listening.every
        self._heard: dict[str, _Heard] = {}
        self._looked_at: dict[str, datetime] = {}
        self._signing = listening.signing
        self._signatures: dict[str, tuple[datetime, str]] = {}

    # --- once in a while: about everything that waits, or waits for an answer

    def notice_letters(self, problems: list[Problem]) -> None:
        """See who answered, and whom the owner wrote to by themselves, in every mailbox where it is time to."""
        self._heard.clear()
        for mailbox, correspondence in self._correspondences.items():
            if self._is_time(mailbox) and correspondence.may_read():
                try:
                    self._listen(mailbox, correspondence, problems)
                except MailboxProblem as problem:
                    problems.append(problem)

    def _is_time(self, mailbox: str) -> bool:
        heard = self._store.facts.letters_heard(mailbox)
        last = max(filter(None, (heard, self._looked_at.get(mailbox))), default=None)
        return last is None or not timedelta() <= self._clock() - last < self._every

    def _listen(self, mailbox: str, correspondence: Correspondence, problems: list[Problem]) -> None:
        """Take in what was written since the last time; where an item cannot be settled now, the next look sees it again."""
        now = self._clock()
        left = self._store.past.left_since(now - WAIT_FOR_ANSWER)
        waiting = self._list_waiting(mailbox, left)
        people = {item.email for item in waiting if item.email}
        letters = correspondence.find_letters(people, self._find_start(mailbox, now)) if people else ()
        busy, settled = self._mailing.list_busy(), set[int]()

        def settle(item: FollowUp) -> None:
            if item.status in {Status.DRAFTED, Status.APPROVED}:
                self._settle_own(item, letters)
            else:
                self._settle_outcome(item, letters, left[item.id])
            settled.add(item.id)

        for item in waiting:
            if item.id not in busy:
                self._mailing.attempt(item, settle, problems)
        self._looked_at[mailbox] = now
        if len(settled) == len(waiting):
            self._store.facts.save_letters_heard(mailbox, now)
            self._plan_nudges(mailbox, left)

    def _plan_nudges(self, mailbox: str, left: Mapping[int, datetime]) -> None:
        """Plan one second mail for whom nobody answered, where the owner wants that."""
        now = self._clock()
        for number, left_at in left.items():
            item = self._store.followup(number)
            plan = plan_nudge(item, left_at, self._limits, now) if item.status in _LEFT else None
            if plan and item.mailbox == mailbox and not self._store.contacts.is_never(item.person):
                more = {"concerns": item.id, "wrote_at": left_at, "note": item.note}
                self._store.add_followup(plan, item.event, mailbox, now, **more)

    def _list_waiting(self, mailbox: str, left: Collection[int]) -> list[FollowUp]:
        items = self._store.followups({Status.DRAFTED, Status.APPROVED})
        items += [self._store.followup(number) for number in left]
        return [item for item in items if item.mailbox == mailbox and item.held is not Reason.QUARANTINED]

    def _find_start(self, mailbox: str, now: datetime) -> datetime:
        heard = self._store.facts.letters_heard(mailbox) or now - WAIT_FOR_ANSWER
        return max(min(heard, now) - _OVERLAP, now - WAIT_FOR_ANSWER)

    # --- right before a draft is made or leaves

    def is_needless(self, item: FollowUp) -> bool:
        """Tell whether a mail is no longer wanted, as of now; then the item is ended, or asked about.

        That is one to a person the owner wrote to since the event, and a nudge to one who answered. Raises MailboxProblem
        while it cannot be known; where it never can, as without the owner's leave, only a nudge is needless.
        """
        correspondence = self._correspondences.get(item.mailbox)
        if correspondence is None or not item.email or not correspondence.may_read():
            return item.is_nudge and self._end_nudge(item, ())
        letters = self._ask_about(item, correspondence)
        return self._settle_own(item, letters) or (item.is_nudge and self._end_nudge(item, letters))

    def _end_nudge(self, nudge: FollowUp, letters: Sequence[Letter]) -> bool:
        """Take a nudge back where they answered meanwhile, or where what it is about is not found any more."""
        about = self._store.followup(nudge.concerns or 0)
        if about.status in _LEFT:
            self._settle_outcome(about, letters, nudge.wrote_at or nudge.due)
            about = self._store.followup(about.id)
        if about.status not in _LEFT:
            reason = Reason.ANSWERED if about.status is Status.ANSWERED else Reason.BOUNCED
            withdraw(self._store, nudge, reason, about.outcome, self._clock())
        elif self._find_sent(nudge, letters) is None:
            why = "your mail to them is not found in Sent any more, so nobody can tell whether they answered"
            withdraw(self._store, nudge, Reason.GONE, why, self._clock())
        else:
            return False
        return True

    def find_signature(self, item: FollowUp) -> str:
        """Return the HTML of the owner's signature in an item's mailbox, "" where there is none to be had.

        Raises MailboxProblem while that cannot be known.
        """
        address, correspondence = self._signing.get(item.mailbox), self._correspondences.get(item.mailbox)
        if address is None or correspondence is None or not correspondence.may_read():
            return ""
        known = self._signatures.get(item.mailbox)
        if known is None or not timedelta() <= self._clock() - known[0] < _SIGNATURE_FOR:
            known = self._clock(), self._ask_signature(correspondence, address)
            self._signatures[item.mailbox] = known
        return known[1]

    def _ask_signature(self, correspondence: Correspondence, address: str) -> str:
        try:
            return correspondence.find_signature(address)
        except MailboxProblem as problem:
            if problem.temporary:
                raise
            return ""

    def _find_sent(self, nudge: FollowUp, letters: Sequence[Letter]) -> ReplyTo | None:
        about = self._store.followup(nudge.concerns or 0)
        left_at = nudge.wrote_at or nudge.due
        return find_sent(letters, (nudge.email or "").lower(), about.message_id, about.subject, left_at)

    def _ask_about(self, item: FollowUp, correspondence: Correspondence) -> list[Letter]:
        """Return the letters of everybody whose turn it is, asked for with the first of them."""
        heard = self._heard.setdefault(item.mailbox, _Heard())
        if item.email not in heard.people:
            turn = [item, *self._list_next(item.mailbox)]
            people = {one.email for one in turn if one.email} - heard.people
            heard.people |= people
            try:
                since = min(min(one.due, one.wrote_at or one.due) for one in turn)
                heard.letters += correspondence.find_letters(people, since - RECENT)
            except MailboxProblem as problem:
                if problem.temporary:
                    heard.people -= people
                    raise
        return heard.letters

    def _list_next(self, mailbox: str) -> list[FollowUp]:
        now = self._clock()
        items = self._store.followups({Status.PLANNED, Status.APPROVED})
        times = ((item.leaves_at if item.status is Status.APPROVED else item.due, item) for item in items)
        return [item for at, item in times if item.mailbox == mailbox and at is not None and at <= now]

    def find_reply(self, item: FollowUp) -> ReplyTo | None:
        """Return the letter a message to this person answers; one that is drafted stays what it was drafted as."""
        if item.status is not Status.PLANNED:
            return read_reply(item.raw)
        letters = self._heard.get(item.mailbox, _Heard()).letters
        if item.is_nudge:
            return self._find_sent(item, letters)
        return find_reply(letters, (item.email or "").lower(), self._owner, item.due, self._words)

    # --- what a letter means

    def _settle_own(self, item: FollowUp, letters: Iterable[Letter]) -> bool:
        """End an item whose person the owner wrote to; ask about one they approved, or put their own words into."""
        since, email = item.wrote_at or item.due, (item.email or "").lower()
        written = (one.at for one in letters if one.at > since and is_own_letter(one, email, self._words))
        at = max(written, default=None)
        if at is None:
            return False
        why = f"you wrote to them yourself on {self._say(at)}"
        with self._store.transaction():
            if item.status is Status.APPROVED or (item.edited and item.status is Status.DRAFTED):
                self._ask_whether(item, why, at)
            else:
                changes = NO_APPROVAL | {"wrote_at": at}
                item = self._store.move(item, Status.DONE, self._clock(), By.MAILBOX, why, changes)
                self._store.add_touch(item, "email", at)
        return True

    def _ask_whether(self, item: FollowUp, why: str, at: datetime) -> None:
        why = f"{why}; approve it if it should still go, or skip it"
        changes = NO_APPROVAL | {"held": Reason.WROTE, "wrote_at": at}
        if item.status is Status.APPROVED:
            self._store.move(item, Status.DRAFTED, self._clock(), By.MAILBOX, why, changes)
        else:
            self._store.note_step(item, self._clock(), By.MAILBOX, why, changes)

    def _settle_outcome(self, item: FollowUp, letters: Iterable[Letter], left_at: datetime) -> None:
        email = (item.email or "").lower()
        for letter in letters:
            if is_bounce_of(letter, item.message_id, self._words):
                self._record_bounce(item, letter)
                return
            if is_answer(letter, email, item.message_id, left_at, self._owner, self._words):
                why = f"they wrote back on {self._say(letter.at)}"
                self._store.move(
                    item, Status.ANSWERED, self._clock(), By.DAEMON, why, {"draft_id": None, "held": None}
                )
                return

    def _record_bounce(self, item: FollowUp, letter: Letter) -> None:
        why = f"it came back undelivered on {self._say(letter.at)}; the notice in your mailbox says why"
        with self._store.transaction():
            item = self._store.move(
                item, Status.FAILED, self._clock(), By.DAEMON, why, {"draft_id": None, "held": None}
            )
            open_problem(
                self._store, item, Reason.BOUNCED, f"your mail to {item.email} came back", self._clock()
            )

    def _say(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%a %d %b, %H:%M")
