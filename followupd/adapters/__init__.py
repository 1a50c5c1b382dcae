"""The doing: one file per provider and port, imported on first use."""

from importlib import import_module
from typing import Any

#: config.toml's word to what makes the one that does it.
CALENDARS = {
    "ics": "followupd.adapters.ics:open_calendar",
    "google": "followupd.adapters.google_calendar:GoogleCalendar",
}
GUESTS = "followupd.adapters.guests:read_guests"
FEED = "followupd.adapters.feeds:Feed"
OUTBOX = "followupd.adapters.smtp:SmtpMailbox"
MAILBOXES = {
    "maildir": "followupd.adapters.maildir:MaildirMailbox",
    "gmail": "followupd.adapters.gmail:GmailMailbox",
}
#: For mailboxes in which what people wrote can be looked at.
LETTERS = {"gmail": "followupd.adapters.gmail_letters:GmailLetters"}
GOOGLE = "followupd.adapters.google_auth:open_account"
WAYS = {
    "log": "followupd.adapters.notices:LogNotices",
    "desktop": "followupd.adapters.notices:DesktopNotices",
    "draft": "followupd.adapters.notices:DraftNotices",
    "webhook": "followupd.adapters.webhooks:Webhook",
    "ping": "followupd.adapters.webhooks:PingSwitch",
}
HOOK = "followupd.adapters.webhooks:Hook"
CONTACTS = "followupd.adapters.google_contacts:GoogleContacts"


def load(place: str) -> Any:
    """Return what stands at "module:name"."""
    module, name = place.split(":")
    return getattr(import_module(module), name)
