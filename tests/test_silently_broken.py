"""Ways of being silently broken: each is told within an hour, by a way that does not need what is broken.

The real pass and the real heartbeat on a clock moved by hand; what breaks is real wherever that needs no more than a
file, a database or a server on loopback. docs/operating.md shows the same table to owners.
"""

import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import wait_for
from memory import MemoryCalendar, MemoryMailbox, MemoryNotices, MemorySwitch
from servers.web import Call, Site
from travel import Journey
from week import HOLD, JANE, TOM, World, guest, meeting

from followupd.adapters.feeds import Feed
from followupd.adapters.google_auth import Endpoint, GoogleAccess
from followupd.adapters.google_tokens import SignIn, TokenFile
from followupd.adapters.google_transport import Courier
from followupd.adapters.ics import IcsCalendar
from followupd.adapters.maildir import MaildirMailbox
from followupd.daemon import use_utc
from followupd.errors import ConfigProblem, NoticeProblem, SourceProblem
from followupd.last_words import telling_the_end
from followupd.network import Network
from followupd.notices import Cause, Sign
from followupd.paging import served_beside_daemon
from followupd.render import Renderer
from followupd.settings import NoticeSettings
from followupd.troubles import look_at_disk
from followupd.watching import Watch
from followupd.ways import look_at_sign_ins

ROOT = Path(__file__).parent.parent
#: Wednesday, 10:00 in Berlin: an hour in which the owner may be disturbed.
START = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLL = 5 * MINUTE
BREAKS = 12 * MINUTE
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@dataclass
class Scene:
    """An owner's world with every way to be told, on a Wednesday morning."""

    world: World
    folder: Path
    cleanup: ExitStack
    desktop: MemoryNotices = field(default_factory=MemoryNotices)
    webhook: MemoryNotices = field(default_factory=lambda: MemoryNotices("webhook"))
    switch: MemorySwitch = field(default_factory=MemorySwitch)
    free: int = 10**12
    lookouts: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        disk = look_at_disk(self.folder, lambda _: self.free)
        ways = (self.desktop, self.webhook)
        self.journey = Journey(self.world, START, POLL, ways, self.switch, (disk,))

    def read(self, *calendars: Any) -> None:
        """Have these calendars, real ones, in place of the one in memory."""
        first, *more = calendars
        self.world.calendar, self.world.more = first, tuple(more)
        self.world.reboot()

    def use_mailbox(self, mailbox: Any) -> None:
        self.world.mailbox = mailbox
        self.world.reboot()

    def meet(self, *guests: Any) -> None:
        self.world.set_event(meeting("e1", START - MINUTE, *guests))

    def meet_later(self, *guests: Any) -> None:
        """Meet somebody after everything worked for a while."""
        self.world.set_event(meeting("e2", START + BREAKS, *guests))

    def break_later(self, act: Callable[[], object]) -> None:
        self.journey.at(BREAKS, act)

    def serve(self) -> Site:
        site = self.cleanup.enter_context(Site())
        site.do = lambda call: call.answer(200, CALENDAR)
        return site

    def travel(self) -> None:
        self.journey.travel(BREAKS + HOUR)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as one:
        yield one


@pytest.fixture
def scene(tmp_path: Path, renderer: Renderer) -> Iterator[Scene]:
    use_utc()
    with ExitStack() as cleanup:
        world = World(tmp_path, renderer, MemoryMailbox("box"), now=START)
        yield Scene(world, tmp_path, cleanup)
        world.store.close()


# --- calendars


def folder_renamed(scene: Scene) -> None:
    place = scene.folder / "cal"
    place.mkdir()
    (place / "a.ics").write_bytes(CALENDAR)
    scene.read(IcsCalendar("work", place, "Europe/Berlin"))
    scene.break_later(lambda: place.rename(scene.folder / "calendar"))


def file_is_no_calendar(scene: Scene) -> None:
    file = scene.folder / "work.ics"
    file.write_bytes(CALENDAR)
    scene.read(IcsCalendar("work", file, "Europe/Berlin"))
    scene.break_later(lambda: file.write_bytes(b"<html>Please log in</html>"))


def calendar_suddenly_empty(scene: Scene) -> None:
    for number in range(6):
        scene.world.set_event(meeting(f"e{number}", START + (number + 1) * DAY))
    scene.break_later(lambda: setattr(scene.world.calendar, "events", ()))


def serve_feed(scene: Scene, behave: Callable[[Call], None]) -> None:
    site = scene.serve()
    url = f"http://127.0.0.1:{site.port}/feed.ics"
    feed = Feed(url, Network(proxy=""), allow_private=True, seconds=0.1)
    scene.read(IcsCalendar("work", feed, "Europe/Berlin"))
    scene.break_later(lambda: setattr(site, "do", behave))


def feed_withdrawn(scene: Scene) -> None:
    serve_feed(scene, lambda call: call.answer(410))


def feed_shows_a_login_page(scene: Scene) -> None:
    serve_feed(scene, lambda call: call.answer(200, b"<html>Log in to our cafe</html>"))


def feed_hangs(scene: Scene) -> None:
    serve_feed(scene, Call.stay_silent)


def network_is_away(scene: Scene) -> None:
    scene.meet(JANE)
    private = MemoryCalendar("private")
    scene.read(scene.world.calendar, private)
    lost = SourceProblem("The name of its host is not known.")

    def cut() -> None:
        scene.world.calendar.fail = private.fail = lost
        scene.webhook.fail = NoticeProblem("It did not get through.")
        box(scene).faults = [("look", "refused")] * 100

    scene.break_later(cut)


def days_off_unreadable(scene: Scene) -> None:
    holidays = scene.world.holidays = MemoryCalendar("holidays")
    scene.world.reboot()
    scene.break_later(lambda: setattr(holidays, "fail", SourceProblem("It is gone.")))


def bug_in_a_pass(scene: Scene) -> None:
    scene.break_later(lambda: setattr(scene.world.calendar, "fail", ZeroDivisionError("nobody foresaw it")))


# --- mailboxes and what lies in the queue


def box(scene: Scene) -> MemoryMailbox:
    assert isinstance(scene.world.mailbox, MemoryMailbox)
    return scene.world.mailbox


def maildir_gone(scene: Scene) -> None:
    place = scene.folder / "Mail"
    scene.use_mailbox(MaildirMailbox("box", place))
    scene.meet(JANE)

    def replace_by_file() -> None:
        place.rename(scene.folder / "Mail.old")
        place.write_text("a file")

    scene.break_later(replace_by_file)


def mailbox_refuses(scene: Scene) -> None:
    scene.meet_later(JANE)
    box(scene).faults = [("create", "refused")] * 100


def mail_server_away(scene: Scene) -> None:
    scene.use_mailbox(MemoryMailbox("box", sends=True))
    box(scene).now = lambda: scene.world.now
    scene.meet(JANE)

    def approve() -> None:
        box(scene).faults = [("open", "refused")] * 100
        scene.world.desk.approve(scene.world.item("Jane Doe").id, scene.world.now, timedelta(0))

    scene.break_later(approve)


def answer_of_the_server_lost(scene: Scene) -> None:
    scene.use_mailbox(MemoryMailbox("box", marks=True))
    box(scene).now = lambda: scene.world.now
    scene.meet(JANE)

    def approve() -> None:
        box(scene).faults = [("hand_over", "lost")]
        scene.world.desk.approve(scene.world.item("Jane Doe").id, scene.world.now, HOLD)

    scene.break_later(approve)


def message_refused_for_good(scene: Scene) -> None:
    scene.use_mailbox(MemoryMailbox("box", sends=True))
    box(scene).now = lambda: scene.world.now
    scene.meet(JANE)

    def approve() -> None:
        box(scene).faults = [("hand_over", "never")]
        scene.world.desk.approve(scene.world.item("Jane Doe").id, scene.world.now, HOLD)

    scene.break_later(approve)


def two_drafts_for_one(scene: Scene) -> None:
    scene.meet(JANE)

    def copy() -> None:
        (draft,) = box(scene).drafts.values()
        box(scene).create(draft.raw)

    scene.break_later(copy)


def deadline_nobody_saw(scene: Scene) -> None:
    # Its 48 hours end at 21:30, and from 9:30 on it is at risk.
    scene.world.set_event(meeting("old", START - 36 * HOUR + BREAKS, TOM))


# --- Google


def sign_in(scene: Scene, change: Callable[[TokenFile], object]) -> None:
    file = TokenFile(scene.folder / "google", "work")
    times = {"expires": START + DAY, "since": START - 30 * DAY}
    file.write(SignIn("client", "secret", "refresh", "access", scopes=frozenset(), **times))
    endpoint = Endpoint(Courier(Network(proxy=""), "http://127.0.0.1:9/"), "http://127.0.0.1:9/")
    access = GoogleAccess("work", file, endpoint, lambda: datetime.now(UTC))
    account = type("Account", (), {"access": access})()
    scene.journey.lookouts = (look_at_sign_ins({"work": account}),)
    scene.break_later(lambda: change(file))


def sign_in_revoked(scene: Scene) -> None:
    sign_in(scene, lambda file: file.write(replace(file.read(), ended=START + BREAKS)))


def sign_in_soon_ends(scene: Scene) -> None:
    sign_in(scene, lambda file: file.write(replace(file.read(), dies=START + 2 * DAY)))


def sign_in_lost(scene: Scene) -> None:
    sign_in(scene, TokenFile.delete)


def sign_in_open_to_others(scene: Scene) -> None:
    sign_in(scene, lambda file: file.path.chmod(0o644))


# --- templates, settings, page


def template_broken(scene: Scene) -> None:
    folder = scene.folder / "templates"
    folder.mkdir()
    template = "Subject: Hello\n\nHi {{ frist_name }},\n"
    scene.break_later(lambda: (folder / "mine.md").write_text(template))


def settings_broken(scene: Scene) -> None:
    def mistake() -> Any:
        raise ConfigProblem("config.toml has 1 mistake:\n  daemon.pol: there is no such option", "Mend it.")

    scene.journey.rebuild = mistake  # type: ignore[method-assign]
    scene.break_later(lambda: scene.journey.daemon.take_signal(signal.SIGHUP))


def page_port_taken(scene: Scene) -> None:
    taken = scene.cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
    page: Any = None
    served = served_beside_daemon(lambda: page, taken.getsockname()[1])
    problem = scene.cleanup.enter_context(served)
    scene.break_later(lambda: scene.journey.watch.note(Cause.PAGE, problem))


# --- state, disk, clock


def state_full(scene: Scene) -> None:
    scene.meet_later(*(guest(f"Guest {letter * 3}") for letter in "ABCDEFGHIJKLMNOPQRST"))
    pages = "PRAGMA max_page_count = 1"  # SQLite takes the present size where that is more: SQLITE_FULL from here on
    scene.break_later(lambda: scene.world.store.database.rows(pages))


def state_read_only(scene: Scene) -> None:
    scene.break_later(lambda: scene.world.store.database.rows("PRAGMA query_only = ON"))


def disk_nearly_full(scene: Scene) -> None:
    scene.break_later(lambda: setattr(scene, "free", 10 * 1024**2))


def no_backup(scene: Scene) -> None:
    (scene.world.settings.state / "backups").write_text("a file")


def clock_ahead_by_years(scene: Scene) -> None:
    scene.break_later(lambda: scene.journey.jump(104 * 7 * DAY))


def clock_before_followupd(scene: Scene) -> None:
    scene.break_later(lambda: scene.journey.jump(-1040 * 7 * DAY))


def clock_off(scene: Scene) -> None:
    scene.break_later(lambda: setattr(scene.world.calendar, "drift", 12 * MINUTE))


# --- the ways themselves


def webhook_broken(scene: Scene) -> None:
    scene.meet(JANE)
    scene.webhook.fail = NoticeProblem("hooks.example did not take a notice (code 404).")


def desktop_broken(scene: Scene) -> None:
    scene.meet(JANE)
    scene.desktop.fail = NoticeProblem("No notice could be shown on the desktop: code 1.")


def switch_broken(scene: Scene) -> None:
    scene.break_later(lambda: setattr(scene.switch, "fail", NoticeProblem("It answers nothing.")))


#: What breaks it, and the sentence the owner gets; a time in it stands for the moment it broke.
BROKEN: tuple[tuple[Callable[[Scene], None], str], ...] = (
    (folder_renamed, "Calendar 'work' cannot be read since Wednesday 10:15"),
    (file_is_no_calendar, "Calendar 'work' cannot be read since Wednesday 10:15"),
    (calendar_suddenly_empty, "Calendar 'work' cannot be read since Wednesday 10:15"),
    (feed_withdrawn, "Calendar 'work' cannot be read"),
    (feed_shows_a_login_page, "Calendar 'work' cannot be read since Wednesday 10:15"),
    (feed_hangs, "Calendar 'work' cannot be read since Wednesday 10:15"),
    (network_is_away, "Nothing has worked since Wednesday 10:15"),
    (days_off_unreadable, "Contacts or days off cannot be looked up since Wednesday 10:15"),
    (bug_in_a_pass, "A bug in followupd keeps it from a part of its work since Wednesday 10:15"),
    (maildir_gone, "The mailbox does not take what is due since Wednesday 10:15"),
    (mailbox_refuses, "The mailbox does not take what is due since Wednesday 10:12"),
    (mail_server_away, "The mailbox does not take what is due since Wednesday 10:15"),
    (answer_of_the_server_lost, "A follow-up stopped and waits for your word"),
    (message_refused_for_good, "A follow-up stopped and waits for your word"),
    (two_drafts_for_one, "A follow-up stopped and waits for your word"),
    (deadline_nobody_saw, "A follow-up is at risk: its 48 hours end Wednesday 22:12"),
    (sign_in_revoked, "Sign in to Google again: account 'work'"),
    (sign_in_soon_ends, "Sign in to Google again: account 'work'"),
    (sign_in_lost, "Sign in to Google again: account 'work'"),
    (sign_in_open_to_others, "Sign in to Google again: account 'work'"),
    (template_broken, "A template has a mistake; its last good version stays in force"),
    (settings_broken, "config.toml has a mistake; the settings before it stay in force"),
    (page_port_taken, "The approval page cannot be opened"),
    (state_full, "What followupd remembers cannot be read or written since Wednesday 10:12"),
    (state_read_only, "What followupd remembers cannot be read or written"),
    (disk_nearly_full, "The disk is nearly full"),
    (no_backup, "No backup can be made"),
    (clock_ahead_by_years, "This computer's clock seems to be wrong"),
    (clock_before_followupd, "This computer's clock seems to be wrong"),
    (clock_off, "This computer's clock seems to be wrong"),
    (webhook_broken, "Notices by 'webhook' do not get through since Wednesday 10:05"),
    (desktop_broken, "Notices by 'desktop' do not get through since Wednesday 10:05"),
    (switch_broken, "Notices by 'ping' do not get through since Wednesday 10:15"),
)


@pytest.mark.parametrize(("breaks", "sentence"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_it_is_told_within_the_hour_and_once(
    scene: Scene, breaks: Callable[[Scene], None], sentence: str
) -> None:
    breaks(scene)
    scene.travel()
    way = scene.webhook if scene.desktop.fail is not None else scene.desktop
    told = [title for title in way.titles if " wait" not in title or "your word" in title]
    assert told == [sentence]


def test_without_anything_broken_nothing_is_told(scene: Scene) -> None:
    scene.meet(JANE)
    scene.travel()
    assert scene.desktop.titles == ["1 draft waits, it is due Friday 09:59"]
    signs = [sign for sign, _ in scene.switch.signs]
    assert set(signs) == {Sign.START, Sign.OK}


# --- when the daemon is no more


def test_a_daemon_that_is_gone_is_told_by_the_switch_outside(scene: Scene) -> None:
    scene.journey.travel(BREAKS)  # then the plug is pulled
    *_, last = scene.switch.signs
    assert last == (Sign.OK, "")  # and nothing more: what the switch waits for stays away


def damage(scene: Scene) -> None:
    scene.world.store.close()
    scene.world.store.database.path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)


def use_newer(scene: Scene) -> None:
    scene.world.store.database.rows("PRAGMA user_version = 999")
    scene.world.store.close()


@pytest.mark.parametrize("end", [damage, use_newer])
def test_a_state_that_cannot_be_used_is_told_by_ways_that_need_none(
    scene: Scene, end: Callable[[Scene], None]
) -> None:
    site = scene.serve()
    url = f"http://127.0.0.1:{site.port}"
    ways = NoticeSettings(desktop=False, webhook=f"{url}/hook", ping=f"{url}/ping", allow_private=True)
    settings = replace(scene.world.settings, notices=ways)
    end(scene)
    for _ in range(2):
        with pytest.raises(Exception, match=r"damaged|newer"), telling_the_end(settings):
            scene.world.open()
    assert [call.path for call in site.calls] == ["/hook", "/ping/fail"]
    assert b"followupd stopped, and nothing is drafted or sent until it runs again" in site.calls[1].body


def test_a_pass_that_hangs_is_told_while_it_hangs(scene: Scene) -> None:
    watch = Watch(lambda: START, hang_after=timedelta(milliseconds=10))
    watch.stand_on(scene.journey.build_ground())
    watch.begin_pass()
    wait_for(lambda: scene.desktop.titles, 10, "the hang is told")
    assert scene.desktop.titles == ["followupd hangs: a pass began and does not end"]
    assert scene.switch.signs[-1] == (Sign.FAIL, "followupd hangs: a pass began and does not end")


def test_the_page_for_owners_lists_every_sentence() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for _, sentence in BROKEN:
        words = re.sub(r" since .*", "", re.sub(r"'\w+'", "…", sentence)).split(": its 48")[0]
        assert words in page, words
