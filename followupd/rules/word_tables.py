"""The tables of words/, read: one per language, and the kinds of gathering. How they are written is told in words.py."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from followupd.model import Reason
from followupd.rules.words import (
    LONG_WORD,
    SHORTEST_SLIP,
    STRONG,
    Gathering,
    Group,
    Lexicon,
    Words,
    fold_text,
    is_near,
    name_ends,
    spell_out,
)

GATHERINGS = "gatherings"
KINDS = frozenset({"event", "coffee", "call", "online"})
_Grouped = tuple[Group, tuple[str, ...]]


class _Shelf:
    """Where the entries of the tables are put, one after the other: all of them spelled out at once take 6 MB."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.entries: dict[str, str] = {}
        """What Lexicon takes: by the first word of each spelling, the number of its group and the entry."""
        self.treats: set[str] = set()
        """The single words that need company."""
        self.strong: set[str] = set()
        self.parts: set[str] = set()
        """The words that may be a slip of another, those of strong phrases and all."""

    def put(self, group: Group, entries: Sequence[str]) -> None:
        for entry in entries:
            line = f"{len(self.groups)} {entry}"
            for parts in spell_out(entry):
                self._put_spelling(group, line, parts)
        self.groups.append(group)

    def _put_spelling(self, group: Group, line: str, parts: tuple[str, ...]) -> None:
        before = self.entries.get(parts[0])
        if before is None or not f"\n{before}".endswith(f"\n{line}"):
            self.entries[parts[0]] = line if before is None else f"{before}\n{line}"
        if group.needs_guest and len(parts) == 1 and "*" not in parts[0]:
            self.treats.add(parts[0])
        long = [part for part in parts if len(part) >= SHORTEST_SLIP]
        self.parts.update(long)
        if abs(group.weight) >= STRONG:
            self.strong.update(long)


def read_words(tables: Mapping[str, Mapping[str, Any]]) -> Words:
    """Make Words of parsed tables by file stem: one per language, and "gatherings".

    Raises ValueError with the table and the entry that is wrong.
    """
    gatherings = read_gatherings(tables.get(GATHERINGS, {}))
    languages = {name: table for name, table in tables.items() if name != GATHERINGS}
    small = {word: name for name in languages for word in gather_lists({name: languages[name]}, "small")}
    shelf = _Shelf()
    for name, table in languages.items():
        for group, entries in read_groups(name, table):
            shelf.put(group, entries)
    check_gatherings(shelf.groups, gatherings)
    long = sort_long(shelf.strong)
    return Words(
        phrases=Lexicon(shelf.groups, shelf.entries),
        gatherings=gatherings,
        cancelled=frozenset(
            parts
            for name, table in languages.items()
            for entry in read_list(name, table, "cancelled")
            for parts in spell_out(entry)
        ),
        small=small,
        with_words=gather_lists(languages, "with"),
        from_words=gather_lists(languages, "from"),
        plain=gather_lists(languages, "plain"),
        open_mail=gather_lists({GATHERINGS: tables.get(GATHERINGS, {})}, "open_mail"),
        event_sites=gather_lists({GATHERINGS: tables.get(GATHERINGS, {})}, "event_sites"),
        address=gather_lists(languages, "address"),
        treats=frozenset(shelf.treats),
        prefixes=gather_lists(languages, "prefixes"),
        short=dict(
            read_short(name, entry)
            for name, table in languages.items()
            for entry in read_list(name, table, "short")
        ),
        long=long,
        known=gather_known(shelf.parts, long),
    )


def sort_long(strong: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    long = {word for part in strong if len(word := part.rstrip("*")) >= LONG_WORD and "*" not in word}
    by_ends: dict[str, list[str]] = {}
    for word in sorted(long, reverse=True):
        by_ends.setdefault(name_ends(word), []).append(word)
    return {ends: tuple(group) for ends, group in by_ends.items()}


def gather_known(parts: Collection[str], long: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the words of the tables that might be taken for a slip of another."""
    return frozenset(
        part for part in parts if any(is_near(part, word) for word in long.get(name_ends(part), ()))
    )


def read_short(name: str, entry: str) -> tuple[str, str]:
    """Return the two halves of "hr. herr"."""
    short, dot, whole = fold_text(entry).partition(". ")
    if not (short and dot and whole):
        raise ValueError(f'{name}.toml: {entry!r} must read like "hr. herr"')
    return short, f"{whole} "


def gather_lists(tables: Mapping[str, Mapping[str, Any]], key: str) -> frozenset[str]:
    return frozenset(
        fold_text(word) for name, table in tables.items() for word in read_list(name, table, key)
    )


def read_list(name: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the entries of a text in which commas and line ends separate them."""
    text = table.get(key, "")
    if not isinstance(text, str):
        raise ValueError(f'{name}.toml: "{key}" must be a text with commas between its words')  # noqa: TRY004 - one kind of error for a table
    return tuple(entry for entry in (piece.strip() for piece in re.split(r"[,\n]", text)) if entry)


def read_groups(language: str, table: Mapping[str, Any]) -> Iterator[_Grouped]:
    """Yield every group of a table with its entries."""
    for group in list_groups(language, table, "for"):
        yield read_group(language, group, Reason.NETWORKING, 1)
    for group in list_groups(language, table, "against"):
        yield read_group(language, group, read_reason(language, group), -1)
    yield read_group(language, {"weight": 0, "words": table.get("nothing", "")}, Reason.NO_SIGN, 0)


def list_groups(language: str, table: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    groups = table.get(key, [])
    if not (isinstance(groups, list) and all(isinstance(group, Mapping) for group in groups)):
        raise ValueError(f"{language}.toml: write [[{key}]] above each group of words")
    return groups


def read_reason(language: str, group: Mapping[str, Any]) -> Reason:
    try:
        return Reason(group.get("reason", ""))
    except ValueError:
        raise ValueError(f"{language}.toml: there is no reason {group.get('reason')!r}") from None


def read_group(language: str, group: Mapping[str, Any], reason: Reason, sign: int) -> _Grouped:
    weight = group.get("weight")
    if type(weight) is not int or weight < 0:
        raise ValueError(f"{language}.toml: weight must be a whole number from 0 up, not {weight!r}")
    return Group(
        weight=sign * weight,
        reason=reason,
        language=language,
        gathering=group.get("gathering"),
        needs_guest=bool(group.get("needs_guest", False)),
        topic=bool(group.get("topic", False)),
    ), read_list(language, group, "words")


def read_gatherings(table: Mapping[str, Any]) -> Mapping[str, Gathering]:
    entries = table.get("gatherings", {})
    if not isinstance(entries, Mapping):
        raise ValueError("gatherings.toml: write [gatherings.NAME] above each gathering")  # noqa: TRY004 - one kind of error for a table
    return {name: read_gathering(name, entry) for name, entry in entries.items()}


def read_gathering(name: str, entry: Any) -> Gathering:
    texts = (
        {key: text for key, text in entry.items() if key != "public"} if isinstance(entry, Mapping) else {}
    )
    if not texts or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"gatherings.toml: {name!r} must hold texts only")
    if (what := texts.pop("what", None)) not in KINDS:
        raise ValueError(f'gatherings.toml: "what" of {name!r} must be one of {", ".join(sorted(KINDS))}')
    return Gathering(what, texts, public=entry.get("public") is True)


def check_gatherings(groups: Iterable[Group], gatherings: Mapping[str, Gathering]) -> None:
    for group in groups:
        if group.gathering is not None and group.gathering not in gatherings:
            raise ValueError(
                f"{group.language}.toml: a group names a gathering that gatherings.toml does not have: "
                f"{group.gathering!r}"
            )
