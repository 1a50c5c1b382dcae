"""The nouns of the house, all frozen. Every instant is UTC; zones live at the edges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: The rule this program keeps: a follow-up goes out within 48 hours of the event's end.
FOLLOW_UP_WITHIN = timedelta(hours=48)
#: A late follow-up is still better than none until this long after the event's end.
TOO_LATE_AFTER = timedelta(days=7)
#: The calendar of meetings that the owner tells of and no calendar has.
MEETINGS = "(met)"


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
    owner: bool = False
    """The calendar itself says that this is whose calendar it is: surer than any address."""


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
    guests_hidden: bool = False
    """The calendar shows only some of the guests, and says so."""


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
    DO_NOT_CONTACT = "do-not-contact"
    # what holds or ends a follow-up
    FUTURE = "future"
    RUNNING = "running"
    TOO_OLD = "too-old"
    BEFORE_INSTALL = "before-install"
    NO_ADDRESS = "no-address"
    CROWD = "crowd"
    HIDDEN = "hidden"
    RECENT = "recent"
    MET_BEFORE = "met-before"
    SERIES = "series"
    SAME_PERSON = "same-person"
    DAILY_CAP = "daily-cap"
    NOT_FRESH = "not-fresh"
    GONE = "gone"
    PERSON_GONE = "person-gone"
    MOVED = "moved"
    SEND_LIMIT = "send-limit"
    SERVER = "server"
    WROTE = "wrote"
    NO_ANSWER = "no-answer"
    ANSWERED = "answered"
    BOUNCED = "bounced"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    DOUBT = "doubt"


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

    @property
    def weight(self) -> int:
        """What the evidence comes to, whatever the facts say."""
        return sum(piece.weight for piece in self.evidence)


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
    second_of: str | None = None
    """Key of the guest whose second line this is; None for everybody else."""
    proved: bool = True
    """False where only the name says that they are one person."""
    greeting: tuple[Evidence, ...] = field(default=(), compare=False)
    """What spoke for and against the first name, used or not; empty where no name was given."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Which keys are one person's and which are not, as far as that was proved or said."""

    heads: Mapping[str, str] = field(default_factory=dict)
    """A joined key to the one that stands for all of the person's."""
    apart: frozenset[frozenset[str]] = frozenset()
    """Pairs that are two people, whatever their names."""

    def find_head(self, key: str) -> str:
        return self.heads.get(key, key)


#: Rules 1 and 2 for one owner: an event to its judgement and its guests.
Judge = Callable[[Event], tuple[Judgement, tuple[Guest, ...]]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the owner met, with the address that reaches them."""

    key: str
    email: str | None
    name: str
    first_name: str | None
    zone: str | None = None
    """Zone of the place they live in; None unless it is known for sure."""
    never: bool = False
    """The owner said never to write to them."""
    phone: str = ""
    """As it was written; for the owner's eyes."""
    company: str = ""
    circle: str = ""
    """The owner's own word for what they are to them: mentor, peer, customer-to-be, friend."""


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
