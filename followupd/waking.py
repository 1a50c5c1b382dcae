"""The bell between desk and daemon: a datagram socket in the state folder; a ring says only "look"."""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = "wake"
#: A socket's path holds this many bytes and a final zero (unix(7)).
_PATH_MAX = 107


def ring(folder: Path) -> None:
    """Wake the daemon of this state, if one listens; never waits and never raises."""
    with suppress(OSError), _open_socket() as bell, _address(folder) as address:
        bell.sendto(b".", address)


def is_listening(folder: Path) -> bool:
    """Tell whether a daemon listens on this state; it notices nothing of the question."""
    try:
        with _open_socket() as bell, _address(folder) as address:
            bell.connect(address)
    except OSError:
        return False
    return True


class Bell:
    """The daemon's end. `wait` sleeps until a ring, a signal's wake-up byte, or the time is over."""

    def __init__(self, folder: Path, signals: socket.socket) -> None:
        """`signals` is readable once a signal came (signal.set_wakeup_fd)."""
        self._path = folder / _NAME
        self._signals = signals
        self._path.unlink(missing_ok=True)  # the lock is ours, so what lies here is a dead daemon's
        self._socket = _open_socket()
        with _address(folder) as address:
            self._socket.bind(address)

    def wait(self, seconds: float) -> bool:
        """Return True when somebody rang."""
        ready, _, _ = select.select([self._socket, self._signals], [], [], max(seconds, 0.0))
        for waker in ready:
            _drain(waker)
        return self._socket in ready

    def close(self) -> None:
        self._socket.close()
        with suppress(OSError):
            self._path.unlink()


def _drain(waker: socket.socket) -> None:
    with suppress(BlockingIOError):
        while waker.recv(512):
            pass


def _open_socket() -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened.setblocking(False)
    return opened


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Yield the socket's path; one that is too long goes by the folder's descriptor, as Linux has it in /proc."""
    path = folder / _NAME
    if len(os.fsencode(path)) <= _PATH_MAX:
        yield str(path)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{_NAME}"
    finally:
        os.close(descriptor)
