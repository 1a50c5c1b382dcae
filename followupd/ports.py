"""What the outside must offer. Each docstring is the contract; tests/contracts holds every adapter to it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from followupd.mail import Draft, Letter, Look, Place, Trace
from followupd.model import Reading
from followupd.notices import Notice, Sign


class CalendarSource(Protocol):
    """A calendar that can be read."""

    name: str

    @property
    def drift(self) -> timedelta | None:
        """By how much this computer's clock is ahead of the server's that was asked last; None where none was asked."""
        ...

    def read(self, start: datetime, end: datetime) -> Reading:
        """Return every occurrence that touches [start, end] (UTC), cancelled ones included.

        One bad entry is skipped and named in `Reading.skipped`, where a last line counts those beyond a bound; it never
        hides the others. A file that is no
        calendar makes the reading incomplete. Raises SourceProblem when nothing at all could be read:
        never an empty reading for a calendar that is merely out of reach.
        """
        ...


class AddressBook(Protocol):
    """Contacts that give names to addresses."""

    def renew(self, now: datetime) -> None:
        """Bring what is kept of them up to date where that is due and allowed.

        Raises SourceProblem when it cannot be done; what was known stays.
        """
        ...


class Correspondence(Protocol):
    """What the owner and others wrote to each other, in the account of a mailbox."""

    def may_read(self) -> bool:
        """Tell whether the owner allows it to be looked at."""
        ...

    def find_letters(self, people: Collection[str], since: datetime) -> tuple[Letter, ...]:
        """Return the newest letters from and to these addresses since then, and notices that a mail could not be delivered.

        The newest come first; drafts are no letters. What arrived in the last minutes may still be missing. The request
        is one for all of `people`; it takes so many of them at once as there are in a day. Raises MailboxProblem.
        """
        ...

    def find_signature(self, address: str) -> str:
        """Return the HTML the owner signs with there when they write from this address; "" for none. Raises MailboxProblem."""
        ...


class Mailbox(Protocol):
    """Where drafts lie. Every write happens at most once per call and is never repeated by the adapter."""

    name: str
    grace: timedelta
    """How long after an unanswered write a look can be believed: time-out + server time + index lag."""
    sends: bool
    """True when a hand-over gives the message to a server; False when it stays on this computer."""
    tells_unsent: bool
    """True when a message that still lies in DRAFTS after an unanswered hand-over certainly did not leave."""
    ready_note: str
    """What is true of an approved message that stays on this computer, in words for the owner."""

    def begin_pass(self) -> None:
        """Take note that a pass begins: until the next, looks may share one view of the mailbox; writes never rely on it.

        A mailbox for which this was never said shows what is there at the moment of each look.
        """
        ...

    def look(self, trace: Trace) -> Look:
        """Find a draft again: by draft id, then by Message-ID, then by recipient, subject and time.

        The first of the three that matches anything decides. All matches are returned, so that two of them
        can stop the program. Raises MailboxProblem when the mailbox cannot be read.
        """
        ...

    def create(self, raw: bytes) -> Draft:
        """Put a new draft there and return it as the mailbox has it.

        Raises MailboxProblem when it certainly was not made, Doubt when that is unknown.
        """
        ...

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        """Put `raw` in place of `draft` if the mailbox still holds exactly those bytes.

        Raises Changed when it does not, and then leaves what is there; MailboxProblem and Doubt as `create`.
        """
        ...

    def remove(self, draft: Draft) -> None:
        """Take `draft` out of Drafts, in a way the owner can undo where the mailbox allows it.

        Raises Changed when the mailbox no longer holds exactly those bytes; MailboxProblem and Doubt as `create`.
        """
        ...

    def open(self) -> None:
        """Make ready to hand over, where that takes a connection; what is open stays as it is.

        Raises MailboxProblem when nothing can be handed over now, whichever message it is.
        """
        ...

    def hand_over(self, draft: Draft) -> Place:
        """Let exactly these bytes go: SENT when a server took them, READY when the owner's mail program has them.

        Raises Changed when the mailbox no longer holds exactly those bytes: then nothing left. NotYet or Refused when
        the server will not take this one message, MailboxProblem when nothing left and nothing else would; Doubt when
        it is unknown whether it left: then `look` shows SENDING, or what a later look can be believed about.
        """
        ...

    def settle(self, draft: Draft, place: Place) -> None:
        """Bring a message that `look` shows in SENDING to where it belongs: to SENT, or back to DRAFTS.

        Nothing leaves by this, and it may be called again. A mailbox that shows nothing in SENDING has nothing to do.
        Raises MailboxProblem and Doubt as `create`.
        """
        ...

    def close(self) -> None:
        """Let go of what `open` made; the next `open` makes it anew. Never raises."""
        ...


class Notifier(Protocol):
    """A way to tell the owner something."""

    name: str
    """As config.toml calls it."""
    disturbs: bool
    """True where it reaches for the owner's attention: it keeps to their working hours."""
    writes_mail: bool
    """True where it writes into a mailbox: never before the store has noted it, and never while the state is unusable."""

    def is_there(self) -> bool:
        """Tell whether a notice would be seen; one that would not is kept for later."""
        ...

    def tell(self, notice: Notice, earlier: str) -> str:
        """Tell it, and return what this way knows it by; `earlier` is that of the last notice of the same cause, or "".

        Returns within seconds. Raises NoticeProblem when it did not get through.
        """
        ...


class Switch(Protocol):
    """A dead-man's switch: a service outside that tells the owner when nothing is heard of followupd any more."""

    def ping(self, sign: Sign, words: str) -> None:
        """Say that a pass began, went well, or that something is wrong (`words`). Raises NoticeProblem as a way does."""
        ...
