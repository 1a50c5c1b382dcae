"""Guest files as sites, spreadsheets and phones write them, and as strangers may."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.adapters.guests import read_guests
from followupd.errors import Problem

#: No file may take longer, however it is made; the machine may be busy.
PATIENCE = 5.0


@contextmanager
def quickly() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < PATIENCE


# --- csv


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Name,Email\nJürgen Weiß,j@w.example\n", "utf-8"),
        ("Name,Email\nJürgen Weiß,j@w.example\n", "utf-8-sig"),
        ("Name;Email\r\nJürgen Weiß;j@w.example\r\n", "cp1252"),
        ("sep=;\r\nName;Email\r\nJürgen Weiß;j@w.example\r\n", "utf-8-sig"),
        ("Name\tEmail\nJürgen Weiß\tj@w.example\n", "utf-16"),
        ("Name|Email\rJürgen Weiß|j@w.example\r", "utf-8"),
        ('"Name","Email"\n"Jürgen Weiß","j@w.example"\n\n\n', "utf-8"),
        ("Guests of the meetup\n\nName,Email\nJürgen Weiß,j@w.example\n", "utf-8"),
    ],
)
def test_delimiter_charset_and_headings_are_found(text: str, charset: str) -> None:
    table = read_guests(text.encode(charset))
    assert (table.columns, table.rows) == (("Name", "Email"), (("Jürgen Weiß", "j@w.example"),))


@pytest.mark.parametrize(
    ("names", "charset"),
    [
        (("François Lefèvre", "Íñigo Núñez"), "cp1252"),
        (("Łukasz Wiśniewski", "Grażyna Dąbrowska", "Małgorzata Wójcik"), "cp1250"),
        (("Любовь Соколова", "Иван Петров", "Наталья Кузнецова"), "cp1251"),
        (("山田太郎", "鈴木花子"), "shift_jis"),
    ],
)
def test_names_keep_their_letters_in_old_charsets(names: tuple[str, ...], charset: str) -> None:
    lines = ["Name;E-Mail", *(f"{name};a{place}@x.example" for place, name in enumerate(names))]
    table = read_guests("\n".join(lines).encode(charset))
    assert tuple(row[0] for row in table.rows) == names


def test_a_cell_may_hold_the_delimiter_quotes_and_line_breaks() -> None:
    table = read_guests(b'Name,Email,Note\n"Doe, Jane",jane@acme.example,"said ""yes""\nand left"\n')
    assert table.rows == (("Doe, Jane", "jane@acme.example", 'said "yes"\nand left'),)


def test_a_file_without_headings_is_lines_as_people_write_them() -> None:
    table = read_guests(b"Jane Doe,jane@acme.example\nTom Miller,tom@mill.example\n")
    assert table.columns == ()
    assert table.rows == (("Jane Doe, jane@acme.example",), ("Tom Miller, tom@mill.example",))


def test_one_column_of_addresses_keeps_its_heading() -> None:
    assert read_guests(b"Email\njane@acme.example\n").columns == ("Email",)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"\n\n ,, \n", "is empty"),
        (b"PK\x03\x04 whatever", "a spreadsheet or an archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old spreadsheet"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html>Log in</html>", "a web page"),
        (b"Name,Email\n\x00\x01", "is no text"),
        (b"a,b\n" * 6000, "more than 5000 rows"),
        (b"x" * (16 * 1024 * 1024 + 1), "more than 16 MB"),
        (b'Name,Email\n"' + b"a" * 200_000, "is no CSV"),
    ],
)
def test_what_is_no_guest_list_is_refused_in_words(data: bytes, what: str) -> None:
    with pytest.raises(Problem, match=what) as refusal:
        read_guests(data)
    assert refusal.value.todo


def test_cells_and_columns_have_limits() -> None:
    table = read_guests(b"Name,Email\n" + b"a" * 100_000 + b",jane@acme.example" + b",x" * 500 + b"\n")
    assert (len(table.rows[0][0]), len(table.rows[0])) == (2000, 200)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_problem(data: bytes) -> None:
    try:
        table = read_guests(data)
    except Problem as problem:
        assert problem.todo  # noqa: PT017 - any bytes may be refused
    else:
        assert all(len(cell) <= 2000 for row in table.rows for cell in row)


@given(st.text(alphabet="BEGIN:VCARDENDFN;=\r\n \t.,\"'éQP=3D", max_size=300))
def test_any_card_is_a_table_or_a_problem(text: str) -> None:
    data = f"BEGIN:VCARD\r\n{text}\r\nEND:VCARD\r\n".encode()
    assert len(read_guests(data).columns) == 5


# --- vCards

NOKIA = """\
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =
M=C3=BCller
TEL;CELL;VOICE:+49 170 1234567
EMAIL;INTERNET:privat@mueller.example
EMAIL;PREF;INTERNET:juergen@mueller.example
ORG;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller Bau;Vertrieb
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRg
 ABCD

END:VCARD
"""
APPLE = """\
BEGIN:VCARD
VERSION:3.0
N:Doe;Jane;;Dr.;
FN:Dr. Jane Doe
ORG:Acme\\, Inc.;Sales
item1.EMAIL;type=INTERNET;type=WORK;type=pref:jane@acme.example
item1.X-ABLabel:_$!<Work>!$_
TEL;type=CELL;type=VOICE:+1 555 010 9999
NOTE:We spoke about
  sailing\\nand tea
END:VCARD
"""
FOUR = """\
BEGIN:VCARD
VERSION:4.0
FN;ALTID=1;LANGUAGE=en:Zoe Exa
 mple
EMAIL;PREF=2:second@x.example
EMAIL;PREF=1:zoe@x.example
TEL;VALUE=uri;TYPE="voice,home":tel:+33-1-2345-6789
ORG:Ex SARL
END:VCARD
"""
JUERGEN = ("Jürgen Müller", "juergen@mueller.example", "+49 170 1234567", "Müller Bau", "")
DOE = ("Dr. Jane Doe", "jane@acme.example", "+1 555 010 9999", "Acme, Inc.", "We spoke about sailing and tea")
ZOE = ("Zoe Example", "zoe@x.example", "+33-1-2345-6789", "Ex SARL", "")


@pytest.mark.parametrize(("card", "row"), [(NOKIA, JUERGEN), (APPLE, DOE), (FOUR, ZOE)])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cards_of_every_version_are_read(card: str, row: tuple[str, ...], end: str) -> None:
    table = read_guests(card.replace("\n", end).encode())
    assert (table.columns, table.rows) == (("name", "email", "phone", "company", "note"), (row,))


def test_a_file_of_many_cards_is_many_people() -> None:
    assert read_guests((NOKIA + APPLE + FOUR).encode()).rows == (JUERGEN, DOE, ZOE)


@pytest.mark.parametrize(
    ("card", "row"),
    [
        ("VERSION:3.0\nFN:Un Ended\nEMAIL:u@x.example", ("Un Ended", "u@x.example", "", "", "")),
        ("VERSION:2.1\nN:Doe;Jane\nTEL:+49 30 1234567", ("Jane Doe", "", "+49 30 1234567", "", "")),
        (
            "FN;CHARSET=x-nonsense;ENCODING=QUOTED-PRINTABLE:J=FCrgen\nEMAIL:j@x.example\nEND:VCARD",
            ("Jürgen", "j@x.example", "", "", ""),
        ),
        ("FN:Bad\nthis is no property\nEMAIL:b@x.example\nEND:VCARD", ("Bad", "b@x.example", "", "", "")),
        (
            "FN:Outer\nAGENT:\nBEGIN:VCARD\nFN:Inner\nEND:VCARD\nEMAIL:o@x.example\nEND:VCARD",
            ("Outer", "o@x.example", "", "", ""),
        ),
    ],
)
def test_cards_that_are_not_quite_right_are_read_all_the_same(card: str, row: tuple[str, ...]) -> None:
    assert read_guests(f"BEGIN:VCARD\n{card}\n".encode()).rows == (row,)


def test_a_card_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    table = read_guests((APPLE.replace("FN:Dr. Jane Doe", "FN;ENCODING=B:???") + FOUR).encode())
    assert len(table.rows) + len(table.skipped) == 2
    assert table.rows[-1] == ZOE


BOMBS = {
    "begins": b"BEGIN:VCARD\n" * 50_000,
    "one photo": b"BEGIN:VCARD\nPHOTO;ENCODING=b:" + b"A" * 5_000_000 + b"\nFN:Jane\nEND:VCARD\n",
    "parameters": b"BEGIN:VCARD\nFN" + b";a=b" * 500_000 + b":x\nEND:VCARD\n",
    "quotes": b"BEGIN:VCARD\nFN;a=" + b'"a' * 500_000 + b":x\nEND:VCARD\n",
    "folds": b"BEGIN:VCARD\nFN:a\n" + b" b\n" * 500_000 + b"END:VCARD\n",
    "soft breaks": b"BEGIN:VCARD\nFN;QUOTED-PRINTABLE:a=\n" + b"b=\n" * 500_000 + b"END:VCARD\n",
    "agents": b"BEGIN:VCARD\nAGENT:\n" * 50_000,
    "columns": b"a," * 2_000_000,
    "quoted": b'"' + b'""' * 500_000,
    "at signs": b"a@b," * 100_000,
    "one line": b"x" * 3_000_000,
    "no utf-8": b"\xe9\xff," * 500_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_a_moment_and_a_problem_at_most(bomb: str) -> None:
    with quickly():
        try:
            table = read_guests(BOMBS[bomb])
        except Problem:
            return
    assert len(table.rows) <= 5000
