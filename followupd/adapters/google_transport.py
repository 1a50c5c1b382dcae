"""Calls of Google's APIs: a write leaves exactly once, a read is tried again, an account that is turned away rests.

Google's client builds the requests from the documents it ships. It does not send them: its HTTP library sends a POST
twice when an answer is lost. They travel over the house's own wire, a connection for each.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Protocol

from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_random_exponential
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from followupd.adapters.deadline import Deadline
from followupd.adapters.google_answers import Answer, NotDone, Unanswered, read_answer
from followupd.adapters.google_pace import Pace
from followupd.adapters.reach import Resolver, resolve
from followupd.adapters.wire import Wire, measure_drift, name_failure
from followupd.network import Network, UnfitError, read_feed_address

# What it says at DEBUG holds the addresses of people.
logging.getLogger("googleapiclient").setLevel(logging.WARNING)

#: The whole of a call, from connection to last byte.
CALL_SECONDS = 30.0
_MOST_BYTES = 32 * 1024**2
_CHUNK = 64 * 1024
_TRIES = 3
#: A wait up to this long is sat out within a read; a longer one makes the account rest.
_SHORT_WAIT = timedelta(seconds=10)
_VERSIONS = {"gmail": "v1", "calendar": "v3", "people": "v1"}
_HOSTS = {"www.googleapis.com", "gmail.googleapis.com", "people.googleapis.com", "oauth2.googleapis.com"}
_LATER = "It is asked again later by itself; nothing is lost."
_CHECK = "Check `root_url` in [google] of config.toml."


class Access(Protocol):
    """Who may call: the owner's sign-in."""

    who: str
    """The account in words, for messages."""

    def token(self) -> str:
        """Return an access token that is good for now. Raises Problem when there is none to be had."""
        ...

    def reject(self, token: str) -> None:
        """Take note that Google no longer takes this token."""
        ...

    def may(self, scope: str) -> bool:
        """Tell whether the owner allowed this. Raises Problem when nobody is signed in."""
        ...


class Courier:
    """Carries one request, once, over a connection of its own, to Google or to `root_url` and to nobody else."""

    def __init__(
        self,
        network: Network,
        root_url: str | None = None,
        *,
        seconds: float = CALL_SECONDS,
        resolver: Resolver = resolve,
    ) -> None:
        self._seconds = seconds
        self._own = root_url is not None
        self._hosts = {read_feed_address(root_url, allow_http=True).host} if root_url else _HOSTS
        self._wire = Wire(network, resolver, allow_private=self._own)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None) -> Answer:
        """Return what came back, whatever its code; no redirect is followed.

        Raises NotDone when nothing left this computer, Unanswered when no whole answer came.
        """
        left = False
        with Deadline(self._seconds) as deadline:
            try:
                address = read_feed_address(url, allow_http=self._own)
                if address.host not in self._hosts:
                    raise UnfitError(f"{address.host} is not Google", _CHECK)
                with self._wire.connect(address, deadline) as line:
                    left = True
                    line.request(
                        method,
                        address.target,
                        body,
                        {**headers, "connection": "close"},
                        preload_content=False,
                    )
                    with closing(line.getresponse()) as response:
                        answer = Answer(response.status, _lower(response), _read_body(response))
                if deadline.passed:  # a cut connection looks like the end of a body without a length
                    raise TimeoutError
            except (OSError, ValueError, HTTPError, HTTPException) as error:
                raise self._tell(error, left=left, late=deadline.passed) from None
        return answer

    def _tell(self, error: Exception, *, left: bool, late: bool) -> NotDone | Unanswered:
        words = f"it did not answer within {self._seconds:g} seconds" if late else _name(error)
        todo = error.todo if isinstance(error, UnfitError) and error.todo else _LATER
        if left:
            return Unanswered(f"Google gave no whole answer: {words}.", todo)
        problem = NotDone(f"Google cannot be reached: {words}.", todo)
        problem.temporary = True
        return problem


def _name(error: Exception) -> str:
    return str(error) if isinstance(error, UnfitError) else name_failure(error)


def _lower(response: BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _read_body(response: BaseHTTPResponse) -> bytes:
    chunks, size = [], 0
    for chunk in response.stream(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > _MOST_BYTES:
            raise UnfitError(f"its answer is larger than {_MOST_BYTES // 1024**2} MB", _LATER)
        chunks.append(chunk)
    return b"".join(chunks)


@cache
def build_service(api: str, root_url: str | None) -> Any:
    """Return Google's client for "gmail", "calendar" or "people", one for the whole process; it builds requests only.

    `root_url` stands for Google's own host in every address it builds, those of batches and uploads included.
    """
    document = json.loads(get_static_doc(api, _VERSIONS[api]))
    if root_url is not None:
        document["rootUrl"] = f"{root_url.rstrip('/')}/"
        document["baseUrl"] = document["rootUrl"] + document["servicePath"]
    document.pop("mtlsRootUrl", None)
    # With an `http` the library looks for no credentials of its own; the universe is said so that $GOOGLE_CLOUD_
    # UNIVERSE_DOMAIN sends nothing elsewhere.
    options = {"universe_domain": "googleapis.com"}
    return build_from_document(document, http=_Nowhere(), client_options=options)


class _Nowhere:
    """In place of Google's HTTP library, which this house never sends anything with."""


class Google:
    """One account's calls. Requests come from `service`; every answer is a JSON object."""

    def __init__(
        self,
        access: Access,
        courier: Courier,
        root_url: str | None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        """`root_url` stands for Google's own hosts; None is Google."""
        self.pace = Pace(clock, sleep)
        self.drift: timedelta | None = None
        """By how much this computer's clock was ahead of Google's at the last answer."""
        self.access = access
        self._courier = courier
        self._root_url = root_url
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.RLock()

    def service(self, api: str) -> Any:
        """Return the builder of requests for "gmail", "calendar" or "people"."""
        return build_service(api, self._root_url)

    def check(self) -> None:
        """Raise Problem where nothing can be asked now: the account rests, or nobody is signed in."""
        self.pace.check()
        self.access.token()

    def read(self, request: Any) -> dict[str, Any]:
        """Return the answer to a request that changes nothing; tried three times. Raises NotDone and Unanswered."""
        most = _TRIES if self.pace.calm else 1
        with self._turn, self._paced(most):
            tries = Retrying(
                stop=stop_after_attempt(most),
                retry=_is_worth_a_try,
                wait=_find_wait,
                sleep=self._sleep,
                reraise=True,
            )
            return tries(self._send, request)

    def write(self, request: Any) -> dict[str, Any]:
        """Return the answer to a request that leaves exactly once. Raises NotDone when it was not done, else Unanswered."""
        with self._turn, self._paced(tries=1):
            return self._send(request)

    @contextmanager
    def _paced(self, tries: int) -> Iterator[None]:
        """Ask unless the account rests, and let it rest when so many tries were of no use."""
        self.pace.check()
        try:
            yield
        except Unanswered as problem:
            self.pace.take_failure(problem, tries)
            raise
        except NotDone as problem:
            if problem.is_rate or problem.is_unreachable:
                self.pace.take_failure(problem, tries)
            raise
        self.pace.take_success()

    def _send(self, request: Any) -> dict[str, Any]:
        token = self.access.token()
        self.pace.spend(request.methodId)
        headers = {**request.headers, "authorization": f"Bearer {token}"}
        answer = self._courier.send(request.method, request.uri, headers, request.body)
        self.drift = measure_drift({"Date": answer.headers.get("date", "")}, self._clock())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.access.reject(token)
        return read_answer(answer, self.access.who, self._clock())


def _is_worth_a_try(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, NotDone):
        renewed = error.status == HTTPStatus.UNAUTHORIZED and state.attempt_number == 1
        return renewed or error.is_unreachable or (error.wait is not None and error.wait <= _SHORT_WAIT)
    return isinstance(error, Unanswered)


_backoff = wait_random_exponential(multiplier=1, max=8)


def _find_wait(state: RetryCallState) -> float:
    """Return seconds: what Google asks for and a little more, or what is drawn."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, NotDone) and error.status == HTTPStatus.UNAUTHORIZED:
        return 0.0
    wait = error.wait if isinstance(error, NotDone) else None
    return _backoff(state) if wait is None else wait.total_seconds() + _backoff(state) / 4
