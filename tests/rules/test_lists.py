"""Public lists told from calendars of one's own; a wrong guess costs the owner a question, so both ways are tried."""

from datetime import UTC, datetime, timedelta

import pytest
from week import ADA

from followupd.assemble import load_people_words, load_words
from followupd.model import Answer, Attendee, Event
from followupd.rules.events import judge_event
from followupd.rules.lists import suspect_list
from followupd.rules.people import sort_guests

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
WORDS, PEOPLE = load_words(), load_people_words()
CHAMBER = Attendee("events@chamber.example", "Chamber", organizer=True)
GOOGLE = Attendee("c_1a2b@group.calendar.google.com", "Evenings", organizer=True)
COLLEAGUE = Attendee("bob@example.com", "Bob", Answer.ACCEPTED, organizer=True)
SELF = Attendee("ada@example.com", "Ada Example", Answer.ACCEPTED)
GATHERINGS = ("Chamber mixer", "Business breakfast", "Founders meetup", "Networking dinner")


def suspect(
    titles: tuple[str, ...], *attendees: Attendee, feed: bool = True, more: tuple[Event, ...] = ()
) -> str:
    events = [*(event(title, *attendees) for title in titles), *more]
    judged = []
    for each in events:
        guests = sort_guests(each.attendees, ADA, PEOPLE)
        judged.append((each, judge_event(each, guests, ADA, WORDS), guests))
    return suspect_list(judged, feed=feed)


def event(title: str, *attendees: Attendee) -> Event:
    return Event(title, "cal", title, title, NOON, NOON + timedelta(hours=1), attendees=attendees)


def test_a_feed_of_gatherings_that_never_names_the_owner() -> None:
    assert (
        suspect(GATHERINGS) == "none of its 4 events names you, and 4 of them are gatherings by their titles"
    )


def test_a_feed_or_file_whose_events_others_organise() -> None:
    said = "none of its 3 events names you, and others organise 3 of them"
    assert suspect(("Annual report", "Opening", "Winter lights"), CHAMBER) == said
    assert suspect(("Annual report", "Opening", "Winter lights"), CHAMBER, feed=False) == said


@pytest.mark.parametrize(
    ("titles", "attendees", "feed"),
    [
        (GATHERINGS, (), False),  # the owner's own file: entries of one's own have no guests
        (GATHERINGS[:2], (), True),  # too few to tell
        (GATHERINGS, (SELF,), True),
        (GATHERINGS, (CHAMBER, SELF), True),
        ((*GATHERINGS, "Dentist"), (), True),  # nobody's list but one's own
        (("Plan the year", "Call the printer", "Write report"), (), True),
        (("Plan the year", "Call the printer", "Write report"), (GOOGLE,), True),
        (("Plan the year", "Call the printer", "Write report"), (COLLEAGUE,), True),
        ((), (), True),
    ],
)
def test_a_calendar_of_ones_own_is_left_alone(
    titles: tuple[str, ...], attendees: tuple[Attendee, ...], feed: bool
) -> None:
    assert suspect(titles, *attendees, feed=feed) == ""


def test_one_event_that_names_the_owner_is_enough() -> None:
    assert suspect(GATHERINGS, more=(event("Coffee with Jane", SELF),)) == ""
