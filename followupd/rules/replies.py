"""Into which conversation a mail goes: a recent one with that person, or none. Strangers wrote its subject and its ids.

Recent means two weeks before the event at most: a conversation that young led to the meeting or came of it; what is older
was about something else, and a new mail is then the better manners.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from followupd.mail import Letter, Message, ReplyTo
from followupd.rules.answers import AnswerWords, LetterKind, sort_letter
from followupd.rules.message import is_message_id
from followupd.rules.reading import read_message, strip_marks

RECENT = timedelta(days=14)
#: A longer subject is a text, and no mail program shows it.
_LONGEST_SUBJECT = 150
#: The first letter of a conversation and the last so many are named in the one that goes on with it.
_MOST_REFERENCES = 20
#: What a mail program would make a link of.
_LINK = re.compile(r"@|://|\bwww\.|\w\.[^\W\d_]{2,}", re.IGNORECASE)


def find_reply(
    letters: Iterable[Letter], email: str, owner: Collection[str], ended: datetime, words: AnswerWords
) -> ReplyTo | None:
    """Return the letter a mail to this person answers, the latest of a recent conversation; None where it begins one.

    The conversation is one of two people, in which that person wrote, and no machine.
    """
    threads = defaultdict(list)
    for letter in letters:
        if email in {letter.sender, *letter.recipients}:
            threads[letter.thread].append(letter)
    talks = [thread for thread in threads.values() if _is_talk(thread, email, owner, words)]
    latest = [max(thread, key=lambda letter: letter.at) for thread in talks]
    recent = [letter for letter in latest if letter.at >= ended - RECENT and _is_fit(letter)]
    return _answer(max(recent, key=lambda letter: letter.at)) if recent else None


def find_sent(
    letters: Iterable[Letter], email: str, message_id: str, subject: str, left_at: datetime
) -> ReplyTo | None:
    """Return a message of ours as what a second one goes on with; None where it no longer lies in Sent.

    A mail program that gave it another Message-ID is made out by subject and day.
    """
    sent = [letter for letter in letters if letter.sent and letter.recipients == {email} and _is_fit(letter)]
    alike = [
        letter
        for letter in sent
        if strip_marks(letter.subject) == strip_marks(subject)
        and abs(letter.at - left_at) <= timedelta(days=1)
    ]
    same = [letter for letter in sent if letter.message_id == message_id] or alike
    return _answer(max(same, key=lambda letter: letter.at)) if same else None


def _is_talk(thread: list[Letter], email: str, owner: Collection[str], words: AnswerWords) -> bool:
    """Tell whether these letters are one conversation of the owner and that person, who wrote in it."""
    wrote = any(letter.sender == email for letter in thread)
    return wrote and all(_is_between(letter, email, owner, words) for letter in thread)


def _is_between(letter: Letter, email: str, owner: Collection[str], words: AnswerWords) -> bool:
    if letter.sent:
        alone = letter.recipients == {email}
    else:
        alone = letter.sender == email and bool(letter.recipients) and letter.recipients <= set(owner)
    return alone and sort_letter(letter, words) is LetterKind.PERSONAL


def _is_fit(letter: Letter) -> bool:
    """Tell whether nothing in a letter would become anything but its own subject and id in ours."""
    subject = strip_marks(letter.subject)
    hidden = any(unicodedata.category(character)[0] == "C" for character in subject)
    plain = not hidden and not _LINK.search(subject) and "=?" not in subject
    named = any(character.isalnum() for character in subject) and len(subject) <= _LONGEST_SUBJECT
    return plain and named and is_message_id(letter.message_id)


def _answer(letter: Letter) -> ReplyTo:
    known = [one for one in letter.references if is_message_id(one) and one != letter.message_id]
    kept = known if len(known) < _MOST_REFERENCES else [known[0], *known[2 - _MOST_REFERENCES :]]
    return ReplyTo(strip_marks(letter.subject), letter.message_id, (*kept, letter.message_id))


def make_reply(message: Message, reply: ReplyTo | None) -> Message:
    """Return a message as the next one of a conversation: its subject, so that mail programs keep them together."""
    if reply is None:
        return message
    subject = f"Re: {reply.subject}"
    return replace(message, subject=subject, in_reply_to=reply.message_id, references=reply.references)


def read_reply(raw: bytes | None) -> ReplyTo | None:
    """Return what a message goes on with, whoever wrote it; None for one that begins a conversation."""
    read = read_message(raw or b"")
    if not is_message_id(read.in_reply_to):
        return None
    known = tuple(filter(is_message_id, read.references)) or (read.in_reply_to,)
    return ReplyTo(strip_marks(read.subject), read.in_reply_to, known)
