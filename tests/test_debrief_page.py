"""docs/debrief.md, run as it stands: every line of its table, every command with what it prints."""

import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from test_cli import Shell, shell
from week import read_met

__all__ = ["shell"]
PAGE = (Path(__file__).parent.parent / "docs" / "debrief.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip().strip("`") for cell in re.split(r"(?<!`)\|(?!`)", line)[1:-1]]
    for line in re.findall(r"^\| `.*$", PAGE, re.MULTILINE)
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_line_of_the_table_is_understood_as_it_says(row: list[str]) -> None:
    met = read_met(row[0])
    person = met.person
    said = [
        person.name,
        person.email or "",
        person.company,
        person.phone,
        met.note,
        met.promise,
        person.circle,
    ]
    assert said == row[1:]


def commands() -> Iterator[tuple[list[str], str, list[str]]]:
    """Yield every command with its stdin and what it prints."""
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *printed = command.splitlines()
            stdin = ""
            if first.endswith(" <<END"):
                first, end = first.removesuffix(" <<END"), printed.index("END")
                stdin, printed = "\n".join(printed[:end]) + "\n", printed[end + 1 :]
            yield shlex.split(first)[1:], stdin, printed


def test_every_command_prints_what_the_page_shows(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shell.house.home)
    for name, text in re.findall(r"^`([\w.]+)`:\n\n```csv\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        Path(name).write_text(text, encoding="utf-8")
    shell.meet("e1", title="Chamber breakfast", ago=timedelta(hours=1))
    shell.do("once")
    for args, stdin, printed in commands():
        assert shell.do(*args, stdin=stdin or None).stdout.splitlines() == printed, args


def test_the_page_is_run_at_all() -> None:
    assert len(ROWS) == 10
    assert len(list(commands())) == 10
