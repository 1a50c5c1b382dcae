"""`followupd met` at a terminal, without arguments: what waits, then people line by line, each answered at once."""

import select
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from followupd.app import App
from followupd.cli_met import FILES, Teller
from followupd.debriefing import Debriefing, UnknownColumns
from followupd.errors import Problem
from followupd.items import FollowUp
from followupd.listing import say_listed, say_time, say_what
from followupd.meeting import Taken
from followupd.met import GuestTable, Listed, Met, Told
from followupd.rules.guest_lists import search_guests
from followupd.rules.whens import read_when

#: Lines of one paste come faster than fingers type; so many seconds without another end it.
_PASTE_GAP = 0.05
_FIRST_SHOWN = 20
_ASKED_FOR = {
    "name": "the names",
    "email": "the addresses",
    "company": "the companies",
    "status": "who was there",
}


def ask(prompt: str, prefilled: str = "") -> str:
    """Return what is typed, or a whole paste, at a prompt; `prefilled` can be mended there. Raises EOFError at its end."""
    try:
        import readline  # noqa: PLC0415 - not every Python has it; without it a line is typed anew
    except ImportError:
        return _read_block(prompt)
    readline.set_startup_hook(lambda: readline.insert_text(prefilled) if prefilled else None)
    try:
        return _read_block(prompt)
    finally:
        readline.set_startup_hook(None)


def _read_block(prompt: str) -> str:
    lines = [input(prompt)]
    with suppress(EOFError):
        while select.select([sys.stdin], [], [], _PASTE_GAP)[0]:
            lines.append(input())
    return "\n".join(lines)


@dataclass
class _Place:
    """What the answers are about: an item of the queue, or a meeting no calendar has."""

    item: FollowUp | None
    when: datetime
    place: str = ""


class Session:
    """One sitting. What was taken is in the state at once, so an end at any moment loses nothing."""

    def __init__(self, app: App, teller: Teller, read: Callable[[str, str], str] = ask) -> None:
        self._app = app
        self._debriefing: Debriefing = app.debriefing
        self._teller = teller
        self._ask = read
        self._count = 0
        self._last: Taken = Taken()

    def run(self) -> None:
        """Ask until an empty line, or the end of the input."""
        with suppress(EOFError, KeyboardInterrupt):
            place = self._choose_place()
            if place is not None:
                self._listen(place)
        click.echo(f"\nThank you, {self._count} noted." if self._count else "\nNothing was noted.", err=True)

    # --- about what

    def _choose_place(self) -> _Place | None:
        waiting = self._debriefing.list_asking()
        for item in waiting:
            click.echo(f"{item.id:4}  {_say_asking(item)}{self._say_until(item)}", err=True)
        first = f"Enter for {waiting[0].id}, a" if waiting else "A"
        said = self._ask(
            f"Where did you meet them? {first} number or a word; + for somewhere else: ", ""
        ).strip()
        if said == "+" or (not said and not waiting):
            return self._ask_elsewhere()
        try:
            return _Place(self._find(said, waiting), self._app.now)
        except Problem as problem:
            click.echo(str(problem), err=True)
            return self._choose_place()

    def _find(self, said: str, waiting: Sequence[FollowUp]) -> FollowUp:
        if not said:
            return waiting[0]
        if said.isdecimal():
            return self._app.desk.show(int(said[:18]))[0]
        found = self._debriefing.find_asking(said, self._app.now)
        if found is None:
            raise Problem(
                f"Nothing that waits is called '{said}'.", "Say a number, a word of its title, or +."
            )
        return found

    def _say_until(self, item: FollowUp) -> str:
        return f", by {say_time(item.deadline, self._app.zone, self._app.now)}"

    def _ask_elsewhere(self) -> _Place:
        place = self._ask("Where, such as the train (Enter: nowhere in particular): ", "").strip()
        while True:
            said = self._ask("When, such as yesterday or 18:00 (Enter: just now): ", "").strip()
            try:
                when = read_when(said, self._app.now, self._app.zone) if said else self._app.now
            except Problem as problem:
                click.echo(str(problem), err=True)
            else:
                return _Place(None, when, place)

    # --- whom

    def _listen(self, place: _Place) -> None:
        about = _say_asking(place.item) if place.item else place.place or "Met elsewhere"
        click.echo(
            f"{about}: one person a line, as you would note them; paste works, and so does the name of a .vcf or .csv."
            "\n'nobody', 'undo' for the last line, an empty line to end.",
            err=True,
        )
        while block := self._ask(f"{self._count + 1}> ", "").strip():
            with _telling():
                self._take_block(place, block)

    def _take_block(self, place: _Place, block: str) -> None:
        if block.casefold() == "undo":
            self._undo()
        elif (file := find_file(block)) is not None:
            self._take_file(place, file)
        else:
            self._take_told(place, self._mend(self._debriefing.read(block)))

    def _mend(self, told: Told) -> Told:
        """Have every line that could not be read mended, or left out by an empty one."""
        met = list(told.met)
        for mistake in told.mistakes:
            click.echo(f"   {mistake.what} {mistake.todo}", err=True)
            mended = self._ask("   mend it, or clear it to leave it out: ", mistake.line).strip()
            if mended:
                met += self._mend(self._debriefing.read(mended)).met
        return Told(tuple(met), nobody=told.nobody)

    def _take_told(self, place: _Place, told: Told) -> None:
        if told.met or (told.nobody and place.item):
            self._keep(self._take(place, told.met))

    def _take(self, place: _Place, people: Sequence[Met]) -> Taken:
        if place.item is not None:
            return self._debriefing.take(place.item.id, people, self._app.now)
        return self._debriefing.meet(people, place.when, place.place, self._app.now)

    def _keep(self, taken: Taken) -> None:
        self._last = taken
        self._count += len(taken.added)
        self._teller.tell_people(taken)

    def _undo(self) -> None:
        for item in self._last.added:
            self._app.desk.skip(item.id, self._app.now)
            click.echo(f"   {say_what(item)} is out again.", err=True)
        self._count -= len(self._last.added)
        self._last = Taken()

    # --- files

    def _take_file(self, place: _Place, file: Path) -> None:
        data = file.read_bytes()
        try:
            listed, skipped = self._debriefing.read_list(data)
        except UnknownColumns as unknown:
            listed, skipped = self._debriefing.read_list(data, self._ask_columns(unknown.table))
        self._teller.tell_skipped(skipped)
        coming = [guest for guest in listed if not guest.left_out]
        if place.item is None:
            self._take_told(place, Told(tuple(guest.met for guest in coming)))
            return
        taken = self._debriefing.take_list(place.item.id, listed, self._app.now)
        self._keep(taken)
        if taken.to_pick:
            self._pick(place.item.id)

    def _ask_columns(self, table: GuestTable) -> dict[str, int]:
        """Ask once what the columns of a file are; the answer is remembered for the next one with these headings."""
        first = table.rows[0] if table.rows else ()
        for place, column in enumerate(table.columns, 1):
            example = first[place - 1] if place <= len(first) else ""
            click.echo(f"{place:4}  {column[:40]:40}  {example[:40]}", err=True)
        found: dict[str, int] = {}
        for field, words in _ASKED_FOR.items():
            said = self._ask(f"In which column are {words}? (Enter: in none): ", "").strip()
            if said.isdecimal():
                found[field] = int(said[:4]) - 1
        return found

    def _pick(self, number: int) -> None:
        guests = self._debriefing.list_guests(number)
        self._show(guests[:_FIRST_SHOWN], len(guests))
        while said := self._ask(
            "Whom did you speak with? 'Jane, 14, 20-22'; /word searches; Enter ends: ", ""
        ).strip():
            if said.startswith("/"):
                found = search_guests(guests, said[1:])
                self._show(found[:_FIRST_SHOWN], len(found))
                continue
            with _telling():
                self._keep(self._debriefing.pick(number, said, self._app.now))

    def _show(self, guests: Sequence[Listed], count: int) -> None:
        for guest in guests:
            click.echo(say_listed(guest), err=True)
        if count > len(guests):
            click.echo(f"      … {count - len(guests)} more", err=True)


def find_file(block: str) -> Path | None:
    """Return the guest file that is named, typed or dropped onto the terminal (quoted, escaped, as file://); else None."""
    with suppress(ValueError):
        words = shlex.split(block)
        named = (
            unquote(urlsplit(words[0]).path)
            if len(words) == 1 and words[0].startswith("file:")
            else " ".join(words)
        )
        for said in (block, named):
            file = Path(said).expanduser()
            if file.suffix.casefold() in FILES and "\n" not in said and file.is_file():
                return file
    return None


def _say_asking(item: FollowUp) -> str:
    return f"{item.name}: an address is missing" if item.name else item.event


@contextmanager
def _telling() -> Iterator[None]:
    """Say a problem in its words and go on."""
    try:
        yield
    except (Problem, OSError) as problem:
        click.echo(f"   {problem}", err=True)
