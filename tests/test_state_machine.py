"""Owner, calendar, mailbox, clock and crashes at random, against what must never happen.

Never two messages for one person and occurrence, none lost, none approved by nobody, no owner's edit overwritten,
no deleted draft back, nobody written to whom the owner ruled out. A failing run prints the steps that replay it.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from gmail_box import Crash
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from memory import MemoryCalendar, MemoryMailbox
from week import World, guest, meeting, read_met

from followupd.errors import Problem, SourceProblem
from followupd.items import FollowUp, Kind, Status
from followupd.mail import Draft
from followupd.model import Event
from followupd.ports import Correspondence
from followupd.render import Renderer
from followupd.rules.followups import Limits
from followupd.rules.reading import read_message

SOAK = os.environ.get("FOLLOWUPD_SOAK") == "1"
#: Steps all together: 2,000 in `make test`, 100,000 in `make soak` (docs/design.md, Tests).
EXAMPLES, STEPS = (2000, 50) if SOAK else (40, 50)

#: Many small commits: where there is a disk in memory, they need not wait for a real one.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
GUESTS = ("Jane Doe", "Tom Miller", "Maya Olsen")
WRITES = ("create", "replace", "remove", "hand_over")
FAULTS = st.tuples(st.sampled_from(WRITES), st.sampled_from(["refused", "dropped", "lost"]))
NUMBERS = st.integers(0, 10**6)


class FragileMailbox(MemoryMailbox):
    """Dies before or after its next write, on order."""

    def __init__(self, *, marks: bool = False) -> None:
        super().__init__("box", marks=marks)
        self.crash: str | None = None

    @contextmanager
    def _misbehaving(self, method: str) -> Iterator[str]:
        with super()._misbehaving(method) as fault:
            if method in WRITES and self._is_now("before"):
                raise Crash
            yield fault
            if method in WRITES and self._is_now("after"):
                raise Crash

    def _is_now(self, when: str) -> bool:
        now = self.crash == when
        if now:
            self.crash = None
        return now


class Life(RuleBasedStateMachine):
    """Days of one owner."""

    renderer: Renderer
    limits = Limits(drafts_per_day=500)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="followupd-life-", dir=MEMORY))
        self.box = self.make_box()
        self.world = World(
            self.folder,
            self.renderer,
            self.box,
            self.limits,
            calendar=self.make_calendar(),
            letters=self.find_letters(),
        )
        self.world.run()
        self.marks: dict[int, str] = {}
        self.deleted: set[str] = set()
        self.approved: dict[int, bytes] = {}
        self.seen_leaving: set[str] = set()
        self.events = 0
        self.lost: list[Event] = []
        self.never: set[str] = set()

    def make_box(self) -> Any:
        """Return a mailbox with all that FragileMailbox offers."""
        return FragileMailbox()

    def find_letters(self) -> dict[str, Correspondence]:
        """Return where the owner's own letters may be looked at, by mailbox."""
        return {}

    def make_calendar(self) -> MemoryCalendar:
        """Return a calendar with all that MemoryCalendar offers."""
        return MemoryCalendar("work")

    def list_sending(self) -> list[Draft]:
        """Return what is on its way and may have left."""
        return []

    def answer_doubts(self) -> None:
        """Answer what the owner is asked about mails that may have left; here nothing ever is."""

    def teardown(self) -> None:
        self.world.store.close()
        shutil.rmtree(self.folder)

    # --- the calendar

    @initialize(who=st.sets(st.sampled_from(GUESTS), min_size=1))
    def end_first_event(self, who: set[str]) -> None:
        """Begin every life with drafts: at random hardly one in seven ever has any."""
        self.add_event(who, 0)
        self._pass(timedelta(0))

    @rule(who=st.sets(st.sampled_from(GUESTS), max_size=3), minutes=st.integers(-90, 600))
    def add_event(self, who: set[str], minutes: int) -> None:
        self.events += 1
        end = self.world.now + timedelta(minutes=minutes)
        self.world.set_event(meeting(f"e{self.events}", end, *map(guest, sorted(who))))

    @precondition(lambda self: self.world.calendar.events)
    @rule(number=NUMBERS, cancelled=st.booleans())
    def cancel_event(self, number: int, cancelled: bool) -> None:
        events = self.world.calendar.events
        self.world.set_event(events[number % len(events)], cancelled=cancelled)

    @precondition(lambda self: self.world.calendar.events)
    @rule(number=NUMBERS, hours=st.integers(-20, 40))
    def move_event(self, number: int, hours: int) -> None:
        events = self.world.calendar.events
        event = events[number % len(events)]
        by = timedelta(hours=hours)
        self.world.set_event(event, start=event.start + by, end=event.end + by)

    @precondition(lambda self: self.world.calendar.events)
    @rule(number=NUMBERS)
    def remove_guest(self, number: int) -> None:
        events = self.world.calendar.events
        event = events[number % len(events)]
        self.world.set_event(event, attendees=event.attendees[:-1])

    @precondition(lambda self: self.world.calendar.events)
    @rule(number=NUMBERS)
    def lose_event(self, number: int) -> None:
        events = list(self.world.calendar.events)
        self.lost.append(events.pop(number % len(events)))
        self.world.calendar.events = events

    @precondition(lambda self: self.lost)
    @rule()
    def find_event(self) -> None:
        self.world.set_event(self.lost.pop())

    @rule(complete=st.booleans(), works=st.booleans())
    def trouble_calendar(self, complete: bool, works: bool) -> None:
        self.world.calendar.complete = complete
        self.world.calendar.fail = None if works else SourceProblem("It is out of reach.")

    # --- time, passes and crashes

    @rule(minutes=st.sampled_from([0, 1, 3, 60, 60 * 13, 60 * 50]))
    def run_pass(self, minutes: int) -> None:
        self._pass(timedelta(minutes=minutes))

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=3))
    def run_troubled_pass(self, faults: list[tuple[str, str]]) -> None:
        self.box.faults = list(faults)
        self._pass(timedelta(minutes=3))
        self.box.faults = []

    @rule(when=st.sampled_from(["before", "after"]))
    def crash_in_pass(self, when: str) -> None:
        self.box.crash = when
        self._pass(timedelta(minutes=3))
        self.box.crash = None

    def _pass(self, later: timedelta) -> None:
        try:
            self.world.run(seconds=later.total_seconds())
        except Crash:
            self.world.reboot()

    # --- the owner at the desk

    def _item(self, number: int) -> FollowUp | None:
        items = [item for item in self.world.store.followups() if item.kind is not Kind.PROBLEM]
        return items[number % len(items)] if items else None

    def _try(self, act: Callable[[int], Any], number: int) -> FollowUp | None:
        """Let the owner do what may be refused; return the item when it was not."""
        item = self._item(number)
        try:
            if item is not None:
                act(item.id)
                return item
        except Problem:
            pass
        return None

    @rule(number=NUMBERS)
    def approve(self, number: int) -> None:
        item = self._try(lambda n: self.world.desk.approve(n, self.world.now, self.world.limits.hold), number)
        if item is not None and item.raw is not None:
            self.approved[item.id] = item.raw

    @rule(number=NUMBERS, trouble=st.sampled_from(["", "refused", "dropped", "lost", "before", "after"]))
    def send_one(self, number: int, trouble: str) -> None:
        """Approve a draft and let it go, in this trouble: left to chance, hardly any message ever leaves."""
        drafted = [item for item in self.world.store.followups({Status.DRAFTED}) if item.held is None]
        if not drafted:
            return
        item = drafted[number % len(drafted)]
        self.world.desk.approve(item.id, self.world.now, self.world.limits.hold)
        self.approved[item.id] = item.raw or b""
        if trouble in {"before", "after"}:
            self.crash_in_pass(trouble)
        else:
            self.run_troubled_pass([("hand_over", trouble)] if trouble else [])

    @rule(number=NUMBERS)
    def skip(self, number: int) -> None:
        self._take_back(self._try(lambda n: self.world.desk.skip(n, self.world.now), number))

    @rule(number=NUMBERS, hours=st.sampled_from([1, 30, 300]))
    def snooze(self, number: int, hours: int) -> None:
        until = self.world.now + timedelta(hours=hours)
        self._try(lambda n: self.world.desk.snooze(n, until, self.world.now), number)

    @rule(number=NUMBERS)
    def finish(self, number: int) -> None:
        self._take_back(self._try(lambda n: self.world.desk.finish(n, "phone", self.world.now), number))

    @rule(number=NUMBERS)
    def undo(self, number: int) -> None:
        item = self._try(lambda n: self.world.desk.undo(n, self.world.now), number)
        self._take_back(item)
        if item is not None and item.status is not Status.APPROVED:
            self.deleted.discard(item.message_id)

    def _take_back(self, item: FollowUp | None) -> None:
        if item is not None:
            self.approved.pop(item.id, None)

    @rule(number=NUMBERS, word=st.text("abcdefgh", min_size=8, max_size=8))
    def edit(self, number: int, word: str) -> None:
        item = self._try(lambda n: self.world.desk.edit(n, self.world.now, None, f"Mine: {word}"), number)
        if item is not None:
            self.marks[item.id] = word
            self._take_back(item)

    @rule(number=NUMBERS, name=st.sampled_from([*GUESTS, "Ann Reed"]))
    def say_met(self, number: int, name: str) -> None:
        line = f"{name}, {guest(name).email}"
        self._try(lambda n: self.world.desk.take_met(n, [read_met(line)], self.world.now), number)

    @rule(number=NUMBERS, word=st.text("abcdefgh", min_size=8, max_size=8))
    def add_promise(self, number: int, word: str) -> None:
        self._try(lambda n: self.world.desk.add_note(n, self.world.now, promise=f"the {word}"), number)

    @rule(name=st.sampled_from(GUESTS), never=st.booleans())
    def say_never(self, name: str, never: bool) -> None:
        address = str(guest(name).email)
        if never:
            self.world.desk.people.never_write(address, self.world.now)
            self.never.add(address)
        elif address in self.never:
            self.world.desk.people.write_again(address)
            self.never.remove(address)

    # --- the owner in the mail program

    def _draft(self, number: int) -> Draft | None:
        drafts = list(self.box.drafts.values())
        return drafts[number % len(drafts)] if drafts else None

    @rule(number=NUMBERS, word=st.text("abcdefgh", min_size=8, max_size=8))
    def edit_in_mailbox(self, number: int, word: str) -> None:
        draft = self._draft(number)
        if draft is not None:
            text = read_message(draft.raw).text.encode().splitlines()[0]
            self.box.owner_edits(draft.id, draft.raw.replace(text, f"By hand: {word}".encode(), 1))
            for item in self._items_of(draft):
                self.marks[item.id] = word

    @rule(number=NUMBERS, how=st.sampled_from(["deletes", "sends", "moves_to_ready"]))
    def take_in_mailbox(self, number: int, how: str) -> None:
        draft = self._draft(number)
        if draft is not None:
            getattr(self.box, f"owner_{how}")(draft.id)
            if how == "deletes":
                self.deleted.add(read_message(draft.raw).message_id)
            else:
                self.seen_leaving.add(draft.id)  # by the owner's own hand

    def _items_of(self, draft: Draft) -> list[FollowUp]:
        number = read_message(draft.raw).message_id
        return [item for item in self.world.store.followups() if item.message_id == number]

    # --- what must always be true

    @invariant()
    def what_left_was_approved(self) -> None:
        for draft in self.box.ready + self.box.sent:
            if draft.id in self.seen_leaving:
                continue
            self.seen_leaving.add(draft.id)
            assert not self.never & set(read_message(draft.raw).to_email), draft.raw
            assert any(self.approved.get(item.id) == draft.raw for item in self._items_of(draft)), draft.raw

    @invariant()
    def no_deleted_draft_is_back(self) -> None:
        present = {read_message(draft.raw).message_id for draft in self.box.drafts.values()}
        assert not present & self.deleted

    @invariant()
    def an_owners_words_are_somewhere(self) -> None:
        boxes = [*self.box.drafts.values(), *self.box.ready, *self.box.sent, *self.box.trash]
        boxes += self.list_sending()
        everything = b"".join(draft.raw for draft in boxes)
        for number, word in self.marks.items():
            item = self.world.store.followup(number)
            told = "".join(step.why for step in self.world.store.history(number)).encode()
            assert word.encode() in everything + (item.raw or b"") + told, (number, word)

    @rule()
    def settle(self) -> None:
        """Two quiet passes later nothing is in doubt: one message for each, every guest cared for, no draft ownerless."""
        self.trouble_calendar(complete=True, works=True)
        self.run_pass(3)
        self.run_pass(3)
        self.answer_doubts()
        store = self.world.store
        assert store.open_intents() == []
        letters = [*self.box.drafts.values(), *self.box.ready, *self.box.sent, *self.list_sending()]
        counts = Counter(read_message(draft.raw).message_id for draft in letters)
        assert [number for number, count in counts.items() if count > 1] == []
        waiting = {item.draft_id for item in store.followups({Status.DRAFTED, Status.APPROVED})}
        assert waiting <= set(self.box.drafts)
        refused = {item.draft_id for item in store.followups({Status.FAILED})}
        for orphan in set(self.box.drafts) - waiting - refused:
            self._check_left_to_owner(self.box.drafts[orphan])
        self._check_nobody_is_lost()
        store.check()

    def _check_left_to_owner(self, draft: Draft) -> None:
        """A draft that no item waits for was given over to the owner, who had changed it."""
        told = [step.why for item in self._items_of(draft) for step in self.world.store.history(item.id)]
        assert any("stays in your mailbox" in why for why in told), told

    def _check_nobody_is_lost(self) -> None:
        keys = {item.key: item for item in self.world.store.followups()}
        for event in self.world.calendar.events:
            ended = event.end <= self.world.now < event.end + timedelta(days=7)
            for attendee in event.attendees[1:] if ended and not event.cancelled else ():
                item = keys[f"{event.occurrence}|{attendee.email}"]
                assert item.status is not Status.PLANNED or item.held is not None, item


def live_at_random(kind: type[Life], examples: int) -> None:
    with Renderer() as renderer:
        kind.renderer = renderer
        run_state_machine_as_test(
            kind,
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_nothing_a_life_does_breaks_the_promises() -> None:
    live_at_random(Life, EXAMPLES)
