"""What an owner tells after an event, as nouns: whom they met, what could not be read, and the guest lists of files."""

from dataclasses import dataclass

from followupd.model import Person, Skipped


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody the owner says they met."""

    person: Person
    note: str = ""
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that could not be read, word for word, so that nothing typed is lost."""

    where: str
    """Such as "line 3"."""
    line: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.todo}".rstrip()


@dataclass(frozen=True, slots=True)
class Told:
    """One whole answer to "whom did you meet?"."""

    met: tuple[Met, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    nobody: bool = False
    """The owner said so; an answer that names nobody by mistake is not one."""


@dataclass(frozen=True, slots=True)
class GuestTable:
    """A guest list as its file has it; strangers wrote every cell. No controls in it, and no more than was allowed."""

    columns: tuple[str, ...]
    """Empty for a file without headings: then every row is one cell, a line as people write it."""
    rows: tuple[tuple[str, ...], ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One guest of a list, and why they are not to be written to; "" where nothing speaks against it."""

    met: Met
    left_out: str = ""
    number: int = 0
    """Their number in the kept list of the event, from 1; 0 before it is kept."""

    @property
    def who(self) -> str:
        """The name, or else the address."""
        return self.met.person.name or self.met.person.email or "?"
