import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.model import Answer, Attendee, Event, EventState, Guest, Judgement, Owner, Reason, Verdict
from followupd.rules.events import judge_event, speak_of, state_of
from followupd.rules.word_tables import read_words

FOLDER = files("followupd") / "words"
FILES = {stem: (FOLDER / f"{stem}.toml").read_text(encoding="utf-8") for stem in ("en", "de", "gatherings")}
WORDS = read_words({stem: tomllib.loads(text) for stem, text in FILES.items()})
OWNER = Owner(
    name="Ada Example",
    email="ada@example.com",
    addresses=frozenset({"ada@example.com"}),
    company_domains=frozenset({"example.com"}),
    timezone="Europe/Berlin",
)
END = datetime(2026, 12, 1, 10, tzinfo=UTC)
EVENT = Event(occurrence="1", calendar="work", uid="1", title="", start=END - timedelta(hours=1), end=END)
NOT_ACCEPTED = (Verdict.NO, Reason.NOT_ACCEPTED)
DECLINED = (Verdict.NO, Reason.DECLINED)
YES = (Verdict.YES, Reason.NETWORKING)
ASK = (Verdict.ASK, Reason.UNSURE)


@pytest.mark.parametrize(
    ("uid", "verdict"),
    [
        ("evt-4f2@events.lu.ma", Verdict.ASK),
        ("event_301@meetup.com", Verdict.ASK),
        ("4f2@lu.ma.evil.example", Verdict.NO),
        ("lu.ma@google.com", Verdict.NO),
    ],
)
def test_the_uid_of_a_site_for_gatherings_speaks_for_an_event(uid: str, verdict: Verdict) -> None:
    entry = replace(EVENT, title="Kiln opening", uid=uid)
    assert judge_event(entry, (), OWNER, WORDS).verdict is verdict


# Titles without guests, labelled by hand after field.md, "What counts as a networking event".
NETWORKING = """
    Chamber breakfast; Chamber of Commerce mixer; Business After Hours @ Chamber;
    Chamber Ribbon Cutting: new bakery; BNI weekly meeting; BNI Chapter Phoenix; Rotary lunch;
    Lions Club evening; JCI Spring Social; Python Meetup #42; Berlin Python User Group;
    JavaScript Meet-up; ☕ networking_mixer 🍸; Women in Tech drinks; Speed networking; Founders breakfast;
    Startup Grind Berlin; Startup weekend; Pitch Night at the Hub; Accelerator Demo Day; Web Summit day 2;
    PyCon DE conference dinner; Small Business Expo; Trade show booth duty; CTO round table;
    Mastermind group; Peer circle; After-work drinks for founders; Alumni drinks; SEO meetup; Round table: when small orders get cancelled;
    Kubernetes Meetup; HR conference; Mixer at the museum; Chamber holiday mixer;
    Family business networking; Business School alumni evening; MBA Alumni reunion;
    Community call: AMA with the maintainers; Virtual coffee with Jane Smith;
    Online networking in breakout rooms; Intro: Jane <> Ada; Intro call Jane Smith;
    Discovery call with Jane; Coffee with Jane (Acme); Coffee - Maria Gomez (Delta Foods);
    Coffee with Jane Smith; Lunch w/ Peter from Acme; Exploratory chat: Acme; Business lunch; Industry association annual dinner; New Year's reception;
    Drinks reception, City Hall; Charity gala dinner; BarCamp Leipzig; Hackathon social evening;
    Angel investors evening; Investor breakfast; Coworking community breakfast;
    Panel discussion and drinks; Golf day with the chamber; Entrepreneurs get-together;
    Informational interview with Jane; Toastmasters club; Unternehmerfrühstück;
    UNTERNEHMERFRUEHSTUECK IHK; Unternehmer-Frühstück der Volksbank; IHK Neujahrsempfang; IHK-Sommerfest;
    HWK Handwerkerfrühstück; Netzwerktreffen Mittelstand; Netzwerk-Abend; Netzwerkfrühstück;
    Gründerstammtisch; Startup-Stammtisch; Python-Stammtisch; Datenschutz-Stammtisch;
    Familienunternehmer-Abend; Steuerberater-Stammtisch Müller; Unternehmerstammtisch Süd; BNI Frühstück;
    Rotary-Club Meeting; Wirtschaftsjunioren Treffen; Verbandstag Maschinenbau;
    Verein der Unternehmer: Mitgliederabend; Hannover Messe; Messe Frankfurt, Halle 3;
    Messeabend mit Ausstellern; Fachkongress Digitalisierung; Jahrestagung des Verbands;
    Konferenz Zukunft Handwerk; Erfahrungsaustausch Onlinehandel; ERFA-Gruppe Einkauf;
    Branchentreff Logistik; Kooperationsbörse; Kennenlernen mit Frau Schmidt;
    Kennenlerngespräch Müller GmbH; Erstgespräch mit Jana; Runder Tisch Innenstadt;
    Unternehmerinnen-Netzwerk; Gewerbeverein Mitgliederversammlung; Business Lunch mit Partnern;
    Mittagessen mit Herrn Weber (Acme); Kaffee mit Jana von Acme; Kaffee mit Peter Müller;
    Ehemaligentreffen der Uni; Podiumsdiskussion mit Empfang; Feierabendbier mit Gründern;
    Afterwork Marketing Club; Barcamp Ruhr; Pitch-Abend im Gründerzentrum; Investorenabend;
    Kamingespräch Wirtschaftsrat; Betriebsbesichtigung mit den Wirtschaftsjunioren; Freelancer-Treff;
    Hausmesse Großhandel; Preisverleihung Gründerpreis; Online-Stammtisch der Selbstständigen;
    Come-Together nach der Tagung; Regionaltreffen BVMW
"""

UNSURE = """
    Coffee with Jane; Lunch with Peter; Network; Ada / Jane; Kaffee mit Jana; Mittagessen mit Peter;
    Sommerfest; Mitgliederversammlung
"""

AGAINST = {
    Reason.NO_SIGN: """
        Lunch; Coffee; Zusammenfassung; Coffee beans; Kitchen mixer; Mixer repair; Chamber pot; Social media; Call Jane; Frühstück; Abstellkammer; Kaffeemaschine; Messer;
        Verband wechseln; Telefonkonferenz
    """,
    Reason.PERSONAL: """
        Meetup with mom; Breakfast with the kids; Coffee ☕ with Dr. Brown (dentist); Lunch with Uncle Bob;
        Dinner with friends; Jane's birthday drinks; Parents' evening at school; Yoga; Book club;
        Chamber music concert; Family reunion; Sunday service and coffee; Zahnarzt; Frühstück mit Oma;
        Stammtisch mit Freunden; Familientreffen; Elternabend; Kindergeburtstag; Klassentreffen;
        Chamber music concerto; Football, pitch 3; Chorprobe; Mittagessen mit Mama; Nachbarschaftstreffen; Kammerkonzert
    """,
    Reason.TRAVEL: """
        Flight to Web Summit; Train to the chamber conference; Hotel check-in Lisbon;
        Travel time: networking mixer; Anreise Hannover Messe; Zug nach Berlin (Kongress);
        Rückfahrt Tagung; Tickets für Messe
    """,
    Reason.BLOCK: """
        HOLD: chamber breakfast; Focus time; Out of office; Lunch break; RSVP for founders breakfast;
        Prep for networking mixer; Reminder: alumni newsletter deadline; Alumni newsletter deadline;
        Register for the meetup; Send thank-you cards from mixer; Early bird ends: conference;
        Call for papers: PyCon; Mittagspause; Blocker; Anmeldeschluss Unternehmerfrühstück;
        Messe vorbereiten; Urlaub; Visitenkarten drucken für Netzwerktreffen;
        Erinnerung: Stammtisch zusagen
    """,
    Reason.CLIENT: """
        Acme weekly sync; Project kickoff Acme; Status call; Invoice review; Client meeting;
        Support call Acme; Coffee beans delivery; Meetup website relaunch; Acme QBR;
        Contract renewal Acme; Jour Fixe Müller; Projektbesprechung; Statusmeeting Müller GmbH;
        Kundentermin Weber; Angebot besprechen; Abstimmung Website; Lieferantengespräch; Steuerberater
    """,
    Reason.INTERVIEW: """
        Interview with Jane; Phone screen: backend candidate; Intro call with candidate;
        Vorstellungsgespräch Frau Weber; Bewerbungsgespräch; Probearbeiten Jana
    """,
    Reason.COMPUTERS: """
        Network maintenance; Network switch replacement; Networking: VPN and firewall; VLAN migration;
        Office network upgrade; Kubernetes networking; Netzwerk-Wartung; Netzwerkdrucker;
        Netzwerkkabel verlegen; Firewall Netzwerk; Serverumzug; WLAN im Büro
    """,
    Reason.COURSE: """
        Networking course; Social network ads course; How to network: a training; Cisco networking class;
        Lunch and learn: prompts; Networking fundamentals exam; Computer networking lecture;
        Netzwerk-Schulung; Erfolgreich netzwerken: Seminar; IHK Prüfung; Vorlesung Rechnernetze;
        Weiterbildung Vertrieb
    """,
    Reason.WEBINAR: """
        Webinar: the art of small talk; Chamber webinar on taxes; Livestream keynote;
        Online lecture on founders; IHK Webinar; Online-Vortrag Datenschutz heute
    """,
    Reason.INTERNAL: """
        Daily standup; All hands; Team lunch; Sprint planning; Retro; Company picnic;
        Pitch deck review internal; Team networking; Teammeeting; Betriebsausflug; Mitarbeitergespräch;
        Weihnachtsfeier; Teamfrühstück; Betriebsversammlung
    """,
    Reason.CANCELLED: """
        Canceled: Chamber breakfast; CANCELLED - Python Meetup; [cancelled] Founders breakfast;
        Mixer (cancelled); Postponed: mixer; Abgesagt: Unternehmerfrühstück; ENTFÄLLT: Stammtisch;
        Entfaellt Stammtisch; Stammtisch fällt aus; Fällt aus! Netzwerktreffen;
        Netzwerktreffen - abgesagt
    """,
}


def list_labels() -> Iterator[tuple[str, tuple[Verdict, Reason]]]:
    groups = [(NETWORKING, YES), (UNSURE, ASK)]
    groups += [(titles, (Verdict.NO, reason)) for reason, titles in AGAINST.items()]
    for titles, label in groups:
        yield from ((title.strip(), label) for title in re.split(r"[;\n]", titles) if title.strip())


def judge(event: Event, *others: Guest) -> Judgement:
    return judge_event(event, others, OWNER, WORDS)


def label_of(judgement: Judgement) -> tuple[Verdict, Reason]:
    return judgement.verdict, judgement.reason


def titled(title: str) -> Event:
    return replace(EVENT, title=title)


def guest(email: str, reason: Reason = Reason.GUEST, name: str = "", *, organizer: bool = False) -> Guest:
    return Guest(email, name, None, email, organizer, reason is Reason.GUEST, reason, "")


def invited(
    title: str, *people: Guest, answers: dict[str, Answer] | None = None
) -> tuple[Event, tuple[Guest, ...]]:
    """Return an event with these people on it, who accepted unless `answers` says otherwise."""
    said = answers or {}
    attendees = tuple(
        Attendee(
            person.email, answer=said.get(person.email or "", Answer.ACCEPTED), organizer=person.organizer
        )
        for person in people
    )
    return replace(EVENT, title=title, attendees=attendees), people


ADA = guest("ada@example.com", Reason.OWNER)
ADA_INVITES = guest("ada@example.com", Reason.OWNER, organizer=True)
JANE = guest("jane@acme.com", name="Jane Smith")
BOB = guest("bob@example.com", Reason.COLLEAGUE)


@pytest.mark.parametrize(("title", "label"), [*list_labels()])
def test_an_entry_without_guests_is_judged_by_its_title(title: str, label: tuple[Verdict, Reason]) -> None:
    assert label_of(judge(titled(title))) == label


WITH_GUESTS = [
    ("Call with Jane", (JANE,), ASK),
    ("Telefonat mit Jana", (JANE,), ASK),
    ("Something else", (JANE,), ASK),
    ("Something else", (guest("jane@gmail.com"),), ASK),
    ("Coffee", (JANE,), YES),
    ("Lunch", (JANE,), YES),
    ("Mittagessen", (JANE,), YES),
    ("Kaffee", (JANE,), YES),
    ("Austausch", (JANE,), YES),
    ("Catch-up", (JANE,), YES),
    ("Jane / Ada", (JANE,), YES),
    ("Ada Example and Jane Smith", (JANE,), YES),
    ("Coffee with Jane", (guest("jane@gmail.com"),), YES),
    ("Dinner", (guest("bob@gmail.com"),), ASK),
    ("Dinner", (guest("bob@gmail.com", name="Bob Example"),), (Verdict.NO, Reason.PERSONAL)),
    ("Coffee with Bob", (BOB,), (Verdict.NO, Reason.INTERNAL)),
    ("Kaffee mit Bob", (BOB,), (Verdict.NO, Reason.INTERNAL)),
    ("1:1 Ada / Bob", (BOB,), (Verdict.NO, Reason.INTERNAL)),
    ("Quarterly numbers", (BOB,), (Verdict.NO, Reason.INTERNAL)),
    ("Chamber of Commerce networking breakfast", (BOB,), YES),
    ("Sprint review", (JANE, BOB), (Verdict.NO, Reason.CLIENT)),
    ("Standup", (JANE,), (Verdict.NO, Reason.CLIENT)),
    ("Acme <> Example weekly sync", (JANE, BOB), (Verdict.NO, Reason.CLIENT)),
    ("Projekt Jour fixe", (JANE,), (Verdict.NO, Reason.CLIENT)),
    ("Interview", (JANE,), (Verdict.NO, Reason.INTERVIEW)),
    ("VPN setup", (JANE,), (Verdict.NO, Reason.COMPUTERS)),
]


@pytest.mark.parametrize(("title", "people", "label"), WITH_GUESTS)
def test_who_was_there_counts_beside_the_title(
    title: str, people: tuple[Guest, ...], label: tuple[Verdict, Reason]
) -> None:
    assert label_of(judge_event(*invited(title, ADA_INVITES, *people), OWNER, WORDS)) == label


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"cancelled": True, "private": True}, (Verdict.NO, Reason.CANCELLED)),
        ({"private": True, "listed": True}, (Verdict.NO, Reason.PRIVATE)),
        ({"tentative": True}, NOT_ACCEPTED),
        ({"listed": True, "blocked": True}, (Verdict.NO, Reason.LISTED)),
        ({"listed": True, "tentative": True}, (Verdict.NO, Reason.LISTED)),  # as Luma marks everything
        ({"blocked": True}, (Verdict.NO, Reason.BLOCK)),
    ],
)
def test_facts_decide_alone_and_the_first_one_wins(
    changes: dict[str, Any], label: tuple[Verdict, Reason]
) -> None:
    assert label_of(judge(replace(titled("Chamber breakfast"), **changes))) == label


HOST = guest("host@club.org", organizer=True)
LUMA = guest("calendar-invite@lu.ma", Reason.ROBOT, organizer=True)


@pytest.mark.parametrize(
    ("people", "answers", "label"),
    [
        ((HOST, ADA), {}, YES),
        ((HOST, ADA), {"ada@example.com": Answer.DECLINED}, DECLINED),
        ((HOST, ADA), {"ada@example.com": Answer.TENTATIVE}, NOT_ACCEPTED),
        ((HOST, ADA), {"ada@example.com": Answer.NEEDS_ACTION}, NOT_ACCEPTED),
        ((ADA_INVITES, JANE), {"ada@example.com": Answer.NEEDS_ACTION}, YES),
        ((ADA_INVITES, JANE), {"jane@acme.com": Answer.NEEDS_ACTION}, YES),
        ((ADA_INVITES, replace(JANE, reason=Reason.DECLINED)), {"jane@acme.com": Answer.DECLINED}, DECLINED),
        ((HOST, JANE), {}, NOT_ACCEPTED),
        ((HOST,), {}, YES),
        ((LUMA,), {}, YES),
    ],
)
def test_only_what_the_owner_made_or_accepted_counts(
    people: tuple[Guest, ...], answers: dict[str, Answer], label: tuple[Verdict, Reason]
) -> None:
    event, guests = invited("Founders breakfast", *people, answers=answers)
    assert label_of(judge_event(event, guests, OWNER, WORDS)) == label


@pytest.mark.parametrize(
    ("answer", "label"),
    [(Answer.NEEDS_ACTION, NOT_ACCEPTED), (Answer.DECLINED, DECLINED), (Answer.ACCEPTED, YES)],
)
def test_a_stranger_under_the_owners_address_speaks_not_for_whom_the_calendar_marks(
    answer: Answer, label: tuple[Verdict, Reason]
) -> None:
    marked = Attendee("ada@home.example", answer=answer, owner=True)
    event, guests = invited("Founders breakfast", ADA_INVITES, JANE)
    event = replace(event, attendees=(*event.attendees, marked))
    found = judge_event(event, (*guests, guest("ada@home.example", Reason.OWNER)), OWNER, WORDS)
    assert label_of(found) == label


def test_that_all_others_declined_is_not_known_of_a_list_that_hides_some() -> None:
    event, guests = invited(
        "Founders breakfast",
        ADA_INVITES,
        replace(JANE, reason=Reason.DECLINED),
        answers={"jane@acme.com": Answer.DECLINED},
    )
    assert label_of(judge_event(event, guests, OWNER, WORDS)) == DECLINED
    assert label_of(judge_event(replace(event, guests_hidden=True), guests, OWNER, WORDS)) == YES


def test_a_tentative_entry_of_an_event_site_needs_the_owners_yes() -> None:
    event, guests = invited("Founders breakfast", LUMA)
    assert label_of(judge_event(replace(event, tentative=True), guests, OWNER, WORDS)) == NOT_ACCEPTED


def test_evidence_names_every_weight_and_why_quotes_our_words_only() -> None:
    event, guests = invited(
        "Chamber mixer, hosted by Evil Corp", ADA_INVITES, JANE, guest("joe@club.org"), guest("x@gmail.com")
    )
    judgement = judge_event(replace(event, all_day=True), guests, OWNER, WORDS)
    assert [(piece.name, piece.weight) for piece in judgement.evidence] == [
        ("'chamber mixer' in the title", 4),
        ("three guests from three companies", 2),
        ("it lasts all day, as banners do", -2),
    ]
    assert judgement.why == "'chamber mixer' in the title, three guests from three companies"


def test_a_series_with_the_same_guest_looks_like_work() -> None:
    event, guests = invited("Something else", ADA_INVITES, JANE)
    assert label_of(judge_event(replace(event, series=True), guests, OWNER, WORDS)) == (
        Verdict.NO,
        Reason.CLIENT,
    )


def test_one_company_in_a_crowd_says_less_than_many() -> None:
    event, guests = invited("Something else", ADA_INVITES, JANE, guest("joe@acme.com"))
    judgement = judge_event(event, guests, OWNER, WORDS)
    assert [(piece.name, piece.weight) for piece in judgement.evidence] == [
        ("two guests from one company", 1)
    ]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"categories": ("Networking",)}, YES),
        ({"location": "Chamber of Commerce, 1 Main Street"}, ASK),
        ({"location": "Hotel Adlon"}, (Verdict.NO, Reason.NO_SIGN)),
        ({"description": "An evening of networking with founders"}, ASK),
        ({"description": "meeting room, bring snacks"}, (Verdict.NO, Reason.NO_SIGN)),
    ],
)
def test_what_stands_outside_the_title_says_less(
    changes: dict[str, Any], label: tuple[Verdict, Reason]
) -> None:
    event = replace(EVENT, title="Thursday", **changes)
    assert label_of(judge(event)) == label


def test_a_description_never_makes_private_life_networking() -> None:
    event = replace(EVENT, title="Dentist", description="networking mixer chamber breakfast")
    assert label_of(judge(event)) == (Verdict.NO, Reason.PERSONAL)


@pytest.mark.parametrize(
    ("title", "language", "spoken"),
    [
        ("Chamber breakfast at the Ritz", "en", "at the chamber breakfast"),
        ("Coffee with Jane from the chamber", "en", "over coffee"),
        ("Call with Jane (met at Web Summit)", "en", "on our call"),
        ("Unternehmerfrühstück", "de", "beim Unternehmerfrühstück"),
        ("Messe München", "de", "auf der Messe"),
        ("Meetup mit Jana", "de", "beim Meetup"),
        ("Kaffee mit Jana", "de", "beim Kaffee"),
        ("Erstgespräch Weber", "de", "in unserem ersten Gespräch"),
    ],
)
def test_a_mail_speaks_of_an_event_in_our_words(title: str, language: str, spoken: str) -> None:
    judgement = judge(titled(title))
    assert judgement.language == language
    assert speak_of(judgement.gathering, language, WORDS) == spoken


def test_nothing_is_said_of_a_gathering_nobody_knows() -> None:
    assert speak_of(None, "en", WORDS) == ""
    assert speak_of("seance", "en", WORDS) == ""
    assert speak_of("coffee", "xx", WORDS) == ""


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (END - timedelta(hours=1, seconds=1), EventState.FUTURE),
        (END - timedelta(hours=1), EventState.RUNNING),
        (END - timedelta(seconds=1), EventState.RUNNING),
        (END, EventState.ENDED),
        (END + timedelta(days=7) - timedelta(seconds=1), EventState.ENDED),
        (END + timedelta(days=7), EventState.TOO_OLD),
    ],
)
def test_an_event_is_over_at_its_end_and_too_old_a_week_later(now: datetime, state: EventState) -> None:
    assert state_of(EVENT, now) is state


TEXTS = st.one_of(
    st.text(max_size=60), st.sampled_from([title for title, _ in list_labels()]), st.text(string.printable)
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_text_breaks_the_judge(title: str, description: str, location: str, category: str) -> None:
    event = replace(
        titled(title), description=description, location=location, categories=(category, category)
    )
    judgement = judge(event)
    assert (judgement.verdict is Verdict.YES) == (judgement.reason is Reason.NETWORKING)
    assert (judgement.verdict is Verdict.ASK) == (judgement.reason is Reason.UNSURE)


@given(TEXTS)
def test_letter_case_decides_nothing(title: str) -> None:
    assert judge(titled(title.upper())) == judge(titled(title.upper().lower()))


@given(st.sampled_from([title for title, _ in list_labels()]), TEXTS)
def test_a_description_never_chooses_the_words_of_a_mail(title: str, description: str) -> None:
    plain, described = judge(titled(title)), judge(replace(titled(title), description=description))
    assert (plain.gathering, plain.language) == (described.gathering, described.language)


@given(st.sampled_from([title for title, _ in list_labels()]), st.text(string.ascii_letters, min_size=1))
def test_a_reason_never_repeats_a_title(title: str, tail: str) -> None:
    marked = f"{title} zq{tail}"
    judgement = judge(replace(titled(marked), description=marked, location=marked, categories=(marked,)))
    assert f"zq{tail}" not in judgement.why
    assert not any(f"zq{tail}" in piece.name for piece in judgement.evidence)


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("Chamber breakfast", "it is on a public list; once a week you are asked which of these you were at"),
        (
            "Opening hours",
            "it is on a public list; nothing in the title or the guest list says networking",
        ),
    ],
)
def test_an_event_on_a_public_list_says_whether_it_will_be_asked_about(title: str, why: str) -> None:
    assert judge(replace(titled(title), listed=True)).why == why
