"""Write the hash-locked requirement files from pyproject.toml and the .in files, leaving out what is younger than 14 days.

The cool-down is there because most package take-overs were found within a week.
"""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
COOL_DOWN = timedelta(days=14)


def lock(source: Path, target: Path) -> None:
    """Resolve `source` for every platform and Python we support into `target`; no registry's address is written."""
    newest = (datetime.now(UTC) - COOL_DOWN).strftime("%Y-%m-%dT00:00:00Z")
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    plain = ["--no-header", "--no-annotate"]
    limits = ["--python-version", "3.11", "--exclude-newer", newest]
    subprocess.run([*command, *plain, *limits, source, "--output-file", target], check=True, cwd=HERE)  # noqa: S603 - our own arguments


if __name__ == "__main__":
    lock(HERE.parent / "pyproject.toml", HERE / "run.txt")
    lock(HERE / "build.in", HERE / "build.txt")
    lock(HERE / "test.in", HERE / "test.txt")
    lock(HERE / "fuzz.in", HERE / "fuzz.txt")
    lock(HERE / "opinion.in", HERE / "opinion.txt")
