"""How well rule 1 judges a calendar it was not written for: 240 labelled events, and the titles its words grew on.

The floors stand just under what was reached. Nobody tunes words on `held-out.toml`: its titles are never shown.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from followupd.assemble import load_people_words, load_words
from followupd.model import Answer, Attendee, Event, Guest, GuestKind, Judgement, Owner, Verdict
from followupd.rules.events import judge_event
from followupd.rules.people import sort_guests

FOLDER = Path(__file__).parent / "judgement"
WORDS, PEOPLE_WORDS = load_words(), load_people_words()
BERLIN = ZoneInfo("Europe/Berlin")
OWNER = Owner(
    name="Ada Example",
    email="ada@example.com",
    addresses=frozenset({"ada@example.com", "ada@home.example"}),
    company_domains=frozenset({"example.com"}),
    timezone="Europe/Berlin",
    languages=("en", "de"),
)
Labelled = Mapping[str, Any]
ADA = Attendee("ada@example.com", "Ada Example", Answer.ACCEPTED, organizer=True)
INVITED = {
    "alone": (),
    "outsider": (ADA, Attendee("jane@acme.com", "Jane Smith", Answer.ACCEPTED)),
    "colleague": (ADA, Attendee("bob@example.com", "Bob Stone", Answer.ACCEPTED)),
}
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one half; `wrong` counts addresses that would have been written to by mistake."""

    precision: float
    recall: float
    questions: float
    wrong: int


def read_instant(text: str) -> datetime:
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)
    return datetime.combine(date.fromisoformat(text), time(), BERLIN).astimezone(UTC)


def read_attendee(entry: Labelled, host: str) -> Attendee:
    kind = GuestKind(cutype) if (cutype := entry.get("cutype", "").lower()) in set(GuestKind) else None
    return Attendee(
        email=(email := entry.get("email", "").lower() or None),
        name=entry.get("name", ""),
        answer=Answer(entry.get("partstat", "NEEDS-ACTION").lower()),
        kind=kind or GuestKind.INDIVIDUAL,
        organizer=email == host,
    )


def read_people(entry: Labelled) -> tuple[Attendee, ...]:
    name, host = parse_organizer(entry.get("organizer", ""))
    guests = tuple(read_attendee(line, host) for line in entry.get("attendees", []))
    known = not host or any(guest.organizer for guest in guests)
    return guests if known else (Attendee(host, name, Answer.ACCEPTED, organizer=True), *guests)


def parse_organizer(text: str) -> tuple[str, str]:
    found = re.match(r"^(.*?)\s*<(.*)>$", text)
    return (found[1].strip('"'), found[2].lower()) if found else ("", parseaddr(text)[1].lower())


def read_event(entry: Labelled) -> Event:
    return Event(
        occurrence=entry["id"],
        calendar="work",
        uid=entry["id"],
        title=entry["title"],
        start=read_instant(str(entry["start"])),
        end=read_instant(str(entry["end"])),
        all_day="T" not in str(entry["start"]),
        cancelled="CANCELLED"
        in {entry.get("status"), *([entry["method"] + "LED"] if "method" in entry else [])},
        tentative=entry.get("status") == "TENTATIVE",
        private=entry.get("class", "PUBLIC") != "PUBLIC",
        busy=entry.get("transp") != "TRANSPARENT",
        series="rrule" in entry,
        description=entry.get("description", ""),
        location=entry.get("location", ""),
        categories=tuple(entry.get("categories", ())),
        attendees=read_people(entry),
    )


def judge(event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
    guests = sort_guests(event.attendees, OWNER, PEOPLE_WORDS)
    return judge_event(event, guests, OWNER, WORDS), guests


def count_wrong(entry: Labelled, guests: tuple[Guest, ...]) -> int:
    return len({guest.email for guest in guests if guest.follow_up} - set(map(str.lower, entry["write_to"])))


def score_half(name: str) -> Score:
    entries = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["event"]
    judged = [(entry, *judge(read_event(entry))) for entry in entries]
    said = [(entry, guests) for entry, judgement, guests in judged if judgement.verdict is Verdict.YES]
    right = [(entry, guests) for entry, guests in said if entry["networking"]]
    return Score(
        precision=len(right) / len(said),
        recall=len(right) / sum(entry["networking"] for entry in entries),
        questions=sum(judgement.verdict is Verdict.ASK for _, judgement, _ in judged) / len(judged),
        wrong=sum(count_wrong(entry, guests) for entry, guests in right),
    )


@pytest.mark.parametrize(
    ("half", "floor"), [("seen", Score(0.99, 0.99, 0.02, 0)), ("held-out", Score(0.94, 0.82, 0.03, 1))]
)
def test_events_of_calendars_nobody_knew_are_judged_well(half: str, floor: Score) -> None:
    print(half, reached := score_half(half))
    assert reached.precision >= floor.precision
    assert reached.recall >= floor.recall
    assert reached.questions <= floor.questions
    assert reached.wrong <= floor.wrong


def share_of_yes(language: str, company: str, label: str) -> float:
    groups = tomllib.loads((FOLDER / "titles.toml").read_text(encoding="utf-8"))
    titles = groups[language][company][label].strip().splitlines()
    events = [Event("1", "work", "1", title, NINE, NINE, attendees=INVITED[company]) for title in titles]
    return sum(judge(event)[0].verdict is Verdict.YES for event in events) / len(events)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("company", INVITED)
def test_terse_titles_are_understood(language: str, company: str) -> None:
    assert share_of_yes(language, company, "networking") >= 0.93
    assert share_of_yes(language, company, "not") == 0
