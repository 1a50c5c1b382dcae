"""Messages, and the drafts they become in a mailbox, all frozen. Every instant is UTC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, before it becomes bytes."""

    sender_name: str
    sender_email: str
    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    language: str = "en"
    in_reply_to: str = ""
    """Message-ID of the letter it answers; "" for one that begins a conversation."""
    references: tuple[str, ...] = ()
    """Message-IDs of that conversation, the oldest first (RFC 5322, 3.6.4)."""


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The letter that a message answers."""

    subject: str
    """Of the conversation, without its "Re:"."""
    message_id: str
    references: tuple[str, ...]
    """What the answer names, the letter itself last."""


def fingerprint(raw: bytes) -> str:
    """SHA-256 of a message's bytes in hex: what an approval is bound to."""
    return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the mailbox returned it, byte for byte."""

    id: str
    raw: bytes
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", fingerprint(self.raw))


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a message is from and everybody it goes to, as one reader sees it."""

    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    """Everybody in To, Cc and Bcc alike."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a draft that has to be found again; trusted in this order."""

    draft_id: str | None
    message_id: str
    to: str
    subject: str
    since: datetime


class Place(StrEnum):
    """Where in the mailbox a message was found."""

    DRAFTS = "drafts"
    READY = "ready"
    SENDING = "sending"
    """On its way to a server that has not said yes or no: it may have left."""
    SENT = "sent"
    TRASH = "trash"
    GONE = "gone"
    """No longer in Drafts: sent or deleted, and we may not look which."""
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into the mailbox found for one trace."""

    place: Place
    drafts: tuple[Draft, ...] = ()
    """All drafts that match, when `place` is DRAFTS (two or more mean: stop and ask) or SENDING."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that was exchanged with somebody, by its header alone: what it says is never read.

    Strangers wrote every text in it.
    """

    at: datetime
    """When the mailbox took it in, or sent it."""
    sent: bool
    """It lies in the owner's Sent."""
    sender: str
    """Lower case; "" where it names none, or several."""
    recipients: frozenset[str]
    """Everybody in To, Cc and Bcc, lower case."""
    subject: str
    message_id: str
    """In its angle brackets; "" where there is none."""
    references: tuple[str, ...]
    """The Message-IDs it goes back to, the oldest first (RFC 5322, 3.6.4)."""
    thread: str
    """The mailbox's own id of the conversation it stands in."""
    fields: Mapping[str, str]
    """Other header fields by name in small letters, the first of each name."""
    parts: tuple[str, ...] = ()
    """Content-Type of the whole and of each part in it, parameters included."""
