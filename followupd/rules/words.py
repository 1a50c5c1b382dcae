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
from typing import Any

from followupd.model import Reason

#: Japanese, Chinese and Korean put no spaces where words end (or elsewhere than a table does), so each sign is a word.
SIGN = "[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
WORD = re.compile(rf"{SIGN}|(?:(?!{SIGN})[^\W_])+")
PART = re.compile(rf"{SIGN}|\*?(?:(?!{SIGN})[^\W_])+\*?|\*")
#: How German and Swedish are typed without their own letters; the dotless i, which upper case makes equal to "i";
#: and letters that have no accent to lose.
SPELLINGS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ł": "l", "ø": "o"}
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
GATHERINGS = "gatherings"
KINDS = frozenset({"event", "coffee", "call", "online"})


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

    phrases: Mapping[str, tuple[Phrase, ...]]
    """By the first word of the phrase, its `*` included."""
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
        for phrase in words.phrases.get(key, ())
        if fits(phrase, said, place)
    ]
    whole = [phrase for phrase in fitting if not phrase.compound]
    if whole:
        return (max(whole, key=lambda phrase: phrase.reach),)
    return pair_parts(fitting, said[place])


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


def read_words(tables: Mapping[str, Mapping[str, Any]]) -> Words:
    """Make Words of parsed tables by file stem: one per language, and "gatherings".

    Raises ValueError with the table and the entry that is wrong.
    """
    gatherings = read_gatherings(tables.get(GATHERINGS, {}))
    languages = {name: table for name, table in tables.items() if name != GATHERINGS}
    small = {word: name for name in languages for word in gather_lists({name: languages[name]}, "small")}
    phrases = [phrase for name, table in languages.items() for phrase in read_phrases(name, table)]
    check_gatherings(phrases, gatherings)
    return Words(
        phrases=sort_phrases(phrases),
        gatherings=gatherings,
        cancelled=frozenset(
            parts
            for name, table in languages.items()
            for entry in read_list(name, table, "cancelled")
            for parts in spell_out(entry)
        ),
        small=small,
        with_words=gather_lists(languages, "with"),
        from_words=gather_lists(languages, "from"),
        plain=gather_lists(languages, "plain"),
        open_mail=gather_lists({GATHERINGS: tables.get(GATHERINGS, {})}, "open_mail"),
        event_sites=gather_lists({GATHERINGS: tables.get(GATHERINGS, {})}, "event_sites"),
        address=gather_lists(languages, "address"),
        treats=frozenset(phrase.parts[0] for phrase in phrases if phrase.needs_guest and is_word(phrase)),
        prefixes=gather_lists(languages, "prefixes"),
        short=dict(
            read_short(name, entry)
            for name, table in languages.items()
            for entry in read_list(name, table, "short")
        ),
        long=sort_long(phrases),
        known=frozenset(part for phrase in phrases for part in phrase.parts if len(part) >= SHORTEST_SLIP),
    )


def is_word(phrase: Phrase) -> bool:
    return len(phrase.parts) == 1 and not phrase.compound


def read_short(name: str, entry: str) -> tuple[str, str]:
    """Return the two halves of "hr. herr"."""
    short, dot, whole = fold_text(entry).partition(". ")
    if not (short and dot and whole):
        raise ValueError(f'{name}.toml: {entry!r} must read like "hr. herr"')
    return short, f"{whole} "


def sort_long(phrases: Sequence[Phrase]) -> Mapping[str, tuple[str, ...]]:
    strong = {part for phrase in phrases if abs(phrase.weight) >= STRONG for part in phrase.parts}
    long = {word for part in strong if len(word := part.rstrip("*")) >= LONG_WORD and "*" not in word}
    by_ends: dict[str, list[str]] = {}
    for word in sorted(long, reverse=True):
        by_ends.setdefault(name_ends(word), []).append(word)
    return {ends: tuple(group) for ends, group in by_ends.items()}


def name_ends(word: str) -> str:
    return word[0] + word[-1]


def mend_slip(word: str, words: Words) -> str:
    """Return the long word that `word` is a slip of, or `word` itself."""
    if len(word) < SHORTEST_SLIP or word in words.known:
        return word
    near = (long for long in words.long.get(name_ends(word), ()) if abs(len(long) - len(word)) <= 1)
    return next((long for long in near if word in misspell_word(long)), word)


def misspell_word(word: str) -> Iterator[str]:
    """Yield `word` with two letters swapped, one doubled or missing; the ends stay, for "founder" is no slip."""
    for place in range(1, len(word) - 1):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + word[place] + word[place:]
        if place < len(word) - 2:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def gather_lists(tables: Mapping[str, Mapping[str, Any]], key: str) -> frozenset[str]:
    return frozenset(
        fold_text(word) for name, table in tables.items() for word in read_list(name, table, key)
    )


def read_list(name: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the entries of a text in which commas and line ends separate them."""
    text = table.get(key, "")
    if not isinstance(text, str):
        raise ValueError(f'{name}.toml: "{key}" must be a text with commas between its words')  # noqa: TRY004 - one kind of error for a table
    return tuple(entry for entry in (piece.strip() for piece in re.split(r"[,\n]", text)) if entry)


def read_phrases(language: str, table: Mapping[str, Any]) -> Iterator[Phrase]:
    for group in read_groups(language, table, "for"):
        yield from read_group(language, group, Reason.NETWORKING, 1)
    for group in read_groups(language, table, "against"):
        yield from read_group(language, group, read_reason(language, group), -1)
    yield from read_group(language, {"weight": 0, "words": table.get("nothing", "")}, Reason.NO_SIGN, 0)


def read_groups(language: str, table: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    groups = table.get(key, [])
    if not (isinstance(groups, list) and all(isinstance(group, Mapping) for group in groups)):
        raise ValueError(f"{language}.toml: write [[{key}]] above each group of words")
    return groups


def read_reason(language: str, group: Mapping[str, Any]) -> Reason:
    try:
        return Reason(group.get("reason", ""))
    except ValueError:
        raise ValueError(f"{language}.toml: there is no reason {group.get('reason')!r}") from None


def read_group(language: str, group: Mapping[str, Any], reason: Reason, sign: int) -> Iterator[Phrase]:
    weight = group.get("weight")
    if type(weight) is not int or weight < 0:
        raise ValueError(f"{language}.toml: weight must be a whole number from 0 up, not {weight!r}")
    for entry in read_list(language, group, "words"):
        spelled = entry.removeprefix("^").replace("*", "").lower()
        for parts in spell_out(entry):
            yield Phrase(
                spelled=spelled,
                parts=parts,
                weight=sign * weight,
                reason=reason,
                language=language,
                gathering=group.get("gathering"),
                needs_guest=bool(group.get("needs_guest", False)),
                topic=bool(group.get("topic", False)),
                first=entry.startswith("^"),
            )


def spell_out(entry: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways an entry may be written: with its hyphens as one word, and as separate words."""
    folded = fold_text(entry.removeprefix("^"))
    for spelling in sorted({folded.replace("-", ""), folded.replace("-", " ")}):
        parts = tuple(PART.findall(spelling))
        if not parts or "*" in parts:
            raise ValueError(f"{entry!r}: every word of a phrase needs a letter")
        yield parts


def sort_phrases(phrases: Sequence[Phrase]) -> Mapping[str, tuple[Phrase, ...]]:
    sorted_phrases: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        sorted_phrases.setdefault(phrase.parts[0], []).append(phrase)
    return {key: tuple(group) for key, group in sorted_phrases.items()}


def read_gatherings(table: Mapping[str, Any]) -> Mapping[str, Gathering]:
    entries = table.get("gatherings", {})
    if not isinstance(entries, Mapping):
        raise ValueError("gatherings.toml: write [gatherings.NAME] above each gathering")  # noqa: TRY004 - one kind of error for a table
    return {name: read_gathering(name, entry) for name, entry in entries.items()}


def read_gathering(name: str, entry: Any) -> Gathering:
    texts = (
        {key: text for key, text in entry.items() if key != "public"} if isinstance(entry, Mapping) else {}
    )
    if not texts or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"gatherings.toml: {name!r} must hold texts only")
    if (what := texts.pop("what", None)) not in KINDS:
        raise ValueError(f'gatherings.toml: "what" of {name!r} must be one of {", ".join(sorted(KINDS))}')
    return Gathering(what, texts, public=entry.get("public") is True)


def check_gatherings(phrases: Sequence[Phrase], gatherings: Mapping[str, Gathering]) -> None:
    for phrase in phrases:
        if phrase.gathering is not None and phrase.gathering not in gatherings:
            raise ValueError(
                f"{phrase.language}.toml: {phrase.spelled!r} names a gathering that gatherings.toml does not have: "
                f"{phrase.gathering!r}"
            )
