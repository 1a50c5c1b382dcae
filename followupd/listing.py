"""What the terminal shows of the queue, of one item and of people; and the same as JSON."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from followupd.durations import write_utc
from followupd.items import OPEN, FollowUp, Kind, Offer, SeriesAnswer, Status, Step
from followupd.met import Listed
from followupd.model import Evidence, Person, Reason
from followupd.rules.choosing import Chosen
from followupd.rules.reading import decode_words, find_conversation, read_addresses, read_message

if TYPE_CHECKING:
    from followupd.rules.names import Name  # takes long to load, and `queue` needs none

_MOST_NAMED = 5
_KIND_WORDS = {
    Kind.DRAFT: "follow-up",
    Kind.DEBRIEF: "whom did you meet?",
    Kind.QUESTION: "was this networking?",
}


def queue_to_json(item: FollowUp, now: datetime, warning: str | None = None) -> dict[str, Any]:
    """Return what `queue --json` prints for one item."""
    return {
        "id": item.id,
        "kind": item.kind,
        "status": item.status,
        "person": item.person,
        "name": item.name,
        "email": item.email,
        "first_name": item.first_name,
        "event": item.event,
        "channel": "email" if item.kind is Kind.DRAFT else None,
        "subject": item.subject or None,
        "conversation": find_conversation(item.raw) or None,
        "due": write_utc(item.due),
        "deadline": write_utc(item.deadline),
        "at_risk": item.is_at_risk(now),
        "why": item.why,
        "held": item.held,
        "outcome": item.outcome,
        "snoozed_until": write_utc(item.snoozed_until) if item.snoozed_until else None,
        "warning": warning,
    }


def item_to_json(
    item: FollowUp,
    steps: Sequence[Step],
    now: datetime,
    offers: Sequence[Offer] = (),
    warning: str | None = None,
) -> dict[str, Any]:
    """Return what `show --json` prints: the item, its message as it will go out, its events, and its history."""
    message = read_message(item.raw) if item.raw is not None else None
    return queue_to_json(item, now, warning) | {
        "body_text": message.text if message else None,
        "body_html": message.html if message else None,
        "headers": {name: decode_words(value) for name, value in message.headers} if message else {},
        "hash": item.hash or None,
        "events": [offer_to_json(offer) for offer in offers],
        "history": [
            {"at": write_utc(step.at), "status": step.status, "by": step.by, "why": step.why}
            for step in steps
        ],
    }


def offer_to_json(offer: Offer) -> dict[str, Any]:
    """Return one event of "which of these were you at?"."""
    return {
        "number": offer.place,
        "title": offer.event.title,
        "calendar": offer.event.calendar,
        "occurrence": offer.event.occurrence,
        "start": write_utc(offer.event.start),
        "end": write_utc(offer.event.end),
        "there": offer.there,
    }


def person_to_json(person: Person, last: datetime | None, kin: Sequence[Person]) -> dict[str, Any]:
    return {
        "person": person.key,
        "email": person.email,
        "name": person.name,
        "first_name": person.first_name,
        "phone": person.phone or None,
        "company": person.company or None,
        "circle": person.circle or None,
        "last_touch": write_utc(last) if last else None,
        "zone": person.zone,
        "never": person.never,
        "same_as": [other.email or other.key for other in kin],
    }


def say_time(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return an instant as an owner reads it: the weekday when it is near, the date otherwise."""
    local = instant.astimezone(zone)
    near = abs(instant - now) < timedelta(days=6)
    return local.strftime("%a %H:%M" if near else "%Y-%m-%d %H:%M")


def say_clock(item: FollowUp, now: datetime, zone: ZoneInfo) -> str:
    """Return how the 48-hour clock stands for an item, or how it ended."""
    risk = "at risk, " if item.is_at_risk(now) else ""
    if item.status is Status.APPROVED and item.leaves_at:
        late = ", after the 48 hours" if item.leaves_at > item.deadline else ""
        goes = f"goes {say_time(item.leaves_at, zone, now)}{late}"
        waits = item.held is Reason.SERVER
        return f"{risk if late else ''}approved, {f'waits: {item.outcome}' if waits else goes}"
    if item.status not in _WAITING:
        return item.outcome
    if item.snoozed_until and item.snoozed_until > now:
        if item.asks_where and item.snoozed_until == item.due:
            return f"asked {say_time(item.due, zone, now)}"
        return f"snoozed until {say_time(item.snoozed_until, zone, now)}"
    if now > item.deadline:
        return f"late, ends {say_time(item.expires, zone, now)}"
    return f"{risk}by {say_time(item.deadline, zone, now)}"


_ALIKE = " (looks like somebody you know: see `show`)"
_UNDOABLE = {Status.SKIPPED, Status.DONE, Status.EXPIRED, Status.APPROVED}
_WAITING = {Status.NEEDS_INFO, Status.PLANNED, Status.DRAFTED}


def say_what(item: FollowUp) -> str:
    """Return what an item is about: the person, or what is asked."""
    if item.kind is Kind.DRAFT:
        return _say_address(item.name, item.email) if item.email else item.name or "?"
    if item.kind is Kind.PROBLEM:
        return f"problem with {item.concerns}: {item.why}"
    if item.asks_who:
        return f"one person, or two? {item.why}"
    return "which of these were you at?" if item.asks_where else _KIND_WORDS[item.kind]


def say_next(item: FollowUp) -> str:
    """Return the command that brings an item forward, or takes its end back."""
    if item.status in _UNDOABLE:
        return f"followupd undo {item.id}"
    if item.kind is Kind.DEBRIEF:
        listed = f"met {item.id} --list · met {item.id} --spoke-with 'Jane, 14, 20-22'"
        named = f"met {item.id} 'Jane Doe, jane@…'"
        return f"followupd {listed if item.reason is Reason.CROWD else named}   (or --nobody)"
    if item.kind is Kind.QUESTION:
        return _say_question_next(item)
    if item.kind is Kind.PROBLEM:
        return _say_problem_next(item)
    by_status = {
        Status.NEEDS_INFO: f"followupd met {item.id} ADDRESS",
        Status.DRAFTED: f"followupd show {item.id} · approve {item.id} · edit {item.id} · skip {item.id}",
    }
    return by_status.get(item.status, "")


def _say_question_next(item: FollowUp) -> str:
    if item.asks_where:
        return f"followupd attended {item.id} 1,3   (or none)"
    yes, no = ("one person", "two") if item.asks_who else ("yes", "no")
    never = f" · skip {item.id} --series (never this series)" if item.asks_of_series else ""
    return f"followupd approve {item.id} ({yes}) · skip {item.id} ({no}){never}"


def _say_problem_next(item: FollowUp) -> str:
    if item.reason is Reason.DOUBT:
        sent, again = (
            f"followupd done {item.id} --by email (it went out)",
            f"approve {item.id} (send it again)",
        )
        return f"{sent} · {again} · skip {item.id} (leave it)"
    return f"followupd approve {item.id} (try again) · skip {item.id} (leave it)"


def build_queue(items: Sequence[FollowUp], now: datetime, zone: ZoneInfo, alike: Collection[int] = ()) -> Any:
    """Return the queue as a rich table; `alike` holds the numbers of those that look like somebody else."""
    from rich.table import Table  # noqa: PLC0415 - heavy; --json does not need it
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("no.", "who or what", "event", "status", "when"):
        table.add_column(heading, overflow="fold")
    for item in items:
        reply = " (reply)" if item.status in OPEN and find_conversation(item.raw) else ""
        held = f" ({'held: ' if item.status in OPEN else ''}{item.held})" if item.held else ""
        # Text, never markup: strangers wrote names and titles.
        what = f"{say_what(item)}{_ALIKE if item.id in alike else ''}"
        cells = (
            str(item.id),
            what,
            item.event,
            f"{item.status}{reply}{held}",
            say_clock(item, now, zone),
        )
        table.add_row(*map(Text, cells))
    return table


def write_item(
    item: FollowUp,
    steps: Sequence[Step],
    now: datetime,
    zone: ZoneInfo,
    offers: Sequence[Offer] = (),
    warning: str | None = None,
) -> str:
    """Return one item as text: where it stands, the message as it will go out, and how it came here."""
    lines = [
        f"{item.id}  {say_what(item)}",
        f"event     {item.event}",
        f"status    {item.status}  {say_clock(item, now, zone)}",
    ]
    lines += [f"warning   {warning}"] if warning else []
    lines += [f"why       {item.why}"]
    lines += [f"{'held' if item.status in OPEN else 'because':9} {item.held}"] if item.held else []
    lines += [f"note      {item.note}"] if item.note else []
    lines += [f"promise   {item.promise}"] if item.promise else []
    lines += (
        [f"template  {item.template}{' (edited by you)' if item.edited else ''}"] if item.template else []
    )
    if item.raw is not None:
        lines += ["", *write_letter(item.raw), "", f"hash      {item.hash[:16]}"]
    lines += ["", *(_write_offer(offer, zone) for offer in offers)] if offers else []
    lines += ["", "history", *(_write_step(step, now, zone) for step in steps)]
    following = say_next(item)
    return "\n".join([*lines, "", f"next      {following}"] if following else lines)


def write_letter(raw: bytes) -> list[str]:
    """Return a message as it will go out: everybody it names, as parsed, its subject and its text."""
    message = read_message(raw)
    lines = []
    for header in ("From", "To", "Cc", "Bcc", "Reply-To"):
        addresses = read_addresses(message, header.lower())
        lines += [f"{header + ':':9} {', '.join(starmap(_say_address, addresses))}"] if addresses else []
    lines += [f"Subject:  {message.subject}"]
    if conversation := find_conversation(raw):
        lines += [f"Reply:    it goes into your conversation “{conversation}”"]
    return [*lines, "", *message.text.rstrip().splitlines()]


def write_offers(item: FollowUp, offers: Sequence[Offer], now: datetime, zone: ZoneInfo) -> str:
    """Return a question about events of public lists, with its events so far."""
    lines = (_write_offer(offer, zone) for offer in offers)
    return "\n".join([f"{item.id}  {say_what(item)}  ({say_clock(item, now, zone)})", *lines])


def _write_offer(offer: Offer, zone: ZoneInfo) -> str:
    said = {None: "", True: "  (you were there)", False: "  (you were not there)"}[offer.there]
    when = offer.event.end.astimezone(zone).strftime("%a %d %b")
    return f"  {offer.place:3}  {when}  {offer.event.title}{said}"


def _say_address(name: str, email: str) -> str:
    return f"{name} <{email}>" if name else email


def _write_step(step: Step, now: datetime, zone: ZoneInfo) -> str:
    return f"  {say_time(step.at, zone, now):17} {step.status:10} {step.by}: {step.why}"


def rule_to_json(number: int, rule: SeriesAnswer) -> dict[str, Any]:
    return {
        "rule": number,
        "series": rule.uid,
        "title": rule.title or None,
        "networking": rule.networking,
        "said_at": write_utc(rule.said_at),
    }


def say_rule(number: int, rule: SeriesAnswer, zone: ZoneInfo) -> str:
    """Return one rule as a line: its number, what counts, the series, and when the owner said so."""
    what = "networking" if rule.networking else "never"
    return f"{number:4}  {what:11} {rule.title or rule.uid}  (said {rule.said_at.astimezone(zone):%Y-%m-%d})"


def say_person(person: Person, last: datetime | None, kin: Sequence[Person], zone: ZoneInfo) -> str:
    """Return one person as a line: name, address, last touch, what is known of them and what was decided about them."""
    when = last.astimezone(zone).strftime("%Y-%m-%d") if last else "not yet"
    lives = f"lives in {person.zone}" if person.zone else ""
    never = "never written to" if person.never else ""
    also = f"the same as {', '.join(other.email or other.key for other in kin)}" if kin else ""
    more = ", ".join(filter(None, (person.circle, person.company, person.phone, lives, never, also)))
    line = f"{person.name or '(no name)':28} {person.email or '(no address)':36} last touch: {when}"
    return f"{line}, {more}" if more else line


def say_greeting(first: str | None, evidence: Sequence[Evidence]) -> str:
    """Return how somebody is greeted, and what the evidence comes to: "greeted as Jane (+7)"."""
    worth = f" ({sum(piece.weight for piece in evidence):+d})" if evidence else ""
    return f"greeted {f'as {first}' if first else 'without a name'}{worth}"


def say_greeting_of(person: Person, name: "Name") -> list[str]:
    """Return how a person is greeted, and a line for each thing that spoke for or against it."""
    if person.first_name and person.first_name != name.first:
        return [f"greeted as {person.first_name}, as you or your contacts have it"]
    said = [f"  {piece.weight:+d}  {piece.name}" for piece in name.evidence]
    return [say_greeting(name.first, name.evidence), *said]


# --- whom the owner met


def say_added(item: FollowUp, chosen: Chosen | None, now: datetime, zone: ZoneInfo) -> str:
    """Return somebody who was just added as a line: what they will get, and by when."""
    who = f"{item.id:4}  {say_what(item)}"
    if chosen is None:
        return f"{who}: an address is missing, give it with `followupd met {item.id} ADDRESS`"
    late = " (late)" if now > item.deadline else ""
    said = "".join(
        f"; {label}: {text}" for label, text in (("promised", item.promise), ("note", item.note)) if text
    )
    return (
        f"{who}: gets {chosen.file.removesuffix('.md')} by {say_time(item.deadline, zone, now)}{late}{said}"
    )


def added_to_json(item: FollowUp, chosen: Chosen | None, now: datetime) -> dict[str, Any]:
    """Return what `met --json` prints for somebody who was added."""
    template = {"file": chosen.file, "why": chosen.why} if chosen else None
    return queue_to_json(item, now) | {"template": template, "note": item.note, "promise": item.promise}


def say_left_out(left_out: Sequence[Listed]) -> list[str]:
    """Return who was left out, a line for each reason, the most frequent first."""
    reasons = Counter(guest.left_out for guest in left_out)
    return [f"Left out ({reason}): {_name_some(left_out, reason)}" for reason, _ in reasons.most_common()]


def _name_some(left_out: Sequence[Listed], reason: str) -> str:
    names = [guest.who for guest in left_out if guest.left_out == reason]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def say_listed(guest: Listed) -> str:
    """Return one guest of a kept list as a line that begins with the number they are picked by."""
    person = guest.met.person
    line = f"{guest.number:4}  {guest.who:28} {person.company:24} {person.email or '(no address)'}"
    return f"{line}  ({guest.left_out})" if guest.left_out else line


def listed_to_json(guest: Listed) -> dict[str, Any]:
    """Return what `met --list --json` prints for one guest of a kept list."""
    person = guest.met.person
    return {
        "number": guest.number,
        "name": person.name,
        "email": person.email,
        "company": person.company or None,
        "left_out": guest.left_out or None,
    }
