"""Being told, in the real program: the daemon as a process, a webhook and a dead-man's switch on loopback, a draft on disk."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from desktop import Desktop
from house import House, read_letter, wait_for
from servers.web import Site

PATIENCE = 30
JANE = ("Jane Doe", "jane@acme.example", "ACCEPTED")
ALWAYS = '[hours]\ndays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nstart = "00:00"\nend = "24:00"\n'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.do = lambda call: call.answer(200)
        yield running


@pytest.fixture
def house(tmp_path: Path, site: Site) -> Iterator[House]:
    with House(tmp_path) as made:
        url = f"http://127.0.0.1:{site.port}"
        ways = (
            f'allow_private = true\nwebhook = "{url}/hook/s3cret"\nping = "{url}/ping/s3cret"\ndraft = true\n'
        )
        made.config.write_text(f"{made.config.read_text()}\n{ALWAYS}\n[notices]\n{ways}")
        yield made


def posted(site: Site) -> list[str]:
    return [json.loads(call.body)["text"] for call in site.calls if call.path == "/hook/s3cret"]


def pinged(site: Site) -> list[str]:
    return [call.path.removeprefix("/ping/s3cret") for call in site.calls if call.path.startswith("/ping")]


def break_state(house: House) -> None:
    house.state.mkdir(exist_ok=True)
    house.database.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)


def test_what_waits_is_told_by_every_way_and_an_end_of_a_pass_outside(house: House, site: Site) -> None:
    house.write_coffee("jane", JANE, timedelta(hours=1))
    house.start_daemon()
    wait_for(lambda: "" in pinged(site), PATIENCE, "a good pass is told outside")
    (text,) = posted(site)
    assert text.startswith("followupd: 1 draft waits, it is due ")
    assert pinged(site) == ["/start", ""]
    letters = [read_letter(path) for path in house.drafts()]
    (own,) = [letter for letter in letters if letter["To"] == letter["From"]]
    assert own["Subject"] == text.removesuffix(".")
    assert "nothing sends it" in own.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "s3cret" not in house.log()


def test_an_end_is_told_once_however_often_it_is_started_again(house: House, site: Site) -> None:
    break_state(house)
    for _ in range(3):
        assert house.start_daemon().wait(PATIENCE) == 78
    assert posted(site) == [
        "followupd: followupd stopped, and nothing is drafted or sent until it runs again."
    ]
    assert pinged(site) == ["/fail"]
    assert house.drafts() == []  # nothing is written outside while the state is unusable
    house.database.unlink()
    house.start_daemon()
    wait_for(lambda: not (house.state / "stopped").exists(), PATIENCE, "it runs")


def test_a_config_that_cannot_be_used_is_told_on_the_desktop_which_needs_none(house: House) -> None:
    (house.root / "bin").mkdir()
    desktop = Desktop(house.root / "bin")
    seen = {
        "PATH": f"{desktop.folder}:{os.environ['PATH']}",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere",
    }
    house.config.write_text("[owner")
    house.state.mkdir()
    for _ in range(2):
        assert house.spawn(house.command("run"), seen | {"FOLLOWUPD_STATE": str(house.state)}).wait(30) == 78
    assert desktop.words.count("followupd stopped, and nothing is drafted or sent until it runs again") == 1


def test_every_way_can_be_tried(house: House) -> None:
    done = house.run("notices", "test")
    assert done.returncode == 0, done.stderr
    assert [line.split(maxsplit=1) for line in done.stdout.splitlines()] == [
        ["log", "sent"],
        ["desktop", "not here now: nobody would see it"],
        ["draft", "sent"],
        ["webhook", "sent"],
        ["ping", "sent"],
    ]
    assert len(house.drafts()) == 1


def test_a_way_that_fails_is_said_with_what_to_do(house: House, site: Site) -> None:
    site.do = lambda call: call.answer(404)
    done = house.run("notices", "test")
    assert done.returncode == 3
    assert "webhook    127.0.0.1 did not take a notice (code 404)." in done.stdout
    assert "→ Check its address in [notices] of config.toml." in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
