"""The page as its owner meets it: in a browser, on the real daemon, from the keyboard, at two sizes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import free_port, make_link, open_browser, open_page, start_serving, statuses
from house import House, wait_for
from playwright.sync_api import Browser, Page, expect

HOUR = timedelta(hours=1)
FIRST_NAMES = (
    "Maya",
    "Tomas",
    "Sabine",
    "Jonas",
    "Clara",
    "Peter",
    "Nina",
    "Oskar",
    "Ines",
    "Hugo",
    "Paula",
    "Emil",
)
SCREENS = (
    "/",
    "/items/1",
    "/items/1/guests",
    "/items/2",
    "/items/2/edit",
    "/items/999",
    "/together",
    "/templates",
    "/templates/late.md",
    "/left-out",
    "/activity",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Twelve coffees and a mixer that nobody is known from, all over by now, and the daemon that drafted."""
    with House(tmp_path) as made:
        made.port = free_port()
        made.write_config(hold="1h")
        for number, name in enumerate(FIRST_NAMES):
            guest = (f"{name} Berg", f"{name.lower()}@guest.example", "ACCEPTED")
            made.write_coffee(f"coffee-{number}", guest, (20 - number) * HOUR)
        end = datetime.now(UTC).replace(microsecond=0) - 30 * HOUR
        made.write_event("mixer", "Chamber of Commerce breakfast", end - HOUR, end)
        start_serving(made, len(FIRST_NAMES))
        yield made


def press(page: Page, key: str, until: str) -> None:
    """Press a key and wait for the address it leads to."""
    page.keyboard.press(key)
    page.wait_for_url(until)


def count_approved(house: House) -> int:
    return list(statuses(house).values()).count("approved")


def test_from_the_link_to_the_first_approval_in_two_actions(house: House, browser: Browser) -> None:
    page = open_page(browser, house)  # 1: the link, which opens the page by itself
    expect(page.locator(".list h1")).to_have_text("13 to decide")
    page.goto(f"{page.url}items/2")
    press(page, "a", "**/items/*after=2")  # 2
    assert count_approved(house) == 1
    expect(page.locator(".notice.good")).to_contain_text("approved. It goes out in 59:")


def test_ten_drafts_are_decided_from_the_keyboard_within_a_minute(house: House, browser: Browser) -> None:
    page = open_page(browser, house)
    press(page, "j", "**/items/*")
    begin = time.monotonic()
    for decided in range(10):
        key = "s" if decided % 5 == 4 else "a"
        expect(page.locator(f'.card [data-key="{key}"]')).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press(key)
    took = time.monotonic() - begin
    found = list(statuses(house).values())
    assert (found.count("approved"), found.count("skipped")) == (8, 2)
    assert took < 60


def test_every_key_does_what_the_list_says(house: House, browser: Browser) -> None:
    page = open_page(browser, house)
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_be_visible()
    assert page.locator(".keys kbd").all_inner_texts() == list("jkaeszu?")
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_be_hidden()
    press(page, "j", "**/items/2")
    press(page, "j", "**/items/3")
    press(page, "k", "**/items/2")
    press(page, "e", "**/items/2/edit")
    page.locator("textarea").fill("Dear Maya,\n\njust a word.")
    press(page, "Control+Enter", "**/items/2")
    expect(page.locator(".letter .text")).to_have_text("Dear Maya,\n\njust a word.")
    wait_for(
        lambda: b"just a word" in b"".join(draft.read_bytes() for draft in house.drafts()), 30, "it is saved"
    )
    expect(page.get_by_text("Saving: your text")).to_have_count(0)
    press(page, "s", "**/items/3?after=2")
    press(page, "u", "**/items/2")
    wait_for(lambda: statuses(house)["Maya Berg"] == "drafted", 30, "it is drafted again")


@pytest.mark.soak
def test_snooze_and_done_are_two_keys_away(house: House, browser: Browser) -> None:
    page = open_page(browser, house)
    press(page, "j", "**/items/2")
    page.keyboard.press("z")
    expect(
        page.locator(".acts .sheet").first.get_by_text("Tonight").or_(page.get_by_text("Tomorrow evening"))
    ).to_be_focused()
    press(page, "Enter", "**/items/3?after=2")
    expect(page.locator(".notice.good")).to_contain_text("snoozed until")
    page.get_by_text("Done", exact=True).click()
    page.get_by_text("By phone").click()
    page.wait_for_url("**/items/4?after=3")
    assert statuses(house)["Tomas Berg"] == "done"


@pytest.mark.soak
def test_whom_did_you_meet_shows_at_once_what_they_get(house: House, browser: Browser) -> None:
    page = open_page(browser, house)
    page.get_by_text("Whom did you meet?").first.click()
    page.locator("textarea").fill("Jane Doe, Acme, jane@acme.example - we spoke about sailing")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".met-list")).to_contain_text("jane@acme.example")
    expect(page.locator(".met-list .text")).to_contain_text("about sailing")
    wait_for(lambda: statuses(house).get("Jane Doe") == "drafted", 30, "Jane's draft")


@pytest.mark.soak
def test_a_template_is_seen_while_it_is_typed(house: House, browser: Browser) -> None:
    page = open_page(browser, house)
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="after-a-coffee-or-call For somebody you sat").click()
    page.get_by_label("As this person would get it").select_option(index=1)
    source = page.locator("textarea")
    source.fill("Subject: A word\n\nHello {{ person.first_name }}, how was {{ event.date }}?\n")
    expect(page.locator(".preview .text").first).to_contain_text("Hello Emil, how was")
    source.fill("Subject: A word\n\nHello {{ person.nickname }}\n")
    expect(page.locator(".preview .notice")).to_contain_text("Line 3.")
    source.fill("Subject: A word\n\nHello {{ person.first_name | or_else('there') }}!\n")
    expect(page.locator(".preview .notice")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1 .tag")).to_have_text("yours")
    assert "Hello" in (house.templates / "after-a-coffee-or-call.md").read_text()


def test_two_tabs_decide_once(house: House, browser: Browser) -> None:
    one = open_page(browser, house)
    two = one.context.new_page()
    for page in (one, two):
        page.goto(f"http://127.0.0.1:{house.port}/items/2")
    house.run("edit", "2", "--subject", "From the terminal")
    with one.expect_navigation():
        one.locator('[data-key="a"]').click()
    expect(one.locator("h1")).to_have_text("Please look again")
    assert count_approved(house) == 0
    two.goto(two.url)
    expect(two.locator(".subject")).to_contain_text("From the terminal")
    press(two, "a", "**/items/3?after=2")
    assert count_approved(house) == 1


def test_a_page_left_open_follows_what_happens_elsewhere_and_says_when_nobody_answers(
    house: House, browser: Browser
) -> None:
    page = open_page(browser, house)
    house.run("skip", "2")
    expect(page.locator(".list h1")).to_have_text("12 to decide")
    house.stop_daemons()
    expect(page.locator(".offline")).to_contain_text("followupd does not answer.")
    page.route("**/*", lambda route: route.abort())


def test_a_link_is_good_for_one_browser_and_signing_out_ends_it(house: House, browser: Browser) -> None:
    link = make_link(house)
    page = browser.new_context().new_page()
    page.goto(link)
    page.wait_for_url("**/")
    second = browser.new_context().new_page()
    second.goto(link)
    expect(second.locator("h1")).to_have_text("This link opens nothing any more")
    page.keyboard.press("?")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.locator("h1")).to_have_text("You are signed out")


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("laptop", "light"),
        *(
            pytest.param(*case, marks=pytest.mark.soak)
            for case in (("laptop", "dark"), ("phone", "light"), ("phone", "dark"))
        ),
    ],
)
def test_axe_finds_nothing_serious_on_any_screen(
    house: House, browser: Browser, size: str, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(browser, house, size)
    page.emulate_media(color_scheme=scheme)
    base, serious = f"http://127.0.0.1:{house.port}", []
    for screen in SCREENS:
        page.goto(base + screen)
        serious += find_serious(page, screen)
    page.goto(base)
    page.keyboard.press("?")
    serious += find_serious(page, "the keys")
    page.context.clear_cookies()
    for screen in ("/", "/open/used"):
        page.goto(base + screen)
        serious += find_serious(page, f"signed out, {screen}")
    assert serious == []


def find_serious(page: Page, screen: str) -> list[tuple[str, str, str]]:
    """Return what axe-core calls serious or critical: the screen, the rule, the first element."""
    found = Axe().run(page).response["violations"]
    return [
        (screen, one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def test_the_page_fits_a_phone(house: House, browser: Browser) -> None:
    page = open_page(browser, house, "phone")
    base = f"http://127.0.0.1:{house.port}"
    for screen in SCREENS:
        page.goto(base + screen)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, screen
    page.goto(base)
    page.get_by_role("link", name="Maya Berg").click()
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url("**/items/3?after=2")
    assert count_approved(house) == 1


def test_it_works_without_a_script(house: House, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(make_link(house))
    page.get_by_role("button", name="Open the page").click()
    page.get_by_role("link", name="Maya Berg").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Snooze z").click()
    page.get_by_role("button", name="Tomorrow morning").click()
    expect(page.locator(".notice.good")).to_contain_text("snoozed until")
