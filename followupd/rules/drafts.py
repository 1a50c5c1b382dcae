"""Rule 4, second half: template + facts → message. Which facts, and what may come out of it; choosing.py says which template.

Strangers write names and titles, so no fact carries a raw title, description or location, and names arrive in the text
without any character that Markdown, HTML or a mail program would read as more than a name.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from followupd.errors import Problem, TemplateProblem
from followupd.mail import Message
from followupd.model import Event, Owner, Person
from followupd.rules.answers import OURS
from followupd.rules.message import ascii_address, render_html
from followupd.rules.notes import read_topic

#: A weekday alone is clear for this long: "on Tuesday" is understood until the next Tuesday is near.
_WEEKDAY_IS_CLEAR = timedelta(days=6)

#: What names hold besides letters; the last two are the straight and the typographic apostrophe.
_IN_NAMES = "-.'\u2019"


class _Words(NamedTuple):
    """How a language speaks of days."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str


_WORDS = {
    "en": _Words(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        (
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        "{day} {month}",
    ),
    "de": _Words(
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        (
            *("Januar", "Februar", "März", "April", "Mai", "Juni"),
            *("Juli", "August", "September", "Oktober", "November", "Dezember"),
        ),
        "{day}. {month}",
    ),
    "fr": _Words(
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        (
            *("janvier", "février", "mars", "avril", "mai", "juin"),
            *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
        ),
        "{day} {month}",
    ),
    "es": _Words(
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        (
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
        ),
        "{day} de {month}",
    ),
}


def build_facts(
    *,
    person: Person,
    owner: Owner,
    event: Event,
    spoken: str,
    note: str,
    promise: str,
    now: datetime,
    language: str,
) -> dict[str, Any]:
    """Gather what a template may say, as plain JSON data; "" where something is not known.

    `spoken` is the event as one says it in `language`, its preposition included; `now` is when the mail is written.
    Days are those of the owner's zone. `company` stays empty: a guess from an address is wrong too often.
    """
    first_name, spoken = clean_name(person.first_name or ""), clean_spoken(spoken)
    day = event.start.astimezone(ZoneInfo(owner.timezone)).date()
    spoken_day = _say_day(day, now.astimezone(ZoneInfo(owner.timezone)).date(), language)
    return {
        "person": {"name": clean_name(person.name), "first_name": first_name, "email": person.email or ""},
        "event": {"spoken": spoken, "date": spoken_day, "weekday": _say_weekday(day, language)},
        "me": {
            "name": _clean_line(owner.name),
            "first_name": _first_name(owner.name),
            "email": owner.email,
        },
        "followup": {
            "note": _clean_lines(note),
            "topic": clean_spoken(read_topic(note, language)),
            "promise": _clean_lines(promise),
        },
        "first_name": first_name,
        "company": "",
        "event_name": spoken,
        "event_date": spoken_day,
    }


#: Invented people for previews: first and full name, the event, a note, a promise; the last one with every gap there is.
_INVENTED = {
    "en": (
        ("Jo", "Jo Sample", "at the chamber breakfast", "we talked about her sailing trip", "the article about winter storage"),
        ("Anne-Marie", "Anne-Marie O'Neil", "over coffee", "", ""),
        ("", "", "", "", ""),
    ),
    "de": (
        ("Jana", "Jana Muster", "beim Unternehmerfrühstück", "wir sprachen über das Segeln", "der Artikel über Winterlager"),
        ("Jörg", "Jörg Müller-Weiß", "beim Kaffee", "", ""),
        ("", "", "", "", ""),
    ),
    "fr": (
        ("Zoé", "Zoé Exemple", "au petit-déjeuner d’affaires", "on a parlé de voile", "l’article sur l’hivernage"),  # noqa: RUF001 - as French is printed
        ("Jean-Luc", "Jean-Luc L'Hôte", "autour d’un café", "", ""),  # noqa: RUF001 - as above
        ("", "", "", "", ""),
    ),
    "es": (
        ("Íñigo", "Íñigo Ejemplo", "en el desayuno de negocios", "hablamos de vela", "el artículo sobre el invernaje"),
        ("María José", "María José Núñez", "tomando un café", "", ""),
        ("", "", "", "", ""),
    ),
}  # fmt: skip


def example_facts() -> dict[str, Any]:
    """Every fact that can be known, to check and preview a template with; docs/templates.md shows the same ones."""
    return invent_facts("en")[0]


def invent_facts(language: str) -> tuple[dict[str, Any], ...]:
    """Return the facts of three invented people: all known, some, and nothing but the address."""
    ended = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
    return tuple(
        build_facts(
            person=Person(key="jo", email="jo@example.org", name=name, first_name=first),
            owner=Owner("Ada Example", "ada@example.com", frozenset(), frozenset(), "Europe/Berlin"),
            event=Event("example", "example", "example", "", start=ended - timedelta(hours=2), end=ended),
            spoken=spoken,
            note=note,
            promise=promise,
            now=ended,
            language=language,
        )
        for first, name, spoken, note, promise in _INVENTED.get(language, _INVENTED["en"])
    )


def _say_weekday(day: date, language: str) -> str:
    words = _WORDS.get(language)
    return words.weekdays[day.weekday()] if words else ""


def _say_day(day: date, today: date, language: str) -> str:
    words = _WORDS.get(language)
    if not words or today - day < _WEEKDAY_IS_CLEAR:
        return _say_weekday(day, language)
    return words.day.format(day=day.day, month=words.months[day.month - 1])


def _first_name(name: str) -> str:
    """Return the owner's first name: the first word that is no title ("Dr.") and no initial ("J.")."""
    words = _clean_line(name).split(" ")
    return next((word for word in words if not word.endswith(".")), words[0])


def clean_name(name: str) -> str:
    """Leave of a stranger's name what names consist of: letters, marks, spaces, hyphens, apostrophes, full stops."""
    kept = "".join(
        character if unicodedata.category(character)[0] in "LM" or character in _IN_NAMES else " "
        for character in _clean_line(name)
    )
    # "evil.com" would be made a link by the reader's mail program; "J.R. Smith" stays as it is.
    apart = re.sub(r"\.(?=\w{2})", ". ", kept)
    return re.sub(" +", " ", apart).lstrip(" " + _IN_NAMES).rstrip(" -")


def clean_spoken(spoken: str) -> str:
    """Leave of the event's spoken form what reads as words; nothing at all where it holds an address or a link."""
    line = re.sub(r"[*_`\[\]<>\\~|{}]", "", _clean_line(spoken))
    # Mail programs make links of "name.tld"; "Node.js" and its like are the one common exception.
    if re.search(r"@|://|\bwww\.|\w\.(?!js\b)[^\W\d_]{2,}", line, re.IGNORECASE):
        return ""
    return line.strip(" -#+>")


def _clean_line(text: str) -> str:
    """One line, without control, format and private characters (bidirectional marks and zero widths among them)."""
    kept = "".join(
        " " if _is_space(character) else character for character in text if not _is_format(character)
    )
    return re.sub(" +", " ", kept).strip(" ")


def _is_space(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zs", "Zl", "Zp")


def _is_format(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cs", "Co")


def _clean_lines(text: str) -> str:
    """Clean the owner's own words; the final full stop goes, so that a template can end the sentence."""
    lines = (_clean_line(line) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").rstrip(" .,;")


def read_rendered(output: str, template: str) -> tuple[str, str]:
    """Take a rendered template apart into subject and Markdown body.

    Raises TemplateProblem when anything but one Subject stands above the first empty line, or something is missing.
    """
    lines = "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")
    head, _, body = lines.partition("\n\n")
    subjects = [_read_subject(line, template) for line in head.split("\n")]
    body = re.sub(r"\n{3,}", "\n\n", body).strip("\n")
    if len(subjects) != 1:
        raise _mistake(template, "there is more than one Subject line.")
    if not subjects[0] or not body:
        raise _mistake(template, f"the {'text' if subjects[0] else 'subject'} is empty.")
    return subjects[0], body


def _read_subject(line: str, template: str) -> str:
    name, colon, value = line.partition(":")
    if not colon or name.strip().lower() != "subject":
        raise _mistake(template, f"only a Subject may stand above the first empty line, not {line[:80]!r}.")
    return _clean_line(value)


def _mistake(template: str, what: str) -> TemplateProblem:
    return TemplateProblem(
        f"templates/{template}: {what}", "A template is one line 'Subject: …', an empty line, then the text."
    )


def compose(
    rendered: str, template: str, *, person: Person, owner: Owner, key: str, now: datetime, language: str
) -> Message:
    """Make the message of a rendered template; `key` names the follow-up, `now` becomes the date.

    Raises TemplateProblem as `read_rendered`, Problem when the person has no address.
    """
    if person.email is None:
        raise Problem(f"There is no address for {person.name or 'this person'}.", "Add one, or call instead.")
    subject, body = read_rendered(rendered, template)
    return Message(
        sender_name=_clean_line(owner.name),
        sender_email=owner.email,
        to_name=clean_name(person.name),
        to_email=person.email,
        subject=subject,
        text=body,
        html=render_html(body),
        message_id=message_id(key, owner.email),
        date=now,
        language=language,
    )


def message_id(key: str, owner_email: str) -> str:
    """Return the Message-ID of a follow-up: the same after a crash and on every machine, so a draft is found again."""
    address = ascii_address(owner_email)
    digest = sha256(f"{key}\n{address}".encode()).hexdigest()[:32]
    return f"{OURS}{digest}@{address.rpartition('@')[2]}>"
