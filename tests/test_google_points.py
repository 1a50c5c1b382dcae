"""Every request of some hours at Google fails once, or all do from then on, in every way a request can fail.

The points are whatever requests a run without trouble makes. After each failure, when all is well again, the end must be the
same: one mail sent, one draft edited, one taken out, one withdrawn; nothing twice, lost, stuck, or written without an intent.
"""

import os
import random
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest
from accounts import keep_sign_in
from gmail_box import ADA, HandClock
from servers.google import Answer, Break, Google
from week import NOON, World, guest

from followupd.adapters.gmail import GmailMailbox
from followupd.adapters.google_auth import NEEDED, READING, Endpoint, GoogleAccess
from followupd.adapters.google_calendar import GoogleCalendar
from followupd.adapters.google_tokens import TokenFile
from followupd.adapters.google_transport import Courier
from followupd.adapters.google_transport import Google as Way
from followupd.errors import Problem
from followupd.items import Kind, Status
from followupd.mail import fingerprint
from followupd.model import Reason
from followupd.network import Network
from followupd.render import Renderer
from followupd.rules.reading import read_message

SEED = os.environ.get("FOLLOWUPD_SEED") or secrets.token_hex(4)
MARK = "Words of my own."
#: Longer than the rest after a first failure, and than the grace after an unknown answer.
STEP = timedelta(minutes=12)
#: The sign-in is renewed after all trouble, and the longest rest is over before the end.
TROUBLED, CALM = 4, 8
#: Real seconds; a busy machine may keep a server on loopback from answering for a while. The program's own limit is 30.
PATIENCE = 1.0
SAMPLE, PARTS = 8, 10
WRITES = {f"gmail.users.drafts.{verb}" for verb in ("create", "update", "delete", "send")}
#: Done or not, each with an answer that does not say so; and one that says that it was not done.
WAYS: dict[str, tuple[Answer | Break, bool]] = {
    "503": (Answer(503), False),
    "500 after the work": (Answer(500), True),
    "reset": (Break.RESET_BEFORE, False),
    "reset after the work": (Break.RESET, True),
    "cut": (Break.HALF_BODY, True),
    "no answer": (Break.SILENT_BEFORE, False),
    "no answer after the work": (Break.SILENT, True),
    "refused": (Answer(429), False),
}


@dataclass(frozen=True)
class Plan:
    point: int
    way: str
    forever: bool


@dataclass
class Life:
    """An owner at Google with four follow-ups: to send to Jane, to edit Tom's, to skip Maya's; Nora's event is called off."""

    folder: Path
    renderer: Renderer
    yes: set[str] = field(default_factory=set)
    told: list[list[str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        clock = HandClock()
        clock.set(NOON)
        self.google = self._stack.enter_context(Google(clock))
        self.ada = self.google.add_account(ADA, "Ada Example")
        keep_sign_in(self.google, self.folder / "google", ADA, *NEEDED, READING)
        self.meet("Jane Doe", "Tom Miller", "Maya Olsen")
        self.coffee = self.meet("Nora Reed")
        way = self.open_way()
        calendar: Any = GoogleCalendar("work", way, "primary", None, "Europe/Berlin")
        self.world = World(self.folder, self.renderer, GmailMailbox("box", way, clock), calendar=calendar)
        clock.read = lambda: self.world.now
        clock.wait = lambda by: setattr(self.world, "now", self.world.now + by)
        return self

    def __exit__(self, *_: object) -> None:
        self.world.store.close()
        self._stack.close()

    def open_way(self) -> Way:
        root, clock = self.google.root_url, self.google.clock
        courier = Courier(Network(""), root, seconds=PATIENCE)
        file = TokenFile(self.folder / "google", "work")
        access = GoogleAccess("work", file, Endpoint(courier, root), clock)
        return Way(access, courier, root, clock, lambda seconds: clock.go_on(timedelta(seconds=seconds)))

    def meet(self, *names: str) -> str:
        """Put an evening into the calendar that ended an hour ago; return its id."""
        end = NOON - timedelta(hours=1)
        guests = [{"email": ADA, "responseStatus": "accepted"}]
        guests += [
            {"email": one.email or "", "displayName": one.name, "responseStatus": "accepted"}
            for one in map(guest, names)
        ]
        times = ((end - timedelta(hours=2)).isoformat(), end.isoformat())
        return str(self.ada.calendar.add(*times, summary="Founders meetup", guests=guests)["id"])

    # --- what happens

    def live(self, first: int, last: int) -> None:
        for number in range(first, last):
            self.world.now = max(self.world.now, NOON + STEP * number)
            if number == 2:
                self.ada.calendar.cancel(self.coffee)
            self.told.append(self.world.run().say())
            for act in (self.approve_jane, self.edit_tom, self.skip_maya):
                with suppress(Problem, AssertionError):
                    act()

    def approve_jane(self) -> None:
        item = self.world.item("Jane Doe")
        if item.status is Status.DRAFTED:
            self.yes.add(item.hash)
            self.world.approve("Jane Doe")

    def edit_tom(self) -> None:
        item = self.world.item("Tom Miller")
        if item.status is Status.DRAFTED and MARK not in read_message(item.raw or b"").text:
            self.world.desk.edit(item.id, self.world.now, None, MARK)

    def skip_maya(self) -> None:
        item = self.world.item("Maya Olsen")
        if item.status in {Status.PLANNED, Status.DRAFTED}:
            self.world.desk.skip(item.id, self.world.now)

    def answer(self) -> None:
        """Answer what is asked after having looked into Sent."""
        for problem in self.world.store.followups({Status.NEEDS_INFO}):
            if problem.kind is Kind.PROBLEM and problem.reason is Reason.DOUBT and self.sent():
                self.world.desk.finish(problem.id, "email", self.world.now)
            elif problem.kind is Kind.PROBLEM:
                self.world.desk.approve(problem.id, self.world.now, self.world.limits.hold)

    def recover(self) -> None:
        self.google.faults.clear()
        for number in range(TROUBLED, TROUBLED + CALM):
            self.live(number, number + 1)
            self.answer()

    # --- what came of it

    def sent(self) -> list[bytes]:
        return [one.raw for one in self.ada.mailbox.messages.values() if "SENT" in one.labels]

    def check(self) -> None:
        store = self.world.store
        assert store.open_intents() == []
        assert [problem.why for problem in store.followups({Status.NEEDS_INFO})] == []
        ends = {item.name: item.status for item in store.followups() if item.kind is Kind.DRAFT}
        assert ends.pop("Nora Reed", None) in {Status.WITHDRAWN, Status.SKIPPED, None}
        assert ends == {
            "Jane Doe": Status.SENT,
            "Tom Miller": Status.DRAFTED,
            "Maya Olsen": Status.SKIPPED,
        }
        [sent] = self.sent()
        assert fingerprint(sent) in self.yes
        [draft] = [self.ada.mailbox.messages[one] for one in self.ada.mailbox.drafts.values()]
        assert draft.envelope.addresses() == ["tom.miller@acme.example"]
        assert MARK in read_message(draft.raw).text
        written = sum(map(self.google.count, WRITES))
        intents = self.world.store.database.rows("SELECT count(*) FROM intents")[0][0]
        assert written <= intents, "a write without an intent"

    def check_notices(self, plan: Plan) -> None:
        """While the same thing goes on failing nothing new is told, and nothing is told twice in a pass."""
        troubled = [lines for lines in self.told[:TROUBLED] if lines]
        if plan.forever and len(troubled) == TROUBLED:
            assert set(troubled[-1]) <= set(troubled[-2]), self.told
        assert all(len(lines) == len(set(lines)) for lines in self.told)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as one:
        yield one


@cache
def count_points() -> int:
    """Return how many requests a life without trouble makes; counted once for all tests."""
    with (
        Renderer() as renderer,
        tempfile.TemporaryDirectory() as folder,
        Life(Path(folder), renderer) as life,
    ):
        life.live(0, TROUBLED)
        points = len(life.google.requests)
        life.recover()
        life.check()
    return points


def list_plans() -> list[Plan]:
    return [
        Plan(point, way, forever)
        for point in range(count_points())
        for way in WAYS
        for forever in (False, True)
    ]


def run_plan(plan: Plan, folder: Path, renderer: Renderer) -> None:
    print(f"FOLLOWUPD_SEED={SEED} {plan}")
    with Life(folder, renderer) as life:
        happening, done = WAYS[plan.way]
        life.google.faults.skip(plan.point)
        life.google.faults.order(happening, times=None if plan.forever else 1, work_done=done)
        life.live(0, TROUBLED)
        life.recover()
        print(*life.told, sep="\n")
        life.check()
        life.check_notices(plan)


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_sample_of_all_requests_may_fail(number: int, tmp_path: Path, renderer: Renderer) -> None:
    run_plan(random.Random(f"{SEED}-{number}").choice(list_plans()), tmp_path, renderer)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_every_request_may_fail_in_every_way(part: int, renderer: Renderer) -> None:
    failed = []
    plans = list_plans()[part::PARTS]
    for plan in plans:
        with tempfile.TemporaryDirectory() as folder:
            try:
                run_plan(plan, Path(folder), renderer)
            except Exception as error:  # noqa: BLE001 - the others are to be seen too
                failed.append((plan, repr(error)[:300]))
    print(f"{len(plans)} failures at {count_points()} requests")
    assert failed == []
