"""The house's own calls to the stand-in for Google, signed in as somebody."""

from collections.abc import Callable
from datetime import timedelta

from servers.google import Google as StandIn

from followupd.adapters.google_transport import Courier, Google
from followupd.network import Network

EVENTS = "https://www.googleapis.com/auth/calendar.events.readonly"


class Pass:
    """An Access to one account of the stand-in; its token is always fresh."""

    def __init__(self, stand_in: StandIn, address: str, *scopes: str) -> None:
        self.who = address
        self._token: Callable[[], str] = stand_in.make_pass(address, *scopes)
        self._scopes = scopes

    def token(self) -> str:
        return self._token()

    def may(self, scope: str) -> bool:
        return scope in self._scopes

    def reject(self, token: str) -> None:
        """Take no note: the next token is a new one."""


def call_google(stand_in: StandIn, address: str, *scopes: str) -> Google:
    """Return one account's calls, in the stand-in's time; waits pass there at once."""
    root = stand_in.root_url

    def sleep(seconds: float) -> None:
        stand_in.clock.go_on(timedelta(seconds=seconds))

    courier = Courier(Network(""), root, seconds=2.0)
    return Google(Pass(stand_in, address, *scopes), courier, root, stand_in.clock, sleep)
