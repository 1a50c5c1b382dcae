"""That secrets are caught wherever they get out, and that no umask opens a file that may hold one."""

import base64
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from accounts import keep_sign_in
from canaries import CANARY, find_leaks, holds_canary, listen, take_heard
from house import LOUD, House
from servers.google import Google

from followupd.adapters.copies import Kept
from followupd.assemble import open_store
from followupd.store.backups import make_backup
from followupd.web.door import Door

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize("before", ["", "a", "ada:", "ada@example.com:"])
def test_a_secret_is_known_in_the_clear_and_in_a_header(before: str) -> None:
    said = f"{before}{CANARY}-and-more"

    assert holds_canary(said.encode())
    assert holds_canary(base64.b64encode(said.encode()))
    assert not holds_canary(b"nothing of the kind")


def test_what_is_said_is_heard_once() -> None:
    listen("all is well")
    listen(f"the password is {CANARY}")

    assert take_heard() == [f"the password is {CANARY}"]
    assert take_heard() == []


def test_a_secret_is_found_in_every_file_but_those_that_are_meant_to_hold_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("config.toml", "google/ada.json", "daemon.log", "feeds/copy"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"x{CANARY}y")

    found = find_leaks(home)

    for name in ("daemon.log", "feeds/copy"):
        (home / name).unlink()  # or this test would be caught
    assert sorted(found) == [str(home / "daemon.log"), str(home / "feeds" / "copy")]


#: Loggers as a library and as the program have them, the second one set up late.
SPEAKS = """
import logging, runpy, sys, types
cli = types.ModuleType("followupd.cli")
def main(prog_name):
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("library").debug("at debug")
    try:
        raise ValueError("in a traceback")
    except ValueError:
        logging.getLogger("followupd").exception("at error")
cli.main = main
sys.modules["followupd.cli"] = cli
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_every_level_of_every_logger_is_overheard_and_what_is_shown_stays_as_it_is(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        done = subprocess.run(
            [sys.executable, "-c", SPEAKS, str(LOUD)],
            env=house.environment(),
            capture_output=True,
            text=True,
            check=True,
        )

    heard = (tmp_path / "loud.log").read_text()
    assert ("at debug" in heard, "ValueError: in a traceback" in heard) == (True, True)
    assert ("at debug" in done.stderr, done.stderr.splitlines()[0]) == (False, "at error")


def test_under_every_umask_what_is_kept_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Google() as google:
            for mask in range(0o100):
                os.umask(mask)
                keep_everything(tmp_path / f"{mask:03o}", google)
    finally:
        os.umask(before)

    for path in tmp_path.rglob("*/*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def keep_everything(folder: Path, google: Google) -> None:
    """Keep a sign-in, a calendar, a state with its backup, and the secrets of the page."""
    keep_sign_in(google, folder / "google", "ada@example.com")
    Kept(folder / "feeds" / "copy", 100).write(b"BEGIN:VCALENDAR")
    open_store(folder / "state").close()
    make_backup(folder / "state", NOON)
    Door(folder / "state").open("no such link", NOON)
