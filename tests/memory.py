"""The ports in memory, told to fail: what rules and passes are tested against without a disk or a server."""

import email
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import parseaddr
from itertools import count
from typing import Any

from followupd.errors import Changed, Doubt, MailboxProblem, NoticeProblem, NotYet, Problem, Refused
from followupd.mail import Draft, Letter, Look, Place, Trace
from followupd.model import Event, Reading, Skipped
from followupd.notices import Notice, Sign


class MemoryCalendar:
    """A CalendarSource whose events are whatever the test says; `fail` is raised by every read until it is None."""

    def __init__(self, name: str, events: Iterable[Event] = ()) -> None:
        self.name = name
        self.events: Sequence[Event] = tuple(events)
        self.skipped: tuple[Skipped, ...] = ()
        self.complete = True
        self.fail: Problem | None = None
        self.drift: timedelta | None = None

    def read(self, start: datetime, end: datetime) -> Reading:
        if self.fail is not None:
            raise self.fail
        touching = tuple(event for event in self.events if event.start <= end and event.end >= start)
        return Reading(touching, self.skipped, self.complete)


_REFUSALS = {"refused": MailboxProblem, "not yet": NotYet, "never": Refused}


class MemoryMailbox:
    """A Mailbox that shows everything it holds and misbehaves on request.

    `faults` is a queue of (method, fault); a call takes the first fault that names its method:
    "refused" does nothing and raises MailboxProblem, "dropped" does nothing and raises Doubt,
    "lost" does the work and raises Doubt, "half" (replace only) leaves old and new side by side and raises Doubt;
    for hand_over "not yet" and "never" do nothing and raise NotYet and Refused, "unfiled" sends and does not file.
    With `marks` it shows in SENDING what it tried to send and got no answer for, as SMTP beside a Maildir does.
    `index_lag` hides what is younger from every search but the one by draft id; `now` is the clock for both.
    """

    ready_note = "ready to send, in memory only"

    def __init__(self, name: str = "memory", *, sends: bool = False, marks: bool = False) -> None:
        self.name = name
        self.grace = timedelta(0)
        self.sends = sends or marks
        self.tells_unsent = marks or not sends
        self.marks = marks
        self.index_lag = timedelta(0)
        self.now: Callable[[], datetime] = lambda: datetime(2026, 1, 1, tzinfo=UTC)
        self.faults: list[tuple[str, str]] = []
        self.calls: Counter[str] = Counter()
        self.drafts: dict[str, Draft] = {}
        self.ready: list[Draft] = []
        self.sending: list[Draft] = []
        self.sent: list[Draft] = []
        self.delivered: list[Draft] = []
        """What the server took, whatever it answered."""
        self.trash: list[Draft] = []
        self._saved_at: dict[str, datetime] = {}
        self._numbers = count(1)

    def begin_pass(self) -> None:
        self.calls["begin_pass"] += 1

    def look(self, trace: Trace) -> Look:
        with self._misbehaving("look"):
            return self._find(trace)

    def create(self, raw: bytes) -> Draft:
        with self._misbehaving("create"):
            return self._save(raw)

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        with self._misbehaving("replace") as fault:
            self._require_unchanged(draft)
            if fault != "half":
                del self.drafts[draft.id]
            return self._save(raw)

    def remove(self, draft: Draft) -> None:
        with self._misbehaving("remove"):
            self._require_unchanged(draft)
            self._move(draft.id, self.trash)

    def hand_over(self, draft: Draft) -> Place:
        with self._misbehaving("hand_over") as fault:
            self._require_unchanged(draft)
            if not self.sends:
                self._move(draft.id, self.ready)
                return Place.READY
            if fault != "dropped":
                self.delivered.append(draft)
            self._move(draft.id, self.sending if self.marks and fault else self.sent)
            return Place.SENT

    def open(self) -> None:
        with self._misbehaving("open"):
            pass

    def settle(self, draft: Draft, place: Place) -> None:
        with self._misbehaving("settle"):
            if draft in self.sending:
                self.sending.remove(draft)
                if place is Place.SENT:
                    self.sent.append(draft)
                else:
                    self.drafts[draft.id] = draft

    def close(self) -> None:
        self.calls["close"] += 1

    def owner_edits(self, draft_id: str, raw: bytes) -> None:
        assert draft_id in self.drafts, "nobody can edit what is not there"
        self.drafts[draft_id] = Draft(draft_id, raw)
        self._saved_at[draft_id] = self.now()

    def owner_deletes(self, draft_id: str) -> None:
        self._move(draft_id, self.trash)

    def owner_sends(self, draft_id: str) -> None:
        self._move(draft_id, self.sent)

    def owner_moves_to_ready(self, draft_id: str) -> None:
        self._move(draft_id, self.ready)

    @contextmanager
    def _misbehaving(self, method: str) -> Iterator[str]:
        self.calls[method] += 1
        fault = self._take_fault(method)
        if fault in _REFUSALS:
            raise _REFUSALS[fault](f"The server refused to {method}.", "Look at it again.")
        if fault == "dropped" and not (self.marks and method == "hand_over"):
            raise Doubt(f"The request to {method} got no answer.")
        yield fault
        if fault in {"lost", "half", "dropped"}:
            raise Doubt(f"The answer to {method} got lost.")

    def _take_fault(self, method: str) -> str:
        for fault in self.faults:
            if fault[0] == method:
                self.faults.remove(fault)
                return fault[1]
        return ""

    def _save(self, raw: bytes) -> Draft:
        draft = Draft(f"m{next(self._numbers)}", raw)
        self.drafts[draft.id] = draft
        self._saved_at[draft.id] = self.now()
        return draft

    def _move(self, draft_id: str, folder: list[Draft]) -> None:
        folder.append(self.drafts.pop(draft_id))
        self._saved_at[draft_id] = self.now()

    def _require_unchanged(self, draft: Draft) -> None:
        if self.drafts.get(draft.id) != draft:
            raise Changed("The draft in the mailbox is no longer the one that was read.")

    def _find(self, trace: Trace) -> Look:
        """Judge as the Maildir does: what lies in the trash decides only when nothing else matches."""
        tests = (self._has_id, self._has_message_id, self._has_words)
        for test in tests:
            found = [draft for draft in self.drafts.values() if test(draft, trace)]
            if found:
                return Look(Place.DRAFTS, (*found, *self._copies(found, trace)))
            if sending := tuple(letter for letter in self.sending if test(letter, trace)):
                return Look(Place.SENDING, sending)
            for place, letters in ((Place.READY, self.ready), (Place.SENT, self.sent)):
                if any(test(letter, trace) for letter in letters):
                    return Look(place)
        trashed = any(test(letter, trace) for test in tests for letter in self.trash)
        return Look(Place.TRASH if trashed else Place.NOWHERE)

    def _copies(self, found: list[Draft], trace: Trace) -> list[Draft]:
        others = (draft for draft in self.drafts.values() if draft not in found)
        return [draft for draft in others if self._has_message_id(draft, trace)]

    def _has_id(self, letter: Draft, trace: Trace) -> bool:
        return letter.id == trace.draft_id

    def _has_message_id(self, letter: Draft, trace: Trace) -> bool:
        message_id = str(email.message_from_bytes(letter.raw).get("Message-ID", "")).strip().strip("<>")
        return self._is_indexed(letter) and message_id != "" and message_id == trace.message_id.strip("<>")

    def _has_words(self, letter: Draft, trace: Trace) -> bool:
        message = email.message_from_bytes(letter.raw)
        subject = str(make_header(decode_header(message.get("Subject", ""))))
        return (
            trace.subject != ""
            and self._is_indexed(letter)
            and self._saved_at[letter.id] >= trace.since - timedelta(seconds=60)
            and parseaddr(str(message.get("To", "")))[1].casefold() == trace.to.casefold()
            and subject.casefold().split() == trace.subject.casefold().split()
        )

    def _is_indexed(self, letter: Draft) -> bool:
        return self.now() - self._saved_at[letter.id] >= self.index_lag


#: Who says that a mail could not be delivered.
NOTICES = "mailer-daemon@googlemail.com"


class MemoryLetters:
    """A Correspondence that holds whatever letters the test says; `fail` is raised by every search until it is None."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.allowed = True
        self.signature = ""
        self.fail: MailboxProblem | None = None
        self.asked: list[set[str]] = []
        """Whom each search was about."""
        self.signed: list[str] = []
        """For which address a signature was asked for, each time."""

    def may_read(self) -> bool:
        return self.allowed

    def find_letters(self, people: Collection[str], since: datetime) -> tuple[Letter, ...]:
        self.asked.append(set(people))
        if self.fail is not None:
            raise self.fail
        wanted = {*people, NOTICES} if people else set()
        found = [one for one in self.letters if one.at >= since and wanted & {one.sender, *one.recipients}]
        return tuple(sorted(found, key=lambda one: one.at, reverse=True))

    def find_signature(self, address: str) -> str:
        self.signed.append(address)
        return self.signature

    def write(self, to: str, at: datetime, **more: Any) -> None:
        """Let the owner write to somebody by themselves."""
        self._add(at, **({"sent": True, "sender": "ada@example.com", "recipients": frozenset({to})} | more))

    def arrive(self, sender: str, at: datetime, **more: Any) -> None:
        """Let somebody write to the owner."""
        self._add(at, sent=False, sender=sender, recipients=frozenset({"ada@example.com"}), **more)

    def bounce(self, message_id: str, at: datetime) -> None:
        """Let a mail system say that it could not deliver what the owner sent."""
        self.arrive(NOTICES, at, references=(message_id,), subject="Undelivered")

    def _add(self, at: datetime, **more: Any) -> None:
        name = f"<{len(self.letters)}@elsewhere.example>"
        facts: dict[str, Any] = {"subject": "Breakfast", "message_id": name, "references": (), "thread": name}
        self.letters.append(Letter(at=at, **(facts | {"fields": {}, "parts": ("text/plain",)} | more)))


class MemoryNotices:
    """A Notifier that keeps what it was told; with `fail` nothing gets through, and it is not there without `there`."""

    def __init__(self, name: str = "desktop", *, disturbs: bool = True, writes_mail: bool = False) -> None:
        self.name = name
        self.disturbs = disturbs
        self.writes_mail = writes_mail
        self.there = True
        self.fail: NoticeProblem | None = None
        self.told: list[Notice] = []
        self.earlier: list[str] = []

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.told]

    def is_there(self) -> bool:
        return self.there

    def tell(self, notice: Notice, earlier: str) -> str:
        if self.fail is not None:
            raise self.fail
        self.told.append(notice)
        self.earlier.append(earlier)
        return f"receipt {len(self.told)}"


class MemorySwitch:
    """A dead-man's switch that keeps its signs."""

    def __init__(self) -> None:
        self.signs: list[tuple[Sign, str]] = []
        self.fail: NoticeProblem | None = None

    def ping(self, sign: Sign, words: str) -> None:
        if self.fail is not None:
            raise self.fail
        self.signs.append((sign, words))
