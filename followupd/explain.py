"""Why this one and not that one: every occurrence and everybody in it, judged at a moment, without state or mailbox."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
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
from followupd.rules.series import Policy, SeriesRule, find_policy

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
    series: Sequence[SeriesRule],
    never: Collection[str],
    at: datetime,
    since: timedelta,
    until: timedelta,
) -> Iterator[Explained | Failed | Skipped]:
    """Judge every occurrence that touches [at - since, at + until], by end; calendars that failed, or parts of them, come last.

    The seven-day rule and that of new faces are played through from the earliest event on, as if every follow-up went
    out at its due time; `never` are the people the owner said never to write to.
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
    story = _Story(at, limits, series, never)
    for event in sorted(events.values(), key=lambda event: (event.end, event.occurrence)):
        yield story.tell(event, judge(event), choose)
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


@dataclass(slots=True)
class _Story:
    """What the events so far leave behind for the next one: whom the owner was in touch with, and whom they met where."""

    at: datetime
    limits: Limits
    series: Sequence[SeriesRule]
    never: Collection[str]
    touched: dict[str, datetime] = field(default_factory=dict)
    faces: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def tell(self, event: Event, judged: tuple[Judgement, tuple[Guest, ...]], choose: Choose) -> Explained:
        """Return one event as judged; call it by the end of the events."""
        judgement, guests = judged
        networking = judgement.verdict is Verdict.YES
        late = self.at > event.end + FOLLOW_UP_WITHIN
        written = [networking and guest.follow_up for guest in guests]
        chosen = tuple(
            choose(event, judgement, guest, late, guest.person in self.touched) if counts else None
            for guest, counts in zip(guests, written, strict=True)
        )
        holds = self._find_holds(event, guests)
        held = tuple(hold if counts else None for hold, counts in zip(holds, written, strict=True))
        for guest, counts, hold in zip(guests, written, held, strict=True):
            if counts:
                self.faces[event.uid].add(guest.person)
            if counts and hold is None:
                self.touched[guest.person] = event.end
        asks = networking and find_policy(self.series, event) is not Policy.NEVER
        debrief = asks and needs_debrief(event, guests, self.limits)
        return Explained(event, state_of(event, self.at), judgement, guests, held, chosen, debrief)

    def _find_holds(self, event: Event, guests: tuple[Guest, ...]) -> list[Reason | None]:
        doubt = doubt_list(event, guests, self.limits)
        policy, met = find_policy(self.series, event), self.faces[event.uid]
        return [
            hold_of_time(event, self.at)
            or hold_of_guest(guest, doubt, self.touched, event.end, self.limits, policy, met, self.never)
            for guest in guests
        ]


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
        "greeting": [{"name": piece.name, "weight": piece.weight} for piece in guest.greeting],
        "person": guest.person,
        "role": "organizer" if guest.organizer else "attendee",
        "follow_up": guest.follow_up,
        "reason": guest.reason,
        "why": guest.why,
        "held": held,
        "template": {"file": chosen.file, "why": chosen.why} if chosen else None,
    }
