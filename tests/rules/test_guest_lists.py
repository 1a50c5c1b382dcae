"""Guest lists in the shapes their sites export today: who is on them, and who of them was there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week import ADA, DEBRIEF_WORDS

from followupd.adapters.guests import read_guests
from followupd.assemble import load_guest_words, load_people_words
from followupd.errors import Problem
from followupd.met import GuestTable, Listed, Met
from followupd.model import Person
from followupd.rules.guest_lists import find_columns, list_guests, pick_guests, search_guests

PEOPLE, GUESTS = load_people_words(), load_guest_words()


def read(text: str) -> tuple[Listed, ...]:
    table = read_guests(text.encode())
    found = find_columns(table.columns, GUESTS)
    assert found is not None or not table.columns
    return list_guests(table, found or {}, ADA, PEOPLE, GUESTS, DEBRIEF_WORDS)[0]


def summary(text: str) -> list[tuple[str, str | None, str]]:
    return [(guest.met.person.name, guest.met.person.email, guest.left_out) for guest in read(text)]


# --- the exports of the sites, header for header

#: https://help.luma.com/p/download-guest-csv; older files begin with api_id, today's with guest_id, questions follow.
LUMA = (
    "guest_id,name,first_name,last_name,email,phone_number,created_at,approval_status,checked_in_at,custom_source,qr_code_url,"
    "amount,amount_tax,amount_discount,currency,coupon_code,eth_address,solana_address,survey_response_rating,"
    "survey_response_feedback,ticket_type_id,ticket_name,What's your company?\n"
    'gst-1,"Lovelace, Ada",Ada,Lovelace,ada@engine.example,+44 20 7946 0000,2026-11-01T10:00:00.000Z,approved,'
    "2026-11-18T11:01:00.000Z,,https://lu.ma/x,,,,,,,,,,ttyp-1,Standard,Analytical Engines\n"
    "gst-2,Tom Miller,Tom,Miller,tom@mill.example,,2026-11-01T10:00:00.000Z,approved,,,,,,,,,,,,,,,\n"
    "gst-3,Kim Lee,Kim,Lee,kim@lee.example,,2026-11-01T10:00:00.000Z,declined,,,,,,,,,,,,,,,\n"
    "gst-4,Ana Ruiz,Ana,Ruiz,ana@ruiz.example,,2026-11-01T10:00:00.000Z,pending_approval,,,,,,,,,,,,,,,\n"
    "gst-5,Ben Ode,Ben,Ode,ben@ode.example,,2026-11-01T10:00:00.000Z,waitlist,,,,,,,,,,,,,,,\n"
    "gst-6,,,,nobody,,,approved,,,,,,,,,,,,,,,\n"
)


def test_luma_knows_who_was_let_in_and_who_checked_in() -> None:
    assert summary(LUMA) == [
        ("Ada Lovelace", "ada@engine.example", ""),
        ("Tom Miller", "tom@mill.example", "did not check in"),
        ("Kim Lee", "kim@lee.example", "declined"),
        ("Ana Ruiz", "ana@ruiz.example", "was not let in yet"),
        ("Ben Ode", "ben@ode.example", "on the waiting list"),
    ]
    ada = read(LUMA)[0].met.person
    assert (ada.first_name, ada.phone, ada.company) == ("Ada", "+44 20 7946 0000", "Analytical Engines")


def test_where_nobody_was_ticked_off_everybody_may_have_come() -> None:
    untouched = LUMA.replace("2026-11-18T11:01:00.000Z", "")
    assert [name for name, _, left_out in summary(untouched) if not left_out] == [
        "Ada Lovelace",
        "Tom Miller",
    ]


#: Eventbrite's attendee report as it was for years, and its report builder's of today, where the buyer stands apart.
EVENTBRITE = (
    "Order #,Order Date,First Name,Last Name,Email,Quantity,Price Tier,Ticket Type,Attendee #,Group,Order Type,Currency,Total Paid,"
    "Fees Paid,Eventbrite Fees,Eventbrite Payment Processing,Attendee Status,Home Address 1,Job Title,Company\n"
    "1,11/29/24 22:28,John,Doe,john@doe.example,1,,General Admission,18,,Free Order,USD,0,0,0,0,Attending,,Engineer,Doe Ltd\n"
    "2,11/29/24 22:54,Jane,Roe,jane@roe.example,1,,General Admission,19,,Free Order,USD,0,0,0,0,Not Attending,,,\n"
    "3,11/29/24 22:54,Kim,Lee,kim@lee.example,1,,General Admission,20,,Free Order,USD,0,0,0,0,Deleted,,,\n"
)
EVENTBRITE_NOW = (
    "Order ID,Order date,Attendee first name,Attendee last name,Attendee email,Phone number,Purchaser city,Event name,Event ID,"
    "Ticket quantity,Ticket type,Currency,Ticket price,Buyer first name,Buyer last name,Buyer email,Barcode number\n"
    "1,2026-11-01 12:00:00,Ana,Ruiz,ana@ruiz.example,+34 600 000 000,Madrid,Mixer,9,1,General,USD,0,Tom,Payer,tom@payer.example,77\n"
)
EVENTBRITE_ORDERS = (
    "Order ID,Order date,Buyer first name,Buyer last name,Buyer email,Phone number,Ticket quantity,Net sales,Event name\n"
    "1,2026-11-01 12:00:00,Tom,Payer,tom@payer.example,,2,8,Mixer\n"
)


def test_eventbrite_knows_who_attends_and_tells_guests_from_buyers() -> None:
    assert summary(EVENTBRITE) == [
        ("John Doe", "john@doe.example", ""),
        ("Jane Roe", "jane@roe.example", "declined"),
        ("Kim Lee", "kim@lee.example", "cancelled"),
    ]
    assert summary(EVENTBRITE_NOW) == [("Ana Ruiz", "ana@ruiz.example", "")]
    assert summary(EVENTBRITE_ORDERS) == [("Tom Payer", "tom@payer.example", "")]


def test_a_status_of_checked_in_leaves_out_who_was_not() -> None:
    scanned = EVENTBRITE.replace("0,Attending", "0,Checked In").replace("Not Attending", "Attending")
    assert [left_out for *_, left_out in summary(scanned)] == ["", "did not check in", "cancelled"]


#: Meetup's attendee list names nobody's address.
MEETUP = (
    "Name,Attendance,User ID,Title,Event Host,RSVP,Guests,RSVPed on,Joined Group on,URL of Member Profile,Notes\n"
    "Jordan Lee,Y,user 1,Member,No,Yes,0,2026-07-28 14:22:11,2020-01-01,https://www.meetup.com/members/1/,\n"
    "Casey Smith,N,user 2,Member,No,Yes,1,2026-07-29 09:15:00,2020-01-01,https://www.meetup.com/members/2/,\n"
    "Robin Roe,N,user 3,Member,No,No,0,2026-07-29 09:15:00,2020-01-01,https://www.meetup.com/members/3/,\n"
)


def test_meetup_gives_names_alone() -> None:
    assert summary(MEETUP) == [
        ("Jordan Lee", None, ""),
        ("Casey Smith", None, "did not check in"),
        ("Robin Roe", None, "declined"),
    ]


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        (
            "Vorname;Nachname;E-Mail-Adresse;Telefonnummer;Firma;Status",
            "Jana;Muster;jana@muster.example;;;Abgesagt",
        ),
        ("Prénom;Nom;Adresse e-mail;Téléphone;Société;Statut", "Zoé;Petit;zoe@petit.example;;;Annulé"),
        (
            "Nombre;Apellidos;Correo electrónico;Teléfono;Empresa;Estado",
            "Ana;Ruiz;ana@ruiz.example;;;Cancelado",
        ),
        ("FIRST_NAME;LAST_NAME;E_MAIL;PHONE;COMPANY;STATUS", "Jane;Doe;jane@doe.example;;;Refunded"),
        (
            "Vollständiger Name;E-Mail;Mobil;Unternehmen;Notizen;Anwesend",
            "Jana Muster;jana@muster.example;;;;nein",
        ),
    ],
)
def test_headings_and_answers_are_understood_in_four_languages(heading: str, row: str) -> None:
    came = "Ida Berg;;ida@berg.example;;;ja" if "Vollst" not in heading else "Ida Berg;ida@berg.example;;;;ja"
    name, email, left_out = summary(f"{heading}\n{row}\n{came}\n")[0]
    assert name
    assert email
    assert left_out in {"declined", "cancelled", "did not check in"}


# --- who else is left out


def test_the_owner_colleagues_mailboxes_and_second_lines_are_left_out() -> None:
    text = (
        "Name,Email\nAda Example,ada@example.com\nBen Example,ben@example.com\nInfo,info@acme.example\n"
        "Jane Doe,jane@acme.example\nJane Doe,jane+x@acme.example\nJane Doe,jane@doe.example\n"
    )
    assert [(email, left_out) for _, email, left_out in summary(text)] == [
        ("ada@example.com", "this is you"),
        ("ben@example.com", "works with you at example.com"),
        ("info@acme.example", "info@ is a mailbox, not a person"),
        ("jane@acme.example", ""),
        ("jane@doe.example", ""),
    ]


def test_a_row_that_names_nobody_is_named_with_its_number() -> None:
    table = read_guests(b"Name,Email\nJane Doe,jane@acme.example\nAcme GmbH,\nTom,tom@@x\n,\n")
    found = find_columns(table.columns, GUESTS)
    listed, skipped = list_guests(table, found or {}, ADA, PEOPLE, GUESTS, DEBRIEF_WORDS)
    assert [(guest.who, guest.left_out[:31]) for guest in listed] == [
        ("Jane Doe", ""),
        ("Tom", "'tom@@x' is no mail address: Th"),
    ]
    assert [(row.where, row.why) for row in skipped] == [("row 2", "'Acme GmbH' is no person's name")]


HOSTILE = "Jane\u202e Doe\x1b[31m\x07\u200b"


def test_nothing_that_cannot_be_seen_passes_into_what_is_kept() -> None:
    (guest,) = read(
        f"Name,Email,Company,Phone,Note\n{HOSTILE},jane@acme.example,{HOSTILE},{HOSTILE},{HOSTILE}\n"
    )
    person = guest.met.person
    for text in (person.name, person.company, person.phone, guest.met.note):
        assert text.isprintable(), text


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_row_names_somebody_or_is_named_itself(name: str, email: str, status: str) -> None:
    table = GuestTable(("Name", "Email", "Status"), ((name, email, status),))
    listed, skipped = list_guests(
        table, {"name": 0, "email": 1, "status": 2}, ADA, PEOPLE, GUESTS, DEBRIEF_WORDS
    )
    assert len(listed) + len(skipped) == 1
    for guest in listed:
        assert guest.met.person.email or guest.met.person.name


# --- picking


def guests(*names: str) -> list[Listed]:
    return [
        Listed(Met(Person(name, f"p{n}@x.example", name, None, company="Acme" if n == 1 else "")), number=n)
        for n, name in enumerate(names, 1)
    ]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("2", [2]),
        ("1, 3", [1, 3]),
        ("2-3,1", [1, 2, 3]),
        ("2 \u2013 3; 2", [2, 3]),
        ("jane", [1]),
        ("doe jane", [1]),
        ("acme", [1]),
        ("MÜLL", [3]),
        ("p2", [2]),
    ],
)
def test_guests_are_picked_by_number_range_and_word(said: str, numbers: list[int]) -> None:
    listed = guests("Jane Doe", "Tom Mill", "Jürgen Müller")
    assert [guest.number for guest in pick_guests(listed, said)] == numbers


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("4", "no guests 4"),
        ("3-1", "no guests 3-1"),
        ("zoe", "Nobody on the list"),
        ("x", "fits 3 guests: 1 Jane"),
    ],
)
def test_a_pick_that_fits_nobody_or_several_is_explained(said: str, what: str) -> None:
    with pytest.raises(Problem, match=what):
        pick_guests(guests("Jane Doe", "Tom Mill", "Kim Lee"), said)


def test_a_search_without_words_finds_nobody() -> None:
    assert search_guests(guests("Jane Doe"), " - ") == []
