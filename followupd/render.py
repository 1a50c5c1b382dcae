"""The parent's end of the pipe to the child process in which templates run (sandbox.py).

Jinja's sandbox stops escapes but neither loops nor `9**(9**9)` nor memory bombs, so templates run in a
child of their own, with limits the system keeps. The parent never loads Jinja.
"""

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

from followupd.child import Child
from followupd.errors import TemplateProblem

#: No honest answer is longer: the output limit, each byte escaped for JSON, and the words around it.
_ANSWER_MAX = 1_000_000


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
        self._child: Child | None = None
        self._turn = threading.Lock()
        self.renders = 0
        self.seconds = 0.0
        """What the renders and checks so far took together."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; the next render would start another."""
        self._kill()

    def render(self, template: str, sources: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        """Render `template` of `sources` (name → source) with `facts`, which are plain JSON data.

        Raises TemplateProblem with file and line for every mistake, gap and exceeded limit.
        """
        return self._ask(template, {"template": template, "sources": dict(sources), "facts": dict(facts)})

    def _ask(self, template: str, request: dict[str, Any]) -> str:
        with self._turn, self._timed():
            try:
                answer = self._exchange(json.dumps(request).encode("ascii"))
            except BaseException as error:
                # An answer that nobody waited for must never be taken for the next one's.
                code = self._kill()
                if isinstance(error, (OSError, EOFError)):
                    raise self._explain_end(template, error, code) from error
                raise
        if "output" in answer:
            return str(answer["output"])
        raise TemplateProblem(answer["what"], answer["todo"])

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.renders += 1
            self.seconds += time.monotonic() - began

    def _exchange(self, request: bytes) -> dict[str, Any]:
        if self._child is None or not self._child.lives:
            self.close()
            self._child = Child("followupd.sandbox", json.dumps(asdict(self._limits)))
        answer: dict[str, Any] = json.loads(self._child.ask(request, self._limits.wall, _ANSWER_MAX))
        return answer

    def _kill(self) -> int | None:
        child, self._child = self._child, None
        return child.end() if child else None

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


def name_file(template: str) -> str:
    return f"templates/{template}"
