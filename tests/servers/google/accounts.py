"""A person with a Google account: mailbox, contacts and the calendars they see."""

from collections.abc import Callable
from dataclasses import dataclass, field

from servers.google.mail import Mailbox, Message


@dataclass
class Account:
    """One account of the stand-in."""

    address: str
    name: str
    mailbox: Mailbox
    deliver_to: Callable[[str, bytes], None] = field(repr=False)

    def deliver(self, message: Message) -> Message:
        """Hand a sent message to whoever has an account here; own copies lie in one's own inbox."""
        for address in message.envelope.addresses():
            if address == self.address:
                message.labels |= {"INBOX", "UNREAD"}
            else:
                self.deliver_to(address, message.raw)
        return message
