"""What a source gave last, kept in a file that only its owner can read."""

import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

#: The first lines of a file: the hash of all that follows it, and what a server calls the body.
_HEAD_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Copy:
    """A body, and what its server needs to say that nothing changed since (RFC 9110, 8.8)."""

    body: bytes = field(repr=False)
    etag: str
    modified: str
    """The date as the server wrote it: it compares text with text, whatever its clock says."""
    source: str
    """The fingerprint of the address that gave it, after redirects; the validators mean nothing elsewhere."""

    @property
    def conditions(self) -> dict[str, str]:
        """Return the header lines that ask for a body only if it is another one."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in named.items() if value}

    def is_meant_by(self, etag: str | None) -> bool:
        """Say whether a "not modified" with this ETag speaks of this body (weak comparison: RFC 9110, 8.8.3.2)."""
        return etag is None or etag.removeprefix("W/") == self.etag.removeprefix("W/")


class Kept:
    """Bytes in a file, whole or not at all."""

    def __init__(self, file: Path, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes + _HEAD_BYTES

    def read(self) -> bytes | None:
        """Return what was kept; None when there is nothing, or it is not what was written."""
        try:
            digest, _, raw = self._read_file().partition(b"\n")
        except OSError:
            return None
        return raw if sha256(raw).hexdigest().encode() == digest else None

    def write(self, raw: bytes) -> None:
        """Put `raw` in place of what was kept. Raises OSError."""
        waiting = self._file.with_suffix(".new")
        _make_private(self._file.parent)
        waiting.unlink(missing_ok=True)
        try:
            _write_file(waiting, sha256(raw).hexdigest().encode() + b"\n" + raw)
            waiting.replace(self._file)
        except OSError:
            with suppress(OSError):
                waiting.unlink(missing_ok=True)
            raise

    def _read_file(self) -> bytes:
        descriptor = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            return opened.read(self._max_bytes)


class Copies:
    """One file for the newest Copy."""

    def __init__(self, file: Path, max_bytes: int) -> None:
        self._kept = Kept(file, max_bytes)

    def read(self) -> Copy | None:
        """Return what was kept; None when there is nothing, or it is not what was written."""
        head, _, body = (self._kept.read() or b"").partition(b"\n")
        try:
            return Copy(body, *json.loads(head))
        except (ValueError, TypeError):
            return None

    def write(self, copy: Copy) -> None:
        """Put `copy` in place of the last one, whole or not at all. Raises OSError."""
        head = json.dumps([copy.etag, copy.modified, copy.source]).encode()
        self._kept.write(b"\n".join((head, copy.body)))


def name_copy(account: str, calendar: str) -> str:
    """Return the name of the file for what one account's calendar held last."""
    return sha256(f"{account}\n{calendar}".encode()).hexdigest()


def forget_copies(folder: Path, kept: Collection[str]) -> None:
    """Delete the files whose fingerprints are not `kept`: their calendars left the config, and so do their people."""
    with suppress(OSError):
        for file in folder.iterdir():
            if file.stem not in kept:
                file.unlink()


def _make_private(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        folder.chmod(0o700)


def _write_file(file: Path, raw: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "wb") as opened:
        os.fchmod(opened.fileno(), 0o600)  # a umask can take too much away
        opened.write(raw)
        opened.flush()
        os.fsync(opened.fileno())
