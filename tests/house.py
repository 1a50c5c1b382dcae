"""A throw-away home for one owner, and the real program run in it as real processes."""

import json
import os
import sqlite3
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import icalendar
from canaries import listen

SCRIPT = Path(sysconfig.get_path("scripts")) / "followupd"
LOUD = Path(__file__).with_name("loud.py")
OWNER = ("Ada Example", "ada@example.com")
#: A guest as (name, address, PARTSTAT).
Guest = tuple[str, str, str]

_CONFIG = """
[owner]
name = "Ada Example"
email = "ada@example.com"
company_domains = ["example.com"]
timezone = "Europe/Berlin"
languages = ["en", "de"]

[[calendar]]
type = "ics"
path = "{calendars}"

[mailbox]
type = "maildir"
path = "{maildir}"

[state]
path = "{state}"

[limits]
{limits}

[daemon]
poll = "{poll}"

[page]
port = {port}
"""


class House:
    """A home under `root`: config.toml, a folder of .ics files, a Maildir and a state folder.

    Use it in a `with`: leaving it kills every daemon it started. `plain` runs the program as an owner does, for what
    measures it; else all of its loggers are overheard, and what it says is searched for secrets.
    """

    def __init__(self, root: Path, *, plain: bool = False) -> None:
        self.root = root
        self.home = root / "home"
        self.config = root / "config" / "config.toml"
        self.templates = root / "config" / "templates"
        self.calendars = root / "calendars"
        self.maildir = root / "Mail"
        self.state = root / "state"
        self.log_file = root / "daemon.log"
        self._program = [str(SCRIPT)] if plain else [sys.executable, str(LOUD)]
        self.port = 0
        """Where the page is served; 0: nowhere."""
        self.database = self.state / "followupd.sqlite3"
        self._daemons: list[subprocess.Popen[str]] = []
        for folder in (self.home, self.templates, self.calendars):
            folder.mkdir(parents=True)
        self.write_config()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self._daemons:
            with daemon:
                daemon.kill()
        print(self.log())  # pytest shows it when the test failed, and searches it for secrets

    # --- what the owner has

    def write_config(self, poll: str = "1h", **limits: str | int) -> None:
        """Write a config that is right; `limits` are the options of its [limits]."""
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in limits.items())
        folders = {"calendars": self.calendars, "maildir": self.maildir, "state": self.state}
        _write_whole(self.config, _CONFIG.format(poll=poll, limits=lines, port=self.port, **folders).encode())

    def write_event(
        self,
        uid: str,
        title: str,
        start: datetime,
        end: datetime,
        guests: Sequence[Guest] = (),
        status: str = "CONFIRMED",
        organizer: tuple[str, str] | None = None,
        **more: Any,
    ) -> Path:
        """Write one event as `<uid>.ics`; the owner accepted it, and invited its guests unless `organizer` did.

        `more` are further properties, such as description="…" or rrule="FREQ=DAILY;COUNT=3".
        """
        event = icalendar.Event()
        more = {"uid": uid, "summary": title, "status": status, "dtstamp": start} | more
        for name, value in more.items():
            event.add(
                name.replace("_", "-"), icalendar.vRecur.from_ical(str(value)) if name == "rrule" else value
            )
        event.add("dtstart", start)
        event.add("dtend", end)
        if guests or organizer:
            _add_people(event, guests, organizer or OWNER)
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//tests//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
        return _write_whole(self.calendars / f"{uid}.ics", calendar.to_ical())

    def write_coffee(self, uid: str, guest: Guest, ended: timedelta, title: str = "") -> Path:
        """Write a half-hour coffee with one guest that ended so long ago (or ends in, when negative)."""
        end = datetime.now(UTC).replace(microsecond=0) - ended
        title = title or f"Coffee with {guest[0]}"
        return self.write_event(uid, title, end - timedelta(minutes=30), end, [guest])

    def remove_event(self, uid: str) -> None:
        (self.calendars / f"{uid}.ics").unlink()

    # --- the program

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return an environment that knows nothing of this machine's own config and state."""
        usual = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return usual | {"FOLLOWUPD_LOUD": str(self.root / "loud.log")} | dict(more or {})

    def command(self, *args: str | Path) -> list[str]:
        return [*self._program, "--config", str(self.config), *map(str, args)]

    def run(
        self,
        *args: str | Path,
        input: str | None = None,  # noqa: A002 - as subprocess calls it
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, whatever its exit code; `env` adds to the environment."""
        done = subprocess.run(
            self.command(*args),
            env=self.environment(env),
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.home,
        )
        listen(done.stdout + done.stderr)
        return done

    def start_daemon(self, *, umask: int = -1) -> "subprocess.Popen[str]":
        """Start `followupd run`; what it says goes to `log`."""
        return self.spawn(self.command("run"), umask=umask)

    def stop_daemons(self) -> None:
        """Kill what was started here."""
        for daemon in self._daemons:
            daemon.kill()
            daemon.wait()

    def spawn(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
    ) -> "subprocess.Popen[str]":
        """Start any process that belongs to this home; `options` are those of Popen."""
        usual: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": self.home, "env": self.environment(env)}
        with self.log_file.open("a") as log:
            usual |= {"stdout": log, "stderr": log, "text": True}
            self._daemons.append(subprocess.Popen(command, **usual | options))
        return self._daemons[-1]

    def log(self) -> str:
        """Return all that the daemons said so far."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def queue(self, *args: str) -> list[dict[str, Any]]:
        """Return `queue --all --json`, without waiting for anything."""
        done = self.run("queue", "--all", "--json", *args)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Ask the state's database itself, as it is now; read-only, so that a crash's traces stay for the program."""
        address = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()

    # --- the mailbox, as a mail program sees it

    def drafts(self) -> list[Path]:
        return self.letters(".Drafts")

    def ready(self) -> list[Path]:
        return self.letters(".Ready")

    def trash(self) -> list[Path]:
        return self.letters(".Trash")

    def letters(self, folder: str) -> list[Path]:
        """Return the message files in one folder of the Maildir, sorted by name."""
        return sorted(
            path for part in ("new", "cur") for path in (self.maildir / folder / part).glob("[!.]*")
        )


def read_letter(path: Path) -> EmailMessage:
    """Return a message file as Python's own parser reads it."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def wait_for(condition: Callable[[], Any], within: float, what: str) -> Any:
    """Return what `condition` returns once it is true; fail with `what` when it is not `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within:g} s: {what}")


@contextmanager
def timed(at_most: float, what: str) -> Iterator[None]:
    """Fail when the block takes longer than `at_most` seconds."""
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    assert took <= at_most, f"{what} took {took:.1f} s, more than {at_most:g} s"


def _write_whole(path: Path, data: bytes) -> Path:
    """Write as programs that care do: a reader sees the old file or the new one."""
    waiting = path.with_suffix(".tmp")
    waiting.write_bytes(data)
    return waiting.replace(path)


def _add_people(event: icalendar.Event, guests: Sequence[Guest], organizer: tuple[str, str]) -> None:
    event.add("organizer", _address(*organizer))
    for name, email, answer in ((*OWNER, "ACCEPTED"), *guests):
        attendee = _address(name, email)
        attendee.params["PARTSTAT"] = icalendar.vText(answer)
        event.add("attendee", attendee, encode=False)


def _address(name: str, email: str) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{email}")
    if name:
        address.params["CN"] = icalendar.vText(name)
    return address
