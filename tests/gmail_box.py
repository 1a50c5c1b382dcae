"""A mailbox at the stand-in for Google, with the letters in its account, that shows everything it holds and misbehaves on request, as MemoryMailbox does."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from accounts import keep_sign_in, open_google
from servers.google import Answer, Break, Clock
from servers.google import Google as StandIn
from servers.google.mail import Message

from followupd.adapters.gmail import GmailMailbox
from followupd.adapters.gmail_letters import GmailLetters
from followupd.mail import Draft, Letter, Look, Place, Trace

ADA = "ada@example.com"
#: A write of ours to the request it makes.
REQUESTS = {
    "create": ("POST", "/drafts$"),
    "replace": ("PUT", "/drafts/"),
    "remove": ("DELETE", "/drafts/"),
    "hand_over": ("POST", "/drafts/send$"),
}
FAULTS: dict[str, Answer | Break] = {
    "refused": Answer(403, b'{"error": {"errors": [{"reason": "forbidden"}], "message": "Not now."}}'),
    "dropped": Break.CLOSED_BEFORE,
    "lost": Break.LOST,
}


_Done = TypeVar("_Done")


class HandClock(Clock):
    """The stand-in's time, moved by whoever holds `read`; our own waits move it too, through `wait`."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Callable[[], datetime] = super().__call__
        self.wait: Callable[[timedelta], None] = super().go_on

    def __call__(self) -> datetime:
        return self.read()

    def go_on(self, by: timedelta) -> None:
        self.wait(by)


class Crash(BaseException):
    """The power goes, here and now."""


class GmailBox:
    """A Mailbox and Correspondence in a new account of `google`. A crash before or after its next write makes it forget all it knew."""

    ready_note = ""

    def __init__(self, google: StandIn, folder: Path, address: str, *scopes: str, lag: timedelta) -> None:
        self.account = google.add_account(address)
        self.account.mailbox.index_lag = lag
        self.crash: str | None = None
        self._written = 0
        self.trash: list[Draft] = []
        """What the owner threw away; Gmail keeps no copy."""
        self._google = google
        self._folder = folder
        self._drafts_of_sent: dict[str, str] = {}
        keep_sign_in(google, folder, address, *scopes)
        self.boot()

    def boot(self) -> None:
        """Start as after a boot: nothing is remembered but what lies on disk."""
        google = open_google(self._google, self._folder)
        self._box = GmailMailbox("box", google, self._google.clock)
        self._letters = GmailLetters(google)
        self.name, self.grace = self._box.name, self._box.grace
        self.sends, self.tells_unsent = self._box.sends, self._box.tells_unsent

    # --- the mailbox

    def begin_pass(self) -> None:
        self._box.begin_pass()

    def look(self, trace: Trace) -> Look:
        return self._box.look(trace)

    def create(self, raw: bytes) -> Draft:
        return self._survive(lambda: self._box.create(raw))

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        return self._survive(lambda: self._box.replace(draft, raw))

    def remove(self, draft: Draft) -> None:
        self._survive(lambda: self._box.remove(draft))

    def open(self) -> None:
        self._box.open()

    def hand_over(self, draft: Draft) -> Place:
        return self._survive(lambda: self._box.hand_over(draft))

    def settle(self, draft: Draft, place: Place) -> None:
        self._box.settle(draft, place)

    def close(self) -> None:
        self._box.close()

    # --- the letters in its account

    def may_read(self) -> bool:
        return self._letters.may_read()

    def find_letters(self, people: Collection[str], since: datetime) -> tuple[Letter, ...]:
        return self._letters.find_letters(people, since)

    def find_signature(self, address: str) -> str:
        return self._letters.find_signature(address)

    def _survive(self, write: Callable[[], _Done]) -> _Done:
        self._crash_if("before")
        done = write()
        self._crash_if("after")
        return done

    def _crash_if(self, when: str) -> None:
        if self.crash == when:
            self.crash = None
            self.boot()
            raise Crash

    # --- what it shows

    @property
    def drafts(self) -> dict[str, Draft]:
        box = self.account.mailbox
        return {
            draft_id: Draft(draft_id, box.messages[message].raw) for draft_id, message in box.drafts.items()
        }

    @property
    def sent(self) -> list[Draft]:
        """What was sent, under the id of its draft where the owner sent it by hand."""
        messages = self.account.mailbox.messages.values()
        return [Draft(self._name(message), message.raw) for message in messages if "SENT" in message.labels]

    def _name(self, message: Message) -> str:
        return self._drafts_of_sent.get(message.id, message.id)

    @property
    def ready(self) -> list[Draft]:
        """Nothing: Gmail has no such folder."""
        return []

    # --- what goes wrong

    @property
    def faults(self) -> list[tuple[str, str]]:
        return []

    @faults.setter
    def faults(self, wanted: list[tuple[str, str]]) -> None:
        self._google.faults.clear()
        for write, fault in wanted:
            self._google.faults.order(FAULTS[fault], *REQUESTS[write])

    # --- the owner in Gmail

    def owner_edits(self, draft_id: str, raw: bytes) -> None:
        self.account.mailbox.update_draft(draft_id, raw)

    def owner_deletes(self, draft_id: str) -> None:
        self.trash.append(self.drafts[draft_id])
        self.account.mailbox.delete_in_gmail(draft_id)

    def owner_sends(self, draft_id: str) -> None:
        sent = self.account.mailbox.send_in_gmail(draft_id)
        self._drafts_of_sent[sent.id] = draft_id

    def owner_moves_to_ready(self, draft_id: str) -> None:
        """Send it: what an owner of Gmail does with what is ready."""
        self.owner_sends(draft_id)

    def owner_writes(self, to: str) -> str:
        """Let the owner write to somebody by themselves; return the id under which `sent` shows it."""
        self._written += 1
        head = f"From: {self.account.address}\r\nTo: {to}\r\nSubject: Breakfast\r\nMessage-ID: <by-hand-{self._written}@x.example>"
        return self.account.mailbox.send(f"{head}\r\n\r\nBy hand.".encode()).id

    # --- what arrives

    def arrives_for(self, number: int, how: str) -> str:
        """Let something come back for one of what was sent; return whom it went to, "" when nothing was sent."""
        box = self.account.mailbox
        sent = [message for message in box.messages.values() if "SENT" in message.labels]
        if not sent:
            return ""
        one = sent[number % len(sent)]
        getattr(box, f"receive_{how}")(one)
        return one.envelope.addresses()[0]
