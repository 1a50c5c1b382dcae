"""What strangers wrote stays text: ten thousand hostile strings, read back as a browser reads them."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from visitor import Visitor, visit
from week import World, meeting, open_world

from followupd.model import Attendee
from followupd.web.showing import isolate, mark_hidden

COUNT = 10_000
PIECES = (
    *(
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "</bdi>",
        "</textarea>",
        "</title>",
    ),
    *(
        "<iframe srcdoc=",
        "<base href=//evil.example>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&lt;b&gt;",
        "&#60;i&#62;",
        "{{7*7}}",
    ),
    *(
        "{% raw %}",
        "javascript:alert(1)",
        "' autofocus onfocus=alert(1) x='",
        '" onmouseover="alert(1)',
        "`",
        "\\",
        "=",
        "<",
        ">",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x1b[31m",
        "<a href=//evil.example>x</a>",
        "<style>*{}",
        "\U000e0001",
    ),
    *(
        "<math><mtext><mglyph>",
        "<form action=//evil.example>",
        "<meta http-equiv=refresh content=0>",
        "<x is=y>",
        "a",
        "é",
        " ",
    ),
)
SEED = 20261125


def make_hostile(count: int) -> Iterator[str]:
    chosen = random.Random(SEED)
    for _ in range(count):
        yield "".join(chosen.choices(PIECES, k=chosen.randint(1, 6)))


def elements_of(html: str) -> list[Element]:
    return [
        node for node in html5lib.parse(html, namespaceHTMLElements=False).iter() if isinstance(node.tag, str)
    ]


@pytest.mark.parametrize(("show", "allowed"), [(isolate, {"bdi"}), (mark_hidden, {"span"})])
def test_ten_thousand_hostile_strings_make_no_element(show: object, allowed: set[str]) -> None:
    assert callable(show)
    shown = "".join(f"<p>{show(text)}</p>" for text in make_hostile(COUNT))
    found = elements_of(f"<!doctype html><title>t</title><body>{shown}")
    assert {node.tag for node in found} == {"html", "head", "title", "body", "p"} | allowed
    assert len([node for node in found if node.tag == "p"]) == COUNT
    assert {name for node in found for name in node.attrib} <= {"class", "title"}


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """Forty meetings whose titles, texts and guests are hostile."""
    with open_world(tmp_path) as world:
        fill(world)
        world.run()
        with visit(world) as opened:
            yield opened


def fill(world: World) -> None:
    hostile = make_hostile(200)
    for number in range(40):
        guest = Attendee(f"g{number}@guests.example", next(hostile))
        event = meeting(
            f"e{number}", world.now - timedelta(hours=number), guest, title=f"Meetup {next(hostile)}"
        )
        world.set_event(event, description=next(hostile), location=next(hostile))


def test_no_screen_holds_a_node_that_is_not_ours(visitor: Visitor) -> None:
    screens = ["/", "/together", "/left-out", "/activity", *(f"/items/{number}" for number in range(1, 20))]
    for screen in screens:
        answer = visitor.get(screen)
        assert answer.status_code == 200, screen
        found = elements_of(answer.text)
        assert not {node.tag for node in found} & {
            "iframe",
            "base",
            "style",
            "math",
            "mglyph",
            "object",
            "embed",
            "x",
        }, screen
        assert [node.get("src") for node in found if node.tag == "script"] == ["/static/page.js"], screen
        assert {node.get("src") for node in found if node.tag == "img"} == {"/static/mark.svg"}, screen
        assert not [
            name for node in found for name in node.attrib if name.startswith("on") or name == "style"
        ], screen
        links = {
            str(node.get(name)) for node in found for name in ("href", "action") if node.get(name) is not None
        }
        assert {link for link in links if not link.startswith(("/", "#main"))} == set(), screen
        assert {link for link in links if link.startswith("//")} == set(), screen
