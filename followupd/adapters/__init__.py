"""The doing: one file per provider and port, imported on first use."""

from importlib import import_module
from typing import Any

#: config.toml's word to the class that does it.
CALENDARS = {"ics": "followupd.adapters.ics:IcsCalendar"}
FEED = "followupd.adapters.feeds:Feed"
OUTBOX = "followupd.adapters.smtp:SmtpMailbox"
MAILBOXES = {"maildir": "followupd.adapters.maildir:MaildirMailbox"}


def load(place: str) -> Any:
    """Return the class at "module:name"."""
    module, name = place.split(":")
    return getattr(import_module(module), name)
