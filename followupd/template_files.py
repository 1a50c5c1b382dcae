"""The template files: ours and the owner's, read again when they change, the last good version kept in force."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from followupd.errors import TemplateProblem
from followupd.render import Renderer

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z]{2})?\.md")
_SIZE_MAX = 100_000


def shipped_templates() -> Path:
    """Return the folder of the templates we ship: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def is_template_name(name: str) -> bool:
    """Tell whether a file of this name is a template."""
    return _NAME.fullmatch(name) is not None


def find_templates(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Return every template's files by name, the one in force last: a later folder shadows an earlier one.

    A folder that is not there holds no templates; files with other names are no templates.
    """
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.md")):
            if is_template_name(path.name):
                found.setdefault(path.name, []).append(path)
    return found


def read_template(path: Path) -> str:
    """Read one template: a regular file, no link, at most 100 kB of UTF-8. Raises TemplateProblem otherwise."""
    try:
        # A link could lead out of the folder; a pipe must not make us wait.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(file, "rb") as opened:  # noqa: PTH123 - only `open` takes a descriptor
            mode = os.fstat(file).st_mode
            data = opened.read(_SIZE_MAX + 1) if stat.S_ISREG(mode) else None
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from error
    if mode & stat.S_IWOTH and path.parent != shipped_templates():
        raise _unreadable(path, "other users of this machine can write it (chmod o-w)")
    if data is None or len(data) > _SIZE_MAX:
        raise _unreadable(path, "it is no file" if data is None else "it is larger than 100 kB")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line} is not UTF-8") from error


def _unreadable(path: Path, why: str) -> TemplateProblem:
    return TemplateProblem(
        f"{path}: cannot be used as a template: {why}.",
        "A template is a plain text file in UTF-8, not a link, of at most 100 kB.",
    )


class Templates:
    """The templates in force. A file with a mistake changes nothing: its last good version stays.

    `example` holds every fact filled: a template that fails even with these has a mistake.
    """

    def __init__(self, folders: Sequence[Path], renderer: Renderer, example: Mapping[str, Any]) -> None:
        self._folders = folders
        self._renderer = renderer
        self._example = example
        self._seen: tuple[object, ...] | None = None
        self._good: Mapping[str, str] = MappingProxyType({})
        self.problems: tuple[TemplateProblem, ...] = ()
        """What is wrong with the files as they are now."""

    def sources(self) -> Mapping[str, str]:
        """Return name → source of every template in force, after a look whether a file changed."""
        found = find_templates(self._folders)
        seen = tuple(_stamp(path) for paths in found.values() for path in paths)
        if seen != self._seen:
            self._reload(found)
            self._seen = seen
        return self._good

    def list_messages(self) -> list[str]:
        """Return the templates in force that are whole messages; parts that others include have no subject."""
        return sorted(name for name, source in self.sources().items() if "Subject:" in source)

    def render(self, name: str, facts: Mapping[str, Any]) -> str:
        """Return a template in force with these facts. Raises TemplateProblem."""
        return self._renderer.render(name, self.sources(), facts)

    def try_out(self, name: str, source: str, facts: Mapping[str, Any]) -> str:
        """Return a source that is in no file yet with these facts, as if it were in force. Raises TemplateProblem."""
        return self._renderer.render(name, {**self.sources(), name: source}, facts)

    def find_mistake(self, name: str, source: str) -> TemplateProblem | None:
        """Return what would keep a source from being in force."""
        problems: dict[str, TemplateProblem] = {}
        self._passes(name, {**self.sources(), name: source}, problems)
        return next(iter(problems.values()), None)

    def _reload(self, found: Mapping[str, Sequence[Path]]) -> None:
        problems: dict[str, TemplateProblem] = {}
        written = self._read_all(found, problems)
        good = {}
        for name, paths in found.items():
            if name in written and self._passes(name, written, problems):
                good[name] = written[name]
            elif name in self._good:
                good[name] = self._good[name]
            elif len(paths) > 1:
                good[name] = read_template(paths[0])
        self._good = MappingProxyType(good)
        self.problems = tuple(problems.values())

    def _read_all(
        self, found: Mapping[str, Sequence[Path]], problems: dict[str, TemplateProblem]
    ) -> dict[str, str]:
        written = {}
        for name, paths in found.items():
            try:
                written[name] = read_template(paths[-1])
            except TemplateProblem as problem:
                problems[problem.what] = problem
        return written

    def _passes(self, name: str, written: Mapping[str, str], problems: dict[str, TemplateProblem]) -> bool:
        try:
            self._renderer.render(name, written, self._example)
        except TemplateProblem as problem:
            # By its words, so that a mistake in an included template is told once.
            problems[problem.what] = problem
            return False
        return True


def _stamp(path: Path) -> tuple[object, ...]:
    try:
        now = path.lstat()
    except OSError:
        return (path,)
    return (path, now.st_ino, now.st_size, now.st_mtime_ns, now.st_mode)
