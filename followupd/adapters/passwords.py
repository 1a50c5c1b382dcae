"""Where a password lies: in the output of a command, a file, or a credential of systemd. It is read when it is needed."""

import os
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from followupd.errors import MailboxProblem
from followupd.network import Secret

_COMMAND_SECONDS = 30.0
_MOST_BYTES = 4096


def read_password(secret: Secret, seconds: float = _COMMAND_SECONDS) -> str:
    """Return the first line of what `secret` names. Raises MailboxProblem in words that never hold it."""
    if secret.command:
        found = _run(secret.command, seconds)
    elif secret.credential:
        found = _read_credential(secret.credential)
    else:
        found = _read_file(secret.file or Path(), private=True)
    password = found.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
    if not password:
        raise _problem(f"{secret.where} gives no password: its first line is empty.")
    return password


def _run(command: tuple[str, ...], seconds: float) -> bytes:
    """Run without a shell and in a session of its own, so that all of it can be ended; what it says on stderr is lost."""
    try:
        child = subprocess.Popen(  # noqa: S603 - the owner's own command, from a config only they can write
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise _problem(f"`password_command` could not be run: {command[0]}: {error.strerror}.") from None
    with child:
        try:
            found, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(child)
            raise _problem(
                f"`password_command` ({command[0]}) gave no password within {seconds:g} seconds."
            ) from None
    if child.returncode != 0:
        raise _problem(f"`password_command` ({command[0]}) failed with code {child.returncode}.")
    return found


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _read_credential(name: str) -> bytes:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise _problem(
            f"systemd gave no credential '{name}' to this process.",
            "LoadCredential= or LoadCredentialEncrypted= in the unit gives it; a command by hand needs another way.",
        )
    return _read_file(Path(folder) / name)


def _read_file(file: Path, *, private: bool = False) -> bytes:
    """Read a file, never through a link: whoever may change the link would say what the password is.

    A private one must be its owner's alone, as ssh asks of its keys; systemd looks after its credentials itself.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _problem(f"The password in {file} could not be read: {error.strerror}.") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _problem(f"{file} is no file that a password could stand in.")
        if private and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)):
            raise _problem(
                f"Other users of this machine can get at the password in {file}.",
                f"Make it yours alone: chown $USER {file}; chmod 600 {file}",
            )
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def _problem(what: str, todo: str = "See [mailbox.smtp] in config.toml.") -> MailboxProblem:
    problem = MailboxProblem(what, todo)
    problem.temporary = False
    return problem
