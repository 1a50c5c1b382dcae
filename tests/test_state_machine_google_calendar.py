"""The same life of an owner as in test_state_machine.py, with a calendar at Google whose tokens end and whose line breaks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from accounts import keep_sign_in, open_google
from gmail_box import HandClock
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from memory import MemoryCalendar
from servers.google import Answer, Break
from servers.google import Google as StandIn
from test_state_machine import EXAMPLES, STEPS, Life
from week import NOON

from followupd.adapters.google_calendar import GoogleCalendar
from followupd.model import Event, Reading
from followupd.render import Renderer

ADA = "ada@example.com"


class GoogleCalendarBox(MemoryCalendar):
    """A calendar at the stand-in, changed as MemoryCalendar is.

    Out of reach is a line that breaks in one way or the other; after it the program starts anew. Incomplete is what
    Google never is: its sync tokens end instead.
    """

    def __init__(self, google: StandIn, folder: Path) -> None:
        self._google = google
        self._folder = folder
        self._known: dict[str, Event] = {}
        # Every life begins at the same noon, whose minute would soon be used up.
        google.quota.limits["calendar"] = 10**9
        self._calendar = google.add_account(ADA, "Ada Example").calendar
        keep_sign_in(google, folder, ADA)
        self._open()
        super().__init__("work")

    def _open(self) -> None:
        calls = open_google(self._google, self._folder)
        self._source = GoogleCalendar("work", calls, "primary", self._folder / "mirror", "Europe/Berlin")

    @property
    def events(self) -> Sequence[Event]:
        return tuple(self._known.values())

    @events.setter
    def events(self, events: Sequence[Event]) -> None:
        now = {event.occurrence: event for event in events}
        for event in now.values():
            if event != self._known.get(event.occurrence):
                self._put(event)
        for gone in self._known.keys() - now.keys():
            self._put(self._known[gone], cancelled=True)
        self._known = now

    def _put(self, event: Event, *, cancelled: bool = False) -> None:
        event_id = f"event{event.occurrence}"
        if event_id in self._calendar.entries:
            self._calendar.change(event_id, status="confirmed", **{"attendees": None} | _write(event))
        else:
            self._calendar.insert({"id": event_id, "iCalUID": event.uid} | _write(event))
        if cancelled or event.cancelled:
            self._calendar.cancel(event_id)

    def read(self, start: datetime, end: datetime) -> Reading:
        if self.fail is not None:
            befalls = (Break.LOST, Answer(503), Break.HTML)[len(self._google.requests) % 3]
            self._google.faults.order(befalls, "GET", "/events$", times=None)
        if not self.complete:
            self._calendar.expire_sync_tokens()
        try:
            return self._source.read(start, end)
        finally:
            if self.fail is not None:
                self._google.faults.clear()
                self._open()


def _write(event: Event) -> dict[str, Any]:
    guests = [
        {"email": guest.email, "displayName": guest.name, "responseStatus": guest.answer.value}
        for guest in event.attendees
    ]
    times = {"start": {"dateTime": event.start.isoformat()}, "end": {"dateTime": event.end.isoformat()}}
    return {"summary": event.title, **times} | ({"attendees": guests} if guests else {})


class GoogleCalendarLife(Life):
    """Days of one owner whose calendar is at Google."""

    google: StandIn
    clock: HandClock

    def make_calendar(self) -> MemoryCalendar:
        self.clock.read, self.clock.wait = self._read_clock, self._wait
        return GoogleCalendarBox(self.google, self.folder / "google")

    def _read_clock(self) -> datetime:
        return self.world.now if hasattr(self, "world") else NOON

    def _wait(self, by: timedelta) -> None:
        self.world.now += by


@pytest.fixture(scope="module")
def google() -> Iterator[StandIn]:
    with StandIn(HandClock()) as one:
        yield one


def test_nothing_a_life_with_a_calendar_at_google_does_breaks_the_promises(google: StandIn) -> None:
    with Renderer() as renderer:
        live(google, renderer)


def live(google: StandIn, renderer: Renderer) -> None:
    own = {"renderer": renderer, "google": google, "clock": google.clock}
    run_state_machine_as_test(
        type("Life", (GoogleCalendarLife,), own),
        settings=settings(
            max_examples=max(EXAMPLES // 4, 1),
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
