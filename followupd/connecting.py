"""`followupd connect google` and `disconnect google`: the way through Google's console, the sign-in, and the config."""

import os
import socket
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.adapters.google_auth import (
    CALENDARS,
    COMPOSE,
    CONTACTS,
    NEEDED,
    PURPOSES,
    READING,
    Endpoint,
    open_account,
    say_dying,
)
from followupd.adapters.google_consent import Consent, LoopbackDoor, read_client
from followupd.adapters.google_tokens import SignIn, TokenFile
from followupd.adapters.google_transport import Courier, Google
from followupd.assemble import accounts_folder, forget_account, read_clock
from followupd.config_tables import add_tables
from followupd.errors import Problem
from followupd.settings import Settings
from followupd.waking import ring

#: What to do at Google once, and how to see that it worked; docs/google-setup.md has the same steps with their dead ends.
STEPS = (
    (
        'Make a project: open https://console.cloud.google.com/projectcreate , name it "followupd", press Create.',
        'The bar at the top of the page shows "followupd".',
    ),
    (
        (
            "Switch on two APIs: press Enable on https://console.cloud.google.com/apis/library/gmail.googleapis.com and on"
            " https://console.cloud.google.com/apis/library/calendar-json.googleapis.com ."
        ),
        'Both pages say "API Enabled".',
    ),
    (
        (
            'Set up the app: on https://console.cloud.google.com/auth/overview press Get started, name it "followupd", take'
            " your address for both contacts, and Audience External (Internal if it is offered: then skip the rest of this"
            " step). Then on the page Audience press Publish app and Confirm."
        ),
        (
            'The page Audience shows the publishing status "In production". While it says "Testing", Google ends every'
            " sign-in after seven days."
        ),
    ),
    (
        (
            "Make a client: on https://console.cloud.google.com/auth/clients press Create client, take Desktop app, press"
            " Create, then Download JSON. Google shows the secret only now."
        ),
        "A file client_secret_….json lies in your Downloads.",
    ),
)
#: So long the browser may take.
SECONDS = 600.0
_HEADLESS_PORT = 8765


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner asked for on the command line."""

    account: str | None
    client: Path | None
    contacts: bool
    read_replies: bool
    browser: bool
    port: int | None
    calendars: Sequence[str]


def connect_google(settings: Settings, wishes: Wishes) -> None:
    """Sign one account in and name it in the config. Raises Problem in words; what was done until then stays."""
    account = wishes.account or next((one.name for one in settings.accounts), "google")
    client_file = _find_client(settings, account, wishes.client)
    sign_in = _sign_in(settings, read_client(client_file), account, wishes)
    file = TokenFile(accounts_folder(settings), account)
    if file.sealed:
        raise Problem(
            f"The sign-in of account '{account}' is a credential of systemd, which cannot be replaced from here.",
            "Run this where the daemon's credentials are made, and seal the new file; docs/google-setup.md says how.",
        )
    with file.locked():
        file.write(sign_in)
    _say(f"Signed in. The sign-in lies in {file.path}, readable by you alone.")
    _tell_granted(account, sign_in, _find_wanted(wishes))
    google = open_account(account, file.path.parent, settings.network, settings.google_root, read_clock)
    tables = _ask_google(settings, google, sign_in, account, client_file, wishes.calendars)
    added = add_tables(settings.file, tables) if tables else []
    ring(settings.state)
    _tell_end(settings.file, added)


def disconnect_google(settings: Settings, account: str | None) -> None:
    """Revoke an account's sign-in and delete it. Raises Problem where Google could not be asked: then nothing is deleted."""
    name = account or next((one.name for one in settings.accounts), "google")
    file = TokenFile(accounts_folder(settings), name)
    courier = Courier(settings.network, settings.google_root)
    with file.locked():
        Endpoint(courier, settings.google_root).revoke(file.read().refresh_token)
        file.delete()
    forget_account(settings, name)
    _say(
        f"Google took back every permission of account '{name}', and its sign-in is deleted from this computer."
    )
    _say(
        f"Its tables in {settings.file} stay: delete them, or sign in again with `followupd connect google`."
    )


# --- signing in


def _find_client(settings: Settings, account: str, given: Path | None) -> Path:
    known = next((one.client for one in settings.accounts if one.name == account), None)
    if given or known:
        return (given or known or Path()).expanduser().absolute()
    if not sys.stdin.isatty():
        raise click.UsageError(
            "--client is needed where nobody can be asked: the JSON file of your OAuth client."
        )
    _say(
        "Google lets only apps of your own near your mail, so you make one, once; it takes about ten minutes."
    )
    for number, (act, check) in enumerate(STEPS, 1):
        _say(f"\nStep {number} of {len(STEPS) + 1}. {act}")
        click.prompt(f"  Check: {check} [Enter]", default="", show_default=False, err=True)
    while True:
        found = Path(click.prompt("  Where is that file?", err=True)).expanduser().absolute()
        try:
            read_client(found)
        except Problem as problem:
            _say(f"  {problem}")
        else:
            _say("  It is the client of a desktop app, as it should be.")
            return found


def _find_wanted(wishes: Wishes) -> frozenset[str]:
    more = {CONTACTS} if wishes.contacts else set()
    return NEEDED | more | ({READING} if wishes.read_replies else set())


def _sign_in(settings: Settings, client: Mapping[str, str], account: str, wishes: Wishes) -> SignIn:
    wanted = _find_wanted(wishes)
    _say(
        f"\nStep {len(STEPS) + 1} of {len(STEPS) + 1}. Sign in with the Google account '{account}' stands for, and tick:"
    )
    for scope in PURPOSES:
        if scope in wanted:
            _say(f"  [x] {PURPOSES[scope]}")
    headless = not wishes.browser
    with LoopbackDoor(wishes.port or (_HEADLESS_PORT if headless else 0)) as door:
        consent = Consent(client, wanted, door.redirect, settings.google_root)
        _show_way(consent.url, door.port, headless=headless)
        answer = door.wait(consent.state, SECONDS, sys.stdin if headless else None)
        endpoint = Endpoint(Courier(settings.network, settings.google_root), settings.google_root)
        return consent.redeem(answer, endpoint, read_clock())


def _show_way(url: str, port: int, *, headless: bool) -> None:
    _say(
        '\nOn "Google hasn\'t verified this app" press Advanced, then Go to followupd (unsafe): the app is your own.'
    )
    _say(
        'If it says "Access blocked", the account is not the one the project is for, the status on the page Audience is not'
        ' "In production", or your organisation has a say: docs/google-setup.md has each such message. Ctrl-C ends this.'
    )
    if not headless and webbrowser.open(url):
        _say(f"Your browser opens. If it does not, open this address in it:\n\n{url}\n")
        return
    _say(f"Open this address in a browser:\n\n{url}\n")
    if headless:
        user, host = os.environ.get("USER", "you"), socket.gethostname()
        _say(
            f"If the browser runs on another computer, type there first: ssh -L {port}:127.0.0.1:{port} {user}@{host}\n"
            "Or let its last page fail to load, copy the whole address it stands at, paste it here and press Enter."
        )


def _tell_granted(account: str, sign_in: SignIn, wanted: frozenset[str]) -> None:
    for scope in PURPOSES:
        if scope in wanted - sign_in.scopes:
            _say(f"You did not allow it to {PURPOSES[scope]}. The rest works without.")
    if sign_in.dies is not None:
        _say(say_dying(account, sign_in.dies))


# --- what Google knows, and the config


def _ask_google(
    settings: Settings, google: Google, sign_in: SignIn, account: str, client: Path, names: Sequence[str]
) -> dict[str, list[dict[str, str]]]:
    """Return the tables that config.toml lacks, trying on the way whether both APIs answer."""
    tables: dict[str, list[dict[str, str]]] = {}
    if all(one.name != account for one in settings.accounts):
        tables["account"] = [{"name": account, "type": "google", "client": str(client)}]
    if CALENDARS in sign_in.scopes:
        tables["calendar"] = _choose_calendars(settings, google, account, names)
    if COMPOSE in sign_in.scopes:
        _check_address(settings, google)
        if all(box.account != account for box in settings.mailboxes):
            taken = {box.name for box in settings.mailboxes}
            name = "gmail" if "gmail" not in taken else f"gmail-{account}"
            tables["mailbox"] = [{"name": name, "type": "gmail", "account": account}]
    return {name: rows for name, rows in tables.items() if rows}


def _check_address(settings: Settings, google: Google) -> None:
    try:
        profile = google.read(google.service("gmail").users().getProfile(userId="me"))
    except (NotDone, Unanswered) as problem:
        _say(f"Gmail could not be tried: {problem}")
        return
    address = str(profile.get("emailAddress", "")).lower()
    _say(f"Gmail answers: drafts will lie in the mailbox of {address}.")
    if address not in settings.owner.addresses:
        _say(
            f"[owner] of {settings.file} does not name {address}: add it to `aliases`, or you may write to yourself."
        )


def _choose_calendars(
    settings: Settings, google: Google, account: str, names: Sequence[str]
) -> list[dict[str, str]]:
    known = {calendar.id for calendar in settings.calendars if calendar.account == account}
    try:
        found = _list_calendars(google)
    except (NotDone, Unanswered) as problem:
        _say(f"Your calendars could not be listed: {problem}")
        return []
    chosen = _pick(found, names) if names or not known else []
    taken = {calendar.name for calendar in settings.calendars}
    return [
        {
            "name": _name_apart(calendar["summary"], taken),
            "type": "google",
            "account": account,
            "id": calendar["id"],
        }
        for calendar in chosen
        if calendar["id"] not in known
    ]


def _list_calendars(google: Google) -> list[dict[str, str]]:
    answer = google.read(google.service("calendar").calendarList().list(maxResults=250))
    rows = [row for row in answer.get("items", ()) if "id" in row]
    rows.sort(key=lambda row: not row.get("primary", False))
    return [
        {"id": "primary" if row.get("primary") else str(row["id"]), "summary": _plain(row)} for row in rows
    ]


def _plain(row: Mapping[str, Any]) -> str:
    """Return a calendar's name in one line that a terminal can show; others may have written it."""
    words = str(row.get("summaryOverride") or row.get("summary") or row["id"])
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:80] or "calendar"


def _pick(found: list[dict[str, str]], names: Sequence[str]) -> list[dict[str, str]]:
    if names:
        by_name = {calendar["summary"].casefold(): calendar for calendar in found}
        unknown = [name for name in names if name.casefold() not in by_name]
        if unknown:
            there = ", ".join(f"'{calendar['summary']}'" for calendar in found)
            raise Problem(f"No calendar of yours is called '{unknown[0]}'.", f"There are: {there}.")
        return [by_name[name.casefold()] for name in names]
    _say("\nYour calendars:")
    for number, calendar in enumerate(found, 1):
        _say(f"  {number}  {calendar['summary']}")
    if not sys.stdin.isatty():
        _say("Taking the first; --calendar NAME chooses others.")
        return found[:1]
    while True:
        typed = click.prompt(
            "Which of them hold your appointments? Numbers, such as 1,3", default="1", err=True
        )
        numbers = [int(part) for part in typed.replace(",", " ").split() if part.isdecimal()]
        if numbers and all(1 <= number <= len(found) for number in numbers):
            return [found[number - 1] for number in dict.fromkeys(numbers)]


def _name_apart(name: str, taken: set[str]) -> str:
    """Return a name that no other calendar has."""
    apart = (
        name
        if name not in taken
        else next(f"{name} ({n})" for n in range(2, 999) if f"{name} ({n})" not in taken)
    )
    taken.add(apart)
    return apart


def _tell_end(config: Path, added: Sequence[str]) -> None:
    if added:
        _say(f"Added to {config}: {', '.join(added)}.")
        _say(
            "A running daemon takes it up with `systemctl --user reload followupd`, or when it is started anew."
        )
    _say("Next: `followupd explain` shows what your calendars hold, `followupd run` starts.")


def _say(words: str) -> None:
    click.echo(words, err=True)
