"""An account's standing with Google: what it may do, its tokens renewed in time, and in words how it ended."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from followupd.adapters.google_answers import Answer, NotDone, Unanswered
from followupd.adapters.google_tokens import SignIn, TokenFile
from followupd.adapters.google_transport import Courier, Google
from followupd.errors import Problem
from followupd.network import Network

log = logging.getLogger("followupd")

_SCOPE = "https://www.googleapis.com/auth/"
EVENTS = f"{_SCOPE}calendar.events.readonly"
CALENDARS = f"{_SCOPE}calendar.calendarlist.readonly"
COMPOSE = f"{_SCOPE}gmail.compose"
CONTACTS = f"{_SCOPE}contacts.readonly"
READING = f"{_SCOPE}gmail.readonly"
#: Every permission that may be asked for, each with its sentence for the owner.
PURPOSES: Mapping[str, str] = {
    EVENTS: "read the events of your calendars: who was there, and when it was over",
    CALENDARS: "see the names of your calendars, so that you can choose among them",
    COMPOSE: "put drafts into your mailbox, see whether they are still there, and send the ones you approve",
    CONTACTS: "read the names and addresses of your contacts, to greet people as you know them",
    READING: "read your mail, to see who answered and whom you wrote to yourself, and the signature you keep there",
}
#: What it asks for unless more is wished.
NEEDED = frozenset({EVENTS, CALENDARS, COMPOSE})

#: A token is renewed this long before it ends: longer than any call with it takes.
_RENEW_BEFORE = timedelta(minutes=4)
#: "Testing" gives seven days; from the fifth on the owner is told.
_WARN_BEFORE = timedelta(days=2)
_TESTING_DAYS = timedelta(days=7)
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
#: Refusals of the token endpoint that no waiting mends (RFC 6749, 5.2).
_ENDS = {"invalid_grant", "invalid_client", "unauthorized_client"}


class Endpoint:
    """Where tokens are got, renewed and revoked (RFC 6749, 3.2; RFC 7009)."""

    def __init__(self, courier: Courier, root_url: str | None) -> None:
        self._courier = courier
        self._base = (root_url or "https://oauth2.googleapis.com").rstrip("/")

    def ask(self, **form: str) -> tuple[int, dict[str, Any]]:
        """Return code and JSON object of the token endpoint. Raises NotDone when it was not reached, else Unanswered."""
        answer = self._courier.send("POST", f"{self._base}/token", _FORM, urlencode(form))
        busy = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        if busy or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unanswered(f"Google's sign-in is out of order (code {answer.status}).", _LATER)
        return answer.status, _read_object(answer)

    def revoke(self, token: str) -> None:
        """End all that a sign-in allowed; one that had ended is as good. Raises NotDone and Unanswered."""
        answer = self._courier.send("POST", f"{self._base}/revoke", _FORM, urlencode({"token": token}))
        if answer.status != HTTPStatus.OK and _read_object(answer).get("error") != "invalid_token":
            raise Unanswered(f"Google did not revoke the sign-in (code {answer.status}).", _REVOKE_BY_HAND)


_LATER = "It is asked again later by itself; nothing is lost."
_REVOKE_BY_HAND = (
    "Try again, or remove the app's access yourself at https://myaccount.google.com/connections."
)


def _read_object(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unanswered("Something else than Google's sign-in answered, perhaps a page to log in.", _LATER)
    return found


class GoogleAccess:
    """The owner's sign-in to one account, as calls need it."""

    def __init__(
        self, account: str, file: TokenFile, endpoint: Endpoint, clock: Callable[[], datetime]
    ) -> None:
        self.account = account
        self.who = f"account '{account}'"
        self._file = file
        self._endpoint = endpoint
        self._clock = clock
        self._held: SignIn | None = None
        self._stamp: tuple[int, int] | None = None
        self._rejected = ""
        self._warned = False

    def token(self) -> str:
        """Return an access token that is good for a while.

        Raises NotDone when the account is not signed in, or no longer; Unanswered when Google does not answer.
        """
        sign_in = self.find()
        self._check_alive(sign_in)
        if self._is_good(sign_in):
            return sign_in.access_token
        with self._file.locked():
            sign_in = self.find()  # another process may have renewed it meanwhile
            self._check_alive(sign_in)
            return (sign_in if self._is_good(sign_in) else self._renew(sign_in)).access_token

    def reject(self, token: str) -> None:
        """Take note that Google no longer takes this token: the next call renews it."""
        self._rejected = token

    def may(self, scope: str) -> bool:
        """Tell whether the owner allowed this. Raises NotDone when the account is not signed in."""
        return scope in self.find().scopes

    def find_worry(self) -> Problem | None:
        """Return what the owner has to know of the sign-in: there is none, it ended, or it soon ends; None when it is well."""
        try:
            sign_in = self.find()
        except NotDone as problem:
            return problem
        if sign_in.ended is not None:
            return explain_end(self.account, sign_in)
        if sign_in.dies is None or not self._ends_soon(sign_in.dies):
            return None
        return Problem(say_dying(self.account, sign_in.dies))

    def find(self) -> SignIn:
        """Return the sign-in as it lies on disk, read again whenever it changed. Raises NotDone."""
        stamp = self._file.stamp()
        if self._held is None or stamp != self._stamp:
            self._held, self._stamp = self._file.read(), stamp
        return self._held

    def _is_good(self, sign_in: SignIn) -> bool:
        fresh = sign_in.expires - self._clock() > _RENEW_BEFORE
        return fresh and sign_in.access_token != self._rejected

    def _check_alive(self, sign_in: SignIn) -> None:
        if sign_in.ended is not None:
            raise explain_end(self.account, sign_in)
        if sign_in.dies is not None and not self._warned and self._ends_soon(sign_in.dies):
            self._warned = True
            log.warning("%s", say_dying(self.account, sign_in.dies))

    def _ends_soon(self, dies: datetime) -> bool:
        return dies - self._clock() <= _WARN_BEFORE

    def _renew(self, sign_in: SignIn) -> SignIn:
        status, found = self._endpoint.ask(
            grant_type="refresh_token",
            refresh_token=sign_in.refresh_token,
            client_id=sign_in.client_id,
            client_secret=sign_in.client_secret,
        )
        if status != HTTPStatus.OK:
            self._take_refusal(sign_in, status, str(found.get("error", "")))
        renewed = take_tokens(sign_in, found, self._clock())
        self._keep(renewed)
        return renewed

    def _take_refusal(self, sign_in: SignIn, status: int, error: str) -> None:
        """Raise NotDone; once and for all where the sign-in has ended."""
        if error not in _ENDS:
            refused = NotDone(f"Google did not renew the sign-in of {self.who} (code {status}).", _LATER)
            refused.temporary = True
            raise refused
        ended = replace(sign_in, ended=self._clock())
        self._keep(ended)
        raise explain_end(self.account, ended)

    def _keep(self, sign_in: SignIn) -> None:
        self._file.write(sign_in)
        self._held, self._stamp = sign_in, self._file.stamp()


def open_account(
    name: str,
    folder: Path,
    network: Network,
    root_url: str | None,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> Google:
    """Return the way to one account; its sign-in lies in `folder`. Nothing is read or sent yet."""
    courier = Courier(network, root_url)
    access = GoogleAccess(name, TokenFile(folder, name), Endpoint(courier, root_url), clock)
    return Google(access, courier, root_url, clock, sleep)


def take_tokens(sign_in: SignIn, found: Mapping[str, Any], now: datetime) -> SignIn:
    """Return the sign-in with what the token endpoint gave. Raises Unanswered when that is not what it must be."""
    try:
        lives = timedelta(seconds=int(found["expires_in"]))
        scopes = frozenset(str(found["scope"]).split()) if "scope" in found else sign_in.scopes
        dying = found.get("refresh_token_expires_in")
        return replace(
            sign_in,
            access_token=str(found["access_token"]),
            refresh_token=str(found.get("refresh_token", sign_in.refresh_token)),
            expires=now + lives,
            scopes=scopes,
            dies=now + timedelta(seconds=int(dying)) if dying is not None else sign_in.dies,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Unanswered("Google's sign-in answered without a usable token.", _LATER) from None


def explain_end(account: str, sign_in: SignIn) -> NotDone:
    """Return in words why the sign-in ended, as far as that can be told: Google says the same of every end."""
    again = f"Sign in again: `followupd connect google --account {account}`. Nothing is lost; what is due is drafted then."
    if _ended_by_testing(sign_in):
        return NotDone(
            f"The sign-in of account '{account}' ended after seven days, because the publishing status of your app is"
            ' "Testing".',
            f'Press "Publish app" on the page Audience of the Google Auth Platform first, or it ends again. {again}',
        )
    return NotDone(
        f"Google ended the sign-in of account '{account}': it was revoked, your password changed, it lay unused for six"
        " months, or the app's client was deleted.",
        again,
    )


def _ended_by_testing(sign_in: SignIn) -> bool:
    if sign_in.dies is not None:
        return sign_in.ended is not None and sign_in.ended >= sign_in.dies - timedelta(hours=1)
    lived = (sign_in.ended or sign_in.since) - sign_in.since
    return abs(lived - _TESTING_DAYS) < timedelta(hours=3)


def say_dying(account: str, dies: datetime) -> str:
    """Return the warning that a sign-in in "Testing" will end."""
    return (
        f"The sign-in of account '{account}' ends on {dies:%d %B at %H:%M} UTC, because the publishing status of your"
        ' app is "Testing". Press "Publish app" on the page Audience of the Google Auth Platform, then sign in again:'
        f" `followupd connect google --account {account}`."
    )
