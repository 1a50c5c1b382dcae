"""Whether somebody looks like a person the owner knows without being them: the oldest trick in a stranger's invitation."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable

#: Letters of other scripts, and digits, that are read as a Latin letter (the common part of UTS #39, confusables.txt).
_READ_AS = str.maketrans(
    "аеорсухіјѕԁһкмтвнгпԛԝьαεορντυχικβγη0135|ıiłøđɡ",  # noqa: RUF001 - these are the point
    "aeopcyxljsdhkmtbhrnqwbaeopvtuxlkbynolesllllodg",
)
_SHARED_SHAPES = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_NO_LETTER = re.compile(r"[\W_]+")


class Faces:
    """Everybody the owner knows, by how their names and domains look."""

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        """`known` holds name and address of everybody."""
        self._names: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._domains: dict[str, list[str]] = defaultdict(list)
        for name, email in known:
            self._names[_look(name)].append((name, email))
            self._domains[_look(_domain(email))].append(email)

    def find_alike(self, name: str, email: str, same: Collection[str] = ()) -> str | None:
        """Return what to warn of: whose name or address this looks like at another address, or letters that mislead.

        None where nothing is to be said. `same` holds the other addresses that are known to be this person's.
        """
        domain = _domain(email)
        for other in self._domains[_look(domain)]:
            if _domain(other) != domain:
                return f"The address looks like {other}, but it is another one."
        for other_name, other in self._names[_look(name)] if _look(name) else ():
            if other != email and other not in same:
                return f"The name looks like {other_name}'s, but the address is not {other}."
        if any(map(_mixes_alphabets, _NO_LETTER.split(name))):
            return "The name mixes letters of two alphabets that look the same."
        if any(map(_mixes_alphabets, domain.split("."))):
            return "The address mixes letters of two alphabets that look the same."
        return None


def imitates(one: str, other: str) -> bool:
    """Tell whether an address's domain looks like another's without being it: exarnple.com beside example.com."""
    return _domain(one) != _domain(other) and _look(_domain(one)) == _look(_domain(other))


def _mixes_alphabets(word: str) -> bool:
    """Tell a word with letters of two alphabets that share their shapes: no language writes so."""
    found = {unicodedata.name(letter, "").split(" ")[0] for letter in word if letter.isalpha()}
    return len(found & _SHARED_SHAPES) > 1


def _domain(email: str) -> str:
    """Return an address's domain as a reader may see it: international names in their own script."""
    domain = email.rpartition("@")[2]
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _look(text: str) -> str:
    """Return what is left of a text for a hurried eye: Latin letters without case, marks, spaces and points."""
    folded = text.casefold()
    letters = folded if folded.isascii() else unicodedata.normalize("NFKD", folded)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_READ_AS)
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return _NO_LETTER.sub("", plain)
