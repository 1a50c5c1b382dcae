"""How well events and people of a collection are judged that nobody saw while the words were written.

English and German have words; the other ten languages of the collection wait for theirs.
"""

import pytest
from judging import FOLDER, OWNER, read_events, read_people, read_titles, score_events, score_people

from followupd.assemble import load_people_words, load_words
from followupd.model import Event, Guest, Judgement
from followupd.rules.events import judge_event
from followupd.rules.people import sort_guests

WORDS, PEOPLE_WORDS = load_words(), load_people_words()
FRESH = FOLDER / "fresh"


def judge(event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
    guests = sort_guests(event.attendees, OWNER, PEOPLE_WORDS)
    return judge_event(event, guests, OWNER, WORDS), guests


@pytest.mark.parametrize(("language", "recall"), [("en", 0.87), ("de", 0.97)])
def test_events_nobody_knew_are_judged_well(language: str, recall: float) -> None:
    entries = [*read_titles(FRESH / "titles.toml"), *read_events(FRESH / "events.toml")]
    score = score_events([entry for entry in entries if entry.language == language], judge)
    print("\n".join(score.misses))
    assert score.precision >= 0.98
    assert score.recall >= recall
    assert score.questions <= 5
    assert score.people_found == 1
    assert not score.forbidden
    assert not score.harmful


def test_people_the_rules_were_written_by_are_told_from_mailboxes_and_greeted_rightly() -> None:
    score = score_people(list(read_people(FOLDER / "seen" / "people.txt")), judge)
    print("\n".join([*score.harmful, *score.misses]))
    assert score.people_found >= 0.99
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.98
    assert not score.harmful


def test_people_nobody_knew_are_told_from_mailboxes_and_hardly_ever_greeted_wrongly() -> None:
    """Nothing of the set aside is printed, so that nobody writes a rule for one of its lines."""
    score = score_people(list(read_people(FRESH / "people.txt")), judge)
    assert score.people_found >= 0.98
    assert score.wrong_addresses <= 0.005
    assert score.names_used >= 0.95
    assert len(score.harmful) <= 1
