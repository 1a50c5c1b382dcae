"""Telling the owner over the real store: once a day, in working hours, by every way that gets through."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from memory import MemoryNotices, MemorySwitch

from followupd.assemble import open_store
from followupd.errors import NoticeProblem
from followupd.notices import Cause, Notice, Sign
from followupd.rules.hours import Hours
from followupd.store.store import Store
from followupd.telling import Telling

#: Wednesday, 13:00 in Berlin.
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
EVENING = NOON + timedelta(hours=8)
MORNING = datetime(2026, 11, 19, 7, 0, tzinfo=UTC)
LOST = NoticeProblem("It did not get through.", "Look.")
WORK = Notice(Cause.CALENDAR, ("work",), "Calendar 'work' cannot be read")
BOTH = Notice(Cause.CALENDAR, ("work", "club"), "2 calendars cannot be read")


class Owner:
    """Somebody with ways to be told, a state on disk and a clock."""

    def __init__(self, folder: Path, *ways: MemoryNotices) -> None:
        self.folder = folder
        self.ways = ways
        self.switch = MemorySwitch()
        self.now = NOON
        self.store: Store = open_store(folder)
        self.boot()

    def boot(self) -> None:
        self.store.close()
        self.store = open_store(self.folder)
        self.telling = Telling(self.store, self.ways, self.switch, Hours("Europe/Berlin"), lambda: self.now)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    one = Owner(tmp_path / "state", MemoryNotices("desktop"), MemoryNotices("log", disturbs=False))
    yield one
    one.store.close()


def test_the_same_is_told_once_a_day_and_again_the_next_also_after_a_restart(owner: Owner) -> None:
    desktop, _ = owner.ways
    owner.telling.tell([WORK])
    owner.telling.tell([WORK])
    owner.boot()
    owner.telling.tell([WORK])
    assert desktop.told == [WORK]
    owner.now = MORNING
    owner.telling.tell([WORK])
    assert desktop.told == [WORK, WORK]


def test_one_more_of_the_same_cause_is_news(owner: Owner) -> None:
    desktop, _ = owner.ways
    for notices in ([WORK], [BOTH], [BOTH], [WORK]):
        owner.telling.tell(notices)
    assert desktop.told == [WORK, BOTH]


def test_nobody_is_disturbed_out_of_hours_or_on_a_day_off(owner: Owner) -> None:
    desktop, log = owner.ways
    owner.now = EVENING
    owner.telling.tell([WORK])
    assert (desktop.told, log.told) == ([], [WORK])
    owner.now = MORNING
    owner.store.calendars.save_holidays({MORNING.date(): "Repentance Day"})
    owner.telling.tell([WORK])
    assert desktop.told == []
    owner.store.calendars.save_holidays({})
    owner.telling.tell([WORK])
    assert desktop.told == [WORK]


def test_a_way_that_fails_stops_no_other_and_gets_it_with_the_next_pass(owner: Owner) -> None:
    desktop, log = owner.ways
    desktop.fail = LOST
    owner.telling.tell([WORK])
    assert (log.told, owner.telling.failed) == ([WORK], {"desktop": LOST})
    desktop.fail = None
    owner.telling.tell([WORK])
    assert (log.told, desktop.told, owner.telling.failed) == ([WORK], [WORK], {})


def test_a_desktop_nobody_is_at_is_told_when_somebody_is(owner: Owner) -> None:
    desktop, _ = owner.ways
    desktop.there = False
    owner.telling.tell([WORK])
    assert (desktop.told, owner.telling.failed) == ([], {})
    desktop.there = True
    owner.telling.tell([WORK])
    assert desktop.told == [WORK]


def test_a_way_that_failed_is_not_asked_to_tell_that_it_failed(owner: Owner) -> None:
    desktop, log = owner.ways
    notice = Notice(Cause.WAY, ("desktop",), "Notices by 'desktop' do not get through")
    owner.telling.tell([notice])
    assert (desktop.told, log.told) == ([], [notice])


def test_without_a_state_it_remembers_by_itself_and_leaves_mailboxes_alone(owner: Owner) -> None:
    desktop, log = owner.ways
    draft = MemoryNotices("draft", writes_mail=True)
    owner.ways = (desktop, log, draft)
    owner.boot()
    owner.store.database.change("DROP TABLE notices")  # as a state that cannot be used answers
    owner.telling.tell([WORK])
    owner.telling.tell([WORK])
    owner.telling.tell_without_state([BOTH])
    assert (desktop.told, draft.told) == ([WORK, BOTH], [])
    assert owner.switch.signs == [(Sign.FAIL, "2 calendars cannot be read")]


def test_a_way_gets_back_what_it_gave_for_the_last_notice_of_the_same_cause(owner: Owner) -> None:
    desktop, _ = owner.ways
    owner.telling.tell([WORK, Notice(Cause.DISK, ("",), "The disk is nearly full")])
    owner.boot()
    owner.telling.tell([BOTH])
    assert desktop.earlier == ["", "", "receipt 1"]


def test_a_switch_that_does_not_answer_is_not_waited_for_before_a_pass(owner: Owner) -> None:
    owner.switch.fail = LOST
    owner.telling.ping(Sign.OK)
    owner.switch.fail = None
    owner.telling.ping(Sign.START)
    assert (owner.switch.signs, owner.telling.failed) == ([], {"ping": LOST})
    owner.telling.ping(Sign.OK)
    owner.telling.ping(Sign.START)
    assert owner.switch.signs == [(Sign.OK, ""), (Sign.START, "")]
    assert owner.telling.failed == {}
