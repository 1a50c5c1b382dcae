"""Whom did you meet? One line as people write it, "Jane Doe, Acme, jane@acme.example - promised her the deck", to a person."""

import re

from email_validator import EmailNotValidError, validate_email

from followupd.errors import Problem
from followupd.model import Met, Person
from followupd.rules.names import read_name
from followupd.rules.people import person_key

_ADDRESS = re.compile(r"<?(?:mailto:)?([^\s<>,;()\"]+@[^\s<>,;()\"]+)>?", re.IGNORECASE)
_NOTE = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*\u2014\s*")  # hyphen, en dash or em dash between spaces


def read_met(line: str, note: str = "", promise: str = "") -> Met:
    """Read one line: a name, an address, or both, then a note behind a dash. Raises Problem when it names nobody."""
    who, *rest = _NOTE.split(line.strip(), maxsplit=1)
    found = _ADDRESS.findall(who)
    if len(found) > 1:
        raise Problem(f"'{line}' names more than one address.", "Write a line for each person.")
    email = read_address(found[0]) if found else None
    name = read_name(_first_part(_ADDRESS.sub("", who)), email)
    if email is None and not name.full:
        raise Problem(
            f"'{line}' names nobody.", "Write it like: Jane Doe, jane@acme.example - what you spoke about"
        )
    key = person_key(email) if email else f"name:{name.full.casefold()}"
    return Met(Person(key, email, name.full, name.first), note or (rest[0].strip() if rest else ""), promise)


def _first_part(text: str) -> str:
    """Return the name: what stands before the first comma, behind which people write the company."""
    return text.partition(",")[0].strip(' ;"')


def read_address(text: str) -> str:
    """Return a mail address in lower case with an ASCII domain. Raises Problem for anything else."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Problem(f"'{text}' is no mail address: {error}", "Correct it and try again.") from error
    return f"{found.local_part}@{found.ascii_domain}".lower()
