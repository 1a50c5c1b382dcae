"""How often an account may ask Google: what its calls cost, and the rest it takes after failures."""

import random
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.errors import Problem

#: Quota units of Google's table of May 2026 (developers.google.com/workspace/gmail/api/reference/quota). What is not
#: in it costs 1, as every request to calendars and contacts does; drafts.get is taken to cost what messages.get does.
_UNITS = {
    "gmail.users.drafts.create": 10,
    "gmail.users.drafts.update": 15,
    "gmail.users.drafts.delete": 10,
    "gmail.users.drafts.send": 100,
    "gmail.users.drafts.list": 5,
    "gmail.users.drafts.get": 20,
    "gmail.users.messages.list": 5,
    "gmail.users.messages.get": 20,
    "gmail.users.threads.get": 40,
    "gmail.users.history.list": 2,
}
#: What we take of a minute, in units: a fifth of Gmail's 6,000; of Calendar's 600 requests one in twenty.
_SHARES = {"gmail": 1200, "calendar": 30, "people": 30}
_MINUTE = timedelta(minutes=1)
#: One lost answer is an accident; from the second try in a row on the account rests.
_ACCIDENTS = 1
#: Past the next pass, and three times as long from failure to failure: most outages are short.
_FIRST_REST, _GROWTH = timedelta(minutes=6), 3
#: With the five minutes between two passes still within one hour of service, in which all that is due has to be drafted.
LONGEST_REST = timedelta(minutes=50)


class Pace:
    """The pace of one account. `sleep` takes seconds; `draw` gives a number between its two arguments."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._draw = draw
        self._minute: dict[str, deque[tuple[datetime, int]]] = {api: deque() for api in _SHARES}
        self._failures = 0
        self._rests = 0
        self._rests_until: datetime | None = None
        self._why: Problem | None = None
        self.spent: Counter[str] = Counter()
        """Units by API ("gmail", "calendar", "people") since the program started."""
        self.calls: Counter[str] = Counter()
        """Calls, as `spent`."""

    @property
    def calm(self) -> bool:
        """True when the last call got its answer."""
        return self._failures == 0

    def spend(self, method: str) -> None:
        """Count one call of a method such as "gmail.users.drafts.get"; wait first where the minute's share is used up."""
        api, units = method.partition(".")[0], _UNITS.get(method, 1)
        calls = self._minute[api]
        self._forget_old(calls)
        while calls and sum(cost for _, cost in calls) + units > _SHARES[api]:
            oldest, _ = calls.popleft()
            self._sleep(min(oldest + _MINUTE - self._clock(), _MINUTE).total_seconds())
        calls.append((self._clock(), units))
        self.spent[api] += units
        self.calls[api] += 1

    def _forget_old(self, calls: deque[tuple[datetime, int]]) -> None:
        while calls and calls[0][0] <= self._clock() - _MINUTE:
            calls.popleft()

    def check(self) -> None:
        """Raise NotDone, in the words of the failure that caused it, while the account rests."""
        if self._rests_until is None or self._why is None:
            return
        left = self._rests_until - self._clock()
        # A rest that is longer than any ever is means that the clock was set back.
        if timedelta() < left <= LONGEST_REST:
            resting = NotDone(self._why.what, self._why.todo)
            resting.temporary = True
            raise resting

    def take_failure(self, problem: NotDone | Unanswered, tries: int = 1) -> None:
        """Rest after so many tries that failed: as long as Google asks to, else longer from failure to failure.

        Each rest is drawn anew, so that not all who were turned away come back at once; none is longer than LONGEST_REST.
        """
        self._failures += tries
        wait = problem.wait if isinstance(problem, NotDone) else None
        if wait is not None:
            rest = max(wait, timedelta()) * self._draw(1.0, 1.1)
        elif self._failures <= _ACCIDENTS:
            return
        else:
            rest = min(_FIRST_REST * _GROWTH ** min(self._rests, 5), LONGEST_REST) * self._draw(0.9, 1.0)
        self._rests += 1
        self._rests_until, self._why = self._clock() + min(rest, LONGEST_REST), problem

    def take_success(self) -> None:
        self._failures = self._rests = 0
        self._rests_until = self._why = None
