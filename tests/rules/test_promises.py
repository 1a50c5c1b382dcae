"""What of a note is a promise, in the four languages the templates speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week import DEBRIEF_WORDS

from followupd.rules.promises import split_promise

SAID = [
    # said, note, promise
    ("sails", "sails", ""),
    ("", "", ""),
    ("promised her the deck", "", "the deck"),
    ("Promised to send him the name of our printer.", "", "the name of our printer"),
    ("sails; promised her the deck", "sails", "the deck"),
    ("we spoke about sailing and promised her the deck", "we spoke about sailing", "the deck"),
    ("I promised them an introduction, has a boat", "has a boat", "an introduction"),
    ("promise: the article about winter storage", "", "the article about winter storage"),
    ("I owe her a coffee", "", "a coffee"),
    ("habe ihr das Deck versprochen", "", "das Deck"),
    ("versprochen: das Angebot", "", "das Angebot"),
    ("segelt, versprochen, ihm den Artikel zu schicken", "segelt", "den Artikel"),
    ("je lui ai promis le plan", "", "le plan"),
    ("parlé de voile et promis de lui envoyer l'article", "parlé de voile", "l'article"),
    ("le he prometido la presentación", "", "la presentación"),
    ("hablamos de vela, prometí enviarle el artículo", "hablamos de vela", "el artículo"),
    # somebody else's promise, or one that cannot be said to the person: all of it is note
    ("she promised me a call", "she promised me a call", ""),
    ("he promised a call", "he promised a call", ""),
    ("er hat mir das Buch versprochen", "er hat mir das Buch versprochen", ""),
    ("elle m'a promis le plan", "elle m'a promis le plan", ""),
    ("promised to introduce her to Tom", "promised to introduce her to Tom", ""),
    ("versprochen, sie anzurufen", "versprochen, sie anzurufen", ""),
    ("promised", "promised", ""),
    ("compromised servers", "compromised servers", ""),
]


@pytest.mark.parametrize(("said", "note", "promise"), SAID, ids=[said or "nothing" for said, *_ in SAID])
def test_note_and_promise_are_told_apart(said: str, note: str, promise: str) -> None:
    assert split_promise(said, DEBRIEF_WORDS) == (note, promise)


@given(st.text(max_size=200))
def test_what_promises_nothing_stays_word_for_word(said: str) -> None:
    note, promise = split_promise(said, DEBRIEF_WORDS)
    assert promise or note == said


@given(
    st.lists(
        st.sampled_from(
            ["promised", "her", "the deck", "and", ";", ",", "sails", "versprochen", "-", "je lui ai promis"]
        )
    )
)
def test_no_word_that_means_something_gets_lost(parts: list[str]) -> None:
    note, promise = split_promise(" ".join(parts), DEBRIEF_WORDS)
    kept = f"{note} {promise}"
    for word in ("sails", "the deck"):
        assert kept.count(word) == parts.count(word)
