"""Every operation by which the program touches disk, database and mail server, counted, and one of them made to fail.

The seam is the standard library: `os`, `sqlite3.connect` and `smtplib` as everybody calls them. Nothing of ours is replaced,
and the list of points is whatever a run really does.
"""

import errno
import os
import signal
import smtplib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

#: What can go wrong at each operation; "after": it is done all the same; "half": half of it is, as a disk that fills does.
FILE_FAULTS = {
    "open to read": ("EIO", "EMFILE"),
    "open to write": ("EIO", "EMFILE", "ENOSPC", "EROFS"),
    "write": ("EIO", "ENOSPC", "ENOSPC half"),
    "fsync": ("EIO", "EIO after", "ENOSPC"),
    "rename": ("EIO", "EIO after", "ENOSPC", "EROFS"),
    "unlink": ("EIO", "EIO after", "EROFS"),
    "mkdir": ("EIO", "ENOSPC", "EROFS"),
    "chmod": ("EIO", "EROFS"),
    "scandir": ("EIO", "EMFILE"),
    "stat": ("EIO",),
}
SQL_FAULTS = {
    "connect": ("CANTOPEN",),
    "read": ("IOERR",),
    "change": ("IOERR", "BUSY", "FULL", "READONLY"),
}
NET_FAULTS = {"send": ("reset", "reset after"), "hear": ("reset", "reset after")}
KILLS = ("kill", "kill after")
#: What leaves everything as it was: to be killed there is to be killed after the operation before it.
HARMLESS = frozenset({"open to read", "scandir", "stat", "read"})
FAULTS = {**FILE_FAULTS, **SQL_FAULTS, **NET_FAULTS}
FAMILIES = (
    dict.fromkeys(FILE_FAULTS, "files") | dict.fromkeys(SQL_FAULTS, "sql") | dict.fromkeys(NET_FAULTS, "net")
)


@dataclass(frozen=True)
class Plan:
    """Which operation fails, counted from 0, how, and whether everything like it fails from then on."""

    point: int
    how: str
    forever: bool = False

    @property
    def after(self) -> bool:
        return self.how.endswith(" after")

    @property
    def half(self) -> bool:
        return self.how.endswith(" half")

    @property
    def kind(self) -> str:
        return self.how.split()[0]


@dataclass
class Faults:
    """Counts the operations under `folder` and to the mail server while it is `active`."""

    folder: Path
    plan: Plan | None = None
    points: list[str] = field(default_factory=list)
    """The name of each operation, in order."""
    places: list[str] = field(default_factory=list)
    """What each was done to."""
    _family: str = ""

    @contextmanager
    def active(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            self._patch_files(patch)
            self._patch_database(patch)
            self._patch_mail(patch)
            yield
        self.plan = None  # a connection that was opened here lives on

    def step(
        self, name: str, place: object, act: Callable[[], Any], half: Callable[[], Any] | None = None
    ) -> Any:
        number = len(self.points)
        self.points.append(name)
        self.places.append(str(place))
        hit = self._is_hit(number, name)
        if hit and hit.half and half:
            half()
        if hit and not hit.after:
            fail(hit.kind, place)
        try:
            return act()
        finally:
            if hit and hit.after:
                fail(hit.kind, place)

    def _is_hit(self, number: int, name: str) -> Plan | None:
        plan = self.plan
        if plan is None or number < plan.point:
            return None
        if number == plan.point:
            self._family = FAMILIES[name]
            return plan
        return plan if plan.forever and FAMILIES[name] == self._family and plan.how in FAULTS[name] else None

    def _patch_files(self, patch: pytest.MonkeyPatch) -> None:
        open_, fdopen = os.open, os.fdopen

        def faulty_open(path: Any, flags: int, *args: Any, **more: Any) -> int:
            name = "open to write" if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) else "open to read"
            opened: int = self._on(name, path, lambda: open_(path, flags, *args, **more))
            return opened

        def faulty_fdopen(descriptor: int, *args: Any, **more: Any) -> Any:
            file = fdopen(descriptor, *args, **more)
            return FaultyFile(file, self, descriptor) if self._is_ours(descriptor) else file

        patch.setattr(os, "open", faulty_open)
        patch.setattr(os, "fdopen", faulty_fdopen)
        for function, name in (
            ("fsync", "fsync"),
            ("rename", "rename"),
            ("unlink", "unlink"),
            ("mkdir", "mkdir"),
            ("chmod", "chmod"),
            ("fchmod", "chmod"),
            ("scandir", "scandir"),
            ("lstat", "stat"),
        ):
            patch.setattr(os, function, self._make_faulty(getattr(os, function), name))

    def _make_faulty(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def faulty(path: Any, *args: Any, **more: Any) -> Any:
            return self._on(name, path, lambda: function(path, *args, **more))

        return faulty

    def _on(self, name: str, path: Any, act: Callable[[], Any]) -> Any:
        return self.step(name, path, act) if self._is_ours(path) else act()

    def _is_ours(self, path: Any) -> bool:
        if isinstance(path, int):
            path = Path(f"/proc/self/fd/{path}").readlink()
        return isinstance(path, str | Path) and str(path).startswith(str(self.folder))

    def _patch_database(self, patch: pytest.MonkeyPatch) -> None:
        faults, connect = self, sqlite3.connect

        class FaultyConnection(sqlite3.Connection):
            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
                run = super().execute
                if sql == "ROLLBACK":  # whatever it answers, it ends the transaction
                    return run(sql)
                name = "read" if sql.lstrip().startswith(("SELECT", "PRAGMA")) else "change"
                cursor: sqlite3.Cursor = faults.step(name, sql, lambda: run(sql, *args))
                return cursor

        def faulty_connect(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
            make = lambda: connect(path, *args, factory=FaultyConnection, **more)  # noqa: E731
            made: sqlite3.Connection = self._on("connect", path, make)
            return made

        patch.setattr(sqlite3, "connect", faulty_connect)

    def _patch_mail(self, patch: pytest.MonkeyPatch) -> None:
        send, hear = smtplib.SMTP.send, smtplib.SMTP.getreply
        patch.setattr(
            smtplib.SMTP, "send", lambda smtp, what: self.step("send", what, lambda: send(smtp, what))
        )
        patch.setattr(smtplib.SMTP, "getreply", lambda smtp: self.step("hear", "", lambda: hear(smtp)))


class FaultyFile:
    """An open file whose writing can fail."""

    def __init__(self, file: Any, faults: Faults, descriptor: int) -> None:
        self._file = file
        self._faults = faults
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        written: int = self._faults.step(
            "write",
            self._descriptor,
            lambda: self._file.write(data),
            lambda: self._file.write(data[: len(data) // 2]),
        )
        return written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def fail(kind: str, place: object) -> None:
    """Fail as the system, SQLite or the network do."""
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "reset":
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    if hasattr(errno, kind):
        number = getattr(errno, kind)
        # What goes wrong with an open file names none.
        raise OSError(number, os.strerror(number), str(place) if isinstance(place, str | Path) else None)
    error = sqlite3.OperationalError(f"made to fail: {kind}")
    error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{kind}")
    raise error
