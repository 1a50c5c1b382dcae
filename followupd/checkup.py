"""What `doctor` looks at, each thing read once, and what a check tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from followupd.assemble import build_sources
from followupd.errors import ConfigProblem, Problem, SourceProblem
from followupd.home import find_state, read_tables
from followupd.listing import say_time
from followupd.model import Reading
from followupd.settings import Settings, load_settings
from followupd.setup import LOOK_AROUND
from followupd.store.glance import Glance, glance

USUAL_BEAT = timedelta(minutes=5)


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: how it stands, in words, and what to do about it."""

    health: Health
    what: str
    todo: str = ""
    check: str = ""


class Checkup:
    """What is looked at, each thing read once. Reading it raises what is wrong with it."""

    def __init__(self, config_file: Path, now: datetime) -> None:
        self.config_file = config_file
        self.now = now

    @cached_property
    def _settings(self) -> Settings | Problem:
        try:
            return load_settings(self.config_file)
        except Problem as problem:
            return problem

    @property
    def settings(self) -> Settings:
        if isinstance(self._settings, Problem):
            raise self._settings
        return self._settings

    @property
    def state(self) -> Path:
        """The state folder; where the config cannot be read at all, the usual one."""
        try:
            tables = read_tables(self.config_file)
        except ConfigProblem:
            tables = {}
        return find_state(self.config_file, tables)

    @cached_property
    def glance(self) -> Glance | None:
        return glance(self.state)

    @cached_property
    def readings(self) -> Mapping[str, tuple[Reading | SourceProblem, timedelta | None]]:
        """Every calendar by name: what it holds around now, and how far this clock is ahead of its server's."""
        found: dict[str, tuple[Reading | SourceProblem, timedelta | None]] = {}
        for source in build_sources(self.settings):
            try:
                reading = source.read(self.now - LOOK_AROUND, self.now + LOOK_AROUND)
            except SourceProblem as problem:
                found[source.name] = problem, source.drift
            else:
                found[source.name] = reading, source.drift
        return found

    def say_time(self, instant: datetime) -> str:
        """Return an instant as the owner reads it; in UTC where the config names no zone."""
        known = isinstance(self._settings, Settings)
        return say_time(instant, ZoneInfo(self.settings.owner.timezone if known else "UTC"), self.now)

    @property
    def beat(self) -> timedelta:
        return self.settings.poll if isinstance(self._settings, Settings) else USUAL_BEAT
