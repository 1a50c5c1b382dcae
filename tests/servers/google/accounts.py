"""A person with a Google account: mailbox, contacts and the calendars they see."""

from collections.abc import Callable
from dataclasses import dataclass, field

from servers.google.calendars import Calendar
from servers.google.contacts import Contacts
from servers.google.mail import Mailbox, Message


@dataclass
class Account:
    """One account of the stand-in."""

    address: str
    name: str
    mailbox: Mailbox
    contacts: Contacts
    deliver_to: Callable[[str, bytes], None] = field(repr=False)
    calendars: dict[str, tuple[Calendar, str]] = field(default_factory=dict)
    """What is in the list of calendars, by id, with what the account may do there (accessRole)."""

    @property
    def calendar(self) -> Calendar:
        """The primary calendar."""
        return self.calendars[self.address][0]

    def see(self, calendar: Calendar, role: str = "reader") -> None:
        """Take a calendar into the list of those that are seen."""
        self.calendars[calendar.id] = (calendar, role)

    def deliver(self, message: Message) -> Message:
        """Hand a sent message to whoever has an account here; own copies lie in one's own inbox."""
        for address in message.envelope.addresses():
            if address == self.address:
                message.labels |= {"INBOX", "UNREAD"}
            else:
                self.deliver_to(address, message.raw)
        return message
