"""What the documentation says is what the program does: its commands, its options, its table of moves."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from followupd.cli import main
from followupd.cli_people import SHOW, PeopleCommands
from followupd.errors import ExitCode
from followupd.items import Status
from followupd.rules.status import MOVES

ROOT = Path(__file__).parent.parent
PAGES = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
    if path.exists()
]
DESIGN, OPERATING = ROOT / "docs" / "design.md", ROOT / "docs" / "operating.md"
_FENCE = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: In running text a command stands between backticks.
_INLINE = re.compile(r"`(followupd [^`]+)`")


def commands_in(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield from (part.strip() for part in re.split(r"&&|;|\|", line.removeprefix("$ ")))
    yield from _INLINE.findall(text)


def find_mistake(words: list[str]) -> str | None:
    """Return what `followupd WORDS` names that is not there; values and arguments are not looked at."""
    command: click.Command = main
    for word in words:
        if word in {"-h", "--help", "--version"}:
            continue
        if isinstance(command, PeopleCommands) and word not in command.commands:
            command = command.commands[SHOW]  # `people PERSON` is `people show PERSON`
        if word.startswith("-") and len(word) > 1:
            known = {option for parameter in [*command.params, *main.params] for option in parameter.opts}
            if word.partition("=")[0] not in known:
                return f"no option {word} of {command.name}"
        elif isinstance(command, click.Group) and word.isidentifier() and word.islower():
            found = command.commands.get(word)
            if found is None:
                return f"no command {word}"
            command = found
    return None


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_a_page_names_exists(page: Path) -> None:
    mistakes = []
    for command in commands_in(page):
        words = shlex.split(command, comments=True) if command.startswith("followupd") else []
        if words and (mistake := find_mistake(words[1:])):
            mistakes.append(f"`{command}`: {mistake}")
    assert mistakes == []


def test_the_check_of_commands_can_fail() -> None:
    assert find_mistake(["queue", "--all", "--json"]) is None
    assert find_mistake(["--config", "FILE", "templates", "preview", "late"]) is None
    assert find_mistake(["sned", "1"]) == "no command sned"
    assert find_mistake(["queue", "--everything"]) == "no option --everything of queue"
    assert find_mistake(["templates", "burn"]) == "no command burn"


@pytest.mark.parametrize("status", list(Status))
def test_the_design_lists_every_status_and_every_move_with_its_cause(status: Status) -> None:
    lines = DESIGN.read_text(encoding="utf-8").splitlines()
    assert any(str(status) in line for line in lines)
    for new, cause in MOVES[status].items():
        row = (str(status), str(new), cause)
        assert any(all(part in line for part in row) for line in lines), row


@pytest.mark.parametrize("code", list(ExitCode))
def test_the_exit_codes_are_listed(code: ExitCode) -> None:
    page = OPERATING.read_text(encoding="utf-8")
    assert re.search(rf"^\| *`?{int(code)}`? *\|", page, re.MULTILINE)
