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

    def has(self, trace: Trace) -> bool:
        """Tell whether the message of a trace was sent. Raises NotDone and Unanswered.

        The newest are listed without a search, because the index learns of them later; then the index is asked.
        """
        newest = self._list(labelIds=["SENT"], maxResults=_NEWEST)
        self._heads = {one: self._heads[one] for one in newest if one in self._heads}
        if any(self._fits(one, trace) for one in newest):
            return True
        message_id = bare_id(trace.message_id)
        found = self._list(q=f"in:sent rfc822msgid:{message_id}") if message_id else []
        if not found and trace.subject:
            after = int(trace.since.timestamp()) - 60
            found = self._list(q=f"in:sent to:{trace.to} after:{after}", maxResults=_NEWEST)
        return any(self._fits(one, trace) for one in found)

    def _list(self, **how: Any) -> list[str]:
        answer = self._google.read(self._google.service("gmail").users().messages().list(userId="me", **how))
        return [str(row["id"]) for row in answer.get("messages", ()) if "id" in row]

    def _fits(self, message_id: str, trace: Trace) -> bool:
        head = self._heads.get(message_id) or self._read(message_id)
        return head is not None and (head.has_message_id(trace) or head.has_words(trace))

    def _read(self, message_id: str) -> Head | None:
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
