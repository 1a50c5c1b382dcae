"""Rule 4: which template, which facts, and what may come out of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.errors import Problem, TemplateProblem
from followupd.model import Event, Owner, Person
from followupd.rules.drafts import (
    build_facts,
    clean_name,
    clean_spoken,
    compose,
    message_id,
    read_rendered,
)
from followupd.rules.message import write_message

OWNER = Owner("Ada Example", "ada@example.com", frozenset(), frozenset(), "Europe/Berlin")
PERSON = Person("jo", "jo@example.org", "Jo Sample", "Jo")
# Tuesday; 23:30 UTC is Wednesday 18 November in Berlin.
EVENT = Event(
    occurrence="o",
    calendar="c",
    uid="u",
    title="RAW TITLE",
    description="RAW DESCRIPTION",
    location="RAW PLACE",
    start=datetime(2026, 11, 17, 23, 30, tzinfo=UTC),
    end=datetime(2026, 11, 18, 0, 30, tzinfo=UTC),
)


def facts(**changes: Any) -> dict[str, Any]:
    given_facts: dict[str, Any] = {
        "person": PERSON,
        "owner": OWNER,
        "event": EVENT,
        "spoken": "at the mixer",
        "note": "",
        "promise": "",
        "now": EVENT.end,
        "language": "en",
    }
    return build_facts(**given_facts | changes)


def test_the_facts_of_a_plain_case() -> None:
    assert facts(note="knows boats", promise="the slides.") == {
        "person": {"name": "Jo Sample", "first_name": "Jo", "email": "jo@example.org"},
        "event": {"spoken": "at the mixer", "date": "Wednesday", "weekday": "Wednesday"},
        "me": {"name": "Ada Example", "first_name": "Ada", "email": "ada@example.com"},
        "followup": {"note": "knows boats", "topic": "", "promise": "the slides"},
        "first_name": "Jo",
        "company": "",
        "event_name": "at the mixer",
        "event_date": "Wednesday",
    }


def test_no_raw_text_of_the_invitation_is_a_fact() -> None:
    assert "RAW" not in str(facts())


def test_what_is_not_known_is_empty_and_never_absent() -> None:
    nobody = facts(person=Person("x", None, "", None), spoken="")
    assert nobody["person"] == {"name": "", "first_name": "", "email": ""}
    assert nobody["event_name"] == ""


@pytest.mark.parametrize(
    ("now", "language", "date", "weekday"),
    [
        # In Berlin the event starts on Wednesday the 18th; the 24th begins there at 23:00 UTC on the 23rd.
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), "en", "Wednesday", "Wednesday"),
        (datetime(2026, 11, 23, 23, 1, tzinfo=UTC), "en", "18 November", "Wednesday"),
        (datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "de", "Mittwoch", "Mittwoch"),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "de", "18. November", "Mittwoch"),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "fr", "18 novembre", "mercredi"),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "es", "18 de noviembre", "miércoles"),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "it", "", ""),
    ],
)
def test_a_day_is_said_as_one_says_it(now: datetime, language: str, date: str, weekday: str) -> None:
    event = facts(now=now, language=language)["event"]
    assert (event["date"], event["weekday"]) == (date, weekday)


@pytest.mark.parametrize(
    ("name", "first_name"),
    [("Ada Example", "Ada"), ("Dr. Ada Example", "Ada"), ("J. Ada Example", "Ada"), ("Ada", "Ada"), ("", "")],
)
def test_the_owner_signs_with_the_first_name(name: str, first_name: str) -> None:
    assert facts(owner=replace(OWNER, name=name))["me"]["first_name"] == first_name


@pytest.mark.parametrize(
    ("hostile", "clean"),
    [
        ("Anne-Marie O'Neil", "Anne-Marie O'Neil"),
        ("Martin King Jr.", "Martin King Jr."),
        ("J.R. Smith", "J.R. Smith"),
        ("José", "José"),
        ("Анна Петрова", "Анна Петрова"),
        ("अनीता", "अनीता"),
        ("evil.com", "evil. com"),
        ("[click](https://evil.example)", "click https evil. example"),
        ("**Jo** _S_ `x`", "Jo S x"),
        ("<b>Jo</b>", "b Jo b"),
        ("Jo\r\nBcc: eve@evil.example", "Jo Bcc eve evil. example"),
        ("\u202eJo\u200b\u2028Smith", "Jo Smith"),
        ("- Jo", "Jo"),
        ("{{ 7 }}", ""),
        ("...", ""),
    ],
)
def test_a_name_keeps_only_what_names_consist_of(hostile: str, clean: str) -> None:
    assert clean_name(hostile) == clean


@given(st.text(), st.text())
def test_no_name_makes_html_a_link_or_a_second_line(name: str, first_name: str) -> None:
    person = replace(PERSON, name=name, first_name=first_name)
    said = facts(person=person)["person"]
    rendered = f"Subject: x\n\n{said['first_name']}\n\nHi {said['name']}, {said['first_name']}"
    if said["first_name"]:
        message = compose(rendered, "a.md", person=person, owner=OWNER, key="k", now=EVENT.end, language="en")
        assert message.html.replace("<p>", "").replace("</p>", "").count("<") == 0
        assert len(message.text.split("\n")) == 3


@pytest.mark.parametrize(
    ("spoken", "clean"),
    [
        ("at the chamber breakfast", "at the chamber breakfast"),
        ("at the *great* [mixer]", "at the great mixer"),
        ("at the Node.js meetup", "at the Node.js meetup"),
        ("at the C# meetup", "at the C# meetup"),
        ("at\r\nthe mixer\u202e", "at the mixer"),
        ("at evil.com", ""),
        ("at https://evil", ""),
        ("at www.evil", ""),
        ("with eve@evil", ""),
    ],
)
def test_the_spoken_event_is_words_or_nothing(spoken: str, clean: str) -> None:
    assert clean_spoken(spoken) == clean


def test_a_note_keeps_its_lines_and_a_promise_loses_its_full_stop() -> None:
    said = facts(note="one\r\n\x00two\u202e \n\n\n\nthree", promise="  the slides.  ")["followup"]
    assert said == {"note": "one\ntwo\n\nthree", "topic": "", "promise": "the slides"}


def test_a_rendered_template_is_taken_apart() -> None:
    output = "\nSubject:  Good to   meet you \n\n\n\nHi Jo,  \n\n\n\n\nbye\n\n"
    assert read_rendered(output, "a.md") == ("Good to meet you", "Hi Jo,\n\nbye")


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("Subject: x\nBcc: eve@example.net\n\nHi", "not 'Bcc: eve@example.net'"),
        ("To: eve@example.net\n\nHi", "not 'To: eve@example.net'"),
        ("Subject: x\nHi there\n\nbye", "not 'Hi there'"),
        ("Subject: x\nSubject: y\n\nHi", "more than one Subject"),
        ("Subject:\n\nHi", "the subject is empty"),
        ("Subject: x\n\n \n", "the text is empty"),
        ("Subject: x", "the text is empty"),
        ("", "only a Subject may stand"),
        ("Subject: one\u2028Bcc: eve@example.net\n\nHi", "not 'Bcc: eve@example.net'"),
    ],
)
def test_only_one_subject_may_stand_above_the_text(output: str, told: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        read_rendered(output, "a.md")
    assert caught.value.what.startswith("templates/a.md: ")
    assert told in caught.value.what


def test_the_message_of_a_follow_up_can_be_written() -> None:
    message = compose(
        "Subject: Hi\n\nHi **Jo**,\nbye",
        "a.md",
        person=PERSON,
        owner=OWNER,
        key="k",
        now=EVENT.end,
        language="de",
    )
    assert (message.to_name, message.to_email) == ("Jo Sample", "jo@example.org")
    assert (message.sender_name, message.sender_email) == ("Ada Example", "ada@example.com")
    assert (message.subject, message.text) == ("Hi", "Hi **Jo**,\nbye")
    assert message.html == "<p>Hi <strong>Jo</strong>,<br />\nbye</p>\n"
    assert (message.date, message.language) == (EVENT.end, "de")
    assert b"Content-Language: de\n" in write_message(message)


def test_nobody_without_an_address_gets_a_message() -> None:
    person = replace(PERSON, email=None)
    with pytest.raises(Problem, match="no address for Jo Sample"):
        compose("Subject: x\n\ny", "a.md", person=person, owner=OWNER, key="k", now=EVENT.end, language="en")


def test_the_message_id_is_the_same_for_the_same_follow_up_only() -> None:
    # printf 'event-1|jo\nada@example.com' | sha256sum | cut -c-32
    assert (
        message_id("event-1|jo", "ada@example.com")
        == "<followupd.e376b5b753136f7846d0dabab2cfdaca@example.com>"
    )
    assert message_id("event-2|jo", "ada@example.com") != message_id("event-1|jo", "ada@example.com")
    assert message_id("k", "ada@münchen.example").endswith("@xn--mnchen-3ya.example>")
