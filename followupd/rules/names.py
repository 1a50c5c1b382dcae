"""Rule 2, first half: what a person is called, and what to greet them with. A wrong name is worse than none."""

# ruff: noqa: RUF001, RUF002 - look-alike letters are the matter

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from nameparser import AmbiguityKind, Lexicon, ParsedName

from followupd.model import Evidence
from followupd.rules.greeting import (
    NO_ORDER,
    Address,
    Order,
    Reading,
    confirms,
    is_family,
    read_address,
    weigh,
)
from followupd.rules.name_words import NameWords, fold_word

_LONGEST = 80
_MOST_WORDS = 7
#: So many names stay read: every pass meets the same people again.
_REMEMBERED = 1024
_INITIALS = 2  # so many capitals or fewer are initials, not a name

#: German firms are one word with their trade at its end.
_TRADE_ENDING = re.compile(
    r"\w{2}(?:agentur|akademie|apotheke|beratung|betrieb|büro|gesellschaft|praxis|service|studio|technik|verein|verlag"
    r"|werkstatt|zentrum)$"
)

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_QUOTED = re.compile(r"""^(["'“”„«»‘])(.+)["'“”«»’]$""", re.DOTALL)
_LAST_BRACKET = re.compile(r"\s*[(\[{<（【]([^()\[\]{}<>（）【】]*)[)\]}>）】]\s*$")
_BRACKETS = re.compile(
    r"""[(\[{<（【][^()\[\]{}<>（）【】]*[)\]}>）】]|"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»"""
)
_BADGE = re.compile(r"\||[•‖¦]|\s·\s|\s[-–—]+\s|\s[@/]\s|\s(?:via|from|at|bei)\s", re.IGNORECASE)
_RELAYED = re.compile(r"\svia\s", re.IGNORECASE)
_PRONOUNS = re.compile(
    r"\b(?:she|he|they|sie|er|xe|ze)\s*/\s*(?:hers?|him|his|them|theirs?|they|ihr|ihm|ihn|xem|zir)(?:\s*/\s*\w+)?\b",
    re.IGNORECASE,
)
_MAILBOX_LOOK = re.compile(r"\w\.(?![A-ZÀ-ÖØ-Þ])[^\W\d_]{2}|^[^\s,]*\w\.\w{2}[^\s,]*$")
_SPELLED = re.compile(r"([^\W\d_]{2,})[._]([^\W\d_]{2,})")
_WORD = re.compile(r"[^\s\-'’.·‧・]+")

_SIGNS = frozenset("-'’.·‧・")
_PARTICLES = Lexicon.default().particles
_DOUBTS = frozenset(AmbiguityKind) - {AmbiguityKind.SUFFIX_OR_NAME, AmbiguityKind.UNBALANCED_DELIMITER}


@dataclass(frozen=True, slots=True)
class Name:
    """What a person is called; both texts are NFC and hold letters, marks, spaces and - ' ’ . · alone."""

    full: str
    """As a person would write it ("Jane Doe"), without titles and badges; "" where the text names no person."""
    first: str | None
    """Safe to greet with, in the person's own script and accents; None in any doubt."""
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
    """What spoke for and against the first name, used or not."""


@lru_cache(maxsize=_REMEMBERED)
def read_name(display: str, email: str | None, words: NameWords) -> Name:
    """Read the name a stranger wrote; the address only confirms or shakes what it says, and is never a source.

    Never raises. Every way to read the text is weighed (greeting.py); `first` is that of the heaviest, where it is heavy
    enough and far enough ahead of any other first name.
    """
    address = read_address(email)
    text, asides = _split_asides(_clean_text(display))
    parts = [(part, False) for part in _BADGE.split(text)], [(part, True) for part in asides]
    main, beside = (
        [reading for part in some for reading in _read_part(*part, words, address)] for some in parts
    )
    readings = [replace(reading, relayed=bool(_RELAYED.search(text))) for reading in (*main, *beside)]
    weighed = [(reading, weigh(reading, address, words)) for reading in readings]
    if not weighed:
        return Name("", None)
    said = weighed[: len(main)]
    best, evidence, is_sure = _choose(said, words) if said else _choose(weighed, words)
    if not is_sure:
        best, evidence, is_sure = _choose(weighed, words)
    first = best.given if best.given and is_sure else None
    return Name(_choose_full(weighed[0][0], best, address, sure=is_sure), first, evidence)


_Weighed = tuple[Reading, tuple[Evidence, ...]]


def _choose(weighed: Sequence[_Weighed], words: NameWords) -> tuple[Reading, tuple[Evidence, ...], bool]:
    """Return the heaviest reading, and whether it is heavy enough and far enough ahead of every other first name."""
    best, evidence = max(weighed, key=_sum)
    rivals = [_sum(other) for other in weighed if other[0].given != best.given]
    worth = _sum((best, evidence))
    return best, evidence, worth >= words.sure and worth - max(rivals, default=0) >= words.ahead


def _sum(weighed: _Weighed) -> int:
    return sum(piece.weight for piece in weighed[1])


def _choose_full(longest: Reading, best: Reading, address: Address, *, sure: bool) -> str:
    """Return the full name: of the best reading, unless it is a nickname beside a longer one or nothing is sure."""
    is_nickname = " " in longest.full and " " not in best.full
    known = sure or confirms(address, best)
    return longest.full if is_nickname or not known else best.full


def _clean_text(display: str) -> str:
    """Drop what cannot be seen and emoji, turn every control and white space into one space; too long is nothing."""
    if len(display) > 4 * _LONGEST:
        return ""
    seen = _INVISIBLE.sub("", unicodedata.normalize("NFC", display))
    text = "".join(_clean_letter(letter) for letter in seen)
    text = re.sub("[‐‑]|(?<=\\w)[–](?=\\w)", "-", text)
    quoted = _QUOTED.match(text.strip())
    return unicodedata.normalize("NFC", " ".join((quoted[2] if quoted else text).split()))


def _clean_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf":
        return ""
    is_emoji = category == "So" or (category == "Sk" and letter > "\uffff")
    return " " if is_emoji or category[0] in "CZ" else letter


def _split_asides(text: str) -> tuple[str, list[str]]:
    """Return a text without its brackets, and what stood in those at its end; any of it may be the name."""
    text = _PRONOUNS.sub(" ", text)
    asides = []
    while bracket := _LAST_BRACKET.search(text):
        asides.append(bracket[1])
        text = text[: bracket.start()]
    text = re.split(r"[(\[{<（【]", _BRACKETS.sub(" ", text))[0]
    return text, asides


def _read_part(text: str, is_aside: bool, words: NameWords, address: Address) -> Iterator[Reading]:
    """Yield every way to read one part; more where a comma may follow a whole name ("Jane Doe, Berlin")."""
    if spelled := _read_spelled(text, words):
        yield spelled
        return
    pieces = [_drop_loose_signs(piece) for piece in text.split(",")]
    pieces = [piece for piece in pieces if piece and not _names_no_person(piece, words, address)]
    text = _drop_titles(", ".join(pieces), words)
    if not _looks_like_name(text):
        return
    before, comma, _ = text.partition(",")
    wholes = (
        [text] if not comma else [before, text] if " " in before or words.is_given(before) else [text, before]
    )
    for whole in wholes:
        for reading in _parse(whole, words):
            yield (
                replace(reading, order=Order.ASIDE)
                if is_aside and reading.order in {Order.WRITTEN, Order.ALONE}
                else reading
            )


def _read_spelled(text: str, words: NameWords) -> Reading | None:
    """Read "jane.doe" and "Jane_Doe", where the first word is hardly anything but a first name."""
    found = _SPELLED.fullmatch(text)
    if not found or not words.is_given(found[1]):
        return None
    given, family = _write_out(found[1]), _write_out(found[2])
    return Reading(f"{given} {family}", given, family=family, order=Order.SPELLED)


def _drop_loose_signs(piece: str) -> str:
    words = (word.lstrip("-.·‧・").rstrip("-·‧・") for word in piece.split())
    return " ".join(word for word in words if not _SIGNS.issuperset(word))


def _names_no_person(piece: str, words: NameWords, address: Address) -> bool:
    """Tell the name of a mailbox, a job or a company; "Mary Host" of mary.host@ is a person's all the same."""
    spoken = [word.strip(".'’") for word in re.split(r"[\s-]+", piece.casefold())]
    found = [word for word in spoken if word in words.nobody or _TRADE_ENDING.search(word)]
    if any(inside in piece for inside in words.nobody_inside):
        return True
    return bool(found) and not _is_namesake(spoken, words, address)


def _is_namesake(spoken: Sequence[str], words: NameWords, address: Address) -> bool:
    """Tell somebody whose family is called like a mailbox or a company: listed as a family, or in their own address."""
    first, *others = spoken
    if len(others) != 1 or not words.may_be_given(first) or first in words.nobody:
        return False
    family = fold_word(others[0])
    given = fold_word(first)
    own = address.local in {given, given + family, given[:1] + family}
    return family in words.families or own


def _drop_titles(text: str, words: NameWords) -> str:
    """Drop a title that is a name or an initial too, where a first name and more follow: "M. Jean Dupont", "DI Eva Moser"."""
    for honour in words.behind:
        if text.endswith(honour) and NO_ORDER.search(text) and text != honour:
            text = text.removesuffix(honour).rstrip()
    title, _, rest = text.partition(" ")
    if title.casefold() in words.dotted_titles:
        return _drop_titles(rest, words)
    follows = rest.split(" ")
    bare = title.casefold()
    is_title = (bare in words.bare_titles and len(follows) > 1) or bare in words.titles_before_first
    return rest if is_title and words.may_be_given(follows[0]) else text


def _looks_like_name(text: str) -> bool:
    """Tell a text that can be a name from an address, a link, markup, a sentence and a heap of marks."""
    if _MAILBOX_LOOK.search(text) or len(text) > _LONGEST or len(text.split()) > _MOST_WORDS:
        return False
    kinds = "".join(unicodedata.category(letter)[0] for letter in text if letter not in _SIGNS | {" ", ","})
    return set(kinds) <= {"L", "M"} and "L" in kinds and "MMMM" not in kinds


def _parse(text: str, words: NameWords) -> Iterator[Reading]:
    """Yield the ways to read a text; a name that reads otherwise the second time was not understood and is none."""
    reading = _parse_once(text, words)
    again = _parse_once(reading.full, words) if reading and _looks_like_name(reading.full) else None
    if not reading or not again or again.full != reading.full:
        return
    yield reading
    if turned := _turn(reading, words):
        yield turned


def _parse_once(text: str, words: NameWords) -> Reading | None:
    if NO_ORDER.search(text):
        return Reading(text.replace(",", ""))
    marked = _mark_family(text, words)
    parsed = words.parser.parse(marked)
    given, middle, family = (_write_out(part) for part in (parsed.given, parsed.middle, parsed.family))
    full = " ".join(part for part in (given, middle, family) if part)
    if not full:
        return None
    order = Order.CAPITALS if marked != text else Order.COMMA if "," in text else Order.WRITTEN
    if not (given and family):
        return Reading(
            full, given or family, order=Order.ALONE, titled=bool(parsed.title), two_ways=" " in full
        )
    if order is Order.WRITTEN and words.is_compound(full.split()):
        return Reading(full, full)
    if middle and words.is_compound([given, middle.split()[0]], before_family=True):
        given, middle = f"{given} {middle.split()[0]}", " ".join(middle.split()[1:])
    return Reading(full, given, middle, family, order, bool(parsed.title), _is_ambiguous(parsed))


def _turn(reading: Reading, words: NameWords) -> Reading | None:
    """Read a name as Hungary and directories write it, where the first word is no first name and all others are."""
    first, *others = reading.full.split()
    if reading.order is not Order.WRITTEN or not others or words.may_be_given(first):
        return None
    known = all(map(words.may_be_given, others)) and (len(others) == 1 or is_family(first, words))
    return Reading(reading.full, others[0], " ".join(others[1:]), first, Order.TURNED) if known else None


def _is_ambiguous(parsed: ParsedName) -> bool:
    return any(doubt.kind in _DOUBTS for doubt in parsed.ambiguities)


def _mark_family(text: str, words: NameWords) -> str:
    """Put the comma where capitals stand for it, as French directories do: "DUPONT Marie" is "DUPONT, Marie"."""
    spoken = text.split()
    shouted = [_is_shouted(word) or (word.isupper() and word.casefold() in _PARTICLES) for word in spoken]
    count = shouted.index(False) if False in shouted else 0
    is_first = all(map(words.is_given, spoken[:count])) and not any(map(words.is_given, spoken[count:]))
    if "," in text or not count or any(shouted[count:]) or is_first:
        return text
    return f"{' '.join(spoken[:count])}, {' '.join(spoken[count:])}"


def _is_shouted(word: str) -> bool:
    """Tell a word in capitals from initials: three letters or more, one of them a vowel."""
    return (
        word.isupper()
        and len(word) > _INITIALS
        and not set("aeiouyаеиоуыэюяαεηιουω").isdisjoint(fold_word(word))
    )


def _write_out(words: str) -> str:
    """Write words as a person would: "JANE", "jane" and "O'BRIEN" become "Jane" and "O'Brien", "VON" becomes "von"."""
    return " ".join(_write_word(word) for word in words.split())


def _write_word(word: str) -> str:
    if word.casefold() in _PARTICLES:
        return word.lower() if word.isupper() and len(word) > 1 else word
    if (word.islower() and len(word) > 1) or _is_shouted(word):
        word = _WORD.sub(lambda part: part[0].capitalize(), word)
    return unicodedata.normalize("NFC", word.replace("i\u0307", "i"))
