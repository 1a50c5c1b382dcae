"""What the owner is told without asking, all frozen. Every instant is UTC."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """What a notice is about. Whatever has the same cause at the same time is told in one."""

    WAITING = "waiting"
    AT_RISK = "at-risk"
    PROBLEM = "problem"
    SIGN_IN = "sign-in"
    CALENDAR = "calendar"
    MAILBOX = "mailbox"
    SILENCE = "silence"
    TEMPLATE = "template"
    LOOK_UP = "look-up"
    CLOCK = "clock"
    STATE = "state"
    DISK = "disk"
    BACKUP = "backup"
    PAGE = "page"
    SETTINGS = "settings"
    WAY = "way"
    BUG = "bug"
    WORK = "work"
    HANG = "hang"
    STOP = "stop"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work."""

    cause: Cause
    subject: str
    """Which of its kind: the name of a calendar, an account, a way; "" where there is only one."""
    since: datetime
    what: str
    """What happened, in words; others may have written part of them."""
    todo: str
    passes: bool
    """It may pass by itself."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the owner."""

    cause: Cause
    subjects: tuple[str, ...]
    """What it is about, each to be told once a day: names of calendars, numbers of items."""
    title: str
    """One line of our own words, counts and the names in config.toml: it may leave this computer."""
    details: tuple[str, ...] = ()
    """More lines, of which others may have written a part: for the owner's own screen and mailbox."""
    broken: bool = True
    """Something does not work; else something waits."""


class Sign(StrEnum):
    """What a dead-man's switch is told."""

    START = "start"
    OK = "ok"
    FAIL = "fail"
