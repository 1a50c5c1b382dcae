"""Whether somebody looks like a person the owner knows without being them: the oldest trick in a stranger's invitation."""

import re
import unicodedata
from collections.abc import Iterable

#: Letters of other scripts, and digits, that are read as a Latin letter (the common part of UTS #39, confusables.txt).
_READ_AS = str.maketrans(
    "аеорсухіјѕԁһкмтвнгпԛԝьαεορντυχικβγη0135|ıiłøđɡ",  # noqa: RUF001 - these are the point
    "aeopcyxljsdhkmtbhrnqwbaeopvtuxlkbynolesllllodg",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_NO_LETTER = re.compile(r"[\W_]+")


def find_alike(name: str, email: str, known: Iterable[tuple[str, str]]) -> str | None:
    """Return what to warn of: whose name or address this looks like at another address; None where it is nobody's.

    `known` holds name and address of everybody; somebody with this very address among them is no look-alike.
    """
    for other_name, other_email in known:
        if other_email == email:
            continue
        if _same_look(_domain(email), _domain(other_email)):
            return f"The address looks like {other_email}, but it is another one."
        if _look(name) == _look(other_name) != "":
            return f"The name looks like {other_name}'s, but the address is not {other_email}."
    return None


def _same_look(one: str, other: str) -> bool:
    return one != other and _look(one) == _look(other)


def _domain(email: str) -> str:
    """Return an address's domain as a reader may see it: international names in their own script."""
    domain = email.rpartition("@")[2]
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _look(text: str) -> str:
    """Return what is left of a text for a hurried eye: Latin letters without case, marks, spaces and points."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_READ_AS)
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return _NO_LETTER.sub("", plain)
