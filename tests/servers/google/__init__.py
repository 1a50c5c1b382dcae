"""Google on loopback: sign-in, Calendar, Gmail and contacts, as google's own documents say they behave.

    with Google() as google:
        ada = google.add_account("ada@example.com", "Ada Example")
        token = google.grant("ada@example.com", GMAIL_COMPOSE)

It knows nothing of the program under test. Time stands still until `google.clock` is set on. A malformed request, an
answer that its schema does not allow, or a part of Google that is not there becomes a line in `google.mistakes`, and
leaving the `with` block fails.
"""

from servers.google.accounts import Account
from servers.google.calendars import Calendar
from servers.google.clock import Clock
from servers.google.contacts import Contacts
from servers.google.faults import BEFORE, Answer, Break
from servers.google.google import Google
from servers.google.oauth import Client
from servers.google.server import Seen

__all__ = [
    "BEFORE",
    "Account",
    "Answer",
    "Break",
    "Calendar",
    "Client",
    "Clock",
    "Contacts",
    "Google",
    "Seen",
]
