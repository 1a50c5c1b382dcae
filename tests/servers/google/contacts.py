"""The contacts of one account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Book = dict[str, tuple[int, dict[str, Any]]]


@dataclass
class Contacts:
    """The contacts of one account; `other` are those that Gmail gathered by itself."""

    clock: Callable[[], datetime]
    people: Book = field(default_factory=dict)
    other: Book = field(default_factory=dict)
    changes: int = 0
    generation: int = 0

    def add(self, name: str, *addresses: str, other: bool = False, **more: Any) -> str:
        """Put in a contact and return its name as the API has it; `more` are fields of the API's Person."""
        book, stem = (self.other, "otherContacts") if other else (self.people, "people")
        resource = f"{stem}/c{len(book) + 1}"
        names = [{"displayName": name, "unstructuredName": name}] if name else []
        fields = {"names": names, "emailAddresses": [{"value": address} for address in addresses]}
        self._save(book, resource, {key: value for key, value in fields.items() if value} | more)
        return resource

    def change(self, resource: str, **fields: Any) -> None:
        book = self.other if resource.startswith("other") else self.people
        self._save(book, resource, book[resource][1] | fields)

    def delete(self, resource: str) -> None:
        book = self.other if resource.startswith("other") else self.people
        self._save(book, resource, {"metadata": {"deleted": True}})

    def expire_sync_tokens(self) -> None:
        self.generation += 1

    def _save(self, book: Book, resource: str, person: Mapping[str, Any]) -> None:
        self.changes += 1
        names = {"resourceName": resource, "etag": f"e{self.changes}"}
        book[resource] = (self.changes, dict(person) | names)
