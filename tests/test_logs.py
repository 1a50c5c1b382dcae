"""The daemon's log: one line for one thing, no secrets, no line of a stranger's, and an end to storms."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from followupd.logs import Calm, Lines

HOUR = 3600.0
SPEAK = """
import logging, sys
from followupd.logs import set_up_log
set_up_log()
logging.getLogger("followupd").info("started")
logging.getLogger("followupd").error("it is broken\\n<3>forged")
logging.getLogger("urllib3").debug("not shown")
"""


class Log:
    """A logger over a stream in memory, and a clock in seconds."""

    def __init__(self, *, journal: bool = False) -> None:
        self.now = 0.0
        self.stream = io.StringIO()
        self.logger = logging.getLogger("tests.logs")
        self.logger.setLevel(logging.DEBUG)
        self.logger.propagate = False
        self.logger.handlers.clear()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(Lines(journal=journal))
        handler.addFilter(Calm(handler.format, lambda: self.now))
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def log() -> Log:
    return Log()


def test_what_strangers_wrote_breaks_no_line(log: Log) -> None:
    log.logger.warning("left out %s", "a\r\nERROR forged\u2028\x1b[31m\x00")
    assert log.stream.getvalue() == "WARNING left out a  ERROR forged  [31m \n"


def fail(words: str) -> None:
    raise ValueError(words)


def test_a_traceback_is_lines_that_cannot_be_taken_for_others(log: Log) -> None:
    try:
        fail("nobody foresaw\nERROR forged: Bearer ya29.a0AfH6SMBx-3 to jane@acme.example")
    except ValueError:
        log.logger.exception("a bug")
    first, *rest = log.lines
    assert first == "ERROR a bug"
    assert all(line.startswith("ERROR | ") for line in rest)
    assert rest[-1] == "ERROR | ERROR forged: Bearer […] to j…@acme.example"


def test_addresses_are_for_debugging_alone_and_tokens_for_nobody(log: Log) -> None:
    log.logger.debug("to %s with token=%s", "jane@acme.example", "abcdefgh1234")
    log.logger.info("to %s with token=%s", "jane@acme.example", "abcdefgh1234")
    assert log.lines == [
        "DEBUG to jane@acme.example with token=[…]",
        "INFO to j…@acme.example with token=[…]",
    ]


def test_the_journal_is_told_how_grave_each_line_is() -> None:
    log = Log(journal=True)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.logger.log(level, "one %d", level)
    # sd-daemon(3): SD_DEBUG, SD_INFO, SD_WARNING, SD_ERR, SD_CRIT.
    assert log.lines == ["<7>one 10", "<6>one 20", "<4>one 30", "<3>one 40", "<2>one 50"]


def test_the_same_warning_comes_once_an_hour_however_often_it_comes_and_goes(log: Log) -> None:
    for minute in range(0, 125, 5):
        log.now = minute * 60.0
        log.logger.warning("calendar 'work': it is gone")
    gone = "WARNING calendar 'work': it is gone"
    assert log.lines == [
        gone, gone.replace("calendar", "(11 lines were left out) calendar"), gone.replace("calendar", "(11 lines were left out) calendar"),
    ]  # fmt: skip


def test_six_hours_of_storm_are_no_five_megabytes(log: Log) -> None:
    for second in range(0, 6 * 3600, 6):
        log.now = float(second)
        log.logger.error("item %d met %s", second, "ä" * 2_000)
    size = len(log.stream.getvalue().encode())
    assert 1_000_000 < size < 5_000_000
    assert any("lines were left out) item" in line for line in log.lines)


def test_a_year_of_a_calendar_that_comes_and_goes_is_no_twenty_megabytes(log: Log) -> None:
    for number in range(30 * 288):
        log.now = number * 300.0
        log.logger.warning("calendar '%s': its server is busy or out of order (code 503)", "abc"[number % 3])
    assert len(log.stream.getvalue().encode()) * 12 < 20_000_000


@pytest.mark.parametrize("journal", [True, False])
def test_the_process_writes_as_its_standard_error_wants_it(tmp_path: Path, journal: bool) -> None:
    with (tmp_path / "log").open("w") as file:
        status = os.fstat(file.fileno())
        stream = (
            f"{status.st_dev}:{status.st_ino}" if journal else "1:1"
        )  # of a parent's, that leads elsewhere
        environment = {"PATH": os.environ["PATH"], "JOURNAL_STREAM": stream}
        subprocess.run([sys.executable, "-c", SPEAK], stderr=file, env=environment, check=True)
    written = (tmp_path / "log").read_text().splitlines()
    forged = "it is broken <3>forged"
    assert written == (["<6>started", f"<3>{forged}"] if journal else ["INFO started", f"ERROR {forged}"])
