"""How well events and people of a collection are judged that nobody saw while the words were written.

English and German have words; the other ten languages of the collection wait for theirs.
"""

import pytest
from judging import FOLDER, judge_as_shipped, read_people, read_set, score_events, score_people

FRESH = FOLDER / "fresh"


@pytest.mark.parametrize(("language", "recall"), [("en", 0.87), ("de", 0.97)])
def test_events_nobody_knew_are_judged_well(language: str, recall: float) -> None:
    """Nothing of the set aside is printed, so that nobody writes a word for one of its titles."""
    score = score_events(
        [entry for entry in read_set("fresh") if entry.language == language], judge_as_shipped
    )
    assert score.precision >= 0.98
    assert score.recall >= recall
    assert score.questions <= 5
    assert score.people_found == 1
    assert score.forbidden == 0
    assert score.harm == 0


def test_no_event_the_words_were_written_by_is_followed_up_that_never_may_be() -> None:
    entries = [entry for entry in read_set("seen") if entry.language in {"en", "de"}]
    score = score_events(entries, judge_as_shipped)
    print("\n".join([*score.harmful, *score.misses]))
    assert score.precision >= 0.98
    assert score.recall >= 0.84
    assert score.forbidden == 0


def test_people_the_rules_were_written_by_are_told_from_mailboxes_and_greeted_rightly() -> None:
    score = score_people(list(read_people(FOLDER / "seen" / "people.txt")), judge_as_shipped)
    print("\n".join([*score.harmful, *score.misses]))
    assert score.people_found >= 0.99
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.98
    assert not score.harmful


def test_people_nobody_knew_are_told_from_mailboxes_and_hardly_ever_greeted_wrongly() -> None:
    """Nothing of the set aside is printed, so that nobody writes a rule for one of its lines."""
    score = score_people(list(read_people(FRESH / "people.txt")), judge_as_shipped)
    assert score.people_found >= 0.98
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.95
    assert score.harm <= 1
