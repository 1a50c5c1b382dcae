"""How well events and people of a collection are judged that nobody saw while the words were written."""

import pytest
from judging import (
    FOLDER,
    SIX,
    judge_as_shipped,
    read_pairs,
    read_people,
    read_set,
    score_events,
    score_people,
)

from followupd.model import Attendee, Event

FRESH = FOLDER / "fresh"


RECALL = {
    "en": 0.88, "de": 0.97, "fr": 1, "es": 1, "it": 1, "pt": 1, "nl": 1, "pl": 1, "sv": 0.83, "ja": 1, "zh": 1, "ko": 1,
}  # fmt: skip


@pytest.mark.parametrize("language", RECALL)
def test_events_nobody_knew_are_judged_well(language: str) -> None:
    """Nothing of the set aside is printed, so that nobody writes a word for one of its titles."""
    entries = [entry for entry in read_set("fresh") if entry.language == language]
    score = score_events(entries, judge_as_shipped)
    assert score.precision >= 0.98
    assert score.recall >= RECALL[language]
    assert score.forbidden == 0


def test_the_whole_half_set_aside_is_judged_well() -> None:
    score = score_events(read_set("fresh"), judge_as_shipped)
    assert score.precision >= 0.99
    assert score.recall >= 0.95
    assert score.recall_answered >= 0.97
    assert score.questions <= 2
    assert score.people_found >= 0.97
    assert score.forbidden == 0


def test_the_events_the_words_were_written_by_are_judged_rightly() -> None:
    score = score_events(read_set("seen"), judge_as_shipped)
    print("\n".join([*score.harmful, *score.misses]))
    assert score.precision >= 0.99
    assert score.recall >= 0.99
    assert score.forbidden == 0
    assert score.harm == 0


def test_people_the_rules_were_written_by_are_told_from_mailboxes_and_greeted_rightly() -> None:
    score = score_people(list(read_people(FOLDER / "seen" / "people.txt")), judge_as_shipped)
    print("\n".join([*score.harmful, *score.misses]))
    assert score.people_found >= 0.99
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.98
    assert not score.harmful


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [pytest.param(*pair, id=line) for line, *pair in read_pairs(FOLDER / "seen" / "pairs.txt")],
)
def test_two_lines_are_one_person_on_proof_alone(one: Attendee, other: Attendee, label: str) -> None:
    *_, second = judge_as_shipped(Event("1", "work", "1", "Coffee", SIX, SIX, attendees=(one, other)))[1]
    said = "two" if second.second_of is None else "same" if second.proved else "ask"
    assert said == label


def test_people_nobody_knew_are_told_from_mailboxes_and_hardly_ever_greeted_wrongly() -> None:
    """Nothing of the set aside is printed, so that nobody writes a rule for one of its lines."""
    score = score_people(list(read_people(FRESH / "people.txt")), judge_as_shipped)
    assert score.people_found >= 0.98
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.95
    assert score.harm <= 1
