"""One daemon or pass per state folder: a lock the kernel drops when the process is gone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from followupd.errors import AlreadyRunning, StateProblem


@contextmanager
def hold_state(folder: Path) -> Iterator[None]:
    """Hold the state folder. Raises AlreadyRunning when somebody else does, StateProblem when it cannot be used."""
    descriptor = _take_lock(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _take_lock(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
    except BlockingIOError:
        raise AlreadyRunning(
            f"followupd is already running on {folder}.",
            "There is nothing to do: it carries out what is due. Stop it first if you want this one instead.",
        ) from None
    except OSError as error:
        raise StateProblem(
            f"{error.filename or folder}: {error.strerror}.",
            "Make the state folder yours and writable, or name another: [state] path, $FOLLOWUPD_STATE.",
        ) from error
    return descriptor
