"""How fast drafts are built, beside what the standard library takes for nothing but writing the same message out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from followupd.mail import Message
from followupd.model import Owner, Person
from followupd.render import Renderer
from followupd.rules.drafts import compose, example_facts
from followupd.rules.message import write_message

T = TypeVar("T")

TEMPLATE = "met-again.md"
NOW = datetime(2026, 11, 18, 7, tzinfo=UTC)
OWNER = Owner("Ada Example", "ada@example.com", frozenset(), frozenset(), "Europe/Berlin")
NAMES = ("Jo Sample", "José Núñez", "山田太郎", "Smith, Jo", "Łukasz Kowalski", "O'Neil-Smith")
RENDERS = 200
PEOPLE = [Person(f"p{n}", f"p{n}@example.org", NAMES[n % len(NAMES)], "Jo") for n in range(300)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, round by round, smallest first."""

    share: list[float]
    """Drafts built per message that the standard library writes out in the same time."""
    built: list[float]
    """Drafts built per second of computing."""
    render: list[float]
    """Milliseconds that one template takes in the warm child process, there and back."""


def measure_messages(rounds: int) -> Figures:
    """Build drafts and write messages out in turns, so that both meet the same machine.

    A draft is built from the rendered template: Subject and body told apart, Markdown to HTML, header and parts
    written, the bytes read back and compared. Rendering is measured beside it, from one process to the other and back.
    """
    sources = {path.name: path.read_text(encoding="utf-8") for path in Path("templates").glob("*.md")}
    with Renderer() as renderer:
        text = renderer.render(TEMPLATE, sources, example_facts())
        standard = [_build_standard(_compose(text, person)) for person in PEOPLE]
        built, written, rendered = [], [], []
        for _ in range(rounds):
            built.append(_count_per_second(PEOPLE, lambda person: write_message(_compose(text, person))))
            written.append(_count_per_second(standard, EmailMessage.as_bytes))
            rendered.append(_time_renders(renderer, sources))
    share = [ours / theirs for ours, theirs in zip(built, written, strict=True)]
    return Figures(sorted(share), sorted(built), sorted(rendered))


def _compose(text: str, person: Person) -> Message:
    return compose(text, TEMPLATE, person=person, owner=OWNER, key=person.key, now=NOW, language="en")


def _build_standard(message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = Address(message.sender_name, addr_spec=message.sender_email)
    mail["To"] = Address(message.to_name, addr_spec=message.to_email)
    mail["Subject"] = message.subject
    mail["Date"] = message.date
    mail["Message-ID"] = message.message_id
    mail["Content-Language"] = message.language
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _count_per_second(things: Sequence[T], act: Callable[[T], object]) -> float:
    start = time.process_time()
    for thing in things:
        act(thing)
    return len(things) / (time.process_time() - start)


def _time_renders(renderer: Renderer, sources: Mapping[str, str]) -> float:
    """Return the milliseconds of one render by the clock on the wall, for the work is done in the child."""
    start = time.perf_counter()
    for _ in range(RENDERS):
        renderer.render(TEMPLATE, sources, example_facts())
    return (time.perf_counter() - start) * 1000 / RENDERS
