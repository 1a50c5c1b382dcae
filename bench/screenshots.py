"""Every screen of the approval page over the demo's week, as PNG files: `make screenshots`."""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsing import SIZES, open_browser
from playwright.sync_api import Browser, Page, StorageState

#: Name of the picture and the screen it shows; words in braces stand for the address of their item in the queue.
SCREENS = {
    "queue": "/",
    "item": "{Maya Lindqvist}",
    "edit": "{Maya Lindqvist}/edit",
    "whom-did-you-meet": "{Chamber of Commerce breakfast}",
    "together": "/together",
    "templates": "/templates",
    "template": "/templates/after-a-coffee-or-call.md",
    "why-not": "/left-out",
    "activity": "/activity",
    "nothing-there": "/items/999",
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with play_demo() as link, open_browser() as browser:
        base, session = sign_in(browser, link)
        for size in SIZES:
            for scheme in ("light", "dark"):
                take_all(browser, base, session, folder, size, scheme)
    print(f"Wrote {len(list(folder.glob('*.png')))} pictures into {folder}.")


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


def take_all(
    browser: Browser, base: str, session: StorageState, folder: Path, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=session)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(base)
    addresses = {name: find_address(page, path) for name, path in SCREENS.items()}
    for name, address in addresses.items():
        page.goto(base + address)
        page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
    page.goto(base)
    page.keyboard.press("?")
    page.screenshot(path=folder / f"keys-{size}-{scheme}.png")
    context.close()


def find_address(page: Page, path: str) -> str:
    """Return the path of a screen, the number of its item read from the queue."""
    words = re.match(r"\{(.+)\}", path)
    if words is None:
        return path
    item = page.get_by_role("link", name=words[1]).first.get_attribute("href")
    return path.replace(words[0], str(item))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
