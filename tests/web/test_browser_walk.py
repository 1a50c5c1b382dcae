"""Everything an owner can do on the page, once, in a browser: on a laptop from the keyboard alone, on a phone by touch."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browsing import SIZES, open_browser, serve
from playwright.sync_api import Browser, Locator, Page, expect
from visitor import Visitor, visit
from week import JANE, TOM, World, guest, meeting, open_world

from followupd.model import Attendee
from followupd.web.entering import COOKIE

HOUR = timedelta(hours=1)
#: A Wednesday, 9:00 in Berlin: the hour at which public lists are asked about.
NINE = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
GUESTS = "Name,Email\n" + "".join(
    f"{first} {last},{first}.{last}@guests.example\n"
    for first in ("Ann", "Bea", "Cem", "Dan", "Eva", "Fay")
    for last in ("Abel", "Berg", "Cole", "Dorn", "Egan", "Falk")
)
SENT = {"name": "guests.csv", "mimeType": "text/csv", "buffer": GUESTS.encode()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A day with something of everything in the queue."""
    with open_world(tmp_path) as opened:
        opened.run()  # the first pass settles when this state began
        opened.now = NINE - timedelta(hours=12)
        opened.set_event(meeting("mixer", NINE - 14 * HOUR, title="Chamber mixer"), listed=True)
        opened.run()
        opened.now = NINE
        colleague = Attendee("ben@example.com", "Ben Example")
        opened.set_event(meeting("e1", NINE - 5 * HOUR, JANE, colleague))
        opened.set_event(meeting("e2", NINE - 4 * HOUR, TOM))
        opened.set_event(meeting("e3", NINE - 3 * HOUR, guest("Kim Olsen"), title="Chamber breakfast"))
        opened.set_event(meeting("e4", NINE - 2 * HOUR, title="Startup meetup"))
        opened.set_event(meeting("e5", NINE - 2 * HOUR, guest("Bo Lund"), title="Meeting"))
        opened.set_event(meeting("e6", NINE - HOUR, guest("Pia Holm"), title="Dentist"))
        opened.run()
        yield opened


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    with visit(world) as opened:
        yield opened


class Walk:
    """One browser at the page; `use` presses what is there: with the Enter key, or with a finger."""

    def __init__(self, page: Page, base: str, use: Callable[[Locator], None]) -> None:
        self.page = page
        self.base = base
        self.use = use

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def press(self, name: str, role: str = "button") -> None:
        self.follow(self.page.get_by_role(role, name=name).first)  # type: ignore[arg-type]

    def follow(self, one: Locator) -> None:
        """Press something and wait for the screen it leads to."""
        with self.page.expect_navigation():
            self.use(one)

    def unfold(self, words: str) -> None:
        self.use(self.page.locator("main summary").filter(has_text=words).first)

    def tick(self, words: str) -> None:
        self.page.locator("label.tick").filter(has_text=words).locator("input").press("Space")

    def expect(self, *words: str) -> None:
        for each in words:
            expect(self.page.locator("main")).to_contain_text(each)


@pytest.fixture(
    params=["laptop", pytest.param("phone", marks=pytest.mark.soak)],
)
def walk(request: pytest.FixtureRequest, browser: Browser, world: World, visitor: Visitor) -> Iterator[Walk]:
    width, height = SIZES[request.param]
    touches = request.param == "phone"
    with serve(visitor.page) as base:
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=touches)
        context.add_cookies([{"name": COOKIE, "value": visitor.session, "url": base}])
        page = context.new_page()
        page.clock.set_fixed_time(world.now)
        page.set_default_timeout(30_000)
        yield Walk(page, base, (lambda one: one.tap()) if touches else (lambda one: one.press("Enter")))
        context.close()


def item_path(world: World, name: str) -> str:
    return f"/items/{world.item(name).id}"


def test_everything_an_owner_can_do(walk: Walk, world: World) -> None:
    decide_on_drafts(walk, world)
    read_together(walk, world)
    answer_questions(walk, world)
    name_people(walk, world)
    look_back(walk, world)
    change_words(walk, world)


def decide_on_drafts(walk: Walk, world: World) -> None:
    walk.open(item_path(world, "Jane Doe"))
    walk.unfold("change")
    walk.follow(walk.page.locator('[name=template][value="met-again.md"]'))
    walk.expect("met-again, changed by you", "Saving: your text reaches the mailbox")
    world.run()
    walk.open(item_path(world, "Jane Doe"))
    walk.press("Approve")
    walk.expect("Jane Doe: approved. It goes out in 2:00.")
    walk.press("Undo")
    walk.expect("Approve")
    walk.unfold("Snooze")
    walk.page.locator("[name=pick]").fill("2026-12-04T10:30")
    walk.press("Until then")
    walk.expect("snoozed until Fri\N{NO-BREAK SPACE}4\N{NO-BREAK SPACE}Dec,\N{NO-BREAK SPACE}10:30")
    walk.open(item_path(world, "Tom Miller"))
    walk.unfold("Done")
    walk.press("By letter")
    walk.expect("you followed up by letter")


def read_together(walk: Walk, world: World) -> None:
    walk.open("/together")
    walk.tick("I have read it")
    walk.press("Approve the ticked")
    walk.page.wait_for_url(f"{walk.base}/")
    walk.expect("Going out", "Kim Olsen")
    assert world.item("Kim Olsen").approved_hash == world.item("Kim Olsen").hash


def answer_questions(walk: Walk, world: World) -> None:
    walk.open("/")
    walk.press("Was this networking?", "link")
    walk.press("Yes, it was")
    walk.open("/")
    walk.press("Which of these were you at?", "link")
    walk.tick("Chamber mixer")
    walk.press("I was at these")
    world.run()
    walk.open("/")
    walk.expect("Bo Lund", "Chamber mixer")


def name_people(walk: Walk, world: World) -> None:
    [asked] = [item for item in world.store.followups() if item.occurrence == "e4"]
    walk.open(f"/items/{asked.id}")
    walk.page.get_by_label("Whom did you meet?").fill("Una Voss, una@voss.example - we spoke about trains")
    walk.press("Add")
    walk.expect("1 noted; this is what they get", "about trains")
    dropped = walk.page.evaluate_handle(
        """(text) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], "guests.csv", {type: "text/csv"}));
          return transfer;
        }""",
        GUESTS,
    )
    walk.page.dispatch_event("form.ask-people", "drop", {"dataTransfer": dropped})
    walk.page.wait_for_url("**/guests")
    walk.page.get_by_label("Find").fill("cem dorn")
    expect(walk.page.locator(".guest:visible")).to_have_count(1)
    walk.tick("Cem Dorn")
    walk.press("Add the ticked")
    walk.expect("2 noted; this is what they get", "Cem Dorn")


def look_back(walk: Walk, world: World) -> None:
    walk.open("/left-out")
    walk.expect("Dentist", "Ben Example")
    walk.follow(walk.page.locator(".left-out").filter(has_text="Dentist").get_by_role("button"))
    walk.page.wait_for_url(f"{walk.base}/")
    world.run()
    walk.open("/")
    walk.expect("Pia Holm")
    walk.open("/activity")
    walk.expect("You followed up by letter", "you, on the page", "followupd")


def change_words(walk: Walk, world: World) -> None:
    walk.open("/templates/late.md")
    walk.page.get_by_label("The template").fill("Subject: A word\n\nHello {{ person.nick }}\n")
    expect(walk.page.locator(".mirror .wrong")).to_have_text("Hello {{ person.nick }}")
    walk.page.get_by_label("The template").fill("{# Mine. #}\nSubject: A word\n\nHello you.\n")
    expect(walk.page.locator(".preview .text").first).to_have_text("Hello you.\n")
    walk.press("Save")
    expect(walk.page.locator("h1 .tag")).to_have_text("yours")
    walk.unfold("What differs from ours")
    expect(walk.page.locator(".changes .add").last).to_have_text("Hello you.")
    walk.press("Back to ours")
    expect(walk.page.locator("h1 .tag")).to_have_text("ours")
    walk.expect("Former versions")
    walk.page.get_by_label("Name").fill("after-a-fair")
    walk.press("Make it")
    expect(walk.page.locator("h1")).to_contain_text("after-a-fair")
    assert (world.settings.templates / "after-a-fair.md").exists()
