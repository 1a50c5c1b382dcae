"""What every call costs and how much a user may spend in a minute: Google's tables of May 2026.

Gmail: developers.google.com/workspace/gmail/api/reference/quota. Calendar: …/calendar/api/guides/quota, every request is one.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from servers.google.refusals import Refusal

_GMAIL = {
    "drafts.create": 10,
    "drafts.update": 15,
    "drafts.delete": 10,
    "drafts.send": 100,
    "drafts.list": 5,
    "drafts.get": 20,  # not in the table; what messages.get costs
    "messages.send": 100,
    "messages.list": 5,
    "messages.get": 20,
    "threads.get": 40,
    "history.list": 2,
    "labels.list": 1,
    "getProfile": 1,
    "settings.sendAs.list": 1,
    "settings.sendAs.get": 1,
}
_MINUTE = timedelta(minutes=1)


def find_cost(method: str) -> int:
    """Return the units a method costs; what the table does not name is as dear as the dearest reading."""
    if method.startswith("gmail."):
        return _GMAIL.get(method.removeprefix("gmail.").removeprefix("users."), 40)
    return 1


class Quota:
    """Units spent per user and service; the limit is for any 60 seconds."""

    def __init__(self) -> None:
        self.limits = {"gmail": 6000, "calendar": 600, "people": 90}
        self._locked_until: dict[str, datetime] = {}
        self._spent: defaultdict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)

    def spend(self, user: str, service: str, method: str, now: datetime) -> None:
        """Count one call. Raises Refusal when the user's minute is used up; what is refused costs nothing."""
        if now < self._locked_until.get(user, now):
            raise refuse_rate(self._locked_until[user])
        cost = find_cost(method)
        spent = self._spent[user, service]
        recent = [units for at, units in spent if now - at < _MINUTE]
        if sum(recent) + cost > self.limits[service]:
            raise refuse_rate(now + _MINUTE)
        spent.append((now, cost))

    def lock(self, user: str, until: datetime) -> None:
        """Refuse everything the user asks for until then, as Google does for a quarter of an hour at times."""
        self._locked_until[user] = until

    def units(self, user: str, service: str) -> int:
        """Return all that was ever spent."""
        return sum(units for _, units in self._spent[user, service])

    def heaviest_minute(self, user: str, service: str) -> int:
        """Return the most that was spent in any 60 seconds."""
        spent = self._spent[user, service]
        return max((_sum_from(spent, start) for start, _ in spent), default=0)


def _sum_from(spent: list[tuple[datetime, int]], start: datetime) -> int:
    return sum(units for at, units in spent if start <= at < start + _MINUTE)


def refuse_rate(until: datetime, *, code: int = 403) -> Refusal:
    """Refuse for the rate; the wait stands in the message text alone, as Gmail has it."""
    when = until.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    reason = "rateLimitExceeded" if code == 429 else "userRateLimitExceeded"
    return Refusal(code, reason, f"User-rate limit exceeded.  Retry after {when}", domain="usageLimits")
