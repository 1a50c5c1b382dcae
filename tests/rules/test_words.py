import tomllib
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.model import Reason
from followupd.rules.word_tables import read_words
from followupd.rules.words import Words, find_phrases, fold_text, fold_title, split_words

FOLDER = files("followupd") / "words"
WORDS = read_words(
    {
        stem: tomllib.loads((FOLDER / f"{stem}.toml").read_text(encoding="utf-8"))
        for stem in ("de", "en", "es", "fr", "gatherings", "it", "ja", "ko", "nl", "pl", "pt", "sv", "zh")
    }
)


def read_table(text: str) -> Words:
    return read_words({"en": tomllib.loads(text)})


def hear(words: Words, title: str) -> list[tuple[str, int]]:
    return [(phrase.spelled, phrase.weight) for phrase in find_phrases(split_words(fold_text(title)), words)]


SMALL = read_table(
    """
    nothing = "mixer repair"
    [[for]]
    weight = 4
    words = "mixer, meet-up, netzwerk*, *treffen, frühstück, net*"
    [[against]]
    reason = "block"
    weight = 9
    words = "^book, due by"
    """
)


@pytest.mark.parametrize(
    ("title", "heard"),
    [
        ("Mixer", [("mixer", 4)]),
        ("Mixer repair", [("mixer repair", 0)]),
        ("mixers", []),
        ("MeetUp / meet_up", [("meet-up", 4), ("meet-up", 4)]),
        ("Netzwerktreffen", [("netzwerk", 4), ("treffen", 4)]),
        ("Netztreffen", [("net", 4), ("treffen", 4)]),
        ("Fru\u0308hstück, FRUEHSTUECK, fruhstuck", [("frühstück", 4)]),
        ("Mix\u00ader", [("mixer", 4)]),
        ("Book a mixer", [("book", -9), ("mixer", 4)]),
        ("A book", []),
        ("due by mixer", [("due by", -9), ("mixer", 4)]),
        ("due", []),
    ],
)
def test_words_are_heard_whole_in_any_spelling_and_the_longest_wins(
    title: str, heard: list[tuple[str, int]]
) -> None:
    assert hear(SMALL, title) == heard


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"for": "mixer"}, r"en.toml: write \[\[for\]\] above each group of words"),
        ({"for": [{"words": "mixer"}]}, "weight must be a whole number from 0 up, not None"),
        ({"for": [{"weight": -1, "words": "mixer"}]}, "weight must be a whole number from 0 up, not -1"),
        ({"for": [{"weight": 1, "words": ["mixer"]}]}, '"words" must be a text'),
        ({"for": [{"weight": 1, "words": "mixer, ..."}]}, "every word of a phrase needs a letter"),
        ({"for": [{"weight": 1, "words": "women in *"}]}, "every word of a phrase needs a letter"),
        ({"for": [{"weight": 1, "words": "mixer", "gathering": "seance"}]}, "'seance'"),
        ({"against": [{"reason": "boring", "weight": 1, "words": "x"}]}, "there is no reason 'boring'"),
        ({"small": 5}, '"small" must be a text'),
        ({"short": "hr herr"}, "must read like"),
    ],
)
def test_a_mistake_in_a_table_is_named(table: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_words({"en": table})


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"gatherings": 1}, r"write \[gatherings.NAME\]"),
        ({"gatherings": {"coffee": 1}}, "'coffee' must hold texts only"),
        ({"gatherings": {"coffee": {"what": "tea", "en": "over tea"}}}, "must be one of call, coffee"),
    ],
)
def test_a_mistake_among_the_gatherings_is_named(table: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_words({"gatherings": table})


def test_every_gathering_is_spoken_of_in_four_languages() -> None:
    assert {
        name
        for name, gathering in WORDS.gatherings.items()
        if set(gathering.spoken) != {"en", "de", "fr", "es"}
    } == set()


def test_no_shipped_phrase_says_two_things() -> None:
    said = Counter(
        (phrase.language, phrase.parts, phrase.first)
        for first in WORDS.phrases.entries
        for phrase in WORDS.phrases.find(first)
    )
    assert [one for one, times in said.items() if times > 1] == []


def test_every_networking_phrase_names_its_gathering() -> None:
    phrases = [phrase for first in WORDS.phrases.entries for phrase in WORDS.phrases.find(first)]
    assert [one.spelled for one in phrases if one.reason is Reason.NETWORKING and not one.gathering] == []


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("WG: Fwd: Kaffee", "kaffee"),
        ("re:publica", "re:publica"),
        ("Kaffee m. Hr. Lang", "kaffee mit herr lang"),
        ("HR meetup", "hr meetup"),
        ("Treffen Hr.", "treffen hr."),
    ],
)
def test_a_title_loses_mail_prefixes_and_abbreviations(title: str, folded: str) -> None:
    assert " ".join(fold_title(title, WORDS).split()) == folded


@pytest.mark.parametrize(
    ("word", "heard"),
    [
        ("netwroking", 1),
        ("netorking", 1),
        ("nettworking", 1),
        ("ntewrokign", 0),
        ("networkin", 0),
        ("mixre", 0),
    ],
)
def test_one_slip_in_a_long_strong_word_is_forgiven(word: str, heard: int) -> None:
    words = read_table('for = [{weight = 4, words = "networking, mixer"}]')
    assert len(hear(words, word)) == heard


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_text(fold_text(text)) == fold_text(text)
