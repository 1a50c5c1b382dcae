"""Rule 2, within names: is a first name sure enough to greet with? Evidence adds up; in doubt the safe greeting is used."""

# ruff: noqa: RUF001, RUF002 - look-alike letters are the matter

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from followupd.model import Evidence
from followupd.rules.name_words import NameWords, fold_word

_INITIALS = 2  # so many capitals or fewer are initials, not a name
_FEWEST_OF_A_SHORT_NAME = 3  # letters by which an address may shorten a first name: "kat@" of Katherine

_FAMILY_ENDING = re.compile(
    r"\w{2}(?:ов|ев|ёв|ин|ын|ова|ева|ёва|ина|ына|ский|ская|цкий|цкая|енко|чук|юк"
    r"|ov|ova|enko|vic|wicz|escu|idis|poulos|[^aeiou]ski|[lnw]ska|sky|skaya)$"
)
_CLAN = re.compile(r"(?:Ma?c[A-Z]|O['’])\w")
_PATRONYMIC = re.compile(r"\w(?:ович|евич|овна|евна|ична|инична)$")
NO_ORDER = re.compile(
    r"[\u1100-\u11ff\u2e80-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_FANCY_DRESS = ("<font>", "<wide>", "<super>", "<sub>", "<circle>", "<square>", "<narrow>")
_ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


class Order(StrEnum):
    """How a text shows which word is the first name; the keys of words/names.toml."""

    WRITTEN = "written"
    COMMA = "comma"
    CAPITALS = "capitals"
    TURNED = "turned"
    ALONE = "alone"
    ASIDE = "aside"
    SPELLED = "spelled"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a text as a name; `given` and `family` are empty where the order is unknown."""

    full: str
    given: str = ""
    middle: str = ""
    family: str = ""
    order: Order = Order.WRITTEN
    titled: bool = False
    two_ways: bool = False
    relayed: bool = False
    """Written by a site on somebody's behalf: "Jane Doe via Eventbrite"."""


@dataclass(frozen=True, slots=True)
class Address:
    """What an address may say of a name."""

    local: str
    """Folded."""
    pieces: tuple[str, ...]
    houses: frozenset[str]
    """The labels of the domain, without the last."""


def read_address(email: str | None) -> Address:
    """Take an address apart for evidence. Never raises."""
    local, _, domain = (email or "").rpartition("@")
    pieces = tuple(fold_word(piece).rstrip("0123456789") for piece in re.split(r"[.+_-]", local))
    houses = frozenset(fold_word(label) for label in domain.split(".")[:-1])
    return Address(fold_word(local), tuple(filter(None, pieces)), houses)


def weigh(reading: Reading, address: Address, words: NameWords) -> tuple[Evidence, ...]:
    """Return every piece of evidence for and against the first name of a reading; their sum is what it is worth."""
    if not reading.given:
        return (words.evidence["no-order"],) if NO_ORDER.search(reading.full) else ()
    keys = [
        reading.order,
        *_hear_given(reading, words),
        *_hear_family(reading, address, words),
        *_hear_address(reading, address, words),
        *_find_vetoes(reading, address, words),
    ]
    return tuple(words.evidence[key] for key in keys)


def _hear_given(reading: Reading, words: NameWords) -> Iterator[str]:
    given = reading.given.split()
    if _is_known(reading, words):
        yield "known"
    elif all(map(words.may_be_given, given)):
        yield "either-alone" if reading.order is Order.ALONE else "either"
    elif is_family(given[0], words):
        yield "known-family"
    elif not _has_own_letters(reading.full):
        yield "unknown"
    if _has_own_letters(reading.full):
        yield "own-letters"
    if _may_be_eastern(reading, words):
        yield "eastern"


def _is_known(reading: Reading, words: NameWords) -> bool:
    given = reading.given.split()
    return words.is_given(given[0]) or all(
        word in words.eastern_given and word not in words.eastern_families for word in _folded(given)
    )


def is_family(word: str, words: NameWords) -> bool:
    """Tell whether a word is a family's name, and hardly anybody's first."""
    if words.may_be_given(word):
        return False
    pieces = [fold_word(piece) for piece in word.split("-")]
    listed = any(piece in words.families or piece in words.eastern_families for piece in pieces)
    return listed or bool(_FAMILY_ENDING.search(pieces[-1]) or _CLAN.match(word))


def _hear_family(reading: Reading, address: Address, words: NameWords) -> Iterator[str]:
    family = reading.family.split()
    if not family:
        return
    if any(is_family(word, words) or fold_word(word) in words.families for word in family):
        yield "with-family"
    elif any(map(words.is_given, family)):
        yield "with-name" if confirms(address, reading) else "with-given"


def _has_own_letters(text: str) -> bool:
    """Tell a script that has no order of its own to be in doubt of, and no list of names here."""
    letters = [letter for letter in text if letter.isalpha()]
    return not {unicodedata.name(letter, "?").split(" ")[0] for letter in letters} & {"LATIN", "CYRILLIC"}


def _may_be_eastern(reading: Reading, words: NameWords) -> bool:
    """Tell whether the family may stand in front, as it does at home in East Asia."""
    first, last = _folded(reading.given.split()), _folded(reading.family.split())
    is_eastern = any(word in words.eastern_families for word in last)
    western = any(words.is_given(word) for word in reading.given.split())
    if reading.order is Order.TURNED:
        return is_eastern and not western
    if is_eastern and reading.middle and not western:
        return True
    if reading.order is not Order.WRITTEN:
        return False
    stands_first = any(word in words.eastern_families for word in first)
    return stands_first and not any(word in words.families for word in last)


def _folded(words: list[str]) -> set[str]:
    return {fold_word(word) for word in words}


def _hear_address(reading: Reading, address: Address, words: NameWords) -> Iterator[str]:
    known = _is_known(reading, words)
    confirmed = confirms(address, reading)
    if confirmed:
        yield "address-says-it"
    elif reading.order is Order.WRITTEN and _is_turned(address, reading):
        if not known or any(map(words.may_be_given, reading.family.split())):
            yield "address-turned"
    elif _holds_family_alone(address, reading):
        yield "address-family"
    company = fold_word(reading.full) in address.houses and not confirmed
    namesake = not address.houses.isdisjoint(_spellings(reading.given)) and not known
    if company or namesake:
        yield "company"


def confirms(address: Address, reading: Reading) -> bool:
    """Tell whether the address says the first name, or its initial before the family (jane.doe@, jdoe@, janed@, jd@).

    For a first name that stands behind the family only both will do: jane@ alone may follow the same custom.
    """
    if not reading.given or not address.local or _is_turned(address, reading):
        return False
    givens, families = _spellings(reading.given), _spellings(reading.family) - {""}
    long = [piece for piece in address.pieces if len(piece) >= _FEWEST_OF_A_SHORT_NAME]
    said = not givens.isdisjoint(address.pieces) or any(
        given.startswith(piece) or given.endswith(piece) for given in givens for piece in long
    )
    initials = "".join(fold_word(piece)[:1] for piece in re.split(r"[\s-]+", reading.given))
    heads, tails = {initials, initials[:1]}, {tail for family in families for tail in (family, family[:1])}
    both = address.local in {head + tail for head in heads | givens for tail in tails}
    return both or (said and reading.order is not Order.TURNED)


def _is_turned(address: Address, reading: Reading) -> bool:
    families = _spellings(reading.family) - {""}
    return any(
        address.local in {family + given, family[:1] + given}
        for given in _spellings(reading.given)
        for family in families
    )


def _holds_family_alone(address: Address, reading: Reading) -> bool:
    families = _spellings(reading.family) - {""}
    owned = any(house.startswith(family) for house in address.houses for family in families)
    return address.local in families and not owned


def _spellings(word: str) -> set[str]:
    """Both ways an address spells an umlaut: "mueller" and "muller"."""
    german = word.casefold().translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue"})
    return {fold_word(word), fold_word(german)}


def _find_vetoes(reading: Reading, address: Address, words: NameWords) -> Iterator[str]:
    """Yield what forbids a greeting whatever else is said."""
    given, family = fold_word(reading.given), fold_word(reading.family)
    cut = reading.given.endswith(("'s", "’s")) or "." in reading.given
    loose = bool(family) and (len(family) == 1 or reading.family.endswith("."))
    if (
        len(given) == 1
        or cut
        or reading.given.isupper()
        or not _folded(reading.given.split()).isdisjoint(words.shortened)
        or (loose and not all(map(words.is_given, reading.given.split())))
    ):
        yield "initial"
    if (
        reading.titled
        and not reading.family
        and not (_is_known(reading, words) and confirms(address, reading))
    ):
        yield "titled"
    if any(
        _PATRONYMIC.search(word.casefold()) for word in (*reading.middle.split(), *reading.family.split())
    ):
        yield "patronymic"
    if not _is_plainly_written(reading.full):
        yield "odd-letters"
    if reading.two_ways:
        yield "two-ways"
    if reading.relayed and not confirms(address, reading):
        yield "relayed"


def _is_plainly_written(text: str) -> bool:
    """Refuse look-alikes such as a Cyrillic "а" in a Latin name, and letters in fancy dress such as "𝐉" or "ª"."""
    letters = [letter for letter in text if letter.isalpha()]
    alphabets = {unicodedata.name(letter, "").split(" ")[0] for letter in letters}
    dressed = any(unicodedata.decomposition(letter).startswith(_FANCY_DRESS) for letter in letters)
    return len(alphabets & _ALIKE) <= 1 and not dressed
