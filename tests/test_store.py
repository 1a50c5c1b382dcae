"""The state: opened with care, changed by one at a time, and stopped at once where it is damaged or the disk is full."""

import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week import HOLD, NOON, World, guest, meeting

from followupd.adapters.maildir import MaildirMailbox
from followupd.assemble import open_store
from followupd.desk import Desk
from followupd.errors import AlreadyRunning, Changed, Problem, StateBusy, StateProblem, StateUnusable
from followupd.items import Act, By, FollowUp, Kind, Plan, Status
from followupd.model import Answer, Attendee, Event, GuestKind, Person, Reading, Reason
from followupd.render import Renderer
from followupd.store.rows import read_event, write_event
from followupd.store.store import Store

HOUR = timedelta(hours=1)
JANE = Person("jane@acme.example", "jane@acme.example", "Jane Doe", "Jane")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def plan(key: str = "e1|jane@acme.example", status: Status = Status.PLANNED) -> Plan:
    return Plan(
        key=key,
        kind=Kind.DRAFT,
        status=status,
        occurrence="e1",
        reason=Reason.GUEST,
        why="accepted the invitation",
        due=NOON,
        deadline=NOON + timedelta(hours=48),
        expires=NOON + timedelta(days=7),
        person=JANE,
    )


def add(store: Store, key: str = "e1|jane@acme.example") -> FollowUp:
    item = store.add_followup(plan(key), "Coffee", "box", NOON)
    assert item is not None
    return item


def draft(store: Store) -> FollowUp:
    return store.move(add(store), Status.DRAFTED, NOON, By.DAEMON, "drafted", {"raw": b"x", "draft_id": "d1"})


# --- opening


def test_a_new_state_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "new" / "state")
        add(store)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "state").iterdir()}
        assert (tmp_path / "new" / "state").stat().st_mode & 0o777 == 0o700
        assert modes
        assert set(modes.values()) == {0o600}
        store.close()
    finally:
        os.umask(before)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    item = draft(first)
    first.close()
    second = open_store(tmp_path)
    assert second.followup(item.id) == item
    assert [(step.status, step.by) for step in second.history(item.id)] == [
        (Status.PLANNED, By.DAEMON),
        (Status.DRAFTED, By.DAEMON),
    ]
    second.close()


def test_two_who_open_a_new_state_at_once_both_succeed(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        together = threading.Barrier(4)

        def open_together(folder: Path = folder, together: threading.Barrier = together) -> None:
            together.wait()
            open_store(folder).close()

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(open_together) for _ in range(4)]:
                done.result()


OPEN_AND_CLOSE = """
import sys
from pathlib import Path
from followupd.assemble import open_store
store = open_store(Path(sys.argv[1]))
print(store.is_paused())
store.close()
"""


def look_from_elsewhere(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AND_CLOSE, folder], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_state_opened_twice_by_one_process_survives_the_commands_of_another(tmp_path: Path) -> None:
    # As the daemon does at SIGHUP. The kernel drops a process's locks on a file with the first descriptor it closes.
    before, after = open_store(tmp_path), open_store(tmp_path)
    before.close()
    assert look_from_elsewhere(tmp_path) == "False"
    after.pause(paused=True)
    assert look_from_elsewhere(tmp_path) == "True"
    after.close()


def make_foreign(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def make_newer(file: Path) -> None:
    open_store(file.parent).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def make_text(file: Path) -> None:
    file.write_text("This is a shopping list, not a database. " * 50)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_foreign, "belongs to another program"),
        (make_newer, "newer followupd (schema 99"),
        (make_text, "is damaged: file is not a database"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / "followupd.sqlite3"
    make(file)
    before = file.read_bytes()
    with pytest.raises(StateUnusable) as refusal:
        open_store(tmp_path)
    assert words in refusal.value.what
    assert refusal.value.exit_code == 78
    assert file.read_bytes() == before


def test_a_file_in_the_place_of_the_folder_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateProblem, match="state") as refusal:
        open_store(tmp_path / "state")
    assert refusal.value.exit_code == 74
    assert refusal.value.todo


def test_a_migration_cut_short_leaves_an_empty_file_and_the_next_one_completes_it(tmp_path: Path) -> None:
    file = tmp_path / "followupd.sqlite3"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE facts (name TEXT)")
    connection.close()  # as a kill would: nothing of it was committed
    store = open_store(tmp_path)
    assert add(store).id == 1
    store.close()


# --- the queue


def test_a_key_is_put_into_the_queue_once_for_ever(store: Store) -> None:
    item = add(store)
    store.move(item, Status.SKIPPED, NOON, By.OWNER, "no")
    assert store.add_followup(plan(), "Coffee", "box", NOON) is None
    assert len(store.followups()) == 1


def test_numbers_are_never_used_again(store: Store) -> None:
    assert [add(store, f"e1|{n}").id for n in range(3)] == [1, 2, 3]
    store.database.change("DELETE FROM steps")
    store.database.change("DELETE FROM followups")
    assert add(store, "e1|later").id == 4


def test_a_change_over_what_somebody_else_changed_is_refused(store: Store) -> None:
    seen = draft(store)
    store.note_step(seen, NOON, By.OWNER, "you snoozed it", {"snoozed_until": NOON + HOUR})
    with pytest.raises(Changed):
        store.update(seen, held=Reason.MOVED)
    with pytest.raises(Changed):
        store.move(seen, Status.SKIPPED, NOON, By.OWNER, "no")
    assert store.followup(seen.id).status is Status.DRAFTED
    assert len(store.history(seen.id)) == 3


def test_a_change_returns_the_item_as_the_store_has_it_now(store: Store) -> None:
    seen = draft(store)
    berlin = NOON.astimezone(ZoneInfo("Europe/Berlin"))
    changes = {"raw": b"Hi", "held": Reason.MOVED, "edited": True, "tries": 2, "leaves_at": berlin}
    moved = store.note_step(seen, NOON, By.OWNER, "you edited it", changes)
    assert moved == store.followup(seen.id)
    assert (moved.raw, moved.held, moved.edited, moved.tries) == (b"Hi", Reason.MOVED, True, 2)
    assert store.update(moved) == moved
    with pytest.raises(Changed):
        store.update(seen)


def test_a_move_that_is_not_in_the_table_changes_nothing(store: Store) -> None:
    item = add(store)
    with pytest.raises(Problem, match="'planned' cannot become 'approved'"):
        store.move(item, Status.APPROVED, NOON, By.OWNER, "yes")
    assert store.followup(item.id) == item


def test_nothing_is_approved_without_the_hash_of_what_was_approved(store: Store) -> None:
    item = draft(store)
    with pytest.raises(StateProblem):
        store.move(item, Status.APPROVED, NOON, By.OWNER, "yes")  # no approved_hash
    assert store.followup(item.id) == item


def test_an_inner_transaction_joins_and_falls_with_the_outer_one(store: Store) -> None:
    def write_and_fail() -> None:
        with store.transaction():
            with store.transaction():
                add(store, "e1|inner")
            raise ValueError("outer")

    with pytest.raises(ValueError, match="outer"):
        write_and_fail()
    assert store.followups() == []
    add(store)  # and the connection is fit for use
    assert len(store.followups()) == 1


def test_a_write_is_announced_only_by_the_one_that_reigns(tmp_path: Path) -> None:
    old, new = open_store(tmp_path), open_store(tmp_path)
    item = add(old)
    with pytest.raises(AlreadyRunning):
        old.intend(item, Act.CREATE, "h", NOON)
    old.begin_reign()
    new.begin_reign()
    with pytest.raises(AlreadyRunning):
        old.intend(item, Act.CREATE, "h", NOON)
    assert new.open_intents() == []
    intent = new.intend(item, Act.CREATE, "h", NOON)
    assert old.open_intents() == [intent]
    old.close()
    new.close()


def test_one_item_has_one_open_intent(store: Store) -> None:
    store.begin_reign()
    item = add(store)
    first = store.intend(item, Act.CREATE, "h", NOON)
    with pytest.raises(StateProblem):
        store.intend(item, Act.CREATE, "h", NOON)
    store.close_intent(first, "done", NOON)
    assert store.intend(item, Act.REMOVE, "h", NOON).id == first.id + 1


# --- calendars


def event(occurrence: str, calendar: str = "work", **facts: object) -> Event:
    known: dict[str, object] = {"uid": occurrence, "title": "Coffee", "start": NOON, "end": NOON + HOUR}
    return Event(occurrence, calendar, **(known | facts))  # type: ignore[arg-type]  # facts are spelled out per test


def read(store: Store, calendar: str, *events: Event, complete: bool = True) -> None:
    store.calendars.save_reading(calendar, Reading(events, (), complete), NOON - HOUR, NOON + 2 * HOUR, NOON)


def test_what_a_complete_reading_no_longer_shows_is_gone_and_may_come_back(store: Store) -> None:
    read(store, "work", event("a"), event("b"))
    read(store, "work", event("a"))
    assert (store.calendars.event("a"), store.calendars.event("b")) == (event("a"), None)
    read(store, "work", event("a"), event("b"))
    assert store.calendars.event("b") == event("b")


def test_an_incomplete_reading_and_another_calendar_take_nothing_away(store: Store) -> None:
    read(store, "work", event("a"))
    read(store, "work", complete=False)
    read(store, "home")
    assert store.calendars.event("a") == event("a")


def test_the_owners_own_copy_of_an_event_wins_over_a_public_list(store: Store) -> None:
    own, listed = event("a", "work"), event("a", "chamber", listed=True)
    read(store, "work", own)
    read(store, "chamber", listed)
    assert store.calendars.event("a") == own
    read(store, "chamber", event("b", "chamber", listed=True))
    read(store, "work", event("b", "work"))
    assert store.calendars.event("b") == event("b", "work")


def test_the_owners_answer_outlives_every_new_reading(store: Store) -> None:
    read(store, "work", event("a"))
    store.calendars.save_answer("a", networking=True)
    read(store, "work", event("a", title="Coffee, moved"))
    assert store.calendars.owner_says("a") is True
    assert store.calendars.owner_says("never seen") is None


INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ATTENDEES = st.builds(
    Attendee,
    email=st.none() | TEXTS,
    name=TEXTS,
    answer=st.sampled_from(Answer),
    kind=st.sampled_from(GuestKind),
    organizer=st.booleans(),
)


@given(
    st.builds(
        Event,
        occurrence=TEXTS,
        calendar=TEXTS,
        uid=TEXTS,
        title=TEXTS,
        start=INSTANTS,
        end=INSTANTS,
        all_day=st.booleans(),
        private=st.booleans(),
        listed=st.booleans(),
        description=TEXTS,
        categories=st.lists(TEXTS).map(tuple),
        attendees=st.lists(ATTENDEES, max_size=3).map(tuple),
    )
)
def test_an_event_is_read_back_as_it_was_written(event: Event) -> None:
    assert read_event(write_event(event)) == event


# --- many at once


def approve_in_own_connection(folder: Path, number: int) -> bool:
    store = open_store(folder)
    try:
        Desk(store, lambda: None).approve(number, NOON, HOLD)
    except Problem:
        return False
    else:
        return True
    finally:
        store.close()


def test_of_fifty_approvals_at_once_exactly_one_wins(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    item = draft(store)
    with (
        ThreadPoolExecutor(25) as threads,
        multiprocessing.get_context("forkserver").Pool(2) as processes,
    ):
        elsewhere = processes.starmap_async(approve_in_own_connection, [(tmp_path, item.id)] * 25)
        here = [threads.submit(approve_in_own_connection, tmp_path, item.id) for _ in range(25)]
        won = [done.result() for done in here] + elsewhere.get(60)
    assert Counter(won) == {True: 1, False: 49}
    assert [step.status for step in store.history(item.id)].count(Status.APPROVED) == 1
    store.close()


# --- a damaged file and a full disk: passes over a real Maildir


class Home(World):
    """A folder in which one draft is approved, one skipped, one edited, one handed over, and one still to be written."""

    def __init__(self, folder: Path, renderer: Renderer, now: datetime = NOON) -> None:
        super().__init__(folder, renderer, MaildirMailbox("box", folder / "Mail"), now=now)
        for number, names in enumerate((["Ida Old"], ["Jane Doe", "Tom Miller", "Kim Lang"])):
            guests = [guest(name) for name in names]
            self.set_event(meeting(f"e{number}", NOON - (2 - number) * HOUR, *guests))
        self.set_event(meeting("e2", NOON + HOUR, guest("Lou Next")))

    def live(self) -> None:
        self.run()
        self.approve("Ida Old")
        self.run(minutes=3)
        self.desk.skip(self.item("Tom Miller").id, self.now)
        self.run()
        self.approve("Jane Doe")
        self.desk.edit(self.item("Kim Lang").id, self.now, subject="Another subject")
        self.store.close()


#: Two hours on: Jane's hold is over, Kim's edit waits, and the event with Lou has ended.
LATER = NOON + 2 * HOUR


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as warm:
        yield warm


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, renderer: Renderer) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    Home(folder, renderer).live()
    return folder


TO = re.compile(rb"^To: .*<(.+)@acme\.example>$", re.MULTILINE)


def letters(folder: Path) -> dict[str, bytes]:
    """Return every message in the Maildir, by folder and name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "Mail").rglob("*"))
        if path.is_file() and path.parent.name in {"cur", "new"}
    }


def recipients(folder: Path, box: str) -> list[str]:
    paths = [path for part in ("cur", "new") for path in (folder / "Mail" / box / part).glob("*")]
    return sorted(TO.findall(path.read_bytes())[0].decode() for path in paths)


def test_the_undamaged_home_goes_on_as_it_should(lived: Path, tmp_path: Path, renderer: Renderer) -> None:
    folder = Path(shutil.copytree(lived, tmp_path / "copy"))
    home = Home(folder, renderer, LATER)
    home.run()
    home.store.close()
    assert recipients(folder, ".Ready") == ["ida.old", "jane.doe"]
    assert recipients(folder, ".Drafts") == ["kim.lang", "lou.next"]
    assert "tom.miller" in recipients(folder, ".Trash")


def overwrite(data: bytearray, rng: random.Random, start: int, length: int) -> None:
    data[start : start + length] = rng.randbytes(min(length, len(data) - start))


def damage(data: bytes, rng: random.Random) -> bytes:
    """Return the file with a page lost, doubled or overwritten, its end cut off, or a few bytes changed."""
    page, changed = 4096, bytearray(data)
    pages = len(data) // page
    start = rng.randrange(pages) * page
    kind = rng.choice(["page", "zeros", "double", "cut", "bytes", "bytes", "byte", "byte"])
    if kind == "page":
        overwrite(changed, rng, start, page)
    elif kind == "zeros":
        changed[start : start + page] = bytes(page)
    elif kind == "double":
        source = rng.randrange(pages) * page
        changed[start : start + page] = data[source : source + page]
    elif kind == "cut":
        del changed[rng.randrange(1, len(changed)) :]
    else:
        overwrite(changed, rng, rng.randrange(len(changed)), 1 if kind == "byte" else rng.randrange(2, 64))
    return bytes(changed)


def meet_damage(folder: Path, renderer: Renderer) -> str:
    """Open, check and pass as `once` does; say how far it came."""
    try:
        home = Home(folder, renderer, LATER)
    except StateProblem:
        return "refused at once"
    try:
        home.store.check()
    except StateProblem:
        return "refused at once"
    else:
        try:
            home.run()
        except StateProblem:
            return "stopped on the way"
        return "went on"
    finally:
        home.store.close()


def check_damage(lived: Path, folder: Path, renderer: Renderer, seed: int) -> str:
    """Damage the state in `folder`, a copy of `lived` that is made where it is missing; say how far a pass came."""
    if not folder.exists():
        shutil.copytree(lived, folder)
    name = Path("state", "followupd.sqlite3")
    (folder / name).write_bytes(damage((lived / name).read_bytes(), random.Random(seed)))
    before = letters(folder)
    came = meet_damage(folder, renderer)
    after = letters(folder)
    if came == "refused at once":
        assert after == before, f"seed {seed}"
    waiting = recipients(folder, ".Drafts") + recipients(folder, ".Ready")
    assert len(set(waiting)) == len(waiting), f"seed {seed}: {waiting}"
    assert "tom.miller" not in waiting, f"seed {seed}: a skipped draft came back"
    assert set(recipients(folder, ".Ready")) <= {"ida.old", "jane.doe"}, f"seed {seed}"
    ready = {data for name, data in after.items() if ".Ready" in name}
    assert ready <= set(before.values()), f"seed {seed}: other bytes than the approved ones left"
    if came != "refused at once":
        shutil.rmtree(folder)
    return came


@pytest.mark.parametrize("first", range(0, 500, 125))
def test_a_damaged_state_is_refused_before_anything_is_written_and_never_makes_a_second_draft(
    lived: Path, tmp_path: Path, renderer: Renderer, first: int
) -> None:
    seeds = range(first, first + 125)
    came = Counter(check_damage(lived, tmp_path / "damaged", renderer, seed) for seed in seeds)
    assert came["refused at once"] > 40


@pytest.mark.soak
@pytest.mark.parametrize("first", range(500, 5_500, 500))
def test_five_thousand_more_kinds_of_damage(
    lived: Path, tmp_path: Path, renderer: Renderer, first: int
) -> None:
    seeds = range(first, first + 500)
    came = Counter(check_damage(lived, tmp_path / "damaged", renderer, seed) for seed in seeds)
    assert came["refused at once"] > 160


def test_a_text_that_is_not_the_one_saved_is_noticed(store: Store) -> None:
    item = store.update(draft(store), raw=b"edited", edited=True)
    add(store, "e1|not-drafted-yet")
    store.check()
    store.database.change("UPDATE followups SET raw = ? WHERE id = ?", b"edithd", item.id)
    with pytest.raises(StateUnusable, match="text of item 1 is not the one that was saved"):
        store.check()


def test_an_index_that_denies_a_key_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    add(store, "e1|key-of-jane")
    store.close()
    file = tmp_path / "followupd.sqlite3"
    data = file.read_bytes()
    places = [place.start() for place in re.finditer(b"e1.key-of-jane", data)]
    assert len(places) == 2  # in the table, and in the index of keys
    answers = []
    for place in places:
        file.write_bytes(data[:place] + b"E" + data[place + 1 :])
        store = open_store(tmp_path)
        answers.append(store.followup_by_key("e1|key-of-jane") is None)
        with pytest.raises(StateUnusable):
            store.check()
        store.close()
    assert any(answers)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE followups SET due = 'soon'",
        "UPDATE followups SET reason = 'guesc'",
        "UPDATE followups SET name = CAST(x'ff' AS TEXT)",
        "UPDATE steps SET status = 'plannee'",
    ],
)
def test_a_row_that_cannot_have_been_written_is_damage_in_words(store: Store, change: str) -> None:
    item = add(store)
    store.database.change(change)
    with pytest.raises(StateUnusable, match="is damaged"):
        store.history(item.id) if "steps" in change else store.followup(item.id)


def test_on_a_full_disk_nothing_leaves_without_its_intent_and_nothing_is_lost(
    lived: Path, tmp_path: Path, renderer: Renderer
) -> None:
    stopped = 0
    for room in range(12):
        folder = Path(shutil.copytree(lived, tmp_path / str(room)))
        home = Home(folder, renderer, LATER)
        pages = home.store.database.rows("PRAGMA page_count")[0][0]
        home.store.database.rows(f"PRAGMA max_page_count = {pages + room}")
        try:
            home.run()
        except StateBusy:
            stopped += 1
        announced = home.store.database.rows(
            "SELECT email FROM intents JOIN followups ON followups.id = followup"
        )
        written = {f"{name}@acme.example" for name in recipients(folder, ".Drafts")}
        assert written <= {row["email"] for row in announced}
        home.store.database.rows("PRAGMA max_page_count = 100000")
        home.run(hours=1)
        home.store.close()
        assert recipients(folder, ".Ready") == ["ida.old", "jane.doe"]
        assert recipients(folder, ".Drafts") == ["kim.lang", "lou.next"]
    assert stopped >= 1
