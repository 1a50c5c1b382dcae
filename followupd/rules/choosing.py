"""Rule 4, first half: which template a follow-up is written from, and why. The owner's [[choose]] come before ours."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from followupd.errors import TemplateProblem
from followupd.model import Event

#: Nothing but a link or a service: a house in the same line would mean that people met there.
_ONLINE_PLACE = re.compile(
    r"https?://\S+|(?:zoom|webex|google meet|microsoft teams|teams|online|virtuell|virtual|en ligne|en línea)"
    r"(?: (?:meeting|call|besprechung))?",
    re.IGNORECASE,
)
_ONLINE_TITLE = re.compile(
    r"[(\[](?:online|virtuell|virtual|en ligne|en línea|via zoom|zoom)[)\]]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One `[[choose]]` table: this template when everything that is given here fits."""

    template: str
    late: bool | None = None
    known: bool | None = None
    promise: bool | None = None
    host: bool | None = None
    what: str | None = None
    gathering: str | None = None
    language: str | None = None
    series: bool | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a follow-up when its template is chosen."""

    late: bool = False
    """More than 48 hours have passed since the event."""
    known: bool = False
    """The owner was in touch with the person before."""
    promise: bool = False
    host: bool = False
    """The person organised the event."""
    what: str | None = None
    """"event", "coffee", "call" or "online"."""
    gathering: str | None = None
    language: str = "en"
    series: bool = False


#: Tried after the owner's own choices; the last one always fits.
DEFAULT_CHOICES = (
    Choice("late", late=True),
    Choice("promise-kept", promise=True),
    Choice("short-note", known=True, series=True),
    Choice("thanks-to-the-host", host=True, what="event"),
    Choice("catch-up", known=True, what="coffee"),
    Choice("catch-up", known=True, what="call"),
    Choice("after-a-coffee-or-call", what="coffee"),
    Choice("after-a-coffee-or-call", what="call"),
    Choice("after-an-online-event", what="online"),
    Choice("met-again", known=True),
    Choice("new-acquaintance"),
)

#: Before all choices: the template of a nudge, and when one is written.
NUDGE = ("nudge", "nobody answered, and you want one second mail")

_SAID = {
    "late": ("more than 48 hours have passed", "48 hours have not passed"),
    "known": ("you were in touch before", "you had not been in touch before"),
    "promise": ("you promised something", "nothing is promised"),
    "host": ("they organised the event", "they did not organise the event"),
    "series": ("it comes round again", "it happens once"),
}


_SAID_WHAT = {
    "event": "it was an event",
    "coffee": "it was a coffee or a meal",
    "call": "it was a call",
    "online": "it was online",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The file of a template, and why this one."""

    file: str
    why: str


def choose_template(choices: Sequence[Choice], case: Case, available: Collection[str]) -> Chosen:
    """Return the first template that fits, the owner's choices before ours.

    One of ours that is not there in the mail's language is passed over for one that is.
    """
    fitting = [choice for choice in (*choices, *DEFAULT_CHOICES) if _fits(choice, case)]
    spoken = [c for c in fitting if c in choices or _speaks(c.template, case.language, available)]
    best = (spoken or fitting)[0]
    return Chosen(pick_language(best.template, case.language, available), _say_why(best, own=best in choices))


def list_reasons(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    """Return every template's name with when it is taken, in the order in which they are tried."""
    own = [(choice.template, _say_why(choice, own=True)) for choice in choices]
    return [NUDGE, *own] + [(choice.template, _say_why(choice, own=False)) for choice in DEFAULT_CHOICES]


def _fits(choice: Choice, case: Case) -> bool:
    return all(getattr(choice, name) in (None, value) for name, value in asdict(case).items())


def _speaks(name: str, language: str, available: Collection[str]) -> bool:
    return language == "en" or f"{name}.{language}.md" in available


def _say_why(choice: Choice, *, own: bool) -> str:
    asked = {
        name: value for name, value in asdict(choice).items() if name != "template" and value is not None
    }
    said = [_say_condition(name, value) for name, value in asked.items()] or ["it fits everybody"]
    return f"{'your [[choose]]: ' if own else ''}{', '.join(said)}"


def _say_condition(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _SAID[name][0 if value else 1]
    return _SAID_WHAT[str(value)] if name == "what" else f"the {name} is {value}"


def pick_language(name: str, language: str, available: Collection[str]) -> str:
    """Return the file of a template in `language` where there is one, else the one that names no language."""
    file = f"{name}.{language}.md"
    return file if file in available else f"{name}.md"


def language_of(file: str) -> str:
    """Return the language a template's file name says; English where it says none."""
    parts = file.split(".")
    return parts[1] if len(parts) == len(("late", "de", "md")) else "en"


def is_host(event: Event, email: str | None) -> bool:
    """Tell whether somebody organised an event."""
    return any(attendee.organizer and attendee.email == email for attendee in event.attendees if email)


def say_what(event: Event, what: str | None) -> str | None:
    """Return what kind of gathering an event was: "online" where its place or its title says that it had no room."""
    online = _ONLINE_PLACE.fullmatch(event.location.strip()) or _ONLINE_TITLE.search(event.title)
    return "online" if what == "event" and online else what


def find_wrong_choices(
    choices: Sequence[Choice], templates: Collection[str], gatherings: Mapping[str, object]
) -> tuple[TemplateProblem, ...]:
    """Return what [[choose]] in config.toml names and is not there."""
    wrong = [("template", c.template) for c in choices if f"{c.template}.md" not in templates]
    wrong += [("gathering", c.gathering) for c in choices if c.gathering and c.gathering not in gatherings]
    return tuple(
        TemplateProblem(
            f'[[choose]] {what} = "{name}": there is none of that name.',
            "See `followupd templates list`, and docs/templates.md for the gatherings.",
        )
        for what, name in wrong
    )
