"""The letters exchanged with people, in Gmail, for owners who allow their mail to be read: headers, never a text."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any

from followupd.adapters.gmail_heads import decode_words, read_saved
from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.adapters.google_auth import READING
from followupd.adapters.google_transport import Google
from followupd.errors import MailboxProblem, Problem
from followupd.mail import Letter

#: Google answers nothing about a longer address of a request; so many characters of a search stay well below that.
_LONGEST_QUERY = 3000
#: So many of the newest letters of a search are looked at; each costs 20 units of Google's quota, the search 5.
_MOST_LETTERS = 100
#: So many letters are remembered until the program ends, so that none is fetched twice.
_MOST_KNOWN = 2000
_NOTICES = ("from:mailer-daemon", "from:postmaster")
#: What is asked of a letter: ids, labels, time, headers, and what kind of parts it has. No text of it travels.
_MASK = "id,threadId,labelIds,internalDate,payload({0},parts({0},parts({0},parts({0}))))".format(
    "mimeType,headers"
)
_MOST_PARTS = 50
#: What may stand in a search unquoted and unmistaken.
_PLAIN_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`|~.-]+@[a-z0-9.-]+")
_BRACKETED = re.compile(r"[^<>]*<([^<>\s@]+@[^<>\s@]+)>\s*")
_BARE = re.compile(r"\s*([^<>\s@,;:]+@[^<>\s@,;:]+)\s*")
_BETWEEN = re.compile(r"[\s<>(),:;\"]+")
_MESSAGE_IDS = re.compile(r"<[^<>\s]+>")
_LONGEST_FIELD = 4000
_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError)


class GmailLetters:
    """The Correspondence of one Google account."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._known: dict[str, Letter] = {}

    def may_read(self) -> bool:
        try:
            return self._google.access.may(READING)
        except Problem:
            return False  # nobody is signed in: the mailbox says so

    def find_letters(self, people: Collection[str], since: datetime) -> tuple[Letter, ...]:
        with _said_as_mailbox():
            names = [name for query in _write_queries(people, since) for name in self._list(query)]
            found = [letter for name in dict.fromkeys(names) if (letter := self._read(name)) is not None]
        return tuple(sorted(found, key=lambda letter: letter.at, reverse=True))

    def find_signature(self, address: str) -> str:
        """As the contract says; an address Gmail does not send from gets the signature of the one it usually does."""
        aliases = self._google.service("gmail").users().settings().sendAs()
        with _said_as_mailbox():
            answer = self._google.read(
                aliases.list(userId="me", fields="sendAs(sendAsEmail,isDefault,signature)")
            )
            try:
                rows = answer.get("sendAs", [])
                own = [row for row in rows if row["sendAsEmail"].lower() == address.lower()]
                signing = [*own, *(row for row in rows if row.get("isDefault"))]
                return str(signing[0].get("signature", "")) if signing else ""
            except _NONSENSE:
                raise Unanswered("Gmail told of your signature in a way that makes no sense.") from None

    def _list(self, query: str) -> list[str]:
        """Return the ids of the newest that match."""
        messages = self._google.service("gmail").users().messages()
        answer = self._google.read(
            messages.list(userId="me", q=query, maxResults=_MOST_LETTERS, fields="messages/id")
        )
        try:
            return [str(row["id"]) for row in answer.get("messages", ())]
        except _NONSENSE:
            raise Unanswered("Gmail answered a search in a way that makes no sense.") from None

    def _read(self, name: str) -> Letter | None:
        """Return one letter; None for what is gone by now, and for what no header can be read of."""
        if name not in self._known:
            letter = self._fetch(name)
            if letter is None:
                return None
            self._known[name] = letter
            while len(self._known) > _MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
        return self._known[name]

    def _fetch(self, name: str) -> Letter | None:
        messages = self._google.service("gmail").users().messages()
        try:
            return read_letter(
                self._google.read(messages.get(userId="me", id=name, format="full", fields=_MASK))
            )
        except NotDone as problem:
            if problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        except _NONSENSE:
            return None


@contextmanager
def _said_as_mailbox() -> Iterator[None]:
    try:
        yield
    except (NotDone, Unanswered) as problem:
        told = MailboxProblem(problem.what, problem.todo)
        told.temporary = problem.temporary
        raise told from None


def _write_queries(people: Collection[str], since: datetime) -> Iterator[str]:
    """Yield searches that together find the letters of all (support.google.com/mail/answer/7190): one, where they fit."""
    terms: list[str] = []
    # Of an address with other characters no search can be trusted to mean it alone.
    for person in sorted(filter(_PLAIN_ADDRESS.fullmatch, people)):
        if sum(map(len, terms)) + 2 * len(person) > _LONGEST_QUERY:
            yield _write_query(terms, since)
            terms = []
        terms += [f"from:{person}", f"to:{person}"]
    if terms:
        yield _write_query([*_NOTICES, *terms], since)


def _write_query(terms: Collection[str], since: datetime) -> str:
    return f"{{{' '.join(terms)}}} after:{int(since.timestamp())} -in:drafts"


def read_letter(message: Mapping[str, Any]) -> Letter:
    """Return a Message of the Gmail API as a letter. Raises KeyError and the like for what is none."""
    payload = message["payload"]
    fields = _read_fields(payload)
    written = {name: _pick_addresses(fields.get(name, "")) for name in ("to", "cc", "bcc")}
    return Letter(
        at=read_saved(message),
        sent="SENT" in message.get("labelIds", ()),
        sender=_read_sender(fields.get("from", "")),
        recipients=frozenset().union(*written.values()),
        subject=decode_words(fields.get("subject", "")),
        message_id=next(iter(_MESSAGE_IDS.findall(fields.get("message-id", ""))), ""),
        references=_read_references(fields),
        thread=str(message["threadId"]),
        fields=fields,
        parts=tuple(_list_types(payload)),
    )


def _read_fields(part: Mapping[str, Any]) -> dict[str, str]:
    pairs = [
        (str(row["name"]).lower(), str(row["value"])[:_LONGEST_FIELD]) for row in part.get("headers", ())
    ]
    return dict(reversed(pairs))


def _list_types(payload: Mapping[str, Any]) -> Iterator[str]:
    waiting, count = [payload], 0
    while waiting and count < _MOST_PARTS:
        part, count = waiting.pop(0), count + 1
        yield (_read_fields(part).get("content-type") or str(part.get("mimeType", ""))).lower()
        waiting += part.get("parts", ())


def _read_sender(field: str) -> str:
    """Return the one address a letter is from: of a line that could be read in two ways there is none."""
    found = _BRACKETED.fullmatch(field) or _BARE.fullmatch(field)
    return found[1].lower() if found else ""


def _pick_addresses(field: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _BETWEEN.split(field) if "@" in word)


def _read_references(fields: Mapping[str, str]) -> tuple[str, ...]:
    named = f"{fields.get('references', '')} {fields.get('in-reply-to', '')}"
    return tuple(dict.fromkeys(_MESSAGE_IDS.findall(named)))
