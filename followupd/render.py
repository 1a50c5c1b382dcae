"""The child process in which templates run, and the parent's end of the pipe to it.

Jinja's sandbox stops escapes but neither loops nor `9**(9**9)` nor memory bombs, so templates run in a
child of their own, with limits the system keeps. The upper half of this file is the parent, the lower half the child.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError
from jinja2.loaders import FunctionLoader
from jinja2.runtime import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

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
        limits, file = self._limits, _file_name(template)
        if code is None:
            return TemplateProblem(
                "The process in which templates run does not start.", "Please report this."
            )
        if isinstance(error, TimeoutError):
            return TemplateProblem(f"{file}: took longer than {limits.wall:g} s and was stopped.", _SIMPLIFY)
        if code == -signal.SIGPROF:
            return TemplateProblem(
                f"{file}: took more than {limits.cpu:g} s of computing and was stopped.", _SIMPLIFY
            )
        return TemplateProblem(f"{file}: ended the process it ran in.", _SIMPLIFY)


_SIMPLIFY = (
    "Look for a loop, a macro that calls itself, or a sum that grows without end, and make it smaller."
)


def _start_child(limits: Limits) -> subprocess.Popen[bytes]:
    # -I keeps this folder and every PYTHON* variable out; the child inherits no secret from the environment.
    # LD_LIBRARY_PATH is what a Python in an unusual place needs to start at all.
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-m", "followupd.render", json.dumps(asdict(limits))],
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


def _file_name(template: str) -> str:
    return f"templates/{template}"


# ---- from here on: what runs in the child ----

#: Filters a message needs; those that make links, pick at random or reach into objects are left out.
_FILTERS = (
    "capitalize",
    "d",
    "default",
    "first",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "title",
    "trim",
    "truncate",
    "upper",
)


class _Given(str):
    """A text that went through `at` or `or_else`, so it may be empty on purpose."""

    __slots__ = ()


class _Unknown(StrictUndefined):
    """A name that is no fact, most often a slip of the pen."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"there is no fact '{self._undefined_name}'; docs/templates.md lists them all"


class _Gap(Undefined):
    """A fact that is known but empty: a condition may ask for it, printing it needs a fallback."""

    __slots__ = ()
    __str__ = __iter__ = __len__ = Undefined._fail_with_undefined_error  # noqa: SLF001 - as Jinja does

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        return f"'{name}' is empty; write {{{{ {name} | or_else(\"…\") }}}}"


def _is_empty(value: object) -> bool:
    return value is None or isinstance(value, Undefined) or (isinstance(value, str) and not value.strip())


def _or_else(value: Any, fallback: str) -> str:
    return _Given(fallback if _is_empty(value) else value)


def _at(value: Any, prefix: str = " ") -> str:
    return _Given("" if _is_empty(value) else f"{prefix}{value}")


def _require_value(value: Any) -> Any:
    """Let only a text or a number into the output: every `{{ … }}` passes here."""
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is missing
    if not isinstance(value, (str, int, float)):
        raise TemplateRuntimeError("this is no text; write which part of it is meant")
    if _is_empty(value) and not isinstance(value, _Given):
        raise TemplateRuntimeError('this is empty; add | or_else("…") or put it in an {% if %}')
    return value


def _mark_gaps(facts: Any, name: str = "") -> Any:
    if isinstance(facts, dict):
        return {key: _mark_gaps(value, f"{name}.{key}" if name else key) for key, value in facts.items()}
    return _Gap(name=name) if _is_empty(facts) else facts


def _build_environment(sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (sources[name], _file_name(name), lambda: True) if name in sources else None

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=_Unknown,
        finalize=_require_value,
        autoescape=False,  # the output is Markdown; HTML is made of it with raw HTML off
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals = {"range": safe_range}
    filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters = {**filters, "or_else": _or_else, "at": _at}
    return environment


def _answer(request: dict[str, Any], output_max: int) -> dict[str, str]:
    template = request["template"]
    try:
        environment = _build_environment(request["sources"])
        compiled = environment.get_template(template)
        if request["facts"] is None:
            return {"output": ""}
        return _collect_output(template, compiled.generate(_mark_gaps(request["facts"])), output_max)
    except Exception as error:  # noqa: BLE001 - a template may raise anything, and the owner is told all of it
        return _explain_mistake(template, error)


def _collect_output(template: str, pieces: Iterable[str], output_max: int) -> dict[str, str]:
    output, size = [], 0
    for piece in pieces:
        output.append(piece)
        size += len(piece.encode("utf-8", "replace"))
        if size > output_max:
            what = f"{_file_name(template)}: writes more than {output_max // 1000} kB."
            return {"what": what, "todo": _SIMPLIFY}
    return {"output": "".join(output)}


def _explain_mistake(template: str, error: Exception) -> dict[str, str]:
    match error:
        case TemplateSyntaxError():
            file, line = _file_name(error.name or template), error.lineno
        case _:
            file, line = _find_place(template, error)
    where = f"{file}, line {line}" if line else file
    return {
        "what": f"{where}: {_say_mistake(error)}",
        "todo": "Correct the template; it is read again at once.",
    }


def _find_place(template: str, error: Exception) -> tuple[str, int]:
    """File and line of the template that was running, from the frames Jinja rewrites to name it."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code.co_filename.startswith(_file_name("")):
            return frame.f_code.co_filename, line
    return _file_name(template), 0


def _say_mistake(error: Exception) -> str:
    match error:
        case TemplateNotFound():
            return f"there is no template {error.name!r}."
        case SecurityError():
            return "a template may not do that."
        case MemoryError():
            return "needs more memory than a template may have."
        case RecursionError():
            return "calls itself without end."
        case _:
            return str(error) or type(error).__name__


def _lock_up(memory: int) -> None:
    """Take from this process what a template never needs; nothing here can be given back (setrlimit(2))."""
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),  # open pipes stay; no file, no socket can be opened
    ):
        resource.setrlimit(limit, (most, most))


def _warm_up(output_max: int) -> None:
    # What Python and Jinja import only when first used could not be opened any more once locked up.
    for source in ('{{ x | or_else("a") | title | truncate(3) }}', "{{ y }}", "{% if", '{{ "".__class__ }}'):
        request = {"template": "a.md", "sources": {"a.md": source}, "facts": {"x": ""}}
        json.dumps(_answer(request, output_max))


def _serve(limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _warm_up(limits.output)
    _lock_up(limits.memory)
    print(flush=True)
    for line in sys.stdin:
        # The timer's signal ends this process even inside one long step, where Python could not react.
        signal.setitimer(signal.ITIMER_PROF, limits.cpu)
        answer = json.dumps(_answer(json.loads(line), limits.output))
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(answer, flush=True)


if __name__ == "__main__":
    _serve(Limits(**json.loads(sys.argv[1])))
