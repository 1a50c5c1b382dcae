"""Approve and edit on the page, in the terminal and in the mail program, and a pass that may die, all at once.

What left is byte for byte what was approved, or nothing left; at most one message for each, and no owner's word lost.
Every actor is a thread with its own connection to the state, over a real Maildir; the page is a door like the others.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from gmail_box import Crash
from hands import MuttHands
from visitor import Visitor, visit
from week import World, guest, meeting

from followupd.adapters.maildir import MaildirMailbox
from followupd.assemble import open_store
from followupd.desk import Desk
from followupd.errors import Problem
from followupd.items import FollowUp, Status
from followupd.mail import Draft, Place, fingerprint
from followupd.render import Renderer
from followupd.rules.followups import Limits
from followupd.rules.reading import read_message

SOAK = os.environ.get("FOLLOWUPD_SOAK") == "1"
CHUNKS, RACES = (1000, 20) if SOAK else (15, 20)
SEED = int(os.environ.get("FOLLOWUPD_SEED", "0"))
AT_ONCE = timedelta(0)


class FragileMaildir(MaildirMailbox):
    """Dies before or after its next write, on order."""

    crash: str = ""

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        self._die_if("before")
        placed = super().replace(draft, raw)
        self._die_if("after")
        return placed

    def hand_over(self, draft: Draft) -> Place:
        self._die_if("before")
        place = super().hand_over(draft)
        self._die_if("after")
        return place

    def _die_if(self, when: str) -> None:
        if self.crash == when:
            self.crash = ""
            raise Crash


@pytest.fixture
def mailbox(tmp_path: Path) -> FragileMaildir:
    return FragileMaildir("box", tmp_path / "Mail")


@pytest.fixture
def world(tmp_path: Path, mailbox: FragileMaildir) -> Iterator[World]:
    with Renderer() as renderer:
        opened = World(tmp_path, renderer, mailbox, Limits(drafts_per_day=500, hold=AT_ONCE))
        yield opened
        opened.store.close()


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    with visit(world) as opened:
        yield opened


def draft_for_many(world: World) -> list[FollowUp]:
    """Have met as many people as there are races, one at each event, and draft to them all."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(RACES):
        name = f"Jane D{letters[number // 26]}{letters[number % 26]}ne"
        world.set_event(meeting(f"e{number}", world.now - timedelta(hours=1), guest(name)))
    world.run()
    drafted = world.store.followups({Status.DRAFTED})
    assert len(drafted) == RACES
    return drafted


class Race:
    """The actors of one race; each act may come too late, and then it is refused."""

    def __init__(self, world: World, visitor: Visitor, hands: MuttHands, item: FollowUp, word: str) -> None:
        self.world = world
        self.visitor = visitor
        self.hands = hands
        self.item = item
        self.word = word
        self.approved: set[str] = set()
        self.words: list[bytes] = []

    def approve(self) -> None:
        with closing(open_store(self.world.folder / "state")) as store:
            approved = Desk(store, lambda: None).approve(
                self.item.id, self.world.now, AT_ONCE, self.item.hash
            )
        self.approved.add(approved.approved_hash or "")

    def approve_on_page(self) -> None:
        answer = self.visitor.post(f"/items/{self.item.id}/approve", hash=self.item.hash)
        if answer.status_code == 303:
            self.approved.add(self.item.hash)

    def edit_on_page(self) -> None:
        text = f"page {self.word}"
        fields = {"hash": self.item.hash, "subject": self.item.subject, "body": text}
        if self.visitor.post(f"/items/{self.item.id}/edit", **fields).status_code == 303:
            self.words.append(text.encode())

    def edit_at_desk(self) -> None:
        with closing(open_store(self.world.folder / "state")) as store:
            Desk(store, lambda: None).edit(
                self.item.id, self.world.now, None, f"desk {self.word}", self.item.hash
            )
        self.words.append(f"desk {self.word}".encode())

    def edit_in_mail_program(self) -> None:
        raw = (self.item.raw or b"").replace(b"I am glad we met", f"mail {self.word}".encode())
        self.hands.edit(self.item.draft_id or "", raw)
        self.words.append(f"mail {self.word}".encode())

    def run(self, dice: random.Random) -> None:
        acts = [
            self.approve,
            self.approve_on_page,
            self.approve_on_page,
            self.edit_at_desk,
            self.edit_on_page,
            self.edit_in_mail_program,
        ]
        chosen = dice.sample(acts, dice.randint(2, len(acts)))
        start = threading.Barrier(len(chosen) + 1)
        threads = [threading.Thread(target=_act, args=(act, start)) for act in chosen]
        for thread in threads:
            thread.start()
        start.wait()
        died = _dies(self.world)
        for thread in threads:
            thread.join()
        if died:
            self.world.reboot()


def _dies(world: World) -> bool:
    """Make a pass and tell whether it died."""
    try:
        world.run()
    except Crash:
        return True
    return False


def _act(act: Callable[[], None], start: threading.Barrier) -> None:
    start.wait()
    with suppress(Problem, FileNotFoundError, ValueError):  # too late: somebody was quicker
        act()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_left_was_approved_byte_for_byte_or_nothing_left(
    world: World, visitor: Visitor, mailbox: FragileMaildir, chunk: int
) -> None:
    dice = random.Random(SEED + chunk)
    mail = world.folder / "Mail"
    hands = MuttHands(mail)
    races = [
        Race(world, visitor, hands, item, f"word{number}x")
        for number, item in enumerate(draft_for_many(world))
    ]
    for race in races:
        mailbox.crash = dice.choice(["", "", "before", "after"])
        race.run(dice)
    mailbox.crash = ""
    world.run()
    world.run()
    ready = [file.read_bytes() for file in (mail / ".Ready" / "cur").glob("*")]
    everything = b"".join(file.read_bytes() for file in mail.glob(".*/cur/*"))
    left = Counter(read_message(raw).message_id for raw in ready)
    assert [number for number, count in left.items() if count > 1] == []
    for race in races:
        gone = [raw for raw in ready if read_message(raw).message_id == race.item.message_id]
        assert all(fingerprint(raw) in race.approved for raw in gone)
        told = "".join(step.why for step in world.store.history(race.item.id)).encode()
        kept = everything + told + (world.store.followup(race.item.id).raw or b"")
        assert all(word in kept for word in race.words), race.words
