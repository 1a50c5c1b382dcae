"""A terminal read key by key, and given back for a prompt or an editor."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


class Keys:
    """The terminal read key by key; keys typed ahead are kept."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._usual = termios.tcgetattr(self._input)

    @contextmanager
    def single(self) -> Iterator[None]:
        """Take single keys, without an echo, while this lasts."""
        tty.setcbreak(self._input, termios.TCSADRAIN)
        try:
            yield
        finally:
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._usual)

    @contextmanager
    def lines(self) -> Iterator[None]:
        """Let a prompt or an editor have the terminal as it usually is."""
        termios.tcsetattr(self._input, termios.TCSADRAIN, self._usual)
        try:
            yield
        finally:
            tty.setcbreak(self._input, termios.TCSADRAIN)

    def read(self) -> str:
        """Return the next key; "" for those that send more than a letter, such as arrows."""
        key = os.read(self._input, 1)
        if key != b"\x1b":
            return key.decode("ascii", "replace") or "q"  # the terminal is gone
        while select.select([self._input], [], [], 0)[0]:
            os.read(self._input, 1)
        return ""
