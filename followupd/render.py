"""The parent's end of the pipe to the child process in which templates run (sandbox.py).

Jinja's sandbox stops escapes but neither loops nor `9**(9**9)` nor memory bombs, so templates run in a
child of their own, with limits the system keeps. The parent never loads Jinja.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from followupd.errors import TemplateProblem

#: Starting Python and Jinja is no part of a render's time; a busy machine may take long over it.
_START_WITHIN = 30.0
#: No honest answer is longer: the output limit, each byte escaped for JSON, and the words around it.
_ANSWER_MAX = 1_000_000
_READ_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """What one render may cost."""

    cpu: float = 1.0
    """Seconds of computing, kept by the system."""
    wall: float = 3.0
    """Seconds until the parent stops waiting and kills the child."""
    memory: int = 256 * 1024 * 1024
    """Bytes of address space of the whole child."""
    output: int = 100_000
    """Bytes of rendered text, as UTF-8."""


class Renderer:
    """Renders templates in a child process that stays warm; a child that dies is replaced by the next call.

    May be used by several threads; they take turns. Close it, or use it in a `with`.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; the next render would start another."""
        if self._child:
            _end_child(self._child)
        self._child = None

    def render(self, template: str, sources: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        """Render `template` of `sources` (name → source) with `facts`, which are plain JSON data.

        Raises TemplateProblem with file and line for every mistake, gap and exceeded limit.
        """
        return self._ask(template, {"template": template, "sources": dict(sources), "facts": dict(facts)})

    def check_template(self, template: str, sources: Mapping[str, str]) -> None:
        """Raise TemplateProblem with file and line when `template` is not written correctly."""
        self._ask(template, {"template": template, "sources": dict(sources), "facts": None})

    def _ask(self, template: str, request: dict[str, Any]) -> str:
        with self._turn:
            try:
                answer = self._exchange(json.dumps(request).encode("ascii") + b"\n")
            except BaseException as error:
                # An answer that nobody waited for must never be taken for the next one's.
                code = self._kill()
                if isinstance(error, (OSError, EOFError)):
                    raise self._explain_end(template, error, code) from error
                raise
        if "output" in answer:
            return str(answer["output"])
        raise TemplateProblem(answer["what"], answer["todo"])

    def _exchange(self, request: bytes) -> dict[str, Any]:
        child = self._child
        if child is None or child.poll() is not None:
            self.close()
            child = self._child = _start_child(self._limits)
        deadline = time.monotonic() + self._limits.wall
        _write_all(child, request, deadline)
        answer: dict[str, Any] = json.loads(_read_line(child, deadline))
        return answer

    def _kill(self) -> int | None:
        child, self._child = self._child, None
        return _end_child(child) if child else None

    def _explain_end(self, template: str, error: BaseException, code: int | None) -> TemplateProblem:
        limits, file = self._limits, name_file(template)
        if code is None:
            return TemplateProblem(
                "The process in which templates run does not start.", "Please report this."
            )
        if isinstance(error, TimeoutError):
            return TemplateProblem(f"{file}: took longer than {limits.wall:g} s and was stopped.", SIMPLIFY)
        if code == -signal.SIGPROF:
            return TemplateProblem(
                f"{file}: took more than {limits.cpu:g} s of computing and was stopped.", SIMPLIFY
            )
        return TemplateProblem(f"{file}: ended the process it ran in.", SIMPLIFY)


SIMPLIFY = "Look for a loop, a macro that calls itself, or a sum that grows without end, and make it smaller."


def _start_child(limits: Limits) -> subprocess.Popen[bytes]:
    # -I keeps this folder and every PYTHON* variable out; the child inherits no secret from the environment.
    # LD_LIBRARY_PATH is what a Python in an unusual place needs to start at all.
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-m", "followupd.sandbox", json.dumps(asdict(limits))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=environment,
        cwd="/",
    )
    try:
        _read_line(child, time.monotonic() + _START_WITHIN)
    except BaseException:
        _end_child(child)
        raise
    return child


def _end_child(child: subprocess.Popen[bytes]) -> int:
    """Kill the child if it still lives, close the pipes, and return its exit code (negative: the signal)."""
    if child.stdin and child.stdout:
        child.stdin.close()
        child.stdout.close()
    child.kill()
    return child.wait()


def _write_all(child: subprocess.Popen[bytes], data: bytes, deadline: float) -> None:
    if child.stdin is None:
        raise EOFError
    pipe = child.stdin.fileno()
    os.set_blocking(pipe, False)
    while data:
        _wait_for(pipe, select.POLLOUT, deadline)
        data = data[os.write(pipe, data) :]


def _read_line(child: subprocess.Popen[bytes], deadline: float) -> bytes:
    if child.stdout is None:
        raise EOFError
    pipe, line = child.stdout.fileno(), bytearray()
    while not line.endswith(b"\n"):
        _wait_for(pipe, select.POLLIN, deadline)
        piece = os.read(pipe, _READ_AT_ONCE)
        if not piece or len(line) > _ANSWER_MAX:
            raise EOFError
        line += piece
    return bytes(line)


def _wait_for(pipe: int, what: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(pipe, what)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def name_file(template: str) -> str:
    return f"templates/{template}"
