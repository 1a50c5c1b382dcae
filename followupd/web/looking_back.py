"""Why not? Every event and person of the last days that gets nothing, with the reason; and everything that happened."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.errors import Problem
from followupd.items import FollowUp, Status
from followupd.model import TOO_LATE_AFTER, Event, Guest, Judgement, Person, Reason, Verdict
from followupd.rules.events import answer_judgement
from followupd.store.history import Passed
from followupd.web.ground import desk, ground, now, store
from followupd.web.queue import read_number

pages = Blueprint("looking_back", __name__)

#: So many steps are shown at once.
STEPS = 100
_ENDED = frozenset({Status.EXPIRED, Status.SKIPPED, Status.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One event of the look-back with whatever of it gets nothing."""

    event: Event
    judgement: Judgement
    guests: list[Guest]
    ended: list[FollowUp]
    """What was in the queue and ended without a word to anybody."""

    @property
    def whole(self) -> bool:
        """Tell whether the event itself does not count."""
        return self.judgement.verdict is Verdict.NO

    @property
    def can_count(self) -> bool:
        return self.whole and self.judgement.reason is not Reason.CANCELLED


@pages.get("/left-out")
def show_left_out() -> str:
    found = sorted(_find_left_out(), key=lambda left: left.event.end, reverse=True)
    return render_template("left-out.html", found=found)


def _find_left_out() -> Iterator[LeftOut]:
    for event in store().calendars.ended_events(now() - TOO_LATE_AFTER, now()):
        judged, guests = ground().judge(event)
        known = store().calendars
        judgement = answer_judgement(judged, known.owner_says(event.occurrence), known.series_says(event))
        items = store().followups_of(event.occurrence)
        written = {item.person for item in items}
        out = [guest for guest in guests if not guest.follow_up and guest.reason is not Reason.OWNER]
        left = LeftOut(
            event=event,
            judgement=judgement,
            guests=[guest for guest in out if guest.person not in written]
            if judgement.verdict is Verdict.YES
            else [],
            ended=[item for item in items if item.status in _ENDED],
        )
        if left.whole or left.guests or left.ended:
            yield left


@pages.post("/left-out/event")
def count_event() -> Response:
    desk().count_in(_find_event())
    return redirect(url_for("queue.show_queue"), 303)


@pages.post("/left-out/person")
def write_person() -> Response:
    event = _find_event()
    _, guests = ground().judge(event)
    found = next((guest for guest in guests if guest.person == request.form["person"]), None)
    if found is None:
        raise Problem("They are no longer among the guests.", "Load the page again.")
    person = Person(found.person, found.email, found.name, found.first_name)
    item = desk().follow_up(event, person, _mailbox_of(event), now())
    return redirect(url_for("queue.show_item", number=item.id), 303)


def _find_event() -> Event:
    event = store().calendars.event(request.form["occurrence"])
    if event is None:
        raise Problem("That event is gone from its calendar.", "Load the page again.")
    return event


def _mailbox_of(event: Event) -> str:
    calendars = ground().settings.calendars
    return next((calendar.mailbox for calendar in calendars if calendar.name == event.calendar), "")


@pages.get("/activity")
def show_activity() -> str:
    steps = store().past.recent_steps(STEPS, read_number("before"))
    earlier = steps[-1].id if len(steps) == STEPS else None
    return render_template("activity.html", steps=_leave_out_between(steps), earlier=earlier)


def _leave_out_between(steps: list[Passed]) -> list[Passed]:
    """Leave out what was planned and then drafted for the same reason: one thing happened."""
    drafted = {(passed.followup, passed.step.why) for passed in steps if passed.step.status is Status.DRAFTED}
    return [
        passed
        for passed in steps
        if passed.step.status is not Status.PLANNED or (passed.followup, passed.step.why) not in drafted
    ]
