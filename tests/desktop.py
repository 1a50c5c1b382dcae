"""A desktop for tests: a notify-send of ours on PATH, which writes down what it is called with."""

from pathlib import Path

#: Writes its arguments down, a line for each, and ends as the file `code` says.
SCRIPT = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word" | tr '\\n' '~' >> "{folder}/told"; echo >> "{folder}/told"; done
exit $(cat "{folder}/code" 2>/dev/null || echo 0)
"""


class Desktop:
    """A folder on PATH with a notify-send of ours, and a session that listens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "notify-send"
        program.write_text(SCRIPT.format(folder=folder))
        program.chmod(0o755)

    @property
    def words(self) -> list[str]:
        """What it was called with, "~" for each line end."""
        return [line.removesuffix("~") for line in (self.folder / "told").read_text().splitlines()]
