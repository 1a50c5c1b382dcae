"""Marks of what was told without the state, so that a daemon that is started again and again tells it once a day."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DAY_SECONDS = 24 * 60 * 60


def mark_today(state: Path, name: str) -> bool:
    """Note that something is told now; False when it was within a day, or when that cannot be noted.

    Better once too few than every minute. The mark is an empty file, which needs no space on a full disk.
    """
    for place in _places(state, name):
        with suppress(OSError):
            if place.exists() and abs(time.time() - place.stat().st_mtime) < _DAY_SECONDS:
                return False
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            os.utime(place)
            return True
    return False


def unmark(state: Path, name: str) -> None:
    """Take note that it is over: the next time it is news again."""
    for place in _places(state, name):
        with suppress(OSError):
            place.unlink()


def _places(state: Path, name: str) -> Iterator[Path]:
    """Yield where the mark may lie: with the state, or where nobody keeps anything beyond a session."""
    yield state / name
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield Path(runtime) / f"followupd-{name}"
