"""vCards to guests: 2.1 as old phones write it, 3.0 (RFC 2426) and 4.0 (RFC 6350), several cards in one file.

vobject reads the properties. Before it sees a card, photos and other blobs are taken out of it and charsets it does not
know are named anew: one such line would hide the whole card from it.
"""

import codecs
import logging
import re
from collections.abc import Iterator
from typing import Any

import vobject

from followupd.errors import Problem
from followupd.met import GuestTable
from followupd.model import Skipped

_MOST_CARDS = 5000
_MOST_LINES = 10_000
_LONGEST_LINE = 4000
_LONGEST_VALUE = 2000
#: The columns of the table; headings of words/guests.toml, so that cards need no rules of their own.
_COLUMNS = ("name", "email", "phone", "company", "note")
_WANTED = {"fn", "n", "email", "tel", "org", "note", "version", "begin", "end"}
_NAME = re.compile(r"(?:[\w-]+\.)?([\w-]+)\s*[;:]")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.-]+)\"?", re.IGNORECASE)
_QUOTED_PRINTABLE = re.compile(r";\s*(?:encoding\s*=\s*)?quoted-printable[;:]", re.IGNORECASE)

logging.getLogger("vobject.base").setLevel(logging.CRITICAL)  # it tells every odd line, in strangers' words


def read_cards(text: str) -> GuestTable:
    """Return a row for each card. A card that names nobody or cannot be read is skipped by its number."""
    rows: list[tuple[str, ...]] = []
    skipped: list[Skipped] = []
    for number, card in enumerate(_split_cards(text), 1):
        if number > _MOST_CARDS:
            raise Problem(
                f"The file has more than {_MOST_CARDS} cards.", "Export only the people of this event."
            )
        try:
            rows.append(_read_card(card))
        except Exception as error:  # noqa: BLE001 - vobject meets odd cards with errors of any kind
            skipped.append(Skipped(f"card {number}", f"it cannot be read ({type(error).__name__})"))
    return GuestTable(_COLUMNS, tuple(rows), tuple(skipped))


def _split_cards(text: str) -> Iterator[list[str]]:
    """Yield the lines of each card, without a card inside it (AGENT); one that is not ended ends where the next begins."""
    card: list[str] | None = None
    depth = 0
    for line in re.split(r"\r\n|\n|\r", text):
        said = line.strip().casefold()
        if said == "begin:vcard" and card and card[-1].casefold().startswith("agent"):
            depth += 1
        elif said == "begin:vcard":
            if card is not None:
                yield card
            card, depth = [], 0
        elif said == "end:vcard" and depth:
            depth -= 1
        elif said == "end:vcard":
            if card is not None:
                yield card
            card = None
        elif card is not None and not depth:
            card.append(line)
    if card is not None:
        yield card


def _read_card(card: list[str]) -> tuple[str, ...]:
    lines = ["BEGIN:VCARD", *_keep_wanted(card), "END:VCARD", ""]
    read = vobject.readOne("\r\n".join(lines), allowQP=True, ignoreUnreadable=True)
    found = read.contents
    name = _first(found, "fn") or _say_name(found)
    return (
        name,
        _preferred(found, "email"),
        _preferred(found, "tel").removeprefix("tel:"),
        _first(found, "org"),
        _first(found, "note"),
    )


def _keep_wanted(lines: list[str]) -> Iterator[str]:
    """Yield the lines of the properties we read, folded ones and soft line breaks of quoted-printable with them."""
    wanted = broken = False
    for line in lines[:_MOST_LINES]:
        goes_on = line[:1] in (" ", "\t") or broken
        if not goes_on:
            named = _NAME.match(line)
            wanted = named is not None and named[1].casefold() in _WANTED
        quoted = wanted and (broken or bool(_QUOTED_PRINTABLE.search(line)))
        broken = quoted and line.endswith("=")
        if wanted and len(line) <= _LONGEST_LINE:
            yield line if goes_on else _CHARSET.sub(_name_charset, line)


def _name_charset(found: re.Match[str]) -> str:
    """Keep a charset Python knows; any other is read as Latin-1, which reads every byte."""
    try:
        codecs.lookup(found[1])
    except LookupError:
        return ";CHARSET=iso-8859-1"
    return found[0]


def _first(found: dict[str, list[Any]], name: str) -> str:
    return next((text for line in found.get(name, []) if (text := _write(line.value))), "")


def _preferred(found: dict[str, list[Any]], name: str) -> str:
    """Return the value marked as preferred (PREF, TYPE=pref), else the first."""
    lines = sorted(found.get(name, []), key=_rank)
    return next((text for line in lines if (text := _write(line.value))), "")


def _rank(line: Any) -> int:
    """Rank by PREF (RFC 6350, 5.3: 1 is most preferred); TYPE=pref and the bare PREF of 2.1 stand for 1."""
    params = {name.casefold(): [value.casefold() for value in values] for name, values in line.params.items()}
    bare = {name.casefold() for name in line.singletonparams} | set(params.get("type", []))
    written = params.get("pref", [""])[0]
    return int(written) if written.isdigit() else 1 if "pref" in bare else 100


def _write(value: Any) -> str:
    """Return a value as one line; the units of an organisation stand behind it and are left out."""
    first = value[0] if isinstance(value, list) and value else value
    return " ".join(str(first or "").split())[:_LONGEST_VALUE]


def _say_name(found: dict[str, list[Any]]) -> str:
    """Return the name of a card without FN, which 2.1 allows: given before family."""
    parts = found["n"][0].value if found.get("n") else None
    return " ".join(filter(None, (_write(getattr(parts, part, "")) for part in ("given", "family"))))
