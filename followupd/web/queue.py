"""The queue and what is decided there. Every route that changes something takes a form and ends at the next item."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.errors import Changed, Problem
from followupd.items import FollowUp, Status
from followupd.rules.snoozing import find_tomorrow, find_tonight, read_until
from followupd.web.card import build_card
from followupd.web.ground import desk, ground, now, store
from followupd.web.showing import is_saving

pages = Blueprint("queue", __name__)

#: So many rows are shown at once; the rest is a link away.
ROWS = 50
#: So many messages can be read on one page; nobody reads more before a single yes.
TOGETHER = 10
#: What SQLite can hold.
NUMBER_MAX = 2**63 - 1
#: How somebody can be reached without a draft of ours; an e-mail of the owner's own among them.
CHANNELS = frozenset({"email", "phone", "letter", "message", "in-person"})
_TO_DECIDE = frozenset({Status.NEEDS_INFO, Status.DRAFTED})
_LEAVING = frozenset({Status.APPROVED, Status.SENDING})
_TICK = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue, in the order in which it wants attention."""

    decide: list[FollowUp]
    leaving: list[FollowUp]
    coming: list[FollowUp]
    """Planned: drafted by the next pass, or held."""
    ready: list[FollowUp]
    """In the owner's mail program, to be sent from there."""

    @property
    def stamp(self) -> str:
        """Return what differs as soon as anything here does."""
        items = (*self.decide, *self.leaving, *self.coming, *self.ready)
        facts = "|".join(
            f"{item.id} {item.status} {item.held} {item.hash} {is_saving(item)}" for item in items
        )
        return sha256(facts.encode()).hexdigest()[:16]


def list_waiting() -> Waiting:
    items = desk().list_queue(now())

    def pick(statuses: frozenset[Status]) -> list[FollowUp]:
        return [item for item in items if item.status in statuses]

    return Waiting(
        pick(_TO_DECIDE), pick(_LEAVING), pick(frozenset({Status.PLANNED})), pick(frozenset({Status.HANDLED}))
    )


# --- looking


@pages.get("/")
def show_queue() -> str:
    waiting = list_waiting()
    first = waiting.decide[0].id if waiting.decide else None
    return _render(waiting, first, view="list")


@pages.get("/items/<item:number>")
def show_item(number: int) -> str:
    return _render(list_waiting(), number, view="item")


@pages.get("/items/<item:number>/edit")
def show_editor(number: int) -> str:
    return _render(list_waiting(), number, view="edit")


@pages.get("/pulse")
def tell_pulse() -> dict[str, str]:
    """Tell a waiting page whether the queue is still what it shows."""
    return {"stamp": list_waiting().stamp}


def _render(waiting: Waiting, number: int | None, view: str, **more: object) -> str:
    start = read_number("from") or 0
    after = read_number("after")
    return render_template(
        "queue.html",
        waiting=waiting,
        rows=waiting.decide[start : start + ROWS],
        start=start,
        more_rows=len(waiting.decide) > start + ROWS,
        lost=store().past.lost_approvals(),
        card=None if number is None else build_card(number),
        after=None if after is None else store().followup(after),
        beside=_list_beside(waiting.decide, number),
        calendars=desk().source_problems(),
        view=view,
        **_say_state(),
        **more,
    )


def read_number(name: str) -> int | None:
    """Return a number from the request's address; None where there is none that the store could know."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 <= number <= NUMBER_MAX else None


def _say_state() -> dict[str, object]:
    """Return what the page says of the house as a whole."""
    return {
        "paused": desk().is_paused(),
        "running": ground().is_running(),
        "read": store().past.has_read_calendars(),
        "next_end": store().past.next_end(now()),
        "tonight": find_tonight(now(), ground().zone),
        "tomorrow": find_tomorrow(now(), ground().zone),
    }


def _list_beside(items: Sequence[FollowUp], number: int | None) -> tuple[int | None, int | None]:
    """Return the items before and after one; the ends lead nowhere."""
    ids = [item.id for item in items]
    if number not in ids:
        return None, ids[0] if ids else None
    place = ids.index(number)
    return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None


# --- deciding


def decide(number: int, act: Callable[[], object]) -> Response:
    """Do one thing about an item, then show the one that comes next."""
    _, following = _list_beside(list_waiting().decide, number)
    _insist(act)
    if following is None:
        return redirect(url_for("queue.show_queue", after=number), 303)
    return redirect(url_for("queue.show_item", number=following, after=number), 303)


def _insist(act: Callable[[], object]) -> None:
    """Do something, and again where the daemon wrote in that very moment; a text that is no longer the one seen stays so."""
    try:
        act()
    except Changed:
        act()


def _seen() -> str:
    """Return the hash of the text that stood on the page the owner decided from."""
    return request.form["hash"]


@pages.post("/items/<item:number>/approve")
def approve(number: int) -> Response:
    return decide(number, lambda: _approve(number, _seen()))


def _approve(number: int, seen: str) -> FollowUp:
    settings = ground().settings
    hours = settings.hours_of(store().followup(number).mailbox)
    return desk().approve(number, now(), settings.limits.hold, seen, hours)


def _approve_with_others(number: int, seen: str) -> FollowUp:
    desk().require_unlike(number)
    return _approve(number, seen)


@pages.post("/items/<item:number>/skip")
def skip(number: int) -> Response:
    return decide(number, lambda: desk().skip(number, now()))


@pages.post("/items/<item:number>/snooze")
def snooze(number: int) -> Response:
    until = _read_until(request.form["until"], request.form.get("pick", ""))
    return decide(number, lambda: desk().snooze(number, until, now()))


@pages.post("/items/<item:number>/done")
def finish(number: int) -> Response:
    channel = request.form["by"]
    if channel not in CHANNELS:
        raise Problem(f"'{channel}' is no way to reach somebody.", "Choose one of those on the page.")
    return decide(number, lambda: desk().finish(number, channel, now()))


@pages.post("/items/<item:number>/undo")
def undo(number: int) -> Response:
    _insist(lambda: desk().undo(number, now()))
    return redirect(url_for("queue.show_item", number=number), 303)


@pages.post("/items/<item:number>/edit")
def edit(number: int) -> Response | tuple[str, int]:
    subject, body = request.form["subject"], request.form["body"].replace("\r\n", "\n")
    try:
        desk().edit(number, now(), subject, body, _seen())
    except Problem as problem:  # what was typed must not be lost
        typed = {"subject": subject, "body": body, "problem": problem}
        return _render(list_waiting(), number, view="edit", typed=typed), 409 if isinstance(
            problem, Changed
        ) else 400
    return redirect(url_for("queue.show_item", number=number), 303)


@pages.post("/items/<item:number>/template")
def change_template(number: int) -> Response:
    """Write the message anew from another template; from then on the text is the owner's."""
    item = store().followup(number)
    event = store().calendars.event(item.occurrence)
    template = request.form["template"]
    if event is None or template not in ground().templates.sources():
        raise Problem("That template or that event is no longer there.", "Load the page again, then choose.")
    judgement, _ = ground().judge(event)
    written = ground().writer.write_with(template, item, event, judgement, now())
    desk().rewrite(number, template, written.raw, now(), _seen())
    return redirect(url_for("queue.show_item", number=number), 303)


# --- several at once


@pages.get("/together")
def show_together() -> str:
    drafts = [item for item in list_waiting().decide if item.status is Status.DRAFTED and item.held is None]
    cards = [build_card(item.id) for item in drafts[:TOGETHER]]
    return render_template(
        "together.html",
        cards=cards,
        left=len(drafts) - len(cards),
    )


@pages.post("/together")
def decide_together() -> str | Response:
    """Do one thing about every ticked item, each bound to the text that was shown; one that changed stays."""
    act, refused = _act_for(request.form["act"]), []
    for number, seen in _read_ticked():
        try:
            act(number, seen)
        except Problem as problem:
            refused.append((store().followup(number), problem))
    if not refused:
        return redirect(url_for("queue.show_queue"), 303)
    return render_template("refused.html", refused=refused)


def _read_ticked() -> list[tuple[int, str]]:
    """Return number and hash of every ticked item."""
    found = [_TICK.fullmatch(ticked) for ticked in request.form.getlist("item")]
    return [(int(tick[1]), tick[2]) for tick in found if tick]


def _act_for(word: str) -> Callable[[int, str], object]:
    acts: dict[str, Callable[[int, str], object]] = {
        "approve": _approve_with_others,
        "skip": lambda number, _: desk().skip(number, now()),
        "snooze": lambda number, _: desk().snooze(number, find_tomorrow(now(), ground().zone), now()),
    }
    if word not in acts:
        raise Problem(f"'{word}' cannot be done to several at once.")
    return acts[word]


# --- times


def _read_until(word: str, picked: str) -> datetime:
    """Return until when an item is snoozed (UTC): a word on a button, or the day and time that were picked."""
    if word == "tonight":
        return find_tonight(now(), ground().zone)
    if word == "tomorrow":
        return find_tomorrow(now(), ground().zone)
    return read_until(picked, now(), ground().zone)
