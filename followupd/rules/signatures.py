"""The signature under a mail: several lines that are one person, told apart from a list of people.

One address at most, and beside it lines that no list of people holds: a phone number, a web site, a street, a firm.
"""

import re
from collections.abc import Sequence

from followupd.rules.name_words import NameWords
from followupd.rules.names import read_name

_MOST_LINES = 15
_LONGEST_LINE = 200

_ADDRESS = re.compile(r"[^\s<>,;()\[\]|:\"]+@[^\s<>,;()\[\]|\"]+")
_NUMBER = re.compile(r"\+?\(?\d[\d ()/.-]{5,22}\d")
_LABELS = re.compile(
    r"(?<!\w)(?:tel(?:efon|ephone|éfono)?|phone|mob(?:ile?|il)?|móvil|cell|handy|fon|fax|direct|direkt|office|büro|work|e-?mail"
    r"|mail|correo|courriel|web(?:site)?|www|[tmpefwd])(?!\w)[.:]?",
    re.IGNORECASE,
)
_WEB = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w@.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/\S*)?(?![\w@])",
    re.IGNORECASE,
)
_FIRM = re.compile(
    r"\b(?:gmbh|ggmbh|ug|ag|kg|ohg|gbr|e\.\s?k\.|e\.\s?v\.|ltd|limited|llc|llp|inc|corp|plc|sarl|sas|sasu|eurl|s\.?a\.?|s\.?l\.?u?\.?"
    r"|b\.?v\.?|oy|ab|srl|s\.?p\.?a\.?)(?!\w)\.?",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b\d{4,5}\s+\w|\w(?:str\.|straße|strasse|weg|platz|allee|gasse)\s*\d|\b\d+\w?,?\s+\w.*\b(?:street|st\.?|road|rd\.?|avenue|ave"
    r"\.?|lane|suite|floor)\b|\b\d+,?\s+(?:bis\s+)?(?:rue|avenue|boulevard|place|quai)\b|\b(?:calle|c/|avda\.?|plaza|paseo)\s",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:best|kind|warm|many)?\s*(?:regards|wishes|thanks|cheers|sincerely|best)|(?:mit\s+)?(?:freundlichen?|vielen?|beste[nr]?|liebe|"
    r"herzliche)\s+grü(?:ß|ss)en?|(?:bien\s+)?cordialement|bien à (?:vous|toi)|(?:un\s+)?(?:cordial\s+)?saludos?(?:\s+cordial(?:es)?)?"
    r"|atentamente|sent from my \w+|von meinem \w+ gesendet|mfg|vg|lg",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[\W_]*")
_BULLET = re.compile(r"\s*(?:[*•‣·▪●○◦]|[-–—]\s+\w|\d{1,3}[.)]\s|\[[ xX]?\]\s)")  # noqa: RUF001 - as typed


def is_signature(lines: Sequence[str], names: NameWords) -> bool:
    """Tell whether lines, clean and none of them empty, are one person's signature."""
    kept = drop_frame(lines)
    is_list = sum(map(bool, map(_BULLET.match, lines))) > 1
    if is_list or not 1 < len(kept) <= _MOST_LINES or any(len(line) > _LONGEST_LINE for line in kept):
        return False
    if not _names_person(kept[0], names):
        return False
    addresses = {address.casefold() for line in kept for address in _ADDRESS.findall(line)}
    others = kept[1:]
    furniture = sum(map(_is_furniture, others))
    pair = len(kept) == len(("name", "address")) and _is_bare_address(kept[1])
    if len(addresses) > 1 or any(_names_person_with_more(line, names) for line in others):
        return False
    return pair or (furniture > 0 and (bool(addresses) or any(_NUMBER.search(line) for line in kept)))


def sort_signature(lines: Sequence[str]) -> str:
    """Return a signature as the one line that says the same: name; firm; address; number."""
    kept = drop_frame(lines)
    firm = next((line for line in kept[1:] if _FIRM.search(line) and not _STREET.search(line)), "")
    address = next((found[0] for line in kept if (found := _ADDRESS.search(line))), "")
    number = next(
        (found[0].strip() for line in _mobiles_first(kept[1:]) if (found := _NUMBER.search(line))), ""
    )
    name = _ADDRESS.sub("", kept[0]).strip(" <>,;")
    return "\t".join(filter(None, [name, firm.replace("\t", " "), address, number]))


def drop_frame(lines: Sequence[str]) -> list[str]:
    """Leave the lines that say something: no line of dashes, no "Best regards"."""
    said = [line.strip().lstrip("> ") for line in lines]
    return [
        line for line in said if not _SEPARATOR.fullmatch(line) and not _CLOSING.fullmatch(line.strip(" ,.!"))
    ]


def _names_person(line: str, names: NameWords) -> bool:
    return bool(read_name(_ADDRESS.sub("", line).strip(" <>,;").split(",")[0], None, names).full)


def _is_bare_address(line: str) -> bool:
    return bool(_ADDRESS.search(line)) and not re.search(r"\w", _LABELS.sub("", _ADDRESS.sub("", line)))


def _is_furniture(line: str) -> bool:
    """Tell a line that no list of people holds: a number, a web site, a street, a firm, and nothing beside it."""
    if _FIRM.search(line) or _STREET.search(line):
        return True
    bare = _LABELS.sub(" ", _WEB.sub(" ", _NUMBER.sub(" ", _ADDRESS.sub(" ", line))))
    return bare.strip() != line.strip() and not _is_bare_address(line) and not re.search(r"\w", bare)


def _names_person_with_more(line: str, names: NameWords) -> bool:
    """Tell a line of a list: a name and, beside it, an address, a number, a firm or words behind a dash."""
    first, comma, _ = line.partition(",")
    if comma and not _FIRM.search(first) and read_name(first, None, names).first:
        return True
    if _FIRM.search(line) or _STREET.search(line):
        return False
    bare = _LABELS.sub(" ", _WEB.sub(" ", _NUMBER.sub(" ", _ADDRESS.sub(" ", line))))
    contact = _ADDRESS.search(line) or _NUMBER.search(line)
    named = bool(contact and read_name(bare.strip(" <>,;|"), None, names).full)
    return named or bool(re.search(r"\w\s+[-–—]\s+\w", line))  # noqa: RUF001 - as typed


def _mobiles_first(lines: Sequence[str]) -> list[str]:
    """Put the number that reaches the person before the switchboard, and the fax last."""
    return sorted(lines, key=_rank_number)


def _rank_number(line: str) -> int:
    if re.search(r"\b(?:mob|cell|handy|móvil|m[.:])", line, re.IGNORECASE):
        return 0
    return 2 if re.search(r"\bfax|\bf[.:]", line, re.IGNORECASE) else 1
