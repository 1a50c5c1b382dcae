from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followupd.assemble import load_people_words
from followupd.model import Answer, Attendee, Event, Guest, GuestKind, Owner, Reason
from followupd.rules.people import name_attendees, person_key, sort_guests

WORDS = load_people_words()
OWNER = Owner(
    name="Ada Example",
    email="ada@example.com",
    addresses=frozenset({"ada@example.com", "ada.private@gmail.com"}),
    company_domains=frozenset({"example.com"}),
    timezone="Europe/Berlin",
)


def sort_lines(*attendees: Attendee, owner: Owner = OWNER) -> tuple[Guest, ...]:
    event = Event(
        occurrence="o1",
        calendar="mine",
        uid="u1",
        title="Breakfast",
        start=datetime(2026, 3, 3, 7, tzinfo=UTC),
        end=datetime(2026, 3, 3, 9, tzinfo=UTC),
        attendees=attendees,
    )
    return sort_guests(event.attendees, owner, WORDS)


def sort_one(email: str | None, name: str = "", **facts: object) -> Guest:
    (guest,) = sort_lines(Attendee(email, name, **facts))  # type: ignore[arg-type]  # facts are spelled out per test
    return guest


def test_whom_the_calendar_marks_as_its_owner_is_the_owner_under_any_address() -> None:
    assert sort_one("ada@unknown.example", "Ada", owner=True).reason is Reason.OWNER


@pytest.mark.parametrize(
    ("calendar", "contacts", "first_name"),
    [
        ("Elizabeth Smith", "Liz Smith", "Liz"),
        ("", "Liz Smith", "Liz"),
        ("Elizabeth Smith", None, "Elizabeth"),
        ("Elizabeth Smith", "liz@acme.example", "Elizabeth"),
        ("Elizabeth Smith", "", "Elizabeth"),
    ],
)
def test_people_are_named_as_contacts_name_them_where_that_greets(
    calendar: str, contacts: str | None, first_name: str
) -> None:
    attendees = name_attendees([Attendee("es@acme.example", calendar)], lambda _: contacts, WORDS.names)
    (found,) = sort_lines(*attendees)
    assert found.first_name == first_name


def test_nobody_without_an_address_is_looked_for() -> None:
    attendee = Attendee(None, "Elizabeth Smith")
    assert name_attendees([attendee], lambda _: "Liz Smith", WORDS.names) == (attendee,)


ADDRESSES = [
    ("jane@acme.example", Reason.GUEST),
    ("jane.doe@acme.example", Reason.GUEST),
    ("steve@acme.example", Reason.GUEST),  # not "eve", not "event"
    ("jdoe7@gmail.com", Reason.GUEST),
    ("p.r.miller@acme.example", Reason.GUEST),  # initials, not public relations
    ("it.smith@acme.example", Reason.GUEST),
    ("allen@acme.example", Reason.GUEST),
    ("hans.zimmer@acme.example", Reason.GUEST),
    ("calista@acme.example", Reason.GUEST),  # not a list
    ("talbot@acme.example", Reason.GUEST),  # not a bot
    ("jane+info@acme.example", Reason.GUEST),  # a tag is the person's own
    ("jane@otter.example", Reason.GUEST),
    ("jane@notexample.com", Reason.GUEST),  # ends like the company's domain, and is another
    ("jane@example.com.acme.example", Reason.GUEST),
    ("ada@example.com", Reason.OWNER),
    ("ada+events@example.com", Reason.OWNER),
    ("adaprivate@gmail.com", Reason.OWNER),
    ("ada.priv.ate+x@googlemail.com", Reason.OWNER),
    ("bob@example.com", Reason.COLLEAGUE),
    ("bob@berlin.example.com", Reason.COLLEAGUE),
    ("info@example.com", Reason.COLLEAGUE),
    ("c_188a@resource.calendar.google.com", Reason.ROOM),
    ("acme.example_31@resource.calendar.google.com", Reason.ROOM),
    ("room-3@acme.example", Reason.ROOM),
    ("conference.room@acme.example", Reason.ROOM),
    ("besprechungsraum2@acme.example", Reason.ROOM),
    ("team@acme.example", Reason.GROUP),
    ("all@acme.example", Reason.GROUP),
    ("all-berlin@acme.example", Reason.GROUP),
    ("members@acme.example", Reason.GROUP),
    ("mitglieder@acme.example", Reason.GROUP),
    ("verteiler-nord@acme.example", Reason.GROUP),
    ("networkers-list@acme.example", Reason.GROUP),
    ("eventteam@acme.example", Reason.GROUP),
    ("founders-berlin@googlegroups.com", Reason.GROUP),
    ("founders@lists.acme.example", Reason.GROUP),
    ("circle@acme.groups.io", Reason.GROUP),
    ("info@acme.example", Reason.ROLE_ADDRESS),
    ("info2@acme.example", Reason.ROLE_ADDRESS),
    ("info-berlin@acme.example", Reason.ROLE_ADDRESS),
    ("acmeinfo@acme.example", Reason.ROLE_ADDRESS),
    ("events@acme.example", Reason.ROLE_ADDRESS),
    ("acme_events@acme.example", Reason.ROLE_ADDRESS),
    ("office@acme.example", Reason.ROLE_ADDRESS),
    ("kontakt@acme.example", Reason.ROLE_ADDRESS),
    ("hello@acme.example", Reason.ROLE_ADDRESS),
    ("hi@acme.example", Reason.ROLE_ADDRESS),
    ("booking@acme.example", Reason.ROLE_ADDRESS),
    ("mitgliederservice@acme.example", Reason.ROLE_ADDRESS),
    ("kundenservice@acme.example", Reason.ROLE_ADDRESS),
    ("sales.emea@acme.example", Reason.ROLE_ADDRESS),
    ("it@acme.example", Reason.ROLE_ADDRESS),
    ("buero@acme.example", Reason.ROLE_ADDRESS),
    ("accueil@acme.example", Reason.ROLE_ADDRESS),
    ("service.client@acme.example", Reason.ROLE_ADDRESS),
    ("contacto@acme.example", Reason.ROLE_ADDRESS),
    ("ventas-madrid@acme.example", Reason.ROLE_ADDRESS),
    ("equipe@acme.example", Reason.GROUP),
    ("socios@acme.example", Reason.GROUP),
    ("salle-de-reunion-2@acme.example", Reason.ROOM),
    ("sala.reuniones@acme.example", Reason.ROOM),
    ("marta.sala@acme.example", Reason.GUEST),  # a family, not a room
    ("rhea@acme.example", Reason.GUEST),  # not "rh"
    ("ne-pas-repondre@acme.example", Reason.ROBOT),
    ("noresponder@acme.example", Reason.ROBOT),
    ("noreply@acme.example", Reason.ROBOT),
    ("no-reply@acme.example", Reason.ROBOT),
    ("calendar-no-reply@acme.example", Reason.ROBOT),
    ("do_not_reply@acme.example", Reason.ROBOT),
    ("mailer-daemon@acme.example", Reason.ROBOT),
    ("janes-notetaker@acme.example", Reason.ROBOT),
    ("calendar-invite@lu.ma", Reason.ROBOT),
    ("fred@fireflies.ai", Reason.ROBOT),
    ("pilot@otter.ai", Reason.ROBOT),
    ("assistant@read.ai", Reason.ROBOT),
    ("notes@fathom.video", Reason.ROBOT),
    ("hello@event.eventbrite.com", Reason.ROBOT),
    ("info@email.meetup.com", Reason.ROBOT),
    ("meetings@calendly.com", Reason.ROBOT),
    ("meetings@zoom.us", Reason.ROBOT),
    ("unknownorganizer@calendar.google.com", Reason.ROBOT),
    ("abc123@group.calendar.google.com", Reason.ROBOT),
]


@pytest.mark.parametrize(("email", "reason"), ADDRESSES)
def test_an_address_says_who_is_behind_it(email: str, reason: Reason) -> None:
    guest = sort_one(email)
    assert (guest.reason, guest.follow_up) == (reason, reason is Reason.GUEST)


@pytest.mark.parametrize(
    ("email", "name", "reason"),
    [
        ("info@acme.example", "Jane Doe", Reason.ROLE_ADDRESS),
        ("jane@acme.example", "Events Team", Reason.ROLE_ADDRESS),
        ("acme@gmail.com", "Acme Events", Reason.ROLE_ADDRESS),
        ("acme@gmail.com", "Acme Büro", Reason.ROLE_ADDRESS),
        ("jane@acme.example", "Team Acme", Reason.GROUP),
        ("acme@gmail.com", "Service client Acme", Reason.ROLE_ADDRESS),
        ("acme@gmail.com", "Recepción", Reason.ROLE_ADDRESS),
        ("acme@gmail.com", "Équipe Acme", Reason.GROUP),
        ("muc-1@acme.example", "Salle de réunion 3", Reason.ROOM),
        ("muc-1@acme.example", "Conference Room 3", Reason.ROOM),
        ("muc-1@acme.example", "Besprechungsraum Nord", Reason.ROOM),
        ("x7331@acme.example", "Jane's Notetaker", Reason.ROBOT),
        ("x7331@acme.example", "Fireflies.ai", Reason.ROBOT),
        ("calendar-invite@lu.ma", "Jane Host", Reason.ROBOT),
        ("jane@acme.example", "Jane Doe (Marketing)", Reason.GUEST),
        ("jane@acme.example", "Jane Doe, Sales Team", Reason.GUEST),
        ("jane@acme.example", "Jane Doe via Zoom", Reason.GUEST),
        ("jane@acme.example", "Acme GmbH", Reason.GUEST),
    ],
)
def test_a_name_can_say_that_nobody_is_there(email: str, name: str, reason: Reason) -> None:
    assert sort_one(email, name).reason is reason


@pytest.mark.parametrize(
    ("answer", "reason", "why"),
    [
        (Answer.ACCEPTED, Reason.GUEST, "accepted the invitation"),
        (Answer.TENTATIVE, Reason.GUEST, "said maybe"),
        (Answer.NEEDS_ACTION, Reason.GUEST, "was invited and has not answered"),
        (Answer.DECLINED, Reason.DECLINED, "declined the invitation"),
    ],
)
def test_everybody_but_those_who_declined_is_written_to(answer: Answer, reason: Reason, why: str) -> None:
    guest = sort_one("jane@acme.example", "Jane Doe", answer=answer)
    assert (guest.reason, guest.why) == (reason, why)


def test_a_guest_carries_name_greeting_key_and_address() -> None:
    guest = sort_one("jane.doe+x@acme.example", "Dr. Jane Doe | Acme GmbH", organizer=True)
    assert guest == Guest(
        email="jane.doe+x@acme.example",
        name="Jane Doe",
        first_name="Jane",
        person="jane.doe@acme.example",
        organizer=True,
        follow_up=True,
        reason=Reason.GUEST,
        why="was invited and has not answered",
    )


def test_what_the_calendar_says_of_rooms_and_groups_counts() -> None:
    assert sort_one("jane@acme.example", "Jane Doe", kind=GuestKind.ROOM).reason is Reason.ROOM
    assert sort_one("jane@acme.example", "Jane Doe", kind=GuestKind.GROUP).reason is Reason.GROUP


def test_why_is_said_in_words_of_ours() -> None:
    assert sort_one("info@acme.example").why == "info@ is a mailbox, not a person"
    assert sort_one("bob@berlin.example.com").why == "works with you at example.com"
    assert (
        sort_one("jane@acme.example", "Events Team").why
        == "the name says events, which is a mailbox, not a person"
    )
    assert sort_one("calendar-invite@lu.ma").why == "lu.ma is the address of a machine, not a person"


def test_a_person_without_an_address_waits_for_one() -> None:
    guest = sort_one(None, "Doe, Jane")
    assert (guest.follow_up, guest.person, guest.first_name) == (True, "name:jane doe", "Jane")
    assert guest.why == "was invited and has not answered; an address is still missing"


@pytest.mark.parametrize(
    ("name", "reason", "key"),
    [
        ("", Reason.ROLE_ADDRESS, "name:"),
        ("Acme GmbH", Reason.ROLE_ADDRESS, "name:acme-gmbh"),
        ("Team Acme", Reason.GROUP, "name:team-acme"),
        ("Meeting Room 3", Reason.ROOM, "name:meeting-room-3"),
        ("Ada Example", Reason.OWNER, "name:ada example"),
    ],
)
def test_without_an_address_only_a_person_is_kept(name: str, reason: Reason, key: str) -> None:
    guest = sort_one(None, name)
    assert (guest.reason, guest.person, guest.follow_up) == (reason, key, False)


def test_two_spellings_of_one_address_are_one_person() -> None:
    guests = sort_lines(
        Attendee("jane.doe@gmail.com", "Jane"), Attendee("janedoe+net@googlemail.com", "Jane Doe")
    )
    assert [guest.reason for guest in guests] == [Reason.GUEST, Reason.DUPLICATE]
    assert {guest.person for guest in guests} == {"janedoe@gmail.com"}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (("jane.doe@acme.example", "Jane Doe"), ("jdoe@mail.acme.example", "DOE, Jane"), Reason.DUPLICATE),
        (("jane.doe@acme.example", "Jane Doe"), ("jane.doe@other.example", "Jane Doe"), Reason.GUEST),
        (("jane.doe@gmail.com", "Jane Doe"), ("jane.doe.77@gmail.com", "Jane Doe"), Reason.GUEST),
        (("jane@acme.co.uk", "Jane Doe"), ("jane@other.co.uk", "Jane Doe"), Reason.GUEST),
        (("jane@acme.example", "Jane"), ("jd@acme.example", "Jane"), Reason.GUEST),
        (("jane@acme.example", "Jane Doe"), ("john@acme.example", "John Doe"), Reason.GUEST),
        (("jane@acme.example", "Jane Doe"), (None, "Jane Doe"), Reason.GUEST),
        ((None, "Jane Doe"), (None, "Doe, Jane"), Reason.DUPLICATE),
    ],
)
def test_the_same_name_is_one_person_only_in_one_house(
    first: tuple[str | None, str], second: tuple[str | None, str], reason: Reason
) -> None:
    assert sort_lines(Attendee(*first), Attendee(*second))[1].reason is reason


def test_of_two_addresses_the_better_answer_stays() -> None:
    maybe = Attendee("jane@acme.example", "Jane Doe", Answer.NEEDS_ACTION)
    yes = Attendee("jdoe@acme.example", "Jane Doe", Answer.ACCEPTED)
    no = Attendee("j.doe@acme.example", "Jane Doe", Answer.DECLINED)
    assert [guest.reason for guest in sort_lines(maybe, yes)] == [Reason.DUPLICATE, Reason.GUEST]
    assert [guest.reason for guest in sort_lines(maybe, no)] == [Reason.DUPLICATE, Reason.DECLINED]
    assert [guest.reason for guest in sort_lines(no, yes)] == [Reason.DUPLICATE, Reason.GUEST]


def test_somebody_left_out_is_no_first_address_of_anybody() -> None:
    guests = sort_lines(Attendee("info@acme.example", "Jane Doe"), Attendee("jane@acme.example", "Jane Doe"))
    assert [guest.reason for guest in guests] == [Reason.ROLE_ADDRESS, Reason.GUEST]


def test_a_configured_free_mail_domain_is_believed() -> None:
    owner = Owner(
        "Ada Example", "ada@gmail.com", frozenset({"ada@gmail.com"}), frozenset({"gmail.com"}), "UTC"
    )
    assert sort_lines(Attendee("jane@gmail.com"), owner=owner)[0].reason is Reason.COLLEAGUE


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Jane@Acme.Example", "jane@acme.example"),
        ("jane+net@acme.example", "jane@acme.example"),
        ("jane.doe@acme.example", "jane.doe@acme.example"),
        ("J.ane.Doe+a+b@GoogleMail.com", "janedoe@gmail.com"),
        ("+49@acme.example", "+49@acme.example"),
        ("jane.doe@notgmail.com", "jane.doe@notgmail.com"),
    ],
)
def test_the_key_forgets_how_an_address_is_spelled(email: str, key: str) -> None:
    assert person_key(email) == key


@given(st.one_of(st.emails(), st.text(max_size=20)))
def test_a_key_is_its_own_key(email: str) -> None:
    key = person_key(email)
    assert person_key(key) == key


HOSTILE = st.builds(
    Attendee,
    email=st.one_of(
        st.none(),
        st.emails(),
        st.text(max_size=15),
        st.sampled_from(["jane@acme.example", "jd@acme.example"]),
    ),
    name=st.one_of(st.text(max_size=30), st.sampled_from(["Jane Doe", "Info", "Ada Example"])),
    answer=st.sampled_from(Answer),
    kind=st.sampled_from(GuestKind),
    organizer=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(HOSTILE, max_size=6))
def test_everybody_is_sorted_once_and_written_to_once(attendees: list[Attendee]) -> None:
    guests = sort_lines(*attendees)
    assert [(guest.email, guest.organizer) for guest in guests] == [(a.email, a.organizer) for a in attendees]
    keys = [guest.person for guest in guests if guest.follow_up]
    assert len(keys) == len(set(keys))
    assert all(guest.follow_up == (guest.reason is Reason.GUEST) and guest.why for guest in guests)
