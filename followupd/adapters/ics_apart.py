"""Where entries are understood: in a child process with limits of the system, or right here.

No bound that we can prove holds for what strangers write and libraries make of it. So the child has a limit for computing
and memory: a question that goes beyond ends the child, which costs that one UID; and all questions of one reading have an
end together.
"""

import json
import pickle
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from followupd.adapters.ics_block import TOO_MUCH, Block, Understand, Understood, name_block
from followupd.adapters.occurrence import Origin, UnusableError
from followupd.child import Child
from followupd.errors import SourceProblem
from followupd.model import Skipped

#: What understand_group is asked.
Question = tuple[Sequence[Block], Origin, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading of a calendar may cost."""

    cpu: float = 5.0
    """Seconds of computing for the entries of one UID, kept by the system."""
    wall: float = 30.0
    """Seconds until the parent stops waiting for them."""
    memory: int = 512 * 1024**2
    """Bytes of address space of the whole child."""
    total: float = 180.0
    """Seconds for all of a reading."""
    deaths: int = 3
    """So many UIDs may end the child."""


_LIMITS = Limits()
_LONGEST_ANSWER = 64 * 1024**2
_BROKEN = "the process that reads it ended; please report this"


@contextmanager
def understand_here() -> Iterator[Understand]:
    """Give what understands entries in this process."""
    from followupd.adapters.ics_group import understand_group  # noqa: PLC0415 - the daemon never loads it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield understand_group


@contextmanager
def understand_apart(limits: Limits = _LIMITS) -> Iterator[Understand]:
    """Give what understands entries in a child, which is started for the first of them and ends with the block.

    It raises UnusableError when the limits for all of a reading are used up, SourceProblem when no child can be started.
    """
    apart = _Apart(limits)
    try:
        yield apart.understand
    finally:
        apart.end()


class _Apart:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: Child | None = None
        self._left = limits.total
        self._deaths = 0

    def end(self) -> int:
        """End the child if there is one, and return its exit code (negative: the signal)."""
        child, self._child = self._child, None
        return child.end() if child else 0

    def understand(
        self, blocks: Sequence[Block], origin: Origin, start: datetime, end: datetime
    ) -> Understood:
        if self._left <= 0 or self._deaths >= self._limits.deaths:
            raise UnusableError("the whole takes too long to read; this and the rest were left out")
        child = self._child = self._child or _start(self._limits)
        question = pickle.dumps(([_cut_out(block) for block in blocks], origin, start, end))
        began = time.monotonic()
        try:
            answer = child.ask(question, self._limits.wall, _LONGEST_ANSWER)
        except (OSError, EOFError):  # TimeoutError is one too
            self._deaths += 1
            why = TOO_MUCH if self.end() < 0 else _BROKEN
            return Understood((), (Skipped(name_block(blocks[0]), why),))
        finally:
            self._left -= time.monotonic() - began
        understood: Understood = pickle.loads(answer)  # noqa: S301 - written by ics_group.py, through our own pipe
        return understood


def _start(limits: Limits) -> Child:
    try:
        return Child("followupd.adapters.ics_group", json.dumps(asdict(limits)))
    except (OSError, EOFError) as error:
        raise SourceProblem(
            "The process that understands calendars does not start.",
            "If memory is short, free some; else please report this.",
        ) from error


def _cut_out(block: Block) -> Block:
    """Return a block that does not hold its whole file."""
    return replace(block, raw=block.text, start=0, end=block.end - block.start)
