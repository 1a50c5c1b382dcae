"""What config.toml says, frozen, with paths resolved; this room stays light."""

import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from followupd.errors import Problem
from followupd.model import Owner
from followupd.network import MailServer, Network
from followupd.rules.choosing import Choice
from followupd.rules.followups import Limits
from followupd.rules.hours import Hours
from followupd.rules.series import SeriesRule


@dataclass(frozen=True, slots=True)
class AccountSettings:
    name: str
    type: str
    client: Path
    """The JSON file of the owner's own client, needed for signing in only."""


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    name: str
    type: str
    path: Path | None
    """A file or a folder; None for a feed and for a calendar at Google."""
    listed: bool
    mailbox: str
    url: str | None = field(default=None, repr=False)
    """The address of a feed, a secret; None for files."""
    allow_private: bool = False
    """The feed may lie in the owner's own network."""
    account: str | None = None
    id: str = ""
    """Google's id of the calendar; "primary" is the account's own."""


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    name: str
    type: str
    path: Path | None
    """None at Gmail."""
    account: str | None = None
    server: MailServer | None = None
    """The mail server that sends what is approved, where the drafts lie in a Maildir."""
    signature: bool = True
    """Gmail's own signature stands below the drafts, where it may be read."""

    @property
    def sends_by(self) -> str:
        """Return by what an approved message leaves, in a word; "" when the owner's own mail program sends it."""
        if self.account is not None:
            return "Gmail"
        return self.server.host if self.server else ""


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """The ways by which the owner is told something."""

    log: bool = True
    desktop: bool = True
    draft: bool = False
    webhook: str = field(default="", repr=False)
    """A secret address; "" for none."""
    webhook_body: str = "json"
    """Or "text"."""
    ping: str = field(default="", repr=False)
    """The secret address of a dead-man's switch; "" for none."""
    allow_private: bool = False
    """Both may lie in the owner's own network."""


@dataclass(frozen=True, slots=True)
class PageSettings:
    port: int
    """0: no page."""
    trusted_host: str
    """A name besides this computer's own under which the page answers; "" for none."""


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
    hours: Hours
    holidays: Path | None
    """An .ics file or a folder of them with the owner's days off."""
    poll: timedelta
    series: tuple[SeriesRule, ...]
    choices: tuple[Choice, ...]
    network: Network
    page: PageSettings
    accounts: tuple[AccountSettings, ...] = ()
    notices: NoticeSettings = NoticeSettings()
    google_root: str | None = None
    """What stands for Google's own host, with a slash at its end; None for Google."""

    def hours_of(self, mailbox: str) -> Hours | None:
        """Return the working hours that messages from this mailbox keep; None where it sends nothing itself."""
        return self.hours if self.sends_by(mailbox) else None

    def sends_by(self, mailbox: str) -> str:
        """Return by what messages from this mailbox leave; "" where it sends nothing itself."""
        return next((box.sends_by for box in self.mailboxes if box.name == mailbox), "")


def load_settings(file: Path) -> Settings:
    """Have config.py read and check config.toml, in a process of its own that ends with it.

    What config.py needs for that takes more memory than all the rest of the daemon. Raises ConfigProblem that names every
    mistake. The settings come back through a pipe that nobody else holds an end of, so no secret in them is seen elsewhere.
    """
    # In a session of its own, so that Ctrl-C is this process's to answer; -I keeps this folder and PYTHON* out.
    command = [sys.executable, "-I", "-m", "followupd.config", str(file)]
    try:
        child = subprocess.run(command, stdout=subprocess.PIPE, start_new_session=True, check=True)  # noqa: S603 - our own interpreter and module
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(
            f"The process that reads {file} did not start, or not end well: {error}.",
            "If memory is short, free some; else please report this.",
        ) from error
    answer: Settings | Problem = pickle.loads(child.stdout)  # noqa: S301 - written by config.py, through our own pipe
    if isinstance(answer, Problem):
        raise answer
    return answer
