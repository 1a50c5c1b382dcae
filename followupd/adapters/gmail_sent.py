"""What lies in Gmail's Sent, for owners who allow it to be read."""

from http import HTTPStatus
from typing import Any

from followupd.adapters.gmail_heads import Head, bare_id, head_of_answer
from followupd.adapters.google_answers import NotDone
from followupd.adapters.google_transport import Google
from followupd.mail import Trace

#: So many of the newest sent messages are looked at one by one; older ones are left to the index, which knows them by then.
_NEWEST = 20
_FIELDS = ("Message-ID", "To", "Subject")


class SentMail:
    """The sent messages of one account."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._heads: dict[str, Head] = {}
        self._newest: list[str] | None = None
        self._sharing = False

    def share(self) -> None:
        """Let looks share one listing of the newest from here on."""
        self._sharing, self._newest = True, None

    def has_same(self, trace: Trace) -> bool:
        """Tell whether a message with the Message-ID of the trace was sent. Raises NotDone and Unanswered."""
        if any(head.has_message_id(trace) for head in self._read_newest()):
            return True
        message_id = bare_id(trace.message_id)
        return message_id != "" and bool(self._list(q=f"in:sent rfc822msgid:{message_id}"))

    def has_alike(self, trace: Trace) -> bool:
        """Tell whether one was sent to the same person, in the same words, since the time of the trace. Raises as `has_same`."""
        if trace.subject == "":
            return False
        if any(head.has_words(trace) for head in self._read_newest()):
            return True
        after = int(trace.since.timestamp()) - 60
        found = self._list(q=f"in:sent to:{trace.to} after:{after}", maxResults=_NEWEST)
        return any(head.has_words(trace) for head in map(self._read, found) if head is not None)

    def name_thread(self, message_id: str) -> dict[str, str]:
        """Return the conversation a letter stands in as {"threadId": …}; {} for a letter that is not there. Raises as `has_same`."""
        found = self._ask(q=f"rfc822msgid:{message_id}", maxResults=1)
        return {"threadId": str(found[0]["threadId"])} if found and "threadId" in found[0] else {}

    def _read_newest(self) -> list[Head]:
        """Return the heads of the newest, listed without a search: the index learns of them later."""
        if self._newest is None or not self._sharing:
            self._newest = self._list(labelIds=["SENT"], maxResults=_NEWEST)
            self._heads = {one: head for one, head in self._heads.items() if one in self._newest}
        return [head for head in map(self._read, self._newest) if head is not None]

    def _list(self, **how: Any) -> list[str]:
        return [str(row["id"]) for row in self._ask(**how) if "id" in row]

    def _ask(self, **how: Any) -> list[dict[str, Any]]:
        answer = self._google.read(self._google.service("gmail").users().messages().list(userId="me", **how))
        return list(answer.get("messages", ()))

    def _read(self, message_id: str) -> Head | None:
        if message_id in self._heads:
            return self._heads[message_id]
        messages = self._google.service("gmail").users().messages()
        request = messages.get(userId="me", id=message_id, format="metadata", metadataHeaders=list(_FIELDS))
        try:
            head = head_of_answer(self._google.read(request))
        except NotDone as problem:
            if problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            return None
        self._heads[message_id] = head
        return head
