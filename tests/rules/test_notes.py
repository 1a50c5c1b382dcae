"""What of a private note may be said to the person."""

import pytest

from followupd.rules.notes import read_topic


@pytest.mark.parametrize(
    ("note", "language", "topic"),
    [
        ("We spoke about sailing.", "en", "about sailing"),
        ("we talked about her sailing trip", "en", "about your sailing trip"),
        ("talked a lot about winter storage", "en", "about winter storage"),
        ("wir sprachen über das Segeln", "de", "über das Segeln"),
        ("On a parlé de la voile", "fr", "de la voile"),
        ("Nous avons parlé d'un projet", "fr", "d'un projet"),
        ("hablamos de vela", "es", "de vela"),
    ],
)
def test_a_note_that_names_the_subject_of_a_talk_may_be_said(note: str, language: str, topic: str) -> None:
    assert read_topic(note, language) == topic


@pytest.mark.parametrize(
    "note",
    [
        "",
        "knows the mayor, talks a lot",
        "SECRET: we spoke about sailing",
        "we spoke about sailing, a bore",
        "we spoke about sailing - talks a lot",
        "we spoke about how much he drinks",
        "we talked about her",
        "talked about a firm that owes them money",
        "we spoke about sailing\nand he is broke",
        "we spoke about https://evil.example",
        "we spoke about the boat " + "and the boat " * 8,
        "wir sprachen über das Segeln",
    ],
)
def test_everything_else_stays_on_the_desk(note: str) -> None:
    assert read_topic(note, "en") == ""


@pytest.mark.parametrize(
    ("note", "language"),
    [
        ("wir sprachen über seine Scheidung", "de"),
        ("wir haben über das Segeln gesprochen", "de"),
        ("on a parlé de sa femme", "fr"),
        ("hablamos de su jefe", "es"),
        ("we spoke about sailing", "de"),
        ("si è parlato di vela", "it"),
    ],
)
def test_doubt_is_silence_in_every_language(note: str, language: str) -> None:
    assert read_topic(note, language) == ""
