"""Message to bytes and back, with a header writer of our own: the standard library's changes odd names.

Markdown to the two halves of a message lives here too, because an owner's edit at the desk rebuilds both.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NoReturn

import idna

from followupd.errors import Problem
from followupd.mail import Message
from followupd.rules.reading import ReadMessage, first_header, has_attachment, read_addresses, read_message

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = [
    "HEADERS",
    "ReadMessage",
    "ascii_address",
    "change_text",
    "read_message",
    "render_html",
    "tidy_message",
    "write_message",
]

#: The headers we write, in this order, and the two of an answer behind its Message-ID; nothing else ever stands in a
#: message of ours.
HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
)

_OF_ANSWERS = ("In-Reply-To", "References")
_ATOMS = re.compile(r"[A-Za-z0-9'&/-]+(?: [A-Za-z0-9'&/-]+)*")
_QUOTABLE = re.compile(r"[A-Za-z0-9 .,:;()'&/-]+")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_REFERENCE = re.compile(rf"<{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*>")
_LONGEST_MESSAGE_ID = 250
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

#: A plain header value stays on one line of 76 characters, "Subject: " included (RFC 5322, 2.1.1).
_PLAIN_MAX = 67
#: UTF-8 bytes in one encoded-word: with "Subject: " before it the line keeps to 76 (RFC 2047, 2).
_WORD_BYTES = 39
_SIGNATURE_IN_HTML = re.compile(r"(<p>|<br />\n)--(?=<br />)")
_LOCAL_MAX = 64
_ADDRESS_MAX = 254


def write_message(message: Message) -> bytes:
    """Write the message as bytes any mailbox takes: ASCII headers, LF line ends, no line over 998 bytes.

    Sources: RFC 5322 (headers), 2047 (names, subject), 2045 and 2046 (parts), 3282 (Content-Language). Raises
    Problem for anything that cannot stand in a header, and when reading the bytes back gives something else.
    """
    message = tidy_message(message)
    boundary = "=_" + sha256(message.message_id.encode()).hexdigest()[:32]
    raw = "\n".join(
        (
            f"From: {_write_address(message.sender_name, message.sender_email)}",
            f"To: {_write_address(message.to_name, message.to_email)}",
            f"Subject: {_write_words(message.subject)}",
            f"Date: {format_datetime(message.date.astimezone(UTC))}",
            f"Message-ID: {message.message_id}",
            *_write_conversation(message),
            f"Content-Language: {message.language}",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative;\n boundary="{boundary}"',
            "",
            _write_part("plain", message.text, boundary),
            _write_part("html", message.html, boundary),
            f"--{boundary}--",
            "",
        )
    ).encode("ascii")
    _require_same(message, read_message(raw))
    return raw


def _write_conversation(message: Message) -> Iterator[str]:
    """Yield the fields of an answer (RFC 5322, 3.6.4), an id on each line."""
    if message.in_reply_to:
        yield f"In-Reply-To: {message.in_reply_to}"
        yield "References: " + "\n ".join(message.references or (message.in_reply_to,))


def is_message_id(text: str) -> bool:
    """Tell whether this can stand in a message as somebody else's Message-ID: dot-atoms alone (RFC 5322, 3.6.4)."""
    return len(text) <= _LONGEST_MESSAGE_ID and _REFERENCE.fullmatch(text) is not None


def tidy_message(message: Message) -> Message:
    """Bring names, addresses and texts into the one form in which they are written and read back.

    Raises Problem for what must not stand in a message.
    """
    _require_match(_MESSAGE_ID, message.message_id, "message id")
    _require_match(_LANGUAGE, message.language, "language")
    for named in (message.in_reply_to, *message.references) if message.in_reply_to else ():
        _require_match(_REFERENCE, named, "reference")
    subject = _tidy_line(message.subject, "subject")
    text = _mark_signature(_tidy_body(message.text))
    if not subject or not text:
        missing = "text" if subject else "subject"
        raise Problem(f"The message has no {missing}.", f"Give it a {missing}, then try again.")
    return replace(
        message,
        sender_name=_tidy_line(message.sender_name, "sender's name"),
        sender_email=ascii_address(message.sender_email),
        to_name=_tidy_line(message.to_name, "name"),
        to_email=ascii_address(message.to_email),
        subject=subject,
        text=text,
        html=_tidy_body(message.html),
    )


def ascii_address(email: str) -> str:
    """Return the address with its domain in ASCII (RFC 5891), the part before the @ untouched.

    Raises Problem for an address that is none, or whose part before the @ is not plain ASCII (RFC 6531 would
    need a server that says it can take it).
    """
    local, _, domain = email.rpartition("@")
    if not local.isascii():
        raise Problem(
            f"The address {email!a} has letters before the @ that most mail servers cannot take.",
            "Ask for an address in plain letters.",
        )
    address = f"{local}@{_ascii_domain(domain)}"
    if not _LOCAL_PART.fullmatch(local) or len(local) > _LOCAL_MAX or len(address) > _ADDRESS_MAX:
        raise _no_address(email)
    return address


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = str(idna.encode(domain.lower(), uts46=True), "ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise _no_address(domain) from error
    if not _DOMAIN.fullmatch(ascii_domain):
        raise _no_address(domain)
    return ascii_domain


def _no_address(email: str) -> Problem:
    return Problem(f"{email!a} is not an address that mail can be sent to.", "Correct the address.")


def render_html(markdown: str) -> str:
    """Turn the Markdown body into HTML: no raw HTML, no pictures, no links but those written as such.

    A line end in the source is a line end in the mail, so both halves read the same.
    """
    return _SIGNATURE_IN_HTML.sub(r"\1-- ", str(_markdown().render(markdown)))


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 15 ms that `queue` and `approve` need not wait for

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    return reader.disable(["image", "entity", "html_block", "html_inline", "lheading", "code", "reference"])


def _tidy_line(text: str, what: str) -> str:
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise Problem(
                f"The {what} holds a character that must not stand in a message: U+{ord(character):04X}.",
                f"Correct the {what}.",
            )
    return re.sub(" +", " ", unicodedata.normalize("NFC", text)).strip()


def _tidy_body(text: str) -> str:
    text = re.sub(r"\r\n?", "\n", text)
    if bad := re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", text):
        raise Problem(
            f"The text holds a character that must not stand in a message: U+{ord(bad[0]):04X}.",
            "Correct the text.",
        )
    return text.rstrip("\n")


def _mark_signature(text: str) -> str:
    """Give the line "--" its space: by "-- " mail programs know a signature and leave it out of quotes (RFC 3676, 4.3).

    Templates and editors drop a space at the end of a line. Only the last such line counts, and only where none is right.
    """
    above, line, signature = text.rpartition("\n--\n")
    return f"{above}\n-- \n{signature}" if line and "\n-- \n" not in text else text


def _require_match(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise Problem(
            f"{value!a} cannot stand in a message as its {what}.",
            "A draft that came from elsewhere is best changed there.",
        )


def _write_address(name: str, email: str) -> str:
    if not name:
        return email
    written = _write_name(name)
    fold = "\n " if "\n" in written or len(written) + len(email) > _PLAIN_MAX else " "
    return f"{written}{fold}<{email}>"


def _write_name(name: str) -> str:
    """Write a display name (RFC 5322, 3.2.5): bare, quoted, or encoded as soon as it is anything unusual."""
    if len(name) <= _PLAIN_MAX and _ATOMS.fullmatch(name):
        return name
    if len(name) <= _PLAIN_MAX and _QUOTABLE.fullmatch(name):
        return f'"{name}"'
    return _encode_words(name)


def _write_words(text: str) -> str:
    plain = text.isascii() and "=?" not in text and len(text) <= _PLAIN_MAX
    return text if plain else _encode_words(text)


def _encode_words(text: str) -> str:
    words = (base64.b64encode(chunk).decode("ascii") for chunk in _cut_chunks(text))
    return "\n ".join(f"=?utf-8?b?{word}?=" for word in words)


def _cut_chunks(text: str) -> Iterator[bytes]:
    """Cut into pieces of UTF-8 that each hold whole characters (RFC 2047, 5, asks for that)."""
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


def _write_part(subtype: str, text: str, boundary: str) -> str:
    # Quoted-printable cannot produce "=_", so the boundary never stands in a part.
    body = binascii.b2a_qp(text.encode(), istext=True).decode("ascii")
    return (
        f"--{boundary}\n"
        f"Content-Type: text/{subtype}; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n"
        f"\n{body}"
    )


def _require_same(message: Message, read: ReadMessage) -> None:
    """Refuse bytes in which a reader would see anything but what was meant."""
    meant = (
        ((message.sender_name, message.sender_email),),
        message.to_name,
        (message.to_email,),
        message.subject,
        message.text,
        message.html,
        message.message_id,
        message.in_reply_to,
        message.references,
        _name_headers(message),
    )
    seen = (
        read_addresses(read, "from"),
        read.to_name,
        read.to_email,
        read.subject,
        read.text,
        read.html,
        read.message_id,
        read.in_reply_to,
        read.references,
        tuple(name for name, _ in read.headers),
    )
    if meant != seen:
        raise Problem(
            f"The message to {message.to_email} reads back differently than it was written.",
            "Nothing was saved. Please report this.",
        )


def _name_headers(message: Message) -> tuple[str, ...]:
    behind = HEADERS.index("Message-ID") + 1
    return HEADERS[:behind] + (_OF_ANSWERS if message.in_reply_to else ()) + HEADERS[behind:]


def change_text(raw: bytes, subject: str | None, body: str | None) -> bytes:
    """Return the message with a new subject, a new Markdown body, or both; who, when and its id stay.

    With another subject it no longer goes into the conversation it was to go on with.

    Raises Problem when the message holds what we could not write again: several recipients, or attachments.
    """
    read = read_message(raw)
    senders = read_addresses(read, "from")
    if len(senders) != 1 or len(read.to_email) != 1:
        _refuse_change("does not go from one sender to one recipient")
    if has_attachment(raw):
        _refuse_change("has an attachment")
    text = read.text if body is None else body
    kept = read.html if body is None and read.html is not None else render_html(text)
    answers = read.in_reply_to if subject in {None, read.subject} and is_message_id(read.in_reply_to) else ""
    known = tuple(filter(is_message_id, read.references)) or (answers,)
    return write_message(
        Message(
            sender_name=senders[0][0],
            sender_email=senders[0][1],
            to_name=read.to_name,
            to_email=read.to_email[0],
            subject=read.subject if subject is None else subject,
            text=text,
            html=kept,
            message_id=read.message_id,
            date=_read_date(first_header(read, "date")),
            language=first_header(read, "content-language") or "en",
            in_reply_to=answers,
            references=known if answers else (),
        )
    )


def _read_date(value: str) -> datetime:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        _refuse_change("has no date that can be read")
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _refuse_change(why: str) -> NoReturn:
    raise Problem(f"This draft {why}, so it cannot be changed here.", "Change it in your mail program.")
