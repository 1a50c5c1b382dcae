"""One Gmail mailbox: messages, threads, drafts, labels and what happened to them; and what its owner does in Gmail."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.message import Message as Part
from email.parser import BytesParser
from email.policy import SMTP, default
from email.utils import getaddresses, make_msgid
from functools import cached_property

from servers.google.refusals import Refusal, refuse_argument, refuse_unknown

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")
_FIRST_ID = 0x19A0000000000000
_MOST_RECIPIENTS = 100
_DAY = timedelta(days=1)


def parse(raw: bytes) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(raw)


def read_headers(part: Part) -> list[tuple[str, str]]:
    """Return the header lines decoded, whatever nonsense is in them; `part` is parsed without a policy."""
    return [(name, _decode(str(value))) for name, value in part.items()]


def _decode(value: str) -> str:
    text = re.sub(r"\r?\n[ \t]", " ", value)
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


class Envelope:
    """The header lines of a message."""

    def __init__(self, raw: bytes) -> None:
        self._lines = read_headers(BytesParser().parsebytes(raw, headersonly=True))

    def all(self, *names: str) -> list[str]:
        wanted = {name.casefold() for name in names}
        return [value for name, value in self._lines if name.casefold() in wanted]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def addresses(self) -> list[str]:
        """Return everyone it is to."""
        return [address for _, address in getaddresses(self.all("To", "Cc", "Bcc"))]


def plain_subject(subject: str) -> str:
    """Return a subject without the marks of answers, as threads compare it."""
    return re.sub(r"^((re|fwd?|aw|wg|sv|rv):\s*)+", "", subject.strip(), flags=re.IGNORECASE).casefold()


@dataclass
class Message:
    """One message; its bytes never change, a change makes another message."""

    id: str
    thread: str
    raw: bytes = field(repr=False)
    at: datetime
    labels: set[str]
    history: int = 0

    @cached_property
    def envelope(self) -> Envelope:
        return Envelope(self.raw)

    @property
    def message_id(self) -> str:
        return self.envelope.one("Message-ID")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history."""

    id: int
    kind: str
    """messagesAdded, messagesDeleted, labelsAdded or labelsRemoved."""
    message: str
    thread: str
    labels: tuple[str, ...] = ()


class Mailbox:
    """What Gmail keeps for one account."""

    def __init__(self, address: str, name: str, clock: Callable[[], datetime]) -> None:
        self.address = address
        self.clock = clock
        self.index_lag = timedelta(0)
        """How long a message stays hidden from every search with q."""
        self.send_limit = 500
        """Messages in any 24 hours; 2,000 for Workspace."""
        self.messages: dict[str, Message] = {}
        self.drafts: dict[str, str] = {}
        """Draft id to the id of its message."""
        self.aliases: dict[str, dict[str, object]] = {
            address: {
                "sendAsEmail": address, "displayName": name, "replyToAddress": "", "signature": "",
                "isPrimary": True, "isDefault": True,
            }
        }  # fmt: skip
        self.user_labels: dict[str, str] = {}
        self.changes: list[Change] = []
        self.oldest_history = 0
        self.sent_at: list[datetime] = []
        self._count = 0
        self._indexed_at: dict[str, datetime] = {}

    # --- what the API does

    def message(self, message_id: str) -> Message:
        if message_id not in self.messages:
            raise refuse_unknown()
        return self.messages[message_id]

    def draft(self, draft_id: str) -> Message:
        if draft_id not in self.drafts:
            raise refuse_unknown()
        return self.messages[self.drafts[draft_id]]

    def create_draft(self, raw: bytes, thread: str = "") -> str:
        message = self._add(raw, {"DRAFT"}, self._join_thread(raw, thread))
        draft_id = f"r{0x5000000000000000 + 7919 * int(message.id, 16) % 0x0FFFFFFFFFFFFFFF}"
        self.drafts[draft_id] = message.id
        return draft_id

    def update_draft(self, draft_id: str, raw: bytes, thread: str = "") -> Message:
        """Put other bytes into a draft: the draft keeps its id, the message gets another."""
        old = self.draft(draft_id)
        message = self._add(raw, {"DRAFT"}, self._join_thread(raw, thread) or self._stay_in_thread(old, raw))
        self._remove(old.id)
        self.drafts[draft_id] = message.id
        return message

    def delete_draft(self, draft_id: str) -> None:
        self._remove(self.draft(draft_id).id)
        del self.drafts[draft_id]

    def send_draft(self, draft_id: str, raw: bytes | None = None, thread: str = "") -> Message:
        """Send a draft, with `raw` instead of its bytes when given. Raises Refusal; then the draft stays."""
        old = self.draft(draft_id)
        raw = old.raw if raw is None else raw
        sent = self._send(raw, thread or self._stay_in_thread(old, raw))
        self.delete_draft(draft_id)
        return sent

    def send(self, raw: bytes, thread: str = "") -> Message:
        return self._send(raw, thread)

    def _send(self, raw: bytes, thread: str) -> Message:
        _check_recipients(Envelope(raw))
        self._check_limit()
        if not Envelope(raw).one("Message-ID"):
            raw = f"Message-ID: {make_msgid(domain='mail.gmail.com')}\r\n".encode() + raw
        message = self._add(raw, {"SENT"}, self._join_thread(raw, thread))
        self.sent_at.append(self.clock())
        return message

    def _check_limit(self) -> None:
        now = self.clock()
        if sum(now - at < _DAY for at in self.sent_at) >= self.send_limit:
            raise Refusal(
                429,
                "userRateLimitExceeded",
                "User-rate limit exceeded.  (Mail sending)",
                domain="usageLimits",
            )

    # --- threads

    def _join_thread(self, raw: bytes, thread: str) -> str:
        """Return the thread a message joins: only with its id, the same subject and a reference; else ""."""
        if not thread:
            return ""
        others = [message for message in self.messages.values() if message.thread == thread]
        if not others:
            raise refuse_unknown()
        envelope = Envelope(raw)
        return thread if any(_answers(envelope, other) for other in others) else ""

    def _stay_in_thread(self, old: Message, raw: bytes) -> str:
        same = plain_subject(old.envelope.one("Subject")) == plain_subject(Envelope(raw).one("Subject"))
        return old.thread if same else ""

    # --- messages come and go

    def _add(self, raw: bytes, labels: set[str], thread: str = "") -> Message:
        self._count += 1
        message_id = f"{_FIRST_ID + self._count * 0x10001:x}"
        message = Message(message_id, thread or message_id, raw, self.clock(), labels)
        self.messages[message_id] = message
        self._indexed_at[message_id] = self.clock() + self.index_lag
        self._note("messagesAdded", message)
        return message

    def _remove(self, message_id: str) -> None:
        self._note("messagesDeleted", self.messages.pop(message_id))

    def _note(self, kind: str, message: Message, labels: Collection[str] = ()) -> None:
        message.history = self.history_id + 1
        self.changes.append(Change(message.history, kind, message.id, message.thread, tuple(sorted(labels))))

    @property
    def history_id(self) -> int:
        return self.oldest_history + len(self.changes) + 1000

    def forget_history(self) -> None:
        """Let everything that happened until now be too old for history.list."""
        self.oldest_history += len(self.changes)
        self.changes.clear()

    def indexed(self) -> Iterator[Message]:
        """Yield what the search knows of by now, newest first."""
        now = self.clock()
        for message in reversed(self.messages.values()):
            if self._indexed_at[message.id] <= now:
                yield message

    # --- what the owner does in Gmail's own pages

    def edit_in_gmail(
        self,
        draft_id: str,
        *,
        subject: str | None = None,
        text: str | None = None,
        to: str | None = None,
        keep_message_id: bool = True,
    ) -> Message:
        """Change a draft as Gmail's composer does: it rewrites the HTML and drops what it does not know."""
        old = self.draft(draft_id)
        raw = _compose_anew(old, subject, text, to, keep_message_id=keep_message_id)
        message = self._add(raw, {"DRAFT"}, self._stay_in_thread(old, raw))
        self._remove(old.id)
        self.drafts[draft_id] = message.id
        return message

    def delete_in_gmail(self, draft_id: str) -> None:
        """Discard a draft: drafts go for good, not to the bin."""
        self.delete_draft(draft_id)

    def send_in_gmail(self, draft_id: str) -> Message:
        return self.send_draft(draft_id)

    def label_in_gmail(
        self, message_id: str, *, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> None:
        message = self.message(message_id)
        message.labels = (message.labels | set(add)) - set(remove)
        if add:
            self._note("labelsAdded", message, add)
        if remove:
            self._note("labelsRemoved", message, remove)

    # --- what arrives

    def receive(self, raw: bytes, labels: Collection[str] = ("INBOX", "UNREAD")) -> Message:
        """Take in mail from outside; it joins the thread it answers."""
        envelope = Envelope(raw)
        thread = next((other.thread for other in self.messages.values() if _answers(envelope, other)), "")
        return self._add(raw, set(labels), thread)

    def receive_reply(self, sent: Message, text: str = "Thank you!", *, sender: str = "") -> Message:
        """Let the person `sent` went to write back."""
        return self.receive(_write_answer(self.address, sent, text, sender).as_bytes(policy=SMTP))

    def receive_auto_reply(self, sent: Message) -> Message:
        """Let a machine say that the person is away (RFC 3834)."""
        answer = _write_answer(self.address, sent, "I am out of the office.", "")
        answer["Auto-Submitted"] = "auto-replied"
        answer["Precedence"] = "bulk"
        return self.receive(answer.as_bytes(policy=SMTP))

    def receive_bounce(self, sent: Message) -> Message:
        """Let the mail come back as undeliverable (RFC 3464)."""
        answer = _write_answer(
            self.address, sent, "Address not found.", "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"
        )
        answer["Auto-Submitted"] = "auto-replied"
        answer["X-Failed-Recipients"] = sent.envelope.one("To")
        answer.replace_header("Subject", "Delivery Status Notification (Failure)")
        return self.receive(answer.as_bytes(policy=SMTP))


def _check_recipients(envelope: Envelope) -> None:
    addresses = envelope.addresses()
    if not any(envelope.all("To", "Cc", "Bcc")):
        raise refuse_argument("Recipient address required")
    if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise refuse_argument("Invalid To header")
    if len(addresses) > _MOST_RECIPIENTS:
        raise refuse_argument("Too many recipients")


def _answers(message: Envelope, other: Message) -> bool:
    """Tell whether `message` goes on where `other` is: by reference and subject, or as its next version."""
    references = " ".join(message.all("In-Reply-To", "References", "Message-ID")).split()
    same = plain_subject(message.one("Subject")) == plain_subject(other.envelope.one("Subject"))
    return same and other.message_id in references


def _write_answer(to: str, sent: Message, text: str, sender: str) -> EmailMessage:
    answer = EmailMessage()
    answer["From"] = sender or sent.envelope.one("To")
    answer["To"] = to
    answer["Subject"] = f"Re: {sent.envelope.one('Subject')}"
    answer["Message-ID"] = f"<answer-to-{sent.id}@elsewhere.example>"
    answer["In-Reply-To"] = sent.message_id
    answer["References"] = sent.message_id
    answer.set_content(text)
    return answer


def _compose_anew(
    old: Message, subject: str | None, text: str | None, to: str | None, *, keep_message_id: bool
) -> bytes:
    new, before = EmailMessage(), old.envelope
    new["MIME-Version"] = "1.0"
    new["Message-ID"] = before.one("Message-ID") if keep_message_id else "<CAF-made-by-gmail@mail.gmail.com>"
    new["Subject"] = before.one("Subject") if subject is None else subject
    new["To"] = before.one("To") if to is None else to
    for name in ("From", "Cc", "Bcc", "In-Reply-To", "References"):
        if before.one(name):
            new[name] = before.one(name)
    plain, rich = _read_bodies(parse(old.raw))
    new.set_content(plain if text is None else text)
    new.add_alternative(_rewrite_html(rich or plain if text is None else text), subtype="html")
    return new.as_bytes(policy=SMTP)


def _read_bodies(message: EmailMessage) -> tuple[str, str]:
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    return plain.get_content() if plain else "", rich.get_content() if rich else ""


def _rewrite_html(text: str) -> str:
    """Drop comments, styles and the doctype, as the composer does."""
    text = re.sub(
        r"<!--.*?-->|<!DOCTYPE[^>]*>|<style.*?</style>|</?(html|head|body)[^>]*>",
        "",
        text,
        flags=re.DOTALL | re.IGNORECASE,
    )
    return f'<div dir="ltr">{text.strip()}</div>\n'
