"""The labelled collection of tests/judgement, read, judged and scored.

A set is a folder: `titles.toml` (nobody invited, in the owner's own calendar), `events.toml` (with guests or a standing
of their own) and `people.txt` (names and addresses). Each file says at its top how it is written.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from followupd.assemble import load_people_words, load_words
from followupd.model import (
    Answer,
    Attendee,
    Event,
    Guest,
    GuestKind,
    Judge,
    Judgement,
    Owner,
    Reason,
    Verdict,
)
from followupd.rules.events import judge_event
from followupd.rules.people import sort_guests

FOLDER = Path(__file__).parent / "judgement"
OWNER = Owner(
    name="Ada Example",
    email="ada@example.com",
    addresses=frozenset({"ada@example.com", "ada@home.example"}),
    company_domains=frozenset({"example.com"}),
    timezone="Europe/Berlin",
    languages=("en", "de"),
)
_SHAPES = {"address": "@", "comma": ",", "badge": "|()[]•–/"}  # noqa: RUF001 - as written  # noqa: RUF001 - as written
SIX = datetime(2026, 12, 1, 18, tzinfo=UTC)
_ANSWERS = {
    "accepted": Answer.ACCEPTED,
    "maybe": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
    "unanswered": Answer.NEEDS_ACTION,
}
_GUEST = re.compile(r"^([+-]) (.*?)(?: \((accepted|maybe|declined|unanswered)\))?(?: ([=:])(?: (.+))?)?$")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One event and what is true of it."""

    language: str
    event: Event
    networking: bool
    reason: str
    """Why it is none; "" for one that is."""
    write_to: frozenset[str] = frozenset()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Address to the first names it may be greeted by; empty for the safe greeting."""


@dataclass(frozen=True, slots=True)
class LabelledPerson:
    """One name and address as an invitation has it, and what is true of them."""

    written: str
    name: str
    email: str
    first_names: frozenset[str]
    mailbox: str
    """What it is when it is nobody to write to; "" for a person."""
    asked: bool = True
    """False where a name may be used and need not be."""
    full: str | None = None
    """The full name; None where the collection does not say it."""

    @property
    def kind(self) -> str:
        """What it is when it is nobody to write to; else the shape of the name."""
        if self.mailbox:
            return self.mailbox
        signs = {sign: shape for shape, sign_list in _SHAPES.items() for sign in sign_list}
        shapes = [signs[sign] for sign in self.name if sign in signs]
        if shapes or not self.name:
            return shapes[0] if shapes else "no name"
        if self.name.isupper() != self.name.islower():
            return "one case"
        words = len(self.name.split())
        return "one word" if words == 1 else "two words" if words == len("ab") else "more words"

    @property
    def script(self) -> str:
        """In which letters the name is written, as Unicode calls them; "none" for an address alone."""
        found = [unicodedata.name(letter, "?").split(" ")[0] for letter in self.name if letter.isalpha()]
        return max(set(found), key=found.count).capitalize() if found else "none"


def read_titles(file: Path) -> Iterator[Labelled]:
    for language, labels in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for reason, titles in {"": labels["yes"], **labels.get("no", {})}.items():
            for title in titles.strip().splitlines():
                yield Labelled(language, _make_event({"title": title}, ()), not reason, reason)


def read_events(file: Path) -> Iterator[Labelled]:
    yield from map(read_event, tomllib.loads(file.read_text(encoding="utf-8"))["event"])


def read_event(entry: Mapping[str, Any]) -> Labelled:
    guests = [_read_guest(line) for line in entry.get("guests", "").strip().splitlines()]
    return Labelled(
        language=entry["language"],
        event=_make_event(entry, [attendee for attendee, _, _ in guests]),
        networking=entry["yes"],
        reason=entry.get("no", ""),
        write_to=frozenset(str(attendee.email) for attendee, write, _ in guests if write),
        names={str(attendee.email): names for attendee, write, names in guests if write},
    )


def _read_guest(line: str) -> tuple[Attendee, bool, frozenset[str]]:
    found = _GUEST.match(line)
    assert found, line
    sign, who, answer, mark, more = found.groups()
    name, email = _read_who(who)
    kind = GuestKind.ROOM if mark == ":" and more == "room" else GuestKind.INDIVIDUAL
    attendee = Attendee(email, name, _ANSWERS[answer or "accepted"], kind)
    return attendee, sign == "+", _read_names(more if mark == "=" else None)


def _read_who(who: str) -> tuple[str, str]:
    found = re.match(r"^(.*?) *<([^<]+)>$", who)
    name, email = (found[1], found[2]) if found else ("", parseaddr(who)[1])
    return re.sub(r'^"(.*)"$', r"\1", name), email.lower()


def _read_names(text: str | None) -> frozenset[str]:
    return frozenset((text or "").split("|")) - {""}


def _make_event(entry: Mapping[str, Any], guests: Sequence[Attendee]) -> Event:
    days = entry.get("all_day", 0)
    host = _read_who(entry["by"]) if "by" in entry else (OWNER.name, OWNER.email)
    return Event(
        occurrence=entry["title"],
        calendar="work",
        uid=entry["title"],
        title=entry["title"],
        start=SIX,
        end=SIX + (timedelta(days=days) if days else timedelta(hours=2)),
        all_day=bool(days),
        cancelled=entry.get("status") == "cancelled",
        tentative=entry.get("status") == "tentative",
        private=entry.get("private", False),
        busy=not entry.get("free", False),
        blocked=entry.get("kind", "fromGmail") != "fromGmail",  # as the adapter reads it
        series=entry.get("series", False),
        description=entry.get("text", ""),
        location=entry.get("where", ""),
        attendees=tuple(_list_attendees(entry, host, guests)),
        guests_hidden=entry.get("omitted", False),
    )


def _list_attendees(
    entry: Mapping[str, Any], host: tuple[str, str], guests: Sequence[Attendee]
) -> Iterator[Attendee]:
    """Yield the owner, the organiser and the guests; nobody for an entry the owner made for themselves."""
    if not guests and not {"by", "owner", "omitted"} & entry.keys():
        return
    mine = host[1] == OWNER.email
    yield Attendee(OWNER.email, OWNER.name, _ANSWERS[entry.get("owner", "accepted")], organizer=mine)
    if not mine and all(guest.email != host[1] for guest in guests):
        yield Attendee(host[1], host[0], Answer.ACCEPTED, organizer=True)
    for guest in guests:
        yield Attendee(guest.email, guest.name, guest.answer, guest.kind, organizer=guest.email == host[1])


def read_people(file: Path) -> Iterator[LabelledPerson]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            who, mark, more = re.split(r" ([=:])(?: |$)", line, maxsplit=1)
            name, email = _read_who(who)
            if mark == ":":
                yield LabelledPerson(line, name, email, frozenset(), more)
                continue
            greeted, told, full = more.partition("/")
            names = _read_names(greeted.strip().rstrip("?"))
            yield LabelledPerson(
                line,
                name,
                email,
                names,
                "",
                not greeted.rstrip().endswith("?"),
                full.strip() if told else None,
            )


def read_pairs(file: Path) -> Iterator[tuple[str, Attendee, Attendee, str]]:
    """Yield each pair as it is written, its two lines of an invitation, and whether they are one person."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            who, _, label = line.rpartition(" = ")
            one, other = (Attendee(email, name) for name, email in map(_read_who, who.split(" | ")))
            yield line, one, other, label


# ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Score:
    """Counts over one set, and every miss in words."""

    events: int = 0
    networking: int = 0
    yes: int = 0
    right: int = 0
    asked: int = 0
    asked_rightly: int = 0
    """Questions about events that are networking."""
    to_write: int = 0
    found: int = 0
    wrong: int = 0
    named: int = 0
    nameable: int = 0
    forbidden: int = 0
    """Follow-ups for spam, private, declined, cancelled or internal events."""
    harmful: list[str] = field(default_factory=list, repr=False)
    misses: list[str] = field(default_factory=list, repr=False)

    @property
    def precision(self) -> float:
        return self.right / max(self.yes, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.networking, 1)

    @property
    def recall_answered(self) -> float:
        """The recall once the owner has answered every question."""
        return (self.right + self.asked_rightly) / max(self.networking, 1)

    @property
    def questions(self) -> float:
        """How many of 100 events are asked about."""
        return 100 * self.asked / max(self.events, 1)

    @property
    def harm(self) -> int:
        """How many greetings are wrong."""
        return len(self.harmful)

    @property
    def people_found(self) -> float:
        return self.found / max(self.to_write, 1)

    @property
    def wrong_addresses(self) -> float:
        return self.wrong / max(self.found + self.wrong, 1)

    @property
    def names_used(self) -> float:
        return self.named / max(self.nameable, 1)


def read_set(name: str) -> list[Labelled]:
    """Return the events of "seen" (the words were written by them) or "fresh" (set aside to measure)."""
    return [*read_titles(FOLDER / name / "titles.toml"), *read_events(FOLDER / name / "events.toml")]


def judge_as_shipped(event: Event) -> tuple[Judgement, tuple[Guest, ...]]:
    """Judge by the words the program ships, as OWNER would have it."""
    guests = sort_guests(event.attendees, OWNER, _people_words())
    return judge_event(event, guests, OWNER, _words()), guests


_words, _people_words = cache(load_words), cache(load_people_words)


NEVER = frozenset({"not-accepted", "private", "declined", "cancelled", "internal"})


def score_events(entries: Sequence[Labelled], judge: Judge) -> Score:
    score = Score()
    for entry in entries:
        judgement, guests = judge(entry.event)
        _count_event(score, entry, judgement)
        if entry.networking:
            _count_people(score, entry, guests)
        elif judgement.verdict is Verdict.YES:
            score.wrong += sum(guest.follow_up for guest in guests)
    return score


def _count_event(score: Score, entry: Labelled, judgement: Judgement) -> None:
    said = judgement.verdict
    score.events += 1
    score.networking += entry.networking
    score.yes += said is Verdict.YES
    score.right += said is Verdict.YES and entry.networking
    score.asked += said is Verdict.ASK
    score.asked_rightly += said is Verdict.ASK and entry.networking
    score.forbidden += said is Verdict.YES and entry.reason in NEVER
    if (said is Verdict.YES) != entry.networking:
        wanted = "yes" if entry.networking else entry.reason
        score.misses.append(f"{entry.language} {said} for {wanted}: {entry.event.title} ({judgement.why})")


def _count_people(score: Score, entry: Labelled, guests: Sequence[Guest]) -> None:
    """Count addresses and greetings of an event that is networking, whatever was said of it."""
    written = {guest.email: guest for guest in guests if guest.follow_up}
    score.to_write += len(entry.write_to)
    score.found += len(entry.write_to & written.keys())
    score.wrong += len(written.keys() - entry.write_to)
    score.misses += [
        f"{entry.language} address: {email} of {entry.event.title}"
        for email in sorted(map(str, entry.write_to ^ written.keys()))
    ]
    for email in entry.write_to & written.keys():
        _count_name(score, entry.names[email], written[email].first_name, f"{written[email].name} <{email}>")


def _count_name(
    score: Score, right: frozenset[str], used: str | None, written: str, *, asked: bool = True
) -> None:
    asked = asked and bool(right)
    score.nameable += asked
    score.named += asked and used in right
    if used is not None and used not in right:
        score.harmful.append(f"{written} greeted as {used}")
    elif used is None and asked:
        score.misses.append(f"name: {written} is not greeted as {'|'.join(sorted(right))}")


def score_people(people: Sequence[LabelledPerson], judge: Judge) -> Score:
    """Score names and addresses, each as the one guest of a coffee."""
    score = Score()
    for person in people:
        guest_line = Attendee(person.email, person.name, Answer.ACCEPTED)
        host = Attendee(OWNER.email, OWNER.name, Answer.ACCEPTED, organizer=True)
        event = Event("1", "work", "1", "Coffee", SIX, SIX, attendees=(host, guest_line))
        [guest] = [guest for guest in judge(event)[1] if guest.reason is not Reason.OWNER]
        score.to_write += not person.mailbox
        score.found += guest.follow_up and not person.mailbox
        score.wrong += guest.follow_up and bool(person.mailbox)
        if guest.follow_up is bool(person.mailbox):
            score.misses.append(f"person: {person.written} ({guest.reason})")
        elif guest.follow_up:
            _count_name(score, person.first_names, guest.first_name, person.written, asked=person.asked)
    return score
