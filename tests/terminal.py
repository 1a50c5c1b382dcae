"""A real terminal for tests: the program at one end, an owner who types and pastes at the other."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 30.0
#: What a terminal puts around a paste when a program asked for it (xterm, "Bracketed Paste Mode").
_PASTE = ("\x1b[200~", "\x1b[201~")


class Terminal:
    """Runs a command at a pseudo terminal and counts the keys that are pressed."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.keys = 0
        self.seen = ""
        self._master, slave = pty.openpty()
        environment = {**env, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=cwd, start_new_session=True
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            self._process.kill()
        os.close(self._master)

    def wait_for(self, text: str) -> str:
        """Return what came up to and with `text` since the last wait; fail when it does not come."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not come; there is: {self.seen!r}"
            self._read(0.1)
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def type(self, text: str) -> None:
        """Press the keys of a text, then Enter."""
        self._send(text + "\r")
        self.keys += len(text) + 1

    def paste(self, text: str, *, bracketed: bool) -> None:
        """Paste a text, as terminals with and without bracketed paste do, then press Enter."""
        lines = text.replace("\n", "\r")
        self._send(f"{_PASTE[0]}{lines}{_PASTE[1]}\r" if bracketed else f"{lines}\r")
        self.keys += 2

    def finish(self) -> int:
        """Return the exit code, once the program has ended."""
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on: {self.seen!r}"
            self._read(0.1)
        self._read(0)
        return self._process.returncode

    def _send(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read(self, within: float) -> None:
        if select.select([self._master], [], [], within)[0]:
            try:
                self.seen += os.read(self._master, 65536).decode(errors="replace")
            except OSError:  # the program's end is closed
                time.sleep(0.01)
