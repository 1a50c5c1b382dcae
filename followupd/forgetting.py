"""The end of forgetting a person: once no draft of ours to them lies in the mailbox, the state lets them go."""

from functools import partial

from followupd.model import Person
from followupd.rules.people import person_key
from followupd.store.store import Store


def let_go(store: Store) -> None:
    """Erase whom the owner wants forgotten; who still has a draft in the mailbox waits for the next pass."""
    for person in store.forgetting.waiting():
        if not store.forgetting.is_in_mailbox(person):
            store.forgetting.erase(person, partial(_is_theirs, person))


def _is_theirs(person: Person, address: str) -> bool:
    return person_key(address) == person.key
