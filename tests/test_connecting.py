"""`followupd connect google` as an owner types it, against the stand-in, with a browser that is played."""

import json
import re
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from accounts import find_port, go_back
from house import House
from servers.google import Client, Clock, Google

from followupd.adapters.google_auth import CALENDARS, COMPOSE, EVENTS, PURPOSES, READING
from followupd.config_tables import write_table
from followupd.settings import load_settings

ADA = "ada@example.com"


@pytest.fixture
def google() -> Iterator[Google]:
    with Google(Clock(datetime.now(UTC))) as one:
        one.add_account(ADA, "Ada Example")
        yield one


@pytest.fixture
def house(tmp_path: Path, google: Google) -> Iterator[House]:
    with House(tmp_path) as one:
        with one.config.open("a") as config:
            config.write(f'\n[google]\nroot_url = "{google.root_url}"\n')
        (one.home / "client.json").write_text(json.dumps(google.client_json()))
        yield one


def connect(
    house: House, google: Google, *args: str, user: str = ADA, untick: frozenset[str] = frozenset()
) -> str:
    """Run `connect google`, tick in the played browser, and return all that the program said."""
    port = find_port()
    command = house.command("connect", "google", "--no-browser", "--port", str(port), *args)
    with subprocess.Popen(
        command,
        env=house.environment(),
        cwd=house.home,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("http://127.0.0.1") and "code_challenge=" in line:
                go_back(google.consent(line.strip(), user, untick=untick))
        process.wait(30)
    return f"{said}exit {process.returncode}"


def read_sign_in(house: House, account: str = "google") -> dict[str, object]:
    found = json.loads((house.state / "google" / f"{account}.json").read_text())
    assert isinstance(found, dict)
    return found


def test_an_owner_signs_in_and_the_config_names_the_mailbox(house: House, google: Google) -> None:
    before = house.config.read_text()

    said = connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))

    assert said.endswith("exit 0"), said
    assert "[x] put drafts into your mailbox, see whether they are still there" in said
    assert re.search(r"ssh -L (\d+):127\.0\.0\.1:\1 ", said)
    assert "You did not allow it to see the names of your calendars" in said
    assert "Gmail answers: drafts will lie in the mailbox of ada@example.com." in said
    file = house.state / "google" / "google.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = load_settings(house.config)
    assert [(box.name, box.type, box.account) for box in settings.mailboxes] == [
        ("gmail", "gmail", "google"),
        ("mailbox", "maildir", None),
    ]
    assert [(one.name, one.client) for one in settings.accounts] == [("google", house.home / "client.json")]
    assert settings.calendars[0].mailbox == "gmail", "new follow-ups go to Gmail"
    lines = [line for line in before.splitlines() if line and "mailbox]" not in line]
    assert all(line in house.config.read_text() for line in lines), "what the owner wrote stays"


def test_signing_in_again_changes_the_sign_in_and_not_the_config(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))
    config, first = house.config.read_bytes(), read_sign_in(house)

    said = connect(house, google, "--read-replies", untick=frozenset({CALENDARS}))

    assert said.endswith("exit 0"), said
    assert house.config.read_bytes() == config
    assert read_sign_in(house)["refresh_token"] != first["refresh_token"]
    assert read_sign_in(house)["scopes"] == sorted([EVENTS, COMPOSE, READING])


def test_a_second_account_stands_beside_the_first(house: House, google: Google) -> None:
    google.add_account("ada@home.example")
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))

    said = connect(
        house,
        google,
        "--account",
        "home",
        "--client",
        "client.json",
        user="ada@home.example",
        untick=frozenset({CALENDARS}),
    )

    assert said.endswith("exit 0"), said
    assert "does not name ada@home.example: add it to `aliases`" in said
    assert [box.name for box in load_settings(house.config).mailboxes] == ["gmail-home", "gmail", "mailbox"]
    assert read_sign_in(house)["refresh_token"] != read_sign_in(house, "home")["refresh_token"]


def test_an_owner_who_allows_nothing_is_told_and_nothing_is_written(house: House, google: Google) -> None:
    before = house.config.read_bytes()

    said = connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS, EVENTS, COMPOSE}))

    assert "followupd: No permission was given in the browser." in said
    assert said.endswith("exit 1")
    assert house.config.read_bytes() == before
    assert not (house.state / "google").exists()


def test_testing_is_said_at_once(tmp_path: Path) -> None:
    with Google(Clock(datetime.now(UTC)), client=Client(testing=True)) as google, House(tmp_path) as house:
        google.add_account(ADA)
        (house.home / "client.json").write_text(json.dumps(google.client_json()))
        with house.config.open("a") as config:
            config.write(f'\n[google]\nroot_url = "{google.root_url}"\n')

        said = connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))

    assert 'because the publishing status of your app is "Testing". Press "Publish app"' in said


def test_without_a_client_file_and_nobody_to_ask_it_says_what_is_needed(house: House) -> None:
    done = house.run("connect", "google", input="")

    assert done.returncode == 2
    assert "--client is needed where nobody can be asked" in done.stderr


def test_disconnecting_revokes_and_deletes(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))

    done = house.run("disconnect", "google")

    assert done.returncode == 0, done.stderr
    assert all(grant.dead for grant in google.sign_in.grants)
    assert not (house.state / "google" / "google.json").exists()
    assert "took back every permission of account 'google'" in done.stderr


def test_disconnecting_without_google_in_reach_deletes_nothing(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))
    text = house.config.read_text()
    house.config.write_text(text.replace(google.root_url, "http://127.0.0.1:9/"))

    done = house.run("disconnect", "google")

    assert done.returncode == 1
    assert "Google cannot be reached: no connection" in done.stderr
    assert (house.state / "google" / "google.json").exists()


def test_disconnecting_what_never_was_connected_is_told(house: House) -> None:
    done = house.run("disconnect", "google")

    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "followupd: Account 'google' is not signed in to Google.",
    )


def test_what_is_added_reads_as_toml_whatever_a_calendar_is_called() -> None:
    row = {"name": 'Ada\'s "best" \\ café 🙂', "type": "google", "account": "work", "id": "primary"}

    assert tomllib.loads(write_table("calendar", row)) == {"calendar": [row]}


# --- doctor


def examine(house: House) -> list[tuple[str, str]]:
    """Return what `doctor` says of accounts, as (health, what)."""
    rows = [json.loads(line) for line in house.run("doctor", "--json").stdout.splitlines()]
    return [(row["health"], row["what"]) for row in rows if row["check"] == "accounts"]


def test_doctor_says_how_an_account_stands(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS, EVENTS}))

    found = examine(house)

    assert found[0][0] == "ok"
    assert found[0][1].startswith("'google' is signed in since ")
    assert ("ok", "'google': Gmail answers for ada@example.com") in found
    assert any(what.startswith("'google' may put drafts into your mailbox") for _, what in found)


def test_doctor_says_that_a_sign_in_ended(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))
    google.sign_in.revoke(ADA)

    (_, permissions, (health, what)) = examine(house)
    assert (permissions[0], health) == ("ok", "broken")
    assert what.startswith("Google ended the sign-in of account 'google'")
    assert examine(house) == [(health, what)]


def test_doctor_names_a_permission_that_is_missing(house: House, google: Google) -> None:
    connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))
    connect(house, google, untick=frozenset({CALENDARS, COMPOSE}))

    assert ("broken", f"'google' may not {PURPOSES[COMPOSE]}") in examine(house)


def test_doctor_warns_of_testing(tmp_path: Path) -> None:
    with Google(Clock(datetime.now(UTC)), client=Client(testing=True)) as google, House(tmp_path) as house:
        google.add_account(ADA)
        (house.home / "client.json").write_text(json.dumps(google.client_json()))
        with house.config.open("a") as config:
            config.write(f'\n[google]\nroot_url = "{google.root_url}"\n')
        connect(house, google, "--client", "client.json", untick=frozenset({CALENDARS}))

        health, what = examine(house)[0]

    assert health == "warning"
    assert what.startswith("The sign-in of account 'google' ends on ")
