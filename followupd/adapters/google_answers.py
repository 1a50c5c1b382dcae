"""What Google's answers mean: done, certainly not done, or not known; and how long it asks to be left alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from followupd.errors import Problem

#: Reasons of 403 and 429 that pass by themselves (developers.google.com/workspace/gmail/api/guides/handle-errors).
_RATE = {
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
    "dailyLimitExceeded",
    "RESOURCE_EXHAUSTED",
    "RATE_LIMIT_EXCEEDED",
}
_SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_SWITCHED_OFF = {"accessNotConfigured", "SERVICE_DISABLED"}
_POLICY = {"domainPolicy", "delegationDenied", "admin_policy_enforced"}
#: Google's texts say "Retry after 2026-11-25T10:15:00.000Z" (and mean it more often than their headers do).
_RETRY_TEXT = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")
_LONGEST_WORDS = 200

_NOTHING_LOST = "It is asked again later by itself; nothing is lost."
_SIGN_IN_AGAIN = "Sign in again and leave every box ticked: `followupd connect google`."


class NotDone(Problem):
    """Google certainly did nothing. `temporary` when it passes by itself."""

    def __init__(self, what: str, todo: str = "", *, status: int = 0, reason: str = "") -> None:
        """`status` is 0 when no request left this computer."""
        super().__init__(what, todo)
        self.status = status
        self.reason = reason
        self.wait: timedelta | None = None
        """How long Google asks to be left alone; None where it does not say, or where waiting does not help."""

    @property
    def is_unreachable(self) -> bool:
        """Tell whether no request left, for a reason that passes."""
        return self.status == 0 and self.temporary

    @property
    def is_rate(self) -> bool:
        """Tell whether Google was asked too often."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS or self.reason in _RATE


class Unanswered(Problem):
    """Whether Google did it is not known; for a read, that nothing usable came."""

    temporary = True


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer over HTTP, its header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_answer(answer: Answer, who: str, now: datetime) -> dict[str, Any]:
    """Return the JSON object that Google sent; {} where it says that there is nothing to send. `who` names the account for messages.

    Raises NotDone and Unanswered in words.
    """
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _read_object(answer, who)
    known = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not known or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        raise Unanswered(f"Google cannot do it for {who} just now (code {answer.status}).", _NOTHING_LOST)
    reason, words = _read_error(answer.body)
    refused = NotDone(*_say(answer.status, reason, words, who), status=answer.status, reason=reason)
    refused.temporary = refused.is_rate or answer.status == HTTPStatus.UNAUTHORIZED
    refused.wait = read_wait(answer, now) if refused.is_rate else None
    raise refused


def _read_object(answer: Answer, who: str) -> dict[str, Any]:
    if answer.status == HTTPStatus.NO_CONTENT or answer.headers.get("content-length") == "0":
        return {}
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    # A gateway, or a network's page to log in, says "200" too.
    raise Unanswered(
        f"Something else than Google answered for {who}, perhaps a page to log in.", _NOTHING_LOST
    )


def _read_error(body: bytes) -> tuple[str, str]:
    """Return the reason and the message of Google's error shape; empty where it is none."""
    try:
        error = json.loads(body)["error"]
        details = [*error.get("errors", ()), *error.get("details", ()), {"reason": error.get("status", "")}]
        reasons = [str(detail["reason"]) for detail in details if detail.get("reason")]
        # ErrorInfo (details) is the finer one where both are there.
        fine = next((reason for reason in reasons if reason in _SCOPE | _SWITCHED_OFF), "")
        return fine or next(iter(reasons), ""), _in_one_line(str(error.get("message", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def _in_one_line(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_LONGEST_WORDS]


def _say(status: int, reason: str, words: str, who: str) -> tuple[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            f"Google did not take the sign-in of {who}.",
            "It is renewed by itself; if this stays, sign in again.",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or reason in _RATE:
        return f"Google asks {who} to wait.", _NOTHING_LOST
    if reason in _SCOPE:
        return f"{who[0].upper()}{who[1:]} lacks a permission for this.", _SIGN_IN_AGAIN
    if reason in _SWITCHED_OFF:
        todo = (
            "Switch it on as it says, wait a minute, and all goes on by itself; docs/google-setup.md, step 2."
        )
        return f"A Google API is not switched on in your Google Cloud project: {words}", todo
    if reason in _POLICY:
        todo = "Your Workspace administrator has to allow the app; docs/google-setup.md names the page."
        return f"The rules of your organisation keep {who} from this: {words}", todo
    return (
        f"Google refused it for {who} (code {status}{', ' if reason else ''}{reason}): {words or 'no reason given'}",
        "",
    )


def read_wait(answer: Answer, now: datetime) -> timedelta | None:
    """Return how long to wait: the later of Retry-After (RFC 9110, 10.2.3) and of the time in the message's text."""
    _, words = _read_error(answer.body)
    found = _RETRY_TEXT.search(words)
    waits = [datetime.fromisoformat(found[1]) - now] if found else []
    waits += _read_retry_after(answer.headers.get("retry-after", ""), now)
    return max(waits, default=None)


def _read_retry_after(value: str, now: datetime) -> list[timedelta]:
    if value.isdecimal():
        return [timedelta(seconds=min(int(value[:9]), 10**6))]
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return []
    return [(moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now]
