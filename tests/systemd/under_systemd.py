"""The service as owners get it, under a real systemd: `make test-systemd`. It needs root, and a minute the first time."""

import json
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from machine import PYTHON, Machine, build_wheel, find_missing, make_base, wait_for

PATIENCE = 60
STOP_WITHIN = 5.0
UNIT = "followupd@ada.service"
STATE, CONFIG = "/var/lib/followupd/ada", "/etc/followupd/ada/config.toml"
_OWNER = """
[owner]
name = "Ada Example"
email = "ada@example.com"
timezone = "Europe/Berlin"
[mailbox]
type = "maildir"
path = "{maildir}"
[[calendar]]
type = "ics"
{calendar}
"""
_FILES = 'path = "/srv/calendars"'
_SILENT_FEED = 'url = "http://127.0.0.1:8099/a.ics"\nallow_private = true'
_SILENT_SERVER = """
import socket, time
with socket.create_server(("127.0.0.1", 8099)) as server:
    lines = [server.accept()]
    while True:
        lines.append(server.accept())
"""
_COFFEE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:coffee
DTSTAMP:{start}
DTSTART:{start}
DTEND:{end}
SUMMARY:Coffee with Maya Lindqvist
ORGANIZER;CN=Ada Example:mailto:ada@example.com
ATTENDEE;CN=Ada Example;PARTSTAT=ACCEPTED:mailto:ada@example.com
ATTENDEE;CN=Maya Lindqvist;PARTSTAT=ACCEPTED:mailto:maya@lindqvist.example
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    missing = find_missing()
    if missing:
        pytest.exit("`make test-systemd` needs what is not here:\n  " + "\n  ".join(missing), 2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this run, its machine ends too
    make_base()
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def machine(wheel: Path) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="followupd-systemd-") as folder, Machine(Path(folder)) as one:
        one.install(wheel)
        one.run("useradd", "--create-home", "ada")
        end = datetime.now(UTC) - timedelta(hours=1)
        start = end - timedelta(hours=1)
        coffee = _COFFEE.format(start=f"{start:%Y%m%dT%H%M%SZ}", end=f"{end:%Y%m%dT%H%M%SZ}")
        one.write("/srv/calendars/coffee.ics", coffee.replace("\n", "\r\n"))
        yield one


def write_config(machine: Machine, calendar: str = _FILES) -> None:
    machine.write(CONFIG, _OWNER.format(maildir=f"{STATE}/Mail", calendar=calendar))
    machine.run("chown", "-R", "ada", str(Path(CONFIG).parent))
    machine.run("chmod", "0600", CONFIG)


def show(machine: Machine, name: str) -> str:
    return machine.run("systemctl", "show", UNIT, "--property", name, "--value").stdout.strip()


def drafts(machine: Machine, maildir: str) -> list[str]:
    found = machine.run("find", f"{maildir}/.Drafts/cur", "-type", "f", check=False)
    return found.stdout.split()


def stop(machine: Machine) -> float:
    """Stop the service and return how many seconds that took."""
    start = time.monotonic()
    machine.run("systemctl", "stop", UNIT)
    return time.monotonic() - start


def test_the_service_of_a_server(machine: Machine) -> None:
    refused = machine.run("followupd", "service", "install", "--system", "--user", "ada", check=False)
    assert (refused.returncode, f"There is no config at {CONFIG}." in refused.stderr) == (78, True)
    write_config(machine, "pth = 1")
    refused = machine.run("followupd", "service", "install", "--system", "--user", "ada", check=False)
    assert (refused.returncode, "did you mean 'path'?" in refused.stderr) == (78, True)

    write_config(machine)
    machine.write("/etc/credstore/followupd-ada-smtp", "s3cret\n")
    machine.run("followupd", "service", "install", "--system", "--user", "ada")
    assert show(machine, "ActiveState") == "active"  # Type=notify: it said that it is ready
    wait_for(lambda: show(machine, "StatusText").endswith(": 1 draft waits"), PATIENCE, "its status")
    assert len(drafts(machine, f"{STATE}/Mail")) == 1
    assert machine.run("stat", "--format=%U %a", STATE).stdout == "ada 700\n"
    held = machine.run("ls", f"/proc/{show(machine, 'MainPID')}/root/run/credentials/{UNIT}").stdout
    assert held == "smtp\n"  # the other credential of the unit is not there, and not missed

    told = machine.run("followupd", "service", "status", "--system", "--user", "ada", "--json")
    status = json.loads(told.stdout)
    assert (status["enabled"], status["active"], status["restarts"]) == (True, "active", 0)
    logs = machine.run("followupd", "service", "logs", "--system", "--user", "ada").stdout
    assert "started; looking every" in logs
    exposure = machine.run("systemd-analyze", "security", "--threshold=11", UNIT, check=False)
    assert exposure.returncode == 0, exposure.stdout

    env = [f"FOLLOWUPD_CONFIG={CONFIG}", f"FOLLOWUPD_STATE={STATE}"]
    queue = machine.run("env", *env, "followupd", "queue", "--json", user="ada").stdout
    assert json.loads(queue)["email"] == "maya@lindqvist.example"
    looked = machine.run("env", *env, "followupd", "doctor", user="ada").stdout
    assert "starts with this computer; now active" in looked
    machine.run("env", *env, "followupd", "skip", "1", user="ada")
    wait_for(lambda: not drafts(machine, f"{STATE}/Mail"), PATIENCE, "the daemon hears the owner")

    machine.run("followupd", "service", "install", "--system", "--user", "ada")  # as after an upgrade
    assert (show(machine, "ActiveState"), show(machine, "NRestarts")) == ("active", "0")
    assert stop(machine) < STOP_WITHIN
    assert show(machine, "Result") == "success"

    machine.run("followupd", "service", "uninstall", "--system", "--user", "ada")
    assert show(machine, "LoadState") == "not-found"
    assert machine.run("ls", STATE).stdout


def test_a_hang_is_caught_and_holds_no_stop_up(machine: Machine) -> None:
    write_config(machine)
    drop_in = f"/etc/systemd/system/{UNIT}.d/quick.conf"
    machine.write(drop_in, "[Service]\nWatchdogSec=6\nRestartSec=1\n")
    machine.run("followupd", "service", "install", "--system", "--user", "ada")
    time.sleep(10)  # two watchdogs long, of which none may strike
    assert (show(machine, "ActiveState"), show(machine, "NRestarts")) == ("active", "0")

    machine.write("/srv/silent.py", _SILENT_SERVER)
    machine.run("systemd-run", "--unit=silent", "python3", "/srv/silent.py")
    write_config(machine, _SILENT_FEED)
    machine.run("systemctl", "reload", UNIT)
    wait_for(lambda: show(machine, "NRestarts") == "1", PATIENCE, "systemd starts it anew")
    logs = machine.run("journalctl", "--no-pager", "-u", UNIT).stdout
    assert "Watchdog timeout" in logs
    wait_for(lambda: show(machine, "ActiveState") == "active", PATIENCE, "it is back")
    assert stop(machine) < STOP_WITHIN  # in the middle of a pass that hangs
    assert show(machine, "Result") == "success"

    write_config(machine)
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: show(machine, "StatusText").endswith(": 1 draft waits"), PATIENCE, "all is well again")
    machine.run("systemctl", "kill", "--signal=KILL", UNIT)
    wait_for(lambda: show(machine, "NRestarts") == "1", PATIENCE, "started anew after a kill")
    assert len(drafts(machine, f"{STATE}/Mail")) == 1


#: All that any feature loads or needs of the system, with none of it at work; what must not be is said when it is.
_ALL_IT_NEEDS = """
import os, socket, ssl
import cryptography, flask, google_auth_httplib2, google_auth_oauthlib.flow, icalendar, jinja2, pydantic, urllib3, vobject
import waitress
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from cryptography.hazmat.primitives.asymmetric import rsa

build("gmail", "v1", credentials=Credentials("token"), static_discovery=True)
rsa.generate_private_key(65537, 2048)
assert ssl.create_default_context().get_ca_certs()
assert socket.getaddrinfo("localhost", 443)
os.mkdir("/etc/followupd/ada/templates")  # the page writes there
assert not os.access("/home/ada", os.R_OK), "it sees a home folder"
assert not os.access("/srv", os.W_OK), "it can write elsewhere"
assert [name for name in os.listdir("/proc") if name.isdigit()] == [str(os.getpid())], "it sees other processes"
try:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
except OSError:
    print("all is well")
"""


def test_all_it_needs_can_be_done_behind_the_walls_of_the_unit_and_nothing_else(machine: Machine) -> None:
    write_config(machine)
    machine.run("followupd", "service", "install", "--system", "--user", "ada")
    machine.write("/etc/hosts", "127.0.0.1 localhost\n")
    machine.write("/srv/needs.py", _ALL_IT_NEEDS)
    lines = ("Type=oneshot", "Restart=no", "ExecStart=", f"ExecStart={PYTHON} /srv/needs.py")
    machine.write(f"/etc/systemd/system/{UNIT}.d/needs.conf", "\n".join(["[Service]", *lines, ""]))
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT, check=False)
    assert "all is well" in machine.run("journalctl", "--no-pager", "-u", UNIT).stdout


def test_a_mistake_in_the_config_is_told_once_and_not_tried_again(machine: Machine) -> None:
    write_config(machine)
    drop_in = f"/etc/systemd/system/{UNIT}.d/quick.conf"
    machine.write(drop_in, "[Service]\nRestartSec=100ms\n")
    machine.run("followupd", "service", "install", "--system", "--user", "ada")
    write_config(machine, "pth = 1")
    machine.run("systemctl", "restart", UNIT, check=False)
    wait_for(lambda: show(machine, "ActiveState") == "failed", PATIENCE, "it gives up")
    time.sleep(2)  # twenty tries long
    assert (show(machine, "ExecMainStatus"), show(machine, "NRestarts")) == ("78", "0")
    told = machine.run("followupd", "service", "status", "--system", "--user", "ada", check=False)
    assert told.returncode == 3
    assert told.stdout.startswith("does not run: failed (exit-code, code 78)\n")
    logs = machine.run("followupd", "service", "logs", "--system", "--user", "ada").stdout
    assert "did you mean 'path'?" in logs


def test_the_service_of_a_session(machine: Machine) -> None:
    machine.run("loginctl", "enable-linger", "ada")
    wait_for(lambda: machine.run("ls", "/run/user").stdout, PATIENCE, "ada's session")
    refused = machine.run("followupd", "service", "install", user="ada", check=False)
    assert refused.returncode == 78
    assert "There is no config file at /home/ada/.config/followupd/config.toml." in refused.stderr

    config = _OWNER.format(maildir="~/Mail", calendar=_FILES)
    machine.write(CONFIG, config)
    warned = machine.run("followupd", "service", "install", "--system", "--user", "ada").stderr
    assert "The service sees no home folder, but its config names ~/Mail." in warned
    machine.run("followupd", "service", "uninstall", "--system", "--user", "ada")

    machine.run("mkdir", "-p", "/home/ada/.config/followupd", user="ada")
    machine.write("/home/ada/.config/followupd/config.toml", config)
    wait_for(
        lambda: "running" in machine.run("systemctl", "--user", "is-system-running", user="ada", check=False).stdout,
        PATIENCE,
        "her systemd",
    )  # fmt: skip
    installed = machine.run("followupd", "service", "install", user="ada")
    assert "enable-linger" not in installed.stderr
    wait_for(lambda: drafts(machine, "/home/ada/Mail"), PATIENCE, "her draft")
    assert "started; looking every" in machine.run("followupd", "service", "logs", user="ada").stdout
    wait_for(
        lambda: ": 1 draft waits" in machine.run("followupd", "service", "status", user="ada").stdout,
        PATIENCE,
        "its status",
    )
    machine.run("followupd", "service", "uninstall", user="ada")
    assert machine.run("followupd", "service", "status", user="ada", check=False).returncode == 3
