"""`followupd demo`: a throw-away home, a believable week around now, and the real cycle on its own clock."""

import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from followupd.assemble import (
    build_choose,
    build_cycle,
    build_debriefing,
    build_judge,
    build_sources,
    build_templates,
    load_words,
    open_store,
)
from followupd.cycle import Cycle
from followupd.demo_week import GUEST_LIST, NOTES, write_guests, write_week
from followupd.desk import Desk
from followupd.errors import ConfigProblem
from followupd.explain import Explained, explain
from followupd.explaining import build_table
from followupd.items import FollowUp, Kind, Status
from followupd.listing import build_queue, say_added, say_left_out, write_item
from followupd.meeting import Taken
from followupd.render import Renderer
from followupd.settings import Settings, load_settings
from followupd.store.store import Store

_CONFIG = """
[owner]
name = "Ada Example"
email = "ada@example.com"
aliases = ["ada@home.example"]
company_domains = ["example.com"]
timezone = "{zone}"
languages = ["en", "de"]

[[calendar]]
type = "ics"
path = "calendars"

[mailbox]
type = "maildir"
path = "Mail"

[state]
path = "state"

[page]
port = {port}
"""
_ZONE = "Europe/Berlin"
_SINCE, _UNTIL = timedelta(days=6), timedelta(days=2)


@dataclass
class Clock:
    """Time in the demo: it starts now and moves on by hand, so nobody waits for the hold."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Demo:
    """One showing, from the calendar to an approved follow-up."""

    def __init__(
        self, settings: Settings, store: Store, cycle: Cycle, clock: Clock, console: Console
    ) -> None:
        self._settings = settings
        self._store = store
        self._cycle = cycle
        self._clock = clock
        self._console = console
        self._desk = Desk(store, lambda: None)
        self._debriefing = build_debriefing(settings, store, lambda: None)
        self._guests = settings.file.parent / GUEST_LIST
        self._zone = ZoneInfo(settings.owner.timezone)

    def show(self) -> None:
        self.remember_tom()
        self._show_calendar()
        self._show_drafts()
        self._answer_debriefs()
        self._decide()
        self._show_end()

    def remember_tom(self) -> None:
        """Three weeks ago Ada met Tom and called him, so he is known by now."""
        present = self._clock.now
        self._clock.now = present - timedelta(days=20)
        self._cycle.run_pass()
        for item in self._desk.list_queue(self._clock.now):
            self._desk.finish(item.id, "phone", self._clock.now)
        self._cycle.run_pass()
        self._clock.now = present

    def _show_calendar(self) -> None:
        self._say(
            "1  Ada's week, as her calendar has it, and what followupd makes of it", "followupd explain"
        )
        sources = build_sources(self._settings)
        words = load_words()
        judge, choose = build_judge(self._settings, words), build_choose(self._settings, words)
        limits, now = self._settings.limits, self._clock.now
        found = explain(sources, judge, choose, limits, self._settings.series, (), now, _SINCE, _UNTIL)
        self._console.print(build_table([item for item in found if isinstance(item, Explained)], self._zone))

    def _show_drafts(self) -> None:
        self._say("2  The daemon made its pass: drafts lie in Ada's mailbox", "followupd queue")
        self._cycle.run_pass()
        self._show_queue(self._desk.list_queue(self._clock.now))
        first = self._drafts()[0]
        self._say("   One of them, word for word as it would go out", f"followupd show {first.id}")
        self._show_item(first)

    def _answer_debriefs(self) -> None:
        breakfast, meetup = (item for item in self._debriefing.list_asking() if item.kind is Kind.DEBRIEF)
        self._say(
            f"3  No calendar knows whom Ada met at '{breakfast.event}'. She pastes her notes and a signature",
            f"followupd met {breakfast.id} <<END",
        )
        self._console.print(Text(indent(NOTES, "   > "), style="dim"), end="\n\n")
        told = self._debriefing.read(NOTES)
        self._tell_taken(self._debriefing.take(breakfast.id, told.met, self._clock.now))
        self._say(
            f"   Of '{meetup.event}' the host sent the guest list, as Luma exports it",
            f"followupd met {meetup.id} {self._guests.name}",
        )
        listed, _ = self._debriefing.read_list(self._guests.read_bytes())
        self._tell_taken(self._debriefing.take_list(meetup.id, listed, self._clock.now))
        self._cycle.run_pass()
        jane = next(item for item in self._store.followups_of(breakfast.occurrence) if item.promise)
        self._say("   What she promised Jane is in the draft already", f"followupd show {jane.id}")
        self._show_item(jane)

    def _tell_taken(self, taken: Taken) -> None:
        for item in taken.added:
            chosen = self._debriefing.foresee(item, self._clock.now)
            self._console.print(Text(say_added(item, chosen, self._clock.now, self._zone)))
        for line in say_left_out(taken.left_out):
            self._console.print(Text(f"   {line}"))

    def _decide(self) -> None:
        approved, skipped = self._drafts()[-1], self._drafts()[0]
        self._say(
            f"4  Ada approves {approved.id} and skips {skipped.id}; two minutes later the hold is over",
            f"followupd approve {approved.id}; followupd skip {skipped.id}",
        )
        self._desk.approve(approved.id, self._clock.now, self._settings.limits.hold)
        self._desk.skip(skipped.id, self._clock.now)
        self._clock.now += self._settings.limits.hold
        self._cycle.run_pass()
        self._show_queue([self._store.followup(item.id) for item in (approved, skipped)])

    def _show_end(self) -> None:
        self._say("5  Where everything lies now", "ls Mail")
        root = self._settings.file.parent / "Mail"
        for folder, words in (
            (".Drafts", "waiting for a yes, in any mail program"),
            (".Ready", "ready to send from your mail program; nothing has left this computer"),
            (".Trash", "what was skipped or done another way, should Ada change her mind"),
        ):
            count = len(list((root / folder / "cur").glob("*")))
            self._console.print(Text(f"   {folder:8} {count}  {words}"))
        self._console.print()
        self._console.print("[bold]Now yours:[/] followupd init · followupd explain · followupd run")

    def _drafts(self) -> list[FollowUp]:
        return self._store.followups({Status.DRAFTED})

    def _say(self, what: str, command: str) -> None:
        self._console.print()
        self._console.print(Text(what, style="bold"))
        self._console.print(Text(f"   $ {command}", style="dim"))
        self._console.print()

    def _show_queue(self, items: Sequence[FollowUp]) -> None:
        self._console.print(build_queue(items, self._clock.now, self._zone))

    def _show_item(self, item: FollowUp) -> None:
        text = write_item(item, self._store.history(item.id), self._clock.now, self._zone)
        self._console.print(Panel(Text(text), width=min(100, self._console.width)))


def show_demo(svg: Path | None, keep: Path | None) -> None:
    """Play the demo on stdout; save its picture and its home where asked. Raises ConfigProblem for a used folder."""
    console = Console(record=svg is not None, width=120 if svg else None)
    with find_home(keep) as home:
        settings = furnish_home(home)
        clock = Clock(datetime.now(UTC))
        with Renderer() as renderer, closing(open_store(settings.state)) as store:
            cycle = build_cycle(settings, store, build_templates(settings, renderer), clock)
            Demo(settings, store, cycle, clock, console).show()
    if keep:
        console.print(
            Text(f"The demo's home stays in {keep}: try `followupd --config {keep}/config.toml queue`.")
        )
    if svg:
        svg.write_text(console.export_svg(title="followupd demo"), encoding="utf-8")


def find_home(keep: Path | None) -> AbstractContextManager[str]:
    """Return a home for the demo, thrown away at its end unless `keep` names a folder. Raises ConfigProblem."""
    if keep is None:
        return tempfile.TemporaryDirectory(prefix="followupd-demo-")
    try:
        keep.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise ConfigProblem(f"{keep} is there already.", "Name a folder that is not.") from None
    return nullcontext(str(keep))


def furnish_home(home: str, port: int = 0) -> Settings:
    """Write the demo's week and config into a folder; the page is served at `port` there, 0 for nowhere."""
    root = Path(home)
    write_week(root / "calendars", datetime.now(ZoneInfo(_ZONE)))
    write_guests(root / GUEST_LIST)
    file = root / "config.toml"
    file.write_text(_CONFIG.format(zone=_ZONE, port=port), encoding="utf-8")
    file.chmod(0o600)
    return load_settings(file)
