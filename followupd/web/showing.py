"""What the page shows of an item, worked out before any HTML: its clock, its letter, what can be done about it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from followupd.items import By, FollowUp, Kind, Status, Step, Via
from followupd.model import FOLLOW_UP_WITHIN, Reason
from followupd.rules.reading import find_conversation, read_addresses, read_message

#: Characters that change how others are read, or are not seen at all (UTS #36, 2.5 and 2.6).
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WAITING = frozenset({Status.NEEDS_INFO, Status.PLANNED, Status.DRAFTED})
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The 48-hour clock of one item."""

    state: str
    """"on-time", "at-risk", "late", or "stopped" for what no longer waits."""
    left: float
    """The part of the 48 hours that is left, 0 to 1."""
    words: str


def draw_clock(item: FollowUp, now: datetime) -> Clock:
    """Return how the clock stands; it runs until somebody decided."""
    if item.status not in _WAITING:
        return Clock("stopped", 0.0, "")
    left = item.deadline - now
    part = min(max(left / FOLLOW_UP_WITHIN, 0.0), 1.0)
    if left <= timedelta(0):
        return Clock("late", 0.0, f"{_say_length(-left)} late")
    return Clock("at-risk" if now >= item.at_risk else "on-time", part, f"{_say_length(left)} left")


def _say_length(length: timedelta) -> str:
    if length < _HOUR:
        return f"{max(int(length.total_seconds() // 60), 1)} min"
    return f"{length // _HOUR} h" if length < 3 * _DAY else f"{length // _DAY} days"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as a reader sees it that did not write it (rules/reading.py)."""

    people: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Heading, such as "To", and everybody under it as name and address."""
    subject: str
    text: str
    conversation: str
    """Subject of the conversation it goes into as a reply; "" for one that begins its own."""


def read_letter(raw: bytes) -> Letter:
    """Return a message as it will go out: everybody it names, as parsed, its subject and its text."""
    message = read_message(raw)
    named = ((heading, read_addresses(message, heading.lower())) for heading in _HEADINGS)
    return Letter(
        tuple((heading, people) for heading, people in named if people),
        message.subject,
        message.text,
        find_conversation(raw),
    )


_HEADINGS = ("From", "To", "Cc", "Bcc", "Reply-To")


def list_acts(item: FollowUp, now: datetime) -> frozenset[str]:
    """Return what the owner may do about an item as it stands."""
    acts = _ACTS.get(item.status, frozenset())
    if item.kind is not Kind.DRAFT and item.status is Status.NEEDS_INFO:
        acts = frozenset({item.kind.value, "skip", "snooze"})
    if item.kind is Kind.DEBRIEF and item.status is Status.DONE:
        acts |= {"debrief"}  # somebody always comes to mind later
    if item.held not in {None, Reason.WROTE}:
        acts -= {"approve"}
    snoozed = item.snoozed_until is not None and item.snoozed_until > now
    return acts | {"undo"} if snoozed else acts


_ACTS: Mapping[Status, frozenset[str]] = {
    Status.NEEDS_INFO: frozenset({"address", "skip", "snooze", "done"}),
    Status.PLANNED: frozenset({"skip", "snooze", "done"}),
    Status.DRAFTED: frozenset({"approve", "edit", "template", "skip", "snooze", "done"}),
    Status.APPROVED: frozenset({"undo", "edit"}),
    Status.SKIPPED: frozenset({"undo"}),
    Status.DONE: frozenset({"undo"}),
    Status.EXPIRED: frozenset({"undo"}),
}


def is_saving(item: FollowUp) -> bool:
    """Tell whether what the owner wrote is still on its way into the mailbox."""
    return item.status in {Status.DRAFTED, Status.APPROVED} and item.hash != item.placed_hash


# --- what strangers wrote, as text


def isolate(text: str) -> Markup:
    """Return somebody's words as text that changes nothing around it, without characters nobody sees."""
    return Markup("<bdi>{}</bdi>").format(_HIDDEN.sub("", _CONTROLS.sub(" ", text)))


def show_commands(text: str) -> Markup:
    """Return a sentence of ours, whoever is named in it, with what stands between backticks, or on a line of its own, as a command."""
    marked = _COMMAND_LINE.sub(r" `\1`", text)
    pieces = _HIDDEN.sub("", _CONTROLS.sub(" ", marked)).split("`")
    shown = (_COMMAND.format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces))
    return Markup("<bdi>{}</bdi>").format(Markup().join(shown))


_COMMAND = Markup("<code>{}</code>")
_COMMAND_LINE = re.compile(r"\n(followupd .+)")


def mark_hidden(text: str) -> Markup:
    """Return a message's words as they stand, with a visible mark for each character nobody would see."""
    pieces, end = [], 0
    for found in re.finditer(f"{_HIDDEN.pattern}|{_CONTROLS.pattern}", text):
        pieces += [escape(text[end : found.start()]), _MARK.format(f"{ord(found[0]):04X}")]
        end = found.end()
    return Markup().join([*pieces, escape(text[end:])])


_MARK = Markup('<span class="hidden-mark" title="a character that is not seen">U+{}</span>')


def say_sentence(text: str) -> str:
    """Return half a sentence as one that stands by itself; an address it begins with stays as it is."""
    return text if "@" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def say_instant(instant: datetime, zone: Any) -> str:
    """Return an instant as an owner reads it on a page, in one piece."""
    return instant.astimezone(zone).strftime("%a %-d %b, %H:%M").replace(" ", "\N{NO-BREAK SPACE}")


def say_day(instant: datetime, zone: Any, now: datetime) -> str:
    """Return the owner's day of an instant."""
    day, today = instant.astimezone(zone).date(), now.astimezone(zone).date()
    near = {0: "Today", 1: "Yesterday"}.get((today - day).days)
    return near or day.strftime("%A, %-d %B")


def say_door(step: Step) -> str:
    """Return who took a step, and where."""
    if step.by is By.DAEMON:
        return "followupd"
    if step.by is By.MAILBOX:
        return "you, in your mailbox"
    where = {None: "", Via.PAGE: ", on the page", Via.TERMINAL: ", in the terminal"}
    return f"you{where[step.via]}"


#: Why something waits, for whoever waits for it.
HELD: Mapping[Reason, str] = {
    Reason.FUTURE: "the event was moved and is still to come",
    Reason.RUNNING: "the event is not over",
    Reason.MOVED: "the event was moved",
    Reason.GONE: "the event is gone from the calendar",
    Reason.PERSON_GONE: "they are no longer among the guests",
    Reason.RECENT: "you were in touch within seven days, or another draft to them waits",
    Reason.DAILY_CAP: "enough was drafted today; it comes tomorrow",
    Reason.NOT_FRESH: "its calendar could not be read just now; the next pass tries again",
    Reason.QUARANTINED: "it failed three times; see the problem in the queue",
    Reason.CANCELLED: "the event was cancelled",
    Reason.ANSWERED: "they wrote back meanwhile",
    Reason.WROTE: "you wrote to them yourself meanwhile; approve it if it should still go",
}

FILTERS: Mapping[str, Callable[..., Any]] = {
    "theirs": isolate,
    "ours": show_commands,
    "sentence": say_sentence,
    "day": say_day,
    "door": say_door,
    "marked": mark_hidden,
    "at": say_instant,
    "clock": draw_clock,
    "letter": read_letter,
}
