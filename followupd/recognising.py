"""Step three, about who is who: what proves that two addresses are one person's joins them; what only suggests it is asked."""

from collections.abc import Callable, Iterable
from datetime import datetime

from followupd.items import OPEN, By, FollowUp, Kind, Plan, Status
from followupd.model import Event, Guest, Person, Reason
from followupd.rules.followups import times_of
from followupd.rules.likeness import imitates
from followupd.rules.people import person_key
from followupd.store.store import Store

#: So many questions of this kind wait at once; the next ones are asked when these are answered.
_MOST_ASKED = 3
_TWO = 2  # words that make a full name

#: An address to the other addresses of the one contact it belongs to.
FindAddresses = Callable[[str], Iterable[str]]


def find_none(_: str) -> Iterable[str]:
    """Tell no other address: the owner's contacts are not known."""
    return ()


class Recognising:
    """Joins two keys on proof, and puts the rest as questions into the queue; what was settled once is left alone."""

    def __init__(self, store: Store, find_addresses: FindAddresses) -> None:
        self._store = store
        self._find_addresses = find_addresses

    def recognise_guests(self, event: Event, guests: Iterable[Guest], mailbox: str, now: datetime) -> None:
        """Look at the second lines of one invitation: one name at one company is proof, one name alone is not."""
        for guest in guests:
            if guest.second_of is None or self._store.kinship.knows(guest.person, guest.second_of):
                continue
            person = self._store.people.save(Person(guest.person, guest.email, guest.name, guest.first_name))
            other = self._store.people.find(guest.second_of)
            if guest.proved:
                self._store.kinship.save(guest.person, guest.second_of, same=True)
            elif other is not None:
                self._ask(event, person, other, mailbox, now)

    def recognise(self, event: Event, person: Person, mailbox: str, now: datetime) -> None:
        """Look for somebody new among those the owner knows: in one contact with them, or of the same full name."""
        if person.email is None:
            return
        for address in self._find_addresses(person.email):
            other = person_key(address)
            if self._store.people.find(other) and not self._store.kinship.knows(person.key, other):
                self._store.kinship.save(person.key, other, same=True)
        if len(person.name.split()) < _TWO:
            return
        known = set(self._store.kinship.keys_of(person.key))
        for other_person in self._store.kinship.find_namesakes(person):
            if other_person.key not in known:
                self._ask(event, person, other_person, mailbox, now)

    def _ask(self, event: Event, person: Person, other: Person, mailbox: str, now: datetime) -> None:
        due, deadline, expires = times_of(event)
        is_known = self._store.kinship.knows(person.key, other.key)
        asked = [item for item in self._store.followups({Status.NEEDS_INFO}) if item.asks_who]
        # Nobody is asked to join somebody with their imitator.
        is_imitated = imitates(person.email or "", other.email or "")
        if is_known or is_imitated or expires <= now or len(asked) >= _MOST_ASKED:
            return
        plan = Plan(
            key=f"same|{'|'.join(sorted((person.key, other.key)))}",
            kind=Kind.QUESTION,
            status=Status.NEEDS_INFO,
            occurrence=event.occurrence,
            reason=Reason.SAME_PERSON,
            why=f"{person.name}: {other.email} and {person.email}",
            due=due,
            deadline=deadline,
            expires=expires,
        )
        question = self._store.add_followup(plan, event.title, mailbox, now)
        if question is not None:
            self._store.kinship.save(person.key, other.key, None, question.id)

    def review(self, question: FollowUp, now: datetime) -> None:
        """End a question that was answered in another way: by `people join` or `part`, or because one was forgotten."""
        if question.status in OPEN and self._store.kinship.asked_by(question.id) is None:
            self._store.move(question, Status.DONE, now, By.DAEMON, "it is settled")
