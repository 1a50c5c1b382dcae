"""What config.toml says, frozen, with paths resolved. Read by config.py; this room stays light."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from followupd.model import Owner
from followupd.network import Network
from followupd.rules.choosing import Choice
from followupd.rules.followups import Limits


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    name: str
    type: str
    path: Path | None
    """A file or a folder; None for a feed."""
    listed: bool
    mailbox: str
    url: str | None = field(default=None, repr=False)
    """The address of a feed, a secret; None for files."""
    allow_private: bool = False
    """The feed may lie in the owner's own network."""


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    name: str
    type: str
    path: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything config.toml says, with paths resolved; see config.example.toml for each option's sentence."""

    file: Path
    state: Path
    templates: Path
    owner: Owner
    calendars: tuple[CalendarSettings, ...]
    mailboxes: tuple[MailboxSettings, ...]
    limits: Limits
    poll: timedelta
    choices: tuple[Choice, ...]
    network: Network
