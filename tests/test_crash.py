"""kill -9 at any moment, again and again, while an owner decides at the desk and by hand in the mailbox.

Never two messages for one person and occurrence, none lost, none handed over without a yes to these very bytes,
no owner's edit overwritten, no deleted draft back, the database sound.

Real processes are killed by a real SIGKILL; they are forked from a process that has everything imported, because
importing is what takes long. FOLLOWUPD_SEED replays the choices of a run; the moments are as exact as the machine.
"""

import multiprocessing
import os
import random
import secrets
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hands import DovecotHands, Hands, MuttHands, ShellHands
from house import House, read_letter

from followupd.cli import main
from followupd.mail import fingerprint

SEED = os.environ.get("FOLLOWUPD_SEED") or secrets.token_hex(4)
KILLS_PER_ROUND = 10

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["__main__", "test_crash", "followupd.running", "followupd.listing", "followupd.rules.debrief"]
)


# --- homes


class CrashHouse(House, ABC):
    """A home in which processes are killed; `letters` shows its mailbox as a Maildir does."""

    ahead = 0.0
    """By how many seconds the clocks of its processes are ahead of ours."""

    @abstractmethod
    def hire(self, dice: random.Random) -> Hands:
        """Return the owner's hands, in a mail program that suits this home."""

    @abstractmethod
    def see_mailbox(self) -> list[str]:
        """Return what changes whenever a message comes or goes."""

    @abstractmethod
    def let_pass(self) -> None:
        """Let the time pass after which a look at the mailbox can be believed."""


class MaildirHouse(CrashHouse):
    """Its drafts lie in a Maildir, and the owner has one mail program or another."""

    def hire(self, dice: random.Random) -> Hands:
        return dice.choice([ShellHands, MuttHands, DovecotHands])(self.maildir)

    def see_mailbox(self) -> list[str]:
        folders = (
            self.maildir / folder / part
            for folder in (".Drafts", ".Ready", ".Trash")
            for part in ("tmp", "cur")
        )
        return [file.name for folder in folders if folder.is_dir() for file in folder.iterdir()]

    def let_pass(self) -> None:
        """Do nothing: a Maildir can be believed at once."""


# --- processes


def run_forked(args: list[str], environment: dict[str, str], log: Path, ahead: float) -> None:
    """Be the program: what a fork does from here on is what `followupd ARGS` does, `ahead` seconds from now."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    if ahead:
        time_machine.travel(time.time() + ahead).start()
    main(args)


def fork_program(house: CrashHouse, *args: str | int) -> ForkServerProcess:
    command = ["--config", str(house.config), *map(str, args)]
    task = (command, house.environment(), house.log_file, house.ahead)
    process = FORKS.Process(target=run_forked, args=task, daemon=True)
    process.start()
    return process


def succeeds(house: CrashHouse, *args: str | int) -> bool:
    """Run one command to its end and tell whether it did what it was asked."""
    process = fork_program(house, *args)
    process.join(60)
    print("followupd", *args, "->", process.exitcode)
    return process.exitcode == 0


# --- the owner


@dataclass
class Owner:
    """An owner at work, and everything they would be upset about."""

    house: CrashHouse
    dice: random.Random
    hands: Hands
    yes: dict[str, str] = field(default_factory=dict)
    """Address to the hash of the text they last said yes to; gone once they took that back."""
    took: set[str] = field(default_factory=set)
    """Whom they wrote to by hand: moved to Ready or sent."""
    taken_up: set[str] = field(default_factory=set)
    """Whom they had said no to and then did not: a draft that was theirs by then may lie beside the new one."""
    deleted: set[str] = field(default_factory=set)
    binned: set[str] = field(default_factory=set)
    """Whose draft they ever deleted, taken up again or not: where nobody may look, it counts as dealt with for good."""
    marks: list[str] = field(default_factory=list)
    """Words they added by hand to a draft."""
    desk_marks: list[str] = field(default_factory=list)

    def act(self, *, daemon_lives: bool) -> None:
        acts: list[Callable[[], None]] = [
            self.approve,
            self.approve,
            self.decide,
            self.undo,
            *[self.edit] * 2,
        ]
        letters = self.find_letters(only_settled=daemon_lives or not self.hands.leaves_traces)
        if letters:
            letter = self.dice.choice(letters)
            by_hand = (self.edit_by_hand, self.edit_by_hand, self.delete, self.send, self.move_to_ready)
            acts += [lambda act=act: act(letter) for act in by_hand]  # type: ignore[misc]
        self.dice.choice(acts)()

    # at the desk

    def pick(self, *statuses: str) -> dict[str, Any] | None:
        rows = self.house.rows("SELECT * FROM followups WHERE kind = 'draft' ORDER BY id")
        found = [dict(row) for row in rows if row["status"] in statuses]
        return self.dice.choice(found) if found else None

    def approve(self) -> None:
        item = self.pick("drafted")
        at_once = ["--now"] * self.dice.randint(0, 1)
        if item and succeeds(self.house, "approve", item["id"], *at_once, "--hash", fingerprint(item["raw"])):
            self.yes[item["email"]] = fingerprint(item["raw"])

    def decide(self) -> None:
        item = self.pick("drafted", "approved", "planned")
        command = self.dice.choice([["skip"], ["done", "--by", "phone"]])
        if item and succeeds(self.house, *command, item["id"]):
            self.yes.pop(item["email"], None)

    def undo(self) -> None:
        item = self.pick("skipped", "done", "approved")
        if item and succeeds(self.house, "undo", item["id"]):
            self.yes.pop(item["email"], None)
            self.deleted.discard(item["email"])
            self.taken_up |= {item["email"]} if item["status"] != "approved" else set()

    def edit(self) -> None:
        item = self.pick("drafted", "approved")
        if item is None:
            return
        text, mark = self.house.root / "text.md", self.make_mark()
        text.write_text(f"{text_in(item['raw'])}\n\n{mark}\n")
        seen = fingerprint(item["raw"])
        if succeeds(self.house, "edit", item["id"], "--body", str(text), "--hash", seen):
            print(f"  wrote {mark} to {item['email']} at the desk")
            self.desk_marks.append(mark)
            self.yes.pop(item["email"], None)

    def answer_questions(self) -> None:
        """Answer what the program asks when a kill hit the removal of a draft whose follow-up was then taken up again.

        Nothing in the mailbox tells whose hand took that draft, so to ask is right; to ask anything else is not.
        """
        for problem in self.house.rows(
            "SELECT * FROM followups WHERE kind = 'problem' AND status = 'needs-info'"
        ):
            address, about = problem["email"], problem["concerns"]
            assert problem["reason"] == "gone", problem["why"]
            assert address in self.taken_up, problem["why"]
            if address in self.deleted:
                assert succeeds(self.house, "skip", about)
            else:
                assert succeeds(self.house, "approve", problem["id"])

    def make_mark(self) -> str:
        return f"mark{self.dice.randrange(16**8):08x}"

    # by hand, in the mail program

    def find_letters(self, *, only_settled: bool) -> list[Path]:
        """Return the drafts a hand can act on; beside a daemon at work, only those it has nothing to do with.

        An owner who edits what they just approved decides by a race which of the two counts; no program can tell.
        """
        rows = self.house.rows(
            "SELECT draft_id, raw, placed_hash FROM followups WHERE status = 'drafted' AND placed_hash IS NOT NULL"
            " AND id NOT IN (SELECT followup FROM intents WHERE closed_at IS NULL)"
        )
        quiet = [row for row in rows if self.hands.atomic or fingerprint(row["raw"]) == row["placed_hash"]]
        settled = {row["draft_id"] for row in quiet}
        live = live_letters(self.house, ".Drafts")
        return [letter for letter in live if not only_settled or unique(letter) in settled]

    def edit_by_hand(self, letter: Path) -> None:
        mark = self.make_mark()
        with suppress(FileNotFoundError, ValueError):  # it is gone in this moment: nothing to edit
            if self.find_twins(letter):
                return  # then two different drafts would lie there, and asking which one counts is right
            message = read_letter(letter)
            message.clear_content()
            message.set_content(f"{text_of(letter)}\n\n{mark}\n")
            if self.dice.random() < 0.25:  # some mail programs give a saved draft an id of their own
                message.replace_header("Message-ID", f"<{mark}@laptop.example>")
            self.hands.edit(unique(letter), message.as_bytes())
            print(f"wrote {mark} to {message['To']} by hand into {letter.name}")
            self.marks.append(mark)

    def delete(self, letter: Path) -> None:
        with suppress(FileNotFoundError):
            text = text_of(letter)
            self.take(letter, self.hands.delete, self.deleted)
            self.binned |= self.deleted
            self.marks = [mark for mark in self.marks if mark not in text]  # thrown away, not lost

    def send(self, letter: Path) -> None:
        self.take(letter, self.hands.send, self.took)

    def move_to_ready(self, letter: Path) -> None:
        self.take(letter, self.hands.move_to_ready, self.took)

    def take(self, letter: Path, act: Callable[[str], None], note: set[str]) -> None:
        """Do it, and delete the twin that a kill in the middle of a replacement may have left: nobody wants both."""
        with suppress(FileNotFoundError, ValueError):
            address, twins = address_of(letter), self.find_twins(letter)
            act(unique(letter))
            for twin in twins:
                self.hands.delete(unique(twin))
            print(f"{act.__name__} {address}: {letter.name} with {len(twins)} twins")
            note.add(address)

    def find_twins(self, letter: Path) -> list[Path]:
        others = (one for one in live_letters(self.house, ".Drafts") if one != letter)
        return [one for one in others if address_of(one) == address_of(letter)]


def live_letters(house: CrashHouse, folder: str) -> list[Path]:
    return [letter for letter in house.letters(folder) if "T" not in letter.name.rpartition(":2,")[2]]


def unique(letter: Path) -> str:
    return letter.name.partition(":")[0]


def address_of(letter: Path) -> str:
    return str(read_letter(letter)["To"].addresses[0].addr_spec)


def text_of(letter: Path) -> str:
    return text_in(letter.read_bytes())


def text_in(raw: bytes) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


# --- one round: a home, ten kills, a clean end


def write_evening(house: CrashHouse, number: int) -> list[str]:
    """Write an event that is over; return its guests' addresses."""
    end = datetime.now(UTC) - timedelta(hours=1)
    people = [
        (f"Guest {number} {letter}", f"guest{number}{letter.lower()}@guests.example") for letter in "ABC"
    ]
    guests = [(name, email, "ACCEPTED") for name, email in people]
    house.write_event(f"evening{number}", "Founders meetup", end - timedelta(hours=2), end, guests)
    return [email for _, email in people]


def play_round(house: CrashHouse, dice: random.Random) -> tuple[Owner, list[str], int]:
    """Return the owner, everybody who must get a follow-up, and how many kills hit a write that was announced."""
    owner = Owner(house, dice, house.hire(dice))
    guests = write_evening(house, 0)
    assert succeeds(house, "once")
    hits = 0
    for number in range(1, KILLS_PER_ROUND + 1):
        house.let_pass()
        for _ in range(dice.randint(0, 2)):
            owner.act(daemon_lives=False)
        if number < 6:
            guests += write_evening(house, number)
        kill_at_work(house, owner, dice)
        hits += bool(house.rows("SELECT 1 FROM intents WHERE closed_at IS NULL"))
    return owner, guests, hits


def kill_at_work(house: CrashHouse, owner: Owner, dice: random.Random) -> None:
    daemon = fork_program(house, "run")
    for _ in range(dice.choice([0, 0, 1, 2])):
        wait_for_work(house, dice)
        owner.act(daemon_lives=True)
    wait_for_work(house, dice)
    daemon.kill()
    daemon.join()
    print("kill -9")
    assert daemon.exitcode == -9, "it was alive until it was killed"


def wait_for_work(house: CrashHouse, dice: random.Random) -> None:
    """Let some time go by: any time, or until something moves in the mailbox and a moment longer."""
    before, until = house.see_mailbox(), time.monotonic() + dice.uniform(0, 0.6)
    watches = dice.random() < 0.7
    while time.monotonic() < until and not (watches and house.see_mailbox() != before):
        time.sleep(0.0005)
    time.sleep(dice.choice([0, dice.uniform(0, 0.02)]))


# --- what must be true afterwards


def check_round(owner: Owner, guests: list[str]) -> None:
    house = owner.house
    assert house.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert house.rows("SELECT * FROM intents WHERE closed_at IS NULL") == []
    rows = house.rows("SELECT * FROM followups WHERE kind = 'draft'")
    assert sorted(row["email"] for row in rows) == sorted(guests), "one follow-up for each guest"
    assert house.rows("SELECT why FROM followups WHERE kind = 'problem' AND status = 'needs-info'") == []
    places = {folder: group_letters(house, folder) for folder in (".Drafts", ".Ready", ".Sent")}
    for row in rows:
        check_place(dict(row), owner, {folder: places[folder][row["email"]] for folder in places})
    check_edits(owner)


def group_letters(house: CrashHouse, folder: str) -> defaultdict[str, list[Path]]:
    """Return address to the live letters for it in one folder."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for letter in live_letters(house, folder):
        found[address_of(letter)].append(letter)
    return found


def check_place(item: dict[str, Any], owner: Owner, places: dict[str, list[Path]]) -> None:
    """Hold one follow-up against what lies in the mailbox and against what its owner did."""
    address, status = item["email"], item["status"]
    drafts, gone = places[".Drafts"], [*places[".Ready"], *places[".Sent"]]
    story = f"{address} is {status} ({item['outcome']})"
    assert status in {"drafted", "approved", "skipped", "done", "handled", "sent"}, story
    letters = [one for one in drafts + gone if address not in owner.taken_up or is_ours(one, item)]
    assert len(letters) <= 1, f"{story}: two messages"
    if status in {"drafted", "approved"}:
        assert drafts, f"{story}: lost"
    elif status == "handled" and not gone:
        assert address in owner.binned, f"{story}: lost"
    elif status in {"handled", "sent"}:
        assert len(gone) == 1, f"{story}: lost"
        assert address in owner.took or fingerprint(gone[0].read_bytes()) == owner.yes.get(address), story
    else:
        assert not gone or address in owner.took, f"{story}: handed over after a no"
        assert not drafts or has_mark(drafts[0], owner), f"{story}: it is still there, or back"
    if address in owner.deleted:
        assert not drafts, f"{story}: a deleted draft is back"


def is_ours(letter: Path, item: dict[str, Any]) -> bool:
    return bool(read_letter(letter)["Message-ID"] == item["message_id"])


def has_mark(letter: Path, owner: Owner) -> bool:
    return any(mark in text_of(letter) for mark in owner.marks)


def check_edits(owner: Owner) -> None:
    """What was written by hand lies in the mailbox, or where that keeps nothing it removes, in the state, for an undo.

    What was written at the desk lies in either, or in the history.
    """
    house = owner.house
    mailbox = "".join(text_of(path) for path in house.maildir.rglob("*") if ":2," in path.name)
    rows = house.rows("SELECT raw FROM followups WHERE raw NOTNULL")
    kept = "".join(text_in(row["raw"]) for row in rows)
    found = mailbox if owner.hands.keeps_removed else mailbox + kept
    assert [mark for mark in owner.marks if mark not in found] == [], "an edit by hand is lost"
    history = "".join(row["why"] for row in house.rows("SELECT why FROM steps"))
    lost = [mark for mark in owner.desk_marks if mark not in mailbox + kept + history]
    assert lost == [], "an edit at the desk is lost"


# --- the tests


@pytest.fixture
def house(tmp_path: Path) -> Iterator[CrashHouse]:
    with MaildirHouse(tmp_path) as one:
        one.write_config(drafts_per_day=500, hold="1h")
        yield one


def survive_round(house: CrashHouse, number: int) -> None:
    print(f"FOLLOWUPD_SEED={SEED}")
    owner, guests, hits = play_round(house, random.Random(f"{SEED}-{number}"))
    print(f"{hits} of {KILLS_PER_ROUND} kills left a write that was announced and not recorded")
    house.let_pass()
    assert succeeds(house, "once")
    owner.answer_questions()
    assert succeeds(house, "once")
    check_round(owner, guests)


@pytest.mark.parametrize("number", range(4))
def test_forty_kills_lose_double_and_leak_nothing(house: CrashHouse, number: int) -> None:
    survive_round(house, number)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(200))
def test_two_thousand_kills_lose_double_and_leak_nothing(house: CrashHouse, number: int) -> None:
    survive_round(house, number)
