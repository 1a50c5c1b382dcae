"""The contacts of a Google account, by the owner's leave: all of them once, then what changed (People API, people.connections)."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from followupd.adapters.contact_names import Contact, ContactFile, Contacts
from followupd.adapters.google_answers import NotDone
from followupd.adapters.google_auth import CONTACTS
from followupd.adapters.google_transport import Google
from followupd.adapters.occurrence import LONGEST, clean_address, clean_line
from followupd.errors import Problem, SourceProblem

log = logging.getLogger("followupd")

#: A person's name changes seldom, and Google's guide asks to be left alone in between.
_EVERY = timedelta(hours=6)
_MOST_PAGES = 60
_QUERY = {
    "resourceName": "people/me",
    "personFields": "names,emailAddresses,metadata",
    "pageSize": 1000,
    "requestSyncToken": True,
}
_ENDED = "EXPIRED_SYNC_TOKEN"
_LATER = "Names come from the calendar until it can; nothing else waits for it."


class GoogleContacts:
    """The contacts of one account, kept in `file`; without the owner's leave there are none, and nothing is asked."""

    def __init__(self, google: Google, file: Path) -> None:
        self._google = google
        self._file = ContactFile(file)

    def renew(self, now: datetime) -> None:
        """Ask for what changed, every six hours at most. Raises SourceProblem; what was known stays."""
        try:
            if not self._google.access.may(CONTACTS):
                self._file.forget()
                return
        except Problem:
            return  # nobody is signed in: the calendars say so
        held = self._file.read()
        if held and timedelta(0) <= now - held.asked_at < _EVERY:
            return
        try:
            self._file.write(self._ask(held, now))
        except (Problem, OSError) as error:
            raise self._tell(error) from None

    def _ask(self, held: Contacts | None, now: datetime) -> Contacts:
        if held and held.token:
            try:
                people, token = self._list({"syncToken": held.token})
            except NotDone as problem:
                if problem.reason != _ENDED:
                    raise
            else:
                return Contacts(now, token, _apply(held.people, people))
        people, token = self._list({})
        return Contacts(now, token, _apply({}, people))

    def _list(self, query: Mapping[str, str]) -> tuple[list[dict[str, Any]], str]:
        """Return the people of all pages and the token of the last one."""
        people: list[dict[str, Any]] = []
        page = None
        for _ in range(_MOST_PAGES):
            connections = self._google.service("people").people().connections()
            answer = self._google.read(connections.list(pageToken=page, **query, **_QUERY))
            people += _list_usable(answer.get("connections"))
            page = answer.get("nextPageToken")
            if not page:
                return people, _find_token(answer)
        raise SourceProblem("it has more contacts than Google allows", _LATER)

    def _tell(self, error: Problem | OSError) -> SourceProblem:
        why = error.what if isinstance(error, Problem) else f"the disk refused ({error.strerror})"
        return SourceProblem(
            f"The contacts of {self._google.access.who} could not be read: {why.rstrip('.')}.", _LATER
        )


def _find_token(answer: Mapping[str, Any]) -> str:
    """Return the token for the changes; a last page without one is no list, but a gateway's empty answer."""
    token = answer.get("nextSyncToken")
    if isinstance(token, str) and token:
        return token
    raise SourceProblem("the answer is not whole", _LATER)


def _list_usable(people: object) -> Iterable[dict[str, Any]]:
    if isinstance(people, list):
        yield from (
            one for one in people if isinstance(one, dict) and isinstance(one.get("resourceName"), str)
        )


def _apply(known: Mapping[str, Contact], people: Iterable[dict[str, Any]]) -> dict[str, Contact]:
    """Return the contacts after these changes; one that was deleted, or has no name or no address, is none."""
    contacts = dict(known)
    for person in people:
        contacts.pop(person["resourceName"], None)
        contact = _read_contact(person)
        if contact is not None:
            contacts[person["resourceName"]] = contact
    return contacts


def _read_contact(person: Mapping[str, Any]) -> Contact | None:
    if (person.get("metadata") or {}).get("deleted"):
        return None
    names = [
        clean_line(str(one.get("displayName") or ""), LONGEST["name"]) for one in person.get("names") or ()
    ]
    given = [clean_address(str(one.get("value") or "")) for one in person.get("emailAddresses") or ()]
    addresses = tuple(dict.fromkeys(address for address in given if address))
    # The first is the one the owner's contacts show (People API, Person.names).
    return (names[0], addresses) if names and names[0] and addresses else None
