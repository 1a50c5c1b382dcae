"""The page's sockets: 127.0.0.1 and ::1 and nothing else; a thread of the daemon's, or a command's own."""

import errno
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask
from waitress.wasyncore import close_all

from followupd.errors import Problem
from followupd.web.guard import add_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Larger than any guest list or template; a request must be whole and small before a route sees it.
BODY_MAX = 2_000_000
_HEADER_MAX = 16_384
CONNECTIONS = 64
#: Seconds in which a request must be whole, and after which a silent connection is closed.
_PATIENCE = 30
_THREADS = 4
_NO_SUCH_STACK = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class _GuardedError(ErrorTask):
    """The server's own refusals carry the same headers as every other answer."""

    def build_response_header(self) -> bytes:
        self.response_headers = add_headers(self.response_headers)
        return bytes(super().build_response_header())


class _Channel(HTTPChannel):
    error_task_class = _GuardedError
    _began = 0.0

    def received(self, data: bytes) -> bool:
        """Take bytes; close on a request that is not whole in time, however often another byte of it comes."""
        if self.request is None:
            self._began = time.monotonic()
        taken = bool(super().received(data))
        if self.request is not None and time.monotonic() - self._began > self.adj.channel_timeout:
            self.will_close = True
        return taken


class PageServer:
    """Serves one application on loopback. Binds at once, so that a taken port is told at once."""

    def __init__(self, app: "WSGIApplication", port: int, patience: int = _PATIENCE) -> None:
        """Bind both stacks; `patience` in seconds. Raises Problem when the port is taken."""
        self._sockets = _bind_loopback(port)
        self._parts: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._parts,
            sockets=self._sockets,
            threads=_THREADS,
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=patience,
            cleanup_interval=max(patience // 2, 1),
            asyncore_loop_timeout=patience,  # an answer wakes it; nothing else has to
            max_request_body_size=BODY_MAX,
            max_request_header_size=_HEADER_MAX,
            clear_untrusted_proxy_headers=True,
        )
        self._thread: threading.Thread | None = None
        for part in self._listening():
            part.channel_class = _Channel

    def serve(self) -> None:
        """Serve until Ctrl-C."""
        self._server.run()

    def start(self) -> None:
        """Serve in a thread of this process until `close`."""
        self._thread = threading.Thread(target=self._server.run, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at once; what a thread is answering is finished."""
        if self._thread is None:
            return
        # The loop belongs to its thread: only there can its sockets be closed.
        self._listening()[0].pull_trigger(self._end)
        self._thread.join()
        self._thread = None

    def _end(self) -> None:
        self._server.task_dispatcher.shutdown()
        close_all(self._parts, ignore_all=True)

    def _listening(self) -> list[Any]:
        return [part for part in self._parts.values() if hasattr(part, "pull_trigger")]


def _bind_loopback(port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                sockets.append(_bind(family, address, port))
            except OSError as error:
                if family == socket.AF_INET or error.errno not in _NO_SUCH_STACK:
                    raise
    except OSError as error:
        for bound in sockets:
            bound.close()
        raise Problem(
            f"The page cannot be served at port {port}: {error.strerror}.",
            "Another program may have taken it; name another: [page] port in config.toml.",
        ) from error
    return sockets


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a restart; never beside another
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
