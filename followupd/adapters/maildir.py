"""The mailbox of a fresh machine: drafts as files that every mail program on this computer can open.

Maildir (cr.yp.to/proto/maildir.html) with the folders of Maildir++ (the Courier page of that name) below it.
"""

import os
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from functools import cache
from pathlib import Path

from followupd.adapters.disk import (
    make_directory,
    move_file,
    read_file,
    said_as,
    settle_move,
    sync_directory,
    withdraw_file,
    write_and_move,
    write_file,
)
from followupd.errors import Changed, Doubt, MailboxProblem
from followupd.mail import Draft, Look, Place, Trace

DRAFTS, READY, SENDING, SENT, TRASH, INBOX = ".Drafts", ".Ready", ".Sending", ".Sent", ".Trash", ""
#: What is left of a draft outside Drafts, the surest first. In the inbox it lies with the owner's own mail.
ELSEWHERE = ((READY, Place.READY), (SENT, Place.SENT), (SENDING, Place.SENDING), (INBOX, Place.READY))
#: D makes a mail program open it for editing, S keeps it from shouting "new mail".
DRAFT_FLAGS = ":2,DS"
SETTLED = {Place.DRAFTS: (DRAFTS, DRAFT_FLAGS), Place.SENT: (SENT, ":2,S")}
TRASHED = "T"

HEAD_BYTES = 65_536
FIELD_BYTES = 4_096
FIELD = re.compile(rb"^(message-id|to|subject):[ \t]*(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
#: A whole address parser recurses on hostile brackets; to compare, the marks around an address suffice.
ADDRESS_MARKS = re.compile(r'[\s<>(),:;"]+')
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")

#: File systems keep times more coarsely than we do, and clocks are set back a little.
CLOCK_SLACK = timedelta(seconds=60)
LOOKS = 3
#: So many heads are remembered beyond those of the letters that are there.
HEADS_BEYOND = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One file of a maildir, as its name describes it."""

    path: str
    """Plain text: a Path for each of fifty thousand letters would double the cost of a look."""
    unique: str
    """The name up to the colon: it stays when a mail program changes flags."""
    flags: str

    @property
    def trashed(self) -> bool:
        return TRASHED in self.flags


@dataclass(frozen=True, slots=True)
class Head:
    """What a look needs of a message: three fields as they stand there, and the time of the file."""

    message_id: str
    to: bytes
    subject: bytes
    saved_at: float
    """Seconds since 1970, UTC."""


Match = Callable[[Letter], bool]


class MaildirMailbox:
    """A Mailbox in a folder of this computer. What is approved moves to Ready, for the owner's mail program to send."""

    grace = timedelta(0)
    sends = False
    tells_unsent = True
    ready_note = "ready to send from your mail program; nothing has left this computer"

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._heads: dict[tuple[str, int, int], Head] = {}
        self._tidy_at = HEADS_BEYOND

    def begin_pass(self) -> None:
        """Forget the heads of letters that are gone, whenever so many were read that it is worth a list of all."""
        if len(self._heads) <= self._tidy_at:
            return
        with suppress(OSError):  # whoever needs that folder says it better
            folders = (DRAFTS, TRASH, *(folder for folder, _ in ELSEWHERE))
            present = {letter.unique for folder in folders for letter in self._list_folder(folder)}
            self._heads = {key: head for key, head in self._heads.items() if key[0] in present}
            self._tidy_at = len(self._heads) + HEADS_BEYOND

    def look(self, trace: Trace) -> Look:
        """Find a draft again (ports.Mailbox.look).

        A file that a mail program renames while we list its folder may be missing from that one list,
        so "nowhere" is believed only when seen twice.
        """
        with said_as(MailboxProblem, self.path):
            self._require_drafts_of(trace)
            found = self._look_steadily(trace)
            return found if found.place is not Place.NOWHERE else self._look_steadily(trace)

    def create(self, raw: bytes) -> Draft:
        draft, _ = self._deliver(raw)
        return draft

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        """Put the new file there first, so that a crash in between leaves two drafts and never none."""
        self._find_unchanged(draft)
        new, shown = self._deliver(raw)
        try:
            old = self._take(draft, DRAFTS, "tmp")
        except (Changed, MailboxProblem):
            withdraw_file(shown)
            raise
        with said_as(Doubt, old):
            old.unlink()
        return new

    def remove(self, draft: Draft) -> None:
        """Move `draft` to Trash, without the flag T: a mail program would purge it before the owner can look."""
        self._take(draft, TRASH, "cur")

    def hand_over(self, draft: Draft) -> Place:
        """Move `draft` to Ready, still flagged as a draft so that a mail program opens it for sending."""
        self._take(draft, READY, "cur")
        return Place.READY

    def open(self) -> None:
        """Do nothing: a folder of this computer is always open."""

    def close(self) -> None:
        """Do nothing, as `open` did."""

    def begin_sending(self, draft: Draft) -> None:
        """Move `draft` to Sending, so that a crash finds there whatever may have left, and nothing else."""
        self._take(draft, SENDING, "cur")

    def settle(self, draft: Draft, place: Place) -> None:
        folder, flags = SETTLED[place]
        target = self.path / folder / "cur" / f"{draft.id}{flags}"
        with said_as(MailboxProblem, target.parent):
            for either in (SENDING, folder):
                self._make_folder(either)
            for letter in self._list_folder(SENDING):
                if letter.unique == draft.id:
                    move_file(Path(letter.path), target)
        with said_as(Doubt, target.parent):
            sync_directory(target.parent)
            sync_directory(self.path / SENDING / "cur")

    # -- finding ---------------------------------------------------------------------------------------

    def _require_drafts_of(self, trace: Trace) -> None:
        """Refuse to call a draft gone when the whole folder is: a disk that is not mounted looks like that."""
        if trace.draft_id is not None and not (self.path / DRAFTS).is_dir():
            raise MailboxProblem(
                f"{self.path / DRAFTS} is gone, and with it drafts that were there.",
                "Mount the disk or bring the folder back. If you removed it on purpose, make it anew, empty.",
            )

    def _look_steadily(self, trace: Trace) -> Look:
        for _ in range(LOOKS):
            with suppress(FileNotFoundError):  # renamed between listing and reading: list again
                return self._look_once(trace)
        raise MailboxProblem(f"{self.path} changes faster than it can be read.", "The next pass looks again.")

    def _look_once(self, trace: Trace) -> Look:
        """Judge by id, then Message-ID, then words; the trash decides only when nothing else matches.

        A mail program that saves an edited draft puts the old file in the trash, and that is no refusal.
        """
        list_folder = cache(self._list_folder)
        live = [letter for letter in list_folder(DRAFTS) if not letter.trashed]
        matches = self._make_matches(trace)
        for match in matches:
            found = [letter for letter in live if match(letter)]
            if found:
                return self._show_drafts(found, live, trace)
            for folder, place in ELSEWHERE:
                if elsewhere := [letter for letter in list_folder(folder) if match(letter)]:
                    return Look(place, _read_drafts(elsewhere) if place is Place.SENDING else ())
        trash = [*list_folder(DRAFTS), *list_folder(TRASH)]
        return Look(Place.TRASH if any(any(map(match, trash)) for match in matches) else Place.NOWHERE)

    def _make_matches(self, trace: Trace) -> tuple[Match, Match, Match]:
        earliest = (trace.since - CLOCK_SLACK).timestamp()
        read_head = cache(self._read_head)
        return (
            lambda letter: letter.unique == trace.draft_id,
            lambda letter: _is_message(read_head(letter), trace),
            lambda letter: _has_words(read_head(letter), trace, earliest),
        )

    def _show_drafts(self, found: list[Letter], live: list[Letter], trace: Trace) -> Look:
        """Return what was found and every copy of it: a crash in `replace` leaves two of one Message-ID."""
        copies = [one for one in live if one not in found and _is_message(self._read_head(one), trace)]
        return Look(Place.DRAFTS, _read_drafts([*found, *copies]))

    def _list_folder(self, folder: str) -> list[Letter]:
        """List `new` before `cur`, the way letters move between them; a folder never made holds none."""
        letters: list[Letter] = []
        for part in ("new", "cur"):
            with suppress(FileNotFoundError), os.scandir(self.path / folder / part) as entries:
                letters += [
                    _name_letter(entry)
                    for entry in entries
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
                ]
        return letters

    def _read_head(self, letter: Letter) -> Head:
        """Read each head once: a folder of a thousand drafts then costs a `stat` per file and look."""
        status = os.lstat(letter.path)
        key = (letter.unique, status.st_mtime_ns, status.st_size)
        if key not in self._heads:
            self._heads[key] = _parse_head(read_file(letter.path, HEAD_BYTES), status.st_mtime)
        return self._heads[key]

    def _find_unchanged(self, draft: Draft) -> Letter:
        with said_as(MailboxProblem, self.path / DRAFTS):
            same = [one for one in self._list_folder(DRAFTS) if one.unique == draft.id and not one.trashed]
            if len(same) == 1:
                with suppress(FileNotFoundError):
                    if read_file(same[0].path) == draft.raw:
                        return same[0]
        raise Changed(
            f"The draft {draft.id} in {self.path / DRAFTS} is no longer the one that was read.",
            "What is there stays as it is.",
        )

    # -- writing ---------------------------------------------------------------------------------------

    def _deliver(self, raw: bytes) -> tuple[Draft, Path]:
        """Write to tmp, then show in cur, on the disk before this returns; visible whole or not at all."""
        folder = self.path / DRAFTS
        unique = (
            f"{int(time.time())}.R{secrets.token_hex(8)}.followupd"  # no host name: it travels with backups
        )
        shown = folder / "cur" / f"{unique}{DRAFT_FLAGS}"
        with said_as(MailboxProblem, folder):
            self._make_folder(DRAFTS)
            write_and_move(folder / "tmp" / unique, shown, raw)
        with said_as(Doubt, folder):
            sync_directory(shown.parent)
        return Draft(unique, raw), shown

    def _take(self, draft: Draft, folder: str, part: str) -> Path:
        """Move exactly `draft` out of Drafts; what turns out to be another text goes back to where it was."""
        letter = self._find_unchanged(draft)
        here = Path(letter.path)
        name = here.name if letter.flags else f"{here.name}{DRAFT_FLAGS}"
        taken = self.path / folder / part / name
        with said_as(MailboxProblem, taken.parent):
            self._make_folder(folder)
            try:
                move_file(here, taken)
            except FileNotFoundError as error:
                raise Changed(f"The draft {draft.id} was changed by another program just now.") from error
        with said_as(Doubt, taken.parent):
            settle_move(here, taken, draft.raw)
        return taken

    def _make_folder(self, folder: str) -> None:
        for directory in (*reversed(self.path.parents), self.path):
            make_directory(directory)
        for directory in dict.fromkeys((self.path, self.path / folder)):
            for part in ("", "tmp", "new", "cur"):
                make_directory(directory / part)
        with suppress(FileExistsError):
            write_file(self.path / folder / "maildirfolder", b"")


def _read_drafts(letters: list[Letter]) -> tuple[Draft, ...]:
    return tuple(Draft(letter.unique, read_file(letter.path)) for letter in letters)


def _name_letter(entry: os.DirEntry[str]) -> Letter:
    unique, colon, flags = entry.name.partition(":")
    return Letter(entry.path, unique, colon + flags)


def _parse_head(head: bytes, saved_at: float) -> Head:
    """Pick three fields; the first of a name counts, the rest of the message is never looked at."""
    block = END_OF_HEAD.split(head, maxsplit=1)[0]
    fields: dict[bytes, bytes] = {}
    for name, value in FIELD.findall(block):
        fields.setdefault(name.lower(), value[:FIELD_BYTES])
    message_id = fields.get(b"message-id", b"").decode("utf-8", "replace")
    return Head(_bare_id(message_id), fields.get(b"to", b""), fields.get(b"subject", b""), saved_at)


def _bare_id(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">")


def _is_message(head: Head, trace: Trace) -> bool:
    return head.message_id != "" and head.message_id == _bare_id(trace.message_id)


def _has_words(head: Head, trace: Trace, earliest: float) -> bool:
    return (
        trace.subject != ""
        and head.saved_at >= earliest
        and trace.to.casefold() in ADDRESS_MARKS.split(head.to.decode("utf-8", "replace").casefold())
        and _plain_words(_decode_words(head.subject)) == _plain_words(trace.subject)
    )


def _decode_words(field: bytes) -> str:
    """Decode encoded words (RFC 2047); a field that breaks their rules is taken as it stands."""
    text = field.decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text


def _plain_words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).casefold().split()
