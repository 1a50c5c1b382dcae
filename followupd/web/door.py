"""Who may come in: one-time links and the sessions they become, as files of the owner's alone in the state folder.

A file is named by the hash of its secret, so that neither a look into the folder nor the time a look-up takes tells
one; taking a link is removing its file, which only one can do.
"""

import hmac
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

#: A session ends this long after its link was opened, or when the owner signs out.
SESSION = timedelta(days=7)
_LINK, _SESSION = "link", "session"


class Door:
    """The page's door in one state folder. Every secret in it is a file only the owner can read."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "page"
        self._key, self._token = (_keep_secret(self.folder / name).encode() for name in ("key", "token"))

    def make_link(self, valid: timedelta, now: datetime) -> str:
        """Return the code of a link that opens the page once, until `valid` has passed."""
        self._sweep(now)
        return self._make(_LINK, now + valid)

    def knows_link(self, code: str, now: datetime) -> bool:
        """Tell whether a link would open the page; changes nothing."""
        return self._is_valid(_LINK, code, now)

    def open(self, code: str, now: datetime) -> str | None:
        """Take a link and return the secret of a new session; None when the link was used or is too old."""
        valid = self._is_valid(_LINK, code, now)
        try:
            self._file(_LINK, code).unlink()
        except OSError:
            return None  # somebody else took it
        return self._make(_SESSION, now + SESSION) if valid else None

    def admits(self, session: str, now: datetime) -> bool:
        return self._is_valid(_SESSION, session, now)

    def close_all(self) -> None:
        """End every session and every link there is."""
        for file in self._files():
            with suppress(FileNotFoundError):
                file.unlink()

    def prove(self, challenge: str, port: int) -> str:
        """Return what only a program that can read the owner's key knows to answer (RFC 2104, HMAC)."""
        return hmac.new(self._key, f"{port} {challenge}".encode(), sha256).hexdigest()

    def has_token(self, token: str) -> bool:
        """Tell whether a program that watches followupd brought the token from its file."""
        return hmac.compare_digest(token.encode(), self._token)

    # --- files

    def _make(self, kind: str, until: datetime) -> str:
        secret = secrets.token_urlsafe(32)
        _write_private(self._file(kind, secret), until.isoformat())
        return secret

    def _is_valid(self, kind: str, secret: str, now: datetime) -> bool:
        return _read_end(self._file(kind, secret)) > now

    def _file(self, kind: str, secret: str) -> Path:
        return self.folder / f"{kind}-{sha256(secret.encode('utf-8', 'replace')).hexdigest()}"

    def _files(self) -> list[Path]:
        return [file for kind in (_LINK, _SESSION) for file in self.folder.glob(f"{kind}-*")]

    def _sweep(self, now: datetime) -> None:
        for file in self._files():
            if _read_end(file) <= now:
                with suppress(FileNotFoundError):
                    file.unlink()


def form_token(session: str) -> str:
    """Return what every form of a session carries; another site cannot know it."""
    return hmac.new(session.encode("utf-8", "replace"), b"form", sha256).hexdigest()


def write_opener(door: Door, link: str) -> Path:
    """Write the page that leads a browser to a link: its address would stand in `ps` for everybody to read."""
    file = door.folder / "open.html"
    with suppress(FileNotFoundError):
        file.unlink()
    page = (
        f'<!doctype html><meta http-equiv="refresh" content="0;url={link}"><a href="{link}">followupd</a>\n'
    )
    _write_private(file, page)
    return file


def _write_private(file: Path, text: str) -> None:
    """Write a new file that only the owner can read from its first byte on. Raises FileExistsError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    try:
        os.link(draft, file)  # whole or not at all, and never over one that is there
    finally:
        draft.unlink()


def _keep_secret(file: Path) -> str:
    """Return a secret that stays the same, made on first use."""
    with suppress(FileExistsError):
        _write_private(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="ascii")


def _read_end(file: Path) -> datetime:
    """Return until when a link or session counts; the beginning of time for what is not there or not readable."""
    try:
        return datetime.fromisoformat(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
