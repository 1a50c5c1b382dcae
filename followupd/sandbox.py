"""What runs in the child process of render.py: Jinja, with everything taken away that a template never needs."""

import json
import resource
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError
from jinja2.loaders import FunctionLoader
from jinja2.runtime import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from followupd.child import answer_parent, give_up
from followupd.render import SIMPLIFY, Limits, name_file

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
        return (sources[name], name_file(name), lambda: True) if name in sources else None

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


class _Compiled:
    """The templates of the last request, compiled; most requests that follow are about the same ones."""

    def __init__(self) -> None:
        self._sources: Mapping[str, str] = {}
        self._environment = _build_environment({})

    def find_environment(self, sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
        if sources != self._sources:
            self._sources, self._environment = sources, _build_environment(sources)
        return self._environment


def _answer(request: dict[str, Any], output_max: int, compiled_before: _Compiled) -> dict[str, str]:
    template = request["template"]
    try:
        environment = compiled_before.find_environment(request["sources"])
        compiled = environment.get_template(template)
        return _collect_output(template, compiled.generate(_mark_gaps(request["facts"])), output_max)
    except Exception as error:  # noqa: BLE001 - a template may raise anything, and the owner is told all of it
        return _explain_mistake(template, error)


def _collect_output(template: str, pieces: Iterable[str], output_max: int) -> dict[str, str]:
    output, size = [], 0
    for piece in pieces:
        output.append(piece)
        size += len(piece.encode("utf-8", "replace"))
        if size > output_max:
            what = f"{name_file(template)}: writes more than {output_max // 1000} kB."
            return {"what": what, "todo": SIMPLIFY}
    return {"output": "".join(output)}


def _explain_mistake(template: str, error: Exception) -> dict[str, str]:
    match error:
        case TemplateSyntaxError():
            file, line = name_file(error.name or template), error.lineno
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
        if frame.f_code.co_filename.startswith(name_file("")):
            return frame.f_code.co_filename, line
    return name_file(template), 0


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


def _warm_up(output_max: int) -> None:
    # What Python and Jinja import only when first used could not be opened any more once locked up.
    for source in ('{{ x | or_else("a") | title | truncate(3) }}', "{{ y }}", "{% if", '{{ "".__class__ }}'):
        request = {"template": "a.md", "sources": {"a.md": source}, "facts": {"x": ""}}
        json.dumps(_answer(request, output_max, _Compiled()))


def _serve(limits: Limits) -> None:
    _warm_up(limits.output)
    give_up(limits.memory)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # open pipes stay; no file, no socket can be opened

    compiled = _Compiled()

    def answer(question: bytes) -> bytes:
        return json.dumps(_answer(json.loads(question), limits.output, compiled)).encode("ascii")

    answer_parent(answer, limits.cpu)


if __name__ == "__main__":
    _serve(Limits(**json.loads(sys.argv[1])))
