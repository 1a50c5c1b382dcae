"""Which machines a feed may be fetched from: public ones, and with the owner's word private ones."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from followupd.network import UnfitError, WebAddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Host and port to every address the host has, as text. Raises OSError when the host is not known.
Resolver = Callable[[str, int], Sequence[str]]

#: IANA IPv4 Special-Purpose Address Registry, with multicast and the reserved class E; all others are public.
_SPECIAL_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
#: The one block of global IPv6 addresses, and what is special in it (IANA IPv6 Special-Purpose Address Registry).
#: Teredo (2001::/32) and 6to4 (2002::/16) carry IPv4 addresses of anybody's choice; no feed lives there.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = [
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
#: A network without IPv4 reaches it through these: the last 32 bits are the IPv4 address (RFC 6052, 2.1).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = 0x00005EFE
#: Where a calendar of one's own may live. Link-local IPv4 is left out: clouds hand out their keys there.
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]


_MEANT = (
    "If it is a server of your own, say `allow_private = true` for this calendar; else check its address."
)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system, which also reads the decimal, octal and hexadecimal spellings of an address."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[4][0]) for place in found]


def look_up(resolver: Resolver, host: str, port: int, seconds: float) -> Sequence[str]:
    """Ask `resolver` and wait so long. Raises TimeoutError when that was not enough, and what the resolver raises.

    The system's look-up cannot be stopped, so it is left to end by itself, in a thread that keeps no process alive.
    """
    answers: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for it
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    # The old ISATAP form hides an IPv4 address in the last 64 bits of any network (RFC 5214, 6.1).
    isatap = (int(address) >> 32) & 0xFDFFFFFF == _ISATAP
    return address in _GLOBAL_V6 and not isatap and not any(address in network for network in _SPECIAL_V6)


def is_private(address: IPAddress) -> bool:
    return any(address.version == network.version and address in network for network in _PRIVATE)


def find_reachable(address: WebAddress, resolver: Resolver, *, allow_private: bool) -> list[str]:
    """Return the checked addresses of a host, in the resolver's order: connect to these and ask no more.

    One forbidden address among them forbids all: who mixes them is after a machine inside. Raises UnfitError
    for that, and what the resolver raises.
    """
    found = [ipaddress.ip_address(text) for text in dict.fromkeys(resolver(address.host, address.port))]
    for each in found:
        if not is_public(each) and not (allow_private and is_private(each)):
            raise UnfitError("its host lies in a private or reserved network", _MEANT)
        if address.scheme == "http" and not is_private(each):
            raise UnfitError("plain http is allowed inside your own network only", "Use https.")
    return [str(each) for each in found]
