"""Every screen of the approval page as PNG files, and four of them small for the README: `make screenshots`."""

import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from browsing import SIZES, open_browser, serve
from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from visitor import visit
from week import TOM, World, meeting, open_world

from bench.small_png import shrink_png
from followupd.web.entering import COOKIE

#: Name of the picture and the screen it shows; words in braces stand for the address of their item in the queue,
#: after # for its number.
SCREENS = {
    "queue": "/",
    "item": "{Maya Lindqvist}",
    "edit": "{Maya Lindqvist}/edit",
    "whom-did-you-meet": "{Chamber of Commerce breakfast}",
    "guests": "{Design meetup}/guests",
    "together": "/together",
    "templates": "/templates",
    "template": "/templates/after-a-coffee-or-call.md?with={#Maya Lindqvist}",
    "why-not": "/left-out",
    "activity": "/activity",
    "nothing-there": "/items/999",
}
#: The README's pictures: their file there, and which of ours each is.
README = {
    "queue.png": "item-laptop-light",
    "template.png": "template-laptop-dark",
    "item-phone.png": "item-phone-light",
    "whom-phone.png": "guests-phone-dark",
}
#: A list too long for everybody on it to be written to.
_GUESTS = "Name,Company,Email\n" + "".join(
    f"{first} {last},{last} & {partner},{first.lower()}@{last.lower()}.example\n"
    for last, partner in (("Abel", "Sons"), ("Brandt", "Kurz"), ("Costa", "Lima"), ("Duval", "Petit"))
    for first in ("Nadia", "Oskar", "Paula", "Quentin", "Rosa", "Sven", "Tilda")
)


def main(folder: Path, readme: Path) -> None:
    for place in (folder, readme):
        place.mkdir(parents=True, exist_ok=True)
    with play_demo() as link, open_browser() as browser:
        base, session = sign_in(browser, link)
        send_guests(browser, base, session)
        for size in SIZES:
            for scheme in ("light", "dark"):
                take_all(browser, base, session, folder, size, scheme)
                take_without_demo(browser, link, folder, size, scheme)
        page = browser.new_page()
        for name, ours in README.items():
            (readme / name).write_bytes(shrink_png(page, (folder / f"{ours}.png").read_bytes()))
    print(f"Wrote {len(list(folder.glob('*.png')))} pictures into {folder}, {len(README)} into {readme}.")


@contextmanager
def play_demo() -> Iterator[str]:
    """Yield the link to the demo's page."""
    command = [f"{sysconfig.get_path('scripts')}/followupd", "demo", "--page"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        yield demo.stdout.readline().strip() if demo.stdout else ""
        demo.terminate()


def sign_in(browser: Browser, link: str) -> tuple[str, StorageState]:
    """Return the page's address and the session that its link became."""
    context = browser.new_context()
    page = context.new_page()
    for _ in range(50):  # the daemon is still starting
        try:
            page.goto(link)
            break
        except Exception:  # noqa: BLE001 - refused until it listens
            page.wait_for_timeout(100)
    page.wait_for_url("**/")
    page.get_by_text("Maya").first.wait_for()
    return page.url.rstrip("/"), context.storage_state()


def send_guests(browser: Browser, base: str, session: StorageState) -> None:
    """Drop a long guest list, so that there is one to pick from."""
    page = browser.new_context(storage_state=session).new_page()
    page.goto(base)
    page.goto(base + find_address(page, "{Design meetup}"))
    guests = {"name": "guests.csv", "mimeType": "text/csv", "buffer": _GUESTS.encode()}
    page.set_input_files("[name=list]", guests)  # type: ignore[arg-type]
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/guests")


def open_context(browser: Browser, size: str, scheme: str, session: StorageState | None) -> BrowserContext:
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    return browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=session)  # type: ignore[arg-type]


def take_all(
    browser: Browser, base: str, session: StorageState, folder: Path, size: str, scheme: str
) -> None:
    """Take the screens of the demo's week, and what only shows after a key, a decision or without an answer."""
    context = open_context(browser, size, scheme, session)
    page = context.new_page()
    page.goto(base)
    addresses = {name: find_address(page, path) for name, path in SCREENS.items()}
    for name, address in addresses.items():
        page.goto(base + address)
        page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
    page.goto(base)
    page.keyboard.press("?")
    page.screenshot(path=folder / f"keys-{size}-{scheme}.png")
    page.goto(base + addresses["item"])
    page.keyboard.press("a")
    page.locator(".notice.good").wait_for()
    page.screenshot(path=folder / f"approved-{size}-{scheme}.png")
    page.keyboard.press("u")
    page.get_by_role("button", name="Approve").wait_for()
    page.route("**/pulse", lambda route: route.abort())
    page.locator(".offline").wait_for()
    page.screenshot(path=folder / f"offline-{size}-{scheme}.png")
    context.close()


def find_address(page: Page, path: str) -> str:
    """Return the path of a screen, the number of its item read from the queue."""
    words = re.search(r"\{(#?)(.+)\}", path)
    if words is None:
        return path
    item = str(page.get_by_role("link", name=words[2]).first.get_attribute("href"))
    return path.replace(words[0], item.removeprefix("/items/") if words[1] else item)


def take_without_demo(browser: Browser, link: str, folder: Path, size: str, scheme: str) -> None:
    """Take what is shown to nobody in particular, and the queue that is new, empty and damaged."""
    with tempfile.TemporaryDirectory() as home, open_world(Path(home)) as world, visit(world) as visitor:
        address = {"name": COOKIE, "value": visitor.session}
        with (
            serve(visitor.page) as base,
            closing_context(open_context(browser, size, scheme, None)) as context,
        ):
            page = context.new_page()

            def take(name: str, url: str) -> None:
                page.goto(url)
                page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")

            take("signed-out", base)
            take("link-used", link)
            context.add_cookies([{**address, "url": base}])  # type: ignore[typeddict-item]
            take("reading", base)
            world.set_event(meeting("next", world.now + timedelta(hours=30), TOM, title="Alumni evening"))
            world.run()
            take("empty", base)
            damage(world)
            take("damaged", base)


@contextmanager
def closing_context(context: BrowserContext) -> Iterator[BrowserContext]:
    yield context
    context.close()


def damage(world: World) -> None:
    """Have the state hold what nobody wrote."""
    world.store.close()
    world.store.database.path.write_bytes(b"this is no database, and long enough to be read as one " * 40)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
