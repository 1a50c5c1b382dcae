"""What came of a mail: which letters count as an answer, and which as the owner's own. Headers decide; wording comes last.

A letter of a machine is no answer: out-of-office notes (RFC 3834), notices of non-delivery (RFC 3464) and of reading
(RFC 8098), answers to invitations (RFC 5546), mail of lists (RFC 2919, RFC 2369). Nor is anything from the owner.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from followupd.mail import Letter

#: A letter to more than so many people is no letter to one of them.
MOST_RECIPIENTS = 5
#: How the Message-ID of every message begins that was drafted here.
OURS = "<followupd."
_LIST_FIELDS = {"list-id", "list-unsubscribe", "list-post"}
#: Fields that machines set and people do not: old vacation programs, Exchange, cPanel, Postfix's and qmail's helpers.
_MACHINE_FIELDS = {
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-autoresponder",
    "x-vacation",
}
_MACHINE_PRECEDENCE = {"bulk", "junk", "auto_reply", "list"}
_POSTMASTERS = {"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"}
_CALENDARS = {"calendar-notification@google.com", "calendar-server@google.com"}
_WORDS = re.compile(r"[^\W_]+")


class LetterKind(StrEnum):
    """What a letter is."""

    PERSONAL = "personal"
    AUTOMATIC = "automatic"
    RSVP = "rsvp"
    LIST = "list"
    BOUNCE = "bounce"
    """It says that a mail could not be delivered, now and for good."""


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """By what subjects of machines begin, small letters."""

    away: tuple[str, ...]
    rsvp: tuple[str, ...]
    no_end: tuple[str, ...]
    """What such a notice says when the mail arrived, or is still being tried."""


def read_answer_words(tables: Mapping[str, Iterable[str]]) -> AnswerWords:
    """Return the words of words/answers.toml."""
    return AnswerWords(*(tuple(tables[name]) for name in ("away", "rsvp", "no_end")))


def sort_letter(letter: Letter, words: AnswerWords) -> LetterKind:
    """Return what a letter is."""
    if _is_report(letter):
        return LetterKind.BOUNCE if _is_bounce(letter, words) else LetterKind.AUTOMATIC
    if _is_rsvp(letter, words):
        return LetterKind.RSVP
    if not _LIST_FIELDS.isdisjoint(letter.fields) or _first_word(letter, "precedence") == "list":
        return LetterKind.LIST
    return LetterKind.AUTOMATIC if _is_automatic(letter, words) else LetterKind.PERSONAL


def is_own_letter(letter: Letter, email: str, words: AnswerWords) -> bool:
    """Tell whether the owner wrote this by themselves, to that person and to them above all."""
    to_them = email in letter.recipients and len(letter.recipients) <= MOST_RECIPIENTS
    by_hand = letter.sent and not letter.message_id.startswith(OURS)
    return by_hand and to_them and sort_letter(letter, words) is LetterKind.PERSONAL


def is_answer(
    letter: Letter, email: str, message_id: str, left_at: datetime, owner: Collection[str], words: AnswerWords
) -> bool:
    """Tell whether that person wrote this after our message left, or anybody as an answer to it.

    Whoever names our message has read it: the person from another address, or somebody who answers for them.
    """
    later = letter.sender == email and letter.at >= left_at
    from_others = not letter.sent and letter.sender not in owner
    return (
        from_others
        and (later or message_id in letter.references)
        and sort_letter(letter, words) is LetterKind.PERSONAL
    )


def is_bounce_of(letter: Letter, message_id: str, words: AnswerWords) -> bool:
    """Tell whether this says that our message could not be delivered. Who did not get our message cannot name its id."""
    return message_id in letter.references and sort_letter(letter, words) is LetterKind.BOUNCE


def _is_report(letter: Letter) -> bool:
    """Tell whether a mail system speaks (RFC 6522; RFC 5321, 4.5.5)."""
    local = letter.sender.partition("@")[0]
    whole = letter.parts[0] if letter.parts else ""
    return "multipart/report" in whole or "x-failed-recipients" in letter.fields or local in _POSTMASTERS


def _is_bounce(letter: Letter, words: AnswerWords) -> bool:
    # It was read, or thrown away unread (RFC 8098).
    read = any("disposition-notification" in part for part in letter.parts)
    subject = f" {' '.join(_WORDS.findall(_fold(letter.subject)))} "
    return not read and not any(f" {word} " in subject for word in words.no_end)


def _is_rsvp(letter: Letter, words: AnswerWords) -> bool:
    """Tell whether a calendar speaks: a person who adds an .ics file names no method (RFC 6047, 2.4)."""
    told = any("text/calendar" in part and "method=" in part for part in letter.parts)
    exchange = "calendarmessage" in letter.fields.get("content-class", "").lower()
    return told or exchange or _is_calendar(letter) or _begins(letter, words.rsvp, ":")


def _is_calendar(letter: Letter) -> bool:
    return any(name in letter.fields.get("sender", "").lower() for name in _CALENDARS)


def _is_automatic(letter: Letter, words: AnswerWords) -> bool:
    submitted = _first_word(letter, "auto-submitted")  # RFC 3834, 5: anything but "no" is a machine
    return (
        submitted not in {"", "no"}
        or _first_word(letter, "precedence") in _MACHINE_PRECEDENCE
        or not _MACHINE_FIELDS.isdisjoint(letter.fields)
        or letter.fields.get("return-path", "").strip() == "<>"  # RFC 3834, 3.3
        or _begins(letter, words.away, ":-–—(")  # noqa: RUF001 - the dashes mail programs write
    )


def _first_word(letter: Letter, name: str) -> str:
    return re.split(r"[\s;]", letter.fields.get(name, "").strip().lower(), maxsplit=1)[0]


def _begins(letter: Letter, beginnings: Iterable[str], marks: str) -> bool:
    """Tell whether a subject is one of these, or begins with one and a mark behind it."""
    subject = _fold(letter.subject)
    rests = (subject.removeprefix(words) for words in beginnings if subject.startswith(words))
    return any(not rest.strip() or rest.lstrip()[0] in marks for rest in rests)


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
