"""A throw-away Debian with a systemd of its own, booted in namespaces; nothing of the machine it runs on is touched.

The root is made once by debootstrap and kept in .venv/systemd; each boot works on an overlay of it that lives in memory.
Memory, mounts and processes go with the namespaces, the one cgroup that is made outside is removed at the end.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv" / "systemd"
BASE, WHEELS, DONE = HOME / "root", HOME / "wheels", HOME / "done"
SUITE = "bookworm"
#: python3-venv for pip, dbus-user-session and libpam-systemd for the service of a session.
PACKAGES = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,python3,python3-venv"
_PROGRAM = "/opt/followupd"
#: The Python that runs followupd inside.
PYTHON = f"{_PROGRAM}/bin/python"
_LOCKED = ROOT / "requirements" / "run.txt"
_BOOT_SECONDS = 60.0
_CGROUP = "followupd-test-"


def find_missing() -> list[str]:
    """Return what this needs and does not find, each with what to do."""
    missing = [] if os.geteuid() == 0 else ["root, to make namespaces and mounts: sudo make test-systemd"]
    for tool, package in (
        ("debootstrap", "debootstrap"),
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
    ):
        if shutil.which(tool) is None:
            missing.append(f"{tool}: sudo apt-get install {package}")
    if "overlay" not in Path("/proc/filesystems").read_text():
        missing.append("a kernel with overlay: sudo modprobe overlay")
    if _find_cgroups() is None:
        missing.append("cgroup v2, mounted somewhere: mount -t cgroup2 cgroup2 /mnt")
    return missing


def _find_cgroups() -> Path | None:
    """Return where cgroup v2 is mounted, alone or beside v1."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next((Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2"), None)


# --- the root, once


def make_base() -> None:
    """Make the Debian root with all that followupd needs to run, unless it is there."""
    stamp = hashlib.sha256(f"{SUITE} {PACKAGES}\n".encode() + _LOCKED.read_bytes()).hexdigest()
    if DONE.exists() and DONE.read_text() == stamp:
        return
    HOME.mkdir(parents=True, exist_ok=True)
    DONE.unlink(missing_ok=True)
    if not (BASE / "usr/bin/python3").exists():
        shutil.rmtree(BASE, ignore_errors=True)
        print("Making a Debian root (once, about a minute) ...", flush=True)
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, BASE)
    _pip("download", "--quiet", "--only-binary=:all:", "--python-version=3.11", "--require-hashes",
         "--requirement", _LOCKED, "--dest", WHEELS)  # fmt: skip
    _run("chroot", BASE, "python3", "-m", "venv", _PROGRAM)
    shutil.copytree(WHEELS, BASE / "wheels", dirs_exist_ok=True)
    wheels = [f"/wheels/{wheel.name}" for wheel in sorted(WHEELS.glob("*.whl"))]
    _run("chroot", BASE, f"{_PROGRAM}/bin/pip", "install", "--quiet", "--no-index", "--no-deps", *wheels)
    shutil.rmtree(BASE / "wheels")
    DONE.write_text(stamp)


def build_wheel(folder: Path) -> Path:
    """Return the wheel of this checkout."""
    _pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def _pip(*words: str | Path) -> None:
    _run(sys.executable, "-m", "pip", "--disable-pip-version-check", *words)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


# --- one boot


class Machine:
    """A Debian that runs; use it in a `with`, which ends it whatever happens."""

    def __init__(self, folder: Path) -> None:
        """`folder` is empty, and stays so as the machine outside sees it."""
        self._folder = folder
        self._cgroup = (_find_cgroups() or Path()) / f"{_CGROUP}{os.getpid()}"

    def __enter__(self) -> Self:
        for left in self._cgroup.parent.glob(f"{_CGROUP}*"):
            _remove_cgroup(left)  # of a run that was killed
        self._cgroup.mkdir()
        # Of its own cgroup before it looks at cgroups; dead as soon as whoever started it is.
        enter = f'echo $$ > "{self._cgroup}/cgroup.procs"; exec "$@"'
        unshare = [
            "unshare",
            "--fork",
            "--kill-child",
            "--pid",
            "--mount",
            "--uts",
            "--ipc",
            "--cgroup",
            "--net",
        ]
        boot = ["sh", str(Path(__file__).with_name("boot.sh")), str(BASE), str(self._folder)]
        command = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", enter, "sh", *unshare, *boot]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            self._wait_for_boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_for_boot(self) -> None:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self._init = wait_for(lambda: children.read_text().split(), _BOOT_SECONDS, "the first process")[0]
        up = ("running", "degraded")
        wait_for(
            lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in up,
            _BOOT_SECONDS,
            "systemd is up",
        )

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(FileNotFoundError):
            (self._cgroup / "cgroup.kill").write_text("1")
            wait_for(lambda: _remove_cgroup(self._cgroup), 10, "its cgroups are gone")

    def run(
        self, *command: str, user: str = "", check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root or as another user of it."""
        enter = ["nsenter", "--target", self._init, "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"]
        become = ["runuser", "-u", user, "--"] if user else []
        clean = ["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        if user:
            number = self.run("id", "-u", user).stdout.strip()
            clean += [f"HOME=/home/{user}", f"XDG_RUNTIME_DIR=/run/user/{number}"]
        done = subprocess.run(
            [*enter, *become, *clean, *command],
            capture_output=True, text=True, timeout=120, check=False, cwd="/", **options,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def write(self, file: str, text: str | bytes) -> None:
        """Write a file inside, readable by all, with the folders above it."""
        data = text.encode() if isinstance(text, str) else text
        command = ["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", file]
        enter = ["nsenter", "--target", self._init, "--mount", "--pid"]
        subprocess.run([*enter, *command], input=data, check=True, cwd="/")

    def install(self, wheel: Path) -> None:
        """Install followupd as an owner would, for everybody."""
        self.write(f"/tmp/{wheel.name}", wheel.read_bytes())
        self.run(f"{_PROGRAM}/bin/pip", "install", "--quiet", "--no-index", "--no-deps", f"/tmp/{wheel.name}")
        self.run("ln", "-s", f"{_PROGRAM}/bin/followupd", "/usr/local/bin/followupd")


def _remove_cgroup(cgroup: Path) -> bool:
    """Remove a cgroup with those below it, and tell whether it is gone; one in which processes live stays whole."""
    with suppress(OSError):
        if "populated 1" in (cgroup / "cgroup.events").read_text():
            return False
        for folder in sorted([cgroup, *(path for path in cgroup.rglob("*") if path.is_dir())], reverse=True):
            folder.rmdir()
    return not cgroup.exists()


def wait_for(condition: Callable[[], Any], within: float, what: str) -> Any:
    """Return what `condition` returns once it is true; fail with `what` when it is not `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within:g} s: {what}")
