"""The queue and what is decided there. Every route that changes something takes a form and ends at the next item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.errors import Changed, Problem
from followupd.items import FollowUp, Status
from followupd.web.card import build_card
from followupd.web.ground import desk, ground, now, store
from followupd.web.showing import is_saving

pages = Blueprint("queue", __name__)

#: So many rows are shown at once; the rest is a link away.
ROWS = 50
#: So many messages can be read on one page; nobody reads more before a single yes.
TOGETHER = 10
_TO_DECIDE = frozenset({Status.NEEDS_INFO, Status.DRAFTED})
_LEAVING = frozenset({Status.APPROVED, Status.SENDING})
_EVENING, _MORNING = time(19), time(9)


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


@pages.get("/items/<int:number>")
def show_item(number: int) -> str:
    return _render(list_waiting(), number, view="item")


@pages.get("/items/<int:number>/edit")
def show_editor(number: int) -> str:
    return _render(list_waiting(), number, view="edit")


@pages.get("/pulse")
def tell_pulse() -> dict[str, str]:
    """Tell a waiting page whether the queue is still what it shows."""
    return {"stamp": list_waiting().stamp}


def _render(waiting: Waiting, number: int | None, view: str, **more: object) -> str:
    start = max(request.args.get("from", 0, int), 0)
    after = request.args.get("after", type=int)
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


def _say_state() -> dict[str, object]:
    """Return what the page says of the house as a whole."""
    return {
        "paused": desk().is_paused(),
        "running": ground().is_running(),
        "read": store().past.has_read_calendars(),
        "next_end": store().past.next_end(now()),
        "tonight": _next_time(_EVENING, timedelta(0)),
        "tomorrow": _next_time(_MORNING, timedelta(days=1)),
    }


def _list_beside(items: Sequence[FollowUp], number: int | None) -> tuple[int | None, int | None]:
    """Return the items before and after one; the ends lead nowhere."""
    ids = [item.id for item in items]
    if number not in ids:
        return None, ids[0] if ids else None
    place = ids.index(number)
    return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None


# --- deciding


def _decide(number: int, act: Callable[[], object]) -> Response:
    """Do one thing about an item, then show the one that comes next."""
    _, following = _list_beside(list_waiting().decide, number)
    act()
    if following is None:
        return redirect(url_for("queue.show_queue", after=number), 303)
    return redirect(url_for("queue.show_item", number=following, after=number), 303)


def _seen() -> str:
    """Return the hash of the text that stood on the page the owner decided from."""
    return request.form["hash"]


@pages.post("/items/<int:number>/approve")
def approve(number: int) -> Response:
    return _decide(number, lambda: _approve(number, _seen()))


def _approve(number: int, seen: str) -> FollowUp:
    settings = ground().settings
    hours = settings.hours_of(store().followup(number).mailbox)
    return desk().approve(number, now(), settings.limits.hold, seen, hours)


@pages.post("/items/<int:number>/skip")
def skip(number: int) -> Response:
    return _decide(number, lambda: desk().skip(number, now()))


@pages.post("/items/<int:number>/snooze")
def snooze(number: int) -> Response:
    until = _read_until(request.form["until"], request.form.get("pick", ""))
    return _decide(number, lambda: desk().snooze(number, until, now()))


@pages.post("/items/<int:number>/done")
def finish(number: int) -> Response:
    channel = request.form["by"]
    if channel not in {"phone", "letter", "message", "in-person"}:
        raise Problem(f"'{channel}' is no way to reach somebody.", "Choose one of the four.")
    return _decide(number, lambda: desk().finish(number, channel, now()))


@pages.post("/items/<int:number>/undo")
def undo(number: int) -> Response:
    desk().undo(number, now())
    return redirect(url_for("queue.show_item", number=number), 303)


@pages.post("/items/<int:number>/edit")
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


@pages.post("/items/<int:number>/answer")
def answer(number: int) -> Response:
    """Say yes to a question, or have a problem tried again."""
    return _decide(number, lambda: desk().approve(number, now(), ground().settings.limits.hold))


@pages.post("/items/<int:number>/template")
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
        tomorrow=_next_time(_MORNING, timedelta(days=1)),
    )


@pages.post("/together")
def decide_together() -> str | Response:
    """Do one thing about every ticked item, each bound to the text that was shown; one that changed stays."""
    act, refused = _act_for(request.form["act"]), []
    for ticked in request.form.getlist("item"):
        number, _, seen = ticked.partition(":")
        try:
            act(int(number), seen)
        except Problem as problem:
            refused.append((store().followup(int(number)), problem))
    if not refused:
        return redirect(url_for("queue.show_queue"), 303)
    return render_template("refused.html", refused=refused)


def _act_for(word: str) -> Callable[[int, str], object]:
    acts: dict[str, Callable[[int, str], object]] = {
        "approve": _approve,
        "skip": lambda number, _: desk().skip(number, now()),
        "snooze": lambda number, _: desk().snooze(number, _next_time(_MORNING, timedelta(days=1)), now()),
    }
    if word not in acts:
        raise Problem(f"'{word}' cannot be done to several at once.")
    return acts[word]


# --- times


def _read_until(word: str, picked: str) -> datetime:
    if word == "tonight":
        return _next_time(_EVENING, timedelta(0))
    if word == "tomorrow":
        return _next_time(_MORNING, timedelta(days=1))
    try:
        return datetime.fromisoformat(picked).replace(tzinfo=ground().zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem("That is no time.", "Pick day and time, then choose “Until then”.") from error


def _next_time(clock: time, days: timedelta) -> datetime:
    """Return that time of the owner's day (UTC), so many days from now; the next one where it is past."""
    local = now().astimezone(ground().zone)
    moment = _at_clock(local + days, clock, ground().zone)
    return moment if moment > now() else _at_clock(local + days + timedelta(days=1), clock, ground().zone)


def _at_clock(day: datetime, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day.date(), clock, zone).astimezone(UTC)
