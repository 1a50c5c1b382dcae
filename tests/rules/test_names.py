# ruff: noqa: RUF001, RUF003, SIM905 - look-alike letters are the matter; word lists read best as text
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followupd.assemble import load_name_words
from followupd.rules import names
from followupd.rules.name_words import fold_word
from followupd.rules.names import Name

WORDS = load_name_words()


def read_name(display: str, email: str | None = None) -> Name:
    return names.read_name(display, email, WORDS)


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
    ("Seán Ó Briain", "Seán Ó Briain", "Seán"),
    ("Łukasz Kowalski", "Łukasz Kowalski", "Łukasz"),
    ("Franziska Müller", "Franziska Müller", "Franziska"),
    ("ALİ KAYA", "Ali Kaya", "Ali"),
    ("Иван Петров", "Иван Петров", "Иван"),
    ("Марина Иванова", "Марина Иванова", "Марина"),
    ("Ανδρέας Παπαδόπουλος", "Ανδρέας Παπαδόπουλος", "Ανδρέας"),
    ("محمد علي", "محمد علي", "محمد"),
    ("שרה כהן", "שרה כהן", "שרה"),
    ("राम कुमार", "राम कुमार", "राम"),
    ("สมชาย ใจดี", "สมชาย ใจดี", "สมชาย"),
    # titles in four languages
    ("Mr John Smith", "John Smith", "John"),
    ("Mrs. Jane Smith", "Jane Smith", "Jane"),
    ("Ms Jane Doe", "Jane Doe", "Jane"),
    ("Mx. Alex Roe", "Alex Roe", "Alex"),
    ("Dr Jane Doe", "Jane Doe", "Jane"),
    ("Rev. John Doe", "John Doe", "John"),
    ("Herrn Max Müller", "Max Müller", "Max"),
    ("Frau Prof. Dr. Anna-Lena Weiß", "Anna-Lena Weiß", "Anna-Lena"),
    ("Mag. Anna Huber", "Anna Huber", "Anna"),
    ("Dipl.-Kfm. Peter Klein", "Peter Klein", "Peter"),
    ("Ing. Pavel Novák", "Pavel Novák", "Pavel"),
    ("Mme Marie Dubois", "Marie Dubois", "Marie"),
    ("Mlle Chloé Petit", "Chloé Petit", "Chloé"),
    ("Monsieur Jean Dupont", "Jean Dupont", "Jean"),
    ("M. Jean Dupont", "Jean Dupont", "Jean"),
    ("Maître Sophie Laurent", "Sophie Laurent", "Sophie"),
    ("Sr. Juan Pérez", "Juan Pérez", "Juan"),
    ("Sra. Ana García López", "Ana García López", "Ana"),
    ("Srta. Lucía Gómez", "Lucía Gómez", "Lucía"),
    ("Doña Carmen Ruiz", "Carmen Ruiz", "Carmen"),
    ("Dra. Elena Vidal", "Elena Vidal", "Elena"),
    ("Lic. Pedro Gómez", "Pedro Gómez", "Pedro"),
    ("Jane Doe, M.Sc.", "Jane Doe", "Jane"),
    ("Doe Jr., John", "John Doe", "John"),
    # pronouns
    ("Jane Doe [she/her/hers]", "Jane Doe", "Jane"),
    ("Jane Doe (she/they)", "Jane Doe", "Jane"),
    ("Jane Doe - she/her", "Jane Doe", "Jane"),
    ("Max Klein (er/ihm)", "Max Klein", "Max"),
    ("Chloé Petit (elle)", "Chloé Petit", "Chloé"),
    ("Ana Ruiz (ella/she)", "Ana Ruiz", "Ana"),
    # particles and initials in the middle
    ("Ludwig van Beethoven", "Ludwig van Beethoven", "Ludwig"),
    ("Vincent VAN GOGH", "Vincent van Gogh", "Vincent"),
    ("von der Leyen, Ursula", "Ursula von der Leyen", "Ursula"),
    ("Mohammed bin Salman", "Mohammed bin Salman", "Mohammed"),
    ("María del Carmen López", "María del Carmen López", "María"),
    ("John F. Kennedy", "John F. Kennedy", "John"),
    # capitals
    ("JOSÉ GARCÍA", "José García", "José"),
    ("ANNA VON DER HEIDE", "Anna von der Heide", "Anna"),
    ("JANE Doe", "Jane Doe", "Jane"),
    ("CLAIRE Martin", "Claire Martin", "Claire"),
    ("MARTIN Claire", "Claire Martin", "Claire"),
    # one word that is hardly ever a family
    ("Jane", "Jane", "Jane"),
    ("JANE", "Jane", "Jane"),
    ("maria", "Maria", "Maria"),
    ("Jane | Acme GmbH", "Jane", "Jane"),
    ("Jane (Acme)", "Jane", "Jane"),
    ("Jane, Berlin", "Jane", "Jane"),
    ("Anna-Lena", "Anna-Lena", "Anna-Lena"),
    ("Jean-Pierre", "Jean-Pierre", "Jean-Pierre"),
    ("Mary Ann", "Mary Ann", "Mary Ann"),
    ("Juan Carlos", "Juan Carlos", "Juan Carlos"),
    ("Mackenzie Roe", "Mackenzie Roe", "Mackenzie"),
    ("Jane D.", "Jane D.", "Jane"),
    ("Jane D", "Jane D", "Jane"),
    ("Anna Mária Kovács", "Anna Mária Kovács", "Anna"),
    ("Péter Nagy", "Péter Nagy", "Péter"),
    ("Satoshi Nakamoto", "Satoshi Nakamoto", "Satoshi"),
    ("Min-jun Kim", "Min-jun Kim", "Min-jun"),
    # a comma, a badge or brackets, told by the words themselves
    ("Jane Doe, Berlin", "Jane Doe", "Jane"),
    ("García Márquez, Gabriel", "Gabriel García Márquez", "Gabriel"),
    ("Blue Ocean | Jane Doe", "Jane Doe", "Jane"),
    ("Jane Doe (New York)", "Jane Doe", "Jane"),
    ("Jane Doe / Acme", "Jane Doe", "Jane"),
    ("Jane Doe (Max Klein)", "Jane Doe", "Jane"),
    # spelled like an address, where the first word can be nothing else
    ("jane.doe", "Jane Doe", "Jane"),
    ("Jane.Doe", "Jane Doe", "Jane"),
    ("Jane_Doe", "Jane Doe", "Jane"),
    # first names of two words
    ("José Luis Ortega Molina", "José Luis Ortega Molina", "José Luis"),
    ("Hans Peter Zürcher", "Hans Peter Zürcher", "Hans Peter"),
    ("Juan M. Castillo", "Juan M. Castillo", "Juan"),
    # titles that are names too
    ("DI Eva Moser", "Eva Moser", "Eva"),
    ("Pan Tomasz Nowak", "Tomasz Nowak", "Tomasz"),
    ("Dott.ssa Chiara Fontana", "Chiara Fontana", "Chiara"),
    ("Doña Carmen", "Carmen", "Carmen"),
    ("DE SMET Koen", "Koen de Smet", "Koen"),
    # right to left
    ("\u200fמשה לוי", "משה לוי", "משה"),
    ("Prof. שרה כהן", "שרה כהן", "שרה"),
    ("د. محمد علي", "محمد علي", "محمد"),
    ("\u2067محمد علي\u2069", "محمد علي", "محمد"),
]

NAMED_BUT_NOT_GREETED = [
    # the family in front, with nothing that proves it
    ("Nagy Péter", "Nagy Péter"),
    ("Orbán Viktor", "Orbán Viktor"),
    ("Müller Max", "Müller Max"),
    ("Kowalski Jan", "Kowalski Jan"),
    # nobody says the first name alone to whom writes the father's name
    ("Петров Иван Сергеевич", "Иван Сергеевич Петров"),
    ("Анна Сергеевна Белова", "Анна Сергеевна Белова"),
    # a site wrote it
    ("Jane Doe via Eventbrite", "Jane Doe"),
    ("Bob via Eventbrite", "Bob"),
    # on no list
    ("Gal·la Placídia", "Gal·la Placídia"),
    ("Nordic Spark", "Nordic Spark"),
    # a nickname is not what the owner was told
    ("Zhang Wei (David)", "Zhang Wei"),
    # honours of East Asia are no part of the name
    ("田中様", "田中"),
    ("佐藤 恵子 様", "佐藤 恵子"),
    ("박지훈 님", "박지훈"),
    ("van der Berg", "van der Berg"),
    ("Mme Dubois", "Dubois"),
    ("Madame Dupont", "Dupont"),
    ("Sra. García", "García"),
    ("Herr Max", "Max"),
    ("J", "J"),
    ("J Doe", "J Doe"),
    ("J.R.R. Tolkien", "J.R.R. Tolkien"),
    ("J. Edgar Hoover", "J. Edgar Hoover"),
    ("AJ Jones", "AJ Jones"),
    ("Xi Jinping", "Xi Jinping"),
    ("Nakamoto Satoshi", "Nakamoto Satoshi"),
    ("Kim Min-jun", "Kim Min-jun"),
    ("Seo Ji-won", "Seo Ji-won"),
    ("王伟", "王伟"),
    ("田中 さくら", "田中 さくら"),
    ("ヤマダ タロウ", "ヤマダ タロウ"),
    ("李 Wei", "李 Wei"),
    ("MCDONALD JANE", "Mcdonald Jane"),
    ("Rossini Aldo", "Rossini Aldo"),
    ("MacDonald Flora", "MacDonald Flora"),
    ("McGregor Rhys", "McGregor Rhys"),
    ("O'Brien Rhys", "O'Brien Rhys"),
    ("Mac Roe", "Mac Roe"),
    ("Acme", "Acme"),
    ("Acme via Eventbrite", "Acme"),
    ("Madonna", "Madonna"),
    ("J. Doe", "J. Doe"),
    ("Smith, J.", "J. Smith"),
    ("Doe J", "Doe J"),
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
    ("Пушкин Александр", "Пушкин Александр"),
    ("Van Morrison", "Van Morrison"),
    ("山田太郎", "山田太郎"),
    ("山田 太郎", "山田 太郎"),
    ("山田, 太郎", "山田 太郎"),
    ("김철수", "김철수"),
    ("J\u0430ne Doe", "J\u0430ne Doe"),  # a Cyrillic "а"
    ("𝐉𝐚𝐧𝐞 𝐃𝐨𝐞", "𝐉𝐚𝐧𝐞 𝐃𝐨𝐞"),
]

NO_NAME = [
    "Sophie's iPhone",
    "Anna Bakery",
    "株式会社ミナト",
    "Ufficio Eventi",
    "Padaria Lisboa",
    "None None",
    "unknown",
    "",
    "   ",
    "\u200b\u202e",
    "😀",
    "-",
    "Dr.",
    "Accueil",
    "Secrétariat",
    "Recepción",
    "Contacto",
    "Équipe Acme",
    "Service client",
    "Atención al cliente",
    "Ne pas répondre",
    "Acme SARL",
    "Construcciones García S.L.",
    "Boulangerie Martin",
    "Cabinet Laurent",
    "Müller & Söhne",
    "Gebrüder Müller",
    "Rossi S.r.l.",
    "Jansen B.V.",
    "Doe Associates",
    "Studio Rossi",
    "Hotel Adler",
    "Bäckerei Schmidt",
    "Praxis Dr. Müller",
    "Kanzlei Weber",
    "Werbeagentur Klein",
    "Reisebüro Adler",
    "Malerbetrieb Huber",
    "Café Central",
    "Stadt Berlin",
    "BNI Chapter Nord",
    "Familie Müller",
    "Toastmasters Nord",
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
    ("Jane Doe", "doe@acme.example", Name("Jane Doe", "Jane")),
    ("Jane Doe", "doe@doe-print.example", Name("Jane Doe", "Jane")),
    ("Dr. Jürgen Weiß", "weiss@weiss-bau.example", Name("Jürgen Weiß", "Jürgen")),
    ("", "jane.doe@acme.example", Name("", None)),
    ("jane.doe@acme.example", "jane.doe@acme.example", Name("", None)),
    ("Jane", "jane@acme.example", Name("Jane", "Jane")),
    ("Jane", "jane.doe@acme.example", Name("Jane", "Jane")),
    ("Jane", "jane@jane.example", Name("Jane", "Jane")),
    ("Madonna", "madonna@acme.example", Name("Madonna", None)),
    # the other order
    ("Rossini Aldo", "aldo.rossini@acme.example", Name("Rossini Aldo", "Aldo")),
    ("Rossini Aldo", "arossini@acme.example", Name("Rossini Aldo", "Aldo")),
    ("Rossini Aldo", "aldo@acme.example", Name("Rossini Aldo", None)),
    ("Nagy Péter", "peter.nagy@acme.example", Name("Nagy Péter", "Péter")),
    ("Nagy Péter", "nagy.peter@acme.example", Name("Nagy Péter", None)),
    ("Walter Frank", "frank.walter@acme.example", Name("Walter Frank", None)),
    ("Tanaka Hiroshi", "hiroshi.tanaka@acme.example", Name("Tanaka Hiroshi", None)),
    ("Hiroshi Tanaka", "hiroshi.tanaka@acme.example", Name("Hiroshi Tanaka", "Hiroshi")),
    ("Jane Roe", "roe@acme.example", Name("Jane Roe", "Jane")),
    # words on no list, which the address vouches for
    ("Quirl Doe", "quirl.doe@acme.example", Name("Quirl Doe", "Quirl")),
    ("Quirl Doe", "x7331@acme.example", Name("Quirl Doe", None)),
    ("Quirl Zorp", "quirl.zorp@acme.example", Name("Quirl Zorp", None)),
    ("Mary Host", "mary.host@acme.example", Name("Mary Host", "Mary")),
    ("Jane Doe via Eventbrite", "jane.doe@acme.example", Name("Jane Doe", "Jane")),
    ("JANE Doe", "jane.doe@acme.example", Name("Jane Doe", "Jane")),
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
