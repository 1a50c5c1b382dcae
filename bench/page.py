"""The approval page over 1,000 waiting drafts: the queue with its first fifty, and a template's preview; at most 150 ms each."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from visitor import Visitor, visit
from week import JANE, World, meeting, open_world

from bench.telling import tell
from followupd.items import Kind, Plan, Status
from followupd.model import Person
from followupd.web.queue import ROWS

DRAFTS = 1_000
LOOKS = 20
SOURCE = "Subject: A word\n\nHi {{ person.first_name | or_else('there') }},\n\na word.\n"


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        fill(world)
        with visit(world) as visitor:
            tell(f"the queue page, {DRAFTS} drafts waiting", measure(rounds, lambda: look(visitor)), "ms")
            tell("a template's preview", measure(rounds, lambda: preview(visitor)), "ms")


def fill(world: World) -> None:
    """Draft one message, then let it wait so many times over, each for somebody else."""
    world.set_event(meeting("e1", world.now - timedelta(hours=1), JANE))
    world.run()
    first = world.store.followup(1)
    text = {
        name: getattr(first, name) for name in ("raw", "placed_hash", "subject", "template", "message_id")
    }
    with world.store.transaction():
        for number in range(1, DRAFTS):
            person = Person(f"p{number}@acme.example", f"p{number}@acme.example", f"Jane N{number}", "Jane")
            plan = Plan(
                f"e1|{person.key}", Kind.DRAFT, Status.DRAFTED, "e1", first.reason, first.why,
                first.due, first.deadline, first.expires, person,
            )  # fmt: skip
            world.store.add_followup(plan, first.event, first.mailbox, world.now, **text)


def look(visitor: Visitor) -> None:
    if visitor.get("/").text.count('class="row"') != ROWS:
        raise RuntimeError("the queue does not show its first fifty")


def preview(visitor: Visitor) -> None:
    answer = visitor.post("/templates/late.md/preview", source=SOURCE, **{"with": 1})
    if "a word." not in answer.text:
        raise RuntimeError("the preview shows no message")


def measure(rounds: int, act: Callable[[], None]) -> list[float]:
    """Return milliseconds a request takes, the mean of each round, smallest first."""
    act()  # templates of pages are compiled once
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(LOOKS):
            act()
        found.append((time.perf_counter() - start) * 1_000 / LOOKS)
    return sorted(found)
