"""The names table of docs/design.md: thousands of odd names through header writing and back, in every Python found."""

import os
import shutil
import subprocess
from pathlib import Path

import fast_mail_parser
import odd_names
import pytest
from odd_names import check_odd, make_odd

MANY = 5_000
#: About 12 minutes of one core for each Python.
SOAK_MANY = 1_000_000
WHERE_PYTHONS_LIE = (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin")


def test_odd_names_and_subjects_come_back_the_same_from_two_readers() -> None:
    for number in range(MANY):
        check_odd(number)


def test_the_odd_names_hold_what_broke_others() -> None:
    messages = [make_odd(number) for number in range(MANY)]
    names = [odd.message.to_name for odd in messages]
    assert sum(odd.refused for odd in messages) > MANY / 40
    assert any("=?utf-8?q?a?=" in name for name in names)
    assert any("\u202e" in name for name in names)
    assert any('"' in name and "," in name and "<" in name for name in names)
    assert any(len(name) > 998 for name in names)
    assert any(not name for name in names)


def find_python(version: str) -> str | None:
    """Return a Python of that version that starts, from PATH or from where pyenv and uv keep theirs."""
    kept = (path for place in WHERE_PYTHONS_LIE for path in Path.home().glob(f"{place}/python{version}"))
    for python in filter(None, (shutil.which(f"python{version}"), *map(str, kept))):
        if not subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
            return python
    return None


@pytest.mark.soak
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_million_odd_names_in_every_python(version: str) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    program = Path(odd_names.__file__)
    # What header writing and the readers need from here works in every version.
    path = os.pathsep.join(map(str, (program.parent.parent, Path(fast_mail_parser.__file__).parent.parent)))
    ran = subprocess.run(
        [python, program, "0", str(SOAK_MANY)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ran.stdout.strip(), ran.stderr) == (str(SOAK_MANY), "")
