"""Addresses of feeds and mail servers and the way out to them; config and the adapters share it."""

import ipaddress
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

_PORTS = {"https": 443, "http": 80}
#: How calendars call a feed that their program should subscribe to; what answers there is https.
_CALENDAR_SCHEMES = {"webcal": "https", "webcals": "https"}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,252})")
#: RFC 3986, 2: what stands for itself in a path or query; all else is percent-encoded.
_PLAIN = "!#$%&'()*+,-./:;=?@[]_~"


class UnfitError(ValueError):
    """Something may not or cannot be used, in words of ours that give no address away."""

    def __init__(self, why: str, todo: str = "") -> None:
        super().__init__(why)
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Network:
    """The way out, as [network] of config.toml says it."""

    proxy: str | None = field(default=None, repr=False)
    """http://[user:password@]host:port; "" for none at all; None for what the environment says."""
    ca_file: Path | None = None
    """Certificates to trust (PEM) in place of $SSL_CERT_FILE and the system's."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password lies, one of three; the password itself stands in no setting."""

    command: tuple[str, ...] = ()
    """A program and its arguments; the first line it prints is the password."""
    file: Path | None = None
    """A file that its owner alone can read; its first line is the password."""
    credential: str = ""
    """The name of a credential that systemd gave to the service."""

    @property
    def where(self) -> str:
        """Return the place in words, for a message."""
        if self.command:
            return f"`password_command` ({self.command[0]})"
        return f"the credential '{self.credential}'" if self.credential else str(self.file)


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes the owner's mail (RFC 6409), as [mailbox.smtp] says it."""

    host: str
    port: int
    security: str
    """"tls" from the first byte, "starttls" before anything is said, "none" only to this computer itself."""
    user: str = ""
    """"" for a server that asks for no login."""
    secret: Secret = Secret()


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http or https address, taken apart once: what is checked is what is connected to."""

    scheme: str
    host: str
    """In small letters; an IPv6 address without its brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query. It is what makes the address of a feed a secret."""
    user: str | None = field(default=None, repr=False)
    """user:password of a proxy; never there in the address of a feed."""

    def spell(self) -> str:
        """Return the address in its one spelling."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.target}"

    def fingerprint(self) -> str:
        """Return 64 hex digits that tell the address from others without giving it away."""
        return sha256(self.spell().encode()).hexdigest()


def read_feed_address(text: str, *, allow_http: bool = False) -> WebAddress:
    """Take the address of a feed apart (RFC 3986, 3). Raises UnfitError in words that never repeat it."""
    address = _take_apart(text)
    if address.scheme not in _PORTS:
        raise UnfitError("it must begin with https://")
    if address.scheme == "http" and not allow_http:
        raise UnfitError("it must begin with https://; plain http shows everybody on the way what you read")
    if address.user is not None:
        raise UnfitError("it must not hold a user name or password before its host")
    return address


def read_proxy_address(text: str) -> WebAddress:
    """Take the address of a proxy apart. Raises UnfitError in words that never repeat it."""
    address = _take_apart(text if "://" in text else f"http://{text}")
    if address.scheme != "http":
        raise UnfitError("a proxy must be written http://host:port")
    return address


def follow_redirect(address: WebAddress, location: str) -> WebAddress:
    """Return where `location` leads from `address`. Raises UnfitError in words, also for a step down to http."""
    return read_feed_address(
        urljoin(address.spell(), _refuse_odd(location)), allow_http=address.scheme == "http"
    )


def _take_apart(text: str) -> WebAddress:
    try:
        parts = urlsplit(_refuse_odd(text))
        scheme = _CALENDAR_SCHEMES.get(parts.scheme, parts.scheme)
        port = parts.port or _PORTS.get(scheme, 0)
    except ValueError:
        raise UnfitError("it is no address such as https://example.com/calendar.ics") from None
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PLAIN)
    user, marked, _ = parts.netloc.rpartition("@")
    host = _read_host(parts.hostname or "", bracketed="[" in parts.netloc)
    return WebAddress(scheme, host, port, target, _read_user(user) if marked else None)


def _read_user(user: str) -> str:
    """Return user:password with its %XX undone, one letter for one byte as HTTP sends them (RFC 7617, 2)."""
    return unquote_to_bytes(user).decode("latin-1")


def _refuse_odd(text: str) -> str:
    r"""Refuse what two readers could take for two addresses: controls, spaces at the ends, "\" for "/"."""
    if text != text.strip() or "\\" in text or not text.isprintable():
        raise UnfitError("it holds characters that no address has")
    return text


def _read_host(host: str, *, bracketed: bool) -> str:
    if bracketed:  # RFC 3986, 3.2.2: a port follows the colon of any other host
        return _read_ipv6(host)
    if not host.isascii():
        raise UnfitError("its host must be written in ASCII (xn--...)")
    if not _HOST.fullmatch(host):
        raise UnfitError("it names no host")
    return host


def _read_ipv6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise UnfitError("it names no host") from None
    if address.scope_id is not None:
        raise UnfitError("it names an interface of this machine (%)")
    return str(address)
