"""A small world for tests of the pass: an owner, events, a cycle over memory ports and a clock moved by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from memory import MemoryCalendar, MemoryMailbox

from followupd.assemble import (
    build_debriefing,
    build_judge,
    load_answer_words,
    load_debrief_words,
    load_words,
    open_store,
)
from followupd.corresponding import Listening
from followupd.cycle import Cycle, Report
from followupd.desk import Desk
from followupd.items import FollowUp, Status
from followupd.met import Met
from followupd.model import Answer, Attendee, Event, Owner
from followupd.network import Network
from followupd.ports import CalendarSource, Correspondence, Mailbox
from followupd.render import Renderer
from followupd.rules import debrief
from followupd.rules.drafts import example_facts
from followupd.rules.followups import Limits
from followupd.rules.hours import Hours
from followupd.rules.series import SeriesRule
from followupd.settings import CalendarSettings, MailboxSettings, PageSettings, Settings
from followupd.store.store import Store
from followupd.template_files import Templates, shipped_templates
from followupd.timing import Timing
from followupd.writer import Writer

#: Nothing waits for working hours but in the tests about them.
ANY_HOUR = Hours("Europe/Berlin", frozenset(range(7)), 0, 24 * 60)
HOLD = timedelta(minutes=2)
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
ADA = Owner(
    name="Ada Example",
    email="ada@example.com",
    addresses=frozenset({"ada@example.com"}),
    company_domains=frozenset({"example.com"}),
    timezone="Europe/Berlin",
    languages=("en", "de"),
)
HOST = Attendee("ada@example.com", "Ada Example", Answer.ACCEPTED, organizer=True)
WORDS = load_words()
ANSWER_WORDS = load_answer_words()
LISTENS_EVERY = timedelta(minutes=30)
DEBRIEF_WORDS = load_debrief_words()


def read_met(line: str, note: str = "", promise: str = "") -> Met:
    """Return whom a line names, by the words that are shipped."""
    return debrief.read_met(line, DEBRIEF_WORDS, note, promise)


def guest(name: str, answer: Answer = Answer.ACCEPTED) -> Attendee:
    """Return a guest such as Jane Doe <jane.doe@acme.example>."""
    return Attendee(f"{name.lower().replace(' ', '.')}@acme.example", name, answer)


JANE, TOM = guest("Jane Doe"), guest("Tom Miller")


def meeting(occurrence: str, end: datetime, *guests: Attendee, title: str = "Founders meetup") -> Event:
    """Return a networking event Ada invited to, an hour long."""
    attendees = (HOST, *guests) if guests else ()
    return Event(occurrence, "work", occurrence, title, end - timedelta(hours=1), end, attendees=attendees)


@dataclass
class World:
    """Everything a pass touches."""

    folder: Path
    renderer: Renderer
    mailbox: MemoryMailbox | Mailbox
    limits: Limits = field(default_factory=Limits)
    hours: Hours = ANY_HOUR
    holidays: MemoryCalendar | None = None
    series: tuple[SeriesRule, ...] = ()
    now: datetime = NOON
    calendar: MemoryCalendar = field(default_factory=lambda: MemoryCalendar("work"))
    more: tuple[CalendarSource, ...] = ()
    """Calendars beside that one."""
    letters: Mapping[str, Correspondence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.mailbox, MemoryMailbox):
            self.mailbox.now = lambda: self.now
        self.open()

    def open(self) -> None:
        """Start as after a boot: a new store, a new cycle."""
        self.store: Store = open_store(self.folder / "state")
        self.store.begin_reign()
        settings = self.settings = _settings(self.folder, self.limits)
        templates = Templates([shipped_templates(), settings.templates], self.renderer, example_facts())
        self.cycle = Cycle(
            store=self.store,
            sources=[self.calendar, *self.more],
            mailbox_of={"work": "box", "job": "box"},
            mailboxes={"box": self.mailbox},
            judge=build_judge(settings, WORDS, self.store.kinship.read),
            writer=Writer(ADA, WORDS, (), templates),
            limits=self.limits,
            series=self.series,
            zone=ZoneInfo(ADA.timezone),
            timing=Timing(self.store, self.hours, self.holidays, {"box": self.mailbox}, lambda: self.now),
            clock=lambda: self.now,
            listening=Listening(
                self.letters,
                ANSWER_WORDS,
                ADA.addresses,
                ZoneInfo(ADA.timezone),
                {"box": ADA.email},
                LISTENS_EVERY,
            ),
        )
        self.desk = Desk(self.store, lambda: None)
        self.debriefing = build_debriefing(settings, self.store, lambda: None)

    def reboot(self) -> None:
        self.store.close()
        self.open()

    def run(self, **later: float) -> Report:
        """Let time pass (timedelta's words), then make one pass."""
        self.now += timedelta(**later)
        return self.cycle.run_pass()

    def item(self, person: str, occurrence: str | None = None) -> FollowUp:
        """Return the one follow-up to a person of that name."""
        found = [
            item
            for item in self.store.followups()
            if item.name == person and item.concerns is None and occurrence in {None, item.occurrence}
        ]
        assert len(found) == 1, found
        return found[0]

    def status(self, person: str) -> Status:
        return self.item(person).status

    def approve(self, person: str) -> FollowUp:
        return self.desk.approve(self.item(person).id, self.now, self.limits.hold)

    def set_event(self, event: Event, **changes: object) -> None:
        """Put an event into the calendar, in place of its former self."""
        others = [known for known in self.calendar.events if known.occurrence != event.occurrence]
        self.calendar.events = (*others, replace(event, **changes))  # type: ignore[arg-type]


def _settings(folder: Path, limits: Limits) -> Settings:
    return Settings(
        file=folder / "config.toml",
        state=folder / "state",
        templates=folder / "templates",
        owner=ADA,
        calendars=(CalendarSettings("work", "ics", folder / "calendars", listed=False, mailbox="box"),),
        mailboxes=(MailboxSettings("box", "maildir", folder / "Mail"),),
        limits=limits,
        hours=ANY_HOUR,
        holidays=None,
        poll=timedelta(minutes=5),
        series=(),
        choices=(),
        network=Network(),
        page=PageSettings(port=8458, trusted_host=""),
    )


@contextmanager
def open_world(folder: Path, mailbox: Mailbox | None = None, limits: Limits | None = None) -> Iterator[World]:
    """Yield a world over a mailbox (in memory unless given) and close it."""
    with Renderer() as renderer:
        world = World(folder, renderer, mailbox or MemoryMailbox("box"), limits or Limits())
        yield world
        world.store.close()
