"""What lies in the queue, all frozen. Every instant is UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from followupd.mail import fingerprint
from followupd.model import Event, Person, Reason

#: From here on a waiting follow-up is shown as at risk.
AT_RISK_BEFORE = timedelta(hours=12)
#: A snoozed item waits this much longer than its snooze before it expires.
SNOOZE_GRACE = timedelta(days=2)


class Kind(StrEnum):
    """What lies in the queue."""

    DRAFT = "draft"
    DEBRIEF = "debrief"
    QUESTION = "question"
    PROBLEM = "problem"


class Status(StrEnum):
    """Where an item of the queue stands; rules/status.py holds every legal move."""

    NEEDS_INFO = "needs-info"
    PLANNED = "planned"
    DRAFTED = "drafted"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    ANSWERED = "answered"
    SKIPPED = "skipped"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    HANDLED = "handled"
    EXPIRED = "expired"
    FAILED = "failed"


#: Somebody still has to act: these lie in the queue.
OPEN = frozenset({Status.NEEDS_INFO, Status.PLANNED, Status.DRAFTED, Status.APPROVED, Status.SENDING})
#: A draft of ours may lie in the mailbox only in these.
IN_MAILBOX = frozenset({Status.DRAFTED, Status.APPROVED, Status.SENDING})


@dataclass(frozen=True, slots=True)
class Plan:
    """An item that belongs in the queue, before it has a number."""

    key: str
    kind: Kind
    status: Status
    occurrence: str
    reason: Reason
    why: str
    due: datetime
    deadline: datetime
    expires: datetime
    person: Person | None = None


class By(StrEnum):
    """Who took a step."""

    DAEMON = "daemon"
    OWNER = "owner"
    MAILBOX = "mailbox"
    """The owner, with their mail program."""


class Via(StrEnum):
    """Through which door the owner came; the mailbox is told by `By`."""

    PAGE = "page"
    TERMINAL = "terminal"


class Act(StrEnum):
    """A write to a mailbox; its intent is on disk before it leaves."""

    CREATE = "create"
    REPLACE = "replace"
    REMOVE = "remove"
    HAND_OVER = "hand-over"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One item of the queue, as the store has it."""

    id: int
    key: str
    """`<occurrence>|<person>`, or `<occurrence>|debrief`, `|question`, `|problem`: one item for each, for ever."""
    kind: Kind
    status: Status
    occurrence: str
    reason: Reason
    why: str
    due: datetime
    deadline: datetime
    expires: datetime
    mailbox: str
    person: str | None = None
    name: str = ""
    email: str | None = None
    first_name: str | None = None
    outcome: str = ""
    """What brought it where it stands."""
    event: str = ""
    """The event's title as the calendar has it: for the owner's eyes, never for a message."""
    by_owner: bool = False
    """The owner named this person; the calendar need not."""
    note: str = ""
    promise: str = ""
    held: Reason | None = None
    """What keeps a planned or drafted follow-up from going on; None when nothing does."""
    snoozed_until: datetime | None = None
    tries: int = 0
    concerns: int | None = None
    """For a problem: the id of the follow-up it is about; for a nudge: of the one that nobody answered."""
    template: str | None = None
    recipe: str | None = None
    """What the message was written from (rules/recipes.py)."""
    subject: str = ""
    message_id: str = ""
    draft_id: str | None = None
    """None when no draft of ours lies in the mailbox."""
    series: str | None = None
    """UID of the series its event belongs to; None for an event that happens once."""
    wrote_at: datetime | None = None
    """When the owner last wrote to them by themselves, as far as an item was ended or held for it; a nudge begins with when
    the mail left that nobody answered."""
    raw: bytes | None = None
    """The message as the owner last saw or wanted it."""
    placed_hash: str | None = None
    """Hash of what the mailbox last held; differs from `hash` while an edit from the desk waits for its pass."""
    edited: bool = False
    """True once the owner changed a word: from then on the text is theirs."""
    approved_hash: str | None = None
    leaves_at: datetime | None = None
    """When an approved follow-up may leave: its hold is over, and it is a working hour."""
    any_hour: bool = False
    """The owner wants it out whatever the hour."""
    risk_from: datetime | None = None
    """From when on it is at risk, by the working hours; None before the first pass that saw it."""

    @property
    def hash(self) -> str:
        """Fingerprint of the text the owner sees."""
        return fingerprint(self.raw) if self.raw is not None else ""

    @property
    def at_risk(self) -> datetime:
        """From when on the deadline is in danger: later it may be too late to decide, or to leave."""
        return self.risk_from or self.deadline - AT_RISK_BEFORE

    def is_at_risk(self, now: datetime) -> bool:
        """Tell whether the deadline of an item that still waits, for the owner or for its hour, is in danger or past."""
        return self.status in OPEN - {Status.SENDING} and self.at_risk <= now

    @property
    def is_nudge(self) -> bool:
        """True for the one second mail about a follow-up that nobody answered."""
        return self.kind is Kind.DRAFT and self.concerns is not None

    @property
    def asks_where(self) -> bool:
        """True for the question about events of public lists: which of these were you at? Others ask about one event."""
        return self.kind is Kind.QUESTION and self.reason is Reason.LISTED

    @property
    def asks_who(self) -> bool:
        """True for the question about people: one person with two addresses, or two of one name."""
        return self.kind is Kind.QUESTION and self.reason is Reason.SAME_PERSON

    @property
    def asks_of_series(self) -> bool:
        """True for the question "was this networking?" about an event that comes round again."""
        return self.kind is Kind.QUESTION and self.reason is Reason.UNSURE and self.series is not None


@dataclass(frozen=True, slots=True)
class Offer:
    """One event of the question "which of these were you at?"."""

    place: int
    """The number the owner answers with; it stays the same while others join."""
    event: Event
    there: bool | None
    """What the owner said; None before they answered."""


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """What the owner said of a whole series when they were asked about one of its events."""

    uid: str
    title: str
    """Of the latest event the state knows; "" when it knows none."""
    networking: bool
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an item's history: what changed, who did it and why."""

    at: datetime
    status: Status
    by: By
    why: str
    via: Via | None = None
    """None for what the daemon or a mail program did, and for steps older than this column."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to leave when this row was committed; open until its outcome is known."""

    id: int
    followup: int
    act: Act
    hash: str
    """Of the bytes that were to lie in the mailbox afterwards; of those that were to leave it otherwise."""
    made_at: datetime
