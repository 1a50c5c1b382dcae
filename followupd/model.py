"""The nouns of the house, all frozen. Every instant is UTC; zones live at the edges."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: The rule this program keeps: a follow-up goes out within 48 hours of the event's end.
FOLLOW_UP_WITHIN = timedelta(hours=48)
#: From here on a waiting follow-up is shown as at risk.
AT_RISK_BEFORE = timedelta(hours=12)
#: A snoozed item waits this much longer than its snooze before it expires.
SNOOZE_GRACE = timedelta(days=2)
#: A late follow-up is still better than none until this long after the event's end.
TOO_LATE_AFTER = timedelta(days=7)


class Answer(StrEnum):
    """What a guest said to the invitation (RFC 5545, 3.2.12 PARTSTAT)."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    NEEDS_ACTION = "needs-action"


class GuestKind(StrEnum):
    """What an attendee is (RFC 5545, 3.2.3 CUTYPE)."""

    INDIVIDUAL = "individual"
    GROUP = "group"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One line of an invitation, as the calendar has it; strangers wrote the name."""

    email: str | None
    """Lower case, ASCII domain; None where the calendar gives no usable address."""
    name: str = ""
    answer: Answer = Answer.NEEDS_ACTION
    kind: GuestKind = GuestKind.INDIVIDUAL
    organizer: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence of a calendar entry. Strangers may have written every text in it."""

    occurrence: str
    """Survives moves and renames; one per occurrence of a series; the same in every calendar."""
    calendar: str
    uid: str
    title: str
    start: datetime
    end: datetime
    all_day: bool = False
    cancelled: bool = False
    tentative: bool = False
    private: bool = False
    busy: bool = True
    blocked: bool = False
    """The calendar itself says: focus time, out of office, working elsewhere."""
    series: bool = False
    listed: bool = False
    """From a public list of events, so being in the calendar does not mean having been there."""
    description: str = ""
    location: str = ""
    categories: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    """Every guest and the organiser, each address once; `organizer` marks who invited."""


class EventState(StrEnum):
    FUTURE = "future"
    RUNNING = "running"
    ENDED = "ended"
    TOO_OLD = "too-old"


class Verdict(StrEnum):
    YES = "yes"
    NO = "no"
    ASK = "ask"


class Reason(StrEnum):
    """Why something was or was not done: a closed list, in code, columns, pages and docs."""

    # why an event counts, or does not
    NETWORKING = "networking"
    OWNER_SAYS = "owner-says"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    NOT_ACCEPTED = "not-accepted"
    PRIVATE = "private"
    INTERNAL = "internal"
    PERSONAL = "personal"
    TRAVEL = "travel"
    BLOCK = "block"
    CLIENT = "client"
    INTERVIEW = "interview"
    COMPUTERS = "computers"
    COURSE = "course"
    WEBINAR = "webinar"
    LISTED = "listed"
    UNSURE = "unsure"
    NO_SIGN = "no-sign"
    # who is written to, and who is left out
    GUEST = "guest"
    OWNER = "owner"
    COLLEAGUE = "colleague"
    ROOM = "room"
    GROUP = "group"
    ROLE_ADDRESS = "role-address"
    ROBOT = "robot"
    DUPLICATE = "duplicate"
    # what holds or ends a follow-up
    FUTURE = "future"
    RUNNING = "running"
    TOO_OLD = "too-old"
    BEFORE_INSTALL = "before-install"
    NO_ADDRESS = "no-address"
    CROWD = "crowd"
    RECENT = "recent"
    DAILY_CAP = "daily-cap"
    NOT_FRESH = "not-fresh"
    GONE = "gone"
    PERSON_GONE = "person-gone"
    MOVED = "moved"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that spoke for or against, with its weight; `explain` prints the sum."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What rule 1 says of an event, whatever the time."""

    verdict: Verdict
    reason: Reason
    why: str
    evidence: tuple[Evidence, ...] = ()
    gathering: str | None = None
    """What kind of gathering it was ("coffee", "chamber-breakfast"): a key of words/gatherings.toml."""
    language: str | None = None
    """Two-letter language of the words that spoke for it."""


@dataclass(frozen=True, slots=True)
class Guest:
    """What rule 2 says of an attendee, whatever the time."""

    email: str | None
    name: str
    """Full name as a person would write it, or ""; never an address."""
    first_name: str | None
    """Safe to greet with, or None."""
    person: str
    """Key of the person: the same for two spellings of one address."""
    organizer: bool
    follow_up: bool
    reason: Reason
    why: str


#: Rules 1 and 2 for one owner: an event to its judgement and its guests.
Judge = Callable[[Event], tuple[Judgement, tuple[Guest, ...]]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the owner met, with the address that reaches them."""

    key: str
    email: str | None
    name: str
    first_name: str | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose follow-ups these are, as config.toml says."""

    name: str
    email: str
    addresses: frozenset[str]
    """Every address that is the owner, lower case, `email` included."""
    company_domains: frozenset[str]
    """Colleagues live at these domains and below them."""
    timezone: str
    """Zone name for everything shown to the owner, and for calendar times that name no zone."""
    languages: tuple[str, ...] = ("en",)
    """Two-letter languages the owner writes in; the first is the fallback."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody the owner says they met."""

    person: Person
    note: str = ""
    promise: str = ""


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
    """For a problem: the id of the follow-up it is about."""
    template: str | None = None
    subject: str = ""
    message_id: str = ""
    draft_id: str | None = None
    """None when no draft of ours lies in the mailbox."""
    raw: bytes | None = None
    """The message as the owner last saw or wanted it."""
    placed_hash: str | None = None
    """Hash of what the mailbox last held; differs from `hash` while an edit from the desk waits for its pass."""
    edited: bool = False
    """True once the owner changed a word: from then on the text is theirs."""
    approved_hash: str | None = None
    leaves_at: datetime | None = None
    """When the hold of an approved follow-up ends."""

    @property
    def hash(self) -> str:
        """Fingerprint of the text the owner sees."""
        return fingerprint(self.raw) if self.raw is not None else ""

    @property
    def at_risk(self) -> datetime:
        return self.deadline - AT_RISK_BEFORE


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an item's history: what changed, who did it and why."""

    at: datetime
    status: Status
    by: By
    why: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to leave when this row was committed; open until its outcome is known."""

    id: int
    followup: int
    act: Act
    hash: str
    """Of the bytes that were to lie in the mailbox afterwards; of those that were to leave it otherwise."""
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, before it becomes bytes."""

    sender_name: str
    sender_email: str
    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    language: str = "en"


def fingerprint(raw: bytes) -> str:
    """SHA-256 of a message's bytes in hex: what an approval is bound to."""
    return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the mailbox returned it, byte for byte."""

    id: str
    raw: bytes
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", fingerprint(self.raw))


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a draft that has to be found again; trusted in this order."""

    draft_id: str | None
    message_id: str
    to: str
    subject: str
    since: datetime


class Place(StrEnum):
    """Where in the mailbox a message was found."""

    DRAFTS = "drafts"
    READY = "ready"
    SENT = "sent"
    TRASH = "trash"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into the mailbox found for one trace."""

    place: Place
    drafts: tuple[Draft, ...] = ()
    """All drafts that match, when `place` is DRAFTS; two or more mean: stop and ask."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry of a source that could not be used, and why; the others were."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a calendar found between two instants."""

    events: tuple[Event, ...]
    skipped: tuple[Skipped, ...] = ()
    complete: bool = True
    """False: parts were unreadable, so an event that is missing here may still exist."""
