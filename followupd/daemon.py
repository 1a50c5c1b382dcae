"""The heartbeat: passes by `schedule`, early ones when something comes due or the owner decides, signals, clock jumps."""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Protocol

import schedule

from followupd.cycle import Cycle, Report
from followupd.errors import AlreadyRunning, Bug, Problem, StateUnusable, name_bug
from followupd.notices import Cause
from followupd.signals import listen_for_signals
from followupd.store.backups import back_up_daily
from followupd.store.store import Store
from followupd.systemd import Watchdog, tell_systemd
from followupd.waking import Bell
from followupd.watching import Ground, Watch

log = logging.getLogger("followupd")

#: A wall clock that runs away from the monotonic one by more than this was set, or the machine slept.
JUMP = timedelta(seconds=60)
#: A pass that could not be made at all is tried again this soon, not at the next beat.
RETRY = timedelta(seconds=30)
_DAY = timedelta(days=1)
#: How often it is asked whether a day has passed since the last backup and check: a machine that sleeps every night is
#: never awake for a day.
_DAILY_LOOK = timedelta(hours=1)


class Parts(NamedTuple):
    """What the settings make of a daemon."""

    cycle: Cycle
    store: Store
    poll: timedelta
    """Between two beats."""
    ground: Ground
    """What the watch stands on."""


class Waiter(Protocol):
    """What the daemon sleeps on."""

    def wait(self, seconds: float) -> bool:
        """Return when somebody rang (True), a signal came, or so many seconds are over."""
        ...


class Daemon:
    """Runs the cycle for years. Must hold the state's lock (lock.py) while it runs."""

    def __init__(
        self,
        folder: Path,
        parts: Parts,
        rebuild: Callable[[], Parts],
        watch: Watch,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`rebuild` reads the settings afresh; it raises Problem where they cannot be used.

        `monotonic` counts seconds that nobody can set.
        """
        self._folder = folder
        self._monotonic = monotonic
        self._rebuild = rebuild
        self._watch = watch
        self._take(parts)
        self._heart = schedule.Scheduler()
        self._stopping = False
        self._reloading = False
        self._told: frozenset[str] = frozenset()
        self._looked = datetime.min.replace(tzinfo=UTC)
        self._failed = False
        self._watchdog = Watchdog()
        self._checked = datetime.now(UTC)  # whoever opened the store did
        self._offset = self._measure_offset()

    def _take(self, parts: Parts) -> None:
        self._cycle, self._store, self._poll, ground = parts
        self._watch.stand_on(ground)

    def run(self) -> None:
        """Beat until SIGTERM or SIGINT; SIGHUP reads config and templates again.

        Raises StateUnusable when the state is damaged, AlreadyRunning when another daemon took it over.
        """
        use_utc()
        with (
            closing(listen_for_signals(self.take_signal)) as signals,
            closing(Bell(self._folder, signals)) as bell,
        ):
            log.info("started; looking every %s", self._poll)
            tell_systemd("READY=1")
            self.beat_on(bell)
        self._store.close()
        log.info("stopped")

    def beat_on(self, bell: Waiter) -> None:
        """Beat until `stop`, sleeping on the bell."""
        self._set_beats()
        self._beat()
        self._back_up()
        while not self._stopping:
            self._wait(bell)
            if self._reloading:
                self._reload()

    def stop(self) -> None:
        """End after what is under way."""
        self._stopping = True

    def take_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """Read settings again after what is under way (SIGHUP), or end after it."""
        if number == signal.SIGHUP:
            self._reloading = True
        else:
            self.stop()
            self._cycle.stop()

    def _set_beats(self) -> None:
        """Start the beats anew from this moment; `schedule` counts in wall-clock time."""
        self._offset = self._measure_offset()
        self._heart.clear()
        self._heart.every(int(self._poll.total_seconds())).seconds.do(self._beat)
        self._heart.every(int(_DAILY_LOOK.total_seconds())).seconds.do(self._attempt, self._check_daily)
        self._heart.every(int(_DAILY_LOOK.total_seconds())).seconds.do(self._back_up)

    def _wait(self, bell: Waiter) -> None:
        """Sleep until there is a reason to look: a beat, a moment that is due, a ring, a clock that jumped."""
        self._watchdog.feed()
        rang = bell.wait(self._seconds_to_look())
        if self._stopping:
            return
        if self._has_jumped():
            log.warning("the clock jumped by %d seconds; looking now", self._drift())
            self._set_beats()
            self._beat()
        elif rang or self._is_due():
            self._beat()
        self._heart.run_pending()

    def _seconds_to_look(self) -> float:
        if self._has_jumped():
            return 0.0
        moment = self._next_moment()
        to_moment = (moment - datetime.now(UTC)).total_seconds() if moment else JUMP.total_seconds()
        # Never longer than the jump we promise to notice.
        return min(self._heart.idle_seconds or 0.0, to_moment, JUMP.total_seconds(), self._watchdog.seconds)

    def _is_due(self) -> bool:
        moment = self._next_moment()
        return moment is not None and moment <= datetime.now(UTC)

    def _next_moment(self) -> datetime | None:
        """Return what comes due after the last look began, so that nothing due during a pass is missed."""
        if self._failed:
            return self._looked + RETRY
        try:
            return self._store.next_moment(self._looked)
        except Problem:
            return None  # the beat meets it again and says it

    def _has_jumped(self) -> bool:
        return abs(self._drift()) > JUMP.total_seconds()

    def _drift(self) -> float:
        """Return by how many seconds the wall clock ran away from the monotonic one since the beats were set."""
        return self._measure_offset() - self._offset

    def _measure_offset(self) -> float:
        return time.time() - self._monotonic()

    def _beat(self) -> None:
        self._looked = datetime.now(UTC)
        self._report: Report | None = None
        self._attempt(self._watch.begin_pass)
        problem = self._attempt(self._pass)
        self._attempt(lambda: self._watch.end_pass(self._report, problem))
        self._failed = problem is not None and not isinstance(problem, Bug)
        self._watchdog.note_pass(well=problem is None)
        self._attempt(self._say_standing)

    def _say_standing(self) -> None:
        tell_systemd(f"STATUS={self._watch.say_standing(self._next_moment())}")

    def _check_daily(self) -> None:
        """Look at every page of the state once in a day of the wall clock, wherever that was set to meanwhile."""
        now = datetime.now(UTC)
        if abs(now - self._checked) >= _DAY:
            self._store.check()
            self._checked = now

    def _back_up(self) -> None:
        problem = self._attempt(lambda: back_up_daily(self._folder, datetime.now(UTC)))
        self._watch.note(Cause.BACKUP, problem)

    def _pass(self) -> None:
        self._report = self._cycle.run_pass()
        self._tell(self._report.say())

    def _tell(self, lines: Sequence[str]) -> None:
        """Say what is new; the same trouble is not told at every beat."""
        for line in lines:
            if line not in self._told:
                log.warning("%s", line)
        self._told = frozenset(lines)

    def _attempt(self, job: Callable[[], object]) -> Problem | None:
        """Run one job and return what kept it from being done; that is told, and stops no other job."""
        try:
            job()
        except (StateUnusable, AlreadyRunning):
            raise
        except Problem as problem:
            self._tell([problem.in_one_line()])
            return problem
        except Exception as error:
            log.exception("a bug in followupd; the next beat tries again")
            return name_bug("a pass", error)
        return None

    def _reload(self) -> None:
        """Take new settings; the running ones stay when the new ones have a mistake."""
        self._reloading = False
        try:
            parts = self._rebuild()
        except Problem as problem:
            log.error("the running settings stay: %s", problem.in_one_line())
            self._watch.note(Cause.SETTINGS, problem)
            self._beat()
            return
        self._watch.note(Cause.SETTINGS, None)
        self._store.close()
        self._take(parts)
        self._set_beats()
        log.info("settings read again")
        self._beat()


def use_utc() -> None:
    """Make local time UTC in this process, so that `schedule` never meets a change of summer time."""
    os.environ["TZ"] = "UTC"
    time.tzset()
