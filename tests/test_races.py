"""Approve, approve by a second door, edit at the desk, edit in the mail program and a pass, all at once.

What left is byte for byte what was approved, or nothing left; at most one message for each, and no owner's word lost.
Every actor is a thread with its own connection to the state, over a real Maildir.
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
from hands import MuttHands
from week import World, guest, meeting

from followupd.adapters.maildir import MaildirMailbox
from followupd.assemble import open_store
from followupd.desk import Desk
from followupd.errors import Problem
from followupd.items import FollowUp, Status
from followupd.mail import fingerprint
from followupd.render import Renderer
from followupd.rules.followups import Limits
from followupd.rules.reading import read_message

SOAK = os.environ.get("FOLLOWUPD_SOAK") == "1"
CHUNKS, RACES = (200, 100) if SOAK else (4, 75)
SEED = int(os.environ.get("FOLLOWUPD_SEED", "0"))
AT_ONCE = timedelta(0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Renderer() as renderer:
        opened = World(
            tmp_path, renderer, MaildirMailbox("box", tmp_path / "Mail"), Limits(drafts_per_day=500)
        )
        yield opened
        opened.store.close()


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

    def __init__(self, world: World, hands: MuttHands, item: FollowUp, word: str) -> None:
        self.world = world
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
        acts = [self.approve, self.approve, self.edit_at_desk, self.edit_in_mail_program]
        chosen = dice.sample(acts, dice.randint(2, len(acts)))
        start = threading.Barrier(len(chosen) + 1)
        threads = [threading.Thread(target=_act, args=(act, start)) for act in chosen]
        for thread in threads:
            thread.start()
        start.wait()
        self.world.run()
        for thread in threads:
            thread.join()


def _act(act: Callable[[], None], start: threading.Barrier) -> None:
    start.wait()
    with suppress(Problem, FileNotFoundError, ValueError):  # too late: somebody was quicker
        act()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_left_was_approved_byte_for_byte_or_nothing_left(world: World, chunk: int) -> None:
    dice = random.Random(SEED + chunk)
    mail = world.folder / "Mail"
    hands = MuttHands(mail)
    races = [Race(world, hands, item, f"word{number}x") for number, item in enumerate(draft_for_many(world))]
    for race in races:
        race.run(dice)
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
