"""The words rule 1 listens to: one table per language, looked up by word, by phrase and by part of a compound.

How the tables are written, all of it in lower or upper case as you like:
`netzwerk*` begins a word, `*treffen` ends one, `meet-up` may be one word or two, `^book` counts only at the
start of a title, and a longer phrase always wins over the shorter one inside it ("mixer repair" over "mixer").
One slip in a long word ("netwroking") is forgiven.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from followupd.model import Reason

#: Japanese, Chinese and Korean put no spaces where words end (or elsewhere than a table does), so each sign is a word.
SIGN = "[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
WORD = re.compile(rf"{SIGN}|(?:(?!{SIGN})[^\W_])+")
PART = re.compile(rf"{SIGN}|\*?(?:(?!{SIGN})[^\W_])+\*?|\*")
#: How German and Swedish are typed without their own letters; the dotless i, which upper case makes equal to "i";
#: and letters that have no accent to lose.
SPELLINGS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "å": "aa",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ł": "l",
        "ø": "o",
    }
)
#: The marks that make another sound of a Japanese sign, and so another word.
SOUND_MARKS = frozenset("\u3099\u309a")
#: Compounds are looked for at both ends of a word, and no honest word is longer than this.
LONGEST_PART = 30
SHORTEST_PART = 3
#: Only words this long that decide much are heard through a slip of the fingers: shorter ones slip into other words.
LONG_WORD = 8
SHORTEST_SLIP = LONG_WORD - 1
STRONG = 4
PREFIX = re.compile(r"\s*(\w+(?: \w+)?)\s*:\s")
SHORTENED = re.compile(r"\b(\w{1,9})\.(?=\s*\w)")
#: How many phrases that were heard are kept made.
KEPT_MADE = 256


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry of a table, and what it says about an event that has it in its title."""

    spelled: str
    """As the table has it, so it may be shown to anyone."""
    parts: tuple[str, ...]
    """Folded words; a `*` stands for the rest of a word."""
    weight: int
    reason: Reason
    """NETWORKING speaks for, NO_SIGN for nothing, the others against."""
    language: str
    gathering: str | None = None
    needs_guest: bool = False
    """Says something only beside a guest from outside, a full name in the title or a word for a crowd."""
    topic: bool = False
    """Says nothing beside the gathering it is the subject of: "SEO meetup", "Round table: contracts"."""
    first: bool = False

    @property
    def compound(self) -> bool:
        return len(self.parts) == 1 and "*" in self.parts[0]

    @property
    def reach(self) -> tuple[int, int]:
        """How much of a title the phrase explains: words first, then letters."""
        return len(self.parts), sum(map(count_letters, self.parts))


@dataclass(frozen=True, slots=True)
class Group:
    """What all entries of one group of a table have in common; the fields of Phrase say what each means."""

    weight: int
    reason: Reason
    language: str
    gathering: str | None = None
    needs_guest: bool = False
    topic: bool = False


class Lexicon:
    """The phrases of all languages by their first word, its `*` included.

    Each is made when it is heard: made at once, those of twelve languages take three times the room.
    """

    def __init__(self, groups: Sequence[Group], entries: Mapping[str, str]) -> None:
        """Take, by the first word, the entries that begin so: each on a line of its own behind the number of its group."""
        self.entries = entries
        self._groups = groups
        self._make = lru_cache(KEPT_MADE)(self._make_phrases)

    def find(self, first: str) -> tuple[Phrase, ...]:
        return self._make(first) if first in self.entries else ()

    def _make_phrases(self, first: str) -> tuple[Phrase, ...]:
        numbered = (line.split(" ", 1) for line in self.entries[first].split("\n"))
        return tuple(
            make_phrase(self._groups[int(number)], entry, parts)
            for number, entry in numbered
            for parts in spell_out(entry)
            if parts[0] == first
        )


@dataclass(frozen=True, slots=True)
class Gathering:
    """A kind of gathering, and how a mail speaks of it in each language, preposition included."""

    what: str
    """One of "event", "coffee", "call", "online"."""
    spoken: Mapping[str, str]
    public: bool = False
    """Open to many houses by its nature, so a colleague who comes along does not make it internal."""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything rule 1 knows about words, in all languages at once."""

    phrases: "Lexicon"
    gatherings: Mapping[str, Gathering]
    cancelled: frozenset[tuple[str, ...]]
    small: Mapping[str, str]
    """Small words that give a language away ("with", "und"), with that language."""
    with_words: frozenset[str]
    """A name follows them."""
    from_words: frozenset[str]
    """A company follows them."""
    plain: frozenset[str]
    """What stands where a name or company would, and is neither ("online", "everyone")."""
    open_mail: frozenset[str]
    """Mail houses open to everybody: sharing one does not make two people colleagues."""
    event_sites: frozenset[str]
    """Mail domains of sites where people sign up for gatherings."""
    address: frozenset[str]
    """Forms of address ("frau"): a family name follows them."""
    treats: frozenset[str]
    """The single words that need company ("coffee"): a full name may follow them."""
    prefixes: frozenset[str]
    """What mail programs put before a title, with a colon ("Fwd:")."""
    short: Mapping[str, str]
    """Words that are shortened with a dot ("hr."), and what they stand for."""
    long: Mapping[str, tuple[str, ...]]
    """Long words that decide much and are heard through a slip, by their first and last letter."""
    known: frozenset[str]
    """Words of the tables, at least as long as a slip can be: what is one of them is no slip of another."""


def fold_text(text: str) -> str:
    """Return `text` without case, accents and invisible letters, German umlauts spelled out."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(SPELLINGS)
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", plain).translate(SPELLINGS))
    return unicodedata.normalize("NFC", "".join(filter(_is_letter, letters)))


def _is_letter(letter: str) -> bool:
    return letter in SOUND_MARKS or unicodedata.category(letter) not in {"Mn", "Cf"}


def fold_title(title: str, words: Words) -> str:
    """Return a folded title without the prefixes of mail programs, the usual abbreviations spelled out."""
    folded = fold_text(title)
    while (prefix := PREFIX.match(folded)) and prefix[1] in words.prefixes:
        folded = folded[prefix.end() :]
    return SHORTENED.sub(lambda found: words.short.get(found[1], found[0]), folded)


def split_words(folded: str) -> list[str]:
    """Return the words of a folded text; everything else only separates them."""
    return WORD.findall(folded)


def find_phrases(said: Sequence[str], words: Words) -> tuple[Phrase, ...]:
    """Return every phrase heard in `said`, each once; the longest at each place, and nothing inside it again."""
    found: dict[Phrase, None] = {}
    said = [mend_slip(word, words) for word in said]
    place = 0
    while place < len(said):
        heard = hear_at(said, place, words)
        found.update(dict.fromkeys(heard))
        place += max((len(phrase.parts) for phrase in heard), default=1)
    return tuple(found)


def hear_at(said: Sequence[str], place: int, words: Words) -> tuple[Phrase, ...]:
    fitting = [
        phrase
        for key in list_keys(said[place])
        for phrase in words.phrases.find(key)
        if fits(phrase, said, place)
    ]
    whole = [phrase for phrase in fitting if not phrase.compound]
    if whole:
        return (max(whole, key=lambda phrase: phrase.reach),)
    return pair_parts(fitting, said[place])


def make_phrase(group: Group, entry: str, parts: tuple[str, ...]) -> Phrase:
    return Phrase(
        spelled=entry.removeprefix("^").replace("*", "").lower(),
        parts=parts,
        weight=group.weight,
        reason=group.reason,
        language=group.language,
        gathering=group.gathering,
        needs_guest=group.needs_guest,
        topic=group.topic,
        first=entry.startswith("^"),
    )


def list_keys(word: str) -> Iterator[str]:
    """Yield the word and every beginning and ending of it, as the tables would write them."""
    yield word
    for length in range(SHORTEST_PART, min(len(word), LONGEST_PART) + 1):
        yield f"{word[:length]}*"
        yield f"*{word[-length:]}"


def fits(phrase: Phrase, said: Sequence[str], place: int) -> bool:
    if phrase.first and place:
        return False
    rest = said[place + 1 : place + len(phrase.parts)]
    return len(rest) == len(phrase.parts) - 1 and all(map(fits_word, phrase.parts[1:], rest))


def fits_word(part: str, word: str) -> bool:
    if part.endswith("*"):
        return word.startswith(part[:-1])
    return word.endswith(part[1:]) if part.startswith("*") else word == part


def pair_parts(parts: Sequence[Phrase], word: str) -> tuple[Phrase, ...]:
    """Return the longest beginning and the longest ending of a compound; only the longer where they overlap."""
    begins = [phrase for phrase in parts if phrase.parts[0].endswith("*")]
    ends = [phrase for phrase in parts if phrase.parts[0].startswith("*")]
    best = [max(side, key=lambda phrase: phrase.reach) for side in (begins, ends) if side]
    if sum(count_letters(phrase.parts[0]) for phrase in best) > len(word):
        best = [max(best, key=lambda phrase: phrase.reach)]
    return tuple(best)


def count_letters(part: str) -> int:
    return len(part) - part.count("*")


def spell_out(entry: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways an entry may be written: with its hyphens as one word, and as separate words."""
    folded = fold_text(entry.removeprefix("^"))
    for spelling in sorted({folded.replace("-", ""), folded.replace("-", " ")}):
        parts = tuple(PART.findall(spelling))
        if not parts or "*" in parts:
            raise ValueError(f"{entry!r}: every word of a phrase needs a letter")
        yield parts


def name_ends(word: str) -> str:
    return word[0] + word[-1]


def mend_slip(word: str, words: Words) -> str:
    """Return the long word that `word` is a slip of, or `word` itself."""
    if len(word) < SHORTEST_SLIP or word in words.known:
        return word
    near = (long for long in words.long.get(name_ends(word), ()) if is_near(word, long))
    return next((long for long in near if word in misspell_word(long)), word)


def is_near(word: str, long: str) -> bool:
    """Tell whether one may be a slip of the other, by their letters whatever the order; quick, and never wrongly no."""
    return word != long and abs(len(word) - len(long)) <= 1 and len(set(word) ^ set(long)) <= 1


def misspell_word(word: str) -> Iterator[str]:
    """Yield `word` with two letters swapped, one doubled or missing; the ends stay, for "founder" is no slip."""
    for place in range(1, len(word) - 1):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + word[place] + word[place:]
        if place < len(word) - 2:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
