"""Ways to tell the owner over the network: a webhook of theirs, and a dead-man's switch that watches for silence.

Only a notice's title goes out: our own words, counts, and the names in config.toml.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import replace

from urllib3.exceptions import HTTPError

from followupd.adapters.deadline import Deadline
from followupd.adapters.reach import Resolver, resolve
from followupd.adapters.wire import Wire, name_failure
from followupd.errors import NoticeProblem
from followupd.network import Network, UnfitError, WebAddress, read_feed_address
from followupd.notices import Notice, Sign

#: The pass waits for it.
_SECONDS = 10.0
_GOOD = range(200, 300)
_CHECK = "Check its address in [notices] of config.toml."


class Hook:
    """An https address that takes what is posted to it. The address is a secret: whoever has it can post there."""

    def __init__(
        self,
        address: str,
        network: Network,
        *,
        allow_private: bool,
        seconds: float = _SECONDS,
        resolver: Resolver = resolve,
    ) -> None:
        self._address = read_feed_address(address, allow_http=allow_private)
        self._wire = Wire(network, resolver, allow_private)
        self._seconds = seconds

    def post(self, body: str, kind: str, below: str = "") -> None:
        """Post once, to the address or to what lies `below` it; no redirect is followed. Raises NoticeProblem."""
        address = _step_below(self._address, below)
        with Deadline(self._seconds) as deadline:
            try:
                status = self._send(
                    address, body, {"Content-Type": kind, "User-Agent": "followupd"}, deadline
                )
                if deadline.passed:  # a cut connection looks like the end of a head
                    raise TimeoutError
            except (OSError, ValueError, HTTPError, http.client.HTTPException) as error:
                # Without the cause: what the libraries say may hold the address.
                raise self._tell(error, late=deadline.passed) from None
        if status not in _GOOD:
            raise NoticeProblem(f"{self._address.host} did not take a notice (code {status}).", _CHECK)

    def _send(self, address: WebAddress, body: str, headers: Mapping[str, str], deadline: Deadline) -> int:
        with self._wire.connect(address, deadline) as line:
            line.request("POST", address.target, body.encode(), headers, preload_content=False)
            answer = line.getresponse()
            answer.close()
            return answer.status

    def _tell(self, error: Exception, *, late: bool) -> NoticeProblem:
        unfit = isinstance(error, UnfitError)
        why = "it does not answer" if late else str(error) if unfit else name_failure(error)
        todo = (error.todo if isinstance(error, UnfitError) else "") or _CHECK
        return NoticeProblem(f"{self._address.host} did not take a notice: {why}.", todo)


def _step_below(address: WebAddress, below: str) -> WebAddress:
    """Return the address with one more step in its path, before its query."""
    if not below:
        return address
    path, mark, query = address.target.partition("?")
    return replace(address, target=f"{path.rstrip('/')}/{below}{mark}{query}")


class Webhook:
    """Notices posted to a webhook, as JSON for chats (`text`) or as plain text for services such as ntfy."""

    name = "webhook"
    disturbs = True
    writes_mail = False

    def __init__(self, hook: Hook, *, plain: bool) -> None:
        self._hook = hook
        self._plain = plain

    def is_there(self) -> bool:
        return True

    def tell(self, notice: Notice, _: str) -> str:
        text = f"followupd: {notice.title}."
        if self._plain:
            self._hook.post(text, "text/plain; charset=utf-8")
        else:
            told = {"text": text, "cause": notice.cause, "broken": notice.broken}
            self._hook.post(json.dumps(told), "application/json")
        return ""


#: What healthchecks.io and those that speak as it does call each sign (https://healthchecks.io/docs/http_api/).
_STEPS = {Sign.START: "start", Sign.OK: "", Sign.FAIL: "fail"}


class PingSwitch:
    """A dead-man's switch that is pinged at an https address."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def ping(self, sign: Sign, words: str) -> None:
        self._hook.post(words, "text/plain; charset=utf-8", _STEPS[sign])
