"""DURATION as owners write it: 90m, 36h, 3d, 2w."""

import re
from datetime import timedelta

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
