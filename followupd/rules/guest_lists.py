"""A guest list to the guests it names: which column is what, who was there, and who of them may be written to."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from followupd.errors import Problem
from followupd.met import GuestTable, Listed, Met
from followupd.model import Answer, Attendee, Owner, Person, Skipped
from followupd.rules.debrief import clean_line, read_address, read_met
from followupd.rules.name_words import NameWords, fold_word
from followupd.rules.names import read_name
from followupd.rules.people import PeopleWords, person_key, sort_guests
from followupd.rules.promises import DebriefWords

#: What a column may be, in the order in which the owner is asked.
FIELDS = ("name", "first", "last", "email", "phone", "company", "note", "status", "came")
_LONGEST_CELL = 200
_LONGEST_NOTE = 500
_MOST_NAMED = 5
_NO_SHOW = "did not check in"
_RANGE = re.compile(r"(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?")  # noqa: RUF001 - as typed


@dataclass(frozen=True, slots=True)
class GuestWords:
    """The words of words/guests.toml, folded as headings and cells are."""

    columns: Mapping[str, tuple[str, ...]]
    status: Mapping[str, str]
    """A status to what it says in our words."""
    came: frozenset[str]
    stayed_away: frozenset[str]
    came_status: frozenset[str]
    """What a status column says of somebody who was there."""


def read_guest_words(table: Mapping[str, Any]) -> GuestWords:
    """Read the parsed words/guests.toml. Raises KeyError where a section is missing."""
    return GuestWords(
        columns={field: tuple(map(fold_heading, table["columns"][field])) for field in FIELDS},
        status={fold_heading(word): said for said, words in table["status"].items() for word in words},
        came=frozenset(map(fold_heading, table["came"]["yes"])),
        stayed_away=frozenset(map(fold_heading, table["came"]["no"])),
        came_status=frozenset(map(fold_heading, table["came"]["status"])),
    )


def fold_heading(text: str) -> str:
    """Return a heading as the word lists have it: small letters, every run of signs one space ("E-Mail:" is "e mail")."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold().replace("_", " ")))


def name_columns(columns: Sequence[str]) -> str:
    """Return what two files with the same headings share: the key their columns are remembered by."""
    return " | ".join(map(fold_heading, columns))


def find_columns(columns: Sequence[str], words: GuestWords) -> dict[str, int] | None:
    """Return which field stands in which column; None where neither names nor addresses can be told."""
    folded = [fold_heading(column) for column in columns]
    found: dict[str, int] = {}
    for field in FIELDS:
        places = [folded.index(word) for word in words.columns[field] if word in folded]
        if free := [place for place in places if place not in found.values()]:
            found[field] = free[0]
    return found if is_enough(found) else None


def check_columns(found: Mapping[str, int], columns: Sequence[str]) -> None:
    """Raise Problem when columns an owner named are not there, are no field, or name nobody."""
    wrong = [field for field, place in found.items() if field not in FIELDS or not 0 <= place < len(columns)]
    if wrong:
        raise Problem(
            f"There is no such column: {', '.join(wrong)}.",
            f"Columns are counted from 1 to {len(columns)}; they may be {', '.join(FIELDS)}.",
        )
    if not is_enough(found):
        raise Problem(
            "These columns name nobody.", "Say at least which one holds the names, or the addresses."
        )


def is_enough(found: Mapping[str, int]) -> bool:
    """Tell whether columns name people: by an address, a whole name, or both halves of one."""
    return not found.keys().isdisjoint({"email", "name"}) or {"first", "last"} <= found.keys()


@dataclass(frozen=True, slots=True)
class _Row:
    """One row that names somebody."""

    met: Met
    left_out: str
    came: bool | None
    """Whether the list says they were there; None where it does not say."""


def list_guests(
    table: GuestTable,
    found: Mapping[str, int],
    owner: Owner,
    people_words: PeopleWords,
    guest_words: GuestWords,
    debrief_words: DebriefWords,
) -> tuple[tuple[Listed, ...], tuple[Skipped, ...]]:
    """Return every guest a list names, each once, and the rows that name nobody, with why.

    Left out are those the list says were not there, and whoever rule 2 leaves out: the owner, colleagues, rooms,
    mailboxes such as info@, lists, machines, and the second line of one person. `found` is empty for a table without
    headings, whose rows are lines as people write them.
    """
    read = [
        _read_row(row, found, guest_words, people_words.names) if found else _read_line(row, debrief_words)
        for row in table.rows
    ]
    rows = _leave_out_absent([row for row in read if isinstance(row, _Row)])
    nobody = [Skipped(f"row {number}", row) for number, row in enumerate(read, 1) if isinstance(row, str)]
    return _leave_out(rows, owner, people_words), (*table.skipped, *nobody)


def _read_line(row: Sequence[str], words: DebriefWords) -> _Row | str:
    try:
        return _Row(read_met(" ".join(row), words), "", None)
    except Problem as problem:
        return problem.what


def _read_row(
    row: Sequence[str], found: Mapping[str, int], words: GuestWords, names: NameWords
) -> _Row | str:
    """Return the guest of a row, or why it names nobody."""
    cells = {field: _read_cell(row, place) for field, place in found.items()}
    email, wrong = _try_address(cells.get("email", ""))
    halves = " ".join(filter(None, [cells.get("first"), cells.get("last")]))
    name = cells.get("name") or halves
    read = read_name(name, email, names)
    if not read.full:
        read = read_name(halves, email, names)
    if email is None and not read.full:
        return wrong or (f"'{name}' is no person's name" if name else "it names nobody")
    key = person_key(email) if email else f"name:{read.full.casefold()}"
    phone, company = (cells.get(field, "")[:_LONGEST_CELL] for field in ("phone", "company"))
    person = Person(key, email, read.full, read.first, phone=phone, company=company)
    status = fold_heading(cells.get("status", ""))
    came = True if status in words.came_status else _read_came(cells.get("came"), words)
    return _Row(Met(person, cells.get("note", "")[:_LONGEST_NOTE]), words.status.get(status) or wrong, came)


def _read_cell(row: Sequence[str], place: int) -> str:
    return " ".join(clean_line(row[place]).split()) if place < len(row) else ""


def _try_address(text: str) -> tuple[str | None, str]:
    """Return the address in a cell, or why there is none; "" where the cell is empty."""
    if not text:
        return None, ""
    try:
        return read_address(text.removeprefix("mailto:")), ""
    except Problem as problem:
        return None, problem.what


def _read_came(cell: str | None, words: GuestWords) -> bool | None:
    if cell is None:
        return None
    said = fold_heading(cell)
    if said in words.stayed_away:
        return False
    return True if said in words.came or re.search(r"\d", said) else None


def _leave_out_absent(rows: Sequence[_Row]) -> list[_Row]:
    """Leave out who did not check in, where anybody did; a list nobody was ticked on says nothing."""
    if not any(row.came for row in rows):
        return list(rows)
    return [replace(row, left_out=row.left_out or ("" if row.came else _NO_SHOW)) for row in rows]


def _leave_out(rows: Sequence[_Row], owner: Owner, people_words: PeopleWords) -> tuple[Listed, ...]:
    """Ask rule 2 about everybody on the list as it asks about an invitation; who is there twice is listed once."""
    attendees = tuple(Attendee(row.met.person.email, row.met.person.name, Answer.ACCEPTED) for row in rows)
    guests = sort_guests(attendees, owner, people_words)
    listed: dict[str, Listed] = {}
    for row, guest in zip(rows, guests, strict=True):
        left_out = row.left_out or ("" if guest.follow_up else guest.why)
        known = listed.get(row.met.person.key)
        if known is None or (known.left_out and not left_out):
            listed[row.met.person.key] = Listed(row.met, left_out)
    return tuple(listed.values())


def pick_guests(listed: Sequence[Listed], said: str) -> list[Listed]:
    """Return the guests an owner picks with "Jane, 14, 20-22": by number, by a range, by words of the name.

    Raises Problem for what fits nobody, and for words that fit several.
    """
    picked: dict[int, Listed] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", said))):
        picked |= {guest.number: guest for guest in _pick_part(listed, part)}
    return [picked[number] for number in sorted(picked)]


def _pick_part(listed: Sequence[Listed], part: str) -> list[Listed]:
    numbers = _RANGE.fullmatch(part)
    if numbers:
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        found = [guest for guest in listed if first <= guest.number <= last]
        if len(found) != last - first + 1:
            raise Problem(f"The list has no guests {part}.", f"It goes from 1 to {len(listed)}.")
        return found
    found = search_guests(listed, part)
    if not found:
        raise Problem(
            f"Nobody on the list is called '{part}'.", "Use the number that stands before the name."
        )
    if len(found) > 1:
        names = ", ".join(f"{guest.number} {guest.who}" for guest in found[:_MOST_NAMED])
        raise Problem(f"'{part}' fits {len(found)} guests: {names}.", "Use the number.")
    return found


def search_guests(listed: Sequence[Listed], said: str) -> list[Listed]:
    """Return the guests in whose name, company or address every word begins a word."""
    words = [fold_word(word) for word in re.findall(r"[\w']+", said)]
    return [guest for guest in listed if words and _fits(guest, words)]


def _fits(guest: Listed, words: Sequence[str]) -> bool:
    person = guest.met.person
    own = [
        fold_word(word)
        for word in re.findall(r"[\w']+", f"{person.name} {person.company} {person.email or ''}")
    ]
    return all(any(mine.startswith(word) for mine in own) for word in words)
