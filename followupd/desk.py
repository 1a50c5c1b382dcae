"""What an owner may do. Reads and writes the store only; the cycle carries it out; every act wakes the daemon."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from followupd.desk_series import SeriesDesk
from followupd.errors import Changed, Problem
from followupd.items import (
    OPEN,
    SNOOZE_GRACE,
    By,
    FollowUp,
    Kind,
    Offer,
    Plan,
    Status,
    Step,
    Via,
)
from followupd.meeting import take_met
from followupd.met import Met
from followupd.model import TOO_LATE_AFTER, Event, Person, Reason
from followupd.problems import end_doubt, try_again
from followupd.rules.followups import times_of
from followupd.rules.hours import Hours
from followupd.rules.likeness import Faces
from followupd.rules.message import change_text
from followupd.rules.reading import read_message
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store
from followupd.timing import find_timetable

if TYPE_CHECKING:
    from followupd.desk_people import PeopleDesk


class Desk:
    """The owner's acts on one state. Every act raises Problem in words when it cannot be done as things stand."""

    def __init__(self, store: Store, wake: Callable[[], object], via: Via = Via.TERMINAL) -> None:
        store.via = via
        self._store = store
        self._wake = wake

    @cached_property
    def people(self) -> "PeopleDesk":
        """What may be decided about people."""
        from followupd.desk_people import PeopleDesk  # noqa: PLC0415 - names take long to load, and `queue` needs none

        return PeopleDesk(self._store, self._wake)

    @cached_property
    def series(self) -> SeriesDesk:
        """What the owner says of whole series when they are asked about one of their events."""
        return SeriesDesk(self._store, self._wake)

    def list_queue(self, now: datetime, *, everything: bool = False) -> list[FollowUp]:
        """Return what waits for the owner, by deadline; with `everything`, also what snoozes and what has ended.

        What was handed to the owner's own mail program still waits there to be sent, so it stays until it expires.
        """
        if everything:
            return self._store.followups()
        return self._store.waiting(now)

    def find_alike(self, item: FollowUp) -> str | None:
        """Return what to warn of before an item is approved: it looks like somebody the owner knows, without being them."""
        if item.kind is not Kind.DRAFT or item.email is None:
            return None
        return self._faces.find_alike(item.name, item.email, self._kin_of(item.person or ""))

    def _kin_of(self, key: str) -> list[str]:
        """Return every address of whoever has this key."""
        people = map(self._store.people.find, self._store.kinship.keys_of(key))
        return [person.email for person in people if person and person.email]

    @cached_property
    def _faces(self) -> Faces:
        known = self._store.people.list()
        return Faces((person.name, person.email) for person, _ in known if person.email)

    def require_unlike(self, number: int) -> None:
        """Raise Problem for an item that must be decided by itself, because it looks like somebody known."""
        if warning := self.find_alike(self._store.followup(number)):
            raise Problem(
                f"Item {number} is not approved together with others. {warning}",
                f"Look at it first: followupd show {number}",
            )

    def show(self, number: int) -> tuple[FollowUp, list[Step]]:
        """Return one item with its history."""
        return self._store.followup(number), self._store.history(number)

    def approve(
        self,
        number: int,
        now: datetime,
        hold: timedelta,
        seen_hash: str | None = None,
        hours: Hours | None = None,
    ) -> FollowUp:
        """Say yes: to a draft's exact bytes, to a question, or to another try for a problem.

        A draft leaves when `hold` has passed and it is a working hour; without `hours`, whatever the hour. `outcome`
        says when and why, `leaves_at` when. Raises Changed when the text is not what `seen_hash` says.
        """
        item = self._store.followup(number)
        if item.kind is Kind.DEBRIEF:
            raise Problem(
                f"Item {number} asks whom you met.", f"Answer it: followupd met {number} 'Jane Doe, jane@…'"
            )
        if item.asks_where:
            raise Problem(
                f"Item {number} asks which of several events you were at.",
                f"Answer it: followupd attended {number} 1,3 (or none)",
            )
        if item.asks_who:
            return self._done(self._join(item, now))
        if item.kind is Kind.QUESTION:
            return self._done(self._answer_yes(item, now))
        if item.kind is Kind.PROBLEM:
            return self._done(try_again(self._store, item, now, hold))
        _check_approvable(item, seen_hash)
        opening = find_timetable(self._store, hours, item).find_next(now + hold)
        changes = {
            "approved_hash": item.hash,
            "leaves_at": opening.at,
            "any_hour": hours is None,
            "snoozed_until": None,
            "held": None,
        }
        why = f"you approved it; {opening.why}" if opening.why else "you approved it"
        return self._done(self._store.move(item, Status.APPROVED, now, By.OWNER, why, changes))

    def _join(self, item: FollowUp, now: datetime) -> FollowUp:
        with self._store.transaction():
            self._settle_kin(item, same=True)
            return self._store.move(item, Status.DONE, now, By.OWNER, "you said they are one person")

    def _settle_kin(self, item: FollowUp, *, same: bool | None) -> None:
        if pair := self._store.kinship.pair_of(item.id):
            self._store.kinship.save(*pair, same)

    def _answer_yes(self, item: FollowUp, now: datetime) -> FollowUp:
        with self._store.transaction():
            self._store.calendars.save_answer(item.occurrence, networking=True)
            return self._store.move(item, Status.DONE, now, By.OWNER, self.series.hear_yes(item, now))

    def edit(
        self,
        number: int,
        now: datetime,
        subject: str | None = None,
        body: str | None = None,
        seen_hash: str | None = None,
    ) -> FollowUp:
        """Change subject or Markdown body of a waiting draft; the next pass puts it into the mailbox.

        Raises Changed when the text is not what `seen_hash` says: the mail program may have been quicker.
        """
        item = self._store.followup(number)
        if item.raw is None or item.status not in {Status.DRAFTED, Status.APPROVED}:
            raise Problem(f"Item {number} is '{item.status}'; only a waiting draft can be edited.")
        _check_seen(item, seen_hash)
        raw = change_text(item.raw, subject, body)
        if raw == item.raw:
            return item
        changes = {"raw": raw, "subject": read_message(raw).subject, "edited": True}
        if item.status is Status.APPROVED:
            why = "you edited it, so it needs a new yes"
            return self._done(
                self._store.move(item, Status.DRAFTED, now, By.OWNER, why, changes | NO_APPROVAL)
            )
        return self._done(self._store.note_step(item, now, By.OWNER, "you edited it", changes))

    def rewrite(self, number: int, template: str, raw: bytes, now: datetime, seen_hash: str) -> FollowUp:
        """Put another template's message in a waiting draft's place; from then on the text is the owner's.

        Raises Changed as `edit`.
        """
        item = self._store.followup(number)
        if item.status is not Status.DRAFTED:
            raise Problem(f"Item {number} is '{item.status}'; only a waiting draft can be written anew.")
        _check_seen(item, seen_hash)
        changes = {"raw": raw, "subject": read_message(raw).subject, "template": template, "edited": True}
        changes["recipe"] = None  # what it is written from is taken down by the next pass
        why = f"you chose the template {template.removesuffix('.md')}"
        return self._done(self._store.note_step(item, now, By.OWNER, why, changes))

    def add_note(
        self, number: int, now: datetime, note: str | None = None, promise: str | None = None
    ) -> FollowUp:
        """Note what was spoken of or promised, in place of what was there; the history keeps that.

        The next pass writes a draft anew that is still ours; one the owner edited keeps their text.
        """
        item = self._store.followup(number)
        if item.kind is not Kind.DRAFT or item.status not in OPEN - {Status.SENDING}:
            raise Problem(
                f"Item {number} ({item.kind}) is '{item.status}'; a note goes to a follow-up that still waits.",
                "See `followupd queue`.",
            )
        given = {"note": note, "promise": promise}
        changes = {name: words for name, words in given.items() if words is not None}
        before = [f"{name}: {getattr(item, name)}" for name in changes if getattr(item, name)]
        told = f"; before it said {', '.join(before)}" if before else ""
        why = f"you wrote down your {' and '.join(changes)}{told}"
        return self._done(self._store.note_step(item, now, By.OWNER, why, changes))

    def skip(self, number: int, now: datetime) -> FollowUp:
        """Say no. The draft is taken out of the mailbox; `undo` brings it back."""
        item = self._store.followup(number)
        with self._store.transaction():
            if item.reason is Reason.DOUBT:
                return self._done(end_doubt(self._store, item, Status.HANDLED, now))
            self._say_no(item, now)
            return self._done(
                self._store.move(item, Status.SKIPPED, now, By.OWNER, "you skipped it", NO_APPROVAL)
            )

    def _say_no(self, item: FollowUp, now: datetime) -> None:
        if item.asks_where:
            self._store.attendances.settle(item.id, (), now)
        elif item.asks_who:
            self._settle_kin(item, same=False)
        elif item.kind is Kind.QUESTION:
            self._store.calendars.save_answer(item.occurrence, networking=False)

    def snooze(self, number: int, until: datetime, now: datetime) -> FollowUp:
        """Hide an open item until then; one that would have expired meanwhile waits two days longer."""
        item = self._store.followup(number)
        if item.status not in OPEN - {Status.APPROVED, Status.SENDING}:
            raise Problem(f"Item {number} is '{item.status}'; there is nothing to snooze.")
        if until <= now:
            raise Problem(f"{until:%Y-%m-%d %H:%M} UTC is already past.", "Name a time to come, such as 36h.")
        changes = {"snoozed_until": until, "expires": max(item.expires, until + SNOOZE_GRACE)}
        return self._done(self._store.note_step(item, now, By.OWNER, "you snoozed it", changes))

    def undo(self, number: int, now: datetime) -> FollowUp:
        """Take the last decision back: an approval during its hold, a skip, a done, a snooze, or an expiry."""
        item = self._store.followup(number)
        if item.status is Status.APPROVED:
            why = "you took your approval back"
            return self._done(self._store.move(item, Status.DRAFTED, now, By.OWNER, why, NO_APPROVAL))
        if item.status in {Status.SKIPPED, Status.DONE, Status.EXPIRED}:
            return self._done(self._take_up(item, now))
        if item.snoozed_until is not None and item.status in OPEN:
            return self._done(
                self._store.note_step(item, now, By.OWNER, "you woke it", {"snoozed_until": None})
            )
        raise Problem(f"Item {number} is '{item.status}'; there is nothing to take back.", _why_final(item))

    def _take_up(self, item: FollowUp, now: datetime) -> FollowUp:
        with self._store.transaction():
            if item.asks_where:
                self._store.attendances.reopen(item.id)
            elif item.asks_who:
                self._settle_kin(item, same=None)
            elif item.kind is Kind.QUESTION:
                self._store.calendars.save_answer(item.occurrence, networking=None)
                self.series.forget(item)
            self._store.remove_touches(item)
            status = Status.PLANNED if item.kind is Kind.DRAFT and item.email else Status.NEEDS_INFO
            changes = NO_APPROVAL | {"expires": max(item.expires, now + TOO_LATE_AFTER)}
            return self._store.move(item, status, now, By.OWNER, "you took it up again", changes)

    def finish(self, number: int, channel: str, now: datetime) -> FollowUp:
        """Record that the owner followed up another way: by an e-mail of their own, phone, letter, message or in person.

        About a message that may have gone out, "email" says that it did.
        """
        item = self._store.followup(number)
        if item.reason is Reason.DOUBT and channel == "email":
            return self._done(end_doubt(self._store, item, Status.SENT, now))
        if item.kind is not Kind.DRAFT:
            raise Problem(
                f"Item {number} is not a follow-up to a person.", f"Skip it: followupd skip {number}"
            )
        with self._store.transaction():
            done = self._store.move(
                item, Status.DONE, now, By.OWNER, f"you followed up by {channel}", NO_APPROVAL
            )
            self._store.add_touch(done, channel, now)
        return self._done(done)

    def list_asked(self) -> list[FollowUp]:
        """Return the open questions about events of public lists, those included that are not asked yet."""
        return [item for item in self._store.followups({Status.NEEDS_INFO}) if item.asks_where]

    def list_offers(self, number: int) -> tuple[Offer, ...]:
        """Return the events such a question is about; none for any other item."""
        return self._store.attendances.offers(number)

    def attend(self, number: int, places: Collection[int], now: datetime) -> FollowUp:
        """Say which events of a question the owner was at, by their numbers: those count, the others are settled."""
        item = self._store.followup(number)
        offered = {offer.place for offer in self.list_offers(number)}
        if not item.asks_where or item.status is not Status.NEEDS_INFO or not offered.issuperset(places):
            raise Problem(
                f"Item {number} ('{item.status}') cannot be answered so.",
                "See `followupd attended` for what is asked; `followupd undo ID` takes an answer back.",
            )
        why = f"you were at {len(places)} of {len(offered)}" if places else "you were at none of them"
        with self._store.transaction():
            self._store.attendances.settle(number, places, now)
            return self._done(self._store.move(item, Status.DONE, now, By.OWNER, why))

    def take_met(self, number: int, people: Sequence[Met], now: datetime) -> list[FollowUp]:
        """Say whom the owner met at an event; nobody is an answer. Returns the follow-ups that are new.

        Answers a debrief, answers a question (by meeting somebody there or nobody), and completes a follow-up that
        waits for an address.
        """
        taken = take_met(self._store, number, people, now)
        self._wake()
        return list(taken.added)

    def count_in(self, event: Event) -> None:
        """Say that an event was networking although the rules think not; the next pass asks or drafts."""
        self._store.calendars.save_answer(event.occurrence, networking=True)
        self._wake()

    def follow_up(self, event: Event, person: Person, mailbox: str, now: datetime) -> FollowUp:
        """Have somebody written to whom the rules left out. Raises Problem when they were in the queue before."""
        due, deadline, expires = times_of(event)
        plan = Plan(
            key=f"{event.occurrence}|{person.key}",
            kind=Kind.DRAFT,
            status=Status.PLANNED if person.email else Status.NEEDS_INFO,
            occurrence=event.occurrence,
            reason=Reason.OWNER_SAYS,
            why="you asked for it",
            due=due,
            deadline=deadline,
            expires=max(expires, now + SNOOZE_GRACE),
            person=person,
        )
        item = self._store.add_followup(plan, event.title, mailbox, now, by_owner=True)
        if item is None:
            raise Problem(
                f"{person.name or person.email} has an item in the queue for this event.", "See it there."
            )
        return self._done(item)

    def pause(self, *, paused: bool) -> None:
        """Let nothing leave until `resume`; drafting goes on."""
        self._store.pause(paused)
        self._wake()

    def is_paused(self) -> bool:
        return self._store.is_paused()

    def list_people(self) -> list[tuple[Person, datetime | None]]:
        """Return everybody met, with the last touch (UTC)."""
        return self._store.people.list()

    def source_problems(self) -> dict[str, str]:
        """Return the calendars that could not be read last time, and why."""
        return self._store.calendars.source_problems()

    def _done(self, item: FollowUp) -> FollowUp:
        self._wake()
        return item


def _check_approvable(item: FollowUp, seen_hash: str | None) -> None:
    if item.status is not Status.DRAFTED:
        raise Problem(
            f"Item {item.id} is '{item.status}'; only a draft can be approved.",
            "One that is planned is drafted by the next pass: see `followupd run`, `followupd once`.",
        )
    if item.held not in {None, Reason.WROTE}:
        raise Problem(
            f"Item {item.id} is held: {item.held}.",
            f"See `followupd show {item.id}`; skip it, or send it yourself.",
        )
    _check_seen(item, seen_hash)


def _check_seen(item: FollowUp, seen_hash: str | None) -> None:
    if seen_hash is not None and not (len(seen_hash) >= _SHORT_HASH and item.hash.startswith(seen_hash)):
        raise Changed(
            f"Item {item.id} is no longer the text you saw.", f"Read it again: followupd show {item.id}"
        )


#: So many characters of a hash are enough to mean one text.
_SHORT_HASH = 8


def _why_final(item: FollowUp) -> str:
    if item.status is Status.HANDLED:
        return "It is in your mail program's hands now; move it there."
    return "See `followupd show` for what happened."
