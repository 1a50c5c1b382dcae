"""What the daemon says when it cannot go on: its end is told once a day, however often it is started again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from followupd.adapters import WAYS, load
from followupd.assemble import read_clock
from followupd.errors import AlreadyRunning, ConfigProblem, Problem, name_bug
from followupd.home import find_state, read_tables
from followupd.marks import mark_today, unmark
from followupd.notices import Cause
from followupd.rules.hours import Hours
from followupd.rules.notices import write_notices
from followupd.settings import Settings
from followupd.telling import Telling
from followupd.troubles import Found, date_trouble
from followupd.ways import build_telling

_MARK = "stopped"


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
    unmark(state, _MARK)


def _tell_end(problem: Problem, telling: Telling, state: Path) -> None:
    if mark_today(state, _MARK):
        now = read_clock()
        trouble = date_trouble(Found(Cause.STOP, "", problem), now)
        telling.tell_without_state(write_notices([trouble], now, "UTC"))
