"""The owner's template files, written: whole or not at all, and what they held before is kept."""

import os
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from followupd.errors import Problem, TemplateProblem
from followupd.template_files import find_templates, is_template_name, read_template

#: So many former versions of each template are kept.
VERSIONS = 20
_STAMP = "%Y%m%dT%H%M%S%fZ"
_STAMPED = re.compile(r"[0-9]{8}T[0-9]{12}Z", re.ASCII)


class Shelf:
    """One owner's folder of templates; former versions lie in its folder `versions`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> str | None:
        """Return the owner's file of that name, None where there is none. Raises TemplateProblem as `read_template`."""
        paths = find_templates([self._folder]).get(name)
        return read_template(paths[-1]) if paths else None

    def save(self, name: str, text: str, now: datetime) -> None:
        """Write a template in place of the owner's former one, which is kept. Raises Problem for a name that is none."""
        if not is_template_name(name):
            raise Problem(
                f"'{name}' is no name for a template.",
                "Small letters, digits and hyphens, and two letters for the language: after-a-fair.de.md",
            )
        self._keep(name, now)
        _write_whole(self._folder / name, text.replace("\r\n", "\n").rstrip("\n") + "\n")

    def withdraw(self, name: str, now: datetime) -> None:
        """Take the owner's file away, so that ours is in force again; what it held is kept."""
        if self.read(name) is None:
            raise Problem(f"You have no '{name}' of your own.", "Ours is in force.")
        self._keep(name, now)
        (self._folder / name).unlink()

    def versions(self, name: str) -> list[datetime]:
        """Return when each former version was replaced (UTC), the latest first."""
        if not is_template_name(name):
            return []
        stems = (file.stem for file in (self._folder / "versions" / name).glob("*.md"))
        return sorted((_read_stamp(stem) for stem in stems if _STAMPED.fullmatch(stem)), reverse=True)

    def read_version(self, name: str, replaced: datetime) -> str:
        """Return what a template held until then. Raises Problem when that is no longer kept."""
        if replaced not in self.versions(name):
            raise Problem("That version is no longer kept.", f"The last {VERSIONS} are.")
        return read_template(self._version_file(name, replaced))

    def _keep(self, name: str, now: datetime) -> None:
        former = self.read(name)
        if former is None:
            return
        _write_whole(self._version_file(name, now), former)
        for replaced in self.versions(name)[VERSIONS:]:
            with suppress(FileNotFoundError):
                self._version_file(name, replaced).unlink()

    def _version_file(self, name: str, replaced: datetime) -> Path:
        return self._folder / "versions" / name / f"{replaced.astimezone(UTC).strftime(_STAMP)}.md"


def _read_stamp(stem: str) -> datetime:
    return datetime.strptime(stem, _STAMP).replace(tzinfo=UTC)


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that whoever reads it meanwhile sees the old one or the new one. Raises TemplateProblem."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise TemplateProblem(
            f"{file} cannot be written: {error.strerror}.",
            "Make the folder of your templates yours and writable.",
        ) from error
