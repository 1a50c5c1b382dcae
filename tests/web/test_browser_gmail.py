"""The page with the drafts in Gmail: what is approved here leaves from there, unless it was changed there meanwhile."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen

import pytest
from accounts import keep_sign_in
from browsing import free_port, open_browser, open_page, statuses
from house import House, wait_for
from playwright.sync_api import Browser, Page, expect
from servers.google import Account, Clock, Google

ADA = "ada@example.com"
HOUR = timedelta(hours=1)
NAMES = ("Maya", "Tomas", "Sabine")


class RealClock(Clock):
    """The stand-in goes by the time of this computer, as the daemon does."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class GmailHouse(House):
    """A home whose drafts lie in Gmail."""

    def __init__(self, root: Path, google: Google) -> None:
        self._google = google
        super().__init__(root)

    def write_config(self, poll: str = "1h", **limits: str | int) -> None:
        super().write_config(poll, **limits)
        text = self.config.read_text()
        box = f'type = "maildir"\npath = "{self.maildir}"'
        assert box in text
        account = '[[account]]\nname = "work"\ntype = "google"\nclient = "client.json"\n'
        google = f'[google]\nroot_url = "{self._google.root_url}"\n'
        self.config.write_text(text.replace(box, 'type = "gmail"\naccount = "work"') + account + google)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def google() -> Iterator[Google]:
    with Google(RealClock()) as opened:
        opened.add_account(ADA, "Ada Example")
        yield opened


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def house(tmp_path: Path, google: Google, ada: Account) -> Iterator[House]:
    """Three coffees that are over, drafted in Gmail by the daemon; what is approved waits two seconds."""
    with GmailHouse(tmp_path, google) as made:
        made.port = free_port()
        keep_sign_in(google, made.state / "google", ADA)
        made.write_config(poll="2s", hold="2s")
        for number, name in enumerate(NAMES):
            guest = (f"{name} Berg", f"{name.lower()}@guest.example", "ACCEPTED")
            made.write_coffee(f"coffee-{number}", guest, (20 - number) * HOUR)
        made.start_daemon()
        wait_for(lambda: len(ada.mailbox.drafts) == len(NAMES), 30, "the drafts in Gmail")
        yield made


def find_draft(ada: Account, name: str) -> str:
    """Return the id of the draft to somebody."""
    address = f"{name.lower()}@guest.example"
    return next(one for one in ada.mailbox.drafts if address in ada.mailbox.draft(one).envelope.addresses())


def read_sent(ada: Account) -> dict[str, bytes]:
    """Return the raw messages that left, by whom they went to."""
    sent = [message for message in ada.mailbox.messages.values() if "SENT" in message.labels]
    return {message.envelope.addresses()[0]: message.raw for message in sent}


def approve(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"{name} Berg").first.click()
    expect(page.locator(".card h2")).to_have_text(f"{name} Berg")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".notice.good")).to_contain_text(f"{name} Berg: approved.")


def test_what_is_approved_leaves_and_what_was_edited_in_gmail_since_comes_back_marked(
    house: House, ada: Account, browser: Browser
) -> None:
    page = open_page(browser, house)
    shown = ada.mailbox.draft(find_draft(ada, "Maya")).raw
    approve(page, "Maya")
    wait_for(lambda: statuses(house)["Maya Berg"] == "sent", 30, "Maya's message is sent")
    assert read_sent(ada) == {"maya@guest.example": shown}
    approve(page, "Tomas")
    ada.mailbox.edit_in_gmail(find_draft(ada, "Tomas"), text="Hi Tomas,\n\nhow about Friday?\n\nAda")
    expect(page.locator(".list")).to_contain_text("changed since you approved", timeout=30_000)
    page.get_by_role("link", name="Tomas Berg").first.click()
    expect(page.locator(".card .notice.risk")).to_contain_text("It was not sent; read it again.")
    expect(page.locator(".letter .text")).to_contain_text("how about Friday?")
    assert list(read_sent(ada)) == ["maya@guest.example"]


@pytest.mark.soak
def test_two_tabs_the_terminal_and_gmail_decide_at_once_and_nothing_leaves_that_was_not_approved(
    house: House, ada: Account, browser: Browser
) -> None:
    one, two = open_page(browser, house), open_page(browser, house)
    items = {item["name"].partition(" ")[0]: item["id"] for item in house.queue()}
    shown = {name: ada.mailbox.draft(find_draft(ada, name)).raw for name in NAMES}
    for turn, (name, number) in enumerate(items.items()):
        for page in (one, two):
            page.goto(f"http://127.0.0.1:{house.port}/items/{number}")
        decide_at_once(house, ada, (one, two), (name, number), turn)
    settled = {"sent", "skipped", "drafted"}
    wait_for(lambda: set(statuses(house).values()) <= settled, 60, "everything is decided")
    for name, raw in read_sent(ada).items():
        assert raw == shown[name.partition("@")[0].capitalize()]


def decide_at_once(
    house: House, ada: Account, tabs: tuple[Page, Page], item: tuple[str, int], turn: int
) -> None:
    """Approve in the terminal and in a tab, skip in another, edit in Gmail; who begins takes turns."""
    name, number = item
    draft = find_draft(ada, name)
    terminals: list[Popen[str]] = []
    acts: list[Callable[[], object]] = [
        lambda: terminals.append(house.spawn(house.command("approve", str(number)))),
        lambda: tabs[0].keyboard.press("a"),
        lambda: edit(ada, draft, f"Hi {name},\n\nfrom Gmail.\n\nAda"),
        lambda: tabs[1].keyboard.press("s"),
    ]
    for act in acts[turn:] + acts[:turn]:
        act()
    for terminal in terminals:
        terminal.wait(30)


def edit(ada: Account, draft: str, text: str) -> None:
    """Edit a draft in Gmail, if it is still there."""
    if draft in ada.mailbox.drafts:
        ada.mailbox.edit_in_gmail(draft, text=text)
