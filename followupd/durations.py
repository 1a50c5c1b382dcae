"""How lengths of time and instants are written: 90m, 36h, 3d, 2w; 2026-11-17T18:00:00Z."""

import re
from datetime import datetime, timedelta

from followupd.errors import Problem

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHAPE = re.compile(r"([0-9]{1,6})([smhdw])")
#: Longer ones are typing mistakes, and would lead out of the calendar when added to a date.
_LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return "90m", "36h", "3d" or "2w" as a length of time. Raises Problem for anything else."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise Problem(f"'{text}' is no duration.", "Write it like 90m, 36h, 3d or 2w.")
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > _LONGEST:
        raise Problem(f"'{text}' is longer than ten years.", "Write it like 90m, 36h, 3d or 2w.")
    return length


def write_utc(instant: datetime) -> str:
    """Return a UTC instant as RFC 3339 with Z, to the second."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
