"""Which addresses are one person's, and which are not: as it was proved, or as the owner said. All of it can be taken back."""

from collections.abc import Iterable

from followupd.model import Kin, Person
from followupd.store.database import Database
from followupd.store.rows import to_person

#: Every key of the person behind a key, for `person IN …`; the one parameter is the key.
SAME_PERSON = (
    "(WITH RECURSIVE same_person (key) AS (VALUES (?) UNION SELECT iif(one = key, other, one)"
    " FROM kin JOIN same_person ON key IN (one, other) WHERE same) SELECT key FROM same_person)"
)


#: Every pair that is joined or apart.
SETTLED = "SELECT one, other, same FROM kin WHERE same IS NOT NULL"


class Kinship:
    """The part of the state that joins people and keeps them apart; rows are never merged, so parting loses nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Kin:
        """Return everything that is known, for rule 2."""
        return to_kin((row["one"], row["other"], row["same"]) for row in self._database.rows(SETTLED))

    def keys_of(self, key: str) -> list[str]:
        """Return the keys of the person behind a key, itself included."""
        return [row["key"] for row in self._database.rows(f"SELECT key FROM {SAME_PERSON}", key)]

    def knows(self, one: str, other: str) -> bool:
        """Tell whether anything was ever said or asked about two keys."""
        row = self._database.row("SELECT 1 FROM kin WHERE one = ? AND other = ?", *sorted((one, other)))
        return row is not None

    def save(self, one: str, other: str, same: bool | None, question: int | None = None) -> None:
        """Remember that two keys are one person, or two; None while `question`, an item of the queue, asks that."""
        self._database.change(
            "INSERT INTO kin VALUES (?, ?, ?, ?) ON CONFLICT (one, other) DO UPDATE"
            " SET same = excluded.same, question = coalesce(excluded.question, question)",
            *sorted((one, other)),
            same,
            question,
        )

    def asked_by(self, question: int) -> tuple[str, str] | None:
        """Return the two keys a question is about; None where they are settled or forgotten."""
        row = self._database.row("SELECT one, other FROM kin WHERE question = ? AND same IS NULL", question)
        return (row["one"], row["other"]) if row else None

    def pair_of(self, question: int) -> tuple[str, str] | None:
        """Return the two keys a question is or was about."""
        row = self._database.row("SELECT one, other FROM kin WHERE question = ?", question)
        return (row["one"], row["other"]) if row else None

    def find_namesakes(self, person: Person) -> list[Person]:
        """Return everybody else of the very same name who has an address, whatever the case."""
        rows = self._database.rows(
            "SELECT * FROM people WHERE name = ? COLLATE NOCASE AND key <> ? AND email IS NOT NULL ORDER BY key",
            person.name,
            person.key,
        )
        return [to_person(row) for row in rows]


def to_kin(pairs: Iterable[tuple[str, str, int]]) -> Kin:
    """Return the rows of SETTLED as rule 2 wants them."""
    rows = list(pairs)
    apart = frozenset(frozenset((one, other)) for one, other, same in rows if not same)
    return Kin(_find_heads((one, other) for one, other, same in rows if same), apart)


def _find_heads(joined: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return every joined key with the first key, by alphabet, of all that are one person with it."""
    groups: dict[str, set[str]] = {}
    for one, other in joined:
        group = groups.get(one, {one}) | groups.get(other, {other})
        groups |= dict.fromkeys(group, group)
    return {key: min(group) for key, group in groups.items()}
