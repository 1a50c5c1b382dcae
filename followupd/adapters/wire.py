"""One request over https: to a checked address and no other, within one deadline, through the proxy that is set."""

import http.client
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

from urllib3 import BaseHTTPResponse, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from followupd.adapters.deadline import Deadline, dial
from followupd.adapters.reach import Resolver, find_reachable, look_up
from followupd.network import Network, UnfitError, WebAddress, read_proxy_address

# At DEBUG the library writes whole addresses, and those of feeds are secrets.
logging.getLogger("urllib3").setLevel(logging.WARNING)

#: Names that mean a machine nearby (RFC 6761, 6762, 8375, and the .internal that ICANN set aside).
_NEARBY = (".localhost", ".local", ".internal", ".home.arpa")

_CHECK_NAME = "Check the address; or, if it is a server of your own, let this computer know its name."
_CHECK_FILE = "Check `ca_file` in [network]: a file of certificates in PEM form."
_CHECK_PROXY = "Check `proxy` in [network], or $HTTPS_PROXY."


class _Pinned:
    """A connection that is made by `dial`, whatever the name of its host means by now."""

    dial: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.dial()


class _PinnedHTTP(_Pinned, HTTPConnection):
    pass


class _PinnedHTTPS(_Pinned, HTTPSConnection):
    pass


@dataclass
class Wire:
    """Asks for web addresses.

    Without a proxy the host is looked up once, all its addresses are checked, and one of these is connected to
    while TLS still verifies the host's name. Through a proxy the same check comes first, but it is the proxy that
    looks the name up and connects: it is the owner's own gate. A name that means nothing here (some networks leave
    all look-ups to the proxy) is handed on if it looks like a public one. Plain http never goes to a proxy.
    """

    network: Network
    resolver: Resolver
    allow_private: bool

    @contextmanager
    def ask(
        self, address: WebAddress, headers: Mapping[str, str], deadline: Deadline
    ) -> Iterator[BaseHTTPResponse]:
        """GET `address`; the body is yet to be read. No redirect is followed, nothing is tried again.

        Raises UnfitError where it may not connect, or cannot use what [network] names; and what sockets, ssl,
        http.client and urllib3 raise.
        """
        with self.connect(address, deadline) as line:
            line.request("GET", address.target, headers=headers, preload_content=False)
            with closing(line.getresponse()) as response:
                yield response

    @contextmanager
    def connect(self, address: WebAddress, deadline: Deadline) -> Iterator[HTTPConnection]:
        """Open a connection for one request. What fails before it is given out has sent nothing; raises as `ask`."""
        with closing(self._open(address, deadline)) as line:
            line.connect()
            line.auto_open = 0  # lost is lost: http.client would connect anew and send once more
            yield line

    def _open(self, address: WebAddress, deadline: Deadline) -> _PinnedHTTP | _PinnedHTTPS:
        proxy = _find_proxy(address, self.network)
        if proxy is not None:
            self._check_before_proxy(address, deadline)
            return self._tunnel(address, proxy, deadline)
        places = self._find_reachable(address, deadline)
        connection = self._make(address.scheme, address.host, address.port, deadline)
        connection.dial = partial(dial, places, address.port, deadline)
        return connection

    def _make(self, scheme: str, host: str, port: int, deadline: Deadline) -> _PinnedHTTP | _PinnedHTTPS:
        if scheme == "http":
            return _PinnedHTTP(host, port, timeout=deadline.left)
        return _PinnedHTTPS(host, port, timeout=deadline.left, ssl_context=self._trust)

    def _tunnel(
        self, address: WebAddress, proxy: WebAddress, deadline: Deadline
    ) -> _PinnedHTTP | _PinnedHTTPS:
        connection = self._make("https", proxy.host, proxy.port, deadline)
        connection.dial = partial(dial, [proxy.host], proxy.port, deadline)
        connection.set_tunnel(address.host, address.port, make_headers(proxy_basic_auth=proxy.user))
        return connection

    def _find_reachable(self, address: WebAddress, deadline: Deadline) -> list[str]:
        def resolve_in_time(host: str, port: int) -> Sequence[str]:
            return look_up(self.resolver, host, port, deadline.left)

        return find_reachable(address, resolve_in_time, allow_private=self.allow_private)

    def _check_before_proxy(self, address: WebAddress, deadline: Deadline) -> None:
        try:
            self._find_reachable(address, deadline)
        except socket.gaierror:
            name = address.host.rstrip(".")
            if "." not in name or name.endswith(_NEARBY) or not name.rpartition(".")[2][0].isalpha():
                raise UnfitError("its host is no public name", _CHECK_NAME) from None

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """What tells a true certificate: `ca_file`, else $SSL_CERT_FILE, else the system's; read once."""
        try:
            return ssl.create_default_context(cafile=self.network.ca_file)
        except OSError:  # ssl.SSLError is one too: a file that is no PEM
            raise UnfitError(f"{self.network.ca_file} holds no certificates to read", _CHECK_FILE) from None


def measure_drift(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return by how much this computer's clock, which says `now`, is ahead of the Date of an answer (RFC 9110, 6.6.1); None without one.

    An answer out of a cache was written its Age earlier (RFC 9111, 5.1).
    """
    age = headers.get("Age", "")
    try:
        written = parsedate_to_datetime(headers.get("Date", ""))
        return now - written - timedelta(seconds=int(age) if age.isdecimal() else 0)
    except (ValueError, TypeError, OverflowError):  # no date, one without a zone, or one no calendar has
        return None


def _find_proxy(address: WebAddress, network: Network) -> WebAddress | None:
    """Return the proxy for `address`: the config's for all, else the environment's ($HTTPS_PROXY, $NO_PROXY)."""
    if address.scheme == "http":
        return None
    named = _find_proxy_around(address) if network.proxy is None else network.proxy
    try:
        return read_proxy_address(named) if named else None
    except UnfitError as error:
        raise UnfitError(f"the proxy's address is unfit: {error}", _CHECK_PROXY) from None


def _find_proxy_around(address: WebAddress) -> str | None:
    around = getproxies_environment()
    if proxy_bypass(f"{address.host}:{address.port}", around):
        return None
    return around.get("https")


# -- saying what went wrong ----------------------------------------------------------------------------


def name_failure(error: Exception) -> str:
    """Return in words what sockets, ssl, http.client or urllib3 raised; never with the address."""
    return next(say(error) for kind, say in _FAILURES if isinstance(error, kind))


def _name_certificate(error: Any) -> str:
    return f"its certificate is not to be trusted: {error.verify_message.rstrip('.')}"


def _name_connection(error: Any) -> str:
    # http.client's words for what a proxy answers to CONNECT; only the number is taken from them.
    if found := re.match(r"Tunnel connection failed: (\d{3})", str(error)):
        return f"the proxy does not connect to it (code {found[1]})"
    return f"no connection: {error.strerror or 'it was lost'}"


#: The first that fits counts. Of the libraries' own words only those are used that cannot hold the address.
_FAILURES: Sequence[tuple[type[Exception], Callable[[Exception], str]]] = (
    (socket.gaierror, lambda _: "the name of its host is not known"),
    (TimeoutError, lambda _: "its server does not answer"),
    (ssl.SSLCertVerificationError, _name_certificate),
    (ssl.SSLError, lambda _: "no secure connection could be made"),
    (UnicodeError, lambda _: "the name of its host is too long"),
    (http.client.HTTPException, lambda _: "its answer is cut or garbled"),
    (HTTPError, lambda _: "its answer is cut or garbled"),
    (OSError, _name_connection),
    (Exception, lambda _: "its answer makes no sense"),
)
