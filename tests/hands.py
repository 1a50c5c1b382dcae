"""Owners at work in their own mail programs, doing to a mailbox what those really do to it."""

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from memory import MemoryMailbox
from servers.google.mail import Mailbox


class Hands(Protocol):
    """The owner at work in their own mail program."""

    keeps_removed: bool
    """What the program takes out of Drafts can be looked at in a bin."""
    leaves_traces: bool
    """What is taken away before anybody recorded it can still be found."""
    atomic: bool
    """What the owner writes at the very moment of a write of ours is never lost."""
    has_ready: bool
    """There is a folder in which a message waits for its owner to send it."""

    def edit(self, draft_id: str, raw: bytes) -> None: ...
    def delete(self, draft_id: str) -> None: ...
    def send(self, draft_id: str) -> None: ...
    def move_to_ready(self, draft_id: str) -> None: ...
    def read_all(self) -> list[bytes]: ...


@dataclass
class MemoryHands:
    mailbox: MemoryMailbox

    keeps_removed = True
    leaves_traces = True
    atomic = True
    has_ready = True

    def edit(self, draft_id: str, raw: bytes) -> None:
        self.mailbox.owner_edits(draft_id, raw)

    def delete(self, draft_id: str) -> None:
        self.mailbox.owner_deletes(draft_id)

    def send(self, draft_id: str) -> None:
        self.mailbox.owner_sends(draft_id)

    def move_to_ready(self, draft_id: str) -> None:
        self.mailbox.owner_moves_to_ready(draft_id)

    def read_all(self) -> list[bytes]:
        box = self.mailbox
        return [draft.raw for draft in (*box.drafts.values(), *box.ready, *box.sent, *box.trash)]


@dataclass
class GmailHands:
    """The owner in Gmail, and in other programs that reach it."""

    mailbox: Mailbox

    keeps_removed = False
    leaves_traces = False
    atomic = False
    has_ready = False

    def edit(self, draft_id: str, raw: bytes) -> None:
        self.mailbox.update_draft(self.find(draft_id), raw)

    def delete(self, draft_id: str) -> None:
        self.mailbox.delete_in_gmail(self.find(draft_id))

    def send(self, draft_id: str) -> None:
        self.mailbox.send_in_gmail(self.find(draft_id))

    def move_to_ready(self, draft_id: str) -> None:
        """Send it: what an owner of Gmail does with what is ready."""
        self.send(draft_id)

    def read_all(self) -> list[bytes]:
        return [message.raw for message in self.mailbox.messages.values()]

    def find(self, draft_id: str) -> str:
        if draft_id not in self.mailbox.drafts:
            raise FileNotFoundError(draft_id)
        return draft_id


class ShellHands:
    """An editor that writes in place, `mv` and `rm`."""

    keeps_removed = True
    leaves_traces = False
    atomic = True
    has_ready = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers = count(1)

    def edit(self, draft_id: str, raw: bytes) -> None:
        self.find(draft_id).write_bytes(raw)

    def delete(self, draft_id: str) -> None:
        self.find(draft_id).unlink()

    def send(self, draft_id: str) -> None:
        self.move(draft_id, ".Sent")

    def move_to_ready(self, draft_id: str) -> None:
        self.move(draft_id, ".Ready")

    def read_all(self) -> list[bytes]:
        return [file.read_bytes() for file in self.path.glob(".*/cur/*")]

    def find(self, draft_id: str) -> Path:
        (file,) = (self.path / ".Drafts" / "cur").glob(f"{draft_id}:2,*")
        return file

    def move(self, draft_id: str, folder: str) -> None:
        file = self.find(draft_id)
        file.rename(self.make_folder(folder) / file.name)

    def flag_deleted(self, draft_id: str) -> None:
        file = self.find(draft_id)
        file.rename(file.with_name(file.name + "T"))

    def make_folder(self, folder: str) -> Path:
        for part in ("tmp", "new", "cur"):
            (self.path / folder / part).mkdir(parents=True, exist_ok=True)
        return self.path / folder / "cur"


class MuttHands(ShellHands):
    """Writes what was edited or sent as a new file and takes the old one away; deletes by a flag."""

    leaves_traces = True

    def edit(self, draft_id: str, raw: bytes) -> None:
        self.save(".Drafts", raw, "DS")
        self.find(draft_id).unlink()

    def delete(self, draft_id: str) -> None:
        self.flag_deleted(draft_id)

    def send(self, draft_id: str) -> None:
        self.save(".Sent", self.find(draft_id).read_bytes(), "S")
        self.find(draft_id).unlink()

    def save(self, folder: str, raw: bytes, flags: str) -> None:
        (self.make_folder(folder) / f"1767225600.4711_{next(self.numbers)}.laptop:2,{flags}").write_bytes(raw)


class DovecotHands(ShellHands):
    """A mail program behind Dovecot: copies get new names, the old file waits with flag T to be expunged."""

    leaves_traces = True

    def edit(self, draft_id: str, raw: bytes) -> None:
        self.save(".Drafts", raw, "DS")
        self.flag_deleted(draft_id)

    def delete(self, draft_id: str) -> None:
        self.move(draft_id, ".Trash")

    def send(self, draft_id: str) -> None:
        self.save(".Sent", self.find(draft_id).read_bytes(), "S")
        self.flag_deleted(draft_id)

    def move(self, draft_id: str, folder: str) -> None:
        os.link(self.find(draft_id), self.make_folder(folder) / f"{self.make_name()}:2,DS")
        self.flag_deleted(draft_id)

    def save(self, folder: str, raw: bytes, flags: str) -> None:
        lines = raw.count(b"\n")
        name = f"{self.make_name()},S={len(raw)},W={len(raw) + lines}:2,{flags}"
        (self.make_folder(folder) / name).write_bytes(raw)

    def make_name(self) -> str:
        return f"1767225600.M{next(self.numbers)}P77.mail"
