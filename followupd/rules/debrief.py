"""Whom did you meet? What people type or paste after an event, to the people it names.

A line is one person: "Jane Doe, Acme, jane@acme.example - promised her the deck". Several lines that are one person,
such as the signature of a mail, are one person too (signatures.py). A line that names nobody is a mistake with its
number; none is lost silently.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from email_validator import EmailNotValidError, validate_email

from followupd.errors import Problem
from followupd.met import Met, Mistake, Told
from followupd.model import Person
from followupd.rules.name_words import NameWords, fold_word
from followupd.rules.names import read_name
from followupd.rules.people import person_key
from followupd.rules.promises import DebriefWords, announces_promise, split_promise
from followupd.rules.signatures import drop_frame, is_signature, sort_signature

#: Nobody types more at once; a longer text is a file.
_MOST_LINES = 500
_LONGEST_LINE = 1000
_LONGEST_CIRCLE = 40

_ADDRESS = re.compile(r"<?(?:mailto:)?([^\s<>,;()\[\]|\"]+@[^\s<>,;()\[\]|\"]+)>?", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:>\s*)*(?:(?:[*•‣·▪●○◦–—-]+|\d{1,3}[.)]|\[[ xX]?\])\s+)*")  # noqa: RUF001 - as typed
_DASH = re.compile(r"\s+[-–—]+\s+|\s*—\s*")  # noqa: RUF001 - as typed
_LABEL = re.compile(
    r"^(?:tel(?:efon|ephone|éfono)?|phone|mob(?:ile?|il)?|móvil|cell|handy|fon|direct|e-?mail|mail|correo|courriel|company"
    r"|firma|name|from|von|to)\s*[.:]+\s*|^[tmpe]\s*:\s*",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w@.])\+?\(?\d[\d ()/.-]{5,22}\d(?![\w@])")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15  # ITU-T E.164 ends at 15
_COMPANY_BESIDE = re.compile(r"\(([^()@]+)\)|\s(?:from|at|bei|chez|@)\s+(.+)$", re.IGNORECASE)
_MOST_WORDS_OF_A_FIELD = 5
_MOST_FIELDS = 12
_CIRCLE = re.compile(r"(?:^|(?<=[\s,;]))#([^\W\d_][\w-]{1,39})(?=[\s,;]|$)")


def read_told(text: str, words: DebriefWords, note: str = "", promise: str = "") -> Told:
    """Read a whole answer, typed or pasted; `note` and `promise` go to everybody who has none of their own. Never raises.

    Blocks of lines stand apart by empty lines; a block is one signature or a person on every line.
    """
    lines = text.splitlines()
    if clean_line(text).strip(" .!").casefold() in words.nobody:
        return Told(nobody=True)
    met: list[Met] = []
    mistakes: list[Mistake] = []
    for where, line in _join_lines(lines[:_MOST_LINES], words.names):
        try:
            met.append(read_met(line, words, note, promise))
        except Problem as problem:
            mistakes.append(Mistake(where, line, problem.what, problem.todo))
    for number, line in enumerate(lines[_MOST_LINES:], _MOST_LINES + 1):
        mistakes.append(
            Mistake(f"line {number}", line, "More lines than one answer takes.", "Tell it after the others.")
        )
    return Told(tuple(met), tuple(mistakes))


def _join_lines(lines: Sequence[str], names: NameWords) -> Iterator[tuple[str, str]]:
    """Yield a line for each person with its place: a signature and a name above its address become one line."""
    for empty, block in groupby(enumerate(lines, 1), lambda pair: not clean_line(pair[1]).strip()):
        told = [(place, line) for place, line in block if drop_frame([clean_line(line)])]
        cleaned = [clean_line(line) for _, line in told]
        if empty or not told:
            continue
        if is_signature(cleaned, names):
            yield f"line {told[0][0]}", sort_signature(cleaned)
        else:
            yield from ((f"line {place}", line) for place, line in told)


def read_met(line: str, words: DebriefWords, note: str = "", promise: str = "") -> Met:
    """Read one line: a name, an address, or both; a company and a phone number beside them; then what was said.

    Fields stand apart by commas, semicolons, tabs, bars or dashes, in any order; "#mentor" is a circle. `note` and
    `promise` stand above those in the line. Raises Problem when the line names nobody, more than one person, or a broken address.
    """
    if len(line) > _LONGEST_LINE:
        raise Problem(
            f"It has more than {_LONGEST_LINE} characters.", "Write less, or put it into the note later."
        )
    text = _BULLET.sub("", clean_line(line), count=1).strip()
    circle = next(iter(_CIRCLE.findall(text)), "")
    text = _CIRCLE.sub("", text).strip()
    fields, said = _split_line(text, words)
    email = _find_address(fields, text)
    name, company, extra = _sort_fields(fields, email, words.names)
    found = read_name(name, email, words.names)
    if email is None and not found.full:
        raise Problem(
            f"'{text}' names nobody.", "Write it like: Jane Doe, jane@acme.example - what you spoke about"
        )
    phone = next((phone for field in fields if (phone := _find_phone(field))), "")
    own_note, own_promise = split_promise(said, words)
    key = person_key(email) if email else f"name:{found.full.casefold()}"
    person = Person(
        key, email, found.full, found.first, phone=phone, company=company, circle=circle.casefold()
    )
    return Met(person, note or "; ".join(filter(None, [*extra, own_note])), promise or own_promise)


def clean_line(line: str) -> str:
    """Leave what can be seen: no controls but tabs, no bidirectional marks, every space a plain one, NFC."""
    kept = (_clean_letter(letter) for letter in unicodedata.normalize("NFC", line))
    return "".join(kept).strip(" ")


def _clean_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter == "\t":
        return letter
    if category in {"Cf", "Cs", "Co", "Cn"}:
        return ""
    return " " if category[0] in "CZ" else letter


def read_circle(text: str) -> str:
    """Return the owner's word for what somebody is to them, in small letters. Raises Problem for more than a few words."""
    circle = " ".join(clean_line(text).casefold().split())
    if len(circle) > _LONGEST_CIRCLE:
        raise Problem("A circle is a word or two.", "Such as mentor, peer, customer-to-be, friend.")
    return circle


# --- fields and what was said


def _split_line(text: str, words: DebriefWords) -> tuple[list[str], str]:
    """Return the fields of a line, and what stands behind them in the owner's words."""
    parts = [part.strip() for part in _DASH.split(text)]
    count = 1 + max(
        (place for place in range(1, len(parts)) if _is_contact(parts[place], parts[1:place], words)),
        default=0,
    )
    fields = [field for part in parts[:count] for field in _split_fields(part)]
    said = " - ".join(filter(None, [*fields[_MOST_FIELDS:], *parts[count:]]))
    fields = fields[:_MOST_FIELDS]
    first_said = next(
        (place for place, field in enumerate(fields) if place and _is_said(field, fields[:place], words)),
        None,
    )
    if first_said is not None:
        said = "; ".join(filter(None, [", ".join(fields[first_said:]), said]))
        fields = fields[:first_said]
    return fields, said


def _is_contact(part: str, between: Sequence[str], words: DebriefWords) -> bool:
    """Tell a part behind a dash that is a bare address or number, with nothing but short fields in between."""
    bare = not _words_of(_LABEL.sub("", _PHONE.sub("", _ADDRESS.sub("", part)))) and bool(_words_of(part))
    return bare and all(
        len(_words_of(other)) <= _MOST_WORDS_OF_A_FIELD and not announces_promise(other, words)
        for other in between
    )


def _split_fields(part: str) -> list[str]:
    """Split at the strongest separator there is; a comma inside quotes, or beside semicolons, belongs to its field."""
    separator = next((sign for sign in "\t;|" if sign in part), ",")
    [fields] = csv.reader([part], delimiter=separator, skipinitialspace=True)
    return [piece.strip() for field in fields for piece in _split_behind_address(field) if piece.strip()]


def _split_behind_address(field: str) -> tuple[str, ...]:
    """Part what follows an address without any sign between them: "jane@acme.example promised her the deck"."""
    address = _ADDRESS.search(field)
    behind = field[address.end() :] if address else ""
    return (field[: len(field) - len(behind)], behind) if re.search(r"\w", behind) else (field,)


def _is_said(field: str, before: Sequence[str], words: DebriefWords) -> bool:
    """Tell a field that is the owner's words, not a name, a company, an address or a number."""
    if _ADDRESS.search(field) or _find_phone(field):
        return False
    reached = any(_ADDRESS.search(other) or _find_phone(other) for other in before)
    long = len(_words_of(field)) > _MOST_WORDS_OF_A_FIELD
    return announces_promise(field, words) or (reached and (long or field[:1].islower()) and bool(before[0]))


def _words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _find_address(fields: Sequence[str], text: str) -> str | None:
    """Return the one address of a line. Raises Problem for two, or for a broken one."""
    found = [address for field in fields for address in _ADDRESS.findall(field)]
    if len({address.casefold() for address in found}) > 1:
        raise Problem(f"'{text}' names more than one address.", "Write a line for each person.")
    return read_address(found[0]) if found else None


def read_address(text: str) -> str:
    """Return a mail address in lower case with an ASCII domain. Raises Problem for anything else."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Problem(f"'{text}' is no mail address: {error}", "Correct it and try again.") from error
    return f"{found.local_part}@{found.ascii_domain}".lower()


def _find_phone(field: str) -> str:
    """Return the phone number in a field as it is written; a date is none."""
    for found in _PHONE.finditer(field):
        number = found[0].strip()
        if not _DATE.fullmatch(number) and _FEWEST_DIGITS <= sum(map(str.isdigit, number)) <= _MOST_DIGITS:
            return " ".join(number.split())
    return ""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field without its address and number: words that are a name, a company or something else."""

    text: str
    confirmed: bool
    """The address says the same name."""
    house: bool
    """The address's domain says the same, so it is the company."""
    reads: bool
    """It can be a person's name."""


def _sort_fields(fields: Sequence[str], email: str | None, names: NameWords) -> tuple[str, str, list[str]]:
    """Return the name, the company and whatever else the fields say."""
    sorted_out = [field for text in fields if (field := _read_field(text, email, names)).text]
    people = [field for field in sorted_out if field.reads]
    best = min(people, key=lambda field: (not field.confirmed, field.house), default=None)
    rest = [field for field in sorted_out if field is not best]
    name, company = _part_company(best.text) if best and not (best.house and not best.confirmed) else ("", "")
    if best and not name:
        rest = sorted_out
    houses = [field for field in rest if re.search(r"[^\W\d_]", field.text)]
    chosen = (
        None if company else next((field for field in houses if field.house), houses[-1] if houses else None)
    )
    return (
        name,
        company or (chosen.text if chosen else ""),
        [field.text for field in rest if field is not chosen],
    )


def _read_field(text: str, email: str | None, names: NameWords) -> _Field:
    number = _find_phone(text)
    bare = _ADDRESS.sub(" ", text.replace(number, " ") if number else text)
    bare = re.sub(r"[(\[<]\s*[)\]>]", "", _LABEL.sub("", bare.strip())).strip(" ;,\"'<>")
    local, _, domain = (email or "").rpartition("@")
    spoken = [fold_word(word) for word in _words_of(bare)]
    pieces = [fold_word(piece) for piece in re.split(r"[._+-]", local)]
    houses = [fold_word(label) for label in domain.split(".")[:-1]]
    confirmed = any(word in pieces for word in spoken if len(word) > 1) or _spells_initials(
        spoken, "".join(pieces)
    )
    house = any(house.startswith("".join(spoken)) for house in houses) if spoken else False
    return _Field(bare, confirmed, house, bool(read_name(bare, email, names).full))


def _spells_initials(spoken: Sequence[str], local: str) -> bool:
    """Tell "jdoe" of Jane Doe."""
    return len(spoken) > 1 and local == spoken[0][:1] + spoken[-1]


def _part_company(text: str) -> tuple[str, str]:
    """Part "Jane Doe (Acme)" and "Jane Doe from Acme" into the name and the company."""
    beside = _COMPANY_BESIDE.search(text)
    company = (beside[1] or beside[2]).strip() if beside else ""
    return text, company
