"""Step three: what events that are over ask for, and whether what lies in the queue is still asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from followupd.attending import ask_attendance, review_question
from followupd.errors import Problem, StateProblem, name_bug
from followupd.items import OPEN, SNOOZE_GRACE, By, FollowUp, Kind, Plan, Status
from followupd.model import Event, Guest, Judge, Judgement, Reason, Verdict
from followupd.recognising import FindAddresses, Recognising
from followupd.rules.attendance import WEEK, is_worth_asking
from followupd.rules.events import answer_judgement
from followupd.rules.followups import QUESTIONS_A_WEEK, Limits, needs_debrief, plan_event, times_of
from followupd.rules.series import Policy, SeriesRule, find_policy
from followupd.store.store import Store
from followupd.withdrawing import postpone, withdraw

_UNDECIDED = OPEN | {Status.FAILED}


class Planning:
    """Puts into the queue what events ask for, and takes back what they no longer do."""

    def __init__(
        self,
        store: Store,
        mailbox_of: Mapping[str, str],
        judge: Judge,
        limits: Limits,
        series: Sequence[SeriesRule],
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        find_addresses: FindAddresses,
    ) -> None:
        """`mailbox_of` maps a calendar's name to the mailbox its follow-ups go to; `zone` is the owner's.

        `find_addresses` tells the other addresses of whoever has one, as the owner's contacts have them.
        """
        self._store = store
        self._mailbox_of = mailbox_of
        self._judge_words = judge
        self._limits = limits
        self._series = series
        self._zone = zone
        self._clock = clock
        self._recognising = Recognising(store, find_addresses)

    def plan_followups(self, problems: list[Problem]) -> None:
        """Judge what is over and put what it asks for into the queue; look again at what lies there."""
        now = self._clock()
        for event in self._store.calendars.ended_events(self._store.facts.look_back(now), now):
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
        judgement, guests = self.judge(event)
        if is_worth_asking(judgement):
            ask_attendance(self._store, event, self._mailbox_of[event.calendar], self._zone, now)
        for plan in self._plan_items(event, judgement, guests, now):
            known = self._store.followup_by_key(plan.key)
            if known is not None:
                self._revive(known, event, now)
            elif not (self._was_answered(plan) or self._has_asked_enough(plan, now)):
                self._store.add_followup(plan, event.title, self._mailbox_of[event.calendar], now)
                if plan.person is not None:
                    self._recognising.recognise(event, plan.person, self._mailbox_of[event.calendar], now)
        if judgement.verdict is Verdict.YES:
            self._recognising.recognise_guests(event, guests, self._mailbox_of[event.calendar], now)
        for item in self._store.followups_of(event.occurrence):
            if item.by_owner and judgement.reason is not Reason.CANCELLED:
                self._revive(item, event, now)

    def _plan_items(
        self, event: Event, judgement: Judgement, guests: tuple[Guest, ...], now: datetime
    ) -> tuple[Plan, ...]:
        policy = find_policy(self._series, event)
        met = self._store.contacts.met_before(event) if policy is Policy.NEW_FACES else frozenset()
        installed = self._store.installed(now)
        answered = self._store.attendances.answered_at(event.occurrence)
        return plan_event(event, judgement, guests, installed, self._limits, now, policy, met, answered)

    def _revive(self, item: FollowUp, event: Event, now: datetime) -> None:
        """Take up again what was withdrawn, once its event or person is back and its old draft is out of the way."""
        if self._store.contacts.is_never(item.person):
            return
        due, deadline, expires = times_of(event)
        if item.status is Status.WITHDRAWN and item.draft_id is None and expires > now:
            status = Status.PLANNED if item.kind is Kind.DRAFT and item.email else Status.NEEDS_INFO
            times = {"due": due, "deadline": deadline, "expires": expires, "held": None}
            self._store.move(item, status, now, By.DAEMON, _say_revived(item), times)

    def _was_answered(self, plan: Plan) -> bool:
        """Tell whether a debrief is needless because the owner named people already."""
        named = any(item.by_owner for item in self._store.followups_of(plan.occurrence))
        return plan.kind is Kind.DEBRIEF and named

    def _has_asked_enough(self, plan: Plan, now: datetime) -> bool:
        """Tell whether a question has to wait until fewer were asked about the last week's events."""
        if plan.kind is not Kind.QUESTION:
            return False
        return self._store.calendars.count_questions(now - WEEK) >= QUESTIONS_A_WEEK

    def judge(self, event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
        judgement, guests = self._judge_words(event)
        known = self._store.calendars
        answered = answer_judgement(judgement, known.owner_says(event.occurrence), known.series_says(event))
        return answered, guests

    def _review_occurrence(self, occurrence: str, now: datetime) -> None:
        """Withdraw, move or keep what is open for an event, by what its calendar says now."""
        event = self._store.calendars.event(occurrence)
        for item in self._store.followups_of(occurrence):
            if item.asks_where and item.status in OPEN:
                review_question(self._store, item, now)
            elif item.asks_who:
                self._recognising.review(item, now)
            elif item.status in OPEN and item.status is not Status.SENDING and item.kind is not Kind.PROBLEM:
                self._review(item, event, now)

    def _review(self, item: FollowUp, event: Event | None, now: datetime) -> None:
        obstacle = self.find_change(item, event)
        if obstacle is not None:
            withdraw(self._store, item, *obstacle, now)
        elif event is not None and times_of(event)[0] != item.due and not item.is_nudge:
            self._move_times(item, event, now)
        elif (
            item.held not in {None, Reason.WROTE}
            and item.status is Status.DRAFTED
            and not _is_ahead(item, now)
        ):
            self._store.note_step(item, now, By.DAEMON, "nothing holds it any more", {"held": None})

    def find_change(self, item: FollowUp, event: Event | None) -> tuple[Reason, str] | None:
        """Return why an item should no longer be there, or None."""
        if self._store.contacts.is_never(item.person):
            return Reason.DO_NOT_CONTACT, "you said never to write to them"
        if item.is_nudge:
            return self._find_end_of_silence(item)
        if event is None:
            return Reason.GONE, "the event is gone from the calendar"
        judgement, guests = self.judge(event)
        if item.by_owner and judgement.reason is not Reason.CANCELLED:
            return None
        if judgement.verdict is Verdict.NO:
            return judgement.reason, judgement.why
        return _find_missing(item, event, judgement, guests, self._limits)

    def _find_end_of_silence(self, nudge: FollowUp) -> tuple[Reason, str] | None:
        """Return why a nudge is no longer wanted: what it is about was answered, or came back."""
        about = self._store.followup(nudge.concerns or 0)
        if about.status in {Status.SENT, Status.HANDLED}:
            return None
        return (Reason.ANSWERED if about.status is Status.ANSWERED else Reason.BOUNCED), about.outcome

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


def _say_revived(item: FollowUp) -> str:
    return (
        "you may write to them again" if item.held is Reason.DO_NOT_CONTACT else "the calendar has it again"
    )


def _say_expired(item: FollowUp) -> str:
    waited = {Kind.DEBRIEF: "nobody said whom you met", Kind.QUESTION: "it was not answered"}
    held = f"it was held: {item.held}" if item.held else "it was not decided"
    return f"seven days passed and {waited.get(item.kind, held)}"


def _is_ahead(item: FollowUp, now: datetime) -> bool:
    """Tell whether an item is held because its event was moved and is not over yet."""
    return item.held is Reason.MOVED and item.due > now
