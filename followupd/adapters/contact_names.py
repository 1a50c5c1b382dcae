"""What the owner's contacts call people, as it was kept last; nothing here asks anybody, and nothing of Google's is loaded."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from followupd.adapters.copies import Kept

#: 50,000 contacts, the most Google keeps, with long names and several addresses.
_MOST_BYTES = 32 * 1024**2

Contact = tuple[str, tuple[str, ...]]
"""A name and the addresses it goes with."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """All contacts by their id, when they were asked for (UTC), and the token that asks what changed since."""

    asked_at: datetime
    token: str = field(repr=False)
    people: Mapping[str, Contact] = field(repr=False)


class ContactFile:
    """One file for the contacts of one account."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = Kept(path, _MOST_BYTES)

    def read(self) -> Contacts | None:
        """Return what was kept; None when there is nothing, or it is not what was written."""
        raw = self._kept.read()
        try:
            asked_at, token, people = json.loads(raw or b"")
            found = {key: (name, tuple(addresses)) for key, (name, addresses) in people.items()}
            return Contacts(datetime.fromisoformat(asked_at), token, found)
        except (ValueError, TypeError, AttributeError):
            return None

    def write(self, contacts: Contacts) -> None:
        """Put `contacts` in place of what was kept. Raises OSError."""
        facts = [contacts.asked_at.isoformat(), contacts.token, dict(contacts.people)]
        self._kept.write(json.dumps(facts, ensure_ascii=False).encode())

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


class ContactNames:
    """The name that the contacts in some files give to an address; a file that changes is read again."""

    def __init__(self, *files: Path) -> None:
        self._files = [ContactFile(file) for file in files]
        self._stamps: list[tuple[int, int]] = []
        self._names: dict[str, set[str]] = {}
        self._cards: dict[str, tuple[str, ...]] = {}

    def find_name(self, address: str) -> str | None:
        """Return the name; None where there is none, or several and so none that is sure."""
        self._read_again()
        names = self._names.get(address, set())
        return next(iter(names)) if len(names) == 1 else None

    def find_addresses(self, address: str) -> tuple[str, ...]:
        """Return the other addresses of the contact that has this address; without those that several contacts have."""
        self._read_again()
        card = self._cards.get(address, ())
        return tuple(other for other in card if other != address and self._cards.get(other) is card)

    def _read_again(self) -> None:
        stamps = [_stamp(file.path) for file in self._files]
        if stamps == self._stamps:
            return
        names: defaultdict[str, set[str]] = defaultdict(set)
        cards: dict[str, tuple[str, ...]] = {}
        for contacts in filter(None, (file.read() for file in self._files)):
            for name, addresses in contacts.people.values():
                for address in addresses:
                    names[address].add(name)
                    cards[address] = () if address in cards else addresses
        self._names, self._cards, self._stamps = names, cards, stamps


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_ino
