"""Sending without Google: drafts lie in a Maildir, and what is approved is given to the owner's mail server.

A message lies in the folder Sending from the moment before it may leave until it is known that it did or did not: so
after a crash the folder says what nobody can know, and only that.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

from followupd.adapters.maildir import MaildirMailbox
from followupd.adapters.submission import Submission
from followupd.errors import Doubt, MailboxProblem, Refused
from followupd.mail import Draft, Envelope, Look, Place, Trace
from followupd.network import MailServer

#: The whole of a step: connecting and logging in, or the offer of one message.
STEP_SECONDS = 60.0
_LONGEST_LINE = 998
_LINE_END = re.compile(rb"\r\n|\r|\n")
#: What can stand between the brackets of MAIL and RCPT without a quote.
_PLAIN = re.compile(r"[^\s<>\"\\]+@[^\s<>\"\\@]+")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
#: Headers by which a message could go to somebody else, or come from somebody else, than it shows (RFC 5322, 3.6).
_OTHERS = frozenset(
    {"cc", "bcc", "sender", "resent-to", "resent-cc", "resent-bcc", "resent-from", "resent-sender"}
)
_BY_HAND = "It lies in Drafts: send it from your mail program, or correct it there and have it tried again."


class SmtpMailbox:
    """A Mailbox that keeps its drafts in another and sends them by a server."""

    sends = True
    tells_unsent = True

    def __init__(
        self,
        drafts: MaildirMailbox,
        server: MailServer,
        ca_file: Path | None,
        read_envelope: Callable[[bytes], Envelope],
        seconds: float = STEP_SECONDS,
    ) -> None:
        """`read_envelope` reads a message as the owner was shown it; each step with the server takes `seconds` at most."""
        self.name = drafts.name
        self.grace = drafts.grace
        self.ready_note = drafts.ready_note
        self._drafts = drafts
        self._read_envelope = read_envelope
        self._line = Submission(server, ca_file, seconds)
        self._host = server.host

    def begin_pass(self) -> None:
        self._drafts.begin_pass()

    def look(self, trace: Trace) -> Look:
        return self._drafts.look(trace)

    def create(self, raw: bytes) -> Draft:
        return self._drafts.create(raw)

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        return self._drafts.replace(draft, raw)

    def remove(self, draft: Draft) -> None:
        self._drafts.remove(draft)

    def settle(self, draft: Draft, place: Place) -> None:
        self._drafts.settle(draft, place)

    def open(self) -> None:
        self._line.open()

    def close(self) -> None:
        self._line.close()

    def hand_over(self, draft: Draft) -> Place:
        """Offer the message, move it to Sending, send it, move it to Sent (ports.Mailbox.hand_over).

        Where the copy cannot be moved to Sent any more, it was sent all the same, and `settle` moves it later.
        """
        envelope, body = self._check_envelope(draft.raw), write_wire(draft.raw)
        self._line.open()
        self._line.offer(*envelope, self._choose_options(envelope, draft.raw, body))
        self._begin_sending(draft)
        try:
            self._line.deliver(body)
        except MailboxProblem:
            self._settle_if_possible(draft, Place.DRAFTS)
            raise
        self._settle_if_possible(draft, Place.SENT)
        return Place.SENT

    def _settle_if_possible(self, draft: Draft, place: Place) -> None:
        """Move it out of Sending; what cannot be moved now lies there until the next look."""
        with suppress(MailboxProblem, Doubt):
            self._drafts.settle(draft, place)

    def _begin_sending(self, draft: Draft) -> None:
        """Raise MailboxProblem also where it is unknown whether the file moved: nothing left, and that is what counts."""
        try:
            self._drafts.begin_sending(draft)
        except Doubt as doubt:
            self._settle_if_possible(draft, Place.DRAFTS)
            raise MailboxProblem(doubt.what, doubt.todo) from doubt

    def _check_envelope(self, raw: bytes) -> tuple[str, str]:
        """Return sender and recipient as two readers see them, ours and the one by which the owner was shown them."""
        ours = _read_headers(raw)
        if ours is not None and ours == self._read_envelope(raw):
            match [*ours.senders], [*ours.recipients]:
                case [sender], [recipient] if _PLAIN.fullmatch(sender) and _PLAIN.fullmatch(recipient):
                    return sender, recipient
        raise Refused(
            "It does not go from one sender to one recipient alone, so followupd does not send it.", _BY_HAND
        )

    def _choose_options(self, envelope: tuple[str, str], raw: bytes, body: bytes) -> list[str]:
        """Return what the server must be told of the message. Raises Refused when it cannot take it."""
        can, size = self._line.extensions, len(body)
        head = _END_OF_HEAD.split(raw, maxsplit=1)[0]
        beyond = not head.isascii() or not "".join(envelope).isascii()
        limit = can.get("size", "0")
        if beyond and "smtputf8" not in can:
            raise self._refuse("letters beyond ASCII in its headers or addresses (SMTPUTF8)")
        if not raw.isascii() and "8bitmime" not in can:
            raise self._refuse("letters beyond ASCII that are not encoded (8BITMIME)")
        if limit.isdigit() and 0 < int(limit) < size:
            raise self._refuse(f"{size // 1024} kB; it takes up to {int(limit) // 1024} kB")
        options = {"size": f"SIZE={size}", "8bitmime": "BODY=8BITMIME", "smtputf8": "SMTPUTF8"}
        wanted = {"size": True, "8bitmime": not raw.isascii(), "smtputf8": beyond}
        return [options[name] for name in options if name in can and wanted[name]]

    def _refuse(self, what: str) -> Refused:
        return Refused(f"{self._host} cannot take this message: it has {what}.", _BY_HAND)


def _read_headers(raw: bytes) -> Envelope | None:
    """Read who a message is from and goes to; None when it hides anybody, or cannot be read."""
    try:
        head = BytesParser(policy=SMTP).parsebytes(raw, headersonly=True)
        names = [name.lower() for name in head]
        if head.defects:  # "Bcc :" ends the headers here and is one more of them to some servers
            return None
        if _OTHERS.intersection(names) or names.count("from") != 1 or names.count("to") != 1:
            return None
        people = [tuple(person.addr_spec for person in head[name].addresses) for name in ("from", "to")]
    except Exception:  # noqa: BLE001 - the library's readers raise many kinds of errors for odd bytes
        return None
    return Envelope(*people)


def write_wire(raw: bytes) -> bytes:
    """Return a message as it travels (RFC 5321, 2.3.8 and 4.5.2): CRLF everywhere, a dot before a dot.

    Raises Refused for what must not travel: NUL, and lines over 998 bytes (RFC 5322, 2.1.1).
    """
    lines = _LINE_END.split(raw)
    if not lines[-1]:
        lines.pop()
    if b"\0" in raw or any(len(line) > _LONGEST_LINE for line in lines):
        raise Refused(
            "It holds a NUL or a line of more than 998 bytes, which no mail server takes.", _BY_HAND
        )
    return b"".join(b"." * line.startswith(b".") + line + b"\r\n" for line in lines)
