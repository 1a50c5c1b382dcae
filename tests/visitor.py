"""Somebody at the page, through its WSGI application: no socket, no browser, the clock of the world it stands on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

from week import World
from werkzeug.test import Client, TestResponse

from followupd.assemble import build_ground, open_store
from followupd.rules.drafts import example_facts
from followupd.telling import Telling
from followupd.template_files import Templates, shipped_templates
from followupd.watching import Ground, Spending, Watch
from followupd.web.app import Page
from followupd.web.door import Door, form_token
from followupd.web.entering import COOKIE
from followupd.web.watched import Watched

HOST = "127.0.0.1:8458"
ORIGIN = f"http://{HOST}"


@dataclass
class Visitor:
    """A browser with one session; `get` and `post` are what its owner does."""

    world: World
    page: Page
    door: Door
    client: Client
    session: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN)

    def post(self, path: str, **fields: object) -> TestResponse:
        """Send a form as the page itself would."""
        data = {"token": form_token(self.session), **fields}
        return self.client.post(path, base_url=ORIGIN, data=data, headers={"Origin": ORIGIN})

    def decide(self, person: str, act: str, **fields: object) -> TestResponse:
        """Press a button on the page of one person's item, with the hash that page shows."""
        item = self.world.item(person)
        return self.post(
            f"/items/{item.id}/{act}", hash=read_hash(self.get(f"/items/{item.id}").text), **fields
        )


def read_hash(page: str) -> str:
    """Return the hash in a page's forms, "" where there is none."""
    found = re.search(r'name="hash" value="([0-9a-f]{64})"', page)
    return found[1] if found else ""


def read_words(page: str) -> str:
    """Return the words of a page without its tags, each gap one space."""
    body = re.sub(r"<(script|head|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    flowing = re.sub(r"</?(?:bdi|strong|small|em|code|kbd|time|a)\b[^>]*>", "", body)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", flowing))).strip()


def build_page(world: World, *, running: bool = True) -> tuple[Page, Door]:
    """Return the page over a world, on its clock."""
    templates = Templates([shipped_templates(), world.settings.templates], world.renderer, example_facts())
    ground = build_ground(world.settings, templates, lambda: running)
    door = Door(world.settings.state)
    return Page(replace(ground, clock=lambda: world.now), door), door


def watch_over(world: World, page: Page) -> tuple[Watched, Watch]:
    """Return the page with what a program that watches may ask before it, and the watch that it asks."""
    watch = Watch(lambda: world.now)
    telling = Telling(world.store, (), None, world.hours, lambda: world.now)
    spending = [Spending("work", "gmail", 3, 45)]
    watch.stand_on(Ground(world.store, telling, (), world.hours.zone, timedelta(minutes=5), lambda: spending))
    state = world.settings.state
    watched = Watched(
        page, Door(state), watch, world.renderer, lambda: open_store(state), lambda: world.now, lambda: ""
    )
    return watched, watch


@contextmanager
def visit(world: World) -> Iterator[Visitor]:
    """Yield somebody who came in by a link."""
    page, door = build_page(world)
    session = door.open(door.make_link(timedelta(minutes=1), world.now), world.now)
    assert session is not None
    client = Client(page)
    client.set_cookie(COOKIE, session, domain=HOST.partition(":")[0])
    yield Visitor(world, page, door, client, session)
