"""Advice on wording, never a block: what stands in a mail that a follow-up is better without (words/advice.toml)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: A follow-up is read standing up.
MOST_WORDS = 120
_QUESTION = re.compile(r"[?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}]+")
_LINK = re.compile(r"https?://\S|(?<![/.\w])www\.\w", re.IGNORECASE)
_IN_BRACES = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_FACT = re.compile(r"(?<![\w.])([a-z]+)\.([a-z_]\w*)", re.IGNORECASE)
_LISTED = re.compile(r"[,\n]")
_FAVOUR = "favour"


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to be careful of: what to say about it, and how it is heard in each language."""

    name: str
    say: str
    heard: Mapping[str, re.Pattern[str]]


def read_cautions(tables: Mapping[str, Mapping[str, Any]]) -> tuple[Caution, ...]:
    """Make cautions of advice.toml's tables. Raises ValueError where an entry is no text."""
    return tuple(_read_caution(name, table) for name, table in tables.items())


def _read_caution(name: str, table: Mapping[str, Any]) -> Caution:
    texts = {key: text for key, text in table.items() if isinstance(text, str) and text.strip()}
    if texts != table or "say" not in texts:
        raise ValueError(f'advice.toml: [{name}] must hold texts, one of them "say"')
    heard = {language: _read_phrases(text) for language, text in texts.items() if language != "say"}
    return Caution(name, texts["say"], heard)


def _read_phrases(text: str) -> re.Pattern[str]:
    phrases = [phrase.strip() for phrase in _LISTED.split(_plain(text)) if phrase.strip()]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})")


def _plain(text: str) -> str:
    return text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def advise(
    subject: str, body: str, language: str, cautions: tuple[Caution, ...], *, new: bool
) -> tuple[str, ...]:
    """Return what an owner may want to change in a mail, each as half a sentence; `new`: to somebody just met."""
    return (*_hear(f"{subject}\n{body}", language, cautions, new=new), *_count(body))


def find_unknown(source: str, facts: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    """Return line and name of every fact a template asks for and nobody ever knows: what it falls back to always stands."""
    found = []
    for braces in _IN_BRACES.finditer(source):
        for fact in _FACT.finditer(braces[0]):
            group = facts.get(fact[1])
            if isinstance(group, Mapping) and fact[2] not in group:
                found.append((source.count("\n", 0, braces.start() + fact.start()) + 1, fact[0]))
    return tuple(found)


def _hear(text: str, language: str, cautions: tuple[Caution, ...], *, new: bool) -> Iterator[str]:
    for caution in cautions:
        pattern = caution.heard.get(language)
        found = pattern.search(_plain(text)) if pattern and (new or caution.name != _FAVOUR) else None
        if found:
            yield f"'{found[0]}' {caution.say}"


def _count(body: str) -> Iterator[str]:
    words, questions, links = len(body.split()), len(_QUESTION.findall(body)), len(_LINK.findall(body))
    if words > MOST_WORDS:
        yield f"{words} words are many; {MOST_WORDS} are enough"
    if questions > 1:
        yield f"{questions} questions are a form to fill in; one is enough"
    if links > 1:
        yield f"{links} links look like advertising; one is enough"
