"""What of a message tells it from others: three header fields, and when Gmail saved it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

from followupd.mail import Trace

#: A whole address parser recurses on hostile brackets; to compare, the marks around an address suffice.
_MARKS = re.compile(r'[\s<>(),:;"]+')
#: Clocks of two machines differ a little.
_CLOCK_SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Head:
    """The fields by which a message is found again."""

    message_id: str
    """Without its angle brackets; "" where there is none."""
    to: frozenset[str]
    """The words of the field, addresses among them."""
    subject: tuple[str, ...]
    saved_at: datetime
    in_reply_to: str
    """As `message_id`, of the letter it answers."""

    def has_message_id(self, trace: Trace) -> bool:
        return self.message_id != "" and self.message_id == bare_id(trace.message_id)

    def has_words(self, trace: Trace) -> bool:
        """Tell whether it went to the same person, in the same words, since the time of the trace."""
        return (
            trace.subject != ""
            and trace.to.casefold() in self.to
            and self.subject == _plain_words(trace.subject)
            and self.saved_at >= trace.since - _CLOCK_SLACK
        )


def head_of_bytes(raw: bytes, saved_at: datetime) -> Head:
    """Return the head of a message as it lies in the mailbox; never raises, whatever the bytes."""
    mail = BytesParser(policy=compat32).parsebytes(raw, headersonly=True)
    return _make_head({name.lower(): str(value) for name, value in reversed(mail.items())}, saved_at)


def head_of_answer(message: Mapping[str, Any]) -> Head:
    """Return the head of a Message of the Gmail API in format metadata. Raises KeyError and the like for what is none."""
    headers = message["payload"].get("headers", ())
    fields = {str(header["name"]).lower(): str(header["value"]) for header in reversed(headers)}
    return _make_head(fields, read_saved(message))


def read_saved(message: Mapping[str, Any]) -> datetime:
    """Return when Gmail saved a message (internalDate, milliseconds since 1970)."""
    return datetime.fromtimestamp(int(message["internalDate"]) / 1000, UTC)


def _make_head(fields: Mapping[str, str], saved_at: datetime) -> Head:
    subject = _plain_words(decode_words(fields.get("subject", "")))
    return Head(
        bare_id(fields.get("message-id", "")),
        frozenset(_MARKS.split(fields.get("to", "").casefold())),
        subject,
        saved_at,
        bare_id(fields.get("in-reply-to", "")),
    )


def bare_id(message_id: str) -> str:
    return message_id.strip().strip("<>")


def decode_words(field: str) -> str:
    """Return a header field with its encoded words decoded (RFC 2047), or as it stands where they make no sense."""
    try:
        return str(make_header(decode_header(field)))
    except (HeaderParseError, MessageError, LookupError, ValueError):
        return field


def _plain_words(text: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", text).casefold().split())
