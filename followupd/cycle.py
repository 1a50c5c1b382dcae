"""One pass, in five named steps, each committed as it goes. The only caller of ports.

After a crash the next pass finds every write either recorded or announced by an intent; an announced one is looked
up in the mailbox before anything is done about it (docs/design.md, "What keeps a mailbox safe").
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from followupd import WRITTEN
from followupd.corresponding import Corresponding, Listening
from followupd.errors import ClockProblem, ExitCode, Problem, SourceProblem
from followupd.forgetting import let_go
from followupd.items import FollowUp
from followupd.mailing import Mailing
from followupd.model import MEETINGS, Event, Judge, Reading, Reason, Skipped
from followupd.noticing import Noticing
from followupd.placing import Placing
from followupd.planning import Planning
from followupd.ports import AddressBook, CalendarSource, Mailbox
from followupd.recognising import FindAddresses, find_none
from followupd.renewing import Renewing
from followupd.rules.followups import Limits, hold_of_time
from followupd.rules.recipes import Recipe
from followupd.rules.series import SeriesRule
from followupd.sending import Sending
from followupd.store.store import Store
from followupd.timing import Timing
from followupd.writer import Around, Writer

#: How far ahead calendars are read: enough to know the next event's end, and to find a moved event again.
LOOK_AHEAD = timedelta(days=60)
#: An event counts as known afresh when its calendar was read this long ago at most.
FRESH = timedelta(seconds=60)
#: So many events do not vanish at once by hand; a calendar that lost them all is believed after a day.
MASS_REMOVAL = 5
MASS_REMOVAL_WAIT = timedelta(hours=24)
#: A clock that is so far ahead of the last look is believed once it has stayed there for an hour.
LEAP, LEAP_WAIT = timedelta(days=31), timedelta(hours=1)


@dataclass
class Report:
    """What one pass met: for the command line, the log and the exit code."""

    read: int = 0
    failed: dict[str, Problem] = field(default_factory=dict)
    half_read: dict[str, Problem] = field(default_factory=dict)
    """Calendars of which a part could not be read."""
    drifts: dict[str, timedelta] = field(default_factory=dict)
    """Calendars to how far this clock is ahead of their servers'."""
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """True when all that was due was done."""
        return not (self.failed or self.half_read or self.problems)

    @property
    def exit_code(self) -> ExitCode:
        """What `once` ends with: the calendars decide, for only they can hide an event."""
        if not self.failed and not self.half_read:
            return ExitCode.DONE
        return ExitCode.SOME_SOURCES_FAILED if self.read else ExitCode.ALL_SOURCES_FAILED

    def say(self) -> list[str]:
        """Return what went wrong, a line for each, and no line twice: several items may have met the same."""
        lines = [f"calendar '{name}': {problem.in_one_line()}" for name, problem in self.failed.items()]
        lines += [f"left out {skipped.where}: {skipped.why}" for skipped in self.skipped]
        return list(dict.fromkeys(lines + [problem.in_one_line() for problem in self.problems]))


class Cycle:
    """The pass over one state. Time comes from `clock` (UTC); nothing here asks the machine."""

    def __init__(
        self,
        store: Store,
        sources: Sequence[CalendarSource],
        mailbox_of: Mapping[str, str],
        mailboxes: Mapping[str, Mailbox],
        judge: Judge,
        writer: Writer,
        limits: Limits,
        series: Sequence[SeriesRule],
        zone: ZoneInfo,
        timing: Timing,
        clock: Callable[[], datetime],
        listening: Listening,
        books: Sequence[AddressBook] = (),
        find_addresses: FindAddresses = find_none,
    ) -> None:
        """`mailbox_of` maps a calendar's name to the mailbox its follow-ups go to; `zone` is the owner's.

        `find_addresses` tells the other addresses of whoever has one, as the owner's contacts have them.
        """
        self._store = store
        self._sources = sources
        self._books = books
        self._keep = limits.keep
        self._clock = clock
        self._mailing = mailing = Mailing(store, mailboxes, clock)
        self._noticing = Noticing(mailing)
        self._renewing = Renewing(mailing, self._write, self._find_recipe)
        self._corresponding = Corresponding(mailing, listening, limits)
        is_needless = self._corresponding.is_needless
        self._placing = Placing(mailing, self._write, self._find_obstacle, is_needless, limits)
        self._sending = Sending(mailing, self._find_obstacle, is_needless, timing.put_off, limits)
        self._timing = timing
        self._planning = Planning(store, mailbox_of, judge, limits, series, zone, clock, find_addresses)
        self._writer = writer

    def run_pass(self) -> Report:
        """Do everything that is due now. Raises StateProblem when the state cannot be used; reports all else."""
        report = Report()
        now = self._clock()
        check_clock(now)
        self._store.installed(now)
        self._check_leap(now)
        self.collect_events(report)
        self._renew_books(now, report.problems)
        self._timing.read_holidays(report.problems)
        # Before planning: what the owner did in the mailbox must not be taken for what a calendar did.
        self._noticing.notice_decisions(report.problems)
        self._planning.plan_followups(report.problems)
        self._corresponding.notice_letters(report.problems)
        if not report.failed and not report.half_read:
            self._store.facts.save_looked(now)
        self._timing.note_risks()
        report.problems += self._writer.find_mistakes()
        self._renewing.renew_drafts(report.problems)
        self._placing.place_drafts(report.problems)
        self._sending.send_approved(report.problems)
        let_go(self._store)
        self._store.prune(now, self._keep)
        return report

    def stop(self) -> None:
        """Begin no other write to a mailbox; the one at hand comes to its end."""
        self._mailing.stop()

    def _check_leap(self, now: datetime) -> None:
        """Raise ClockProblem while a clock that leapt ahead by a month may still be wrong, as after a flat battery."""
        last = self._store.facts.watch_clock(now, LEAP, LEAP_WAIT)
        if last is not None:
            raise say_leap(now, last)

    # --- 1 collect_events

    def collect_events(self, report: Report) -> None:
        """Read every calendar; one that fails keeps what was known of it and stops no other."""
        self._store.calendars.keep_only([source.name for source in self._sources])
        for source in self._sources:
            try:
                reading = self._read(source)
            except SourceProblem as problem:
                report.failed[source.name] = problem
            else:
                report.read += 1
                report.skipped += reading.skipped
                if not reading.complete:
                    report.half_read[source.name] = say_half_read(source.name, reading.skipped)
                if source.drift is not None:
                    report.drifts[source.name] = source.drift

    def _renew_books(self, now: datetime, problems: list[Problem]) -> None:
        """Bring the contacts up to date; without them names come from the calendar."""
        for book in self._books:
            try:
                book.renew(now)
            except SourceProblem as problem:
                problems.append(problem)

    def _read(self, source: CalendarSource) -> Reading:
        """Read one calendar and keep what it showed, or that it failed. Raises SourceProblem."""
        try:
            return self._read_and_keep(source)
        except SourceProblem as problem:
            self._store.calendars.save_failure(source.name, problem.what, self._clock())
            raise

    def _read_and_keep(self, source: CalendarSource) -> Reading:
        now = self._clock()
        start, end = self._window(now)
        reading = source.read(start, end)
        if not reading.events and self._is_mass_removal(source.name, start, end, now):
            raise SourceProblem(
                f"Calendar '{source.name}' is suddenly empty.",
                "If that is right, nothing is to be done: it is believed tomorrow. If not, look at its file or folder.",
            )
        self._store.calendars.save_reading(source.name, reading, start, end, now)
        return reading

    def _window(self, now: datetime) -> tuple[datetime, datetime]:
        """Reach back to what nobody looked at yet, and to the oldest event somebody still has to act on."""
        oldest = self._store.earliest_open() or now
        return min(self._store.facts.look_back(now), oldest - timedelta(days=1)), now + LOOK_AHEAD

    def _is_mass_removal(self, source: str, start: datetime, end: datetime, now: datetime) -> bool:
        last = self._store.calendars.read_at(source)
        if last is None or now - last > MASS_REMOVAL_WAIT:
            return False
        return len(self._store.calendars.known_occurrences(source, start, end, now)) >= MASS_REMOVAL

    # --- what the other steps ask

    def _write(self, item: FollowUp) -> Mapping[str, object]:
        """Return the columns a freshly written message sets. Raises TemplateProblem or Problem."""
        event = self._store.calendars.event(item.occurrence)
        if event is None:
            raise Problem(
                f"The event of item {item.id} is gone.", "Skip it, or use `followupd met` for another event."
            )
        known = self._store.last_touch(item.person or "", item.id) is not None
        judgement, _ = self._planning.judge(event)
        around = Around(self._corresponding.find_reply(item), self._corresponding.find_signature(item))
        written = self._writer.write(item, event, judgement, known=known, now=self._clock(), around=around)
        return {
            "template": written.template,
            "subject": written.subject,
            "message_id": written.message_id,
            "raw": written.raw,
            "recipe": written.recipe,
        }

    def _find_recipe(self, item: FollowUp) -> Recipe | None:
        """Return what an item would be written from by now; None while its event is not known."""
        event = self._store.calendars.event(item.occurrence)
        return self._writer.find_recipe(item.template, item, event) if event and item.template else None

    def _find_obstacle(self, item: FollowUp) -> Reason | None:
        """Return what stands against writing to this person now, with the event known afresh (safety rule 6)."""
        event = self._store.calendars.event(item.occurrence)
        if event is None:
            return Reason.GONE
        if not self._is_fresh(event):
            return Reason.NOT_FRESH
        event = self._store.calendars.event(item.occurrence)
        change = self._planning.find_change(item, event)
        if change is not None or event is None:
            return change[0] if change else Reason.GONE
        held = hold_of_time(event, self._clock())
        return held if held in {Reason.FUTURE, Reason.RUNNING} else None

    def _is_fresh(self, event: Event) -> bool:
        """Tell whether the event's calendar was read in the last minute, reading it again if it was not."""
        if event.calendar == MEETINGS or self._was_read(event):
            return True
        for source in self._sources:
            if source.name == event.calendar and not self._store.calendars.has_failed(source.name):
                with suppress(SourceProblem):
                    self._read(source)
        return self._was_read(event)

    def _was_read(self, event: Event) -> bool:
        calendars = self._store.calendars
        last = calendars.read_at(event.calendar)
        unknown = calendars.has_failed(event.calendar) or calendars.is_stale(event.occurrence)
        return last is not None and not unknown and self._clock() - last <= FRESH


def say_half_read(name: str, skipped: Sequence[Skipped]) -> SourceProblem:
    left_out = "; ".join(f"{one.where}: {one.why}" for one in skipped)
    return SourceProblem(
        f"A part of calendar '{name}' could not be read: {left_out}.", "The rest of it counts."
    )


def say_leap(now: datetime, last: datetime) -> ClockProblem:
    return ClockProblem(
        f"This computer's clock says {now:%Y-%m-%d %H:%M} UTC; at the last look it was {last:%Y-%m-%d %H:%M}.",
        "If that is right, nothing is to be done: it is believed in an hour. If not, set the clock (timedatectl); "
        "until then nothing is drafted, handed over or given up.",
    )


def check_clock(now: datetime) -> None:
    """Raise Problem when the machine's clock is before this program was written."""
    if now < WRITTEN:
        raise ClockProblem(
            f"This computer's clock says {now:%Y-%m-%d %H:%M} UTC, which is before followupd was written ({WRITTEN:%Y-%m-%d}).",
            "Set the clock (timedatectl). Until then nothing is drafted or handed over, and nothing is lost.",
        )
