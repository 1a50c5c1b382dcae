"""What lies in Gmail's Drafts: one listing tells everything that changed, and only that is fetched."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from followupd.adapters.gmail_heads import Head, bare_id, head_of_answer, head_of_bytes, read_saved
from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.adapters.google_transport import Google
from followupd.mail import Draft, Trace

#: So many drafts that we do not know are looked at for one listing; the rest waits for the next.
_LEARN_AT_ONCE = 10
_PAGE = 500
_LATER = "The next pass asks again."


@dataclass(frozen=True, slots=True)
class Known:
    """A draft as we last saw it. Gmail gives a changed draft another message id, so the same id is the same text."""

    message_id: str
    """Gmail's own id of the message, not its Message-ID."""
    thread_id: str
    head: Head
    draft: Draft | None = None
    """Its bytes, where they were asked for."""


class Drafts:
    """The drafts of one account, by their ids.

    A listing without a search is up to date at once, while Gmail's search index is not (seconds to minutes). So
    drafts are found by what is known of each; the index is asked only while there are some we have not looked at.
    """

    def __init__(self, google: Google, clock: Callable[[], datetime]) -> None:
        self._google = google
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._listed: dict[str, str] | None = None
        self._sharing = False
        self._learned = False

    def share(self) -> None:
        """Let looks share one listing from here on, made at the first of them."""
        self._sharing, self._listed = True, None

    # --- finding

    def find_same(self, trace: Trace) -> list[Draft]:
        """Return the draft with the id of the trace, then all with its Message-ID. Raises NotDone and Unanswered."""
        listed = self._list()
        found = [trace.draft_id] if trace.draft_id in listed else []
        unknown = set() if found else self._learn(listed)
        found += [one for one in listed if one in self._known and self._known[one].head.has_message_id(trace)]
        if unknown and (message_id := bare_id(trace.message_id)):
            found += self._search(f"rfc822msgid:{message_id}", unknown)
        return self._fetch_all(found, listed)

    def find_alike(self, trace: Trace) -> list[Draft]:
        """Return the drafts to the same person, in the same words, since the time of the trace. Raises as `find_same`."""
        if trace.subject == "":
            return []
        listed = self._list()
        if unknown := self._learn(listed):
            self._fetch_all(self._search(f"to:{trace.to}", unknown), listed)
        known = ((one, self._known[one]) for one in listed if one in self._known)
        return self._fetch_all([one for one, draft in known if draft.head.has_words(trace)], listed)

    def _fetch_all(self, ids: list[str], listed: Mapping[str, str]) -> list[Draft]:
        return [draft for one in dict.fromkeys(ids) if (draft := self._fetch(one, listed)) is not None]

    def _list(self) -> dict[str, str]:
        """Return draft id to message id, the newest first."""
        if self._listed is None or not self._sharing:
            self._listed, self._learned = dict(self._walk("")), False
            kept = {
                one: self._known[one]
                for one, message in self._listed.items()
                if not self._is_news(one, message)
            }
            self._known = kept
        return self._listed

    def _walk(self, query: str) -> Iterator[tuple[str, str]]:
        drafts, page = self._google.service("gmail").users().drafts(), None
        while True:
            answer = self._google.read(
                drafts.list(userId="me", maxResults=_PAGE, q=query or None, pageToken=page)
            )
            for row in answer.get("drafts", ()):
                yield _text(row, "id"), _text(row.get("message", {}), "id")
            page = answer.get("nextPageToken")
            if page is None:
                return

    def _learn(self, listed: Mapping[str, str]) -> set[str]:
        """Look at the newest of the drafts we do not know, once for each listing; return those that stay unknown.

        The owner's own drafts are known after some passes; from then on a look asks for nothing but the listing.
        """
        unknown = [one for one in listed if one not in self._known]
        for one in [] if self._learned else unknown[:_LEARN_AT_ONCE]:
            message = self._get(one, "metadata")
            if message is not None:
                self._known[one] = Known(
                    _text(message, "id"), _text(message, "threadId"), _read_head(message)
                )
        self._learned = True
        return {one for one in listed if one not in self._known}

    def _is_news(self, draft_id: str, message_id: str) -> bool:
        return draft_id not in self._known or self._known[draft_id].message_id != message_id

    def _search(self, query: str, unknown: set[str]) -> list[str]:
        """Ask the index about the drafts we have not looked at."""
        return [one for one, _ in self._walk(query) if one in unknown]

    def _fetch(self, draft_id: str, listed: Mapping[str, str]) -> Draft | None:
        known = self._known.get(draft_id)
        if known is not None and known.draft is not None and known.message_id == listed[draft_id]:
            return known.draft
        return self.fetch(draft_id)

    def fetch(self, draft_id: str) -> Draft | None:
        """Return a draft as Gmail has it now, None when it is gone. Raises NotDone and Unanswered."""
        message = self._get(draft_id, "raw")
        if message is None:
            return None
        draft = Draft(draft_id, _decode(_text(message, "raw")))
        self.note(draft, message)
        return draft

    def _get(self, draft_id: str, form: str) -> dict[str, Any] | None:
        request = self._google.service("gmail").users().drafts().get(userId="me", id=draft_id, format=form)
        try:
            answer = self._google.read(request)
        except NotDone as problem:
            if problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        message = answer.get("message")
        if not isinstance(message, dict):
            raise Unanswered("Gmail answered without the draft.", _LATER)
        return message

    # --- what we did ourselves

    def thread_of(self, draft_id: str) -> str:
        return self._known[draft_id].thread_id if draft_id in self._known else ""

    def note(self, draft: Draft, message: Mapping[str, Any]) -> None:
        """Remember a draft as it lies there now; `message` is what Gmail said of it."""
        saved_at = read_saved(message) if "internalDate" in message else self._clock()
        head = head_of_bytes(draft.raw, saved_at)
        self._known[draft.id] = Known(_text(message, "id"), str(message.get("threadId", "")), head, draft)
        if self._listed is not None:
            self._listed[draft.id] = _text(message, "id")

    def forget(self, draft_id: str) -> None:
        """Take note that a draft is no longer there."""
        self._known.pop(draft_id, None)
        if self._listed is not None:
            self._listed.pop(draft_id, None)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise Unanswered(f"Gmail answered without {name}.", _LATER)
    return value


def _read_head(message: Mapping[str, Any]) -> Head:
    try:
        return head_of_answer(message)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise Unanswered("Gmail described a draft in a way that makes no sense.", _LATER) from None


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Unanswered("Gmail sent a draft that cannot be read.", _LATER) from None


def encode(raw: bytes) -> str:
    """Return the bytes of a message as the Gmail API takes them (base64url, RFC 4648, 5)."""
    return base64.urlsafe_b64encode(raw).decode("ascii")
