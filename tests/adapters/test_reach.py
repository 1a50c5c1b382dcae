"""Which addresses are never connected to: hundreds of spellings, each asked for directly and by a redirect."""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from servers.web import Call, Names, Proxy, Site, make_context

from followupd.adapters.feeds import Feed
from followupd.adapters.reach import is_private, is_public
from followupd.errors import SourceProblem
from followupd.network import Network, UnfitError

FORBIDDEN = [
    line
    for line in (Path(__file__).parent.parent / "feeds" / "forbidden.txt").read_text().splitlines()
    if not line.startswith("#")
]
PUBLIC = "93.184.215.14"

#: As a redirect these lead nowhere else (RFC 3986, 5.2).
ON_THE_SAME_SITE = {
    "/etc/passwd", "example.com/cal.ics", "https:/127.0.0.1", "https:127.0.0.1:{port}", "https://", "https:///cal.ics",
}  # fmt: skip

#: Every connection this process tries while a test watches; none of them gets through.
_tried: list[Any] = []
_watching = False


def _note_connects(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "socket.connect":
        _tried.append(arguments[1])
        raise ConnectionRefusedError


sys.addaudithook(_note_connects)


@pytest.fixture
def tried() -> Iterator[list[Any]]:
    global _watching  # noqa: PLW0603 - an audit hook cannot be taken away, only told to rest
    _tried.clear()
    _watching = True
    yield _tried
    _watching = False


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener
        with pytest.raises(BlockingIOError):
            listener.accept()


def split(line: str, port: int) -> tuple[str, Names]:
    """Return the address of a line, and a resolver that knows its host."""
    address, _, found = line.replace("{port}", str(port)).partition(" -> ")
    host = urlsplit(address).hostname if found else ""
    return address, Names({host or "": found.split()})


def test_there_are_hundreds_of_them_and_each_counts() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 200


@pytest.mark.parametrize("line", FORBIDDEN)
def test_nothing_connects_to_a_forbidden_address(line: str, trap: socket.socket, tried: list[Any]) -> None:
    address, names = split(line, trap.getsockname()[1])
    with pytest.raises((SourceProblem, UnfitError)) as caught:
        Feed(address, Network(proxy=""), resolver=names).fetch()
    assert tried == []
    assert "not known" not in str(caught.value)  # it was refused for what it is


def test_nothing_connects_to_a_forbidden_address_after_a_redirect(
    tmp_path: Path, trap: socket.socket
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Site(make_context(authority, "public.example")) as site, Proxy(site.port) as proxy:
        network = Network(f"http://127.0.0.1:{proxy.port}", tmp_path / "ca.pem")
        for line in sorted({*FORBIDDEN} - ON_THE_SAME_SITE):
            location, names = split(line, trap.getsockname()[1])
            names.addresses["public.example"] = [PUBLIC]
            site.do = partial(send_to, location)
            proxy.heads.clear()
            with pytest.raises(SourceProblem) as caught:
                Feed("https://public.example/cal.ics", network, resolver=names).fetch()
            assert proxy.targets == ["public.example:443"], line
            assert location not in str(caught.value), line


def send_to(location: str, call: Call) -> None:
    call.answer(302, Location=location.encode().decode("latin-1"))


@pytest.mark.parametrize(
    "text",
    [
        "93.184.215.14", "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1",
        "192.167.255.255", "192.169.0.1", "11.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450:4001:830::200e", "2001:4860:4860::8888", "2001:200::1",
        "64:ff9b::5db8:d70e",
    ],
)  # fmt: skip
def test_public_addresses_are_public(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert (is_public(address), is_private(address)) == (True, False)


@pytest.mark.parametrize(
    ("text", "mine"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.7.7", True),
        ("100.100.1.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("::", False),
        ("::ffff:127.0.0.1", False),
        ("192.0.2.1", False),
    ],
)
def test_the_switch_for_private_networks_opens_these_and_no_others(
    text: str, mine: bool, tried: list[Any]
) -> None:
    assert is_private(ipaddress.ip_address(text)) is mine
    feed = Feed(
        "https://nas.example/", Network(proxy=""), allow_private=True, resolver=lambda _host, _port: [text]
    )
    with pytest.raises(SourceProblem):
        feed.fetch()
    assert [place[0] for place in tried] == ([text] if mine else [])


def test_plain_http_goes_to_private_networks_only(tried: list[Any]) -> None:
    feed = Feed(
        "http://x.example/", Network(proxy=""), allow_private=True, resolver=lambda _host, _port: [PUBLIC]
    )
    with pytest.raises(SourceProblem, match="inside your own network only"):
        feed.fetch()
    assert tried == []
