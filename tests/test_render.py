"""Templates that go wrong, by accident and on purpose: each costs its own render and nothing else."""

from collections.abc import Iterator
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


BOMBS = {
    "endless loop": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "took more than 0.2 s of computing",
    ),
    "a number without end": ("{{ 9 ** (9 ** 9) }}", "took more than 0.2 s of computing"),
    "one huge text": ("{{ ('a' * 10 ** 9) | length }}", "needs more memory"),
    "a padded number": ("{{ '%1000000000d' % 1 }}", "needs more memory"),
    "a flood": ("{% for a in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", "writes more than 100 kB"),
    "one big piece": ("{{ 'é' * 50001 }}", "writes more than 100 kB"),
    "a macro that calls itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls itself"),
    "deep nesting": ("{{ " + "(" * 50_000 + " }}", "calls itself"),
    "a long range": ("{% for a in range(10 ** 9) %}{% endfor %}", "Range too big"),
}

ESCAPES = {
    "class of a text": "{{ ''.__class__.__mro__ }}",
    "globals of cycler": "{{ cycler.__init__.__globals__ }}",
    "globals of lipsum": "{{ lipsum.__globals__ }}",
    "class by format": "{{ '{0.__class__}'.format(1) }}",
    "class by format_map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "attr filter": "{{ '' | attr('__class__') }}",
    "map filter": "{{ [''] | map(attribute='__class__') | join }}",
    "frame of a macro": "{% macro f() %}{% endmacro %}{{ f.__call__.__globals__ }}",
    "code of the template": "{{ self.__init__.__globals__ }}",
    "an absolute path": "{% include '/etc/passwd' %}",
    "a path upwards": "{% include '../config.toml' %}",
    "an import": "{% import 'os' as os %}",
    "changing the facts": "{{ person.update({'name': 'Eve'}) }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_its_own_render_and_nothing_else(renderer: Renderer, name: str) -> None:
    source, why = BOMBS[name]
    told = mistake(renderer, source)
    assert told.startswith("templates/a.md")
    assert why in told
    assert render(renderer, "Hi {{ person.name }}") == "Hi Ada Lovelace"


@pytest.mark.parametrize("name", ESCAPES)
def test_no_way_out_of_the_sandbox(renderer: Renderer, name: str) -> None:
    assert mistake(renderer, ESCAPES[name]).startswith("templates/a.md, line 1: ")
    assert render(renderer, "Hi {{ person.name }}") == "Hi Ada Lovelace"


def test_a_render_that_does_not_end_is_stopped_by_the_parent_too() -> None:
    with Renderer(Limits(cpu=60, wall=0.2)) as renderer:
        assert "took longer than 0.2 s" in mistake(renderer, BOMBS["endless loop"][0])
        assert render(renderer, "still here") == "still here"


def test_a_bomb_in_a_check_is_stopped_as_well(renderer: Renderer) -> None:
    # Jinja works out constant sums while it compiles.
    with pytest.raises(TemplateProblem, match="of computing"):
        renderer.check_template("a.md", {"a.md": "{{ 9 ** (9 ** 9) }}"})


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


def test_a_check_names_file_and_line_and_needs_no_facts(renderer: Renderer) -> None:
    renderer.check_template("a.md", {"a.md": "Hi {{ person.first_name }}"})
    with pytest.raises(TemplateProblem, match=r"templates/a\.md, line 2: "):
        renderer.check_template("a.md", {"a.md": "Hi\n{{ person."})
