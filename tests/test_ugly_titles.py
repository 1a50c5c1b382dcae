"""Ugly titles read as whole subjects: nothing of them but the kind of gathering ever reaches a mail."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from week import NOON

from followupd.assemble import load_people_words, load_words
from followupd.model import Answer, Attendee, Event, Owner, Person
from followupd.render import Renderer
from followupd.rules.drafts import build_facts, read_rendered
from followupd.rules.events import judge_event, speak_of
from followupd.rules.people import sort_guests
from followupd.template_files import find_templates, read_template, shipped_templates

FILE = Path(__file__).parent / "judgement" / "ugly.toml"
TITLES = [
    title
    for group in tomllib.loads(FILE.read_text(encoding="utf-8"))["titles"].values()
    for title in group.strip().splitlines()
]
WORDS, PEOPLE_WORDS = load_words(), load_people_words()
OWNER = Owner("Ada Example", "ada@example.com", frozenset({"ada@example.com"}), frozenset(), "UTC")
GUESTS = (
    Attendee("ada@example.com", "Ada Example", Answer.ACCEPTED, organizer=True),
    Attendee("kim@other.example", "Kim Lee", Answer.ACCEPTED),
)
SOURCES = {name: read_template(paths[0]) for name, paths in find_templates([shipped_templates()]).items()}
#: What stands before the event in the subject of new-acquaintance, worked out from the files.
BEFORE = {
    "en": "Good to meet you",
    "de": "Schön, dass wir uns",
    "fr": "Heureuse rencontre",
    "es": "Un gusto coincidir",
}
AFTER = {"en": "", "de": " kennengelernt haben", "fr": "", "es": ""}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as warm:
        yield warm


def subject_of(title: str, language: str, renderer: Renderer) -> str:
    event = Event("o", "c", "u", title, NOON, NOON, attendees=GUESTS)
    judgement = judge_event(event, sort_guests(event.attendees, OWNER, PEOPLE_WORDS), OWNER, WORDS)
    facts = build_facts(
        person=Person("kim", "kim@other.example", "Kim Lee", None),
        owner=OWNER,
        event=event,
        spoken=speak_of(judgement.gathering, language, WORDS),
        note="",
        promise="",
        now=NOON,
        language=language,
    )
    name = f"new-acquaintance{'' if language == 'en' else f'.{language}'}.md"
    return read_rendered(renderer.render(name, SOURCES, facts), name)[0]


def test_there_are_two_hundred_ugly_titles() -> None:
    assert len(set(TITLES)) >= 200


@pytest.mark.parametrize("language", BEFORE)
def test_a_subject_is_ours_from_the_first_letter_to_the_last(renderer: Renderer, language: str) -> None:
    spoken = {"", *(f" {gathering.spoken[language]}" for gathering in WORDS.gatherings.values())}
    ours = {f"{BEFORE[language]}{phrase}{AFTER[language]}" for phrase in spoken}
    subjects = {title: subject_of(title, language, renderer) for title in TITLES}
    assert {title: subject for title, subject in subjects.items() if subject not in ours} == {}


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("HOLD: coffee w/ Jane Doe (she still owes us 4k!!)", "Good to meet you over coffee"),
        ("[TENTATIVE] Chamber breakfast @ https://evil.example/pay?x=1", "Good to meet you at the chamber breakfast"),
        ("CHAMBER MIXER!!! BRING CARDS!!!", "Good to meet you at the chamber event"),
        ("{{ person.email }} mixer", "Good to meet you at the mixer"),
        ("Stammtisch TICKET-4821 Nachlese", "Good to meet you at the regulars' table"),
        ("Звонок Анне", "Good to meet you"),
    ],
)  # fmt: skip
def test_an_ugly_title_is_spoken_of_as_one_would(title: str, subject: str, renderer: Renderer) -> None:
    assert subject_of(title, "en", renderer) == subject
