"""The page at its real sockets: what is no request at all, too large or too slow is refused with the same headers."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from browsing import serve
from visitor import build_page
from week import open_world

from followupd.errors import Problem
from followupd.web.guard import HEADERS
from followupd.web.serving import BODY_MAX, CONNECTIONS, PageServer

HOSTS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with open_world(tmp_path_factory.mktemp("world")) as world, serve(build_page(world)[0]) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a page that waits a second for a request."""
    with open_world(tmp_path_factory.mktemp("hasty")) as world, serve(build_page(world)[0], 1) as address:
        yield int(address.rpartition(":")[2])


def ask(port: int, request: bytes, address: str = "127.0.0.1") -> tuple[int, dict[str, str]]:
    """Send bytes and return status and headers of the answer."""
    with socket.socket(HOSTS[address], socket.SOCK_STREAM) as opened:
        opened.settimeout(20)
        opened.connect((address, port))
        opened.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer and (piece := opened.recv(65_536)):
            answer += piece
    status, *lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("address", list(HOSTS))
def test_it_answers_on_both_stacks(port: int, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    assert ask(port, f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode(), address)[0] == 401


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\n\r\n", 421),
        (b"GET / HTTP/1.0\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
        (b"GET /static/%2e%2e/app.py HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX + 1), 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: wrong\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
    ],
)
def test_what_is_refused_at_the_door_carries_the_headers_too(
    port: int, request_bytes: bytes, status: int
) -> None:
    found, headers = ask(port, request_bytes)
    assert (found, {name: headers.get(name) for name, _ in HEADERS}) == (status, dict(HEADERS))
    assert "Server" not in headers


def test_a_taken_port_is_told_in_words_and_leaves_the_other_alone(port: int, tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        page, _ = build_page(world)
        with pytest.raises(Problem, match=f"cannot be served at port {port}: Address already in use"):
            PageServer(page, port)
    assert ask(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 401


def test_a_crowd_that_says_nothing_is_shown_out_and_the_owner_gets_in(hasty: int) -> None:
    crowd = [socket.create_connection(("127.0.0.1", hasty)) for _ in range(CONNECTIONS * 2)]
    try:
        assert ask(hasty, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 401
    finally:
        for opened in crowd:
            opened.close()


def test_a_request_that_trickles_in_is_not_waited_for_for_ever(hasty: int) -> None:
    with socket.create_connection(("127.0.0.1", hasty), timeout=20) as opened:
        began = time.monotonic()
        opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        while not is_closed(opened, within=0.1):
            with suppress(ConnectionError):
                opened.sendall(b"x")
            assert time.monotonic() - began < 15


def is_closed(opened: socket.socket, within: float) -> bool:
    """Tell whether the other end hung up; waits so long for a word of it."""
    opened.settimeout(within)
    try:
        return opened.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
