"""Whom did you meet, was this networking, which of these were you at: answers to what the calendar does not say."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from itertools import zip_longest

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.debriefing import UnknownColumns
from followupd.errors import Problem
from followupd.items import Kind
from followupd.web.ground import debriefing, desk, ground, now, store
from followupd.web.queue import decide

pages = Blueprint("meeting", __name__)

#: What a column of a guest list may hold, as an owner says it; the fields of rules/guest_lists.py.
FIELDS = {
    "name": "the whole name",
    "first": "the first name",
    "last": "the last name",
    "email": "the address",
    "phone": "the phone number",
    "company": "the company",
    "note": "a note",
    "status": "whether they were let in",
    "came": "whether they came",
}


@pages.post("/items/<item:number>/met")
def name_people(number: int) -> Response | str:
    """Note whom the owner met; the page then shows what each of them gets, and asks for more."""
    sent = request.files.get("list")
    if sent is not None and sent.filename:
        return _take_list(number, sent.read())
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


# --- guest lists


def _take_list(number: int, data: bytes, columns: Mapping[str, int] | None = None) -> Response | str:
    """Take a guest list: cards or a table. A long one is kept, for the owner to pick from."""
    try:
        listed, _ = debriefing().read_list(data, columns)
    except UnknownColumns as unknown:
        return _ask_for_columns(number, unknown, data)
    taken = debriefing().take_list(number, listed, now())
    page = "meeting.show_guests" if taken.to_pick else "queue.show_item"
    return redirect(url_for(page, number=number), 303)


def _ask_for_columns(number: int, unknown: UnknownColumns, data: bytes) -> str:
    """Ask which column is what, with a cell of each; the file goes along, so that nobody sends it again."""
    cells = [list(filter(None, column)) for column in zip_longest(*unknown.table.rows)]
    examples = [found[0] if found else "" for found in cells]
    return render_template(
        "columns.html",
        item=store().followup(number),
        columns=list(zip_longest(unknown.table.columns, examples, fillvalue="")),
        fields=FIELDS,
        data=b64encode(data).decode(),
    )


@pages.post("/items/<item:number>/columns")
def name_columns(number: int) -> Response | str:
    """Take a guest list whose headings said nothing, once the owner said what stands where."""
    try:
        data = b64decode(request.form["data"], validate=True)
    except binascii.Error as error:
        raise Problem("The file did not come along.", "Send it once more.") from error
    said = request.form.getlist("column")
    return _take_list(number, data, {field: place for place, field in enumerate(said) if field})


@pages.get("/items/<item:number>/guests")
def show_guests(number: int) -> str:
    """Show everybody on the guest list of an item's event, to be picked from."""
    item = store().followup(number)
    there = {other.person for other in store().followups_of(item.occurrence) if other.kind is Kind.DRAFT}
    return render_template("guests.html", item=item, guests=debriefing().see_guests(number), there=there)


@pages.post("/items/<item:number>/guests")
def pick_guests(number: int) -> Response:
    """Add the guests that are ticked."""
    ticked = set(request.form.getlist("guest"))
    picked = [guest.met for guest in debriefing().list_guests(number) if guest.met.person.key in ticked]
    if not picked:
        raise Problem("Nobody is ticked.", "Go back and tick whom you spoke with.")
    debriefing().take(number, picked, now())
    return redirect(url_for("queue.show_item", number=number), 303)


# --- answers in a tap


@pages.post("/items/<item:number>/nobody")
def name_nobody(number: int) -> Response:
    return decide(number, lambda: desk().take_met(number, [], now()))


@pages.post("/items/<item:number>/answer")
def answer(number: int) -> Response:
    """Say yes to a question, or have a problem tried again."""
    return decide(number, lambda: desk().approve(number, now(), ground().settings.limits.hold))


@pages.post("/items/<item:number>/never")
def skip_series(number: int) -> Response:
    """Say no to a question, and never to the series it comes from."""
    return decide(number, lambda: desk().series.never(number, now()))


@pages.post("/items/<item:number>/attended")
def tell_attended(number: int) -> Response:
    """Say which events of public lists the owner was at; none is an answer."""
    places = {int(place) for place in request.form.getlist("place") if place.isdecimal()}
    return decide(number, lambda: desk().attend(number, places, now()))
