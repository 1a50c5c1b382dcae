"""`followupd review`: the queue, one item a screen, decided with single keys; it fits 80 by 24."""

import os
import re
import select
import shutil
import sys
import termios
import textwrap
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

import click
from rich.console import Console
from rich.text import Text

from followupd.app import App
from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.listing import say_clock, say_what, write_letter
from followupd.rules.reading import read_message

#: What a terminal would take for a command, or show as nothing.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HELP = (
    ("j", "next in the queue"),
    ("k", "the one before"),
    ("space", "go on in a long text"),
    ("a", "approve exactly this text; yes to a question; another try for a problem"),
    ("e", "edit the text in your editor"),
    ("s", "skip: no follow-up, no to a question, nobody met"),
    ("z", "snooze until tomorrow, 9:00"),
    ("d", "done another way, by phone"),
    ("m", "say whom you met, or give an address"),
    ("u", "undo the last decision"),
    ("?", "this list"),
    ("q", "leave; what is decided stays decided"),
)
#: Lines around the text: heading, clock, why, two rules, what was said last, keys.
_FRAME = 8
_MORNING = time(9)
#: q, and the end of the input.
_LEAVE = frozenset({"q", "\x04"})


class Keys:
    """The terminal read key by key; keys typed ahead are kept."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._usual = termios.tcgetattr(self._input)

    @contextmanager
    def single(self) -> Iterator[None]:
        """Take single keys, without an echo, while this lasts."""
        tty.setcbreak(self._input, termios.TCSADRAIN)
        try:
            yield
        finally:
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._usual)

    @contextmanager
    def lines(self) -> Iterator[None]:
        """Let a prompt or an editor have the terminal as it usually is."""
        termios.tcsetattr(self._input, termios.TCSADRAIN, self._usual)
        try:
            yield
        finally:
            tty.setcbreak(self._input, termios.TCSADRAIN)

    def read(self) -> str:
        """Return the next key; "" for those that send more than a letter, such as arrows."""
        key = os.read(self._input, 1)
        if key != b"\x1b":
            return key.decode("ascii", "replace") or "q"  # the terminal is gone
        while select.select([self._input], [], [], 0)[0]:
            os.read(self._input, 1)
        return ""


class Review:
    """One walk through the queue."""

    def __init__(self, app: App, console: Console) -> None:
        self._app = app
        self._desk = app.desk
        self._console = console
        self._input = Keys()
        self._place = 0
        self._top = 0
        self._said = ""
        self._last: int | None = None
        self._keys: Mapping[str, Callable[[FollowUp], None]] = {
            "a": self._approve,
            "e": self._edit,
            "s": self._skip,
            "z": self._snooze,
            "d": self._finish,
            "m": self._name_people,
        }

    def walk(self) -> None:
        """Show item after item until `q` or the end of the queue."""
        with self._input.single():
            while items := self._list_items():
                self._place = min(self._place, len(items) - 1)
                item = items[self._place]
                self._show(item, len(items))
                key = self._input.read()
                if key in _LEAVE:
                    self._console.clear()
                    return
                self._take(key, item, len(items))
        self._console.clear()
        click.echo(f"{self._said} Nothing more waits for you.".strip())

    def _list_items(self) -> list[FollowUp]:
        self._app.now = datetime.now(UTC)
        waiting = self._desk.list_queue(self._app.now)
        return [item for item in waiting if item.status in {Status.NEEDS_INFO, Status.DRAFTED}]

    def _take(self, key: str, item: FollowUp, count: int) -> None:
        if key == " ":
            self._top = 0 if self._is_at_end(item) else self._top + self._height()
        elif key in {"j", "k"}:
            self._go(min(max(self._place + (1 if key == "j" else -1), 0), count - 1))
        elif key == "?":
            self._show_help()
        elif key == "u":
            self._try(self._undo)
        elif key in self._keys:
            self._try(lambda: self._keys[key](item))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Problem as problem:
            self._said = problem.in_one_line()

    def _go(self, place: int) -> None:
        self._place, self._top, self._said = place, 0, ""

    def _note(self, item: FollowUp, words: str) -> None:
        self._top, self._last = 0, item.id
        self._said = f"{item.name or item.event}: {words} (u takes it back)"

    # --- what the keys do

    def _approve(self, item: FollowUp) -> None:
        if not self._is_at_end(item):
            self._top += self._height()
            self._said = "Read it to its end first; then a approves it."
            return
        settings = self._app.settings
        seen = item.hash if item.kind is Kind.DRAFT else None
        hours = settings.hours_of(item.mailbox)
        done = self._desk.approve(item.id, self._app.now, settings.limits.hold, seen, hours)
        self._note(item, say_clock(done, self._app.now, self._app.zone) if done.leaves_at else "yes")

    def _edit(self, item: FollowUp) -> None:
        with self._input.lines():
            text = click.edit(read_message(item.raw or b"").text, extension=".md")
        if text is not None:
            self._desk.edit(item.id, self._app.now, body=text, seen_hash=item.hash)
            self._said = "Saved; the draft in your mailbox follows with the next pass."

    def _skip(self, item: FollowUp) -> None:
        self._desk.skip(item.id, self._app.now)
        self._note(item, "skipped")

    def _snooze(self, item: FollowUp) -> None:
        local = self._app.now.astimezone(self._app.zone) + timedelta(days=1)
        until = datetime.combine(local.date(), _MORNING, self._app.zone).astimezone(UTC)
        self._desk.snooze(item.id, until, self._app.now)
        self._note(item, "snoozed until tomorrow, 9:00")

    def _finish(self, item: FollowUp) -> None:
        self._desk.finish(item.id, "phone", self._app.now)
        self._note(item, "done by phone")

    def _name_people(self, item: FollowUp) -> None:
        with self._input.lines():
            line = click.prompt(
                "Whom? Jane Doe, jane@acme.example - what about", default="", show_default=False
            )
        told = self._app.debriefing.read(line)
        if told.mistakes:
            raise Problem("Nothing was taken.", " ".join(map(str, told.mistakes)))
        if told.met:
            self._app.debriefing.take(item.id, told.met, self._app.now)
            self._said = f"Noted {len(told.met)}; they come with the next pass."

    def _undo(self) -> None:
        if self._last is None:
            raise Problem("There is nothing to take back here.", "See `followupd undo`.")
        self._desk.undo(self._last, self._app.now)
        self._said, self._last = "Taken back.", None

    # --- what is shown

    def _show(self, item: FollowUp, count: int) -> None:
        console, width = self._console, self._width()
        lines = self._lines(item)
        shown = lines[self._top : self._top + self._height()]
        console.clear()
        self._print(f"{self._place + 1}/{count}  {say_what(item)}", "bold")
        self._print(f"{item.event}  ·  {say_clock(item, self._app.now, self._app.zone)}", "dim")
        self._print("─" * width, "dim")
        for line in shown:
            self._print(line)
        console.print("\n" * max(self._height() - len(shown) - 1, 0), end="")
        more = "" if self._is_at_end(item) else f" {len(lines) - self._top - len(shown)} lines more: space "
        self._print(more.center(width, "─"), "dim")
        self._print(self._said)
        self._print("a approve  e edit  s skip  z snooze  m met  u undo  j k move  ? keys  q quit", "dim")

    def _print(self, line: str, style: str = "") -> None:
        # Text, never markup, and one line each: strangers wrote names and titles.
        seen = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", line)
        self._console.print(Text(seen, style=style, no_wrap=True, overflow="ellipsis"))

    def _lines(self, item: FollowUp) -> list[str]:
        if item.raw is None:
            whole = [item.why, *(offer.event.title for offer in self._desk.list_offers(item.id))]
        else:
            whole = [*write_letter(item.raw), "", f"why: {item.why}"]
        return [piece for line in whole for piece in textwrap.wrap(line, self._width()) or [""]]

    def _is_at_end(self, item: FollowUp) -> bool:
        return self._top + self._height() >= len(self._lines(item))

    def _show_help(self) -> None:
        self._console.clear()
        for key, words in _HELP:
            self._print(f"  {key:6} {words}")
        self._print("Any key goes back.", "dim")
        self._input.read()

    def _width(self) -> int:
        return min(shutil.get_terminal_size().columns, 100) - 1

    def _height(self) -> int:
        return max(shutil.get_terminal_size().lines - _FRAME, 3)


def review_queue(app: App) -> None:
    """Walk through the queue at this terminal."""
    Review(app, Console(highlight=False, soft_wrap=False)).walk()
