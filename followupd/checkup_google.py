"""What `doctor` looks at in accounts at Google: the sign-in and what is left of it, permissions, and whether Google answers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from followupd.adapters.google_auth import COMPOSE, EVENTS, PURPOSES, explain_end, say_dying
from followupd.assemble import build_accounts
from followupd.checkup import Checkup, Finding, Health
from followupd.errors import Problem

_SOON = timedelta(days=2)


def look_at_accounts(checkup: Checkup) -> Iterator[Finding]:
    """Yield what is to be said of every account that a calendar or a mailbox uses. Renews a token where that is due."""
    for name, google in build_accounts(checkup.settings).items():
        try:
            yield from _look_at_account(checkup, name, google)
        except Problem as problem:
            yield Finding(Health.BROKEN, problem.what, problem.todo)


def _look_at_account(checkup: Checkup, name: str, google: Any) -> Iterator[Finding]:
    sign_in = google.access.find()
    if sign_in.ended is not None:
        end = explain_end(name, sign_in)
        yield Finding(Health.BROKEN, end.what, end.todo)
        return
    if sign_in.dies is None:
        yield Finding(Health.OK, f"'{name}' is signed in since {checkup.say_time(sign_in.since)}")
    else:
        health = Health.BROKEN if sign_in.dies - checkup.now <= _SOON else Health.WARNING
        yield Finding(health, say_dying(name, sign_in.dies))
    yield from _look_at_permissions(checkup, name, sign_in.scopes)
    yield from _ask_google(name, google, sign_in.scopes)


def _look_at_permissions(checkup: Checkup, name: str, granted: frozenset[str]) -> Iterator[Finding]:
    needed = {EVENTS for calendar in checkup.settings.calendars if calendar.account == name}
    needed |= {COMPOSE for box in checkup.settings.mailboxes if box.account == name}
    for scope in PURPOSES:
        if scope in needed - granted:
            what = f"'{name}' may not {PURPOSES[scope]}"
            todo = f"Sign in again and tick that box: `followupd connect google --account {name}`."
            yield Finding(Health.BROKEN, what, todo)
    given = "; ".join(purpose for scope, purpose in PURPOSES.items() if scope in granted)
    yield Finding(Health.OK, f"'{name}' may {given or 'nothing'}")


def _ask_google(name: str, google: Any, granted: frozenset[str]) -> Iterator[Finding]:
    if COMPOSE in granted:
        profile = google.read(google.service("gmail").users().getProfile(userId="me"))
        yield Finding(
            Health.OK,
            f"'{name}': Gmail answers for {profile.get('emailAddress', 'an address it does not name')}",
        )
