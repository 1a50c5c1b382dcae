"""What a draft was written from, so that it can be told later whether any of that changed, and what."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import sha256

_DIGITS = 16
#: What a template takes in, in Jinja's words (https://jinja.palletsprojects.com/en/stable/templates/, "Tags").
_TAKES_IN = re.compile(r"""\{%[-+]?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Fingerprints of what a message was written from."""

    template: str
    words: str
    """Of note and promise."""
    event: str
    """Of when it took place."""

    def write(self) -> str:
        """Return the recipe as one column."""
        return " ".join(astuple(self))


def read_recipe(text: str | None) -> Recipe | None:
    return Recipe(*text.split(" ")) if text else None


def make_recipe(
    template: str, sources: Mapping[str, str], note: str, promise: str, start: datetime
) -> Recipe:
    """Return the recipe of a message from a template's file, as the sources in force have it."""
    taken = "\0".join(f"{name}\0{sources.get(name, '')}" for name in sorted(_find_taken(template, sources)))
    return Recipe(_mark(taken), _mark(f"{note}\0{promise}"), _mark(start.isoformat()))


def _find_taken(template: str, sources: Mapping[str, str]) -> set[str]:
    """Return a template and all it takes in."""
    found, waiting = set[str](), [template]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _TAKES_IN.findall(sources.get(name, ""))
    return found


def name_changes(known: Recipe, recipe: Recipe) -> str:
    """Return what differs, as the subject of a sentence."""
    return " and ".join(_list_changes(known, recipe))


def _list_changes(known: Recipe, recipe: Recipe) -> Iterator[str]:
    if known.words != recipe.words:
        yield "what you noted or promised"
    if known.template != recipe.template:
        yield "its template"
    if known.event != recipe.event:
        yield "the time of its event"


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS]
