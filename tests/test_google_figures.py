"""What the account at Google is asked: for a hundred new follow-ups, for more than a minute's share of them, for nothing new."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from gmail_box import ADA, HandClock
from servers.google import Google
from test_google_outages import open_world
from week import NOON, World

from followupd.items import Status
from followupd.render import Renderer

GUESTS = 10  # at each event; the program asks about more than 25


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as one:
        yield one


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def google(clock: HandClock) -> Iterator[Google]:
    with Google(clock) as one:
        yield one


@pytest.fixture
def world(google: Google, clock: HandClock, tmp_path: Path, renderer: Renderer) -> Iterator[World]:
    one = open_world(google, clock, tmp_path, renderer)
    yield one
    one.store.close()


def meet(google: Google, events: int) -> None:
    """Put in evenings that are over, each with guests whom nobody met before."""
    for number in range(events):
        end = NOON - timedelta(hours=1, minutes=number)
        guests = [{"email": ADA, "responseStatus": "accepted"}]
        guests += [
            {"email": f"guest{number}.{one}@guests{number}.example", "responseStatus": "accepted"}
            for one in range(GUESTS)
        ]
        times = ((end - timedelta(hours=2)).isoformat(), end.isoformat())
        google.accounts[ADA].calendar.add(*times, summary=f"Founders meetup {number}", guests=guests)


def asked(google: Google, world: World, **later: float) -> Counter[str]:
    """Make one pass and return what it asked, by method."""
    before = len(google.requests)
    assert world.run(**later).say() == []
    return Counter(seen.method for seen in google.requests[before:])


def test_a_hundred_new_follow_ups_cost_a_hundred_posts_and_two_requests_more(
    google: Google, world: World
) -> None:
    meet(google, 10)

    assert asked(google, world) == {
        "calendar.events.list": 1,
        "gmail.users.drafts.list": 1,
        "gmail.users.drafts.create": 100,
    }
    assert len(world.store.followups({Status.DRAFTED})) == 100
    assert google.quota.heaviest_minute(ADA, "gmail") == 100 * 10 + 5
    assert asked(google, world, minutes=5) == {"calendar.events.list": 1, "gmail.users.drafts.list": 1}


def test_what_a_minute_has_no_room_for_is_drafted_in_the_next(google: Google, world: World) -> None:
    meet(google, 13)
    asked(google, world)

    assert len(world.store.followups({Status.DRAFTED})) == 130
    assert google.quota.heaviest_minute(ADA, "gmail") <= 6000 / 5
    assert google.quota.heaviest_minute(ADA, "calendar") <= 30
    assert world.now - NOON < timedelta(minutes=3)


def test_a_pass_with_nothing_new_is_one_request_for_the_calendar(google: Google, world: World) -> None:
    asked(google, world)

    for _ in range(10):  # after an hour the sign-in is renewed
        assert asked(google, world, minutes=5) == {"calendar.events.list": 1}
