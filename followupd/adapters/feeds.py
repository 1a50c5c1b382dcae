"""A calendar at a web address: its newest body, or the reason in words why there is none."""

import http.client
import logging
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from followupd.adapters.copies import Copies, Copy
from followupd.adapters.deadline import Deadline
from followupd.adapters.reach import Resolver, resolve
from followupd.adapters.wire import Wire, measure_drift, name_failure
from followupd.errors import SourceProblem
from followupd.network import Network, UnfitError, WebAddress, follow_redirect, read_feed_address

log = logging.getLogger("followupd")

_MOST_REDIRECTS = 3
_MOVED = {301, 302, 303, 307, 308}
_NOT_MODIFIED = 304
_CHUNK = 64 * 1024
_LONGEST_VALIDATOR = 1024
#: Codes that pass by themselves (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4); all of 5xx do too.
_PASSING = {408, 425, 429}
_SERVER_ERRORS = 500
_REFUSED_CODES = {401, 403, 404, 410}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_LATER = "The next pass asks again; what was known of it stays."
_RENEW = "Copy the calendar's address anew from where it is published: it may have been reset or withdrawn."
_CHECK = "Check `url` of this calendar in config.toml."


class Feed:
    """A calendar at an https address: its newest good body.

    `cache` is a folder for the last good copy; None keeps it in memory alone. `allow_private` lets it lie in the
    owner's own network, and there be fetched over plain http too. `max_bytes` is the limit for the body as
    unpacked, `seconds` for all of a fetch, the look-up of its host's name included.
    """

    name: str
    """What logs and messages may show: host and a fingerprint. The address itself is a secret."""

    def __init__(
        self,
        address: str,
        network: Network,
        cache: Path | None = None,
        *,
        allow_private: bool = False,
        max_bytes: int = 32 * 1024**2,
        seconds: float = 30.0,
        resolver: Resolver = resolve,
    ) -> None:
        """Raise UnfitError, in words that never repeat it, for an address that can be no feed's."""
        self._address = read_feed_address(address, allow_http=allow_private)
        self._wire = Wire(network, resolver, allow_private)
        self._max_bytes = max_bytes
        self._seconds = seconds
        fingerprint = self._address.fingerprint()
        self.name = f"{self._address.host} ({fingerprint[:8]})"
        self._copies = Copies(cache / fingerprint, max_bytes) if cache else None
        self._held: Copy | None = None
        self.drift: timedelta | None = None

    def fetch(self) -> bytes:
        """Return the newest body; the very same object as before while nothing changed.

        Raises SourceProblem for everything that is not a whole calendar; the last good copy stays then.
        """
        self._held = self._held or (self._copies.read() if self._copies else None)
        with Deadline(self._seconds) as deadline:
            try:
                newest = self._fetch(deadline, self._held)
            except (OSError, ValueError, HTTPError, http.client.HTTPException) as error:
                # Without the cause: what the libraries say may hold the address.
                raise self._tell(error, late=deadline.passed) from None
        if newest != self._held:
            self._keep(newest)
        return newest.body

    def _fetch(self, deadline: Deadline, held: Copy | None) -> Copy:
        found = self._ask(deadline, held) or self._ask(deadline, None)
        if found is None:
            raise self._problem("it answers that nothing changed since a copy we do not have")
        # One object for one text: who reads it can see at once that it is the same.
        return replace(found, body=held.body) if held and found.body == held.body else found

    def _ask(self, deadline: Deadline, held: Copy | None) -> Copy | None:
        """Return what is there, or None for "not modified" about another copy than `held`."""
        address = self._address
        for _ in range(_MOST_REDIRECTS + 1):
            asked = held.conditions if held and held.source == address.fingerprint() else {}
            with self._wire.ask(address, _HEADERS | asked, deadline) as answer:
                self.drift = measure_drift(answer.headers, datetime.now(UTC))
                if answer.status == _NOT_MODIFIED:
                    return held if held and asked and held.is_meant_by(answer.headers.get("ETag")) else None
                if answer.status not in _MOVED:
                    return self._read(answer, address, deadline)
                address = follow_redirect(address, answer.headers.get("Location", ""))
        raise self._problem(f"it sends from one address to the next, more than {_MOST_REDIRECTS} times")

    def _read(self, answer: BaseHTTPResponse, address: WebAddress, deadline: Deadline) -> Copy:
        if answer.status != http.client.OK:
            raise self._tell_status(answer.status)
        body = self._read_body(answer)
        if deadline.passed:  # a cut connection looks like the end of a body without a length
            raise TimeoutError
        if mistake := _find_mistake(body):
            raise self._problem(mistake)
        validators = (answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
        etag, modified = (value if len(value) <= _LONGEST_VALIDATOR else "" for value in validators)
        return Copy(body, etag, modified, address.fingerprint())

    def _read_body(self, answer: BaseHTTPResponse) -> bytes:
        chunks, size = [], 0
        for chunk in answer.stream(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > self._max_bytes:
                megabytes = self._max_bytes / 1024**2
                raise self._problem(f"it is larger than {megabytes:g} MB", _CHECK, temporary=False)
            chunks.append(chunk)
        return b"".join(chunks)

    def _keep(self, copy: Copy) -> None:
        self._held = copy
        if self._copies is None:
            return
        try:
            self._copies.write(copy)
        except OSError as error:
            log.warning("no copy of the feed %s could be kept: %s", self.name, error.strerror)

    # -- saying what went wrong ------------------------------------------------------------------------

    def _problem(self, why: str, todo: str = _LATER, *, temporary: bool = True) -> SourceProblem:
        problem = SourceProblem(f"The feed {self.name} could not be read: {why}.", todo)
        problem.temporary = temporary
        return problem

    def _tell_status(self, status: int) -> SourceProblem:
        if status in _REFUSED_CODES:
            return self._problem(f"it is refused or no longer there (code {status})", _RENEW, temporary=False)
        if status in _PASSING or status >= _SERVER_ERRORS:
            return self._problem(f"its server is busy or out of order (code {status})")
        return self._problem(f"it answers with code {status} instead of a calendar", _CHECK)

    def _tell(self, error: Exception, *, late: bool) -> SourceProblem:
        """Say an error of the libraries in words of our own."""
        if late:
            return self._problem(f"it did not answer, or not to the end, within {self._seconds:g} seconds")
        if isinstance(error, UnfitError):
            return self._problem(str(error), error.todo or _CHECK)
        return self._problem(name_failure(error), _TRUST if isinstance(error, ssl.SSLError) else _LATER)


_HEADERS = {"User-Agent": "followupd", "Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "gzip"}
_TRUST = (
    "In a café or hotel, log in to its network first. If its certificate is from your own authority, name that in "
    "[network] ca_file."
)


def _find_mistake(body: bytes) -> str:
    """Return why `body` is no whole calendar, or nothing."""
    start = body[:_CHUNK].removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not start:
        return "it is empty"
    if start.startswith(b"<"):
        return "it is a web page, perhaps to log in, instead of a calendar"
    loud = body.upper()
    begin = loud.rfind(b"BEGIN:VCALENDAR")
    if begin < 0:
        return "it holds no calendar (no BEGIN:VCALENDAR)"
    return "" if loud.find(b"END:VCALENDAR", begin) > 0 else "it is cut short (no END:VCALENDAR)"
