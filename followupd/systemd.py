"""What the daemon tells the systemd that started it: one datagram of NAME=value lines, as sd_notify(3) lays down.

Nothing here waits or raises, and all of it does nothing where no systemd listens.
"""

import math
import os
import socket
from contextlib import suppress
from datetime import timedelta

#: A pass that comes to no good end for so long is tried once more from a fresh start. Until then the daemon goes on trying
#: by itself, for most of what is in its way, such as a full disk, a new start would meet too.
PATIENCE = timedelta(hours=1)


def tell_systemd(*lines: str) -> None:
    """Send lines such as "READY=1" to $NOTIFY_SOCKET, a path or, after an "@", an abstract name (unix(7))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.sendto("\n".join(lines).encode(), address.replace("@", "\0", 1))


class Watchdog:
    """Has systemd start the daemon anew when a pass hangs, or when none comes to a good end for PATIENCE."""

    def __init__(self) -> None:
        self._usual = int(os.environ.get("WATCHDOG_USEC") or 0)
        """Microseconds within which it has to be fed (WatchdogSec=); 0 where no watchdog waits."""
        self._well = True

    @property
    def seconds(self) -> float:
        """How often it has to be fed at least."""
        return self._usual / 2e6 if self._usual else math.inf

    def note_pass(self, *, well: bool) -> None:
        """Take note that a pass ended: `well` when each of its steps was done."""
        if self._usual and well is not self._well:
            patience = self._usual if well else PATIENCE // timedelta(microseconds=1)
            tell_systemd(f"WATCHDOG_USEC={patience}")
        self._well = well

    def feed(self) -> None:
        """Say that all is well, if it is; between two passes to be called every `seconds`."""
        if self._usual and self._well:
            tell_systemd("WATCHDOG=1")
