"""Gmail as the mailbox: drafts are put there, found again, and sent when they are approved.

With the permission to write drafts alone, one that is gone from Drafts was sent or deleted, and which of the two cannot
be told; with the permission to read mail it can.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from followupd.adapters.gmail_drafts import Drafts, encode
from followupd.adapters.gmail_heads import bare_id, head_of_bytes
from followupd.adapters.gmail_sent import SentMail
from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.adapters.google_auth import READING
from followupd.adapters.google_transport import CALL_SECONDS, Google
from followupd.errors import Changed, Doubt, MailboxProblem, Problem, Refused
from followupd.mail import Draft, Look, Place, Trace

#: What Gmail may go on working on after we stopped waiting, and how far its index may be behind.
_SERVER_TIME, _INDEX_LAG = timedelta(seconds=60), timedelta(seconds=120)
#: So many of the messages sent from here are remembered until the program ends.
_MOST_SENT = 1000


class GmailMailbox:
    """A Mailbox in one Google account. What is approved is sent with the very bytes that were approved."""

    grace = timedelta(seconds=CALL_SECONDS) + _SERVER_TIME + _INDEX_LAG
    sends = True
    tells_unsent = False
    ready_note = ""

    def __init__(self, name: str, google: Google, clock: Callable[[], datetime]) -> None:
        self.name = name
        self._google = google
        self._clock = clock
        self._drafts = Drafts(google, clock)
        self._sent = SentMail(google)
        self._sent_here: dict[str, str] = {}
        """Message-ID of what this program sent, by the id of its draft."""

    def begin_pass(self) -> None:
        self._drafts.share()
        self._sent.share()

    # --- looking

    def look(self, trace: Trace) -> Look:
        with _said_as(MailboxProblem):
            if drafts := self._drafts.find_same(trace):
                return Look(Place.DRAFTS, tuple(drafts))
            if self._was_sent_here(trace) or (self._may_read and self._sent.has_same(trace)):
                return Look(Place.SENT)
            if drafts := self._drafts.find_alike(trace):
                return Look(Place.DRAFTS, tuple(drafts))
            if self._may_read:
                return Look(Place.SENT if self._sent.has_alike(trace) else Place.NOWHERE)
            return Look(Place.NOWHERE if trace.draft_id is None else Place.GONE)

    def _was_sent_here(self, trace: Trace) -> bool:
        message_id = bare_id(trace.message_id)
        return trace.draft_id in self._sent_here or (
            message_id != "" and message_id in self._sent_here.values()
        )

    @property
    def _may_read(self) -> bool:
        return self._google.access.may(READING)

    # --- writing

    def create(self, raw: bytes) -> Draft:
        """Put a draft there; an answer into the conversation of the letter it answers, where mail may be read.

        A message stands in a conversation only with its id, the same subject and In-Reply-To.
        """
        message = {"raw": encode(raw)}
        answers = head_of_bytes(raw, self._clock()).in_reply_to
        if answers and self._may_read:
            with _said_as(MailboxProblem):
                message |= self._sent.name_thread(answers)
        return self._put(self._resource().create(userId="me", body={"message": message}), raw)

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        self._require_unchanged(draft)
        message = {"raw": encode(raw)}
        if thread := self._drafts.thread_of(draft.id):
            message["threadId"] = thread
        return self._put(
            self._resource().update(userId="me", id=draft.id, body={"id": draft.id, "message": message}), raw
        )

    def remove(self, draft: Draft) -> None:
        """Delete `draft`: Gmail keeps no copy of a draft, so only one that is still ours byte for byte goes this way."""
        self._require_unchanged(draft)
        with _said_as(Doubt):
            self._google.write(self._resource().delete(userId="me", id=draft.id))
        self._drafts.forget(draft.id)

    def open(self) -> None:
        with _said_as(MailboxProblem):
            self._google.check()

    def hand_over(self, draft: Draft) -> Place:
        self._require_unchanged(draft)
        body = {
            "id": draft.id,
            "message": {"raw": encode(draft.raw), "threadId": self._drafts.thread_of(draft.id)},
        }
        with _said_as(Doubt, refused=Refused):
            answer = self._google.write(self._resource().send(userId="me", body=body))
            if "SENT" not in answer.get("labelIds", ()):
                raise Unanswered("Gmail did not say that the message is sent.")
        self._drafts.forget(draft.id)
        self._remember_sent(draft)
        return Place.SENT

    def settle(self, draft: Draft, place: Place) -> None:
        """Do nothing: in Gmail a message is a draft or sent, never in between."""

    def close(self) -> None:
        """Do nothing: there is no connection to keep."""

    def _resource(self) -> Any:
        return self._google.service("gmail").users().drafts()

    def _put(self, request: Any, raw: bytes) -> Draft:
        with _said_as(Doubt):
            answer = self._google.write(request)
            message = answer.get("message")
            if not isinstance(answer.get("id"), str) or not isinstance(message, Mapping):
                raise Unanswered("Gmail did not say which draft it made.")
            draft = Draft(answer["id"], raw)
            self._drafts.note(draft, message)
        return draft

    def _require_unchanged(self, draft: Draft) -> None:
        """Raise Changed unless Gmail holds exactly these bytes at this moment."""
        with _said_as(MailboxProblem):
            found = self._drafts.fetch(draft.id)
        if found != draft:
            raise Changed("The draft in Gmail is no longer the one that was read.")

    def _remember_sent(self, draft: Draft) -> None:
        self._sent_here[draft.id] = head_of_bytes(draft.raw, self._clock()).message_id
        while len(self._sent_here) > _MOST_SENT:
            self._sent_here.pop(next(iter(self._sent_here)))


@contextmanager
def _said_as(
    unanswered: type[MailboxProblem | Doubt], refused: type[MailboxProblem] = MailboxProblem
) -> Iterator[None]:
    """Say what Google's side raises in the mailbox's own kinds; no answer to a read is a problem, to a write a doubt.

    `refused` is for a request that Gmail found wrong in itself, such as a recipient that is no address.
    """
    try:
        yield
    except Unanswered as problem:
        raise _retell(unanswered, problem) from None
    except NotDone as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise Changed("The draft is no longer in Gmail.") from None
        wrong = problem.status == HTTPStatus.BAD_REQUEST
        raise _retell(refused if wrong else MailboxProblem, problem) from None


def _retell(kind: type[MailboxProblem | Doubt], problem: Problem) -> Problem:
    told = kind(problem.what, problem.todo)
    told.temporary = problem.temporary
    return told
