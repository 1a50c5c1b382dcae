"""Coverage-guided fuzz of the .ics reader: `python tests/fuzz_ics.py CORPUS -max_total_time=60` (libFuzzer's options).

Whatever the bytes, a reading or a SourceProblem comes back, and the first sight of an entry is never too narrow. What it
finds becomes a case of tests/adapters/test_ics_scan.py or tests/ics/.
"""

import sys
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["followupd.adapters"]):
    from adapters.test_ics_scan import check_sight

    from followupd.adapters.ics import IcsCalendar
    from followupd.errors import SourceProblem

NOW = datetime(2026, 5, 4, tzinfo=UTC)
FILE = Path(tempfile.mkdtemp()) / "cal.ics"


def feed(raw: bytes) -> None:
    """Read one file of arbitrary bytes, and what surely is a calendar around them."""
    for made in (raw, b"BEGIN:VCALENDAR\n" + raw + b"\nEND:VCALENDAR\n"):
        check_sight(made)
        FILE.write_bytes(made)
        try:
            IcsCalendar("cal", FILE, "Europe/Berlin").read(NOW - timedelta(days=7), NOW + timedelta(days=60))
        except SourceProblem:
            continue


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()
