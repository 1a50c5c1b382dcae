# ruff: noqa: RUF001, RUF003, SIM905 - look-alike letters are the matter; word lists read best as text
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followupd.rules.names import Name, fold_word, read_name

GREETED = [
    ("Jane Doe", "Jane Doe", "Jane"),
    ("  Jane   Doe ", "Jane Doe", "Jane"),
    ("JANE DOE", "Jane Doe", "Jane"),
    ("jane doe", "Jane Doe", "Jane"),
    ("mary o'neill", "Mary O'Neill", "Mary"),
    ("Marie DUPONT", "Marie Dupont", "Marie"),
    ("DUPONT Marie", "Marie Dupont", "Marie"),
    ("VAN DEN BERG Anna", "Anna van den Berg", "Anna"),
    ("Doe, Jane", "Jane Doe", "Jane"),
    ("Doe,Jane", "Jane Doe", "Jane"),
    ('"Doe, Jane"', "Jane Doe", "Jane"),
    ("'Jane Doe'", "Jane Doe", "Jane"),
    ("O'Brien, Seán", "Seán O'Brien", "Seán"),
    ("van der Berg, Anna", "Anna van der Berg", "Anna"),
    ("Anna van der Berg", "Anna van der Berg", "Anna"),
    ("de la Cruz, Juan", "Juan de la Cruz", "Juan"),
    ("NGUYEN, Minh", "Minh Nguyen", "Minh"),
    ("Minh Nguyen", "Minh Nguyen", "Minh"),
    ("Mary Jane Watson", "Mary Jane Watson", "Mary"),
    ("Jean-Luc Picard", "Jean-Luc Picard", "Jean-Luc"),
    ("Anna-Lena Müller–Lüdenscheidt", "Anna-Lena Müller-Lüdenscheidt", "Anna-Lena"),
    ("Abdul Rahman Khan", "Abdul Rahman Khan", "Abdul Rahman"),
    ("Dr. María-José Núñez (she/her)", "María-José Núñez", "María-José"),
    ("Dr. Jane Doe (she/her) | Acme GmbH", "Jane Doe", "Jane"),
    ("Jane Doe she/her", "Jane Doe", "Jane"),
    ("Jane Doe, she/her", "Jane Doe", "Jane"),
    ("Jane Doe (they/them) (Acme)", "Jane Doe", "Jane"),
    ("Prof. Dr. h.c. Max Müller", "Max Müller", "Max"),
    ("Univ.-Prof. Dr. Max Müller", "Max Müller", "Max"),
    ("Dipl.-Ing. (FH) Max Müller", "Max Müller", "Max"),
    ("Herr Max Müller", "Max Müller", "Max"),
    ("Frau Anna Schmidt", "Anna Schmidt", "Anna"),
    ("Müller, Dr. Max", "Max Müller", "Max"),
    ("José Smith, PhD, MBA", "José Smith", "José"),
    ("Smith, John Jr.", "John Smith", "John"),
    ("Jane Doe MBA", "Jane Doe", "Jane"),
    ("Doe, Jane, PhD", "Jane Doe", "Jane"),
    ("Jane Doe, Acme Inc.", "Jane Doe", "Jane"),
    ("Jane Doe, CEO", "Jane Doe", "Jane"),
    ("Jane Doe, Sales Team", "Jane Doe", "Jane"),
    ("Jane Doe | Acme GmbH", "Jane Doe", "Jane"),
    ("Jane Doe • Acme", "Jane Doe", "Jane"),
    ("Jane Doe - Acme", "Jane Doe", "Jane"),
    ("Jane Doe @ Acme", "Jane Doe", "Jane"),
    ("Jane Doe via Eventbrite", "Jane Doe", "Jane"),
    ("Jane Doe (Acme)", "Jane Doe", "Jane"),
    ("Doe, Jane (Acme)", "Jane Doe", "Jane"),
    ("Jane Doe (Marketing)", "Jane Doe", "Jane"),
    ("[EXT] Jane Doe", "Jane Doe", "Jane"),
    ("Jane Doe <jane@acme.example>", "Jane Doe", "Jane"),
    ("Jane Doe (", "Jane Doe", "Jane"),
    ('Robert "Bob" Smith', "Robert Smith", "Robert"),
    ("Robert (Bob) Smith", "Robert Smith", "Robert"),
    ("😀 Jane Doe 👋🏽", "Jane Doe", "Jane"),
    ("J\u200bane\u00a0Doe", "Jane Doe", "Jane"),
    ("\u202eJane Doe\u202c", "Jane Doe", "Jane"),
    ("Jane\r\nDoe", "Jane Doe", "Jane"),
    ("E\u0301tienne Roux", "Étienne Roux", "Étienne"),
    ("D’Arcy Bell", "D’Arcy Bell", "D’Arcy"),
    ("Gal·la Placídia", "Gal·la Placídia", "Gal·la"),
    ("Seán Ó Briain", "Seán Ó Briain", "Seán"),
    ("Łukasz Kowalski", "Łukasz Kowalski", "Łukasz"),
    ("Franziska Müller", "Franziska Müller", "Franziska"),
    ("ALİ KAYA", "Ali Kaya", "Ali"),
    ("Иван Петров", "Иван Петров", "Иван"),
    ("Марина Иванова", "Марина Иванова", "Марина"),
    ("Петров Иван Сергеевич", "Иван Сергеевич Петров", "Иван"),
    ("Ανδρέας Παπαδόπουλος", "Ανδρέας Παπαδόπουλος", "Ανδρέας"),
    ("محمد علي", "محمد علي", "محمد"),
    ("שרה כהן", "שרה כהן", "שרה"),
    ("राम कुमार", "राम कुमार", "राम"),
    ("สมชาย ใจดี", "สมชาย ใจดี", "สมชาย"),
]

NAMED_BUT_NOT_GREETED = [
    ("Madonna", "Madonna"),
    ("JANE", "Jane"),
    ("Bob via Eventbrite", "Bob"),
    ("J. Doe", "J. Doe"),
    ("Smith, J.", "J. Smith"),
    ("Doe J", "Doe J"),
    ("Jane D.", "Jane D."),
    ("A B", "A B"),
    ("JR Ewing", "JR Ewing"),
    ("JRR Tolkien", "JRR Tolkien"),
    ("Md Rahman", "Md Rahman"),
    ("Mª José Fernández", "Mª José Fernández"),
    ("Dr. Doe", "Doe"),
    ("Herr Müller", "Müller"),
    ("Frau Dr. Schmidt", "Schmidt"),
    ("NGUYEN, Thi Minh", "Thi Minh Nguyen"),
    ("Nguyen Thi Minh", "Nguyen Thi Minh"),
    ("Park, Ji Sung", "Ji Sung Park"),
    ("Wang Wei", "Wang Wei"),
    ("Nagy Péter", "Nagy Péter"),
    ("Müller Max", "Müller Max"),
    ("Kowalski Jan", "Kowalski Jan"),
    ("Пушкин Александр", "Пушкин Александр"),
    ("Van Morrison", "Van Morrison"),
    ("山田太郎", "山田太郎"),
    ("山田 太郎", "山田 太郎"),
    ("山田, 太郎", "山田 太郎"),
    ("김철수", "김철수"),
    ("J\u0430ne Doe", "J\u0430ne Doe"),  # a Cyrillic "а"
    ("𝐉𝐚𝐧𝐞 𝐃𝐨𝐞", "𝐉𝐚𝐧𝐞 𝐃𝐨𝐞"),
    ("Jane Doe, Berlin", "Jane Doe"),
    ("García Márquez, Gabriel", "García Márquez"),
    ("Blue Ocean | Jane Doe", "Blue Ocean"),
    ("Jane Doe (New York)", "Jane Doe"),
]

NO_NAME = [
    "",
    "   ",
    "\u200b\u202e",
    "😀",
    "-",
    "Dr.",
    "Info",
    "info",
    "no-reply",
    "No Reply",
    "Zoom",
    "Team Acme",
    "Acme GmbH",
    "Acme Sportfreunde e.V.",
    "Events Team",
    "Events-Team",
    "Acme Büro",
    "IHK Nord",
    "Conference Room 3",
    "Besprechungsraum Nord",
    "Jane's Notetaker",
    "Read.ai meeting notes",
    "CEO Jane Doe",
    "jane.doe",
    "Jane.Doe",
    "Jane_Doe",
    "jane@acme.example",
    "www.acme.example",
    "Visit acme.com now",
    "https://acme.example Jane Doe",
    "+49 170 1234567",
    "Jane Doe 2",
    "Jane/Doe",
    "*Jane* Doe",
    "`Jane` Doe",
    "# Jane Doe",
    "=?utf-8?q?Jane?=",
    "Host: Jane Doe",
    "Jane Doe\r\nBcc: boss@acme.example",
    "Jane & John Doe",
    "Jane und John Doe",
    "Click here to win a prize with me today",
    "Z" + "\u0301\u0302\u0303\u0304\u0305" + "algo Doe",
    "x" * 81,
    "Jane Doe " * 100,
]

WITH_ADDRESS = [
    ("Jane Doe", "jane.doe@acme.example", Name("Jane Doe", "Jane")),
    ("Jane Doe", "jdoe@acme.example", Name("Jane Doe", "Jane")),
    ("Jane Doe", "x7331@acme.example", Name("Jane Doe", "Jane")),
    # the address never gives a name away, it only speaks for or against one
    ("Jane Doe", "doe@acme.example", Name("Jane Doe", None)),
    ("Jane Doe", "doe@doe-print.example", Name("Jane Doe", "Jane")),
    ("Dr. Jürgen Weiß", "weiss@weiss-bau.example", Name("Jürgen Weiß", "Jürgen")),
    ("", "jane.doe@acme.example", Name("", None)),
    ("jane.doe@acme.example", "jane.doe@acme.example", Name("", None)),
    ("Jane", "jane@acme.example", Name("Jane", None)),
    ("Jane", "jane.doe@acme.example", Name("Jane", None)),
    # the other order
    ("Rossini Aldo", "aldo.rossini@acme.example", Name("Rossini Aldo", None)),
    ("Rossini Aldo", "arossini@acme.example", Name("Rossini Aldo", None)),
    ("Jane Roe", "roe@acme.example", Name("Jane Roe", None)),
    ("JANE Doe", "jane.doe@acme.example", Name("Doe Jane", None)),
    # companies that look like people
    ("Blue Ocean", "jo@blueocean.example", Name("Blue Ocean", None)),
    ("Acme Berlin", "berlin@acme.example", Name("Acme Berlin", None)),
    ("Jane Doe", "jane@janedoe.example", Name("Jane Doe", "Jane")),
    # badges and commas, settled by the address
    ("Blue Ocean | Jane Doe", "jane@acme.example", Name("Jane Doe", "Jane")),
    ("Jane Doe | Blue Ocean", "jdoe@acme.example", Name("Jane Doe", "Jane")),
    ("Jane Doe, Berlin", "jane.doe@acme.example", Name("Jane Doe", "Jane")),
    ("García Márquez, Gabriel", "gabriel@acme.example", Name("Gabriel García Márquez", "Gabriel")),
    ("Jürgen Roth (Blue Ocean)", "juergen.roth@acme.example", Name("Jürgen Roth", "Jürgen")),
]

SIGNS_IN_NAMES = " -'’.·‧・"


@pytest.mark.parametrize(("display", "full", "first"), GREETED)
def test_a_plain_name_is_read_and_greeted(display: str, full: str, first: str) -> None:
    assert read_name(display) == Name(full, first)


@pytest.mark.parametrize(("display", "full"), NAMED_BUT_NOT_GREETED)
def test_a_name_in_doubt_is_kept_but_never_greeted(display: str, full: str) -> None:
    assert read_name(display) == Name(full, None)


@pytest.mark.parametrize("display", NO_NAME)
def test_what_is_no_name_stays_nameless(display: str) -> None:
    assert read_name(display) == Name("", None)


@pytest.mark.parametrize(("display", "email", "name"), WITH_ADDRESS)
def test_the_address_only_confirms_or_shakes_a_name(display: str, email: str, name: Name) -> None:
    assert read_name(display, email) == name


@pytest.mark.parametrize(
    ("word", "folded"), [("O'Néill", "oneill"), ("Müller", "muller"), ("Straße", "strasse"), ("-", "")]
)
def test_a_folded_word_is_spelled_like_an_address(word: str, folded: str) -> None:
    assert fold_word(word) == folded


PIECES = st.sampled_from(
    "Jane DOE Dr. van der de la Jr. III PhD Smith, O'Brien Nguyen MBA née Sir , | - (Acme) J. and AL Ma Петров "
    "Иван Сергеевич عبد بن 山田 김철수 İ ß 't d'Arc St. Do Mac McDONALD Ó e ' ’ . · ʼ \" geb. oğlu Md DR A.Aa <b> @ x.y".split()
)
DISPLAYS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(categories=["L", "M", "Zs", "Cf"]), max_size=20),
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=6).map(" ".join),
)


@settings(max_examples=400, deadline=None)
@given(DISPLAYS, st.one_of(st.none(), st.text(max_size=12), st.emails()))
def test_no_stranger_gets_more_than_letters_into_a_name(display: str, email: str | None) -> None:
    name = read_name(display, email)
    for letter in name.full + (name.first or ""):
        assert letter in SIGNS_IN_NAMES or unicodedata.category(letter)[0] in "LM"
    assert name.first is None or (name.first.strip() and name.first in name.full)
    assert unicodedata.is_normalized("NFC", name.full)


@settings(max_examples=400, deadline=None)
@given(DISPLAYS)
def test_a_name_once_read_reads_the_same_again(display: str) -> None:
    full = read_name(display).full
    assert read_name(full).full == full
