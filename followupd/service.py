"""The service: followupd as a unit of systemd, put in place, taken away, asked how it is."""

import os
import pwd
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from followupd.errors import ConfigProblem, ExitCode, Problem
from followupd.home import read_tables, resolve

#: Where a system unit keeps each owner's config and state (ConfigurationDirectory= and StateDirectory= of the unit).
SYSTEM_CONFIG, SYSTEM_STATE = Path("/etc/followupd"), Path("/var/lib/followupd")
_SYSTEM_UNITS = Path("/etc/systemd/system")
#: What ProtectHome= hides from the system unit (systemd.exec(5)).
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
_SECONDS = 100.0
_MARK = "# Written by followupd, digest "
_WITHOUT = "Have whatever starts programs here start `followupd run`; it needs no more than that."


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the owner's own session, or with an account's name, one of the system for that account."""

    account: str = ""

    @property
    def name(self) -> str:
        return f"followupd@{self.account}.service" if self.account else "followupd.service"

    @property
    def file(self) -> Path:
        """Return where it is put; `systemctl edit` keeps changes of the owner beside it (systemd.unit(5))."""
        if self.account:
            return _SYSTEM_UNITS / "followupd@.service"
        config = os.environ.get("XDG_CONFIG_HOME", "")
        home = Path(config) if config.startswith("/") else Path.home() / ".config"
        return home / "systemd" / "user" / "followupd.service"

    def command(self, *words: str) -> list[str]:
        """Return a command to the manager this unit belongs to."""
        return ["systemctl", "--system" if self.account else "--user", *words]

    def say(self, *words: str, program: str = "systemctl") -> str:
        """Return the command as the owner would type it."""
        command = [program, *(() if self.account else ("--user",)), *words]
        return shlex.join(["sudo", *command] if self.account else command)


class Step(NamedTuple):
    """One thing that is done to the computer."""

    what: str
    do: Callable[[], object]


# --- what the unit says


def write_unit(unit: Unit, config: Path | None, state: str) -> str:
    """Return the text of the unit for the program that runs now.

    `config` is a config file in an unusual place, `state` the $FOLLOWUPD_STATE of this shell; a system unit has its own.
    """
    name = "followupd@.service" if unit.account else "followupd.service"
    text = (_shipped_units() / name).read_text(encoding="utf-8")
    program = find_program()
    if unit.account and any(program.resolve().is_relative_to(home) for home in _HOMES):
        raise Problem(
            f"{program} lies in a home folder, which the service does not see.",
            "Install it for everybody, from where you have it: sudo PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin "
            "pipx install PLACE; then call that one.",
        )
    words = [str(program), *(["--config", str(config)] if config else []), "run"]
    lines = [f"ExecStart={' '.join(map(_quote, words))}"]
    if state and not unit.account:
        lines.append(f"Environment={_quote(f'FOLLOWUPD_STATE={state}')}")
    shipped = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    text = text.replace(shipped, "\n".join(lines))
    return f"{_MARK}{_digest(text)}. Changes of yours belong beside it: {unit.say('edit', unit.name)}\n{text}"


def find_program() -> Path:
    """Return the followupd that runs now as its owner calls it: a link that an upgrade leads elsewhere stays a link.

    Raises Problem where none lies on the disk.
    """
    called = shutil.which(sys.argv[0])
    beside = Path(sysconfig.get_path("scripts")) / "followupd"
    program = Path(called).absolute() if called and Path(called).name == "followupd" else beside
    if not program.exists():
        raise Problem(
            f"There is no {program}, so systemd could not start it.",
            "Install followupd, with `pipx install` for example, and call it by its name.",
        )
    return program


def _shipped_units() -> Path:
    """Return the folder of the units we ship: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "systemd"
    return installed if installed.is_dir() else package.parent / "systemd"


def _quote(word: str) -> str:
    """Return a word as a unit's line takes it (systemd.syntax(7), systemd.service(5), "Command lines")."""
    if not word.isprintable():
        raise Problem(f"{word!r} cannot be named in a unit of systemd.", "Give it a name in plain letters.")
    plain = word.replace("%", "%%").replace("$", "$$")
    if not set(plain) & set(" \"'\\;"):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def is_ours(text: str) -> bool:
    """Tell whether a unit is as followupd wrote it."""
    head, _, rest = text.partition("\n")
    return head.startswith(f"{_MARK}{_digest(rest)}.")


# --- put in place, and taken away


def plan_install(unit: Unit, text: str, *, force: bool = False) -> Iterator[Step]:
    """Yield what puts the unit in place and starts it. Raises Problem where the owner's own unit is in the way."""
    old = _read(unit.file)
    if old is not None and old != text and not is_ours(old):
        if not force:
            raise Problem(
                f"{unit.file} was not written by followupd, or was changed since. It stays as it is.",
                f"Keep your changes in a drop-in ({unit.say('edit', unit.name)}); `--dry-run` shows the new unit, "
                "and `--force` writes it and keeps yours beside it.",
            )
        kept = unit.file.with_name(f"{unit.file.name}.kept")
        yield Step(f"keep yours as {kept}", lambda: unit.file.replace(kept))
    if old != text:
        yield Step(f"write {unit.file}", lambda: _write(unit.file, text))
        yield _tell(unit, "daemon-reload")
    yield _tell(unit, "enable", unit.name)
    # Also where the unit stays as it was: the program may be a newer one by now.
    yield _tell(unit, "restart", unit.name)


def plan_uninstall(unit: Unit, *, force: bool = False) -> Iterator[Step]:
    """Yield what stops the service and takes its unit away; nothing where there is none.

    A unit of the owner's own stays unless `force`, and so does one that serves other accounts.
    """
    text = _read(unit.file)
    if text is None:
        return
    yield _tell(unit, "disable", "--now", unit.name)
    if not _list_others(unit) and (force or is_ours(text)):
        yield Step(f"delete {unit.file}", unit.file.unlink)
        yield _tell(unit, "daemon-reload")


def _tell(unit: Unit, *words: str) -> Step:
    command = unit.command(*words)
    return Step(f"run {shlex.join(command)}", lambda: ask_systemd(command))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)


def _list_others(unit: Unit) -> list[str]:
    """Return other accounts' services that are made of the same unit."""
    if not unit.account:
        return []
    others = _SYSTEM_UNITS.glob("*.wants/followupd@*.service")
    return [other.name for other in others if other.name != unit.name]


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


# --- what systemd says


def require_systemd(unit: Unit) -> None:
    """Raise Problem in words where no systemd runs, or none that would listen."""
    if sys.platform == "darwin":
        raise Problem("macOS starts programs by launchd, not by systemd.", _WITHOUT)
    if shutil.which("systemctl") is None:
        raise Problem("There is no systemd on this computer.", _WITHOUT)
    said = _run(unit.command("is-system-running"))
    state = said.stdout.strip()
    if state == "offline":
        raise Problem("systemd does not run here, as in most containers.", _WITHOUT)
    if not state and unit.account:
        raise Problem(f"systemd does not answer: {said.stderr.strip()}", _WITHOUT)
    if not state:
        raise Problem(
            "The systemd of your session does not answer, as after `su` or `sudo`.",
            "Log in as yourself, at the screen or by ssh; on a server, see `followupd service install --system`.",
        )


def require_account(name: str) -> str:
    """Return the account a system service runs for. Raises Problem where it is none, or root's."""
    if not name:
        raise Problem("Which account is it for?", "Name it: followupd service install --system --user NAME.")
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise Problem(
            f"There is no account '{name}'.", f"Make one: sudo adduser {shlex.quote(name)}"
        ) from None
    if found.pw_uid == 0:
        raise Problem(
            "What strangers wrote into calendars is not read as root.",
            "Name another account: --user NAME.",
        )
    return found.pw_name


def check_config(account: str) -> None:
    """Have the account check its config and templates as its service will read them. Raises ConfigProblem in its words."""
    file = SYSTEM_CONFIG / account / "config.toml"
    if not file.exists():
        raise ConfigProblem(
            f"There is no config at {file}.",
            f"Put one there: sudo install -d -o {account} -m 0700 {file.parent}; "
            f"sudo install -o {account} -m 0600 ~/.config/followupd/config.toml {file}",
        )
    entry = pwd.getpwnam(account)
    done = subprocess.run(  # noqa: S603 - this very program
        [find_program(), "--config", file, "templates", "check"],
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        env={"HOME": entry.pw_dir, "PATH": os.environ.get("PATH", os.defpath)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == ExitCode.CONFIGURATION:
        what, _, todo = done.stderr.removeprefix("followupd: ").strip().partition("\n")
        raise ConfigProblem(what, todo)


def find_hidden(account: str) -> list[str]:
    """Return the files and folders of the account's config that its service does not see, for they lie in a home folder."""
    file = SYSTEM_CONFIG / account / "config.toml"
    tables = read_tables(file)
    parts = [table for entry in tables.values() for table in (entry if isinstance(entry, list) else [entry])]
    named = [str(table[key]) for table in parts for key in ("path", "client", "holidays") if table.get(key)]
    return [path for path in named if any(resolve(file, path).is_relative_to(home) for home in _HOMES)]


def ask_systemd(command: Sequence[str]) -> str:
    """Return what a command of systemd prints. Raises Problem with what it says when it fails."""
    done = _run(command)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or f"code {done.returncode}").splitlines()[0]
        raise Problem(
            f"`{shlex.join(command)}` failed: {said}", "`followupd service logs` shows what it met."
        )
    return done.stdout


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own words; systemctl is what PATH finds, as in the owner's shell
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise Problem(f"There is no `{command[0]}` here.", _WITHOUT) from None
    except subprocess.TimeoutExpired:
        raise Problem(
            f"`{shlex.join(command)}` does not come to its end.", "Look at `followupd service logs`."
        ) from None


_ASKED = (
    "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "StatusText", "MainPID", "NRestarts",
    "ExecMainStatus", "ActiveEnterTimestamp", "FragmentPath", "DropInPaths", "NeedDaemonReload",
)  # fmt: skip


def ask_unit(unit: Unit) -> Mapping[str, str]:
    """Return what systemd knows of the service, by its own names (systemctl(1), show)."""
    said = ask_systemd(unit.command("show", unit.name, "--timestamp=utc", f"--property={','.join(_ASKED)}"))
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def read_time(said: str) -> datetime | None:
    """Return an instant as systemd says it, such as "Wed 2026-11-25 13:11:36 UTC"; None for "", which means never."""
    return datetime.strptime(said, "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC) if said else None


def lingers() -> bool | None:
    """Tell whether the owner's services run while nobody is logged in; None where nobody knows."""
    account = pwd.getpwuid(os.getuid()).pw_name
    try:
        said = _run(["loginctl", "show-user", account, "--property=Linger", "--value"]).stdout.strip()
    except Problem:
        return None
    return {"yes": True, "no": False}.get(said)
