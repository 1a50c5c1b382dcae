"""Lines as people write them after an event, and whom they name."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week import DEBRIEF_WORDS, read_met

from followupd.errors import Problem
from followupd.met import Told
from followupd.rules.debrief import read_told

NEXT_TO_A_NAME = [
    # line, name, first name, address, note
    ("Jane Doe, jane@acme.example", "Jane Doe", "Jane", "jane@acme.example", ""),
    ("Jane Doe, Acme, jane@acme.example - sails", "Jane Doe", "Jane", "jane@acme.example", "sails"),
    ("Jane Doe <Jane@Acme.Example>", "Jane Doe", "Jane", "jane@acme.example", ""),
    ('"Jane Doe" <jane@acme.example>', "Jane Doe", "Jane", "jane@acme.example", ""),
    ("Jane Doe (jane@acme.example)", "Jane Doe", "Jane", "jane@acme.example", ""),
    ("Jane Doe mailto:jane@acme.example", "Jane Doe", "Jane", "jane@acme.example", ""),
    ("Jane Doe jane@acme.example", "Jane Doe", "Jane", "jane@acme.example", ""),
    ("jane.doe@acme.example", "", None, "jane.doe@acme.example", ""),
    ("  Jane Doe ,  ACME Ltd  ", "Jane Doe", "Jane", None, ""),
    ("Jane Doe", "Jane Doe", "Jane", None, ""),
    ("Jane Doe \u2013 met at the buffet", "Jane Doe", "Jane", None, "met at the buffet"),
    ("Jane Doe—met at the buffet", "Jane Doe", "Jane", None, "met at the buffet"),
    ("Jane Doe - sails - has a boat", "Jane Doe", "Jane", None, "sails - has a boat"),
    ("Anne-Marie Smith-Jones, a@b.example", "Anne-Marie Smith-Jones", "Anne-Marie", "a@b.example", ""),
    ("Dr. Jürgen Weiß, juergen@weiß.example", "Jürgen Weiß", "Jürgen", "juergen@xn--wei-7ka.example", ""),
    ("Jane Doe, jane+fair@acme.example", "Jane Doe", "Jane", "jane+fair@acme.example", ""),
]


@pytest.mark.parametrize(("line", "name", "first", "email", "note"), NEXT_TO_A_NAME)
def test_a_line_names_one_person(
    line: str, name: str, first: str | None, email: str | None, note: str
) -> None:
    met = read_met(line)
    assert (met.person.name, met.person.first_name, met.person.email, met.note) == (name, first, email, note)


def test_the_same_person_has_the_same_key_however_the_address_is_written() -> None:
    assert read_met("Jane, JANE+x@acme.example").person.key == "jane@acme.example"
    assert read_met("jane@acme.example").person.key == "jane@acme.example"


def test_a_name_alone_has_a_key_of_its_own() -> None:
    assert read_met("Jane Doe").person.key == read_met("JANE DOE").person.key == "name:jane doe"


def test_the_note_of_the_command_stands_above_the_one_in_the_line() -> None:
    met = read_met("Jane Doe - sails", note="has a boat", promise="the chart")
    assert (met.note, met.promise) == ("has a boat", "the chart")


@pytest.mark.parametrize("line", ["", "   ", "-", "--- ---", "42", "Acme GmbH", "@", "…"])
def test_a_line_that_names_nobody_is_refused_in_words(line: str) -> None:
    with pytest.raises(Problem, match="names nobody"):
        read_met(line)


def test_an_address_with_a_mistake_is_refused_and_never_guessed_at() -> None:
    with pytest.raises(Problem, match="is no mail address"):
        read_met("Jane Doe, jane@acme..example")


def test_two_people_in_one_line_are_refused_so_that_none_gets_lost() -> None:
    with pytest.raises(Problem, match="more than one address"):
        read_met("Jane jane@acme.example, Tom tom@acme.example")


@given(st.text())
def test_any_text_names_somebody_or_is_a_problem_in_words(line: str) -> None:
    try:
        met = read_met(line)
    except Problem:
        pass
    else:
        assert met.person.email or met.person.name
        assert "\n" not in met.person.name + (met.person.email or "")


# --- whole answers

MORE_FIELDS = [
    # line, name, address, company, phone, note
    ("Acme, Jane Doe, jane.doe@acme.example", "Jane Doe", "jane.doe@acme.example", "Acme", "", ""),
    ("Jane Doe\tAcme\tjane@acme.example\tsails", "Jane Doe", "jane@acme.example", "Acme", "", "sails"),
    ("Doe, Jane; Acme; jane@acme.example", "Jane Doe", "jane@acme.example", "Acme", "", ""),
    ("Jane Doe - Acme - jane@acme.example - sails", "Jane Doe", "jane@acme.example", "Acme", "", "sails"),
    ("Jane Doe from Acme, jane@acme.example", "Jane Doe", "jane@acme.example", "Acme", "", ""),
    ("Jane Doe, Head of Sales, Acme, jane@acme.example", "Jane Doe", "jane@acme.example", "Acme", "", "Head of Sales"),
    ("Jane Doe, jane@acme.example, Acme Ltd, +1 (555) 010-9999 - sails",
     "Jane Doe", "jane@acme.example", "Acme Ltd", "+1 (555) 010-9999", "sails"),
    ("Jane Doe - ask bob@x.example about the boat", "Jane Doe", None, "", "", "ask bob@x.example about the boat"),
    ("Jane Doe jane@acme.example we spoke about sailing", "Jane Doe", "jane@acme.example", "", "", "we spoke about sailing"),
    ("Jane Doe, tel. 030 1234567", "Jane Doe", None, "", "030 1234567", ""),
    ("From: Jane Doe <jane@acme.example>", "Jane Doe", "jane@acme.example", "", "", ""),
    ("\u2022 [x] Jane Doe, jane@acme.example", "Jane Doe", "jane@acme.example", "", "", ""),
    ("Jane Doe, jane@acme.example - call on 2026-11-25", "Jane Doe", "jane@acme.example", "", "", "call on 2026-11-25"),
    ("T. Miller, tom@mill.example", "T. Miller", "tom@mill.example", "", "", ""),
    ("Miller, tom@miller.example", "", "tom@miller.example", "Miller", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name", "email", "company", "phone", "note"), MORE_FIELDS)
def test_fields_are_understood_in_any_order(
    line: str, name: str, email: str | None, company: str, phone: str, note: str
) -> None:
    met = read_met(line)
    person = met.person
    assert (person.name, person.email, person.company, person.phone, met.note) == (
        name,
        email,
        company,
        phone,
        note,
    )


def test_good_and_bad_lines_are_told_apart_and_none_is_lost() -> None:
    text = "Jane Doe, jane@acme.example\nTom Miller, tom@@mill.example\n42\n\nKim Lee\n"
    told = read_told(text, DEBRIEF_WORDS)
    assert [met.person.name for met in told.met] == ["Jane Doe", "Kim Lee"]
    assert [(mistake.where, mistake.line) for mistake in told.mistakes] == [
        ("line 2", "Tom Miller, tom@@mill.example"),
        ("line 3", "42"),
    ]
    assert all(mistake.what and mistake.todo for mistake in told.mistakes)


@pytest.mark.parametrize("said", ["nobody", "Nobody.", "  NIEMAND ", "personne", "nadie", "no one"])
def test_nobody_is_an_answer_in_every_language(said: str) -> None:
    assert read_told(said, DEBRIEF_WORDS) == Told(nobody=True)


def test_nobody_beside_somebody_is_a_name_like_any_other() -> None:
    assert not read_told("nobody\nJane Doe", DEBRIEF_WORDS).nobody


def test_more_lines_than_one_answer_takes_come_back() -> None:
    told = read_told("\n".join(["Jane Doe"] * 501), DEBRIEF_WORDS)
    assert (len(told.met), [mistake.where for mistake in told.mistakes]) == (500, ["line 501"])


LINES = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(["Jane Doe, jane@acme.example", "Tom Miller - sails", "", "- ", "nobody", "www.acme.example",
                         "Acme GmbH", "Tel +49 30 1234567", "kim@lee.example", "Best regards,"]),
    ),
    max_size=8,
)  # fmt: skip


@given(LINES)
def test_any_text_is_read_and_every_address_in_it_is_kept(lines: list[str]) -> None:
    text = "\n".join(lines)
    told = read_told(text, DEBRIEF_WORDS)
    kept = {met.person.email for met in told.met}
    left = "\n".join(mistake.line for mistake in told.mistakes)
    notes = " ".join(met.note for met in told.met)
    for address in ("jane@acme.example", "kim@lee.example"):
        assert address not in text or address in kept or address in left or address in notes


@given(st.text(max_size=120))
def test_nothing_that_cannot_be_seen_passes_into_a_person(line: str) -> None:
    told = read_told(line, DEBRIEF_WORDS)
    for met in told.met:
        person = met.person
        assert all(text.isprintable() for text in (person.name, person.company, person.phone, person.circle))


@pytest.mark.parametrize(
    "piece", ["a@", "-- ", "a, ", '"', "+1 ", "(", "promised ", "# ", "a.", "1 st ", "mob "]
)
def test_long_lines_cost_nothing(piece: str) -> None:
    start = time.process_time()
    read_told("\n".join([piece * 300] * 100), DEBRIEF_WORDS)
    assert time.process_time() - start < 5
