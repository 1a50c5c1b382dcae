"""Signals as bytes that end a sleep; and an end in time, whatever a pass waits for."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

from followupd.systemd import tell_systemd

log = logging.getLogger("followupd")

#: Seconds from a signal to end until the end, come what may.
GRACE = 4.0
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})


def listen_for_signals(handler: Callable[[int, FrameType | None], None]) -> socket.socket:
    """Return a socket that becomes readable with every signal.

    After SIGTERM or SIGINT the process has GRACE seconds to end by itself. Then it is cut off, for a server that does not
    answer may hold a pass up for minutes; every write outside was announced in the state before it left, so this costs
    no more than `kill -9`, after which the next pass looks it up.
    """
    numbers, caught = socket.socketpair()
    wakers, waking = socket.socketpair()
    for end in (caught, waking, wakers):
        end.setblocking(False)
    # Written to at once even where Python's own handlers wait for the main thread, as in a look-up of a host's name.
    signal.set_wakeup_fd(caught.detach())
    for number in (*_ENDING, signal.SIGHUP):
        signal.signal(number, handler)
    threading.Thread(target=_pass_on, args=(numbers, waking), name="signals", daemon=True).start()
    return wakers


def _pass_on(numbers: socket.socket, waking: socket.socket) -> None:
    while number := numbers.recv(1):
        waking.send(number)
        if number[0] in _ENDING:
            tell_systemd("STOPPING=1", "STATUS=stops after the write at hand")
            time.sleep(GRACE)
            log.warning("stopped in the middle of a pass; the next start looks up what was under way")
            os._exit(0)
