"""Calendars made to do harm, each read in a child with one second of CPU and 128 MB: tests/ics/bombs.toml says what for."""

import tomllib
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from ics_bombs import BOMBS, GOOD, Outcome, read_in_limits, write_bomb

EXPECTED: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "ics" / "bombs.toml").read_text()
)["bomb"]

# One server imports the reader, each bomb gets a fork of it: otherwise imports would take most of the time.
children = get_context("forkserver")
children.set_forkserver_preload(["ics_bombs"])


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ordinary") / "cal.ics"
    path.write_text(f"BEGIN:VCALENDAR\n{GOOD}END:VCALENDAR\n")
    return path


def read_in_child(path: Path, ordinary: Path) -> Outcome:
    ours, theirs = children.Pipe(duplex=False)
    child = children.Process(target=read_in_limits, args=(path, ordinary, theirs))
    child.start()
    theirs.close()
    try:
        outcome: Outcome = ours.recv()
    except EOFError:
        child.join()
        pytest.fail(f"the child was killed, or raised (exit code {child.exitcode})")
    child.join()
    return outcome


@pytest.mark.parametrize("bomb", EXPECTED, ids=[bomb["name"] for bomb in EXPECTED])
def test_a_bomb_costs_little_and_hides_no_other_event(
    tmp_path: Path, ordinary: Path, bomb: dict[str, Any]
) -> None:
    path = tmp_path / "cal.ics"
    write_bomb(path, bomb["name"])
    outcome = read_in_child(path, ordinary)
    assert outcome.good == 2
    # To run out of memory is no way to refuse an event.
    assert not any("MemoryError" in line for line in outcome.skipped)
    refused = "refused" in bomb and any(
        "bomb" in line.lower() and bomb["refused"] in line for line in outcome.skipped
    )
    read = (outcome.bombs, outcome.skipped) == (bomb.get("read"), ())
    assert read or (refused and not outcome.bombs), outcome


def test_every_bomb_has_its_line() -> None:
    assert [bomb["name"] for bomb in EXPECTED] == list(BOMBS)
