"""Whom did you meet, was this networking, which of these were you at: answers to what the calendar does not say."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from followupd.errors import Problem
from followupd.web.ground import debriefing, desk, ground, now
from followupd.web.queue import decide

pages = Blueprint("meeting", __name__)


@pages.post("/items/<item:number>/met")
def name_people(number: int) -> Response:
    """Note whom the owner met; the page then shows what each of them gets, and asks for more."""
    sent = request.files.get("list")
    if sent is not None and sent.filename:
        return _take_list(number, sent.read(), request.form.get("pick", "").strip())
    promise, note = request.form.get("promise", "").strip(), request.form.get("note", "").strip()
    told = debriefing().read(request.form["people"], note, promise)
    if told.mistakes:
        raise Problem("Nothing was taken.", " ".join(map(str, told.mistakes)))
    if not told.met and not told.nobody:
        raise Problem(
            "Nobody is named.", "Write a name, an address or both; “Nobody” says that you met nobody."
        )
    debriefing().take(number, told.met, now())
    return redirect(url_for("queue.show_item", number=number), 303)


def _take_list(number: int, data: bytes, pick: str) -> Response:
    """Take a guest list: cards or a table; of a long one those the owner names."""
    listed, _ = debriefing().read_list(data)
    taken = debriefing().take_list(number, listed, now(), pick or None)
    if taken.to_pick:
        raise Problem(
            f"{len(taken.to_pick)} people are on that list; nobody speaks with so many.",
            "Send it again and say whom you met: names, or numbers in the order of the list.",
        )
    return redirect(url_for("queue.show_item", number=number), 303)


@pages.post("/items/<item:number>/nobody")
def name_nobody(number: int) -> Response:
    return decide(number, lambda: desk().take_met(number, [], now()))


@pages.post("/items/<item:number>/answer")
def answer(number: int) -> Response:
    """Say yes to a question, or have a problem tried again."""
    return decide(number, lambda: desk().approve(number, now(), ground().settings.limits.hold))


@pages.post("/items/<item:number>/attended")
def tell_attended(number: int) -> Response:
    """Say which events of public lists the owner was at; none is an answer."""
    places = {int(place) for place in request.form.getlist("place") if place.isdecimal()}
    return decide(number, lambda: desk().attend(number, places, now()))
