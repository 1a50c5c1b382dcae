"""Zones, their changes of summer time, and a daemon whose hours pass in no time."""

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine
from week import World

from followupd.cycle import Report
from followupd.daemon import Daemon, Parts
from followupd.ports import Notifier, Switch
from followupd.telling import Telling
from followupd.troubles import Lookout
from followupd.watching import Ground, Watch

#: Zones that change their clocks: by an hour, by half (Lord Howe) or two (Troll), on any day, at midnight, in the south.
ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/Los_Angeles", "America/New_York", "America/Nuuk",
    "America/Santiago", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Jerusalem", "Atlantic/Azores",
    "Australia/Adelaide", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Easter",
)  # fmt: skip
YEARS = (2027, 2028, 2029)


def find_changes(zone: str, year: int) -> list[datetime]:
    """Return the instants (UTC, to the quarter of an hour) of a year at which a zone's clocks are changed."""
    clock, quarter = ZoneInfo(zone), timedelta(minutes=15)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(365 * 24)]
    found = []
    for before, after in itertools.pairwise(hours):
        if before.astimezone(clock).utcoffset() != after.astimezone(clock).utcoffset():
            quarters = (before + quarter * number for number in range(1, 5))
            found.append(
                next(
                    moment
                    for moment in quarters
                    if moment.astimezone(clock).utcoffset() == after.astimezone(clock).utcoffset()
                )
            )
    return found


@dataclass
class Beats:
    """A cycle that notes when it was asked for a pass, in seconds that nobody can set."""

    world: World
    monotonic: Callable[[], float]
    seen: list[float] = field(default_factory=list)

    def run_pass(self) -> Report:
        self.seen.append(self.monotonic())
        self.world.now = datetime.now(UTC)
        return self.world.cycle.run_pass()


class Journey:
    """A daemon over a world, on a clock that can be set, asleep or awake; nobody waits for it."""

    def __init__(
        self,
        world: World,
        start: datetime,
        poll: timedelta,
        ways: Sequence[Notifier] = (),
        switch: Switch | None = None,
        lookouts: tuple[Lookout, ...] = (),
    ) -> None:
        self.world = world
        self.ways, self.switch, self.lookouts = ways, switch, lookouts
        self.watch = Watch(lambda: datetime.now(UTC))
        self.elapsed = 0.0
        self.poll = poll
        self._start = start
        self._plans: list[tuple[float, int, Callable[[], object]]] = []
        self.beats = Beats(world, lambda: self.elapsed)

    def at(self, after: timedelta, act: Callable[[], object]) -> None:
        """Have something happen so long after the start, while the machine is awake."""
        heapq.heappush(self._plans, (after.total_seconds(), len(self._plans), act))

    def jump(self, by: timedelta) -> None:
        """Set the clock, or have the machine sleep: the wall clock runs on and nothing else."""
        self.clock.shift(by)

    def travel(self, length: timedelta) -> None:
        """Run the daemon for so long."""
        with time_machine.travel(self._start.timestamp(), tick=False) as self.clock:
            parts = self.build_parts()
            daemon = self.daemon = Daemon(
                self.world.folder / "state", parts, self.rebuild, self.watch, lambda: self.elapsed
            )
            self.at(length, daemon.stop)
            daemon.beat_on(self)

    def build_ground(self) -> Ground:
        store, hours = self.world.store, self.world.hours
        telling = Telling(store, self.ways, self.switch, hours, lambda: datetime.now(UTC))
        return Ground(store, telling, self.lookouts, hours.zone, self.poll)

    def build_parts(self) -> Parts:
        ground = self.build_ground()
        return Parts(self.beats, self.world.store, self.poll, ground)  # type: ignore[arg-type]  # the cycle, with its beats noted

    def rebuild(self) -> Parts:
        """Do what SIGHUP has done; a test may put something else here."""
        return self.build_parts()

    def wait(self, seconds: float) -> bool:
        """Let the time pass that the daemon means to sleep, or less when something happens."""
        due, _, act = self._plans[0]
        slept = min(max(seconds, 0.001), max(due - self.elapsed, 0.0))
        self.elapsed += slept
        self.clock.shift(slept)
        if self.elapsed >= due:
            heapq.heappop(self._plans)
            act()
        return False

    def silences(self) -> Iterator[float]:
        """Yield the seconds between one beat and the next."""
        for one, other in zip(self.beats.seen, self.beats.seen[1:], strict=False):
            yield other - one
