"""Rule 4, first half: which template, and why."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from followupd.model import Attendee, Event
from followupd.rules.choosing import (
    Case,
    Choice,
    choose_template,
    find_wrong_choices,
    is_host,
    pick_language,
    say_what,
)

FILES = ("late.md", "late.de.md", "catch-up.md", "after-a-coffee-or-call.md", "after-a-coffee-or-call.de.md")
EVENT = Event("o", "c", "u", "", datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 17, tzinfo=UTC))


def choose(*choices: Choice, **facts: Any) -> str:
    return choose_template(choices, Case(**facts), FILES).file


@pytest.mark.parametrize(
    ("facts", "file"),
    [
        ({}, "new-acquaintance.md"),
        ({"known": True}, "met-again.md"),
        ({"known": True, "series": True}, "short-note.md"),
        ({"series": True}, "new-acquaintance.md"),
        ({"host": True, "what": "event"}, "thanks-to-the-host.md"),
        ({"host": True, "what": "coffee"}, "after-a-coffee-or-call.md"),
        ({"host": True}, "new-acquaintance.md"),
        ({"what": "call"}, "after-a-coffee-or-call.md"),
        ({"what": "coffee", "known": True}, "catch-up.md"),
        ({"what": "call", "known": True}, "catch-up.md"),
        ({"what": "online", "known": True}, "after-an-online-event.md"),
        ({"promise": True, "what": "coffee", "known": True}, "promise-kept.md"),
        ({"promise": True, "late": True}, "late.md"),
    ],
)
def test_without_choices_the_facts_decide(facts: dict[str, Any], file: str) -> None:
    assert choose(**facts) == file


def test_a_template_of_ours_gives_way_to_one_in_the_language_of_the_mail() -> None:
    assert choose(what="coffee", known=True, language="de") == "after-a-coffee-or-call.de.md"
    assert choose(what="coffee", known=True, language="it") == "catch-up.md"
    assert choose(Choice("catch-up"), language="de") == "catch-up.md"


def test_the_first_choice_that_fits_is_taken() -> None:
    fair = Choice("fair-known", gathering="fair", known=True)
    any_fair = Choice("fair", gathering="fair")
    assert choose(fair, any_fair, gathering="fair", known=True) == "fair-known.md"
    assert choose(fair, any_fair, gathering="fair") == "fair.md"
    assert choose(any_fair, fair, gathering="fair", known=True) == "fair.md"
    assert choose(fair, any_fair, gathering="coffee", known=True) == "met-again.md"


@pytest.mark.parametrize(
    ("choice", "fitting", "other"),
    [
        (Choice("x", late=False), {"late": False}, {"late": True}),
        (Choice("x", known=False), {"known": False}, {"known": True}),
        (Choice("x", promise=True), {"promise": True}, {"promise": False}),
        (Choice("x", host=True), {"host": True}, {"host": False}),
        (Choice("x", what="online"), {"what": "online"}, {"what": "event"}),
        (Choice("x", series=True), {"series": True}, {"series": False}),
        (Choice("x", language="de"), {"language": "de"}, {"language": "en"}),
        (Choice("x", gathering="fair"), {"gathering": "fair"}, {"gathering": None}),
    ],
)
def test_each_condition_counts(choice: Choice, fitting: dict[str, Any], other: dict[str, Any]) -> None:
    assert choose(choice, **fitting) == "x.md"
    assert choose(choice, **other) != "x.md"


def test_the_language_decides_the_file_where_there_is_one() -> None:
    assert pick_language("late", "de", ["late.md", "late.de.md"]) == "late.de.md"
    assert pick_language("late", "fr", ["late.md", "late.de.md"]) == "late.md"


@pytest.mark.parametrize(
    ("choices", "facts", "why"),
    [
        ((), {}, "it fits everybody"),
        ((), {"late": True}, "more than 48 hours have passed"),
        ((), {"known": True, "what": "call"}, "you were in touch before, it was a call"),
        (
            (Choice("x", gathering="fair", promise=False),),
            {"gathering": "fair"},
            "your [[choose]]: nothing is promised, the gathering is fair",
        ),
    ],
)
def test_a_choice_says_why(choices: tuple[Choice, ...], facts: dict[str, Any], why: str) -> None:
    assert choose_template(choices, Case(**facts), FILES).why == why


def test_the_host_is_whoever_organised() -> None:
    host, guest = Attendee("jo@acme.example", organizer=True), Attendee("al@acme.example")
    event = replace(EVENT, attendees=(host, guest, Attendee(None, organizer=True)))
    assert is_host(event, "jo@acme.example")
    assert not is_host(event, "al@acme.example")
    assert not is_host(event, None)


@pytest.mark.parametrize(
    ("title", "location", "what"),
    [
        ("Founders' hour (online)", "", "online"),
        ("Founders' hour", "https://zoom.example/j/1", "online"),
        ("Founders' hour", "Microsoft Teams meeting", "online"),
        ("Online shops: a meetup", "", "event"),
        ("Founders' hour", "Town hall, https://zoom.example/j/1", "event"),
        ("Founders' hour", "Online street 4", "event"),
    ],
)
def test_an_event_without_a_room_was_online(title: str, location: str, what: str) -> None:
    assert say_what(replace(EVENT, title=title, location=location), "event") == what


def test_a_coffee_stays_a_coffee_wherever_it_was() -> None:
    assert say_what(replace(EVENT, location="https://zoom.example/j/1"), "coffee") == "coffee"


def test_a_choice_of_something_that_is_not_there_is_named() -> None:
    wrong = find_wrong_choices([Choice("gone"), Choice("late", gathering="seance")], FILES, {"fair": 1})
    assert [problem.what for problem in wrong] == [
        '[[choose]] template = "gone": there is none of that name.',
        '[[choose]] gathering = "seance": there is none of that name.',
    ]
