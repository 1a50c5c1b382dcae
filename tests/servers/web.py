"""Web servers on loopback that answer well, badly or not at all, and a proxy before them."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import trustme
from servers.listener import Listener

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
PAUSE = 0.02  # seconds between two bytes of a server that drips


class Names:
    """A resolver that knows the names a test gave it, and reads spellings of addresses as the system does."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self.addresses = dict(addresses)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host in self.addresses:
            return self.addresses[host]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(place[4][0]) for place in found]


def make_context(authority: trustme.CA, host: str, not_after: datetime | None = None) -> ssl.SSLContext:
    """Return what a server needs to show that it is `host`, as `authority` says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=not_after).configure_cert(context)
    return context


class Call:
    """One request, and what a server can do about it."""

    def __init__(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        self._handler = handler
        self._over = over
        self.path = handler.path
        self.headers = handler.headers
        self.method = handler.command
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; header names are written with "_" for "-"."""
        lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def send(self, raw: bytes) -> None:
        self._handler.wfile.write(raw)

    def drip(self, raw: bytes) -> None:
        """Send byte by byte, until the other side or the test has had enough."""
        for number in range(len(raw)):
            if self._over.wait(PAUSE):
                return
            self.send(raw[number : number + 1])

    def stay_silent(self) -> None:
        self._over.wait()

    def send_without_end(self, raw: bytes) -> None:
        while not self._over.is_set():
            self.send(raw)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what these tests are about."""


class Site:
    """A server that answers every request by `do`, and keeps the requests."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.do: Callable[[Call], None] = lambda call: call.answer(200, CALENDAR)
        self.calls: list[Call] = []
        self._over = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), self._make_handler())
        self.port = self._server.server_port
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                call = Call(self, site._over)
                site.calls.append(call)
                site.do(call)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class Proxy(Listener):
    """A tiny CONNECT proxy: whatever is asked for, it connects to `port` on loopback, or answers `refusal`."""

    def __init__(self, port: int, refusal: str = "") -> None:
        super().__init__()
        self._onward = port
        self._refusal = refusal
        self.heads: list[str] = []

    @property
    def targets(self) -> list[str]:
        """What CONNECT asked for, in order."""
        return [head.split(" ")[1] for head in self.heads]

    def answer(self, line: socket.socket) -> None:
        with line:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += line.recv(1)
            self.heads.append(head.decode())
            if self._refusal:
                line.sendall(f"HTTP/1.1 {self._refusal}\r\n\r\n".encode())
                return
            line.sendall(b"HTTP/1.1 200 Go\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self._onward)) as onward:
                back = threading.Thread(target=_pump, args=(onward, line), daemon=True)
                back.start()
                _pump(line, onward)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
