"""No secret gets out: every password, token and secret address of the tests holds one word, and whoever says it is caught.

What is heard: all log records of a test at DEBUG with their tracebacks, what commands and daemons of ours print or log at DEBUG,
and every file a test leaves behind but those that are meant to hold a secret.
"""

import base64
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click.testing

CANARY = "s3cret"
#: Where a secret may lie: what owners write or download, and the sign-ins, wherever a test keeps them.
_HOLDERS = (
    "*/config.toml",
    "*/client*.json",
    "*/google/*.json",
    "*/work.json",
    "*/password",
    "*/credentials/google-work",
    "*/sign-in-of-somebody-else",
)


def _spell(canary: bytes) -> Iterator[bytes]:
    """Yield the word as it is, and what of its base64 is the same whatever stands around it, as in HTTP's Basic."""
    yield canary
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + canary + b"\0" * (-(before + len(canary)) % 3))
        yield whole[(before * 8 + 5) // 6 : (before + len(canary)) * 8 // 6]


_NEEDLES = tuple(_spell(CANARY.encode()))
_heard: list[str] = []


def holds_canary(raw: bytes) -> bool:
    return any(needle in raw for needle in _NEEDLES)


def listen(said: str) -> None:
    """Take in what a process of ours said."""
    if holds_canary(said.encode(errors="surrogateescape")):
        _heard.append(said)


def take_heard() -> list[str]:
    """Return what was said since the last time and held a secret."""
    heard = _heard.copy()
    _heard.clear()
    return heard


def find_leaks(folder: Path) -> list[str]:
    """Return the files below `folder` that hold a secret and are not meant to."""
    paths = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)  # noqa: PTH118 - twice as fast, for every test
    return [path for path in paths if not any(fnmatch(path, one) for one in _HOLDERS) and _is_leak(path)]


def _is_leak(path: str) -> bool:
    try:
        with open(path, "rb", opener=_open_plain) as file:
            return holds_canary(file.read())
    except OSError:
        return False  # a socket, a link to nowhere, what is gone meanwhile


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


class CliRunner(click.testing.CliRunner):
    """click's runner of commands, overheard."""

    def invoke(self, *args: Any, **options: Any) -> click.testing.Result:
        result = super().invoke(*args, **options)
        listen(result.output)
        return result
