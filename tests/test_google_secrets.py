"""No token, code or client secret of Google's reaches a log, a message or any file but its own, at DEBUG, whatever goes wrong."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from accounts import find_port, go_back
from canaries import holds_canary
from house import House
from servers.google import Answer, Break, Clock, Google

ADA = "ada@example.com"
#: Everything the program's libraries have to say, with the program in it.
LOUD = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.debug("loud")
from followupd.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def google() -> Iterator[Google]:
    with Google(Clock(datetime.now(UTC))) as one:
        one.add_account(ADA, "Ada Example")
        yield one


@pytest.fixture
def umask() -> int:
    return 0o000


@pytest.fixture
def house(umask: int, tmp_path: Path, google: Google) -> Iterator[House]:
    before = os.umask(umask)
    with House(tmp_path) as one:
        with one.config.open("a") as config:
            config.write(f'\n[google]\nroot_url = "{google.root_url}"\n')
        one.config.chmod(0o600)
        (one.home / "client.json").write_text(json.dumps(google.client_json()))
        yield one
    os.umask(before)


def run_loud(house: House, google: Google, *words: str) -> str:
    """Run one command with every logger at DEBUG, go through the browser where it asks for one, and return all it said."""
    command = [sys.executable, "-c", LOUD, "--config", str(house.config), *words]
    with subprocess.Popen(
        command,
        env=house.environment(),
        cwd=house.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if line.startswith("http://127.0.0.1") and "code_challenge=" in line:
                go_back(google.consent(line.strip(), ADA))
    return said


def test_no_secret_is_said_or_kept_elsewhere_and_every_file_is_its_owners_alone(
    house: House, google: Google
) -> None:
    said = run_loud(
        house,
        google,
        "connect",
        "google",
        "--client",
        "client.json",
        "--no-browser",
        "--port",
        str(find_port()),
    )
    assert "Signed in." in said
    for trouble in (
        Answer(500),
        Answer(403, b"<html>"),
        Break.LOST,
        Break.HTML,
        Break.GARBAGE,
        Break.HALF_BODY,
    ):
        google.sign_in.expire_access_tokens()
        google.faults.order(trouble, times=2)
        said += run_loud(house, google, "once")
        google.faults.clear()
    google.sign_in.revoke(ADA)
    said += run_loud(house, google, "once") + run_loud(house, google, "doctor")
    said += run_loud(house, google, "disconnect", "google")

    assert "DEBUG:root:loud" in said
    assert not holds_canary(said.encode())
    holders = [
        path.name for path in house.root.rglob("*") if path.is_file() and holds_canary(path.read_bytes())
    ]
    assert holders == ["client.json"], "the sign-in is deleted"


@pytest.mark.parametrize(
    "umask",
    [pytest.param(mask, marks=[pytest.mark.soak] * (mask not in {0o000, 0o077})) for mask in range(0o100)],
    ids=oct,
)
def test_the_sign_in_lies_in_one_file_that_is_its_owners_alone(house: House, google: Google) -> None:
    run_loud(
        house,
        google,
        "connect",
        "google",
        "--client",
        "client.json",
        "--no-browser",
        "--port",
        str(find_port()),
    )
    run_loud(house, google, "once")

    holders = [path for path in house.root.rglob("*") if path.is_file() and holds_canary(path.read_bytes())]
    assert {path.name for path in holders} == {"client.json", "google.json"}
    for path in house.state.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode & 0o077 == 0 or stat.S_ISSOCK(path.lstat().st_mode), (path, oct(mode))


PROBE = """
import sys
from followupd.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
names = ("google", "googleapiclient", "tenacity", "oauthlib", "httplib2")
ours = [name for name in sys.modules if name.startswith(("followupd.adapters.google", "followupd.adapters.gmail"))]
print("loaded:", sorted({*names} & set(sys.modules)) + ours)
"""


def test_without_an_account_nothing_of_googles_is_ever_loaded(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.write_coffee(
            "maya", ("Maya Lindqvist", "maya@lindqvist.example", "ACCEPTED"), timedelta(hours=1)
        )
        done = subprocess.run(
            [sys.executable, "-c", PROBE, "--config", str(house.config), "once"],
            env=house.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert len(house.drafts()) == 1, done.stderr
    assert done.stdout.endswith("loaded: []\n"), done.stdout + done.stderr
