"""Tells the owner: by every way of theirs, each thing once a day, and by those that reach for them in working hours only."""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from followupd.errors import NoticeProblem, Problem
from followupd.notices import Cause, Notice, Sign
from followupd.ports import Notifier, Switch
from followupd.rules.hours import Hours, Timetable
from followupd.store.store import Store

log = logging.getLogger("followupd")


class Telling:
    """The owner's ways, and the memory of what was told by them."""

    def __init__(
        self,
        store: Store | None,
        ways: Sequence[Notifier],
        switch: Switch | None,
        hours: Hours,
        clock: Callable[[], datetime],
    ) -> None:
        """`store` remembers what was told; without one, or while it cannot be used, this object does."""
        self._store = store
        self._ways = ways
        self._switch = switch
        self._hours = hours
        self._zone = ZoneInfo(hours.zone)
        self._clock = clock
        self._told: dict[tuple[str, str, Cause], datetime] = {}
        """(way, subject, cause) to when it was told; in case the store cannot say."""
        self.failed: dict[str, NoticeProblem] = {}
        """Ways that did not get through when they were last used."""
        self._switch_failed = False

    def find_timetable(self) -> Timetable:
        """Return when the owner may be disturbed."""
        if self._store is not None:
            with suppress(Problem):
                return Timetable(self._hours, self._store.calendars.holidays())
        return Timetable(self._hours)

    def tell(self, notices: Sequence[Notice]) -> None:
        """Tell what was not told today, and by ways that disturb only in working hours. Never raises a Problem."""
        is_open = self.find_timetable().is_open(self._clock())
        for way in self._ways:
            if (is_open or not way.disturbs) and way.is_there():
                for notice in notices:
                    if way.name not in notice.subjects or notice.cause is not Cause.WAY:
                        self._tell_once(way, notice)

    def tell_without_state(self, notices: Iterable[Notice]) -> None:
        """Tell now, whatever the hour, by the ways that need no state: this may be the last that is heard."""
        for notice in notices:
            for way in self._ways:
                if not way.writes_mail and way.is_there():
                    self._deliver(way, notice, "")
            self.ping(Sign.FAIL, notice.title)

    def ping(self, sign: Sign, words: str = "") -> None:
        """Say outside how a pass goes; one that does not listen is told of the end of a pass alone."""
        if self._switch is None or (sign is Sign.START and self._switch_failed):
            return
        self._switch_failed = False
        self.failed.pop("ping", None)
        try:
            self._switch.ping(sign, words)
        except NoticeProblem as problem:
            self._switch_failed = True
            self.failed["ping"] = problem

    def _tell_once(self, way: Notifier, notice: Notice) -> None:
        if all(self._was_told(way, notice.cause, subject) for subject in notice.subjects):
            return
        remembered = self._remember(way, notice)
        if not remembered and way.writes_mail:
            return
        earlier = self._find_receipt(way, notice.cause)
        if not self._deliver(way, notice, earlier):
            self._take_back(way, notice)

    def _deliver(self, way: Notifier, notice: Notice, earlier: str) -> bool:
        try:
            receipt = way.tell(notice, earlier)
        except NoticeProblem as problem:
            if way.name not in self.failed:
                log.warning("%s", problem.in_one_line())
            self.failed[way.name] = problem
            return False
        self.failed.pop(way.name, None)
        if self._store is not None and receipt:
            with suppress(Problem):
                self._store.notices.save_receipt(notice.cause, way.name, receipt)
        return True

    def _was_told(self, way: Notifier, cause: Cause, subject: str) -> bool:
        told = self._told.get((way.name, subject, cause))
        if told is None and self._store is not None:
            with suppress(Problem):
                told = self._store.notices.told_at(cause, way.name).get(subject)
        return told is not None and self._day(told) == self._day(self._clock())

    def _day(self, moment: datetime) -> object:
        return moment.astimezone(self._zone).date()

    def _remember(self, way: Notifier, notice: Notice) -> bool:
        """Note that a notice is about to be told: a crash in between loses it rather than telling it again and again."""
        now = self._clock()
        self._told |= {(way.name, subject, notice.cause): now for subject in notice.subjects}
        if self._store is None:
            return False
        try:
            self._store.notices.save_told(notice.cause, notice.subjects, way.name, now)
        except Problem:
            return False
        return True

    def _take_back(self, way: Notifier, notice: Notice) -> None:
        for subject in notice.subjects:
            self._told.pop((way.name, subject, notice.cause), None)
        if self._store is not None:
            with suppress(Problem):
                self._store.notices.take_back(notice.cause, notice.subjects, way.name)

    def _find_receipt(self, way: Notifier, cause: Cause) -> str:
        if self._store is not None:
            with suppress(Problem):
                return self._store.notices.receipt(cause, way.name)
        return ""
