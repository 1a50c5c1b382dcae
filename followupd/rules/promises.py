"""What of a note is a promise: "sails; promised her the deck" is the note "sails" and the promise "the deck"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from followupd.rules.name_words import NameWords
from followupd.rules.notes import speaks_of_them

#: Where one thought ends and the next begins.
_CLAUSES = re.compile(r"\s*(?:[;.!](?=\s|$)|\s[-–—/|]\s|—|\n)\s*|,\s+")  # noqa: RUF001 - dashes as they are typed
_JOINED = re.compile(r"\s(?:and|und|et|y)\s(?=\S)", re.IGNORECASE)
_WORD = re.compile(r"[\w'’-]+")  # noqa: RUF001 - both apostrophes are typed


@dataclass(frozen=True, slots=True)
class Around:
    """What may stand around a promise in one language."""

    before: frozenset[str]
    after: frozenset[str]
    end: frozenset[str]
    not_mine: frozenset[str]


@dataclass(frozen=True, slots=True)
class DebriefWords:
    """The words of words/debrief.toml, and those of names."""

    names: NameWords
    nobody: frozenset[str]
    promise: Mapping[str, str]
    """What announces a promise, longest first, so that "will send" is found before "send"; to its language."""
    around: Mapping[str, Around]


def read_debrief_words(table: Mapping[str, Any], names: NameWords) -> DebriefWords:
    """Read the parsed words/debrief.toml. Raises KeyError where a section or one of its languages is missing."""
    announced = {word: language for language, words in table["promise"].items() for word in words}
    return DebriefWords(
        names=names,
        nobody=frozenset(word for words in table["nobody"].values() for word in words),
        promise={word: announced[word] for word in sorted(announced, key=len, reverse=True)},
        around={
            language: Around(
                before=frozenset(table["promise_before"][language]),
                after=frozenset(table["promise_after"][language]),
                end=frozenset(table["promise_end"][language]),
                not_mine=frozenset(table["not_mine"][language]),
            )
            for language in table["promise"]
        },
    )


def split_promise(said: str, words: DebriefWords) -> tuple[str, str]:
    """Return what was said as note and promise; in any doubt all of it is note.

    A promise is a thing that can stand in a mail ("the deck"); one that speaks of the person ("to call her sister")
    cannot, and what somebody else promised is no promise of the owner's.
    """
    notes: list[str] = []
    promises: list[str] = []
    for clause in _split_clauses(said, words):
        promise = _read_promise(clause, words)
        (promises if promise else notes).append(promise or clause)
    return "; ".join(notes), ", ".join(promises)


def announces_promise(text: str, words: DebriefWords) -> bool:
    """Tell whether a text holds a word that announces a promise."""
    return _find_promise(text, words) is not None


def _split_clauses(said: str, words: DebriefWords) -> list[str]:
    """Split at what ends a thought, as far as a promise begins or ends there; all else stays as it was written."""
    if not announces_promise(said, words):
        return [said] if said else []
    pieces = [piece for part in _CLAUSES.split(said) for piece in _split_joined(part, words) if piece]
    clauses: list[str] = []
    for piece in pieces:
        is_promise = announces_promise(piece, words)
        if clauses and not is_promise and _ends_open(clauses[-1], words):
            clauses[-1] = f"{clauses[-1]}, {piece}"
        elif clauses and not is_promise and not announces_promise(clauses[-1], words):
            clauses[-1] = f"{clauses[-1]}; {piece}"
        else:
            clauses.append(piece)
    return clauses


def _ends_open(clause: str, words: DebriefWords) -> bool:
    """Tell a clause that only announces: "versprochen", before the comma and the thing itself."""
    found = _find_promise(clause, words)
    if found is None:
        return False
    before = _around(found, words).before
    return not _strip_words(clause[: found.start()] + clause[found.end() :], before)


def _split_joined(part: str, words: DebriefWords) -> list[str]:
    """Split "we spoke about sailing and promised her the deck" before the promise, and nowhere else."""
    found = _find_promise(part, words)
    joints = [joint for joint in _JOINED.finditer(part) if found and joint.end() <= found.end()]
    if not joints:
        return [part.strip()]
    return [part[: joints[-1].start()].strip(), part[joints[-1].end() :].strip()]


def _find_promise(text: str, words: DebriefWords) -> re.Match[str] | None:
    pattern = "|".join(map(re.escape, words.promise))
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)


def _around(found: re.Match[str], words: DebriefWords) -> Around:
    return words.around[words.promise[found[0].casefold()]]


def _read_promise(clause: str, words: DebriefWords) -> str:
    """Return the thing promised, or "" where the clause promises none that can be said to the person."""
    found = _find_promise(clause, words)
    if not found:
        return ""
    around = _around(found, words)
    before = _strip_words(clause[: found.start()], around.before)
    after = _strip_words(clause[found.end() :].lstrip(" :,"), around.after)
    said = {word.casefold() for word in _WORD.findall(clause[: found.start()] + clause[found.end() :])}
    if (before and after) or not said.isdisjoint(around.not_mine):
        return ""
    promise = _strip_end(after or before, around.end).strip(" :,.")
    return "" if speaks_of_them(promise) else promise


def _strip_words(text: str, words: frozenset[str]) -> str:
    """Take leading words away, as long as they are of these."""
    text = text.strip()
    while (word := _WORD.match(text)) and word[0].casefold().replace("’", "'") in words:  # noqa: RUF001 - as typed
        text = text[word.end() :].lstrip(" :,")
    return text


def _strip_end(text: str, words: frozenset[str]) -> str:
    while (last := text.rpartition(" "))[0] and last[2].casefold().strip(".,") in words:
        text = last[0]
    return text
