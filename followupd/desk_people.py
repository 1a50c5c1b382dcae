"""What an owner may decide about a person: never to be written to, and where they live. Reads and writes the store only."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from followupd.errors import Problem
from followupd.items import OPEN, By, Status
from followupd.model import Event, Person
from followupd.rules.debrief import read_address
from followupd.rules.people import person_key
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store


class PeopleDesk:
    """The owner's acts on people. Each takes an address, or a name that one person has."""

    def __init__(self, store: Store, wake: Callable[[], object]) -> None:
        self._store = store
        self._wake = wake

    def find(self, who: str) -> Person:
        """Return one person. Raises Problem when nobody, or more than one, is called so."""
        if "@" in who:
            known = self._store.people.find(person_key(read_address(who)))
            found = [known] if known else []
        else:
            found = self._store.contacts.find_by_name(who)
        if len(found) != 1:
            count = f"{len(found)} people are called" if found else "You met nobody called"
            raise Problem(f"{count} '{who}'.", "Name them by their address: see `followupd people`.")
        return found[0]

    def join(self, one: str, other: str) -> tuple[Person, Person]:
        """Say that two are one person: what was between them counts for both from now on. `part` takes it back."""
        pair = self.find(one), self.find(other)
        if pair[0].key == pair[1].key:
            raise Problem(
                f"'{one}' and '{other}' are one address of one person already.",
                "Name two: see `followupd people`.",
            )
        self._store.kinship.save(pair[0].key, pair[1].key, same=True)
        self._wake()
        return pair

    def part(self, who: str) -> tuple[Person, list[Person]]:
        """Say that somebody is none of those they were joined with, and keep it; returns them and those others."""
        person = self.find(who)
        others = self.find_kin(person)
        if not others:
            raise Problem(f"{person.name or who} is joined with nobody.", "See `followupd people`.")
        with self._store.transaction():
            for other in others:
                self._store.kinship.save(person.key, other.key, same=False)
        self._wake()
        return person, others

    def find_kin(self, person: Person) -> list[Person]:
        """Return the other entries of a person, one for each of their other addresses."""
        found = map(self._store.people.find, self._store.kinship.keys_of(person.key))
        return [other for other in found if other and other.key != person.key]

    def find_written(self, person: Person) -> str:
        """Return a person's name as the latest invitation wrote it; as the state has it where no calendar names them."""
        events = sorted(self._store.calendars.known_events(), key=lambda event: event.end, reverse=True)
        written = (
            guest.name
            for event in events
            for guest in event.attendees
            if guest.email and guest.name and person_key(guest.email) == person.key
        )
        return next(written, person.name)

    def never_write(self, who: str, now: datetime) -> Person:
        """Keep for ever that this person is never to be written to; what is open for them is withdrawn by the next pass.

        An address nobody was met under yet is kept as well.
        """
        person = self._take_address(who) if "@" in who else self.find(who)
        self._store.contacts.save_never(person.key, now)
        self._wake()
        return person

    def write_again(self, who: str) -> Person:
        """Take `never_write` back; what was withdrawn for it is taken up again where seven days have not passed."""
        person = self.find(who)
        self._store.contacts.save_never(person.key, None)
        self._wake()
        return person

    def set_zone(self, who: str, zone: str | None) -> Person:
        """Keep where this person lives, so that their working hours count too; None: where the owner does."""
        person = self.find(who)
        self._store.contacts.save_zone(person.key, zone)
        self._wake()
        return person

    def forget(self, who: str, now: datetime) -> tuple[Person, int]:
        """Have a person forgotten, under every address they are known by: the next pass takes what is still ours out of the mailbox, then the state lets them go.

        Returns the person, and how many drafts are taken out. Raises Problem while one of them is on its way.
        """
        person = self.find(who)
        whole = [person, *self.find_kin(person)]
        items = {item.id: item for one in whole for item in self._store.forgetting.items_of(one)}
        items = {number: item for number, item in items.items() if item.status in OPEN}
        if any(item.status is Status.SENDING for item in items.values()):
            raise Problem(
                f"A follow-up to {person.name or who} is on its way.",
                "Try again when it has left: `followupd queue`.",
            )
        with self._store.transaction():
            for item in items.values():
                self._store.move(item, Status.SKIPPED, now, By.OWNER, "you had them forgotten", NO_APPROVAL)
            for one in whole:
                self._store.forgetting.begin(one)
        self._wake()
        return person, sum(item.draft_id is not None for item in items.values())

    def list_calendars_naming(self, person: Person) -> dict[str, int]:
        """Return the calendars in which a person still stands, with the number of events: what they show is read again."""
        events = self._store.calendars.known_events()
        return Counter(event.calendar for event in events if _names(event, person))

    def _take_address(self, who: str) -> Person:
        address = read_address(who)
        person = Person(person_key(address), address, "", None)
        self._store.people.save(person)
        return person


def _names(event: Event, person: Person) -> bool:
    return any(guest.email and person_key(guest.email) == person.key for guest in event.attendees)
