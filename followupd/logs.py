"""The daemon's log: one line for one thing, without secrets, and never so much that it fills a disk."""

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from followupd.rules.redaction import redact

#: A longer message is cut; only a traceback may be longer.
_LINE_MAX, _TRACE_MAX = 1_000, 4_000
#: In ten minutes at most so many bytes are written, which is some hundred lines and 3.6 MB in six hours.
_WINDOW, _WINDOW_BYTES = 600.0, 100_000
#: The same warning is written once an hour, however often it comes and goes.
_AGAIN, _MOST_KNOWN = 3600.0, 200
#: In a record: how many were left out before it.
_LEFT_OUT = "left_out"
#: What systemd reads at the beginning of a line (sd-daemon(3)).
_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def set_up_log(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Have everything that is logged in this process written to `stream` (standard error) in our way."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(journal=_is_journal(stream)))
    handler.addFilter(Calm(handler.format))
    logging.basicConfig(level=level, handlers=[handler])


def _is_journal(stream: TextIO) -> bool:
    """Tell whether the stream leads to systemd's journal (systemd.exec(5), $JOURNAL_STREAM)."""
    with suppress(OSError, ValueError):
        status = os.fstat(stream.fileno())
        return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
    return False


class Lines(logging.Formatter):
    """Writes a record as one line; a traceback as lines that cannot be taken for others."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        head = self._begin(record)
        addresses = record.levelno < logging.INFO
        text = _clean(redact(record.getMessage(), addresses=addresses))[:_LINE_MAX]
        left_out = vars(record).get(_LEFT_OUT)
        lines = [f"{head}{f'({left_out} lines were left out) ' if left_out else ''}{text}"]
        if record.exc_info:
            # With names of files and code, and with the words of an exception, which strangers may have written.
            trace = redact(self.formatException(record.exc_info), addresses=addresses)[-_TRACE_MAX:]
            lines += [f"{head}| {_clean(line)}" for line in trace.split("\n")]
        return "\n".join(lines)

    def _begin(self, record: logging.LogRecord) -> str:
        level = record.levelno - record.levelno % 10
        return f"<{_PRIORITIES.get(level, 5)}>" if self._journal else f"{record.levelname} "


def _clean(text: str) -> str:
    """Return a text without what breaks a line or steers a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " for letter in text)


class Calm(logging.Filter):
    """Lets through what the log can bear, and says afterwards how much was left out."""

    def __init__(
        self, write: Callable[[logging.LogRecord], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`write` gives a record as it would stand in the log; `clock` counts seconds."""
        super().__init__()
        self._write = write
        self._clock = clock
        self._began = clock()
        self._left = _WINDOW_BYTES
        self._skipped = 0
        self._known: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        line = self._write(record)
        size = len(line.encode("utf-8", "replace")) + 1
        if now - self._began >= _WINDOW:
            self._began, self._left = now, _WINDOW_BYTES
        if (record.levelno >= logging.WARNING and not self._is_news(line, now)) or size > self._left:
            self._skipped += 1
            return False
        self._left -= size
        vars(record)[_LEFT_OUT], self._skipped = self._skipped, 0
        return True

    def _is_news(self, line: str, now: float) -> bool:
        """Tell whether a line was not written within the hour."""
        if now - self._known.get(line, now - _AGAIN) < _AGAIN:
            return False
        self._known[line] = now
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return True
