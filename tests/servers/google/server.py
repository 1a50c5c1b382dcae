"""The HTTP side of the stand-in: connections, faults, and which method a request is."""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from servers.google.bodies import Incoming
from servers.google.faults import Answer, Break, Faults, break_off


@dataclass
class Seen:
    """One HTTP request as it arrived, answered or not."""

    verb: str
    path: str
    query: dict[str, list[str]]
    host: str
    at: datetime
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = ""
    """The API's name of the method, as gmail.users.drafts.create; "" outside the APIs."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class Wire:
    """A server on loopback that keeps every request and lets faults happen to them."""

    def __init__(
        self,
        answer: Callable[[Incoming, Seen], Answer],
        clock: Callable[[], datetime],
        context: ssl.SSLContext | None,
        port: int,
    ) -> None:
        self.faults = Faults()
        self.seen: list[Seen] = []
        self._answer = answer
        self._clock = clock
        self._lock = threading.RLock()
        self._server = _QuietServer(("127.0.0.1", port), self._make_handler())
        self.port = self._server.server_port
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.faults.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take_in(self, incoming: Incoming) -> tuple[Break | None, Answer]:
        """Note a request, do its work unless a fault forbids it, and return what to say and what befalls it."""
        with self._lock:
            headers = {name.lower(): value for name, value in incoming.headers.items()}
            seen = Seen(
                incoming.verb,
                incoming.path,
                dict(incoming.query),
                headers.get("host", ""),
                self._clock(),
                headers,
                incoming.body,
            )
            self.seen.append(seen)
            fault = self.faults.take(incoming.verb, incoming.path)
            answer = Answer(200) if fault and not fault.work_done else self._answer(incoming, seen)
        if fault is None:
            return None, answer
        return (None, fault.happening) if isinstance(fault.happening, Answer) else (fault.happening, answer)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        wire = self

        class Handler(BaseHTTPRequestHandler):
            # Connections are kept, or clients that repeat requests on a lost one would go unseen.
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                befalls, answer = wire._take_in(Incoming(self.command, self.path, self.headers, body))
                if befalls is not None:
                    break_off(self, befalls, wire.write(answer), wire.faults.over)
                else:
                    self.wfile.write(wire.write(answer))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of http.server

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def write(self, answer: Answer) -> bytes:
        date = format_datetime(self._clock(), usegmt=True)
        headers = {"Date": date, "Content-Length": str(len(answer.body))} | answer.headers
        lines = [f"HTTP/1.1 {answer.status} Words", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def write_json(status: int, value: object, **headers: str) -> Answer:
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    return Answer(status, json.dumps(value, indent=1).encode(), kind | headers)
