"""`make judge`: how well the labelled collection is judged, by language and by class. Fails under the goals.

Of the half set aside it prints sums only: whoever reads its titles begins to write words for them.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from judging import (
    FOLDER,
    Labelled,
    LabelledPerson,
    Score,
    judge_as_shipped,
    read_people,
    read_set,
    score_events,
    score_people,
)

SETS = {"seen": "what the words were written by", "fresh": "set aside, only ever measured"}
GOALS: dict[str, tuple[Callable[[Score], float], float]] = {
    "precision at least 0.97": (lambda score: score.precision, 0.97),
    "recall at least 0.92": (lambda score: score.recall, 0.92),
    "recall with questions answered at least 0.98": (lambda score: score.recall_answered, 0.98),
    "at most 5 questions per 100 events": (lambda score: -score.questions, -5),
    "no follow-up for spam, private, declined, cancelled or internal events": (
        lambda score: -score.forbidden,
        0,
    ),
    "people found at least 0.98": (lambda score: score.people_found, 0.98),
    "wrong addresses at most 0.005": (lambda score: -score.wrong_addresses, -0.005),
    "no harmful greeting": (lambda score: -score.harm, 0),
}
NAME_GOALS = {
    **{goal: GOALS[goal] for goal in list(GOALS)[-3:]},
    "names used at least 0.95": (lambda score: score.names_used, 0.95),
}


def main() -> int:
    missed = [goal for name in SETS for goal in tell_set(name)]
    for goal in missed:
        print(f"MISSED: {goal}")
    return 1 if missed else 0


def tell_set(name: str) -> Iterator[str]:
    """Print the figures of one set and yield the goals it misses; only the half set aside has to reach them."""
    print(f"\n{name}: {SETS[name]}")
    entries = read_set(name)
    print(
        f"{'events':14}{'count':>7}{'precision':>11}{'recall':>8}{'answered':>10}{'asked/100':>11}{'wrong':>7}"
    )
    for language in sorted({entry.language for entry in entries}):
        tell_events(language, [entry for entry in entries if entry.language == language])
    whole = tell_events("all", entries)
    tell_classes(entries)
    people = tell_people(list(read_people(FOLDER / name / "people.txt")))
    if name == "fresh":
        yield from (goal for goal, (figure, least) in GOALS.items() if figure(whole) < least)
        yield from (
            f"names: {goal}" for goal, (figure, least) in NAME_GOALS.items() if figure(people) < least
        )


def tell_events(label: str, entries: Sequence[Labelled]) -> Score:
    score = score_events(entries, judge_as_shipped)
    print(
        f"{label:14}{score.events:7}{score.precision:11.3f}{score.recall:8.3f}{score.recall_answered:10.3f}"
        f"{score.questions:11.1f}{score.wrong:7}"
    )
    return score


def tell_classes(entries: Sequence[Labelled]) -> None:
    """Print of each class of events that are none how many would be followed up, and how many are asked about."""
    print(f"{'none because':14}{'count':>7}{'followed up':>13}{'asked':>7}")
    for reason in sorted({entry.reason for entry in entries} - {""}):
        score = score_events([entry for entry in entries if entry.reason == reason], judge_as_shipped)
        print(f"{reason:14}{score.events:7}{score.yes:13}{score.asked:7}")


def tell_people(people: Sequence[LabelledPerson]) -> Score:
    """Print how people are told from mailboxes and greeted, by what they are or how they are written, and by script."""
    print(f"{'people':14}{'count':>7}{'found':>9}{'wrong':>7}{'named':>9}{'harmful':>9}")
    groups: dict[str, list[LabelledPerson]] = defaultdict(list)
    for person in people:
        groups[person.kind].append(person)
        if not person.mailbox:
            groups[f"in {person.script}"].append(person)
    for label in sorted(groups):
        _tell_people(label, groups[label])
    return _tell_people("all", people)


def _tell_people(label: str, people: Sequence[LabelledPerson]) -> Score:
    score = score_people(people, judge_as_shipped)
    found, named = f"{score.found}/{score.to_write}", f"{score.named}/{score.nameable}"
    print(f"{label:14}{len(people):7}{found:>9}{score.wrong:7}{named:>9}{score.harm:9}")
    return score


if __name__ == "__main__":
    sys.exit(main())
