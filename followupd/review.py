"""`followupd review`: the queue, one item a screen, decided with single keys; it fits 80 by 24."""

import re
import shutil
import textwrap
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.text import Text

from followupd.app import App
from followupd.assemble import build_judge, build_templates, build_writer, load_words, open_store
from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Status
from followupd.listing import say_clock, say_time, say_what, write_letter
from followupd.render import Renderer
from followupd.rules.attendance import read_places
from followupd.rules.reading import read_message
from followupd.rules.snoozing import find_tomorrow, find_tonight, read_until
from followupd.single_keys import Keys
from followupd.store.store import Store

#: What a terminal would take for a command, or show as nothing.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HELP = (
    ("j", "next in the queue"),
    ("k", "the one before"),
    ("space", "go on in a long text"),
    ("a", "approve this very text; yes to a question; another try for a problem"),
    ("e", "edit the text in your editor"),
    ("s", "skip: no follow-up, no to a question, nobody met"),
    ("z", "snooze: tonight, tomorrow at 9:00, or until you say"),
    ("d", "done: by phone, letter, message, in person, or an e-mail of yours"),
    ("t", "write it anew from another template"),
    ("m", "say whom you met, or give an address"),
    ("u", "undo the last decision"),
    ("?", "this list"),
    ("q", "leave; what is decided stays decided"),
)
#: How somebody was reached otherwise, by the key that says so.
_CHANNELS = {"p": "phone", "l": "letter", "m": "message", "i": "in-person", "e": "email"}
_SAID_CHANNELS = {"in-person": "in person", "email": "by an e-mail of your own"}
#: Lines around the text: heading, clock, two rules, what was said last, keys.
_FRAME = 8
#: q, and the end of the input.
_LEAVE = frozenset({"q", "\x04"})


class Review:
    """One walk through the queue."""

    def __init__(self, app: App, store: Store, console: Console) -> None:
        self._app = app
        self._store = store
        self._desk = app.desk
        self._console = console
        self._input = Keys()
        self._place = 0
        self._top = 0
        self._lines: list[str] = []
        self._said = ""
        self._last: int | None = None
        self._keys: Mapping[str, Callable[[FollowUp], None]] = {
            "a": self._approve,
            "e": self._edit,
            "s": self._skip,
            "z": self._snooze,
            "d": self._finish,
            "t": self._change_template,
            "m": self._name_people,
        }

    def walk(self) -> None:
        """Show item after item until `q` or the end of the queue."""
        with self._input.single():
            while items := self._list_items():
                self._place = min(self._place, len(items) - 1)
                item = items[self._place]
                self._lines = self._write(item)
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
            self._top = 0 if self._is_at_end() else self._top + self._height()
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
        if not self._is_at_end():
            self._top += self._height()
            self._said = "Read it to its end first; then a approves it."
            return
        if item.asks_where:
            self._tell_attended(item)
            return
        settings = self._app.settings
        seen = item.hash if item.kind is Kind.DRAFT else None
        hours = settings.hours_of(item.mailbox)
        done = self._desk.approve(item.id, self._app.now, settings.limits.hold, seen, hours)
        self._note(item, say_clock(done, self._app.now, self._app.zone) if done.leaves_at else "yes")

    def _tell_attended(self, item: FollowUp) -> None:
        """Have the owner say which of the listed events they were at."""
        with self._input.lines():
            said = click.prompt("Which numbers, such as 1,3; or none", default="", show_default=False)
        if said.strip():
            there = read_places([said], [offer.place for offer in self._desk.list_offers(item.id)])
            self._note(item, self._desk.attend(item.id, there, self._app.now).outcome)

    def _edit(self, item: FollowUp) -> None:
        with self._input.lines():
            text = click.edit(read_message(item.raw or b"").text, extension=".md")
        if text is not None:
            self._desk.edit(item.id, self._app.now, body=text, seen_hash=item.hash)
            self._said = "Saved; the draft in your mailbox follows with the next pass."

    def _skip(self, item: FollowUp) -> None:
        asks = "s only this one, n never this series (else: leave)"
        said = self._ask(asks) if item.asks_of_series else "s"
        if said == "n":
            self._desk.series.never(item.id, self._app.now)
            self._note(item, "never again for this series")
        elif said == "s":
            self._desk.skip(item.id, self._app.now)
            self._note(item, "skipped")

    def _snooze(self, item: FollowUp) -> None:
        now, zone = self._app.now, self._app.zone
        tonight, tomorrow = find_tonight(now, zone), find_tomorrow(now, zone)
        evening = "tonight" if tonight < tomorrow else "tomorrow night"
        key = self._ask(f"Until: t {evening}, m tomorrow 9:00, p another time (else: leave it)")
        until = self._pick_time() if key == "p" else {"t": tonight, "m": tomorrow}.get(key)
        if until is not None:
            self._desk.snooze(item.id, until, now)
            self._note(item, f"snoozed until {until.astimezone(zone):%a %d %b, %H:%M}")

    def _pick_time(self) -> datetime | None:
        """Return what the owner types: how long from now, or a day and time of theirs; None for nothing."""
        with self._input.lines():
            said = click.prompt(
                "For how long (36h, 3d), or until (2026-12-01 9:00)", default="", show_default=False
            )
        return read_until(said.strip(), self._app.now, self._app.zone) if said.strip() else None

    def _finish(self, item: FollowUp) -> None:
        channel = _CHANNELS.get(
            self._ask("By: p phone, l letter, m message, i in person, e your own e-mail (else: leave)")
        )
        if channel is not None:
            self._desk.finish(item.id, channel, self._app.now)
            self._note(item, f"done {_SAID_CHANNELS.get(channel, f'by {channel}')}")

    def _ask(self, question: str) -> str:
        """Return the one key that answers a question."""
        self._print(question, "bold")
        return self._input.read()

    def _change_template(self, item: FollowUp) -> None:
        event = self._store.calendars.event(item.occurrence)
        if event is None or item.raw is None:
            raise Problem("There is no draft here to be written anew.")
        words = load_words()
        with Renderer() as renderer:
            files = build_templates(self._app.settings, renderer)
            template = self._pick_template(item, files.list_messages())
            if template is None:
                return
            judgement, _ = build_judge(self._app.settings, words)(event)
            writer = build_writer(self._app.settings, words, files)
            written = writer.write_with(template, item, event, judgement, self._app.now)
        self._desk.rewrite(item.id, template, written.raw, self._app.now, item.hash)
        self._top, self._said = 0, f"Written anew from {_name(template)}; read it again."

    def _pick_template(self, item: FollowUp, names: list[str]) -> str | None:
        """Return the template whose number the owner types; None for nothing."""
        self._console.clear()
        for number, name in enumerate(names, 1):
            self._print(f"{number:4}  {_name(name)}{'  (this one)' if name == item.template else ''}")
        with self._input.lines():
            said = click.prompt("Which number", default="", show_default=False)
        if not said.strip():
            return None
        if not said.strip().isdecimal() or not 0 < int(said) <= len(names):
            raise Problem(f"There is no template number {said.strip()}.")
        return names[int(said) - 1]

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
        shown = self._lines[self._top : self._top + self._height()]
        console.clear()
        self._print(f"{self._place + 1}/{count}  {say_what(item)}", "bold")
        self._print(f"{item.event}  ·  {say_clock(item, self._app.now, self._app.zone)}", "dim")
        self._print("─" * width, "dim")
        for line in shown:
            self._print(line)
        console.print("\n" * max(self._height() - len(shown) - 1, 0), end="")
        left = len(self._lines) - self._top - len(shown)
        more = "" if self._is_at_end() else f" {left} lines more: space "
        self._print(more.center(width, "─"), "dim")
        self._print(self._said)
        self._print("a approve  e edit  s skip  z snooze  d done  m met  u undo  j k  ? keys  q quit", "dim")

    def _print(self, line: str, style: str = "") -> None:
        # Text, never markup, and one line each: strangers wrote names and titles.
        seen = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", line)
        self._console.print(Text(seen, style=style, no_wrap=True, overflow="ellipsis"))

    def _write(self, item: FollowUp) -> list[str]:
        """Return everything there is to know of an item, in lines that fit."""
        if item.raw is None:
            whole = [
                item.why,
                *(f"{offer.place:3}  {offer.event.title}" for offer in self._desk.list_offers(item.id)),
            ]
        else:
            whole = [*write_letter(item.raw), "", *self._say_background(item)]
        if warning := self._find_warning(item):
            whole = [f"! {warning}", "", *whole]
        return [piece for line in whole for piece in textwrap.wrap(line, self._width()) or [""]]

    def _say_background(self, item: FollowUp) -> list[str]:
        """Return why there is a message and why these words, and when the owner was in touch before."""
        touches = self._store.past.touches_of(item.person or "")[:3]
        before = [
            f"before: {say_time(touch.at, self._app.zone, self._app.now)}, by {touch.channel}"
            for touch in touches
        ]
        words = f"words: {_name(item.template or '')}{', changed by you' if item.edited else ''}"
        noted = [
            f"{label}: {text}" for label, text in (("note", item.note), ("promise", item.promise)) if text
        ]
        return [f"why: {item.why}", words, *noted, *(before or ["before: you have not been in touch"])]

    def _find_warning(self, item: FollowUp) -> str:
        """Return what has to be said before anybody reads on; "" where nothing has."""
        if item.id in self._store.past.lost_approvals():
            return "Changed in your mailbox since you approved it. It was not sent; read it again."
        return self._desk.find_alike(item) or ""

    def _is_at_end(self) -> bool:
        return self._top + self._height() >= len(self._lines)

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


def _name(template: str) -> str:
    return template.removesuffix(".md")


def review_queue(app: App) -> None:
    """Walk through the queue at this terminal."""
    with closing(open_store(app.state)) as store:
        Review(app, store, Console(highlight=False, soft_wrap=False)).walk()
