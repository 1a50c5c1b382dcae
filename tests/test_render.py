"""Templates that go wrong, by accident and on purpose: each costs its own render and nothing else."""

import os
import re
import resource
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from followupd.errors import TemplateProblem
from followupd.render import Limits, Renderer

FACTS: dict[str, Any] = {
    "person": {"name": "Ada Lovelace", "first_name": ""},
    "event": {"spoken": None, "date": "   "},
}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(Limits(cpu=0.2)) as warm:
        yield warm


def render(renderer: Renderer, source: str, **others: str) -> str:
    sources = {"a.md": source} | {f"{name}.md": text for name, text in others.items()}
    return renderer.render("a.md", sources, FACTS)


def mistake(renderer: Renderer, source: str, **others: str) -> str:
    with pytest.raises(TemplateProblem) as caught:
        render(renderer, source, **others)
    assert caught.value.todo
    return caught.value.what


HERE = Path(__file__).parent
TOLD = {
    "computing": "of computing",
    "memory": "needs more memory",
    "output": "writes more than 100 kB",
    "depth": "calls itself",
    "unheard": "",
    "repeated": "",
}
#: One of each kind in every run; the rest are for `make soak`.
QUICK = (
    *("endless loop", "a number without end", "one huge text", "a padded number", "a flood", "one big piece"),
    *("a macro that calls itself", "deep brackets"),
)


def spell_out(bomb: str | dict[str, Any]) -> str:
    if isinstance(bomb, str):
        return bomb
    return f"{bomb['head']}{bomb['piece'] * bomb['times']}{bomb['tail']}"


BOMBS = {
    name: (spell_out(bomb), TOLD[kind])
    for kind, bombs in tomllib.loads((HERE / "bombs.toml").read_text("utf-8")).items()
    for name, bomb in bombs.items()
}
ESCAPES = {
    name: source
    for escapes in tomllib.loads((HERE / "escapes.toml").read_text("utf-8")).values()
    for name, source in escapes.items()
}


def require_stopped(renderer: Renderer, name: str) -> float:
    """Return how many seconds it took."""
    source, why = BOMBS[name]
    began = time.monotonic()
    told = mistake(renderer, source)
    took = time.monotonic() - began
    assert told.startswith("templates/a.md")
    assert why in told
    assert render(renderer, "Hi {{ person.name }}") == "Hi Ada Lovelace"
    return took


@pytest.mark.parametrize("name", QUICK)
def test_a_bomb_costs_its_own_render_and_nothing_else(renderer: Renderer, name: str) -> None:
    require_stopped(renderer, name)


@pytest.mark.soak
@pytest.mark.parametrize("name", BOMBS)
def test_every_bomb_is_stopped_within_3_seconds_and_256_mb(name: str) -> None:
    with Renderer() as renderer:
        render(renderer, "warm")
        assert require_stopped(renderer, name) < 3
    # The largest of all children so far, in kB.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 256 * 1024


def test_there_are_bombs_and_escapes_enough() -> None:
    assert len(BOMBS) >= 40
    assert len(ESCAPES) >= 60


@pytest.mark.parametrize("name", ESCAPES)
def test_no_way_out_of_the_sandbox(renderer: Renderer, name: str) -> None:
    assert mistake(renderer, ESCAPES[name]).startswith("templates/a.md, line 1: ")
    assert render(renderer, "Hi {{ person.name }}") == "Hi Ada Lovelace"


def test_the_child_can_open_nothing_start_nothing_and_grow_no_further() -> None:
    before = set(find_children())
    with Renderer() as renderer:
        render(renderer, "warm")
        (child,) = set(find_children()) - before
        limits = Path(f"/proc/{child}/limits").read_text("ascii")
        environment = Path(f"/proc/{child}/environ").read_bytes()
    for line in (
        r"Max open files +0 +0 ",
        r"Max processes +0 +0 ",
        r"Max file size +0 +0 ",
        r"Max address space +268435456 +268435456 ",
    ):
        assert re.search(line, limits), line
    assert b"HOME=" not in environment
    assert b"PATH=" not in environment.replace(b"LD_LIBRARY_PATH=", b"")


def find_children() -> list[str]:
    """Return the ids of the processes this one started that still live."""
    return [
        status.parent.name
        for status in Path("/proc").glob("[0-9]*/status")
        if f"PPid:\t{os.getpid()}\n" in read_quietly(status)
    ]


def read_quietly(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:  # it ended while we looked
        return ""


def test_a_render_that_does_not_end_is_stopped_by_the_parent_too() -> None:
    with Renderer(Limits(cpu=60, wall=0.2)) as renderer:
        assert "took longer than 0.2 s" in mistake(renderer, BOMBS["endless loop"][0])
        assert render(renderer, "still here") == "still here"


def test_a_text_of_almost_100_kb_passes_the_pipe_both_ways(renderer: Renderer) -> None:
    source = "é" * 50_000
    assert render(renderer, source) == source


def test_sources_larger_than_the_pipe_pass(renderer: Renderer) -> None:
    assert render(renderer, "{# " + "x" * 1_000_000 + " #}short") == "short"


GAPS = {
    "Dear\nHi {{ person.first_name }},": "line 2: 'person.first_name' is empty",
    "{{ event.spoken }}": "line 1: 'event.spoken' is empty",
    "{{ event.date }}": "line 1: 'event.date' is empty",
    "{{ event.date | upper }}": "line 1: 'event.date' is empty",
    "\n\n{{ person.frist_name }}": "line 3: there is no fact 'frist_name'",
    "{{ persn.name }}": "line 1: there is no fact 'persn'",
    "{{ '' }}": "line 1: this is empty",
    "{{ person }}": "line 1: this is no text",
    "{{ none }}": "line 1: this is no text",
    "{{ person.name | urlize }}": "line 1: No filter named 'urlize'",
    "Hi\n{% if person.name %}": "line 2: Unexpected end of template",
}


@pytest.mark.parametrize("source", GAPS)
def test_a_gap_or_slip_names_file_and_line(renderer: Renderer, source: str) -> None:
    assert mistake(renderer, source).startswith(f"templates/a.md, {GAPS[source]}")


def test_a_gap_in_an_included_template_names_that_one(renderer: Renderer) -> None:
    told = mistake(renderer, "{% include 'b.md' %}", b="one\n{{ person.first_name }}")
    assert told.startswith("templates/b.md, line 2: ")


WORDS = {
    "Hi {{ person.first_name | or_else('there') }},": "Hi there,",
    "Hi {{ person.nick | or_else('there') }},": "Hi there,",
    "Hi {{ person.name | or_else('there') }},": "Hi Ada Lovelace,",
    "Met you{{ event.spoken | at(' at ') }}.": "Met you.",
    "Met you{{ person.name | at(' with ') }}.": "Met you with Ada Lovelace.",
    "{% if event.spoken %}yes{% else %}no{% endif %}": "no",
    "{% if event.date == 'Tuesday' %}yes{% else %}no{% endif %}": "no",
    "{# said to nobody #}\n{% if person.name %}\nHi\n{% endif %}\n": "Hi\n",
}


@pytest.mark.parametrize("source", WORDS)
def test_fallbacks_read_well(renderer: Renderer, source: str) -> None:
    assert render(renderer, source) == WORDS[source]


def test_templates_build_on_each_other(renderer: Renderer) -> None:
    base = "Hi\n{% block text %}{% endblock %}"
    assert render(renderer, "{% extends 'base.md' %}{% block text %}x{% endblock %}", base=base) == "Hi\nx"


def test_a_render_knows_nothing_of_the_one_before(renderer: Renderer) -> None:
    assert render(renderer, "{% set x = 1 %}{% macro m() %}m{% endmacro %}{{ m() }}{{ x }}") == "m1"
    assert "there is no fact 'x'" in mistake(renderer, "{{ x }}")
    assert render(renderer, "{% include 'part.md' %}", part="one") == "one"
    assert render(renderer, "{% include 'part.md' %}", part="two") == "two"
