"""`followupd doctor`: one small check after the other, each alone; nothing is changed, whatever it finds.

To add a check: write a generator that yields findings from a Checkup, and name it in CHECKS. A Problem it raises is
told as broken, so a check may simply use what it looks at.
"""

import os
import pwd
import shutil
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import getproxies_environment

from followupd.assemble import (
    build_templates,
    build_writer,
    load_words,
    try_server,
)
from followupd.checkup import Checkup, Finding, Health
from followupd.checkup_ways import check_notices
from followupd.cycle import check_clock
from followupd.errors import ConfigProblem, MailboxProblem, Problem, SourceProblem, name_bug
from followupd.model import Reading
from followupd.network import read_proxy_address
from followupd.render import Renderer
from followupd.settings import CalendarSettings, MailboxSettings
from followupd.setup import LISTED_LINE, suspect_calendar
from followupd.store.backups import list_dated, read_stamp
from followupd.waking import is_listening

#: A clock that is further off makes signatures, sign-ins and the 48 hours unreliable.
DRIFT = timedelta(seconds=60)
#: Free space under which the state soon cannot grow, and under which it cannot now.
LITTLE_SPACE, NO_SPACE = 200 * 1024**2, 10 * 1024**2
#: So many beats may pass without a good reading before the daemon is asked about.
MISSED_BEATS = 3
#: A daemon that ran in this time would have made a newer backup.
OLD_BACKUP = timedelta(days=3)
_SYSTEMCTL_SECONDS = 10
_OTHERS = 0o077


def examine(config_file: Path, now: datetime) -> Iterator[Finding]:
    """Make every check, in order, whatever the others found."""
    checkup = Checkup(config_file, now)
    for name, check in CHECKS.items():
        for finding in _run(check, name, checkup):
            yield replace(finding, check=name)


def _run(check: "Check", name: str, checkup: Checkup) -> Iterator[Finding]:
    try:
        yield from check(checkup)
    except ConfigProblem as problem:
        if check is check_config:
            yield Finding(Health.BROKEN, problem.what, problem.todo)
        else:
            yield Finding(Health.WARNING, "not looked at: the config comes first")
    except Problem as problem:
        yield Finding(Health.BROKEN, problem.what, problem.todo)
    except OSError as error:
        yield Finding(Health.BROKEN, f"{error.filename}: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide the others
        bug = name_bug(f"the check '{name}'", error)
        yield Finding(Health.BROKEN, bug.what, bug.todo)


# --- config, clock, network


def check_config(checkup: Checkup) -> Iterator[Finding]:
    settings = checkup.settings
    calendars, boxes = len(settings.calendars), len(settings.mailboxes)
    yield Finding(
        Health.OK,
        f"{settings.file}: {_count(calendars, 'calendar')}, {_count(boxes, 'mailbox', 'mailboxes')}",
    )
    secrets = [
        *(calendar.url for calendar in settings.calendars),
        settings.notices.webhook,
        settings.notices.ping,
    ]
    if any(secrets) and settings.file.stat().st_mode & _OTHERS:
        what = "others on this computer can read the config, and the secret address in it"
        yield Finding(Health.WARNING, what, f"Make it yours alone: chmod 600 {settings.file}")
    if not boxes:
        yield Finding(
            Health.BROKEN, "it names no [mailbox], so no draft can be made", "See config.example.toml."
        )


def check_time(checkup: Checkup) -> Iterator[Finding]:
    check_clock(checkup.now)
    drifts = {name: drift for name, (_, drift) in checkup.readings.items() if drift is not None}
    wrong = {name: drift for name, drift in drifts.items() if abs(drift) > DRIFT}
    for name, drift in wrong.items():
        side = "ahead of" if drift > timedelta(0) else "behind"
        what = f"this computer's clock is {abs(drift).total_seconds():.0f} seconds {side} the server of calendar '{name}'"
        yield Finding(Health.WARNING, what, "Let the time be set from the network: timedatectl set-ntp true")
    if not wrong:
        compared = (
            f"agrees with {_count(len(drifts), 'server')}" if drifts else "no server to compare it with"
        )
        yield Finding(Health.OK, f"{checkup.now:%Y-%m-%d %H:%M} UTC; {compared}")


def check_network(checkup: Checkup) -> Iterator[Finding]:
    network = checkup.settings.network
    named = getproxies_environment().get("https") if network.proxy is None else network.proxy
    source = "$HTTPS_PROXY" if network.proxy is None else "[network] proxy"
    if named:
        try:
            proxy = read_proxy_address(named)
        except ValueError as error:
            yield Finding(
                Health.BROKEN, f"the proxy in {source} cannot be used: {error}", "Write http://host:port."
            )
        else:
            yield Finding(Health.OK, f"through the proxy {proxy.host}:{proxy.port} ({source})")
    else:
        yield Finding(Health.OK, "no proxy")
    if network.ca_file is not None:
        yield _look_at_certificates(network.ca_file)


def _look_at_certificates(file: Path) -> Finding:
    try:
        ssl.create_default_context(cafile=file)
    except OSError:  # ssl.SSLError is one too
        return Finding(
            Health.BROKEN, f"{file} holds no certificates to read", "Check `ca_file` in [network]."
        )
    return Finding(Health.OK, f"trusts the certificates in {file}")


# --- calendars, mailboxes, templates


def check_calendars(checkup: Checkup) -> Iterator[Finding]:
    for calendar in checkup.settings.calendars:
        reading, _ = checkup.readings[calendar.name]
        if isinstance(reading, SourceProblem):
            yield Finding(Health.BROKEN, reading.what, reading.todo)
        else:
            yield from _look_at_calendar(checkup, calendar, reading)


def _look_at_calendar(checkup: Checkup, calendar: CalendarSettings, reading: Reading) -> Iterator[Finding]:
    kind = ", a public list" if calendar.listed else ""
    count = _count(len(reading.events), "event")
    yield Finding(
        Health.OK,
        f"'{calendar.name}'{kind}: {count} in the three months before and after today{_say_read(checkup, calendar)}",
    )
    if reading.skipped:
        first = reading.skipped[0]
        what = f"'{calendar.name}': {_count(len(reading.skipped), 'entry', 'entries')} left out; {first.where}: {first.why}"
        todo = "The others are read. Mend it where it comes from, if it matters to you."
        yield Finding(Health.WARNING, what, todo)
    if signs := suspect_calendar(checkup.settings, calendar, reading.events):
        what = f"'{calendar.name}' looks like a public list, whose events count as if you had been there: {signs}"
        todo = f"If it is one, write into its [[calendar]]: {LISTED_LINE}. If one of the addresses is yours, name it in aliases."
        yield Finding(Health.WARNING, what, todo)


def _say_read(checkup: Checkup, calendar: CalendarSettings) -> str:
    try:
        read = checkup.glance.read.get(calendar.name) if checkup.glance else None
    except Problem:
        return ""  # the check of the database tells it
    return f"; last read by a pass {checkup.say_time(read)}" if read else "; no pass has read it yet"


def check_mailboxes(checkup: Checkup) -> Iterator[Finding]:
    for box in checkup.settings.mailboxes:
        yield _look_at_maildir(checkup, box, box.path) if box.path else _look_at_gmail(checkup, box)
        if box.server is not None:
            yield _look_at_server(checkup, box)


def _look_at_server(checkup: Checkup, box: MailboxSettings) -> Finding:
    try:
        try_server(box, checkup.settings.network)
    except MailboxProblem as problem:
        health = Health.WARNING if problem.temporary else Health.BROKEN
        return Finding(health, f"'{box.name}': {problem.what}", problem.todo)
    return Finding(Health.OK, f"'{box.name}': {box.sends_by} can be reached; what you approve leaves by it")


def _look_at_gmail(checkup: Checkup, box: MailboxSettings) -> Finding:
    try:
        waiting = checkup.glance.waiting.get(box.name, 0) if checkup.glance else 0
    except Problem:
        waiting = 0  # the check of the database tells it
    return Finding(
        Health.OK,
        f"'{box.name}': Gmail in account '{box.account}'; {_count(waiting, 'draft')} waiting for you",
    )


def _look_at_maildir(checkup: Checkup, box: MailboxSettings, path: Path) -> Finding:
    place = _find_existing(path)
    if not place.is_dir() or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        what = f"'{box.name}': drafts cannot be written to {path}"
        return Finding(Health.BROKEN, what, f"Make {place} a folder that you may read and write.")
    try:
        waiting = checkup.glance.waiting.get(box.name, 0) if checkup.glance else 0
    except Problem:
        return Finding(Health.OK, f"'{box.name}': {path} can be written")
    return Finding(
        Health.OK, f"'{box.name}': {path} can be written; {_count(waiting, 'draft')} waiting for you"
    )


def check_accounts(checkup: Checkup) -> Iterator[Finding]:
    if checkup.settings.accounts:
        from followupd.checkup_google import look_at_accounts  # noqa: PLC0415 - nobody else waits for Google's client

        yield from look_at_accounts(checkup)


def check_templates(checkup: Checkup) -> Iterator[Finding]:
    settings = checkup.settings
    with Renderer() as renderer:
        templates = build_templates(settings, renderer)
        count = len(templates.sources())
        mistakes = build_writer(settings, load_words(), templates).find_mistakes()
    for mistake in mistakes:
        yield Finding(
            Health.BROKEN, mistake.what, mistake.todo or "The last good version stays in force meanwhile."
        )
    if not mistakes:
        yours = len(list(settings.templates.glob("*.md")))
        yield Finding(Health.OK, f"{_count(count, 'template')} without a mistake, {yours} of them yours")


# --- state, disk, daemon


def check_database(checkup: Checkup) -> Iterator[Finding]:
    found = checkup.glance
    if found is None:
        yield Finding(Health.OK, f"nothing in {checkup.state} yet; the first pass makes it")
    else:
        size = f"{found.size / 1024**2:.1f} MB"
        yield Finding(Health.OK, f"{checkup.state}: every page is sound; schema {found.schema}, {size}")


def check_modes(checkup: Checkup) -> Iterator[Finding]:
    state = checkup.state
    if not state.exists():
        return
    open_to_others = [path for path in (state, *sorted(state.rglob("*"))) if _is_open_to_others(path)]
    for path in open_to_others:
        what = f"{path} is not yours alone, and it tells whom you met"
        yield Finding(Health.WARNING, what, f"chmod {'700' if path.is_dir() else '600'} {path}")
    if not open_to_others:
        yield Finding(Health.OK, "the state is yours alone to read")


def _is_open_to_others(path: Path) -> bool:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) or stat.S_ISSOCK(status.st_mode):
        return False  # what counts is the folder they lie in
    return bool(status.st_mode & _OTHERS) or status.st_uid != os.getuid()


def check_disk(checkup: Checkup) -> Iterator[Finding]:
    free = shutil.disk_usage(_find_existing(checkup.state)).free
    what = f"{free / 1024**2:,.0f} MB free where the state lies"
    if free < LITTLE_SPACE:
        health = Health.BROKEN if free < NO_SPACE else Health.WARNING
        yield Finding(health, what, "Free some space; a full disk stops drafting until there is room again.")
    else:
        yield Finding(Health.OK, what)


def check_backups(checkup: Checkup) -> Iterator[Finding]:
    made = [read_stamp(path) for path in list_dated(checkup.state)]
    newest = max(made, default=None)
    if newest is not None and checkup.now - newest <= OLD_BACKUP:
        what = f"{_count(len(made), 'backup')}, the newest of {checkup.say_time(newest)}"
        yield Finding(Health.OK, what)
    elif checkup.glance is not None:
        what = "no backup yet" if newest is None else f"the newest backup is of {checkup.say_time(newest)}"
        yield Finding(Health.WARNING, what, "The daemon makes one a day; make one now: followupd backup.")


def check_daemon(checkup: Checkup) -> Iterator[Finding]:
    if not is_listening(checkup.state):
        what = "it is not running, so nothing is drafted and nothing you approve leaves"
        yield Finding(Health.WARNING, what, "Start it: systemctl --user start followupd; or `followupd run`.")
        return
    last = max(checkup.glance.read.values(), default=None) if checkup.glance else None
    if last is None:
        yield Finding(
            Health.WARNING, "it runs, and has read no calendar yet", "Look at its log in a few minutes."
        )
        return
    what = f"it runs; its last good look at a calendar was {checkup.say_time(last)}"
    if checkup.now - last > MISSED_BEATS * checkup.beat + DRIFT:
        yield Finding(
            Health.BROKEN, what, "Look at its log: journalctl --user -u followupd; then restart it."
        )
    else:
        yield Finding(Health.OK, what)


def check_unit(_: Checkup) -> Iterator[Finding]:
    if _find_systemctl() is None:
        yield Finding(Health.OK, "no systemd here; start `followupd run` with your session in another way")
        return
    account = f"followupd@{pwd.getpwuid(os.getuid()).pw_name}"
    if _ask_systemd("--system", "is-enabled", account) == "enabled":
        now = _ask_systemd("--system", "is-active", account)
        yield Finding(Health.OK, f"starts with this computer; now {now}")
        return
    enabled = _ask_systemd("--user", "is-enabled", "followupd")
    if enabled == "enabled":
        yield Finding(
            Health.OK, f"starts with your session; now {_ask_systemd('--user', 'is-active', 'followupd')}"
        )
    else:
        what = f"it does not start with your session (systemd says: {enabled})"
        yield Finding(Health.WARNING, what, "Have it started: followupd service install.")


def _find_systemctl() -> str | None:
    return shutil.which("systemctl")


def _ask_systemd(*question: str) -> str:
    command = [_find_systemctl() or "", *question]
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and what PATH finds
            command, capture_output=True, text=True, timeout=_SYSTEMCTL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "nothing"
    return (done.stdout.strip() or done.stderr.strip() or "nothing").splitlines()[0]


# --- shared


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _find_existing(path: Path) -> Path:
    """Return `path`, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())


def finding_to_json(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "health": finding.health, "what": finding.what, "todo": finding.todo}


def write_finding(finding: Finding) -> str:
    """Return a finding as lines for the terminal: how it stands, what it is about, what to do."""
    first, *more = finding.what.splitlines()
    todo = [f"→ {line}" for line in finding.todo.splitlines()]
    head = f"{finding.health:8} {finding.check:10} {first}"
    return "\n".join([head, *(f"{'':19} {line}" for line in (*more, *todo))])


Check = Callable[[Checkup], Iterator[Finding]]
CHECKS: Mapping[str, Check] = {
    "config": check_config,
    "clock": check_time,
    "network": check_network,
    "calendars": check_calendars,
    "mailboxes": check_mailboxes,
    "accounts": check_accounts,
    "templates": check_templates,
    "notices": check_notices,
    "database": check_database,
    "privacy": check_modes,
    "disk": check_disk,
    "backups": check_backups,
    "daemon": check_daemon,
    "service": check_unit,
}
