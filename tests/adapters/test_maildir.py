"""The Maildir as other programs meet it: independent readers, crashes, hostile files, full disks."""

import mailbox
import os
import re
import socket
import stat
import tracemalloc
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followupd.adapters.maildir import HEADS_BEYOND, MaildirMailbox
from followupd.errors import Changed, MailboxProblem
from followupd.mail import Draft, Place, Trace

NOON = datetime(2020, 3, 2, 12, 0, tzinfo=UTC)
LETTER = (
    b"From: ada@example.com\nTo: Ben <ben@guest.example>\nSubject: Good to meet you\n"
    b"Message-ID: <one@followupd.example>\n\nIt was good to meet you.\n"
)
EDITED = LETTER.replace(b"It was", b"It really was")
OTHER_ID = LETTER.replace(b"<one@followupd.example>", b"<made@mail-program.example>")
BY_WORDS = Trace(None, "<lost@followupd.example>", "ben@guest.example", "Good to meet you", NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Mail" / "followupd"


@pytest.fixture
def mine(path: Path) -> MaildirMailbox:
    return MaildirMailbox("mine", path)


def make_trace(draft_id: str | None) -> Trace:
    return Trace(draft_id, "<one@followupd.example>", "ben@guest.example", "Good to meet you", NOON)


def find_file(path: Path, folder: str = ".Drafts") -> Path:
    (file,) = (path / folder / "cur").iterdir()
    return file


def list_tree(path: Path) -> set[str]:
    return {str(file.relative_to(path)) for file in path.rglob("*") if not file.is_dir()}


# -- what an independent reader sees --------------------------------------------------------------------


def test_pythons_own_reader_sees_a_seen_draft_in_the_folder_drafts(mine: MaildirMailbox, path: Path) -> None:
    mine.create(LETTER)

    reader = mailbox.Maildir(path, create=False)
    (message,) = reader.get_folder("Drafts")

    assert reader.list_folders() == ["Drafts"]
    assert list(reader) == []
    assert (message.get_flags(), message.get_subdir()) == ("DS", "cur")
    assert message.as_bytes() == LETTER
    assert (path / ".Drafts" / "maildirfolder").read_bytes() == b""


def test_a_handed_over_draft_opens_as_a_draft_in_ready(mine: MaildirMailbox, path: Path) -> None:
    mine.hand_over(mine.create(LETTER))

    (message,) = mailbox.Maildir(path, create=False).get_folder("Ready")

    assert (message.get_flags(), message.as_bytes()) == ("DS", LETTER)


def test_a_removed_draft_waits_in_trash_and_no_expunge_takes_it(mine: MaildirMailbox, path: Path) -> None:
    mine.remove(mine.create(LETTER))

    (message,) = mailbox.Maildir(path, create=False).get_folder("Trash")

    assert (message.get_flags(), message.as_bytes()) == ("DS", LETTER)


def test_a_draft_put_into_new_by_a_mail_program_leaves_it_with_the_flags_of_a_draft(
    mine: MaildirMailbox, path: Path
) -> None:
    mine.create(OTHER_ID)
    (path / ".Drafts" / "new" / "1772452800.77_1.laptop").write_bytes(LETTER)
    (draft,) = mine.look(make_trace(None)).drafts

    mine.hand_over(draft)

    assert find_file(path, ".Ready").name == "1772452800.77_1.laptop:2,DS"


def test_replacing_leaves_one_file_and_nothing_in_tmp(mine: MaildirMailbox, path: Path) -> None:
    new = mine.replace(mine.create(LETTER), EDITED)

    assert list_tree(path) == {".Drafts/maildirfolder", f".Drafts/cur/{new.id}:2,DS"}


def test_a_draft_saved_by_pythons_own_writer_is_found(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(LETTER)
    folder = mailbox.Maildir(path, create=False).get_folder("Drafts")
    find_file(path).unlink()
    written = mailbox.MaildirMessage(EDITED)
    written.set_flags("D")
    key = folder.add(written)  # lies in `new`

    found = mine.look(make_trace(draft.id))

    assert found.drafts == (Draft(key, EDITED),)
    mine.hand_over(found.drafts[0])
    assert find_file(path, ".Ready").name == f"{key}:2,D"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_nobody_else_can_read_along_whatever_the_umask(mine: MaildirMailbox, path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        mine.hand_over(mine.create(LETTER))
        mine.remove(mine.create(LETTER))
    finally:
        os.umask(before)

    made = [path.parent, path, *path.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_file()} == {0o600}


def test_folders_the_owner_made_keep_their_modes(mine: MaildirMailbox, path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o750)

    mine.create(LETTER)

    assert stat.S_IMODE(path.stat().st_mode) == 0o750


def test_file_names_hold_a_time_and_chance_but_no_host_name(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(LETTER)

    assert re.fullmatch(r"\d{10}\.R[0-9a-f]{16}\.followupd", draft.id)
    assert find_file(path).name == f"{draft.id}:2,DS"
    assert socket.gethostname() not in draft.id
    assert mine.create(LETTER).id != draft.id


# -- what mail programs do to a draft -------------------------------------------------------------------


def test_a_flag_set_by_a_mail_program_changes_nothing_about_the_draft(
    mine: MaildirMailbox, path: Path
) -> None:
    draft = mine.create(LETTER)
    file = find_file(path)
    file.rename(file.with_name(f"{draft.id}:2,DFS"))

    assert mine.look(make_trace(draft.id)).drafts == (draft,)
    assert mine.hand_over(draft) is Place.READY
    assert find_file(path, ".Ready").name == f"{draft.id}:2,DFS"


def test_a_draft_flagged_as_trashed_counts_as_deleted(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(LETTER)
    file = find_file(path)
    file.rename(file.with_name(f"{draft.id}:2,DST"))

    assert mine.look(make_trace(draft.id)).place is Place.TRASH
    with pytest.raises(Changed):
        mine.replace(draft, EDITED)


@pytest.mark.parametrize("saved_anew", [EDITED, OTHER_ID])
@pytest.mark.parametrize("trashed", [True, False])
def test_an_edit_saved_under_another_name_is_the_draft_even_with_the_old_one_in_the_trash(
    mine: MaildirMailbox, path: Path, saved_anew: bytes, trashed: bool
) -> None:
    draft = mine.create(LETTER)
    if trashed:
        mine.remove(draft)
    else:
        find_file(path).unlink()
    (path / ".Drafts" / "cur" / "1772452800.77_1.laptop:2,DS").write_bytes(saved_anew)

    assert mine.look(make_trace(draft.id)).drafts == (Draft("1772452800.77_1.laptop", saved_anew),)


def test_a_draft_dragged_to_the_inbox_is_in_the_owners_hands(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(LETTER)
    find_file(path).rename(path / "cur" / "1772452800.77_1.laptop:2,S")

    assert mine.look(make_trace(draft.id)).place is Place.READY


@pytest.mark.parametrize(
    ("seconds", "place"), [(-61, Place.NOWHERE), (-60, Place.DRAFTS), (90, Place.DRAFTS)]
)
def test_words_alone_count_from_a_minute_before_the_follow_up_was_planned(
    mine: MaildirMailbox, path: Path, seconds: int, place: Place
) -> None:
    mine.create(LETTER)
    saved_at = NOON.timestamp() + seconds
    os.utime(find_file(path), (saved_at, saved_at))

    assert mine.look(BY_WORDS).place is place


def test_a_head_changed_in_place_is_read_again(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(OTHER_ID)
    assert mine.look(make_trace(draft.id)).drafts == (draft,)
    lost = Trace(None, "<two@x.example>", "eve@guest.example", "?", NOON)
    assert mine.look(lost).place is Place.NOWHERE

    find_file(path).write_bytes(b"Message-ID:\r\n\t<two@x.example>\r\n\r\n")

    assert mine.look(lost).drafts == (Draft(draft.id, b"Message-ID:\r\n\t<two@x.example>\r\n\r\n"),)


def test_a_draft_renamed_between_listing_and_reading_is_found_under_its_new_name(
    mine: MaildirMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = mine.create(LETTER)
    flags, scandir = iter(["F", "FS"]), os.scandir

    def list_then_flag(folder: Path) -> AbstractContextManager[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            listed = list(entries)
        if listed and (flag := next(flags, None)):
            Path(listed[0].path).rename(folder / f"{draft.id}:2,D{flag}")
        return nullcontext(listed)

    monkeypatch.setattr(os, "scandir", list_then_flag)

    assert mine.look(make_trace(draft.id)).drafts == (draft,)


def test_a_draft_missing_from_one_listing_is_not_called_gone(
    mine: MaildirMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = mine.create(LETTER)
    scandir = os.scandir
    to_hide = [draft.id]

    def hide_once(folder: Path) -> AbstractContextManager[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            listed = list(entries)
        return nullcontext([] if listed and to_hide and to_hide.pop() else listed)

    monkeypatch.setattr(os, "scandir", hide_once)

    assert mine.look(make_trace(draft.id)).drafts == (draft,)


# -- what a crash leaves --------------------------------------------------------------------------------


def test_a_crash_within_replace_leaves_two_drafts_and_both_are_shown(
    mine: MaildirMailbox, path: Path
) -> None:
    draft = mine.create(LETTER)
    (path / ".Drafts" / "cur" / "1772452800.Rffff.followupd:2,DS").write_bytes(EDITED)

    assert mine.look(make_trace(draft.id)).drafts == (draft, Draft("1772452800.Rffff.followupd", EDITED))
    mine.remove(draft)
    assert mine.look(make_trace(draft.id)).drafts == (Draft("1772452800.Rffff.followupd", EDITED),)


@pytest.mark.parametrize("part", ["", "tmp", "new"])
def test_a_folder_half_made_before_a_crash_is_completed(mine: MaildirMailbox, path: Path, part: str) -> None:
    (path / ".Drafts" / part).mkdir(parents=True)
    (path / "tmp").mkdir()

    assert mine.look(make_trace(None)).place is Place.NOWHERE
    draft = mine.create(LETTER)
    assert mine.look(make_trace(draft.id)).drafts == (draft,)


def test_half_a_file_in_tmp_is_no_draft(mine: MaildirMailbox, path: Path) -> None:
    (path / ".Drafts" / "tmp").mkdir(parents=True)
    (path / ".Drafts" / "tmp" / "1772452800.Rffff.followupd").write_bytes(LETTER)

    assert mine.look(make_trace(None)).place is Place.NOWHERE


def test_a_hand_over_repeated_after_a_crash_finds_the_draft_already_there(mine: MaildirMailbox) -> None:
    draft = mine.create(LETTER)
    mine.hand_over(draft)

    assert mine.look(make_trace(draft.id)).place is Place.READY
    with pytest.raises(Changed):
        mine.hand_over(draft)


# -- edits in the moment between comparing and moving ---------------------------------------------------


@pytest.fixture
def edit_before_rename(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the owner save EDITED in the very moment before the first rename of the draft `LETTER`."""
    rename = os.rename

    def save_and_rename(source: Path, target: Path) -> None:
        if source.parent == path / ".Drafts" / "cur" and source.read_bytes() == LETTER:
            source.write_bytes(EDITED)
        rename(source, target)

    monkeypatch.setattr(os, "rename", save_and_rename)


@pytest.mark.usefixtures("edit_before_rename")
@pytest.mark.parametrize("write", ["hand_over", "remove", "replace"])
def test_an_edit_in_the_last_moment_goes_back_to_drafts(mine: MaildirMailbox, path: Path, write: str) -> None:
    draft = mine.create(LETTER)

    with pytest.raises(Changed):
        _ = mine.replace(draft, OTHER_ID) if write == "replace" else getattr(mine, write)(draft)

    assert mine.look(make_trace(draft.id)).drafts == (Draft(draft.id, EDITED),)
    assert [file.read_bytes() for file in path.rglob("*:2,*")] == [EDITED]


def test_a_letter_is_never_moved_onto_another(mine: MaildirMailbox, path: Path) -> None:
    draft = mine.create(LETTER)
    mine.hand_over(mine.create(OTHER_ID))
    twin = path / ".Ready" / "cur" / find_file(path).name
    twin.write_bytes(EDITED)

    with pytest.raises(MailboxProblem, match="exists"):
        mine.hand_over(draft)

    assert twin.read_bytes() == EDITED
    assert mine.look(make_trace(draft.id)).drafts == (draft,)


# -- what strangers may leave in a mailbox --------------------------------------------------------------


def test_links_and_pipes_among_the_drafts_are_neither_followed_nor_waited_for(
    mine: MaildirMailbox, path: Path, tmp_path: Path
) -> None:
    draft = mine.create(LETTER)
    (tmp_path / "elsewhere").write_bytes(EDITED)
    (path / ".Drafts" / "cur" / "1:2,DS").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(path / ".Drafts" / "cur" / "2:2,DS")

    assert mine.look(make_trace(draft.id)).drafts == (draft,)


def test_a_head_is_read_up_to_its_limit_and_the_body_never(mine: MaildirMailbox) -> None:
    mine.create(b"X-Long: " + b"x" * 70_000 + b"\n" + LETTER)
    mine.create(b"Subject: Hello\n\n" + LETTER)

    assert mine.look(make_trace(None)).place is Place.NOWHERE


@pytest.mark.parametrize(
    "subject", [b"=?nosuch?q?x?=", b"=?utf-8?b?a?=", b"=?ascii?q?=FF?=", b"=?utf-16?q?=00=d8?=", b"\xff"]
)
def test_a_subject_that_cannot_be_decoded_is_only_another_subject(
    mine: MaildirMailbox, subject: bytes
) -> None:
    mine.create(b"To: ben@guest.example\nSubject: " + subject + b"\n\n")

    assert mine.look(BY_WORDS).place is Place.NOWHERE


@settings(max_examples=100, deadline=None)
@given(head=st.binary(max_size=60), charset=st.text("uticsa-8?=1", max_size=7), words=st.binary(max_size=20))
def test_no_head_however_broken_stops_a_look(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, charset: str, words: bytes
) -> None:
    mine = MaildirMailbox("mine", tmp_path_factory.mktemp("hostile"))
    subject = b"=?" + charset.encode() + b"?b?" + words + b"?="
    mine.create(b"Subject: " + subject + b"\nTo: <ben@guest.example>, " + head + b"\n\n")

    assert mine.look(BY_WORDS).place is Place.NOWHERE


def test_thousands_of_brackets_around_an_address_do_no_harm(mine: MaildirMailbox) -> None:
    draft = mine.create(
        b"To: " + b"(" * 4_000 + b" <ben@guest.example>\nSubject: Good to meet you\nSubject: Second\n\n"
    )

    assert mine.look(BY_WORDS).drafts == (draft,)


# -- what is remembered of letters -----------------------------------------------------------------------


def test_what_was_read_of_letters_that_are_gone_is_forgotten(mine: MaildirMailbox, path: Path) -> None:
    mine.create(LETTER)
    for number in range(HEADS_BEYOND + 1):
        (path / ".Drafts" / "cur" / f"{number}.gone:2,DS").write_bytes(OTHER_ID)
    tracemalloc.start()
    mine.look(make_trace(None))
    for file in (path / ".Drafts" / "cur").glob("*.gone*"):
        file.unlink()
    remembered, _ = tracemalloc.get_traced_memory()
    mine.begin_pass()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert remembered - left > 200 * HEADS_BEYOND
    assert mine.look(make_trace(None)).place is Place.DRAFTS
