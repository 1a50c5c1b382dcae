"""Whom the owner met, into the queue: at an event that asks, from its guest list, or where no calendar has anything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from followupd.errors import Problem
from followupd.items import OPEN, SNOOZE_GRACE, By, FollowUp, Kind, Plan, Status
from followupd.met import Listed, Met
from followupd.model import MEETINGS, Event, Reason
from followupd.rules.followups import times_of
from followupd.store.store import Store

_NEVER = "never to be written to, as you said"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer."""

    added: tuple[FollowUp, ...] = ()
    """New in the queue, or completed by an address that was missing."""
    known: tuple[Met, ...] = ()
    """Those who have a follow-up for this event already."""
    to_pick: tuple[Listed, ...] = ()
    """A list too long to have spoken with everybody on it: nobody of it was added, it waits for the owner's pick."""
    left_out: tuple[Listed, ...] = ()
    """Whom the list says were not there, and whom nobody is to write to."""


@dataclass(frozen=True, slots=True)
class _Occasion:
    """What a follow-up takes over from where the two met."""

    occurrence: str
    event: str
    mailbox: str
    due: datetime
    deadline: datetime
    expires: datetime


def take_met(store: Store, number: int, people: Sequence[Met], now: datetime) -> Taken:
    """Say whom the owner met at an event; nobody is an answer. All of it happens, or nothing.

    Answers a debrief, answers a question (by meeting somebody there or nobody), and completes a follow-up that waits
    for an address. Raises Problem for any other item.
    """
    item = store.followup(number)
    with store.transaction():
        if item.kind is Kind.DRAFT:
            return Taken((_give_address(store, item, people, now),))
        _check_asks_for_people(item)
        taken = _add_all(store, _occasion_of(item), people, now)
        _close_debrief(store, item, len(people), now)
        return taken


def take_list(store: Store, number: int, listed: Sequence[Listed], most: int, now: datetime) -> Taken:
    """Keep a guest list with its event and add everybody on it who is not left out.

    Nobody is added when that would make more than `most` people of one event, or when the list has no addresses:
    then the list waits for the owner's pick.
    """
    with store.transaction():
        item = keep_list(store, number, listed)
        kept = [guest for guest in _numbered(store, item, listed) if not guest.left_out]
        left_out = tuple(guest for guest in _numbered(store, item, listed) if guest.left_out)
        there = {other.person for other in store.followups_of(item.occurrence) if other.kind is Kind.DRAFT}
        new = [guest for guest in kept if guest.met.person.key not in there]
        if new and (len(there) + len(new) > most or any(guest.met.person.email is None for guest in new)):
            _ask_for_pick(store, item, len(new), now)
            return Taken(to_pick=tuple(new), left_out=left_out)
        if not new:
            return Taken(known=tuple(guest.met for guest in kept), left_out=left_out)
        taken = _add_all(store, _occasion_of(item), [guest.met for guest in kept], now)
        _close_debrief(store, item, len(kept), now)
        return replace(taken, left_out=left_out + taken.left_out)


def _ask_for_pick(store: Store, item: FollowUp, count: int, now: datetime) -> None:
    """Have the item ask with whom of the list the owner spoke, until that is said."""
    why = f"{count} guests are on the list; whom did you speak with?"
    if item.status is Status.NEEDS_INFO and item.why != why:
        store.note_step(item, now, By.OWNER, why, {"reason": Reason.CROWD, "why": why})


def keep_list(store: Store, number: int, listed: Sequence[Listed]) -> FollowUp:
    """Keep a guest list with the event of an item that asks for people, and return the item."""
    item = store.followup(number)
    _check_asks_for_people(item)
    store.guest_lists.keep(item.occurrence, listed)
    return item


def _numbered(store: Store, item: FollowUp, listed: Sequence[Listed]) -> list[Listed]:
    """Return the guests of one list as they are kept."""
    keys = {guest.met.person.key for guest in listed}
    return [guest for guest in store.guest_lists.list(item.occurrence) if guest.met.person.key in keys]


def hold_meeting(
    store: Store,
    people: Sequence[Met],
    when: datetime,
    place: str,
    mailbox: str,
    zone: ZoneInfo,
    now: datetime,
) -> Taken:
    """Take people met where no calendar has anything, `when` (UTC); the same day and place are the same meeting."""
    if when > now:
        raise Problem(f"{when.astimezone(zone):%Y-%m-%d %H:%M} is still to come.", "Say when you met them.")
    occurrence = f"{MEETINGS}:{when.astimezone(zone).date()}:{' '.join(place.casefold().split())}"
    title = f"Met: {place}" if place else "Met"
    with store.transaction():
        event = store.calendars.event(occurrence) or Event(
            occurrence, MEETINGS, occurrence, title, when, when
        )
        store.calendars.save_meeting(event)
        occasion = _Occasion(occurrence, title, mailbox, *times_of(event))
        return _add_all(store, occasion, people, now)


def _occasion_of(item: FollowUp) -> _Occasion:
    return _Occasion(item.occurrence, item.event, item.mailbox, item.due, item.deadline, item.expires)


def _check_asks_for_people(item: FollowUp) -> None:
    if item.asks_where:
        raise Problem(
            f"Item {item.id} asks which of several events you were at.",
            f"Answer that first: followupd attended {item.id} 1,3 (or none). Then you are asked whom you met there.",
        )
    if item.asks_who:
        raise Problem(
            f"Item {item.id} asks whether two are one person.",
            f"Answer it: followupd approve {item.id} (one person), or skip {item.id} (two).",
        )
    asks = item.kind in {Kind.DEBRIEF, Kind.QUESTION} and item.status in {Status.NEEDS_INFO, Status.DONE}
    if not asks:
        raise Problem(
            f"Item {item.id} ('{item.status}') does not ask whom you met.", "See `followupd queue`."
        )


def _close_debrief(store: Store, item: FollowUp, count: int, now: datetime) -> None:
    if item.kind is Kind.QUESTION:
        store.calendars.save_answer(item.occurrence, networking=count > 0)
    if item.status is Status.NEEDS_INFO:
        why = f"you named {count}" if count else "you met nobody"
        store.move(item, Status.DONE, now, By.OWNER, why)


def _add_all(store: Store, occasion: _Occasion, people: Sequence[Met], now: datetime) -> Taken:
    added: list[FollowUp] = []
    known: list[Met] = []
    left_out = tuple(Listed(met, _NEVER) for met in people if store.contacts.is_never(met.person.key))
    for met in people:
        if store.contacts.is_never(met.person.key):
            continue
        new = _add_met(store, occasion, met, now)
        if new is None:
            known.append(met)
        else:
            added.append(new)
    return Taken(tuple(added), tuple(known), left_out=left_out)


def _add_met(store: Store, occasion: _Occasion, met: Met, now: datetime) -> FollowUp | None:
    """Add somebody to the queue; None when they are there already, of whom only what is new is kept."""
    known = met.person.email is not None
    for other in store.followups_of(occasion.occurrence):
        if known and other.status is Status.NEEDS_INFO and _is_same_name(other, met):
            return _give_address(store, other, [met], now)
    plan = Plan(
        key=f"{occasion.occurrence}|{met.person.key}",
        kind=Kind.DRAFT,
        status=Status.PLANNED if known else Status.NEEDS_INFO,
        occurrence=occasion.occurrence,
        reason=Reason.OWNER_SAYS if known else Reason.NO_ADDRESS,
        why="you met them there" if known else "no address is known",
        due=occasion.due,
        deadline=occasion.deadline,
        expires=max(occasion.expires, now + SNOOZE_GRACE),
        person=met.person,
    )
    more = {"by_owner": True, "note": met.note, "promise": met.promise}
    added = store.add_followup(plan, occasion.event, occasion.mailbox, now, **more)
    return added or _name_again(store, plan.key, met, now)


def _name_again(store: Store, key: str, met: Met, now: datetime) -> FollowUp | None:
    """Take up again whom the owner had skipped; of anybody else there already keep what is new, and return None."""
    store.people.save(met.person)
    item = store.followup_by_key(key)
    if item is None or item.status not in OPEN | {Status.SKIPPED}:
        return None
    said = {"note": met.note or item.note, "promise": met.promise or item.promise}
    if item.status is Status.SKIPPED:
        status = Status.PLANNED if item.email else Status.NEEDS_INFO
        return store.move(item, status, now, By.OWNER, "you named them again", said)
    if (item.note, item.promise) != (said["note"], said["promise"]):
        store.note_step(item, now, By.OWNER, "you named them again, and said more", said)
    return None


def _is_same_name(item: FollowUp, met: Met) -> bool:
    return item.kind is Kind.DRAFT and item.name.casefold() == met.person.name.casefold() != ""


def _give_address(store: Store, item: FollowUp, people: Sequence[Met], now: datetime) -> FollowUp:
    if item.status is not Status.NEEDS_INFO or len(people) != 1 or people[0].person.email is None:
        raise Problem(f"Item {item.id} ('{item.status}') takes one address, while it waits for one.")
    [met] = people
    key = f"{item.occurrence}|{met.person.key}"
    if store.followup_by_key(key) is not None:
        raise Problem(
            f"{met.person.email} has a follow-up for this event.", f"Skip this one: followupd skip {item.id}"
        )
    person = store.people.save(replace(met.person, name=item.name, first_name=item.first_name))
    changes = {
        "key": key,
        "email": person.email,
        "person": person.key,
        "by_owner": True,
        "reason": Reason.OWNER_SAYS,
        "why": "you gave the address",
        "note": met.note or item.note,
        "promise": met.promise or item.promise,
    }
    return store.move(item, Status.PLANNED, now, By.OWNER, "you gave the address", changes)
