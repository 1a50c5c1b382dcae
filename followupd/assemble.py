"""Settings to a working house: adapters, store, cycle, desk. The only file that knows everything."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from followupd.adapters import CALENDARS, CONTACTS, FEED, GOOGLE, GUESTS, LETTERS, MAILBOXES, OUTBOX, load
from followupd.adapters.contact_names import ContactNames
from followupd.adapters.copies import forget_copies, name_copy
from followupd.corresponding import Listening
from followupd.cycle import Cycle
from followupd.errors import ConfigProblem
from followupd.items import FollowUp
from followupd.model import Event, Guest, Judge, Judgement, Kin
from followupd.network import Network, read_feed_address
from followupd.ports import AddressBook, CalendarSource, Mailbox
from followupd.render import Renderer
from followupd.rules.answers import AnswerWords, read_answer_words
from followupd.rules.choosing import Chosen, choose_template
from followupd.rules.drafts import example_facts
from followupd.rules.events import judge_event
from followupd.rules.name_words import NameWords, read_name_words
from followupd.rules.people import PeopleWords, name_attendees, read_people_words, sort_guests
from followupd.rules.reading import read_envelope
from followupd.rules.status import check_move
from followupd.rules.word_tables import read_words
from followupd.rules.words import Words
from followupd.settings import CalendarSettings, MailboxSettings, Settings
from followupd.store.store import Store
from followupd.template_files import Templates, find_templates, shipped_templates
from followupd.timing import Timing
from followupd.waking import ring
from followupd.writer import Writer, build_case, choose_language

if TYPE_CHECKING:  # what only commands and the page use, the daemon never loads
    from followupd.debriefing import Debriefing, Foresee
    from followupd.explain import Choose
    from followupd.rules.advice import Caution
    from followupd.rules.guest_lists import GuestWords
    from followupd.rules.promises import DebriefWords
    from followupd.web.ground import Ground

_WORDS = Path(__file__).parent / "words"
#: Word files that are not about events.
_OTHER_WORDS = frozenset({"advice", "answers", "debrief", "guests", "names", "people"})


def read_clock() -> datetime:
    """Return the machine's time (UTC); the only place that asks for it besides the heartbeat."""
    return datetime.now(UTC)


@cache
def load_words() -> Words:
    """Return the words that speak for and against an event, from followupd/words/."""
    stems = sorted(file.stem for file in _WORDS.glob("*.toml"))
    return read_words({stem: _read_word_file(stem) for stem in stems if stem not in _OTHER_WORDS})


def _read_word_file(stem: str) -> dict[str, Any]:
    return tomllib.loads((_WORDS / f"{stem}.toml").read_text(encoding="utf-8"))


@cache
def load_people_words() -> PeopleWords:
    """Return the words that tell people from mailboxes, rooms and machines, from followupd/words/people.toml."""
    return read_people_words(_read_word_file("people"), load_name_words())


@cache
def load_name_words() -> NameWords:
    """Return what is known of names, from followupd/words/: read once, for it is the largest of them."""
    with (
        (_WORDS / "given.txt").open(encoding="utf-8") as given,
        (_WORDS / "families.txt").open(encoding="utf-8") as families,
    ):
        return read_name_words(_read_word_file("names"), given, families)


@cache
def load_cautions() -> "tuple[Caution, ...]":
    """Return what wording advice listens for, from followupd/words/advice.toml."""
    from followupd.rules.advice import read_cautions  # noqa: PLC0415 - the daemon gives no advice

    return read_cautions(_read_word_file("advice"))


def build_contact_names(settings: Settings) -> ContactNames:
    """Return what the owner's contacts call people, as far as they may be read."""
    return ContactNames(*(find_contacts(settings.state, account.name) for account in settings.accounts))


def build_judge(settings: Settings, words: Words, read_kin: Callable[[], Kin] = Kin) -> Judge:
    """Return rules 1 and 2 for this owner as one function; `read_kin` tells who is one person under two addresses."""
    people_words, names = load_people_words(), build_contact_names(settings)

    def judge(event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
        attendees = name_attendees(event.attendees, names.find_name, people_words.names)
        guests = sort_guests(attendees, settings.owner, people_words, read_kin())
        return judge_event(event, guests, settings.owner, words), guests

    return judge


def build_sources(
    settings: Settings, copies: Path | None = None, accounts: Mapping[str, Any] | None = None
) -> list[CalendarSource]:
    """Return the calendars; `copies` is the folder for what they gave last, None keeps none on disk.

    `accounts` are those of build_accounts, made here when they are not given.
    """
    ways = build_accounts(settings) if accounts is None else accounts
    return [_build_source(calendar, settings, copies, ways) for calendar in settings.calendars]


def _build_source(
    calendar: CalendarSettings, settings: Settings, copies: Path | None, accounts: Mapping[str, Any]
) -> Any:
    make, zone = load(CALENDARS[calendar.type]), settings.owner.timezone
    if calendar.account is None:
        return make(calendar.name, _find_origin(calendar, settings, copies), zone, listed=calendar.listed)
    file = copies / name_copy(calendar.account, calendar.id) if copies else None
    way = accounts[calendar.account]
    return make(calendar.name, way, calendar.id, file, zone, listed=calendar.listed)


def accounts_folder(settings: Settings) -> Path:
    """Return the folder in which the sign-ins to accounts lie."""
    return settings.state / "google"


def build_accounts(settings: Settings) -> dict[str, Any]:
    """Return the way to each account that a calendar or a mailbox uses, by name.

    Without one nothing of Google's is loaded; calendars and mailboxes of one account share its way and its pace.
    """
    users = (
        *(calendar.account for calendar in settings.calendars),
        *(box.account for box in settings.mailboxes),
    )
    folder, network, root = accounts_folder(settings), settings.network, settings.google_root
    return {
        name: load(GOOGLE)(name, folder, network, root, read_clock) for name in dict.fromkeys(users) if name
    }


def find_contacts(state: Path, account: str) -> Path:
    """Return the file in which the contacts of an account are kept."""
    return state / "feeds" / name_copy(account, "contacts")


def build_books(accounts: Mapping[str, Any], state: Path) -> list[AddressBook]:
    """Return the contacts of each account; they ask for nothing that the owner did not allow."""
    return [load(CONTACTS)(google, find_contacts(state, name)) for name, google in accounts.items()]


def build_holidays(settings: Settings) -> CalendarSource | None:
    """Return the calendar of the owner's days off; its whole days are the owner's, whatever zone it names."""
    if settings.holidays is None:
        return None
    source: CalendarSource = load(CALENDARS["ics"])(
        "holidays", settings.holidays, settings.owner.timezone, trust_zone=False
    )
    return source


def _find_origin(calendar: CalendarSettings, settings: Settings, copies: Path | None) -> Any:
    """Return where the calendar's bytes come from: its path, or a Feed."""
    if calendar.url is None:
        return calendar.path
    return load(FEED)(calendar.url, settings.network, copies, allow_private=calendar.allow_private)


def _name_copies(settings: Settings) -> set[str]:
    """Return the names of the files that the calendars of the config keep."""
    urls = [calendar.url for calendar in settings.calendars if calendar.url is not None]
    feeds = {read_feed_address(url, allow_http=True).fingerprint() for url in urls}
    return feeds.union(*(_name_account_copies(settings, account.name) for account in settings.accounts))


def _name_account_copies(settings: Settings, account: str) -> set[str]:
    ids = [calendar.id for calendar in settings.calendars if calendar.account == account]
    return {name_copy(account, place) for place in [*ids, "contacts"]}


def forget_account(settings: Settings, account: str) -> None:
    """Delete what the calendars and the contacts of an account gave last."""
    for name in _name_account_copies(settings, account):
        (settings.state / "feeds" / name).unlink(missing_ok=True)


def build_mailboxes(settings: Settings, accounts: Mapping[str, Any]) -> dict[str, Mailbox]:
    """Return the mailboxes by name; `accounts` are those of build_accounts. Raises ConfigProblem when there is none for drafts to lie in."""
    if not settings.mailboxes:
        raise ConfigProblem(
            f"{settings.file} names no [mailbox].", "Add one for drafts to lie in; see config.example.toml."
        )
    return {box.name: _build_mailbox(box, settings.network, accounts) for box in settings.mailboxes}


def _build_mailbox(box: MailboxSettings, network: Network, accounts: Mapping[str, Any]) -> Mailbox:
    make: Callable[..., Mailbox] = load(MAILBOXES[box.type])
    if box.account is not None:
        return make(box.name, accounts[box.account], read_clock)
    drafts = make(box.name, box.path)
    if box.server is None:
        return drafts
    send: Callable[..., Mailbox] = load(OUTBOX)
    return send(drafts, box.server, network.ca_file, read_envelope)


def build_listening(settings: Settings, accounts: Mapping[str, Any]) -> Listening:
    """Return where the owner's own correspondence may be looked at, which is at Gmail by their leave; in every sixth pass."""
    boxes = [(box.name, box.type, box.account) for box in settings.mailboxes]
    return Listening(
        {name: load(LETTERS[kind])(accounts[account]) for name, kind, account in boxes if account},
        load_answer_words(),
        settings.owner.addresses,
        ZoneInfo(settings.owner.timezone),
        {box.name: settings.owner.email for box in settings.mailboxes if box.signature},
        settings.poll * 6,
    )


def try_server(box: MailboxSettings, network: Network) -> None:
    """Connect to the mail server of a mailbox and log in; no mail leaves. Raises MailboxProblem in words."""
    mailbox = _build_mailbox(box, network, {})
    mailbox.open()
    mailbox.close()


def build_templates(settings: Settings, renderer: Renderer) -> Templates:
    return Templates([shipped_templates(), settings.templates], renderer, example_facts())


def build_writer(settings: Settings, words: Words, templates: Templates) -> Writer:
    return Writer(settings.owner, words, settings.choices, templates)


def build_choose(settings: Settings, words: Words) -> "Choose":
    """Return the choice of templates for `explain`, from the names of the files alone."""
    available = find_templates([shipped_templates(), settings.templates]).keys()

    def choose(event: Event, judgement: Judgement, guest: Guest, late: bool, known: bool) -> Chosen:
        language = choose_language(judgement, settings.owner)
        case = build_case(
            event, judgement, guest.email, words, language, late=late, known=known, promise=False
        )
        return choose_template(settings.choices, case, available)

    return choose


def build_foresee(settings: Settings, words: Words) -> "Foresee":
    """Return the choice of templates for follow-ups that wait to be drafted, from the names of the files alone."""
    available = find_templates([shipped_templates(), settings.templates]).keys()

    def foresee(event: Event, judgement: Judgement, item: FollowUp, late: bool, known: bool) -> Chosen:
        language = choose_language(judgement, settings.owner)
        promise = bool(item.promise)
        case = build_case(
            event, judgement, item.email, words, language, late=late, known=known, promise=promise
        )
        return choose_template(settings.choices, case, available)

    return foresee


@cache
def load_debrief_words() -> "DebriefWords":
    """Return what the debrief listens for, from followupd/words/debrief.toml."""
    from followupd.rules.promises import read_debrief_words  # noqa: PLC0415 - the daemon reads no debrief

    return read_debrief_words(_read_word_file("debrief"), load_name_words())


@cache
def load_answer_words() -> AnswerWords:
    """Return by what the letters of machines are known, from followupd/words/answers.toml."""
    return read_answer_words(_read_word_file("answers"))


@cache
def load_guest_words() -> "GuestWords":
    """Return how guest lists name their columns and say who was there, from followupd/words/guests.toml."""
    from followupd.rules.guest_lists import read_guest_words  # noqa: PLC0415 - the daemon reads no guest list

    return read_guest_words(_read_word_file("guests"))


def build_debriefing(settings: Settings, store: Store, wake: Callable[[], object]) -> "Debriefing":
    """Return what takes the owner's answers to "whom did you meet?"."""
    from followupd.debriefing import Debriefing, DebriefRules  # noqa: PLC0415 - the daemon asks and takes no answers

    words = load_words()
    rules = DebriefRules(
        owner=settings.owner,
        limits=settings.limits,
        debrief=load_debrief_words(),
        guests=load_guest_words(),
        people=load_people_words(),
        mailbox=next((box.name for box in settings.mailboxes), ""),
    )
    judge, foresee = build_judge(settings, words, store.kinship.read), build_foresee(settings, words)
    return Debriefing(store, wake, rules, judge, foresee, load(GUESTS))


def open_store(folder: Path) -> Store:
    return Store(folder, check_move)


def build_cycle(
    settings: Settings,
    store: Store,
    templates: Templates,
    clock: Callable[[], datetime] = read_clock,
    mailboxes: Mapping[str, Mailbox] | None = None,
    accounts: Mapping[str, Any] | None = None,
) -> Cycle:
    """Return the pass for these settings; it begins a new reign over the store.

    `accounts` and `mailboxes` are those of build_accounts and build_mailboxes, made here when they are not given.
    """
    words = load_words()
    accounts = build_accounts(settings) if accounts is None else accounts
    mailboxes = mailboxes or build_mailboxes(settings, accounts)
    # Beside the database at hand: a dry run over a copy of the state leaves the real copies alone.
    copies = store.database.path.parent / "feeds"
    cycle = Cycle(
        store=store,
        sources=build_sources(settings, copies, accounts),
        mailbox_of={calendar.name: calendar.mailbox for calendar in settings.calendars},
        mailboxes=mailboxes,
        judge=build_judge(settings, words, store.kinship.read),
        writer=build_writer(settings, words, templates),
        limits=settings.limits,
        series=settings.series,
        zone=ZoneInfo(settings.owner.timezone),
        timing=Timing(store, settings.hours, build_holidays(settings), mailboxes, clock),
        clock=clock,
        listening=build_listening(settings, accounts),
        books=build_books(accounts, store.database.path.parent),
        find_addresses=build_contact_names(settings).find_addresses,
    )
    forget_copies(copies, _name_copies(settings))
    store.begin_reign()  # last: settings that cannot be used leave the running cycle its reign
    return cycle


def build_ground(
    settings: Settings,
    templates: Templates,
    is_running: Callable[[], bool],
) -> "Ground":
    """Return what the page stands on. Its templates are its own: the daemon's belong to the daemon's thread."""
    from followupd.web.ground import Ground  # noqa: PLC0415 - Flask is loaded for the first visitor, not before

    words = load_words()
    return Ground(
        settings=settings,
        judge=build_judge(settings, words),
        writer=build_writer(settings, words, templates),
        templates=templates,
        cautions=load_cautions(),
        open_store=lambda: open_store(settings.state),
        open_debriefing=lambda store: build_debriefing(settings, store, lambda: ring(settings.state)),
        wake=lambda: ring(settings.state),
        clock=read_clock,
        is_running=is_running,
    )
