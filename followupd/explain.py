"""Why this one and not that one: every occurrence and everybody in it, judged at a moment, without state or mailbox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from followupd.durations import write_utc
from followupd.errors import SourceProblem
from followupd.model import (
    FOLLOW_UP_WITHIN,
    Event,
    EventState,
    Guest,
    Judge,
    Judgement,
    Reading,
    Reason,
    Skipped,
    Verdict,
)
from followupd.ports import CalendarSource
from followupd.rules.choosing import Chosen
from followupd.rules.events import state_of
from followupd.rules.followups import Limits, doubt_list, hold_of_guest, hold_of_time, needs_debrief

#: Rule 4's choice for a guest, who is late or not and known or not: to the template and why.
Choose = Callable[[Event, Judgement, Guest, bool, bool], Chosen]


@dataclass(frozen=True, slots=True)
class Explained:
    """One occurrence as judged at a moment; `held` and `chosen` are parallel to `guests`."""

    event: Event
    state: EventState
    judgement: Judgement
    guests: tuple[Guest, ...]
    held: tuple[Reason | None, ...]
    chosen: tuple[Chosen | None, ...]
    """None for whoever gets no follow-up. Promises and touches are not known here."""
    debrief: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A calendar that could not be read, or parts of it."""

    source: str
    problem: SourceProblem
    partly: bool = False
    """True when other parts of it were read."""


def explain(
    sources: Sequence[CalendarSource],
    judge: Judge,
    choose: Choose,
    limits: Limits,
    at: datetime,
    since: timedelta,
    until: timedelta,
) -> Iterator[Explained | Failed | Skipped]:
    """Judge every occurrence that touches [at - since, at + until], by end; calendars that failed, or parts of them, come last.

    The seven-day rule is played through from the earliest event on, as if every follow-up went out at its due time.
    """
    events: dict[str, Event] = {}
    failed: list[Failed | Skipped] = []
    for source in sources:
        try:
            reading = source.read(at - since, at + until)
        except SourceProblem as problem:
            failed.append(Failed(source.name, problem))
        else:
            failed += (
                reading.skipped if reading.complete else [_tell_parts(source.name, reading), *reading.skipped]
            )
            _merge(events, reading.events)
    touched: dict[str, datetime] = {}
    for event in sorted(events.values(), key=lambda event: (event.end, event.occurrence)):
        yield _explain_one(event, judge(event), choose, at, limits, touched)
    yield from failed


def _tell_parts(name: str, reading: Reading) -> Failed:
    what = "; ".join(f"{skipped.where}: {skipped.why}" for skipped in reading.skipped)
    return Failed(
        name, SourceProblem(f"Parts of the calendar “{name}” could not be read: {what}."), partly=True
    )


def _merge(events: dict[str, Event], more: Sequence[Event]) -> None:
    """Keep the owner's own copy of an event that is also on a public list."""
    for event in more:
        known = events.get(event.occurrence)
        if known is None or (known.listed and not event.listed):
            events[event.occurrence] = event


def _explain_one(
    event: Event,
    judged: tuple[Judgement, tuple[Guest, ...]],
    choose: Choose,
    at: datetime,
    limits: Limits,
    touched: dict[str, datetime],
) -> Explained:
    judgement, guests = judged
    networking = judgement.verdict is Verdict.YES
    doubt = doubt_list(event, guests, limits)
    held: list[Reason | None] = []
    late = at > event.end + FOLLOW_UP_WITHIN
    chosen = tuple(
        choose(event, judgement, guest, late, guest.person in touched)
        if networking and guest.follow_up
        else None
        for guest in guests
    )
    for guest in guests:
        reason = None
        if networking and guest.follow_up:
            reason = hold_of_time(event, at) or hold_of_guest(guest, doubt, touched, event.end, limits)
            if reason is None:
                touched[guest.person] = event.end
        held.append(reason)
    debrief = networking and needs_debrief(event, guests, limits)
    return Explained(event, state_of(event, at), judgement, guests, tuple(held), chosen, debrief)


def to_json(explained: Explained) -> dict[str, Any]:
    """Return the object `explain --json` prints for one occurrence (docs/operating.md, "Interfaces")."""
    event, judgement = explained.event, explained.judgement
    return {
        "occurrence": event.occurrence,
        "calendar": event.calendar,
        "uid": event.uid,
        "title": event.title,
        "start": write_utc(event.start),
        "end": write_utc(event.end),
        "state": explained.state,
        "verdict": judgement.verdict,
        "networking": judgement.verdict is Verdict.YES,
        "reason": judgement.reason,
        "why": judgement.why,
        "evidence": [{"name": piece.name, "weight": piece.weight} for piece in judgement.evidence],
        "debrief": explained.debrief,
        "people": [
            _guest_to_json(guest, held, chosen)
            for guest, held, chosen in zip(explained.guests, explained.held, explained.chosen, strict=True)
        ],
    }


def _guest_to_json(guest: Guest, held: Reason | None, chosen: Chosen | None) -> dict[str, Any]:
    return {
        "email": guest.email,
        "name": guest.name,
        "first_name": guest.first_name,
        "person": guest.person,
        "role": "organizer" if guest.organizer else "attendee",
        "follow_up": guest.follow_up,
        "reason": guest.reason,
        "why": guest.why,
        "held": held,
        "template": {"file": chosen.file, "why": chosen.why} if chosen else None,
    }
