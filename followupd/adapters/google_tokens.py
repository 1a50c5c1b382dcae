"""Where an account's sign-in lies: a file that only its owner can read from its first byte on, replaced whole."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from followupd.adapters.google_answers import NotDone

_PRIVATE = 0o600
_FOLDER = 0o700
_SIGN_IN = "Sign in: `followupd connect google --account {}`."


@dataclass(frozen=True, slots=True)
class SignIn:
    """What Google gave for the owner's consent, and for which client. Every instant is UTC."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires: datetime
    """Of the access token."""
    scopes: frozenset[str]
    since: datetime
    """When the owner consented."""
    dies: datetime | None = None
    """When all of it ends by itself: seven days on for an app in "Testing", else None."""
    ended: datetime | None = None
    """When Google was found to have ended it."""


class TokenFile:
    """The sign-in of one account on disk, or in a systemd credential, which is only read."""

    def __init__(self, folder: Path, account: str) -> None:
        sealed = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / f"google-{account}"
        self.sealed = sealed.is_absolute() and sealed.exists()
        """True for a credential of systemd (systemd.exec(5), LoadCredential=)."""
        self.path = sealed if self.sealed else folder / f"{account}.json"
        self._account = account

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever the file does; None when there is none."""
        try:
            status = self.path.lstat()
        except OSError:
            return None
        return status.st_ino, status.st_ctime_ns  # which a change of its mode sets too

    def read(self) -> SignIn:
        """Return the sign-in. Raises NotDone in words when there is none, or when others could have read or put it there."""
        try:
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                self._check_private(os.fstat(file.fileno()))
                return _from_json(json.loads(file.read()))
        except FileNotFoundError:
            what = f"Account '{self._account}' is not signed in to Google."
        except OSError as error:
            what = f"The sign-in of account '{self._account}' cannot be read: {self.path}: {error.strerror}."
        except (ValueError, KeyError, TypeError, AttributeError):
            what = f"The sign-in of account '{self._account}' is damaged ({self.path})."
        raise NotDone(what, _SIGN_IN.format(self._account))

    def _check_private(self, status: os.stat_result) -> None:
        if self.sealed:
            return  # systemd sees to that
        if status.st_mode & 0o077 or status.st_uid != os.getuid() or not stat.S_ISREG(status.st_mode):
            raise NotDone(
                f"Others can reach the sign-in of account '{self._account}' ({self.path}).",
                f"Make it yours alone, `chmod 600 {self.path}`; if others had it, revoke it with `followupd disconnect google`.",
            )

    def write(self, sign_in: SignIn) -> None:
        """Put the sign-in there, whole or not at all. A credential of systemd stays as it is."""
        if self.sealed:
            return
        self.path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        waiting = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        waiting.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(waiting, flags, _PRIVATE), "w", encoding="ascii") as file:
            json.dump(_to_json(sign_in), file)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self.path)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else renew or replace this sign-in meanwhile."""
        if self.sealed:
            yield
            return
        self.path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self.path.with_suffix(".lock"), flags, _PRIVATE), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _to_json(sign_in: SignIn) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(sign_in).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value


def _from_json(found: dict[str, Any]) -> SignIn:
    texts = {
        name: str(found[name]) for name in ("client_id", "client_secret", "refresh_token", "access_token")
    }
    return SignIn(
        **texts,
        expires=_read_time(found["expires"]),
        scopes=frozenset(map(str, found["scopes"])),
        since=_read_time(found["since"]),
        dies=_read_time(found["dies"]) if found["dies"] else None,
        ended=_read_time(found["ended"]) if found["ended"] else None,
    )


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
