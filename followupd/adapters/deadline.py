"""One time limit for all of a conversation over the network, however slowly the other side talks."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

#: The longest wait for one of a host's addresses, so that a dead IPv6 leaves time for IPv4.
_KNOCK_SECONDS = 5.0
_MOST_KNOCKS = 4


class Deadline:
    """The one time for all of a fetch. When it is over every connection is cut: no drip keeps one open."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lines: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for line in self._lines:
            line.close()

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._ends

    @property
    def left(self) -> float:
        """Seconds, never quite 0: a socket takes that for "do not wait at all"."""
        return max(self._ends - time.monotonic(), 0.001)

    def watch(self, line: socket.socket) -> None:
        """Cut `line` too when the time is over; TLS takes the socket itself away, so a second handle is kept."""
        self._lines.append(line.dup())
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        for line in list(self._lines):
            with suppress(OSError):  # it is over by itself
                line.shutdown(socket.SHUT_RDWR)


def dial(places: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first of `places` that answers."""
    failure = OSError("nothing to connect to")
    for place in places[:_MOST_KNOCKS]:
        try:
            line = socket.create_connection((place, port), timeout=min(_KNOCK_SECONDS, deadline.left))
        except OSError as error:
            failure = error
        else:
            line.settimeout(deadline.left)
            deadline.watch(line)
            return line
    raise failure
