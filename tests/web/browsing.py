"""A real browser at the real daemon's page: Debian's Chromium, driven by Playwright, which downloads no browser of its own."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from house import House, wait_for
from playwright.sync_api import Browser, Page, sync_playwright

from followupd.web.app import Page as PageApp
from followupd.web.serving import PageServer

SIZES = {"laptop": (1280, 800), "phone": (390, 844)}
_MISSING = "Chromium is missing, so the page was not tried in a browser: apt-get install chromium"


def free_port() -> int:
    """Return a port nobody listens on just now, on both stacks."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield the browser; where there is none the test is skipped and says so, and fails where it must be there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(_MISSING)
    # Chromium's own sandbox refuses to run as root, as in a container.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=args)
        yield browser
        browser.close()


def make_link(house: House) -> str:
    done = house.run("page", "--no-browser")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def open_page(browser: Browser, house: House, size: str = "laptop") -> Page:
    """Return a page in a browser of its own that came in by a link, as its owner would."""
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(30_000)
    page.goto(make_link(house))
    page.wait_for_url("**/")
    return page


def start_serving(house: House, drafts: int) -> None:
    """Start the daemon with its page and wait for so many drafts."""
    house.start_daemon()
    wait_for(lambda: len(house.drafts()) >= drafts, 30, f"{drafts} drafts")


@contextmanager
def serve(page: PageApp, patience: int = 30) -> Iterator[str]:
    """Yield the address at which an application is served, in this process."""
    port = free_port()
    server = PageServer(page, port, patience)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.close()


def statuses(house: House) -> dict[str, str]:
    """Return name → status of every follow-up."""
    rows = house.rows("SELECT name, status FROM followups WHERE kind = 'draft'")
    return {row["name"]: row["status"] for row in rows}
