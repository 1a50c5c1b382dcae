"""Names and subjects as nobody should write them, through header writing and back by two readers.

Also a program, so that every Python can run it: `python odd_names.py FIRST COUNT`. One number makes one message, in
every Python the same, so the number of a failure replays it. Needs nothing but the package and the two readers.
"""

# ruff: noqa: SIM905 - word lists read best as text

import random
import re
import sys
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import fast_mail_parser

from followupd.errors import Problem
from followupd.mail import Message
from followupd.rules.message import HEADERS, read_message, write_message
from followupd.rules.reading import read_addresses

MESSAGE = Message(
    sender_name="Ada Example",
    sender_email="ada@example.com",
    to_name="Jo Sample",
    to_email="jo@example.org",
    subject="Good to meet you",
    text="Hi Jo,\n\nthank you.\n\nAda",
    html="<p>Hi Jo,</p>",
    message_id="<followupd.0123456789abcdef@example.com>",
    date=datetime(2026, 11, 18, 7, 5, 9, tzinfo=UTC),
)

#: Whom the messages go to, and how that address must stand in the header.
RECIPIENTS = {
    "jo@example.org": "jo@example.org",
    "Jo.O'Neil+met@Example.ORG": "Jo.O'Neil+met@example.org",
    "a!#$%&'*+/=?^_`{|}~-b@example.org": "a!#$%&'*+/=?^_`{|}~-b@example.org",
    "=?utf-8?q?jo?=@example.org": "=?utf-8?q?jo?=@example.org",
    "jo@münchen.example": "jo@xn--mnchen-3ya.example",
    "jo@例え.example": "jo@xn--r8jz45g.example",
    "x" * 50 + "@example.org": "x" * 50 + "@example.org",
}

WORDS: tuple[str, ...] = (
    *"Jane Doe O'Neil-Smith José Núñez Müller Łukasz Nguyễn İpek Иван 山田太郎 김철수 สมชาย Dr. (she/her) PhD".split(),
    *("van der Berg", "محمد علي", "שרה כהן", "| Acme GmbH", "Smith, Jo"),
    *("José Smith, PhD, MBA", '\\"', "undisclosed:;"),
    *"\"'\\,;:()<>[]@.=?_%& ",
    *"&amp; boss@corp.example <eve@example.net> =? ?= =?utf-8? =?utf-8?q?a?= =?utf-8?b?w6k=?=".split(),
    *("x> <eve@example.net", "=?utf-7?q?+AAo-Bcc:_eve=40example.net?=", "=0D=0ABcc: eve@example.net"),
    *("%0d%0aBcc: eve@example.net", "\\r\\nBcc: eve@example.net", "  "),
    *"\u00a0\u3000\u2003\u200b\u200d\ufeff\u00ad\u2060",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u061c",
    *("👩‍👩‍👧", "🇩🇪", "👋🏽", "e\u0301", "a" + "\u0301\u0323" * 5, "ﬁ", "Å"),
    *"\ufffd\uffff\U0010ffff",
)
#: What must never stand in a header: what ends a line in some reader or other, NUL, and half a character.
FORBIDDEN = (*"\r\n\x00\t\x0b\x0c\x1b\x7f\x85\u2028\u2029\ud800", "\r\n", "\r\n ", "\n\t")

_PLACES = ("to_name", "sender_name", "subject")
_REFUSED_ONE_IN = 20
_WRAPPED = re.compile(rb"^([^ :]+):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd message, and whether it must be refused."""

    message: Message
    refused: bool


def make_odd(number: int) -> Odd:
    """Return the odd message of that number."""
    dice = random.Random(number)
    texts = {place: _make_line(dice) for place in _PLACES}
    texts["subject"] = f"x{texts['subject']}x"
    refused = dice.randrange(_REFUSED_ONE_IN) == 0
    if refused:
        place = dice.choice(_PLACES)
        cut = dice.randrange(len(texts[place]) + 1)
        texts[place] = texts[place][:cut] + dice.choice(FORBIDDEN) + texts[place][cut:]
    message = replace(
        MESSAGE,
        to_email=dice.choice(list(RECIPIENTS)),
        to_name=texts["to_name"],
        sender_name=texts["sender_name"],
        subject=texts["subject"],
        text=f"Hi {texts['to_name']},\n\n{texts['subject']}\n\n-- \n{texts['sender_name']}x",
    )
    return Odd(message, refused)


def _make_line(dice: random.Random) -> str:
    pieces = [_make_piece(dice) for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 3, 4, 6, 12)))]
    return dice.choice(("", " ")).join(pieces)


def _make_piece(dice: random.Random) -> str:
    kind = dice.randrange(40)
    if kind == 0:
        return dice.choice('xé山👋"') * dice.randrange(1, 1200)
    if kind < 8:
        return "".join(chr(_pick_point(dice)) for _ in range(dice.randrange(1, 12)))
    return dice.choice(WORDS)


def _pick_point(dice: random.Random) -> int:
    """Return a code point that is no control, line end or half a character; which those are never changes (UAX 44)."""
    while True:
        point = dice.randrange(0x20, dice.choice((0x7F, 0x250, 0x3100, 0x10000, 0x110000)))
        if not (0x7F <= point < 0xA0 or point in (0x2028, 0x2029) or 0xD800 <= point < 0xE000):
            return point


def check_odd(number: int) -> None:
    """Raise AssertionError, with the number in it, when either reader sees anything but what was meant."""
    odd = make_odd(number)
    raw = _write_or_refuse(odd.message)
    assert (raw is None) == odd.refused, f"message {number} should {'' if odd.refused else 'not '}be refused"
    if raw is None:
        return
    meant = _meant(odd.message)
    assert _read_with_ours(raw) == meant, f"our reader sees another message {number}"
    assert _read_with_theirs(raw) == meant, f"the other reader sees another message {number}"
    assert _is_well_written(raw), f"the header of message {number} is badly written"


def _write_or_refuse(message: Message) -> bytes | None:
    try:
        return write_message(message)
    except Problem:
        return None


_Seen = tuple[list[tuple[str, str]], list[tuple[str, str]], str, str]


def _meant(message: Message) -> _Seen:
    return (
        [(_tidy(message.sender_name), message.sender_email)],
        [(_tidy(message.to_name), RECIPIENTS[message.to_email])],
        _tidy(message.subject),
        message.text,
    )


def _tidy(text: str) -> str:
    return re.sub(" +", " ", unicodedata.normalize("NFC", text)).strip()


def _read_with_ours(raw: bytes) -> _Seen:
    read = read_message(raw)
    recipients = [pair for name in ("to", "cc", "bcc") for pair in read_addresses(read, name)]
    return list(read_addresses(read, "from")), recipients, read.subject, read.text


def _read_with_theirs(raw: bytes) -> _Seen:
    read = fast_mail_parser.parse_email(raw)
    senders, recipients = [read.from_] if read.from_ else [], [*read.to, *read.cc, *read.bcc]
    (text,) = read.text_plain
    return (
        [(sender.display_name or "", sender.address) for sender in senders],
        [(recipient.display_name or "", recipient.address) for recipient in recipients],
        read.subject,
        text.replace("\r\n", "\n").rstrip("\n"),
    )


def _is_well_written(raw: bytes) -> bool:
    """Whether there is nothing but our headers, in ASCII, with no line over 76 and no line end but LF.

    No line that goes on may be empty or look empty: some readers end the header there (RFC 5322, 3.2.2).
    """
    head = raw.partition(b"\n\n")[0]
    names = tuple(name.decode() for name in _WRAPPED.findall(head))
    lines = raw.split(b"\n")
    folded = [line for line in head.split(b"\n") if line.startswith(b" ")]
    return (
        names == HEADERS
        and raw.isascii()
        and b"\r" not in raw
        and max(map(len, lines)) <= 76  # RFC 5322, 2.1.1, and RFC 2047, 2
        and all(line.strip() for line in folded)
    )


if __name__ == "__main__":
    first, count = map(int, sys.argv[1:])
    for number in range(first, first + count):
        check_odd(number)
    print(count)
