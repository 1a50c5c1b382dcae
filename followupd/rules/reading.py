"""Bytes to what a reader sees, for our own messages and for those a mail program or an owner changed."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message as MailPart
from email.parser import BytesParser
from email.utils import getaddresses
from html.parser import HTMLParser

from followupd.mail import Envelope

_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)*")
#: By what a subject is marked as an answer, in the languages mail programs speak.
_MARKS = re.compile(
    r"^(?:(?:re|aw|antw|antwort|rép|rif|res|sv|vs|odp|ynt)(?:\[\d{1,3}\])?\s?:\s*)+", re.IGNORECASE
)
_MESSAGE_IDS = re.compile(r"<[^<>\s]+>")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=")


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message as a reader sees it, whoever wrote the bytes."""

    to_name: str
    to_email: tuple[str, ...]
    """Every recipient, of To, Cc and Bcc alike."""
    subject: str
    text: str
    """Plain text, LF line ends, no line end after the last line; made from the HTML where that is all there is."""
    html: str | None
    message_id: str
    headers: tuple[tuple[str, str], ...]
    """Name and value of every header in order, unfolded but not decoded."""

    @property
    def in_reply_to(self) -> str:
        """Message-ID of the letter it answers, in its brackets; "" where there is none."""
        return next(iter(_MESSAGE_IDS.findall(first_header(self, "in-reply-to"))), "")

    @property
    def references(self) -> tuple[str, ...]:
        """Message-IDs of the conversation it stands in."""
        return tuple(_MESSAGE_IDS.findall(first_header(self, "references")))


def read_message(raw: bytes) -> ReadMessage:
    """Read any message, ours or one a mail program changed; never raises, whatever the bytes."""
    mail = BytesParser().parsebytes(raw)
    headers = tuple((name, _unfold(str(value))) for name, value in mail.raw_items())
    recipients = _parse_addresses([*_pick(headers, "to"), *_pick(headers, "cc"), *_pick(headers, "bcc")])
    text, html = _read_part(mail, "text/plain"), _read_part(mail, "text/html")
    return ReadMessage(
        to_name=recipients[0][0] if recipients else "",
        to_email=tuple(email for _, email in recipients),
        subject=decode_words(next(iter(_pick(headers, "subject")), "")),
        text=_strip_tags(html or "") if text is None else text,
        html=html,
        message_id=next(iter(_pick(headers, "message-id")), ""),
        headers=headers,
    )


def read_addresses(read: ReadMessage, header: str) -> tuple[tuple[str, str], ...]:
    """Name and address of everybody in the headers of that name (lower case), as parsed."""
    return _parse_addresses(_pick(read.headers, header))


def read_envelope(raw: bytes) -> Envelope:
    """Return whom the owner is shown as sender and recipients of a message."""
    read = read_message(raw)
    return Envelope(tuple(email for _, email in read_addresses(read, "from")), read.to_email)


def first_header(read: ReadMessage, name: str) -> str:
    """Value of the first header of that name (lower case), or ""."""
    return next(iter(_pick(read.headers, name)), "")


def find_conversation(raw: bytes | None) -> str:
    """Return the subject of the conversation a message goes into as an answer; "" for one that begins its own."""
    if raw is None or b"in-reply-to:" not in raw.lower():
        return ""
    read = read_message(raw)
    return strip_marks(read.subject) if read.in_reply_to else ""


def strip_marks(subject: str) -> str:
    """Return a subject in one line, without the "Re:" of answers in front of it."""
    return _MARKS.sub("", " ".join(unicodedata.normalize("NFC", subject).split()), count=1)


def has_attachment(raw: bytes) -> bool:
    """Whether the message holds anything besides its text, plain and as HTML."""
    parts = [part for part in BytesParser().parsebytes(raw).walk() if not part.is_multipart()]
    return any(
        part.get_content_type() not in ("text/plain", "text/html") or _is_attached(part) for part in parts
    )


def _pick(headers: Sequence[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in headers if name.lower() == wanted]


def _unfold(value: str) -> str:
    # Raw 8-bit bytes arrive as lone surrogates: what is UTF-8 is read as such, the rest as Latin-1.
    return _decode_bytes(re.sub(r"\r?\n|\r", "", value).encode("utf-8", "surrogateescape"), "utf-8").strip(
        " \t"
    )


def _parse_addresses(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    # The addresses are told apart before any word is decoded: a decoded comma or quote must not split them.
    try:
        found = getaddresses(list(values))
    except RecursionError:  # thousands of nested brackets
        return ()
    return tuple((decode_words(name), email) for name, email in found if email)


def decode_words(text: str) -> str:
    """Decode the encoded-words of a header (RFC 2047); what cannot be decoded stays as it stands."""
    return _ENCODED_WORDS.sub(lambda run: _decode_run(run[0]), text)


def _decode_run(run: str) -> str:
    # Some programs cut a character in two between neighbours, so bytes of one charset are joined first.
    joined: list[tuple[str, bytes]] = []
    for charset, how, payload in _ENCODED_WORD.findall(run):
        data = _decode_payload(how, payload)
        if joined and joined[-1][0] == charset.lower():
            joined[-1] = (charset.lower(), joined[-1][1] + data)
        else:
            joined.append((charset.lower(), data))
    return "".join(_decode_bytes(data, charset) for charset, data in joined)


def _decode_payload(how: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if how in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data


def _decode_bytes(data: bytes, charset: str) -> str:
    for attempt in (charset, "utf-8"):
        try:
            # UTF-7 and its like can make lone surrogates, which no page or terminal can show.
            return data.decode(attempt).encode("utf-8", "replace").decode()
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")


def _read_part(mail: MailPart, content_type: str) -> str | None:
    for part in mail.walk():
        if not part.is_multipart() and part.get_content_type() == content_type and not _is_attached(part):
            return _read_body(part)
    return None


def _is_attached(part: MailPart) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _read_body(part: MailPart) -> str:
    data = part.get_payload(decode=True)
    try:
        charset = part.get_content_charset("utf-8")
    except (LookupError, ValueError, MessageError):
        charset = "utf-8"
    text = _decode_bytes(data, charset) if isinstance(data, bytes) else ""
    return re.sub(r"\r\n?", "\n", text).rstrip("\n")


class _TextOfHtml(HTMLParser):
    """Collects the words of an HTML page and leaves out what no reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._hidden += tag in ("script", "style", "head")
        if tag in ("br", "p", "div", "li", "tr"):
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head")

    def handle_data(self, data: str) -> None:
        if self._hidden <= 0:
            self.pieces.append(data)


def _strip_tags(html: str) -> str:
    page = _TextOfHtml()
    page.feed(html.replace("<![", "&lt;!["))  # the library raises on a marked section it does not know
    page.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(page.pieces)).strip()
