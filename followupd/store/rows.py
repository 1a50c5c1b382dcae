"""Between rows and the nouns of the house."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from followupd.items import Act, By, FollowUp, Intent, Kind, Status, Step, Via
from followupd.model import Answer, Attendee, Event, GuestKind, Person, Reason
from followupd.store.database import read_instant, tell_damage, write_instant

_INSTANTS = {"due", "deadline", "expires", "snoozed_until", "leaves_at", "risk_from", "wrote_at"}
_WORDS = {"kind": Kind, "status": Status, "reason": Reason, "held": Reason}
_FLAGS = {"by_owner", "edited", "any_hour"}
#: What a draft loses with its approval; a hold that the approval met goes with it.
NO_APPROVAL: dict[str, Any] = {"approved_hash": None, "leaves_at": None, "held": None}
#: The columns a FollowUp is read from, in the order of the dataclass.
FOLLOWUP_COLUMNS = tuple(field.name for field in fields(FollowUp))
_read_all = attrgetter(*FOLLOWUP_COLUMNS)


@tell_damage()
def to_followup(row: sqlite3.Row) -> FollowUp:
    return FollowUp(**{name: _read_value(name, row[name]) for name in FOLLOWUP_COLUMNS})


def _read_value(name: str, value: Any) -> Any:
    if name in _FLAGS:
        return bool(value)
    if value is None:
        return None
    if name in _INSTANTS:
        return read_instant(value)
    return _WORDS[name](value) if name in _WORDS else value


def to_columns(followup: FollowUp) -> Iterator[Any]:
    """Yield an item's values as SQLite has them, in the order of FOLLOWUP_COLUMNS."""
    return map(to_column, _read_all(followup))


def to_column(value: Any) -> Any:
    """Return a value as SQLite takes it."""
    if isinstance(value, datetime):
        return write_instant(value)
    return int(value) if isinstance(value, bool) else value


@tell_damage()
def to_step(row: sqlite3.Row) -> Step:
    via = Via(row["via"]) if row["via"] else None
    return Step(read_instant(row["at"]), Status(row["status"]), By(row["by"]), row["why"], via)


def to_person(row: sqlite3.Row) -> Person:
    never = row["never_since"] is not None
    return Person(
        row["key"],
        row["email"],
        row["name"],
        row["first_name"],
        row["zone"],
        never,
        row["phone"],
        row["company"],
        row["circle"],
    )


@tell_damage()
def to_intent(row: sqlite3.Row) -> Intent:
    return Intent(row["id"], row["followup"], Act(row["act"]), row["hash"], read_instant(row["made_at"]))


def write_event(event: Event) -> str:
    body = asdict(event) | {"start": write_instant(event.start), "end": write_instant(event.end)}
    return json.dumps(body, ensure_ascii=False)


@tell_damage()
def read_event(body: str) -> Event:
    facts = json.loads(body)
    facts |= {"start": read_instant(facts["start"]), "end": read_instant(facts["end"])}
    facts["categories"] = tuple(facts["categories"])
    facts["attendees"] = tuple(_read_attendee(attendee) for attendee in facts["attendees"])
    return Event(**facts)


def _read_attendee(facts: dict[str, Any]) -> Attendee:
    return Attendee(**facts | {"answer": Answer(facts["answer"]), "kind": GuestKind(facts["kind"])})
