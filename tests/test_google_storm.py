"""Thirty days at Google as they can be: hours of errors, a day offline, locks, a sign-in that is taken back for three days.

A pass every quarter of an hour; two people met every morning. Each follow-up has to lie in Drafts within 48 hours of its
event whenever Google was there for an hour of them, once, and the account is asked next to nothing while it is not.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from accounts import keep_sign_in
from google_home import ADA, GoogleHome
from servers.google import Answer, Break, Clock, Google

from followupd.adapters.google_pace import LONGEST_REST
from followupd.assemble import build_cycle, build_templates, open_store
from followupd.cycle import Cycle
from followupd.render import Renderer
from followupd.settings import load_settings

START = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
WITHIN = timedelta(hours=48)
DAYS = 30


@dataclass(frozen=True)
class Outage:
    """From when to when nothing works."""

    start: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        return self.start <= now < self.end


def day(number: float) -> datetime:
    return START + DAY * number


ERRORS = Outage(day(4) + 10 * HOUR, day(4) + 16 * HOUR)
OFFLINE = Outage(day(9) + 10 * HOUR, day(10) + 10 * HOUR)
LOCKS = [Outage(day(14 + n) + 11 * HOUR, day(14 + n) + 11 * HOUR + QUARTER) for n in range(3)]
REVOKED = Outage(day(19), day(22))
UNREACHABLE = 19


class Month:
    """The month, quarter by quarter."""

    def __init__(
        self, google: Google, home: GoogleHome, cycle: Cycle, travel: time_machine.Traveller
    ) -> None:
        self.google = google
        self._home = home
        self._cycle = cycle
        self._travel = travel
        self._box = google.accounts[ADA].mailbox
        self.asked: Counter[datetime] = Counter()
        """Requests by the quarter that begins then."""
        self.drafted: dict[str, datetime] = {}
        """When a draft to an address lay there first."""

    def live(self) -> None:
        for number in range(DAYS * 96):
            now = START + number * QUARTER
            self._travel.move_to(now)
            self.google.clock.set(now)
            self._change_weather(now)
            before = len(self.google.requests)
            self._cycle.run_pass()
            self.asked[now] = len(self.google.requests) - before
            for message in self._box.messages.values():
                self.drafted.setdefault(message.envelope.addresses()[0], now)

    def _change_weather(self, now: datetime) -> None:
        if now == ERRORS.start:
            self.google.faults.order(Answer(503), times=None)
        if now == OFFLINE.start:
            self.google.faults.order(Break.CLOSED_BEFORE, times=None)
        if now in {ERRORS.end, OFFLINE.end}:
            self.google.faults.clear()
        for lock in LOCKS:
            if now == lock.start:
                self.google.quota.lock(ADA, lock.end)
        if now == REVOKED.start:
            self.google.sign_in.revoke(ADA)
        if now == REVOKED.end:
            keep_sign_in(self.google, self._home.state / "google", ADA)

    def asked_in(self, outage: Outage) -> int:
        return sum(count for now, count in self.asked.items() if outage.holds(now))


def meet(google: Google) -> None:
    """Put a breakfast with two guests into every morning."""
    calendar = google.add_account(ADA, "Ada Example").calendar
    for number in range(DAYS):
        end = end_of(number)
        guests = [
            {"email": who, "displayName": "Bo Example", "responseStatus": "accepted"}
            for who in guests_of(number)
        ]
        own = {"email": ADA, "responseStatus": "accepted"}
        times = ((end - HOUR).isoformat(), end.isoformat())
        calendar.add(*times, summary="Chamber breakfast", guests=[own, *guests])


def end_of(number: int) -> datetime:
    return day(number) + 10 * HOUR


def guests_of(number: int) -> tuple[str, str]:
    return f"bo@acme{number}.example", f"cy@club{number}.example"


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    with ExitStack() as stack:
        travel = stack.enter_context(time_machine.travel(START, tick=False))
        google = stack.enter_context(Google(Clock(START)))
        meet(google)
        home = GoogleHome(google, tmp_path, "primary")
        settings = load_settings(home.config)
        renderer = stack.enter_context(Renderer())
        store = stack.enter_context(closing(open_store(settings.state)))
        cycle = build_cycle(settings, store, build_templates(settings, renderer))
        yield Month(google, home, cycle, travel)


def probes(outage: Outage) -> float:
    """Return how often an account that rests may look whether Google is back, and the few times before its rests are long."""
    return (outage.end - outage.start) / LONGEST_REST + 5


@pytest.mark.soak
def test_every_follow_up_is_drafted_in_time_and_an_outage_is_left_alone(month: Month) -> None:
    month.live()
    for number in range(DAYS - 1):
        # Nothing worked from before the event of that day until its 48 hours were over.
        within = DAY * 7 if number == UNREACHABLE else WITHIN
        for guest in guests_of(number):
            assert month.drafted[guest] <= end_of(number) + within, guest
    google = month.google
    assert google.count("gmail.users.drafts.create") == 2 * DAYS, "one for each person, and none twice"
    assert month.asked_in(ERRORS) <= probes(ERRORS)
    assert month.asked_in(OFFLINE) <= probes(OFFLINE)
    assert max(month.asked_in(lock) for lock in LOCKS) == 1
    assert month.asked_in(REVOKED) <= 3
    assert google.quota.heaviest_minute(ADA, "gmail") <= 1200
    assert google.quota.heaviest_minute(ADA, "calendar") <= 30
