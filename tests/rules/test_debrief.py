"""Lines as people write them after an event, and whom they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week import read_met

from followupd.errors import Problem

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
