"""What `followupd doctor` tells: each check alone, on a home with one thing wrong."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from canaries import CliRunner
from click.testing import Result
from house import House, wait_for
from servers.web import Site
from smtp_house import USER, SmtpHouse

from followupd.cli import main


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in (
        "FOLLOWUPD_STATE",
        "HTTPS_PROXY",
        "https_proxy",
        "SSL_CERT_FILE",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    with House(tmp_path) as made:
        monkeypatch.setenv("HOME", str(made.home))
        made.config.chmod(0o600)
        yield made


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def run(house: House, *words: str) -> Result:
    result = CliRunner().invoke(main, ["--config", str(house.config), *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def examine(house: House, code: int = 0) -> dict[str, list[tuple[str, str, str]]]:
    """Return what every check found, as (health, what, todo)."""
    result = run(house, "doctor", "--json")
    assert result.exit_code == code, result.output
    found: dict[str, list[tuple[str, str, str]]] = {}
    for line in result.stdout.splitlines():
        row = json.loads(line)
        found.setdefault(row["check"], []).append((row["health"], row["what"], row["todo"]))
    return found


def only(found: dict[str, list[tuple[str, str, str]]], check: str) -> tuple[str, str, str]:
    [finding] = found[check]
    return finding


def coffee(house: House) -> None:
    house.write_coffee("e1", ("Jane Doe", "jane@acme.example", "ACCEPTED"), timedelta(hours=1))


def change(house: House, old: str, new: str) -> None:
    text = house.config.read_text()
    assert old in text
    house.config.write_text(text.replace(old, new))


def use_feed(house: House, site: Site) -> None:
    url = f'url = "http://127.0.0.1:{site.port}/s3cret.ics"\nallow_private = true\nname = "chamber"'
    change(house, f'path = "{house.calendars}"', url)


def calendar_of(*titles: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number, title in enumerate(titles):
        start = datetime.now(UTC) + timedelta(days=number)
        lines += ["BEGIN:VEVENT", f"UID:e{number}", f"SUMMARY:{title}", f"DTSTART:{start:%Y%m%dT%H%M%SZ}"]
        lines += ["DURATION:PT1H", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def test_a_home_in_order_is_told_so_line_by_line(house: House) -> None:
    coffee(house)
    run(house, "once")
    before = {path: path.read_bytes() for path in house.root.rglob("*.sqlite3")}
    found = examine(house)
    assert list(found) == [
        "config", "clock", "network", "calendars", "mailboxes", "templates", "notices", "database", "privacy", "disk", "backups", "daemon", "service",
    ]  # fmt: skip
    healthy = {check: only(found, check) for check in list(found)[:10] if check != "notices"}
    assert {health for health, _, _ in healthy.values()} == {"ok"}
    assert healthy["config"][1] == f"{house.config}: 1 calendar, 1 mailbox"
    assert "'calendars': 1 event in the three months" in healthy["calendars"][1]
    assert "last read by a pass" in healthy["calendars"][1]
    assert healthy["mailboxes"][1].endswith("can be written; 1 draft waiting for you")
    assert "every page is sound" in healthy["database"][1]
    assert only(found, "daemon")[:2] == (
        "warning", "it is not running, so nothing is drafted and nothing you approve leaves",
    )  # fmt: skip
    assert {path: path.read_bytes() for path in house.root.rglob("*.sqlite3")} == before


def test_ways_that_reach_nobody_are_named_and_those_that_do_too(house: House) -> None:
    silent = only(examine(house), "notices")
    assert silent[0] == "warning"
    assert "only the log says so" in silent[1]
    change(house, "[page]", "[notices]\ndraft = true\nping = 'https://hc.example/s3cret'\n\n[page]")
    found = examine(house)
    assert only(found, "notices")[:2] == (
        "ok", "you are told by draft, ping; `followupd notices test` tries it",
    )  # fmt: skip
    house.config.chmod(0o644)
    assert "the secret address in it" in examine(house)["config"][1][1]
    assert "s3cret" not in str(found)


def test_on_the_first_day_nothing_is_made(house: House) -> None:
    found = examine(house)
    assert "nothing in" in only(found, "database")[1]
    assert "privacy" not in found
    assert not house.state.exists()
    assert not house.maildir.exists()


def test_the_terminal_shows_what_to_do_below_what_is_wrong(house: House) -> None:
    house.calendars.rmdir()
    result = run(house, "doctor")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    broken = next(number for number, line in enumerate(lines) if line.startswith("broken"))
    assert lines[broken].startswith("broken   calendars  The calendar “calendars” could not be read")
    assert lines[broken + 1].startswith(" " * 20 + "→ Check that it names")


def break_toml(house: House) -> None:
    change(house, "[owner]", "[owner")


def misspell(house: House) -> None:
    change(house, "company_domains", "company_domain")


@pytest.mark.parametrize("damage", [break_toml, misspell])
def test_a_broken_config_hides_no_other_check(
    house: House, monkeypatch: pytest.MonkeyPatch, damage: Callable[[House], None]
) -> None:
    run(house, "once")
    monkeypatch.setenv("FOLLOWUPD_STATE", str(house.state))
    damage(house)
    found = examine(house, code=3)
    assert only(found, "config")[0] == "broken"
    assert only(found, "calendars") == ("warning", "not looked at: the config comes first", "")
    for check in ("database", "privacy", "disk"):
        assert only(found, check)[0] == "ok"
    assert "not running" in only(found, "daemon")[1]


def test_no_config_at_all(house: House) -> None:
    house.config.unlink()
    assert "followupd init" in only(examine(house, code=3), "config")[2]


def test_a_damaged_state(house: House) -> None:
    run(house, "once")
    data = bytearray(house.database.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    house.database.write_bytes(data)
    found = examine(house, code=3)
    assert only(found, "database")[0] == "broken"
    assert "damaged" in only(found, "database")[1]
    assert only(found, "mailboxes")[0] == "ok"
    assert house.database.read_bytes() == data


def test_a_state_of_a_newer_version(house: House) -> None:
    run(house, "once")
    with closing(sqlite3.connect(house.database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "newer followupd (schema 99" in only(examine(house, code=3), "database")[1]


def test_whether_there_is_a_backup_of_these_days(house: House) -> None:
    run(house, "once")
    assert only(examine(house), "backups")[:2] == ("warning", "no backup yet")
    run(house, "backup")
    health, what, _ = only(examine(house), "backups")
    assert (health, what.startswith("1 backup, the newest of ")) == ("ok", True)
    [made] = (house.state / "backups").iterdir()
    made.rename(made.with_name("2026-01-01T080000Z.sqlite3"))
    assert only(examine(house), "backups")[:2] == ("warning", "the newest backup is of 2026-01-01 09:00")


def test_what_others_could_read(house: House) -> None:
    run(house, "once")
    house.state.chmod(0o755)
    house.database.chmod(0o644)
    told = examine(house)["privacy"]
    assert {health for health, _, _ in told} == {"warning"}
    assert {todo for _, _, todo in told} >= {f"chmod 700 {house.state}", f"chmod 600 {house.database}"}


def test_a_template_with_a_mistake(house: House) -> None:
    (house.templates / "late.md").write_text("Subject: Hi\n\n{{ person.frist_name }}\n")
    health, what, _ = only(examine(house, code=3), "templates")
    assert (health, "late.md, line 3" in what) == ("broken", True)


def test_a_mailbox_that_cannot_be_written(house: House) -> None:
    house.maildir.write_text("a file")
    assert only(examine(house, code=3), "mailboxes") == (
        "broken",
        f"'mailbox': drafts cannot be written to {house.maildir}",
        f"Make {house.maildir} a folder that you may read and write.",
    )


def test_a_daemon_at_work(house: House) -> None:
    house.start_daemon()
    wait_for(lambda: "started" in house.log() and house.rows("SELECT 1 FROM sources"), 30, "the first look")
    health, what, _ = only(examine(house), "daemon")
    assert (health, what.startswith("it runs; its last good look at a calendar was")) == ("ok", True)


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(0), ("ok", "agrees with 1 server")),
        (timedelta(seconds=30), ("ok", "agrees with 1 server")),
        (timedelta(hours=2), ("warning", "72 seconds ahead of the server of calendar 'chamber'")),
        (timedelta(hours=-2), ("warning", "72 seconds behind the server of calendar 'chamber'")),
    ],
)
def test_the_clock_is_held_against_a_feeds_server(
    house: House, site: Site, ahead: timedelta, told: tuple[str, str]
) -> None:
    use_feed(house, site)
    date = format_datetime(datetime.now(UTC) - ahead, usegmt=True)
    site.do = lambda call: call.answer(200, calendar_of("Dentist"), Date=date)
    health, what, _ = only(examine(house), "clock")
    assert health == told[0]
    assert told[1].partition(" ")[2] in what


def test_a_feed_of_gatherings_is_proposed_as_a_public_list(house: House, site: Site) -> None:
    use_feed(house, site)
    titles = ("Chamber mixer", "Business breakfast", "Founders meetup")
    site.do = lambda call: call.answer(200, calendar_of(*titles))
    _, (health, what, todo) = examine(house)["calendars"]
    assert health == "warning"
    assert "none of its 3 events names you, and 3 of them are gatherings by their titles" in what
    assert 'attendance = "listed"' in todo
    change(house, "allow_private", 'attendance = "listed"\nallow_private')
    assert "'chamber', a public list: 3 events" in only(examine(house), "calendars")[1]


def test_the_address_of_a_feed_is_never_shown(house: House, site: Site) -> None:
    use_feed(house, site)
    site.do = lambda call: call.answer(404)
    house.config.chmod(0o644)
    result = run(house, "doctor", "--json")
    assert result.exit_code == 3
    assert "s3cret" not in result.output
    assert "others on this computer can read the config" in result.output


def test_a_proxy_is_named_without_its_password(house: House) -> None:
    house.config.write_text(
        house.config.read_text() + '\n[network]\nproxy = "http://ada:s3cret@proxy.example:3128"\n'
    )
    assert only(examine(house), "network") == (
        "ok",
        "through the proxy proxy.example:3128 ([network] proxy)",
        "",
    )


def test_systemd_is_asked_where_it_is_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = house.root / "tools"
    tools.mkdir()
    systemctl = tools / "systemctl"
    answers = (
        '#!/bin/sh\ncase "$1 $2" in "%s is-enabled") echo enabled;; "%s is-active") echo active;; esac\n'
    )
    systemctl.touch(0o700)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    for manager, start in (("--user", "your session"), ("--system", "this computer")):
        systemctl.write_text(answers % (manager, manager))
        assert only(examine(house), "service") == ("ok", f"starts with {start}; now active", "")
    systemctl.write_text("#!/bin/sh\necho disabled; exit 1\n")
    health, what, _ = only(examine(house), "service")
    assert (health, "systemd says: disabled" in what) == ("warning", True)


def test_the_mail_server_is_tried_and_gets_no_mail(house: House, tmp_path: Path) -> None:
    smtp = SmtpHouse(tmp_path)
    change(house, "[state]", f'[network]\nca_file = "{smtp.ca_file}"\n\n[state]')
    with smtp.post() as post:
        table = f'host = "localhost"\nport = {post.port}\nuser = "{USER}"\n'
        secret = f'password_file = "{smtp.password_file}"'
        change(house, 'type = "maildir"', 'type = "maildir"\noutbox = "smtp"')
        change(house, "[network]", f"[mailbox.smtp]\n{table}{secret}\n\n[network]")
        assert examine(house)["mailboxes"][1] == (
            "ok",
            "'mailbox': localhost can be reached; what you approve leaves by it",
            "",
        )
        assert (post.taken, len(post.logins)) == ([], 1)
        smtp.password_file.write_text("wrong\n")
        health, what, todo = examine(house, 3)["mailboxes"][1]
    assert health == "broken"
    assert "localhost refuses the login of ada@example.com" in what
    assert todo.startswith("Check `user` and the password.")
