"""One VEVENT before it is parsed, with all it is to be read by; and what the blocks of one UID turn out to stand for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from followupd.adapters.ics_scan import Facts, unfold
from followupd.adapters.occurrence import Origin
from followupd.model import Event, Skipped

TOO_MUCH = "it takes more computing or memory than an entry may"


def digest(text: bytes, salt: bytes = b"") -> bytes:
    """Return a mark that is equal for equal text and salt."""
    return blake2b(text, digest_size=16, key=salt).digest()


@dataclass(frozen=True, slots=True)
class Context:
    """What a VCALENDAR says that its entries are read by."""

    zone: ZoneInfo
    withdrawn: bool
    zones: tuple[bytes, ...]
    """Its VTIMEZONE blocks."""

    @property
    def mark(self) -> bytes:
        return digest(repr((self.zone.key, self.withdrawn, self.zones)).encode())


@dataclass(frozen=True, slots=True)
class Block:
    """One VEVENT before it is parsed."""

    file: str
    number: int
    raw: bytes
    """The whole file; a slice of it for each entry would double the memory."""
    start: int
    end: int
    context: Context
    mark: bytes
    """Equal for equal text read by equal rules."""
    facts: Facts

    @property
    def text(self) -> bytes:
        return self.raw[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Understood:
    """What the blocks of one UID stand for in the days asked for."""

    events: tuple[Event, ...]
    skipped: tuple[Skipped, ...]


#: Blocks of one UID, whose calendar they are from, and the days asked for (UTC), to what they stand for.
Understand = Callable[[Sequence[Block], Origin, datetime, datetime], Understood]


def split_lines(block: Block) -> list[bytes]:
    """Return the lines of a block, unfolded and without their ends."""
    return [line.removesuffix(b"\r") for line in unfold(block.text).split(b"\n")]


def name_block(block: Block) -> str:
    """Return where an entry stands, for the owner: its file and its title, or its number there."""
    lines = (line for line in split_lines(block) if line.upper().startswith((b"SUMMARY:", b"SUMMARY;")))
    title = next(lines, b"").partition(b":")[2].strip()[:200].decode("utf-8", "replace")
    return f"{block.file}: " + (f"'{title}'" if title.isprintable() and title else f"entry {block.number}")


def find_zone(name: str) -> ZoneInfo | None:
    """Return a zone of the zone database, or None for anything else."""
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError):  # ZoneInfo raises either, by the kind of nonsense it is given
        return None
