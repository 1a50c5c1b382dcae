"""Files that are on the disk when a call returns, readable by the owner alone; what the disk refuses, in words."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from followupd.errors import Changed, Doubt, MailboxProblem

#: Errors after which a rename on a network disk may have happened all the same.
UNANSWERED = {errno.EIO, errno.ETIMEDOUT, errno.ESTALE}
NEEDS_OWNER = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP}
ADVICE = {
    errno.ENOSPC: "Free some space on that disk; the next pass tries again.",
    errno.EDQUOT: "Your quota on that disk is used up; free some space and the next pass tries again.",
    errno.EFBIG: "A limit on file sizes is in the way; raise it and the next pass tries again.",
    errno.EROFS: "That disk is mounted read-only; make it writable again.",
    errno.EACCES: "Give your own user the right to read and write there (chmod u+rwX, chown).",
    errno.EPERM: "Give your own user the right to read and write there (chmod u+rwX, chown).",
    errno.ENOTDIR: "A file stands where a folder belongs; move it away.",
    errno.EIO: "The disk reports an error; check it before anything else.",
}


@contextmanager
def said_as(problem: type[MailboxProblem | Doubt], where: Path) -> Iterator[None]:
    """Say an OSError in words: where, what happened, what to do; in the same words each time, so that it is told once."""
    try:
        yield
    except OSError as error:
        said = problem(
            f"{_name_place(error, where)}: {error.strerror or error}.",
            ADVICE.get(error.errno or 0, "The next pass looks again."),
        )
        said.temporary = error.errno not in NEEDS_OWNER
        raise said from error


def _name_place(error: OSError, where: Path) -> Path:
    """Return the file; for one that nobody was ever shown, whose name is drawn anew at each try, its folder."""
    place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else where
    return place.parent if place.parent.name == "tmp" else place


def read_file(path: Path | str, limit: int = -1) -> bytes:
    # A link or a pipe that slipped in after the listing is neither followed nor waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit)


def write_file(path: Path, raw: bytes) -> None:
    """Make a file that nobody else can read, not even for a moment, and have it on the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def write_and_move(waiting: Path, shown: Path, raw: bytes) -> None:
    try:
        write_file(waiting, raw)
        move_file(waiting, shown)
    except BaseException:
        with suppress(OSError):
            waiting.unlink(missing_ok=True)
        raise


def move_file(source: Path, target: Path) -> None:
    """Rename, but never onto another letter."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in UNANSWERED:
            raise Doubt(f"{target}: {error.strerror}.", "The next pass looks whether it is there.") from error
        raise


def settle_move(source: Path, taken: Path, raw: bytes) -> None:
    """Put a letter back that was edited in the moment before it moved; have the outcome on the disk."""
    same = read_file(taken) == raw
    if not same:
        move_file(taken, source)
    sync_directory(taken.parent)
    sync_directory(source.parent)
    if not same:
        raise Changed(f"{source.name} was edited just now.", "What is there stays as it is.")


def withdraw_file(path: Path) -> None:
    with said_as(Doubt, path):
        path.unlink()
        sync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Make it 0700 whatever the umask, and on the disk; one that exists stays as the owner has it."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700)
    path.chmod(0o700)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
