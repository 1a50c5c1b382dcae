"""Watches over the daemon: what of its work fails, and since when; what the owner has to be told of it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from followupd.cycle import Report
from followupd.errors import Problem
from followupd.notices import Cause, Notice, Sign, Trouble
from followupd.rules.notices import say_standing, sum_up, warn_of_problems, warn_of_risk, write_notices
from followupd.store.store import Store
from followupd.telling import Telling
from followupd.troubles import Found, Lookout, date_trouble, drop_echoes, name_cause, sort_report

#: No pass takes so long, however many calendars are slow; the watchdog of the units (systemd/) waits a little longer.
HANG_AFTER = timedelta(minutes=12)


#: So many beats may go by without a good pass before the work counts as not done; slow calendars may take the rest.
MISSED_BEATS, SLACK = 3, timedelta(minutes=5)


class Spending(NamedTuple):
    """What an account has asked of one API of Google's since the settings were read."""

    account: str
    api: str
    calls: int
    units: int
    """Of its quota."""


class Ground(NamedTuple):
    """What the watch stands on, from the settings in force."""

    store: Store
    telling: Telling
    lookouts: tuple[Lookout, ...]
    zone: str
    poll: timedelta
    list_spending: Callable[[], list[Spending]] = list


class Health(NamedTuple):
    """How the work goes."""

    good: bool
    why: str
    """What keeps the work from being done, in words; "" where nothing does."""
    last_good: datetime | None


class Watch:
    """Told of every pass, and of what fails beside them; lives as long as the daemon."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        mark_hang: Callable[[], bool] = lambda: True,
        hang_after: timedelta = HANG_AFTER,
    ) -> None:
        """`mark_hang` notes that a hang is told, and says whether it was not told within a day."""
        self._clock = clock
        self._mark_hang = mark_hang
        self._hang_after = hang_after
        self._ground: Ground
        self._standing: dict[Cause, Problem] = {}
        self._hang = threading.Timer(0, lambda: None)
        self._since: dict[tuple[str, str], datetime] = {}
        """Since when what does not work does not; in case the store cannot say."""
        self._trouble = ""
        """The first thing that does not work, in words that name nobody."""
        self._started = clock()
        self._why = "no pass has come to its end yet"
        self._began = time.monotonic()
        self.last_good: datetime | None = None
        """When all that was due was last done (UTC)."""
        self.passes = {"good": 0, "troubled": 0, "failed": 0}
        """Passes since the daemon started: all done, done but for something, not made at all."""
        self.seconds = 0.0
        """What they took together."""

    def stand_on(self, ground: Ground) -> None:
        """Take the store and the ways of new settings."""
        self._ground = ground

    def note(self, cause: Cause, problem: Problem | None) -> None:
        """Take note that something beside the passes fails, or works again (None)."""
        if problem is None:
            self._standing.pop(cause, None)
        else:
            self._standing[cause] = problem

    # --- one pass

    def begin_pass(self) -> None:
        """Say outside that a pass begins, and watch that it ends."""
        self._hang = threading.Timer(self._hang_after.total_seconds(), self.tell_hang, [self._clock()])
        self._hang.daemon = True
        self._hang.start()
        self._began = time.monotonic()
        self._ground.telling.ping(Sign.START)

    def end_pass(self, report: Report | None, problem: Problem | None) -> None:
        """Tell what is to be told after a pass; `problem` is what kept it from being made at all."""
        self._hang.cancel()
        now = self._clock()
        found = [*self._find(report, problem), *self._look_out(now)]
        self._keep_count(report, found, now)
        troubles = self._date(found, now)
        broken = write_notices(troubles, now, self._ground.zone)
        self._trouble = broken[0].title if broken else ""
        self._ground.telling.tell([*self._list_waiting(now), *broken])
        self._ping(broken, good=report is not None and report.is_good)

    def say_standing(self, moment: datetime | None) -> str:
        """Return in a line how things stand, for systemd: what does not work, else what is waited for until `moment`.

        It names nobody, for other users of this computer may read it.
        """
        if self._trouble:
            return self._trouble
        store, now = self._ground.store, self._clock()
        try:
            return say_standing(store.waiting(now), moment, now, self._ground.zone, paused=store.is_paused())
        except Problem:
            return "cannot read what it remembers"

    def tell_hang(self, since: datetime) -> None:
        """Tell, from a thread of its own, that the pass that began then does not end."""
        stuck = Problem(
            "The pass that is under way does not come to its end.",
            "Restart it: systemctl --user restart followupd. If it hangs again, look at its log and please report it.",
        )
        self._why = stuck.what
        if not self._mark_hang():
            return
        trouble = date_trouble(Found(Cause.HANG, "", stuck), since)
        self._ground.telling.tell_without_state(write_notices([trouble], self._clock(), self._ground.zone))

    def find_health(self) -> Health:
        """Say whether work is done, and not merely whether somebody is alive; may be asked from another thread."""
        since = self.last_good or self._started
        good = self._clock() - since <= MISSED_BEATS * self._ground.poll + SLACK
        return Health(good, "" if good else self._why, self.last_good)

    def list_spending(self) -> list[Spending]:
        return self._ground.list_spending()

    def _keep_count(self, report: Report | None, found: list[Found], now: datetime) -> None:
        self.seconds += time.monotonic() - self._began
        good = report is not None and report.is_good
        self.passes["failed" if report is None else "good" if good else "troubled"] += 1
        if good:
            self.last_good = now
        elif found:
            self._why = found[0].problem.what

    def _find(self, report: Report | None, problem: Problem | None) -> Iterator[Found]:
        if problem is not None:
            yield Found(name_cause(problem), "", problem)
        if report is not None:
            yield from sort_report(report)
        yield from (Found(cause, "", one) for cause, one in self._standing.items())
        yield from (Found(Cause.WAY, way, one) for way, one in self._ground.telling.failed.items())

    def _look_out(self, now: datetime) -> list[Found]:
        return [found for lookout in self._ground.lookouts for found in lookout(now)]

    def _date(self, found: list[Found], now: datetime) -> list[Trouble]:
        """Say since when each of them does not work."""
        own = drop_echoes(found)
        since = {(one.cause.value, one.subject): now for one in own}
        try:
            dated = self._ground.store.notices.date_troubles(since, now)
        except Problem:
            dated = {key: self._since.get(key, now) for key in since}
        self._since = dict(dated)
        return [date_trouble(one, dated[one.cause.value, one.subject]) for one in own]

    def _list_waiting(self, now: datetime) -> list[Notice]:
        """Return what waits for the owner, in working hours: their morning begins the day's."""
        timetable = self._ground.telling.find_timetable()
        store, zone = self._ground.store, self._ground.zone
        try:
            items, paused = store.waiting(now), store.is_paused()
        except Problem:
            return []
        morning = sum_up(items, now, zone, paused=paused) if timetable.is_open(now) else None
        risk = warn_of_risk(items, now, timetable.find_reopening(now), zone, paused=paused)
        return [notice for notice in (warn_of_problems(items), risk, morning) if notice is not None]

    def _ping(self, broken: list[Notice], *, good: bool) -> None:
        """Say outside how the pass went; what may still pass by itself is neither good nor worth an alarm."""
        if broken:
            self._ground.telling.ping(Sign.FAIL, broken[0].title)
        elif good:
            self._ground.telling.ping(Sign.OK)
