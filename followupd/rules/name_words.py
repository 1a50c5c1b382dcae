"""What is known of names: which words are first names, families, titles, or no person's, and what evidence weighs."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from nameparser import Lexicon, Parser, locales, parser_for

from followupd.model import Evidence

#: The letters that are letters of their own to Unicode, as an address spells them.
_SPELLED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})  # noqa: RUF001


def fold_word(word: str) -> str:
    """Return a word as an address would spell it: small letters and digits without accents ("O'Néill" is "oneill")."""
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_SPELLED))
    return "".join(letter for letter in plain if letter.isalnum())


class Book:
    """Thousands of words in a few texts, one for each first letter: a tenth of the room a set would take."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read lines of words, each parted by spaces; a line that begins with # is a remark."""
        pages: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            if not line.startswith("#"):
                for letter, words in groupby(line.split(), itemgetter(0)):
                    pages[letter].append(" ".join(words))
        self._pages = {letter: f" {' '.join(runs)} " for letter, runs in pages.items()}

    def __contains__(self, folded: str) -> bool:
        return bool(folded) and f" {folded} " in self._pages.get(folded[0], "")


@dataclass(frozen=True, slots=True, eq=False)
class NameWords:
    """The words of words/names.toml, given.txt and families.txt; words are folded where no title or script asks otherwise."""

    given: Book
    families: Book
    eastern_families: Book
    eastern_given: Book
    compounds: tuple[frozenset[str], frozenset[str]]
    before_family: frozenset[str]
    """The first halves of compounds that are greeted whole before a family too: "José Luis Ortega"."""
    shortened: frozenset[str]
    bare_titles: frozenset[str]
    titles_before_first: frozenset[str]
    dotted_titles: frozenset[str]
    """Those with a point inside, which would make an address of any text: "dott.ssa"."""
    behind: tuple[str, ...]
    """Honours of East Asia, which stand behind a name; the longest first."""
    nobody: Book
    """Small letters, accents kept."""
    nobody_inside: tuple[str, ...]
    evidence: Mapping[str, Evidence]
    sure: int
    ahead: int
    parser: Parser

    def is_given(self, word: str) -> bool:
        """Tell whether every piece of a word ("Anna-Lena") is a first name that is hardly ever a family."""
        pieces = [fold_word(piece) for piece in word.split("-")]
        return all(piece in self.given and piece not in self.families for piece in pieces)

    def may_be_given(self, word: str) -> bool:
        """Tell whether every piece of a word is a first name, of a family too or not."""
        pieces = [fold_word(piece) for piece in word.split("-")]
        return all(piece in self.given or piece in self.eastern_given for piece in pieces)

    def is_compound(self, words: list[str], *, before_family: bool = False) -> bool:
        """Tell whether two words are one first name: "Juan Carlos"; stricter before a family, for "Mary Jane Watson" is Mary."""
        folded = [fold_word(word) for word in words]
        if before_family and folded[0] not in self.before_family:
            return False
        return len(folded) == len(self.compounds) and all(map(_is_in, folded, self.compounds))


def _is_in(word: str, words: frozenset[str]) -> bool:
    return word in words


def read_name_words(table: Mapping[str, Any], given: Iterable[str], families: Iterable[str]) -> NameWords:
    """Read the parsed words/names.toml and the lines of both lists of names. Raises KeyError where a section is missing."""
    nobody = dict(table["nobody"])
    inside = tuple(nobody.pop("inside"))
    titles = table["titles"]
    lexicon = Lexicon.default().add(titles=set(titles["plain"]))
    return NameWords(
        given=Book(given),
        families=Book(families),
        eastern_families=Book([table["eastern"]["families"]]),
        eastern_given=Book([table["eastern"]["given"]]),
        before_family=_split(table["compounds"]["before-family"]),
        compounds=(_split(table["compounds"]["one"]), _split(table["compounds"]["two"])),
        shortened=_split(table["shortened"]["words"]),
        titles_before_first=frozenset(titles["before-first"]),
        dotted_titles=frozenset(title for title in titles["plain"] if "." in title[:-1]),
        bare_titles=frozenset(titles["bare"]),
        behind=tuple(sorted(titles["behind"], key=len, reverse=True)),
        nobody=Book(nobody.values()),
        nobody_inside=inside,
        evidence={key: Evidence(text, weight) for key, (weight, text) in table["evidence"].items()},
        sure=table["sure"],
        ahead=table["ahead"],
        parser=parser_for(locales.RU, base=Parser(lexicon=lexicon)),
    )


def _split(text: str | Iterable[str]) -> frozenset[str]:
    return frozenset(text.split() if isinstance(text, str) else text)
