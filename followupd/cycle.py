"""One pass, in five named steps, each committed as it goes. The only caller of ports.

After a crash the next pass finds every write either recorded or announced by an intent; an announced one is looked
up in the mailbox before anything is done about it (docs/design.md, "What keeps a mailbox safe").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from followupd import WRITTEN
from followupd.attending import ask_attendance, review_question
from followupd.errors import ClockProblem, ExitCode, Problem, SourceProblem, StateProblem, name_bug
from followupd.items import OPEN, SNOOZE_GRACE, By, FollowUp, Kind, Plan, Status
from followupd.mailing import Mailing
from followupd.model import (
    MEETINGS,
    TOO_LATE_AFTER,
    Event,
    Guest,
    Judge,
    Judgement,
    Reading,
    Reason,
    Skipped,
    Verdict,
)
from followupd.noticing import Noticing
from followupd.placing import Placing
from followupd.ports import CalendarSource, Mailbox
from followupd.rules.attendance import extend_plan, is_worth_asking
from followupd.rules.events import answer_judgement
from followupd.rules.followups import Limits, hold_of_time, needs_debrief, plan_event, times_of
from followupd.sending import Sending
from followupd.store.store import Store
from followupd.withdrawing import postpone, withdraw
from followupd.writer import Writer

#: How far ahead calendars are read: enough to know the next event's end, and to find a moved event again.
LOOK_AHEAD = timedelta(days=60)
#: An event counts as known afresh when its calendar was read this long ago at most.
FRESH = timedelta(seconds=60)
#: So many events do not vanish at once by hand; a calendar that lost them all is believed after a day.
MASS_REMOVAL = 5
MASS_REMOVAL_WAIT = timedelta(hours=24)
_UNDECIDED = OPEN | {Status.FAILED}


@dataclass
class Report:
    """What one pass met: for the command line, the log and the exit code."""

    read: int = 0
    partly: int = 0
    """Calendars of which some file could not be read."""
    failed: dict[str, Problem] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """What `once` ends with: the calendars decide, for only they can hide an event."""
        if not self.failed and not self.partly:
            return ExitCode.DONE
        return ExitCode.SOME_SOURCES_FAILED if self.read else ExitCode.ALL_SOURCES_FAILED

    def say(self) -> list[str]:
        """Return what went wrong, a line for each."""
        lines = [f"calendar '{name}': {problem.in_one_line()}" for name, problem in self.failed.items()]
        lines += [f"left out {skipped.where}: {skipped.why}" for skipped in self.skipped]
        return lines + [problem.in_one_line() for problem in self.problems]


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
        zone: ZoneInfo,
        clock: Callable[[], datetime],
    ) -> None:
        """`mailbox_of` maps a calendar's name to the mailbox its follow-ups go to; `zone` is the owner's."""
        self._store = store
        self._sources = sources
        self._mailbox_of = mailbox_of
        self._judge_words = judge
        self._limits = limits
        self._zone = zone
        self._clock = clock
        mailing = Mailing(store, mailboxes, clock)
        self._noticing = Noticing(mailing)
        self._placing = Placing(mailing, self._write, self._find_obstacle, limits)
        self._sending = Sending(mailing, self._find_obstacle, limits)
        self._writer = writer

    def run_pass(self) -> Report:
        """Do everything that is due now. Raises StateProblem when the state cannot be used; reports all else."""
        report = Report()
        now = self._clock()
        check_clock(now)
        self._store.installed(now)
        self.collect_events(report)
        # Before planning: what the owner did in the mailbox must not be taken for what a calendar did.
        self._noticing.notice_decisions(report.problems)
        self.plan_followups(report.problems)
        report.problems += self._writer.find_mistakes()
        self._placing.place_drafts(report.problems)
        self._sending.send_approved(report.problems)
        return report

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
                report.partly += not reading.complete
                report.skipped += reading.skipped

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
        """Reach back to the oldest event somebody still has to act on, so that its end is noticed."""
        oldest = self._store.earliest_open() or now
        return min(now - TOO_LATE_AFTER, oldest - timedelta(days=1)), now + LOOK_AHEAD

    def _is_mass_removal(self, source: str, start: datetime, end: datetime, now: datetime) -> bool:
        last = self._store.calendars.read_at(source)
        if last is None or now - last > MASS_REMOVAL_WAIT:
            return False
        return len(self._store.calendars.known_occurrences(source, start, end, now)) >= MASS_REMOVAL

    # --- 3 plan_followups

    def plan_followups(self, problems: list[Problem]) -> None:
        """Judge what is over and put what it asks for into the queue; look again at what lies there."""
        now = self._clock()
        for event in self._store.calendars.ended_events(now - TOO_LATE_AFTER, now):
            with self._passing_over(f"event '{event.occurrence}'", problems):
                self._plan_one(event, now)
        for occurrence in self._store.open_occurrences():
            with self._passing_over(f"event '{occurrence}'", problems):
                self._review_occurrence(occurrence, now)
        self._expire(now)
        self._close_problems(now)

    @contextmanager
    def _passing_over(self, about: str, problems: list[Problem]) -> Iterator[None]:
        """Do one thing whole or not at all; whatever goes wrong with it stops no other."""
        try:
            with self._store.transaction():
                yield
        except StateProblem:
            raise
        except Problem as problem:
            problems.append(problem)
        except Exception as error:  # noqa: BLE001 - a poisonous event must not stop the others
            problems.append(name_bug(about, error))

    def _plan_one(self, event: Event, now: datetime) -> None:
        judgement, guests = self._judge(event)
        if is_worth_asking(judgement):
            ask_attendance(self._store, event, self._mailbox_of[event.calendar], self._zone, now)
        answered = self._store.attendances.answered_at(event.occurrence)
        for asked in plan_event(event, judgement, guests, self._store.installed(now), self._limits):
            plan = extend_plan(asked, answered)
            known = self._store.followup_by_key(plan.key)
            if known is not None:
                self._revive(known, event, now)
            elif not self._was_answered(plan):
                self._store.add_followup(plan, event.title, self._mailbox_of[event.calendar], now)
        for item in self._store.followups_of(event.occurrence):
            if item.by_owner and judgement.reason is not Reason.CANCELLED:
                self._revive(item, event, now)

    def _revive(self, item: FollowUp, event: Event, now: datetime) -> None:
        """Take up again what was withdrawn, once its event or person is back and its old draft is out of the way."""
        due, deadline, expires = times_of(event)
        if item.status is Status.WITHDRAWN and item.draft_id is None and expires > now:
            status = Status.PLANNED if item.kind is Kind.DRAFT and item.email else Status.NEEDS_INFO
            times = {"due": due, "deadline": deadline, "expires": expires}
            self._store.move(item, status, now, By.DAEMON, "the calendar has it again", times)

    def _was_answered(self, plan: Plan) -> bool:
        """Tell whether a debrief is needless because the owner named people already."""
        named = any(item.by_owner for item in self._store.followups_of(plan.occurrence))
        return plan.kind is Kind.DEBRIEF and named

    def _judge(self, event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
        judgement, guests = self._judge_words(event)
        return answer_judgement(judgement, self._store.calendars.owner_says(event.occurrence)), guests

    def _review_occurrence(self, occurrence: str, now: datetime) -> None:
        """Withdraw, move or keep what is open for an event, by what its calendar says now."""
        event = self._store.calendars.event(occurrence)
        for item in self._store.followups_of(occurrence):
            if item.asks_where and item.status in OPEN:
                review_question(self._store, item, now)
            elif item.status in OPEN and item.status is not Status.SENDING and item.kind is not Kind.PROBLEM:
                self._review(item, event, now)

    def _review(self, item: FollowUp, event: Event | None, now: datetime) -> None:
        obstacle = self._find_change(item, event)
        if obstacle is not None:
            withdraw(self._store, item, *obstacle, now)
        elif event is not None and times_of(event)[0] != item.due:
            self._move_times(item, event, now)
        elif item.held is not None and item.status is Status.DRAFTED and not _is_ahead(item, now):
            self._store.note_step(item, now, By.DAEMON, "nothing holds it any more", {"held": None})

    def _find_change(self, item: FollowUp, event: Event | None) -> tuple[Reason, str] | None:
        """Return why an item should no longer be there, or None."""
        if event is None:
            return Reason.GONE, "the event is gone from the calendar"
        judgement, guests = self._judge(event)
        if item.by_owner and judgement.reason is not Reason.CANCELLED:
            return None
        if judgement.verdict is Verdict.NO:
            return judgement.reason, judgement.why
        return _find_missing(item, event, judgement, guests, self._limits)

    def _move_times(self, item: FollowUp, event: Event, now: datetime) -> None:
        due, deadline, expires = times_of(event)
        if item.snoozed_until is not None:
            expires = max(expires, item.snoozed_until + SNOOZE_GRACE)
        changes = {"due": due, "deadline": deadline, "expires": expires}
        if due > now and item.status in {Status.DRAFTED, Status.APPROVED}:
            postpone(self._store, item, now, changes)
            return
        self._store.note_step(item, now, By.DAEMON, "the event was moved", changes)

    def _expire(self, now: datetime) -> None:
        for item in self._store.followups(OPEN - {Status.APPROVED, Status.SENDING}):
            if item.expires < now and item.kind is not Kind.PROBLEM:
                self._store.move(item, Status.EXPIRED, now, By.DAEMON, _say_expired(item))

    def _close_problems(self, now: datetime) -> None:
        """Take a problem out of the queue once what it was about is decided; what was refused still waits for that."""
        for item in self._store.followups({Status.NEEDS_INFO}):
            if item.concerns is not None and self._store.followup(item.concerns).status not in _UNDECIDED:
                self._store.move(item, Status.DONE, now, By.DAEMON, "what it was about is decided")

    # --- what the other steps ask

    def _write(self, item: FollowUp) -> Mapping[str, object]:
        """Return the columns a freshly written message sets. Raises TemplateProblem or Problem."""
        event = self._store.calendars.event(item.occurrence)
        if event is None:
            raise Problem(
                f"The event of item {item.id} is gone.", "Skip it, or use `followupd met` for another event."
            )
        known = self._store.last_touch(item.person or "", item.id) is not None
        judgement, _ = self._judge(event)
        written = self._writer.write(item, event, judgement, known=known, now=self._clock())
        return {
            "template": written.template,
            "subject": written.subject,
            "message_id": written.message_id,
            "raw": written.raw,
        }

    def _find_obstacle(self, item: FollowUp) -> Reason | None:
        """Return what stands against writing to this person now, with the event known afresh (safety rule 6)."""
        event = self._store.calendars.event(item.occurrence)
        if event is None:
            return Reason.GONE
        if not self._is_fresh(event):
            return Reason.NOT_FRESH
        event = self._store.calendars.event(item.occurrence)
        change = self._find_change(item, event)
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


def _find_missing(
    item: FollowUp, event: Event, judgement: Judgement, guests: tuple[Guest, ...], limits: Limits
) -> tuple[Reason, str] | None:
    """Return why an item of an event that counts is no longer asked for, or None."""
    unsure = judgement.verdict is Verdict.ASK
    if unsure != (item.kind is Kind.QUESTION):
        return judgement.reason, judgement.why
    if unsure:
        return None
    if item.kind is Kind.DEBRIEF:
        return (
            None
            if needs_debrief(event, guests, limits)
            else (Reason.GUEST, "the calendar now says who was there")
        )
    found = next((guest for guest in guests if guest.person == item.person), None)
    if found is None:
        return Reason.PERSON_GONE, "they are no longer among the guests"
    return None if found.follow_up else (found.reason, found.why)


def _say_expired(item: FollowUp) -> str:
    waited = {Kind.DEBRIEF: "nobody said whom you met", Kind.QUESTION: "it was not answered"}
    held = f"it was held: {item.held}" if item.held else "it was not decided"
    return f"seven days passed and {waited.get(item.kind, held)}"


def _is_ahead(item: FollowUp, now: datetime) -> bool:
    """Tell whether an item is held because its event was moved and is not over yet."""
    return item.held is Reason.MOVED and item.due > now


def check_clock(now: datetime) -> None:
    """Raise Problem when the machine's clock is before this program was written."""
    if now < WRITTEN:
        raise ClockProblem(
            f"This computer's clock says {now:%Y-%m-%d %H:%M} UTC, which is before followupd was written ({WRITTEN:%Y-%m-%d}).",
            "Set the clock (timedatectl). Until then nothing is drafted or handed over, and nothing is lost.",
        )
