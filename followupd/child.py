"""A child process that answers one question after the other, under limits the system keeps; both ends of its pipes.

What strangers or a slip of the pen may blow up runs there: templates, the entries of calendars. A question that takes too
much computing, memory or time ends the child, which costs that question; the parent goes on.
"""

import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO

#: Starting Python and its libraries is no part of an answer's time; a busy machine may take long over it.
_START_WITHIN = 30.0
_READ_AT_ONCE = 1024 * 1024
_HEAD_BYTES = 8


class Child:
    """A module of ours that runs as a process and calls `answer_parent`.

    Raises OSError, EOFError when it ended, TimeoutError when it did not answer in time: then end it.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        # -I keeps this folder and every PYTHON* variable out; the child inherits no secret from the environment.
        # LD_LIBRARY_PATH is what a Python in an unusual place needs to start at all.
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            cwd="/",
        )
        try:
            self._read_frame(time.monotonic() + _START_WITHIN, 0)
        except BaseException:
            self.end()
            raise

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: bytes, seconds: float, longest: int) -> bytes:
        """Return the answer, of at most `longest` bytes; after any error the child is of no use any more."""
        deadline = time.monotonic() + seconds
        self._write_all(_frame(question), deadline)
        return self._read_frame(deadline, longest)

    def end(self) -> int:
        """Kill the child if it still lives, close the pipes, and return its exit code (negative: the signal)."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.kill()
        return self._process.wait()

    def _write_all(self, data: bytes, deadline: float) -> None:
        pipe = _number(self._process.stdin)
        os.set_blocking(pipe, False)
        rest = memoryview(data)
        while rest:
            _wait_for(pipe, select.POLLOUT, deadline)
            rest = rest[os.write(pipe, rest) :]

    def _read_frame(self, deadline: float, longest: int) -> bytes:
        size = int.from_bytes(self._read_all(_HEAD_BYTES, deadline))
        if size > longest:
            raise EOFError
        return self._read_all(size, deadline)

    def _read_all(self, size: int, deadline: float) -> bytes:
        pipe, data = _number(self._process.stdout), bytearray()
        while len(data) < size:
            _wait_for(pipe, select.POLLIN, deadline)
            piece = os.read(pipe, min(size - len(data), _READ_AT_ONCE))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


def _number(pipe: IO[bytes] | None) -> int:
    if pipe is None or pipe.closed:
        raise EOFError
    return pipe.fileno()


def _wait_for(pipe: int, what: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(pipe, what)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _frame(data: bytes) -> bytes:
    return len(data).to_bytes(_HEAD_BYTES) + data


# ---- from here on: what runs in the child ----


def give_up(memory: int) -> None:
    """Take from this process what an answer never needs; nothing here can be given back (setrlimit(2)).

    `memory` is in bytes of address space.
    """
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))


def answer_parent(answer: Callable[[bytes], bytes], cpu: float) -> None:
    """Answer until the parent closes the pipe; each answer may take `cpu` seconds of computing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _say(b"")
    for question in _hear():
        # The timer's signal ends this process even inside one long step, where Python could not react.
        signal.setitimer(signal.ITIMER_PROF, cpu)
        answered = answer(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _say(answered)


def _hear() -> Iterator[bytes]:
    while head := sys.stdin.buffer.read(_HEAD_BYTES):
        yield sys.stdin.buffer.read(int.from_bytes(head))


def _say(answer: bytes) -> None:
    sys.stdout.buffer.write(_frame(answer))
    sys.stdout.buffer.flush()
