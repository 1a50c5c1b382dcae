"""What the daemon says when it cannot go on: its end is told once a day, however often it is started again."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from followupd.adapters import WAYS, load
from followupd.assemble import read_clock
from followupd.errors import AlreadyRunning, ConfigProblem, Problem, name_bug
from followupd.home import find_state, read_tables
from followupd.notices import Cause
from followupd.rules.hours import Hours
from followupd.rules.notices import write_notices
from followupd.settings import Settings
from followupd.telling import Telling
from followupd.troubles import Found, date_trouble
from followupd.ways import build_telling

_MARK = "stopped"
_DAY_SECONDS = 24 * 60 * 60


@contextmanager
def telling_the_end(settings: Settings) -> Iterator[None]:
    """Tell the owner what ends the block, by the ways that write into no mailbox; whatever it is, it goes on from here."""
    try:
        yield
    except AlreadyRunning:
        raise  # so another one works
    except Problem as problem:
        _tell_end(problem, build_telling(settings, None, {}), settings.state)
        raise
    except Exception as error:
        _tell_end(name_bug("the daemon", error), build_telling(settings, None, {}), settings.state)
        raise


def tell_unreadable(config_file: Path, problem: Problem) -> None:
    """Tell on the desktop that the config cannot be used: it names no other way."""
    telling = Telling(None, [load(WAYS["desktop"])()], None, Hours("UTC"), read_clock)
    try:
        tables = read_tables(config_file)
    except ConfigProblem:
        tables = {}
    _tell_end(problem, telling, find_state(config_file, tables))


def forget_end(state: Path) -> None:
    """Take note that the daemon runs: its next end is news again."""
    for place in _places(state):
        with suppress(OSError):
            place.unlink()


def _tell_end(problem: Problem, telling: Telling, state: Path) -> None:
    if _mark_end(state):
        now = read_clock()
        trouble = date_trouble(Found(Cause.STOP, "", problem), now)
        telling.tell_without_state(write_notices([trouble], now, "UTC"))


def _mark_end(state: Path) -> bool:
    """Note that the end is told now; False when it was within a day, or that cannot be noted: better once too few than every minute.

    The mark is an empty file, which needs no space on a full disk.
    """
    for place in _places(state):
        with suppress(OSError):
            if place.exists() and abs(time.time() - place.stat().st_mtime) < _DAY_SECONDS:
                return False
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            os.utime(place)
            return True
    return False


def _places(state: Path) -> Iterator[Path]:
    """Yield where the mark may lie: with the state, or where nobody keeps anything beyond a session."""
    yield state / _MARK
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield Path(runtime) / f"followupd-{_MARK}"
