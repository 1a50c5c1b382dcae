"""What strangers wrote, in the DOM of a real browser: names, titles and descriptions make no live node and run nothing."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from browsing import open_browser, serve
from playwright.sync_api import Browser, BrowserContext, Page
from test_hostile import make_hostile
from visitor import Visitor, visit
from week import JANE, World, meeting, open_world

from followupd.items import Kind, Plan, Status
from followupd.model import Person, Reason
from followupd.web.entering import COOKIE
from followupd.web.queue import ROWS

#: Items in the queue, each with three strings: a name, a title, and a reason that quotes a description.
ITEMS = 3_400 if os.environ.get("FOLLOWUPD_SOAK") == "1" else 100
#: Everything our own pages are made of, but for what a stranger would like to add.
OURS = (
    "html head meta title link script body a header img nav p details summary kbd div dl dt dd form input button main"
    " span h1 h2 h3 strong em small svg circle article section code time bdi ol ul li label textarea select option br"
)
_LOOK = """() => ({
  tags: [...new Set([...document.querySelectorAll('*')].map((one) => one.localName))],
  handlers: [...document.querySelectorAll('*')].filter((one) =>
    [...one.attributes].some(({name}) => name.startsWith('on') || name === 'style' || name === 'srcdoc')).length,
  scripts: [...document.scripts].map((one) => new URL(one.src).pathname),
  away: [...document.querySelectorAll('[href], [src], [action]')].filter((one) =>
    new URL((one.href?.baseVal ?? one.href) || one.src || one.action, location).origin !== location.origin).length,
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with open_world(tmp_path) as world:
        fill(world)
        with visit(world) as opened:
            yield opened


@pytest.fixture
def address(visitor: Visitor) -> Iterator[str]:
    """The address of the page at a real socket."""
    with serve(visitor.page) as opened:
        yield opened


def fill(world: World) -> None:
    """Draft one message, then let it wait so many times over, for strangers with hostile names, met where and why."""
    world.set_event(meeting("e1", world.now - timedelta(hours=1), JANE))
    world.run()
    first, hostile = world.store.followup(1), make_hostile(3 * ITEMS)
    assert first.raw is not None
    with world.store.transaction():
        for number in range(ITEMS):
            person = Person(f"p{number}@acme.example", f"p{number}@acme.example", next(hostile), None)
            title, why = next(hostile), next(hostile)
            plan = Plan(
                f"e1|{person.key}", Kind.DRAFT, Status.DRAFTED, "e1", Reason.OWNER_SAYS, why,
                first.due, first.deadline, first.expires, person,
            )  # fmt: skip
            raw = first.raw.replace(b"Hi Jane", f"Hi {title}".encode("ascii", "xmlcharrefreplace"))
            world.store.add_followup(plan, title, first.mailbox, world.now, raw=raw, subject=why)


def open_context(browser: Browser, address: str, visitor: Visitor, told: list[str]) -> BrowserContext:
    """Return a browser that is signed in; `told` fills with whatever ran, opened or asked for something elsewhere."""
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": visitor.session, "url": address}])
    context.on("dialog", lambda dialog: told.append(dialog.message))
    context.on(
        "request", lambda request: None if request.url.startswith(address) else told.append(request.url)
    )
    context.on("page", lambda page: page.on("pageerror", lambda error: told.append(str(error))))
    return context


def look(page: Page) -> None:
    """Fail when anything on this screen is not ours."""
    found = page.evaluate(_LOOK)
    assert set(found["tags"]) <= set(OURS.split()), page.url
    assert (found["handlers"], found["away"], found["scripts"]) == (0, 0, ["/static/page.js"]), page.url


def test_no_stranger_puts_a_live_node_into_the_browser(
    browser: Browser, address: str, visitor: Visitor
) -> None:
    told: list[str] = []
    context = open_context(browser, address, visitor, told)
    page = context.new_page()
    shown = 0
    for start in range(0, ITEMS + 1, ROWS):
        page.goto(f"{address}/?from={start}")
        look(page)
        shown += page.locator(".list a.row").count()
    for screen in ("/together", "/activity", "/left-out", *(f"/items/{number}" for number in range(2, 12))):
        page.goto(f"{address}{screen}")
        look(page)
    context.close()
    assert (told, shown) == ([], ITEMS + 1)
