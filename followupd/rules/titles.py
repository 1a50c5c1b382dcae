"""What a title says by how its words stand together, by its names and its marks: part of rule 1."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from followupd.model import Owner, Reason
from followupd.rules.words import Phrase, Words, find_phrases, fold_text, split_words

#: From this weight on a phrase names a gathering, below it only people or a meal.
GATHERING = 3
LONGEST_NAME = 3
#: How many marks of a title may be the one before its subject.
MARKS = 3
MARK = re.compile(r"[^\W_]+|[^\w\s]")
BEFORE_NAME = frozenset("-–:")  # noqa: RUF001 - the dash people type
BEFORE_COMPANY = frozenset("([,/")
BEFORE_SUBJECT = re.compile(r"[:,+|]|\s[-–—]\s|\b(?:on|about|zu|zum|ueber)\b")  # noqa: RUF001 - the dashes people type
BETWEEN_TWO = re.compile(r"<[-=]*>|↔|⇄|⟷")
BETWEEN_OWNER_AND_GUEST = re.compile(r"[/&+|]|\s[-–]\s|\b(?:x|and|und)\b")  # noqa: RUF001 - as above


def weigh_phrases(title: str, words: Words, *, somebody: bool) -> Iterator[tuple[Phrase, int]]:
    """Yield each phrase of a title with its weight there: 0 for a subject, and for a meal without company.

    `somebody` tells that a person from outside is known to come. A crowd is company too: "VC drinks".
    """
    phrases = find_phrases(split_words(title), words)
    company = somebody or any(map(is_crowd, phrases))
    subject = find_subject(title, words) if any(map(may_be_subject, phrases)) else frozenset()
    for before, phrase, after in zip([None, *phrases], phrases, [*phrases[1:], None], strict=False):
        silent = phrase in subject or is_beside_gathering(phrase, before, after)
        yield phrase, 0 if silent or (phrase.needs_guest and not company) else phrase.weight


def find_subject(title: str, words: Words) -> frozenset[Phrase]:
    """Return what is only talked about, behind "Meetup:" or "Round table on"."""
    for mark in islice(BEFORE_SUBJECT.finditer(title), MARKS):
        if any(map(is_gathering, find_phrases(split_words(title[: mark.start()]), words))):
            return frozenset(filter(may_be_subject, find_phrases(split_words(title[mark.end() :]), words)))
    return frozenset()


def may_be_subject(phrase: Phrase) -> bool:
    return phrase.reason is Reason.COMPUTERS or (phrase.topic and phrase.reason is not Reason.PERSONAL)


def is_beside_gathering(phrase: Phrase, before: Phrase | None, after: Phrase | None) -> bool:
    """Tell whether a topic stands before a gathering ("SEO meetup"), or leisure behind one ("Founders' run")."""
    gathering = before if phrase.reason is Reason.PERSONAL else after
    return phrase.topic and is_gathering(gathering)


def is_gathering(phrase: Phrase | None) -> bool:
    return phrase is not None and phrase.weight >= GATHERING and not phrase.topic


def is_crowd(phrase: Phrase) -> bool:
    """Tell whether a phrase names people who make a meal a gathering."""
    return phrase.weight > 1 and not phrase.needs_guest


def names_two(title: str, owner: Owner) -> bool:
    """Tell whether a title sets two names side by side: "Jane <> Ada", or the owner's with "/", "x" or "and"."""
    if is_pair(sides := [split_words(side) for side in BETWEEN_TWO.split(title)]):
        return True
    sides = [split_words(side) for side in BETWEEN_OWNER_AND_GUEST.split(title)]
    first_name = split_words(fold_text(owner.name))[:1]
    return is_pair(sides) and bool(first_name) and any(first_name[0] in side for side in sides)


def is_pair(sides: Sequence[Sequence[str]]) -> bool:
    return len(sides) == len("ab") and all(sides)


def names_somebody(title: str, words: Words) -> bool:
    """Tell whether a full name follows a "with", or a name and its company a "with", a dash or a colon."""
    marks = MARK.findall(title)
    before = words.with_words | words.address | words.treats | BEFORE_NAME
    starts = [place for place, mark in enumerate(marks) if mark in before]
    return any(is_somebody(marks[start], marks[start + 1 :], words) for start in starts)


def is_somebody(before: str, marks: Sequence[str], words: Words) -> bool:
    """Tell whether `marks` begin with "Jane Smith", "Jane (Acme)", "Jane from Acme", or after "Ms" with "Smith"."""
    rest = marks[1:] if marks[:1] == ["/"] else marks  # "w/"
    name = list(takewhile(lambda mark: mark.isalnum() and mark not in words.from_words, rest))
    link, company = [*rest[len(name) :], "", ""][:2]
    empty = words.plain | words.small.keys()
    if not 0 < len(name) <= LONGEST_NAME or not empty.isdisjoint(name):
        return False
    belongs = link in BEFORE_COMPANY or link in words.from_words
    if (before in words.treats and len(name) == 1) or not name[0].isalpha():
        return False
    full = before in words.address or (len(name) > 1 and before in words.with_words)
    return full or (belongs and company.isalnum() and company not in empty)
