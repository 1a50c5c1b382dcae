"""A Maildir that vanished, a folder that cannot be read, a disk that refuses: said in words, nothing half done."""

import errno
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followupd.adapters.disk import said_as
from followupd.adapters.maildir import MaildirMailbox
from followupd.errors import Doubt, MailboxProblem
from followupd.mail import Place, Trace

LETTER = b"To: ben@guest.example\nMessage-ID: <one@followupd.example>\n\nIt was good to meet you.\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Mail" / "followupd"


@pytest.fixture
def mine(path: Path) -> MaildirMailbox:
    return MaildirMailbox("mine", path)


def make_trace(draft_id: str | None) -> Trace:
    return Trace(
        draft_id, "<one@followupd.example>", "ben@guest.example", "", datetime(2020, 3, 2, tzinfo=UTC)
    )


def list_tree(path: Path) -> set[str]:
    return {str(file.relative_to(path)) for file in path.rglob("*") if not file.is_dir()}


@pytest.mark.parametrize("draft_id", [None, "1772452800.Rffff.followupd"])
def test_a_mailbox_never_made_is_empty_but_one_that_vanished_is_a_problem(
    mine: MaildirMailbox, draft_id: str | None
) -> None:
    if draft_id is None:
        assert mine.look(make_trace(draft_id)).place is Place.NOWHERE
    else:
        with pytest.raises(MailboxProblem, match=r"\.Drafts is gone"):
            mine.look(make_trace(draft_id))


@pytest.mark.parametrize("folder", [".Drafts", ".Trash"])
def test_a_folder_that_cannot_be_read_is_a_problem_and_not_an_empty_folder(
    mine: MaildirMailbox, path: Path, folder: str
) -> None:
    (path / ".Drafts").mkdir(parents=True)
    (path / folder).mkdir(exist_ok=True)
    (path / folder / "cur").write_text("a file where a folder belongs")

    with pytest.raises(
        MailboxProblem, match=re.escape(f"{path / folder / 'cur'}: Not a directory")
    ) as caught:
        mine.look(make_trace(None))

    assert not caught.value.temporary
    assert caught.value.todo == "A file stands where a folder belongs; move it away."


WRITE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from followupd.adapters.disk import said_as
from followupd.adapters.maildir import MaildirMailbox
from followupd.errors import MailboxProblem
mine = MaildirMailbox("mine", Path(sys.argv[1]))
draft = mine.create(b"small enough")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (lambda: mine.create(bytes(5000)), lambda: mine.replace(draft, bytes(5000))):
    try:
        write()
    except MailboxProblem as problem:
        print(problem.temporary, problem)
"""


def test_a_write_the_disk_refuses_leaves_nothing_behind(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE_ON_A_FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )

    refused = f"True {path / '.Drafts'}: File too large.\nA limit on file sizes is in the way; "
    assert done.stdout.count(refused) == 2
    (draft,) = path.glob(".Drafts/cur/*")
    assert draft.read_bytes() == b"small enough"
    assert list_tree(path) == {".Drafts/maildirfolder", f".Drafts/cur/{draft.name}"}


@pytest.fixture
def ailing_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files reach the disk, but no change of a directory in which a message shows."""
    fsync = os.fsync

    def fsync_files(descriptor: int) -> None:
        where = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if where.endswith("/cur"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), where)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync_files)


@pytest.mark.usefixtures("ailing_disk")
def test_a_failure_after_the_draft_became_visible_is_a_doubt(mine: MaildirMailbox) -> None:
    with pytest.raises(Doubt, match="Input/output error"):
        mine.create(LETTER)

    assert [draft.raw for draft in mine.look(make_trace(None)).drafts] == [LETTER]


@pytest.mark.parametrize(("number", "problem"), [(errno.EIO, Doubt), (errno.ENOSPC, MailboxProblem)])
def test_a_rename_without_an_answer_is_a_doubt_and_a_refused_one_is_not(
    mine: MaildirMailbox, path: Path, monkeypatch: pytest.MonkeyPatch, number: int, problem: type[Exception]
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(os, "rename", fail)

    with pytest.raises(problem):
        mine.create(LETTER)
    assert list_tree(path) == {".Drafts/maildirfolder"}


def test_what_goes_on_failing_is_said_in_the_same_words_though_each_try_is_another_file(path: Path) -> None:
    said = set()
    for name in ("1772452800.R01.followupd", "1772452860.R02.followupd"):
        with pytest.raises(MailboxProblem) as caught, said_as(MailboxProblem, path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path / ".Drafts" / "tmp" / name))
        said.add(caught.value.what)

    assert said == {f"{path}/.Drafts/tmp: Read-only file system."}
