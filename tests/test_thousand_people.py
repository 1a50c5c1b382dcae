"""A thousand generated people with missing and odd facts, each with every shipped template."""

import os
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from followupd.assemble import load_name_words, load_words
from followupd.model import Event, Owner, Person
from followupd.render import Renderer
from followupd.rules.choosing import language_of
from followupd.rules.drafts import build_facts, read_rendered
from followupd.rules.names import read_name
from followupd.template_files import find_templates, read_template, shipped_templates

SOURCES = {name: read_template(paths[0]) for name, paths in find_templates([shipped_templates()]).items()}
GATHERINGS, NAME_WORDS = load_words().gatherings, load_name_words()
#: `make soak` takes every person through every template; here everybody meets two of them.
EACH = len(SOURCES) if os.environ.get("FOLLOWUPD_SOAK") else 2
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
OWNERS = ("Ada Example", "Dr. José Núñez-O'Neil", "Ада Примерова", "J. R. Smith")
NAMES = (
    "", "Jane Doe", "NGUYEN, Thi Minh", "Dr. María-José Núñez (she/her)", "Jane Doe | Acme GmbH", "van der Berg, Anna",
    "info", "jane.doe@acme.example", "Bob via Eventbrite", "山田太郎", "أحمد بن علي", "\u202eevil", "J", "JANE DOE", "<b>Jo</b> Li",
    "{{ me.email }}", "  ", "Анна Петрова", "Cher", "O'Brien, Siobhán", "a" * 300, "Jo\r\nBcc: eve@evil.example",
)  # fmt: skip
ADDRESSES = ("jane@acme.example", "info@acme.example", "j.d+x@acme.example", "1234@acme.example")
NOTES = (
    "", "knows the mayor", "we spoke about sailing", "we spoke about https://evil.example", "wir sprachen über das Segeln",
    "we talked about {{ 7 * 7 }}", "on a parlé de la voile", "hablamos de vela", "None", "we spoke about", "\n\n", "- - -",
)  # fmt: skip
PROMISES = ("", "the article", "call next week.", " ", "\n", "...", "first this\nthen that", "das Buch ...")


def make_facts(chance: random.Random, language: str) -> dict[str, object]:
    """Return the facts of somebody with whatever a calendar and a debrief may hold."""
    email, display = chance.choice(ADDRESSES), chance.choice(NAMES)
    name = read_name(display, email, NAME_WORDS)
    end = NOON - timedelta(hours=chance.randrange(1, 160))
    return build_facts(
        person=Person(email, email, name.full, name.first),
        owner=Owner(chance.choice(OWNERS), "ada@example.com", frozenset(), frozenset(), "Europe/Berlin"),
        event=Event("o", "c", "u", display, end - timedelta(hours=1), end),
        spoken=chance.choice(["", *(kind.spoken[language] for kind in GATHERINGS.values())]),
        note=chance.choice(NOTES),
        promise=chance.choice(PROMISES),
        now=NOON,
        language=language,
    )


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as warm:
        yield warm


@pytest.mark.parametrize("seed", range(10))
def test_no_mail_has_a_hole(renderer: Renderer, seed: int) -> None:
    chance, names = random.Random(seed), sorted(SOURCES)
    for person in range(100):
        for place in range(EACH):
            name = names[(seed + person + place * len(names) // EACH) % len(names)]
            facts = make_facts(chance, language_of(name))
            subject, body = read_rendered(renderer.render(name, SOURCES, facts), name)
            mail = f"{subject}\n{body}"
            assert not re.search(r"None|[{}<>@]|  | [,.!]|\.\.|: ?\.|,,|\n\n\n|https?:|\binfo\b", mail), mail
            greeting = body.partition("\n")[0]
            assert re.fullmatch(
                r"(?:Hi|Hallo|Guten Tag|Bonjour|Hola)(?:,? \S.*)?\S[,:]|(?:Hallo|Guten Tag|Bonjour|Hola)[,:]",
                greeting,
            ), mail
            assert len(body.split()) < 120, mail
